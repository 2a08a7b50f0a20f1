/*
 * Refusals and faults: their words, and when a fault acts.
 */
#include "event_rig.h"

#include "fault.h"
#include "refusal.h"

START_TEST(refusals_have_words_texts_and_actions)
{
    ck_assert_str_eq(sim_refusal_word(SIM_REFUSAL_NOTIFY_NOT_LIVE), "notify-not-live");
    ck_assert_str_eq(sim_refusal_word(SIM_REFUSAL_NOTIFY_NOT_LIVE), "notify-not-live");
    ck_assert_str_eq(sim_refusal_text(SIM_REFUSAL_AVAIL_JUMP),
                     "avail.idx is more than one queue size ahead, or went back");
    ck_assert_int_eq(sim_refusal_action(SIM_REFUSAL_AVAIL_JUMP), SIM_ACTION_RESET);
    ck_assert_int_eq(sim_refusal_action(SIM_REFUSAL_NOTIFY_QUEUE), SIM_ACTION_IGNORE);
    ck_assert_int_eq(sim_refusal_action(SIM_REFUSAL_PFN_AGAIN), SIM_ACTION_NOTE);
    ck_assert_int_eq(sim_refusal_action(SIM_REFUSAL_RESOURCE_ID), SIM_ACTION_ERROR);
    for (uint8_t i = 0; i < SIM_REFUSAL_COUNT; i++) {
        struct event event = {.kind = EVENT_NEEDS_RESET, .value = i};
        char line[64];
        snprintf(line, sizeof line, "driver needs-reset %s", sim_refusal_word((enum sim_refusal)i));
        ck_assert_str_eq(format(&event, NULL), line);
        ck_assert_uint_gt(strlen(sim_refusal_text((enum sim_refusal)i)), 0);
    }
}
END_TEST

START_TEST(a_fault_acts_on_its_request_or_on_every_one)
{
    struct sim_faults faults = {0};
    for (int kind = 0; kind < SIM_FAULT_KIND_COUNT; kind++) {
        ck_assert_ptr_null(sim_fault_now(&faults, (enum sim_fault_kind)kind));
    }
    ck_assert(sim_fault_arm(&faults, &(struct sim_fault){SIM_FAULT_USED_ID, 7, 2, 0}));
    ck_assert(sim_fault_arm(&faults, &(struct sim_fault){SIM_FAULT_USED_LEN, 9, 0, 0}));
    for (uint64_t request = 1; request <= 3; request++) {
        faults.requests_taken = request;
        const struct sim_fault *id = sim_fault_now(&faults, SIM_FAULT_USED_ID);
        ck_assert((id != NULL) == (request == 2));
        ck_assert(id == NULL || id->argument == 7);
        ck_assert_uint_eq(sim_fault_now(&faults, SIM_FAULT_USED_LEN)->argument, 9);
        ck_assert_ptr_null(sim_fault_now(&faults, SIM_FAULT_COMPLETION_LOST));
    }
}
END_TEST

START_TEST(faults_are_armed_up_to_their_limit)
{
    struct sim_faults faults = {0};
    const struct sim_fault fault = {.kind = SIM_FAULT_COMPLETION_LATE};
    for (uint32_t i = 0; i < SIM_FAULTS_MAX; i++) {
        ck_assert(sim_fault_arm(&faults, &fault));
    }
    ck_assert(!sim_fault_arm(&faults, &fault));
    ck_assert_uint_eq(faults.count, SIM_FAULTS_MAX);
}
END_TEST

START_TEST(faults_are_known_by_their_words)
{
    for (int kind = 0; kind < SIM_FAULT_KIND_COUNT; kind++) {
        ck_assert_int_eq(sim_fault_by_word(sim_fault_word((enum sim_fault_kind)kind)), kind);
    }
    ck_assert_int_eq(sim_fault_by_word("completion-late"), SIM_FAULT_COMPLETION_LATE);
    ck_assert_int_eq(sim_fault_by_word("completion"), -1);
    ck_assert_int_eq(sim_fault_by_word(""), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault");
    TCase *words = tcase_create("words");
    tcase_add_test(words, refusals_have_words_texts_and_actions);
    tcase_add_test(words, a_fault_acts_on_its_request_or_on_every_one);
    tcase_add_test(words, faults_are_armed_up_to_their_limit);
    tcase_add_test(words, faults_are_known_by_their_words);
    suite_add_tcase(suite, words);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
