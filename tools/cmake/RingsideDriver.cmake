# ringside_add_driver(NAME SOURCES ... [INCLUDES ...] [DEFINES ...] [LIBRARIES ...] [OPTIONS ...]
#                     [COMPILER gcc|clang] [OPTIMISE -O2] [OUTPUT_NAME name]
#                     [TEXT_SEGMENT address] [SHIMS] [ILP32])
#
# Compiles a driver, unchanged, into its own shared object: every load, store, atomic and fence of
# it becomes a call of the probe's callbacks, which the ringside program supplies when it loads
# the object. gcc is the reference compiler. OPTIONS come last, so they may undo anything here.
# TEXT_SEGMENT is where the object is loaded: inside the machine's RAM, for drivers that take
# pointers for physical addresses. Sources that end in .cpp, .cc or .cxx are C++17 without
# exceptions and RTTI; OPTIONS -std=... asks for another level of either language. SHIMS links
# what drivers expect of their kernel by its usual names (printk, udelay, alloc_page, spin_lock
# ...): see ringside_shims.h, which is on the include path.
#
# ILP32 is for drivers of 32-bit machines: pointers, long and size_t have 32 bits. The object lies
# below 4 GiB, and so does all memory that it is given. C only, no SHIMS; of the C library there is
# what <string.h> declares. (The compiler makes x32 assembly, the assembler a 64-bit object of it.)
find_program(RINGSIDE_GCC NAMES gcc gcc-12 REQUIRED)
find_program(RINGSIDE_CLANG NAMES clang clang-14)
find_program(RINGSIDE_GXX NAMES g++ g++-12)
find_program(RINGSIDE_CLANGXX NAMES clang++ clang++-14)

# Further arguments: [ADAPTER adapter.c] [SCENARIOS path...]
#
# ADAPTER is the source that says which function does what (ringside/ringside.h). With it the test
# card is linked in, TEXT_SEGMENT is inside RAM, and the conformance suite becomes tests of the
# driver, unless SCENARIOS says otherwise; see ringside_add_tests() below. OPTIONS about the
# driver's own machine (RINGSIDE_TARGET_FLAGS) are left out.
#
# This file serves the project's own build and, installed, everybody else's: the installed package
# (ringsideConfig.cmake) has set these to its own folders.
find_program(RINGSIDE_AR NAMES ar REQUIRED)
find_program(RINGSIDE_AS NAMES as)
find_program(RINGSIDE_OBJCOPY NAMES objcopy)
if(NOT DEFINED RINGSIDE_PROBE_DIR)
    get_filename_component(ringside_source ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)
    set(RINGSIDE_PROBE_DIR ${ringside_source}/harness/probe)
    set(RINGSIDE_DRIVER_SOURCE_DIR ${ringside_source}/driver)
    set(RINGSIDE_SCENARIO_DIR ${ringside_source}/scenarios)
    set(RINGSIDE_INCLUDE_DIR ${CMAKE_BINARY_DIR}/include)
    file(MAKE_DIRECTORY ${RINGSIDE_INCLUDE_DIR})
    file(CREATE_LINK ${RINGSIDE_DRIVER_SOURCE_DIR} ${RINGSIDE_INCLUDE_DIR}/ringside SYMBOLIC)
endif()

# Where an adapter's driver is loaded unless it says otherwise: inside RAM as scenarios have it.
set(RINGSIDE_TEXT_SEGMENT 0x42000000)
# Beginnings of options that are about the machine a driver is written for, and of a few others that
# cannot hold here: warnings of another compiler as errors, sanitizers, link-time optimisation.
set(RINGSIDE_TARGET_FLAGS
    -march= -mabi= -mcpu= -mtune= -mcmodel= -mgeneral-regs-only -mstrict-align -mno-unaligned-access
    -mthumb -marm -mfpu= -mfloat-abi= -msoft-float -mhard-float -mno-outline-atomics
    -mrelax -mno-relax -msave-restore -mno-save-restore -mriscv-attribute -mbranch-protection= -mtp=
    -msmall-data-limit= -medany -medlow -mno-sse -mno-sse2 -mno-mmx -mno-80387 -mno-avx -mkernel
    -mno-fp-ret-in-387
    -m32 -m64 -mno-red-zone -Werror -fsanitize= -flto
    --target= -static -no-pie -fno-pie -fno-pic -fpie -fPIE -nostartfiles -nostdlib -T)

set(RINGSIDE_PROBE_FLAGS
    -g -ffreestanding -fno-builtin -fPIC -fvisibility=default -mno-red-zone -fno-stack-protector
    -fno-strict-aliasing -fcf-protection=none -fno-tree-vectorize -fno-omit-frame-pointer
    -ftrivial-auto-var-init=pattern -fsanitize=thread)
