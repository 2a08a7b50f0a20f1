/*
 * The probe: the compiler's sanitizer callbacks, supplied by ringside.
 *
 * A driver's object calls one of the `__tsan_*` functions before each of its loads and stores. A
 * read of a register is answered by putting the value where the load will find it; a write is
 * remembered and its value picked up at the next callback, of which there is always one: a
 * function's exit. So every access is seen once, in order, with its value, and a store of an equal
 * value is seen too.
 *
 *      driver's stack                      host's stack
 *      --------------                      ------------
 *      __tsan_write4(p)  -- ours? -->      world_access(): finishes the step before,
 *        the store itself                    begins this one
 *      __tsan_func_exit()  -------->       world_finish(): value known, event, schedule
 *
 * Invariants: at most one access is pending; ringside's own code runs on the host's stack, because
 * the driver's may be small, or DMA memory that a device writes to; the MMIO window is open
 * (readable and writable) only between the callback of an access to it and the next callback, if
 * the guard is on.
 *
 * Not handled: accesses that the compiler does not report. They are caught by the guard (register
 * windows) and by the shadow of observed stores (memory that the device reads).
 */
#ifndef RINGSIDE_HARNESS_OBSERVE_H
#define RINGSIDE_HARNESS_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum probe_kind { PROBE_READ, PROBE_WRITE, PROBE_UPDATE };

/* A stretch of host memory whose accesses are steps of the world. */
struct probe_range {
    uintptr_t host;
    size_t bytes; /* 0 = unused */
};

#define PROBE_RANGES_MAX 8u
#define PROBE_POLLS      64u /* a power of two: 6 bits of a hash; loops are unrolled */

/* A place of the driver that has read the same thing again and again. */
struct probe_poll {
    uintptr_t pc;
    uintptr_t host;
    uint64_t value;
    uint64_t activity; /* of the world when it was counted: anything that happens since voids it */
    uint32_t count;
    bool outward; /* at a register, a ring, or nothing: see world_note_poll() */
};

struct probe {
    struct probe_range window;                   /* registers */
    struct probe_range stack;                    /* the driver's, and its object: */
    struct probe_range image;                    /* stores elsewhere may be foreign */
    struct probe_range memory[PROBE_RANGES_MAX]; /* RAM, then aliases of it */
    uint32_t memory_count;
    struct probe_range quiet[2]; /* the driver's stack and object, or what of them is no RAM */
    union {
        struct {
            bool pending; /* a step has begun and not been finished */
            bool offers;  /* `interrupts any`: one may come at every callback */
        };
        uint16_t busy; /* not 0: either of them, asked at once */
    };
    bool running;       /* the driver is running: callbacks count */
    bool switch_wanted; /* this thread waits for others: their turn before its next step */
    bool skip_polls;    /* the driver is known to wait for nothing: repeated reads are no steps */
    uintptr_t copying;  /* the driver's place, while ringside copies memory for it */
    int64_t budget;     /* callbacks that are left before the driver counts as spinning */
    uint64_t callbacks; /* changes whenever the driver does anything visible: for the watchdog */
    struct probe_poll poll[PROBE_POLLS];
};

extern struct probe probe;

/* Where the driver made its last callback: in memory that outlives the process; see isolate.h. */
extern volatile uintptr_t *probe_place;

/* A place is kept in one of two neighbouring entries, so that the two looks of a loop do not fight.
 */
static inline struct probe_poll *probe_poll_of(uintptr_t host, uintptr_t pc)
{
    unsigned first = (unsigned)((pc * UINT64_C(0x9e3779b97f4a7c15)) >> 58);
    struct probe_poll *poll = &probe.poll[first];

    if (poll->pc == pc && poll->host == host)
        return poll;
    return &probe.poll[first ^ 1];
}

/* ---- observe_asm.S ---- */

/* Runs function(argument) on `stack_top` as the driver; what it returned, or what it was abandoned
 * with. */
long probe_enter(long (*function)(void *argument), void *argument, void *stack_top);
/* From the driver's stack: runs function(argument) on the host's stack. */
void probe_on_host(void (*function)(void *argument), void *argument);
/* From the host's stack inside probe_on_host(): never returns; probe_enter() returns `result`. */
_Noreturn void probe_abandon(long result);
/* Where a signal handler sends the driver to: as probe_abandon(probe_abandon_result). */
void probe_abandon_here(void);

/* Both are switched by probe_enter() and probe_on_host(); see observe_asm.S. */
extern void *probe_host_sp;
extern void *probe_driver_sp;
extern long probe_abandon_result;
/* Not 0 while ringside's own code runs inside a call of the driver. */
extern long probe_on_host_flag;

/* memset() of the driver, told and done; on the driver's stack. */
void ringside_observe_set(void *to, int value, size_t bytes, const void *caller);

/* ---- the world, as the probe sees it; all run on the host's stack ---- */

/* The driver is about to access memory of a range or the window. */
void world_access(enum probe_kind kind, uintptr_t host, uint32_t bytes, uint8_t flags,
                  uintptr_t pc);
/* The pending access has happened. */
void world_finish(void);
/*
 * The same, before a read that is no step. gcc tells a structure copy as "write, read" and copies
 * only then: a store that has changed nothing yet, followed by a read of the same width, may still
 * be to come.
 */
void world_finish_before_read(uint32_t bytes);
/* An update (atomic read-modify-write) of range memory has been made by the probe itself. */
void world_updated(uintptr_t host, uint32_t bytes, uint8_t flags, uint64_t old_value, uintptr_t pc);
/* enum event_barrier; `text` is the instruction as written, or NULL for a fence of the language. */
void world_barrier(int barrier, const char *text, uint8_t flags, uintptr_t pc);
/* An interrupt may come here, if any is asserted. */
void world_offer_interrupt(void);
/* The driver used up its budget of callbacks. */
void world_budget_out(uintptr_t pc);

#endif
