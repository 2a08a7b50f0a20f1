/*
 * What runs came to, for machines: TAP 14, JUnit XML, SARIF 2.1.0, and JSON of our own.
 *
 *   output_create    before any driver runs: opens the files, which appear under their names whole
 *   output_begin     a scenario starts; output_reader() then notes the driver's accesses
 *   output_add       it is over; or output_add_skipped(), output_add_broken()
 *   output_end       all are over: the files appear
 *
 * Each run becomes one JSON object (output_result.c), a line of an unnamed file that all processes
 * share (isolate.h): a driver that takes its process along takes no result with it. In the end they
 * are read back, and every format is made of these objects and of nothing else. Their form is
 * tools/schema/ringside-results-1.schema.json.
 */
#ifndef RINGSIDE_HARNESS_OUTPUT_H
#define RINGSIDE_HARNESS_OUTPUT_H

#include "page.h"
#include "world.h"

/* X(name, word) */
#define OUTPUT_FORMATS(X)                                                                          \
    X(TAP, "tap")                                                                                  \
    X(JUNIT, "junit")                                                                              \
    X(SARIF, "sarif")                                                                              \
    X(JSON, "json")

enum output_format {
#define X(name, word) OUTPUT_##name,
    OUTPUT_FORMATS(X)
#undef X
        OUTPUT_FORMAT_COUNT
};

/* `"-"` is standard output; what is for people goes to standard error then. */
struct output_paths {
    const char *path[OUTPUT_FORMAT_COUNT]; /* NULL = not wanted */
};

static inline bool output_wanted(const struct output_paths *paths)
{
    bool wanted = false;

    for (unsigned i = 0; i < OUTPUT_FORMAT_COUNT; i++)
        wanted |= paths->path[i] != NULL;
    return wanted;
}

struct output;

/*
 * `command`: the word of the command line; `again`: the options that repeat a run. Both and `paths`
 * must live as long as the output. NULL after a message.
 */
struct output *output_create(const struct output_paths *paths, const char *command,
                             const char *again);

/* Forgets the accesses that were noted before. */
void output_begin(struct output *output);
struct world_reader output_reader(struct output *output);
/* The driver was loaded anew: where it made its accesses means nothing any more. */
void output_forget(struct output *output);

/* `seconds` that it took; below 0 = not known. The driver's source must still be found. */
void output_add(struct output *output, const struct world_outcome *outcome, enum page_state state,
                double seconds);
void output_add_skipped(struct output *output, const struct scenario *scenario, const char *reason);
/* The scenario at `path` could not be run; `reason` may have several lines. */
void output_add_broken(struct output *output, const char *path, const char *reason);

/*
 * Writes the files. `planned`: how many runs there were to be; what is missing was not run.
 * `interrupted`: by a signal. False after a message; nothing is written if not `whole`.
 */
bool output_end(struct output *output, size_t planned, bool interrupted, bool whole);

#endif
