/*
 * `ringside hostile`: the command line, and the table that comes of the sweep.
 */
#include "hostile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "options.h"
#include "resources.h"
#include "source.h"

#define refuse(...)      options_refuse("hostile", __VA_ARGS__)
#define take_number(...) options_take_number("hostile", __VA_ARGS__)
#define BASES            "hostile/base" /* scenarios of ringside's own */
#define SHOWN_MAX        40u            /* failures printed without --verbose */
#define FAULTS_GIVEN     64u

/* X(name, word, alias, argument or "", help) */
#define HOSTILE_OPTIONS(X)                                                                         \
    X(DRIVER, "--driver", NULL, "FILE", "this driver object, whatever the scenarios name")         \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for driver objects NAME.so here")                   \
    X(FAULT, "--fault", NULL, "TEXT", "only this: `used-len`, `used-len 0`, `used-len 0 at 412`")  \
    X(WITH, "--with", NULL, "TEXT", "a fault that is there in every run as well")                  \
    X(PERSONALITY, "--personality", NULL, "NAME", "the device's: strict, lazy, qemu-11 ...")       \
    X(STEPS, "--steps", NULL, "A..B", "try steps A to B only")                                     \
    X(EVERY, "--every", NULL, "N", "not every step: at least N from one run to the next")          \
    X(RANDOM, "--random", NULL, "N", "N runs with 2 to 4 faults each, instead")                    \
    X(SEED, "--seed", NULL, "N", "with --random: which ones (1)")                                  \
    X(JSON, "--json", NULL, "FILE", "write table and failures as JSON")                            \
    X(PLAIN, "--plain", NULL, "", "the object has no probe: no rules, and a slower look")          \
    X(LIST, "--list", NULL, "", "print the words of all faults")                                   \
    X(VERBOSE, "--verbose", "-v", "", "print all failures, and rows of faults that never acted")   \
    X(QUIET, "--quiet", "-q", "", "print failures and the sum only")                               \
    X(HELP, "--help", "-h", "", "print this")

enum hostile_option { HOSTILE_OPTIONS(OPTION_INDEX) OPTION_COUNT };

static const struct option_row option_table[] = {HOSTILE_OPTIONS(OPTION_ROW)};

struct arguments {
    struct hostile *hostile;
    struct run_options run; /* driver, personality */
    struct string_list paths;
    struct scenario *kept[HOSTILE_BASES_MAX]; /* where a checker for leaks finds them */
    size_t fault_count, with_count;
    const char *fault[FAULTS_GIVEN];
    const char *with[HOSTILE_TOGETHER_MAX];
    const char *json;
    bool verbose, quiet, list, help;
};

static int set_option(void *context, size_t row, const char *value);
static int take_operand(void *context, const char *word);

static const struct options option_reader = {"hostile", option_table, OPTION_COUNT, set_option,
                                             take_operand};

static void print_help(void)
{
    puts("usage: ringside hostile [OPTION]... [SCENARIO|FOLDER]...\n\n"
         "Runs scenarios (" BASES ") with every fault of the device: always, at every step\n"
         "once, and from every step on. What must hold: no crash, no hang, no memory left, no\n"
         "rule broken, never OK with a wrong picture; what goes wrong is named, and once the\n"
         "fault is over, all is well again.\n");
    options_print(stdout, &option_reader, 20);
    puts("\nExit status: 0 the driver survived, 1 it did not, 2 the environment or the command "
         "line,\n130 interrupted.");
}

static void print_words(void)
{
    for (int kind = 0; kind < SIM_FAULT_KIND_COUNT; kind++)
        puts(sim_fault_word((enum sim_fault_kind)kind));
}

/* ---- the command line ---- */

/* A..B, A.. or ..B */
static int set_steps(struct hostile *hostile, const char *value)
{
    const char *dots = strstr(value, "..");
    char first[24];
    int status = 0;

    if (dots == NULL || (size_t)(dots - value) >= sizeof first || (dots == value && !dots[2]))
        return refuse("--steps takes A..B, not %s", value);
    snprintf(first, sizeof first, "%.*s", (int)(dots - value), value);
    if (first[0] != '\0')
        status = take_number("--steps", first, 1, OPTIONS_NUMBER_MAX, &hostile->first_step);
    if (status == 0 && dots[2] != '\0')
        status = take_number("--steps", dots + 2, 1, OPTIONS_NUMBER_MAX, &hostile->last_step);
    if (status == 0 && hostile->last_step != 0 && hostile->last_step < hostile->first_step)
        return refuse("--steps: %s is empty", value);
    return status;
}

