ringside_add_test(diff SOURCES test_diff.c LIBRARIES ringside_harness ringside_sim
    DEPENDS driver_reference)
set_tests_properties(unit.diff PROPERTIES LABELS qemu SKIP_RETURN_CODE 77)
