/*
 * What one access of the driver sets off: the event and the device's turn.
 *
 *   world_access()   the step before is finished, the others act, this one begins
 *   (the access)
 *   world_finish()   a write's value is known: event, effect on the device, the others act
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "crash.h"
#include "interrupt.h"
#include "observe.h"
#include "ringside_asan.h"
#include "world_state.h"

struct world *world_now;

void world_abandon(void)
{
    ringside_asan_leave();
    probe_abandon(WORLD_ABANDONED);
}

/* Whoever else looks at events: the trace, readers, an expected trace, and who holds the run. */
__attribute__((noinline)) static void show(struct world *world, struct event *event)
{
    if (world->options->trace != NULL) {
        char text[EVENT_TEXT_BYTES];
        size_t bytes = event_format(event, arena_name, &world->arena, text, sizeof text - 1);
        text[bytes] = '\n';
        fwrite(text, 1, bytes + 1, world->options->trace);
    }
    judge_event(&world->judge, event);
    for (size_t i = 0; i < world->options->reader_count; i++) {
        const struct world_reader *reader = &world->options->reader[i];
        reader->read(reader->context, event, &world->sight);
    }
    if (world->scenario->traced_count > 0)
        traced_event(world, event);
    if (world->controlled)
        control_event(world, event);
}

void world_emit(struct world *world, struct event *event)
{
    event->step = ++world->steps;
    world->outcome->steps = event->step; /* known also when the process is lost */
    if (event->party == EVENT_PARTY_DRIVER) {
        world->driver_steps++;
        world->clock_ns += WORLD_STEP_NS;
        probe.callbacks++;
    } else if (event->kind == EVENT_RESPOND) {
        world->outcome->response_filled |= event->extra > 0;
    } else if (event->kind == EVENT_STORE && event->place == EVENT_PLACE_USED_IDX) {
        world->outcome->requests += event->party == EVENT_PARTY_DEVICE;
    }
    if (world->shown)
        show(world, event);
    else
        judge_event(&world->judge, event);
}

void world_activity(struct world *world)
{
    world->activity++;
    world->progress++;
    world->stuck = false;
    probe.skip_polls = false;
    probe.budget = WORLD_SPIN_CALLBACKS;
}

/* ---- the register window ---- */

void world_window_protect(struct world *world, bool open)
{
    int failed = mprotect(world->window_map, world->window_map_bytes,
                          open ? PROT_READ | PROT_WRITE : PROT_NONE);
    assert(failed == 0);
    world->window_open = open;
}

void world_window_open(struct world *world, bool open)
{
    if (world->guard && world->window_open != open)
        world_window_protect(world, open);
}

/* Lays register values out where the driver's access will find them. The window must be open. */
void world_window_fill(struct world *world, uint32_t offset, uint32_t bytes)
{
    uint32_t window_bytes = machine_bytes(&world->bus.machine);
    uint32_t end = bytes < window_bytes - offset ? offset + bytes : window_bytes;

    if (bytes <= 8 && world_bus_has(world, offset, bytes)) {
        uint64_t value = world_bus_read(world, offset, bytes);
        memcpy(world->window + offset, &value, bytes);
        return;
    }
    for (uint32_t at = offset & ~3u; at < end; at += 4) {
        uint32_t value = (uint32_t)world_bus_read(world, at, 4);
        memcpy(world->window + at, &value, 4);
    }
}

struct event world_register_event(struct world *world, uint32_t offset, uint32_t bytes,
                                  bool is_write, uint8_t flags, uintptr_t pc)
{
    uint32_t slot = machine_slot_of(&world->bus.machine, offset);
    uint32_t in_slot = machine_in_slot(&world->bus.machine, offset);
    int reg = mmio_register_at(in_slot);
    struct event event = {
        .party = EVENT_PARTY_DRIVER,
        .kind = is_write ? EVENT_WRITE : EVENT_READ,
        .addr = in_slot,
        .slot = (uint16_t)slot,
        .width_bytes = bytes,
        .flags = flags,
        .pc = pc,
        .verdict = (uint8_t)bus_check(&world->bus, offset, bytes, is_write),
    };

    if (slot != world->scenario->device.slot)
        event.flags |= EVENT_OTHER_SLOT;
    if (in_slot >= VIRTIO_MMIO_CONFIG) {
        event.place = EVENT_PLACE_CONFIG;
    } else if (reg >= 0) {
        event.place = EVENT_PLACE_REGISTER;
        event.index = (uint32_t)reg;
    } else {
        event.place = EVENT_PLACE_REGISTER_GAP;
    }
    return event;
}

