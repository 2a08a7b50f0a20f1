/*
 * Patterns: what each notation means, event by event, and what a mistake is told.
 */
#include "pattern.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "scenario.h"

static struct scenario *scenario;

static void setup(void)
{
    scenario = scenario_parse("test.scn", "device gpu\nread Version\n", stderr);
    ck_assert(scenario != NULL);
}

static void teardown(void)
{
    scenario_free(scenario);
}

static const struct {
    const char *pattern, *event;
    bool matches;
} cases[] = {
    {"QueueReady", "driver write QueueReady 1", true},
    {"QueueReady", "driver read QueueReady 1", true},
    {"QueueReady", "driver write QueueSel 1", false},
    {"QueueReady", "driver write slot3.QueueReady 1", false},
    {"slot3.QueueReady", "driver write slot3.QueueReady 1", true},
    {"write QueueReady", "driver read QueueReady 1", false},
    {"driver write QueueReady 1", "driver write QueueReady 1", true},
    {"driver write QueueReady 1", "driver write QueueReady 0", false},
    {"Status 0", "driver write Status 0", true},
    {"QueueNum", "driver write QueueSize 16", true},
    {"config+0x8", "driver read config+0x8 1", true},
    {"config+0x8", "driver read config+0x0 1", false},
    {"q0.avail.idx", "driver store q0.avail.idx 1", true},
    {"q0.avail.idx", "device load q0.avail.idx 1", true},
    {"q0.avail.idx", "driver store q1.avail.idx 1", false},
    {"device load q0.avail.idx", "driver store q0.avail.idx 1", false},
    {"q0.desc[3].len", "driver store q0.desc[3].len 8", true},
    {"q0.desc[3].len", "driver store q0.desc[2].len 8", false},
    {"0x40001000", "driver store 0x40001000/4 7", true},
    {"0x40001003", "driver store 0x40001000/4 7", true},
    {"0x40001004", "driver store 0x40001000/4 7", false},
    {"0x40000ff0/16", "driver store 0x40001000/4 7", false},
    {"0x40000ff0/17", "driver store 0x40001000/4 7", true},
    {"0x40001002..0x40002000", "device load 0x40001000/4 7", true},
    {"store 0x40001000", "device load 0x40001000/4 7", false},
    {"notification", "driver write QueueNotify 1", true},
    {"notification", "driver write QueueSel 1", false},
    {"publication", "driver store q1.avail.idx 4", true},
    {"publication", "device load q1.avail.idx 4", false},
    {"used", "device store q0.used.idx 4", true},
    {"used", "driver load q0.used.idx 4", false},
    {"interrupt", "device interrupt used", true},
    {"stuck", "world stuck", true},
    {"reset", "device reset", true},
    {"request", "device execute GET_DISPLAY_INFO", true},
    {"VIRTIO_GPU_CMD_GET_DISPLAY_INFO", "device execute GET_DISPLAY_INFO", true},
    {"GET_DISPLAY_INFO", "device execute GET_DISPLAY_INFO", true},
    {"VIRTIO_GPU_CMD_SET_SCANOUT", "device execute GET_DISPLAY_INFO", false},
    {"driver barrier", "driver barrier full", true},
    {"device interrupt", "device interrupt used", true},
    {"step 7", "7 driver read Version 2", true},
    {"step 7", "6 driver read Version 2", false},
};

START_TEST(a_pattern_matches_what_it_names)
{
    struct pattern pattern;
    struct event event;
    const char *error = NULL;
    size_t column = 0;
    struct sim_device device = {0};

    ck_assert_msg(scenario_parse_pattern(scenario, cases[_i].pattern, "a test", &pattern, stderr),
                  "%s", cases[_i].pattern);
    ck_assert_msg(event_parse(cases[_i].event, &event, &error, &column), "%s: %s", cases[_i].event,
                  error);
    ck_assert_msg(pattern_matches(&pattern, &event, &device) == cases[_i].matches,
                  "`%s` and `%s`", cases[_i].pattern, cases[_i].event);
    ck_assert_str_eq(pattern.text, cases[_i].pattern);
}
END_TEST

static const struct {
    const char *pattern, *said;
} mistakes[] = {
    {"", "is missing"},
    {"before", "is missing"},
    {"quueReady", "did you mean `QueueReady`?"},
    {"notifcation", "did you mean `notification`?"},
    {"VIRTIO_GPU_CMD_SET_SCANOUTS", "did you mean `VIRTIO_GPU_CMD_SET_SCANOUT`?"},
    {"q0.avail.indx", "did you mean `q0.avail.idx`?"},
    {"q9.avail.idx", "a queue below 4"},
    {"driver", "a place is missing"},
    {"QueueReady 1 2", "one word too many"},
    {"QueueReady x", "a value"},
    {"0x10..0x5", "ends before it begins"},
    {"0x10/0", "a range of no bytes"},
    {"0x10zz", "no range of addresses"},
    {"0x10..", "no range of addresses"},
    {"0x10..0x20z", "no range of addresses"},
    {"0x10/", "no range of addresses"},
    {"99999999999999999999", "no range of addresses"},
    {"99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
     "no range of addresses"}, /* longer than any word that is kept */
    {"step 0", "a step"},
    {"step x", "a step"},
    {"before stuck", "nobody knows before"},
    {"before LMMIO-DRV-D10", "nobody knows before"},
    {"before QueueNotify 1", "not known before"},
};

START_TEST(a_mistake_is_told)
{
    struct pattern pattern;
    char *said = NULL;
    size_t bytes = 0;
    FILE *errors = open_memstream(&said, &bytes);
    bool good = scenario_parse_pattern(scenario, mistakes[_i].pattern, "a test", &pattern, errors);

    fclose(errors);
    ck_assert_msg(!good, "`%s` was taken", mistakes[_i].pattern);
    ck_assert_msg(strstr(said, mistakes[_i].said) != NULL, "`%s`: %s", mistakes[_i].pattern, said);
    free(said);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pattern");
    TCase *tests = tcase_create("pattern");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, a_pattern_matches_what_it_names, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(tests, a_mistake_is_told, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
