# QEMU's `virt` with an OpenRISC 1000 processor: big-endian; the device tree's address comes in r3.
# Debian 12 has no libfdt for it.
set(bare_compiler or1k-elf-gcc)
set(bare_package gcc-or1k-elf)
set(bare_flags -mhard-mul -mhard-div)
set(bare_sources start.S machine.c ../devices/coherent.c ../devices/ns16550.c ../devices/fdt.c)
set(bare_script image.ld)
set(bare_libfdt none)
set(bare_big_endian TRUE)
