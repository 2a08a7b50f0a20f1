/*
 * What a scenario, or a person, does in a party's place: the driver's accesses, memory, waits and
 * returns; the device held, stepped, broken or made to misbehave. The line of the scenario is the
 * pc of what it does.
 */
#include "gpu.h"
#include "world_state.h"

#include <stdio.h>
#include <string.h>

static uint32_t action_offset(const struct world *world, const struct event *event)
{
    uint32_t slot =
        (event->flags & EVENT_OTHER_SLOT) != 0 ? event->slot : world->scenario->device.slot;
    return machine_slot_offset(&world->bus.machine, slot) + (uint32_t)event->addr;
}

void world_fail(struct world_outcome *outcome, unsigned line, const char *text)
{
    if (outcome->failure_count < WORLD_FAILURES_MAX) {
        struct world_failure *failure = &outcome->failure[outcome->failure_count++];
        failure->line = line;
        snprintf(failure->text, sizeof failure->text, "%s", text);
    }
}

static void check_read(struct world *world, const struct scenario_action *action, uint64_t value)
{
    char text[FINDING_TEXT_BYTES];

    if (!action->check_value || value == action->event.value)
        return;
    snprintf(text, sizeof text, "expected to read 0x%llx, got 0x%llx",
             (unsigned long long)action->event.value, (unsigned long long)value);
    world_fail(world->outcome, action->line, text);
}

static void act_register(struct world *world, const struct scenario_action *action)
{
    struct event event = action->event;
    uint32_t offset = action_offset(world, &event);
    bool is_write = action->kind == SCENARIO_WRITE;

    event.party = EVENT_PARTY_DRIVER;
    event.kind = is_write ? EVENT_WRITE : EVENT_READ;
    event.pc = action->line;
    event.width_bytes = event.width_bytes != 0 ? event.width_bytes : 4;
    event.addr = machine_in_slot(&world->bus.machine, offset);
    event.slot = (uint16_t)machine_slot_of(&world->bus.machine, offset);
    event.verdict = (uint8_t)bus_check(&world->bus, offset, event.width_bytes, is_write);
    if (is_write) {
        world_emit(world, &event);
        world_bus_write(world, offset, event.width_bytes, event.value);
        world_activity(world);
        return;
    }
    event.value = world_bus_read(world, offset, event.width_bytes);
    check_read(world, action, event.value);
    world_emit(world, &event);
    world_was_read(world, &event);
}

/* A place named as in a trace, `controlq+0x104`: the event holds the offset alone. */
static bool find_named(struct world *world, const struct scenario_action *action,
                       struct event *event)
{
    if (action->name[0] == '\0' || event->place != EVENT_PLACE_MEMORY)
        return true;
    for (size_t i = world->arena.region_count; i-- > 0;) {
        const struct arena_region *region = &world->arena.regions[i];
        if (region->freed_step == 0 && strcmp(region->what, action->name) == 0) {
            event->addr += region->addr;
            return true;
        }
    }
    world_fail(world->outcome, action->line, "there is no memory of that name");
    return false;
}

/* What the driver does in a trace without any effect: a barrier, cache maintenance. */
static void act_event(struct world *world, const struct scenario_action *action)
{
    struct event event = action->event;

    event.pc = action->line;
    if (find_named(world, action, &event))
        world_emit(world, &event);
}

static void act_memory(struct world *world, const struct scenario_action *action)
{
    struct event event = action->event;
    uint8_t *host;

    if (!find_named(world, action, &event))
        return;
    event.party = EVENT_PARTY_DRIVER;
    event.pc = action->line;
    if (!place_address(&world->device, &event) ||
        !arena_is_ram(&world->arena, event.addr, event.width_bytes) || event.width_bytes > 8) {
        world_fail(world->outcome, action->line,
                   "this place is not in RAM, or its queue is not live");
        return;
    }
    host = arena_host(&world->arena, event.addr);
    if (action->kind == SCENARIO_STORE) {
        memcpy(host, &event.value, event.width_bytes);
        arena_shadow_update(&world->arena, event.addr, event.width_bytes);
    } else {
        event.value = 0;
        memcpy(&event.value, host, event.width_bytes);
        check_read(world, action, event.value);
    }
    event.bytes = host;
    if (!sim_queue_place(&world->device, event.addr, &event))
        event.place = EVENT_PLACE_MEMORY;
    world_emit(world, &event);
    if (action->kind == SCENARIO_STORE)
        world_activity(world);
}

