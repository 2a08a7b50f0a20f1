/*
 * DRIVER_OK is set as soon as the features are agreed on; the queue is set up after that.
 *
 * Symptom: all is well in QEMU's emulation, and with KVM no interrupt comes. Cause: DRIVER_OK says
 * that the queues are there. A device looks at its queues then, and what is set up later may be
 * taken for a queue that does not exist. Seen in nanovms/nanos#587.
 */
#include "exhibit.h"

/* The generic code, which is done with the device before its driver sets up any queue. */
enum suite_result exhibit_negotiate(void)
{
    REG(DeviceFeaturesSel) = 1;
    exhibit.features = (uint64_t)(REG(DeviceFeatures) & 1) << VIRTIO_F_VERSION_1;
    REG(DriverFeaturesSel) = 1;
    REG(DriverFeatures) = (uint32_t)(exhibit.features >> 32);
    REG(Status) |= VIRTIO_STATUS_FEATURES_OK;
    if ((REG(Status) & VIRTIO_STATUS_FEATURES_OK) == 0)
        return SUITE_BAD_DEVICE;
    if (!exhibit.mended)
        REG(Status) |= VIRTIO_STATUS_DRIVER_OK;
    return SUITE_OK;
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

void exhibit_driver_ok(void)
{
    if (exhibit.mended)
        REG(Status) |= VIRTIO_STATUS_DRIVER_OK;
}
