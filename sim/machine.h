/*
 * Where a machine has its virtio-mmio slots, its RAM, and its interrupts.
 *
 * The rows are QEMU's machines of these names. QEMU fills slots from the last one down; `slot` is
 * where a scenario's device sits unless it says otherwise, which for RISC-V is the first one,
 * because that is where the kernels written for it look. RAM of `microvm` begins at 1 MiB here: no
 * process can have memory at address 0, and no kernel uses the first megabyte of a PC.
 *
 * Not handled: more than one bus, PCI. The byte order is not the machine's here but the device
 * line's (`byte-order big`), as a driver is built for one or the other.
 */
#ifndef RINGSIDE_SIM_MACHINE_H
#define RINGSIDE_SIM_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/*
 * X(name, word, base of the slots, bytes from slot to slot, slots, interrupt of slot 0, RAM,
 *   slot of the device, kind of interrupts)
 */
#define SIM_MACHINES(X)                                                                            \
    X(VIRT_AARCH64, "virt-aarch64", 0x0a000000,  0x200,  32, 48, 0x40000000, 31, GIC)              \
    X(VIRT_ARM,     "virt-arm",     0x0a000000,  0x200,  32, 48, 0x40000000, 31, GIC)              \
    X(VIRT_RISCV,   "virt-riscv",   0x10001000, 0x1000,   8,  1, 0x80000000,  0, PLIC)             \
    X(MICROVM,      "microvm",      0xfeb00000,  0x200,  24, 24, 0x00100000, 23, PLAIN)            \
    X(VIRT_M68K,    "virt-m68k",    0xff010000,  0x200, 128, 40, 0x00000000,  0, PLAIN)
/* clang-format on */

enum machine_name {
#define X(name, word, base, stride, slots, interrupt, ram, slot, kind) MACHINE_##name,
    SIM_MACHINES(X)
#undef X
        MACHINE_COUNT
};

/* How the device tree tells of interrupts. */
enum machine_interrupts { MACHINE_GIC, MACHINE_PLIC, MACHINE_PLAIN };

#define MACHINE_SLOTS_MAX        128u
#define MACHINE_STRIDE_BYTES_MIN 0x200u
#define MACHINE_STRIDE_BYTES_MAX 0x10000u
#define MACHINE_BASE_ALIGN_BYTES 0x200u
#define MACHINE_ADDRESS_MAX      (UINT64_C(1) << 44) /* a version-1 QueuePFN reaches no further */

/* Invariants: the stride is a power of two from 0x200 on; 1 to 128 slots. */
struct sim_machine {
    const char *word; /* of the row that it began with */
    enum machine_name name;
    enum machine_interrupts interrupts;
    uint64_t base;       /* physical address of slot 0 */
    uint32_t slot_shift; /* a slot has 1 << slot_shift bytes */
    uint32_t slots;
    uint32_t interrupt; /* of slot 0, the number that the kernel sees */
    uint64_t ram_base;
    uint32_t slot; /* of the scenario's device */
};

struct sim_machine machine_by_name(enum machine_name name);

static inline uint32_t machine_slot_bytes(const struct sim_machine *machine)
{
    return UINT32_C(1) << machine->slot_shift;
}

static inline uint32_t machine_bytes(const struct sim_machine *machine)
{
    return machine->slots << machine->slot_shift;
}

static inline uint32_t machine_slot_of(const struct sim_machine *machine, uint32_t offset)
{
    return offset >> machine->slot_shift;
}

static inline uint32_t machine_in_slot(const struct sim_machine *machine, uint32_t offset)
{
    return offset & (machine_slot_bytes(machine) - 1);
}

/* Offset of a slot from the base. */
static inline uint32_t machine_slot_offset(const struct sim_machine *machine, uint32_t slot)
{
    return slot << machine->slot_shift;
}

#endif
