ringside_add_test(picture SOURCES test_picture.c LIBRARIES ringside_sim PNG::PNG)
