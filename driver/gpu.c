/*
 * virtio-gpu, the driver's side: bringing the device up and down, and the life of a request
 * (VIRTIO 1.3, 5.7 "GPU Device").
 *
 * Only the control queue is used. One request at a time is waited for, but others may be out: those
 * that were given up. A request that is out, waited for or not, keeps its buffers and its
 * descriptors.
 *
 * Not handled: the cursor queue, EDID, 3D, blob resources.
 */
#include "gpu.h"

/* The C compiler asks these functions of every freestanding program, so every kernel has them. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#define COMMAND_BYTES_MIN  64u /* the longest command without memory entries has 56 */
#define RESPONSE_BYTES_MAX sizeof(struct virtio_gpu_resp_display_info)

/* ---- bring-up and shutdown ---------------------------------------------------------------------
 */

/* May run between any two steps of the driver: it touches two registers and `events`, no more. */
static void on_interrupt(void *context)
{
    struct vgpu *gpu = context;

    gpu->events |= virtio_interrupt(&gpu->device);
}

/* The largest power of two that is no larger than wanted, the device's maximum, and our own. */
static uint16_t queue_size(uint32_t wanted, uint32_t device_max)
{
    uint32_t limit = wanted < device_max ? wanted : device_max;
    uint32_t size = 1;

    while (size * 2 <= limit && size * 2 <= VGPU_QUEUE_SIZE_MAX)
        size *= 2;
    return (uint16_t)size;
}

static enum virtio_result check_config(const struct vgpu *gpu)
{
    uint32_t num_scanouts = 0;
    enum virtio_result result =
        virtio_config_read(&gpu->device, offsetof(struct virtio_gpu_config, num_scanouts),
                           &num_scanouts);

    /* A GPU was never a legacy device: its fields are little-endian there, too. */
    if (virtio_is_legacy(&gpu->device))
        num_scanouts = virtio_le32(virtio_native32(num_scanouts));
    if (result == VIRTIO_OK && (num_scanouts == 0 || num_scanouts > VIRTIO_GPU_MAX_SCANOUTS)) {
        platform_log("virtio-gpu: num_scanouts makes no sense");
        result = VIRTIO_BAD_DEVICE;
    }
    return result;
}

/* 4.2.3.2: select, size, memory, registers. *live tells whether the device may know the memory. */
static enum virtio_result start_controlq(struct vgpu *gpu, bool *live)
{
    uint32_t size_max;
    uint16_t size;
    enum virtio_result result;

    result = virtio_queue_select(&gpu->device, VIRTIO_GPU_CONTROLQ, &size_max);
    if (result != VIRTIO_OK)
        return result;

    size = queue_size(gpu->options.queue_size, size_max);
    if (size < 2 && !virtio_has_feature(&gpu->device, VIRTIO_F_INDIRECT_DESC)) {
        platform_log("virtio-gpu: the control queue has no room for a request");
        return VIRTIO_BAD_DEVICE;
    }
    result = virtq_create(&gpu->controlq, &gpu->device, size, gpu->shadow);
    if (result != VIRTIO_OK)
        return result;

    *live = true;
    return virtio_queue_enable(&gpu->device, size, &gpu->controlq.place);
}

static uint64_t wanted_features(const struct vgpu_options *options)
{
    uint64_t wanted = 0;

    if (options->event_idx)
        wanted |= VIRTIO_BIT(VIRTIO_F_EVENT_IDX);
    if (options->indirect)
        wanted |= VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC);
    return wanted;
}

/* Memory that the device may know is given back only after a reset that ended. */
static enum virtio_result start_failed(struct vgpu *gpu, bool live, enum virtio_result why)
{
    if (gpu->options.interrupts)
        platform_set_interrupt_handler(gpu->device.interrupt, NULL, NULL);
    if (!live || virtio_reset(&gpu->device) == VIRTIO_OK) {
        virtq_destroy(&gpu->controlq);
    } else {
        gpu->running = true;
        gpu->failed = VIRTIO_NEEDS_RESET;
    }
    virtio_fail(&gpu->device);
    return why;
}

enum virtio_result vgpu_start(struct vgpu *gpu, const struct virtio_device *device,
                              const struct vgpu_options *options)
{
    bool live = false;
    enum virtio_result result = gpu->running ? vgpu_stop(gpu) : VIRTIO_OK;

    if (result != VIRTIO_OK)
        return result;
    memset(gpu, 0, offsetof(struct vgpu, shadow));
    gpu->options = *options;
    gpu->device = *device;
    if (gpu->device.interrupt == 0)
        gpu->options.interrupts = false;

    result = virtio_begin(&gpu->device, wanted_features(options));
    if (result != VIRTIO_OK)
        return result;

    result = check_config(gpu);
    if (result == VIRTIO_OK)
        result = start_controlq(gpu, &live);
    if (result == VIRTIO_OK && gpu->options.interrupts)
        platform_set_interrupt_handler(gpu->device.interrupt, on_interrupt, gpu);
    if (result == VIRTIO_OK)
        result = virtio_finish(&gpu->device);
    if (result != VIRTIO_OK)
        return start_failed(gpu, live, result);

    gpu->running = true;
    return VIRTIO_OK;
}

