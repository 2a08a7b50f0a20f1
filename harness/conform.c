/*
 * `ringside conform`: the cells of the matrix in turn, their sum as a table, results for machines.
 *
 * Known limit: register windows are guarded against accesses that the probe does not see in the
 * suite's own scenarios only (conform_cell_guard()); to guard a window costs two system calls an
 * access.
 */
#include "conform_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "isolate.h"
#include "lost.h"
#include "options.h"
#include "report.h"
#include "resources.h"
#include "skip.h"
#include "source.h"

#define refuse(...) options_refuse("conform", __VA_ARGS__)

/* X(name, word, alias, argument or "", help) */
#define CONFORM_OPTIONS(X)                                                                         \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for driver objects NAME.so here")                   \
    X(SHARD, "--shard", NULL, "I/N", "every N-th cell, from the I-th on; with --json")             \
    X(MERGE, "--merge", NULL, "", "the table of what shards wrote: --merge FILE...")               \
    X(RUN, "--run", NULL, "CELL", "one cell, and all that is to be told of it")                    \
    X(PRINT, "--print", NULL, "CELL", "a cell's scenario, for `ringside run`")                     \
    X(LIST, "--list", NULL, "", "the names of all cells")                                          \
    X(TAP, "--tap", NULL, "FILE", "write what came of the cells as TAP 14; - is the screen")       \
    X(JUNIT, "--junit", NULL, "FILE", "the same as JUnit XML")                                     \
    X(SARIF, "--sarif", NULL, "FILE", "findings at the driver's lines, as SARIF 2.1.0")            \
    X(JSON, "--json", NULL, "FILE", "everything that was found out, as JSON")                      \
    X(COLOR, "--color", NULL, "WHEN", "always, never or auto")                                     \
    X(QUIET, "--quiet", "-q", "", "leave out rules that were passed or not exercised")             \
    X(HELP, "--help", "-h", "", "print this")

enum conform_option { CONFORM_OPTIONS(OPTION_INDEX) OPTION_COUNT };

static const struct option_row option_table[] = {CONFORM_OPTIONS(OPTION_ROW)};

/* Lies in memory that survives the process which runs the driver; see isolate.h. */
struct conform {
    const char *driver_dir;
    char driver_path[4096];
    const char *run, *print;
    bool merge, list, quiet, help;
    enum report_when color;
    struct conform_shard shard;
    struct output_paths paths;
    struct string_list *operands;
    struct conform_cells *cells;
    struct output *output; /* NULL = not wanted */
    struct world_outcome *outcome;
    bool bad; /* the environment is at fault */
    char again[1024];
    struct conform_sum sum;
};

/* ---- the command line ---- */

static int set_option(void *context, size_t row, const char *value);
static int take_operand(void *context, const char *word);

static const struct options option_reader = {"conform", option_table, OPTION_COUNT, set_option,
                                             take_operand};

static void print_help(FILE *out)
{
    fputs("usage: ringside conform [OPTION]... DRIVER\n"
          "       ringside conform --merge [OPTION]... FILE...\n\n"
          "Runs the suite for a driver, by its name or its object, on every version, with every\n"
          "set of features, queue size and schedule, and on devices that misbehave, and prints\n"
          "for each rule whether it was broken, passed, or not exercised and why.\n\n",
          out);
    options_print(out, &option_reader, 16);
    fputs("\nExit status: 0 all is as expected, 1 it is not, 2 the environment or the command "
          "line.\n",
          out);
}

static int set_shard(struct conform *conform, const char *value)
{
    char *end = NULL, *rest = NULL;
    unsigned long index, count;

    errno = 0;
    index = strtoul(value, &end, 10);
    count = *end == '/' ? strtoul(end + 1, &rest, 10) : 0;
    if (value[0] < '0' || value[0] > '9' || *end != '/' || end[1] < '0' || end[1] > '9' ||
        *rest != '\0' || errno != 0)
        return refuse("--shard takes I/N, such as 2/4, not %s", value);
    if (count == 0 || count > CONFORM_SHARDS_MAX)
        return refuse("--shard %s: there can be 1 to %u shards", value, CONFORM_SHARDS_MAX);
    if (index == 0 || index > count)
        return refuse("--shard %s: shards are numbered from 1 to %lu", value, count);
    conform->shard = (struct conform_shard){(uint32_t)index, (uint32_t)count};
    return 0;
}

