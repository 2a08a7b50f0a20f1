/*
 * The command line, from outside: exit status, what is printed where, and which files are left.
 *
 * Commands are run by a shell in a folder of their own below the build folder, with $R the program.
 */
#include "command.h"
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_BYTES (1u << 20)

static const char program[] = RINGSIDE_BINARY_DIR "/ringside";
static const char folder[] = RINGSIDE_BINARY_DIR "/test_command";
static char output[OUTPUT_BYTES], errors[OUTPUT_BYTES];

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    ck_assert_msg(file != NULL, "%s", name);
    fputs(text, file);
    fclose(file);
}

static void read_file(const char *name, char out[OUTPUT_BYTES])
{
    FILE *file = fopen(name, "r");
    ck_assert_msg(file != NULL, "%s", name);
    size_t bytes = fread(out, 1, OUTPUT_BYTES - 1, file);
    out[bytes] = '\0';
    fclose(file);
}

static const char good[] = "# Reads two registers.\ndevice gpu version 2\nread Version -> 2\n"
                           "read DeviceID -> 16\n";
static const char failing[] =
    "# Expects what is not so.\ndevice gpu version 2\nread Version -> 1\n";
static const char broken[] = "device gpu\nraed Version\n";
static const char stranger[] = "device gpu\ndriver levitat\ncall init\n";

/* Static data as DMA memory: the driver is unloaded before its findings are printed. */
static const char unloaded[] = "device gpu version 1\ndriver levitate queue-size 16\n"
                               "memory static-dma\ncall init\n";

static void setup(void)
{
    char command[1024];
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s/many/b' '%s/empty'", folder,
             folder, folder);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(chdir(folder), 0);
    setenv("R", program, 1);
    unsetenv("NO_COLOR");
    write_file("good.scn", good);
    write_file("failing.scn", failing);
    write_file("broken.scn", broken);
    write_file("stranger.scn", stranger);
    write_file("unloaded.scn", unloaded);
    write_file("many/z.scn", good);
    write_file("many/a.scn", failing);
    write_file("many/b/inner.scn", good);
    write_file("many/.hidden.scn", broken);
    write_file("many/notes.txt", broken);
    ck_assert_int_eq(symlink("..", "many/b/up"), 0);
}

/* The exit status of a shell command; its output is in `output` and `errors`. */
static int run(const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "{ %s; } >.out 2>.err", command);
    int status = system(line);
    read_file(".out", output);
    read_file(".err", errors);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct use {
    const char *command;
    int status;
    const char *output, *errors; /* what is found in them; "" = nothing is printed, NULL = any */
};

static void check_uses(const struct use *uses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int status = run(uses[i].command);
        const char *wanted[] = {uses[i].output, uses[i].errors};
        const char *got[] = {output, errors};
        bool good_text = true;
        for (size_t j = 0; j < 2; j++) {
            good_text = good_text &&
                        (!wanted[j] || (wanted[j][0] == '\0' ? got[j][0] == '\0'
                                                             : strstr(got[j], wanted[j]) != NULL));
        }
        ck_assert_msg(status == uses[i].status && good_text,
                      "%s: status %d\n--- output ---\n%.1000s\n--- errors ---\n%.1000s",
                      uses[i].command, status, output, errors);
    }
}

