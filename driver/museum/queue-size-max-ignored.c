/*
 * The queue is as large as the driver likes it, whatever QueueSizeMax says.
 *
 * Symptom: every driver broke with a new QEMU, which refuses a size that the ones before had let
 * pass. Cause: QueueSizeMax is the device's limit, and nobody looked at it. Seen in
 * au-ts/sddf#769.
 */
#include "exhibit.h"

#define OWN_SIZE 2048u /* twice what QEMU's device takes */

uint32_t exhibit_queue_size(void)
{
    uint32_t max = REG(QueueSizeMax);

    return exhibit.mended && max < OWN_SIZE ? max : OWN_SIZE;
}

void exhibit_queue_addresses(const struct exhibit_queue *queue)
{
    REG(QueueSize) = queue->size;
    REG(QueueDescLow) = (uint32_t)queue->desc_addr;
    REG(QueueDescHigh) = (uint32_t)(queue->desc_addr >> 32);
    REG(QueueDriverLow) = (uint32_t)queue->avail_addr;
    REG(QueueDriverHigh) = (uint32_t)(queue->avail_addr >> 32);
    REG(QueueDeviceLow) = (uint32_t)queue->used_addr;
    REG(QueueDeviceHigh) = (uint32_t)(queue->used_addr >> 32);
    REG(QueueReady) = 1;
}
