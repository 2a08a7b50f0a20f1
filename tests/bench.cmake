# Benchmarks: `cmake --workflow --preset bench`. Built always, lest they rot.
ringside_add_driver(bench-probe SOURCES bench/subject.c INCLUDES ${CMAKE_SOURCE_DIR}/driver)
ringside_add_driver(bench-plain SOURCES bench/subject.c INCLUDES ${CMAKE_SOURCE_DIR}/driver
    OPTIONS -fno-sanitize=thread)
if(RINGSIDE_BENCH)
    add_executable(bench bench/bench.c bench/bench_window.c gpu_rig.c)
    set_target_properties(bench PROPERTIES ENABLE_EXPORTS ON)
    target_include_directories(bench PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} bench)
    target_compile_definitions(bench PRIVATE
        RINGSIDE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" RINGSIDE_BINARY_DIR="${CMAKE_BINARY_DIR}")
    target_compile_options(bench PRIVATE -Wno-pedantic -Wno-gnu-zero-variadic-macro-arguments)
    target_link_libraries(bench PRIVATE ringside_harness ringside_flags PkgConfig::CHECK)
    add_test(NAME bench COMMAND bench)
    set_tests_properties(bench PROPERTIES LABELS bench TIMEOUT 600)
endif()
