/*
 * One world: a machine, a device, a driver and a scenario, run to its end and judged.
 *
 * A run is a pure function of scenario, driver and seed: no clock, no threads. Everything that
 * happens goes through world_emit() and from there to the readers: model, rules, trace.
 */
#ifndef RINGSIDE_HARNESS_WORLD_H
#define RINGSIDE_HARNESS_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "finding.h"
#include "gpu.h"
#include "ladder.h"
#include "picture.h"
#include "rule.h"
#include "scenario.h"

/* X(name, text): how a call of the driver ended other than by returning. */
#define WORLD_CRASHES(X)                                                                           \
    X(NONE, "returned")                                                                            \
    X(SEGV, "touched memory that is not there")                                                    \
    X(STACK, "ran out of stack")                                                                   \
    X(SPIN, "went round without end")                                                              \
    X(SILENT_SPIN, "went round without end and without touching memory")                           \
    X(ILLEGAL, "executed an illegal instruction")                                                  \
    X(ARITHMETIC, "divided by zero or overflowed")                                                 \
    X(ABORT, "called abort")                                                                       \
    X(LEFT, "left or changed its process")                                                         \
    X(KILLED, "took its process with it")                                                          \
    X(WILD, "wrote into memory of ringside")                                                       \
    X(MEMORY, "used up the memory of its process")                                                 \
    X(HEAP, "damaged its heap")                                                                    \
    X(DEADLOCK, "sleeps for ever")

enum world_crash {
#define X(name, text) WORLD_CRASH_##name,
    WORLD_CRASHES(X)
#undef X
};

struct model;
struct arena;
struct world_outcome;

/* What a reader may look at while it is handed an event; of the world itself, so read only. */
struct world_sight {
    const struct scenario *scenario;
    const struct model *model; /* as it is after the event */
    const struct arena *arena;
    const struct sim_device *device;
    const struct world_outcome *outcome; /* so far: calls begun, findings raised */
};

/* Sees every event after model and rules did. The event dies with the call. */
struct world_reader {
    void (*read)(void *context, const struct event *event, const struct world_sight *sight);
    void *context;
};

/* One decision of the schedule: at the `chance`-th chance behind `step`, so many micro-steps. */
struct world_turn {
    uint64_t step;
    uint32_t chance;
    uint32_t count;
};

/* The device's turn in whose midst the run stands still, as far as it came; NULL: in none. */
const struct world_turn *world_turn_under_way(void);

#define WORLD_READERS_MAX 8u

struct world_options {
    const char *driver_dir;  /* where NAME.so is looked for */
    const char *driver_path; /* this object instead of the scenario's driver; NULL = none */
    bool guard;              /* MMIO windows unreachable except inside a callback */
    bool check_stores;       /* shadow of observed stores */
    bool rules;
    bool qemu;               /* QEMU's own device in front of the driver: qemu_device.h */
    bool keep_qemu;          /* though its placeholder will not tell `never` from `lost` any more */
    bool screens;            /* compare QEMU's screen whenever it may have changed */
    uint64_t until_step;     /* stop here; 0 = run to the end */
    FILE *trace;             /* every event as a line; NULL = none */
    struct control *control; /* stops the run and lets it go on; NULL = nobody: control.h */
    /* Told of every turn that the device took of its own accord; NULL = nobody. */
    void (*turned)(void *context, const struct world_turn *turn);
    void *turned_context;
    /* The schedule is this, instead of the scenario's. */
    bool replays;
    size_t turn_count;
    const struct world_turn *turn;
    size_t reader_count;
    struct world_reader reader[WORLD_READERS_MAX];
};

struct world_call {
    const struct scenario_action *action;
    int result; /* enum suite_result, SCENARIO_RUNNING, or -1 when it did not return */
    enum world_crash crash;
    bool stuck;
    bool skipped;         /* the driver has no such operation, or was not brought up: */
    int blocked_by;       /* what `init` came to, a result; SUITE_OK = it is not why */
    struct ladder ladder; /* at the moment it was known to be stuck, or at the end */
};

