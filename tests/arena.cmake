ringside_add_test(arena SOURCES test_arena.c LIBRARIES ringside_sim)
ringside_add_test(arena_regions SOURCES test_arena_regions.c LIBRARIES ringside_sim)
