# QEMU's `virt` with a 32-bit Arm processor: as aarch64, device tree at the start of RAM.
set(bare_compiler arm-linux-gnueabi-gcc arm-linux-gnueabi-gcc-12)
set(bare_package gcc-arm-linux-gnueabi)
set(bare_flags -march=armv7-a -marm -mfloat-abi=soft -mno-unaligned-access)
set(bare_sources start.S machine.c ../devices/pl011.c ../devices/gic.c)
set(bare_script image.ld)
set(bare_libfdt fetched)
