ringside_add_test(beside SOURCES test_beside.c LIBRARIES ringside_harness
    DEPENDS ringside driver_levitate)

# README's table is what the command measures here and now.
add_test(NAME qemu/silence COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/silence_table.py
    $<TARGET_FILE:ringside> ${CMAKE_SOURCE_DIR}/README.md)
set_tests_properties(qemu/silence PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
ringside_label(once qemu/silence)
