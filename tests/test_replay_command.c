/*
 * `ringside replay` as a person meets it: its lines and its exit status.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "boot.h"

#define OUTPUT_BYTES 20000

static char dir[] = "/tmp/ringside-test-XXXXXX";
static char output[OUTPUT_BYTES];

static const char row_a[] = "device gpu version 1\ndriver levitate queue-size 16\ncall init\n"
                            "call get_display_info\nreplay qemu aarch64\n";
/* A device that follows the specification where QEMU does not: made to differ. */
static const char differs[] = "device gpu version 1 profile spec\n"
                              "driver levitate registers legacy queue-align 4 used-offset 0x128\n"
                              "call init\ncall get_display_info\nreplay qemu aarch64\n";
static const char test_card[] = "device gpu version 2 display 333x77\ndriver reference\ncall init\n"
                                "call show\nreplay qemu aarch64\n";
static const char not_for_qemu[] = "device gpu version 2\ndriver levitate\ncall init\n";
static const char plays_itself[] =
    "device gpu version 2\ndriver levitate\nwrite Status 0\nreplay qemu aarch64\n";
static const char absent[] =
    "device gpu version 2\ndriver absent\ncall init\nreplay qemu aarch64\n";
static const char wrong[] = "device gpu version 2\ndrivel levitate\n";

static const struct {
    const char *name, *text;
} files[] = {
    {"some/a.scn", row_a},        {"some/not-for-qemu.scn", not_for_qemu},
    {"differs.scn", differs},     {"card.scn", test_card},
    {"itself.scn", plays_itself}, {"absent.scn", absent},
    {"wrong.scn", wrong},
};

static void setup(void)
{
    char path[200];

    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/some", dir);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
        FILE *file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fputs(files[i].text, file);
        fclose(file);
    }
}

