ringside_add_test(bootargs
    SOURCES test_bootargs.c ../driver/bare/common/bootargs.c
    LIBRARIES vocabulary)
target_include_directories(test_bootargs PRIVATE ${CMAKE_SOURCE_DIR}/driver/bare/common)
