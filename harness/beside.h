/*
 * One scenario in front of the simulated device and in front of QEMU's: on either, what came of the
 * driver's requests and calls, and what was found; on QEMU's, what QEMU itself had to say of it.
 *
 * What came back is read from the used rings in RAM, which on QEMU's device are QEMU's. Where QEMU
 * does otherwise than the simulated device in its profile (qemu_device.h), `differs` says so.
 */
#ifndef RINGSIDE_HARNESS_BESIDE_H
#define RINGSIDE_HARNESS_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "command.h"
#include "rule.h"
#include "source.h"
#include "world.h"

#define BESIDE_CALLS_MAX    32u
#define BESIDE_FINDINGS_MAX 16u
#define BESIDE_TEXT_BYTES   240u

/* X(name, words): what became of the run's requests: of the worst, in this order. */
#define BESIDE_FATES(X)                                                                            \
    X(NONE, "no request was made")                                                                 \
    X(COMPLETED, "completed")                                                                      \
    X(EMPTY, "completed, and nothing was written")                                                 \
    X(SHORT, "completed, and cut short")                                                           \
    X(UNSEEN, "executed, and the driver does not see it")                                          \
    X(TIMEOUT, "TIMEOUT")

enum beside_fate {
#define X(name, words) BESIDE_##name,
    BESIDE_FATES(X)
#undef X
        BESIDE_FATE_COUNT
};

/* X(name, words): how a run came about. */
#define BESIDE_STATES(X)                                                                           \
    X(NOT_RUN, "not run")                                                                          \
    X(UNFIT, "this device cannot run it")        /* why[]: qemu_device_unfit() */                  \
    X(MISSING, "QEMU is missing")                /* why[]: the package to install */               \
    X(BROKEN, "it could not be run")             /* why[]: the environment's message */            \
    X(LOST, "the driver took its process along") /* why[]: how */                                  \
    X(DONE, "done")

enum beside_state {
#define X(name, words) BESIDE_STATE_##name,
    BESIDE_STATES(X)
#undef X
        BESIDE_STATE_COUNT
};

struct beside_call {
    char name[SCENARIO_WORD_BYTES];
    int result; /* as of struct world_call: scenario_result_word(), or -1 */
    enum world_crash crash;
    bool stuck, skipped;
};

struct beside_finding {
    const struct rule *rule;
    enum finding_level level;
    char text[FINDING_TEXT_BYTES]; /* the sentence with this run's values */
    char file[SOURCE_FILE_BYTES];  /* "" = at no place that is known */
    unsigned line;
};

struct beside_run {
    enum beside_state state;
    char why[BESIDE_TEXT_BYTES]; /* unless DONE */
    enum beside_fate fate;
    uint64_t requests; /* made available on a live queue */
    uint64_t used;     /* that the device gave back */
    size_t call_count; /* the first BESIDE_CALLS_MAX are kept */
    struct beside_call call[BESIDE_CALLS_MAX];
    size_t finding_count; /* likewise */
    struct beside_finding finding[BESIDE_FINDINGS_MAX];
    bool as_expected;           /* what the scenario expects came, and nothing else was found */
    bool differs;               /* QEMU did otherwise than the witness */
    struct world_words printed; /* by QEMU */
    char qemu_version[WORLD_VERSION_BYTES];
};

/* No pointer in it but to rules: it outlives scenario and driver. */
struct beside {
    char name[SCENARIO_WORD_BYTES];
    char path[ISOLATE_PATH_BYTES];
    char sentence[BESIDE_TEXT_BYTES]; /* the scenario's description, its first sentence */
    struct beside_run simulated;
    struct beside_run qemu;
    bool read; /* false: there was a message about its text */
};

struct beside_options {
    const char *driver_dir; /* NULL = where drivers are built or installed */
    bool only_simulated;    /* QEMU's run is left out: NOT_RUN */
};

/* Is it about what the driver does wrong? Remarks of ringside's own are not. */
static inline bool beside_accuses(const struct beside_finding *finding)
{
    return finding->level != FINDING_NOTE || finding->rule->section[0] != '\0';
}

const char *beside_fate_words(enum beside_fate fate);
const char *beside_state_words(enum beside_state state);
/* "qemu:completed" as a table has it: "yes", "no" ...; the reason where it was not run. */
const char *beside_completes(const struct beside_run *run);

/*
 * Runs scenarios, one after the other, each on both devices, in a process apart: isolate.h. NULL
 * after a message; else `files->count` of them, freed by beside_free(). A scenario that cannot be
 * run does not keep the others from it.
 */
struct beside *beside_run(const struct beside_options *options, const struct string_list *files);
void beside_free(struct beside *all, const struct string_list *files);

/*
 * One scenario on one of the devices, in this process: for jobs of isolate.h. `scratch` holds
 * nothing before and after it; `out` is zeroed.
 */
void beside_run_one(const struct beside_options *options, const struct scenario *scenario,
                    bool on_qemu, struct world_outcome *scratch, struct beside_run *out);

/* Both runs as one object of JSON; `json` is at an element of an array. */
struct page_json;
void beside_json(struct page_json *json, const struct beside *beside);
/* One of them. */
void beside_json_run(struct page_json *json, const char *key, const struct beside_run *run);

#endif
