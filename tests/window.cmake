# The window on a display in memory, driven by keys.
add_test(NAME window
    COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/window.py $<TARGET_FILE:ringside>
            ${CMAKE_SOURCE_DIR}/scenarios)
set_tests_properties(window PROPERTIES TIMEOUT 600)

# What libdbus, which SDL loads, leaves behind is not ours to free.
set_property(TEST window APPEND PROPERTY ENVIRONMENT
    "ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:allow_user_segv_handler=1")
ringside_label(gcc window)