# Volatile bit-fields as wide as they are declared: so it is on Arm and RISC-V, but not here. An
# access is not made one with that of another branch: it would have the line of neither.
set(RINGSIDE_PROBE_FLAGS_gcc --param=tsan-distinguish-volatile=1 -Wno-tsan
    -fstrict-volatile-bitfields -fno-tree-tail-merge -fno-crossjumping)
set(RINGSIDE_PROBE_FLAGS_clang -fno-vectorize -fno-slp-vectorize
    -mllvm -simplifycfg-sink-common=false -mllvm -simplifycfg-hoist-common=false
    -mllvm -enable-tail-merge=false
    -mllvm -tsan-distinguish-volatile=1 -mllvm -tsan-instrument-read-before-write=1
    -Wno-unused-command-line-argument)

set(RINGSIDE_PROBE_FLAGS_C -std=gnu11)
set(RINGSIDE_PROBE_FLAGS_CXX -std=gnu++17 -fno-exceptions -fno-rtti -fno-threadsafe-statics)

set(RINGSIDE_ILP32_FLAGS_gcc -mx32)
set(RINGSIDE_ILP32_FLAGS_clang -mx32 -fno-addrsig)

# Says in one line what of a driver's settings cannot be had, and the way round.
function(ringside_check_driver name segment)
    cmake_parse_arguments(ARG "SHIMS;ILP32" "" "SOURCES" ${ARGN})
    string(REGEX REPLACE "^0[xX]0*" "" digits "${segment}")
    string(LENGTH "${digits}" digit_count)
    if(digit_count EQUAL 16)
        message(FATAL_ERROR "${name}: no process can have code at the kernel's address ${segment}; "
                            "use an address below 0x7f0000000000, with `memory offset N` to match")
    endif()
    if(NOT ARG_ILP32)
        return()
    endif()
    if(digit_count GREATER 8)
        message(FATAL_ERROR "${name}: ILP32 code lies below 4 GiB, not at ${segment}; use an "
                            "address inside RAM such as ${RINGSIDE_TEXT_SEGMENT}")
    endif()
    if(ARG_SHIMS)
        message(FATAL_ERROR "${name}: SHIMS have 64-bit pointers; give an ILP32 driver functions "
                            "of its own among its SOURCES")
    endif()
    if(ARG_SOURCES MATCHES "\\.(cpp|cc|cxx)(;|$)")
        message(FATAL_ERROR "${name}: ILP32 is for C; compile a C++ driver without it, with "
                            "`memory identity`, where all addresses fit into 32 bits as well")
    endif()
    if(NOT RINGSIDE_AS OR NOT RINGSIDE_OBJCOPY)
        message(FATAL_ERROR "${name}: ILP32 needs `as` and `objcopy` (package binutils)")
    endif()
endfunction()

