/*
 * The machine's virtio-mmio bus: which slot an access goes to, and the device tree that tells of
 * them.
 *
 * The tree has what a virtio driver looks at, in the order and with the values of QEMU's `virt` of
 * Arm and of RISC-V. QEMU's microvm and m68k tell their kernels otherwise; here they have a plain
 * tree without an interrupt controller. Not handled: the machines' other devices, CPUs and timers.
 */
#include "bus.h"

#include <assert.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include "virtio/mmio.h"

#define GIC_PHANDLE   0x8002u
#define GIC_BASE      UINT64_C(0x08000000)
#define GIC_CPU_BASE  UINT64_C(0x08010000)
#define GIC_BYTES     UINT64_C(0x10000)
#define GIC_SPI       0u
#define GIC_SPI_FIRST 32u
#define EDGE_RISING   1u
#define PLIC_PHANDLE  3u
#define PLIC_BASE     UINT64_C(0x0c000000)
#define PLIC_BYTES    UINT64_C(0x600000)
#define PLIC_NDEV     95u
#define NAME_BYTES    32u
#define CELLS_MAX     8u

/* ---- the device tree ---- */

/* Writes a tree in sequence; after the first failure everything else is left out. */
struct tree {
    void *blob;
    int error; /* of libfdt, 0 = none */
};

static void tree_do(struct tree *tree, int result)
{
    if (tree->error == 0) {
        tree->error = result;
    }
}

static void begin_node(struct tree *tree, const char *name)
{
    if (tree->error == 0) {
        tree_do(tree, fdt_begin_node(tree->blob, name));
    }
}

static void begin_node_at(struct tree *tree, const char *name, uint64_t addr)
{
    char full[NAME_BYTES];
    snprintf(full, sizeof full, "%s@%" PRIx64, name, addr);
    begin_node(tree, full);
}

static void end_node(struct tree *tree)
{
    if (tree->error == 0) {
        tree_do(tree, fdt_end_node(tree->blob));
    }
}

static void put_string(struct tree *tree, const char *name, const char *value)
{
    if (tree->error == 0) {
        tree_do(tree, fdt_property(tree->blob, name, value, (int)strlen(value) + 1));
    }
}

static void put_flag(struct tree *tree, const char *name)
{
    if (tree->error == 0) {
        tree_do(tree, fdt_property(tree->blob, name, "", 0));
    }
}

static void put_cells(struct tree *tree, const char *name, const uint32_t *cell, size_t count)
{
    fdt32_t raw[CELLS_MAX];
    assert(count <= CELLS_MAX);
    for (size_t i = 0; i < count; i++) {
        raw[i] = cpu_to_fdt32(cell[i]);
    }
    if (tree->error == 0) {
        tree_do(tree, fdt_property(tree->blob, name, raw, (int)(count * sizeof raw[0])));
    }
}

static void put_cell(struct tree *tree, const char *name, uint32_t value)
{
    put_cells(tree, name, &value, 1);
}

/* `reg` with one or two pairs of address and size, two cells each. */
static void put_reg(struct tree *tree, const uint64_t *pair, size_t count)
{
    uint32_t cell[CELLS_MAX];
    assert(2 * count <= CELLS_MAX);
    for (size_t i = 0; i < count; i++) {
        cell[2 * i] = (uint32_t)(pair[i] >> 32);
        cell[2 * i + 1] = (uint32_t)pair[i];
    }
    put_cells(tree, "reg", cell, 2 * count);
}

/* A slot, and the interrupt that it has, in the cells that the machine's controller counts in. */
static void put_slot(struct tree *tree, const struct sim_machine *machine, uint32_t slot)
{
    uint32_t interrupt = machine->interrupt + slot;
    uint64_t addr = machine->base + machine_slot_offset(machine, slot);
    begin_node_at(tree, "virtio_mmio", addr);
    switch (machine->interrupts) {
    case MACHINE_GIC:
        put_flag(tree, "dma-coherent");
        put_cells(tree, "interrupts",
                  (const uint32_t[]){GIC_SPI, interrupt - GIC_SPI_FIRST, EDGE_RISING}, 3);
        break;
    case MACHINE_PLIC:
        put_cell(tree, "interrupts", interrupt);
        put_cell(tree, "interrupt-parent", PLIC_PHANDLE);
        break;
    case MACHINE_PLAIN:
        put_cell(tree, "interrupts", interrupt);
        break;
    }
    put_reg(tree, (const uint64_t[]){addr, machine_slot_bytes(machine)}, 2);
    put_string(tree, "compatible", "virtio,mmio");
    end_node(tree);
}

