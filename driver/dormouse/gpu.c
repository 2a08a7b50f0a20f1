/*
 * The commands of a GPU, and what screen and cursor take of them.
 *
 * Not handled: more than one display, EDID, 3D, blobs.
 */
#include "gpu.h"

/* The C compiler asks this function of every freestanding program, so every kernel has it. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);

#define TIMEOUT_NS     UINT64_C(1000000000)
#define PAGE_BYTES     4096u
#define SCREEN_SCANOUT 0u

/* ---- the interrupt -----------------------------------------------------------------------------
 */

/*
 * In the specification's order (4.2.3.4.1): read why, handle it, acknowledge. What the device uses
 * between the handling and the acknowledgement raises a bit that is already set, and then cleared
 * by it: so the rings are looked at once more.
 */
void gpu_interrupt(void *context)
{
    struct gpu *gpu = context;
    uint32_t what = device_interrupted(&gpu->device);

    for (uint32_t look = 0; look < 2 && what != 0; look++) {
        queue_collect(&gpu->controlq); /* the bit means any queue */
        queue_collect(&gpu->cursorq);
        if (look == 0)
            device_acknowledge(&gpu->device, what);
    }
}

/* ---- one command -------------------------------------------------------------------------------
 */

/* How each command looks, from the vocabulary's table. */
struct kind {
    uint32_t type;
    uint32_t queue;
    uint32_t bytes;
    uint32_t answer_type;
    uint32_t answer_bytes;
};