void world_was_read(struct world *world, const struct event *event)
{
    if (world->device.faults.count != 0 && event->verdict == EVENT_VERDICT_OK &&
        (event->flags & EVENT_OTHER_SLOT) == 0)
        mmio_was_read(&world->device, (uint32_t)event->addr);
}

/* The display as it was, kept when the driver is about to reset a device that shows a picture. */
static void keep_last_picture(struct world *world, const struct event *event)
{
    struct world_scanout *scanout = &world->outcome->scanout;
    struct gpu_scanout_info info;

    if (event->addr != VIRTIO_MMIO_Status || event->value != 0 ||
        (event->flags & EVENT_OTHER_SLOT) != 0 || world->device.class != &gpu_class)
        return;
    gpu_scanout_info(&world->device, 0, &info);
    if (!info.active)
        return;
    picture_free(&scanout->last);
    if (!world_picture(world, &scanout->last))
        scanout->last.rgb = NULL;
}

/* Many drivers acknowledge in every turn of a polling loop: nothing came, so nothing happens. */
static bool acknowledges_nothing(const struct world *world, const struct event *event)
{
    return event->place == EVENT_PLACE_REGISTER && event->index == VIRTIO_MMIO_REG_InterruptACK &&
           (event->value & world->device.interrupt_status) == 0;
}

/* One register write of up to 8 bytes, complete: event, then effect. */
static void register_written(struct world *world, struct event *event, uint32_t offset)
{
    bool is_idle = acknowledges_nothing(world, event);

    world_emit(world, event);
    keep_last_picture(world, event);
    world_bus_write(world, offset, event->width_bytes, event->value);
    if (!is_idle)
        world_activity(world);
}

static void window_finish_write(struct world *world)
{
    struct event *event = &world->pending;
    uint32_t offset = (uint32_t)(world->pending_host - (uintptr_t)world->window);
    uint32_t bytes = event->width_bytes;
    uint32_t left_bytes = machine_bytes(&world->bus.machine) - offset;
    uint8_t raw[VIRTIO_MMIO_WINDOW_BYTES];

    if (bytes > sizeof raw)
        bytes = sizeof raw;
    if (bytes > left_bytes)
        bytes = left_bytes;
    memcpy(raw, world->window + offset, bytes);
    world_window_open(world, false);
    if (bytes <= 8) {
        memcpy(&event->value, raw, bytes);
        register_written(world, event, offset);
        return;
    }
    /* A structure copied over registers: word by word, as a bus would see it. */
    for (uint32_t at = 0; at < bytes; at += 4) {
        uint32_t part = bytes - at < 4 ? bytes - at : 4;
        struct event word =
            world_register_event(world, offset + at, part, true, event->flags, event->pc);
        memcpy(&word.value, raw + at, part);
        register_written(world, &word, offset + at);
    }
}

/* A handler came in between and made accesses of its own: the value that was read before it did. */
static void lay_out_again(struct world *world, uint32_t offset, uint32_t bytes, uint64_t value)
{
    world_window_open(world, true);
    memcpy(world->window + offset, &value, bytes);
    world->pending_is_window = true;
    world->pending_is_write = false;
    world->pending_host = (uintptr_t)world->window + offset;
    probe.pending = true;
}

/*
 * gcc tells an access to a volatile bit-field by the bytes that hold the field, and makes it as
 * wide as the field's type; it tells a store alone, and makes a load and a store. So a narrow
 * access to control registers is left to the closed window: the fault tells the instruction, and
 * the instruction its width.
 */
static void narrow_begin(struct world *world, uint8_t flags, uintptr_t pc)
{
    world_window_protect(world, false);
    world->narrow = true;
    world->narrow_was_read = false;
    world->narrow_flags = flags;
    world->narrow_pc = pc;
    probe.pending = true;
}

/* The window as it is between accesses. */
void world_narrow_end(struct world *world)
{
    world->narrow = false;
    world_window_protect(world, !world->guard);
}

