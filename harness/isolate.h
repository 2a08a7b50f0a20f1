/*
 * Runs drivers in a process of their own, so that nothing that a driver does ends ringside.
 *
 *      parent                         worker (a fork)
 *      ------                         ---------------
 *      fork, wait        ---->        job 0, job 1, job 2 ... one after the other: the usual
 *                                     case costs one fork for all of them
 *      it died in job 2  <----        (any cause)
 *      fork, wait        ---->        tells what became of job 2; job 3, job 4 ...
 *
 * The worker writes to the outputs that it inherits, so that what is printed, and in which order,
 * is the same without it. What must survive a worker lies in shared memory: isolate_alloc(),
 * `isolate_notes`.
 *
 * Invariants: one worker at a time; the parent has loaded no driver and printed nothing while one
 * lives; a worker that dies costs at most two more (one to tell of it, one to tell of it without
 * the driver).
 */
#ifndef RINGSIDE_HARNESS_ISOLATE_H
#define RINGSIDE_HARNESS_ISOLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct driver;

/* X(name, word, meaning) */
#define ISOLATE_MODES(X)                                                                           \
    X(AUTO, "auto", "one process for all, a new one when it is lost")                              \
    X(ALWAYS, "always", "one process each")                                                        \
    X(NEVER, "never", "in ringside's own process, as for a debugger")

enum isolate_mode {
#define X(name, word, meaning) ISOLATE_##name,
    ISOLATE_MODES(X)
#undef X
};

/* The driver's object called exit while it was loaded. */
#define ISOLATE_EXIT_LEFT     97
/*
 * A worker without any sign of progress is lost after so much processor time of its own: it goes
 * round where the probe does not see it. Time in which others had the processor is not counted.
 */
#define ISOLATE_LOOP_SECONDS  10
/* Or after so much wall clock asleep: in a call of the host that does not come back. */
#define ISOLATE_SLEEP_SECONDS 60
/* What a worker may allocate besides the machine's RAM and twice its shadow. */
#define ISOLATE_DATA_BYTES    (UINT64_C(2) << 30)
#define ISOLATE_PATH_BYTES    512u
#define ISOLATE_TEXT_BYTES    160u

enum isolate_phase { ISOLATE_IDLE, ISOLATE_RUNS, ISOLATE_TELLS };

/* Notes of the worker that the parent and the next worker read. */
struct isolate_notes {
    volatile uintptr_t place; /* where the driver made its last callback */
    volatile uint64_t beat;   /* grows as long as there is progress */
    volatile enum isolate_phase phase;
    volatile size_t index; /* the job of that phase */
    volatile size_t done;  /* jobs that are over */
    volatile bool stopped; /* no further jobs are wanted */
    volatile bool waits;   /* for a person: as long as they like */
    volatile bool in_call; /* the driver was running */
    uintptr_t image_low;   /* where its object lay */
    uintptr_t image_high;
    char driver_path[ISOLATE_PATH_BYTES];
    char left[ISOLATE_TEXT_BYTES]; /* what it called while it was loaded; "" = nothing */
};

/* Never NULL: the process's own when nothing is isolated. */
extern struct isolate_notes *isolate_notes;

/* How a worker was lost. */
struct isolate_death {
    char text[ISOLATE_TEXT_BYTES]; /* after "driver": "ended its process with status 3" */
    bool load;                     /* false: loading the driver again is what kills */
};

struct isolate_jobs {
    enum isolate_mode mode;
    unsigned loop_seconds, sleep_seconds; /* 0 = ISOLATE_LOOP_SECONDS, ISOLATE_SLEEP_SECONDS */
    size_t count;
    void *context;
    /* In the worker. False when no further job is wanted. */
    bool (*run)(void *context, size_t index);
    /* In the parent, now and then while a job runs, which has for so long; may be NULL. */
    void (*idle)(void *context, size_t index, unsigned running_ms);
    /* In the next worker (with ISOLATE_NEVER, nowhere): tells what became of a job. */
    void (*tell)(void *context, size_t index, const struct isolate_death *death);
};

/* Zeroed memory that all workers and the parent share; NULL when there is none. */
void *isolate_alloc(size_t bytes);
void isolate_free(void *memory, size_t bytes);

/* Runs all jobs; false after a message when there could be no worker. */
bool isolate_run(const struct isolate_jobs *jobs);
/*
 * The same, with something to do in the parent meanwhile: `beside` is called again and again while
 * a worker lives, takes its time, and ends the worker and all jobs with false. Not with
 * ISOLATE_NEVER.
 */
bool isolate_run_beside(const struct isolate_jobs *jobs, bool (*beside)(void));

/* The worker: limits what it may allocate, for a machine with so much RAM. */
void isolate_limit_memory(uint64_t ram_bytes);
/* Notes where the driver's object lies, for the next worker. */
void isolate_note_driver(const struct driver *driver);
void isolate_note_left(const char *text);
/* An address in the lost worker's driver, as an address in `driver`, loaded again; 0 when it was
 * none. */
uintptr_t isolate_moved(const struct driver *driver, uintptr_t pc);
/* Ends and reaps all children of this process. */
void isolate_end_children(void);

#endif