static int set_color(struct conform *conform, const char *value)
{
    static const char *const words[] = {
        [REPORT_AUTO] = "auto", [REPORT_ALWAYS] = "always", [REPORT_NEVER] = "never"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(value, words[i]) == 0) {
            conform->color = (enum report_when)i;
            return 0;
        }
    }
    return refuse("--color takes always, never or auto, not %s", value);
}

static int set_option(void *context, size_t row, const char *value)
{
    struct conform *conform = context;

    switch ((enum conform_option)row) {
    case OPTION_DRIVERS:
        conform->driver_dir = value;
        break;
    case OPTION_SHARD:
        return set_shard(conform, value);
    case OPTION_MERGE:
        conform->merge = true;
        break;
    case OPTION_RUN:
        conform->run = value;
        break;
    case OPTION_PRINT:
        conform->print = value;
        break;
    case OPTION_LIST:
        conform->list = true;
        break;
    case OPTION_TAP:
        conform->paths.path[OUTPUT_TAP] = value;
        break;
    case OPTION_JUNIT:
        conform->paths.path[OUTPUT_JUNIT] = value;
        break;
    case OPTION_SARIF:
        conform->paths.path[OUTPUT_SARIF] = value;
        break;
    case OPTION_JSON:
        conform->paths.path[OUTPUT_JSON] = value;
        break;
    case OPTION_COLOR:
        return set_color(conform, value);
    case OPTION_QUIET:
        conform->quiet = true;
        break;
    case OPTION_HELP:
        conform->help = true;
        break;
    case OPTION_COUNT:
        abort();
    }
    return 0;
}

static int take_operand(void *context, const char *word)
{
    return string_list_add(((struct conform *)context)->operands, word) ? 0 : EXIT_ENVIRONMENT;
}

/* The driver's object: a path, or a name of one that is there. */
static int find_driver(struct conform *conform, const char *word)
{
    size_t bytes = strlen(word);
    struct string_list known = {0};
    const char *nearest;
    int status = 0;

    if (strchr(word, '/') != NULL || (bytes > 3 && strcmp(word + bytes - 3, ".so") == 0))
        snprintf(conform->driver_path, sizeof conform->driver_path, "%s", word);
    else
        snprintf(conform->driver_path, sizeof conform->driver_path, "%s/%s.so", conform->driver_dir,
                 word);
    if (access(conform->driver_path, R_OK) == 0)
        return 0;
    if (conform->driver_path[0] == word[0] && strcmp(conform->driver_path, word) == 0)
        return refuse("%s: %s", word, strerror(errno));
    files_drivers(&known, conform->driver_dir);
    nearest = scenario_nearest(word, (const char *const *)known.item, known.count);
    status = nearest != NULL ? refuse("unknown driver `%s`; did you mean `%s`?", word, nearest)
                             : refuse("unknown driver `%s`; `ringside drivers` lists those of %s",
                                      word, conform->driver_dir);
    string_list_free(&known);
    return status;
}

/* Which cell a name means; CONFORM_CELLS_MAX after a message. */
static uint32_t find_cell(const struct conform *conform, const char *name)
{
    size_t count = conform_cells_count(conform->cells);
    const char **names = calloc(count + 1, sizeof *names);
    const char *nearest = NULL;
    uint32_t found = CONFORM_CELLS_MAX;

    for (size_t i = 0; i < count && names != NULL; i++) {
        names[i] = conform_cell_name(conform->cells, i);
        if (strcmp(names[i], name) == 0)
            found = (uint32_t)i;
    }
    if (found == CONFORM_CELLS_MAX && names != NULL)
        nearest = scenario_nearest(name, names, count);
    if (found == CONFORM_CELLS_MAX && nearest != NULL)
        (void)refuse("unknown cell `%s`; did you mean `%s`?", name, nearest);
    else if (found == CONFORM_CELLS_MAX)
        (void)refuse("unknown cell `%s`; --list lists them", name);
    free(names);
    return found;
}