function(ringside_add_driver name)
    cmake_parse_arguments(ARG "SHIMS;ILP32" "COMPILER;OPTIMISE;OUTPUT_NAME;TEXT_SEGMENT"
                          "SOURCES;INCLUDES;DEFINES;LIBRARIES;OPTIONS;ADAPTER;SCENARIOS" ${ARGN})
    ringside_host_options(ARG_OPTIONS)
    if(ARG_ADAPTER)
        list(APPEND ARG_SOURCES ${ARG_ADAPTER})
        if(NOT ARG_TEXT_SEGMENT)
            set(ARG_TEXT_SEGMENT ${RINGSIDE_TEXT_SEGMENT})
        endif()
    endif()
    if(ARG_ILP32 AND NOT ARG_TEXT_SEGMENT)
        set(ARG_TEXT_SEGMENT ${RINGSIDE_TEXT_SEGMENT})
    endif()
    set(checked SOURCES ${ARG_SOURCES})
    foreach(option IN ITEMS SHIMS ILP32)
        if(ARG_${option})
            list(PREPEND checked ${option})
        endif()
    endforeach()
    ringside_check_driver(${name} "${ARG_TEXT_SEGMENT}" ${checked})
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
    set(compiler_C ${RINGSIDE_${compiler_upper}})
    string(REPLACE "GCC" "G" compiler_CXX ${compiler_upper})
    set(compiler_CXX ${RINGSIDE_${compiler_CXX}XX})

    set(flags ${RINGSIDE_PROBE_FLAGS} ${RINGSIDE_PROBE_FLAGS_${ARG_COMPILER}} ${ARG_OPTIMISE}
        -include ${RINGSIDE_PROBE_DIR}/ringside_asm.h)
    # Before the compiler's own headers, which know nothing of other machines; behind the driver's.
    list(APPEND flags -isystem ${RINGSIDE_PROBE_DIR}/include -isystem ${RINGSIDE_PROBE_DIR})
    if(ARG_ILP32)
        list(APPEND flags ${RINGSIDE_ILP32_FLAGS_${ARG_COMPILER}}
             -isystem ${RINGSIDE_PROBE_DIR}/ilp32 -include ${RINGSIDE_PROBE_DIR}/ringside_ilp32.h)
    endif()
    foreach(directory IN LISTS ARG_INCLUDES)
        get_filename_component(directory ${directory} ABSOLUTE)
        list(APPEND flags -I${directory})
    endforeach()
    foreach(define IN LISTS ARG_DEFINES)
        list(APPEND flags -D${define})
    endforeach()
    list(APPEND flags -I${RINGSIDE_INCLUDE_DIR})

    set(object_dir ${CMAKE_BINARY_DIR}/drivers/${ARG_OUTPUT_NAME}.dir)
    file(MAKE_DIRECTORY ${object_dir})
    set(objects)
    foreach(source IN LISTS ARG_SOURCES)
        get_filename_component(source_path ${source} ABSOLUTE)
        string(MAKE_C_IDENTIFIER ${source} stem)
        set(object ${object_dir}/${stem}.o)
        # The source is named in full: a relative name in DEPFILE is none of this folder's, and the
        # object would never be up to date. Debug information has it relative to the project all the
        # same, wherever it was built: -ffile-prefix-map.
        file(RELATIVE_PATH shown ${CMAKE_SOURCE_DIR} ${source_path})
        if(shown MATCHES "^\\.\\.")
            set(shown ${source_path})
        endif()
        set(output -c ${source_path} -o ${object})
        set(assemble)
        if(ARG_ILP32)
            set(output -S ${source_path} -o ${object}.s)
            ringside_assemble(assemble ${object})
        endif()
        set(language C)
        if(source MATCHES "\\.(cpp|cc|cxx)$")
            set(language CXX)
        endif()
        if(NOT compiler_${language})
            message(FATAL_ERROR "${source}: there is no compiler for it (${ARG_COMPILER})")
        endif()
        set(command ${compiler_${language}} ${RINGSIDE_PROBE_FLAGS_${language}} ${flags}
            -Wall -Wextra ${ARG_OPTIONS})
        ringside_once(object is_new ${source_path} ${command})
        list(APPEND objects ${object})
        if(NOT is_new)
            continue()
        endif()
        add_custom_command(OUTPUT ${object}
            COMMAND ${command}
                    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
                    -MD -MT ${object} -MF ${object}.d ${output}
            ${assemble}
            WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
            DEPENDS ${source_path} ${RINGSIDE_PROBE_DIR}/ringside_asm.h
            DEPFILE ${object}.d
            COMMENT "Compiling ${shown} under the probe (${ARG_COMPILER} ${ARG_OPTIMISE})"
            COMMAND_EXPAND_LISTS VERBATIM)
        ringside_add_once(${object})
    endforeach()

    # The driver's own memcpy, memmove and memset, observed; not instrumented themselves.
    set(glue ${object_dir}/ringside_glue.o)
    set(ilp32_link)
    if(ARG_ILP32)
        set(ilp32_link -Wl,-z,noreloc-overflow)
        ringside_add_ilp32_glue(${object_dir})
        list(APPEND objects ${object_dir}/ringside_ilp32.o)
    else()
        ringside_add_own(glue ringside_glue.c)
    endif()

    # Weak, like the glue, and before it: the shims' malloc gives memory that the device reaches.
    if(ARG_SHIMS)
        ringside_add_own(shims ringside_shims.c)
        list(APPEND objects ${shims})
    endif()

    set(archive)
    set(pointer_flags)
    if(ARG_ILP32)
        set(pointer_flags ${RINGSIDE_ILP32_FLAGS_${ARG_COMPILER}}
            -include ${RINGSIDE_PROBE_DIR}/ringside_ilp32.h)
    endif()
    if(ARG_ADAPTER)
        ringside_add_pictures(archive ${object_dir} ${RINGSIDE_${compiler_upper}}
                              ${RINGSIDE_PROBE_FLAGS} ${RINGSIDE_PROBE_FLAGS_${ARG_COMPILER}}
                              ${pointer_flags})
    endif()

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
        COMMAND ${RINGSIDE_GCC} -shared -o ${shared_object} ${objects} ${glue} ${archive}
                ${libraries}
                -Wl,--version-script=${RINGSIDE_PROBE_DIR}/driver.map
                -Wl,-z,norelro -Wl,-z,now -Wl,--build-id=none ${segment} ${ilp32_link}
        DEPENDS ${objects} ${glue} ${archive} ${RINGSIDE_PROBE_DIR}/driver.map
        COMMENT "Linking driver ${ARG_OUTPUT_NAME}" COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(driver_${ARG_OUTPUT_NAME} ALL DEPENDS ${shared_object})
    ringside_needs(driver_${ARG_OUTPUT_NAME} ${objects} ${glue})
    set_property(GLOBAL APPEND PROPERTY RINGSIDE_DRIVER_TARGETS driver_${ARG_OUTPUT_NAME})
    set_property(TARGET driver_${ARG_OUTPUT_NAME} PROPERTY RINGSIDE_OBJECT ${shared_object})
    if(ARG_ADAPTER AND NOT ARG_SCENARIOS)
        set(ARG_SCENARIOS suite)
    endif()
    if(ARG_SCENARIOS)
        ringside_add_tests(${ARG_OUTPUT_NAME} SCENARIOS ${ARG_SCENARIOS})
    endif()
