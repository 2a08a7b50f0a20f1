/*
 * `ringside silence`: what QEMU says to a wrong driver, and what ringside says.
 *
 * Every row is a scenario, run on both devices when the table is made: nothing of it is kept
 * anywhere.
 */
#include "command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "beside.h"
#include "columns.h"
#include "options.h"
#include "page_json.h"
#include "resources.h"

#define refuse(...) options_refuse("silence", __VA_ARGS__)

#define CELL_BYTES  2048u
#define LINES_SHOWN 1u /* of what QEMU prints; the rest is in the JSON */

/* X(name, word, alias, argument or "", help) */
#define SILENCE_OPTIONS(X)                                                                         \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for driver objects NAME.so here")                   \
    X(JSON, "--json", NULL, "FILE", "write both runs of every scenario, too")                      \
    X(MARKDOWN, "--markdown", NULL, "", "print the table as Markdown")                             \
    X(HELP, "--help", NULL, "", "print this")

enum silence_option { SILENCE_OPTIONS(OPTION_INDEX) OPTION_COUNT };

static const struct option_row option_table[] = {SILENCE_OPTIONS(OPTION_ROW)};

/* X(name, title, width): with a space between them 80 columns. */
#define SILENCE_COLUMNS(X)                                                                         \
    X(WRONG, "what the driver does wrong", 22)                                                     \
    X(COMPLETES, "completes on QEMU", 10)                                                          \
    X(PRINTS, "QEMU prints", 18)                                                                   \
    X(SAYS, "ringside says", 27)

enum silence_column {
#define X(name, title, width) COLUMN_##name,
    SILENCE_COLUMNS(X)
#undef X
        COLUMN_COUNT
};

#define X(name, title, width) +(width) + 1
_Static_assert(SILENCE_COLUMNS(X) - 1 <= 80, "the table fits a terminal");
#undef X

struct silence {
    struct beside_options beside;
    const char *json_path;
    bool markdown, help;
    bool given; /* a path was, whatever is there */
    struct string_list paths;
    size_t wrong, silent, completed, found; /* scenarios with a finding; of those ... */
    size_t unexpected;                      /* scenarios that did not come as expected */
    char version[WORLD_VERSION_BYTES];
};

static int set_option(void *context, size_t row, const char *value);
static int take_operand(void *context, const char *word);

static const struct options option_reader = {"silence", option_table, OPTION_COUNT, set_option,
                                             take_operand};

static void print_help(FILE *out)
{
    fputs(
        "usage: ringside silence [OPTION]... [SCENARIO|FOLDER]...\n\n"
        "What QEMU says to a wrong driver, and what ringside says: runs each scenario in front of\n"
        "QEMU's own device, with -d guest_errors, and of the simulated one, and prints a table.\n"
        "Without a path: the scenarios in `silence`.\n\n",
        out);
    options_print(out, &option_reader, 20);
    fputs(
        "\nExit status: 0 every scenario came as expected, 1 one did not, 2 the environment (QEMU\n"
        "is missing) or the command line.\n",
        out);
}

static int set_option(void *context, size_t row, const char *value)
{
    struct silence *silence = context;

    switch ((enum silence_option)row) {
    case OPTION_DRIVERS:
        silence->beside.driver_dir = value;
        return 0;
    case OPTION_JSON:
        silence->json_path = value;
        return 0;
    case OPTION_MARKDOWN:
        silence->markdown = true;
        return 0;
    case OPTION_HELP:
        silence->help = true;
        return 0;
    case OPTION_COUNT:
        break;
    }
    return refuse("no such option");
}

static int take_operand(void *context, const char *word)
{
    struct silence *silence = context;

    silence->given = true;
    return files_find(&silence->paths, word) ? 0 : EXIT_ENVIRONMENT;
}

/* ---- cells ---- */

__attribute__((format(printf, 2, 3))) static void add(char out[CELL_BYTES], const char *format, ...)
{
    size_t used = strlen(out);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(out + used, CELL_BYTES - used, format, arguments);
    va_end(arguments);
}

/* Text between the marks of code; a bar would end the cell. */
static void add_code(const struct silence *silence, char out[CELL_BYTES], const char *text)
{
    if (!silence->markdown) {
        add(out, "%s", text);
        return;
    }
    add(out, "`");
    for (const char *at = text; *at != '\0'; at++)
        add(out, "%s%c", *at == '|' ? "\\" : "", *at == '`' ? '\'' : *at);
    add(out, "`");
}

