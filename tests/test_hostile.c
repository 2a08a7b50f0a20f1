/*
 * `ringside hostile`: its table of faults, its command line, and that it finds what is wrong.
 */
#include "shell_rig.h"

#include <jansson.h>

#include "hostile.h"
#include "scenario.h"

START_TEST(every_kind_of_fault_is_tried)
{
    size_t count = 0;
    const struct sim_fault *table = hostile_table(&count);
    bool seen[SIM_FAULT_KIND_COUNT] = {false};
    for (size_t i = 0; i < count; i++) {
        seen[table[i].kind] = true;
        ck_assert(table[i].request == 0 && table[i].occurrence == 0 && table[i].from_step == 0);
    }
    for (int kind = 0; kind < SIM_FAULT_KIND_COUNT; kind++)
        ck_assert_msg(seen[kind], "%s is not tried", sim_fault_word((enum sim_fault_kind)kind));
}
END_TEST

START_TEST(a_fault_is_written_as_it_is_read)
{
    size_t count = 0;
    const struct sim_fault *table = hostile_table(&count);
    struct scenario *scenario = scenario_parse("x.scn", "device gpu\nread Version\n", stderr);
    ck_assert_ptr_nonnull(scenario);
    for (size_t i = 0; i < 4 * count; i++) {
        struct sim_fault fault = table[i / 4], again;
        char text[128];
        if (i % 4 != 0)
            fault.from_step = 10 * i;
        fault.repeats = i % 4 == 2;
        if (i % 4 == 3) {
            fault.occurrence = i;
            fault.from_step = 0;
        }
        hostile_fault_text(&fault, text, sizeof text);
        ck_assert_msg(scenario_parse_fault(scenario, text, &again, stderr), "%s", text);
        ck_assert_msg(again.kind == fault.kind && again.argument == fault.argument &&
                          again.from_step == fault.from_step && again.repeats == fault.repeats &&
                          again.occurrence == fault.occurrence,
                      "%s", text);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(mistakes_in_the_command_line_are_named)
{
    static const struct shell_case cases[] = {
        {"$R hostile --help", 0, "usage: ringside hostile", ""},
        {"$R hostile --fualt used-len", 2, "", "unknown option --fualt; did you mean --fault?"},
        {"$R hostile --fault used-lne", 2, "", "unknown fault `used-lne`"},
        {"$R hostile --fault 'used-len 0 att 5'", 2, "", "did you mean `at`?"},
        {"$R hostile --steps 5", 2, "", "--steps takes A..B, not 5"},
        {"$R hostile --steps 9..5", 2, "", "--steps: 9..5 is empty"},
        {"$R hostile --random 10 --steps 1..5", 2, "", "--random makes up its own"},
        {"$R hostile --seed 4", 2, "", "--seed belongs to --random"},
        {"$R hostile --personality strikt", 2, "", "did you mean `strict`?"},
        {"$R hostile nothing-here", 2, "", "nothing-here"},
        {"$R run --fault 'used-lne 0' suite", 2, NULL, "unknown fault `used-lne`"},
        {"$R hostile --list | wc -l | grep -qx $(( $(wc -l < faults) ))", 0, "", ""},
        {"$R run --record x --fault magic suite/version-2/show.scn", 2, NULL, "as it stands"},
        {"$R run --personality strikt suite", 2, NULL, "did you mean `strict`?"},
        {"$R hostile --fault magic --json /no/folder/x.json hostile/base/polling-v2.scn", 2, NULL,
         "/no/folder"},
    };
    shell_begin("test-hostile-mistakes");
    FILE *faults = fopen("faults", "w");
    ck_assert_ptr_nonnull(faults);
    for (int kind = 0; kind < SIM_FAULT_KIND_COUNT; kind++)
        fputs("x\n", faults);
    fclose(faults);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(shell_run(cases[i].command) == cases[i].status, "%s: %s", cases[i].command,
                      shell_errors);
        ck_assert_msg(cases[i].output == NULL ||
                          (cases[i].output[0] == '\0'
                               ? shell_output[0] == '\0'
                               : strstr(shell_output, cases[i].output) != NULL),
                      "%s: %s", cases[i].command, shell_output);
        ck_assert_msg(strstr(shell_errors, cases[i].errors) != NULL, "%s: %s", cases[i].command,
                      shell_errors);
    }
}
END_TEST

/* A driver that cuts ids to 16 bits takes 0x10000 for 0. */
START_TEST(what_a_driver_does_not_survive_is_told_with_a_command_that_repeats_it)
{
    shell_begin("test-hostile-levitate");
    ck_assert_int_eq(shell_run("$R hostile --driver $(dirname $R)/drivers/levitate.so "
                               "--fault 'used-id 0x10000' hostile/base/polling-v2.scn"),
                     1);
    char *again = strstr(shell_output, "    ringside run ");
    ck_assert_msg(strstr(shell_output, "breaks a rule: RS-WRONG-COMPLETION") != NULL && again, "%s",
                  shell_output);
    char command[1024];
    snprintf(command, sizeof command, "$R%.*s", (int)strcspn(again + 12, "\n"), again + 12);
    ck_assert_int_eq(shell_run(command), 1);
    ck_assert_ptr_nonnull(strstr(shell_output, "error[RS-WRONG-COMPLETION]"));
}
END_TEST

/* For one fault at every single step: the steps that the sweep passes over are really the same. */
START_TEST(the_steps_between_two_runs_give_the_same_run)
{
    shell_begin("test-hostile-steps");
    ck_assert_int_eq(shell_run("$R hostile --fault completion-lost hostile/base/polling-v2.scn"),
                     0);
    char swept[256] = "";
    const char *row = strstr(shell_output, "completion-lost");
    ck_assert_ptr_nonnull(row);
    snprintf(swept, sizeof swept, "%.*s", (int)strcspn(row, "\n"), row);
    unsigned runs = 0;
    ck_assert_int_eq(sscanf(swept, "completion-lost %u", &runs), 1);
    ck_assert_uint_gt(runs, 10);
    ck_assert_uint_lt(runs, 60);
    for (unsigned step = 90; step < 100; step++) {
        char command[256];
        snprintf(command, sizeof command,
                 "$R run -q --trace --fault 'completion-lost at %u' hostile/base/polling-v2.scn | "
                 "cksum",
                 step);
        ck_assert_int_eq(shell_run(command), 0);
        if (step == 90)
            snprintf(swept, sizeof swept, "%.200s", shell_output);
        ck_assert_str_eq(shell_output, swept);
    }
}
END_TEST

START_TEST(the_table_is_written_as_json)
{
    shell_begin("test-hostile-json");
    ck_assert_int_eq(shell_run("$R hostile -q --json x.json --fault magic --fault reset-lost "
                               "hostile/base/polling-v2.scn"),
                     0);
    json_error_t error;
    json_t *all = json_load_file("x.json", 0, &error);
    ck_assert_msg(all != NULL, "%s", error.text);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "faults")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(all, "failing")), 0);
    ck_assert(json_is_true(json_object_get(all, "complete")));
    const json_t *row = json_array_get(json_object_get(all, "faults"), 2);
    ck_assert_str_eq(json_string_value(json_object_get(row, "fault")), "reset-lost");
    ck_assert_int_gt(json_integer_value(json_object_get(row, "named_error")), 0);
    json_decref(all);
}
END_TEST

START_TEST(made_up_combinations_are_the_same_each_time)
{
    char first[256];
    shell_begin("test-hostile-random");
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(shell_run("$R hostile --random 40 --seed 7 --json x.json >/dev/null && "
                                   "cksum < x.json"),
                         0);
        if (i == 0)
            snprintf(first, sizeof first, "%.200s", shell_output);
        ck_assert_str_eq(shell_output, first);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 300);
    tcase_add_test(all, every_kind_of_fault_is_tried);
    tcase_add_test(all, a_fault_is_written_as_it_is_read);
    tcase_add_test(all, mistakes_in_the_command_line_are_named);
    tcase_add_test(all, what_a_driver_does_not_survive_is_told_with_a_command_that_repeats_it);
    tcase_add_test(all, the_steps_between_two_runs_give_the_same_run);
    tcase_add_test(all, the_table_is_written_as_json);
    tcase_add_test(all, made_up_combinations_are_the_same_each_time);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
