/*
 * What QEMU and the machine are told; and, where QEMU and the cross compiler are installed, whole
 * boots of small machines that only speak.
 */
#include <check.h>
#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "boot.h"
#include "replay.h"
#include "suite.h"

#define IMAGES RINGSIDE_BINARY_DIR "/tests/images"

static struct replay_outcome qemu;

static struct scenario *parse(const char *text)
{
    struct scenario *scenario = scenario_parse("test.scn", text, stderr);
    ck_assert_ptr_nonnull(scenario);
    return scenario;
}

/* What a function prints, as a string. */
struct capture {
    char *text;
    size_t bytes;
    FILE *stream;
};

static void capture_open(struct capture *capture)
{
    *capture = (struct capture){0};
    capture->stream = open_memstream(&capture->text, &capture->bytes);
    ck_assert_ptr_nonnull(capture->stream);
}

static const char *capture_text(struct capture *capture)
{
    fflush(capture->stream);
    return capture->text;
}

static void capture_free(struct capture *capture)
{
    fclose(capture->stream);
    free(capture->text);
}

/* ---- what the machine is told ---- */

static const struct {
    const char *scenario, *append;
} appends[] = {
    {"device gpu version 2\ndriver machine\ncall init\n", "call init"},
    {"device gpu version 1\ndriver machine queue-size 16 registers legacy\ncall init -> OK\n"
     "call get_display_info -> TIMEOUT\n",
     "option queue-size 16;option registers legacy;call init;call get_display_info"},
    {"device gpu version 2\ndriver machine\ncall show 640 480\ncall flush 0x10 2 3 4\n",
     "call show 640 480;call flush 16 2 3 4"},
    {"device gpu version 2\ndriver machine\ncall show 0xffffffffffffffff\n",
     "call show 18446744073709551615"},
};

START_TEST(options_and_calls_become_statements_in_order)
{
    char append[BOOT_APPEND_BYTES];
    struct scenario *scenario = parse(appends[_i].scenario);

    ck_assert_ptr_null(boot_append(scenario, append, sizeof append));
    ck_assert_str_eq(append, appends[_i].append);
    /* Exactly enough room, and one byte less. */
    ck_assert_ptr_null(boot_append(scenario, append, strlen(appends[_i].append) + 1));
    ck_assert_str_eq(append, appends[_i].append);
    ck_assert_ptr_nonnull(boot_append(scenario, append, strlen(appends[_i].append)));
    scenario_free(scenario);
}
END_TEST

static const struct {
    const char *scenario, *reason;
} refused[] = {
    {"device gpu version 2\ndriver machine\ncall init\nread Status\n", "line 4 (read)"},
    {"device gpu version 2\ndriver machine\nwrite Status 0\n", "line 3 (write)"},
    {"device gpu version 2\ndriver machine\ninterrupt\n", "line 3 (interrupt)"},
    {"device gpu version 2\ndriver machine\nfault completion-lost\ncall init\n",
     "the fault \"completion-lost\""},
    {"device gpu version 2\nwrite Status 1\n", "no driver"},
};

START_TEST(what_a_booted_machine_cannot_do_is_refused_by_name)
{
    char append[BOOT_APPEND_BYTES];
    struct scenario *scenario = parse(refused[_i].scenario);

    const char *reason = boot_append(scenario, append, sizeof append);
    ck_assert_ptr_nonnull(reason);
    ck_assert_msg(strstr(reason, refused[_i].reason) && !strchr(reason, '\n'), "%s", reason);
    scenario_free(scenario);
}
END_TEST

static const struct {
    const char *device, *words;
} devices[] = {
    {"version 1", "-global virtio-mmio.force-legacy=true -device "
                  "virtio-gpu-device,bus=virtio-mmio-bus.31,xres=1280,yres=800 -kernel"},
    {"version 2 display 640x480 slot 3",
     "-global virtio-mmio.force-legacy=false -device "
     "virtio-gpu-device,bus=virtio-mmio-bus.3,xres=640,yres=480 -kernel"},
    {"version 2 features -EVENT_IDX",
     "virtio-gpu-device,bus=virtio-mmio-bus.31,xres=1280,yres=800,event_idx=off -kernel"},
};

