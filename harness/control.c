/*
 * Run control: counts micro-steps, looks for breakpoints, and lets a session stop the run.
 */
#include "control.h"

#include <string.h>

#include "observe.h"
#include "world_state.h"

/* ---- findings have no event of their own ---- */

/* How often rules have spoken. */
static uint64_t findings_so_far(const struct world *world)
{
    const struct findings *findings = &world->outcome->findings;
    uint64_t times = 0;

    for (uint32_t i = 0; i < findings->count; i++)
        times += findings->item[i].times;
    return times;
}

bool control_spoke(const struct world *world, const struct rule *rule, uint64_t step)
{
    const struct findings *findings = &world->outcome->findings;

    if (!world->spoke)
        return false;
    if (rule == NULL)
        return findings->count > world->findings_before;
    for (uint32_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->item[i];
        if (finding->rule == rule &&
            (i >= world->findings_before || finding->at.event.step == step))
            return true;
    }
    return false;
}

static bool matches(struct world *world, struct pattern *pattern, const struct event *event)
{
    if (pattern->scope != PATTERN_FINDING)
        return pattern_matches(pattern, event, &world->device);
    return control_spoke(world, pattern->rule, event->step);
}

/* ---- the run goes on ---- */

static void count_past(struct control *control, uint64_t step)
{
    struct control_past *past = &control->past[control->past_count++ % CONTROL_PAST_MAX];

    past->step = step;
    past->party = control->party;
}

void control_start(struct world *world)
{
    struct control *control = world->options->control;

    world->controlled = control != NULL || pause_is_wanted(world);
    world->shown |= world->controlled;
    if (control == NULL)
        return;
    control->past_count = 0;
    control->acts_done = 0;
    control->step = 0;
    control->turn = 0;
    control->due = control->order.goal == CONTROL_TO_STEP && control->order.count == 0;
    control->why = CONTROL_START;
    control->has_found = false;
    control->matched = false;
    control->fresh = true;
    control->stood = false;
    control->next_known = false;
    control->left = control->order.count;
    memset(&control->last, 0, sizeof control->last);
    for (size_t i = 0; i < control->break_count; i++)
        control->breakpoint[i].hits = 0;
    (void)control_access(world, NULL, false);
}

static void stop(struct control *control, enum control_why why)
{
    if (control->due)
        return;
    control->due = true;
    control->why = why;
}

static void look_at_breaks(struct world *world, struct control *control, const struct event *event,
                           bool before)
{
    for (size_t i = 0; i < control->break_count; i++) {
        struct control_break *point = &control->breakpoint[i];
        if (point->pattern.before != before || !matches(world, &point->pattern, event))
            continue;
        point->hits++;
        if (control->order.breaks && control->order.goal == CONTROL_SEARCH) {
            control->matched = true;
        } else if (control->order.breaks && !control->due) {
            stop(control, CONTROL_BREAK);
            control->break_number = point->number;
        }
    }
}

static void look_for_goal(struct world *world, struct control *control, const struct event *event,
                          bool before)
{
    struct control_order *order = &control->order;

    if ((order->goal != CONTROL_TO_PATTERN && order->goal != CONTROL_SEARCH) ||
        order->until.before != before || !matches(world, &order->until, event))
        return;
    if (order->goal == CONTROL_TO_PATTERN)
        stop(control, CONTROL_REACHED);
    else
        control->matched = true;
}

void control_event(struct world *world, const struct event *event)
{
    struct control *control = world->options->control;
    uint64_t spoken = findings_so_far(world);

    world->spoke = spoken != world->spoken;
    world->spoken = spoken;
    pause_event(world, event);
    if (control != NULL) {
        if (control->fresh)
            control->party = event->party;
        control->fresh = false;
        control->turn = 0;
        control->last = model_keep(event);
        if (!control->inside) {
            look_for_goal(world, control, event, false);
            look_at_breaks(world, control, event, false);
        }
    }
    world->findings_before = world->outcome->findings.count;
}

/* One micro-step more has been made. */
static void count_step(struct control *control)
{
    enum control_goal goal = control->order.goal;
    bool counts = goal == CONTROL_STEPS ||
                  (goal == CONTROL_DRIVER_STEPS && control->party == EVENT_PARTY_DRIVER) ||
                  (goal == CONTROL_DEVICE_STEPS && control->party == EVENT_PARTY_DEVICE);

    if (counts && control->left > 0 && --control->left == 0)
        stop(control, CONTROL_STEPPED);
}

/* Has boundary (step, turn) been reached? */
static bool is_at(const struct control *control, uint64_t step, uint32_t turn)
{
    return control->step > step || (control->step == step && control->turn >= turn);
}

/* Takes note of the events since the last boundary. */
static bool resync(struct world *world, struct control *control)
{
    if (control->step == world->steps)
        return false;
    if (control->stood)
        count_past(control, control->step);
    control->step = world->steps;
    control->fresh = true;
    control->stood = false;
    return true;
}

void control_acted(struct world *world)
{
    (void)resync(world, world->options->control);
    world->options->control->stood = true;
}

static void stand_still(struct world *world, struct control *control)
{
    control->due = false;
    control->inside = true;
    control->stopped(control->context, world);
    control->inside = false;
    (void)resync(world, control);
    control->left = control->order.count;
    control->matched = false;
    control->has_found = false;
    if (world->stopped)
        control_leave(world);
}