/* ---- running ---- */

static struct scenario *scenario_of(const struct conform *conform, uint32_t cell)
{
    char path[CONFORM_NAME_BYTES + 32];
    char *text = conform_cell_text(conform->cells, cell);
    struct scenario *scenario = NULL;

    snprintf(path, sizeof path, CONFORM_PATH_FORMAT, conform_cell_name(conform->cells, cell));
    if (text != NULL)
        scenario = scenario_parse(path, text, stderr);
    free(text);
    return scenario;
}

static void note(struct conform *conform, uint32_t cell)
{
    const struct world_outcome *outcome = conform->outcome;
    enum page_state state = outcome->interrupted         ? PAGE_STOPPED
                            : outcome->failure_count > 0 ? PAGE_FAILED
                            : skip_everything(outcome)   ? PAGE_SKIPPED
                                                         : PAGE_OK;

    if (state != PAGE_STOPPED)
        conform_note(&conform->sum, cell, conform_cell_version(conform->cells, cell), outcome,
                     state);
    if (conform->output != NULL)
        output_add(conform->output, outcome, state, -1);
    if (conform->run != NULL) {
        struct report_options options = report_options_for(stdout, conform->color);
        options.verbose = true;
        options.again = conform->again;
        report_outcome(stdout, &options, outcome);
        fflush(stdout);
    }
}

static void begin(struct conform *conform, uint32_t cell)
{
    char word[512];

    report_shell_word(conform->driver_path, word, sizeof word);
    snprintf(conform->again, sizeof conform->again, "ringside conform --run %s %s",
             conform_cell_name(conform->cells, cell), word);
    if (conform->output != NULL)
        output_begin(conform->output);
}

static uint32_t cell_of(const struct conform *conform, size_t index)
{
    return conform->run != NULL ? find_cell(conform, conform->run)
                                : conform_shard_cell(&conform->shard, (uint32_t)index);
}

static bool run_one(void *context, size_t index)
{
    struct conform *conform = context;
    uint32_t cell = cell_of(conform, index);
    struct scenario *scenario = scenario_of(conform, cell);
    struct world_options options = {.driver_path = conform->driver_path,
                                    .guard = conform_cell_guard(conform->cells, cell),
                                    .check_stores = true,
                                    .rules = true};
    const char *error;

    if (scenario == NULL) {
        conform->bad = true;
        return false;
    }
    begin(conform, cell);
    if (conform->output != NULL)
        options.reader[options.reader_count++] = output_reader(conform->output);
    error = world_run(scenario, &options, conform->outcome);
    if (error != NULL) {
        fprintf(stderr, "%s: error: %s\n", scenario->path, error);
        conform->bad = true;
    } else {
        note(conform, cell);
    }
    if (conform->outcome->unloaded)
        source_close(); /* the driver was unloaded: its addresses may soon be another's */
    world_outcome_free(conform->outcome);
    scenario_free(scenario);
    return error == NULL && interrupts_came() == 0;
}

/* A driver that took its process with it. */
static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct conform *conform = context;
    uint32_t cell = cell_of(conform, index);
    struct scenario *scenario = scenario_of(conform, cell);

    if (scenario == NULL) {
        conform->bad = true;
        return;
    }
    begin(conform, cell);
    lost_outcome(conform->outcome, scenario, death);
    note(conform, cell);
    fflush(stdout);
    scenario_free(scenario);
}

/* ---- the whole ---- */

static int conclude(struct conform *conform, bool ran, size_t planned)
{
    struct report_options options = report_options_for(stdout, conform->color);
    bool bad = !ran || conform->bad;

    if (conform->output != NULL) {
        output_extend(conform->output, "conform",
                      conform_json(&conform->sum, conform->cells, &conform->shard));
        bad = !output_end(conform->output, planned, interrupts_came() != 0, !bad) || bad;
    }
    if (!bad && conform->run == NULL)
        conform_print(stdout, &options, &conform->sum, conform->cells, conform->quiet);
    source_close();
    if (interrupts_came() != 0)
        return EXIT_INTERRUPTED;
    return bad                             ? EXIT_ENVIRONMENT
           : conform_failed(&conform->sum) ? EXIT_NOT_AS_EXPECTED
                                           : EXIT_AS_EXPECTED;
}

