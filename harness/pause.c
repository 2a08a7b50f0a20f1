/*
 * Pauses that a scenario asks for: what it does in the middle of a driver's call.
 *
 *     pause     before q0.used.idx        armed
 *     call      get_display_info -> ...   runs until the pause comes; it stands still there
 *     store     q0.desc[0].len 3          done while it stands still
 *     step      driver 2                  goes on for two micro-steps of the driver
 *     continue                            goes on to its end
 *
 * Invariants: the actions of a block are done in order, one by one, each at a boundary; a block
 * that was not played to its end when the call is over is told as not as expected, and passed over.
 */
#include "control.h"

#include <stdio.h>
#include <string.h>

#include "observe.h"
#include "world_state.h"

bool pause_is_wanted(const struct world *world)
{
    for (size_t i = 0; i < world->scenario->action_count; i++) {
        if (world->scenario->action[i].kind == SCENARIO_PAUSE)
            return true;
    }
    return false;
}

void pause_arm(struct world *world)
{
    const struct scenario_action *action = &world->scenario->action[world->next_action++];

    world->pause = (struct world_pause){.open = true,
                                        .armed = true,
                                        .line = action->line,
                                        .steps_seen = world->steps};
    world->pause.pattern = world->scenario->pattern[action->pattern];
}

void pause_event(struct world *world, const struct event *event)
{
    struct world_pause *pause = &world->pause;

    if (pause->steps_seen != UINT64_MAX && pause->fresh) {
        pause->party = event->party;
        pause->fresh = false;
    }
    if (!pause->armed || pause->due || pause->pattern.before)
        return;
    if (pause->pattern.scope == PATTERN_FINDING)
        pause->due = control_spoke(world, pause->pattern.rule, event->step);
    else
        pause->due = pattern_matches(&pause->pattern, event, &world->device);
}

static void step_on(struct world *world, const struct scenario_action *action)
{
    world->pause.stepping = true;
    world->pause.left = action->count;
    world->pause.of_driver = action->party == EVENT_PARTY_DRIVER;
    world->pause.line = action->line;
}

/* One line of the block; false when the run is to go on. */
static bool play_one(struct world *world)
{
    const struct scenario_action *action = &world->scenario->action[world->next_action];

    switch (action->kind) {
    case SCENARIO_PAUSE:
        pause_arm(world);
        return false;
    case SCENARIO_CONTINUE:
        world->next_action++;
        world->pause.open = false;
        return false;
    case SCENARIO_STEP:
        world->next_action++;
        if (action->party == EVENT_PARTY_DEVICE) {
            world_play(world, action);
            return true;
        }
        step_on(world, action);
        return false;
    case SCENARIO_CALL: /* the parser has seen to it that there is none in a block */
    case SCENARIO_READ:
    case SCENARIO_WRITE:
    case SCENARIO_STORE:
    case SCENARIO_ALLOC:
    case SCENARIO_FREE:
    case SCENARIO_INTERRUPT:
    case SCENARIO_HOLD:
    case SCENARIO_RELEASE:
    case SCENARIO_FAULT:
    case SCENARIO_PLAY:
    case SCENARIO_LOAD:
    case SCENARIO_WAIT:
    case SCENARIO_RETURN:
    case SCENARIO_CONFIG_CHANGE:
    case SCENARIO_NEEDS_RESET:
    case SCENARIO_BARRIER:
    case SCENARIO_DISPLAY:
        break;
    }
    world->next_action++;
    world_play(world, action);
    return true;
}

static void play(struct world *world)
{
    struct world_pause *pause = &world->pause;
    bool go_on = false;

    pause->due = pause->armed = pause->stepping = false;
    while (!go_on && !world->stopped && world->next_action < world->scenario->action_count) {
        pause->playing = true;
        go_on = !play_one(world);
        pause->playing = false;
        control_played(world);
    }
    pause->steps_seen = world->steps;
    pause->fresh = true;
}

void pause_boundary(struct world *world, const struct event *next)
{
    struct world_pause *pause = &world->pause;

    if (!pause->open || pause->playing)
        return;
    if (pause->steps_seen != world->steps) {
        pause->steps_seen = world->steps;
        pause->fresh = true;
        if (pause->stepping && (!pause->of_driver || pause->party == EVENT_PARTY_DRIVER) &&
            --pause->left == 0)
            pause->due = true;
    }
    if (pause->armed && pause->pattern.before && next != NULL &&
        pattern_matches(&pause->pattern, next, &world->device))
        pause->due = true;
    if (pause->due)
        play(world);
}

void pause_call_over(struct world *world)
{
    struct world_pause *pause = &world->pause;
    const struct scenario *scenario = world->scenario;
    char text[FINDING_TEXT_BYTES];

    if (!pause->open)
        return;
    if (pause->stepping)
        snprintf(text, sizeof text, "the call was over before these steps were made");
    else
        snprintf(text, sizeof text, "the call was over before `%s` came", pause->pattern.text);
    if (!world->stopped)
        world_fail(world->outcome, pause->line, text);
    memset(pause, 0, sizeof *pause);
    while (world->next_action < scenario->action_count &&
           scenario->action[world->next_action++].kind != SCENARIO_CONTINUE)
        continue;
}
