/*
 * Recordings: every run can be made again from one, and what is wrong with a file, or different
 * about a run, is told in one place.
 */
#include "shell_rig.h"

#define SEED     RINGSIDE_SOURCE_DIR "/scenarios/seed/"
#define MACHINES RINGSIDE_SOURCE_DIR "/scenarios/machines/"

static void setup(void)
{
    shell_begin("test_recording");
    shell_write("a.scn", "# Two reads.\ndevice gpu version 2\nread Version -> 2\nread DeviceID\n");
    shell_write("random.scn", "# The device takes turns at random.\ndevice gpu version 2\n"
                              "driver reference\nschedule random\nseed 7\ncall init\n"
                              "call show\n");
    shell_write("lazy.scn", "device gpu version 1\ndriver rcore\nschedule lazy\ncall init\n"
                            "call show\n");
    shell_write("paused.scn", "device gpu version 2\ndriver levitate queue-size 16\ncall init\n"
                              "pause publication\ncall get_display_info\nwrite QueueNotify 0\n"
                              "step device 2\ncontinue\nexpect finding RS-NO-SCANOUT\n");
}

static const char *const scenarios[] = {SEED "a-timeout.scn",
                                        SEED "b-version-2.scn",
                                        SEED "d-lost-display-v2.scn",
                                        "random.scn",
                                        "lazy.scn",
                                        "paused.scn",
                                        "a.scn"};

START_TEST(a_run_is_made_again)
{
    char command[1024];

    snprintf(command, sizeof command, "$R run -q --record run.rec %s", scenarios[_i]);
    ck_assert_msg(shell_run(command) == 0, "%s%s", shell_output, shell_errors);
    ck_assert_msg(shell_run("$R replay-trace run.rec") == 0, "%s%s", shell_output, shell_errors);
    ck_assert_msg(strstr(shell_output, ": the same run: ") != NULL, "%s", shell_output);
    /* The schedule that is written down is the one that is used, not the scenario's. */
    if (strcmp(scenarios[_i], "random.scn") == 0) {
        ck_assert_int_eq(shell_run("grep -q '^turn ' run.rec"), 0);
        ck_assert_int_eq(shell_run("sed 's/^| schedule random/| schedule lazy/' run.rec > l.rec;"
                                   "head -n -1 l.rec > body;"
                                   "python3 -c \"import zlib;print('end',sum(l[0].isdigit() for l "
                                   "in open('body')),'%08x'%zlib.crc32(open('body','rb').read()))\""
                                   " | cat body - > l.rec; $R replay-trace l.rec"),
                         0);
    }
}
END_TEST

static const char in_a_turn[] = "printf 'until notification\\nstep\\nrecord cut.rec\\n' | $R step ";

START_TEST(a_recording_may_end_within_a_turn)
{
    char command[1024];

    snprintf(command, sizeof command, "%s%s", in_a_turn, MACHINES "interrupts-v2.scn");
    ck_assert_msg(shell_run(command) == 0, "%s%s", shell_output, shell_errors);
    ck_assert_msg(shell_run("$R replay-trace cut.rec") == 0, "%s%s", shell_output, shell_errors);
    ck_assert_int_eq(shell_run("grep -q '^turn .* 1$' cut.rec"), 0);
}
END_TEST

START_TEST(a_run_with_qemus_device_is_made_again_with_it)
{
    char command[1024];

    if (shell_run("command -v qemu-system-aarch64") != 0)
        return;
    ck_assert_msg(shell_run("$R run -q --device qemu --record run.rec " SEED "a-timeout.scn") == 0,
                  "%s%s", shell_output, shell_errors);
    ck_assert_int_eq(shell_run("grep -q '^device qemu$' run.rec"), 0);
    ck_assert_msg(shell_run("$R replay-trace run.rec") == 0, "%s%s", shell_output, shell_errors);
    ck_assert_msg(strstr(shell_output, "run.rec: the same run: ") != NULL, "%s", shell_output);
    snprintf(command, sizeof command, "%s--device qemu %s", in_a_turn,
             MACHINES "interrupts-v2.scn");
    ck_assert_msg(shell_run(command) == 0, "%s%s", shell_output, shell_errors);
    ck_assert_msg(shell_run("$R replay-trace cut.rec") == 0, "%s%s", shell_output, shell_errors);
    ck_assert_int_eq(shell_run("PATH=/nowhere $R replay-trace run.rec"), 2);
    ck_assert_msg(strstr(shell_errors, "qemu-system-aarch64") != NULL, "%s", shell_errors);
}
END_TEST