START_TEST(the_device_of_the_scenario_becomes_qemus)
{
    char text[500];
    struct boot_command command;
    struct capture printed;

    snprintf(text, sizeof text, "device gpu %s\ndriver machine\ncall init\n", devices[_i].device);
    struct scenario *scenario = parse(text);
    capture_open(&printed);
    ck_assert_ptr_null(boot_command(&boot_targets[0], scenario, "i.elf", NULL, &command));
    boot_command_print(&command, printed.stream);
    ck_assert_msg(strstr(capture_text(&printed), devices[_i].words), "%s", printed.text);
    capture_free(&printed);
    boot_command_free(&command);
    scenario_free(scenario);
}
END_TEST

START_TEST(a_pasted_command_gives_the_shell_the_same_words)
{
    static const char *const words[] = {"plain", "a b", "", "it's", "$HOME", "x;y", "`id`", "a\\b"};
    struct boot_command command = {0};
    struct capture printed;
    char script[500], line[200];

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        command.word[command.count++] = strdup(words[i]);
    capture_open(&printed);
    boot_command_print(&command, printed.stream);
    snprintf(script, sizeof script, "printf '%%s\\n' %s", capture_text(&printed));
    FILE *shell = popen(script, "r");
    ck_assert_ptr_nonnull(shell);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ck_assert_ptr_nonnull(fgets(line, sizeof line, shell));
        line[strcspn(line, "\n")] = '\0';
        ck_assert_str_eq(line, words[i]);
    }
    ck_assert_int_eq(pclose(shell), 0);
    capture_free(&printed);
    boot_command_free(&command);
}
END_TEST

START_TEST(a_comma_in_the_directory_is_doubled_where_qemu_splits_at_commas)
{
    struct scenario *scenario = parse("device gpu version 2\ndriver machine\ncall init\n");
    struct boot_command command;
    bool seen = false;

    ck_assert_ptr_null(boot_command(&boot_targets[0], scenario, "i.elf", "/t/a,b", &command));
    for (size_t i = 0; i < command.count; i++)
        seen = seen || strcmp(command.word[i], "unix:/t/a,,b/qmp") == 0;
    ck_assert(seen);
    boot_command_free(&command);
    scenario_free(scenario);
}
END_TEST

START_TEST(what_qemu_cannot_be_told_is_noted)
{
    struct capture printed;
    struct scenario *plain = parse("device gpu version 2 queue-size-max 1024\ndriver machine\n"
                                   "call init\n");
    struct scenario *other = parse("device gpu version 2 queue-size-max 64\ndriver machine\n"
                                   "call init\n");
    capture_open(&printed);
    ck_assert_uint_eq(boot_notes(plain, printed.stream), 0);
    ck_assert_uint_eq(boot_notes(other, printed.stream), 1);
    ck_assert_ptr_nonnull(strstr(capture_text(&printed), "always 1024, not 64"));
    capture_free(&printed);
    scenario_free(plain);
    scenario_free(other);
}
END_TEST

/* ---- whole boots ---- */

static const char machine_calls[] =
    "device gpu version 2\ndriver %s\ncall init\ncall get_display_info\n";
static char private_dir[] = "/tmp/ringside-test-XXXXXX";

static bool can_boot(void)
{
    return boot_qemu_is_there(&boot_targets[0]) && access(IMAGES "/machine-aarch64.elf", R_OK) == 0;
}

static struct scenario *machine_scenario(const char *driver)
{
    char text[200];
    snprintf(text, sizeof text, machine_calls, driver);
    return parse(text);
}