static int set_option(void *context, size_t row, const char *value)
{
    struct arguments *arguments = context;
    struct hostile *hostile = arguments->hostile;

    switch ((enum hostile_option)row) {
    case OPTION_DRIVER:
        hostile->options.driver_path = arguments->run.driver_path = value;
        return 0;
    case OPTION_DRIVERS:
        hostile->options.driver_dir = arguments->run.driver_dir = value;
        return 0;
    case OPTION_FAULT:
        if (arguments->fault_count == FAULTS_GIVEN)
            return refuse("more than %u faults", FAULTS_GIVEN);
        arguments->fault[arguments->fault_count++] = value;
        return 0;
    case OPTION_WITH:
        if (arguments->with_count == HOSTILE_TOGETHER_MAX)
            return refuse("more than %u faults in every run", HOSTILE_TOGETHER_MAX);
        arguments->with[arguments->with_count++] = value;
        return 0;
    case OPTION_PERSONALITY:
        return command_take_personality(&arguments->run, "hostile", value) ? 0 : EXIT_ENVIRONMENT;
    case OPTION_STEPS:
        return set_steps(hostile, value);
    case OPTION_EVERY:
        return take_number("--every", value, 1, OPTIONS_NUMBER_MAX, &hostile->stride);
    case OPTION_RANDOM:
        return take_number("--random", value, 1, OPTIONS_NUMBER_MAX, &hostile->random_runs);
    case OPTION_SEED:
        return take_number("--seed", value, 0, OPTIONS_NUMBER_MAX, &hostile->seed);
    case OPTION_JSON:
        arguments->json = value;
        return 0;
    case OPTION_PLAIN: /* each access of a register is a fault of the closed window */
        hostile->options.guard = true;
        hostile->options.rules = false;
        return 0;
    case OPTION_LIST:
        arguments->list = true;
        return 0;
    case OPTION_VERBOSE:
        arguments->verbose = true;
        return 0;
    case OPTION_QUIET:
        arguments->quiet = true;
        return 0;
    case OPTION_HELP:
        arguments->help = true;
        return 0;
    case OPTION_COUNT:
        break;
    }
    abort();
}

static int take_operand(void *context, const char *word)
{
    return files_find(&((struct arguments *)context)->paths, word) ? 0 : EXIT_ENVIRONMENT;
}

/* ---- what is tried ---- */

static bool add_row(struct hostile *hostile, const struct sim_fault *fault, bool exact)
{
    if (hostile->row_count == HOSTILE_ROWS_MAX)
        return false;
    hostile->row[hostile->row_count++] = (struct hostile_row){.fault = *fault, .exact = exact};
    return true;
}

/* A word alone stands for all its rows of the table; a whole fault for itself. */
static int add_fault(struct hostile *hostile, const char *text)
{
    size_t count = 0;
    const struct sim_fault *table = hostile_table(&count);
    int kind = sim_fault_by_word(text);
    struct sim_fault fault;
    bool good = true;

    if (kind < 0) {
        if (!scenario_parse_fault(hostile->base[0], text, &fault, stderr))
            return EXIT_ENVIRONMENT;
        good = add_row(hostile, &fault,
                       fault.from_step != 0 || fault.occurrence != 0 || fault.request != 0);
    }
    for (size_t i = 0; kind >= 0 && i < count; i++) {
        if ((int)table[i].kind == kind)
            good = add_row(hostile, &table[i], false) && good;
    }
    return good ? 0 : refuse("more than %u faults", HOSTILE_ROWS_MAX);
}

static int add_faults(struct arguments *arguments)
{
    struct hostile *hostile = arguments->hostile;
    size_t count = 0;
    const struct sim_fault *table = hostile_table(&count);
    int status = 0;

    for (size_t i = 0; i < arguments->with_count && status == 0; i++) {
        if (!scenario_parse_fault(hostile->base[0], arguments->with[i],
                                  &hostile->with[hostile->with_count++], stderr))
            status = EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < arguments->fault_count && status == 0; i++)
        status = add_fault(hostile, arguments->fault[i]);
    for (size_t i = 0; i < count && arguments->fault_count == 0; i++)
        (void)add_row(hostile, &table[i], false);
    return status;
}

