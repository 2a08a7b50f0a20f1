ringside_add_test(virtq_driver
    SOURCES test_virtq_driver.c driver_platform.c ../driver/virtq.c
    LIBRARIES vocabulary)
