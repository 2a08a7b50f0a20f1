# Instructions of other machines in four builds: both compilers, optimised and not.
set(foreign_subjects)
foreach(compiler gcc clang)
    foreach(level O0 O2)
        ringside_add_driver(foreign-${compiler}-${level} COMPILER ${compiler} OPTIMISE -${level}
            SOURCES probe/foreign.c INCLUDES ${CMAKE_SOURCE_DIR}/driver
            TEXT_SEGMENT 0x42000000)
        list(APPEND foreign_subjects driver_foreign-${compiler}-${level})
    endforeach()
endforeach()
foreach(compiler gcc clang)
    ringside_add_driver(foreign-registers-${compiler} COMPILER ${compiler}
        SOURCES probe/registers.c INCLUDES ${CMAKE_SOURCE_DIR}/driver
        OPTIONS -Dregister= -w)
    list(APPEND foreign_subjects driver_foreign-registers-${compiler})
endforeach()
ringside_add_test(foreign SOURCES test_foreign.c LIBRARIES ringside_harness
    DEPENDS ${foreign_subjects})
