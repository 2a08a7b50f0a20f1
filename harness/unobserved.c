/*
 * What goes wrong in a driver's call, and accesses to a register window that the compiler did not
 * tell: the closed window caught them, and they are made up for here.
 */
#include "crash.h"
#include "observe.h"
#include "world_state.h"

long world_crashed(int crash, uintptr_t address, uintptr_t pc)
{
    struct world *world = world_now;
    struct event event = {
        .party = EVENT_PARTY_WORLD,
        .kind = EVENT_CRASH,
        .value = (uint64_t)crash,
        .addr = address,
        .pc = pc,
    };

    probe.pending = false;
    if (world->narrow)
        world_narrow_end(world);
    world_window_open(world, false);
    if (world->call != NULL)
        world->call->crash = (enum world_crash)crash;
    world_emit(world, &event);
    return WORLD_ABANDONED;
}

void world_budget_out(uintptr_t pc)
{
    if (probe.pending)
        world_finish();
    probe.budget = WORLD_SPIN_CALLBACKS;
    (void)world_crashed(WORLD_CRASH_SPIN, 0, pc);
    world_abandon();
}

/* One access of an instruction whose access was told, as it is. */
static void narrow_access(struct world *world, uint32_t offset, bool is_write, uintptr_t pc)
{
    uint32_t bytes = instruction_access_bytes((const uint8_t *)(pc - 1));

    world_window_protect(world, true);
    world_window_fill(world, offset, bytes);
    world->pending =
        world_register_event(world, offset, bytes, is_write, world->narrow_flags, world->narrow_pc);
    world->pending_host = (uintptr_t)world->window + offset;
    world->pending_is_window = true;
    world->pending_is_write = is_write;
    world->unobserved = true;
}

/* One access that the compiler did not tell: it is taken for one of 32 bits. */
static void unobserved_access(struct world *world, uint32_t offset, bool is_write, uintptr_t pc)
{
    struct event event = world_register_event(world, offset, 4, is_write, 0, pc);

    if (probe.pending)
        world_finish();
    event.party = EVENT_PARTY_WORLD;
    event.kind = EVENT_UNOBSERVED;
    event.value = 1;
    event.extra = is_write;
    world_emit(world, &event);
    world_window_open(world, true);
    world_window_fill(world, offset, 4);
    world->pending = world_register_event(world, offset, 4, is_write, 0, pc);
    world->pending_host = (uintptr_t)world->window + offset;
    world->pending_is_window = true;
    world->pending_is_write = is_write;
    world->unobserved = true;
}

void world_unobserved_begin(uintptr_t host, bool is_write, uintptr_t pc)
{
    struct world *world = world_now;
    uint32_t offset = (uint32_t)(host - (uintptr_t)world->window);

    world->in_signal = true;
    if (world->narrow)
        narrow_access(world, offset, is_write, pc);
    else
        unobserved_access(world, offset & ~3u, is_write, pc);
}

void world_unobserved_end(void)
{
    struct world *world = world_now;
    bool narrow = world->narrow;

    if (!world->unobserved)
        return;
    world->in_signal = true;
    world->unobserved = false;
    world->narrow = false;
    if (!world->pending_is_write) {
        world->pending.value = world_stored_value(world, &world->pending, world->pending_host);
        world_emit(world, &world->pending);
        world_was_read(world, &world->pending);
        world->narrow_was_read = narrow;
    }
    world_finish();
    if (narrow) { /* a load may be followed by the store of the same instruction's field */
        world_window_protect(world, false);
        world->narrow = true;
        probe.pending = true;
    }
    world->in_signal = false;
}
