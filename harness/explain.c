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
#include "explain_scenarios.h"
#include "resources.h"
#include "rule.h"

#define NAMED_SCENARIOS 6u
#define INDENT          13u

const char *explain_level(enum finding_level level)
{
    static const char *const names[] = {
        [FINDING_NOTE] = "note", [FINDING_WARNING] = "warning", [FINDING_ERROR] = "error"};
    return names[level];
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

static void put_sequence(const struct report_options *options, const struct explain_show *show)
{
    const struct explain_sequence *shown = &show->shown;
    size_t first = shown->count > EXPLAIN_LINES_MAX ? shown->count - EXPLAIN_LINES_MAX : 0;
    uint64_t first_step = strtoull(shown->line[first % EXPLAIN_LINES_MAX], NULL, 10);
    put_field(options, show->breaks ? "wrong" : "right", show->name);
    if (show->cause[0] && strtoull(show->cause, NULL, 10) < first_step) {
        put_line(options, show->cause, false);
    }
    if (first_step > 1) {
        put_line(options, "...", false);
    }
    for (size_t i = first; i < shown->count; i++) {
        const char *line = shown->line[i % EXPLAIN_LINES_MAX];
        bool in_sequence = show->marked >= first_step && show->marked != 0;
        put_line(options, line,
                 in_sequence ? strtoull(line, NULL, 10) == show->marked : i + 1 == shown->count);
    }
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
static void show_scenarios(const struct report_options *options, const struct explain_shows *shows,
                           const struct explain_show *show)
{
    char names[REPORT_LINE_BYTES] = "";
    size_t used = 0;
    if (show->good) {
        put_sequence(options, show);
    }
    for (size_t i = 0; i < show->count && i < NAMED_SCENARIOS && used < sizeof names; i++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                 short_name(explain_shows_path(shows, show, i)));
    }
    if (show->count > NAMED_SCENARIOS && used < sizeof names) {
        snprintf(names + used, sizeof names - used, " and %zu more", show->count - NAMED_SCENARIOS);
    }
    if (show->count > 0) {
        put_field(options, show->breaks ? "broken by" : "kept by", names);
    }
}

/* ---- the command ---- */

/* `place`: of the rule among those that `shows` was made for. */
static void explain(const struct rule *rule, const struct explain_shows *shows, size_t place)
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
    show_scenarios(&options, shows, explain_shows_of(shows, place, true));
    show_scenarios(&options, shows, explain_shows_of(shows, place, false));
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

static void unknown_rule(const char *id)
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
}

/* All of them, or none: what is not known is told ahead of everything. */
static bool find_rules(char **ids, size_t count, const struct rule **rules, size_t *rule_count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = rule_by_id(ids[i]);
        if (rule) {
            rules[(*rule_count)++] = rule;
        } else if (!find_unchecked(ids[i])) {
            unknown_rule(ids[i]);
            return false;
        }
    }
    return true;
}

static void explain_all(char **ids, size_t count, const struct explain_shows *shows)
{
    size_t place = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = rule_by_id(ids[i]);
        if (i > 0) {
            putchar('\n');
        }
        if (rule) {
            explain(rule, shows, place++);
        } else {
            explain_unchecked(find_unchecked(ids[i]));
        }
    }
}

int explain_main(int argc, char **argv)
{
    if (argc == 0) {
        fputs("ringside: explain what? usage: ringside explain ID...\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    size_t count = (size_t)argc, rule_count = 0;
    const struct rule **rules = calloc(count, sizeof *rules);
    struct string_list files = {0};
    bool good = rules && find_rules(argv, count, rules, &rule_count);
    if (!rules) {
        fputs("ringside: out of memory\n", stderr);
    }
    bool found = good && files_find(&files, resource_folder(RESOURCE_scenarios));
    if (found && access(resource_folder(RESOURCE_evidence), R_OK) == 0) {
        found = files_find(&files, resource_folder(RESOURCE_evidence));
    }
    bool ran = false;
    struct explain_shows *shows =
        good ? explain_shows_create(&files, rules, rule_count, &ran) : NULL;
    if (shows) {
        explain_all(argv, count, shows);
    }
    explain_shows_free(shows);
    string_list_free(&files);
    free(rules);
    return found && ran ? EXIT_AS_EXPECTED : EXIT_ENVIRONMENT;
}
