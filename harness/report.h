/*
 * What a person reads: findings with source lines, the ladder, the summary.
 */
#ifndef RINGSIDE_HARNESS_REPORT_H
#define RINGSIDE_HARNESS_REPORT_H

#include <stdbool.h>
#include <stdio.h>
#include "world.h"

struct report_options {
    bool color;
    bool verbose;      /* the ladder and calls also when all is well */
    unsigned columns;  /* 80 unless the terminal says otherwise */
    uint64_t until;    /* step at which the run was to stop; 0 = none */
    const char *again; /* options that repeat this run, for `again` lines; NULL = none */
};

/* One finding in the form of a compiler's message. */
void report_finding(FILE *out, const struct report_options *options,
                    const struct world_outcome *outcome, const struct finding *finding);
/* How far a stuck request came, rung by rung, with step and source line. */
void report_ladder(FILE *out, const struct report_options *options,
                   const struct world_outcome *outcome, const struct ladder *ladder);
/* A whole scenario: header line, calls, ladder if stuck, findings, unmet expectations, verdict. */
void report_outcome(FILE *out, const struct report_options *options,
                    const struct world_outcome *outcome);

/*
 * The command that runs a scenario up to a step; `again`: options that repeat the run, the whole
 * command (`ringside ...`), or NULL.
 */
void report_again(char *out, size_t out_bytes, const char *again,
                  const struct world_outcome *outcome, uint64_t step);

/*
 * Looks up, and so remembers, every source place that a report of this outcome will show. To be
 * called before the driver is unloaded, if it is unloaded before it is reported on.
 */
void report_find_places(const struct world_outcome *outcome);

#endif