enum virtio_result vgpu_stop(struct vgpu *gpu)
{
    enum virtio_result result;

    if (!gpu->running)
        return VIRTIO_NOT_READY;
    /* First, so that a device that interrupts without end cannot hold up the wait. */
    if (gpu->options.interrupts)
        platform_set_interrupt_handler(gpu->device.interrupt, NULL, NULL);
    result = virtio_reset(&gpu->device);
    if (result != VIRTIO_OK) {
        gpu->failed = VIRTIO_NEEDS_RESET; /* nothing is given back; stopping can be tried again */
        return result;
    }
    gpu->running = false;

    /* The device has forgotten all addresses: now everything is the driver's again. */
    vgpu_surface_free(gpu);
    for (uint32_t i = 0; i < VGPU_REQUESTS_MAX; i++) {
        platform_dma_free(&gpu->request[i].command);
        platform_dma_free(&gpu->request[i].response);
        gpu->request[i] = (struct vgpu_request){0};
    }
    virtq_destroy(&gpu->controlq);
    return VIRTIO_OK;
}

/* ---- the life of a request ---------------------------------------------------------------------
 */

/* Makes `dma`, which the driver owns, at least so large. */
static bool reserve(struct platform_dma *dma, size_t size_bytes, const char *what)
{
    if (dma->size_bytes >= size_bytes)
        return true;
    platform_dma_free(dma);
    return platform_dma_alloc(size_bytes, VIRTIO_DMA_ALIGN_BYTES, what, dma);
}

static enum virtio_result take_request(struct vgpu *gpu, size_t command_bytes,
                                       struct vgpu_request **out)
{
    size_t bytes = command_bytes > COMMAND_BYTES_MIN ? command_bytes : COMMAND_BYTES_MIN;

    for (uint32_t i = 0; i < VGPU_REQUESTS_MAX; i++) {
        struct vgpu_request *request = &gpu->request[i];
        if (request->state != VGPU_REQUEST_FREE)
            continue;
        if (!reserve(&request->command, bytes, "request") ||
            !reserve(&request->response, RESPONSE_BYTES_MAX, "response"))
            return VIRTIO_NO_MEMORY;
        *out = request;
        return VIRTIO_OK;
    }
    return VIRTIO_QUEUE_FULL;
}

/* Lays the command out in the request's buffer, and blanks the response. */
static void fill_request(struct vgpu *gpu, struct vgpu_request *request,
                         const struct vgpu_command *command, size_t command_bytes)
{
    struct virtio_gpu_mem_entry *entry =
        (struct virtio_gpu_mem_entry *)((uint8_t *)request->command.cpu + command->fixed_bytes);

    if (gpu->options.fence) {
        command->header->flags |= virtio_le32(VIRTIO_GPU_FLAG_FENCE);
        command->header->fence_id = virtio_le64(++gpu->last_fence_id);
    }
    memcpy(request->command.cpu, command->header, command->fixed_bytes);
    for (uint32_t i = 0; i < command->entry_count; i++) {
        entry[i] = (struct virtio_gpu_mem_entry){
            .addr = virtio_le64(command->entry[i].addr),
            .length = virtio_le32((uint32_t)command->entry[i].size_bytes),
        };
    }
    platform_cache_clean(request->command.cpu, command_bytes);

    /*
     * An answer that never comes must not look like the last one: no response has type 0. Nor must
     * one that is cut short be filled up with the last one: a legacy device's length is not to be
     * trusted (2.7.8.1).
     */
    memset(request->response.cpu, 0, command->answer_bytes);
    platform_cache_clean(request->response.cpu, command->answer_bytes);
    request->uses_backing = command->uses_backing;
}

static enum virtio_result submit(struct vgpu *gpu, struct vgpu_request *request,
                                 size_t command_bytes, uint32_t response_bytes)
{
    struct virtq_piece readable = {request->command.addr, (uint32_t)command_bytes};
    struct virtq_piece writable = {request->response.addr, response_bytes};
    enum virtio_result result = virtq_add(&gpu->controlq, &readable, 1, &writable, 1, request);

    if (result != VIRTIO_OK)
        return result;
    request->state = VGPU_REQUEST_OUT;
    if (virtq_publish(&gpu->controlq))
        virtio_write(&gpu->device, VIRTIO_MMIO_QueueNotify, VIRTIO_GPU_CONTROLQ);
    return VIRTIO_OK;
}

