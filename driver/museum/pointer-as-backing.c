/*
 * The framebuffer's pointer is given to ATTACH_BACKING, instead of its physical address.
 *
 * Symptom: no framebuffer device appears, and the display stays dark. Cause: the device knows no
 * page tables. The rings' addresses had been translated; the one inside a command was forgotten.
 * Seen in apache/nuttx@e3403709f8f and apache/nuttx#17765.
 */
#include "exhibit.h"

enum suite_result exhibit_attach(void)
{
    struct {
        struct virtio_gpu_resource_attach_backing attach;
        struct virtio_gpu_mem_entry entry;
    } *request = exhibit_request(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING, sizeof(*request));

    request->attach.resource_id = EXHIBIT_RESOURCE;
    request->attach.nr_entries = 1;
    request->entry.length = (uint32_t)exhibit.framebuffer.size_bytes;
    request->entry.addr = (uintptr_t)exhibit.framebuffer.cpu;
    if (exhibit.mended)
        request->entry.addr = exhibit.framebuffer.addr;
    return exhibit_send(sizeof(*request), sizeof(struct virtio_gpu_ctrl_hdr),
                        VIRTIO_GPU_RESP_OK_NODATA);
}
