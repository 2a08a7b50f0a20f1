/*
 * driver/platform.h on the host: what a driver asks of its world, answered by the world.
 *
 * The functions run on the driver's stack and do their work on the host's; each is a step of the
 * driver. What they write through the caller's pointers is known to the shadow of observed stores,
 * should the caller's memory be DMA memory.
 */
#include "platform.h"

#include <string.h>

#include "fiber.h"
#include "virtio/ring.h"
#include "world_state.h"

#define DRIVER_PC ((uintptr_t)__builtin_return_address(0))

/*
 * A world begins: nobody handles interrupts. The call also makes the linker take this file, whose
 * functions only the drivers' objects name.
 */
void world_attach_platform(struct world *world)
{
    world->handler = NULL;
    world->handler_context = NULL;
    world->in_handler = false;
    world->interrupt_seen = false;
    world_attach_shims(world);
}

static void known(struct world *world, const void *host, uint32_t bytes)
{
    uint64_t addr;

    if (arena_physical(&world->arena, host, &addr))
        arena_shadow_update(&world->arena, addr, bytes);
}

/*
 * A static constructor of the driver runs while its object is loaded, when there is no machine yet:
 * it gets no memory, no window and no time.
 */
static void on_host(void (*function)(void *argument), void *argument)
{
    if (probe.running)
        probe_on_host(function, argument);
}

/* ---- DMA memory ---- */

struct dma_call {
    size_t size_bytes;
    size_t align_bytes;
    const char *what;
    struct platform_dma *dma;
    uintptr_t pc;
    bool done;
};

static void host_alloc(void *argument)
{
    struct dma_call *call = argument;
    struct world *world = world_call_begins();
    struct event event = {
        .party = EVENT_PARTY_DRIVER,
        .kind = EVENT_ALLOC,
        .place = EVENT_PLACE_MEMORY,
        .value = call->size_bytes,
        .extra = call->align_bytes,
        .pc = call->pc,
    };

    memset(call->dma, 0, sizeof *call->dma);
    event.addr = arena_alloc(&world->arena, call->size_bytes, call->align_bytes,
                             call->what != NULL ? call->what : "", world->steps + 1, call->pc);
    call->done = event.addr != 0;
    if (call->done) {
        call->dma->cpu = arena_host(&world->arena, event.addr);
        call->dma->addr = event.addr;
        call->dma->size_bytes = call->size_bytes;
    }
    known(world, call->dma, sizeof *call->dma);
    world_emit(world, &event);
    world_activity(world);
}

bool platform_dma_alloc(size_t size_bytes, size_t align_bytes, const char *what,
                        struct platform_dma *out)
{
    struct dma_call call = {.size_bytes = size_bytes,
                            .align_bytes = align_bytes,
                            .what = what,
                            .dma = out,
                            .pc = DRIVER_PC};
    *out = (struct platform_dma){0};
    on_host(host_alloc, &call);
    return call.done;
}

static void host_free(void *argument)
{
    struct dma_call *call = argument;
    struct world *world = world_call_begins();
    struct event event = {
        .party = EVENT_PARTY_DRIVER,
        .kind = EVENT_FREE,
        .place = EVENT_PLACE_MEMORY,
        .addr = call->dma->addr,
        .value = call->dma->size_bytes,
        .pc = call->pc,
    };

    if (call->dma->addr == 0)
        return;
    arena_free(&world->arena, call->dma->addr, world->steps + 1);
    memset(call->dma, 0, sizeof *call->dma);
    known(world, call->dma, sizeof *call->dma);
    world_emit(world, &event);
    world_activity(world);
}

void platform_dma_free(struct platform_dma *dma)
{
    struct dma_call call = {.dma = dma, .pc = DRIVER_PC};
    on_host(host_free, &call);
}

uint64_t platform_virt_to_phys(const void *cpu)
{
    uint64_t addr;

    return arena_physical(&world_now->arena, cpu, &addr) ? addr : 0;
}

/* ---- caches and barriers ---- */

struct cache_call {
    enum event_cache kind;
    const void *cpu;
    size_t size_bytes;
    uintptr_t pc;
};

static void host_cache(void *argument)
{
    const struct cache_call *call = argument;
    struct world *world = world_call_begins();
    struct event event = {
        .party = EVENT_PARTY_DRIVER,
        .kind = EVENT_CACHE,
        .place = EVENT_PLACE_MEMORY,
        .value = call->kind,
        .width_bytes = (uint32_t)call->size_bytes,
        .pc = call->pc,
    };

    if (arena_physical(&world->arena, call->cpu, &event.addr))
        world_emit(world, &event);
}

void platform_cache_clean(const void *cpu, size_t size_bytes)
{
    struct cache_call call = {EVENT_CACHE_CLEAN, cpu, size_bytes, DRIVER_PC};
    on_host(host_cache, &call);
}

void platform_cache_invalidate(const void *cpu, size_t size_bytes)
{
    struct cache_call call = {EVENT_CACHE_INVALIDATE, cpu, size_bytes, DRIVER_PC};
    on_host(host_cache, &call);
}

struct barrier_call {
    enum event_barrier kind;
    uintptr_t pc;
};

static void host_barrier(void *argument)
{
    const struct barrier_call *call = argument;
    if (!probe.skip_polls)
        world_barrier((int)call->kind, NULL, 0, call->pc);
}

void platform_wmb(void)
{
    struct barrier_call call = {EVENT_BARRIER_STORE, DRIVER_PC};
    on_host(host_barrier, &call);
}

void platform_rmb(void)
{
    struct barrier_call call = {EVENT_BARRIER_LOAD, DRIVER_PC};
    on_host(host_barrier, &call);
}

