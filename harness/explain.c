/*
 * Explains a rule: what it asks, why, and what breaking it and keeping to it look like.
 *
 * The two sequences are no prose: the scenarios that are the rule's evidence are found by their
 * `violates` and `spec` lines and run, and what is shown is what happened.
 */
#include "explain.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "lost.h"
#include "model.h"
#include "resources.h"
#include "rule.h"
#include "source.h"
#include "world.h"

#define LINES_MAX       9u /* of a sequence */
#define NAMED_SCENARIOS 6u
#define INDENT          13u

/* The last lines of a trace; frozen where the rule was looked at last, or broken. */
struct sequence {
    size_t count; /* lines ever taken */
    char line[LINES_MAX][EVENT_TEXT_BYTES];
};

/* Lies in memory that survives the process which runs the driver; see isolate.h. */
struct telling {
    const struct rule *rule;
    const struct scenario *scenario;
    struct world_outcome *outcome;
    bool breaks; /* the scenario breaks the rule, and is told so */
    bool good;   /* the run shows what it should */
    uint64_t looked_at;
    uint64_t marked;              /* the step that breaks the rule; 0 = the last of the sequence */
    char cause[EVENT_TEXT_BYTES]; /* what led to it, if that lies before the sequence; "" = none */
    struct sequence now, shown;
};

const char *explain_level(enum finding_level level)
{
    static const char *const names[] = {
        [FINDING_NOTE] = "note", [FINDING_WARNING] = "warning", [FINDING_ERROR] = "error"};
    return names[level];
}

/* ---- what happened ---- */

static const struct finding *find(const struct world_outcome *outcome, const struct rule *rule)
{
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        if (outcome->findings.item[i].rule == rule) {
            return &outcome->findings.item[i];
        }
    }
    return NULL;
}

/* A reader: keeps the last lines, and a copy of them where the rule speaks or looks. */
static void take(void *context, const struct event *event, const struct world_sight *sight)
{
    struct telling *telling = context;
    struct sequence *now = &telling->now;
    uint64_t looked = sight->outcome->exercised[rule_index(telling->rule)];
    bool found = find(sight->outcome, telling->rule) != NULL;
    event_format(event, arena_name, sight->arena, now->line[now->count % LINES_MAX],
                 EVENT_TEXT_BYTES);
    now->count++;
    bool wanted = telling->breaks ? found && telling->looked_at == 0
                                  : looked != telling->looked_at && looked == event->step;
    if (wanted) {
        telling->looked_at = event->step;
        telling->shown = *now;
    }
}

static bool run_one(void *context, size_t index)
{
    struct telling *telling = context;
    struct world_options options = {.driver_dir = resource_folder(RESOURCE_drivers),
                                    .guard = true,
                                    .check_stores = true,
                                    .rules = true,
                                    .reader_count = 1,
                                    .reader[0] = {take, telling}};
    (void)index;
    const char *error = world_run(telling->scenario, &options, telling->outcome);
    if (error) {
        fprintf(stderr, "%s: error: %s\n", telling->scenario->path, error);
    }
    const struct finding *finding = error ? NULL : find(telling->outcome, telling->rule);
    if (telling->looked_at == 0) { /* it was judged when all was over */
        telling->looked_at = telling->outcome->exercised[rule_index(telling->rule)];
        telling->shown = telling->now;
    }
    telling->marked = finding ? finding->at.event.step : 0;
    telling->good =
        !error && (telling->breaks ? finding != NULL : finding == NULL && telling->looked_at != 0);
    if (finding && finding->cause.event.step != 0) {
        event_format(&finding->cause.event, world_outcome_name, telling->outcome, telling->cause,
                     sizeof telling->cause);
    }
    world_outcome_free(telling->outcome);
    return true;
}

static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct telling *telling = context;
    (void)index;
    (void)death;
    telling->shown = telling->now;
    telling->good = telling->breaks;
}

/* ---- printing ---- */

static void put_field(const struct report_options *options, const char *name, const char *text)
{
    char head[16];
    snprintf(head, sizeof head, "  %-11s", name);
    unsigned at = report_put(stdout, options, REPORT_STYLE_PLAIN, head);
    report_wrap(stdout, options, REPORT_STYLE_PLAIN, "", INDENT, at, text);
}

static void put_line(const struct report_options *options, const char *line, bool marked)
{
    report_put(stdout, options, REPORT_STYLE_GUTTER, marked ? "           > " : "             ");
    report_clip(stdout, options, marked ? REPORT_STYLE_BOLD : REPORT_STYLE_PLAIN, INDENT, line);
}

