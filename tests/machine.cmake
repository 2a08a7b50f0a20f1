# Drivers of other machines and of other types of device. Where a driver has its registers and its
# kernel is compiled in; TEXT_SEGMENT is the place of that kernel.
set(hobby_blk_sources drivers/hobby_blk.c drivers/hobby_blk_adapter.c)
set(machine_includes ${CMAKE_SOURCE_DIR}/driver ${CMAKE_CURRENT_SOURCE_DIR}/drivers)
ringside_add_driver(hobby_blk SOURCES ${hobby_blk_sources} INCLUDES ${machine_includes}
    TEXT_SEGMENT 0x82000000)
ringside_add_driver(hobby_blk-self SOURCES ${hobby_blk_sources} INCLUDES ${machine_includes}
    DEFINES "HOBBY_MEMORY=\"virt-riscv identity static-dma\"" TEXT_SEGMENT 0x82000000)
ringside_add_driver(hobby_blk-clang SOURCES ${hobby_blk_sources} INCLUDES ${machine_includes}
    COMPILER clang TEXT_SEGMENT 0x82000000)
ringside_add_driver(hobby_blk-arm SOURCES ${hobby_blk_sources} INCLUDES ${machine_includes}
    DEFINES VIRTIO0=0x0a003e00UL TEXT_SEGMENT 0x42000000)
ringside_add_driver(hobby_blk-offset SOURCES ${hobby_blk_sources} INCLUDES ${machine_includes}
    DEFINES VIRTIO0=0x0a003e00UL PHYS_OFFSET=0x300000000000UL TEXT_SEGMENT 0x300042000000)
ringside_add_driver(hobby_blk-microvm SOURCES ${hobby_blk_sources} INCLUDES ${machine_includes}
    DEFINES VIRTIO0=0xfeb02e00UL TEXT_SEGMENT 0x02000000)
ringside_add_driver(hobby_blk-m68k SOURCES ${hobby_blk_sources} INCLUDES ${machine_includes}
    DEFINES VIRTIO0=0xff010000UL TEXT_SEGMENT 0x02000000)
ringside_add_driver(hobby_rng SOURCES drivers/hobby_rng.c INCLUDES ${machine_includes}
    TEXT_SEGMENT 0x82000000)
ringside_add_driver(machine_u32 SOURCES drivers/machine_u32.c INCLUDES ${machine_includes}
    TEXT_SEGMENT 0x42000000)
ringside_add_driver(machine_u32-clang SOURCES drivers/machine_u32.c INCLUDES ${machine_includes}
    COMPILER clang TEXT_SEGMENT 0x42000000)
ringside_add_driver(machine_facts SOURCES drivers/machine_facts.c INCLUDES ${machine_includes})

# True ILP32, by both compilers.
foreach(compiler gcc clang)
    ringside_add_driver(machine_ilp32-${compiler} SOURCES drivers/machine_ilp32.c
        INCLUDES ${machine_includes} COMPILER ${compiler} ILP32)
    ringside_add_driver(machine_u32-ilp32-${compiler} SOURCES drivers/machine_u32.c
        INCLUDES ${machine_includes} COMPILER ${compiler} ILP32)
    ringside_add_driver(hobby_blk-ilp32-${compiler} SOURCES ${hobby_blk_sources}
        INCLUDES ${machine_includes} DEFINES VIRTIO0=0x0a003e00UL COMPILER ${compiler} ILP32)
endforeach()
# A whole graphics driver with 32-bit pointers comes to what it comes to with 64.
set(specimens ${CMAKE_SOURCE_DIR}/driver/specimens)
ringside_add_driver(rcore-ilp32
    SOURCES ${specimens}/rcore/rcore.c ${specimens}/rcore/queue.c ${specimens}/rcore/transport.c
            ${specimens}/stack.c ${specimens}/show.c ${CMAKE_SOURCE_DIR}/driver/testcard.c
    INCLUDES ${specimens} ${CMAKE_SOURCE_DIR}/driver ILP32)
ringside_add_driver(machine_ilp32-O0 SOURCES drivers/machine_ilp32.c
    INCLUDES ${machine_includes} OPTIMISE -O0 ILP32)

ringside_add_test(machine SOURCES test_machine.c LIBRARIES ringside_harness
    DEPENDS driver_hobby_blk-arm driver_hobby_blk-self driver_hobby_rng driver_machine_u32
            driver_machine_facts
            driver_machine_ilp32-gcc driver_machine_ilp32-clang driver_machine_ilp32-O0
            driver_rcore driver_rcore-ilp32)
ringside_add_tests(rcore-ilp32 SCENARIOS
    seed/candidates/positive-control-v1.scn seed/candidates/positive-control-v2.scn)
