/*
 * The GPU device: configuration space, reset, scanouts and what they show.
 *
 * A scanout:
 *
 *   off --SET_SCANOUT id--> on, black --RESOURCE_FLUSH--> on, shows pixels
 *    ^                          |                              |
 *    +---- SET_SCANOUT 0, RESOURCE_UNREF of its resource, reset (gpu_scanout_off) ----+
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "gpu_internal.h"

/* ---- memory ---- */

/* Larger pictures are mapped: most of their pages are never written. */
#define HEAP_PIXELS_BYTES_MAX (UINT64_C(64) << 10)

uint8_t *gpu_pixels_alloc(uint64_t bytes)
{
    assert(bytes > 0 && bytes <= GPU_HOST_BYTES_MAX);
    if (bytes <= HEAP_PIXELS_BYTES_MAX)
        return calloc(1, bytes);
    void *pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pixels == MAP_FAILED ? NULL : pixels;
}

void gpu_pixels_free(uint8_t *pixels, uint64_t bytes)
{
    if (bytes <= HEAP_PIXELS_BYTES_MAX)
        free(pixels);
    else if (pixels)
        munmap(pixels, bytes);
}

/* ---- scanouts ---- */

bool gpu_rect_inside(const struct gpu_rect *rect, uint32_t width_px, uint32_t height_px)
{
    return (uint64_t)rect->x + rect->width <= width_px &&
           (uint64_t)rect->y + rect->height <= height_px;
}

static void emit_scanout(struct sim_device *device, uint32_t scanout_id, uint32_t resource_id)
{
    struct event event = sim_event(device, EVENT_SCANOUT, VIRTIO_GPU_CONTROLQ);
    event.value = scanout_id;
    event.extra = resource_id;
    event.index = resource_id;
    sim_emit(device, &event);
}

static void front_free(struct gpu *gpu, struct gpu_scanout *scanout)
{
    gpu_pixels_free(scanout->front, scanout->front_bytes);
    gpu->front_bytes -= scanout->front_bytes;
    scanout->front = NULL;
    scanout->front_bytes = 0;
}

bool gpu_scanout_set(struct sim_device *device, uint32_t scanout_id,
                     const struct gpu_resource *resource, const struct gpu_rect *rect)
{
    struct gpu *gpu = gpu_of(device);
    struct gpu_scanout *scanout = &gpu->scanout[scanout_id];
    uint64_t bytes = (uint64_t)rect->width * rect->height * VIRTIO_GPU_PIXEL_BYTES;

    assert(bytes > 0 && gpu_rect_inside(rect, resource->width_px, resource->height_px));
    front_free(gpu, scanout);
    if (!sim_is_qemu(device)) {
        if (bytes <= GPU_HOST_BYTES_MAX - gpu->front_bytes)
            scanout->front = gpu_pixels_alloc(bytes);
        if (!scanout->front) {
            gpu_scanout_off(device, scanout_id);
            return false;
        }
        scanout->front_bytes = bytes;
        gpu->front_bytes += bytes;
    }
    scanout->active = true;
    scanout->ever_active = true;
    scanout->flushed = false;
    scanout->resource_id = resource->id;
    scanout->format = resource->format;
    scanout->rect = *rect;
    scanout->lost_at_step = 0;
    emit_scanout(device, scanout_id, resource->id);
    return true;
}

void gpu_scanout_off(struct sim_device *device, uint32_t scanout_id)
{
    struct gpu *gpu = gpu_of(device);
    struct gpu_scanout *scanout = &gpu->scanout[scanout_id];

    emit_scanout(device, scanout_id, 0);
    if (!scanout->active)
        return;
    front_free(gpu, scanout);
    scanout->active = false;
    scanout->flushed = false;
    scanout->resource_id = 0;
    scanout->rect = (struct gpu_rect){0};
    scanout->lost_at_step = device->event_step; /* the event above */
}

/* The part of both; width and height are 0 when they do not meet. */
static struct gpu_rect rect_meet(const struct gpu_rect *a, const struct gpu_rect *b)
{
    struct gpu_rect meet = {.x = a->x > b->x ? a->x : b->x, .y = a->y > b->y ? a->y : b->y};
    uint32_t a_right = a->x + a->width, b_right = b->x + b->width;
    uint32_t a_bottom = a->y + a->height, b_bottom = b->y + b->height;
    uint32_t right = a_right < b_right ? a_right : b_right;
    uint32_t bottom = a_bottom < b_bottom ? a_bottom : b_bottom;

    if (right > meet.x && bottom > meet.y) {
        meet.width = right - meet.x;
        meet.height = bottom - meet.y;
    }
    return meet;
}

