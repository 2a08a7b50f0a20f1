# The installed tree, in a staging folder: what is promised of it, part by part. tools/check does
# the same with the unpacked Debian package, and leaves these out: label `staged`.
set(stage ${CMAKE_BINARY_DIR}/stage)
add_test(NAME install.stage
         COMMAND ${CMAKE_COMMAND} --install ${CMAKE_BINARY_DIR} --prefix ${stage})
set_tests_properties(install.stage PROPERTIES FIXTURES_SETUP installed TIMEOUT 60)
ringside_label(once install.stage)
ringside_label(staged install.stage)
foreach(part demo manual completion pkg-config consumer page)
    add_test(NAME install.${part} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/installed.sh ${stage}
             ${CMAKE_BINARY_DIR}/test_install/${part} ${part})
    set_tests_properties(install.${part} PROPERTIES FIXTURES_REQUIRED installed TIMEOUT 300)
    ringside_label(once install.${part})
    ringside_label(staged install.${part})
endforeach()
