/*
 * Containment: each thing that a driver can do to its process, run as a person runs it. A finding
 * tells of it, with the driver's line; the scenario after it is run; nothing is left behind.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ringside_asan.h"

#define OUTPUT_BYTES (4u << 20)
#define OUTPUT_LINE  512u

static const char program[] = RINGSIDE_BINARY_DIR "/ringside";
static const char folder[] = RINGSIDE_BINARY_DIR "/test_isolate";
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
    size_t bytes;

    ck_assert_msg(file != NULL, "%s", name);
    bytes = fread(out, 1, OUTPUT_BYTES - 1, file);
    out[bytes] = '\0';
    fclose(file);
}

static const char sound[] =
    "# A sound driver.\ndevice gpu\ndriver reference\ncall init\ncall show 64 48\ncall shutdown\n";

static void setup(void)
{
    char command[1024];

    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s'", folder, folder);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(chdir(folder), 0);
    setenv("R", program, 1);
    setenv("S", RINGSIDE_SOURCE_DIR "/scenarios", 1);
    write_file("z-sound.scn", sound);
    /* What a command leaves running comes to us. */
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

/* The exit status of a shell command that leaves no process behind. */
static int run(const char *command)
{
    char line[4096];
    int status;

    snprintf(line, sizeof line, "{ %s; } >.out 2>.err", command);
    status = system(line);
    ck_assert_msg(waitpid(-1, NULL, WNOHANG) < 0, "%s: a process is left", command);
    read_file(".out", output);
    read_file(".err", errors);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned line_of(const char *file, const char *mark)
{
    char path[512], line[OUTPUT_LINE];
    unsigned number = 0, found = 0;
    FILE *source;

    snprintf(path, sizeof path, "%s/%s", RINGSIDE_SOURCE_DIR, file);
    source = fopen(path, "r");
    ck_assert_msg(source != NULL, "%s", path);
    while (found == 0 && fgets(line, sizeof line, source) != NULL) {
        number++;
        if (strstr(line, mark) != NULL)
            found = number;
    }
    fclose(source);
    ck_assert_msg(found != 0, "%s is nowhere in %s", mark, path);
    return found;
}

/* ---- every misbehaviour ---- */

static const struct misdeed {
    const char *operation;
    const char *id;
    const char *text;
    int before; /* so many lines above the mark the place may be, too; -1 = no line is promised */
    bool lost;  /* it takes a process, and so the scenario's other calls, with it */
} misdeeds[] = {
    {"null-read 1", "RS-CRASH", "touched memory that is not there", 0, false},
    {"null-write 1", "RS-CRASH", "touched memory that is not there", 0, false},
    {"recurse", "RS-STACK", "ran out of stack", -1, false},
    {"spin-memory", "RS-SPIN", "went round without end", 1, false},
    {"spin-silent", "RS-SILENT-SPIN", "without touching memory", 0, false},
    {"divide 1", "RS-CRASH", "divided by zero", 0, false},
    {"illegal", "RS-CRASH", "illegal instruction", 0, false},
    {"smash-stack", "RS-CRASH", "touched memory that is not there", 1, false},
    {"smash-all", "RS-CRASH", "touched memory that is not there", 0, false},
    {"jump-wild", "RS-CRASH", "touched memory that is not there", 2, false},
    {"wild-store", "RS-WILD-STORE", "wrote into ringside's", 0, false},
    {"wild-set", "RS-WILD-STORE", "wrote into ringside's", 0, false},
    {"heap-overrun", "RS-HEAP", "wrote behind the end of the 40 bytes", 0, false},
    {"free-twice", "RS-HEAP", "freed it twice", 0, false},
    {"malloc-loop", "RS-MEMORY", "used up the memory", 0, false},
    {"mmap-loop", "RS-MEMORY", "used up the memory", 0, false},
    {"exit", "RS-PROCESS", "called exit(3)", 0, false},
    {"exit-now", "RS-PROCESS", "called _exit(4)", 0, false},
    {"quick-exit", "RS-PROCESS", "called quick_exit(5)", 0, false},
    {"abort", "RS-PROCESS", "called abort()", 0, false},
    {"raise", "RS-PROCESS", "called raise(15)", 0, false},
    {"kill", "RS-PROCESS", "called kill() with signal 9", 0, false},
    {"fork", "RS-PROCESS", "called fork()", 0, false},
    {"close", "RS-PROCESS", "called close(1)", 0, false},
    {"close-all", "RS-PROCESS", "called close(0)", 0, false},
    {"dup", "RS-PROCESS", "called dup2() onto descriptor 1", 0, false},
    {"signal", "RS-PROCESS", "called signal() for signal 11", 0, false},
    {"mask", "RS-PROCESS", "called sigprocmask()", 0, false},
    {"unmap", "RS-PROCESS", "called munmap() of memory that is not its own", 0, false},
    {"protect", "RS-PROCESS", "called mprotect()", 0, false},
    {"map", "RS-PROCESS", "called mmap() of a file or at a fixed address", 0, false},
    /* past the C library: told by what is left behind, or by the next process */
    {"raw-signal", "RS-PROCESS", "changed the handling of SIGSEGV", -1, false},
    {"raw-close", "RS-PROCESS", "closed file descriptor 1", 0, false},
    {"raw-fork", "RS-PROCESS", "made a process", 0, false},
    {"raw-fork-wait", "RS-PROCESS", "made a process", -1, false},
    {"raw-orphan", "RS-PROCESS", "broke its process: signal 9", -1, true},
    {"raw-exit", "RS-PROCESS", "ended its process with status 0, while it ran", 0, true},
    {"raw-kill", "RS-PROCESS", "broke its process: signal 9", 0, true},
    {"raw-unmap", "RS-PROCESS", "broke its process: signal 11", 0, true},
    {"bad-pointer", "RS-CRASH", "touched memory that is not there", 2, false},
    {"break-heap", "RS-PROCESS", "broke its process: signal", -1, true},
    {"raw-pause", "RS-PROCESS", "stood still for 60 seconds, asleep", 0, true},
    {"raw-deaf", "RS-PROCESS", "went round for 10 seconds of processor time", -1, true},
};

#define MISDEEDS ((int)(sizeof misdeeds / sizeof misdeeds[0]))

/* The output with line breaks of the report taken out: a sentence can be looked for. */
static void unwrap(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (from[0] == '\n' && strncmp(from + 1, "    ", 4) == 0) {
            *to++ = ' ';
            while (from[1] == ' ')
                from++;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static void check_line(const struct misdeed *deed, const char *report)
{
    char mark[64];
    const char *place = strstr(report, "--> tests/probe/unruly.c:");
    unsigned wanted, line;

    if (deed->before < 0)
        return;
    ck_assert_msg(place != NULL, "%s: no place\n%s", deed->operation, report);
    snprintf(mark, sizeof mark, "/* @%.*s */", (int)strcspn(deed->operation, " "), deed->operation);
    wanted = line_of("tests/probe/unruly.c", mark);
    line = (unsigned)strtoul(strchr(place, ':') + 1, NULL, 10);
    if (deed->lost && line + 1 == line_of("tests/probe/unruly.c", "/* @raw */"))
        return; /* heard of last where it began the function that does it */
    ck_assert_msg(line <= wanted && line + (unsigned)deed->before >= wanted, "%s: line %u, not %u",
                  deed->operation, line, wanted);
}

static void check_misdeed(const struct misdeed *deed, const char *driver, const char *mode)
{
    char text[512], command[512], title[128];
    const char *report;

#ifdef RINGSIDE_HAS_ASAN
    if (strcmp(deed->operation, "break-heap") == 0)
        return; /* its heap has gaps, which this one runs into */
#endif
    snprintf(text, sizeof text, "device gpu\ndriver %s\ncall %s -> ...\ncall count-runs\n", driver,
             deed->operation);
    write_file("a-misdeed.scn", text);
    snprintf(command, sizeof command, "$R run --isolate %s a-misdeed.scn z-sound.scn", mode);
    ck_assert_msg(run(command) == 1, "%s: %s%s", deed->operation, output, errors);
    unwrap(output);
    snprintf(title, sizeof title, "error[%s]: driver ", deed->id);
    report = strstr(output, title);
    ck_assert_msg(report != NULL && strstr(report, deed->text) != NULL, "%s: %s%s", deed->operation,
                  output, errors);
    if (strcmp(driver, "unruly") == 0)
        check_line(deed, report);
    /* the rest of the scenario, unless it was lost, and the next one */
    ck_assert_msg((strstr(output, "call count-runs -> OK") != NULL) == !deed->lost, "%s: %s",
                  deed->operation, output);
    ck_assert_msg(strstr(output, "ok       z-sound: ") != NULL, "%s: %s", deed->operation, output);
    ck_assert_msg(strstr(output, "2 scenarios: 1 ok, 1 failed; 1 finding;") != NULL, "%s: %s",
                  deed->operation, output);
    ck_assert_int_eq(run("ls | grep -v scn"), 1); /* no temporary file */
}

START_TEST(a_misdeed_is_a_finding_of_its_scenario_and_the_suite_goes_on)
{
    check_misdeed(&misdeeds[_i], "unruly", "auto");
}
END_TEST

START_TEST(a_driver_of_the_other_compiler_is_contained_as_well)
{
    if (!misdeeds[_i].lost)
        check_misdeed(&misdeeds[_i], "unruly-clang", "auto");
}
END_TEST

START_TEST(what_needs_no_process_of_its_own_is_contained_without_one)
{
    if (!misdeeds[_i].lost)
        check_misdeed(&misdeeds[_i], "unruly", "never");
}
END_TEST

START_TEST(a_lost_scenario_may_be_what_was_expected)
{
    write_file("a.scn", "device gpu\ndriver unruly\ncall raw-exit -> ...\n"
                        "expect finding RS-PROCESS at unruly.c\n");
    ck_assert_msg(run("$R run a.scn z-sound.scn") == 0, "%s%s", output, errors);
    write_file("a.scn", "device gpu\ndriver unruly\ncall raw-exit -> ...\ncall count-runs\n"
                        "expect finding RS-PROCESS\nexpect dma-live 0\n");
    ck_assert_int_eq(run("$R run a.scn"), 1);
    ck_assert_ptr_nonnull(strstr(output, "a.scn:4: call `count-runs` was not made any more"));
    ck_assert_ptr_nonnull(strstr(output, "a.scn:6: cannot be known"));
}
END_TEST

START_TEST(findings_from_before_the_loss_are_kept_with_their_places)
{
    write_file("a.scn", "device gpu\ndriver unruly\ncall null-read 1 -> ...\n"
                        "call raw-kill -> ...\n");
    ck_assert_int_eq(run("$R run a.scn"), 1);
    ck_assert_ptr_nonnull(strstr(output, "error[RS-CRASH]: driver touched memory"));
    ck_assert_ptr_nonnull(strstr(output, "error[RS-PROCESS]: driver broke its process"));
    ck_assert_ptr_nonnull(strstr(output, "return *nowhere == 0 ?"));
    ck_assert_ptr_nonnull(strstr(output, "call raw-kill -> did not return: it took its process"));
}
END_TEST

START_TEST(an_object_that_ends_the_process_while_it_is_loaded_is_told_of)
{
    write_file("a.scn", "device gpu\ndriver unruly-loader\ncall init\n");
    write_file("b.scn", "device gpu\ndriver unruly\ncall raw-exit -> ...\n");
    ck_assert_int_eq(run("$R run a.scn b.scn z-sound.scn"), 1);
    unwrap(output);
    ck_assert_msg(strstr(output, "driver called exit(7) while its object was loaded") != NULL, "%s",
                  output);
    ck_assert_ptr_nonnull(strstr(output, "driver ended its process with status 0, while it ran"));
    ck_assert_ptr_nonnull(strstr(output, "ok       z-sound: "));
}
END_TEST

START_TEST(an_object_that_cannot_be_loaded_again_is_told_of_without_its_lines)
{
    write_file("a.scn", "device gpu\ndriver unruly-second\ncall take-down -> ...\n"
                        "expect finding RS-PROCESS\n");
    ck_assert_msg(run("$R run a.scn z-sound.scn") == 0, "%s%s", output, errors);
    ck_assert_ptr_nonnull(strstr(output, "2 scenarios: 2 ok"));
}
END_TEST

/* ---- drivers that behave ---- */

START_TEST(output_is_the_same_in_every_mode)
{
    static const char *const modes[] = {"never", "auto", "always"};
    static const char *const commands[] = {
        "$R run --isolate %s -v $S/seed/[abce]*.scn",
        "$R run --isolate %s -q $S/seed/[abce]*.scn nowhere.scn",
        "$R run --isolate %s --trace z-sound.scn z-sound.scn",
        "$R run --isolate %s --trace=t.txt --png p z-sound.scn z-sound.scn; sh files.sh",
        "$R run --isolate %s --until 40 $S/seed/[abce]*.scn",
        "printf 'device gpu\\nraed\\n' >b.scn; $R run --isolate %s z-sound.scn b.scn z-sound.scn",
    };

    write_file("files.sh", "cat t.txt; cd p && ls && cksum *; cd .. && rm -r p t.txt\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char command[512], *first = NULL, *first_errors = NULL;
        int status = 0;
        for (size_t j = 0; j < sizeof modes / sizeof modes[0]; j++) {
            snprintf(command, sizeof command, commands[i], modes[j]);
            int now = run(command);
            if (j == 0) {
                status = now;
                first = strdup(output);
                first_errors = strdup(errors);
                ck_assert_msg(strlen(output) > 20, "%s: %s", command, errors);
            }
            ck_assert_msg(now == status, "%s: status %d, not %d", command, now, status);
            ck_assert_msg(strcmp(first, output) == 0, "%s: other output", command);
            ck_assert_msg(strcmp(first_errors, errors) == 0, "%s: other errors", command);
        }
        free(first);
        free(first_errors);
    }
}
END_TEST

START_TEST(messages_and_reports_keep_their_order)
{
    write_file("b.scn", "device gpu\nraed\n");
    ck_assert_int_eq(run("$R run z-sound.scn b.scn z-sound.scn 2>&1"), 2);
    const char *first = strstr(output, "ok       z-sound");
    const char *broken = strstr(output, "b.scn:2:1: error");
    ck_assert(first != NULL && broken != NULL && first < broken);
    ck_assert_ptr_nonnull(strstr(broken, "ok       z-sound"));
}
END_TEST

START_TEST(a_mistaken_mode_is_told_with_the_nearest_word)
{
    ck_assert_int_eq(run("$R run --isolate nevr z-sound.scn"), 2);
    ck_assert_ptr_nonnull(strstr(errors, "did you mean `never`?"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("isolate");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(cases, 100);
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_loop_test(cases, a_misdeed_is_a_finding_of_its_scenario_and_the_suite_goes_on, 0,
                        MISDEEDS);
    tcase_add_loop_test(cases, a_driver_of_the_other_compiler_is_contained_as_well, 0, MISDEEDS);
    tcase_add_loop_test(cases, what_needs_no_process_of_its_own_is_contained_without_one, 0,
                        MISDEEDS);
    tcase_add_test(cases, a_lost_scenario_may_be_what_was_expected);
    tcase_add_test(cases, findings_from_before_the_loss_are_kept_with_their_places);
    tcase_add_test(cases, an_object_that_ends_the_process_while_it_is_loaded_is_told_of);
    tcase_add_test(cases, an_object_that_cannot_be_loaded_again_is_told_of_without_its_lines);
    tcase_add_test(cases, output_is_the_same_in_every_mode);
    tcase_add_test(cases, messages_and_reports_keep_their_order);
    tcase_add_test(cases, a_mistaken_mode_is_told_with_the_nearest_word);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
