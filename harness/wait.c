/*
 * Everybody but the driver: when device and clock take their steps, and whether the driver waits
 * for something that cannot come.
 *
 * A driver that looks at the same place WORLD_POLLS_WAITING times while nothing happens is waiting.
 * If no other party can take a step and no timer runs, it waits in vain: it is *stuck*. That is
 * told at once; then the driver runs on to its own timeout, its repeated looks being no steps any
 * more.
 */
#include "fiber.h"
#include "random.h"
#include "world_state.h"

uint64_t world_random(uint64_t *state)
{
    return random_next(state) >> 32;
}

/* Of so many odds, does the device take one more step? */
static bool goes_on(struct world *world)
{
    return (world_random(&world->random) >> 26) >= SCENARIO_ODDS_MAX - world->scenario->odds;
}

/* Nobody holds the device, or has ended the run, while it stood still at the boundary here. */
static bool device_may_step(struct world *world)
{
    if (world->controlled)
        control_turn(world, !world->hold);
    return !world->hold && !world->stopped && sim_device_enabled(&world->device);
}

static bool device_goes_on(struct world *world)
{
    bool acted = false;

    world->device.clock_steps = world->steps;
    for (uint64_t i = 0; i < WORLD_DEVICE_STEPS_MAX && sim_device_enabled(&world->device); i++) {
        if (!device_may_step(world))
            break;
        acted |= sim_device_step(&world->device);
    }
    if (acted && world->far != NULL)
        qemu_device_confirm(world);
    if (acted)
        world_activity(world);
    return acted;
}

/* As many micro-steps as the recorded schedule has the device take at this chance. */
static void replay_turn(struct world *world)
{
    const struct world_options *options = world->options;
    const struct world_turn *turn = &options->turn[world->turn_next];

    if (world->turn_next == options->turn_count || turn->step != world->chance_step ||
        turn->chance != world->chance)
        return;
    world->turn_next++;
    while (world->turn.count < turn->count && device_may_step(world)) {
        world->turn.count++;
        if (sim_device_step(&world->device))
            world_activity(world);
    }
    if (world->turn.count > 0 && world->far != NULL)
        qemu_device_confirm(world);
}

/* As many as the scenario's schedule gives. */
static void take_turn(struct world *world)
{
    uint32_t *count = &world->turn.count;

    switch (world->scenario->schedule) {
    case SCHEDULE_EAGER:
        while (*count < UINT32_MAX && sim_device_enabled(&world->device) &&
               device_may_step(world)) {
            (*count)++;
            (void)sim_device_step(&world->device);
        }
        if (*count > 0 && world->far != NULL)
            qemu_device_confirm(world);
        if (*count > 0)
            world_activity(world);
        break;
    case SCHEDULE_LAZY:
        if (world->controlled)
            control_turn(world, false);
        break;
    case SCHEDULE_RANDOM:
        for (unsigned i = 0; i < 64 && sim_device_enabled(&world->device); i++) {
            if (!goes_on(world) || !device_may_step(world))
                break;
            (*count)++;
            if (sim_device_step(&world->device))
                world_activity(world);
        }
        break;
    }
}

/* How many steps the device takes at this chance, the schedule says. */
static void have_turn(struct world *world)
{
    if (world->chance_step != world->steps) {
        world->chance_step = world->steps;
        world->chance = 0;
    }
    world->chance++;
    world->turn = (struct world_turn){.step = world->chance_step, .chance = world->chance};
    if (world->options->replays)
        replay_turn(world);
    else
        take_turn(world);
    if (world->turn.count > 0 && world->options->turned != NULL)
        world->options->turned(world->options->turned_context, &world->turn);
    world->turn.count = 0;
}

void world_others_turn(struct world *world)
{
    if (world->device.faults.count != 0 && !world->hold)
        sim_faults_come(&world->device);
    if (sim_device_enabled(&world->device) && !world->hold)
        have_turn(world);
    else if (world->controlled)
        control_turn(world, false);
}