static void put_gic(struct tree *tree)
{
    begin_node_at(tree, "intc", GIC_BASE);
    put_cell(tree, "phandle", GIC_PHANDLE);
    put_reg(tree, (const uint64_t[]){GIC_BASE, GIC_BYTES, GIC_CPU_BASE, GIC_BYTES}, 4);
    put_string(tree, "compatible", "arm,cortex-a15-gic");
    put_flag(tree, "ranges");
    put_cell(tree, "#size-cells", 2);
    put_cell(tree, "#address-cells", 2);
    put_flag(tree, "interrupt-controller");
    put_cell(tree, "#interrupt-cells", 3);
    end_node(tree);
}

static void put_plic(struct tree *tree)
{
    begin_node_at(tree, "plic", PLIC_BASE);
    put_cell(tree, "phandle", PLIC_PHANDLE);
    put_cell(tree, "riscv,ndev", PLIC_NDEV);
    put_reg(tree, (const uint64_t[]){PLIC_BASE, PLIC_BYTES}, 2);
    put_flag(tree, "interrupt-controller");
    put_string(tree, "compatible", "riscv,plic0");
    put_cell(tree, "#interrupt-cells", 1);
    put_cell(tree, "#address-cells", 0);
    end_node(tree);
}

static void put_root(struct tree *tree, const struct sim_machine *machine)
{
    static const char *const compatible[] = {[MACHINE_GIC] = "linux,dummy-virt",
                                             [MACHINE_PLIC] = "riscv-virtio",
                                             [MACHINE_PLAIN] = "linux,dummy-virt"};
    begin_node(tree, "");
    if (machine->interrupts == MACHINE_GIC) {
        put_cell(tree, "interrupt-parent", GIC_PHANDLE);
    }
    put_string(tree, "model",
               machine->interrupts == MACHINE_PLIC ? "riscv-virtio,qemu" : "linux,dummy-virt");
    put_cell(tree, "#size-cells", 2);
    put_cell(tree, "#address-cells", 2);
    put_string(tree, "compatible", compatible[machine->interrupts]);
}

/* Slots and controller: on RISC-V inside `soc`, and the last slot first. */
static void put_bus(struct tree *tree, const struct sim_machine *machine)
{
    bool is_riscv = machine->interrupts == MACHINE_PLIC;
    if (is_riscv) {
        begin_node(tree, "soc");
        put_cell(tree, "#address-cells", 2);
        put_cell(tree, "#size-cells", 2);
        put_string(tree, "compatible", "simple-bus");
        put_flag(tree, "ranges");
    }
    for (uint32_t i = 0; i < machine->slots; i++) {
        put_slot(tree, machine, is_riscv ? machine->slots - 1 - i : i);
    }
    if (machine->interrupts == MACHINE_GIC) {
        put_gic(tree);
    }
    if (is_riscv) {
        put_plic(tree);
        end_node(tree);
    }
}

static const char *make_tree(void *blob, size_t blob_bytes, const struct sim_machine *machine,
                             uint64_t ram_base, uint64_t ram_bytes)
{
    struct tree tree = {.blob = blob};
    tree_do(&tree, fdt_create(tree.blob, (int)blob_bytes));
    if (tree.error == 0) {
        tree_do(&tree, fdt_finish_reservemap(tree.blob));
    }
    put_root(&tree, machine);
    begin_node_at(&tree, "memory", ram_base);
    put_reg(&tree, (const uint64_t[]){ram_base, ram_bytes}, 2);
    put_string(&tree, "device_type", "memory");
    end_node(&tree);
    put_bus(&tree, machine);
    begin_node(&tree, "chosen");
    end_node(&tree);
    end_node(&tree);
    if (tree.error == 0) {
        tree_do(&tree, fdt_finish(tree.blob));
    }
    return tree.error == 0 ? NULL : fdt_strerror(tree.error);
}

/* The last tree that was made: one run after the other has the same machine. */
static struct {
    struct sim_machine machine; /* all of it, padding included: set by memcpy() alone */
    uint64_t ram_base, ram_bytes;
    size_t bytes; /* 0 = none yet */
    _Alignas(8) uint8_t blob[BUS_FDT_BYTES];
} last;