static bool is_narrow(const struct world *world, uint32_t offset, uint32_t bytes, uint8_t flags)
{
    return bytes < 4 && machine_in_slot(&world->bus.machine, offset) < VIRTIO_MMIO_CONFIG &&
           (flags & (EVENT_RANGE | EVENT_ATOMIC)) == 0;
}

/*
 * What a store finds there is nobody's business, but for one that is half of an exchange: QEMU's
 * device is not asked, which would complain of a read that no driver made.
 */
static void lay_out(struct world *world, bool is_write, uint32_t offset, uint32_t bytes,
                    uint8_t flags)
{
    uint64_t value;

    if (!is_write || world->far == NULL || bytes > 8 || (flags & EVENT_ATOMIC) != 0 ||
        !world_bus_has(world, offset, bytes)) {
        world_window_fill(world, offset, bytes);
        return;
    }
    value = bus_read(&world->bus, offset, bytes);
    memcpy(world->window + offset, &value, bytes);
}

__attribute__((noinline)) static void window_access(struct world *world, bool is_write,
                                                    uint32_t offset, uint32_t bytes, uint8_t flags,
                                                    uintptr_t pc)
{
    struct event event = world_register_event(world, offset, bytes, is_write, flags, pc);
    uint32_t window_bytes = machine_bytes(&world->bus.machine);

    if (is_narrow(world, offset, bytes, flags)) {
        narrow_begin(world, flags, pc);
        return;
    }
    world_window_open(world, true);
    lay_out(world, is_write, offset, bytes, flags);
    world->pending_is_window = true;
    world->pending_is_write = is_write;
    world->pending_host = (uintptr_t)world->window + offset;
    probe.pending = true;
    if (is_write) {
        world->pending = event;
        return;
    }
    if (bytes <= 8) {
        memcpy(&event.value, world->window + offset, bytes);
        world_emit(world, &event);
        world_was_read(world, &event);
        world_note_poll(world, world->pending_host, event.value, pc, true);
        if (!probe.pending)
            lay_out_again(world, offset, bytes, event.value);
        return;
    }
    for (uint32_t at = 0; at < bytes && offset + at < window_bytes; at += 4) {
        uint32_t part = bytes - at < 4 ? bytes - at : 4;
        struct event word = world_register_event(world, offset + at, part, false, flags, pc);
        memcpy(&word.value, world->window + offset + at, part);
        world_emit(world, &word);
        world_was_read(world, &word);
    }
}

/* ---- memory ---- */

/* The first 8 bytes; the usual widths without a call of memcpy. */
static uint64_t value_at(uintptr_t host, uint32_t bytes)
{
    const uint8_t *from = (const uint8_t *)host;
    uint64_t value = 0;
    uint32_t word;
    uint16_t half;

    switch (bytes) {
    case 1:
        return *from;
    case 2:
        memcpy(&half, from, 2);
        return half;
    case 4:
        memcpy(&word, from, 4);
        return word;
    default:
        memcpy(&value, from, bytes < 8 ? bytes : 8);
        return value;
    }
}

/* Fills in place: an event that is copied right after it was written costs more than making it. */
static void memory_event(struct world *world, struct event *event, enum event_kind kind,
                         uintptr_t host, uint32_t bytes, uint8_t flags, uintptr_t pc)
{
    bool inside;

    memset(event, 0, sizeof *event);
    event->party = EVENT_PARTY_DRIVER;
    event->kind = (uint8_t)kind;
    event->width_bytes = bytes;
    event->flags = flags;
    event->pc = pc;
    inside = arena_physical(&world->arena, (const void *)host, &event->addr);
    assert(inside);
    if (!sim_queue_place(&world->device, event->addr, event))
        event->place = EVENT_PLACE_MEMORY;
}

uint64_t world_stored_value(const struct world *world, const struct event *event, uintptr_t host)
{
    return sim_ring_value(&world->device, event->place, event->width_bytes,
                          value_at(host, event->width_bytes));
}

static bool is_own_memory(const struct world *world, uintptr_t host)
{
    const struct driver *driver = world->driver;

    return host - (uintptr_t)world->stack < (uintptr_t)(world->stack_top - world->stack) ||
           (driver != NULL && host - (uintptr_t)driver->data.host < driver->data.bytes);
}

