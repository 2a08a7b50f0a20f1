/*
 * virtio-mmio, the driver's side (VIRTIO 1.3, 3.1 "Device Initialization", 4.2 "Virtio Over MMIO").
 *
 *   (probed) --virtio_begin--> negotiated --queues--> --virtio_finish--> running
 *      ^                           |                                       |
 *      +------ virtio_reset -------+-- virtio_fail: FAILED <---------------+
 *
 * Status bits are only ever added (2.1.1): each step adds its bit to those that the driver has set,
 * and reads back whether the device keeps it. What Status reads is never written back.
 *
 * Not handled: shared memory regions, reset of a single queue, notifications with data.
 */
#include "transport.h"

#include "platform.h"

#define CONFIG_READ_TRIES 16u

enum virtio_result virtio_probe(uint64_t addr, uint64_t size_bytes, uint32_t interrupt,
                                struct virtio_device *out)
{
    *out = (struct virtio_device){.interrupt = interrupt};
    if (size_bytes < VIRTIO_MMIO_CONFIG)
        return VIRTIO_BAD_DEVICE;
    out->registers = platform_map_mmio(addr, (size_t)size_bytes);
    if (out->registers == NULL)
        return VIRTIO_BAD_DEVICE;

    if (virtio_read(out, VIRTIO_MMIO_MagicValue) != VIRTIO_MMIO_MAGIC)
        return VIRTIO_BAD_DEVICE;

    out->version = virtio_read(out, VIRTIO_MMIO_Version);
    if (out->version != VIRTIO_VERSION_LEGACY && out->version != VIRTIO_VERSION_MODERN)
        return VIRTIO_BAD_DEVICE;

    /* An empty slot is no error and is not to be touched further (4.2.3.1.1). */
    out->device_id = virtio_read(out, VIRTIO_MMIO_DeviceID);
    if (out->device_id == VIRTIO_ID_NONE)
        return VIRTIO_NO_DEVICE;
    return VIRTIO_OK;
}

enum virtio_result virtio_reset(struct virtio_device *device)
{
    uint64_t deadline_ns = platform_now_ns() + VIRTIO_RESET_TIMEOUT_NS;

    device->status = 0;
    virtio_write(device, VIRTIO_MMIO_Status, 0);

    /* Until Status reads 0 the device may still be at work on its queues (2.4.2). */
    for (;;) {
        uint64_t now_ns = platform_now_ns();
        if (virtio_read(device, VIRTIO_MMIO_Status) == 0)
            return VIRTIO_OK;
        if (now_ns >= deadline_ns) {
            platform_log("virtio: reset does not end");
            return VIRTIO_TIMEOUT;
        }
        platform_relax();
    }
}

/* Adds one bit to Status. BAD_DEVICE when the device does not keep it, or shows others. */
static enum virtio_result status_add(struct virtio_device *device, enum virtio_status bit)
{
    uint32_t kept;

    device->status |= bit;
    virtio_write(device, VIRTIO_MMIO_Status, device->status);
    kept = virtio_read(device, VIRTIO_MMIO_Status);
    if (kept == device->status)
        return VIRTIO_OK;
    return (kept & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0 ? VIRTIO_NEEDS_RESET : VIRTIO_BAD_DEVICE;
}

void virtio_fail(struct virtio_device *device)
{
    (void)status_add(device, VIRTIO_STATUS_FAILED);
}

static uint64_t features_offered(const struct virtio_device *device)
{
    uint64_t offered;

    virtio_write(device, VIRTIO_MMIO_DeviceFeaturesSel, 0);
    offered = virtio_read(device, VIRTIO_MMIO_DeviceFeatures);

    /* A legacy device has no features beyond bit 31. */
    if (virtio_is_legacy(device))
        return offered;

    virtio_write(device, VIRTIO_MMIO_DeviceFeaturesSel, 1);
    return offered | (uint64_t)virtio_read(device, VIRTIO_MMIO_DeviceFeatures) << 32;
}

static void features_accept(const struct virtio_device *device)
{
    virtio_write(device, VIRTIO_MMIO_DriverFeaturesSel, 0);
    virtio_write(device, VIRTIO_MMIO_DriverFeatures, (uint32_t)device->features);
    if (virtio_is_legacy(device))
        return;

    virtio_write(device, VIRTIO_MMIO_DriverFeaturesSel, 1);
    virtio_write(device, VIRTIO_MMIO_DriverFeatures, (uint32_t)(device->features >> 32));
}

/* 3.1.1, steps 4 to 6; a legacy device has no FEATURES_OK (3.1.2). */
static enum virtio_result negotiate(struct virtio_device *device, uint64_t wanted)
{
    uint64_t offered = features_offered(device);
    enum virtio_result result;

