# The driver in front of QEMU's own device: the seed's rows as they came out there.
file(GLOB qemu_rows ${CMAKE_SOURCE_DIR}/scenarios/seed/*.scn)
add_test(NAME qemu/seed COMMAND ringside run --quiet --device qemu ${qemu_rows}
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(qemu/seed PROPERTIES TIMEOUT 120
    SKIP_REGULAR_EXPRESSION "is not on the PATH;AddressSanitizer has its own memory there")
