ringside_add_test(bus SOURCES test_bus.c LIBRARIES ringside_sim ${FDT_LIBRARY})
