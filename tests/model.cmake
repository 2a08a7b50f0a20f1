ringside_add_test(model SOURCES test_model.c LIBRARIES ringside_harness)
