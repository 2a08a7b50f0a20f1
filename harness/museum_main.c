/*
 * `ringside museum`: its command line, which exhibits there are, and the table.
 */
#include "museum.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "command.h"
#include "options.h"
#include "resources.h"

#define PATH_BYTES 4096u

/* X(name, word, alias, argument or "", help) */
#define MUSEUM_OPTIONS(X)                                                                          \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for driver objects museum-NAME.so here")            \
    X(SCENARIOS, "--scenarios", NULL, "DIR", "look for their scenarios here")                      \
    X(JSON, "--json", NULL, "FILE", "write the table as JSON, too")                                \
    X(HELP, "--help", NULL, "", "print this")

enum museum_option {
#define X(name, word, alias, argument, help) OPTION_##name,
    MUSEUM_OPTIONS(X)
#undef X
        OPTION_COUNT
};

static const struct option_row option_table[OPTION_COUNT] = {
#define X(name, word, alias, argument, help) {word, argument, help, alias},
    MUSEUM_OPTIONS(X)
#undef X
};

struct arguments {
    const char *driver_dir, *scenario_dir, *json_path;
    bool help;
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

/* Every driver of the museum has its scenario, and every scenario the driver of its name. */
static bool check_pairs(const struct collection *collection, const char *driver_dir)
{
    struct string_list drivers = {0};
    bool good = true;
    files_drivers(&drivers, driver_dir);
    for (size_t i = 0; i < drivers.count; i++) {
        bool is_shown = !museum_has_driver(drivers.item[i]);
        for (size_t j = 0; j < collection->count && !is_shown; j++) {
            is_shown = strcmp(collection->item[j].driver, drivers.item[i]) == 0;
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

static bool is_good(const struct museum_exhibit *exhibit)
{
    return exhibit->before.state == MUSEUM_AS_EXPECTED &&
           exhibit->after.state == MUSEUM_AS_EXPECTED;
}

static void print_row(const struct museum_exhibit *exhibit)
{
    char at[SCENARIO_WORD_BYTES + 16];
    snprintf(at, sizeof at, "%s:%u", exhibit->rule[0] ? exhibit->rule : "-", exhibit->line);
    printf("%-4s%-*s %-20s %7" PRIu64 " %6.1f  %s\n", exhibit->about.id, (int)MUSEUM_NAME_MAX,
           exhibit->name, at, exhibit->before.steps, (double)exhibit->before.nanoseconds / 1e6,
           exhibit->after.state == MUSEUM_AS_EXPECTED ? "clean" : "NOT");
    if (exhibit->before.state != MUSEUM_AS_EXPECTED) {
        printf("    before: %s\n",
               exhibit->before.wrong[0] ? exhibit->before.wrong : "was not run");
    }
    if (exhibit->after.state != MUSEUM_AS_EXPECTED) {
        printf("    after: %s\n", exhibit->after.wrong[0] ? exhibit->after.wrong : "was not run");
    }
}

/* Returns how many exhibits are as expected. */
static size_t print_table(const struct museum *museum)
{
    size_t good = 0;
    printf("%-4s%-*s %-20s %7s %6s  %s\n", "id", (int)MUSEUM_NAME_MAX, "exhibit", "finding:line",
           "steps", "ms", "mended");
    for (size_t i = 0; i < museum->count; i++) {
        print_row(&museum->exhibit[i]);
        good += is_good(&museum->exhibit[i]);
    }
    printf("%zu exhibit%s, %zu as expected\n", museum->count, museum->count == 1 ? "" : "s", good);
    return good;
}

static int show(const struct arguments *arguments, const struct collection *collection)
{
    struct museum *museum = isolate_alloc(sizeof *museum);
    const char *paths[MUSEUM_EXHIBITS_MAX];
    if (!museum) {
        fputs("ringside: out of memory\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    museum->driver_dir = arguments->driver_dir;
    for (size_t i = 0; i < collection->count; i++) {
        paths[i] = collection->item[i].path;
    }
    int status = EXIT_ENVIRONMENT;
    if (museum_run(museum, paths, collection->count)) {
        bool good = print_table(museum) == museum->count;
        status = good ? EXIT_AS_EXPECTED : EXIT_NOT_AS_EXPECTED;
        if (arguments->json_path && !museum_json(museum, arguments->json_path)) {
            status = EXIT_ENVIRONMENT;
        }
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
        status = collect(collection, &arguments) ? show(&arguments, collection) : EXIT_ENVIRONMENT;
        for (size_t i = 0; i < collection->count; i++) {
            free(collection->item[i].path);
        }
    }
    free(collection);
    string_list_free(&arguments.names);
    return status;
}
