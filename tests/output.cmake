# Results for machines: run --tap, --junit, --sarif, --json.
ringside_add_test(output SOURCES test_output.c LIBRARIES ringside_harness PkgConfig::JANSSON)

# Each is opened by a reader of its own and held against its schema; Debian's python3-jsonschema
# and python3-junitparser belong to Debian's python3.
foreach(format IN ITEMS tap junit sarif json files conform)
    add_test(NAME output/${format}
        COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/readers/results.py ${format} $<TARGET_FILE:ringside>
            ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/output_${format})
    set_tests_properties(output/${format} PROPERTIES TIMEOUT 300)
    ringside_label(once output/${format})
endforeach()
