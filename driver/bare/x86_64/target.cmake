# QEMU's `microvm` with a 64-bit PC processor, entered through the PVH note of the image. There is
# no device tree: slots and scenario come from the kernel command line, memory from the boot
# information; a tree is made of them. libfdt is that of the host, an x86-64 itself.
set(bare_compiler x86_64-linux-gnu-gcc x86_64-linux-gnu-gcc-12)
set(bare_package gcc-x86-64-linux-gnu)
set(bare_flags -m64 -march=x86-64 -mno-red-zone -mgeneral-regs-only -fcf-protection=none
    -include ${RINGSIDE_BARE_DIR}/x86_64/arm_barriers.h)
set(bare_defines STACK_BUS_ADDR=0xfeb00000ull STACK_SLOT_BYTES=0x200u STACK_SLOTS=8u)
set(bare_sources start.S machine.c ../devices/coherent.c ../devices/tree.c)
set(bare_script image.ld)
set(bare_libfdt host)
