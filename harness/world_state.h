/*
 * The inside of a world, for the files that make it up: world.c (a run from start to end), step.c
 * (what one access sets off), platform.c (what the driver asks of its world).
 */
#ifndef RINGSIDE_HARNESS_WORLD_STATE_H
#define RINGSIDE_HARNESS_WORLD_STATE_H

#include "arena.h"
#include "bus.h"
#include "control.h"
#include "device.h"
#include "driver.h"
#include "instruction.h"
#include "judge.h"
#include "observe.h"
#include "qemu_device.h"
#include "world.h"

#define WORLD_PAGE_BYTES        4096u
#define WORLD_STACK_BYTES       (256u * 1024u)
#define WORLD_STACK_GUARD_BYTES (64u * 1024u)
/* Above the first frame of a call: where the frames of a kernel would be. */
#define WORLD_STACK_ABOVE_BYTES 1024u
/* Reads of one place, with one value and nothing else happening, that count as waiting. */
#define WORLD_POLLS_WAITING     64u
/* Stores of the driver to memory of its own that are remembered, to know them again. */
#define WORLD_OWN_STORES        256u
/* Callbacks of a driver in which nothing happens at all, after which it spins. */
#define WORLD_SPIN_CALLBACKS    (INT64_C(48) << 20)
/* Steps of one call, after which it counts as endless; of one that shall be, before it is ended. */
#define WORLD_CALL_STEPS        (UINT64_C(1) << 28)
#define WORLD_RUNNING_STEPS     (UINT64_C(1) << 20)
/* Waits for an interrupt that end without one, in a row, after which the driver waits for ever. */
#define WORLD_WAITS_IN_VAIN_MAX (1u << 14)
/* Micro-steps that a device may take in a row: more than the longest queue of the longest chains.
 */
#define WORLD_DEVICE_STEPS_MAX  (UINT64_C(1) << 32)
#define WORLD_STEPS_MAX         (UINT64_C(1) << 36)
/* The driver's clock: how far it goes with each step, each look at it, and each look while stuck.
 */
#define WORLD_STEP_NS           10u
#define WORLD_LOOK_NS           50u
#define WORLD_LOOK_FAST_NS      5000000u

/* What probe_enter() returns for a call that did not come to its end. */
#define WORLD_ABANDONED (-1L)

/* A `pause` of the scenario, and the block of actions that belongs to it: pause.c. */
struct world_pause {
    bool open;    /* the block is not over */
    bool armed;   /* `pattern` is waited for */
    bool due;     /* it came: the run stands still at the next boundary */
    bool playing; /* an action of the block is under way */
    bool stepping, of_driver;
    bool fresh; /* no event since the last boundary */
    uint8_t party;
    uint64_t left;       /* micro-steps to go */
    uint64_t steps_seen; /* at the last boundary */
    unsigned line;
    struct pattern pattern;
};

