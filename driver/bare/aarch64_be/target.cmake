# QEMU's `virt` with an AArch64 processor in big-endian mode: all of aarch64 but the byte order. On
# this machine a version-1 device has registers in little-endian and rings in big-endian order.
# Debian has no libfdt for it.
include(${CMAKE_CURRENT_LIST_DIR}/../aarch64/target.cmake)
list(APPEND bare_flags -mbig-endian)
list(TRANSFORM bare_sources REPLACE "^([a-z]+\\.[cS])$" "../aarch64/\\1")
list(APPEND bare_sources ../devices/fdt.c)
set(bare_script ../aarch64/image.ld)
set(bare_libfdt none)
set(bare_big_endian TRUE)
