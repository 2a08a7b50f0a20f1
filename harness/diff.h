/*
 * `ringside diff`: QEMU's device and the simulated one (profile qemu) side by side, on scenarios
 * that were written or on ones that are made up.
 *
 * A made-up scenario is a pure function of its seed. It has no driver: reads, writes and stores
 * only, so that it can be cut down to the shortest one that shows a difference, and be saved.
 */
#ifndef RINGSIDE_HARNESS_DIFF_H
#define RINGSIDE_HARNESS_DIFF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "command.h"
#include "scenario.h"
#include "world.h"

/* ---- diff_main.c ---- */

int diff_main(int argc, char **argv);

/* ---- diff_make.c ---- */

/* A scenario without actions for made-up ones: a GPU of that version. NULL: memory ran out. */
struct scenario *diff_blank(uint32_t version);
/* Fills in the actions that belong to a seed. */
void diff_make(struct scenario *scenario, uint64_t seed);

/* ---- diff_random.c ---- */

struct diff_random {
    uint64_t operations; /* how many to make before it is enough */
    uint64_t seed;
    uint32_t version;      /* 0 = both, by turns */
    const char *save_path; /* where the shortest scenario goes; NULL = a name in this folder */
    bool quiet;
};

/* Exit status: 0 no difference, 1 one was found and saved, 2 the environment. */
int diff_random(const struct diff_random *options);

/* Actions that count as operations: everything but allocations. */
size_t diff_operations(const struct scenario *scenario);
/* One run on both devices; NULL or a message of the environment. */
const char *diff_run(const struct scenario *scenario, struct world_outcome *outcome);
/* The scenario as text that scenario_read() reads; actions and device only. */
void diff_write(const struct scenario *scenario, const char *description, FILE *out);

#endif
