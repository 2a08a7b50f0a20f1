# House-keeping is a test like any other.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME tidy
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/tidy.py ${CMAKE_SOURCE_DIR})
ringside_label(once tidy)
