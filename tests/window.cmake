# The window on a display in memory, driven by keys.
add_test(NAME window
    COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/window.py $<TARGET_FILE:ringside>
            ${CMAKE_SOURCE_DIR}/scenarios)
set_tests_properties(window PROPERTIES TIMEOUT 600)
