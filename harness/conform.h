/*
 * `ringside conform DRIVER`: the suite for a driver, as a matrix of cells: what is done, on which
 * version, with which features, queue size, schedule, options of the driver, faults of the device.
 *
 *   conform_cells_create   all cells, in an order that is always the same
 *   conform_note           what one cell's run came to is added to a sum
 *   conform_join           two sums, of different cells, become one
 *   conform_print          the sum as a table of rules, worst first
 *
 * A cell is a scenario, as text: it can be printed and run by `ringside run`. A sum is no more than
 * counts and first places, so that the sums of shards make the sum of the whole, whatever the
 * order.
 */
#ifndef RINGSIDE_HARNESS_CONFORM_H
#define RINGSIDE_HARNESS_CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "finding.h"
#include "page.h"
#include "report_text.h"
#include "rule.h"
#include "world.h"

#define CONFORM_CELLS_MAX    4096u
#define CONFORM_NAME_BYTES   96u
#define CONFORM_SHARDS_MAX   1000u
#define CONFORM_FAILURES_MAX 512u /* kinds of them that are kept */
#define CONFORM_LACKS_MAX    24u
#define CONFORM_PLACE_BYTES  160u
#define CONFORM_REASON_BYTES 160u
#define CONFORM_VERSIONS     2u

/* ---- cells: conform_cells.c ---- */

struct conform_cells;

/* Reads the suite's scenarios below `folder`; NULL after a message. */
struct conform_cells *conform_cells_create(const char *folder);
void conform_cells_free(struct conform_cells *cells);
size_t conform_cells_count(const struct conform_cells *cells);
const char *conform_cell_name(const struct conform_cells *cells, size_t index);
/* Of virtio-mmio. */
unsigned conform_cell_version(const struct conform_cells *cells, size_t index);
/* Are register windows to be guarded in this one? */
bool conform_cell_guard(const struct conform_cells *cells, size_t index);
/* The scenario of a cell; NULL without memory. The caller frees it. */
char *conform_cell_text(const struct conform_cells *cells, size_t index);
/* "7 feature sets, 8 queue sizes ..." */
void conform_cells_describe(char *out, size_t out_bytes);

/* ---- the sum: conform_sum.c ---- */

struct conform_row {
    uint32_t exercised;              /* runs, those that broke it among them */
    uint32_t broken;                 /* runs */
    uint32_t cell;                   /* the first of them */
    enum finding_level level;        /* the worst */
    char place[CONFORM_PLACE_BYTES]; /* `FILE:LINE`, or `step N`, of the first */
    char text[FINDING_TEXT_BYTES];
};

/* An expectation that was not met, and that no finding explains. */
struct conform_failure {
    uint32_t runs;
    uint32_t cell; /* the first of them */
    char text[FINDING_TEXT_BYTES];
};

/* Lies in memory that all processes share. */
struct conform_sum {
    char driver[SCENARIO_WORD_BYTES];
    uint32_t cells; /* of the whole matrix */
    uint32_t runs;  /* of this sum */
    uint32_t state[PAGE_STATE_COUNT];
    uint64_t steps, findings;
    uint64_t features;                  /* accepted in any run */
    uint32_t came_up[CONFORM_VERSIONS]; /* runs, version 1 first */
    uint32_t refused[CONFORM_VERSIONS]; /* runs in which bring-up came to anything but OK */
    uint32_t lack_count;
    char lack[CONFORM_LACKS_MAX][SCENARIO_WORD_BYTES]; /* operations and options, sorted */
    struct conform_row row[RULES_MAX];                 /* by place in the table of rules */
    uint32_t failures_dropped;
    uint32_t failure_count;
    struct conform_failure failure[CONFORM_FAILURES_MAX]; /* sorted by cell */
};

/* `cell` of that version came to this. */
void conform_note(struct conform_sum *sum, uint32_t cell, unsigned version,
                  const struct world_outcome *outcome, enum page_state state);
/* A cell that could not be run. */
void conform_note_broken(struct conform_sum *sum);
/* False when they are not of the same matrix and driver. */
bool conform_join(struct conform_sum *sum, const struct conform_sum *other);
bool conform_lacks(const struct conform_sum *sum, const char *word);

/* X(name, word): the order is the table's. */
#define CONFORM_VERDICTS(X)                                                                        \
    X(BROKEN, "broken") /* an error was found */                                                   \
    X(WARNED, "warned") /* a warning, which is not as expected either */                           \
    X(NOTED, "noted")   /* a remark */                                                             \
    X(UNTRIED, "not exercised")                                                                    \
    X(PASSED, "passed")

enum conform_verdict {
#define X(name, word) CONFORM_##name,
    CONFORM_VERDICTS(X)
#undef X
        CONFORM_VERDICT_COUNT
};

enum conform_verdict conform_verdict(const struct conform_row *row);
const char *conform_verdict_word(enum conform_verdict verdict);
/* Did the driver never come up, or was anything broken, warned of or not as expected? */
bool conform_failed(const struct conform_sum *sum);

/* ---- why a rule was not exercised: conform_why.c ---- */

void conform_why(const struct rule *rule, const struct conform_sum *sum, char *out,
                 size_t out_bytes);

/* ---- the table: conform_table.c ---- */

/* `quiet`: without what passed and what was not exercised. */
void conform_print(FILE *out, const struct report_options *options, const struct conform_sum *sum,
                   const struct conform_cells *cells, bool quiet);

/* ---- the command: conform.c ---- */

int conform_main(int argc, char **argv);

#endif
