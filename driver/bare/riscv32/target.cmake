# QEMU's `virt` with a 32-bit RISC-V processor: all of riscv64 but the compiler's flags, and the
# smallest recipe for a machine.
include(${CMAKE_CURRENT_LIST_DIR}/../riscv64/target.cmake)
set(bare_flags -misa-spec=2.2 -march=rv32imac -mabi=ilp32 -mcmodel=medany
    -include ${RINGSIDE_BARE_DIR}/riscv64/arm_barriers.h)
list(TRANSFORM bare_sources REPLACE "^([a-z]+\\.[cS])$" "../riscv64/\\1")
set(bare_script ../riscv64/image.ld)
