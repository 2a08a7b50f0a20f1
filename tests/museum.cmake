ringside_add_test(museum SOURCES test_museum.c LIBRARIES ringside_harness
    DEPENDS ringside museum_drivers)
