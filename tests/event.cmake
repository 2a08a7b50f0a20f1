ringside_add_test(event SOURCES test_event.c LIBRARIES ringside_sim)
