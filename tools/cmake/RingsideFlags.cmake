# Warnings and sanitizers of ringside's own code; driver objects: RingsideDriver.cmake.
set(RINGSIDE_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Wvla
    -Wstrict-prototypes -Wmissing-prototypes -Werror)

add_library(ringside_flags INTERFACE)
target_compile_options(ringside_flags INTERFACE ${RINGSIDE_WARNINGS} -g -fno-omit-frame-pointer)
# All is linked into programs: functions are called, and inlined, as they stand here.
target_compile_options(ringside_flags INTERFACE
    $<$<CONFIG:RelWithDebInfo>:-fno-semantic-interposition -fomit-frame-pointer>)
target_compile_definitions(ringside_flags INTERFACE _GNU_SOURCE)
if(RINGSIDE_SANITIZE)
    target_compile_options(ringside_flags INTERFACE -fsanitize=address,undefined
                           -fno-sanitize-recover=all)
    target_link_options(ringside_flags INTERFACE -fsanitize=address,undefined)
endif()
