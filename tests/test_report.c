/*
 * Reports: outcomes made by hand, printed in 80 columns, compared with golden files.
 *
 * The places in them are places in this program that say with #line that they are
 * sample_driver.c's.
 */
#include "report.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "golden.h"
#include "report_text.h"
#include "rule.h"
#include "source.h"
#include "virtio/mmio.h"

static uintptr_t seen_pc;

__attribute__((noinline)) static void observe(void)
{
    seen_pc = (uintptr_t)__builtin_return_address(0);
    __asm__ volatile("" ::: "memory");
}

/* clang-format off */
#line 8 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void at_line_8(void) { observe(); __asm__ volatile(""); }
#line 12 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void at_line_12(void) { observe(); __asm__ volatile(""); }
#line 18 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void at_line_18(void) { observe(); __asm__ volatile(""); }
#line 19 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void at_line_19(void) { observe(); __asm__ volatile(""); }
#line 20 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void at_line_20(void) { observe(); __asm__ volatile(""); }
#line 7 "tests/golden/accessors.h"
static inline __attribute__((always_inline)) void write32(void) { observe(); __asm__ volatile(""); }
#line 21 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void queue_set_up(void) { write32(); __asm__ volatile(""); }
#line 41 "tests/test_report.c"
/* clang-format on */

static uintptr_t pc_of(void (*function)(void))
{
    function();
    return seen_pc;
}

static const struct rule rule_wrong_version = {
    .id = "LMMIO-DRV-D10",
    .party = EVENT_PARTY_DRIVER,
    .force = RULE_MUST_NOT,
    .level = FINDING_ERROR,
    .section = "4.2.4",
    .title = "Legacy interface",
    .text = "version-1 queues are set up with GuestPageSize, QueueAlign and QueuePFN",
    .help = "program the legacy registers when Version is 1, or start QEMU with "
            "-global virtio-mmio.force-legacy=false",
};

static const struct rule rule_own = {
    .id = "RS-STUCK",
    .party = EVENT_PARTY_DRIVER,
    .force = RULE_SELF,
    .level = FINDING_WARNING,
    .section = "",
    .title = "",
    .text = "a request that nobody can complete any more",
    .help = "",
};

static struct event event_of(uint64_t step, enum event_kind kind, int reg, uint64_t value,
                             uintptr_t pc)
{
    struct event event = {.step = step,
                          .party = EVENT_PARTY_DRIVER,
                          .kind = (uint8_t)kind,
                          .place = EVENT_PLACE_REGISTER,
                          .index = (uint32_t)reg,
                          .width_bytes = 4,
                          .value = value,
                          .pc = pc};
    event.addr = mmio_register_offset(reg);
    return event;
}

/* Row A of the seed: the version-2 register on the version-1 device. */
static void make_seed_finding(struct finding *finding)
{
    memset(finding, 0, sizeof *finding);
    finding->rule = &rule_wrong_version;
    finding->level = FINDING_ERROR;
    finding->times = 1;
    strcpy(finding->text, "driver wrote `QueueReady`, which a version-1 device does not have");
    finding->at.event =
        event_of(63, EVENT_WRITE, VIRTIO_MMIO_REG_QueueReady, 1, pc_of(queue_set_up));
    finding->at.event.verdict = EVENT_VERDICT_VERSION;
    strcpy(finding->at.label, "ignored by the device; queue 0 has no address (QueuePFN 0)");
    finding->cause.event = event_of(12, EVENT_READ, VIRTIO_MMIO_REG_Version, 1, pc_of(at_line_8));
    strcpy(finding->cause.label, "the device said here that it is legacy");
}

static struct scenario scenario = {
    .path = (char *)"scenarios/seed/a-timeout.scn",
    .name = (char *)"a-timeout",
    .description = (char *)"The seed's timeout: version-2 registers on QEMU's default,\n"
                           "a legacy device. A second sentence.",
};

static struct world_outcome outcome;
static struct scenario_action actions[3];

