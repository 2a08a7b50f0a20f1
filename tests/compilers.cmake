# The specimens by both compilers, optimised and not: the same findings at the same lines.
set(specimens ${CMAKE_SOURCE_DIR}/driver/specimens)
set(specimen_parts stack.c show.c ../testcard.c rcore/queue.c rcore/transport.c)
set(levitate_parts levitate/levitate.c levitate/gpu.c levitate/queue.c levitate/transport.c)
set(rcore_parts rcore/rcore.c)
list(TRANSFORM specimen_parts PREPEND ${specimens}/)
list(TRANSFORM levitate_parts PREPEND ${specimens}/)
list(TRANSFORM rcore_parts PREPEND ${specimens}/)

set(specimen_variants)
foreach(specimen IN ITEMS levitate rcore)
    foreach(build IN ITEMS "gcc;-O0" "clang;-O0" "clang;-O2")
        list(GET build 0 compiler)
        list(GET build 1 level)
        ringside_add_driver(${specimen}-${compiler}${level} COMPILER ${compiler} OPTIMISE ${level}
            SOURCES ${${specimen}_parts} ${specimen_parts}
            INCLUDES ${specimens} ${CMAKE_SOURCE_DIR}/driver)
        list(APPEND specimen_variants driver_${specimen}-${compiler}${level})
    endforeach()
endforeach()

ringside_add_test(compilers SOURCES test_compilers.c LIBRARIES ringside_harness
    DEPENDS driver_levitate driver_rcore ${specimen_variants})