/* Takes everything back that the device has used, whoever waits for it. */
static enum virtio_result collect(struct vgpu *gpu)
{
    for (uint32_t i = 0; i < gpu->controlq.size; i++) {
        struct virtq_completion completion;
        enum virtio_result result = virtq_get(&gpu->controlq, &completion);

        if (result == VIRTIO_NOT_READY)
            return VIRTIO_OK;
        if (result != VIRTIO_OK) {
            gpu->failed = result;
            return result;
        }
        struct vgpu_request *request = completion.token;
        if (request->state == VGPU_REQUEST_GIVEN_UP) {
            platform_log("virtio-gpu: an answer came after its request was given up");
            request->state = VGPU_REQUEST_FREE;
        } else {
            request->state = VGPU_REQUEST_DONE;
            request->written_bytes = completion.written_bytes;
        }
    }
    return VIRTIO_OK;
}

static bool asks_for_reset(struct vgpu *gpu)
{
    if (!virtio_needs_reset(&gpu->device))
        return false;
    platform_log("virtio-gpu: the device asks for a reset");
    gpu->failed = VIRTIO_NEEDS_RESET;
    return true;
}

/* Waits until the request is DONE; otherwise it is given up, and the device keeps what it has. */
static enum virtio_result wait(struct vgpu *gpu, struct vgpu_request *request)
{
    uint64_t deadline_ns = platform_now_ns() + gpu->options.timeout_ns;
    enum virtio_result result;

    for (;;) {
        /* The clock before the ring: whoever was held up here must not see a timeout for it. */
        uint64_t now_ns = platform_now_ns();

        result = collect(gpu);
        if (result != VIRTIO_OK)
            break;
        if (request->state == VGPU_REQUEST_DONE)
            return VIRTIO_OK;
        if (now_ns >= deadline_ns) {
            result = asks_for_reset(gpu) ? VIRTIO_NEEDS_RESET : VIRTIO_TIMEOUT;
            break;
        }
        if ((gpu->events & VIRTIO_MMIO_INT_CONFIG) != 0) {
            gpu->events = 0; /* before looking, so that an event in between is not lost */
            if (asks_for_reset(gpu)) {
                result = VIRTIO_NEEDS_RESET;
                break;
            }
        }
        if (!gpu->options.interrupts)
            platform_relax();
        else if (virtq_arm(&gpu->controlq))
            platform_wait_interrupt(deadline_ns);
    }
    request->state = VGPU_REQUEST_GIVEN_UP;
    return result;
}

/* Copies out what the device wrote, once, and judges the copy: the device may change the original.
 */
static enum virtio_result read_answer(const struct vgpu *gpu, const struct vgpu_request *request,
                                      const struct vgpu_command *command)
{
    uint32_t bytes = request->written_bytes < command->answer_bytes ? request->written_bytes
                                                                    : command->answer_bytes;
    uint32_t type;

    if (bytes < sizeof(struct virtio_gpu_ctrl_hdr))
        return VIRTIO_BAD_COMPLETION;
    platform_cache_invalidate(request->response.cpu, bytes);
    memcpy(command->answer, request->response.cpu, bytes);

    if (gpu->options.fence && ((command->answer->flags & virtio_le32(VIRTIO_GPU_FLAG_FENCE)) == 0 ||
                               command->answer->fence_id != command->header->fence_id))
        return VIRTIO_BAD_COMPLETION;
    type = virtio_le32(command->answer->type);
    if (type == command->answer_type)
        return bytes == command->answer_bytes ? VIRTIO_OK : VIRTIO_BAD_COMPLETION;
    if (type >= VIRTIO_GPU_RESP_ERR_UNSPEC && type <= VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER)
        return VIRTIO_DEVICE_ERROR;
    return VIRTIO_BAD_COMPLETION;
}

enum virtio_result vgpu_send(struct vgpu *gpu, const struct vgpu_command *command)
{
    size_t command_bytes =
        command->fixed_bytes + command->entry_count * sizeof(struct virtio_gpu_mem_entry);
    struct vgpu_request *request = NULL;
    enum virtio_result result;

    if (!gpu->running)
        return VIRTIO_NOT_READY;
    if (gpu->failed != VIRTIO_OK)
        return gpu->failed;

    /* Requests given up earlier may have come back; their buffers can be used again. */
    result = collect(gpu);
    if (result == VIRTIO_OK)
        result = take_request(gpu, command_bytes, &request);
    if (result != VIRTIO_OK)
        return result;

    fill_request(gpu, request, command, command_bytes);
    result = submit(gpu, request, command_bytes, command->answer_bytes);
    if (result == VIRTIO_OK)
        result = wait(gpu, request);
    if (result != VIRTIO_OK)
        return result;

    result = read_answer(gpu, request, command);
    request->state = VGPU_REQUEST_FREE;
    return result;
}

bool vgpu_backing_is_in_doubt(const struct vgpu *gpu)
{
    for (uint32_t i = 0; i < VGPU_REQUESTS_MAX; i++) {
        if (gpu->request[i].state == VGPU_REQUEST_GIVEN_UP && gpu->request[i].uses_backing)
            return true;
    }
    return false;
}
