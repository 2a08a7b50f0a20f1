ringside_add_test(recording SOURCES test_recording.c LIBRARIES ringside_harness ringside_sim
    DEPENDS ringside driver_levitate driver_rcore driver_reference)
