/*
 * `ringside museum`: its command line, which exhibits there are, and the table.
 */
#include "museum.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "beside.h"
#include "columns.h"
#include "command.h"
#include "driver.h"
#include "options.h"
#include "resources.h"

#define PATH_BYTES 4096u

/* X(name, word, alias, argument or "", help) */
#define MUSEUM_OPTIONS(X)                                                                          \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for driver objects museum-NAME.so here")            \
    X(SCENARIOS, "--scenarios", NULL, "DIR", "look for their scenarios here")                      \
    X(QEMU, "--qemu", NULL, "", "beside it, what QEMU's own device says to the same driver")       \
    X(JSON, "--json", NULL, "FILE", "write the table as JSON, too")                                \
    X(HELP, "--help", NULL, "", "print this")

enum museum_option { MUSEUM_OPTIONS(OPTION_INDEX) OPTION_COUNT };

static const struct option_row option_table[] = {MUSEUM_OPTIONS(OPTION_ROW)};

struct arguments {
    const char *driver_dir, *scenario_dir, *json_path;
    bool qemu, help;
    struct string_list names;
};

static int set_option(void *context, size_t row, const char *value);
static int take_operand(void *context, const char *word);

static const struct options option_reader = {"museum", option_table, OPTION_COUNT, set_option,
                                             take_operand};

static int set_option(void *context, size_t row, const char *value)
{
    struct arguments *arguments = context;
    switch ((enum museum_option)row) {
    case OPTION_DRIVERS:
        arguments->driver_dir = value;
        return 0;
    case OPTION_SCENARIOS:
        arguments->scenario_dir = value;
        return 0;
    case OPTION_QEMU:
        arguments->qemu = true;
        return 0;
    case OPTION_JSON:
        arguments->json_path = value;
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
    struct arguments *arguments = context;
    return string_list_add(&arguments->names, word) ? 0 : EXIT_ENVIRONMENT;
}

static void print_help(void)
{
    fputs("usage: ringside museum [OPTION]... [NAME]...\n\n"
          "Runs bugs that real drivers had: each as it was, when ringside must name its\n"
          "cause and nothing else, and mended, when nothing must be found. NAME is an\n"
          "exhibit or its id.\n\n",
          stdout);
    options_print(stdout, &option_reader, 20);
    fputs("\nExit status: 0 all is as expected, 1 it is not, 2 the environment or the\n"
          "command line.\n",
          stdout);
}

/* ---- which exhibits there are ---- */

struct found {
    char *path;
    char name[SCENARIO_WORD_BYTES];
    char driver[SCENARIO_WORD_BYTES];
    char id[SCENARIO_WORD_BYTES];
};

struct collection {
    size_t count;
    struct found item[MUSEUM_EXHIBITS_MAX];
};

/* A1 before A2 before A10 before B1. */
static int by_id(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    if (a->id[0] != b->id[0]) {
        return a->id[0] < b->id[0] ? -1 : 1;
    }
    long difference = strtol(a->id + 1, NULL, 10) - strtol(b->id + 1, NULL, 10);
    return difference != 0 ? (difference < 0 ? -1 : 1) : strcmp(a->name, b->name);
}

/* Reads one scenario's place in the museum; false after a message. */
static bool collect_one(struct collection *collection, const char *path)
{
    struct scenario *scenario = scenario_read(path, stderr);
    struct found *found = &collection->item[collection->count];
    bool good = false;
    if (!scenario) {
        return false;
    }
    if (scenario->exhibit.line == 0) {
        fprintf(stderr, "%s: error: is no exhibit: it has no line `exhibit ID`\n", path);
    } else if (strlen(scenario->name) > MUSEUM_NAME_MAX) {
        fprintf(stderr, "%s: error: an exhibit's name has at most %u letters\n", path,
                MUSEUM_NAME_MAX);
    } else {
        found->path = strdup(path);
        snprintf(found->name, sizeof found->name, "%.63s", scenario->name);
        memcpy(found->driver, scenario->driver, sizeof found->driver);
        memcpy(found->id, scenario->exhibit.id, sizeof found->id);
        collection->count++;
        good = found->path != NULL;
    }
    scenario_free(scenario);
    return good;
}

static bool is_wanted(const struct found *found, const struct string_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->item[i], found->name) == 0 || strcmp(names->item[i], found->id) == 0) {
            return true;
        }
    }
    return names->count == 0;
}

