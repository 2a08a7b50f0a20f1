ringside_add_test(view SOURCES test_view.c LIBRARIES ringside_harness
    DEPENDS driver_levitate driver_reference)