/* Private directories of our runs are made in one of ours, so that what is left behind is seen. */
static void boot_setup(void)
{
    strcpy(private_dir, "/tmp/ringside-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(private_dir));
    setenv("TMPDIR", private_dir, 1);
}

static void boot_teardown(void)
{
    unsetenv("TMPDIR");
    ck_assert_msg(rmdir(private_dir) == 0, "something was left in %s", private_dir);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static struct replay_options boot_options(unsigned timeout_seconds)
{
    return (struct replay_options){.target = "aarch64",
                                   .image_dir = IMAGES,
                                   .timeout_seconds = timeout_seconds};
}

START_TEST(a_machine_is_booted_heard_and_looked_at)
{
    struct replay_options options = boot_options(30);
    struct scenario *scenario = machine_scenario("machine");

    if (can_boot()) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(!error, "%s", error);
        ck_assert(qemu.done && !qemu.fault);
        ck_assert_str_eq(qemu.driver, "machine");
        ck_assert_uint_eq(qemu.call_count, 2);
        ck_assert_int_eq(qemu.result[0], SUITE_OK);
        ck_assert_int_eq(qemu.result[1], SUITE_TIMEOUT);
        ck_assert_int_eq(qemu.result[2], -1);
        ck_assert_int_eq(qemu.response, REPLAY_RESPONSE_FILLED_ONCE);
        ck_assert_int_eq(qemu.screen, REPLAY_SCREEN_NOT_INITIALIZED);
        ck_assert_ptr_nonnull(strstr(qemu.log, "firmware says hello"));
        ck_assert_str_eq(qemu.guest_errors, "");
        replay_outcome_free(&qemu);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(a_machine_that_never_ends_is_looked_at_all_the_same)
{
    struct replay_options options = boot_options(1);
    struct scenario *scenario = machine_scenario("unending");

    if (can_boot()) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(!error, "%s", error);
        ck_assert(!qemu.done && !qemu.fault);
        ck_assert_uint_eq(qemu.call_count, 2);
        ck_assert_int_eq(qemu.screen, REPLAY_SCREEN_NOT_INITIALIZED);
        replay_outcome_free(&qemu);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(a_machine_that_never_stops_talking_is_looked_at_all_the_same)
{
    struct replay_options options = boot_options(1);
    struct scenario *scenario = machine_scenario("talking");

    if (can_boot()) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(!error, "%s", error);
        ck_assert(!qemu.done && !qemu.fault);
        ck_assert_uint_gt(qemu.call_count, 2);
        ck_assert_int_eq(qemu.screen, REPLAY_SCREEN_NOT_INITIALIZED);
        ck_assert_uint_le(strlen(qemu.log), BOOT_LOG_BYTES);
        replay_outcome_free(&qemu);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(a_qemu_that_dies_is_quoted)
{
    struct replay_options options = boot_options(30);
    struct scenario *scenario = machine_scenario("folder");
    char path[200];

    /* A kernel that is a folder: QEMU says so. */
    snprintf(path, sizeof path, "%s/folder-aarch64.elf", private_dir);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    options.image_dir = private_dir;
    if (can_boot()) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(error && strstr(error, "QEMU ended: ") && strstr(error, "folder-aarch64.elf"),
                      "%s", error);
    }
    ck_assert_int_eq(rmdir(path), 0);
    scenario_free(scenario);
}
END_TEST

START_TEST(a_slot_that_the_machine_lacks_is_refused)
{
    struct scenario *scenario = parse("device gpu version 2 slot 20\ndriver machine\ncall init\n");
    struct boot_command command;

    ck_assert_ptr_null(boot_command(boot_target_by_name("arm"), scenario, "i", NULL, &command));
    boot_command_free(&command);
    const char *reason =
        boot_command(boot_target_by_name("riscv64"), scenario, "i", NULL, &command);
    ck_assert_msg(reason && strstr(reason, "slot"), "%s", reason);
    boot_command_free(&command);
    scenario_free(scenario);
}
END_TEST

START_TEST(what_is_missing_is_named_with_its_package)
{
    struct replay_options options = boot_options(1);
    struct scenario *scenario = machine_scenario("absent");
    char *path = strdup(getenv("PATH"));

    if (boot_qemu_is_there(&boot_targets[0])) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(error && strstr(error, "absent-aarch64.elf") &&
                          strstr(error, "gcc-aarch64-linux-gnu"),
                      "%s", error);
    }
    setenv("PATH", "/nowhere", 1);
    const char *error = replay_run(scenario, &options, &qemu);
    setenv("PATH", path, 1);
    ck_assert_msg(error && strstr(error, "install the package qemu-system-arm"), "%s", error);
    free(path);
    scenario_free(scenario);
}
END_TEST

/* Ends the child when QEMU is running: its first socket is there then. */
static void signal_when_running(pid_t child, int signal_number)
{
    char pattern[200];
    snprintf(pattern, sizeof pattern, "%s/ringside-*/guest_errors", private_dir);
    for (unsigned turn = 0; turn < 20000; turn++) {
        glob_t found;
        int none = glob(pattern, 0, NULL, &found);
        if (!none)
            globfree(&found);
        if (!none || waitpid(child, NULL, WNOHANG | WNOWAIT) == child)
            break;
        poll(NULL, 0, 1); /* another process, so a real clock */
    }
    kill(child, signal_number);
}

START_TEST(an_interrupt_ends_qemu_and_leaves_nothing)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; can_boot() && i < sizeof signals / sizeof signals[0]; i++) {
        int status = 0;
        fflush(NULL);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            struct replay_options options = boot_options(100);
            for (size_t k = 0; k < sizeof signals / sizeof signals[0]; k++)
                signal(signals[k], SIG_DFL); /* Check has handlers of its own */
            struct scenario *scenario = machine_scenario("unending");
            (void)replay_run(scenario, &options, &qemu);
            _exit(0); /* not reached: the signal comes before the machine's end */
        }
        signal_when_running(child, signals[i]);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == signals[i], "status 0x%x",
                      (unsigned)status);
    } /* the teardown sees to it that the directory is empty */
}
END_TEST

