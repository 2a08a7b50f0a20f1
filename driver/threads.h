/*
 * Kernel threads, for drivers that have some: optional, beside platform.h. On the host they are
 * fibers, switched only where a thread gives the processor away; a bare machine does not provide
 * them.
 *
 * The functions but platform_wake() may not be called from an interrupt handler.
 */
#ifndef RINGSIDE_THREADS_H
#define RINGSIDE_THREADS_H

#include <stdbool.h>

/*
 * Makes a thread that will run entry(argument), for the first time when somebody else waits, and
 * ends when that returns. False when there are too many. `name` is for people. The caller is a
 * thread as well: `main`.
 */
bool platform_thread_create(void (*entry)(void *argument), void *argument, const char *name);

/* Lets every other thread that can run have its turn. */
void platform_yield(void);

/*
 * Sleeps until platform_wake() of the same channel. What was woken before is lost: mask interrupts
 * from looking at what is waited for until here. They are open while it sleeps, and as before when
 * it returns.
 */
void platform_sleep_on(const void *channel);

/* Wakes every thread that sleeps on this channel. */
void platform_wake(const void *channel);

/* Masks interrupts or opens the mask; returns whether they were masked. */
bool platform_mask_interrupts(bool mask);

#endif
