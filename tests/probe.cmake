# The probe's subject in four builds: both compilers, optimised and not.
set(probe_subjects)
foreach(compiler gcc clang)
    foreach(level O0 O2)
        ringside_add_driver(subject-${compiler}-${level} COMPILER ${compiler} OPTIMISE -${level}
            SOURCES probe/subject.c INCLUDES ${CMAKE_SOURCE_DIR}/driver)
        list(APPEND probe_subjects driver_subject-${compiler}-${level})
    endforeach()
endforeach()
ringside_add_driver(unruly SOURCES probe/unruly.c INCLUDES ${CMAKE_SOURCE_DIR}/driver
    OPTIONS -Wno-return-type -Wno-infinite-recursion -Wno-unused-but-set-variable)

ringside_add_test(probe SOURCES test_probe.c LIBRARIES ringside_harness DEPENDS ${probe_subjects})

# A store that the compiler does not tell of: scenarios in tests/evidence.
ringside_add_driver(unseen
    SOURCES probe/unseen.c ${CMAKE_SOURCE_DIR}/driver/museum/exhibit.c
            ${CMAKE_SOURCE_DIR}/driver/testcard.c
    INCLUDES ${CMAKE_SOURCE_DIR}/driver/museum ${CMAKE_SOURCE_DIR}/driver)
