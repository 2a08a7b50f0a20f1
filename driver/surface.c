/*
 * A surface: a resource, memory behind it in one or more pieces, and a scanout that shows it.
 *
 *   (none) --create--> created --attach--> attached --set scanout--> shown
 *
 * The way down is the same in reverse order. The memory belongs to the device from the moment that
 * ATTACH_BACKING is sent until DETACH_BACKING is answered, or the device is reset; an
 * ATTACH_BACKING that was given up leaves it in doubt, and so with the device.
 */
#include "gpu.h"

#define PIECE_ALIGN_BYTES 4096u
#define SCANOUT           0u

static const struct vgpu_rect NOWHERE = {0, 0, 0, 0};

static enum virtio_result allocate(struct vgpu_surface *surface, uint32_t wanted_pieces)
{
    size_t left_bytes = (size_t)surface->width_px * surface->height_px * VIRTIO_GPU_PIXEL_BYTES;
    size_t piece_bytes = (left_bytes + wanted_pieces - 1) / wanted_pieces;

    /* A pixel lies in one piece; a row may lie in several. */
    piece_bytes =
        (piece_bytes + VIRTIO_GPU_PIXEL_BYTES - 1) & ~(size_t)(VIRTIO_GPU_PIXEL_BYTES - 1);
    surface->piece_bytes = piece_bytes;
    for (uint32_t i = 0; i < wanted_pieces && left_bytes > 0; i++) {
        size_t bytes = left_bytes < piece_bytes ? left_bytes : piece_bytes;
        if (!platform_dma_alloc(bytes, PIECE_ALIGN_BYTES, "framebuffer", &surface->piece[i]))
            return VIRTIO_NO_MEMORY;
        surface->piece_count = i + 1;
        left_bytes -= bytes;
    }
    return VIRTIO_OK;
}

void vgpu_surface_free(struct vgpu *gpu)
{
    struct vgpu_surface *surface = &gpu->surface;

    for (uint32_t i = 0; i < surface->piece_count; i++)
        platform_dma_free(&surface->piece[i]);
    surface->piece_count = 0;
    surface->created = surface->attached = surface->shown = false;
}

enum virtio_result vgpu_surface_close(struct vgpu *gpu)
{
    struct vgpu_surface *surface = &gpu->surface;
    enum virtio_result result = VIRTIO_OK;

    if (surface->shown) {
        result = vgpu_set_scanout(gpu, SCANOUT, 0, &NOWHERE);
        surface->shown = result != VIRTIO_OK;
    }
    if (result == VIRTIO_OK && surface->attached) {
        result = vgpu_resource_detach_backing(gpu, surface->resource_id);
        surface->attached = result != VIRTIO_OK;
    }
    if (result == VIRTIO_OK && surface->created) {
        result = vgpu_resource_unref(gpu, surface->resource_id);
        surface->created = result != VIRTIO_OK;
    }
    if (result != VIRTIO_OK)
        return result;
    if (vgpu_backing_is_in_doubt(gpu))
        return VIRTIO_NOT_READY;
    vgpu_surface_free(gpu);
    return VIRTIO_OK;
}

enum virtio_result vgpu_surface_show(struct vgpu *gpu, uint32_t width_px, uint32_t height_px)
{
    struct vgpu_surface *surface = &gpu->surface;
    struct vgpu_rect whole = {0, 0, width_px, height_px};
    enum virtio_result result;

    if (!gpu->running)
        return VIRTIO_NOT_READY;
    if (width_px == 0 || width_px > VGPU_SIDE_PX_MAX || height_px == 0 ||
        height_px > VGPU_SIDE_PX_MAX)
        return VIRTIO_BAD_ARGUMENT;
    result = vgpu_surface_close(gpu);
    if (result != VIRTIO_OK)
        return result;

    surface->resource_id = ++gpu->last_resource_id; /* never used twice, so never mistaken */
    surface->width_px = width_px;
    surface->height_px = height_px;
    result = allocate(surface, gpu->options.backing_entries);
    if (result != VIRTIO_OK) {
        vgpu_surface_free(gpu);
        return result;
    }

    result = vgpu_resource_create_2d(gpu, surface->resource_id, gpu->options.format, width_px,
                                     height_px);
    surface->created = result == VIRTIO_OK;
    if (result != VIRTIO_OK)
        return result;

    result = vgpu_resource_attach_backing(gpu, surface->resource_id, surface->piece,
                                          surface->piece_count);
    surface->attached = result != VIRTIO_DEVICE_ERROR; /* anything else leaves it in doubt */
    if (result != VIRTIO_OK)
        return result;

    result = vgpu_set_scanout(gpu, SCANOUT, surface->resource_id, &whole);
    surface->shown = result == VIRTIO_OK;
    return result;
}

bool vgpu_surface_contains(const struct vgpu *gpu, const struct vgpu_rect *rect)
{
    const struct vgpu_surface *surface = &gpu->surface;

    return surface->shown && rect->width > 0 && rect->height > 0 && rect->x < surface->width_px &&
           rect->width <= surface->width_px - rect->x && rect->y < surface->height_px &&
           rect->height <= surface->height_px - rect->y;
}

static size_t pixel_offset(const struct vgpu_surface *surface, uint32_t x, uint32_t y)
{
    return ((size_t)y * surface->width_px + x) * VIRTIO_GPU_PIXEL_BYTES;
}

void *vgpu_surface_run(const struct vgpu *gpu, uint32_t x, uint32_t y, uint32_t *count_px)
{
    const struct vgpu_surface *surface = &gpu->surface;
    size_t offset = pixel_offset(surface, x, y);
    const struct platform_dma *piece = &surface->piece[offset / surface->piece_bytes];
    size_t inside = offset % surface->piece_bytes;
    size_t left_px = (piece->size_bytes - inside) / VIRTIO_GPU_PIXEL_BYTES;

    *count_px = surface->width_px - x;
    if (left_px < *count_px)
        *count_px = (uint32_t)left_px;
    return (uint8_t *)piece->cpu + inside;
}

/* Cleans the memory from the rectangle's first pixel to its last out of the cache. */
static void clean(const struct vgpu_surface *surface, const struct vgpu_rect *rect)
{
    size_t first = pixel_offset(surface, rect->x, rect->y);
    size_t end = pixel_offset(surface, rect->x + rect->width, rect->y + rect->height - 1);

    for (size_t at = first; at < end;) {
        const struct platform_dma *piece = &surface->piece[at / surface->piece_bytes];
        size_t inside = at % surface->piece_bytes;
        size_t bytes =
            piece->size_bytes - inside < end - at ? piece->size_bytes - inside : end - at;
        platform_cache_clean((const uint8_t *)piece->cpu + inside, bytes);
        at += bytes;
    }
}

enum virtio_result vgpu_surface_flush(struct vgpu *gpu, const struct vgpu_rect *rect)
{
    struct vgpu_surface *surface = &gpu->surface;
    enum virtio_result result;

    if (!surface->shown)
        return VIRTIO_NOT_READY;
    if (!vgpu_surface_contains(gpu, rect))
        return VIRTIO_BAD_ARGUMENT;

    clean(surface, rect);
    result = vgpu_transfer_to_host_2d(gpu, surface->resource_id, rect,
                                      pixel_offset(surface, rect->x, rect->y));
    if (result == VIRTIO_OK)
        result = vgpu_resource_flush(gpu, surface->resource_id, rect);
    return result;
}
