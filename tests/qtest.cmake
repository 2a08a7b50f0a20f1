ringside_add_test(qtest SOURCES test_qtest.c LIBRARIES ringside_harness ringside_sim)