/* A clean outcome with one call that was fine. */
static void setup(void)
{
    memset(&outcome, 0, sizeof outcome);
    memset(actions, 0, sizeof actions);
    outcome.scenario = &scenario;
    outcome.steps = 412;
    outcome.call_count = 1;
    outcome.call[0].action = &actions[0];
    actions[0].kind = SCENARIO_CALL;
    strcpy(actions[0].name, "init");
}

static void add_finding(const struct finding *finding)
{
    outcome.findings.item[outcome.findings.count++] = *finding;
}

/* What `print` prints for the outcome; freed by the caller. */
static char *printed(void (*print)(FILE *, const struct report_options *), unsigned columns,
                     bool color, bool verbose)
{
    struct report_options options = {.color = color, .verbose = verbose, .columns = columns};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    print(out, &options);
    fclose(out);
    return text;
}

static void print_findings(FILE *out, const struct report_options *options)
{
    for (uint32_t i = 0; i < outcome.findings.count; i++) {
        report_finding(out, options, &outcome, &outcome.findings.item[i]);
        fputc('\n', out);
    }
}

static void print_outcome(FILE *out, const struct report_options *options)
{
    report_outcome(out, options, &outcome);
}

/* No line is wider than the terminal, but those that must not be broken. */
static void check_width(const char *text, unsigned columns)
{
    char *copy = strdup(text);
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        bool whole = strstr(line, "= again: ") || strstr(line, "--> ") || strstr(line, " through ");
        ck_assert_msg(whole || report_width(line) <= columns, "%u columns: %s", columns, line);
        ck_assert_msg(line[0] == '\0' || line[strlen(line) - 1] != ' ', "blank at the end: %s",
                      line);
    }
    free(copy);
}

START_TEST(a_finding_looks_like_a_compilers_message)
{
    struct finding finding;
    make_seed_finding(&finding);
    add_finding(&finding);
    char *text = printed(print_findings, 80, false, false);
    check_width(text, 80);
    golden_compare("finding_seed.txt", text);
    free(text);
}
END_TEST

START_TEST(a_finding_fits_any_terminal)
{
    struct finding finding;
    make_seed_finding(&finding);
    add_finding(&finding);
    for (unsigned columns = 60; columns <= 200; columns++) {
        char *text = printed(print_findings, columns, false, false);
        check_width(text, columns);
        free(text);
    }
    char *text = printed(print_findings, 60, false, false);
    golden_compare("finding_narrow.txt", text);
    free(text);
}
END_TEST

START_TEST(a_finding_is_colored_on_request)
{
    struct finding finding;
    make_seed_finding(&finding);
    add_finding(&finding);
    char *text = printed(print_findings, 80, true, false);
    golden_compare("finding_color.txt", text);
    free(text);
}
END_TEST

/* Further places, help of this run, several times, a source line that is too long, tabs. */
static void add_many_places(void)
{
    struct finding finding;
    make_seed_finding(&finding);
    strcpy(finding.help, "help that was made for this run");
    finding.times = 7;
    finding.at.event = event_of(120, EVENT_WRITE, VIRTIO_MMIO_REG_QueueSel, 0, pc_of(at_line_12));
    finding.at.label[0] = '\0';
    finding.also_count = 5;
    void (*const places[])(void) = {at_line_20, at_line_18, at_line_19, at_line_8, at_line_19};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        finding.also[i] =
            event_of(121 + i, EVENT_WRITE, VIRTIO_MMIO_REG_QueueDescLow, 1, pc_of(places[i]));
    }
    add_finding(&finding);
    finding.also_count = 1;
    finding.times = 1;
    add_finding(&finding);
    finding.also_count = 40; /* more than are kept, the kept ones without a place */
    memset(finding.also, 0, sizeof finding.also);
    add_finding(&finding);
}

/* Without a place, without code of the driver, without a place in the event, cause after the place.
 */
