/*
 * The command line: which command, which options, and what a mistake in them is told.
 */
#include "command.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "build.h"
#include "conform.h"
#include "diff.h"
#include "evidence.h"
#include "explain.h"
#include "museum.h"
#include "options.h"
#include "replay.h"
#include "resources.h"
#include "rule.h"
#include "scenario.h"
#include "schedules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int help_main(int argc, char **argv);
static int run_main(int argc, char **argv);
static int step_main(int argc, char **argv);
static int replay_trace_main(int argc, char **argv);
static int rules_main(int argc, char **argv);
static int drivers_main(int argc, char **argv);
static int version_main(int argc, char **argv);

/* X(word, function, arguments, help) */
#define COMMANDS(X)                                                                                \
    X("run", run_main, "[OPTION]... PATH...", "run scenarios: files, or folders of *.scn")         \
    X("schedules", schedules_main, "[OPTION]... PATH...", "run scenarios under random schedules")  \
    X("step", step_main, "[OPTION]... PATH", "drive one scenario by hand, forward and back")       \
    X("show", show_main, "[OPTION]... SCENARIO", "watch a run in a window, forward and back")      \
    X("replay", replay_main, "[OPTION]... PATH...", "run scenarios on real QEMU and compare")      \
    X("conform", conform_main, "[OPTION]... DRIVER", "run the suite for a driver, all ways")       \
    X("diff", diff_main, "[OPTION]... PATH...", "compare QEMU's device with the simulated one")    \
    X("silence", silence_main, "[OPTION]... [PATH]", "what QEMU says of a wrong driver")           \
    X("hostile", hostile_main, "[OPTION]... [PATH]...", "every fault, at every step of a driver")  \
    X("replay-trace", replay_trace_main, "[OPTION]... FILE...", "make a recorded run again")       \
    X("museum", museum_main, "[OPTION]... [NAME]...", "known bugs of drivers, found and cured")    \
    X("rules", rules_main, "[PREFIX]", "list the rules; --all, --evidence ...: see below")         \
    X("explain", explain_main, "ID...", "print a rule in full")                                    \
    X("drivers", drivers_main, "[--drivers DIR]", "list the driver objects that are found")        \
    X("new-driver", build_new_driver_main, "NAME [DIR]", "write a folder to put a driver into")    \
    X("cc", build_cc_main, "[--cc COMPILER] FLAG...", "compile a driver's source under the probe") \
    X("link", build_link_main, "-o FILE.so OBJECT...", "make a driver object of what cc compiled") \
    X("help", help_main, "", "print this")                                                         \
    X("version", version_main, "", "print the version")

struct command {
    const char *word;
    int (*main)(int argc, char **argv);
    const char *arguments;
    const char *help;
};

#define X(word, function, arguments, help) {word, function, arguments, help},
static const struct command commands[] = {COMMANDS(X)};
#undef X
#define X(word, function, arguments, help) word,
static const char *const command_words[] = {COMMANDS(X)};
#undef X

enum run_option_row {
#define X(name, word, argument, optional, help) RUN_##name,
    COMMAND_RUN_OPTIONS(X)
#undef X
        RUN_OPTION_COUNT
};

struct run_option_text {
    const char *word;
    const char *argument;
    bool optional;
    const char *help;
};

#define X(name, word, argument, optional, help) {word, argument, optional, help},
static const struct run_option_text run_options_table[] = {COMMAND_RUN_OPTIONS(X)};
#undef X
#define X(name, word, argument, optional, help) word,
static const char *const run_option_words[] = {COMMAND_RUN_OPTIONS(X)};
#undef X

/* One line about a mistake in the command line; the exit status that goes with it. */
static int misused(const char *what, const char *word, const char *const *known, size_t count)
{
    const char *nearest = known ? scenario_nearest(word, known, count) : NULL;
    fprintf(stderr, "ringside: %s `%s`", what, word);
    if (nearest) {
        fprintf(stderr, "; did you mean `%s`?", nearest);
    } else {
        fputs("; `ringside help` lists what there is", stderr);
    }
    fputc('\n', stderr);
    return EXIT_ENVIRONMENT;
}

/* ---- help and version ---- */