    if (virtio_is_legacy(device)) {
        wanted |= VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT);
    } else {
        /* Addresses come from platform_dma_alloc(), order from its barriers: both may be accepted.
         */
        wanted |= VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM) |
                  VIRTIO_BIT(VIRTIO_F_ORDER_PLATFORM);
    }
    device->features = offered & wanted;
    features_accept(device);
    if (virtio_is_legacy(device))
        return VIRTIO_OK;

    if (!virtio_has_feature(device, VIRTIO_F_VERSION_1)) {
        platform_log("virtio: a version 2 device that does not offer VERSION_1");
        return VIRTIO_BAD_DEVICE;
    }
    result = status_add(device, VIRTIO_STATUS_FEATURES_OK);
    if (result != VIRTIO_OK)
        platform_log("virtio: the device refuses the features");
    return result;
}

enum virtio_result virtio_begin(struct virtio_device *device, uint64_t wanted)
{
    enum virtio_result result = virtio_reset(device);

    if (result == VIRTIO_OK)
        result = status_add(device, VIRTIO_STATUS_ACKNOWLEDGE);
    if (result == VIRTIO_OK)
        result = status_add(device, VIRTIO_STATUS_DRIVER);
    if (result == VIRTIO_OK)
        result = negotiate(device, wanted);
    if (result != VIRTIO_OK) {
        virtio_fail(device);
        return result;
    }

    /* The unit of QueuePFN, which has to be known before the first queue (4.2.4). */
    if (virtio_is_legacy(device))
        virtio_write(device, VIRTIO_MMIO_GuestPageSize, VIRTIO_LEGACY_PAGE_BYTES);
    return VIRTIO_OK;
}

enum virtio_result virtio_finish(struct virtio_device *device)
{
    return status_add(device, VIRTIO_STATUS_DRIVER_OK);
}