static void add_odd_places(void)
{
    struct finding finding;
    make_seed_finding(&finding);
    finding.rule = &rule_own;
    finding.level = FINDING_WARNING;
    finding.at = (struct finding_place){0};
    finding.cause = (struct finding_place){0};
    strcpy(finding.text, "nothing was ever put on the screen");
    add_finding(&finding);
    finding.at.event = (struct event){.step = 1234567,
                                      .party = EVENT_PARTY_DEVICE,
                                      .kind = EVENT_LOAD,
                                      .place = EVENT_PLACE_AVAIL_IDX,
                                      .width_bytes = 2,
                                      .value = 0xffff};
    strcpy(finding.at.label, "a label\twith a tab and an escape \033[31m in it");
    finding.cause.event =
        (struct event){.step = 1234570, .party = EVENT_PARTY_WORLD, .kind = EVENT_STUCK};
    strcpy(finding.cause.label, "nobody can take a step");
    add_finding(&finding);
    finding.level = FINDING_NOTE;
    finding.cause.event = (struct event){.step = 99,
                                         .party = EVENT_PARTY_DRIVER,
                                         .kind = EVENT_RELAX,
                                         .pc = pc_of(at_line_20)};
    finding.at.event = (struct event){.step = 100,
                                      .party = EVENT_PARTY_DRIVER,
                                      .kind = EVENT_BARRIER,
                                      .value = EVENT_BARRIER_FULL,
                                      .pc = pc_of(at_line_19)};
    finding.at.label[0] = '\0';
    add_finding(&finding);
}

START_TEST(findings_with_many_places_and_with_none)
{
    add_many_places();
    add_odd_places();
    char *text = printed(print_findings, 80, false, false);
    check_width(text, 80);
    ck_assert_ptr_null(strchr(text, '\033'));
    ck_assert_ptr_null(strchr(text, '\t'));
    golden_compare("finding_places.txt", text);
    free(text);
}
END_TEST

START_TEST(the_command_that_repeats_a_run_can_be_pasted)
{
    struct finding finding;
    make_seed_finding(&finding);
    struct scenario odd = scenario;
    odd.path = (char *)"a b/it's.scn";
    outcome.scenario = &odd;
    struct report_options options = {.columns = 80, .again = "--driver x.so"};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    report_finding(out, &options, &outcome, &finding);
    fclose(out);
    ck_assert_ptr_nonnull(
        strstr(text, "= again: ringside run --driver x.so 'a b/it'\\''s.scn' --until 63\n"));
    free(text);
}
END_TEST

/* The ladder of row A: up to queue-size, then nothing. */
static void make_ladder(struct ladder *ladder)
{
    memset(ladder, 0, sizeof *ladder);
    ladder->missed = LADDER_QUEUE_LIVE;
    for (unsigned rung = 0; rung < LADDER_QUEUE_LIVE; rung++) {
        ladder->step[rung].state = LADDER_REACHED;
        ladder->step[rung].event = event_of(12 + 7 * rung, EVENT_WRITE, VIRTIO_MMIO_REG_Status, 1,
                                            rung == 2 ? 0 : pc_of(at_line_18));
    }
    ladder->step[LADDER_FEATURES].state = LADDER_NOT_NEEDED;
    strcpy(ladder->step[LADDER_DEVICE_FOUND].label, "Version 1, DeviceID 16");
    strcpy(ladder->step[LADDER_QUEUE_SIZE].label, "16 of at most 1024");
    strcpy(ladder->step[LADDER_QUEUE_ADDRESSES].label,
           "written to registers that this device does not have, one after the other");
    strcpy(ladder->step[LADDER_QUEUE_LIVE].label, "q0 has no address: QueuePFN is 0");
    ladder->step[LADDER_DRIVER_OK].state = LADDER_REACHED;
    ladder->step[LADDER_NOTIFIED].state = LADDER_REACHED;
}

static void print_ladder(FILE *out, const struct report_options *options)
{
    report_ladder(out, options, &outcome, &outcome.call[1].ladder);
}