static void print_help(FILE *out)
{
    fputs(
        "ringside puts a real VirtIO driver in front of a simulated device and says why it fails\n"
        "\nusage:\n",
        out);
    for (size_t i = 0; i < COUNT(commands); i++) {
        char text[80];
        snprintf(text, sizeof text, "%s %s", commands[i].word, commands[i].arguments);
        fprintf(out, "  ringside %-27s %s\n", text, commands[i].help);
    }
    fputs("\noptions of run:\n", out);
    for (size_t i = 0; i < COUNT(run_options_table); i++) {
        const struct run_option_text *option = &run_options_table[i];
        char text[80];
        snprintf(text, sizeof text, "%s%s%s%s", option->word,
                 option->optional      ? "[="
                 : option->argument[0] ? " "
                                       : "",
                 option->argument, option->optional ? "]" : "");
        fprintf(out, "  %-18s %s\n", text, option->help);
    }
    fputs(
        "  -v, -q             as --verbose, --quiet\n"
        "\noptions of rules:\n"
        "  --all [PREFIX]             with statements that no rule can check, and why\n"
        "  --evidence [FOLDER]...     which scenarios break each rule, and which pass close by\n"
        "  --coverage SCENARIO...     which rules the scenarios exercise\n"
        "  --device [--qemu] [SCENARIO...]\n"
        "                             the rules that bind the device, and how often it broke "
        "them,\n"
        "                             ours or QEMU's\n"
        "\nexit status: 0 all is as expected, 1 it is not, 2 the environment or the command line\n",
        out);
}

static int help_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    print_help(stdout);
    return EXIT_AS_EXPECTED;
}

static int version_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("ringside " RINGSIDE_VERSION);
    return EXIT_AS_EXPECTED;
}

/* ---- run ---- */

static bool parse_when(const char *text, enum report_when *out)
{
    static const char *const words[] = {
        [REPORT_AUTO] = "auto", [REPORT_ALWAYS] = "always", [REPORT_NEVER] = "never"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (enum report_when)i;
            return true;
        }
    }
    misused("unknown word for --color", text, words, COUNT(words));
    return false;
}

static bool parse_isolate(const char *text, enum isolate_mode *out)
{
    static const char *const words[] = {
#define X(name, word, meaning) [ISOLATE_##name] = word,
        ISOLATE_MODES(X)
#undef X
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (enum isolate_mode)i;
            return true;
        }
    }
    misused("unknown word for --isolate", text, words, COUNT(words));
    return false;
}

static bool parse_trace_format(const char *text, enum timeline_format *out)
{
    static const char *const words[] = {
#define X(name, word) word,
        TIMELINE_FORMATS(X)
#undef X
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (enum timeline_format)i;
            return true;
        }
    }
    misused("unknown word for --trace-format", text, words, COUNT(words));
    return false;
}

/* A timeline goes to a file of its own: it is binary, or would be mixed with the report. */
static bool check_trace_format(const struct run_options *options)
{
    if (options->trace_format_given && options->trace_path == NULL) {
        fputs("ringside: --trace-format says how --trace=FILE is written, and there is none\n",
              stderr);
        return false;
    }
    if (options->trace_format != TIMELINE_TEXT && options->trace_path &&
        options->trace_path[0] == '\0') {
        fprintf(stderr, "ringside: --trace-format %s needs a file: --trace=FILE\n",
                timeline_word(options->trace_format));
        return false;
    }
    return true;
}

static bool parse_device(const char *text, bool *out)
{
    static const char *const words[] = {"sim", "qemu"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i == 1;
            return true;
        }
    }
    misused("unknown word for --device", text, words, COUNT(words));
    return false;
}

/* Takes one option; false after a message. `value` is "" where none was given and none is needed.
 */
