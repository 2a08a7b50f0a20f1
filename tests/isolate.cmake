# Containment: whatever a driver does to the process that it runs in, the other scenarios are run.
ringside_add_driver(unruly-clang SOURCES probe/unruly.c INCLUDES ${CMAKE_SOURCE_DIR}/driver
    COMPILER clang OPTIONS -Wno-infinite-recursion)
ringside_add_driver(unruly-loader SOURCES probe/unruly_loader.c
    INCLUDES ${CMAKE_SOURCE_DIR}/driver)
ringside_add_driver(unruly-second SOURCES probe/unruly_second.c
    INCLUDES ${CMAKE_SOURCE_DIR}/driver)

ringside_add_test(isolate SOURCES test_isolate.c LIBRARIES ringside_harness
    DEPENDS ringside driver_unruly driver_unruly-clang driver_unruly-loader driver_unruly-second
            driver_reference driver_levitate driver_rcore)

ringside_add_test(watchdog SOURCES test_watchdog.c LIBRARIES ringside_harness)
