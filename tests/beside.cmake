ringside_add_test(beside SOURCES test_beside.c LIBRARIES ringside_harness
    DEPENDS ringside driver_levitate)
