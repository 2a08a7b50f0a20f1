/*
 * Scenarios on both devices, and `ringside silence`, which makes a table of them.
 */
#include "beside.h"
#include "qemu.h"
#include "shell_rig.h"

#define SCENARIOS RINGSIDE_SOURCE_DIR "/scenarios/"

static const char *const paths[] = {
    SCENARIOS "silence/01-a-command-before-driver-ok.scn",
    SCENARIOS "silence/16-a-used-ring-of-its-own.scn",
    SCENARIOS "silence/18-version-2-registers.scn",
    SCENARIOS "silence/19-a-response-of-8-bytes.scn",
    SCENARIOS "silence/21-no-response-descriptor.scn",
    SCENARIOS "silence/22-a-request-of-length-0.scn",
    SCENARIOS "silence/23-as-it-should-be-version-2.scn",
    SCENARIOS "seed/a-timeout.scn",
    SCENARIOS "rules/mmio/shared-memory-of-a-disk.scn",
    RINGSIDE_BINARY_DIR "/test_beside.scn",
};

enum { EARLY, UNSEEN, REGISTERS, SHORT, NONE, ZERO, GOOD, SEED, OTHER, UNREADABLE, COUNT };

static struct beside *all;
static struct string_list files;

static void setup(void)
{
    shell_write(paths[UNREADABLE], "device gpu\nwhatever\n");
    for (size_t i = 0; i < COUNT; i++)
        ck_assert(string_list_add(&files, paths[i]));
    all = beside_run(&(struct beside_options){0}, &files);
    ck_assert_ptr_nonnull(all);
}

static void teardown(void)
{
    beside_free(all, &files);
    string_list_free(&files);
}

static bool has_qemu(void)
{
    return all[EARLY].qemu.state == BESIDE_STATE_DONE;
}

static bool prints(const struct beside_run *run, const char *text)
{
    for (size_t i = 0; i < run->printed.count; i++) {
        if (strstr(run->printed.line[i].text, text) != NULL)
            return true;
    }
    return false;
}

static void check_finding(const struct beside_run *run, const char *id, const char *file,
                          unsigned line)
{
    const struct beside_finding *first = &run->finding[0];

    ck_assert_uint_ge(run->finding_count, 1);
    ck_assert_str_eq(first->rule->id, id);
    ck_assert_msg(strstr(first->file, file) != NULL, "%s", first->file);
    ck_assert_uint_eq(first->line, line);
    ck_assert(beside_accuses(first));
}

START_TEST(the_simulated_device_tells_what_became_of_the_requests)
{
    static const enum beside_fate fates[] = {
        [EARLY] = BESIDE_COMPLETED, [UNSEEN] = BESIDE_UNSEEN, [REGISTERS] = BESIDE_TIMEOUT,
        [SHORT] = BESIDE_SHORT,     [NONE] = BESIDE_EMPTY,    [ZERO] = BESIDE_TIMEOUT,
        [GOOD] = BESIDE_COMPLETED,  [SEED] = BESIDE_TIMEOUT,  [OTHER] = BESIDE_NONE,
    };

    for (size_t i = 0; i < UNREADABLE; i++) {
        ck_assert_msg(all[i].simulated.state == BESIDE_STATE_DONE, "%s: %s", all[i].path,
                      all[i].simulated.why);
        ck_assert_msg(all[i].simulated.fate == fates[i], "%s: %s", all[i].path,
                      beside_fate_words(all[i].simulated.fate));
        ck_assert_msg(all[i].simulated.as_expected, "%s", all[i].path);
    }
    check_finding(&all[EARLY].simulated, "INIT-DRV-06", "01-a-command-before-driver-ok.scn", 6);
    check_finding(&all[SEED].simulated, "LMMIO-DRV-D10", "transport.c", 106);
    ck_assert_str_eq(all[SEED].simulated.call[1].name, "get_display_info");
    ck_assert_str_eq(scenario_result_word(all[SEED].simulated.call[1].result), "TIMEOUT");
    ck_assert(all[SEED].simulated.call[1].stuck);
    ck_assert_uint_eq(all[GOOD].simulated.requests, 1);
    ck_assert_uint_eq(all[GOOD].simulated.used, 1);
    ck_assert(!beside_accuses(&all[GOOD].simulated.finding[0]));
}
END_TEST

START_TEST(qemu_does_the_same_and_its_words_are_kept)
{
    if (!has_qemu()) {
        ck_assert_int_eq(all[EARLY].qemu.state, BESIDE_STATE_MISSING);
        ck_assert_ptr_nonnull(strstr(all[EARLY].qemu.why, "install the package"));
        return;
    }
    for (size_t i = 0; i < OTHER; i++) {
        ck_assert_msg(all[i].qemu.state == BESIDE_STATE_DONE, "%s: %s", all[i].path,
                      all[i].qemu.why);
        ck_assert_msg(all[i].qemu.fate == all[i].simulated.fate, "%s: %s", all[i].path,
                      beside_fate_words(all[i].qemu.fate));
        ck_assert(!all[i].qemu.differs);
        ck_assert_uint_gt(strlen(all[i].qemu.qemu_version), 2);
        ck_assert_ptr_eq(all[i].qemu.finding[0].rule, all[i].simulated.finding[0].rule);
    }
    /* A run's words are its own, though the process serves the next as well. */
    ck_assert(prints(&all[SHORT].qemu, "response size incorrect 8 vs 408"));
    ck_assert(prints(&all[NONE].qemu, "response size incorrect 0 vs 408"));
    ck_assert(!prints(&all[NONE].qemu, "8 vs 408"));
    ck_assert(prints(&all[ZERO].qemu, "zero sized buffers are not allowed"));
    ck_assert(!prints(&all[ZERO].qemu, "qemu-system-"));
    ck_assert(prints(&all[REGISTERS].qemu, "non-legacy register"));
    ck_assert_uint_eq(all[EARLY].qemu.printed.count, 0);
    ck_assert_uint_eq(all[UNSEEN].qemu.printed.count, 0);
    ck_assert_uint_eq(all[GOOD].qemu.printed.count, 0);
}
END_TEST

