/*
 * From an address in a driver's shared object to its source file, line and text (elfutils' libdw).
 */
#ifndef RINGSIDE_HARNESS_SOURCE_H
#define RINGSIDE_HARNESS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#define SOURCE_FILE_BYTES     256u
#define SOURCE_SCENARIO_LINES 1000u

struct source_place {
    char file[SOURCE_FILE_BYTES]; /* relative to the project or here if below it */
    unsigned line;                /* 0 = unknown */
    char function[96];
    /*
     * When `file:line` was inlined: where it was called. Callers that are accessors themselves are
     * passed over, so that of accessors built on accessors the first real function is named.
     */
    char inlined_file[SOURCE_FILE_BYTES];
    unsigned inlined_line; /* 0 = not inlined */
    char inlined_function[96];
    bool helper; /* `function` is an inlined accessor of a few lines: show its caller first */
};

/* The place to show first: the caller's, where `file:line` is an inline helper. */
static inline const char *source_main_file(const struct source_place *place)
{
    return place->helper && place->inlined_line ? place->inlined_file : place->file;
}

static inline unsigned source_main_line(const struct source_place *place)
{
    return place->helper && place->inlined_line ? place->inlined_line : place->line;
}

/*
 * `pc` is a return address; the call before it is looked up. Works on every object that is loaded
 * into this process now. Looked-up places are remembered. False when there is no debug information.
 */
bool source_find(uintptr_t pc, struct source_place *out);

/*
 * Where a scenario plays the driver itself, an event's pc is the line of the scenario: addresses up
 * to SOURCE_SCENARIO_LINES are lines of this file from now on. NULL: of none.
 */
void source_scenario(const char *path);

/* One line of a source file without newline, "" when it cannot be read. Lives until source_close().
 */
const char *source_text(const char *file, unsigned line);

/* Forgets everything, as after a driver was unloaded. */
void source_close(void);

#endif