START_TEST(a_ladder_names_the_first_missed_rung_and_folds_the_rest)
{
    make_ladder(&outcome.call[1].ladder);
    char *text = printed(print_ladder, 80, false, false);
    check_width(text, 80);
    golden_compare("ladder_stuck.txt", text);
    free(text);
}
END_TEST

START_TEST(a_ladder_can_be_climbed_to_the_top_or_not_at_all)
{
    struct ladder *ladder = &outcome.call[1].ladder;
    ladder->missed = LADDER_DEVICE_FOUND;
    char *text = printed(print_ladder, 80, false, false);
    golden_compare("ladder_bottom.txt", text);
    free(text);
    ladder->missed = LADDER_RUNG_COUNT;
    for (unsigned rung = 0; rung < LADDER_RUNG_COUNT; rung++) {
        ladder->step[rung].state = LADDER_REACHED;
    }
    text = printed(print_ladder, 80, false, false);
    golden_compare("ladder_top.txt", text);
    free(text);
}
END_TEST

static void make_stuck_outcome(void)
{
    struct finding finding;
    make_seed_finding(&finding);
    add_finding(&finding);
    outcome.call_count = 2;
    outcome.call[1].action = &actions[1];
    outcome.call[1].stuck = true;
    outcome.call[1].result = SUITE_TIMEOUT;
    actions[1].kind = SCENARIO_CALL;
    actions[1].result = SUITE_TIMEOUT;
    strcpy(actions[1].name, "get_display_info");
    make_ladder(&outcome.call[1].ladder);
}

START_TEST(an_outcome_as_expected_is_one_line_unless_asked)
{
    make_stuck_outcome();
    char *text = printed(print_outcome, 80, false, false);
    ck_assert_str_eq(text, "ok       a-timeout: 1 finding, as expected; 412 steps\n");
    free(text);
    outcome.findings.count = 0;
    text = printed(print_outcome, 80, false, false);
    ck_assert_str_eq(text, "ok       a-timeout: no findings; 412 steps\n");
    free(text);
    outcome.findings.count = 1;
    text = printed(print_outcome, 80, false, true);
    check_width(text, 80);
    golden_compare("outcome_expected.txt", text);
    free(text);
}
END_TEST

START_TEST(an_outcome_that_failed_says_what_was_expected)
{
    make_stuck_outcome();
    actions[1].result = SUITE_OK;
    actions[1].args = (struct suite_args){.count = 2, .value = {640, 480}};
    outcome.call_count = 3;
    outcome.call[2].action = &actions[2];
    outcome.call[2].result = -1;
    outcome.call[2].crash = WORLD_CRASH_SEGV;
    strcpy(actions[2].name, "show");
    outcome.scanout.info.ever_active = true;
    outcome.scanout.info.lost_at_step = 311;
    outcome.findings.dropped = 3;
    outcome.failure_count = 2;
    outcome.failure[0].line = 7;
    strcpy(outcome.failure[0].text, "expected call get_display_info to come to OK, got TIMEOUT");
    strcpy(outcome.failure[1].text, "the finding LMMIO-DRV-D10 was not expected");
    char *text = printed(print_outcome, 80, false, false);
    check_width(text, 80);
    golden_compare("outcome_failed.txt", text);
    free(text);
}
END_TEST

START_TEST(a_run_that_was_stopped_is_not_judged)
{
    outcome.steps = 100;
    outcome.failure_count = 1;
    struct report_options options = {.columns = 80, .until = 100};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    report_outcome(out, &options, &outcome);
    fclose(out);
    ck_assert_ptr_nonnull(
        strstr(text, "stopped  a-timeout at step 100: what it expects was not judged\n"));
    ck_assert_ptr_null(strstr(text, "FAILED"));
    free(text);
}
END_TEST

