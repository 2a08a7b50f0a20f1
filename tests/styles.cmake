# Drivers in the styles in which hobby kernels, RTOSes and firmware write theirs: both compilers,
# optimised and not.
set(style_targets)
macro(add_style name version)
    foreach(compiler gcc clang)
        foreach(level O0 O2)
            ringside_add_driver(${name}-${compiler}-${level} COMPILER ${compiler}
                OPTIMISE -${level} ${ARGN} SCENARIOS suite/${version}/show.scn)
            list(APPEND style_targets driver_${name}-${compiler}-${level})
        endforeach()
    endforeach()
endmacro()

# xv6's way: fixed registers, static rings, spin locks of its own, sleep and wakeup.
add_style(teach version-2 SOURCES drivers/teach/gpu.c drivers/teach/spinlock.c
    ADAPTER drivers/teach/adapter.c DEFINES VIRTIO0=0x0a003e00L SHIMS)

# AArch64 without an operating system: registers as a structure, bit-fields, caches by hand.
add_style(bare version-2 SOURCES drivers/bare/gpu.c drivers/bare/cpu.c
    ADAPTER drivers/bare/adapter.c OPTIONS -march=armv8-a -mgeneral-regs-only)

# An RTOS's way: a bus layer of function pointers, semaphores given by the interrupt handler.
add_style(rtos version-2
    SOURCES drivers/rtos/vgpu.c drivers/rtos/vqueue.c drivers/rtos/vbus_mmio.c
    ADAPTER drivers/rtos/adapter.c SHIMS)

# Boot firmware: packed structures stored whole, 32-bit addresses, turns counted; a strict C11.
add_style(firmware version-2 SOURCES drivers/firmware/gpu.c
    ADAPTER drivers/firmware/adapter.c OPTIONS -std=c11)

# A PC kernel in gnu99, legacy registers, its kernel's names from ringside_shims.h.
add_style(pc version-1 SOURCES drivers/pc/gpu.c
    ADAPTER drivers/pc/adapter.c OPTIONS -std=gnu99 SHIMS)

# C++17: classes, templates, placement new, static and virtual; SHIMS for what `delete` calls.
add_style(cpp version-2 SOURCES drivers/cpp/gpu.cpp ADAPTER drivers/cpp/adapter.cpp SHIMS)

# The teaching kernel where it was linked: registers and RAM of QEMU's RISC-V machine.
foreach(compiler gcc clang)
    set(name teach-riscv)
    if(compiler STREQUAL clang)
        set(name teach-riscv-clang)
    endif()
    ringside_add_driver(${name} COMPILER ${compiler} TEXT_SEGMENT 0x82000000
        SOURCES drivers/teach/gpu.c drivers/teach/spinlock.c ADAPTER drivers/teach/adapter.c
        SCENARIOS ${CMAKE_CURRENT_SOURCE_DIR}/drivers/teach/riscv.scn SHIMS)
    if(RINGSIDE_SANITIZE) # AddressSanitizer has its own memory where the machine's RAM is
        set_tests_properties(ringside/${name}/riscv PROPERTIES DISABLED TRUE)
    endif()
    list(APPEND style_targets driver_${name})
endforeach()

# Drivers that lack what they call.
foreach(name lacking sleeper)
    ringside_add_driver(${name} SOURCES probe/${name}.c INCLUDES ${CMAKE_SOURCE_DIR}/driver)
    list(APPEND style_targets driver_${name})
endforeach()

ringside_add_test(styles SOURCES test_styles.c LIBRARIES ringside_harness
    DEPENDS ${style_targets})
