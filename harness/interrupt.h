/*
 * Ctrl-C: a run stops at its next step, what it wrote so far is whole, and the summary is printed.
 *
 * The first signal asks; a second one, or a run that does not come to a step for some time, ends
 * the process that runs the drivers.
 */
#ifndef RINGSIDE_HARNESS_INTERRUPT_H
#define RINGSIDE_HARNESS_INTERRUPT_H

#include <stdbool.h>

/* Exit status of a command that was interrupted, as shells have it: 128 + SIGINT. */
#define EXIT_INTERRUPTED      130
/* How long a worker may take to come to its end after the signal. */
#define INTERRUPT_PATIENCE_MS 2000

/* From here on SIGINT, SIGTERM and SIGHUP only ask, in this process and in those it forks. */
void interrupt_catch(void);
/* How many signals have come. */
unsigned interrupts_came(void);

/* step.c: the world that runs, if any, stops at its next step. Called from the signal handler. */
void world_stop_soon(void);

#endif