static void put_sequence(const struct report_options *options, const struct telling *telling)
{
    const struct sequence *shown = &telling->shown;
    size_t first = shown->count > LINES_MAX ? shown->count - LINES_MAX : 0;
    uint64_t first_step = strtoull(shown->line[first % LINES_MAX], NULL, 10);
    put_field(options, telling->breaks ? "wrong" : "right", telling->scenario->name);
    if (telling->cause[0] && strtoull(telling->cause, NULL, 10) < first_step) {
        put_line(options, telling->cause, false);
    }
    if (first_step > 1) {
        put_line(options, "...", false);
    }
    for (size_t i = first; i < shown->count; i++) {
        const char *line = shown->line[i % LINES_MAX];
        bool in_sequence = telling->marked >= first_step && telling->marked != 0;
        put_line(options, line,
                 in_sequence ? strtoull(line, NULL, 10) == telling->marked : i + 1 == shown->count);
    }
}

/* Runs a scenario and prints its sequence; false when it does not show what it should. */
static bool show_scenario(const struct report_options *options, const struct rule *rule,
                          const char *path, bool breaks)
{
    struct telling *telling = isolate_alloc(sizeof *telling);
    struct world_outcome *outcome = isolate_alloc(sizeof *outcome);
    struct scenario *scenario = scenario_read(path, stderr);
    bool good = false;
    fflush(stdout);
    if (telling && outcome && scenario) {
        *telling = (struct telling){.rule = rule,
                                    .scenario = scenario,
                                    .outcome = outcome,
                                    .breaks = breaks};
        struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                    .count = 1,
                                    .context = telling,
                                    .run = run_one,
                                    .tell = tell_lost};
        good = isolate_run(&jobs) && telling->good;
        if (good) {
            put_sequence(options, telling);
        }
    }
    scenario_free(scenario);
    isolate_free(outcome, sizeof *outcome);
    isolate_free(telling, sizeof *telling);
    return good;
}

/* ---- finding the scenarios ---- */

/* What a scenario's text says of a rule. */
struct mention {
    bool violates, spec, expects;
};

/* Looks for lines `violates ID`, `spec ID` and `expect finding ID`. Scenarios are small. */
static struct mention find_mention(const char *path, const char *id)
{
    char line[SCENARIO_LINE_BYTES + 2];
    struct mention mention = {false, false, false};
    FILE *file = fopen(path, "re");
    for (unsigned i = 0; file && i < SCENARIO_LINES_MAX && fgets(line, sizeof line, file); i++) {
        const char *verb = strtok(line, " \t\r\n");
        bool says = false;
        for (const char *word; verb && !says && (word = strtok(NULL, " \t\r\n"));) {
            if (word[0] == '#') {
                break;
            }
            says = strcmp(word, id) == 0;
        }
        mention.violates |= says && strcmp(verb, "violates") == 0;
        mention.spec |= says && strcmp(verb, "spec") == 0;
        mention.expects |= says && strcmp(verb, "expect") == 0;
    }
    if (file) {
        fclose(file);
    }
    return mention;
}

enum standing { OTHERWISE, EXPECTED, DECLARED };

/* Does the scenario break the rule (or keep it), and is it that what it was written for? */
static enum standing stands(const char *path, const struct rule *rule, bool breaks)
{
    struct mention mention = find_mention(path, rule->id);
    if (breaks) {
        return mention.violates ? DECLARED : mention.expects ? EXPECTED : OTHERWISE;
    }
    return mention.violates || mention.expects || !mention.spec ? OTHERWISE : DECLARED;
}

/* A path as it is named below `scenarios`, or with the folder `evidence`. */
static const char *short_name(const char *path)
{
    const char *scenarios = resource_folder(RESOURCE_scenarios);
    const char *evidence = resource_folder(RESOURCE_evidence);
    if (strncmp(path, scenarios, strlen(scenarios)) == 0) {
        return path + strlen(scenarios) + 1;
    }
    if (strncmp(path, evidence, strlen(evidence)) == 0) {
        return path + (strrchr(evidence, '/') + 1 - evidence);
    }
    return path;
}

/* Lines that a test told the judge, the last of which breaks the rule, or might have. */
static void put_told(const struct report_options *options, const char *name, const char *lines)
{
    put_field(options, name, "a device of a unit test");
    while (*lines) {
        char line[EVENT_TEXT_BYTES];
        size_t bytes = strcspn(lines, "\n");
        snprintf(line, sizeof line, "%.*s", (int)bytes, lines);
        lines += bytes + (lines[bytes] == '\n');
        put_line(options, line, *lines == '\0');
    }
}

/* No scenario's device breaks a rule but by a fault that it was asked for. */
static void show_device(const struct report_options *options, const struct rule *rule)
{
    const struct explain_device *lines = explain_device(rule->id);
    if (lines) {
        put_told(options, "wrong", lines->wrong);
        put_told(options, "right", lines->right);
    }
    put_field(options, "broken by",
              "faults that a scenario asks for, and in the profile `qemu`: "
              "there it is only counted");
    put_field(options, "kept by",
              "every run of the simulated device; ringside rules --device "
              "SCENARIO... counts how often it was put to the test");
}

