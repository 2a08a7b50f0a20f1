# Pages of `run --html`.
ringside_add_driver(hostile SOURCES probe/hostile.c INCLUDES ${CMAKE_SOURCE_DIR}/driver)

ringside_add_test(page SOURCES test_page.c LIBRARIES ringside_harness PkgConfig::JANSSON ZLIB::ZLIB
    DEPENDS ringside driver_reference driver_levitate driver_unruly driver_hostile)
ringside_add_test(page_json SOURCES test_page_json.c LIBRARIES ringside_harness PkgConfig::JANSSON)

# In a headless browser, if there is one; Debian's python3-selenium belongs to Debian's python3.
set(page_browser ${CMAKE_CURRENT_SOURCE_DIR}/page_browser.py $<TARGET_FILE:ringside>
    ${CMAKE_SOURCE_DIR}/scenarios)
add_test(NAME page.browser COMMAND ${page_browser} ${CMAKE_BINARY_DIR}/test_page_browser)
set_tests_properties(page.browser PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 240)
ringside_label(once page.browser)
if(RINGSIDE_BENCH)
    add_test(NAME bench.page
        COMMAND ${page_browser} ${CMAKE_BINARY_DIR}/bench_page --figures)
    set_tests_properties(bench.page PROPERTIES LABELS bench SKIP_RETURN_CODE 77 TIMEOUT 300)
endif()
