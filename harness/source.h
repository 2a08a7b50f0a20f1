/*
 * From an address in a driver's shared object to its source file, line and text (elfutils' libdw).
 */
#ifndef RINGSIDE_HARNESS_SOURCE_H
#define RINGSIDE_HARNESS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#define SOURCE_FILE_BYTES 256u

struct source_place {
    char file[SOURCE_FILE_BYTES]; /* as the compiler was given it, relative to the project if below it */
    unsigned line;                /* 0 = unknown */
    char function[96];
    char inlined_file[SOURCE_FILE_BYTES]; /* when `file:line` is an inline helper: its caller's place */
    unsigned inlined_line;                /* 0 = not inlined */
};

/*
 * `pc` is a return address; the call before it is looked up. Works on every object that is loaded
 * into this process now. Looked-up places are remembered. False when there is no debug information.
 */
bool source_find(uintptr_t pc, struct source_place *out);

/* One line of a source file without newline, "" when it cannot be read. Lives until source_close(). */
const char *source_text(const char *file, unsigned line);

/* Forgets everything, as after a driver was unloaded. */
void source_close(void);

#endif