static void teardown(void)
{
    char command[200];
    snprintf(command, sizeof command, "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

/* Runs in the folder of scenarios; both streams go to `output`. Returns the exit status. */
static int run(const char *before, const char *arguments)
{
    char command[1000];

    snprintf(command, sizeof command, "cd %s && %s %s/ringside replay %s 2>&1 </dev/null", dir,
             before, RINGSIDE_BINARY_DIR, arguments);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    int status = pclose(pipe);
    ck_assert_msg(WIFEXITED(status), "%s", output);
    return WEXITSTATUS(status);
}

static size_t lines(void)
{
    size_t count = 0;
    for (const char *at = output; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    return count;
}

static bool can_replay(void)
{
    return boot_qemu_is_there(&boot_targets[0]) &&
           access(RINGSIDE_BINARY_DIR "/images/levitate-aarch64.elf", R_OK) == 0 &&
           access(RINGSIDE_BINARY_DIR "/images/reference-aarch64.elf", R_OK) == 0;
}

static const struct {
    const char *before, *arguments, *text;
} refused[] = {
    {"", "", "no scenario given"},
    {"", "--targat aarch64 some", "unknown option --targat; did you mean --target?"},
    {"", "--zzz some", "unknown option --zzz; try --help"},
    {"", "--target aarch46 some", "unknown target aarch46; did you mean aarch64?"},
    {"", "--target vax some", "unknown target vax; known are aarch64, arm, "},
    {"", "--target aarch64,vax some", "unknown target vax; known are aarch64, arm, "},
    {"", "--target arm,aarch64,arm some", "target arm is given twice"},
    {"", "--target m68k some/a.scn", "QEMU has no version-1 devices on this machine"},
    {"", "--target all some/not-for-qemu.scn", "has no line `replay qemu TARGET`"},
    {"", "--device sim some", "--device takes qemu, not sim"},
    {"", "-j 0 some", "-j takes 1 to 16, not 0"},
    {"", "-j 2x some", "-j takes 1 to 16, not 2x"},
    {"", "--timeout 0 some", "--timeout takes 1 to 3600 seconds, not 0"},
    {"", "--timeout -1 some", "--timeout takes 1 to 3600 seconds, not -1"},
    {"", "--timeout 9x some", "--timeout takes 1 to 3600 seconds, not 9x"},
    {"", "some --out", "--out needs a value: DIR"},
    {"", "--table=yes some", "--table takes no value"},
    {"", "nowhere.scn", "nowhere.scn"},
    {"", "some/not-for-qemu.scn", "has no line `replay qemu aarch64`"},
    {"", "itself.scn", "itself.scn cannot be replayed: line 3 (write) plays the driver or"},
    {"PATH=/nowhere", "some/a.scn", "install the package qemu-system-arm"},
    {"", "--images /nowhere some/a.scn", "/nowhere/levitate-aarch64.elf"},
    {"", "--images /nowhere some/a.scn", "needs the package gcc-aarch64-linux-gnu"},
};

START_TEST(what_cannot_be_done_is_one_line_and_status_2)
{
    ck_assert_int_eq(run(refused[_i].before, refused[_i].arguments), 2);
    ck_assert_msg(strstr(output, refused[_i].text), "%s", output);
    ck_assert_msg(lines() == 1, "%s", output);
}
END_TEST

START_TEST(a_malformed_scenario_is_shown_with_its_line)
{
    ck_assert_int_eq(run("", "wrong.scn"), 2);
    ck_assert_msg(strstr(output, "wrong.scn:2:1: "), "%s", output);
}
END_TEST

START_TEST(the_command_line_is_printed_without_qemu_or_image)
{
    ck_assert_int_eq(run("PATH=/nowhere", "-X --images /i some absent.scn"), 0);
    ck_assert_uint_eq(lines(), 2);
    ck_assert_ptr_nonnull(strstr(output, "qemu-system-aarch64 -M virt "));
    ck_assert_ptr_nonnull(strstr(output,
                                 "-kernel /i/levitate-aarch64.elf -append 'option queue-size"
                                 " 16;call init;call get_display_info'\n"));
    ck_assert_ptr_nonnull(strstr(output, "-kernel /i/absent-aarch64.elf "));
}
END_TEST

START_TEST(help_is_printed)
{
    ck_assert_int_eq(run("", "--help"), 0);
    ck_assert_ptr_nonnull(strstr(output, "usage: ringside replay"));
}
END_TEST

START_TEST(a_folder_is_replayed_and_what_is_not_for_qemu_is_counted)
{
    if (!can_replay())
        return;
    ck_assert_msg(run("", "--table some") == 0, "%s", output);
    ck_assert_msg(strstr(output,
                         "1 agree, 0 differ\n1 skipped: without a line `replay qemu aarch64`\n"),
                  "%s", output);
    ck_assert_msg(strstr(output, "a                        1 OK, TIMEOUT,  OK, TIMEOUT,  never     "
                                 "never     yes\n"),
                  "%s", output);
    for (const char *at = output, *end; (end = strchr(at, '\n')) != NULL; at = end + 1)
        ck_assert_int_le(end - at, 80);
}
END_TEST

START_TEST(a_machine_that_lacks_something_is_skipped_with_the_package)
{
    ck_assert_msg(run("PATH=/nowhere", "--target all card.scn") == 0, "%s", output);
    ck_assert_ptr_nonnull(strstr(output, "m68k is skipped: install qemu-system-misc\n"));
    ck_assert_ptr_nonnull(strstr(output, "x86_64 is skipped: install qemu-system-x86\n"));
    ck_assert_ptr_nonnull(strstr(output, "0 agree, 0 differ, 0 not to be had there, 8 skipped\n"));
    if (!can_replay())
        return;
    ck_assert_msg(run("", "--target aarch64,arm --images /nowhere card.scn") == 0, "%s", output);
    ck_assert_ptr_nonnull(strstr(output, "arm is skipped: no images; install gcc-arm-linux-gnueabi "
                                         "and configure\n"));
}
END_TEST

START_TEST(a_table_of_machines_has_a_cell_for_each_and_is_json_as_well)
{
    char path[200];

    if (!can_replay())
        return;
    ck_assert_msg(run("", "--target aarch64,m68k --device qemu --json table.json -j 1 card.scn "
                          "some/a.scn") == 0,
                  "%s", output);
    ck_assert_msg(strstr(output, "\ncard            2 OK       same  same  "), "%s", output);
    ck_assert_msg(strstr(output, "\n                  333x77   25k   25k   "), "%s", output);
    ck_assert_msg(strstr(output, "\na               1 TIMEOUT  same  same  "), "%s", output);
    for (const char *at = output, *end; (end = strchr(at, '\n')) != NULL; at = end + 1)
        ck_assert_msg(end - at <= 80, "%s", output);
    snprintf(path, sizeof path, "%s/table.json", dir);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    output[fread(output, 1, sizeof output - 1, file)] = '\0';
    fclose(file);
    ck_assert_msg(strstr(output, "\"state\": \"agrees\""), "%s", output);
    ck_assert_msg(strstr(output, "\"pixels_compared\": 25641"), "%s", output);
    ck_assert_msg(strstr(output, "\"qemu-device\": {"), "%s", output);
    ck_assert_msg(strstr(output, "\"values_compared\": "), "%s", output);
}
END_TEST

START_TEST(a_table_with_a_difference_gives_status_1)
{
    if (!can_replay())
        return;
    ck_assert_msg(run("", "--target aarch64 --json table.json differs.scn") == 1, "%s", output);
    ck_assert_msg(strstr(output, "DIFFERS  differs on aarch64\n         call 2, get_display_info: "
                                 "simulator OK, QEMU TIMEOUT\n"),
                  "%s", output);
}
END_TEST

START_TEST(a_difference_is_told_and_gives_status_1)
{
    if (!can_replay())
        return;
    ck_assert_msg(run("", "differs.scn some/a.scn") == 1, "%s", output);
    ck_assert_msg(strstr(output, "DIFFER  differs\n    call 2, get_display_info: simulator OK, "
                                 "QEMU TIMEOUT\n"),
                  "%s", output);
    ck_assert_msg(strstr(output, "agree   a\n"), "%s", output);
    ck_assert_msg(strstr(output, "1 agree, 1 differ\n"), "%s", output);
}
END_TEST

START_TEST(a_picture_is_the_same_to_the_last_pixel_even_in_odd_sizes)
{
    static const char *const names[] = {"sim", "qemu", "both"};
    char path[200];

    if (!can_replay())
        return;
    ck_assert_msg(run("", "--out pictures card.scn") == 0, "%s", output);
    ck_assert_msg(strstr(output, "screen     333x77, every pixel the same"), "%s", output);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/pictures/card-%s.png", dir, names[i]);
        ck_assert_msg(access(path, R_OK) == 0, "%s", path);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_command");
    TCase *tests = tcase_create("replay_command");

    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_cannot_be_done_is_one_line_and_status_2, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tests, a_malformed_scenario_is_shown_with_its_line);
    tcase_add_test(tests, the_command_line_is_printed_without_qemu_or_image);
    tcase_add_test(tests, help_is_printed);
    tcase_add_test(tests, a_folder_is_replayed_and_what_is_not_for_qemu_is_counted);
    tcase_add_test(tests, a_machine_that_lacks_something_is_skipped_with_the_package);
    tcase_add_test(tests, a_table_of_machines_has_a_cell_for_each_and_is_json_as_well);
    tcase_add_test(tests, a_table_with_a_difference_gives_status_1);
    tcase_add_test(tests, a_difference_is_told_and_gives_status_1);
    tcase_add_test(tests, a_picture_is_the_same_to_the_last_pixel_even_in_odd_sizes);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
