ringside_add_test(expect SOURCES test_expect.c LIBRARIES ringside_harness)
