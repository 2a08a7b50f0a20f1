ringside_add_test(source SOURCES test_source.c LIBRARIES ringside_harness)

# Places in the sources of more drivers than are looked into at a time.
add_test(NAME source/many-drivers
    COMMAND ringside run --quiet scenarios/museum tests/evidence
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(source/many-drivers PROPERTIES TIMEOUT 300
    SKIP_REGULAR_EXPRESSION "AddressSanitizer has its own memory there")
