ringside_add_test(timeline SOURCES test_timeline.c LIBRARIES ringside_harness
    DEPENDS ringside driver_levitate)

# Real readers of the two formats, on runs of real drivers.
foreach(format IN ITEMS perfetto vcd)
    add_test(NAME timeline/${format}
        COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/readers/timelines.py ${format}
            $<TARGET_FILE:ringside> ${CMAKE_SOURCE_DIR}/scenarios
            ${CMAKE_CURRENT_BINARY_DIR}/timeline_${format})
    set_tests_properties(timeline/${format} PROPERTIES TIMEOUT 120)
    ringside_label(once timeline/${format})
endforeach()
