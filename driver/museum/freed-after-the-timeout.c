/*
 * A request that was not answered in time is given up, and its memory with it.
 *
 * Symptom: the whole system stops in the display's driver when the host was busy for a while.
 * Cause: the timeout is the driver's own idea. The descriptors are still the device's, and its
 * answer comes late, into memory that has a new owner. Seen in
 * virtio-win/kvm-guest-drivers-windows#1488.
 */
#include "exhibit.h"

static struct platform_dma given_up; /* until the device is reset */

enum suite_result exhibit_get_display_info(void)
{
    struct exhibit_queue *queue = &exhibit.queue;
    struct exhibit_buffer buffer = exhibit.buffer[0];
    struct platform_dma memory;
    enum suite_result result;
    int head;

    if (!platform_dma_alloc(sizeof(struct virtio_gpu_resp_display_info), EXHIBIT_PAGE_BYTES,
                            "response", &memory))
        return SUITE_NO_MEMORY;
    buffer.response_addr = memory.addr;
    (void)exhibit_request(VIRTIO_GPU_CMD_GET_DISPLAY_INFO, sizeof(struct virtio_gpu_ctrl_hdr));
    head = exhibit_add(queue, &buffer, sizeof(struct virtio_gpu_ctrl_hdr),
                       (uint32_t)memory.size_bytes);
    if (head < 0)
        return SUITE_QUEUE_FULL;
    exhibit_publish(queue, (uint16_t)head);
    exhibit_notify(queue);
    result = exhibit_wait(queue, (uint16_t)head);
    if (result == SUITE_TIMEOUT && exhibit.mended) {
        given_up = memory;
        return result;
    }
    exhibit.width_px = ((struct virtio_gpu_resp_display_info *)memory.cpu)->pmodes[0].r.width;
    exhibit.height_px = ((struct virtio_gpu_resp_display_info *)memory.cpu)->pmodes[0].r.height;
    platform_dma_free(&memory);
    return result;
}