static int add_bases(struct arguments *arguments)
{
    struct hostile *hostile = arguments->hostile;

    if (arguments->paths.count == 0 && !files_find(&arguments->paths, BASES))
        return EXIT_ENVIRONMENT;
    if (arguments->paths.count == 0)
        return refuse("no scenario found (a file NAME.scn)");
    if (arguments->paths.count > HOSTILE_BASES_MAX)
        return refuse("more than %u scenarios", HOSTILE_BASES_MAX);
    for (size_t i = 0; i < arguments->paths.count; i++) {
        struct scenario *scenario =
            command_scenario(&arguments->run, arguments->paths.item[i], stderr);
        if (scenario == NULL || !command_driver_is_there(&arguments->run, scenario, stderr))
            return EXIT_ENVIRONMENT;
        arguments->kept[i] = hostile->base[hostile->base_count++] = scenario;
    }
    return 0;
}

static int parse_arguments(struct arguments *arguments, int argc, char **argv)
{
    struct hostile *hostile = arguments->hostile;
    int status = options_read(&option_reader, arguments, argc, argv);

    if (status != 0 || arguments->help || arguments->list)
        return status;
    if (hostile->random_runs != 0 && (arguments->fault_count != 0 || hostile->first_step != 0 ||
                                      hostile->last_step != 0 || hostile->stride != 0))
        return refuse("--random makes up its own faults and steps");
    if (hostile->random_runs == 0 && hostile->seed != 0)
        return refuse("--seed belongs to --random");
    hostile->seed = hostile->seed != 0 ? hostile->seed : 1;
    status = add_bases(arguments);
    return status == 0 ? add_faults(arguments) : status;
}

/* ---- the table ---- */

static void put_named(const struct hostile_row *row)
{
    char text[256] = "-";
    size_t used = 0;

    for (int result = 0; result < SUITE_RESULT_COUNT; result++) {
        if (row->named_as[result] != 0 && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRIu64 " %s",
                                     used != 0 ? ", " : "", row->named_as[result],
                                     scenario_result_word(result));
    }
    printf("  %s", text);
}

static void put_worst(const struct hostile *hostile, const struct hostile_row *row)
{
    char text[128];

    if (row->worst == HOSTILE_SURVIVED)
        return;
    hostile_fault_text(&row->worst_fault, text, sizeof text);
    const char *when = strstr(text, " at ");
    when = when != NULL ? when : strstr(text, " from ");
    printf("; worst: %s%s, %s",
           row->worst == HOSTILE_NAMED ? scenario_result_word(row->worst_named)
                                       : hostile_verdict_word(row->worst),
           when != NULL ? when : " always", hostile->base[row->worst_base]->name);
}

static void put_row(const struct hostile *hostile, const struct hostile_row *row, const char *name)
{
    printf("%-34s %7" PRIu64 " %9" PRIu64 " %8" PRIu64, name, row->runs, row->survived,
           row->failing);
    put_named(row);
    put_worst(hostile, row);
    putchar('\n');
}

static void print_table(const struct hostile *hostile, const struct arguments *arguments)
{
    printf("%-34s %7s %9s %8s  %s\n", "fault", "runs", "survived", "failing", "named errors");
    if (hostile->random_runs != 0) {
        put_row(hostile, &hostile->random, "made up, 2 to 4 together");
        return;
    }
    for (size_t i = 0; i < hostile->row_count; i++) {
        char text[128];
        hostile_fault_text(&hostile->row[i].fault, text, sizeof text);
        if (hostile->row[i].runs != 0 || arguments->verbose)
            put_row(hostile, &hostile->row[i], text);
    }
}

