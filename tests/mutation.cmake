# Our own checks are checked: tools/mutate. What makes the faulty drivers is tested always; the run
# over all of them belongs to the preset `mutation`.
add_test(NAME mutate.operators
    COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/mutation.py ${CMAKE_BINARY_DIR}
            ${CMAKE_CURRENT_SOURCE_DIR}/golden/mutants.txt)
set_tests_properties(mutate.operators PROPERTIES TIMEOUT 300)
ringside_label(once mutate.operators)
if(RINGSIDE_MUTATION)
    add_test(NAME mutation COMMAND python3 ${CMAKE_SOURCE_DIR}/tools/mutate/mutate.py
             --build ${CMAKE_BINARY_DIR})
    set_tests_properties(mutation PROPERTIES LABELS mutation TIMEOUT 7200)
endif()
