/*
 * The parts of the GPU test program.
 */
#ifndef RINGSIDE_TESTS_TEST_GPU_H
#define RINGSIDE_TESTS_TEST_GPU_H

#include <check.h>

TCase *case_pixels(void); /* test_gpu_pixels.c */

#endif
