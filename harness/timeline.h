/*
 * Timelines: a run as a file that other tools open, written while it runs.
 *
 * A timeline is a reader of the event stream (world.h). Time in it is the step number: one step is
 * one nanosecond of the file, because neither format has a unit of its own kind; no clock is read.
 *
 *     perfetto   protobuf packets for ui.perfetto.dev and its trace processor; each scenario of a
 *                run is a process of its own, and all of them begin at step 1
 *     vcd        a value change dump for GTKWave; one scenario a file, as its time cannot go back
 *
 * It lies in memory that outlives the process which runs the drivers (isolate.h), and only whole
 * packets and lines are handed to the file: a driver that takes its process with it leaves a
 * timeline that can be finished and opened. Memory is bounded, whatever the run's length.
 */
#ifndef RINGSIDE_HARNESS_TIMELINE_H
#define RINGSIDE_HARNESS_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "world.h"

/* X(name, word) */
#define TIMELINE_FORMATS(X)                                                                        \
    X(TEXT, "text") /* no timeline: every event as a line */                                       \
    X(PERFETTO, "perfetto")                                                                        \
    X(VCD, "vcd")

enum timeline_format {
#define X(name, word) TIMELINE_##name,
    TIMELINE_FORMATS(X)
#undef X
        TIMELINE_FORMAT_COUNT
};

const char *timeline_word(enum timeline_format format);

struct timeline;

/* For a format other than TEXT; NULL when out of memory. `out` stays the caller's. */
struct timeline *timeline_create(enum timeline_format format, FILE *out);
void timeline_free(struct timeline *timeline);

/* The run of a scenario begins; `number` counts from 1 and is given once. */
void timeline_begin(struct timeline *timeline, const struct scenario *scenario, unsigned number);
struct world_reader timeline_reader(struct timeline *timeline);
/* It is over, or was lost: what is open is closed, what was found at the end is told. */
void timeline_end(struct timeline *timeline, const struct world_outcome *outcome);

/* Hands over what is still held back; false when not all could be written. */
bool timeline_flush(struct timeline *timeline);

#endif