enum kind_row {
#define X(name, code, queue, needs, bytes, answer, answer_bytes) KIND_##name,
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

static const struct kind kinds[] = {
#define X(name, code, queue, needs, bytes, answer, answer_bytes)                                   \
    {(code), VIRTIO_GPU_##queue, (bytes), VIRTIO_GPU_RESP_##answer, (answer_bytes)},
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

static struct queue *queue_of(struct gpu *gpu, const struct kind *kind)
{
    return kind->queue == VIRTIO_GPU_CURSORQ ? &gpu->cursorq : &gpu->controlq;
}

/* Is this what was asked for? The answer is read only as far as the device says it wrote. */
static enum suite_result judge(const struct request *request)
{
    const struct kind *kind = &kinds[request->tag];
    const struct virtio_gpu_ctrl_hdr *command = request_command(request);
    const struct virtio_gpu_ctrl_hdr *answer = request->answer.cpu;
    uint32_t type;

    /* QEMU takes cursors without a word. */
    if (kind->queue == VIRTIO_GPU_CURSORQ && (request->written_bytes == 0 || answer->type == 0))
        return SUITE_OK;
    if (request->written_bytes < sizeof(*answer))
        return SUITE_BAD_COMPLETION;
    if (command->flags != 0 &&
        (answer->flags != command->flags || answer->fence_id != command->fence_id))
        return SUITE_BAD_COMPLETION;
    type = virtio_le32(answer->type);
    if (type == kind->answer_type && request->written_bytes == kind->answer_bytes)
        return SUITE_OK;
    return type >= VIRTIO_GPU_RESP_ERR_UNSPEC && type <= VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER
               ? SUITE_DEVICE_ERROR
               : SUITE_BAD_COMPLETION;
}

/* Sleeps until all that was sent is answered; what went wrong first stays. */
static enum suite_result finish(struct gpu *gpu, struct queue *queue)
{
    if (gpu->lost == SUITE_OK)
        gpu->lost = queue_finish(queue, platform_now_ns() + TIMEOUT_NS);
    for (uint32_t i = 0; i < queue->request_count && gpu->lost == SUITE_OK; i++) {
        if (queue->request[i].state != REQUEST_BACK)
            continue;
        gpu->lost = judge(&queue->request[i]);
        queue->request[i].state = REQUEST_FREE;
    }
    return gpu->lost;
}

/*
 * Makes ready what finish() shows to the device. `fields` is the command, all but its type. NULL
 * once something went wrong: the next finish() says what.
 */
static struct request *send(struct gpu *gpu, enum kind_row row, const void *fields, size_t bytes)
{
    struct queue *queue = queue_of(gpu, &kinds[row]);
    struct request *request = queue_take(queue);
    struct virtio_gpu_ctrl_hdr *header;

    if (request == NULL && finish(gpu, queue) == SUITE_OK)
        request = queue_take(queue);
    if (gpu->lost != SUITE_OK)
        return NULL;
    header = request_command(request);
    memcpy(header, fields, bytes);
    header->type = virtio_le32(kinds[row].type);
    request->tag = row;
    queue_add(queue, request, (uint32_t)bytes, kinds[row].answer_bytes);
    return request;
}

/* SEND(gpu, SET_SCANOUT, set_scanout, .resource_id = ...): a command and its fields by name. */
#define SEND(gpu, command, layout, ...)                                                            \
    send((gpu), KIND_##command, &(struct virtio_gpu_##layout){__VA_ARGS__},                        \
         sizeof(struct virtio_gpu_##layout))

static struct virtio_gpu_rect wire(const struct rect *rect)
{
    return (struct virtio_gpu_rect){virtio_le32(rect->x), virtio_le32(rect->y),
                                    virtio_le32(rect->width), virtio_le32(rect->height)};
}

/* ---- images ------------------------------------------------------------------------------------
 */

/* The one command with something behind its fixed part: a single piece of memory. */
struct attach {
    struct virtio_gpu_resource_attach_backing command;
    struct virtio_gpu_mem_entry entry;
};

/* On return the image is the device's, and on the screen if wanted, but nothing was transferred. */
static enum suite_result open_image(struct gpu *gpu, struct image *image, bool on_screen)
{
    size_t bytes = (size_t)image->width_px * image->height_px * VIRTIO_GPU_PIXEL_BYTES;
    struct rect whole = {0, 0, image->width_px, image->height_px};

    if (!platform_dma_alloc(bytes, PAGE_BYTES, on_screen ? "framebuffer" : "cursor",
                            &image->pixels))
        return SUITE_NO_MEMORY;
    image->id = ++gpu->last_id; /* never used twice */
    SEND(gpu, RESOURCE_CREATE_2D, resource_create_2d, .resource_id = virtio_le32(image->id),
         .format = virtio_le32(image->format), .width = virtio_le32(image->width_px),
         .height = virtio_le32(image->height_px));
    finish(gpu, &gpu->controlq);

    send(gpu, KIND_RESOURCE_ATTACH_BACKING,
         &(struct attach){
             .command.resource_id = virtio_le32(image->id),
             .command.nr_entries = virtio_le32(1),
             .entry.addr = virtio_le64(image->pixels.addr),
             .entry.length = virtio_le32((uint32_t)bytes),
         },
         sizeof(struct attach));
    if (on_screen)
        SEND(gpu, SET_SCANOUT, set_scanout, .r = wire(&whole),
             .scanout_id = virtio_le32(SCREEN_SCANOUT), .resource_id = virtio_le32(image->id));
    return finish(gpu, &gpu->controlq);
}

static enum suite_result close_screen(struct gpu *gpu)
{
    struct image *image = &gpu->screen;

    if (image->id == 0)
        return SUITE_OK;
    SEND(gpu, SET_SCANOUT, set_scanout, .scanout_id = virtio_le32(SCREEN_SCANOUT));
    SEND(gpu, RESOURCE_DETACH_BACKING, resource_detach_backing,
         .resource_id = virtio_le32(image->id));
    finish(gpu, &gpu->controlq);
    SEND(gpu, RESOURCE_UNREF, resource_unref, .resource_id = virtio_le32(image->id));
    if (finish(gpu, &gpu->controlq) != SUITE_OK)
        return gpu->lost; /* the memory stays with the device until a reset */
    platform_dma_free(&image->pixels);
    *image = (struct image){0};
    return SUITE_OK;
}

/*
 * The device copies the rectangle out of memory. The fence makes its answer mean that it has: only
 * then may the memory be painted again, or a cursor be made of it (5.7.6.6, 5.7.6.7).
 */
static enum suite_result transfer(struct gpu *gpu, const struct image *image,
                                  const struct rect *rect)
{
    const uint8_t *first = image_pixel(image, rect->x, rect->y);
    const uint8_t *end = image_pixel(image, rect->x + rect->width, rect->y + rect->height - 1);

    platform_cache_clean(first, (size_t)(end - first));
    SEND(gpu, TRANSFER_TO_HOST_2D, transfer_to_host_2d,
         .hdr.flags = virtio_le32(VIRTIO_GPU_FLAG_FENCE),
         .hdr.fence_id = virtio_le64(++gpu->last_fence), .r = wire(rect),
         .offset = virtio_le64((uint64_t)(first - (const uint8_t *)image->pixels.cpu)),
         .resource_id = virtio_le32(image->id));
    return finish(gpu, &gpu->controlq);
}

/* ---- the screen --------------------------------------------------------------------------------
 */

enum suite_result gpu_get_display_info(struct gpu *gpu)
{
    struct request *request = SEND(gpu, GET_DISPLAY_INFO, ctrl_hdr, 0);
    const struct virtio_gpu_resp_display_info *answer;
    const struct virtio_gpu_display_one *first;

    if (finish(gpu, &gpu->controlq) != SUITE_OK)
        return gpu->lost;
    answer = request->answer.cpu;
    first = &answer->pmodes[SCREEN_SCANOUT];
    gpu->display_width_px = virtio_le32(first->r.width);
    gpu->display_height_px = virtio_le32(first->r.height);
    return SUITE_OK;
}

enum suite_result gpu_open_screen(struct gpu *gpu, uint32_t width_px, uint32_t height_px)
{
    enum suite_result result = close_screen(gpu);

    if (result != SUITE_OK)
        return result;
    gpu->screen = (struct image){.format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
                                 .width_px = width_px,
                                 .height_px = height_px};
    return open_image(gpu, &gpu->screen, true);
}

bool gpu_screen_contains(const struct gpu *gpu, const struct rect *rect)
{
    const struct image *screen = &gpu->screen;

    return screen->id != 0 && rect->width > 0 && rect->height > 0 && rect->x < screen->width_px &&
           rect->width <= screen->width_px - rect->x && rect->y < screen->height_px &&
           rect->height <= screen->height_px - rect->y;
}

enum suite_result gpu_flush(struct gpu *gpu, const struct rect *rect)
{
    if (transfer(gpu, &gpu->screen, rect) != SUITE_OK)
        return gpu->lost;
    SEND(gpu, RESOURCE_FLUSH, resource_flush, .r = wire(rect),
         .resource_id = virtio_le32(gpu->screen.id));
    return finish(gpu, &gpu->controlq);
}

/* ---- the cursor --------------------------------------------------------------------------------
 */

enum suite_result gpu_open_cursor(struct gpu *gpu)
{
    gpu->cursor = (struct image){.format = VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM,
                                 .width_px = VIRTIO_GPU_CURSOR_PX,
                                 .height_px = VIRTIO_GPU_CURSOR_PX};
    return open_image(gpu, &gpu->cursor, false);
}

static struct virtio_gpu_cursor_pos position(uint32_t x, uint32_t y)
{
    return (struct virtio_gpu_cursor_pos){.scanout_id = virtio_le32(SCREEN_SCANOUT),
                                          .x = virtio_le32(x),
                                          .y = virtio_le32(y)};
}

enum suite_result gpu_show_cursor(struct gpu *gpu, uint32_t x, uint32_t y)
{
    struct rect whole = {0, 0, VIRTIO_GPU_CURSOR_PX, VIRTIO_GPU_CURSOR_PX};

    if (transfer(gpu, &gpu->cursor, &whole) != SUITE_OK)
        return gpu->lost;
    SEND(gpu, UPDATE_CURSOR, update_cursor, .pos = position(x, y),
         .resource_id = virtio_le32(gpu->cursor.id));
    return finish(gpu, &gpu->cursorq);
}

enum suite_result gpu_move_cursor(struct gpu *gpu, uint32_t x, uint32_t y)
{
    SEND(gpu, MOVE_CURSOR, update_cursor, .pos = position(x, y),
         .resource_id = virtio_le32(gpu->cursor.id));
    return finish(gpu, &gpu->cursorq);
}

/* ---- the device as a whole ---------------------------------------------------------------------
 */

/* A field of the configuration space; one of 32 bits is read in one piece, so needs no generation
 * (2.5.1). A GPU's are little-endian in version 1, too. */
static volatile le32 *config(const struct gpu *gpu, size_t offset)
{
    return (volatile le32 *)(gpu->device.registers + VIRTIO_MMIO_CONFIG + offset);
}

enum suite_result gpu_poll(struct gpu *gpu)
{
    uint32_t events;

    platform_wait_interrupt(platform_now_ns());
    if (gpu->device.needs_reset)
        gpu->lost = SUITE_NEEDS_RESET;
    if (gpu->lost != SUITE_OK || !gpu->device.config_changed)
        return gpu->lost;
    gpu->device.config_changed = false; /* before looking, so that the next change is not missed */
    events = virtio_le32(*config(gpu, offsetof(struct virtio_gpu_config, events_read)));
    if ((events & VIRTIO_GPU_EVENT_DISPLAY) == 0)
        return SUITE_OK;
    *config(gpu, offsetof(struct virtio_gpu_config, events_clear)) =
        virtio_le32(VIRTIO_GPU_EVENT_DISPLAY);
    return gpu_get_display_info(gpu); /* 5.7.4.2 */
}

static void free_all(struct gpu *gpu)
{
    platform_set_interrupt_handler(gpu->device.interrupt, NULL, NULL);
    queue_free(&gpu->controlq);
    queue_free(&gpu->cursorq);
    platform_dma_free(&gpu->screen.pixels);
    platform_dma_free(&gpu->cursor.pixels);
    *gpu = (struct gpu){0};
}

enum suite_result gpu_start(struct gpu *gpu)
{
    enum suite_result result;

    *gpu = (struct gpu){0};
    result = device_find(VIRTIO_ID_GPU, &gpu->device);
    if (result != SUITE_OK)
        return result;
    if (gpu->device.interrupt == 0)
        return SUITE_BAD_DEVICE; /* nobody would wake the driver */

    result = device_begin(&gpu->device,
                          VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    if (result == SUITE_OK)
        result = queue_start(&gpu->controlq, &gpu->device, VIRTIO_GPU_CONTROLQ);
    if (result == SUITE_OK)
        result = queue_start(&gpu->cursorq, &gpu->device, VIRTIO_GPU_CURSORQ);
    if (result == SUITE_OK) {
        platform_set_interrupt_handler(gpu->device.interrupt, gpu_interrupt, gpu);
        device_go(&gpu->device);
        gpu->running = true;
        return SUITE_OK;
    }
    device_give_up(&gpu->device);
    if (device_reset(&gpu->device)) /* otherwise what it knows is not given back */
        free_all(gpu);
    return result;
}

enum suite_result gpu_stop(struct gpu *gpu)
{
    if (!gpu->running)
        return SUITE_NOT_READY;
    if (!device_reset(&gpu->device)) {
        gpu->lost = SUITE_NEEDS_RESET; /* it can be tried again */
        return SUITE_TIMEOUT;
    }
    free_all(gpu);
    return SUITE_OK;
}