static void front_copy(const struct gpu_scanout *scanout, const struct gpu_resource *resource,
                       const struct gpu_rect *rect)
{
    size_t to_stride = (size_t)scanout->rect.width * VIRTIO_GPU_PIXEL_BYTES;
    size_t from_stride = (size_t)resource->width_px * VIRTIO_GPU_PIXEL_BYTES;
    size_t row_bytes = (size_t)rect->width * VIRTIO_GPU_PIXEL_BYTES;
    const uint8_t *from =
        resource->pixels + rect->y * from_stride + (size_t)rect->x * VIRTIO_GPU_PIXEL_BYTES;
    uint8_t *to = scanout->front + (rect->y - scanout->rect.y) * to_stride +
                  (size_t)(rect->x - scanout->rect.x) * VIRTIO_GPU_PIXEL_BYTES;

    if (row_bytes == to_stride && row_bytes == from_stride) {
        memcpy(to, from, row_bytes * rect->height);
        return;
    }
    for (uint32_t row = 0; row < rect->height; row++)
        memcpy(to + row * to_stride, from + row * from_stride, row_bytes);
}

void gpu_scanouts_flush(struct sim_device *device, const struct gpu_resource *resource,
                        const struct gpu_rect *rect)
{
    struct gpu *gpu = gpu_of(device);

    for (uint32_t id = 0; id < gpu->config.num_scanouts; id++) {
        struct gpu_scanout *scanout = &gpu->scanout[id];
        if (!scanout->active || scanout->resource_id != resource->id)
            continue;
        struct gpu_rect meet = rect_meet(&scanout->rect, rect);
        if (meet.width == 0)
            continue;
        scanout->flushed = true;
        if (scanout->front)
            front_copy(scanout, resource, &meet);
    }
}

uint32_t gpu_scanout_count(const struct sim_device *device)
{
    return gpu_of(device)->config.num_scanouts;
}

void gpu_scanout_info(const struct sim_device *device, uint32_t scanout_id,
                      struct gpu_scanout_info *out)
{
    const struct gpu *gpu = gpu_of(device);

    *out = (struct gpu_scanout_info){0};
    if (scanout_id >= gpu->config.num_scanouts)
        return;
    const struct gpu_scanout *scanout = &gpu->scanout[scanout_id];
    out->active = scanout->active;
    out->ever_active = scanout->ever_active;
    out->flushed = scanout->flushed;
    out->resource_id = scanout->resource_id;
    out->rect.x = scanout->rect.x;
    out->rect.y = scanout->rect.y;
    out->rect.width = scanout->rect.width;
    out->rect.height = scanout->rect.height;
    out->lost_at_step = scanout->lost_at_step;
}

/* ---- pictures ---- */

/* Byte offsets of the channels in a pixel. */
struct channels {
    uint8_t r, g, b;
};

static struct channels channels_of(uint32_t format)
{
    switch (format) {
/* clang-format off */
#define X(name, value, b_at, g_at, r_at, a_at)                                                     \
    case VIRTIO_GPU_FORMAT_##name:                                                                 \
        return (struct channels){.r = (r_at), .g = (g_at), .b = (b_at)};
        VIRTIO_GPU_FORMATS(X)
#undef X
        /* clang-format on */
    }
    assert(false && "a scanout's format is one of the eight");
    return (struct channels){0};
}

bool gpu_scanout_picture(const struct sim_device *device, uint32_t scanout_id, struct picture *out)
{
    const struct gpu *gpu = gpu_of(device);

    *out = (struct picture){0};
    if (scanout_id >= gpu->config.num_scanouts || !gpu->scanout[scanout_id].active)
        return false;
    const struct gpu_scanout *scanout = &gpu->scanout[scanout_id];
    const struct gpu_rect *rect = &scanout->rect;
    const uint8_t *row = scanout->front;
    size_t stride = (size_t)rect->width * VIRTIO_GPU_PIXEL_BYTES;
    if (!row) {
        const struct gpu_resource *resource = gpu_resource_find(gpu, scanout->resource_id);
        assert(resource && resource->pixels);
        stride = (size_t)resource->width_px * VIRTIO_GPU_PIXEL_BYTES;
        row = resource->pixels + rect->y * stride + (size_t)rect->x * VIRTIO_GPU_PIXEL_BYTES;
    }
    if (!picture_create(out, rect->width, rect->height))
        return false;
    struct channels at = channels_of(scanout->format);
    uint8_t *rgb = out->rgb;
    for (uint32_t y = 0; y < rect->height; y++, row += stride) {
        for (uint32_t x = 0; x < rect->width; x++, rgb += 3) {
            const uint8_t *pixel = row + (size_t)x * VIRTIO_GPU_PIXEL_BYTES;
            rgb[0] = pixel[at.r];
            rgb[1] = pixel[at.g];
            rgb[2] = pixel[at.b];
        }
    }
    return true;
}

/* ---- configuration space, 5.7.4 ---- */

