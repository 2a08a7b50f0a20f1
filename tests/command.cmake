ringside_add_test(command SOURCES test_command.c LIBRARIES ringside_harness
    DEPENDS ringside driver_levitate driver_reference)
