/*
 * Sessions: running again up to a boundary, and doing again there what was done by hand.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "recording.h"
#include "scenario.h"
#include "world_state.h"

/* ---- acts ---- */

static void await_next(struct session *session)
{
    struct control *control = &session->control;
    bool any = session->act_next < session->act_count;

    control->await_step = any ? session->act[session->act_next].step : UINT64_MAX;
    control->await_turn = any ? session->act[session->act_next].turn : 0;
}

/* Parses and performs one line; false after a message. */
static bool perform(struct session *session, struct world *world, const char *line, FILE *errors)
{
    struct world_outcome *outcome = session->outcome;
    size_t failures = outcome->failure_count;
    struct scenario_action action;

    if (!scenario_parse_action(session->scenario, line, &action, errors))
        return false;
    world_play(world, &action);
    control_acted(world);
    if (outcome->failure_count == failures)
        return true;
    fprintf(errors, "%s\n", outcome->failure[failures].text);
    outcome->failure_count = failures; /* the person's mistake, not the driver's */
    return false;
}

static void act_again(void *context, struct world *world)
{
    struct session *session = context;

    (void)perform(session, world, session->act[session->act_next++].line, stderr);
    await_next(session);
}

bool session_act(struct session *session, const char *line, FILE *errors)
{
    struct session_act act = {.step = session->control.step, .turn = session->control.turn};

    if (session->over) {
        fputs("the run is over; go `back` first\n", errors);
        return false;
    }
    if (strlen(line) >= sizeof act.line || session->act_next == SESSION_ACTS_MAX) {
        fprintf(errors, "no more than %u things of %zu bytes can be done by hand\n",
                SESSION_ACTS_MAX, sizeof act.line - 1);
        return false;
    }
    memcpy(act.line, line, strlen(line) + 1);
    if (!perform(session, session->world, line, errors))
        return false;
    (void)session_forget(session);
    session->control.acts_done++;
    session->act[session->act_next++] = act;
    session->act_count = session->act_next;
    await_next(session);
    return true;
}

size_t session_forget(struct session *session)
{
    size_t count = session->act_count - session->act_next;

    session->act_count = session->act_next;
    await_next(session);
    return count;
}

/* ---- events ---- */

static void keep(void *context, const struct event *event, const struct world_sight *sight)
{
    struct session *session = context;
    struct event *kept = &session->event[session->event_count++ % SESSION_EVENTS_MAX];

    (void)sight;
    *kept = *event;
    kept->bytes = NULL;
    if (session->director->event != NULL)
        session->director->event(session->director->context, session, event);
}

const struct event *session_event(const struct session *session, uint64_t back)
{
    if (back >= session->event_count || back >= SESSION_EVENTS_MAX)
        return NULL;
    return &session->event[(session->event_count - 1 - back) % SESSION_EVENTS_MAX];
}

const struct world_sight *session_sight(const struct session *session)
{
    return &session->world->sight;
}

bool session_device_can_act(const struct session *session)
{
    return sim_device_enabled(&session->world->device);
}

/* ---- orders ---- */

static void run_again(struct session *session, const struct control_order *order)
{
    session->control.order = *order;
    session->end = SESSION_RUNS_AGAIN;
}

void session_go(struct session *session, const struct control_order *order)
{
    session->control.order = *order;
    session->end = SESSION_GOES_ON;
}

void session_go_to_step(struct session *session, uint64_t step)
{
    struct control_order order = {.goal = CONTROL_TO_STEP, .count = step};

    if (step <= session->control.step)
        run_again(session, &order);
    else
        session_go(session, &order);
}

void session_back(struct session *session, unsigned party, uint64_t count)
{
    const struct control *control = &session->control;
    uint64_t kept = control->past_count < CONTROL_PAST_MAX ? control->past_count : CONTROL_PAST_MAX;
    uint64_t to = 0;
    uint8_t led_here = control->party;

    /* past[i] is the boundary before a micro-step; its party is that of the micro-step before it.
     */
    for (uint64_t i = 1; i <= kept && count > 0; i++) {
        const struct control_past *past =
            &control->past[(control->past_count - i) % CONTROL_PAST_MAX];
        to = past->step;
        if (party == EVENT_PARTY_COUNT || led_here == party)
            count--;
        led_here = past->party;
    }
    if (count > 0)
        to = 0;
    session_go_to_step(session, to < control->step ? to : 0);
}

