ringside_add_test(conform SOURCES test_conform.c LIBRARIES ringside_harness PkgConfig::JANSSON
    DEPENDS ringside driver_reference driver_levitate)
set_tests_properties(unit.conform PROPERTIES TIMEOUT 900)
