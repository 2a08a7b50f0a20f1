/*
 * The benchmarks: each prints a ratio against a baseline that is measured in the same run.
 *
 * Figures are for people: nothing here is asserted. Every measurement is repeated and the median is
 * printed, so that a busy machine does not show too much.
 */
#include <check.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "bench_window.h"
#include "gpu_rig.h"
#include "scenario.h"
#include "timing.h"
#include "world.h"

#define ROUNDS      7u
#define ACCESSES    "2000000"
#define ROUND_TRIPS "200000"

extern char **environ;

/* ---- drivers in a world ---- */

static double last_call_seconds;
static double call_started;

static void time_calls(void *context, const struct event *event, const struct world_sight *sight)
{
    (void)context;
    (void)sight;
    if (event->kind == EVENT_CALL)
        call_started = timing_seconds(CLOCK_MONOTONIC);
    if (event->kind == EVENT_RETURN)
        last_call_seconds = timing_seconds(CLOCK_MONOTONIC) - call_started;
}

/* Seconds that the last call of a scenario took; the scenario must come out as it expects. */
static double run(const char *text, const char *driver, bool guard, bool shadow, bool rules)
{
    char path[512];
    struct world_outcome *outcome = calloc(1, sizeof *outcome);
    struct world_options options = {.driver_path = path,
                                    .guard = guard,
                                    .check_stores = shadow,
                                    .rules = rules,
                                    .reader_count = 1,
                                    .reader = {{time_calls, NULL}}};
    struct scenario *scenario = scenario_parse("bench", text, stderr);
    const char *error;

    snprintf(path, sizeof path, "%s/drivers/%s.so", RINGSIDE_BINARY_DIR, driver);
    if (outcome == NULL || scenario == NULL)
        exit(2);
    error = world_run(scenario, &options, outcome);
    if (error != NULL || outcome->failure_count != 0) {
        fprintf(stderr, "bench: %s\n", error != NULL ? error : outcome->failure[0].text);
        exit(2);
    }
    world_outcome_free(outcome);
    free(outcome);
    scenario_free(scenario);
    return last_call_seconds;
}

static double run_median(const char *text, const char *driver, bool guard, bool shadow, bool rules)
{
    double seconds[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++)
        seconds[i] = run(text, driver, guard, shadow, rules);
    return timing_median(seconds, ROUNDS);
}

static void bench_step(void)
{
    static const char text[] =
        "device gpu\ndriver bench\ncall init -> OK\ncall accesses " ACCESSES " -> OK\n";
    double accesses = 2 * strtod(ACCESSES, NULL);
    double plain = run_median(text, "bench-plain", false, false, false) / accesses * 1e9;
    double bare = run_median(text, "bench-probe", false, false, false) / accesses * 1e9;
    double all = run_median(text, "bench-probe", false, true, true) / accesses * 1e9;

    printf("step                an access of the driver to DMA memory\n");
    printf("  unobserved        %8.2f ns      1.0x\n", plain);
    printf("  observed, no rule %8.2f ns  %7.1fx\n", bare, bare / plain);
    printf("  all rules, shadow %8.2f ns  %7.1fx   (aim: under 20 ns)\n\n", all, all / plain);
}

static void bench_round_trips_of(const char *driver, const char *text, const char *what)
{
    double trips = strtod(ROUND_TRIPS, NULL);
    double bare = trips / run_median(text, driver, false, false, false);
    double all = trips / run_median(text, driver, false, true, true);
    double guard = trips / run_median(text, driver, true, true, true);

    printf("round trips         GET_DISPLAY_INFO a second, %s\n", what);
    printf("  no rules          %10.0f      1.00x\n", bare);
    printf("  all rules, shadow %10.0f  %8.2fx  (aim: over 1,000,000)\n", all, all / bare);
    printf("  and window guard  %10.0f  %8.2fx  (two mprotect calls a register access)\n\n", guard,
           guard / bare);
}

