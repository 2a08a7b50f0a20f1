# Every machine boots what scenarios/machines asks of it. `ctest -LE qemu` leaves these out.
foreach(target IN LISTS RINGSIDE_TARGETS_ALL)
    add_test(NAME machines/${target}
             COMMAND ringside replay --target ${target} ${CMAKE_SOURCE_DIR}/scenarios/machines
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(machines/${target} PROPERTIES LABELS qemu TIMEOUT 300
        SKIP_REGULAR_EXPRESSION "needs the package|is not installed")
endforeach()
# A driver that does not know its byte order fails on these as the simulator says.
add_test(NAME machines/byte-order
         COMMAND ringside replay --target m68k,aarch64_be ${CMAKE_SOURCE_DIR}/scenarios/byte-order
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(machines/byte-order PROPERTIES LABELS qemu TIMEOUT 300
    SKIP_REGULAR_EXPRESSION "is skipped")
