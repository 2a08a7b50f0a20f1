# QEMU's `virt` with a 68040: big-endian, no device tree. Memory, slots, devices and scenario come
# as boot information behind the image; a tree is made of it. Debian 12 has no libfdt for m68k.
set(bare_compiler m68k-linux-gnu-gcc m68k-linux-gnu-gcc-12)
set(bare_package gcc-m68k-linux-gnu)
set(bare_flags -m68040 -msoft-float)
set(bare_sources start.S machine.c ../devices/coherent.c ../devices/tree.c ../devices/fdt.c)
set(bare_script image.ld)
set(bare_libfdt none)
set(bare_big_endian TRUE)