static bool take_run_option(struct run_options *options, enum run_option_row row, const char *value)
{
    switch (row) {
    case RUN_DRIVER:
        options->driver_path = value;
        return true;
    case RUN_DRIVERS:
        options->driver_dir = value;
        return true;
    case RUN_DEVICE:
        return parse_device(value, &options->qemu);
    case RUN_FAULT:
        if (options->fault_count == SIM_FAULTS_MAX) {
            fprintf(stderr, "ringside: more than %u faults\n", SIM_FAULTS_MAX);
            return false;
        }
        options->fault[options->fault_count++] = value;
        return true;
    case RUN_PERSONALITY:
        return command_take_personality(options, "", value);
    case RUN_UNTIL:
        if (!options_number(value, 1, UINT64_MAX, &options->until_step)) {
            misused("--until needs a step number above 0, not", value, NULL, 0);
            return false;
        }
        return true;
    case RUN_TRACE:
        options->trace_path = value;
        return true;
    case RUN_TRACE_FORMAT:
        options->trace_format_given = true;
        return parse_trace_format(value, &options->trace_format);
    case RUN_RECORD:
        options->record_path = value;
        return true;
    case RUN_PNG:
        options->png_dir = value;
        return true;
    case RUN_HTML:
        options->html_dir = value;
        return true;
    case RUN_TAP:
        options->output.path[OUTPUT_TAP] = value;
        return true;
    case RUN_JUNIT:
        options->output.path[OUTPUT_JUNIT] = value;
        return true;
    case RUN_SARIF:
        options->output.path[OUTPUT_SARIF] = value;
        return true;
    case RUN_JSON:
        options->output.path[OUTPUT_JSON] = value;
        return true;
    case RUN_NO_GUARD:
        options->guard = false;
        return true;
    case RUN_NO_SHADOW:
        options->shadow = false;
        return true;
    case RUN_ISOLATE:
        return parse_isolate(value, &options->isolate);
    case RUN_COLOR:
        return parse_when(value, &options->color);
    case RUN_VERBOSE:
        options->verbose = true;
        return true;
    case RUN_QUIET:
        options->quiet = true;
        return true;
    case RUN_HELP:
    case RUN_OPTION_COUNT:
        break;
    }
    return true;
}

/*
 * Reads the option at argv[*at], moving *at to the last argument it used. Returns its row, or -1
 * after a message.
 */
static int read_run_option(struct run_options *options, int argc, char **argv, int *at)
{
    const char *argument = argv[*at];
    if (strcmp(argument, "-v") == 0) {
        argument = "--verbose";
    } else if (strcmp(argument, "-q") == 0) {
        argument = "--quiet";
    } else if (strcmp(argument, "-h") == 0) {
        argument = "--help";
    }
    size_t bytes = strcspn(argument, "=");
    const char *value = argument[bytes] == '=' ? argument + bytes + 1 : NULL;
    size_t row = 0;
    while (row < RUN_OPTION_COUNT && (strlen(run_option_words[row]) != bytes ||
                                      strncmp(run_option_words[row], argument, bytes) != 0)) {
        row++;
    }
    if (row == RUN_OPTION_COUNT) {
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)bytes, argument);
        misused("unknown option", word, run_option_words, COUNT(run_option_words));
        return -1;
    }
    const struct run_option_text *option = &run_options_table[row];
    if (!option->argument[0] && value) {
        misused("no value belongs to", option->word, NULL, 0);
        return -1;
    }
    if (option->argument[0] && !option->optional && !value && *at + 1 < argc) {
        (*at)++;
        value = argv[*at];
    }
    if (option->argument[0] && !option->optional && (!value || !value[0])) {
        misused("a value is missing after", option->word, NULL, 0);
        return -1;
    }
    if (!take_run_option(options, (enum run_option_row)row, value ? value : "")) {
        return -1;
    }
    return (int)row;
}

/* The options that make sense where a person drives the run. */
static bool is_for_step(enum run_option_row row)
{
    return row == RUN_DRIVER || row == RUN_DRIVERS || row == RUN_NO_GUARD || row == RUN_NO_SHADOW ||
           row == RUN_ISOLATE || row == RUN_COLOR || row == RUN_DEVICE || row == RUN_FAULT ||
           row == RUN_PERSONALITY || row == RUN_HELP;
}

