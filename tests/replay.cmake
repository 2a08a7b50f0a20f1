ringside_add_test(placeholder SOURCES test_placeholder.c LIBRARIES ringside_harness ringside_sim)
ringside_add_test(transcript SOURCES test_transcript.c LIBRARIES ringside_harness ringside_sim)
ringside_add_test(qmp SOURCES test_qmp.c LIBRARIES ringside_harness ringside_sim)
ringside_add_test(verdict SOURCES test_verdict.c LIBRARIES ringside_harness ringside_sim)
ringside_add_test(replay SOURCES test_replay.c LIBRARIES ringside_harness ringside_sim)
ringside_add_test(replay_command SOURCES test_replay_command.c
    LIBRARIES ringside_harness ringside_sim DEPENDS ringside)

# Machines that only speak, so that booting is tested apart from any driver.
find_program(RINGSIDE_REPLAY_CC NAMES aarch64-linux-gnu-gcc)
if(RINGSIDE_REPLAY_CC)
    set(replay_machines)
    foreach(machine IN ITEMS machine unending talking)
        set(image ${CMAKE_BINARY_DIR}/tests/images/${machine}-aarch64.elf)
        add_custom_command(OUTPUT ${image}
            COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/tests/images
            COMMAND ${RINGSIDE_REPLAY_CC} -DMACHINE_${machine} -nostdlib -static -Wl,--build-id=none
                    -Wl,-Ttext=0x40200000 -Wl,-Tdata=0x40300000
                    ${CMAKE_CURRENT_LIST_DIR}/replay_machine.S -o ${image}
            DEPENDS ${CMAKE_CURRENT_LIST_DIR}/replay_machine.S
            COMMENT "Assembling test machine ${machine}" VERBATIM)
        list(APPEND replay_machines ${image})
    endforeach()
    add_custom_target(replay_machines DEPENDS ${replay_machines})
    add_dependencies(test_replay replay_machines)
endif()