static void fill_prints(const struct silence *silence, const struct beside_run *run,
                        char out[CELL_BYTES])
{
    if (run->state != BESIDE_STATE_DONE)
        return;
    const struct world_words *printed = &run->printed;
    uint64_t more = printed->dropped;
    for (size_t i = 0; i < printed->count; i++) {
        if (i >= LINES_SHOWN) {
            more += printed->line[i].times;
            continue;
        }
        add(out, "%s", i > 0 ? "; " : "");
        add_code(silence, out, printed->line[i].text);
        if (printed->line[i].times > 1)
            add(out, " (%" PRIu64 " times)", printed->line[i].times);
    }
    if (more > 0)
        add(out, "; %" PRIu64 " more line%s", more, more == 1 ? "" : "s");
    if (out[0] == '\0')
        add(out, "nothing");
}

static void fill_says(const struct silence *silence, const struct beside_run *run,
                      char out[CELL_BYTES])
{
    if (run->state != BESIDE_STATE_DONE) {
        add(out, "%s: %s", beside_state_words(run->state), run->why);
        return;
    }
    for (size_t i = 0; i < run->finding_count; i++) {
        const struct beside_finding *finding = &run->finding[i];
        if (!beside_accuses(finding))
            continue;
        add(out, "%s", out[0] != '\0' ? "; " : "");
        add_code(silence, out, finding->rule->id);
        add(out, ": ");
        for (const char *at = finding->text; *at != '\0'; at++)
            add(out, "%s%c", *at == '|' && silence->markdown ? "\\" : "", *at);
    }
    if (out[0] == '\0')
        add(out, "nothing");
}

static void fill_completes(const struct silence *silence, const struct beside_run *run,
                           char out[CELL_BYTES])
{
    const char *words = beside_completes(run);
    bool in_vain = run->state == BESIDE_STATE_DONE && run->fate >= BESIDE_UNSEEN;

    if (silence->markdown && in_vain)
        add(out, "**%.2s**%s", words, words + 2);
    else
        add(out, "%s", words);
    if (run->state == BESIDE_STATE_UNFIT)
        add(out, ": %s", run->why);
}

/* ---- rows ---- */