START_TEST(text_is_wrapped_between_words_and_never_lost)
{
    static const char text[] = "one two  three a-word-that-is-longer-than-the-line-can-ever-be-so-"
                               "it-sticks-out \xc3\xa9\xc3\xa9 end";
    for (unsigned columns = 40; columns < 120; columns++) {
        struct report_options options = {.columns = columns};
        char *out_text = NULL;
        size_t bytes = 0;
        FILE *out = open_memstream(&out_text, &bytes);
        report_wrap(out, &options, REPORT_STYLE_PLAIN, "|", 4, 10, text);
        fclose(out);
        size_t letters = 0, wanted = 0;
        for (const char *at = out_text; *at; at++) {
            letters += *at != ' ' && *at != '\n' && *at != '|';
        }
        for (const char *at = text; *at; at++) {
            wanted += *at != ' ';
        }
        ck_assert_uint_eq(letters, wanted);
        ck_assert_int_eq(out_text[bytes - 1], '\n');
        free(out_text);
    }
}
END_TEST

START_TEST(a_word_that_does_not_fit_behind_its_heading_gets_a_line_of_its_own)
{
    struct report_options options = {.columns = 40};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    report_wrap(out, &options, REPORT_STYLE_PLAIN, "|", 4, 36, "seven and more");
    report_wrap(out, &options, REPORT_STYLE_PLAIN, "|", 4, 36, "four");
    fclose(out);
    ck_assert_str_eq(text, "\n|   seven and more\nfour\n");
    free(text);
}
END_TEST

START_TEST(clipped_text_never_passes_the_last_column)
{
    static const char text[] = "\xc3\xa9tude \xc3\xa9tude \xc3\xa9tude \xc3\xa9tude \xc3\xa9tude "
                               "\xc3\xa9tude \xc3\xa9tude \xc3\xa9tude";
    for (unsigned columns = 40; columns < 80; columns++) {
        for (unsigned at = 0; at < 30; at++) {
            struct report_options options = {.columns = columns};
            char *out_text = NULL;
            size_t bytes = 0;
            FILE *out = open_memstream(&out_text, &bytes);
            report_clip(out, &options, REPORT_STYLE_PLAIN, at, text);
            fclose(out);
            out_text[bytes - 1] = '\0';
            ck_assert_uint_le(at + report_width(out_text), columns);
            bool whole = strcmp(out_text, text) == 0;
            ck_assert(whole || strcmp(out_text + bytes - 4, "...") == 0);
            ck_assert(whole == (at + report_width(text) <= columns));
            free(out_text);
        }
    }
}
END_TEST

START_TEST(color_is_for_terminals_only)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert(!report_options_for(file, REPORT_AUTO).color);
    ck_assert(report_options_for(file, REPORT_ALWAYS).color);
    ck_assert(!report_options_for(file, REPORT_NEVER).color);
    ck_assert_uint_eq(report_options_for(file, REPORT_AUTO).columns, 80);
    fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *reports = tcase_create("reports");
    tcase_add_checked_fixture(reports, setup, NULL);
    tcase_add_test(reports, a_finding_looks_like_a_compilers_message);
    tcase_add_test(reports, a_finding_fits_any_terminal);
    tcase_add_test(reports, a_finding_is_colored_on_request);
    tcase_add_test(reports, findings_with_many_places_and_with_none);
    tcase_add_test(reports, the_command_that_repeats_a_run_can_be_pasted);
    tcase_add_test(reports, a_ladder_names_the_first_missed_rung_and_folds_the_rest);
    tcase_add_test(reports, a_ladder_can_be_climbed_to_the_top_or_not_at_all);
    tcase_add_test(reports, an_outcome_as_expected_is_one_line_unless_asked);
    tcase_add_test(reports, an_outcome_that_failed_says_what_was_expected);
    tcase_add_test(reports, a_run_that_was_stopped_is_not_judged);
    tcase_add_test(reports, text_is_wrapped_between_words_and_never_lost);
    tcase_add_test(reports, a_word_that_does_not_fit_behind_its_heading_gets_a_line_of_its_own);
    tcase_add_test(reports, clipped_text_never_passes_the_last_column);
    tcase_add_test(reports, color_is_for_terminals_only);
    suite_add_tcase(suite, reports);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
