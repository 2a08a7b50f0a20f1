# QEMU's `virt` with AArch64: device tree at the start of RAM, scenario in its bootargs.
set(bare_compiler aarch64-linux-gnu-gcc aarch64-linux-gnu-gcc-12)
set(bare_package gcc-aarch64-linux-gnu)
set(bare_flags -march=armv8-a -mstrict-align -mgeneral-regs-only -mno-outline-atomics)
set(bare_sources start.S machine.c ../devices/pl011.c ../devices/gic.c)
set(bare_script image.ld)
set(bare_libfdt fetched)