struct world {
    const struct scenario *scenario;
    struct scenario
        *adapted; /* the scenario with what the driver's table asks for; NULL = as it is */
    const struct world_options *options;
    struct world_outcome *outcome;
    struct world_sight sight; /* what readers see of all this */
    struct arena arena;
    struct bus bus;
    struct sim_device device;
    struct qemu_device *far; /* QEMU's device does the work, and `device` is the witness; or NULL */
    struct judge judge;
    struct driver *driver;
    /* register window */
    uint8_t *window;     /* the first slot */
    uint8_t *window_map; /* its mapping, whole pages */
    size_t window_map_bytes;
    bool window_open;
    bool guard;
    /* the driver's stack; `stack_top` is where the next call starts */
    uint8_t *stack;
    uint8_t *stack_top;
    void *low_tree;    /* the device tree for a driver with 32-bit pointers; else NULL */
    bool stack_mapped; /* of its own, not a piece of RAM */
    /* time */
    uint64_t steps;
    uint64_t driver_steps;
    uint64_t clock_ns;
    uint64_t activity; /* grows whenever anybody but a reading driver does anything */
    /* The same without what a waiting driver does to its own variables, its stack and static data:
     * see stored(). */
    uint64_t progress;
    struct {
        uintptr_t host, pc;
    } own_store[WORLD_OWN_STORES];
    uint64_t random;
    uint64_t random_threads; /* apart, so that a replayed schedule leaves them their choices */
    uint64_t chance_step;    /* chances that the device had to act: counted behind this step */
    uint32_t chance;
    struct world_turn turn; /* of the device, under way as long as it has a count */
    size_t turn_next;       /* of a schedule that is replayed */
    /* the step that has begun: a register access, or a store to memory */
    struct event pending;
    uintptr_t pending_host;
    bool pending_is_window;
    bool pending_is_write;
    bool pending_may_be_copy; /* a plain store that has changed nothing so far */
    uint8_t pending_old[64];  /* what lay there before it */
    /* an access to the closed window that is being single-stepped */
    bool unobserved;
    /* an access that the compiler may have told narrower than it is: see step.c */
    bool narrow;
    bool narrow_was_read;
    uint8_t narrow_flags;
    uintptr_t narrow_pc;
    size_t action; /* of the scenario, that is under way */
    /* the call that is running */
    struct world_call *call;
    bool running;     /* the call was expected to go on for ever, and was ended as it did */
    uint64_t stop_at; /* the step at which the call, or the run, is ended */
    bool stuck;       /* nothing can happen any more, unless the driver does something */
    bool stopped;     /* until_step was reached, or a session has left the run */
    /* run control */
    bool controlled;    /* somebody may want to stop the run: control.h */
    bool shown;         /* others than the judge look at its events */
    bool hold;          /* the device takes no step of its own accord */
    bool polls_awaited; /* the look that is told next would have been passed over in silence */
    bool in_signal;     /* inside a signal handler of crash.c: nobody may stand still here */
    bool spoke;         /* a rule spoke about the event just emitted */
    uint64_t spoken;    /* how often rules have spoken */
    uint32_t findings_before;
    size_t next_action;
    size_t traced_next; /* line of a trace that is waited for */
    struct world_pause pause;
    /* interrupts */
    void (*handler)(void *context);
    void *handler_context;
    bool in_handler;
    bool interrupt_seen;    /* delivered since the driver last waited for one */
    uint32_t waits_in_vain; /* in a row */
    uint32_t played_calls;  /* returns of a driver that the scenario plays */
    bool play_returned;     /* the last action was one */
    /* turns of a loop that looks at the clock: a delay, perhaps, and no wait for the device */
    bool clock_looked;
    bool delaying;
    bool dozing;            /* nothing can happen before the delay is over: the clock goes fast */
    bool interrupts_masked; /* by the driver: msr daifset, csrc sstatus, cpsid, cli */
    /* system registers of the machine that the driver was written for */
    struct instruction_state instruction;
};

/* The one world that is running, or NULL. The compiler's callbacks have no context argument. */
extern struct world *world_now;

/* Leaves the driver for good, from ringside's own code: the call under way ends with
 * WORLD_ABANDONED. */
_Noreturn void world_abandon(void);
/* Something did not come as line `line` of the scenario expects. */
void world_fail(struct world_outcome *outcome, unsigned line, const char *text);
/* traced.c: lines of a trace that the scenario expects. */
void traced_event(struct world *world, const struct event *event);
void traced_end(struct world *world);
/* Numbers an event and hands it to trace, model and rules. */
void world_emit(struct world *world, struct event *event);
/* wait.c: the same, when there may be something for them to do. */
void world_others_turn(struct world *world);
/*
 * Everybody but the driver takes the steps that the schedule gives them. Asked twice in every step
 * of the driver: mostly the device is idle, and nobody looks on.
 */
static inline void world_others_act(struct world *world)
{
    world->device.clock_steps = world->steps;
    if (sim_device_enabled(&world->device) || world->device.faults.count != 0 || world->controlled)
        world_others_turn(world);
}

/*
 * The driver calls its platform, which is a step as well: the access before is finished, and the
 * others act. Returns the world.
 */