const struct world_turn *world_turn_under_way(void)
{
    return world_now != NULL && world_now->turn.count > 0 ? &world_now->turn : NULL;
}

bool world_settle(struct world *world)
{
    bool acted = device_goes_on(world);
    uint64_t wakes_at = sim_device_wakes_at(&world->device);

    if (!acted && wakes_at > world->steps) {
        struct event event = {.party = EVENT_PARTY_CLOCK, .kind = EVENT_RELAX};
        event.value = wakes_at - world->steps;
        world->steps = wakes_at;
        world_emit(world, &event);
        acted = device_goes_on(world);
    }
    return acted;
}

bool world_is_idle(const struct world *world)
{
    const struct model *model = &world->judge.model;

    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        if (queue->live && (queue->in_flight != 0 || queue->used_idx != queue->seen_idx))
            return false;
    }
    return true;
}

bool world_has_come_to_rest(struct world *world)
{
    if (world->call == NULL || world->call->action->result != SCENARIO_RUNNING ||
        !world_is_idle(world))
        return false;
    world->running = true;
    return true;
}

void world_offer_interrupt(void)
{
    world_others_act(world_now);
    (void)world_interrupt(world_now);
}

/* The rung is found now, while everything stands as it did when the wait became hopeless. */
static void stuck(struct world *world, uintptr_t pc)
{
    struct event event = {.party = EVENT_PARTY_WORLD, .kind = EVENT_STUCK, .pc = pc};

    if (world_has_come_to_rest(world))
        world_abandon();
    world->stuck = true;
    probe.skip_polls = true;
    if (world->call == NULL || world->call->stuck)
        return;
    world->call->stuck = true;
    world_emit(world, &event);
    ladder_climb(&world->judge.model, event.queue, &world->call->ladder);
    if (!world->controlled)
        return;
    control_mark(world);
    if (control_awaits(world)) {
        world->polls_awaited = true;
        probe.skip_polls = false;
    }
}

static bool has_unseen_answer(const struct world *world)
{
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &world->judge.model.queue[i];
        if (queue->live && queue->used_idx != queue->seen_idx)
            return true;
    }
    return false;
}

void world_driver_waits(struct world *world, uintptr_t pc)
{
    if (device_goes_on(world))
        return;
    if (world_interrupt(world))
        return;
    if (world->hold && sim_device_enabled(&world->device)) {
        control_held(world);
        return;
    }
    if (sim_device_wakes_at(&world->device) != 0)
        return; /* a held completion goes on by itself: looking takes time as well */
    if (fiber_others_may_go_on(world)) {
        probe.switch_wanted = true;
        return;
    }
    if (world->delaying && has_unseen_answer(world))
        world->dozing = true; /* the delay ends, and then the driver looks */
    else
        stuck(world, pc);
}

/* Has nothing happened since this place was looked at? */
static bool counts(const struct world *world, const struct probe_poll *poll)
{
    return poll->activity == (poll->outward ? world->progress : world->activity);
}

void world_note_poll(struct world *world, uintptr_t host, uint64_t value, uintptr_t pc,
                     bool outward)
{
    struct probe_poll *poll = probe_poll_of(host, pc);
    struct probe_poll *other = &probe.poll[(size_t)(poll - probe.poll) ^ 1];
    bool same = poll->pc == pc && poll->host == host && poll->outward == outward;

    world->dozing &= host == 0;
    if (same && poll->value == value && counts(world, poll)) {
        if (++poll->count >= WORLD_POLLS_WAITING)
            world_driver_waits(world, pc);
        return;
    }
    /* The other entry is taken when it holds nothing that still counts. */
    if (!same && counts(world, poll) && !counts(world, other))
        poll = other;
    else if (!same && counts(world, poll) && poll->outward && !outward)
        return; /* a look at a variable of its own does not drive out one at the device */
    *poll = (struct probe_poll){.pc = pc,
                                .host = host,
                                .value = value,
                                .activity = outward ? world->progress : world->activity,
                                .count = 1,
                                .outward = outward};
}