static void bench_round_trips(void)
{
    bench_round_trips_of("hobby",
                         "device gpu\ndriver hobby\nmemory static-dma\n"
                         "call init -> OK\ncall requests " ROUND_TRIPS " -> ...\n",
                         "the least driver there is");
    bench_round_trips_of("reference",
                         "device gpu\ndriver reference\n"
                         "call init -> OK\ncall requests " ROUND_TRIPS " -> OK\n",
                         "the reference driver");
}

/* ---- transfers ---- */

static double transfer_seconds(struct rig *rig, uint32_t width, uint32_t height)
{
    double started = timing_seconds(CLOCK_MONOTONIC);

    if (rig_transfer(rig, 1, rig_rect(0, 0, width, height), 0) != VIRTIO_GPU_RESP_OK_NODATA) {
        fprintf(stderr, "bench: a transfer was refused\n");
        exit(2);
    }
    return timing_seconds(CLOCK_MONOTONIC) - started;
}

static void bench_transfer(void)
{
    enum { WIDTH = 3840, HEIGHT = 2160 };
    size_t bytes = (size_t)WIDTH * HEIGHT * VIRTIO_GPU_PIXEL_BYTES;
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    uint8_t *to = malloc(bytes);
    double copies[ROUNDS];
    double transfers[ROUNDS];
    uint64_t from;
    double copy, transfer;

    from = rig_resource(rig, 1, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, WIDTH, HEIGHT);
    if (to == NULL)
        exit(2);
    memset(to, 1, bytes);
    memset(arena_host(&rig->arena, from), 2, bytes);
    arena_shadow_update(&rig->arena, from, bytes);
    (void)transfer_seconds(rig, WIDTH, HEIGHT);
    for (unsigned i = 0; i < ROUNDS; i++) {
        double started = timing_seconds(CLOCK_MONOTONIC);
        memcpy(to, arena_host(&rig->arena, from), bytes);
        copies[i] = timing_seconds(CLOCK_MONOTONIC) - started;
        transfers[i] = transfer_seconds(rig, WIDTH, HEIGHT);
    }
    copy = (double)bytes / timing_median(copies, ROUNDS) * 1e-9;
    transfer = (double)bytes / timing_median(transfers, ROUNDS) * 1e-9;
    printf("transfer            TRANSFER_TO_HOST_2D of 3840x2160, %zu bytes\n", bytes);
    printf("  memcpy            %8.2f GB/s    1.00x\n", copy);
    printf("  transfer          %8.2f GB/s %7.2fx   (aim: over 0.8)\n\n", transfer,
           transfer / copy);
    free(to);
    rig_destroy(rig);
}

/* ---- whole processes ---- */

static double process_seconds(char *const argv[])
{
    double seconds[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        posix_spawn_file_actions_t quiet;
        double started;
        pid_t child;
        int status;

        posix_spawn_file_actions_init(&quiet);
        posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", 1, 0);
        started = timing_seconds(CLOCK_MONOTONIC);
        if (posix_spawn(&child, argv[0], &quiet, NULL, argv, environ) != 0 ||
            waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            printf("  (%s %s did not succeed: not measured)\n", argv[0], argv[1]);
            return 0;
        }
        seconds[i] = timing_seconds(CLOCK_MONOTONIC) - started;
        posix_spawn_file_actions_destroy(&quiet);
    }
    return timing_median(seconds, ROUNDS);
}

static void bench_verdict(void)
{
    char program[] = RINGSIDE_BINARY_DIR "/ringside";
    char row[] = RINGSIDE_SOURCE_DIR "/scenarios/seed/a-timeout.scn";
    char run_word[] = "run";
    char replay_word[] = "replay";
    char *const simulator[] = {program, run_word, row, NULL};
    char *const machine[] = {program, replay_word, row, NULL};
    double ours, theirs;

    printf("verdict             row A, whole process from start to exit\n");
    ours = process_seconds(simulator);
    theirs = process_seconds(machine);
    if (ours > 0 && theirs > 0) {
        printf("  QEMU              %8.1f ms      1.0x\n", (theirs - ours) * 1e3);
        printf("  simulator         %8.1f ms  %7.1fx   (aim: over 50)\n\n", ours * 1e3,
               (theirs - ours) / ours);
    }
}

