/*
 * virtio-mmio, the driver's side: bringing a device up and down, its features, its queues'
 * registers.
 *
 * Both register layouts are spoken. Which one a device has is what its Version register says, once,
 * in virtio_probe(); every later choice looks at that. On QEMU it is 1, the legacy layout, unless
 * `-global virtio-mmio.force-legacy=false` is given.
 */
#ifndef RINGSIDE_TRANSPORT_H
#define RINGSIDE_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include "virtio/config.h"
#include "virtio/mmio.h"
#include "virtio/types.h"

/* X(name): what a call of the driver can come to; names and meanings as in suite.h. */
#define VIRTIO_RESULTS(X)                                                                          \
    X(OK)                                                                                          \
    X(TIMEOUT)                                                                                     \
    X(NO_DEVICE)                                                                                   \
    X(BAD_DEVICE)                                                                                  \
    X(NO_MEMORY)                                                                                   \
    X(QUEUE_FULL)                                                                                  \
    X(BAD_COMPLETION)                                                                              \
    X(DEVICE_ERROR)                                                                                \
    X(NEEDS_RESET)                                                                                 \
    X(NOT_READY)                                                                                   \
    X(BAD_ARGUMENT)

enum virtio_result {
#define X(name) VIRTIO_##name,
    VIRTIO_RESULTS(X)
#undef X
};

enum { VIRTIO_VERSION_LEGACY = 1, VIRTIO_VERSION_MODERN = 2 };

/* Everything that a device may write or read lies on cache lines of its own. */
#define VIRTIO_DMA_ALIGN_BYTES 64u

/* Legacy queues are told to the device as a page number, and their used ring starts on a page. */
#define VIRTIO_LEGACY_PAGE_BYTES 4096u

#define VIRTIO_RESET_TIMEOUT_NS UINT64_C(100000000)

struct virtio_device {
    volatile uint8_t *registers;
    uint32_t version; /* enum: as the register said when the device was found */
    uint32_t device_id;
    uint32_t interrupt; /* of the platform; 0 = not known */
    uint32_t status;    /* the bits that the driver has set since the last reset */
    uint64_t features;  /* negotiated; bit n is feature n */
};

/* Where the parts of a queue are. A legacy device is told of `desc_addr` only. */
struct virtio_queue_place {
    uint64_t desc_addr;
    uint64_t avail_addr;
    uint64_t used_addr;
};

static inline uint32_t virtio_read(const struct virtio_device *device,
                                   enum virtio_mmio_offset offset)
{
    return virtio_le32(*(volatile uint32_t *)(device->registers + offset));
}

static inline void virtio_write(const struct virtio_device *device, enum virtio_mmio_offset offset,
                                uint32_t value)
{
    *(volatile uint32_t *)(device->registers + offset) = virtio_le32(value);
}

static inline bool virtio_is_legacy(const struct virtio_device *device)
{
    return device->version == VIRTIO_VERSION_LEGACY;
}

static inline bool virtio_has_feature(const struct virtio_device *device, uint32_t bit)
{
    return (device->features & VIRTIO_BIT(bit)) != 0;
}

/*
 * Is there a device behind the window at `addr`? Reads MagicValue, Version and DeviceID and nothing
 * else (4.2.3.1.1). NO_DEVICE for an empty slot, BAD_DEVICE for what is no virtio-mmio device.
 */
enum virtio_result virtio_probe(uint64_t addr, uint64_t size_bytes, uint32_t interrupt,
                                struct virtio_device *out);

/*
 * discover.c: the first device of a type in the machine's device tree, or NO_DEVICE. Other devices
 * are not touched beyond what virtio_probe() reads.
 */
enum virtio_result virtio_discover(uint32_t device_id, struct virtio_device *out);

/* Writes 0 to Status and waits until it reads 0. TIMEOUT: the device may still own its queues. */
enum virtio_result virtio_reset(struct virtio_device *device);

/*
 * Reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK (3.1.1, steps 1 to 6). `wanted` are the
 * device's and the common features that the driver can use; those offered end up in
 * device->features. VERSION_1 is added where it belongs. On failure the device is left FAILED.
 */
enum virtio_result virtio_begin(struct virtio_device *device, uint64_t wanted);

/* DRIVER_OK (3.1.1, step 8). */
enum virtio_result virtio_finish(struct virtio_device *device);

/* Tells the device that its driver has given up. */
void virtio_fail(struct virtio_device *device);

bool virtio_needs_reset(const struct virtio_device *device);

/*
 * Selects a queue, checks that it is not in use and returns its QueueSizeMax in *size_max;
 * BAD_DEVICE when it is in use or does not exist.
 */
enum virtio_result virtio_queue_select(const struct virtio_device *device, uint32_t queue,
                                       uint32_t *size_max);

/* Makes the queue just selected live. Its memory is zeroed and belongs to the device from here on.
 */
enum virtio_result virtio_queue_enable(const struct virtio_device *device, uint32_t size,
                                       const struct virtio_queue_place *place);

/* Stops a queue; its memory belongs to the driver again when this returns OK. */
enum virtio_result virtio_queue_disable(const struct virtio_device *device, uint32_t queue);

/* Reads what interrupted and acknowledges it; returns the VIRTIO_MMIO_INT_... bits. */
uint32_t virtio_interrupt(const struct virtio_device *device);

/* A 32-bit field of the configuration space. */
enum virtio_result virtio_config_read(const struct virtio_device *device, uint32_t offset,
                                      uint32_t *out);
void virtio_config_write(const struct virtio_device *device, uint32_t offset, uint32_t value);

#endif
