/*
 * The machine's virtio-mmio bus: its slots, and the device tree that tells of them.
 *
 * Where the slots lie and how far apart is the machine's (machine.h). A slot without a device reads
 * MagicValue, Version, DeviceID 0 and VendorID (4.2.2); everything else in it reads 0 and ignores
 * writes. An access that does not lie within one slot reads 0 and is ignored.
 */
#ifndef RINGSIDE_SIM_BUS_H
#define RINGSIDE_SIM_BUS_H

#include "device.h"
#include "machine.h"

#define BUS_SLOTS_MAX MACHINE_SLOTS_MAX
#define BUS_FDT_BYTES 32768u

struct bus {
    struct sim_machine machine;
    uint32_t version;                         /* what empty slots answer to a read of Version */
    struct sim_device *device[BUS_SLOTS_MAX]; /* NULL = empty; not owned */
    _Alignas(8) uint8_t fdt[BUS_FDT_BYTES];   /* the device tree blob */
};

/*
 * All slots are empty at first. Makes the device tree: memory node, one virtio,mmio node a slot (in
 * the order in which QEMU's machine has them), interrupt controller, chosen. Returns NULL or a
 * static sentence.
 */
const char *bus_create(struct bus *bus, const struct sim_machine *machine, uint32_t version,
                       uint64_t ram_base, uint64_t ram_bytes);
void bus_plug(struct bus *bus, uint32_t slot, struct sim_device *device);

/* `offset` counts from the machine's base. */
enum event_verdict bus_check(const struct bus *bus, uint32_t offset, uint32_t width_bytes,
                             bool is_write);
uint64_t bus_read(struct bus *bus, uint32_t offset, uint32_t width_bytes);
void bus_write(struct bus *bus, uint32_t offset, uint32_t width_bytes, uint64_t value);

#endif