endfunction()

# Objects that several drivers have in common are compiled once: those of the same source by the
# same command, such as the glue, and the test card of drivers with the same flags.
#
# ringside_once(variable is_new KEY...): is_new is FALSE if there is an object of this key, which
# the variable then names; else TRUE, and the variable's own is the one from now on: after its rule
# comes ringside_add_once(). What is made of it says so with ringside_needs(): rules are a folder's.
function(ringside_once variable is_new)
    string(MD5 key "${ARGN}")
    get_property(known GLOBAL PROPERTY RINGSIDE_ONCE_${key})
    if(known)
        set(${variable} ${known} PARENT_SCOPE)
        set(${is_new} FALSE PARENT_SCOPE)
    else()
        set_property(GLOBAL PROPERTY RINGSIDE_ONCE_${key} ${${variable}})
        set(${is_new} TRUE PARENT_SCOPE)
    endif()
endfunction()

function(ringside_add_once object)
    string(MD5 name ${object})
    add_custom_target(ringside_object_${name} DEPENDS ${object})
    ringside_needs(ringside_object_${name} ${ARGN})
endfunction()

function(ringside_needs target)
    foreach(object IN LISTS ARGN)
        string(MD5 name ${object})
        if(TARGET ringside_object_${name})
            add_dependencies(${target} ringside_object_${name})
        endif()
    endforeach()
endfunction()

# An object of the probe's own, not instrumented: the same for all drivers of 64 bits.
function(ringside_add_own variable source)
    get_filename_component(stem ${source} NAME_WE)
    set(object ${CMAKE_BINARY_DIR}/drivers/${stem}.o)
    ringside_once(object is_new ${object})
    if(is_new)
        add_custom_command(OUTPUT ${object}
            COMMAND ${RINGSIDE_GCC} -std=gnu11 -O2 -g -fPIC -ffreestanding -fno-builtin
                    -mno-red-zone -Wall -Wextra -c ${RINGSIDE_PROBE_DIR}/${source} -o ${object}
            DEPENDS ${RINGSIDE_PROBE_DIR}/${source}
            COMMENT "Compiling ${stem} for all drivers" VERBATIM)
        ringside_add_once(${object})
    endif()
    set(${variable} ${object} PARENT_SCOPE)
endfunction()

# The rest of a command that has made OBJECT.s of 32-bit pointers: a 64-bit object, without what the
# probe's constructor would be called by, and without notes that only 32-bit objects may have.
function(ringside_assemble variable object)
    set(${variable}
        COMMAND ${RINGSIDE_AS} --64 ${object}.s -o ${object}
        COMMAND ${RINGSIDE_OBJCOPY} -R .init_array* -R .rela.init_array* -R .note.gnu.property
                ${object}
        PARENT_SCOPE)
endfunction()

# The glue, and the platform's functions, as a driver with 32-bit pointers calls them.
function(ringside_add_ilp32_glue object_dir)
    foreach(name IN ITEMS ringside_glue ringside_ilp32)
        set(object ${object_dir}/${name}.o)
        ringside_assemble(assemble ${object})
        add_custom_command(OUTPUT ${object}
            COMMAND ${RINGSIDE_GCC} -mx32 -std=gnu11 -O2 -g -fPIC -ffreestanding -fno-builtin
                    -mno-red-zone -Wall -Wextra -S ${RINGSIDE_PROBE_DIR}/${name}.c -o ${object}.s
            ${assemble}
            DEPENDS ${RINGSIDE_PROBE_DIR}/${name}.c
            COMMENT "Compiling ${name} for 32-bit pointers" VERBATIM)
    endforeach()