void session_search_back(struct session *session, const struct pattern *pattern)
{
    struct control_order order = {.goal = CONTROL_SEARCH,
                                  .count = session->control.step,
                                  .turn = session->control.turn,
                                  .acts = session->control.acts_done,
                                  .breaks = pattern == NULL};

    if (pattern != NULL)
        order.until = *pattern;
    else
        order.until.scope = PATTERN_STEP, order.until.low = UINT64_MAX;
    session->searching = true;
    run_again(session, &order);
}

void session_record(struct session *session, const char *path)
{
    struct control_order order = {.goal = CONTROL_TO_TURN,
                                  .count = session->control.step,
                                  .turn = session->control.turn,
                                  .acts = session->control.acts_done};

    snprintf(session->record_path, sizeof session->record_path, "%s", path);
    session->recording = SESSION_RECORDS;
    run_again(session, &order);
}

void session_quit(struct session *session)
{
    session->end = SESSION_QUITS;
}

/* ---- recording ---- */

/* Lives while one run is made again for it; too large for a stack. */
struct recording_run {
    struct whole_file file;
    struct recorder recorder;
};

static struct recording_run *begin_recording(struct session *session)
{
    struct recording_run *run = calloc(1, sizeof *run);
    size_t ahead = session->act_count;

    if (run == NULL || !whole_file_open(&run->file, session->record_path)) {
        free(run);
        session->recording = SESSION_RECORD_FAILED;
        return NULL;
    }
    /* Only what was done by hand so far. */
    session->act_count = session->control.order.acts;
    recorder_begin(&run->recorder, run->file.stream, session->scenario, &session->options, session);
    session->act_count = ahead;
    session->options.reader[session->options.reader_count++] = recorder_reader(&run->recorder);
    session->options.turned = recorder_turned;
    session->options.turned_context = &run->recorder;
    return run;
}

static void end_recording(struct session *session)
{
    struct recording_run *run = session->record_run;
    const struct world_turn *turn = world_turn_under_way();
    bool good;

    if (run == NULL)
        return;
    session->record_run = NULL;
    session->options.reader_count--;
    session->options.turned = NULL;
    if (turn != NULL)
        recorder_turned(&run->recorder, turn);
    session->recorded = run->recorder.events;
    good = recorder_end(&run->recorder, session->over);
    run->file.failed = !good;
    good = whole_file_close(&run->file, true);
    session->recording = good ? SESSION_RECORDED : SESSION_RECORD_FAILED;
    free(run);
}

/* ---- running ---- */

/* The run is where the search began: goes on to what was found, or stays. */
static bool search_is_over(struct session *session)
{
    struct control *control = &session->control;
    struct control_order order = {.goal = CONTROL_TO_TURN,
                                  .count = control->found_step,
                                  .turn = control->found_turn,
                                  .acts = control->found_acts};

    session->searching = false;
    session->not_found = !control->has_found;
    if (session->not_found)
        return false;
    run_again(session, &order);
    return true;
}

static void stopped(void *context, struct world *world)
{
    struct session *session = context;
    bool again = session->searching && search_is_over(session);

    session->world = world;
    session->over = session->control.why == CONTROL_END;
    end_recording(session);
    if (!again) {
        session->end = SESSION_GOES_ON;
        session->director->stopped(session->director->context, session);
    }
    session->not_found = false;
    if (session->recording != SESSION_RECORDS)
        session->recording = SESSION_RECORDS_NOTHING;
    session->world = NULL;
    if (session->end != SESSION_GOES_ON || session->over)
        control_leave(world);
}

void session_create(struct session *session, const struct scenario *scenario,
                    const struct world_options *options, struct world_outcome *outcome)
{
    session->scenario = scenario;
    session->options = *options;
    session->outcome = outcome;
    session->control.order = (struct control_order){.goal = CONTROL_TO_STEP, .count = 0};
    session->control.await_step = UINT64_MAX;
}

const char *session_run(struct session *session, const struct session_director *director)
{
    const char *error = NULL;

    session->director = director;
    session->control.stopped = stopped;
    session->control.act = act_again;
    session->control.context = session;
    session->control.inside = false;
    session->options.control = &session->control;
    session->options.until_step = 0;
    if (session->options.reader_count == 0 ||
        session->options.reader[session->options.reader_count - 1].read != keep)
        session->options.reader[session->options.reader_count++] =
            (struct world_reader){keep, session};
    do {
        session->end = SESSION_GOES_ON;
        session->act_next = 0;
        session->event_count = 0;
        await_next(session);
        session->record_run =
            session->recording == SESSION_RECORDS ? begin_recording(session) : NULL;
        error = world_run(session->scenario, &session->options, session->outcome);
        world_outcome_free(session->outcome);
    } while (error == NULL && session->end == SESSION_RUNS_AGAIN);
    return error;
}
