# ringside_add_image(DRIVER TARGET aarch64 SOURCES ... [INCLUDES ...] [DEFINES ...])
#
# Cross-builds a driver's sources, the same that the host build watches, into an image that boots on
# a bare machine: ${CMAKE_BINARY_DIR}/images/DRIVER-TARGET.elf. What is common to all machines is in
# driver/bare/common, a machine's own start-up in driver/bare/TARGET.
#
# Without the cross compiler or libfdt for the target there are no images, one line says why, and
# the rest builds.
find_program(RINGSIDE_AARCH64_GCC NAMES aarch64-linux-gnu-gcc aarch64-linux-gnu-gcc-12)

set(RINGSIDE_BARE_DIR ${CMAKE_CURRENT_LIST_DIR}/../../driver/bare)
get_filename_component(RINGSIDE_BARE_DIR ${RINGSIDE_BARE_DIR} ABSOLUTE)

set(RINGSIDE_IMAGE_FLAGS
    -std=c11 -ffreestanding -fno-builtin -nostdinc -O2 -g -Wall -Wextra -Werror -fno-pic
    -fno-strict-aliasing -fno-stack-protector -fno-tree-loop-distribute-patterns
    -fno-asynchronous-unwind-tables)
set(RINGSIDE_IMAGE_FLAGS_aarch64 -march=armv8-a -mstrict-align -mgeneral-regs-only
    -mno-outline-atomics)

# Is everything there that images of a target need? Says what is missing, once.
function(ringside_find_target target found)
    set(${found} FALSE PARENT_SCOPE)
    set(directory ${CMAKE_SOURCE_DIR}/build/target/${target})
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                 ${directory}/libfdt.a)
    string(TOUPPER ${target} target_upper)
    if(NOT RINGSIDE_${target_upper}_GCC)
        message(STATUS "No ${target} images: install gcc-${target}-linux-gnu")
    elseif(NOT EXISTS ${directory}/libfdt.a)
        message(STATUS "No ${target} images: run tools/fetch-target-libfdt ${target}")
    else()
        set(${found} TRUE PARENT_SCOPE)
    endif()
endfunction()

ringside_find_target(aarch64 RINGSIDE_IMAGES_aarch64)

function(ringside_add_image name)
    cmake_parse_arguments(ARG "" "TARGET" "SOURCES;INCLUDES;DEFINES" ${ARGN})
    set(target ${ARG_TARGET})
    if(NOT RINGSIDE_IMAGES_${target})
        return()
    endif()
    string(TOUPPER ${target} target_upper)
    set(compiler ${RINGSIDE_${target_upper}_GCC})
    set(library_dir ${CMAKE_SOURCE_DIR}/build/target/${target})
    execute_process(COMMAND ${compiler} -print-file-name=include
                    OUTPUT_VARIABLE compiler_include OUTPUT_STRIP_TRAILING_WHITESPACE)

    set(flags ${RINGSIDE_IMAGE_FLAGS} ${RINGSIDE_IMAGE_FLAGS_${target}}
        -isystem ${RINGSIDE_BARE_DIR}/common/include -isystem ${compiler_include}
        -isystem ${library_dir}/include
        -I${CMAKE_SOURCE_DIR}/driver -I${RINGSIDE_BARE_DIR}/common)
    foreach(directory IN LISTS ARG_INCLUDES)
        get_filename_component(directory ${directory} ABSOLUTE)
        list(APPEND flags -I${directory})
    endforeach()
    foreach(define IN LISTS ARG_DEFINES)
        list(APPEND flags -D${define})
    endforeach()

    set(object_dir ${CMAKE_BINARY_DIR}/images/${name}-${target}.dir)
    file(MAKE_DIRECTORY ${object_dir})
    file(GLOB machine_sources CONFIGURE_DEPENDS ${RINGSIDE_BARE_DIR}/common/*.c
         ${RINGSIDE_BARE_DIR}/${target}/*.c ${RINGSIDE_BARE_DIR}/${target}/*.S)
    set(objects)
    foreach(source IN LISTS ARG_SOURCES machine_sources)
        get_filename_component(source_path ${source} ABSOLUTE)
        file(RELATIVE_PATH shown ${CMAKE_SOURCE_DIR} ${source_path})
        string(MAKE_C_IDENTIFIER ${shown} stem)
        set(object ${object_dir}/${stem}.o)
        add_custom_command(OUTPUT ${object}
            COMMAND ${compiler} ${flags} -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
                    -MD -MF ${object}.d -c ${source_path} -o ${object}
            DEPENDS ${source_path}
            DEPFILE ${object}.d
            COMMENT "Compiling ${shown} for ${target}" VERBATIM)
        list(APPEND objects ${object})
    endforeach()

    set(image ${CMAKE_BINARY_DIR}/images/${name}-${target}.elf)
    set(script ${RINGSIDE_BARE_DIR}/${target}/image.ld)
    add_custom_command(OUTPUT ${image}
        COMMAND ${compiler} -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096
                -Wl,--no-warn-rwx-segments -T ${script} -o ${image} ${objects}
                ${library_dir}/libfdt.a
        DEPENDS ${objects} ${script} ${library_dir}/libfdt.a
        COMMENT "Linking image ${name}-${target}.elf" VERBATIM)
    add_custom_target(image_${name}_${target} ALL DEPENDS ${image})
    set_property(GLOBAL APPEND PROPERTY RINGSIDE_IMAGE_TARGETS image_${name}_${target})
endfunction()