/* Has the run come to where its order wants it to stand still? */
static bool has_arrived(struct control *control)
{
    const struct control_order *order = &control->order;

    switch (order->goal) {
    case CONTROL_TO_TURN:
    case CONTROL_SEARCH:
        if (is_at(control, order->count, order->turn) && control->acts_done >= order->acts)
            stop(control, CONTROL_STEPPED);
        return control->due;
    case CONTROL_TO_STEP:
        if (control->step >= order->count)
            stop(control, order->count == 0 ? CONTROL_START : CONTROL_STEPPED);
        break;
    case CONTROL_TO_END:
    case CONTROL_STEPS:
    case CONTROL_DRIVER_STEPS:
    case CONTROL_DEVICE_STEPS:
    case CONTROL_TO_PATTERN:
        break;
    }
    return false;
}

/* Notes a match of a search at the boundary where the run would have stood still for it. */
static void note_match(struct control *control)
{
    if (!control->matched || control->due)
        return;
    control->matched = false;
    control->has_found = true;
    control->found_step = control->step;
    control->found_turn = control->turn;
    control->found_acts = control->acts_done;
}

/* Does the run stand still at this boundary? `eligible`: it is one where it should. */
static void pass(struct world *world, struct control *control, bool eligible)
{
    if (resync(world, control))
        count_step(control);
    control->turn++;
    control->stood |= eligible;
    if (control->signalled != NULL && *control->signalled) {
        *control->signalled = false;
        stop(control, CONTROL_SIGNAL);
    }
    for (;;) {
        bool exact = has_arrived(control);
        if (eligible)
            note_match(control);
        if (control->due && (eligible || exact))
            stand_still(world, control);
        if (control->await_step == UINT64_MAX ||
            !is_at(control, control->await_step, control->await_turn))
            break;
        /* What was done here by hand is done again, one thing at a time. */
        control->inside = true;
        control->act(control->context, world);
        control->inside = false;
        control->acts_done++;
        if (resync(world, control))
            count_step(control);
        control->stood = eligible = true;
    }
}

void control_turn(struct world *world, bool device_acts)
{
    struct control *control = world->options->control;
    struct event next;
    bool known;

    if (world->in_signal)
        return;
    known = device_acts && sim_device_peek(&world->device, &next);
    pause_boundary(world, known ? &next : NULL);
    if (control == NULL || control->inside || world->stopped)
        return;
    control->next_known = false;
    if (known) {
        look_for_goal(world, control, &next, true);
        look_at_breaks(world, control, &next, true);
    }
    pass(world, control, device_acts);
}

bool control_access(struct world *world, const struct event *next, bool known_poll)
{
    struct control *control = world->options->control;
    uint64_t steps = world->steps;
    bool awaited = world->polls_awaited;

    if (world->in_signal)
        return true;
    world->polls_awaited = false;
    pause_boundary(world, next);
    if (control != NULL && !control->inside && !world->stopped) {
        control->next_known = next != NULL;
        if (next != NULL) {
            control->next = *next;
            look_for_goal(world, control, next, true);
            look_at_breaks(world, control, next, true);
        }
        pass(world, control, true);
    }
    if (world->steps != steps)
        world_others_act(world); /* what was done by hand may have given the device work */
    if (!awaited || !world->stuck)
        return true;
    probe.skip_polls = true;
    return !known_poll;
}

void control_mark(struct world *world)
{
    struct control *control = world->options->control;

    if (control == NULL || control->inside)
        return;
    if (resync(world, control))
        count_step(control);
    control->stood = true;
}

void control_played(struct world *world)
{
    struct control *control = world->options->control;

    if (control == NULL || control->inside || world->stopped)
        return;
    control->next_known = false;
    pass(world, control, true);
}

void control_held(struct world *world)
{
    struct control *control = world->options->control;

    if (control != NULL && !control->inside && control->order.breaks)
        stop(control, CONTROL_HELD);
}

bool control_awaits(const struct world *world)
{
    const struct control *control = world->options->control;

    if (world->pause.due)
        return true;
    if (control == NULL)
        return false;
    switch (control->order.goal) {
    case CONTROL_TO_TURN:
    case CONTROL_SEARCH:
    case CONTROL_TO_STEP:
        return control->due || control->await_step == world->steps ||
               control->order.count == world->steps;
    case CONTROL_STEPS:
        return true; /* few at a time, and each is looked at */
    case CONTROL_TO_END:
    case CONTROL_DRIVER_STEPS:
    case CONTROL_DEVICE_STEPS:
    case CONTROL_TO_PATTERN:
        break;
    }
    return control->due || control->await_step == world->steps;
}

void control_end(struct world *world)
{
    struct control *control = world->options->control;

    if (control == NULL || world->stopped)
        return;
    (void)resync(world, control);
    control->turn++;
    control->next_known = false;
    control->due = true;
    control->why = CONTROL_END;
    stand_still(world, control);
}

void control_leave(struct world *world)
{
    world->stopped = true;
    if (world->options->control != NULL)
        world->options->control->inside = false;
    if (probe.running && probe_on_host_flag != 0) {
        probe.pending = false;
        world_window_open(world, false);
        world_abandon();
    }
}

bool control_device_step(struct world *world)
{
    world->device.clock_steps = world->steps;
    if (!sim_device_step(&world->device))
        return false;
    world_activity(world);
    return true;
}
