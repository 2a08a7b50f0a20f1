/*
 * The exhibits' common driver: every step done right, for devices of either version.
 */
#include "exhibit.h"

#include "testcard.h"

/* The virtio-mmio windows of QEMU's `virt`. */
#define BUS_ADDR UINT64_C(0x0a000000)
#define SLOTS    32u

/* An exhibit's own function of this name is taken instead. */
#define STEP __attribute__((weak))

struct exhibit exhibit;

/* ---- bring-up ---- */

STEP uint32_t exhibit_device_id(void)
{
    return VIRTIO_ID_GPU;
}

STEP bool exhibit_find(void)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        exhibit.window = platform_map_mmio(BUS_ADDR + (uint64_t)slot * VIRTIO_MMIO_WINDOW_BYTES,
                                           VIRTIO_MMIO_WINDOW_BYTES);
        if (exhibit.window == NULL || REG(MagicValue) != VIRTIO_MMIO_MAGIC)
            continue;
        exhibit.version = REG(Version);
        if (exhibit.version != 1 && exhibit.version != 2)
            continue;
        if (REG(DeviceID) == exhibit_device_id())
            return true;
    }
    return false;
}

STEP enum suite_result exhibit_bring_up(void)
{
    enum suite_result result;

    if (!exhibit_find())
        return SUITE_NO_DEVICE;
    result = exhibit_reset();
    if (result != SUITE_OK)
        return result;
    exhibit_acknowledge();
    result = exhibit_negotiate();
    if (result == SUITE_OK)
        result = exhibit_set_up(&exhibit.queue);
    if (result == SUITE_OK)
        exhibit_driver_ok();
    else
        REG(Status) |= VIRTIO_STATUS_FAILED;
    return result;
}

STEP enum suite_result exhibit_reset(void)
{
    REG(Status) = 0;
    for (uint32_t turn = 0; turn < EXHIBIT_POLLS_MAX; turn++) {
        if (REG(Status) == 0)
            return SUITE_OK;
        platform_relax();
    }
    return SUITE_TIMEOUT;
}

STEP void exhibit_acknowledge(void)
{
    REG(Status) = VIRTIO_STATUS_ACKNOWLEDGE;
    REG(Status) = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
}

STEP uint64_t exhibit_accept(uint64_t offered)
{
    return offered & VIRTIO_BIT(VIRTIO_F_VERSION_1);
}

STEP enum suite_result exhibit_negotiate(void)
{
    uint64_t offered;

    REG(DeviceFeaturesSel) = 0;
    offered = REG(DeviceFeatures);
    if (exhibit.version == 1) { /* no more than 32 bits, and no FEATURES_OK */
        exhibit.features = exhibit_accept(offered);
        REG(DriverFeaturesSel) = 0;
        REG(DriverFeatures) = (uint32_t)exhibit.features;
        return SUITE_OK;
    }
    REG(DeviceFeaturesSel) = 1;
    offered |= (uint64_t)REG(DeviceFeatures) << 32;
    exhibit.features = exhibit_accept(offered);
    REG(DriverFeaturesSel) = 0;
    REG(DriverFeatures) = (uint32_t)exhibit.features;
    REG(DriverFeaturesSel) = 1;
    REG(DriverFeatures) = (uint32_t)(exhibit.features >> 32);
    REG(Status) |= VIRTIO_STATUS_FEATURES_OK;
    return (REG(Status) & VIRTIO_STATUS_FEATURES_OK) != 0 ? SUITE_OK : SUITE_BAD_DEVICE;
}

STEP enum suite_result exhibit_set_up(struct exhibit_queue *queue)
{
    REG(QueueSel) = queue->index;
    if ((exhibit.version == 1 ? REG(QueuePFN) : REG(QueueReady)) != 0)
        return SUITE_BAD_DEVICE;
    queue->size = exhibit_queue_size();
    if (queue->size == 0)
        return SUITE_BAD_DEVICE;
    if (!exhibit_queue_place(queue))
        return SUITE_NO_MEMORY;
    exhibit_queue_addresses(queue);
    return SUITE_OK;
}

STEP uint32_t exhibit_queue_size(void)
{
    uint32_t max = REG(QueueSizeMax);

    return max < EXHIBIT_QUEUE_SIZE ? max : EXHIBIT_QUEUE_SIZE;
}

