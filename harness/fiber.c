/*
 * driver/threads.h on the host.
 */
#include "fiber.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "crash.h"
#include "process.h"
#include "ringside_asan.h"
#include "symbol_name.h"
#include "threads.h"
#include "virtio/ring.h"
#include "world_state.h"

#define DRIVER_PC ((uintptr_t)__builtin_return_address(0))

/* What is kept of a function at a switch, and where it goes on. */
#define SAVED_WORDS 7u
/* Turns of device, clock and handler before somebody is ready: each ends a timer or a request. */
#define TURNS_MAX   (2u * VIRTQ_SIZE_MAX)
#define NOBODY      FIBERS_MAX

enum fiber_state { FIBER_NONE, FIBER_READY, FIBER_SLEEPS };

struct fiber {
    enum fiber_state state;
    void *sp;       /* while it does not run */
    uint8_t *stack; /* with its guard below; NULL: the call's */
    const void *channel;
    char name[FIBER_NAME_BYTES];
    struct event gave_up; /* where it gave the processor away last */
    bool masked;          /* interrupts, while it runs */
    uint64_t activity;    /* of the world at its last turn, and how many since saw nothing new */
    uint32_t turns;
    void (*entry)(void *argument);
    void *argument;
};

enum giving { GIVES_TURN, GIVES_TURN_OR_LOOKS, SLEEPS, ENDS };

struct choice {
    enum giving why;
    const void *channel;
    uintptr_t pc;
    unsigned next;
};

static struct fiber fibers[FIBERS_MAX + 1]; /* the last one ends a call: see end_call() */
static unsigned fiber_count = 1;
static unsigned current;
static bool saved; /* the call ended with every fiber's place known */

static bool make_stack(struct fiber *fiber, bool low)
{
    size_t bytes = FIBER_STACK_BYTES + WORLD_STACK_GUARD_BYTES;
    void *stack = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (low ? MAP_32BIT : 0), -1, 0);

    if (stack == MAP_FAILED)
        return false;
    fiber->stack = stack;
    return mprotect(stack, WORLD_STACK_GUARD_BYTES, PROT_NONE) == 0;
}

/* As if it had been left right before its entry. */
static void make_frame(struct fiber *fiber, void (*function)(void *), void *argument)
{
    void **top = (void **)(void *)(fiber->stack + WORLD_STACK_GUARD_BYTES + FIBER_STACK_BYTES);
    void **sp = top - SAVED_WORDS;

    memset(sp, 0, SAVED_WORDS * sizeof *sp);
    sp[3] = argument;                             /* r12 */
    memcpy(&sp[4], &function, sizeof function);   /* rbx */
    sp[6] = (void *)(uintptr_t)probe_fiber_start; /* return address */
    fiber->sp = sp;
}

void fibers_create(void)
{
    memset(fibers, 0, sizeof fibers);
    fiber_count = 1;
    current = 0;
    fibers[0].state = FIBER_READY;
    snprintf(fibers[0].name, sizeof fibers[0].name, "main");
}

void fibers_destroy(void)
{
    for (unsigned i = 0; i <= FIBERS_MAX; i++) {
        if (fibers[i].stack == NULL)
            continue;
        ringside_asan_unpoison(fibers[i].stack + WORLD_STACK_GUARD_BYTES, FIBER_STACK_BYTES);
        munmap(fibers[i].stack, FIBER_STACK_BYTES + WORLD_STACK_GUARD_BYTES);
    }
    fibers_create();
}

/* The stack of whom runs now: for its guard, and for stores that stay on it. */
static void note_stack(const struct world *world, const struct fiber *fiber)
{
    uintptr_t low = (uintptr_t)(fiber->stack != NULL ? fiber->stack : world->stack);
    size_t bytes = fiber->stack != NULL ? FIBER_STACK_BYTES : WORLD_STACK_BYTES;

    crash_set_stack(low, low + WORLD_STACK_GUARD_BYTES);
    probe.stack = (struct probe_range){low, bytes + WORLD_STACK_GUARD_BYTES};
}

void fibers_call_over(struct world *world, bool lost)
{
    if (lost && !saved && current != 0)
        fibers[current].state =
            FIBER_NONE; /* it was in the middle of something: nobody knows where */
    saved = false;
    current = 0;
    fibers[0].state = FIBER_READY;
    fibers[0].turns = 0;
    fibers[0].masked = false;
    for (unsigned i = 1; i < fiber_count; i++)
        ringside_asan_unpoison(fibers[i].stack + WORLD_STACK_GUARD_BYTES, FIBER_STACK_BYTES);
    if (fiber_count > 1)
        note_stack(world, &fibers[0]);
}

bool fiber_others_may_go_on(const struct world *world)
{
    for (unsigned i = 0; i < fiber_count; i++) {
        const struct fiber *fiber = &fibers[i];
        if (i != current && fiber->state == FIBER_READY &&
            (fiber->activity != world->activity || fiber->turns < WORLD_POLLS_WAITING))
            return true;
    }
    return false;
}

