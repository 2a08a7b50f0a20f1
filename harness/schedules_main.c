/*
 * `ringside schedules`: the command.
 */
#include "schedules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "interrupt.h"
#include "isolate.h"
#include "options.h"
#include "report.h"
#include "resources.h"
#include "skip.h"
#include "source.h"
#include "world.h"

#define refuse(...)      options_refuse("schedules", __VA_ARGS__)
#define take_number(...) options_take_number("schedules", __VA_ARGS__)

/* X(name, word, alias, argument or "", help) */
#define SCHEDULES_OPTIONS(X)                                                                       \
    X(COUNT, "--count", "-n", "N", "schedules of each scenario (1000)")                            \
    X(SEED, "--seed", NULL, "S", "the first one's seed (1)")                                       \
    X(DRIVER, "--driver", NULL, "FILE", "run this driver object, whatever the scenarios name")     \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for driver objects NAME.so here")                   \
    X(SAVE, "--save", NULL, "FILE",                                                                \
      "write the first scenario with the shortest schedule that "                                  \
      "fails, or else the first schedule, for run, step and show")                                 \
    X(FAIL_FAST, "--fail-fast", NULL, "", "stop at the first run that fails")                      \
    X(QUIET, "--quiet", "-q", "", "print what fails and the sum only")                             \
    X(HELP, "--help", "-h", "", "print this")

enum schedules_option { SCHEDULES_OPTIONS(OPTION_INDEX) OPTION_ROWS };

static const struct option_row option_table[] = {SCHEDULES_OPTIONS(OPTION_ROW)};

/* Lies in memory that survives the process which runs the drivers; see isolate.h. */
struct schedules {
    const char *driver_path, *driver_dir, *save_path;
    uint64_t count, seed;
    bool fail_fast, quiet, help;
    struct string_list *paths;
    struct world_outcome *outcome;
    struct report_options report;
    char again[1024];
    uint64_t now; /* the seed that runs */
    bool saved, unwritten;
    size_t ok, failed, skipped, broken;
    uint64_t runs, failing, steps;
};

static int set_option(void *context, size_t row, const char *value);
static int take_operand(void *context, const char *word);

static const struct options option_reader = {"schedules", option_table, OPTION_ROWS, set_option,
                                             take_operand};

static void print_help(FILE *out)
{
    fputs("usage: ringside schedules [OPTION]... SCENARIO|FOLDER...\n\n"
          "Runs each scenario under many random schedules: the device fast or slow, interrupts\n"
          "where the driver waits or between any two of its accesses. What does not come as the\n"
          "scenario expects is told with the seed that repeats it.\n\n",
          out);
    options_print(out, &option_reader, 16);
    fputs("\nExit status: 0 all came as expected, 1 it did not, 2 the environment or the command "
          "line.\n",
          out);
}

/* ---- the command line ---- */

static int set_option(void *context, size_t row, const char *value)
{
    struct schedules *schedules = context;

    switch ((enum schedules_option)row) {
    case OPTION_COUNT:
        return take_number("--count", value, 1, SCHEDULES_MAX, &schedules->count);
    case OPTION_SEED:
        return take_number("--seed", value, 0, OPTIONS_NUMBER_MAX, &schedules->seed);
    case OPTION_DRIVER:
        schedules->driver_path = value;
        return 0;
    case OPTION_DRIVERS:
        schedules->driver_dir = value;
        return 0;
    case OPTION_SAVE:
        schedules->save_path = value;
        return 0;
    case OPTION_FAIL_FAST:
        schedules->fail_fast = true;
        return 0;
    case OPTION_QUIET:
        schedules->quiet = true;
        return 0;
    case OPTION_HELP:
        schedules->help = true;
        return 0;
    case OPTION_ROWS:
        break;
    }
    abort();
}

static int take_operand(void *context, const char *word)
{
    struct string_list *paths = ((struct schedules *)context)->paths;
    size_t before = paths->count;

    if (!files_find(paths, word))
        return EXIT_ENVIRONMENT;
    return paths->count > before ? 0 : refuse("%s: no scenario found (a file NAME.scn)", word);
}

/* The options that the `again` lines repeat. */
static void note_again(struct schedules *schedules)
{
    char word[512];

    if (schedules->driver_path == NULL)
        return;
    report_shell_word(schedules->driver_path, word, sizeof word);
    snprintf(schedules->again, sizeof schedules->again, " --driver %s", word);
}

/* ---- one scenario ---- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* What came of the schedules of a scenario. */
struct tally {
    uint64_t done;
    uint64_t failed;
    uint64_t steps;
    uint64_t shortest; /* seed of the failing run with the fewest steps */
    uint64_t shortest_steps;
    bool skipped; /* the driver does nothing of it */
};