/* Reads the command line of `run` and its like; -1, or the exit status that it has come to. */
static int read_run_arguments(struct run_options *options, const char *command, int argc,
                              char **argv)
{
    bool only_paths = false;
    *options = (struct run_options){.driver_dir = resource_folder(RESOURCE_drivers),
                                    .color = REPORT_AUTO,
                                    .guard = true,
                                    .shadow = true};
    for (int at = 0; at < argc; at++) {
        bool is_option = !only_paths && argv[at][0] == '-' && argv[at][1] != '\0';
        if (is_option && strcmp(argv[at], "--") == 0) {
            only_paths = true;
        } else if (is_option) {
            const char *word = argv[at];
            int row = read_run_option(options, argc, argv, &at);
            if (row < 0) {
                return EXIT_ENVIRONMENT;
            }
            if (row == RUN_HELP) {
                return help_main(0, NULL);
            }
            if (strcmp(command, "run") != 0 && !is_for_step((enum run_option_row)row)) {
                fprintf(stderr, "ringside: `%s` is an option of run, not of %s\n", word, command);
                return EXIT_ENVIRONMENT;
            }
        } else if (options->path_count == COMMAND_PATHS_MAX) {
            fprintf(stderr, "ringside: more than %u paths\n", COMMAND_PATHS_MAX);
            return EXIT_ENVIRONMENT;
        } else {
            options->path[options->path_count++] = argv[at];
        }
    }
    if (options->path_count == 0) {
        fprintf(stderr, "ringside: %s what? usage: ringside %s [OPTION]... PATH\n", command,
                command);
        return EXIT_ENVIRONMENT;
    }
    return -1;
}

static int run_main(int argc, char **argv)
{
    static struct run_options options; /* too large for a stack */
    int status = read_run_arguments(&options, "run", argc, argv);
    if (status >= 0) {
        return status;
    }
    return check_trace_format(&options) ? command_run(&options) : EXIT_ENVIRONMENT;
}

static int step_main(int argc, char **argv)
{
    static struct run_options options;
    int status = read_run_arguments(&options, "step", argc, argv);
    return status >= 0 ? status : command_step(&options);
}

static int replay_trace_main(int argc, char **argv)
{
    static struct run_options options;
    int status = read_run_arguments(&options, "replay-trace", argc, argv);
    return status >= 0 ? status : command_replay_trace(&options);
}

/* ---- rules ---- */

static void list_rule(const struct report_options *options, const struct rule *rule)
{
    char text[64];
    snprintf(text, sizeof text, "%-14s ", rule->id);
    unsigned at = report_put(stdout, options, REPORT_STYLE_BOLD, text);
    snprintf(text, sizeof text, "%-8s %-9s ", explain_level(rule->level),
             rule->section[0] ? rule->section : "-");
    at += report_put(stdout, options, REPORT_STYLE_PLAIN, text);
    report_wrap(stdout, options, REPORT_STYLE_PLAIN, "", 34, at, rule->text);
}

