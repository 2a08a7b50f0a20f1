ringside_add_test(arena SOURCES test_arena.c LIBRARIES ringside_sim)
