# Drivers that are brought along: built without CMake, and run with what they have.
ringside_add_test(build SOURCES test_build.c DEPENDS ringside)

ringside_add_driver(partial SOURCES probe/partial.c)
ringside_add_test(skip SOURCES test_skip.c LIBRARIES vocabulary DEPENDS ringside driver_partial)
target_include_directories(test_skip PRIVATE ${RINGSIDE_INCLUDE_DIR})
