# Pages of `run --html`.
ringside_add_driver(hostile SOURCES probe/hostile.c INCLUDES ${CMAKE_SOURCE_DIR}/driver)

ringside_add_test(page SOURCES test_page.c LIBRARIES ringside_harness PkgConfig::JANSSON ZLIB::ZLIB
    DEPENDS ringside driver_reference driver_levitate driver_unruly driver_hostile)
ringside_add_test(page_json SOURCES test_page_json.c LIBRARIES ringside_harness PkgConfig::JANSSON)
