/*
 * Is a process without any sign of progress only short of a processor, or will it never go on?
 *
 *      state of the process            counts as
 *      --------------------            ---------
 *      runs                            a loop, by the processor time that it used itself
 *      ready, but others run           nothing: a busy machine is not the driver's fault
 *      asleep, waits for a disk        a sleep, by the wall clock
 *      the same, and an output of      nothing: whoever reads the output takes their time
 *        ringside's takes no more
 *      stopped, or being debugged      nothing
 *
 * Between two looks the process is taken to have been as the later one finds it, for LOOK_MS_MAX at
 * most: what a parent missed that was itself stopped or starved is not counted.
 */
#ifndef RINGSIDE_HARNESS_WATCHDOG_H
#define RINGSIDE_HARNESS_WATCHDOG_H

#include <stdint.h>
#include <sys/types.h>

/* X(name, before, after): the text after "driver", before and after the seconds of the limit */
#define WATCHDOG_VERDICTS(X)                                                                       \
    X(PATIENT, "", "")                                                                             \
    X(LOOPS, "went round for ", " seconds of processor time")                                      \
    X(SLEEPS, "stood still for ", " seconds, asleep")

enum watchdog_verdict {
#define X(name, before, after) WATCHDOG_##name,
    WATCHDOG_VERDICTS(X)
#undef X
};

struct watchdog {
    pid_t process;
    unsigned loop_seconds;  /* processor time without progress that is a loop */
    unsigned sleep_seconds; /* wall clock without progress that is a sleep */
    int64_t looked_ms;      /* wall clock of the last look */
    int64_t used_ms;        /* processor time of the process at its last progress */
    int64_t slept_ms;       /* asleep since then */
};

void watchdog_begin(struct watchdog *watchdog, pid_t process, unsigned loop_seconds,
                    unsigned sleep_seconds);
/* The process gave a sign of progress, or is allowed to wait. */
void watchdog_progress(struct watchdog *watchdog);
/* To be called every half second or oftener. */
enum watchdog_verdict watchdog_look(struct watchdog *watchdog);
/* "went round for 10 seconds of processor time"; in a buffer of its own. */
const char *watchdog_text(const struct watchdog *watchdog, enum watchdog_verdict verdict);

#endif