struct world *world_call_begins(void);
/* Lets device and clock go on until nothing is enabled; true when anything happened. */
bool world_settle(struct world *world);
/* The driver waits (a poll repeated, a sleep): lets others act, or finds that it waits in vain. */
void world_driver_waits(struct world *world, uintptr_t pc);
/*
 * Counts one more look at the same thing from the same place; see WORLD_POLLS_WAITING. `outward`:
 * at a register, a ring, or nothing, so that what the driver does to its own variables meanwhile
 * does not count.
 */
void world_note_poll(struct world *world, uintptr_t host, uint64_t value, uintptr_t pc,
                     bool outward);
/* The device holds no request, and the driver has seen all that it gave back. */
bool world_is_idle(const struct world *world);
/* The call shall go on for ever, and waits with nothing in flight: notes that as its end. */
bool world_has_come_to_rest(struct world *world);
/* The next number of the scenario's seed, for the schedule and for threads. */
uint64_t world_random(uint64_t *state);
/* Something happened: whoever waits may be waiting for just that. */
void world_activity(struct world *world);
/* Runs the driver's interrupt handler if the line is asserted; true when it ran. */
bool world_interrupt(struct world *world);
/* platform.c: a look at the driver's clock, which takes time; nanoseconds. */
uint64_t world_look_at_clock(struct world *world);
/* One turn of a polling loop that looks at nothing. */
void world_relax(struct world *world, uintptr_t pc);
/* The driver sleeps until an interrupt was delivered (true) or the deadline has passed. */
bool world_wait(struct world *world, uint64_t deadline_ns, uintptr_t pc);
/* Lets device and clock go on until the interrupt line is asserted, masked or not; false when it
 * never is. */
bool world_settle_until_interrupt(struct world *world);
/* world_adapt.c: the scenario as this driver and this device need it; starts QEMU if it is to. */
const char *world_adapt(struct world *world);
/* world_machine.c: memory, registers, stack and device; after the driver was loaded. */
const char *world_create_machine(struct world *world);
void world_destroy_machine(struct world *world);
/* shims.c: the same for what a driver asks of its kernel. */
void world_attach_shims(struct world *world);
/* platform.c: what a driver asks of its world starts afresh. */
void world_attach_platform(struct world *world);
/* Register accesses of the driver's side; `offset` counts from the first slot. */
static inline uint64_t world_bus_read(struct world *world, uint32_t offset, uint32_t bytes)
{
    return world->far != NULL ? qemu_device_read(world, offset, bytes)
                              : bus_read(&world->bus, offset, bytes);
}

static inline void world_bus_write(struct world *world, uint32_t offset, uint32_t bytes,
                                   uint64_t value)
{
    if (world->far != NULL)
        qemu_device_write(world, offset, bytes, value);
    else
        bus_write(&world->bus, offset, bytes, value);
}

/* Does a read of this width have a value of its own, and not only parts of registers? QEMU says. */
static inline bool world_bus_has(const struct world *world, uint32_t offset, uint32_t bytes)
{
    return world->far != NULL || bus_check(&world->bus, offset, bytes, false) == EVENT_VERDICT_OK;
}

/* What scanout 0 shows; false when it shows nothing. The caller frees it. */
static inline bool world_picture(struct world *world, struct picture *out)
{
    return world->far != NULL ? qemu_device_picture(world, out)
                              : gpu_scanout_picture(&world->device, 0, out);
}

/* step.c, for unobserved.c: the register window, and what one access of it is */
void world_window_protect(struct world *world, bool open);
/* Lays register values out where the driver's access will find them. The window must be open. */
void world_window_fill(struct world *world, uint32_t offset, uint32_t bytes);
struct event world_register_event(struct world *world, uint32_t offset, uint32_t bytes,
                                  bool is_write, uint8_t flags, uintptr_t pc);
/* The driver has read a register: faults of the device take notice. */
void world_was_read(struct world *world, const struct event *event);
/* What an access of memory has stored or loaded, in the driver's byte order. */
uint64_t world_stored_value(const struct world *world, const struct event *event, uintptr_t host);
/* The window as it is between accesses. */
void world_narrow_end(struct world *world);
/* Opens or closes the register window, if the guard is on. */
void world_window_open(struct world *world, bool open);

/* ---- world_play.c ---- */

/* One action of the scenario that is no call of a driver. */
void world_play(struct world *world, const struct scenario_action *action);

#endif