void platform_mb(void)
{
    struct barrier_call call = {EVENT_BARRIER_SYNC, DRIVER_PC};
    on_host(host_barrier, &call);
}

/* ---- time ---- */

struct time_call {
    uint64_t value;
    uintptr_t pc;
    bool interrupted;
};

uint64_t world_look_at_clock(struct world *world)
{
    bool fast = probe.skip_polls || world->dozing;

    world->clock_looked = true;
    world->clock_ns += fast ? WORLD_LOOK_FAST_NS : WORLD_LOOK_NS;
    probe.callbacks++;
    return world->clock_ns;
}

static void host_now(void *argument)
{
    struct time_call *call = argument;

    call->value = world_look_at_clock(world_call_begins());
}

uint64_t platform_now_ns(void)
{
    struct time_call call = {.pc = DRIVER_PC};
    on_host(host_now, &call);
    return call.value;
}

/* A turn of a polling loop is a look at nothing: it counts like a repeated read. */
void world_relax(struct world *world, uintptr_t pc)
{
    probe.callbacks++;
    if (--probe.budget < 0)
        world_budget_out(pc);
    world->delaying = world->clock_looked;
    world->clock_looked = false;
    if (!world_interrupt(world) && !probe.skip_polls)
        world_note_poll(world, 0, 0, pc, true);
    world->delaying = false;
}

static void host_relax(void *argument)
{
    const struct time_call *call = argument;

    world_relax(world_call_begins(), call->pc);
}

void platform_relax(void)
{
    struct time_call call = {.pc = DRIVER_PC};

    /* A driver that waits in vain takes its turns at full speed, until it has had enough of them.
     */
    if (probe.skip_polls && !probe.pending && --probe.budget > 0)
        return;
    if (!fiber_let_others(call.pc))
        on_host(host_relax, &call);
}

/* Each turn lets a timer end or the device finish something: there are not more than these. */
#define WAIT_TURNS_MAX (2u * VIRTQ_SIZE_MAX)

bool world_settle_until_interrupt(struct world *world)
{
    for (unsigned turn = 0; turn < WAIT_TURNS_MAX; turn++) {
        if (world->device.interrupt_status != 0)
            return true;
        if (!world_settle(world))
            return false;
    }
    return false;
}

bool world_wait(struct world *world, uint64_t deadline_ns, uintptr_t pc)
{
    struct event event = {.party = EVENT_PARTY_DRIVER, .kind = EVENT_WAIT, .pc = pc};
    bool interrupted;

    (void)world_interrupt(world);
    interrupted = world->interrupt_seen;
    for (unsigned turn = 0; turn < WAIT_TURNS_MAX && !interrupted; turn++) {
        if (world_interrupt(world))
            interrupted = true;
        else if (!world_settle(world))
            break;
    }
    world->interrupt_seen = false;
    event.value = interrupted;
    world->waits_in_vain = interrupted ? 0 : world->waits_in_vain + 1;
    if (world->waits_in_vain > WORLD_WAITS_IN_VAIN_MAX)
        world_budget_out(pc);
    if (!interrupted) {
        if (world->clock_ns < deadline_ns) {
            world_driver_waits(world, pc);
            world->clock_ns = deadline_ns;
        } else {
            world_note_poll(world, 0, 0, pc, true); /* no wait, but a look */
        }
    }
    if (--probe.budget < 0)
        world_budget_out(pc);
    world_emit(world, &event);
    return interrupted;
}

static void host_wait(void *argument)
{
    struct time_call *call = argument;

    call->interrupted = world_wait(world_call_begins(), call->value, call->pc);
}

bool platform_wait_interrupt(uint64_t deadline_ns)
{
    struct time_call call = {.value = deadline_ns, .pc = DRIVER_PC};

    (void)fiber_let_others(call.pc);
    on_host(host_wait, &call);
    return call.interrupted;
}

/* ---- interrupts, windows, texts ---- */

void platform_set_interrupt_handler(uint32_t interrupt, void (*handler)(void *context),
                                    void *context)
{
    (void)interrupt;
    world_now->handler = handler;
    world_now->handler_context = context;
}

struct map_call {
    uint64_t addr;
    size_t size_bytes;
    uintptr_t pc;
};

/* Said only when it fails: a window that exists costs no step. */
static void host_no_window(void *argument)
{
    const struct map_call *call = argument;
    struct world *world = world_call_begins();
    struct event event = {
        .party = EVENT_PARTY_DRIVER,
        .kind = EVENT_NO_WINDOW,
        .addr = call->addr,
        .value = call->size_bytes,
        .pc = call->pc,
    };

    world_emit(world, &event);
}

volatile void *platform_map_mmio(uint64_t addr, size_t size_bytes)
{
    const struct sim_machine *machine = &world_now->bus.machine;
    struct map_call call = {.addr = addr, .size_bytes = size_bytes, .pc = DRIVER_PC};

    if (addr >= machine->base && addr - machine->base < machine_bytes(machine) &&
        size_bytes <= machine_bytes(machine) - (addr - machine->base))
        return world_now->window + (addr - machine->base);
    on_host(host_no_window, &call);
    return NULL;
}

uint64_t ringside_low_device_tree(void);
uint64_t ringside_low_device_tree(void)
{
    return (uint64_t)(uintptr_t)world_now->low_tree;
}

const void *platform_device_tree(void)
{
    return world_now->bus.fdt;
}

void platform_log(const char *text)
{
    if (world_now->options->trace != NULL)
        fprintf(world_now->options->trace, "# log %s\n", text);
}