START_TEST(every_use_has_its_status_and_its_words)
{
    static const struct use uses[] = {
        {"$R run good.scn", 0, "1 scenario: 1 ok, 0 failed; 0 findings;", ""},
        {"$R run -q good.scn", 0, "1 scenario: 1 ok", ""},
        {"$R run failing.scn", 1, "failing.scn:3: ", ""},
        {"$R run failing.scn", 1, "FAILED   failing: ", ""},
        {"$R run good.scn failing.scn", 1, "2 scenarios: 1 ok, 1 failed;", ""},
        {"$R run good.scn good.scn", 0, "2 scenarios: 2 ok", ""},
        {"$R run -- good.scn", 0, "1 ok", ""},
        {"$R run many", 1, "3 scenarios: 2 ok, 1 failed;", ""},
        {"$R run many/", 1, "3 scenarios: 2 ok, 1 failed;", ""},
        {"$R run good.scn broken.scn failing.scn", 2, "1 ok, 1 failed, 1 could not be run;",
         "broken.scn:2:1: error: unknown verb `raed`;"},
        {"$R run stranger.scn", 2, "1 could not be run",
         "stranger.scn:2:8: error: unknown driver `levitat`; known drivers: "},
        {"$R run stranger.scn", 2, NULL, "; did you mean `levitate`?\n"},
        {"$R run --drivers empty stranger.scn", 2, NULL,
         "unknown driver `levitat`; there are no driver objects in empty\n"},
        {"$R run --driver nowhere.so stranger.scn", 2, NULL, "nowhere.so"},
        {"$R run --driver good.scn stranger.scn", 2, NULL, "good.scn"},
        {"$R run unloaded.scn", 1, "--> driver/specimens/levitate/transport.c:", ""},
        {"$R run empty", 2, "", "ringside: empty: no scenario found (a file NAME.scn)\n"},
        {"$R run good.scn empty", 2, "1 ok", "no scenario found"},
        {"$R run nowhere", 2, "", "ringside: nowhere: No such file or directory\n"},
        {"$R run", 2, "", "usage: ringside run"},
        {"$R run --untill 3 good.scn", 2, "",
         "ringside: unknown option `--untill`; did you mean `--until`?\n"},
        {"$R run --until", 2, "", "a value is missing after `--until`"},
        {"$R run --until=", 2, "", "a value is missing after `--until`"},
        {"$R run --until x good.scn", 2, "", "--until needs a step number above 0, not `x`"},
        {"$R run --until 0 good.scn", 2, "", "not `0`"},
        {"$R run --until 99999999999999999999 good.scn", 2, "", "--until needs"},
        {"$R run --until 1 good.scn", 0, "stopped", ""},
        {"$R run --until 1 good.scn", 0, "the last events:\n", ""},
        {"$R run --verbose=yes good.scn", 2, "", "no value belongs to `--verbose`"},
        {"$R run --color=allways good.scn", 2, "", "did you mean `always`?"},
        {"$R run --color always good.scn", 0, "\033[", ""},
        {"NO_COLOR=1 $R run --color always good.scn", 0, "\033[", ""},
        {"$R run --trace=nowhere/x good.scn", 2, "", "nowhere/x: No such file or directory\n"},
        {"$R run --trace good.scn", 0, "read Version 2\n", ""},
        {"$R run --trace=/dev/full good.scn", 2, NULL, "/dev/full: cannot be written\n"},
        {"$R run --png nowhere/x good.scn", 2, "", "nowhere/x: No such file or directory\n"},
        {"$R run good.scn >/dev/full", 2, "", "cannot write standard output: No space left"},
        {"$R run good.scn >&-", 2, "", "cannot write standard output"},
        {"$R rules >/dev/full", 2, "", "cannot write standard output"},
        {"$R help >/dev/full", 2, "", "cannot write standard output"},
        {"$R drivers", 0, "levitate\n", ""},
        {"$R drivers --drivers empty", 2, "", "there are no driver objects (NAME.so) in empty\n"},
        {"$R drivers --drivrs empty", 2, "", "unknown argument"},
        {"$R help", 0, "usage:\n", ""},
        {"$R --help", 0, "usage:\n", ""},
        {"$R run --help", 0, "usage:\n", ""},
        {"$R --version", 0, "ringside 0.", ""},
        {"$R", 2, "", "usage:\n"},
        {"$R rnu good.scn", 2, "", "ringside: unknown command `rnu`; did you mean `run`?\n"},
        {"$R --verison", 2, "", "unknown option `--verison`"},
        {"$R nonsense", 2, "", "`ringside help` lists what there is\n"},
    };
    check_uses(uses, sizeof uses / sizeof uses[0]);
}
END_TEST

