/*
 * `ringside museum`, from outside: what it demands of an exhibit, and what it says when one falls
 * short of it. The exhibits here are one of the museum's, told otherwise.
 */
#include "shell_rig.h"

#define HEAD                                                                                       \
    "# Works nowhere.\nexhibit A7 one/two#3\ndevice gpu version 2 display 64x48\n"                 \
    "driver museum-status-bits-lost\n"
#define LINE "expect finding STATUS-DRV-02 at museum/status-bits-lost.c:14\n"

#define NAMED    "status-bits-lost.scn"
#define DRIVERS  "$R museum --drivers drivers --scenarios scenarios"
#define COLUMNS_ "id  exhibit                       ringside names      steps mended\n"

static void setup(void)
{
    shell_begin("test_museum");
    ck_assert_int_eq(shell_run("mkdir drivers scenarios && cp " RINGSIDE_BINARY_DIR
                               "/drivers/museum-status-bits-lost.so drivers"),
                     0);
    shell_write("scenarios/" NAMED, HEAD "call init\ncall show\n" LINE);
}

/* Runs the one exhibit as `text` tells it. */
static void check(const char *text, int status, const char *output, const char *errors)
{
    const struct shell_case one = {DRIVERS, status, output, errors};
    shell_write("scenarios/" NAMED, text);
    shell_check(&one, 1);
}

START_TEST(a_whole_exhibit_is_as_expected)
{
    static const struct shell_case cases[] = {
        {DRIVERS, 0, COLUMNS_ "A7  status-bits-lost              STATUS-DRV-02:14 ", ""},
        {DRIVERS " A7", 0, "1 exhibit, 1 as expected; ", ""},
        {DRIVERS " status-bits-lost", 0, " clean\n", ""},
        {DRIVERS " A8", 2, "", "ringside museum: there is no exhibit A8\n"},
        {DRIVERS " status-bit-lost", 2, "", "; did you mean status-bits-lost\n"},
        {DRIVERS " --jsn x", 2, "", "unknown option --jsn; did you mean --json?\n"},
        {DRIVERS " --json", 2, "", "--json needs a value: FILE\n"},
        {DRIVERS " --json nowhere/m.json", 2, NULL, "nowhere/m.json"},
        {"$R museum --help", 0, "usage: ringside museum ", ""},
    };
    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

START_TEST(what_is_named_must_be_the_cause_alone)
{
    check(HEAD "call init\ncall show\nexpect finding STATUS-DRV-02\n", 1,
          "    before: the scenario does not expect STATUS-DRV-02 at line 14\n", "");
    check(HEAD "call init\ncall show\nexpect finding STATUS-DRV-02 at status-bits-lost.c:15\n", 1,
          "    before: expected finding STATUS-DRV-02 at status-bits-lost.c:15, it is at", "");
    check(HEAD "call init -> TIMEOUT\ncall show\n" LINE, 1,
          "    before: call `init`: expected TIMEOUT, came to OK\n", "");
    /* A second finding, expected or not, is one too many. */
    check(HEAD "call init\ncall show\nwrite MagicValue 1\n" LINE "expect finding MMIO-DRV-02\n", 1,
          "    before: STATUS-DRV-02 is found, and MMIO-DRV-02 as well\n", "");
    check(HEAD "mended device\ncall init\ncall show\n" LINE, 1,
          "    mended: unexpected finding STATUS-DRV-02: ", "");
    check(HEAD "mended -> OK TIMEOUT\ncall init\ncall show\n" LINE, 1,
          "    mended: call `show`: expected TIMEOUT, came to OK\n", "");
    check(HEAD "call init\ncall sing\n" LINE, 1, "    before: call `sing`: ", "");
}
END_TEST

START_TEST(no_exhibit_without_its_scenario_and_none_without_its_driver)
{
    check("# No exhibit.\ndevice gpu\nread Version\n", 2, "",
          "status-bits-lost.scn: error: is no exhibit: it has no line `exhibit ID`\n");
    check("# No driver.\nexhibit A1\ndevice gpu\nread Version\n", 2, "",
          "is to have driver museum-status-bits-lost, not none at all\n");
    shell_write("scenarios/" NAMED, HEAD "call init\ncall show\n" LINE);
    ck_assert_int_eq(shell_run("cp drivers/museum-status-bits-lost.so drivers/museum-other.so"), 0);
    static const struct shell_case without = {
        DRIVERS, 2, "", "ringside museum: driver museum-other has no scenario other.scn; "};
    shell_check(&without, 1);
    shell_write("scenarios/other.scn", "# The same id.\nexhibit A7 one/two\ndevice gpu\n"
                                       "driver museum-other\ncall init\n");
    static const struct shell_case twice = {DRIVERS, 2, "", "have the same id A7\n"};
    shell_check(&twice, 1);
    ck_assert_int_eq(shell_run("rm drivers/museum-other.so; "
                               "sed -i s/A7/A8/ scenarios/other.scn"),
                     0);
    static const struct shell_case gone = {DRIVERS, 2, NULL, "unknown driver `museum-other`"};
    shell_check(&gone, 1);
    static const struct shell_case empty = {
        "mkdir none; $R museum --drivers drivers --scenarios none", 2, "",
        "there are no exhibits in none\n"};
    shell_check(&empty, 1);
}
END_TEST

START_TEST(the_table_is_written_as_json)
{
    static const char read_it[] = DRIVERS
        " --json m.json >table && python3 -c \"import json; "
        "e = json.load(open('m.json'))['exhibits'][0]; "
        "print(e['id'], e['exhibit'], e['references'], e['symptom'], e['names'], e['line'], "
        "e['before']['calls'], e['mended']['state'], 'qemu' in e)\"";
    static const struct shell_case one = {
        read_it, 0,
        "A7 status-bits-lost ['one/two#3'] Works nowhere. STATUS-DRV-02 14 2x OK as expected False",
        ""};
    shell_check(&one, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("museum");
    TCase *tcase = tcase_create("museum");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_whole_exhibit_is_as_expected);
    tcase_add_test(tcase, what_is_named_must_be_the_cause_alone);
    tcase_add_test(tcase, no_exhibit_without_its_scenario_and_none_without_its_driver);
    tcase_add_test(tcase, the_table_is_written_as_json);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
