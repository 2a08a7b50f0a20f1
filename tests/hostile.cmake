# A misbehaving device: the reference driver survives every fault at every step. That is about the
# driver, which all builds compile alike: those of clang and of the sanitizers take fewer of the
# steps. In the latter the driver runs also without the probe, with ASan in its stead.
set(hostile_steps)
if(RINGSIDE_SANITIZE OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(hostile_steps --every 97)
endif()
foreach(base polling-v1 polling-v2 interrupts-v1 interrupts-v2)
    add_test(NAME hostile/${base} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
             COMMAND ringside hostile --quiet ${hostile_steps} scenarios/hostile/base/${base}.scn)
    set_tests_properties(hostile/${base} PROPERTIES TIMEOUT 900)
    if(RINGSIDE_SANITIZE)
        add_test(NAME hostile/plain-${base} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                 COMMAND ringside hostile --quiet --plain --every 97
                         --driver ${CMAKE_BINARY_DIR}/plain/reference.so
                         scenarios/hostile/base/${base}.scn)
        set_tests_properties(hostile/plain-${base} PROPERTIES TIMEOUT 900)
    endif()
endforeach()
add_test(NAME hostile/made-up WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
         COMMAND ringside hostile --quiet --random 1500 --seed 1)
set_tests_properties(hostile/made-up PROPERTIES TIMEOUT 900)

# Everything that a device can get wrong is in a kept scenario, in the table and in the matrix.
add_test(NAME hostile/kept
    COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/hostile_kept.py $<TARGET_FILE:ringside>
            ${CMAKE_SOURCE_DIR})
set_tests_properties(hostile/kept PROPERTIES TIMEOUT 600)
ringside_label(once hostile/kept)

# The suite in front of every personality.
foreach(personality qemu-7 qemu-11 strict eager lazy out-of-order)
    add_test(NAME personality/${personality} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
             COMMAND ringside run --quiet --personality ${personality} scenarios/suite)
    set_tests_properties(personality/${personality} PROPERTIES TIMEOUT 600)
    ringside_label(once personality/${personality})
endforeach()

ringside_add_test(hostile SOURCES test_hostile.c LIBRARIES ringside_harness PkgConfig::JANSSON
    DEPENDS ringside driver_reference driver_levitate)