START_TEST(rules_are_listed_and_explained)
{
    static const struct use uses[] = {
        {"$R rules", 0, "LMMIO-DRV-D10 ", ""},
        {"$R rules LMMIO", 0, "LMMIO-DRV-D10 ", ""},
        {"$R rules nonsense", 2, "", "no rule begins with `nonsense`"},
        {"$R rules a b", 2, "", "`b`"},
        {"$R rules --al", 2, "", "did you mean `--all`?"},
        {"$R rules --all LMMIO", 0, "LMMIO-DRV-D10 ", ""},
        {"$R rules --coverage", 2, "", "coverage of what?"},
        {"$R rules --device", 0, "XGPU-DEV-02 ", ""},
        {"$R rules --device good.scn", 0, "MMIO-DEV-02 ", ""},
        {"$R rules --coverage nowhere", 2, "", "nowhere"},
        {"$R explain LMMIO-DRV-D10", 0, "section    VIRTIO 1.3, 4.2.4", ""},
        {"$R explain MMIO-DRV-18", 0, "> 32 driver write InterruptACK 4\n", ""},
        {"$R explain MMIO-DRV-18", 0, "right      interrupts-are-handled\n", ""},
        {"$R explain CONF-DRV-04", 0, "not checked: ", ""},
        {"$R explain LMMIO-DRV-D1O", 2, "", "did you mean `LMMIO-DRV-D10`?\n"},
        {"$R explain", 2, "", "usage: ringside explain ID"},
    };
    check_uses(uses, sizeof uses / sizeof uses[0]);
}
END_TEST

START_TEST(scenarios_run_in_the_order_of_their_names)
{
    ck_assert_int_eq(run("$R run -v many"), 1);
    const char *a = strstr(output, "scenario a: ");
    const char *inner = strstr(output, "scenario inner: ");
    const char *z = strstr(output, "scenario z: ");
    ck_assert(a && inner && z && a < inner && inner < z);
}
END_TEST

START_TEST(the_same_run_prints_the_same)
{
    ck_assert_int_eq(run("$R run -v --trace many"), 1);
    char *first = strdup(output);
    ck_assert_int_eq(run("$R run -v --trace many"), 1);
    ck_assert_str_eq(first, output);
    free(first);
}
END_TEST

START_TEST(a_trace_is_whole_or_not_there)
{
    ck_assert_int_eq(run("$R run --trace=t.txt good.scn"), 0);
    ck_assert_int_eq(run("cat t.txt"), 0);
    ck_assert_ptr_nonnull(strstr(output, "# good.scn\n1 driver read Version 2\n"));
    ck_assert_int_eq(run("ls | grep part"), 1); /* nothing temporary is left */
    write_file("kept.txt", "kept\n");
    ck_assert_int_eq(run("ulimit -f 0; trap '' XFSZ; "
                         "$R run --trace=kept.txt good.scn"),
                     2);
    ck_assert_int_eq(run("cat kept.txt; ls | grep part"), 1);
    ck_assert_str_eq(output, "kept\n");
}
END_TEST

START_TEST(a_reader_who_went_away_is_noticed)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        dup2(ends[1], STDOUT_FILENO);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        execl(program, program, "rules", (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 2);
}
END_TEST

START_TEST(pictures_are_written_under_names_of_their_own)
{
    write_file("many/a.scn", "device gpu\ndriver reference\ncall init\ncall show 64 48\n");
    write_file("many/b/a.scn", "device gpu\ndriver reference\ncall init\ncall show 48 64\n");
    run("$R run --png pictures many; ls pictures");
    ck_assert_ptr_nonnull(strstr(output, "wrote pictures/a.png (64x48)\n"));
    ck_assert_ptr_nonnull(strstr(output, "wrote pictures/a-2.png (48x64)\n"));
    ck_assert_ptr_nonnull(strstr(output, "\na-2.png\na.png\n"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command");
    TCase *command = tcase_create("command");
    tcase_set_timeout(command, 100);
    tcase_add_checked_fixture(command, setup, NULL);
    tcase_add_test(command, every_use_has_its_status_and_its_words);
    tcase_add_test(command, rules_are_listed_and_explained);
    tcase_add_test(command, scenarios_run_in_the_order_of_their_names);
    tcase_add_test(command, the_same_run_prints_the_same);
    tcase_add_test(command, a_trace_is_whole_or_not_there);
    tcase_add_test(command, a_reader_who_went_away_is_noticed);
    tcase_add_test(command, pictures_are_written_under_names_of_their_own);
    suite_add_tcase(suite, command);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
