/*
 * `ringside diff`: scenarios on both devices side by side; the first difference is two lines.
 */
#include "diff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "isolate.h"
#include "qemu.h"
#include "qemu_device.h"
#include "options.h"
#include "resources.h"
#include "source.h"

#define refuse(...)      options_refuse("diff", __VA_ARGS__)
#define take_number(...) options_take_number("diff", __VA_ARGS__)

/* X(name, word, alias, argument or "", help) */
#define DIFF_OPTIONS(X)                                                                            \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for driver objects NAME.so here")                   \
    X(RANDOM, "--random", NULL, "N", "make up scenarios, until N operations are done")             \
    X(SEED, "--seed", NULL, "N", "with --random: the first scenario's number (1)")                 \
    X(VERSION, "--version", NULL, "1|2", "with --random: this version only, not both")             \
    X(SAVE, "--save", NULL, "FILE", "with --random: where the shortest scenario goes")             \
    X(QUIET, "--quiet", "-q", "", "print differences and the sum only")                            \
    X(HELP, "--help", NULL, "", "print this")

enum diff_option { DIFF_OPTIONS(OPTION_INDEX) OPTION_COUNT };

static const struct option_row option_table[] = {DIFF_OPTIONS(OPTION_ROW)};

/* Lies in memory that survives the process which runs the drivers; see isolate.h. */
struct diff {
    const char *driver_dir;
    bool quiet, help;
    struct diff_random random;
    struct string_list *paths;
    struct world_outcome *outcome;
    size_t same, differing, skipped, broken;
};

static int set_option(void *context, size_t row, const char *value);
static int take_operand(void *context, const char *word);

static const struct options option_reader = {"diff", option_table, OPTION_COUNT, set_option,
                                             take_operand};

static void print_help(FILE *out)
{
    fputs(
        "usage: ringside diff [OPTION]... SCENARIO|FOLDER...\n"
        "       ringside diff --random N [OPTION]...\n\n"
        "Puts QEMU's own device and the simulated one (profile qemu) side by side, and compares\n"
        "every register that is read, the interrupt status, used rings, responses and pixels.\n\n",
        out);
    options_print(out, &option_reader, 20);
    fputs("\nExit status: 0 no difference, 1 there are some, 2 the environment or the command "
          "line.\n",
          out);
}

/* ---- the command line ---- */

static int set_option(void *context, size_t row, const char *value)
{
    struct diff *diff = context;
    uint64_t version = 0;
    int status;

    switch ((enum diff_option)row) {
    case OPTION_DRIVERS:
        diff->driver_dir = value;
        return 0;
    case OPTION_RANDOM:
        return take_number("--random", value, 1, UINT64_C(1) << 40, &diff->random.operations);
    case OPTION_SEED:
        return take_number("--seed", value, 1, OPTIONS_NUMBER_MAX, &diff->random.seed);
    case OPTION_VERSION:
        status = take_number("--version", value, 1, 2, &version);
        diff->random.version = (uint32_t)version;
        return status;
    case OPTION_SAVE:
        diff->random.save_path = value;
        return 0;
    case OPTION_QUIET:
        diff->quiet = diff->random.quiet = true;
        return 0;
    case OPTION_HELP:
        diff->help = true;
        return 0;
    case OPTION_COUNT:
        break;
    }
    abort();
}

static int take_operand(void *context, const char *word)
{
    return files_find(((struct diff *)context)->paths, word) ? 0 : EXIT_ENVIRONMENT;
}

static int parse_arguments(struct diff *diff, int argc, char **argv)
{
    const struct string_list *paths = diff->paths;
    int status = options_read(&option_reader, diff, argc, argv);

    if (status != 0 || diff->help)
        return status;
    if (diff->random.operations == 0 && paths->count == 0)
        return refuse("no scenario given; try --help");
    if (diff->random.operations != 0 && paths->count != 0)
        return refuse("--random makes up its own scenarios; leave out %s", paths->item[0]);
    if (diff->random.operations == 0 &&
        (diff->random.version != 0 || diff->random.save_path != NULL || diff->random.seed != 0))
        return refuse("--seed, --version and --save belong to --random");
    return 0;
}