static void act_allocation(struct world *world, const struct scenario_action *action)
{
    struct event event = action->event;
    struct arena *arena = &world->arena;
    uint64_t next = arena->next;
    const char *trouble = NULL;

    event.pc = action->line;
    if (action->kind == SCENARIO_FREE) {
        if (!arena_free(arena, event.addr, world->steps + 1))
            trouble = "there is no allocation at this address";
    } else {
        uint64_t addr;
        arena->next = event.addr;
        addr = arena_alloc(arena, event.value, 1, action->name, world->steps + 1, 0);
        arena->next = next;
        if (addr != event.addr) {
            trouble = "this memory is taken, or does not fit into RAM";
            arena_free(arena, addr, world->steps + 1);
        }
    }
    if (trouble != NULL) {
        world_fail(world->outcome, action->line, trouble);
        return;
    }
    world_emit(world, &event);
    world_activity(world);
}

/* The scenario's driver sleeps until an interrupt comes; if none can, it is stuck. */
static void act_wait(struct world *world, const struct scenario_action *action)
{
    struct event event = {.party = EVENT_PARTY_DRIVER, .kind = EVENT_WAIT, .pc = action->line};

    event.value = world_settle_until_interrupt(world);
    world_emit(world, &event);
    if (event.value != 0)
        return;
    event.party = EVENT_PARTY_WORLD;
    event.kind = EVENT_STUCK;
    world_emit(world, &event);
}

/* What was done so far was one call, and what follows is the next. */
static void act_return(struct world *world, const struct scenario_action *action)
{
    struct event event = {.party = EVENT_PARTY_WORLD,
                          .kind = EVENT_RETURN,
                          .value = (uint64_t)action->result,
                          .index = world->played_calls};

    world_emit(world, &event);
    world->played_calls++;
    world->play_returned = true;
}

/* After a return, whatever comes next begins another call. */
static void begin_played_call(struct world *world)
{
    struct event event = {.party = EVENT_PARTY_WORLD,
                          .kind = EVENT_CALL,
                          .value = world->played_calls,
                          .index = world->played_calls};

    if (world->play_returned)
        world_emit(world, &event);
    world->play_returned = false;
}

static void step_device(struct world *world, const struct scenario_action *action)
{
    for (uint64_t i = 0; i < action->count; i++) {
        if (!control_device_step(world)) {
            world_fail(world->outcome, action->line, "the device has no step to take here");
            return;
        }
        if (world->controlled && !world->pause.playing)
            control_turn(world, true);
    }
}

void world_play(struct world *world, const struct scenario_action *action)
{
    struct event event = action->event;

    begin_played_call(world);
    switch (action->kind) {
    case SCENARIO_CALL:
    case SCENARIO_PAUSE:
    case SCENARIO_CONTINUE:
        return; /* the run's own: world.c, pause.c */
    case SCENARIO_READ:
    case SCENARIO_WRITE:
        act_register(world, action);
        break;
    case SCENARIO_LOAD:
    case SCENARIO_STORE:
        act_memory(world, action);
        break;
    case SCENARIO_ALLOC:
    case SCENARIO_FREE:
        act_allocation(world, action);
        break;
    case SCENARIO_INTERRUPT:
        (void)world_settle(world);
        if (world->pause.playing)
            (void)world_interrupt(world);
        break;
    case SCENARIO_STEP:
        step_device(world, action);
        break;
    case SCENARIO_HOLD:
        world->hold = true;
        break;
    case SCENARIO_RELEASE:
        world->hold = false;
        break;
    case SCENARIO_FAULT:
        if (!sim_fault_arm(&world->device.faults, &action->fault))
            world_fail(world->outcome, action->line, "too many faults are armed");
        break;
    case SCENARIO_PLAY:
        act_event(world, action);
        break;
    case SCENARIO_WAIT:
        act_wait(world, action);
        break;
    case SCENARIO_RETURN:
        act_return(world, action);
        break;
    case SCENARIO_CONFIG_CHANGE:
        sim_config_changed(&world->device);
        break;
    case SCENARIO_BARRIER:
        event.pc = action->line;
        world_emit(world, &event);
        break;
    case SCENARIO_DISPLAY:
        gpu_set_display(&world->device, (uint32_t)event.value, (uint32_t)event.extra);
        break;
    case SCENARIO_NEEDS_RESET:
        sim_break_down(&world->device, 0);
        break;
    }
}
