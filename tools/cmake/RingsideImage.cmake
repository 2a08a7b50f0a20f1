# ringside_add_image(DRIVER SOURCES ... [TARGETS ...] [LITTLE_ENDIAN] [INCLUDES ...] [DEFINES ...]
#                    [OPTIONS ...])
#
# Cross-builds a driver's sources, the same that the host build watches, into images that boot on
# bare machines: ${CMAKE_BINARY_DIR}/images/DRIVER-TARGET.elf, one for each target unless TARGETS
# names some. LITTLE_ENDIAN: the driver knows no other byte order; big-endian targets are left out.
#
# What is common to all machines is in driver/bare/common; devices that several machines have, in
# driver/bare/devices; a machine's own start-up in driver/bare/TARGET, whose target.cmake sets
#
#   bare_compiler    names of the cross compiler       bare_package   Debian's package of it
#   bare_flags       the processor                     bare_defines   what drivers have built in
#   bare_sources     beside those of common            bare_script    for the linker
#   bare_libfdt      fetched (tools/fetch-target-libfdt), host (this system's own), or none: Debian
#                    has no libfdt for it, and driver/bare/devices/fdt.c stands in
#   bare_big_endian  TRUE, or not set
#
# A target without its compiler or libfdt has no images; one line says why, and the rest builds.
set(RINGSIDE_TARGETS_ALL aarch64 arm riscv64 riscv32 x86_64 m68k or1k aarch64_be)
set(RINGSIDE_TARGETS all CACHE STRING "the bare machines that images are built for, or all")
if(RINGSIDE_TARGETS STREQUAL all)
    set(RINGSIDE_TARGETS ${RINGSIDE_TARGETS_ALL})
endif()

get_filename_component(RINGSIDE_BARE_DIR ${CMAKE_CURRENT_LIST_DIR}/../../driver/bare ABSOLUTE)

set(RINGSIDE_IMAGE_FLAGS
    -std=c11 -ffreestanding -fno-builtin -nostdinc -O2 -g -Wall -Wextra -Werror -fno-pic
    -fno-strict-aliasing -fno-stack-protector -fno-tree-loop-distribute-patterns
    -fno-asynchronous-unwind-tables)

# Reads a target's description into the caller's variables.
macro(ringside_read_target target)
    foreach(name compiler package flags defines sources script libfdt big_endian)
        unset(bare_${name})
    endforeach()
    include(${RINGSIDE_BARE_DIR}/${target}/target.cmake)
endmacro()

# Where libfdt and its headers are for a target: *library is empty where Debian has none.
function(ringside_target_libfdt target kind library include)
    set(directory ${CMAKE_SOURCE_DIR}/build/target/${target})
    if(kind STREQUAL fetched)
        set(${library} ${directory}/libfdt.a PARENT_SCOPE)
        set(${include} ${directory}/include PARENT_SCOPE)
        return()
    endif()
    # The headers are the same for every machine.
    find_path(FDT_INCLUDE_DIR libfdt.h REQUIRED)
    set(copied ${CMAKE_BINARY_DIR}/images/include)
    foreach(header fdt.h libfdt.h libfdt_env.h)
        configure_file(${FDT_INCLUDE_DIR}/${header} ${copied}/${header} COPYONLY)
    endforeach()
    set(${include} ${copied} PARENT_SCOPE)
    set(${library} "" PARENT_SCOPE)
    if(kind STREQUAL host)
        find_library(FDT_STATIC_LIBRARY libfdt.a REQUIRED)
        set(${library} ${FDT_STATIC_LIBRARY} PARENT_SCOPE)
    endif()
endfunction()

# Is everything there that images of a target need? Says what is missing, once.
function(ringside_find_target target)
    ringside_read_target(${target})
    string(TOUPPER ${target} target_upper)
    find_program(RINGSIDE_${target_upper}_GCC NAMES ${bare_compiler})
    set(RINGSIDE_IMAGES_${target} FALSE PARENT_SCOPE)
    set(library ${CMAKE_SOURCE_DIR}/build/target/${target}/libfdt.a)
    if(bare_libfdt STREQUAL fetched)
        set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                     ${library})
    endif()
    if(NOT RINGSIDE_${target_upper}_GCC)
        message(STATUS "No ${target} images: install ${bare_package}")
    elseif(bare_libfdt STREQUAL fetched AND NOT EXISTS ${library})
        message(STATUS "No ${target} images: run tools/fetch-target-libfdt ${target}")
    else()
        set(RINGSIDE_IMAGES_${target} TRUE PARENT_SCOPE)
    endif()
endfunction()

foreach(target IN LISTS RINGSIDE_TARGETS)
    ringside_find_target(${target})
endforeach()

