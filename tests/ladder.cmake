ringside_add_test(ladder SOURCES test_ladder.c LIBRARIES ringside_harness)