static void list_unchecked(const struct report_options *options, const struct rule_unchecked *row)
{
    char text[REPORT_LINE_BYTES];
    snprintf(text, sizeof text, "%-14s ", row->id);
    unsigned at = report_put(stdout, options, REPORT_STYLE_BOLD, text);
    snprintf(text, sizeof text, "%-8s %-9s ", "-", row->section);
    at += report_put(stdout, options, REPORT_STYLE_FAINT, text);
    snprintf(text, sizeof text, "%s Not checked: %s", row->text, row->why);
    report_wrap(stdout, options, REPORT_STYLE_PLAIN, "", 34, at, text);
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The rules that bind a party, or, with `all`, both parties and what cannot be checked. */
static int list_rules(const char *prefix, enum event_party party, bool all)
{
    struct report_options options = report_options_for(stdout, REPORT_AUTO);
    size_t count = 0, unchecked_count = 0, shown = 0;
    const struct rule *rules = rule_table(&count);
    const struct rule_unchecked *unchecked = rule_unchecked_table(&unchecked_count);
    for (size_t i = 0; i < count; i++) {
        if (begins(rules[i].id, prefix) && (all || rules[i].party == party)) {
            list_rule(&options, &rules[i]);
            shown++;
        }
    }
    for (size_t i = 0; i < unchecked_count && all; i++) {
        if (begins(unchecked[i].id, prefix)) {
            list_unchecked(&options, &unchecked[i]);
            shown++;
        }
    }
    return shown == 0 ? misused("no rule begins with", prefix, NULL, 0) : EXIT_AS_EXPECTED;
}

/* `[--qemu] [SCENARIO...]` */
static int run_device_rules(const char *const *rest, size_t count)
{
    bool qemu = count > 0 && strcmp(rest[0], "--qemu") == 0;
    if (count == (qemu ? 1u : 0u)) {
        return list_rules("", EVENT_PARTY_DEVICE, false);
    }
    return evidence_print_device(rest + qemu, count - qemu, qemu);
}

static int rules_main(int argc, char **argv)
{
    static const char *const words[] = {"--all", "--evidence", "--coverage", "--device"};
    enum { ALL, EVIDENCE, COVERAGE, DEVICE, NONE } option = ALL;
    if (argc == 0 || argv[0][0] != '-') {
        option = NONE;
    }
    while (option < NONE && strcmp(argv[0], words[option]) != 0) {
        option++;
    }
    if (option == NONE && argc > 0 && argv[0][0] == '-') {
        return misused("unknown option", argv[0], words, COUNT(words));
    }
    const char *const *rest = (const char *const *)argv + (option != NONE);
    size_t count = (size_t)(argc - (option != NONE));
    const char *everywhere = resource_folder(RESOURCE_scenarios);
    switch (option) {
    case EVIDENCE:
        return evidence_print(count > 0 ? rest : &everywhere, count > 0 ? count : 1);
    case COVERAGE:
        if (count == 0) {
            fputs("ringside: coverage of what? usage: ringside rules --coverage SCENARIO...\n",
                  stderr);
            return EXIT_ENVIRONMENT;
        }
        return evidence_print_coverage(rest, count);
    case DEVICE:
        return run_device_rules(rest, count);
    case ALL:
    case NONE:
        break;
    }
    if (count > 1) {
        return misused("one prefix is enough, what is", rest[1], NULL, 0);
    }
    return list_rules(count == 1 ? rest[0] : "", EVENT_PARTY_DRIVER, option == ALL);
}

/* ---- drivers ---- */

static int drivers_main(int argc, char **argv)
{
    static const char *const words[] = {"--drivers"};
    const char *folder = resource_folder(RESOURCE_drivers);
    if (argc == 2 && strcmp(argv[0], words[0]) == 0) {
        folder = argv[1];
    } else if (argc == 1 && strncmp(argv[0], "--drivers=", 10) == 0) {
        folder = argv[0] + 10;
    } else if (argc > 0) {
        return misused("unknown argument", argv[0], words, COUNT(words));
    }
    struct string_list drivers = {0};
    files_drivers(&drivers, folder);
    size_t exhibits = 0;
    for (size_t i = 0; i < drivers.count; i++) {
        if (museum_has_driver(drivers.item[i])) {
            exhibits++;
        } else {
            puts(drivers.item[i]);
        }
    }
    if (exhibits > 0) {
        printf("and %zu of the museum\n", exhibits);
    }
    bool none = drivers.count == 0;
    string_list_free(&drivers);
    if (none) {
        fprintf(stderr, "ringside: there are no driver objects (NAME.so) in %s\n", folder);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_AS_EXPECTED;
}

/* ---- the door ---- */

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_ENVIRONMENT;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        word = "help";
    } else if (strcmp(word, "--version") == 0) {
        word = "version";
    }
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(word, commands[i].word) == 0) {
            return commands[i].main(argc - 2, argv + 2);
        }
    }
    return misused(word[0] == '-' ? "unknown option" : "unknown command", word, command_words,
                   COUNT(command_words));
}

int command_main(int argc, char **argv)
{
    /* A reader who goes away is an error of writing, noticed below, not a silent death. */
    signal(SIGPIPE, SIG_IGN);
    int status = dispatch(argc, argv);
    errno = 0;
    bool lost = ferror(stdout) != 0;
    if (fflush(stdout) != 0 || lost) {
        fprintf(stderr, "ringside: cannot write standard output%s%s\n", errno ? ": " : "",
                errno ? strerror(errno) : "");
        return EXIT_ENVIRONMENT;
    }
    return status;
}