STEP bool exhibit_queue_place(struct exhibit_queue *queue)
{
    size_t avail_offset = virtq_desc_bytes(queue->size);
    size_t used_offset = virtq_legacy_used_offset(queue->size, EXHIBIT_PAGE_BYTES);
    size_t used_pages =
        (virtq_used_bytes(queue->size) + EXHIBIT_PAGE_BYTES - 1) / EXHIBIT_PAGE_BYTES;
    uint8_t *block;

    if (!platform_dma_alloc(used_offset + used_pages * EXHIBIT_PAGE_BYTES, EXHIBIT_PAGE_BYTES,
                            "queue", &queue->memory))
        return false;
    block = queue->memory.cpu;
    queue->desc = (volatile struct virtq_desc *)block;
    queue->avail = (volatile struct virtq_avail *)(block + avail_offset);
    queue->used = (volatile struct virtq_used *)(block + used_offset);
    queue->desc_addr = queue->memory.addr;
    queue->avail_addr = queue->memory.addr + avail_offset;
    queue->used_addr = queue->memory.addr + used_offset;
    return true;
}

static void legacy_addresses(const struct exhibit_queue *queue)
{
    REG(GuestPageSize) = EXHIBIT_PAGE_BYTES;
    REG(QueueSize) = queue->size;
    REG(QueueAlign) = EXHIBIT_PAGE_BYTES;
    REG(QueuePFN) = (uint32_t)(queue->desc_addr / EXHIBIT_PAGE_BYTES);
}

STEP void exhibit_queue_addresses(const struct exhibit_queue *queue)
{
    if (exhibit.version == 1) {
        legacy_addresses(queue);
        return;
    }
    REG(QueueSize) = queue->size;
    REG(QueueDescLow) = (uint32_t)queue->desc_addr;
    REG(QueueDescHigh) = (uint32_t)(queue->desc_addr >> 32);
    REG(QueueDriverLow) = (uint32_t)queue->avail_addr;
    REG(QueueDriverHigh) = (uint32_t)(queue->avail_addr >> 32);
    REG(QueueDeviceLow) = (uint32_t)queue->used_addr;
    REG(QueueDeviceHigh) = (uint32_t)(queue->used_addr >> 32);
    REG(QueueReady) = 1;
}

STEP void exhibit_driver_ok(void)
{
    REG(Status) |= VIRTIO_STATUS_DRIVER_OK;
}

static enum suite_result buffers_place(void)
{
    if (!platform_dma_alloc((size_t)EXHIBIT_REQUESTS_MAX * EXHIBIT_BUFFER_BYTES, EXHIBIT_PAGE_BYTES,
                            "buffers", &exhibit.buffers))
        return SUITE_NO_MEMORY;
    for (size_t i = 0; i < EXHIBIT_REQUESTS_MAX; i++) {
        uint8_t *cpu = (uint8_t *)exhibit.buffers.cpu + i * EXHIBIT_BUFFER_BYTES;
        uint64_t addr = exhibit.buffers.addr + i * EXHIBIT_BUFFER_BYTES;

        exhibit.buffer[i] =
            (struct exhibit_buffer){.request = cpu,
                                    .response = cpu + EXHIBIT_RESPONSE_OFFSET,
                                    .request_addr = addr,
                                    .response_addr = addr + EXHIBIT_RESPONSE_OFFSET};
    }
    return SUITE_OK;
}

STEP enum suite_result exhibit_shutdown(void)
{
    enum suite_result result;

    if (!exhibit.live)
        return SUITE_NOT_READY;
    result = exhibit_reset();
    exhibit.live = false;
    platform_set_interrupt_handler(0, NULL, NULL);
    platform_dma_free(&exhibit.framebuffer);
    platform_dma_free(&exhibit.buffers);
    platform_dma_free(&exhibit.queue.memory);
    exhibit.queue = (struct exhibit_queue){.size = 0};
    return result;
}

/* ---- a request ---- */

STEP int exhibit_take(struct exhibit_queue *queue)
{
    for (uint32_t i = 0; i < EXHIBIT_QUEUE_SIZE && i < queue->size; i++) {
        if (!queue->busy[i]) {
            queue->busy[i] = true;
            return (int)i;
        }
    }
    return -1;
}

