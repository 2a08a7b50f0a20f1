ringside_add_test(rules SOURCES test_rules.c LIBRARIES ringside_harness)
ringside_add_test(rules_queue SOURCES test_rules_queue.c LIBRARIES ringside_harness)
ringside_add_test(rules_completion SOURCES test_rules_completion.c LIBRARIES ringside_harness)
ringside_add_test(rules_device SOURCES test_rules_device.c LIBRARIES ringside_harness)

# A ring of two that was used at once, taken back element by element: no note about that either.
add_test(NAME rules/full-ring COMMAND ringside run --verbose
         --driver $<TARGET_PROPERTY:driver_dormouse,RINGSIDE_OBJECT>
         scenarios/suite/version-2/show-small-display.scn
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(rules/full-ring PROPERTIES TIMEOUT 60 FAIL_REGULAR_EXPRESSION "XSPLIT-DRV-08"
    SKIP_REGULAR_EXPRESSION "AddressSanitizer has its own memory there")

# A reset that never seems to be over, FAILED, and nothing more: no note about that either.
add_test(NAME rules/failed-after-reset COMMAND ringside run --verbose
         scenarios/hostile/faults/a-reset-that-never-seems-to-be-over.scn
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(rules/failed-after-reset PROPERTIES TIMEOUT 60
    FAIL_REGULAR_EXPRESSION "RESET-DRV-01;not as expected")

# Every rule is explained whole: why it is there, a wrong and a right sequence, scenarios.
add_test(NAME rules/explain
    COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/explain_rules.py $<TARGET_FILE:ringside>)
ringside_label(once rules/explain)
set_tests_properties(rules/explain PROPERTIES TIMEOUT 600
    SKIP_REGULAR_EXPRESSION "AddressSanitizer has its own memory there")
