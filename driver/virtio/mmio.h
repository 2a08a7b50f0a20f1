/*
 * The virtio-mmio register map, version 2 and version 1 (legacy), from one table
 * (VIRTIO 1.3, 4.2.2 "MMIO Device Register Layout", 4.2.4 "Legacy interface").
 *
 * Offsets are in bytes from the start of the device's window. All control registers are 32 bits
 * wide and little-endian. Whoever names a register (driver, simulated device, trace, scenario,
 * finding) takes the name from here.
 */
#ifndef RINGSIDE_VIRTIO_MMIO_H
#define RINGSIDE_VIRTIO_MMIO_H

/* Directions as in the specification's table, seen from the driver. */
enum virtio_mmio_access {
    VIRTIO_MMIO_NONE = 0, /* the register does not exist in this version */
    VIRTIO_MMIO_R = 1,
    VIRTIO_MMIO_W = 2,
    VIRTIO_MMIO_RW = 3,
};

/* What a register's value belongs to: the device, or what a selector register has selected. */
enum virtio_mmio_scope {
    VIRTIO_MMIO_SCOPE_DEVICE,
    VIRTIO_MMIO_SCOPE_QUEUE,  /* the queue that QueueSel names */
    VIRTIO_MMIO_SCOPE_SHM,    /* the shared memory region that SHMSel names */
};

/*
 * X(name, offset, access in version 1, access in version 2, scope, alias)
 *
 * `alias` is another name in common use (Linux, QEMU, VIRTIO 1.2 and earlier, or the legacy
 * section's own word); it is accepted wherever a person types a register's name, never printed.
 */
#define VIRTIO_MMIO_REGISTERS(X)                                                                   \
    X(MagicValue, 0x000, R, R, DEVICE, "Magic")                                                    \
    X(Version, 0x004, R, R, DEVICE, "DeviceVersion")                                               \
    X(DeviceID, 0x008, R, R, DEVICE, "DeviceId")                                                   \
    X(VendorID, 0x00c, R, R, DEVICE, "VendorId")                                                   \
    X(DeviceFeatures, 0x010, R, R, DEVICE, "HostFeatures")                                         \
    X(DeviceFeaturesSel, 0x014, W, W, DEVICE, "HostFeaturesSel")                                   \
    X(DriverFeatures, 0x020, W, W, DEVICE, "GuestFeatures")                                        \
    X(DriverFeaturesSel, 0x024, W, W, DEVICE, "GuestFeaturesSel")                                  \
    X(GuestPageSize, 0x028, W, NONE, DEVICE, "GuestPageSize")                                      \
    X(QueueSel, 0x030, W, W, DEVICE, "QueueSelect")                                                \
    X(QueueSizeMax, 0x034, R, R, QUEUE, "QueueNumMax")                                             \
    X(QueueSize, 0x038, W, W, QUEUE, "QueueNum")                                                   \
    X(QueueAlign, 0x03c, W, NONE, QUEUE, "QueueAlignment")                                         \
    X(QueuePFN, 0x040, RW, NONE, QUEUE, "QueuePfn")                                                \
    X(QueueReady, 0x044, NONE, RW, QUEUE, "QueueEnable")                                           \
    X(QueueNotify, 0x050, W, W, DEVICE, "QueueKick")                                               \
    X(InterruptStatus, 0x060, R, R, DEVICE, "ISR")                                                 \
    X(InterruptACK, 0x064, W, W, DEVICE, "InterruptAck")                                           \
    X(Status, 0x070, RW, RW, DEVICE, "DeviceStatus")                                               \
    X(QueueDescLow, 0x080, NONE, W, QUEUE, "QueueDescLo")                                          \
    X(QueueDescHigh, 0x084, NONE, W, QUEUE, "QueueDescHi")                                         \
    X(QueueDriverLow, 0x090, NONE, W, QUEUE, "QueueAvailLow")                                      \
    X(QueueDriverHigh, 0x094, NONE, W, QUEUE, "QueueAvailHigh")                                    \
    X(QueueDeviceLow, 0x0a0, NONE, W, QUEUE, "QueueUsedLow")                                       \
    X(QueueDeviceHigh, 0x0a4, NONE, W, QUEUE, "QueueUsedHigh")                                     \
    X(SHMSel, 0x0ac, NONE, W, DEVICE, "ShmSel")                                                    \
    X(SHMLenLow, 0x0b0, NONE, R, SHM, "ShmLenLow")                                                 \
    X(SHMLenHigh, 0x0b4, NONE, R, SHM, "ShmLenHigh")                                               \
    X(SHMBaseLow, 0x0b8, NONE, R, SHM, "ShmBaseLow")                                               \
    X(SHMBaseHigh, 0x0bc, NONE, R, SHM, "ShmBaseHigh")                                             \
    X(QueueReset, 0x0c0, NONE, RW, QUEUE, "QueueResetReg")                                         \
    X(ConfigGeneration, 0x0fc, NONE, R, DEVICE, "ConfigGen")

/* VIRTIO_MMIO_<name>: the offset of a register in bytes. */
enum virtio_mmio_offset {
#define X(name, offset, v1, v2, scope, alias) VIRTIO_MMIO_##name = (offset),
    VIRTIO_MMIO_REGISTERS(X)
#undef X
};

/* VIRTIO_MMIO_REG_<name>: the row number of a register in the table, dense from 0. */
enum virtio_mmio_reg {
#define X(name, offset, v1, v2, scope, alias) VIRTIO_MMIO_REG_##name,
    VIRTIO_MMIO_REGISTERS(X)
#undef X
        VIRTIO_MMIO_REG_COUNT
};

#define VIRTIO_MMIO_CONFIG       0x100      /* device configuration space starts here */
#define VIRTIO_MMIO_MAGIC        0x74726976 /* "virt", little-endian */
#define VIRTIO_MMIO_WINDOW_BYTES 0x200      /* a window on QEMU's `virt`; the spec sets no size */

/* InterruptStatus and InterruptACK. */
#define VIRTIO_MMIO_INT_USED   1u /* used buffer notification */
#define VIRTIO_MMIO_INT_CONFIG 2u /* configuration change notification */

#endif
