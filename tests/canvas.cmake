ringside_add_test(canvas SOURCES test_canvas.c LIBRARIES ringside_harness)
