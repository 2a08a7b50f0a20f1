# Ways to run: kernel threads, interrupts at any point, main loops that never return.
set(fiber_includes INCLUDES ${CMAKE_SOURCE_DIR}/driver)
ringside_add_driver(fiber-pair SOURCES drivers/fiber_pair.c ${fiber_includes}
    OPTIONS -Wno-infinite-recursion)
ringside_add_driver(fiber-pair-clang SOURCES drivers/fiber_pair.c ${fiber_includes} COMPILER clang
    OPTIONS -Wno-infinite-recursion)
ringside_add_driver(fiber-deadlock SOURCES drivers/fiber_pair.c ${fiber_includes}
    DEFINES WAKES_WRONG OPTIONS -Wno-infinite-recursion)
ringside_add_driver(fiber-handler SOURCES drivers/fiber_pair.c ${fiber_includes}
    DEFINES SLEEPS_IN_HANDLER OPTIONS -Wno-infinite-recursion)
ringside_add_driver(fiber-race SOURCES drivers/fiber_race.c ${fiber_includes})
ringside_add_driver(fiber-masked SOURCES drivers/fiber_race.c ${fiber_includes} DEFINES MASKED)
ringside_add_driver(fiber-loop SOURCES drivers/fiber_loop.c ${fiber_includes}
    OPTIONS -Wno-return-type)

ringside_add_test(fiber SOURCES test_fiber.c LIBRARIES ringside_harness
    DEPENDS driver_fiber-pair driver_fiber-pair-clang driver_fiber-deadlock driver_fiber-handler
            driver_fiber-race driver_fiber-masked driver_fiber-loop)