function(ringside_add_image name)
    cmake_parse_arguments(ARG "LITTLE_ENDIAN" "" "TARGETS;SOURCES;INCLUDES;DEFINES;OPTIONS" ${ARGN})
    if(NOT ARG_TARGETS)
        set(ARG_TARGETS ${RINGSIDE_TARGETS})
    endif()
    foreach(target IN LISTS ARG_TARGETS)
        ringside_read_target(${target})
        if(RINGSIDE_IMAGES_${target} AND NOT (ARG_LITTLE_ENDIAN AND bare_big_endian))
            ringside_add_target_image(${name} ${target})
        endif()
    endforeach()
endfunction()

# Compiles sources for a target into `directory`; *objects is the list of what comes of it.
function(ringside_target_objects objects target directory includes defines options)
    string(TOUPPER ${target} target_upper)
    set(compiler ${RINGSIDE_${target_upper}_GCC})
    ringside_read_target(${target})
    ringside_target_libfdt(${target} ${bare_libfdt} library library_include)
    execute_process(COMMAND ${compiler} -print-file-name=include
                    OUTPUT_VARIABLE compiler_include OUTPUT_STRIP_TRAILING_WHITESPACE)
    set(flags ${RINGSIDE_IMAGE_FLAGS} ${bare_flags}
        -isystem ${RINGSIDE_BARE_DIR}/common/include -isystem ${compiler_include}
        -isystem ${library_include}
        -I${CMAKE_SOURCE_DIR}/driver -I${RINGSIDE_BARE_DIR}/common -I${RINGSIDE_BARE_DIR}/devices)
    foreach(include IN LISTS includes)
        get_filename_component(include ${include} ABSOLUTE)
        list(APPEND flags -I${include})
    endforeach()
    foreach(define IN LISTS defines bare_defines)
        list(APPEND flags -D${define})
    endforeach()
    list(APPEND flags ${options})

    file(MAKE_DIRECTORY ${directory})
    set(made)
    foreach(source IN LISTS ARGN)
        get_filename_component(source_path ${source} ABSOLUTE)
        file(RELATIVE_PATH shown ${CMAKE_SOURCE_DIR} ${source_path})
        string(MAKE_C_IDENTIFIER ${shown} stem)
        set(object ${directory}/${stem}.o)
        add_custom_command(OUTPUT ${object}
            COMMAND ${compiler} ${flags} -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
                    -MD -MF ${object}.d -c ${source_path} -o ${object}
            DEPENDS ${source_path}
            DEPFILE ${object}.d
            COMMENT "Compiling ${shown} for ${target}" VERBATIM)
        list(APPEND made ${object})
    endforeach()
    set(${objects} ${made} PARENT_SCOPE)
endfunction()

# A machine without a driver: what all images of a target have in common, compiled once.
function(ringside_add_machine target)
    ringside_read_target(${target})
    file(GLOB sources CONFIGURE_DEPENDS ${RINGSIDE_BARE_DIR}/common/*.c)
    foreach(source IN LISTS bare_sources)
        list(APPEND sources ${RINGSIDE_BARE_DIR}/${target}/${source})
    endforeach()
    ringside_target_objects(objects ${target} ${CMAKE_BINARY_DIR}/images/machine-${target}.dir
                            "" "" "" ${sources})
    add_custom_target(machine_${target} DEPENDS ${objects})
    set_property(GLOBAL PROPERTY RINGSIDE_MACHINE_${target} ${objects})
endfunction()

# One image; reads what ringside_add_image() was given.
function(ringside_add_target_image name target)
    string(TOUPPER ${target} target_upper)
    get_property(machine_objects GLOBAL PROPERTY RINGSIDE_MACHINE_${target})
    ringside_target_libfdt(${target} ${bare_libfdt} library library_include)
    ringside_target_objects(objects ${target} ${CMAKE_BINARY_DIR}/images/${name}-${target}.dir
                            "${ARG_INCLUDES}" "${ARG_DEFINES}" "${ARG_OPTIONS}" ${ARG_SOURCES})

    set(image ${CMAKE_BINARY_DIR}/images/${name}-${target}.elf)
    set(script ${RINGSIDE_BARE_DIR}/${target}/${bare_script})
    # libgcc is what the compiler itself asks for: 64-bit division on a 32-bit processor.
    add_custom_command(OUTPUT ${image}
        COMMAND ${RINGSIDE_${target_upper}_GCC} ${bare_flags} -nostdlib -static -no-pie
                -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack
                -Wl,--no-warn-rwx-segments -T ${script} -o ${image} ${machine_objects} ${objects}
                ${library} -lgcc
        DEPENDS ${objects} ${machine_objects} ${script} ${library}
        COMMENT "Linking image ${name}-${target}.elf" VERBATIM)
    add_custom_target(image_${name}_${target} ALL DEPENDS ${image})
    add_dependencies(image_${name}_${target} machine_${target})
    set_property(GLOBAL APPEND PROPERTY RINGSIDE_IMAGE_TARGETS image_${name}_${target})
endfunction()
