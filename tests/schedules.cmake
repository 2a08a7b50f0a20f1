# Random schedules: two conforming drivers pass all of them, whoever compiled them, and a fault that
# hangs on the order of things is found.
set(dormouse ${CMAKE_SOURCE_DIR}/driver/dormouse)
ringside_add_driver(dormouse-clang COMPILER clang
    SOURCES ${dormouse}/dormouse.c ${dormouse}/gpu.c ${dormouse}/queue.c ${dormouse}/device.c
            ${CMAKE_SOURCE_DIR}/driver/testcard.c
    INCLUDES ${CMAKE_SOURCE_DIR}/driver
    LIBRARIES fdt)
foreach(driver IN ITEMS reference dormouse dormouse-clang)
    set(count 30)
    if(driver MATCHES clang)
        set(count 5)
    endif()
    add_test(NAME schedules/${driver} COMMAND ringside schedules --count ${count}
             --driver $<TARGET_PROPERTY:driver_${driver},RINGSIDE_OBJECT> suite
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(schedules/${driver} PROPERTIES TIMEOUT 900)
endforeach()
ringside_label(once schedules/dormouse-clang)

# The dormouse with one line changed: its interrupt handler does not look again once it has
# acknowledged, so that what came in between is never noticed.
file(READ ${dormouse}/gpu.c text)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${dormouse}/gpu.c)
string(REPLACE "look < 2" "look < 1" one_look "${text}")
if(one_look STREQUAL text)
    message(FATAL_ERROR "${dormouse}/gpu.c has no `look < 2` any more, for this to break")
endif()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/tests/one_look_gpu.c CONTENT "${one_look}" @ONLY)
ringside_add_driver(one-look
    SOURCES ${CMAKE_BINARY_DIR}/tests/one_look_gpu.c ${dormouse}/dormouse.c ${dormouse}/queue.c
            ${dormouse}/device.c ${CMAKE_SOURCE_DIR}/driver/testcard.c
    INCLUDES ${dormouse} ${CMAKE_SOURCE_DIR}/driver
    LIBRARIES fdt)
add_test(NAME schedules/command
    COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/schedules.py $<TARGET_FILE:ringside>
            $<TARGET_PROPERTY:driver_one-look,RINGSIDE_OBJECT>
            ${CMAKE_CURRENT_SOURCE_DIR}/schedules/each-interrupts.scn
            ${CMAKE_BINARY_DIR}/test_schedules)
set_tests_properties(schedules/command PROPERTIES TIMEOUT 600)