endfunction()

# Takes out of a list variable the options that are about the driver's own machine.
function(ringside_host_options variable)
    set(kept)
    foreach(option IN LISTS ${variable})
        set(drop FALSE)
        foreach(beginning IN LISTS RINGSIDE_TARGET_FLAGS)
            string(FIND "${option}" "${beginning}" at)
            if(at EQUAL 0)
                set(drop TRUE)
            endif()
        endforeach()
        if(NOT drop)
            list(APPEND kept "${option}")
        endif()
    endforeach()
    set(${variable} ${kept} PARENT_SCOPE)
endfunction()

# The test card for adapters, in an archive: a driver that brings it along keeps its own.
function(ringside_add_pictures variable object_dir compiler)
    set(objects)
    foreach(source
            ${RINGSIDE_DRIVER_SOURCE_DIR}/testcard.c ${RINGSIDE_PROBE_DIR}/ringside_picture.c)
        get_filename_component(stem ${source} NAME_WE)
        set(object ${object_dir}/ringside-${stem}.o)
        set(output -c ${source} -o ${object})
        set(assemble)
        if("-mx32" IN_LIST ARGN)
            set(output -S ${source} -o ${object}.s)
            ringside_assemble(assemble ${object})
        endif()
        ringside_once(object is_new ${source} pictures ${compiler} ${ARGN})
        list(APPEND objects ${object})
        if(NOT is_new)
            continue()
        endif()
        add_custom_command(OUTPUT ${object}
            COMMAND ${compiler} -std=gnu11 -O2 ${ARGN} -I${RINGSIDE_DRIVER_SOURCE_DIR}
                    -include ${RINGSIDE_PROBE_DIR}/ringside_asm.h ${output}
            ${assemble}
            DEPENDS ${source}
            COMMENT "Compiling the test card (${stem})" VERBATIM)
        ringside_add_once(${object})
    endforeach()
    set(archive ${object_dir}/ringside-pictures.a)
    ringside_once(archive is_new ${objects})
    if(NOT is_new)
        set(${variable} ${archive} PARENT_SCOPE)
        return()
    endif()
    add_custom_command(OUTPUT ${archive}
        COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
        COMMAND ${RINGSIDE_AR} rc ${archive} ${objects}
        DEPENDS ${objects} VERBATIM)
    ringside_add_once(${archive} ${objects})
    set(${variable} ${archive} PARENT_SCOPE)
endfunction()

# ringside_add_tests(DRIVER SCENARIOS path...)
#
# Makes one test a scenario, `ringside/DRIVER/SCENARIO`, that runs the driver built above. A path is
# a file NAME.scn or a folder of them, of the project or else of ringside itself (`suite`). A
# scenario of which the driver has no operation shows up as skipped.
function(ringside_add_tests driver)
    cmake_parse_arguments(ARG "" "" "SCENARIOS" ${ARGN})
    get_target_property(object driver_${driver} RINGSIDE_OBJECT)
    foreach(path IN LISTS ARG_SCENARIOS)
        get_filename_component(from ${path} ABSOLUTE)
        if(NOT EXISTS ${from})
            set(from ${RINGSIDE_SCENARIO_DIR}/${path})
        endif()
        if(NOT EXISTS ${from})
            message(FATAL_ERROR "ringside_add_tests: there is no scenario `${path}`, neither here "
                                "nor in ${RINGSIDE_SCENARIO_DIR}")
        endif()
        get_filename_component(base ${from} DIRECTORY)
        if(IS_DIRECTORY ${from})
            file(GLOB_RECURSE scenarios CONFIGURE_DEPENDS ${from}/*.scn)
        else()
            set(scenarios ${from})
        endif()
        foreach(scenario IN LISTS scenarios)
            file(RELATIVE_PATH name ${base} ${scenario})
            string(REGEX REPLACE "\\.scn$" "" name ${name})
            set(test ringside/${driver}/${name})
            add_test(NAME ${test} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                     COMMAND $<TARGET_FILE:ringside::ringside> run --driver ${object} ${scenario})
            set_tests_properties(${test} PROPERTIES TIMEOUT 60
                                 SKIP_REGULAR_EXPRESSION "1 scenario: 0 ok, 0 failed, 1 skipped;")
        endforeach()
    endforeach()
endfunction()
