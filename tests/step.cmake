ringside_add_test(session SOURCES test_session.c LIBRARIES ringside_harness ringside_sim
    DEPENDS driver_levitate driver_reference)
ringside_add_test(step SOURCES test_step.c LIBRARIES ringside_harness ringside_sim
    DEPENDS ringside driver_levitate)
ringside_add_test(pattern SOURCES test_pattern.c LIBRARIES ringside_harness ringside_sim)
# A terminal of 80 columns: editing, history and completion.
add_test(NAME step.terminal
    COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/step_terminal.py $<TARGET_FILE:ringside>
            ${CMAKE_SOURCE_DIR}/scenarios/seed/a-timeout.scn)
# Progress and Ctrl-C, on a terminal.
add_test(NAME run.terminal
    COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/run_terminal.py $<TARGET_FILE:ringside>
            ${CMAKE_BINARY_DIR}/test_run_terminal)
