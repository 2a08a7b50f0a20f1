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

/* Which of six moments, at steps 10, 20 ... and in requests 1, 2 ..., each way of arming acts at.
 */
START_TEST(a_fault_acts_at_the_moments_that_it_is_armed_for)
{
    static const struct {
        struct sim_fault fault;
        const char *acts;
    } cases[] = {
        {{.kind = SIM_FAULT_USED_ID}, "******"},
        {{.kind = SIM_FAULT_USED_ID, .request = 2}, ".*...."},
        {{.kind = SIM_FAULT_USED_ID, .request = 7}, "......"},
        {{.kind = SIM_FAULT_USED_ID, .occurrence = 1}, "*....."},
        {{.kind = SIM_FAULT_USED_ID, .occurrence = 6}, ".....*"},
        {{.kind = SIM_FAULT_USED_ID, .from_step = SIM_FAULT_NEXT}, "*....."},
        {{.kind = SIM_FAULT_USED_ID, .from_step = 20}, ".*...."},
        {{.kind = SIM_FAULT_USED_ID, .from_step = 21}, "..*..."},
        {{.kind = SIM_FAULT_USED_ID, .from_step = 61}, "......"},
        {{.kind = SIM_FAULT_USED_ID, .from_step = 31, .repeats = true}, "...***"},
        {{.kind = SIM_FAULT_USED_LEN}, "......"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sim_faults faults = {0};
        char acts[] = "......";
        unsigned firsts = 0;
        ck_assert(sim_fault_arm(&faults, &cases[i].fault));
        for (uint64_t n = 1; n <= 6; n++) {
            bool first = false;
            const struct sim_fault *found = sim_fault_find(&faults, SIM_FAULT_USED_ID, n, 10 * n);
            const struct sim_fault *taken =
                sim_fault_take(&faults, SIM_FAULT_USED_ID, n, 10 * n, &first);
            ck_assert_ptr_eq(found, taken);
            firsts += first;
            if (taken == NULL)
                continue;
            acts[n - 1] = '*';
            ck_assert_uint_eq(faults.acted_at[0], 10 * n);
        }
        ck_assert_msg(strcmp(acts, cases[i].acts) == 0, "case %zu: %s, not %s", i, acts,
                      cases[i].acts);
        ck_assert_uint_eq(firsts, strchr(acts, '*') != NULL);
    }
}
END_TEST

START_TEST(faults_of_one_kind_count_their_moments_each)
{
    struct sim_faults faults = {0};
    static const struct sim_fault armed[] = {
        {.kind = SIM_FAULT_USED_ID, .argument = 1, .occurrence = 2},
        {.kind = SIM_FAULT_USED_ID, .argument = 2, .occurrence = 3},
        {.kind = SIM_FAULT_USED_ID, .argument = 3, .from_step = 30},
    };
    static const uint64_t wanted[] = {0, 1, 2, 3, 0};
    for (size_t i = 0; i < 3; i++)
        ck_assert(sim_fault_arm(&faults, &armed[i]));
    for (uint64_t n = 1; n <= 5; n++) {
        const struct sim_fault *fault = sim_fault_take(&faults, SIM_FAULT_USED_ID, 0, 10 * n, NULL);
        ck_assert_uint_eq(fault != NULL ? fault->argument : 0, wanted[n - 1]);
    }
}
END_TEST

START_TEST(what_comes_of_itself_comes_once_and_at_its_step)
{
    struct sim_faults faults = {0};
    static const struct sim_fault armed[] = {
        {.kind = SIM_FAULT_NEEDS_RESET, .from_step = 50},
        {.kind = SIM_FAULT_SPURIOUS, .from_step = SIM_FAULT_NEXT},
        {.kind = SIM_FAULT_SPURIOUS},
        {.kind = SIM_FAULT_MAGIC, .from_step = 40},
    };
    for (size_t i = 0; i < 4; i++)
        ck_assert(sim_fault_arm(&faults, &armed[i]));
    ck_assert_ptr_null(sim_fault_comes(&faults, 49));
    ck_assert_ptr_eq(sim_fault_comes(&faults, 51), &faults.fault[0]);
    ck_assert_ptr_null(sim_fault_comes(&faults, 52));
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
    tcase_add_test(words, a_fault_acts_at_the_moments_that_it_is_armed_for);
    tcase_add_test(words, faults_of_one_kind_count_their_moments_each);
    tcase_add_test(words, what_comes_of_itself_comes_once_and_at_its_step);
    tcase_add_test(words, faults_are_armed_up_to_their_limit);
    tcase_add_test(words, faults_are_known_by_their_words);
    suite_add_tcase(suite, words);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
