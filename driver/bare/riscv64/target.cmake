# QEMU's `virt` with a 64-bit RISC-V processor, in machine mode, no firmware below it. The device
# tree's address comes in a1; Debian 12 has no libfdt for RISC-V.
set(bare_compiler riscv64-unknown-elf-gcc)
set(bare_package gcc-riscv64-unknown-elf)
set(bare_flags -misa-spec=2.2 -march=rv64imac -mabi=lp64 -mcmodel=medany
    -include ${RINGSIDE_BARE_DIR}/riscv64/arm_barriers.h)
set(bare_defines STACK_BUS_ADDR=0x10001000ull STACK_SLOT_BYTES=0x1000u STACK_SLOTS=8u)
set(bare_sources start.S machine.c ../devices/ns16550.c ../devices/fdt.c)
set(bare_script image.ld)
set(bare_libfdt none)
