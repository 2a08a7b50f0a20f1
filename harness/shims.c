/*
 * The host's side of probe/ringside_shims.c: what kernels offer their drivers beyond
 * driver/platform.h.
 *
 * Called from the driver's stack; `caller` is the driver's place, behind the function that it
 * called.
 */
#include "shims.h"

#include <stdio.h>

#include "crash.h"
#include "fiber.h"
#include "observe.h"
#include "world_state.h"

/* What a wait for an interrupt lasts at most: then the driver's condition is looked at again. */
#define WAIT_NS 100000000u

struct shim_call {
    uint64_t ns;
    uintptr_t pc;
    bool masked;
    const char *text;
};

/* As world_attach_platform(): only drivers name the functions of this file. */
void world_attach_shims(struct world *world)
{
    world->interrupts_masked = false;
    world->waits_in_vain = 0;
}

void *ringside_phys_to_virt(uint64_t addr)
{
    const struct arena *arena = &world_now->arena;

    if (addr < arena->base || addr - arena->base >= arena->size_bytes)
        return NULL;
    return arena_host(arena, addr);
}

/* ---- interrupts ---- */

static void host_mask(void *argument)
{
    struct shim_call *call = argument;
    struct world *world = world_call_begins();
    bool before = world->interrupts_masked;

    world->interrupts_masked = call->masked;
    if (before && !call->masked)
        (void)world_interrupt(world);
    call->masked = before;
}

int ringside_mask_interrupts(int masked)
{
    struct shim_call call = {.masked = masked != 0};

    probe_on_host(host_mask, &call);
    return call.masked;
}

/* ---- time ---- */

static void host_relax(void *argument)
{
    const struct shim_call *call = argument;

    world_relax(world_call_begins(), call->pc);
}

void ringside_shim_relax(const void *caller)
{
    struct shim_call call = {.pc = (uintptr_t)caller};

    if (--probe.budget < 0)
        probe.budget = 0;
    if (!fiber_let_others(call.pc))
        probe_on_host(host_relax, &call);
}

/*
 * A delay is a step, so that what the device does later comes nearer, and a turn of a polling loop.
 */
static void host_delay(void *argument)
{
    const struct shim_call *call = argument;
    struct world *world = world_call_begins();
    struct event event = {.party = EVENT_PARTY_DRIVER, .kind = EVENT_RELAX, .pc = call->pc};

    if (!probe.skip_polls)
        world_emit(world, &event);
    world->clock_ns += call->ns;
    world->clock_looked = true;
    if (--probe.budget < 0)
        world_budget_out(call->pc);
    world_relax(world, call->pc);
}

void ringside_shim_delay(uint64_t ns, const void *caller)
{
    struct shim_call call = {.ns = ns, .pc = (uintptr_t)caller};

    probe_on_host(host_delay, &call);
}

static void host_wait(void *argument)
{
    const struct shim_call *call = argument;
    struct world *world = world_call_begins();
    bool masked = world->interrupts_masked;

    world->interrupts_masked = false;
    (void)world_wait(world, world->clock_ns + WAIT_NS, call->pc);
    world->interrupts_masked = masked;
}

void ringside_shim_wait(const void *caller)
{
    struct shim_call call = {.pc = (uintptr_t)caller};

    if (!fiber_let_others(call.pc))
        probe_on_host(host_wait, &call);
}

/* ---- texts, and the end ---- */

struct format_call {
    char *out;
    size_t out_bytes;
    const char *format;
    va_list *arguments;
    int length;
};

static void host_format(void *argument)
{
    struct format_call *call = argument;

    call->length = vsnprintf(call->out, call->out_bytes, call->format, *call->arguments);
}

int ringside_shim_format(char *out, size_t out_bytes, const char *format, va_list arguments)
{
    struct format_call call = {.out = out, .out_bytes = out_bytes, .format = format};
    va_list copy;

    va_copy(copy, arguments);
    call.arguments = &copy;
    probe_on_host(host_format, &call);
    va_end(copy);
    return call.length;
}

static void host_end(void *argument)
{
    const struct shim_call *call = argument;

    (void)world_call_begins();
    platform_log(call->text);
    (void)world_crashed(WORLD_CRASH_ABORT, 0, call->pc);
    world_abandon();
}

_Noreturn void ringside_shim_end(const char *text, const void *caller)
{
    struct shim_call call = {.text = text, .pc = (uintptr_t)caller};

    probe_on_host(host_end, &call);
    __builtin_unreachable();
}
