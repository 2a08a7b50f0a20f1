ringside_add_test(rules SOURCES test_rules.c LIBRARIES ringside_harness)
ringside_add_test(rules_queue SOURCES test_rules_queue.c LIBRARIES ringside_harness)
