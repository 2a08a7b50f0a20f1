# The images' stand-ins for libfdt, and the tree made for machines that have none, held against
# libfdt itself: both are in the program, the stand-ins under names of their own.
ringside_add_test(fdt SOURCES test_fdt.c fdt_stand_in.c ../driver/bare/devices/tree.c
    LIBRARIES ringside_sim vocabulary ${FDT_LIBRARY})
if(TARGET test_fdt)
    target_include_directories(test_fdt PRIVATE ${CMAKE_SOURCE_DIR}/driver/bare/devices)
endif()