const char *bus_create(struct bus *bus, const struct sim_machine *machine, uint32_t version,
                       uint64_t ram_base, uint64_t ram_bytes)
{
    assert(version == 1 || version == 2);
    assert(machine->slots >= 1 && machine->slots <= BUS_SLOTS_MAX);
    if (last.bytes == 0 || last.ram_base != ram_base || last.ram_bytes != ram_bytes ||
        memcmp(&last.machine, machine, sizeof *machine) != 0) {
        last.bytes = 0;
        const char *error = make_tree(last.blob, sizeof last.blob, machine, ram_base, ram_bytes);
        if (error != NULL) {
            return error;
        }
        memcpy(&last.machine, machine, sizeof *machine);
        last.ram_base = ram_base;
        last.ram_bytes = ram_bytes;
        last.bytes = fdt_totalsize(last.blob);
    }
    memset(bus, 0, sizeof *bus);
    bus->machine = *machine;
    bus->version = version;
    memcpy(bus->fdt, last.blob, last.bytes);
    return NULL;
}

/* ---- the slots ---- */

void bus_plug(struct bus *bus, uint32_t slot, struct sim_device *device)
{
    assert(slot < bus->machine.slots && (device == NULL || bus->device[slot] == NULL));
    bus->device[slot] = device;
}

static bool inside_one_slot(const struct bus *bus, uint32_t offset, uint32_t width_bytes)
{
    const struct sim_machine *machine = &bus->machine;
    return offset < machine_bytes(machine) &&
           width_bytes <= machine_slot_bytes(machine) - machine_in_slot(machine, offset);
}

/* What a slot without a device says of itself: the identification registers, read as such. */
static enum event_verdict empty_check(uint32_t offset, uint32_t width_bytes, bool is_write)
{
    if (is_write || offset >= VIRTIO_MMIO_VendorID + sizeof(uint32_t)) {
        return EVENT_VERDICT_EMPTY_SLOT;
    }
    if (width_bytes != sizeof(uint32_t)) {
        return EVENT_VERDICT_WIDTH;
    }
    return offset % sizeof(uint32_t) == 0 ? EVENT_VERDICT_OK : EVENT_VERDICT_ALIGN;
}

static uint64_t empty_read(const struct bus *bus, uint32_t offset)
{
    switch (offset) {
    case VIRTIO_MMIO_MagicValue:
        return VIRTIO_MMIO_MAGIC;
    case VIRTIO_MMIO_Version:
        return bus->version;
    case VIRTIO_MMIO_VendorID:
        return SIM_VENDOR_ID;
    default:
        return 0; /* DeviceID: the driver is to leave it alone, 4.2.2.2 */
    }
}

enum event_verdict bus_check(const struct bus *bus, uint32_t offset, uint32_t width_bytes,
                             bool is_write)
{
    if (!inside_one_slot(bus, offset, width_bytes)) {
        return EVENT_VERDICT_GAP;
    }
    const struct sim_device *device = bus->device[machine_slot_of(&bus->machine, offset)];
    uint32_t in_slot = machine_in_slot(&bus->machine, offset);
    return device != NULL ? mmio_check(device, in_slot, width_bytes, is_write)
                          : empty_check(in_slot, width_bytes, is_write);
}

uint64_t bus_read(struct bus *bus, uint32_t offset, uint32_t width_bytes)
{
    if (!inside_one_slot(bus, offset, width_bytes)) {
        return 0;
    }
    struct sim_device *device = bus->device[machine_slot_of(&bus->machine, offset)];
    uint32_t in_slot = machine_in_slot(&bus->machine, offset);
    if (device != NULL) {
        return mmio_read(device, in_slot, width_bytes);
    }
    bool is_ok = empty_check(in_slot, width_bytes, false) == EVENT_VERDICT_OK;
    return is_ok ? empty_read(bus, in_slot) : 0;
}

void bus_write(struct bus *bus, uint32_t offset, uint32_t width_bytes, uint64_t value)
{
    if (!inside_one_slot(bus, offset, width_bytes)) {
        return;
    }
    struct sim_device *device = bus->device[machine_slot_of(&bus->machine, offset)];
    if (device != NULL) {
        mmio_write(device, machine_in_slot(&bus->machine, offset), width_bytes, value);
    }
}
