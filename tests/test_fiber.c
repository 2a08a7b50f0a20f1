/*
 * Ways to run: threads that sleep and wake each other, interrupts at any point, main loops without
 * end.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"
#include "scenario.h"
#include "source.h"
#include "world.h"

static struct world_outcome outcome;
static uint64_t hash;

static void mix(void *context, const struct event *event, const struct world_sight *sight)
{
    (void)context;
    (void)sight;
    hash = (hash ^ event->kind) * UINT64_C(0x100000001b3);
    hash = (hash ^ event->addr) * UINT64_C(0x100000001b3);
    hash = (hash ^ event->value) * UINT64_C(0x100000001b3);
    hash = (hash ^ event->step) * UINT64_C(0x100000001b3);
}

static void run(const char *driver, const char *schedule, const char *calls)
{
    char path[512], text[1024];
    struct world_options options = {
        .driver_path = path, .guard = true, .check_stores = true, .rules = true, .reader_count = 1,
                                    .reader = {{mix, NULL}}};
    struct scenario *scenario;
    const char *error;

    snprintf(text, sizeof text, "device gpu\ndriver %s\nschedule %s\ncall init\n%s", driver,
             schedule, calls);
    scenario = scenario_parse("fiber.scn", text, stderr);
    ck_assert_ptr_nonnull(scenario);
    snprintf(path, sizeof path, "%s/drivers/%s.so", RINGSIDE_BINARY_DIR, driver);
    world_outcome_free(&outcome);
    hash = UINT64_C(0xcbf29ce484222325);
    error = world_run(scenario, &options, &outcome);
    ck_assert_msg(error == NULL, "%s", error);
    scenario_free(scenario);
    outcome.scenario = NULL;
}

static void check_clean(const char *what)
{
    for (uint32_t i = 0; i < outcome.findings.count; i++)
        ck_assert_msg(outcome.findings.item[i].level == FINDING_NOTE, "%s: %s: %s", what,
                      outcome.findings.item[i].rule->id, outcome.findings.item[i].text);
    for (size_t i = 0; i < outcome.failure_count; i++)
        ck_abort_msg("%s: line %u: %s", what, outcome.failure[i].line, outcome.failure[i].text);
}

static const struct finding *only_finding(const char *id)
{
    const struct finding *found = NULL;

    for (uint32_t i = 0; i < outcome.findings.count; i++) {
        const struct finding *finding = &outcome.findings.item[i];
        if (finding->level == FINDING_NOTE)
            continue;
        ck_assert_msg(found == NULL && strcmp(finding->rule->id, id) == 0, "%s: %s",
                      finding->rule->id, finding->text);
        found = finding;
    }
    ck_assert_msg(found != NULL, "no %s", id);
    return found;
}

static bool has_finding(const char *id)
{
    for (uint32_t i = 0; i < outcome.findings.count; i++) {
        if (strcmp(outcome.findings.item[i].rule->id, id) == 0)
            return true;
    }
    return false;
}

/* Is this event at the marked line of a driver's source? */
static void check_place(const struct event *event, const char *file, const char *mark)
{
    struct source_place place;
    char path[512], line[512];
    unsigned number = 0, found = 0;
    FILE *source;

    snprintf(path, sizeof path, "%s/tests/drivers/%s", RINGSIDE_SOURCE_DIR, file);
    source = fopen(path, "r");
    ck_assert_ptr_nonnull(source);
    while (found == 0 && fgets(line, sizeof line, source) != NULL) {
        number++;
        if (strstr(line, mark) != NULL)
            found = number;
    }
    fclose(source);
    ck_assert(source_find(event->pc, &place));
    ck_assert_msg(place.line == found, "%s: line %u, not %u", mark, place.line, found);
}

/* ---- threads ---- */

static const char *const schedules[] = {
    "eager",
    "lazy",
    "random",
    "random\nseed 5",
    "eager interrupts any",
    "lazy interrupts any",
    "random interrupts any\nseed 9",
    "eager interrupts idle",
};

#define SCHEDULES ((int)(sizeof schedules / sizeof schedules[0]))

START_TEST(two_threads_and_a_handler_serve_requests_in_every_schedule)
{
    static const char calls[] =
        "call requests 20\ncall requests 1\ncall yielding 5\ncall shutdown\n"
        "expect dma-live 0\n";
    run("fiber-pair", schedules[_i], calls);
    check_clean(schedules[_i]);
    ck_assert_uint_eq(outcome.requests, 26);
    run("fiber-pair-clang", schedules[_i], calls);
    check_clean(schedules[_i]);
    ck_assert_uint_eq(outcome.requests, 26);
}
END_TEST

START_TEST(the_same_schedule_gives_the_same_run)
{
    uint64_t first;

    run("fiber-pair", schedules[_i], "call requests 9\n");
    first = hash;
    run("fiber-pair", schedules[_i], "call requests 9\n");
    ck_assert_uint_eq(hash, first);
}
END_TEST

