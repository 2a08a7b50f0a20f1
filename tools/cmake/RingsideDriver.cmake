# ringside_add_driver(NAME SOURCES ... [INCLUDES ...] [DEFINES ...] [LIBRARIES ...] [OPTIONS ...]
#                     [COMPILER gcc|clang] [OPTIMISE -O2] [OUTPUT_NAME name]
#                     [TEXT_SEGMENT address])
#
# Compiles a driver, unchanged, into its own shared object: every load, store, atomic and fence of it
# becomes a call of the probe's callbacks, which the ringside program supplies when it loads the object.
# gcc is the reference compiler. OPTIONS come last, so they may undo anything here. TEXT_SEGMENT is where
# the object is loaded: inside the machine's RAM, for drivers that take pointers for physical addresses.
find_program(RINGSIDE_GCC NAMES gcc gcc-12 REQUIRED)
find_program(RINGSIDE_CLANG NAMES clang clang-14)

set(RINGSIDE_PROBE_DIR ${CMAKE_CURRENT_LIST_DIR}/../../harness/probe)
get_filename_component(RINGSIDE_PROBE_DIR ${RINGSIDE_PROBE_DIR} ABSOLUTE)

set(RINGSIDE_PROBE_FLAGS
    -g -ffreestanding -fno-builtin -fPIC -fvisibility=default -mno-red-zone -fno-stack-protector
    -fno-strict-aliasing -fcf-protection=none -fno-tree-vectorize -fno-omit-frame-pointer
    -ftrivial-auto-var-init=pattern -fsanitize=thread)
set(RINGSIDE_PROBE_FLAGS_gcc --param=tsan-distinguish-volatile=1 -Wno-tsan)
set(RINGSIDE_PROBE_FLAGS_clang -fno-vectorize -fno-slp-vectorize
    -mllvm -tsan-distinguish-volatile=1 -mllvm -tsan-instrument-read-before-write=1
    -Wno-unused-command-line-argument)

function(ringside_add_driver name)
    cmake_parse_arguments(ARG "" "COMPILER;OPTIMISE;OUTPUT_NAME;TEXT_SEGMENT"
                          "SOURCES;INCLUDES;DEFINES;LIBRARIES;OPTIONS" ${ARGN})
    if(NOT ARG_COMPILER)
        set(ARG_COMPILER gcc)
    endif()
    if(NOT ARG_OPTIMISE)
        set(ARG_OPTIMISE -O2)
    endif()
    if(NOT ARG_OUTPUT_NAME)
        set(ARG_OUTPUT_NAME ${name})
    endif()
    string(TOUPPER ${ARG_COMPILER} compiler_upper)
    set(compiler ${RINGSIDE_${compiler_upper}})

    set(flags ${RINGSIDE_PROBE_FLAGS} ${RINGSIDE_PROBE_FLAGS_${ARG_COMPILER}} ${ARG_OPTIMISE}
        -include ${RINGSIDE_PROBE_DIR}/ringside_asm.h)
    foreach(directory IN LISTS ARG_INCLUDES)
        get_filename_component(directory ${directory} ABSOLUTE)
        list(APPEND flags -I${directory})
    endforeach()
    foreach(define IN LISTS ARG_DEFINES)
        list(APPEND flags -D${define})
    endforeach()

    set(object_dir ${CMAKE_BINARY_DIR}/drivers/${ARG_OUTPUT_NAME}.dir)
    file(MAKE_DIRECTORY ${object_dir})
    set(objects)
    foreach(source IN LISTS ARG_SOURCES)
        get_filename_component(source_path ${source} ABSOLUTE)
        string(MAKE_C_IDENTIFIER ${source} stem)
        set(object ${object_dir}/${stem}.o)
        # Debug information names files relative to the project, wherever it was built.
        file(RELATIVE_PATH shown ${CMAKE_SOURCE_DIR} ${source_path})
        if(shown MATCHES "^\\.\\.")
            set(shown ${source_path})
        endif()
        add_custom_command(OUTPUT ${object}
            COMMAND ${compiler} -std=gnu11 ${flags} -Wall -Wextra ${ARG_OPTIONS}
                    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
                    -MD -MF ${object}.d -c ${shown} -o ${object}
            WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
            DEPENDS ${source_path} ${RINGSIDE_PROBE_DIR}/ringside_asm.h
            DEPFILE ${object}.d
            COMMENT "Compiling ${shown} under the probe (${ARG_COMPILER} ${ARG_OPTIMISE})"
            COMMAND_EXPAND_LISTS VERBATIM)
        list(APPEND objects ${object})
    endforeach()

    # The driver's own memcpy, memmove and memset, observed; not instrumented themselves.
    set(glue ${object_dir}/ringside_glue.o)
    add_custom_command(OUTPUT ${glue}
        COMMAND ${RINGSIDE_GCC} -std=gnu11 -O2 -g -fPIC -ffreestanding -fno-builtin
                -mno-red-zone -Wall -Wextra
                -c ${RINGSIDE_PROBE_DIR}/ringside_glue.c -o ${glue}
        DEPENDS ${RINGSIDE_PROBE_DIR}/ringside_glue.c
        COMMENT "Compiling the probe's glue for ${ARG_OUTPUT_NAME}" VERBATIM)

    set(libraries)
    foreach(library IN LISTS ARG_LIBRARIES)
        list(APPEND libraries -l${library})
    endforeach()
    set(segment)
    if(ARG_TEXT_SEGMENT)
        set(segment -Wl,-Ttext-segment=${ARG_TEXT_SEGMENT})
    endif()
    set(shared_object ${CMAKE_BINARY_DIR}/drivers/${ARG_OUTPUT_NAME}.so)
    add_custom_command(OUTPUT ${shared_object}
        COMMAND ${RINGSIDE_GCC} -shared -o ${shared_object} ${objects} ${glue} ${libraries}
                -Wl,--version-script=${RINGSIDE_PROBE_DIR}/driver.map
                -Wl,-z,norelro -Wl,-z,now -Wl,--build-id=none ${segment}
        DEPENDS ${objects} ${glue} ${RINGSIDE_PROBE_DIR}/driver.map
        COMMENT "Linking driver ${ARG_OUTPUT_NAME}" COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(driver_${ARG_OUTPUT_NAME} ALL DEPENDS ${shared_object})
    set_property(GLOBAL APPEND PROPERTY RINGSIDE_DRIVER_TARGETS driver_${ARG_OUTPUT_NAME})
endfunction()