/* The rig of the transfers checks itself with Check, which wants to be asked from inside a test. */
static void bench_containment(void)
{
    char program[] = RINGSIDE_BINARY_DIR "/ringside";
    char scenarios[] = RINGSIDE_SOURCE_DIR "/scenarios/rules"; /* many, and short */
    char run_word[] = "run";
    char isolate[] = "--isolate";
    char never[] = "never", once[] = "auto", always[] = "always";
    char *mode[] = {never, once, always};
    double seconds[3];

    printf("containment         all scenarios of the rules, whole process\n");
    for (unsigned i = 0; i < 3; i++) {
        char *const words[] = {program, run_word, isolate, mode[i], scenarios, NULL};
        seconds[i] = process_seconds(words);
        if (seconds[i] <= 0)
            return;
    }
    printf("  ringside's own    %8.1f ms     1.00x\n", seconds[0] * 1e3);
    printf("  one worker        %8.1f ms  %7.2fx   (aim: under 1.05)\n", seconds[1] * 1e3,
           seconds[1] / seconds[0]);
    printf("  one process each  %8.1f ms  %7.2fx\n\n", seconds[2] * 1e3, seconds[2] / seconds[0]);
}

static void bench_timelines(void)
{
    char program[] = RINGSIDE_BINARY_DIR "/ringside";
    char scenario[] = RINGSIDE_SOURCE_DIR "/scenarios/suite/version-2/interrupts.scn";
    char run_word[] = "run", trace[] = "--trace=/dev/null", format[] = "--trace-format";
    char text[] = "text", perfetto[] = "perfetto", vcd[] = "vcd";
    char *const without[] = {program, run_word, scenario, NULL};
    char *word[] = {text, perfetto, vcd};
    double base = process_seconds(without);

    printf("timelines           a run of a million events, whole process, to /dev/null\n");
    printf("  no trace          %8.1f ms     1.00x\n", base * 1e3);
    for (unsigned i = 0; i < 3 && base > 0; i++) {
        char *const words[] = {program, run_word, trace, format, word[i], scenario, NULL};
        double seconds = process_seconds(words);
        printf("  %-17s %8.1f ms  %7.2fx\n", word[i], seconds * 1e3, seconds / base);
    }
    printf("\n");
}

static const struct {
    const char *name;
    void (*measure)(void);
} section[] = {
    {"step", bench_step},           {"round-trips", bench_round_trips},
    {"transfer", bench_transfer},   {"window", bench_window},
    {"verdict", bench_verdict},     {"containment", bench_containment},
    {"timelines", bench_timelines},
};

static char *const *wanted; /* names of sections; all when there is none */

static bool is_wanted(const char *name)
{
    for (char *const *word = wanted; *word != NULL; word++) {
        if (strcmp(*word, name) == 0)
            return true;
    }
    return *wanted == NULL;
}

START_TEST(everything_is_measured_in_one_run)
{
    for (size_t i = 0; i < sizeof section / sizeof section[0]; i++) {
        if (is_wanted(section[i].name))
            section[i].measure();
    }
}
END_TEST

static bool is_section(const char *name)
{
    for (size_t i = 0; i < sizeof section / sizeof section[0]; i++) {
        if (strcmp(section[i].name, name) == 0)
            return true;
    }
    return false;
}

/* bench [SECTION...] */
int main(int argc, char **argv)
{
    Suite *suite = suite_create("bench");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    (void)argc;
    wanted = argv + 1;
    for (char *const *word = wanted; *word != NULL; word++) {
        if (!is_section(*word)) {
            fprintf(stderr, "bench: no section `%s`; there are:", *word);
            for (size_t i = 0; i < sizeof section / sizeof section[0]; i++)
                fprintf(stderr, " %s", section[i].name);
            fprintf(stderr, "\n");
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(cases, 0);
    tcase_add_test(cases, everything_is_measured_in_one_run);
    suite_add_tcase(suite, cases);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
