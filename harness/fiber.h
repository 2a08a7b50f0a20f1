/*
 * Kernel threads of a driver, as fibers: stacks of their own, one running at a time, switched only
 * where a driver gives the processor away.
 *
 *   driver's side          host's side
 *   fiber A: sleep ------> host_choose(): finishes the access, lets device and handler act,
 *                          finds who goes on: the next one in turn, or the seed's choice
 *   probe_fiber_switch() <------
 *   fiber B: goes on
 *
 * Invariants: a switch is made on the driver's side only, with nothing of ringside's on the host's
 * stack, so that fibers outlive the call that made them; an interrupt handler runs on the stack of
 * whom it interrupts and never switches; fiber 0 is the call that runs, and begins afresh with each
 * call.
 *
 * Not handled: threads that spin without ever calling anything; stacks of threads as DMA memory.
 */
#ifndef RINGSIDE_HARNESS_FIBER_H
#define RINGSIDE_HARNESS_FIBER_H

#include <stdbool.h>
#include <stdint.h>

struct world;

#define FIBERS_MAX        32u
#define FIBER_STACK_BYTES (128u * 1024u)
#define FIBER_NAME_BYTES  24u

/* A world begins without threads, and ends with none. */
void fibers_create(void);
void fibers_destroy(void);
/* A call is over; `lost` when it did not return by itself. */
void fibers_call_over(struct world *world, bool lost);
/* Is there another thread that is not known to wait in vain? */
bool fiber_others_may_go_on(const struct world *world);
/* On the driver's stack: another thread's turn; false at once when there is none. */
bool fiber_let_others(uintptr_t pc);

/* ---- fiber_asm.S: on the driver's stack ---- */

/* Leaves *from and goes on at `to`. */
void probe_fiber_switch(void **from, void *to);
/* Where a fiber begins: calls what %rbx points to with %r12. */
void probe_fiber_start(void);

#endif