/* A loop that waits for the device may count its turns, or keep what it has read, in variables that
 * happen to be DMA memory. A store to the driver's stack or static data, outside of rings, that was
 * made from the same place before is no news to anybody but the driver. */
static void stored(struct world *world, const struct event *event, uintptr_t host)
{
    size_t slot = (host >> 1 ^ event->pc) % WORLD_OWN_STORES;

    if (event->place != EVENT_PLACE_MEMORY || !is_own_memory(world, host)) {
        world_activity(world);
    } else if (world->own_store[slot].host == host && world->own_store[slot].pc == event->pc) {
        world->activity++;
    } else {
        world->own_store[slot].host = host;
        world->own_store[slot].pc = event->pc;
        world_activity(world);
    }
}

static void memory_finish_store(struct world *world)
{
    struct event *event = &world->pending;

    event->value = world_stored_value(world, event, world->pending_host);
    event->bytes = (const uint8_t *)world->pending_host;
    arena_shadow_update(&world->arena, event->addr, event->width_bytes);
    world_emit(world, event);
    stored(world, event, world->pending_host);
}

/* How much of what lay under a store is remembered. */
static size_t old_bytes(uint32_t bytes)
{
    size_t most = sizeof((struct world *)0)->pending_old;
    return bytes < most ? bytes : most;
}

/*
 * gcc tells `*a = *b` of structures as a write of *a, then a read of *b, and copies after both. A
 * plain store is therefore left pending over one read of the same width, if it has changed nothing:
 * either the copy is still to come, or an equal value was stored, and the order of the two makes no
 * difference.
 */
static bool copy_is_to_come(struct world *world, uint32_t bytes)
{
    if (!world->pending_is_write || world->pending_is_window || !world->pending_may_be_copy ||
        world->pending.width_bytes != bytes)
        return false;
    world->pending_may_be_copy = false;
    return memcmp(world->pending_old, (const void *)world->pending_host, old_bytes(bytes)) == 0;
}

void world_finish_before_read(uint32_t bytes)
{
    if (!copy_is_to_come(world_now, bytes))
        world_finish();
}

static void memory_access(struct world *world, enum probe_kind kind, uintptr_t host, uint32_t bytes,
                          uint8_t flags, uintptr_t pc)
{
    struct event event;

    if (kind == PROBE_UPDATE)
        return; /* the probe makes it and tells: world_updated() */
    if (kind == PROBE_WRITE) {
        memory_event(world, &world->pending, EVENT_STORE, host, bytes, flags, pc);
        world->pending_host = host;
        world->pending_is_window = false;
        world->pending_is_write = true;
        world->pending_may_be_copy = (flags & (EVENT_VOLATILE | EVENT_ATOMIC)) == 0;
        if (world->pending_may_be_copy)
            memcpy(world->pending_old, (const void *)host, old_bytes(bytes));
        probe.pending = true;
        return;
    }
    memory_event(world, &event, EVENT_LOAD, host, bytes, flags, pc);
    event.value = world_stored_value(world, &event, host);
    event.bytes = (const uint8_t *)host;
    world_emit(world, &event);
    world_note_poll(world, host, event.value, pc, event.place != EVENT_PLACE_MEMORY);
}

/* ---- the probe's calls ---- */

/* Part of an access that lies inside RAM: a range may run over its end. */
static uint32_t clip(const struct world *world, uintptr_t host, uint32_t bytes)
{
    for (uint32_t i = 0; i < probe.memory_count; i++) {
        const struct probe_range *range = &probe.memory[i];
        size_t offset = host - range->host;
        if (offset < range->bytes)
            return bytes < range->bytes - offset ? bytes : (uint32_t)(range->bytes - offset);
    }
    (void)world;
    return bytes;
}

/* Asynchronously: no more than what the next access looks at anyway. */
void world_stop_soon(void)
{
    if (world_now == NULL)
        return;
    world_now->stop_at = 0;
    probe.skip_polls = false;
}

/* The step where the run was to stop; or the call has gone on for so long that it never ends. */
static void stop(struct world *world, uintptr_t pc)
{
    uint64_t until = world->options->until_step;

    probe.pending = false;
    world_window_open(world, false);
    if (interrupts_came() != 0)
        world->stopped = world->outcome->interrupted = true;
    else if ((until != 0 && world->steps >= until) || world->steps >= WORLD_STEPS_MAX ||
             world->outcome->lost[0] != '\0')
        world->stopped = true;
    else if (world->call != NULL && world->call->action->result == SCENARIO_RUNNING)
        world->running = true;
    else
        (void)world_crashed(WORLD_CRASH_SPIN, 0, pc);
    world_abandon();
}