/* ---- who goes on ---- */

/* The next one in turn that is ready, or the seed's choice; NOBODY when only `current` may be. */
static unsigned pick(struct world *world)
{
    unsigned ready[FIBERS_MAX];
    unsigned count = 0;

    for (unsigned i = 1; i <= fiber_count; i++) {
        unsigned at = (current + i) % fiber_count;
        if (at != current && fibers[at].state == FIBER_READY)
            ready[count++] = at;
    }
    if (count == 0)
        return fibers[current].state == FIBER_READY ? current : NOBODY;
    return world->scenario->schedule == SCHEDULE_RANDOM
               ? ready[world_random(&world->random_threads) % count]
               : ready[0];
}

static void describe(const struct world *world, const struct fiber *fiber, char *out,
                     size_t out_bytes)
{
    char channel[64];
    uint64_t addr;

    if (arena_physical(&world->arena, fiber->channel, &addr))
        arena_name(&world->arena, addr, channel, sizeof channel);
    else
        symbol_name((uintptr_t)fiber->channel, channel, sizeof channel);
    snprintf(out, out_bytes, "`%s` sleeps on `%s` since here", fiber->name, channel);
}

/* Each thread's place goes into the finding: main's, or that of the last, first. */
static void tell_places(struct world *world)
{
    struct finding *finding = judge_find(&world->judge, "RS-DEADLOCK", UINT32_MAX);
    unsigned first = fibers[0].state == FIBER_SLEEPS ? 0 : current;

    if (finding == NULL || finding->times > 1)
        return;
    describe(world, &fibers[first], finding->at.label, sizeof finding->at.label);
    for (unsigned i = 0; i < fiber_count; i++) {
        if (i == first || fibers[i].state != FIBER_SLEEPS)
            continue;
        if (finding->cause.event.step == 0) {
            finding->cause.event = fibers[i].gave_up;
            describe(world, &fibers[i], finding->cause.label, sizeof finding->cause.label);
        } else if (finding->also_count < FINDING_ALSO_MAX) {
            finding->also[finding->also_count++] = fibers[i].gave_up;
        }
    }
}

static void deadlock(struct world *world)
{
    const struct fiber *first = fibers[0].state == FIBER_SLEEPS ? &fibers[0] : &fibers[current];
    char text[96];
    struct event event = {
        .party = EVENT_PARTY_WORLD,
        .kind = EVENT_CRASH,
        .value = WORLD_CRASH_DEADLOCK,
        .pc = first->gave_up.pc,
        .bytes = (const uint8_t *)text,
    };
    unsigned sleepers = 0;

    for (unsigned i = 0; i < fiber_count; i++)
        sleepers += fibers[i].state == FIBER_SLEEPS;
    snprintf(text, sizeof text,
             sleepers > 1 ? "deadlocked: %u threads sleep, and nobody is left to wake them"
                          : "deadlocked: it sleeps, and nobody is left to wake it",
             sleepers);
    if (world->call != NULL)
        world->call->crash = WORLD_CRASH_DEADLOCK;
    world_emit(world, &event);
    tell_places(world);
}

/* Nobody is ready and nothing can happen: the end of the call, as it should be or not. */
static unsigned come_to_end(struct world *world, uintptr_t pc)
{
    unsigned next;

    if (world_has_come_to_rest(world))
        return FIBERS_MAX;
    if (!world_is_idle(world)) {
        world_driver_waits(world, pc); /* for a request: that it cannot complete is told first */
        next = pick(world);
        if (next != NOBODY)
            return next;
    }
    deadlock(world);
    return FIBERS_MAX;
}

static unsigned wait_for_somebody(struct world *world, uintptr_t pc)
{
    for (unsigned turn = 0; turn < TURNS_MAX; turn++) {
        unsigned next;
        (void)world_interrupt(world);
        next = pick(world);
        if (next != NOBODY)
            return next;
        if (!world_settle(world) && !world_interrupt(world))
            break;
    }
    return come_to_end(world, pc);
}

/* A turn that saw nothing new; when all others have none either, the driver waits in vain. */
static void count_turn(struct world *world, struct fiber *self, uintptr_t pc)
{
    if (self->activity != world->activity)
        self->turns = 0;
    self->activity = world->activity;
    if (++self->turns >= WORLD_POLLS_WAITING && !fiber_others_may_go_on(world))
        world_driver_waits(world, pc);
}

static struct world *begin(void)
{
    struct world *world = world_now;

    if (probe.pending)
        world_finish();
    world_others_act(world);
    if (world->scenario->interrupts_any)
        (void)world_interrupt(world);
    if (--probe.budget < 0)
        world_budget_out(*probe_place);
    return world;
}