/* ---- scenarios ---- */

static void tell(struct diff *diff, const struct scenario *scenario)
{
    const struct world_outcome *outcome = diff->outcome;

    if (outcome->difference_count == 0) {
        diff->same++;
        if (!diff->quiet)
            printf("same     %s: %" PRIu64 " values compared%s%s\n", scenario->name,
                   outcome->compared, outcome->parted != NULL ? ", up to " : "",
                   outcome->parted != NULL ? outcome->parted : "");
        return;
    }
    diff->differing++;
    printf("DIFFER   %s: at line %u, the first of %" PRIu64 " differences\n", scenario->name,
           scenario->action[outcome->difference.action].line, outcome->difference_count);
    printf("  simulated  %s\n  QEMU       %s\n", outcome->difference.ours,
           outcome->difference.theirs);
}

static bool compare_one(struct diff *diff, const char *path)
{
    const struct world_options options = {.driver_dir = diff->driver_dir,
                                          .guard = true,
                                          .qemu = true,
                                          .screens = true};
    struct scenario *scenario = scenario_read(path, stderr);

    if (scenario == NULL)
        return false;
    scenario->profile_given = false; /* both sides are QEMU's here, whatever is expected of them */
    const char *unfit = qemu_device_unfit(scenario);
    const char *error = NULL;
    if (unfit != NULL) {
        diff->skipped++;
        if (!diff->quiet)
            printf("skipped  %s: %s\n", scenario->name, unfit);
    } else {
        error = world_run(scenario, &options, diff->outcome);
        if (error != NULL)
            fprintf(stderr, "ringside diff: %s: %s\n", path, error);
        else
            tell(diff, scenario);
        if (diff->outcome->unloaded)
            source_close(); /* the driver was unloaded: its addresses may soon be another's */
        world_outcome_free(diff->outcome);
    }
    scenario_free(scenario);
    return error == NULL;
}

static bool run_one(void *context, size_t index)
{
    struct diff *diff = context;

    diff->broken += !compare_one(diff, diff->paths->item[index]);
    fflush(stdout);
    return !ferror(stdout);
}

/* A driver that takes its process along does so in front of either device. */
static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct diff *diff = context;

    printf("skipped  %s: the driver %s\n", diff->paths->item[index], death->text);
    diff->skipped++;
    fflush(stdout);
}

static int compare_all(struct diff *diff)
{
    struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                .count = diff->paths->count,
                                .context = diff,
                                .run = run_one,
                                .tell = tell_lost};

    if (!isolate_run(&jobs))
        return EXIT_ENVIRONMENT;
    printf("%zu scenarios: %zu same, %zu differ, %zu skipped", diff->paths->count, diff->same,
           diff->differing, diff->skipped);
    if (diff->broken > 0)
        printf(", %zu could not be run", diff->broken);
    putchar('\n');
    return diff->broken > 0      ? EXIT_ENVIRONMENT
           : diff->differing > 0 ? EXIT_NOT_AS_EXPECTED
                                 : EXIT_AS_EXPECTED;
}

int diff_main(int argc, char **argv)
{
    struct string_list paths = {0};
    struct diff *diff = isolate_alloc(sizeof *diff);
    struct world_outcome *outcome = isolate_alloc(sizeof *outcome);
    int status;

    if (diff == NULL || outcome == NULL)
        return refuse("memory ran out");
    *diff = (struct diff){.driver_dir = resource_folder(RESOURCE_drivers),
                          .paths = &paths,
                          .outcome = outcome};
    status = parse_arguments(diff, argc, argv);
    if (status == 0 && diff->help) {
        print_help(stdout);
    } else if (status == 0 && diff->random.operations != 0) {
        diff->random.seed = diff->random.seed != 0 ? diff->random.seed : 1;
        status = diff_random(&diff->random);
    } else if (status == 0) {
        status = compare_all(diff);
    }
    string_list_free(&paths);
    isolate_free(outcome, sizeof *outcome);
    isolate_free(diff, sizeof *diff);
    if (fflush(stdout) != 0 && status == 0)
        status = refuse("standard output: %s", strerror(errno));
    return status;
}
