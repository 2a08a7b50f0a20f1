/*
 * Sessions: what one sees going back is what was there going forward, for every boundary of a run,
 * whatever the schedule and whatever was done by hand.
 */
#include "session.h"
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "scenario.h"
#include "world_state.h"

#define BOUNDARIES_MAX 4096u

/* What is to be seen at one boundary. */
struct sight {
    uint64_t step;
    uint64_t digest;
    char event[EVENT_TEXT_BYTES];
    char next[EVENT_TEXT_BYTES];
};

enum plan { FORWARD, BACKWARD, JUMP, DONE };

struct rig {
    struct session *session;
    enum plan plan;
    size_t count, at;
    unsigned jumps;
    bool acts;
    uint64_t random;
    struct sight sight[BOUNDARIES_MAX];
};

static uint64_t mix(uint64_t digest, const void *bytes, size_t count)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < count; i++)
        digest = (digest ^ at[i]) * UINT64_C(0x100000001b3);
    return digest;
}

/* Everything that a device and its driver can see of each other. */
static uint64_t digest_of(const struct session *session)
{
    const struct world_sight *sight = session_sight(session);
    const struct sim_device *device = sight->device;
    uint64_t digest = UINT64_C(0xcbf29ce484222325);

    digest = mix(digest, &device->status, sizeof device->status);
    digest = mix(digest, &device->interrupt_status, sizeof device->interrupt_status);
    digest = mix(digest, &device->queue_sel, sizeof device->queue_sel);
    digest = mix(digest, &sight->outcome->findings.count, sizeof sight->outcome->findings.count);
    for (unsigned i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct sim_queue *queue = &device->queue[i];
        digest = mix(digest, &queue->phase, sizeof queue->phase);
        digest = mix(digest, &queue->avail_next, sizeof queue->avail_next);
        digest = mix(digest, &queue->used_idx, sizeof queue->used_idx);
        digest = mix(digest, &sight->model->queue[i].in_flight, sizeof(uint32_t));
    }
    /* The first pages that a driver allocates: rings, requests, responses. */
    return mix(digest, arena_host(sight->arena, sight->arena->base + 0xc7000), 0x4000);
}

static struct sight look(const struct session *session)
{
    const struct event *event = session_event(session, 0);
    struct sight sight = {.step = session->control.step, .digest = digest_of(session)};

    if (event)
        event_format(event, NULL, NULL, sight.event, sizeof sight.event);
    if (session->control.next_known)
        event_format_place(&session->control.next, NULL, NULL, sight.next, sizeof sight.next);
    return sight;
}

static void compare(const struct rig *rig, const struct sight *got)
{
    const struct sight *wanted = &rig->sight[rig->at];

    ck_assert_msg(got->step == wanted->step && strcmp(got->event, wanted->event) == 0 &&
                      strcmp(got->next, wanted->next) == 0 && got->digest == wanted->digest,
                  "step %" PRIu64 " `%s` next `%s` digest %" PRIx64 ", but going forward step "
                  "%" PRIu64 " `%s` next `%s` digest %" PRIx64,
                  got->step, got->event, got->next, got->digest, wanted->step, wanted->event,
                  wanted->next, wanted->digest);
}

static void must_act(struct session *session, const char *line)
{
    char *said = NULL;
    size_t bytes = 0;
    FILE *errors = open_memstream(&said, &bytes);
    bool done = session_act(session, line, errors);
    fclose(errors);
    ck_assert_msg(done, "%s: %s", line, said);
    free(said);
}

/* Now and then, something by hand. */
static void act_now_and_then(struct rig *rig)
{
    struct session *session = rig->session;

    if (!rig->acts)
        return;
    if (rig->count == 150)
        must_act(session, "hold");
    if (rig->count == 180 || rig->count == 183)
        must_act(session, "write QueueNotify 0");
    if (rig->count > 185 && rig->count < 190 && session_device_can_act(session))
        must_act(session, "step device");
    if (rig->count == 195)
        must_act(session, "release");
    if (rig->count == 200)
        must_act(session, "read InterruptStatus");
}

static void jump(struct rig *rig)
{
    if (rig->jumps++ == 40) {
        rig->plan = DONE;
        session_quit(rig->session);
        return;
    }
    rig->random = rig->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    rig->at = (size_t)((rig->random >> 33) % rig->count);
    session_go_to_step(rig->session, rig->sight[rig->at].step);
}

static void stopped(void *context, struct session *session)
{
    struct rig *rig = context;
    struct control_order step = {.goal = CONTROL_STEPS, .count = 1};
    struct sight sight;

    switch (rig->plan) {
    case FORWARD:
        if (session->over) {
            ck_assert_uint_gt(rig->count, 100);
            rig->plan = BACKWARD;
            rig->at = rig->count - 1;
            session_back(session, EVENT_PARTY_COUNT, 1);
            return;
        }
        act_now_and_then(rig);
        ck_assert_uint_lt(rig->count, BOUNDARIES_MAX);
        rig->sight[rig->count++] = look(session);
        session_go(session, &step);
        return;
    case BACKWARD:
        sight = look(session);
        /* A boundary at which something was done by hand is passed on both sides of it. */
        while (rig->at > 0 && rig->sight[rig->at].step > sight.step)
            rig->at--;
        if (rig->sight[rig->at].step == sight.step && !rig->acts)
            compare(rig, &sight);
        if (sight.step == 0) {
            rig->plan = JUMP;
            jump(rig);
            return;
        }
        session_back(session, EVENT_PARTY_COUNT, 1);
        return;
    case JUMP:
        sight = look(session);
        if (!rig->acts)
            compare(rig, &sight);
        ck_assert_uint_eq(sight.step, rig->sight[rig->at].step);
        ck_assert_str_eq(sight.event, rig->sight[rig->at].event);
        jump(rig);
        return;
    case DONE:
        break;
    }
    ck_abort_msg("the session goes on after it was quit");
}

