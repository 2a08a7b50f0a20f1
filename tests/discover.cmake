ringside_add_test(discover
    SOURCES test_discover.c driver_platform.c ../driver/discover.c ../driver/transport.c
    LIBRARIES vocabulary ${FDT_LIBRARY})