START_TEST(what_cannot_be_run_says_why_and_keeps_no_other_from_it)
{
    ck_assert_int_eq(all[OTHER].qemu.state, BESIDE_STATE_UNFIT);
    ck_assert_ptr_nonnull(strstr(all[OTHER].qemu.why, "only the GPU"));
    ck_assert(!all[UNREADABLE].read);
    ck_assert_int_eq(all[UNREADABLE].simulated.state, BESIDE_STATE_NOT_RUN);
}
END_TEST

START_TEST(the_table_is_made_by_a_command)
{
    static const struct shell_case cases[] = {
        {"$R silence --help", 0, "usage: ringside silence", ""},
        {"$R silence --markdwn", 2, "", "did you mean --markdown?"},
        {"$R silence --json", 2, "", "--json"},
        {"$R silence nowhere.scn", 2, "", "nowhere.scn"},
        {"mkdir -p empty && $R silence empty", 2, "", "no scenario found"},
        {"PATH=/nowhere $R silence 2>&1 | cat", 0, "install the package", ""},
        {"PATH=/nowhere $R silence", 2, "", "install the package"},
        {"echo oops >bad.scn; $R silence bad.scn", 2, "", "bad.scn:1:1: error"},
    };
    static const struct shell_case with_qemu[] = {
        {"$R silence --json all.json $S/silence/19-a-response-of-8-bytes.scn", 0, "prints nothing",
         ""},
        {"$R run -v --device qemu $S/silence/19-a-response-of-8-bytes.scn", 0,
         " printed:\n    virtio_gpu_ctrl_response: response size incorrect 8 vs 408\n", ""},
        {"$R run -v --device qemu $S/silence/10-a-queue-size-of-10.scn", 0, " printed nothing\n",
         ""},
        {"cat all.json", 0,
         "\"line\":\"virtio_gpu_ctrl_response: response size incorrect 8 vs 408\"", ""},
        {"$R silence --json nowhere/x.json $S/silence/23-as-it-should-be-version-2.scn", 2, NULL,
         "nowhere/x.json"},
        {"$R silence --markdown $S/silence/18-version-2-registers.scn", 0,
         "registers of version 2 | **no** | `virtio_mmio_write: write to non-legacy register "
         "(0x80) "
         "in legacy mode`; 6 more lines | `LMMIO-DRV-D10`: driver wrote `QueueReady`",
         ""},
        {"$R silence $S/rules/mmio/shared-memory-of-a-disk.scn", 0, "No scenario was run on QEMU",
         ""},
    };

    shell_begin("test_beside");
    setenv("S", RINGSIDE_SOURCE_DIR "/scenarios", 1);
    shell_check(cases, sizeof cases / sizeof cases[0]);
    if (has_qemu())
        shell_check(with_qemu, sizeof with_qemu / sizeof with_qemu[0]);
}
END_TEST

/* What the table says of QEMU is QEMU's doing, not what the simulated device takes it for. */
START_TEST(a_qemu_that_does_otherwise_is_told)
{
    static const struct shell_case cases[] = {
        {"mkdir bin && printf '#!/bin/sh\\nexec %s \"$@\" -global virtio-mmio.force-legacy=on\\n' "
         "\"$(command -v qemu-system-aarch64)\" >bin/qemu-system-aarch64 && chmod +x bin/*",
         0, "", ""},
        {"PATH=$PWD/bin:$PATH $R silence --markdown $S/silence/23-as-it-should-be-version-2.scn", 1,
         "on a version-2 device | **no** | `virtio_mmio_read: read from non-legacy register",
         "QEMU's device does not do what the simulated one does"},
    };

    if (!has_qemu())
        return;
    shell_begin("test_beside");
    setenv("S", RINGSIDE_SOURCE_DIR "/scenarios", 1);
    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

START_TEST(no_line_of_the_table_is_wider_than_a_terminal)
{
    if (!has_qemu())
        return;
    shell_begin("test_beside");
    ck_assert_int_eq(shell_run("$R silence " SCENARIOS "silence"), 0);
    for (const char *line = shell_output; *line != '\0';) {
        size_t bytes = strcspn(line, "\n");
        ck_assert_msg(bytes <= 80, "%.*s", (int)bytes, line);
        line += bytes + (line[bytes] == '\n');
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("beside");
    TCase *tcase = tcase_create("beside");
    SRunner *runner = srunner_create(suite);

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 300);
    tcase_add_unchecked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_simulated_device_tells_what_became_of_the_requests);
    tcase_add_test(tcase, qemu_does_the_same_and_its_words_are_kept);
    tcase_add_test(tcase, what_cannot_be_run_says_why_and_keeps_no_other_from_it);
    tcase_add_test(tcase, the_table_is_made_by_a_command);
    tcase_add_test(tcase, a_qemu_that_does_otherwise_is_told);
    tcase_add_test(tcase, no_line_of_the_table_is_wider_than_a_terminal);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
