/*
 * What a driver lacks is skipped and said so; what it has is judged all the same. And the adapter's
 * header, which shares no line with suite.h, says the same as it.
 */
#include "shell_rig.h"

#include <stddef.h>
#include <ringside/ringside.h>

#include "suite.h"

/* ---- the header ---- */

#define X(name, meaning)                                                                           \
    _Static_assert((int)RINGSIDE_##name == (int)SUITE_##name, "a result of another value");
SUITE_RESULTS(X)
#undef X
_Static_assert((int)SUITE_RESULT_COUNT == (int)RINGSIDE_UNSUPPORTED + 1, "a result is missing");

#define SAME(theirs, ours, member)                                                                 \
    _Static_assert(offsetof(struct theirs, member) == offsetof(struct ours, member) &&             \
                       sizeof(((struct theirs *)0)->member) == sizeof(((struct ours *)0)->member), \
                   #member " lies elsewhere")
SAME(suite_driver, ringside_driver, name);
SAME(suite_driver, ringside_driver, ops);
SAME(suite_driver, ringside_driver, op_count);
SAME(suite_driver, ringside_driver, set_option);
SAME(suite_driver, ringside_driver, option_names);
SAME(suite_driver, ringside_driver, memory);
_Static_assert(sizeof(struct suite_driver) == offsetof(struct ringside_driver, init),
               "the suite's table has a member more");
SAME(suite_op, ringside_op, name);
SAME(suite_op, ringside_op, call);
SAME(suite_args, ringside_args, count);
SAME(suite_args, ringside_args, value);

START_TEST(what_drivers_return_becomes_a_result)
{
    static const struct {
        long value;
        int result;
    } cases[] = {
        {0, RINGSIDE_OK},           {-110, RINGSIDE_TIMEOUT},    {110, RINGSIDE_TIMEOUT},
        {-19, RINGSIDE_NO_DEVICE},  {-12, RINGSIDE_NO_MEMORY},   {-22, RINGSIDE_BAD_ARGUMENT},
        {28, RINGSIDE_QUEUE_FULL},  {-95, RINGSIDE_UNSUPPORTED}, {-1, RINGSIDE_DEVICE_ERROR},
        {7, RINGSIDE_DEVICE_ERROR},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(ringside_zero_is_ok(cases[i].value), cases[i].result);
    ck_assert_int_eq(ringside_true_is_ok(1), RINGSIDE_OK);
    ck_assert_int_eq(ringside_true_is_ok(0), RINGSIDE_DEVICE_ERROR);
}
END_TEST

/* ---- the reports ---- */

static void setup(void)
{
    shell_begin("test_skip");
    shell_write("lacks.scn", "device gpu\ndriver other wide on answer x\ncall init\ncall show\n"
                             "call flush 1 2 3 4 -> ...\ncall wiggle\nexpect picture test-card\n"
                             "expect scanout 0 active\nexpect Status 15\nexpect dma-live 1\n"
                             "expect stuck seen\nexpect response filled\n"
                             "expect finding LMMIO-DRV-D10\n");
    shell_write("judged.scn", "device gpu\ndriver other\ncall init\ncall poll\ncall show\n"
                              "expect picture test-card\n");
    shell_write("never.scn", "device gpu\ndriver other\ncall show\n"
                             "expect scanout 0 never\nexpect stuck none\n");
    shell_write("own.scn", "device gpu\ndriver partial\ncall init\ncall show\n");
    shell_write("slip.scn", "device gpu\ndriver partial\ncall inti\n");
    shell_write("told.scn", "device gpu\ndriver other\ncall show -> UNSUPPORTED\n");
    shell_write("own-option.scn", "device gpu\ndriver partial wide on\ncall init\n");
    shell_write("own-value.scn", "device gpu\ndriver partial answer x\ncall init\n");
    shell_write("refused.scn", "device gpu\ndriver partial answer refused\ncall init -> ...\n"
                               "call poll\ncall init -> ...\ncall poll\n");
    shell_write("refused-not.scn", "device gpu\ndriver partial answer refused\ncall init -> OK\n"
                                   "call poll\n");
    shell_write("unsupported.scn", "device gpu\ndriver partial answer unsupported\ncall init\n"
                                   "call poll\nexpect Status 15\n");
    shell_write("acts.scn", "device gpu\ndriver partial\ncall show\nread Version -> 2\n");
    setenv("D", RINGSIDE_BINARY_DIR "/drivers/partial.so", 1);
}

START_TEST(what_is_lacking_is_skipped_and_the_rest_is_judged)
{
    static const struct shell_case cases[] = {
        {"$R run -v --driver $D lacks.scn", 0, "  call init -> OK\n", ""},
        {"$R run -v --driver $D lacks.scn", 0,
         "  call show ... skipped: driver `partial` has no show\n"
         "  call flush 1 2 3 4 ... skipped: driver `partial` has no flush\n"
         "  call wiggle ... skipped: driver `partial` has no wiggle\n"
         "  option wide on ... skipped: driver `partial` has no such option\n"
         "  option answer x ... skipped: driver `partial` has no such value\n"
         "  expect picture ... skipped: show was\n"
         "  expect scanout 0 ... skipped: show was\n"
         "  expect Status ... skipped: show was\n"
         "  expect dma-live ... skipped: show was\n"
         "  expect stuck ... skipped: show was\n"
         "  expect response ... skipped: show was\n"
         "  expect finding LMMIO-DRV-D10 ... skipped: show was\n",
         ""},
        {"$R run lacks.scn lacks.scn --driver $D", 0,
         "; driver `partial` has no show, flush, wiggle; 9 lines of the scenario skipped\n", ""},
        {"$R run --driver $D lacks.scn", 0, "1 scenario: 1 ok, 0 failed; ", ""},
        {"$R run --driver $D judged.scn", 1, "call `poll`: expected OK, came to TIMEOUT\n", ""},
        {"$R run --driver $D judged.scn", 1, "FAILED   judged: 1 thing not as expected", ""},
        {"$R run --driver $D never.scn", 0,
         "skipped  never: nothing was called; driver `partial` has no show\n"
         "1 scenario: 0 ok, 0 failed, 1 skipped; ",
         ""},
        {"$R run --driver $D never.scn lacks.scn judged.scn", 1,
         "3 scenarios: 1 ok, 1 failed, 1 skipped; ", ""},
        {"$R run -q --driver $D never.scn", 0, "1 scenario: 0 ok, 0 failed, 1 skipped; ", ""},
        {"$R run --driver $D acts.scn", 0, "1 scenario: 1 ok, 0 failed; ", ""},
        {"$R run own.scn", 0, "; driver `partial` has no show\n", ""},
        {"$R run --driver $D own.scn", 0, "; driver `partial` has no show\n", ""},
        {"$R run slip.scn", 1, "call `inti`: expected OK, came to UNSUPPORTED\n", ""},
        {"$R run --driver $D told.scn", 0, "1 ok", ""},
        {"$R run own-option.scn", 2, NULL, "driver `partial` has no option `wide`"},
        {"$R run own-value.scn", 2, NULL, "no such value for option `answer`: `x`"},
        {"$R run -v refused.scn", 0,
         "  call init -> NO_DEVICE\n  call poll ... skipped: init came to NO_DEVICE\n"
         "  call init -> NO_DEVICE\n  call poll ... skipped: init came to NO_DEVICE\n",
         ""},
        {"$R run refused.scn", 0, "1 ok", ""},
        {"$R run refused-not.scn", 1, "call `init`: expected OK, came to NO_DEVICE\n", ""},
        {"$R run refused-not.scn", 1, "call `poll`: expected OK, came to TIMEOUT\n", ""},
        {"$R run unsupported.scn", 0,
         "  call init ... skipped: driver `partial` has no init\n"
         "  call poll ... skipped: driver `partial` has no init\n"
         "  expect Status ... skipped: init was\n",
         ""},
        {"$R run unsupported.scn", 0, "0 ok, 0 failed, 1 skipped;", ""},
    };

    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

/* ---- ringside's own scenarios ---- */

START_TEST(the_suite_is_found_wherever_one_is)
{
    static const struct shell_case cases[] = {
        {"$R run -q --driver $D suite/version-2/show.scn", 0, "1 scenario: 1 ok", ""},
        {"mkdir suite; cp lacks.scn suite; $R run --driver $D suite", 0, "1 scenario: 1 ok", ""},
        {"$R run --driver $D suite/version-2/nothing.scn", 2, "",
         "ringside: suite/version-2/nothing.scn: No such file or directory\n"},
        {"$R run --driver $D /suite", 2, "", "ringside: /suite: No such file or directory\n"},
    };

    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("skip");
    TCase *skip = tcase_create("skip");
    tcase_set_timeout(skip, 100);
    tcase_add_checked_fixture(skip, setup, NULL);
    tcase_add_test(skip, what_drivers_return_becomes_a_result);
    tcase_add_test(skip, what_is_lacking_is_skipped_and_the_rest_is_judged);
    tcase_add_test(skip, the_suite_is_found_wherever_one_is);
    suite_add_tcase(suite, skip);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
