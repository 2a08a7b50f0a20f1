/*
 * A virtio-mmio device of either version: where it is, what it can do, how it is brought up and
 * reset (VIRTIO 1.3, 3.1 "Device Initialization", 4.2 "Virtio Over MMIO").
 *
 *   device_find --> device_begin --> queues --> device_go --> runs
 *                        |             |           |           |
 *                        +-------------+- device_give_up   device_reset
 */
#ifndef RINGSIDE_DORMOUSE_DEVICE_H
#define RINGSIDE_DORMOUSE_DEVICE_H

#include "platform.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/mmio.h"
#include "virtio/types.h"

struct device {
    volatile uint8_t *registers;
    uint32_t interrupt;           /* the platform's number of its line */
    bool legacy;                  /* Version is 1 */
    uint64_t features;            /* agreed on; bit n is feature n */
    uint32_t status;              /* what was written: bits are added, never taken away (2.1.1) */
    volatile bool config_changed; /* the interrupt handler was told so */
    volatile bool needs_reset;    /* the device said so, with an interrupt or when asked */
};

/* Registers are little-endian whatever the CPU, and 32 bits wide. */
static inline uint32_t device_read(const struct device *device, enum virtio_mmio_offset offset)
{
    return virtio_le32(*(volatile uint32_t *)(device->registers + offset));
}

static inline void device_write(const struct device *device, enum virtio_mmio_offset offset,
                                uint32_t value)
{
    *(volatile uint32_t *)(device->registers + offset) = virtio_le32(value);
}

static inline bool device_has(const struct device *device, enum virtio_feature feature)
{
    return (device->features & VIRTIO_BIT(feature)) != 0;
}

/* The first device of a type in the device tree: OK, or NO_DEVICE. */
enum suite_result device_find(enum virtio_device_id id, struct device *out);

/* Steps 1 to 6 of 3.1.1: reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK. */
enum suite_result device_begin(struct device *device, uint64_t wanted);

/* Step 8: DRIVER_OK. From here on the device is at work. */
void device_go(struct device *device);

/* Tells the device that its driver has given up. */
void device_give_up(struct device *device);

/*
 * The interrupt handler's first half: what happened, VIRTIO_MMIO_INT_... bits; its last: it is
 * handled, and the device may interrupt again.
 */
uint32_t device_interrupted(struct device *device);
void device_acknowledge(struct device *device, uint32_t what);

/* Looks whether the device has given up (DEVICE_NEEDS_RESET). */
bool device_asks_for_reset(struct device *device);

/* False when the reset does not end: then the device may still use memory that it knows of. */
bool device_reset(struct device *device);

#endif