static const char *run_seed(struct schedules *schedules, struct scenario *scenario, uint64_t seed,
                            bool guard)
{
    struct world_options options = {.driver_dir = schedules->driver_dir,
                                    .driver_path = schedules->driver_path,
                                    .guard = guard,
                                    .check_stores = true,
                                    .rules = true};

    schedules->now = seed;
    isolate_notes->beat++; /* each run is progress */
    schedules_choose(scenario, seed);
    return world_run(scenario, &options, schedules->outcome);
}

static void progress(const struct schedules *schedules, const struct scenario *scenario,
                     uint64_t done)
{
    if (!schedules->quiet && done % 128 == 127 && isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r\033[K%.60s: %" PRIu64 " of %" PRIu64, scenario->name, done + 1,
                schedules->count);
}

static void progress_over(const struct schedules *schedules)
{
    if (!schedules->quiet && isatty(STDERR_FILENO) == 1)
        fputs("\r\033[K", stderr);
}

/*
 * All schedules of a scenario; a message of the environment, or NULL. The window's guard costs
 * system calls, and what it finds hangs on the driver's code, not on the schedule: one run has it.
 */
static const char *run_all(struct schedules *schedules, struct scenario *scenario,
                           struct tally *tally)
{
    struct world_outcome *outcome = schedules->outcome;

    uint64_t steps_max = schedules->count * SCHEDULES_STEPS;

    for (uint64_t i = 0; i < schedules->count && interrupts_came() == 0; i++) {
        const char *error = run_seed(schedules, scenario, schedules->seed + i, i == 0);
        if (error != NULL)
            return error;
        tally->done += !outcome->interrupted;
        tally->steps += outcome->steps;
        tally->skipped = outcome->failure_count == 0 && skip_everything(outcome);
        if (outcome->failure_count > 0 && !outcome->interrupted) {
            if (tally->failed == 0 || outcome->steps < tally->shortest_steps) {
                tally->shortest = schedules->now;
                tally->shortest_steps = outcome->steps;
            }
            tally->failed++;
        }
        world_outcome_free(outcome);
        if (tally->skipped || tally->steps >= steps_max ||
            (schedules->fail_fast && tally->failed > 0))
            break;
        progress(schedules, scenario, i);
    }
    return NULL;
}

static void tell_again(const struct schedules *schedules, const char *path, uint64_t seed)
{
    char word[1024];

    report_shell_word(path, word, sizeof word);
    printf("again: ringside schedules --count 1 --seed %" PRIu64 "%s %s\n", seed, schedules->again,
           word);
    printf("  with --save FILE.scn it becomes a scenario, for run, step and show\n\n");
}

/* The failing run with the fewest steps, once more, and its report. */
static void tell_failure(struct schedules *schedules, struct scenario *scenario,
                         const struct tally *tally)
{
    printf("FAILED   %s: %" PRIu64 " of %" PRIu64 " schedules; the shortest is seed %" PRIu64
           ":\n\n",
           scenario->path, tally->failed, tally->done, tally->shortest);
    if (run_seed(schedules, scenario, tally->shortest, true) == NULL) {
        report_outcome(stdout, &schedules->report, schedules->outcome);
        world_outcome_free(schedules->outcome);
    }
    tell_again(schedules, scenario->path, tally->shortest);
}

static bool save(struct schedules *schedules, struct scenario *scenario, const struct tally *tally)
{
    struct whole_file file = {0};
    bool has_failed = tally->failed > 0;

    /* The first that fails; the first of all, until one fails. */
    if (schedules->save_path == NULL || schedules->saved)
        return true;
    schedules->saved = has_failed;
    if (!whole_file_open(&file, schedules->save_path))
        return false;
    schedules_choose(scenario, has_failed ? tally->shortest : schedules->seed);
    schedules_write(scenario, file.stream);
    return whole_file_close(&file, true);
}

/* Folder and name. */
static const char *last_two(const char *path)
{
    const char *last = path, *before = path;

    for (const char *at = path; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        before = last;
        last = at + 1;
    }
    return before;
}

static void tell(struct schedules *schedules, struct scenario *scenario, const struct tally *tally)
{
    schedules->runs += tally->done;
    schedules->failing += tally->failed;
    schedules->steps += tally->steps;
    schedules->skipped += tally->skipped;
    schedules->failed += tally->failed > 0;
    schedules->ok += tally->failed == 0 && !tally->skipped && interrupts_came() == 0;
    progress_over(schedules);
    if (tally->failed > 0)
        tell_failure(schedules, scenario, tally);
    else if (!schedules->quiet)
        printf("%s  %s: %" PRIu64 " schedule%s\n", tally->skipped ? "skipped" : "ok     ",
               last_two(scenario->path), tally->skipped ? 0 : tally->done,
               plural(tally->skipped ? 0 : tally->done));
    if (!tally->skipped)
        schedules->unwritten |= !save(schedules, scenario, tally);
}

static bool run_path(struct schedules *schedules, const char *path)
{
    struct scenario *scenario = scenario_read(path, stderr);
    struct run_options run = {.driver_path = schedules->driver_path,
                              .driver_dir = schedules->driver_dir};
    struct tally tally = {0};
    const char *unfit, *error;

    if (scenario == NULL)
        return false;
    unfit =
        schedules_unfit(scenario, scenario->driver[0] != '\0' || schedules->driver_path != NULL);
    if (unfit == NULL && !command_driver_is_there(&run, scenario, stderr)) {
        scenario_free(scenario);
        return false;
    }
    error = unfit == NULL ? run_all(schedules, scenario, &tally) : NULL;
    if (unfit != NULL) {
        schedules->skipped++;
        if (!schedules->quiet)
            printf("skipped  %s: %s\n", path, unfit);
    } else if (error != NULL) {
        bool placed = strncmp(error, path, strlen(path)) == 0;
        fprintf(stderr, "%s%s%s\n", placed ? "" : path, placed ? "" : ": error: ", error);
        world_outcome_free(schedules->outcome);
    } else {
        tell(schedules, scenario, &tally);
    }
    if (schedules->outcome->unloaded)
        source_close(); /* the driver was unloaded: its addresses may soon be another's */
    scenario_free(scenario);
    return error == NULL;
}

static bool run_one(void *context, size_t index)
{
    struct schedules *schedules = context;

    schedules->broken += !run_path(schedules, schedules->paths->item[index]);
    fflush(stdout);
    return !ferror(stdout) && interrupts_came() == 0 &&
           !(schedules->fail_fast && schedules->failed > 0);
}

/* A driver that took its process along, and so the rest of the scenario's schedules. */
static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct schedules *schedules = context;
    const char *path = schedules->paths->item[index];

    schedules->failed++;
    schedules->failing++;
    schedules->runs += schedules->now - schedules->seed + 1;
    printf("FAILED   %s: with seed %" PRIu64 " the driver %s; further schedules were not run\n",
           path, schedules->now, death->text);
    tell_again(schedules, path, schedules->now);
    fflush(stdout);
}

