ringside_add_test(edid SOURCES test_edid.c LIBRARIES ringside_sim)