static bool open_output(struct conform *conform)
{
    if (output_wanted(&conform->paths))
        conform->output = output_create(&conform->paths, "conform", conform->again);
    return !output_wanted(&conform->paths) || conform->output != NULL;
}

static int run_cells(struct conform *conform)
{
    size_t count =
        conform->run != NULL ? 1 : conform_shard_cells(&conform->shard, conform->sum.cells);
    struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                .count = count,
                                .context = conform,
                                .run = run_one,
                                .tell = tell_lost};

    interrupt_catch();
    if (!open_output(conform))
        return EXIT_ENVIRONMENT;
    return conclude(conform, isolate_run(&jobs), count);
}

static int merge_files(struct conform *conform)
{
    int status;

    if (!open_output(conform))
        return EXIT_ENVIRONMENT;
    conform->shard = (struct conform_shard){1, 1};
    status = conform_merge(conform->cells, conform->operands->item, conform->operands->count,
                           &conform->sum, conform->output);
    if (status != 0) {
        if (conform->output != NULL)
            (void)output_end(conform->output, 0, false, false);
        return status;
    }
    return conclude(conform, true, conform->sum.cells);
}

static int print_cell(const struct conform *conform)
{
    uint32_t cell = find_cell(conform, conform->print);
    char *text = cell < CONFORM_CELLS_MAX ? conform_cell_text(conform->cells, cell) : NULL;

    if (text == NULL)
        return EXIT_ENVIRONMENT;
    fputs(text, stdout);
    free(text);
    return EXIT_AS_EXPECTED;
}

static int perform(struct conform *conform)
{
    const struct string_list *operands = conform->operands;
    int status = 0;

    conform->sum.cells = (uint32_t)conform_cells_count(conform->cells);
    for (size_t i = 0; conform->list && i < conform->sum.cells; i++)
        puts(conform_cell_name(conform->cells, i));
    if (conform->list)
        return EXIT_AS_EXPECTED;
    if (conform->print != NULL)
        return print_cell(conform);
    if (conform->merge && (conform->shard.count != 1 || conform->run != NULL))
        return refuse("--merge takes what was run already; leave out --shard and --run");
    if (conform->merge && operands->count == 0)
        return refuse("--merge what? files that --shard I/N --json FILE wrote");
    if (conform->merge)
        return merge_files(conform);
    if (operands->count != 1)
        return operands->count == 0 ? refuse("which driver? its name, or its object FILE.so")
                                    : refuse("one driver at a time; what is %s", operands->item[1]);
    if (conform->run != NULL && find_cell(conform, conform->run) == CONFORM_CELLS_MAX)
        return EXIT_ENVIRONMENT;
    status = find_driver(conform, operands->item[0]);
    return status != 0 ? status : run_cells(conform);
}

int conform_main(int argc, char **argv)
{
    struct string_list operands = {0};
    struct conform *conform = isolate_alloc(sizeof *conform);
    struct world_outcome *outcome = isolate_alloc(sizeof *outcome);
    char suite[4096];
    int status;

    if (conform == NULL || outcome == NULL) {
        isolate_free(outcome, sizeof *outcome);
        isolate_free(conform, sizeof *conform);
        return refuse("memory ran out");
    }
    conform->driver_dir = resource_folder(RESOURCE_drivers);
    conform->operands = &operands;
    conform->outcome = outcome;
    conform->shard = (struct conform_shard){1, 1};
    status = options_read(&option_reader, conform, argc, argv);
    if (status == 0 && conform->help) {
        print_help(stdout);
    } else if (status == 0) {
        snprintf(suite, sizeof suite, "%s/suite", resource_folder(RESOURCE_scenarios));
        conform->cells = conform_cells_create(suite);
        status = conform->cells != NULL ? perform(conform) : EXIT_ENVIRONMENT;
    }
    conform_cells_free(conform->cells);
    string_list_free(&operands);
    isolate_free(outcome, sizeof *outcome);
    isolate_free(conform, sizeof *conform);
    return status;
}