/* ---- all of them ---- */

static int run_paths(struct schedules *schedules)
{
    struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                .count = schedules->paths->count,
                                .context = schedules,
                                .run = run_one,
                                .tell = tell_lost};

    interrupt_catch();
    if (!isolate_run(&jobs))
        return EXIT_ENVIRONMENT;
    printf("%zu scenario%s, %" PRIu64 " schedule%s from seed %" PRIu64 ": ",
           schedules->paths->count, plural(schedules->paths->count), schedules->runs,
           plural(schedules->runs), schedules->seed);
    if (schedules->failing == 0)
        fputs("all as expected", stdout);
    else
        printf("%" PRIu64 " failed, in %zu scenario%s", schedules->failing, schedules->failed,
               plural(schedules->failed));
    if (schedules->skipped > 0)
        printf("; %zu scenario%s skipped", schedules->skipped, plural(schedules->skipped));
    if (schedules->broken > 0)
        printf("; %zu could not be run", schedules->broken);
    printf("; %" PRIu64 " steps%s\n", schedules->steps,
           interrupts_came() != 0 ? "; interrupted" : "");
    if (interrupts_came() != 0)
        return EXIT_INTERRUPTED;
    if (schedules->broken > 0 || schedules->unwritten)
        return EXIT_ENVIRONMENT;
    return schedules->failing > 0 ? EXIT_NOT_AS_EXPECTED : EXIT_AS_EXPECTED;
}

int schedules_main(int argc, char **argv)
{
    struct string_list paths = {0};
    struct schedules *schedules = isolate_alloc(sizeof *schedules);
    struct world_outcome *outcome = isolate_alloc(sizeof *outcome);
    int status;

    if (schedules == NULL || outcome == NULL)
        return refuse("memory ran out");
    *schedules = (struct schedules){.driver_dir = resource_folder(RESOURCE_drivers),
                                    .count = SCHEDULES_COUNT,
                                    .seed = 1,
                                    .paths = &paths,
                                    .outcome = outcome,
                                    .report = report_options_for(stdout, REPORT_AUTO)};
    status = options_read(&option_reader, schedules, argc, argv);
    if (status == 0 && schedules->help) {
        print_help(stdout);
    } else if (status == 0 && paths.count == 0) {
        status = refuse("no scenario given; try --help");
    } else if (status == 0) {
        schedules->report.verbose = true;
        note_again(schedules);
        status = run_paths(schedules);
    }
    string_list_free(&paths);
    isolate_free(outcome, sizeof *outcome);
    isolate_free(schedules, sizeof *schedules);
    return status;
}