START_TEST(a_deadlock_names_who_sleeps_on_what_since_where)
{
    const struct finding *finding;

    run("fiber-deadlock", "eager", "call requests 1 -> ...\n");
    finding = only_finding("RS-DEADLOCK");
    ck_assert_str_eq(finding->text,
                     "driver deadlocked: 2 threads sleep, and nobody is left to wake them");
    ck_assert_str_eq(finding->at.label, "`main` sleeps on `completed` since here");
    ck_assert_str_eq(finding->cause.label, "`completion` sleeps on `ring_moved` since here");
    check_place(&finding->at.event, "fiber_pair.c", "/* @submitter */");
    check_place(&finding->cause.event, "fiber_pair.c", "/* @completion */");
    ck_assert_int_eq(outcome.call[1].crash, WORLD_CRASH_DEADLOCK);
}
END_TEST

START_TEST(threads_go_on_after_a_call_that_was_given_up)
{
    /* main is lost each time; the completion thread sleeps, and serves the next call */
    run("fiber-deadlock", "eager", "call requests 1 -> ...\ncall yielding 3 -> OK\n");
    ck_assert_int_eq(outcome.call[2].result, SUITE_OK);
    run("fiber-pair", "eager",
        "call crash -> ...\ncall requests 3\ncall spin -> ...\n"
        "call recurse -> ...\ncall requests 3\n");
    ck_assert_int_eq(outcome.call[1].crash, WORLD_CRASH_SEGV);
    ck_assert_int_eq(outcome.call[2].result, SUITE_OK);
    ck_assert_int_eq(outcome.call[3].crash, WORLD_CRASH_SILENT_SPIN);
    ck_assert_int_eq(outcome.call[4].crash, WORLD_CRASH_STACK);
    ck_assert_int_eq(outcome.call[5].result, SUITE_OK);
}
END_TEST

START_TEST(a_crash_in_a_thread_is_told_at_its_line)
{
    run("fiber-pair", "eager", "call crash -> ...\n");
    check_place(&only_finding("RS-CRASH")->at.event, "fiber_pair.c", "/* @crashing */");
    run("fiber-pair", "eager", "call spin -> ...\n");
    check_place(&only_finding("RS-SILENT-SPIN")->at.event, "fiber_pair.c", "/* @spinning */");
}
END_TEST

START_TEST(a_handler_does_not_sleep)
{
    run("fiber-handler", "eager", "call requests 1 -> ...\n");
    ck_assert_str_eq(only_finding("RS-DEADLOCK")->text, "driver slept in its interrupt handler");
    check_place(&only_finding("RS-DEADLOCK")->at.event, "fiber_pair.c", "/* @handler */");
}
END_TEST

START_TEST(interrupts_come_again_after_a_handler_was_lost)
{
    run("fiber-handler", "eager", "call requests 1 -> ...\ncall requests 1 -> ...\n");
    ck_assert_uint_eq(only_finding("RS-DEADLOCK")->times, 2);
    ck_assert_uint_eq(only_finding("RS-DEADLOCK")->also_count, 0);
}
END_TEST

START_TEST(each_thread_has_an_interrupt_mask_of_its_own)
{
    run("fiber-pair", "eager", "call masks\n");
    check_clean("masks");
}
END_TEST

START_TEST(threads_that_only_wait_for_each_other_are_stuck)
{
    run("fiber-pair", "eager", "call both_wait 1000000 -> TIMEOUT\n");
    ck_assert(outcome.call[1].stuck);
    ck_assert_uint_lt(outcome.steps, 2000);
}
END_TEST

START_TEST(a_thread_that_polls_without_end_gives_way_to_one_that_can_go_on)
{
    run("fiber-pair", schedules[_i], "call looks\ncall looks\n");
    check_clean(schedules[_i]);
}
END_TEST

START_TEST(threads_that_ended_make_room_for_others)
{
    run("fiber-pair", "eager", "call many 500\ncall requests 2\n");
    check_clean("many");
    run("fiber-pair", "eager", "call too_many -> NO_MEMORY\ncall requests 2\n");
    check_clean("too many");
}
END_TEST

/* ---- interrupts ---- */

#define SEEDS 40

static unsigned seeds_with_finding(const char *driver, const char *interrupts, const char *calls,
                                   bool by_result)
{
    unsigned found = 0;

    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        char schedule[64];
        snprintf(schedule, sizeof schedule, "random%s\nseed %u", interrupts, seed);
        run(driver, schedule, calls);
        found +=
            by_result ? outcome.call[1].result == SUITE_BAD_COMPLETION : has_finding("RS-DEADLOCK");
    }
    return found;
}

START_TEST(a_lost_wakeup_is_found_only_where_interrupts_come_at_any_point)
{
    static const char calls[] = "call requests 8 -> ...\n";

    ck_assert_uint_eq(seeds_with_finding("fiber-race", "", calls, false), 0);
    ck_assert_uint_eq(seeds_with_finding("fiber-race", " interrupts idle", calls, false), 0);
    ck_assert_uint_gt(seeds_with_finding("fiber-race", " interrupts any", calls, false), 0);
    ck_assert_uint_eq(seeds_with_finding("fiber-masked", " interrupts any", calls, false), 0);
}
END_TEST