/* Orphans become ours, so that we see QEMU end although its parent is gone. */
START_TEST(qemu_does_not_outlive_us_even_when_we_are_killed)
{
    char command[200];
    int status = 0;

    if (!can_boot())
        return;
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct replay_options options = boot_options(100);
        (void)replay_run(machine_scenario("unending"), &options, &qemu);
        _exit(0);
    }
    signal_when_running(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_gt(waitpid(-1, &status, 0), 0);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status 0x%x",
                  (unsigned)status);
    snprintf(command, sizeof command, "rm -r %s/ringside-*", private_dir); /* nobody else can */
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay");
    TCase *told = tcase_create("told");
    TCase *boots = tcase_create("boots");

    tcase_add_loop_test(told, options_and_calls_become_statements_in_order, 0,
                        (int)(sizeof appends / sizeof appends[0]));
    tcase_add_loop_test(told, what_a_booted_machine_cannot_do_is_refused_by_name, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_loop_test(told, the_device_of_the_scenario_becomes_qemus, 0,
                        (int)(sizeof devices / sizeof devices[0]));
    tcase_add_test(told, a_pasted_command_gives_the_shell_the_same_words);
    tcase_add_test(told, a_comma_in_the_directory_is_doubled_where_qemu_splits_at_commas);
    tcase_add_test(told, what_qemu_cannot_be_told_is_noted);
    suite_add_tcase(suite, told);
    tcase_set_timeout(boots, 100);
    tcase_add_checked_fixture(boots, boot_setup, boot_teardown);
    tcase_add_test(boots, a_machine_is_booted_heard_and_looked_at);
    tcase_add_test(boots, a_machine_that_never_ends_is_looked_at_all_the_same);
    tcase_add_test(boots, a_machine_that_never_stops_talking_is_looked_at_all_the_same);
    tcase_add_test(boots, a_qemu_that_dies_is_quoted);
    tcase_add_test(boots, a_slot_that_the_machine_lacks_is_refused);
    tcase_add_test(boots, what_is_missing_is_named_with_its_package);
    tcase_add_test(boots, qemu_does_not_outlive_us_even_when_we_are_killed);
    tcase_add_test(boots, an_interrupt_ends_qemu_and_leaves_nothing);
    suite_add_tcase(suite, boots);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
