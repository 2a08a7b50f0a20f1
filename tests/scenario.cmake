ringside_add_test(scenario
    SOURCES test_scenario.c test_scenario_errors.c test_scenario_fuzz.c
    LIBRARIES ringside_harness)