/* Only what was asked for; false after a message about a name that nothing has. */
static bool choose(struct collection *collection, const struct string_list *names)
{
    const char *known[MUSEUM_EXHIBITS_MAX];
    for (size_t i = 0; i < names->count; i++) {
        bool there = false;
        for (size_t j = 0; j < collection->count; j++) {
            known[j] = collection->item[j].name;
            there = there || strcmp(names->item[i], collection->item[j].name) == 0 ||
                    strcmp(names->item[i], collection->item[j].id) == 0;
        }
        if (!there) {
            const char *nearest = scenario_nearest(names->item[i], known, collection->count);
            options_refuse("museum", "there is no exhibit %s%s%s", names->item[i],
                           nearest ? "; did you mean " : "", nearest ? nearest : "");
            return false;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < collection->count; i++) {
        if (is_wanted(&collection->item[i], names)) {
            collection->item[kept++] = collection->item[i];
        } else {
            free(collection->item[i].path);
        }
    }
    collection->count = kept;
    return true;
}

bool museum_has_driver(const char *driver)
{
    return strncmp(driver, MUSEUM_DRIVER_PREFIX, sizeof MUSEUM_DRIVER_PREFIX - 1) == 0;
}

/* Is it the driver, or its build for the other byte order? */
static bool is_driver(const char *name, const char *driver)
{
    size_t length = strlen(driver);
    return strncmp(name, driver, length) == 0 &&
           (name[length] == '\0' || strcmp(name + length, DRIVER_BIG_ENDIAN) == 0);
}

/* Every driver of the museum has its scenario, and every scenario the driver of its name. */
static bool check_pairs(const struct collection *collection, const char *driver_dir)
{
    struct string_list drivers = {0};
    bool good = true;
    files_drivers(&drivers, driver_dir);
    for (size_t i = 0; i < drivers.count; i++) {
        bool is_shown = !museum_has_driver(drivers.item[i]);
        for (size_t j = 0; j < collection->count && !is_shown; j++) {
            is_shown = is_driver(drivers.item[i], collection->item[j].driver);
        }
        if (!is_shown) {
            options_refuse("museum", "driver %s has no scenario %s.scn; is it an old one?",
                           drivers.item[i], drivers.item[i] + sizeof MUSEUM_DRIVER_PREFIX - 1);
            good = false;
        }
    }
    for (size_t i = 0; i < collection->count; i++) {
        const struct found *found = &collection->item[i];
        if (!museum_has_driver(found->driver) ||
            strcmp(found->driver + sizeof MUSEUM_DRIVER_PREFIX - 1, found->name) != 0) {
            options_refuse("museum", "%s is to have driver " MUSEUM_DRIVER_PREFIX "%s, not %s",
                           found->path, found->name,
                           found->driver[0] ? found->driver : "none at all");
            good = false;
        }
        if (i > 0 && strcmp(found->id, collection->item[i - 1].id) == 0) {
            options_refuse("museum", "%s and %s have the same id %s", collection->item[i - 1].name,
                           found->name, found->id);
            good = false;
        }
    }
    string_list_free(&drivers);
    return good;
}

/* False after a message. */
static bool collect(struct collection *collection, const struct arguments *arguments)
{
    struct string_list files = {0};
    bool good = files_find(&files, arguments->scenario_dir);
    if (good && files.count > MUSEUM_EXHIBITS_MAX) {
        options_refuse("museum", "more than %u exhibits", MUSEUM_EXHIBITS_MAX);
        good = false;
    }
    for (size_t i = 0; i < files.count && good; i++) {
        good = collect_one(collection, files.item[i]);
    }
    string_list_free(&files);
    if (good && collection->count == 0) {
        options_refuse("museum", "there are no exhibits in %s", arguments->scenario_dir);
        good = false;
    }
    if (good) {
        qsort(collection->item, collection->count, sizeof collection->item[0], by_id);
    }
    return good && check_pairs(collection, arguments->driver_dir) &&
           choose(collection, &arguments->names);
}

/* ---- the table ---- */

/* X(name, title, width): with a space between them 80 columns. */
#define MUSEUM_COLUMNS(X)                                                                          \
    X(ID, "id", 3)                                                                                 \
    X(NAME, "exhibit", MUSEUM_NAME_MAX)                                                            \
    X(FINDING, "ringside names", 17)                                                               \
    X(STEPS, "  steps", 7)                                                                         \
    X(MENDED, "mended", 6)                                                                         \
    X(QEMU, "on QEMU", 13)

enum museum_column {
#define X(name, title, width) COLUMN_##name,
    MUSEUM_COLUMNS(X)
#undef X
        COLUMN_COUNT
};

#define X(name, title, width) +(width) + 1
_Static_assert(MUSEUM_COLUMNS(X) - 1 <= 80, "the table fits a terminal");
#undef X

static bool is_good(const struct museum_exhibit *exhibit)
{
    return exhibit->before.state == MUSEUM_AS_EXPECTED &&
           exhibit->after.state == MUSEUM_AS_EXPECTED;
}

static void print_cells(const char *const cell[COLUMN_COUNT], bool qemu)
{
    static const size_t widths[COLUMN_COUNT] = {
#define X(name, title, width) width,
        MUSEUM_COLUMNS(X)
#undef X
    };
    columns_row(stdout, widths, cell, qemu ? COLUMN_COUNT : COLUMN_QEMU);
}

/* Are the driver's requests completed, and does QEMU say a word about it? */
static void fill_qemu(char *out, size_t out_bytes, const struct beside_run *run)
{
    static const char *const words[BESIDE_FATE_COUNT] = {
        [BESIDE_NONE] = "fails",      [BESIDE_COMPLETED] = "done", [BESIDE_EMPTY] = "empty",
        [BESIDE_SHORT] = "cut short", [BESIDE_UNSEEN] = "hangs",   [BESIDE_TIMEOUT] = "hangs",
    };
    uint64_t lines = run->printed.dropped;
    for (size_t i = 0; i < run->printed.count; i++) {
        lines += run->printed.line[i].times;
    }
    if (run->state != BESIDE_STATE_DONE) {
        snprintf(out, out_bytes, "-");
    } else if (lines == 0) {
        snprintf(out, out_bytes, "%s, silent", words[run->fate]);
    } else {
        snprintf(out, out_bytes, "%s, %" PRIu64 " line%s", words[run->fate], lines,
                 lines == 1 ? "" : "s");
    }
}

static void print_wrong(const char *run, const struct museum_run *done)
{
    const struct report_options options = report_options_for(stdout, REPORT_NEVER);
    char text[MUSEUM_TEXT_BYTES + 32];
    if (done->state != MUSEUM_AS_EXPECTED) {
        snprintf(text, sizeof text, "    %s: %s", run,
                 done->wrong[0] ? done->wrong : museum_state_word(done->state));
        report_wrap(stdout, &options, REPORT_STYLE_PLAIN, "", 8, 0, text);
    }
}

/* `beside` NULL: QEMU was not asked. */
static void print_row(const struct museum_exhibit *exhibit, const struct beside *beside)
{
    char names[SCENARIO_WORD_BYTES + 16] = "nothing", steps[32], qemu[64] = "";
    if (exhibit->rule[0]) {
        snprintf(names, sizeof names, "%s:%u", exhibit->rule, exhibit->line);
    }
    snprintf(steps, sizeof steps, "%7" PRIu64, exhibit->before.steps);
    if (beside) {
        fill_qemu(qemu, sizeof qemu, &beside->qemu);
    }
    const char *const cell[COLUMN_COUNT] = {exhibit->about.id,
                                            exhibit->name,
                                            names,
                                            steps,
                                            exhibit->after.state == MUSEUM_AS_EXPECTED ? "clean"
                                                                                       : "NOT",
                                            qemu};
    print_cells(cell, beside != NULL);
    print_wrong("before", &exhibit->before);
    print_wrong("mended", &exhibit->after);
}

static void print_silence(const struct museum *museum, const struct beside *beside)
{
    const char *version = "";
    size_t asked = 0, silent = 0;
    for (size_t i = 0; i < museum->count; i++) {
        const struct beside_run *run = &beside[i].qemu;
        if (run->state == BESIDE_STATE_DONE) {
            asked++;
            silent += run->printed.count == 0 && run->printed.dropped == 0;
            version = run->qemu_version;
        }
    }
    if (asked > 0) {
        printf("QEMU %s ran %zu of them, and says nothing to %zu", version, asked, silent);
        if (asked < museum->count) {
            printf("; %zu ask for what it has not", museum->count - asked);
        }
        putchar('\n');
    }
}

/* Returns how many exhibits are as expected. */
static size_t print_table(const struct museum *museum, const struct beside *beside)
{
    static const char *const titles[COLUMN_COUNT] = {
#define X(name, title, width) title,
        MUSEUM_COLUMNS(X)
#undef X
    };
    size_t good = 0;
    uint64_t nanoseconds = 0;
    print_cells(titles, beside != NULL);
    for (size_t i = 0; i < museum->count; i++) {
        const struct museum_exhibit *exhibit = &museum->exhibit[i];
        print_row(exhibit, beside ? &beside[i] : NULL);
        good += is_good(exhibit);
        nanoseconds += exhibit->before.nanoseconds + exhibit->after.nanoseconds;
    }
    printf("%zu exhibit%s, %zu as expected; %.0f ms of processor time, as they were and mended\n",
           museum->count, museum->count == 1 ? "" : "s", good, (double)nanoseconds / 1e6);
    if (beside) {
        print_silence(museum, beside);
    }
    return good;
}

/* Runs them on QEMU's device; NULL after a message. */
static struct beside *run_beside(const struct arguments *arguments, const struct string_list *paths)
{
    const struct beside_options options = {.driver_dir = arguments->driver_dir};
    struct beside *beside = beside_run(&options, paths);
    for (size_t i = 0; beside && i < paths->count; i++) {
        const struct beside_run *run = &beside[i].qemu;
        if (run->state == BESIDE_STATE_MISSING || run->state == BESIDE_STATE_BROKEN) {
            options_refuse("museum", "%s", run->why);
            beside_free(beside, paths);
            return NULL;
        }
    }
    return beside;
}

static int show(const struct arguments *arguments, const struct string_list *paths)
{
    struct museum *museum = isolate_alloc(sizeof *museum);
    struct beside *beside = NULL;
    if (!museum) {
        fputs("ringside: out of memory\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    museum->driver_dir = arguments->driver_dir;
    int status = EXIT_ENVIRONMENT;
    if (museum_run(museum, (const char *const *)paths->item, paths->count) &&
        (!arguments->qemu || (beside = run_beside(arguments, paths)))) {
        bool good = print_table(museum, beside) == museum->count;
        status = good ? EXIT_AS_EXPECTED : EXIT_NOT_AS_EXPECTED;
        if (arguments->json_path && !museum_json(museum, beside, arguments->json_path)) {
            status = EXIT_ENVIRONMENT;
        }
    }
    if (beside) {
        beside_free(beside, paths);
    }
    isolate_free(museum, sizeof *museum);
    return status;
}

int museum_main(int argc, char **argv)
{
    char scenarios[PATH_BYTES];
    struct arguments arguments = {.driver_dir = resource_folder(RESOURCE_drivers),
                                  .scenario_dir = scenarios};
    struct collection *collection = calloc(1, sizeof *collection);
    int length =
        snprintf(scenarios, sizeof scenarios, "%s/museum", resource_folder(RESOURCE_scenarios));
    int status = options_read(&option_reader, &arguments, argc, argv);
    if (!collection || length < 0 || (size_t)length >= sizeof scenarios) {
        fputs("ringside: out of memory\n", stderr);
        status = EXIT_ENVIRONMENT;
    } else if (status == 0 && arguments.help) {
        print_help();
    } else if (status == 0) {
        struct string_list paths = {0};
        bool good = collect(collection, &arguments);
        for (size_t i = 0; i < collection->count; i++) {
            good = good && string_list_add(&paths, collection->item[i].path);
            free(collection->item[i].path);
        }
        status = good ? show(&arguments, &paths) : EXIT_ENVIRONMENT;
        string_list_free(&paths);
    }
    free(collection);
    string_list_free(&arguments.names);
    return status;
}