static void put_row(const struct silence *silence, const char *const cell[COLUMN_COUNT])
{
    static const size_t widths[COLUMN_COUNT] = {
#define X(name, title, width) width,
        SILENCE_COLUMNS(X)
#undef X
    };

    if (!silence->markdown) {
        columns_row(stdout, widths, cell, COLUMN_COUNT);
        return;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        printf("| %s ", cell[i]);
    puts("|");
}

static void put_head(const struct silence *silence)
{
    static const char *const titles[COLUMN_COUNT] = {
#define X(name, title, width) title,
        SILENCE_COLUMNS(X)
#undef X
    };
    static const char *const rule[COLUMN_COUNT] = {
#define X(name, title, width) &"---------------------------"[27 - (width)],
        SILENCE_COLUMNS(X)
#undef X
    };

    put_row(silence, titles);
    if (silence->markdown)
        puts("|---|---|---|---|");
    else
        put_row(silence, rule);
}

static void put_scenario(struct silence *silence, const struct beside *beside)
{
    char cell[COLUMN_COUNT][CELL_BYTES] = {{0}};
    const char *cells[COLUMN_COUNT];
    size_t bytes = strlen(beside->sentence);
    bool stop = bytes > 0 && beside->sentence[bytes - 1] == '.';

    add(cell[COLUMN_WRONG], "%.*s", (int)(stop ? bytes - 1 : bytes), beside->sentence);
    fill_completes(silence, &beside->qemu, cell[COLUMN_COMPLETES]);
    fill_prints(silence, &beside->qemu, cell[COLUMN_PRINTS]);
    fill_says(silence, &beside->simulated, cell[COLUMN_SAYS]);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        cells[i] = cell[i];
    put_row(silence, cells);
}

/* ---- the whole table ---- */

static bool is_found(const struct beside_run *run)
{
    bool found = false;

    for (size_t i = 0; i < run->finding_count; i++)
        found |= beside_accuses(&run->finding[i]);
    return found;
}

static void count(struct silence *silence, const struct beside *beside)
{
    const struct beside_run *qemu = &beside->qemu;

    if (beside->simulated.state != BESIDE_STATE_DONE || !beside->simulated.as_expected ||
        (qemu->state == BESIDE_STATE_DONE && qemu->differs))
        silence->unexpected++;
    if (qemu->state != BESIDE_STATE_DONE)
        return;
    memcpy(silence->version, qemu->qemu_version, sizeof silence->version);
    if (!is_found(&beside->simulated))
        return;
    silence->wrong++;
    silence->silent += qemu->printed.count == 0 && qemu->printed.dropped == 0;
    silence->completed += qemu->fate < BESIDE_UNSEEN;
}

/* Is the environment at fault that a scenario was not run? An exit status, after a message. */
static int trouble(const struct beside *beside)
{
    const struct beside_run *const runs[] = {&beside->simulated, &beside->qemu};

    for (size_t i = 0; i < 2; i++) {
        if (runs[i]->state == BESIDE_STATE_MISSING)
            return refuse("%s", runs[i]->why);
        if (runs[i]->state == BESIDE_STATE_BROKEN)
            return refuse("%s: %s", beside->path, runs[i]->why);
    }
    return beside->read ? EXIT_AS_EXPECTED : EXIT_ENVIRONMENT; /* what it read wrong, it told */
}

static bool write_json(const struct silence *silence, const struct beside *all)
{
    struct whole_file file;

    if (!whole_file_open(&file, silence->json_path))
        return false;
    struct page_json json = {file.stream, true};
    page_json_open(&json, NULL, '{');
    page_json_string(&json, "qemu", silence->version);
    page_json_open(&json, "scenarios", '[');
    for (size_t i = 0; i < silence->paths.count; i++)
        beside_json(&json, &all[i]);
    page_json_close(&json, ']');
    page_json_close(&json, '}');
    bool written = fputc('\n', file.stream) != EOF;
    return whole_file_close(&file, written) && written;
}

static void put_table(struct silence *silence, const struct beside *all)
{
    size_t major_minor = strcspn(silence->version, ".");

    major_minor += silence->version[major_minor] == '.';
    major_minor += strcspn(silence->version + major_minor, ".");
    if (silence->markdown)
        printf("Measured on QEMU %.*s with `-d guest_errors`.\n\n", (int)major_minor,
               silence->version);
    put_head(silence);
    for (size_t i = 0; i < silence->paths.count; i++)
        put_scenario(silence, &all[i]);
    if (silence->markdown)
        return;
    const struct report_options options = report_options_for(stdout, REPORT_NEVER);
    char text[REPORT_LINE_BYTES];
    if (silence->version[0] == '\0')
        snprintf(text, sizeof text, "No scenario was run on QEMU.");
    else
        snprintf(
            text, sizeof text,
            "QEMU %s, %zu scenario%s, %zu of them wrong: %zu complete all the same, and to %zu "
            "QEMU prints nothing.",
            silence->version, silence->paths.count, silence->paths.count == 1 ? "" : "s",
            silence->wrong, silence->completed, silence->silent);
    putchar('\n');
    report_wrap(stdout, &options, REPORT_STYLE_PLAIN, "", 0, 0, text);
}

static int make_table(struct silence *silence)
{
    struct beside *all = beside_run(&silence->beside, &silence->paths);
    int status = EXIT_AS_EXPECTED;

    if (all == NULL)
        return EXIT_ENVIRONMENT;
    for (size_t i = 0; i < silence->paths.count && status == EXIT_AS_EXPECTED; i++) {
        status = trouble(&all[i]);
        count(silence, &all[i]);
    }
    if (status == EXIT_AS_EXPECTED) {
        put_table(silence, all);
        for (size_t i = 0; i < silence->paths.count; i++) {
            if (all[i].qemu.differs)
                fprintf(stderr, "%s: QEMU's device does not do what the simulated one does\n",
                        all[i].path);
            if (!all[i].simulated.as_expected)
                fprintf(stderr, "%s: it did not come as expected; ringside run says why\n",
                        all[i].path);
        }
        status = silence->unexpected > 0 ? EXIT_NOT_AS_EXPECTED : EXIT_AS_EXPECTED;
        if (silence->json_path != NULL && !write_json(silence, all))
            status = EXIT_ENVIRONMENT;
    }
    beside_free(all, &silence->paths);
    return status;
}

/* The scenarios that come with ringside. */
static bool find_own(struct string_list *paths)
{
    char folder[ISOLATE_PATH_BYTES];

    snprintf(folder, sizeof folder, "%s/silence", resource_folder(RESOURCE_scenarios));
    return files_find(paths, folder);
}

int silence_main(int argc, char **argv)
{
    struct silence silence = {0};
    int status = options_read(&option_reader, &silence, argc, argv);

    if (status == 0 && silence.help)
        print_help(stdout);
    else if (status == 0 && !silence.given && !find_own(&silence.paths))
        status = EXIT_ENVIRONMENT;
    else if (status == 0 && silence.paths.count == 0)
        status = refuse("no scenario found (a file NAME.scn)");
    else if (status == 0)
        status = make_table(&silence);
    string_list_free(&silence.paths);
    return status;
}