START_TEST(what_was_done_by_hand_is_recorded)
{
    static const char script[] = "until publication\nhold\nstep 6\nact 3\nwrite QueueNotify 0\n"
                                 "record part.rec\nrelease\ncontinue\nrecord whole.rec\n"
                                 "back 3\nrecord /nonexistent/x.rec\nquit\n";

    shell_write("by-hand", script);
    ck_assert_msg(shell_run("$R step " SEED "b-version-2.scn < by-hand") == 0, "%s%s", shell_output,
                  shell_errors);
    ck_assert_msg(strstr(shell_output, "wrote part.rec: 182 events") != NULL, "%s", shell_output);
    ck_assert_msg(strstr(shell_output, "x.rec was not written") != NULL, "%s", shell_output);
    ck_assert_int_eq(shell_run("grep -c '^do ' part.rec"), 0);
    ck_assert_str_eq(shell_output, "5\n");
    ck_assert_int_eq(shell_run("grep '^stopped' part.rec"), 0);
    ck_assert_int_eq(shell_run("grep '^stopped' whole.rec"), 1);
    ck_assert_msg(shell_run("$R replay-trace part.rec whole.rec") == 0, "%s%s", shell_output,
                  shell_errors);
}
END_TEST

START_TEST(the_first_line_that_differs_is_told)
{
    ck_assert_int_eq(shell_run("$R run -q --record b.rec " SEED "b-version-2.scn"), 0);
    ck_assert_int_eq(shell_run("$R replay-trace --driver " RINGSIDE_BINARY_DIR
                               "/drivers/rcore.so b.rec"),
                     1);
    ck_assert_msg(strstr(shell_output, ": the run differs\n  recorded  ") != NULL, "%s",
                  shell_output);
    ck_assert_msg(strstr(shell_output, "  now       ") != NULL, "%s", shell_output);
    ck_assert_msg(strstr(shell_output, "transport.c:") != NULL, "%s", shell_output);
}
END_TEST

static const struct shell_case cases[] = {
    {"$R run -q --record a.rec a.scn; grep -v '^|' a.rec", 0, "2 driver read DeviceID", ""},
    {"head -c 60 a.rec > cut.rec; $R replay-trace cut.rec", 2, "", "was cut short"},
    {"head -n -1 a.rec > cut.rec; $R replay-trace cut.rec", 2, "", "was cut short"},
    {"sed '$ s/$/0/' a.rec > x.rec; $R replay-trace x.rec", 2, "", "x.rec:11:1: error: "},
    {"sed 's/Version 2/Version 1/' a.rec > x.rec; $R replay-trace x.rec", 2, "",
     "was changed after it was written"},
    {"sed '1s/1/2/' a.rec > x.rec; $R replay-trace x.rec", 2, "", "a recording of version 2"},
    {"$R replay-trace a.scn", 2, "", "a.scn:1:1: error: this is no recording"},
    {": > x.rec; $R replay-trace x.rec", 2, "", "this is no recording"},
    {"$R replay-trace nosuch.rec", 2, "", "nosuch.rec: No such file"},
    {"$R replay-trace .", 2, "", "is no file"},
    {"$R replay-trace", 2, "", "replay-trace what?"},
    {"$R run --record x.rec a.scn paused.scn", 2, "", "a recording takes one scenario"},
    {"$R run --record /nonexistent/x.rec a.scn", 2, "", "No such file"},
    {"rm -f x.rec; echo nonsense > bad.scn; $R run --record x.rec bad.scn; test ! -e x.rec", 0,
     NULL, NULL},
    {"$R run -q --record x.rec --until 100 " SEED "b-version-2.scn; $R replay-trace x.rec", 0,
     ": the same run: 100 events", ""},
};

START_TEST(what_is_wrong_with_a_file_is_told)
{
    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

/* A recorded line is a line of a scenario: the whole run, pasted. */
START_TEST(a_recorded_line_is_a_line_of_a_scenario)
{
    ck_assert_int_eq(shell_run("$R run -q --record b.rec " SEED "b-version-2.scn"), 0);
    ck_assert_int_eq(shell_run("cat " SEED "b-version-2.scn > pasted.scn; grep '^[0-9]' b.rec >> "
                               "pasted.scn; $R run pasted.scn"),
                     0);
    ck_assert_int_eq(shell_run("sed -i 's/^144 .*/144 driver write QueueReady 0/' pasted.scn; "
                               "$R run pasted.scn"),
                     1);
    ck_assert_msg(strstr(shell_output, "instead of `driver write QueueReady 0` came") != NULL, "%s",
                  shell_output);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recording");
    TCase *tests = tcase_create("recording");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, a_run_is_made_again, 0,
                        (int)(sizeof scenarios / sizeof scenarios[0]));
    tcase_add_test(tests, a_recording_may_end_within_a_turn);
    tcase_add_test(tests, a_run_with_qemus_device_is_made_again_with_it);
    tcase_add_test(tests, what_was_done_by_hand_is_recorded);
    tcase_add_test(tests, the_first_line_that_differs_is_told);
    tcase_add_test(tests, what_is_wrong_with_a_file_is_told);
    tcase_add_test(tests, a_recorded_line_is_a_line_of_a_scenario);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
