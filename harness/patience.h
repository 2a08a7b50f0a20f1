/*
 * How long the environment is waited for, and what else ends the waiting: a signal that asks us to
 * stop. Used around other processes only; nothing that is simulated ever waits.
 */
#ifndef RINGSIDE_HARNESS_PATIENCE_H
#define RINGSIDE_HARNESS_PATIENCE_H

#include <poll.h>
#include <stdint.h>

/* X(name, text): how a wait ended. */
#define PATIENCE_ENDS(X)                                                                           \
    X(READY, "ready")                                                                              \
    X(TIMEOUT, "no answer in time")                                                                \
    X(STOPPED, "stopped by a signal")                                                              \
    X(FAILED, "poll failed")

enum patience_end {
#define X(name, text) PATIENCE_##name,
    PATIENCE_ENDS(X)
#undef X
};

const char *patience_text(enum patience_end end);

/*
 * From begin to end SIGINT, SIGTERM and SIGHUP are held back and end only a patience_wait(), so
 * that a child process and its files can be cleaned up; patience_end() then delivers them. Does not
 * nest.
 */
void patience_begin(void);
void patience_end(void);
/* In a child process before exec: signals as they were before patience_begin(). */
void patience_child(void);

/* Wall clock that only grows, in milliseconds. */
int64_t patience_now_ms(void);

/* A point in time, `ms` milliseconds from now, for patience_wait(). */
int64_t patience_deadline(int64_t ms);

/* Waits until one of the descriptors is ready, the deadline has passed, or a signal came. */
enum patience_end patience_wait(struct pollfd *fds, nfds_t count, int64_t deadline_ms);

#endif