static const char *const drivers[] = {"levitate queue-size 16", "reference"};
static const char *const schedules[] = {"eager", "lazy", "random"};

static void run(const char *text, bool acts)
{
    struct scenario *scenario = scenario_parse("test.scn", text, stderr);
    struct session *session = calloc(1, sizeof *session);
    struct world_outcome *outcome = calloc(1, sizeof *outcome);
    struct rig *rig = calloc(1, sizeof *rig);
    struct world_options options = {.driver_dir = RINGSIDE_BINARY_DIR "/drivers",
                                    .guard = true,
                                    .check_stores = true,
                                    .rules = true};
    struct session_director director = {.stopped = stopped, .context = rig};

    ck_assert(scenario && session && outcome && rig);
    rig->session = session;
    rig->acts = acts;
    session_create(session, scenario, &options, outcome);
    const char *error = session_run(session, &director);
    ck_assert_msg(error == NULL, "%s", error);
    ck_assert_int_eq(rig->plan, DONE);
    scenario_free(scenario);
    free(session);
    free(outcome);
    free(rig);
}

START_TEST(going_back_shows_what_was_there)
{
    char text[512];
    snprintf(text, sizeof text,
             "device gpu version 2\ndriver %s\nschedule %s\nseed 7\ncall init -> ...\n"
             "call get_display_info -> ...\n",
             drivers[_i % 2], schedules[_i / 2]);
    run(text, false);
}
END_TEST

START_TEST(what_was_done_by_hand_is_done_again)
{
    run("device gpu version 2\ndriver levitate queue-size 16\ncall init\n"
        "call get_display_info -> ...\n",
        true);
}
END_TEST

START_TEST(a_stuck_driver_can_be_walked_back_from)
{
    run("device gpu version 1\ndriver levitate queue-size 16\ncall init\n"
        "call get_display_info -> ...\n",
        false);
}
END_TEST

/* ---- orders ---- */

struct search {
    unsigned stage;
    uint64_t used[3];
};

static void search(void *context, struct session *session)
{
    struct search *search = context;
    struct control_order until = {.goal = CONTROL_TO_PATTERN};
    struct control_order end = {.goal = CONTROL_TO_END};

    ck_assert(scenario_parse_pattern(session->scenario, "used", "a test", &until.until, stderr));
    switch (search->stage++) {
    case 0:
    case 1:
    case 2:
        if (search->stage > 1)
            search->used[search->stage - 2] = session->control.step;
        session_go(session, &until);
        return;
    case 3:
        search->used[2] = session->control.step;
        session_go(session, &end);
        return;
    case 4: /* at the end: backwards over all of them */
        ck_assert(session->over);
        session_search_back(session, &until.until);
        return;
    case 5:
        ck_assert(!session->not_found);
        if (session->control.step != search->used[2]) { /* there may be more than three */
            search->stage--;
            ck_assert_uint_gt(session->control.step, search->used[2]);
        }
        session_search_back(session, &until.until);
        return;
    case 6:
        ck_assert_uint_eq(session->control.step, search->used[1]);
        session_search_back(session, &until.until);
        return;
    case 7:
        ck_assert_uint_eq(session->control.step, search->used[0]);
        session_search_back(session, &until.until);
        return;
    case 8:
        ck_assert(session->not_found);
        ck_assert_uint_eq(session->control.step, search->used[0]);
        session_quit(session);
        return;
    default:
        ck_abort_msg("the session goes on after it was quit");
    }
}

START_TEST(a_search_back_finds_what_until_found)
{
    struct scenario *scenario = scenario_parse(
        "test.scn", "device gpu version 2\ndriver reference\ncall init\ncall show\n", stderr);
    struct session *session = calloc(1, sizeof *session);
    struct world_outcome *outcome = calloc(1, sizeof *outcome);
    struct world_options options = {.driver_dir = RINGSIDE_BINARY_DIR "/drivers", .rules = true};
    struct search state = {0};
    struct session_director director = {.stopped = search, .context = &state};

    ck_assert(scenario && session && outcome);
    session_create(session, scenario, &options, outcome);
    ck_assert_ptr_null(session_run(session, &director));
    ck_assert_uint_eq(state.stage, 9);
    scenario_free(scenario);
    free(session);
    free(outcome);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session");
    TCase *tests = tcase_create("session");
    tcase_set_timeout(tests, 100);
    tcase_add_loop_test(tests, going_back_shows_what_was_there, 0, 6);
    tcase_add_test(tests, what_was_done_by_hand_is_done_again);
    tcase_add_test(tests, a_stuck_driver_can_be_walked_back_from);
    tcase_add_test(tests, a_search_back_finds_what_until_found);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