/* One thing that did not come as expected. */
struct world_failure {
    unsigned line; /* of the scenario; 0 = none in particular */
    char text[FINDING_TEXT_BYTES];
};

#define WORLD_FAILURES_MAX 64u

/* An option or an expectation that was skipped, because the driver lacks what it needs. */
struct world_skip {
    unsigned line; /* of the scenario */
    char text[160];
};

#define WORLD_SKIPS_MAX 64u

struct world_scanout {
    struct gpu_scanout_info info;
    struct picture picture; /* rgb NULL when not active */
    struct picture last; /* the last picture that was shown before the display was lost; or NULL */
};

/*
 * The first thing that QEMU's device did otherwise than the simulated one, as the driver finds it
 * on either: two lines of event text.
 */
struct world_difference {
    uint64_t step;
    size_t action; /* of the scenario, that was under way */
    char ours[EVENT_TEXT_BYTES];
    char theirs[EVENT_TEXT_BYTES];
};

#define WORLD_WORDS_MAX     16u
#define WORLD_WORD_BYTES    200u
#define WORLD_VERSION_BYTES 40u

/* What QEMU printed, line by line. */
struct world_words {
    size_t count;
    uint64_t dropped; /* lines beyond WORLD_WORDS_MAX different ones, or beyond what was kept */
    struct {
        char text[WORLD_WORD_BYTES]; /* without the program's name in front */
        uint64_t times;
    } line[WORLD_WORDS_MAX];
};

/* What a run came to. Freed with world_outcome_free(). */
struct world_outcome {
    const struct scenario *scenario;
    size_t call_count;
    struct world_call call[SCENARIO_ACTIONS_MAX];
    struct findings findings;
    uint32_t device_broken[RULES_MAX]; /* how often the device broke its own rules */
    uint64_t exercised[RULES_MAX];     /* last step, by place in the table of rules; 0 = never */
    size_t failure_count;              /* expectations not met, unexpected findings */
    struct world_failure failure[WORLD_FAILURES_MAX];
    char driver[SCENARIO_WORD_BYTES]; /* its own name; "" = none */
    bool interrupted;                 /* by a signal: what is expected was not judged */
    bool unloaded;                    /* its object is gone: its addresses mean nothing any more */
    size_t skip_count;                /* options and expectations; calls are marked themselves */
    struct world_skip skip[WORLD_SKIPS_MAX];
    struct world_scanout scanout; /* of scanout 0 */
    bool response_filled;         /* did the device write any response since the last call began */
    uint64_t steps;
    uint64_t driver_steps;
    uint64_t requests;         /* chains completed */
    uint64_t features;         /* offered, and accepted when any call was over */
    uint64_t live_dma;         /* allocations not freed */
    uint64_t compared;         /* values of QEMU's: registers, pieces of memory, pictures */
    const char *parted;        /* a named difference, from which on nothing was compared; or NULL */
    uint64_t difference_count; /* between QEMU's device and the simulated one */
    struct world_difference difference;
    struct world_words printed;             /* by QEMU */
    char qemu_version[WORLD_VERSION_BYTES]; /* "7.2.22"; "" = it was not QEMU's device */
    char lost[FINDING_TEXT_BYTES];          /* QEMU was lost: why; "" = it was not */
    char *names;                            /* names of allocations for event_format; opaque */
};

/*
 * Runs a scenario. Returns NULL and fills *out, or returns a message (environment: driver object
 * missing, memory refused) that lives until the next call.
 */
const char *world_run(const struct scenario *scenario, const struct world_options *options,
                      struct world_outcome *out);
void world_outcome_free(struct world_outcome *outcome);

/* An event_namer for events of an outcome: context is the struct world_outcome. */
void world_outcome_name(const void *outcome, uint64_t addr, char *out, size_t out_bytes);

/* The memory regions as they were in the end, without RAM; NULL when they are not known. */
const struct arena *world_outcome_arena(const struct world_outcome *outcome);

const char *world_crash_text(enum world_crash crash);

#endif
