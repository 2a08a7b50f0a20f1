ringside_add_test(event SOURCES test_event.c LIBRARIES ringside_sim)
ringside_add_test(event_round_trip SOURCES test_event_round_trip.c LIBRARIES ringside_sim)
ringside_add_test(number SOURCES test_number.c LIBRARIES ringside_sim)
ringside_add_test(fault SOURCES test_fault.c LIBRARIES ringside_sim)
