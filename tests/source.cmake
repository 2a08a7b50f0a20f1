ringside_add_test(source SOURCES test_source.c LIBRARIES ringside_harness)