/* Scenarios that break or keep it: the sequence of the first that shows it, then the names. */
static void show_scenarios(const struct report_options *options, const struct rule *rule,
                           const struct string_list *files, bool breaks)
{
    char names[REPORT_LINE_BYTES] = "";
    size_t count = 0, used = 0;
    bool shown = false;
    for (enum standing standing = DECLARED; standing > OTHERWISE; standing--) {
        for (size_t i = 0; i < files->count; i++) {
            const char *path = files->item[i];
            if (stands(path, rule, breaks) != standing) {
                continue;
            }
            shown = shown || show_scenario(options, rule, path, breaks);
            if (count++ < NAMED_SCENARIOS && used < sizeof names) {
                used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                         used ? ", " : "", short_name(path));
            }
        }
    }
    if (count > NAMED_SCENARIOS && used < sizeof names) {
        snprintf(names + used, sizeof names - used, " and %zu more", count - NAMED_SCENARIOS);
    }
    if (count > 0) {
        put_field(options, breaks ? "broken by" : "kept by", names);
    }
}

/* ---- the command ---- */

static void explain(const struct rule *rule, const struct string_list *files)
{
    struct report_options options = report_options_for(stdout, REPORT_AUTO);
    char text[REPORT_LINE_BYTES];
    unsigned at = report_put(stdout, &options, REPORT_STYLE_BOLD, rule->id);
    at += report_put(stdout, &options, REPORT_STYLE_PLAIN, ": ");
    report_wrap(stdout, &options, REPORT_STYLE_BOLD, "", 2, at, rule->text);
    if (rule->section[0]) {
        snprintf(text, sizeof text, "VIRTIO 1.3, %s%s%s", rule->section, rule->title[0] ? ", " : "",
                 rule->title);
        put_field(&options, "section", text);
    }
    snprintf(text, sizeof text, "the %s (%s)%s", event_party_word(rule->party),
             rule_force_word(rule->force),
             rule->versions == RULE_V1   ? ", of a version-1 device"
             : rule->versions == RULE_V2 ? ", of a version-2 device"
                                         : "");
    put_field(&options, "binds", text);
    put_field(&options, "level", explain_level(rule->level));
    if (explain_why(rule->id)) {
        put_field(&options, "why", explain_why(rule->id));
    }
    if (rule->assumes) {
        put_field(&options, "assumes", rule->assumes);
    }
    if (rule->help && rule->help[0]) {
        put_field(&options, "help", rule->help);
    }
    if (rule->party == EVENT_PARTY_DEVICE) {
        show_device(&options, rule);
        return;
    }
    show_scenarios(&options, rule, files, true);
    show_scenarios(&options, rule, files, false);
}

static void explain_unchecked(const struct rule_unchecked *row)
{
    struct report_options options = report_options_for(stdout, REPORT_AUTO);
    char text[REPORT_LINE_BYTES];
    unsigned at = report_put(stdout, &options, REPORT_STYLE_BOLD, row->id);
    at += report_put(stdout, &options, REPORT_STYLE_PLAIN, ": ");
    report_wrap(stdout, &options, REPORT_STYLE_BOLD, "", 2, at, row->text);
    snprintf(text, sizeof text, "VIRTIO 1.3, %s", row->section);
    put_field(&options, "section", text);
    snprintf(text, sizeof text, "not checked: %s", row->why);
    put_field(&options, "level", text);
}

static const struct rule_unchecked *find_unchecked(const char *id)
{
    size_t count = 0;
    const struct rule_unchecked *rows = rule_unchecked_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].id, id) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static int unknown_rule(const char *id)
{
    size_t count = 0;
    const struct rule *rules = rule_table(&count);
    const char **ids = calloc(count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < count; i++) {
        ids[i] = rules[i].id;
    }
    const char *nearest = ids ? scenario_nearest(id, ids, count) : NULL;
    free(ids);
    fprintf(stderr, "ringside: unknown rule `%s`", id);
    if (nearest) {
        fprintf(stderr, "; did you mean `%s`?\n", nearest);
    } else {
        fputs("; `ringside rules` lists them\n", stderr);
    }
    return EXIT_ENVIRONMENT;
}

int explain_main(int argc, char **argv)
{
    if (argc == 0) {
        fputs("ringside: explain what? usage: ringside explain ID...\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    struct string_list files = {0};
    int status = EXIT_AS_EXPECTED;
    bool found = files_find(&files, resource_folder(RESOURCE_scenarios));
    if (found && access(resource_folder(RESOURCE_evidence), R_OK) == 0) {
        found = files_find(&files, resource_folder(RESOURCE_evidence));
    }
    for (int i = 0; i < argc && status == EXIT_AS_EXPECTED; i++) {
        const struct rule *rule = rule_by_id(argv[i]);
        const struct rule_unchecked *row = rule ? NULL : find_unchecked(argv[i]);
        if (i > 0) {
            putchar('\n');
        }
        if (rule) {
            explain(rule, &files);
        } else if (row) {
            explain_unchecked(row);
        } else {
            status = unknown_rule(argv[i]);
        }
    }
    string_list_free(&files);
    return status == EXIT_AS_EXPECTED && !found ? EXIT_ENVIRONMENT : status;
}
