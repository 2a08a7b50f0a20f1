/*
 * A buffer that was received into is put back into the ring, and nobody tells the device.
 *
 * Symptom: reception stops for good as soon as the ring has once run empty. Cause: a device that
 * found no more buffers waits for a notification. While it finds some, it needs none, and so it
 * works for a long time. Seen in u-boot/u-boot@d1b4bfc9844 and au-ts/sddf@ef74b2af.
 */
#include "exhibit.h"

uint32_t exhibit_device_id(void)
{
    return VIRTIO_ID_ENTROPY; /* every request is a buffer to receive into */
}

static void refill(uint16_t desc)
{
    struct exhibit_queue *queue = &exhibit.queue;
    uint16_t idx = queue->avail->idx;

    queue->desc[desc].addr = exhibit.buffer[desc].response_addr;
    queue->desc[desc].len = EXHIBIT_RESPONSE_OFFSET;
    queue->desc[desc].flags = VIRTQ_DESC_F_WRITE;
    queue->avail->ring[idx % queue->size] = desc;
    platform_wmb();
    queue->avail->idx = (uint16_t)(idx + 1);
}

/* Receives this many buffers. */
enum suite_result exhibit_scene(uint64_t number)
{
    struct virtq_used_elem used;

    for (uint16_t i = 0; i < EXHIBIT_REQUESTS_MAX; i++)
        refill(i);
    exhibit_notify(&exhibit.queue);
    for (uint32_t turn = 0; turn < EXHIBIT_POLLS_MAX && number > 0; turn++) {
        if (!exhibit_take_used(&exhibit.queue, &used)) {
            platform_relax();
            continue;
        }
        refill((uint16_t)used.id);
        if (exhibit.mended)
            exhibit_notify(&exhibit.queue);
        number--;
    }
    return number == 0 ? SUITE_OK : SUITE_TIMEOUT;
}
