/*
 * Drivers whose pointers and longs have 32 bits, loaded into this 64-bit process.
 *
 * Such an object is x32 code (64-bit instructions, 32-bit pointers) in a 64-bit shared object,
 * linked to lie below 4 GiB (RingsideDriver.cmake, ILP32). It says what it is by the symbol
 * `ringside_driver_ilp32`, and its tables have the layout of its own compiler.
 */
#ifndef RINGSIDE_HARNESS_DRIVER_ILP32_H
#define RINGSIDE_HARNESS_DRIVER_ILP32_H

#include <stdbool.h>
#include "suite.h"

bool ilp32_is(void *handle);

/*
 * The linker can only tell the loader of pointers of 8 bytes: each then overwrote the four bytes
 * behind it. Puts both right, from the file. Returns NULL or a sentence.
 */
const char *ilp32_repair(const char *path, const void *symbol);

/* The driver's table in this process's layout, or NULL: out of memory. Freed with free(). */
struct suite_driver *ilp32_suite(const void *table);

#endif
