/*
 * `ringside step` from a script: each session in tests/step is compared with its transcript, every
 * command is in one of them, and no line is wider than a terminal.
 */
#include "prompt.h"
#include "golden.h"
#include "shell_rig.h"

static const struct {
    const char *name, *scenario;
    int status;
} sessions[] = {
    {"move", "seed/a-timeout", 2},
    {"look", "seed/b-version-2", 0},
    {"play", "seed/b-version-2", 2},
    {"mistakes", "seed/b-version-2", 2},
    {"big", "byte-order/big-endian-v1", 0},
};

START_TEST(a_script_gives_its_transcript)
{
    char command[1024], golden[64];

    shell_begin("test_step");
    /* From the project's folder, so that the source is found by the same names everywhere. */
    snprintf(command, sizeof command,
             "(cd '%s' && $R step --drivers '%s/drivers' scenarios/%s.scn"
             " < tests/step/%s.cmd)",
             RINGSIDE_SOURCE_DIR, RINGSIDE_BINARY_DIR, sessions[_i].scenario, sessions[_i].name);
    ck_assert_msg(shell_run(command) == sessions[_i].status, "%s\n%s", shell_output, shell_errors);
    snprintf(golden, sizeof golden, "step_%s.txt", sessions[_i].name);
    golden_compare(golden, shell_output);
}
END_TEST

START_TEST(no_line_is_wider_than_80_columns)
{
    char path[1024];
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        snprintf(path, sizeof path, "%s/tests/golden/step_%s.txt", RINGSIDE_SOURCE_DIR,
                 sessions[i].name);
        char *text = golden_read(path);
        size_t number = 0;
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            number++;
            ck_assert_msg(report_width(line) <= 80 || strncmp(line, "(ringside)", 10) == 0,
                          "%s:%zu: %u columns", path, number, report_width(line));
        }
        ck_assert_uint_gt(number, 20);
        free(text);
    }
}
END_TEST

START_TEST(every_command_is_in_a_script)
{
    size_t count = 0;
    const char *const *words = prompt_words(&count);
    char path[1024], wanted[64];

    ck_assert_uint_gt(count, 30);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t j = 0; j < sizeof sessions / sizeof sessions[0]; j++) {
            snprintf(path, sizeof path, "%s/tests/step/%s.cmd", RINGSIDE_SOURCE_DIR,
                     sessions[j].name);
            char *text = golden_read(path);
            snprintf(wanted, sizeof wanted, "\n%s", words[i]);
            found = found || strstr(text, wanted);
            free(text);
        }
        ck_assert_msg(found, "no script tests the command `%s`", words[i]);
    }
}
END_TEST

static const struct shell_case cases[] = {
    {"$R step", 2, "", "step what?"},
    {"$R step nosuch.scn </dev/null", 2, "", "nosuch.scn: No such file"},
    {"$R step a.scn b.scn </dev/null", 2, "", "one scenario at a time, not 2"},
    {"$R step --trace a.scn </dev/null", 2, "", "`--trace` is an option of run, not of step"},
    {"$R step bad.scn </dev/null", 2, "", "bad.scn:2:1: error: unknown verb"},
    {"$R step stranger.scn </dev/null", 2, "", "unknown driver `levitat`"},
    {"$R step a.scn </dev/null", 0, "before the first step", ""},
    {"printf 'c\\n' | $R step a.scn", 0, "ok       a: no findings", ""},
    {"printf 'nosuch\\n' | $R step a.scn", 2, "unknown command", "1 line of the script"},
    {"printf 'until step 2\\nquit' | $R step --isolate never a.scn", 0, "2 driver read DeviceID",
     ""},
    /* A driver that ends its process: the session goes on ahead of it. */
    {"printf 'c\\nwhere\\nq\\n' | $R step lost.scn", 0, "the session goes on ahead of it", ""},
};

START_TEST(what_the_command_line_says)
{
    shell_begin("test_step_command");
    shell_write("a.scn", "# Two reads.\ndevice gpu version 2\nread Version -> 2\nread DeviceID\n");
    shell_write("b.scn", "device gpu version 2\nread Version -> 2\n");
    shell_write("bad.scn", "device gpu\nraed Version\n");
    shell_write("stranger.scn", "device gpu\ndriver levitat\ncall init\n");
    shell_write("lost.scn", "device gpu\ndriver unruly\ncall raw-exit -> ...\n");
    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("step");
    TCase *tests = tcase_create("step");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_script_gives_its_transcript, 0,
                        (int)(sizeof sessions / sizeof sessions[0]));
    tcase_add_test(tests, no_line_is_wider_than_80_columns);
    tcase_add_test(tests, every_command_is_in_a_script);
    tcase_add_test(tests, what_the_command_line_says);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