static void config_read(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                        uint8_t *out)
{
    const struct gpu *gpu = gpu_of(device);
    struct virtio_gpu_config config = {
        .events_read = virtio_le32(gpu->events_read),
        .num_scanouts = virtio_le32(gpu->config.num_scanouts),
    };

    assert(offset <= sizeof(config) && width_bytes <= sizeof(config) - offset);
    memcpy(out, (const uint8_t *)&config + offset, width_bytes);
}

/* Only events_clear takes anything: each bit set there clears that bit of events_read, 5.7.4.1. */
static void config_write(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                         const uint8_t *in)
{
    struct gpu *gpu = gpu_of(device);
    struct virtio_gpu_config config = {0};

    assert(offset <= sizeof(config) && width_bytes <= sizeof(config) - offset);
    memcpy((uint8_t *)&config + offset, in, width_bytes);
    gpu->events_read &= ~virtio_le32(config.events_clear);
}

void gpu_set_display(struct sim_device *device, uint32_t width_px, uint32_t height_px)
{
    struct gpu *gpu = gpu_of(device);

    gpu->config.width_px = width_px;
    gpu->config.height_px = height_px;
    gpu->events_read |= VIRTIO_GPU_EVENT_DISPLAY;
    sim_config_changed(device);
}

/* ---- life ---- */

static void reset(struct sim_device *device)
{
    struct gpu *gpu = gpu_of(device);

    if (!gpu) /* sim_device_create() comes before gpu_create() */
        return;
    for (uint32_t id = 0; id < gpu->config.num_scanouts; id++) {
        if (gpu->scanout[id].active)
            gpu_scanout_off(device, id);
    }
    gpu_resources_drop_all(device);
    gpu->events_read = 0;
    memset(gpu->cursor, 0, sizeof(gpu->cursor));
    for (uint32_t queue = 0; queue < VIRTIO_GPU_QUEUE_COUNT; queue++)
        gpu->request[queue] = (struct gpu_request){.row = GPU_ROW_NONE};
}

void gpu_cursor_info(const struct sim_device *device, uint32_t scanout_id,
                     struct gpu_cursor_info *out)
{
    const struct gpu *gpu = gpu_of(device);

    *out = (struct gpu_cursor_info){0};
    if (gpu && scanout_id < VIRTIO_GPU_MAX_SCANOUTS)
        *out = gpu->cursor[scanout_id];
}

static bool succeeded(uint32_t response)
{
    return response >= VIRTIO_GPU_RESP_OK_NODATA && response < VIRTIO_GPU_RESP_ERR_UNSPEC;
}

static const uint16_t qemu_sizes[VIRTIO_GPU_QUEUE_COUNT] = {64, 16};

const struct sim_class gpu_class = {
    .qemu_sizes = qemu_sizes,
    .name = "gpu",
    .device_id = 16,
    .queue_count = VIRTIO_GPU_QUEUE_COUNT,
    .features = VIRTIO_BIT(VIRTIO_GPU_F_EDID),
    .config_bytes = sizeof(struct virtio_gpu_config),
    .reset = reset,
    .config_read = config_read,
    .config_write = config_write,
    .request = gpu_request,
    .execute = gpu_execute,
    .respond = gpu_respond,
    .command_name = gpu_command_name,
    .response_name = gpu_response_name,
    .succeeded = succeeded,
};

bool gpu_create(struct sim_device *device, const struct gpu_config *config)
{
    assert(device->class == &gpu_class);
    assert(!device->state);
    assert(config->num_scanouts >= 1 && config->num_scanouts <= VIRTIO_GPU_MAX_SCANOUTS);
    struct gpu *gpu = calloc(1, sizeof(*gpu));
    if (!gpu)
        return false;
    gpu->config = *config;
    device->state = gpu;
    return true;
}

void gpu_destroy(struct sim_device *device)
{
    struct gpu *gpu = gpu_of(device);

    if (!gpu)
        return;
    for (uint32_t id = 0; id < VIRTIO_GPU_MAX_SCANOUTS; id++) {
        front_free(gpu, &gpu->scanout[id]);
        gpu->scanout[id].active = false; /* silently: nobody listens any more */
    }
    gpu_resources_drop_all(device);
    free(gpu);
    device->state = NULL;
}

/* ---- names ---- */

/* clang-format off */
const char *gpu_command_name(uint32_t type)
{
    switch (type) {
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    case (code): return "VIRTIO_GPU_CMD_" #name;
    VIRTIO_GPU_COMMANDS(X)
#undef X
    }
    return NULL;
}

const char *gpu_response_name(uint32_t type)
{
    switch (type) {
#define X(name, code) case (code): return "VIRTIO_GPU_RESP_" #name;
    VIRTIO_GPU_RESPONSES(X)
#undef X
    }
    return NULL;
}

const char *gpu_format_name(uint32_t format)
{
    switch (format) {
#define X(name, value, b, g, r, a) case (value): return "VIRTIO_GPU_FORMAT_" #name;
    VIRTIO_GPU_FORMATS(X)
#undef X
    }
    return NULL;
}
/* clang-format on */