/* The options of `run` that make a run again. */
static void print_again(const struct arguments *arguments, const struct hostile_failure *failure)
{
    const struct hostile *hostile = arguments->hostile;
    char text[512];

    printf("    ringside run");
    if (arguments->run.driver_path != NULL) {
        report_shell_word(arguments->run.driver_path, text, sizeof text);
        printf(" --driver %s", text);
    }
    if (arguments->run.personality != 0)
        printf(" --personality %s",
               sim_personality_word((enum sim_personality)(arguments->run.personality - 1)));
    for (size_t i = 0; i < failure->fault_count; i++) {
        hostile_fault_text(&failure->fault[i], text, sizeof text);
        printf(" --fault \"%s\"", text);
    }
    report_shell_word(hostile->base[failure->base]->path, text, sizeof text);
    printf(" %s\n", text);
}

static void print_failures(const struct arguments *arguments)
{
    const struct hostile *hostile = arguments->hostile;
    size_t kept = hostile->failure_count < HOSTILE_FAILURES_MAX ? hostile->failure_count
                                                                : HOSTILE_FAILURES_MAX;
    size_t shown = arguments->verbose || kept < SHOWN_MAX ? kept : SHOWN_MAX;

    for (size_t i = 0; i < shown; i++) {
        const struct hostile_failure *failure = &hostile->failure[i];
        printf("\n%s: %s\n", hostile_verdict_word(failure->verdict), failure->text);
        print_again(arguments, failure);
    }
    if (hostile->failure_count > shown)
        printf("\n... and %zu more; --verbose shows up to %u, --json writes them\n",
               hostile->failure_count - shown, HOSTILE_FAILURES_MAX);
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static void print_sum(const struct hostile *hostile, double seconds)
{
    uint64_t survived = hostile->random.survived, named = hostile->random.named;

    for (size_t i = 0; i < hostile->row_count; i++) {
        survived += hostile->row[i].survived;
        named += hostile->row[i].named;
    }
    if (hostile->random_runs != 0)
        printf("made-up faults from seed %" PRIu64, hostile->seed);
    else
        printf("%zu fault%s", hostile->row_count, hostile->row_count == 1 ? "" : "s");
    printf(", %zu scenario%s: %" PRIu64 " runs in %.1f s; %" PRIu64 " survived, %" PRIu64
           " named an error, %zu failing%s\n",
           hostile->base_count, hostile->base_count == 1 ? "" : "s", hostile->runs, seconds,
           survived, named, hostile->failure_count, interrupts_came() != 0 ? "; interrupted" : "");
}

static int sweep(struct arguments *arguments)
{
    struct hostile *hostile = arguments->hostile;
    struct timespec begin;
    bool good;

    interrupt_catch();
    clock_gettime(CLOCK_MONOTONIC, &begin);
    good = hostile_sweep(hostile, !arguments->quiet && isatty(STDERR_FILENO) == 1);
    if (!arguments->quiet && good)
        print_table(hostile, arguments);
    print_failures(arguments);
    print_sum(hostile, seconds_since(&begin));
    if (arguments->json != NULL && !hostile_json(hostile, arguments->json))
        good = false;
    source_close();
    if (interrupts_came() != 0)
        return EXIT_INTERRUPTED;
    if (!good || !hostile->over)
        return EXIT_ENVIRONMENT;
    return hostile->failure_count > 0 ? EXIT_NOT_AS_EXPECTED : EXIT_AS_EXPECTED;
}

int hostile_main(int argc, char **argv)
{
    static struct arguments arguments;
    struct hostile *hostile = isolate_alloc(sizeof *hostile);
    struct world_outcome *outcome = isolate_alloc(sizeof *outcome);
    int status;

    if (hostile == NULL || outcome == NULL)
        return refuse("out of memory");
    arguments.hostile = hostile;
    arguments.run.driver_dir = hostile->options.driver_dir = resource_folder(RESOURCE_drivers);
    hostile->options.rules = true;
    hostile->outcome = outcome;
    status = parse_arguments(&arguments, argc, argv);
    if (status == 0 && arguments.help)
        print_help();
    else if (status == 0 && arguments.list)
        print_words();
    else if (status == 0)
        status = sweep(&arguments);
    for (size_t i = 0; i < hostile->base_count; i++)
        scenario_free(hostile->base[i]);
    string_list_free(&arguments.paths);
    isolate_free(outcome, sizeof *outcome);
    isolate_free(hostile, sizeof *hostile);
    return status;
}
