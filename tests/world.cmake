# Whole runs of made-up drivers.
ringside_add_test(wild SOURCES test_wild.c LIBRARIES ringside_harness)

# Whole runs, with drivers that are written as people write them and drivers that misbehave.
ringside_add_driver(hobby SOURCES probe/hobby.c INCLUDES ${CMAKE_SOURCE_DIR}/driver)
ringside_add_driver(hobby-low SOURCES probe/hobby.c INCLUDES ${CMAKE_SOURCE_DIR}/driver
    TEXT_SEGMENT 0x42000000)

ringside_add_driver(early SOURCES probe/early.c INCLUDES ${CMAKE_SOURCE_DIR}/driver)

ringside_add_test(world SOURCES test_world.c LIBRARIES ringside_harness
    DEPENDS driver_early driver_hobby driver_hobby-low driver_unruly driver_levitate
            driver_reference driver_subject-gcc-O2)