/* The run may stand still ahead of the access: it is described, without its value. */
__attribute__((noinline)) static bool access_is_told(struct world *world, enum probe_kind kind,
                                                     uintptr_t host, uint32_t bytes, uint8_t flags,
                                                     uintptr_t pc)
{
    uintptr_t offset = host - probe.window.host;
    const struct probe_poll *poll = probe_poll_of(host, pc);
    bool is_window = offset < probe.window.bytes;
    struct event next;

    if (is_window)
        next = world_register_event(world, (uint32_t)offset, bytes, kind != PROBE_READ, flags, pc);
    else
        memory_event(world, &next,
                     kind == PROBE_READ    ? EVENT_LOAD
                     : kind == PROBE_WRITE ? EVENT_STORE
                                           : EVENT_UPDATE,
                     host, clip(world, host, bytes), flags, pc);
    return control_access(world, &next,
                          !is_window && kind == PROBE_READ && poll->pc == pc && poll->host == host);
}

void world_access(enum probe_kind kind, uintptr_t host, uint32_t bytes, uint8_t flags, uintptr_t pc)
{
    struct world *world = world_now;
    uintptr_t offset = host - probe.window.host;

    if (probe.pending && kind == PROBE_READ && offset >= probe.window.bytes &&
        copy_is_to_come(world, bytes)) {
        memory_access(world, kind, host, clip(world, host, bytes), flags, pc);
        return;
    }
    if (probe.pending)
        world_finish();
    world_others_act(world);
    if (world->scenario->interrupts_any)
        (void)world_interrupt(world);
    if (world->controlled && !access_is_told(world, kind, host, bytes, flags, pc))
        return;
    if (world->steps >= world->stop_at)
        stop(world, pc);
    if (offset < probe.window.bytes)
        window_access(world, kind != PROBE_READ, (uint32_t)offset, bytes, flags, pc);
    else
        memory_access(world, kind, host, clip(world, host, bytes), flags, pc);
}

void world_finish(void)
{
    struct world *world = world_now;

    probe.pending = false;
    if (world->narrow) {
        world_narrow_end(world);
        if (world->narrow_was_read)
            world_note_poll(world, world->pending_host, world->pending.value, world->narrow_pc,
                            true);
    } else if (world->pending_is_window) {
        if (world->pending_is_write)
            window_finish_write(world);
        else
            world_window_open(world, false);
    } else if (world->pending_is_write) {
        memory_finish_store(world);
    }
    world_others_act(world);
}

struct world *world_call_begins(void)
{
    struct world *world = world_now;

    if (probe.pending)
        world_finish();
    world_others_act(world);
    if (world->controlled)
        (void)control_access(world, NULL, false);
    return world;
}

void world_updated(uintptr_t host, uint32_t bytes, uint8_t flags, uint64_t old_value, uintptr_t pc)
{
    struct world *world = world_now;
    struct event event;

    if (host - probe.window.host < probe.window.bytes) {
        if (probe.pending)
            world_finish(); /* an atomic on a register: its write is what the device sees */
        return;
    }
    memory_event(world, &event, EVENT_UPDATE, host, bytes, flags, pc);
    event.value = world_stored_value(world, &event, host);
    event.extra = old_value;
    event.bytes = (const uint8_t *)host;
    arena_shadow_update(&world->arena, event.addr, bytes);
    world_emit(world, &event);
    stored(world, &event, host);
    world_others_act(world);
}

void world_barrier(int barrier, const char *text, uint8_t flags, uintptr_t pc)
{
    struct world *world = world_now;
    struct event event = {
        .party = EVENT_PARTY_DRIVER,
        .kind = EVENT_BARRIER,
        .value = (uint64_t)barrier,
        .flags = flags,
        .pc = pc,
        .bytes = (const uint8_t *)text,
    };

    if (probe.pending)
        world_finish();
    if (world->controlled && !control_access(world, &event, true))
        return;
    world_emit(world, &event);
    world_others_act(world);
    if (world->steps >= world->stop_at)
        stop(world, pc);
}