static void host_choose(void *argument)
{
    struct choice *choice = argument;
    struct world *world = begin();
    struct fiber *self = &fibers[current];
    bool sleeps = choice->why == SLEEPS || choice->why == ENDS;

    probe.switch_wanted = false;
    choice->next = current;
    if (world->in_handler) {
        if (sleeps)
            process_lose(WORLD_CRASH_DEADLOCK, 0, "slept in its interrupt handler", choice->pc);
        return;
    }
    if (sleeps || !probe.skip_polls) {
        self->gave_up =
            (struct event){.party = EVENT_PARTY_DRIVER, .kind = EVENT_RELAX, .pc = choice->pc};
        world_emit(world, &self->gave_up);
    }
    self->masked = world->interrupts_masked;
    if (sleeps) {
        self->state = choice->why == ENDS ? FIBER_NONE : FIBER_SLEEPS;
        self->channel = choice->channel;
        world->interrupts_masked = false;
        choice->next = wait_for_somebody(world, choice->pc);
    } else {
        (void)world_interrupt(world);
        choice->next = pick(world);
        if (choice->next != current)
            count_turn(world, self, choice->pc);
        else if (choice->why == GIVES_TURN_OR_LOOKS)
            world_relax(world, choice->pc);
    }
    if (choice->next != FIBERS_MAX) {
        world->interrupts_masked = fibers[choice->next].masked;
        note_stack(world, &fibers[choice->next]);
    }
}

/* ---- on the driver's stack ---- */

static void host_end(void *argument)
{
    (void)argument;
    world_abandon();
}

/* The call ends, but whoever gave up last goes on in the next one: so it is left like for anybody
 * else. */
static void end_call(void *argument)
{
    saved = true;
    probe_on_host(host_end, argument);
}

static bool give(enum giving why, const void *channel, uintptr_t pc)
{
    struct choice choice = {.why = why, .channel = channel, .pc = pc};
    unsigned from = current;

    probe_on_host(host_choose, &choice);
    if (choice.next == from)
        return false;
    if (choice.next == FIBERS_MAX) {
        struct fiber *ender = &fibers[FIBERS_MAX];
        if (ender->stack == NULL && !make_stack(ender, false))
            end_call(NULL);
        make_frame(ender, end_call, NULL);
    } else {
        current = choice.next;
    }
    probe_fiber_switch(&fibers[from].sp, fibers[choice.next].sp);
    return true;
}

bool fiber_let_others(uintptr_t pc)
{
    return fiber_count > 1 && give(GIVES_TURN, NULL, pc);
}

static void fiber_main(void *argument)
{
    struct fiber *fiber = argument;

    fiber->entry(fiber->argument);
    (void)give(ENDS, NULL, *probe_place);
}

struct create_call {
    struct fiber fiber;
    bool done;
};

static void host_create(void *argument)
{
    struct create_call *call = argument;
    struct world *world = begin();
    unsigned at = 1;
    struct fiber *fiber;

    while (at < fiber_count && fibers[at].state != FIBER_NONE)
        at++;
    fiber = &fibers[at];
    if (at == FIBERS_MAX)
        return;
    call->fiber.stack = fiber->stack;
    *fiber = call->fiber;
    if (fiber->stack == NULL && !make_stack(fiber, world->scenario->identity))
        return;
    make_frame(fiber, fiber_main, fiber);
    fiber->state = FIBER_READY;
    if (at == fiber_count)
        fiber_count++;
    call->done = true;
    world_activity(world);
}

bool platform_thread_create(void (*entry)(void *argument), void *argument, const char *name)
{
    struct create_call call = {.fiber = {.entry = entry, .argument = argument}};

    snprintf(call.fiber.name, sizeof call.fiber.name, "%s", name != NULL ? name : "thread");
    probe_on_host(host_create, &call);
    return call.done;
}

void platform_yield(void)
{
    (void)give(GIVES_TURN_OR_LOOKS, NULL, DRIVER_PC);
}

void platform_sleep_on(const void *channel)
{
    (void)give(SLEEPS, channel, DRIVER_PC);
}

static void host_wake(void *argument)
{
    const struct choice *choice = argument;
    struct world *world = begin();

    for (unsigned i = 0; i < fiber_count; i++) {
        if (fibers[i].state != FIBER_SLEEPS || fibers[i].channel != choice->channel)
            continue;
        fibers[i].state = FIBER_READY;
        fibers[i].turns = 0;
        world_activity(world);
    }
}

void platform_wake(const void *channel)
{
    struct choice choice = {.channel = channel, .pc = DRIVER_PC};

    probe_on_host(host_wake, &choice);
}

static void host_mask(void *argument)
{
    bool *mask = argument;
    struct world *world = begin();
    bool before = world->interrupts_masked;

    world->interrupts_masked = *mask;
    if (before && !*mask)
        (void)world_interrupt(world);
    *mask = before;
}

bool platform_mask_interrupts(bool mask)
{
    probe_on_host(host_mask, &mask);
    return mask;
}
