/*
 * A dirty rectangle that sticks out of the screen is sent as it is.
 *
 * Symptom: QEMU says "transfer bounds outside resource bounds", and that part of the screen stays
 * old. Cause: a window may hang over the edge, a resource ends there, and the device refuses the
 * whole rectangle. Seen in differrari/RedactedOS#10.
 */
#include "exhibit.h"

static struct virtio_gpu_rect clamped(struct virtio_gpu_rect rect)
{
    if (rect.width > exhibit.width_px - rect.x)
        rect.width = exhibit.width_px - rect.x;
    if (rect.height > exhibit.height_px - rect.y)
        rect.height = exhibit.height_px - rect.y;
    return rect;
}

static enum suite_result send(size_t bytes)
{
    return exhibit_send((uint32_t)bytes, sizeof(struct virtio_gpu_ctrl_hdr),
                        VIRTIO_GPU_RESP_OK_NODATA);
}

enum suite_result exhibit_transfer(const struct virtio_gpu_rect *rect)
{
    struct virtio_gpu_transfer_to_host_2d *transfer =
        exhibit_request(VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D, sizeof(*transfer));

    transfer->r = exhibit.mended ? clamped(*rect) : *rect;
    transfer->offset = ((uint64_t)rect->y * exhibit.width_px + rect->x) * 4;
    transfer->resource_id = EXHIBIT_RESOURCE;
    return send(sizeof(*transfer));
}

enum suite_result exhibit_flush(const struct virtio_gpu_rect *rect)
{
    struct virtio_gpu_resource_flush *flush =
        exhibit_request(VIRTIO_GPU_CMD_RESOURCE_FLUSH, sizeof(*flush));

    flush->r = exhibit.mended ? clamped(*rect) : *rect;
    flush->resource_id = EXHIBIT_RESOURCE;
    return send(sizeof(*flush));
}
