/*
 * `ringside hostile`: a driver in front of a device that misbehaves, at every step of its life.
 *
 * A base scenario brings the device up, draws, and shuts it down, twice. Each fault of
 * hostile_table.c is armed in it at every moment, once at step n for every n, and from step n on
 * for every n. Runs are a pure function of their faults: a fault that is armed for step n and acts
 * at step a gives the very same run for every step from n to a, so the next step to try is a + 1,
 * and the sweep is complete with one run for each moment at which the fault can act.
 *
 * What must hold of every run: each call returns, and says that all is well or names an error; a
 * call that says so has the right picture on the screen; no DMA memory is left when the device was
 * shut down; no rule of the driver's is broken at the level of an error; and after a fault that
 * acted once, in the first half, the second half goes well.
 */
#ifndef RINGSIDE_HARNESS_HOSTILE_H
#define RINGSIDE_HARNESS_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "command.h"
#include "fault.h"
#include "isolate.h"
#include "suite.h"
#include "world.h"

#define HOSTILE_TOGETHER_MAX 4u /* faults of one run, made up or given */
#define HOSTILE_BASES_MAX    32u
#define HOSTILE_ROWS_MAX     160u
#define HOSTILE_FAILURES_MAX 1000u
/* A run that comes so far goes on for ever: the longest that ends takes a tenth of it. */
#define HOSTILE_STEPS_MAX    UINT64_C(3000000)
/* Lost processes, after which a fault is tried no further in a scenario. */
#define HOSTILE_LOST_MAX     5u

/* X(name, word, text): what a run came to; from FAILS on it is a failure of the driver. */
#define HOSTILE_VERDICTS(X)                                                                        \
    X(SURVIVED, "survived", "every call came to OK")                                               \
    X(NAMED, "named error", "a call named an error")                                               \
    X(CRASHES, "crashes", "the driver crashed")                                                    \
    X(HANGS, "hangs", "a call does not return")                                                    \
    X(WRONG_PICTURE, "wrong picture", "a call came to OK, and the screen is wrong")                \
    X(LEAKS, "leaks", "DMA memory is left when the device was shut down")                          \
    X(ACCUSED, "breaks a rule", "a rule of the driver's was broken")                               \
    X(NO_RECOVERY, "does not recover", "the fault was over, and the driver still failed")

enum hostile_verdict {
#define X(name, word, text) HOSTILE_##name,
    HOSTILE_VERDICTS(X)
#undef X
        HOSTILE_VERDICT_COUNT,
    HOSTILE_FAILS = HOSTILE_CRASHES
};

/* One run, judged. */
struct hostile_result {
    enum hostile_verdict verdict;
    int named; /* the first result that was not OK: enum suite_result; SUITE_OK = none */
    char text[FINDING_TEXT_BYTES];
    uint32_t acted; /* bit per fault of the scenario that acted */
    uint64_t acted_at[SIM_FAULTS_MAX];
    uint64_t steps;
};

/* Runs a scenario with the faults that are armed in it. NULL, or a message about the environment.
 */
const char *hostile_run(const struct scenario *scenario, const struct world_options *options,
                        struct world_outcome *outcome, struct hostile_result *out);
const char *hostile_verdict_word(enum hostile_verdict verdict);

/* ---- hostile_table.c: the faults that are tried ---- */

/* All of them, each once, with `argument` and nothing else; the caller says when they act. */
const struct sim_fault *hostile_table(size_t *count);
/* Is `kind` one that makes the device another than it is, so that rules are about that one? */
bool hostile_disguises(enum sim_fault_kind kind);
/* A fault as a line of a scenario has it, without the verb: `used-len 0 at 412`. */
void hostile_fault_text(const struct sim_fault *fault, char *out, size_t out_bytes);

/* ---- hostile_sweep.c ---- */

/* X(name): when the fault of a row acts. */
enum hostile_mode { HOSTILE_ALWAYS, HOSTILE_AT, HOSTILE_FROM, HOSTILE_MODE_COUNT };

/* A fault that is tried, and what came of it in all scenarios. */
struct hostile_row {
    struct sim_fault fault;
    bool exact; /* it says itself when it acts: one run a scenario */
    uint64_t runs, survived, named, failing;
    uint64_t named_as[SUITE_RESULT_COUNT];
    enum hostile_verdict worst; /* and the first run that came to it: */
    int worst_named;
    size_t worst_base;
    struct sim_fault worst_fault;
};

struct hostile_failure {
    size_t base;
    size_t fault_count;
    struct sim_fault fault[HOSTILE_TOGETHER_MAX];
    enum hostile_verdict verdict;
    char text[FINDING_TEXT_BYTES];
};

/* Lies in memory that survives the process which runs the drivers; see isolate.h. */
struct hostile {
    struct world_options options;
    uint64_t first_step, last_step; /* of the steps that are tried; 0 = to the end */
    uint64_t stride;                /* at least so many steps from one run to the next */
    uint64_t random_runs, seed;     /* made-up combinations instead of the sweep */
    size_t with_count;              /* armed in every run as well */
    struct sim_fault with[HOSTILE_TOGETHER_MAX];
    size_t base_count;
    struct scenario *base[HOSTILE_BASES_MAX];
    uint64_t base_steps[HOSTILE_BASES_MAX];
    size_t row_count;
    struct hostile_row row[HOSTILE_ROWS_MAX];
    struct hostile_row random; /* of made-up combinations, all of them */
    struct world_outcome *outcome;
    /* where the sweep is */
    bool over, broken;
    size_t at_base, at_row;
    enum hostile_mode at_mode;
    uint64_t at_step;
    uint64_t made_up; /* of the random runs */
    unsigned lost;    /* processes, of this row in this scenario */
    uint64_t runs;
    size_t failure_count; /* kept: up to HOSTILE_FAILURES_MAX */
    struct hostile_failure failure[HOSTILE_FAILURES_MAX];
};

/* Makes all runs, in processes of their own; false when the environment is at fault. */
bool hostile_sweep(struct hostile *hostile, bool progress);

/* ---- hostile_json.c ---- */

/* The table and the failures as JSON; false after a message. */
bool hostile_json(const struct hostile *hostile, const char *path);

#endif
