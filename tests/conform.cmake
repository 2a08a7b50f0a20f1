ringside_add_test(conform SOURCES test_conform.c LIBRARIES ringside_harness PkgConfig::JANSSON
    DEPENDS ringside driver_reference driver_rcore driver_levitate)

# What users are told to copy, done as their services would.
add_test(NAME conform/workflows
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/readers/workflows.py $<TARGET_FILE:ringside>
        ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/workflows)
set_tests_properties(conform/workflows PROPERTIES TIMEOUT 900)
ringside_label(once conform/workflows)