STEP int exhibit_add(struct exhibit_queue *queue, const struct exhibit_buffer *buffer,
                     uint32_t request_bytes, uint32_t response_bytes)
{
    int head = exhibit_take(queue);
    int tail = exhibit_take(queue);

    if (tail < 0) {
        if (head >= 0)
            queue->busy[head] = false;
        return -1;
    }
    queue->desc[head].addr = buffer->request_addr;
    queue->desc[head].len = request_bytes;
    queue->desc[head].flags = VIRTQ_DESC_F_NEXT;
    queue->desc[head].next = (uint16_t)tail;
    queue->desc[tail].addr = buffer->response_addr;
    queue->desc[tail].len = response_bytes;
    queue->desc[tail].flags = VIRTQ_DESC_F_WRITE;
    queue->desc[tail].next = 0;
    return head;
}

STEP void exhibit_publish(struct exhibit_queue *queue, uint16_t head)
{
    uint16_t idx = queue->avail->idx;

    queue->avail->ring[idx % queue->size] = head;
    platform_wmb(); /* or the device could see the index before the slot */
    queue->avail->idx = (uint16_t)(idx + 1);
}

STEP void exhibit_notify(const struct exhibit_queue *queue)
{
    platform_mb(); /* the index is there before the device is told to look at it */
    REG(QueueNotify) = queue->index;
}

STEP bool exhibit_take_used(struct exhibit_queue *queue, struct virtq_used_elem *out)
{
    if (queue->used->idx == queue->last_used_idx)
        return false;
    platform_rmb(); /* or the element could be an older one than the index says */
    out->id = queue->used->ring[queue->last_used_idx % queue->size].id;
    out->len = queue->used->ring[queue->last_used_idx % queue->size].len;
    queue->last_used_idx++;
    return true;
}

STEP void exhibit_give_back(struct exhibit_queue *queue, uint16_t head)
{
    queue->busy[queue->desc[head].next] = false;
    queue->busy[head] = false;
}

STEP enum suite_result exhibit_wait(struct exhibit_queue *queue, uint16_t head)
{
    struct virtq_used_elem used;

    for (uint32_t turn = 0; turn < EXHIBIT_POLLS_MAX; turn++) {
        if (!exhibit_take_used(queue, &used)) {
            platform_relax();
            continue;
        }
        if (used.id != head)
            return SUITE_BAD_COMPLETION;
        exhibit_give_back(queue, head);
        return SUITE_OK;
    }
    return SUITE_TIMEOUT;
}

STEP enum suite_result exhibit_send(uint32_t request_bytes, uint32_t response_bytes,
                                    uint32_t wanted)
{
    const struct exhibit_buffer *buffer = &exhibit.buffer[0];
    volatile struct virtio_gpu_ctrl_hdr *response = buffer->response;
    struct exhibit_queue *queue = &exhibit.queue;
    enum suite_result result;
    int head;

    response->type = 0;
    head = exhibit_add(queue, buffer, request_bytes, response_bytes);
    if (head < 0)
        return SUITE_QUEUE_FULL;
    exhibit_publish(queue, (uint16_t)head);
    exhibit_notify(queue);
    result = exhibit_wait(queue, (uint16_t)head);
    if (result != SUITE_OK)
        return result;
    return response->type == wanted ? SUITE_OK : SUITE_DEVICE_ERROR;
}

/* ---- a picture ---- */

STEP void *exhibit_request(enum virtio_gpu_cmd type, size_t bytes)
{
    struct virtio_gpu_ctrl_hdr *hdr = exhibit.buffer[0].request;

    memset(hdr, 0, bytes);
    hdr->type = (uint32_t)type;
    return hdr;
}

static enum suite_result send_command(size_t request_bytes)
{
    return exhibit_send((uint32_t)request_bytes, sizeof(struct virtio_gpu_ctrl_hdr),
                        VIRTIO_GPU_RESP_OK_NODATA);
}