bool virtio_needs_reset(const struct virtio_device *device)
{
    return (virtio_read(device, VIRTIO_MMIO_Status) & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0;
}

static enum virtio_mmio_offset queue_live_register(const struct virtio_device *device)
{
    return virtio_is_legacy(device) ? VIRTIO_MMIO_QueuePFN : VIRTIO_MMIO_QueueReady;
}

enum virtio_result virtio_queue_select(const struct virtio_device *device, uint32_t queue,
                                       uint32_t *size_max)
{
    *size_max = 0;
    virtio_write(device, VIRTIO_MMIO_QueueSel, queue);

    /* A queue in use after a reset would mean that the reset did not take place (4.2.3.2). */
    if (virtio_read(device, queue_live_register(device)) != 0) {
        platform_log("virtio: the queue is in use already");
        return VIRTIO_BAD_DEVICE;
    }

    *size_max = virtio_read(device, VIRTIO_MMIO_QueueSizeMax);
    if (*size_max == 0) {
        platform_log("virtio: the device has no such queue");
        return VIRTIO_BAD_DEVICE;
    }
    return VIRTIO_OK;
}

/* 4.2.3.2, steps 5 to 7. */
static enum virtio_result enable_modern(const struct virtio_device *device,
                                        const struct virtio_queue_place *place)
{
    virtio_write(device, VIRTIO_MMIO_QueueDescLow, (uint32_t)place->desc_addr);
    virtio_write(device, VIRTIO_MMIO_QueueDescHigh, (uint32_t)(place->desc_addr >> 32));
    virtio_write(device, VIRTIO_MMIO_QueueDriverLow, (uint32_t)place->avail_addr);
    virtio_write(device, VIRTIO_MMIO_QueueDriverHigh, (uint32_t)(place->avail_addr >> 32));
    virtio_write(device, VIRTIO_MMIO_QueueDeviceLow, (uint32_t)place->used_addr);
    virtio_write(device, VIRTIO_MMIO_QueueDeviceHigh, (uint32_t)(place->used_addr >> 32));

    virtio_write(device, VIRTIO_MMIO_QueueReady, 1);
    return virtio_read(device, VIRTIO_MMIO_QueueReady) == 1 ? VIRTIO_OK : VIRTIO_BAD_DEVICE;
}

/* 4.2.4: one block, found by its page number. */
static enum virtio_result enable_legacy(const struct virtio_device *device,
                                        const struct virtio_queue_place *place)
{
    uint64_t page = place->desc_addr / VIRTIO_LEGACY_PAGE_BYTES;

    /* Page 0 would mean "not in use", and the register has 32 bits. */
    if (place->desc_addr % VIRTIO_LEGACY_PAGE_BYTES != 0 || page == 0 || page > UINT32_MAX)
        return VIRTIO_NO_MEMORY;

    virtio_write(device, VIRTIO_MMIO_QueueAlign, VIRTIO_LEGACY_PAGE_BYTES);
    virtio_write(device, VIRTIO_MMIO_QueuePFN, (uint32_t)page);
    return virtio_read(device, VIRTIO_MMIO_QueuePFN) == page ? VIRTIO_OK : VIRTIO_BAD_DEVICE;
}

enum virtio_result virtio_queue_enable(const struct virtio_device *device, uint32_t size,
                                       const struct virtio_queue_place *place)
{
    /* Without this barrier the device could find the queue live before its memory is zero. */
    platform_mb();
    virtio_write(device, VIRTIO_MMIO_QueueSize, size);
    return virtio_is_legacy(device) ? enable_legacy(device, place) : enable_modern(device, place);
}

enum virtio_result virtio_queue_disable(const struct virtio_device *device, uint32_t queue)
{
    enum virtio_mmio_offset live = queue_live_register(device);

    virtio_write(device, VIRTIO_MMIO_QueueSel, queue);
    virtio_write(device, live, 0);
    /* The read waits for the device to let go of the queue (4.2.2.2). */
    return virtio_read(device, live) == 0 ? VIRTIO_OK : VIRTIO_BAD_DEVICE;
}

uint32_t virtio_interrupt(const struct virtio_device *device)
{
    uint32_t events = virtio_read(device, VIRTIO_MMIO_InterruptStatus) &
                      (VIRTIO_MMIO_INT_USED | VIRTIO_MMIO_INT_CONFIG);

    if (events != 0)
        virtio_write(device, VIRTIO_MMIO_InterruptACK, events);
    return events;
}

enum virtio_result virtio_config_read(const struct virtio_device *device, uint32_t offset,
                                      uint32_t *out)
{
    volatile uint32_t *field =
        (volatile uint32_t *)(device->registers + VIRTIO_MMIO_CONFIG + offset);

    /*
     * A value belongs to one state of the device only if the generation stayed (2.5.1). A legacy
     * device has none: there two readings have to agree, in the CPU's byte order (2.5.3, 2.5.4).
     */
    for (uint32_t i = 0; i < CONFIG_READ_TRIES; i++) {
        bool legacy = virtio_is_legacy(device);
        uint32_t before = legacy ? *field : virtio_read(device, VIRTIO_MMIO_ConfigGeneration);
        uint32_t value = *field;
        uint32_t after = legacy ? value : virtio_read(device, VIRTIO_MMIO_ConfigGeneration);

        *out = legacy ? virtio_native32(value) : virtio_le32(value);
        if (before == after)
            return VIRTIO_OK;
    }
    platform_log("virtio: the configuration changes without end");
    return VIRTIO_BAD_DEVICE;
}

void virtio_config_write(const struct virtio_device *device, uint32_t offset, uint32_t value)
{
    volatile uint32_t *field =
        (volatile uint32_t *)(device->registers + VIRTIO_MMIO_CONFIG + offset);

    *field = virtio_is_legacy(device) ? virtio_native32(value) : virtio_le32(value);
}
