# The driver in front of QEMU's own device: the seed's rows as they came out there; then every
# scenario on both devices, side by side; then scenarios that are made up.
function(ringside_add_qemu_test name)
    add_test(NAME qemu/${name} COMMAND ringside ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(qemu/${name} PROPERTIES TIMEOUT 600
        SKIP_REGULAR_EXPRESSION "is not on the PATH;AddressSanitizer has its own memory there")
endfunction()

file(GLOB qemu_rows ${CMAKE_SOURCE_DIR}/scenarios/seed/*.scn)
ringside_add_qemu_test(seed run --quiet --device qemu ${qemu_rows})
ringside_add_qemu_test(diff diff --quiet scenarios)
ringside_add_qemu_test(diff-random diff --quiet --random 20000 --seed 1)

# Which of its own rules QEMU's device keeps.
ringside_add_qemu_test(device-rules rules --device --qemu scenarios/rules/status scenarios/silence)
set_tests_properties(qemu/device-rules PROPERTIES PASS_REGULAR_EXPRESSION "QEMU's device breaks")

# A QEMU that dies of what it is asked is told of.
ringside_add_qemu_test(death diff tests/qemu/queue-size-raised-while-ready.scn)
set_tests_properties(qemu/death PROPERTIES PASS_REGULAR_EXPRESSION "QEMU was ended by signal 6")

# What QEMU's own device says to the drivers of the museum.
ringside_add_qemu_test(museum museum --qemu)

# Of what is ours in these, the seed's rows and those that are made up are every build's.
ringside_label(once qemu/diff qemu/museum)
