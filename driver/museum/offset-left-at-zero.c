/*
 * A part of the screen is updated with offset 0.
 *
 * Symptom: every partial update shows the top left corner of the framebuffer. Cause: the rectangle
 * says where the pixels go; where in the backing they begin is the offset, y * stride + x * 4, and
 * the device does not work that out. Seen in four drivers that have nothing else in common.
 */
#include "exhibit.h"

enum suite_result exhibit_transfer(const struct virtio_gpu_rect *rect)
{
    struct virtio_gpu_transfer_to_host_2d *transfer =
        exhibit_request(VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D, sizeof(*transfer));

    transfer->r = *rect;
    transfer->offset = exhibit.mended ? ((uint64_t)rect->y * exhibit.width_px + rect->x) * 4 : 0;
    transfer->resource_id = EXHIBIT_RESOURCE;
    return exhibit_send(sizeof(*transfer), sizeof(struct virtio_gpu_ctrl_hdr),
                        VIRTIO_GPU_RESP_OK_NODATA);
}