STEP enum suite_result exhibit_get_display_info(void)
{
    const volatile struct virtio_gpu_resp_display_info *info = exhibit.buffer[0].response;
    enum suite_result result;

    (void)exhibit_request(VIRTIO_GPU_CMD_GET_DISPLAY_INFO, sizeof(struct virtio_gpu_ctrl_hdr));
    result = exhibit_send(sizeof(struct virtio_gpu_ctrl_hdr), sizeof(*info),
                          VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
    if (result != SUITE_OK)
        return result;
    exhibit.width_px = info->pmodes[0].r.width;
    exhibit.height_px = info->pmodes[0].r.height;
    return SUITE_OK;
}

STEP enum suite_result exhibit_create(void)
{
    struct virtio_gpu_resource_create_2d *create =
        exhibit_request(VIRTIO_GPU_CMD_RESOURCE_CREATE_2D, sizeof(*create));

    create->resource_id = EXHIBIT_RESOURCE;
    create->format = EXHIBIT_FORMAT;
    create->width = exhibit.width_px;
    create->height = exhibit.height_px;
    return send_command(sizeof(*create));
}

STEP uint64_t exhibit_framebuffer_addr(void)
{
    return exhibit.framebuffer.addr;
}

STEP enum suite_result exhibit_attach(void)
{
    struct {
        struct virtio_gpu_resource_attach_backing attach;
        struct virtio_gpu_mem_entry entry;
    } *attach = exhibit_request(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING, sizeof(*attach));

    attach->attach.resource_id = EXHIBIT_RESOURCE;
    attach->attach.nr_entries = 1;
    attach->entry.addr = exhibit_framebuffer_addr();
    attach->entry.length = (uint32_t)exhibit.framebuffer.size_bytes;
    return send_command(sizeof(*attach));
}

STEP enum suite_result exhibit_set_scanout(void)
{
    struct virtio_gpu_set_scanout *set = exhibit_request(VIRTIO_GPU_CMD_SET_SCANOUT, sizeof(*set));

    set->r.width = exhibit.width_px;
    set->r.height = exhibit.height_px;
    set->resource_id = EXHIBIT_RESOURCE;
    return send_command(sizeof(*set));
}

STEP enum suite_result exhibit_transfer(const struct virtio_gpu_rect *rect)
{
    struct virtio_gpu_transfer_to_host_2d *transfer =
        exhibit_request(VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D, sizeof(*transfer));

    transfer->r = *rect;
    transfer->offset = ((uint64_t)rect->y * exhibit.width_px + rect->x) * VIRTIO_GPU_PIXEL_BYTES;
    transfer->resource_id = EXHIBIT_RESOURCE;
    return send_command(sizeof(*transfer));
}

STEP enum suite_result exhibit_flush(const struct virtio_gpu_rect *rect)
{
    struct virtio_gpu_resource_flush *flush =
        exhibit_request(VIRTIO_GPU_CMD_RESOURCE_FLUSH, sizeof(*flush));

    flush->r = *rect;
    flush->resource_id = EXHIBIT_RESOURCE;
    return send_command(sizeof(*flush));
}

static enum suite_result update(const struct virtio_gpu_rect *rect)
{
    enum suite_result result = exhibit_transfer(rect);

    return result == SUITE_OK ? exhibit_flush(rect) : result;
}

STEP enum suite_result exhibit_scene(uint64_t number)
{
    (void)number;
    return SUITE_UNSUPPORTED;
}

/* ---- operations ---- */

static void take_interrupt(void *context)
{
    (void)context;
    exhibit_interrupt();
}

static enum suite_result op_init(const struct suite_args *args)
{
    enum suite_result result = buffers_place();

    (void)args;
    if (result == SUITE_OK)
        result = exhibit_bring_up();
    exhibit.live = result == SUITE_OK;
    if (exhibit.live && exhibit_interrupt != NULL)
        platform_set_interrupt_handler(0, take_interrupt, NULL);
    return result;
}

static enum suite_result op_get_display_info(const struct suite_args *args)
{
    (void)args;
    return exhibit.live ? exhibit_get_display_info() : SUITE_NOT_READY;
}

static enum suite_result op_requests(const struct suite_args *args)
{
    enum suite_result result = exhibit.live ? SUITE_OK : SUITE_NOT_READY;

    for (uint64_t i = 0; args->count == 1 && i < args->value[0] && result == SUITE_OK; i++)
        result = exhibit_get_display_info();
    return args->count == 1 ? result : SUITE_BAD_ARGUMENT;
}

/* The test card, as large as the display, on scanout 0. */
static enum suite_result op_show(const struct suite_args *args)
{
    struct testcard_rect card = {.x = 0};
    struct virtio_gpu_rect whole = {.x = 0};
    enum suite_result result = op_get_display_info(args);
    size_t stride_bytes;

    if (result != SUITE_OK)
        return result;
    if (args->count == 2) {
        exhibit.width_px = (uint32_t)args->value[0];
        exhibit.height_px = (uint32_t)args->value[1];
    }
    card.width = whole.width = exhibit.width_px;
    card.height = whole.height = exhibit.height_px;
    stride_bytes = (size_t)exhibit.width_px * VIRTIO_GPU_PIXEL_BYTES;
    if (!platform_dma_alloc(stride_bytes * exhibit.height_px, EXHIBIT_PAGE_BYTES, "framebuffer",
                            &exhibit.framebuffer))
        return SUITE_NO_MEMORY;
    result = exhibit_create();
    if (result == SUITE_OK)
        result = exhibit_attach();
    if (result == SUITE_OK)
        result = exhibit_set_scanout();
    if (result != SUITE_OK)
        return result;
    testcard_draw(exhibit.framebuffer.cpu, EXHIBIT_FORMAT, stride_bytes, &card, card.width,
                  card.height);
    return update(&whole);
}

static bool take_rect(const struct suite_args *args, size_t count, struct virtio_gpu_rect *rect)
{
    if (args->count != count)
        return false;
    rect->x = (uint32_t)args->value[0];
    rect->y = (uint32_t)args->value[1];
    rect->width = (uint32_t)args->value[2];
    rect->height = (uint32_t)args->value[3];
    return true;
}

static enum suite_result op_flush(const struct suite_args *args)
{
    struct virtio_gpu_rect rect;

    if (exhibit.framebuffer.cpu == NULL)
        return SUITE_NOT_READY;
    return take_rect(args, 4, &rect) ? update(&rect) : SUITE_BAD_ARGUMENT;
}

static enum suite_result op_draw(const struct suite_args *args)
{
    struct virtio_gpu_rect rect;

    if (exhibit.framebuffer.cpu == NULL)
        return SUITE_NOT_READY;
    if (!take_rect(args, 5, &rect) || rect.x + rect.width > exhibit.width_px ||
        rect.y + rect.height > exhibit.height_px)
        return SUITE_BAD_ARGUMENT;
    for (uint32_t y = rect.y; y < rect.y + rect.height; y++) {
        uint32_t *row = (uint32_t *)exhibit.framebuffer.cpu + (size_t)y * exhibit.width_px;

        testcard_patch_run(row + rect.x, EXHIBIT_FORMAT, rect.x, y, rect.width,
                           (uint32_t)args->value[4]);
    }
    return SUITE_OK;
}

static enum suite_result op_interrupt(const struct suite_args *args)
{
    (void)args;
    if (exhibit_interrupt == NULL)
        return SUITE_UNSUPPORTED;
    exhibit_interrupt();
    return SUITE_OK;
}

static enum suite_result op_scene(const struct suite_args *args)
{
    return exhibit_scene(args->count > 0 ? args->value[0] : 0);
}

static enum suite_result op_shutdown(const struct suite_args *args)
{
    (void)args;
    return exhibit_shutdown();
}

static const struct suite_op ops[] = {
    {"init", op_init},           {"get_display_info", op_get_display_info},
    {"requests", op_requests},   {"show", op_show},
    {"flush", op_flush},         {"draw", op_draw},
    {"interrupt", op_interrupt}, {"scene", op_scene},
    {"shutdown", op_shutdown},
};

/* ---- the switch ---- */

static bool same(const char *text, const char *word)
{
    while (*text != '\0' && *text == *word) {
        text++;
        word++;
    }
    return *text == *word;
}

static bool set_option(const char *name, const char *value)
{
    if (!same(name, "mended") || (!same(value, "on") && !same(value, "off")))
        return false;
    exhibit.mended = same(value, "on");
    return true;
}

static const char *const option_names[] = {"mended", NULL};

const struct suite_driver ringside_driver = {
    .name = exhibit_name,
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .set_option = set_option,
    .option_names = option_names,
};