START_TEST(a_lost_update_is_found_only_where_interrupts_come_at_any_point)
{
    static const char calls[] = "call count 8 -> ...\n";

    ck_assert_uint_eq(seeds_with_finding("fiber-race", "", calls, true), 0);
    ck_assert_uint_gt(seeds_with_finding("fiber-race", " interrupts any", calls, true), 0);
    ck_assert_uint_eq(seeds_with_finding("fiber-masked", " interrupts any", calls, true), 0);
}
END_TEST

START_TEST(an_interrupt_comes_between_two_accesses_of_registers)
{
    run("fiber-race", "eager interrupts any", "call adjacent -> BAD_COMPLETION\n");
    check_clean("any");
    run("fiber-race", "eager", "call adjacent\n");
    check_clean("idle");
}
END_TEST

/* ---- main loops ---- */

START_TEST(a_main_loop_is_ended_when_it_only_waits)
{
    for (unsigned how = 0; how < 5; how++) {
        char calls[128];
        snprintf(
            calls, sizeof calls,
            "call main_loop %u 7 -> RUNNING\ncall has_served 7\ncall main_loop %u 2 -> RUNNING\n",
            how, how);
        run("fiber-loop", schedules[_i], calls);
        check_clean(calls);
        ck_assert_int_eq(outcome.call[1].result, SCENARIO_RUNNING);
        ck_assert_uint_eq(outcome.requests, 9);
        ck_assert_uint_lt(outcome.steps, 100000);
    }
}
END_TEST

START_TEST(work_without_end_is_ended_after_a_limit)
{
    run("fiber-loop", "eager", "call work -> RUNNING\ncall has_served 1000\n");
    check_clean("work");
    ck_assert_uint_gt(outcome.steps, 1u << 20);
    ck_assert_uint_lt(outcome.steps, 2u << 20);
}
END_TEST

START_TEST(a_main_loop_with_a_request_that_cannot_complete_is_stuck_all_the_same)
{
    run("fiber-loop", "eager", "call forget -> RUNNING\n");
    (void)only_finding("SPLIT-DRV-20"); /* which says why */
    ck_assert(outcome.call[1].stuck);
    ck_assert_int_eq(outcome.call[1].result, -1);
    ck_assert_uint_eq(outcome.failure_count, 2);
}
END_TEST

START_TEST(a_call_that_returns_is_not_running)
{
    run("fiber-loop", "eager", "call has_served 0 -> RUNNING\n");
    ck_assert_uint_eq(outcome.failure_count, 1);
    ck_assert_str_eq(outcome.failure[0].text, "call `has_served`: expected RUNNING, came to OK");
}
END_TEST

START_TEST(a_loop_that_was_to_end_is_not_running)
{
    run("fiber-loop", "eager", "call main_loop 0 1\n");
    ck_assert_uint_ge(outcome.failure_count, 1);
    ck_assert_int_eq(outcome.call[1].result, -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fiber");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(cases, 100);
    tcase_add_loop_test(cases, two_threads_and_a_handler_serve_requests_in_every_schedule, 0,
                        SCHEDULES);
    tcase_add_loop_test(cases, the_same_schedule_gives_the_same_run, 0, SCHEDULES);
    tcase_add_test(cases, a_deadlock_names_who_sleeps_on_what_since_where);
    tcase_add_test(cases, threads_go_on_after_a_call_that_was_given_up);
    tcase_add_test(cases, a_crash_in_a_thread_is_told_at_its_line);
    tcase_add_test(cases, a_handler_does_not_sleep);
    tcase_add_test(cases, interrupts_come_again_after_a_handler_was_lost);
    tcase_add_test(cases, each_thread_has_an_interrupt_mask_of_its_own);
    tcase_add_test(cases, threads_that_only_wait_for_each_other_are_stuck);
    tcase_add_loop_test(cases, a_thread_that_polls_without_end_gives_way_to_one_that_can_go_on, 0,
                        SCHEDULES);
    tcase_add_test(cases, an_interrupt_comes_between_two_accesses_of_registers);
    tcase_add_test(cases, threads_that_ended_make_room_for_others);
    tcase_add_test(cases, a_lost_wakeup_is_found_only_where_interrupts_come_at_any_point);
    tcase_add_test(cases, a_lost_update_is_found_only_where_interrupts_come_at_any_point);
    tcase_add_loop_test(cases, a_main_loop_is_ended_when_it_only_waits, 0, SCHEDULES);
    tcase_add_test(cases, work_without_end_is_ended_after_a_limit);
    tcase_add_test(cases, a_main_loop_with_a_request_that_cannot_complete_is_stuck_all_the_same);
    tcase_add_test(cases, a_call_that_returns_is_not_running);
    tcase_add_test(cases, a_loop_that_was_to_end_is_not_running);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
