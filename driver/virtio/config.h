/*
 * Device status bits, feature bits that belong to no device type, and device ids
 * (VIRTIO 1.3, 2.1 "Device Status Field", 6 "Reserved Feature Bits", 5 "Device Types").
 */
#ifndef RINGSIDE_VIRTIO_CONFIG_H
#define RINGSIDE_VIRTIO_CONFIG_H

/* X(name, value): the device status bits, 2.1. */
#define VIRTIO_STATUS_BITS(X)                                                                      \
    X(ACKNOWLEDGE, 1)                                                                              \
    X(DRIVER, 2)                                                                                   \
    X(DRIVER_OK, 4)                                                                                \
    X(FEATURES_OK, 8)                                                                              \
    X(DEVICE_NEEDS_RESET, 64)                                                                      \
    X(FAILED, 128)

enum virtio_status {
#define X(name, value) VIRTIO_STATUS_##name = (value),
    VIRTIO_STATUS_BITS(X)
#undef X
};

/*
 * X(name, bit): feature bits of section 6, and of 6.3 for the legacy interface. A feature bit is a
 * number, not a mask.
 */
#define VIRTIO_FEATURES(X)                                                                         \
    X(NOTIFY_ON_EMPTY, 24) /* legacy interface only */                                             \
    X(ANY_LAYOUT, 27)      /* legacy interface only */                                             \
    X(INDIRECT_DESC, 28)                                                                           \
    X(EVENT_IDX, 29)                                                                               \
    X(UNUSED, 30) /* legacy interface only: an old QEMU asked by it */                             \
    X(VERSION_1, 32)                                                                               \
    X(ACCESS_PLATFORM, 33)                                                                         \
    X(RING_PACKED, 34)                                                                             \
    X(IN_ORDER, 35)                                                                                \
    X(ORDER_PLATFORM, 36)                                                                          \
    X(SR_IOV, 37)                                                                                  \
    X(NOTIFICATION_DATA, 38)                                                                       \
    X(NOTIF_CONFIG_DATA, 39)                                                                       \
    X(RING_RESET, 40)                                                                              \
    X(ADMIN_VQ, 41)

enum virtio_feature {
#define X(name, bit) VIRTIO_F_##name = (bit),
    VIRTIO_FEATURES(X)
#undef X
};

/* X(name, id): the device types that this project knows by name, section 5. */
#define VIRTIO_DEVICE_IDS(X)                                                                       \
    X(NONE, 0) /* a slot without a device: the driver leaves silently, 4.2.2.2 */                  \
    X(NET, 1)                                                                                      \
    X(BLOCK, 2)                                                                                    \
    X(CONSOLE, 3)                                                                                  \
    X(ENTROPY, 4)                                                                                  \
    X(GPU, 16)                                                                                     \
    X(INPUT, 18)

enum virtio_device_id {
#define X(name, id) VIRTIO_ID_##name = (id),
    VIRTIO_DEVICE_IDS(X)
#undef X
};

#endif
