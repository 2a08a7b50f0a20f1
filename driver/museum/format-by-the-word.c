/*
 * The pixel format is chosen by how a 32-bit word of the framebuffer reads.
 *
 * Symptom: all colours are wrong: red is blue, or everything is one channel off. Cause: pixel
 * libraries name a format by its word, 0xXXRRGGBB is x8r8g8b8; VIRTIO names it by its bytes, in the
 * order of their addresses, and there that word is B8G8R8X8. Seen in derfsss/VirtIOGPU,
 * libkrun/libkrun#816 and projectceladon#1655.
 */
#include "exhibit.h"

enum suite_result exhibit_create(void)
{
    struct virtio_gpu_resource_create_2d *create =
        exhibit_request(VIRTIO_GPU_CMD_RESOURCE_CREATE_2D, sizeof(*create));

    create->resource_id = EXHIBIT_RESOURCE;
    create->format = exhibit.mended ? VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM
                                    : VIRTIO_GPU_FORMAT_X8R8G8B8_UNORM;
    create->width = exhibit.width_px;
    create->height = exhibit.height_px;
    return exhibit_send(sizeof(*create), sizeof(struct virtio_gpu_ctrl_hdr),
                        VIRTIO_GPU_RESP_OK_NODATA);
}
