/*
 * The machines that QEMU plays: what is called a target in scenarios and on the command line.
 *
 * The rows say how QEMU is started; what an image needs is in driver/bare/TARGET. QEMU fills the
 * virtio-mmio slots from the last one down, and so does a scenario that names none.
 */
#ifndef RINGSIDE_HARNESS_TARGET_H
#define RINGSIDE_HARNESS_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/*
 * X(name, QEMU, machine, further words of QEMU's command line (parted by blanks), virtio-mmio
 *   slots, big-endian, version 1 is to be had, Debian package of QEMU, Debian package of the cross
 *   compiler)
 *
 * QEMU's m68k and or1k have devices of version 2 only, whatever `-global` says.
 */
#define BOOT_TARGETS(X)                                                                            \
    X("aarch64", "qemu-system-aarch64", "virt",    "-cpu cortex-a57", 32, false, true,             \
      "qemu-system-arm", "gcc-aarch64-linux-gnu")                                                  \
    X("arm",     "qemu-system-arm",     "virt",    "-cpu cortex-a15", 32, false, true,             \
      "qemu-system-arm", "gcc-arm-linux-gnueabi")                                                  \
    X("riscv64", "qemu-system-riscv64", "virt",    "-bios none",       8, false, true,             \
      "qemu-system-misc", "gcc-riscv64-unknown-elf")                                               \
    X("riscv32", "qemu-system-riscv32", "virt",    "-bios none",       8, false, true,             \
      "qemu-system-misc", "gcc-riscv64-unknown-elf")                                               \
    X("x86_64",  "qemu-system-x86_64",  "microvm,acpi=off", "",        8, false, true,             \
      "qemu-system-x86", "gcc-x86-64-linux-gnu")                                                   \
    X("m68k",    "qemu-system-m68k",    "virt",    "",               128, true,  false,            \
      "qemu-system-misc", "gcc-m68k-linux-gnu")                                                    \
    X("or1k",    "qemu-system-or1k",    "virt",    "",                 8, true,  false,            \
      "qemu-system-misc", "gcc-or1k-elf")                                                          \
    X("aarch64_be", "qemu-system-aarch64", "virt", "-cpu cortex-a57", 32, true,  true,             \
      "qemu-system-arm", "gcc-aarch64-linux-gnu")
/* clang-format on */

#define BOOT_TARGETS_MAX 16u

struct boot_target {
    const char *name, *qemu, *machine, *words;
    uint32_t slots;
    bool big_endian;
    bool legacy; /* QEMU has devices of version 1 on it */
    const char *qemu_package, *compiler_package;
};

extern const struct boot_target boot_targets[];
extern const size_t boot_target_count;

const struct boot_target *boot_target_by_name(const char *name); /* NULL when unknown */

/* The names of all, in the order of the table, for messages; returns how many. */
size_t boot_target_names(const char *names[BOOT_TARGETS_MAX]);

#endif
