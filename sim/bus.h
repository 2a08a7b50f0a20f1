/*
 * The machine's virtio-mmio bus: slots as on QEMU's `virt`, and the device tree that tells of them.
 *
 * Slot n has its registers at BUS_BASE + n * 0x200 and interrupt SPI 16 + n. A slot without a
 * device reads MagicValue, Version, DeviceID 0 and VendorID (4.2.2); everything else in it reads 0
 * and ignores writes. An access that does not lie within one slot reads 0 and is ignored.
 */
#ifndef RINGSIDE_SIM_BUS_H
#define RINGSIDE_SIM_BUS_H

#include "device.h"

#define BUS_SLOTS      32u
#define BUS_SLOT_BYTES 0x200u
#define BUS_BYTES      (BUS_SLOTS * BUS_SLOT_BYTES)
#define BUS_BASE       UINT64_C(0x0a000000)
#define BUS_GPU_SLOT   31u /* where QEMU puts the first virtio-mmio device */
#define BUS_IRQ_BASE   48u /* GIC interrupt number of slot 0: SPI 16 */
#define BUS_FDT_BYTES  16384u

struct bus {
    uint32_t version;                       /* what empty slots answer to a read of Version */
    struct sim_device *device[BUS_SLOTS];   /* NULL = empty; not owned */
    _Alignas(8) uint8_t fdt[BUS_FDT_BYTES]; /* the device tree blob */
};

/*
 * All slots are empty at first. Makes the device tree: memory node, one virtio,mmio node a slot (as
 * on QEMU, first slot first), chosen. Returns NULL or a static sentence.
 */
const char *bus_create(struct bus *bus, uint32_t version, uint64_t ram_base, uint64_t ram_bytes);
void bus_plug(struct bus *bus, uint32_t slot, struct sim_device *device);

/* `offset` counts from BUS_BASE. */
enum event_verdict bus_check(const struct bus *bus, uint32_t offset, uint32_t width_bytes,
                             bool is_write);
uint64_t bus_read(struct bus *bus, uint32_t offset, uint32_t width_bytes);
void bus_write(struct bus *bus, uint32_t offset, uint32_t width_bytes, uint64_t value);

#endif
