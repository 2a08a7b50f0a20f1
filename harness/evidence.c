/*
 * Runs scenarios and notes which rules each of them breaks, passes close by or exercises.
 *
 * The notes lie in memory that survives the process which runs the drivers; see isolate.h.
 */
#include "evidence.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "command.h"
#include "lost.h"
#include "qemu_device.h"
#include "report_text.h"
#include "resources.h"
#include "rule.h"
#include "source.h"
#include "world.h"

#define NAME_BYTES 64u

struct rule_notes {
    unsigned broken, passed;                    /* scenarios that are evidence */
    unsigned exercised, found;                  /* scenarios in which it was so, evidence or not */
    unsigned accused;                           /* of those, scenarios in which it was a finding */
    char breaks[NAME_BYTES], holds[NAME_BYTES]; /* the first of each */
};

struct evidence {
    const struct string_list *paths;
    struct world_outcome *outcome;
    bool only_declared; /* scenarios that name no rule are passed over */
    bool qemu;          /* on QEMU's device; scenarios that it cannot serve are passed over */
    size_t runs, unrunnable, wrong;
    struct rule_notes rule[RULES_MAX];
};

/* ---- what one run shows ---- */

static void complain(struct evidence *evidence, const struct scenario *scenario, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

static void complain(struct evidence *evidence, const struct scenario *scenario, const char *format,
                     ...)
{
    va_list arguments;
    evidence->wrong++;
    printf("%s: ", scenario->path);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static const struct finding *find(const struct world_outcome *outcome, const char *id)
{
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        if (strcmp(outcome->findings.item[i].rule->id, id) == 0) {
            return &outcome->findings.item[i];
        }
    }
    return NULL;
}

/* The line, or at least the file: where a compiler puts a recursion is its own affair. */
static bool expects_place(const struct scenario *scenario, const char *id)
{
    for (size_t i = 0; i < scenario->expect_count; i++) {
        const struct scenario_expect *expect = &scenario->expect[i];
        if (expect->kind == SCENARIO_EXPECT_FINDING && strcmp(expect->id, id) == 0 &&
            (expect->at_line != 0 || expect->file[0])) {
            return true;
        }
    }
    return false;
}

static void note_name(char name[NAME_BYTES], unsigned *count, const struct scenario *scenario)
{
    if ((*count)++ == 0) {
        snprintf(name, NAME_BYTES, "%s", scenario->name);
    }
}

/*
 * The scenario breaks one rule on purpose: is it told that rule, where it is, and nothing else?
 * Remarks of ringside's own (no scanout was set) are not about what the driver did wrong.
 */
static void note_breaking(struct evidence *evidence, const struct scenario *scenario)
{
    const struct world_outcome *outcome = evidence->outcome;
    const char *id = scenario->violates[0];
    const struct rule *rule = rule_by_id(id);
    const struct finding *finding = find(outcome, id);
    if (!rule) {
        complain(evidence, scenario, "violates %s, which is no rule", id);
        return;
    }
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        const struct finding *other = &outcome->findings.item[i];
        bool aside = other->level == FINDING_NOTE && other->rule->section[0] == '\0';
        if (other->rule != finding->rule && !aside) {
            complain(evidence, scenario, "violates %s alone, and was told %s as well", id,
                     other->rule->id);
            return;
        }
    }
    if (finding->at.event.step != 0 && !expects_place(scenario, id)) {
        complain(evidence, scenario, "does not say where %s is found", id);
        return;
    }
    struct rule_notes *notes = &evidence->rule[rule_index(rule)];
    note_name(notes->breaks, &notes->broken, scenario);
}

static bool is_clean(const struct world_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        if (outcome->findings.item[i].level != FINDING_NOTE) {
            return false;
        }
    }
    return true;
}

static void note_passing(struct evidence *evidence, const struct scenario *scenario)
{
    const struct world_outcome *outcome = evidence->outcome;
    for (size_t i = 0; i < scenario->spec_count && is_clean(outcome); i++) {
        const struct rule *rule = rule_by_id(scenario->spec[i]);
        if (!rule || find(outcome, rule->id)) {
            continue;
        }
        struct rule_notes *notes = &evidence->rule[rule_index(rule)];
        if (outcome->exercised[rule_index(rule)] != 0) {
            note_name(notes->holds, &notes->passed, scenario);
        }
    }
}

/* What a rule for devices is judged by where the device is QEMU's. */
static bool is_seen_on_bus(const struct rule *rule)
{
    return rule->on == EVENT_MASK(EVENT_READ);
}

static const char *seen_by(const struct rule *rule)
{
    return is_seen_on_bus(rule)                  ? "bus"
           : rule->on == EVENT_MASK(EVENT_STORE) ? "memory"
                                                 : "derived";
}

static void note_outcome(struct evidence *evidence, const struct scenario *scenario)
{
    const struct world_outcome *outcome = evidence->outcome;
    size_t count = 0;
    const struct rule *rules = rule_table(&count);
    /* Then what the simulated device did is not known to be what QEMU's did. */
    bool has_parted = outcome->parted || outcome->difference_count > 0;
    evidence->runs++;
    for (size_t i = 0; i < count; i++) {
        bool found = find(outcome, rules[i].id) != NULL;
        evidence->rule[i].exercised += found || outcome->exercised[i] != 0;
        bool theirs = !has_parted || is_seen_on_bus(&rules[i]);
        evidence->rule[i].found += found || (outcome->device_broken[i] != 0 && theirs);
        evidence->rule[i].accused += found;
    }
    if (!evidence->only_declared) {
        return;
    }
    for (size_t i = 0; i < outcome->failure_count; i++) {
        complain(evidence, scenario, "%s", outcome->failure[i].text);
    }
    if (outcome->failure_count == 0 && scenario->violates_count == 1) {
        note_breaking(evidence, scenario);
    } else if (outcome->failure_count == 0) {
        note_passing(evidence, scenario);
    }
}

/* ---- running them ---- */

static bool run_one(void *context, size_t index)
{
    struct evidence *evidence = context;
    struct scenario *scenario = scenario_read(evidence->paths->item[index], stderr);
    struct world_options options = {.driver_dir = resource_folder(RESOURCE_drivers),
                                    .check_stores = true,
                                    .rules = true};
    if (!scenario) {
        evidence->unrunnable++;
        return true;
    }
    if (evidence->qemu && qemu_device_unfit(scenario)) {
        scenario_free(scenario);
        return true;
    }
    options.qemu = evidence->qemu;
    if (!evidence->only_declared || scenario->spec_count > 0 || scenario->violates_count > 0) {
        options.guard = true;
        const char *error = world_run(scenario, &options, evidence->outcome);
        if (error) {
            fprintf(stderr, "%s: error: %s\n", scenario->path, error);
            evidence->unrunnable++;
        } else {
            note_outcome(evidence, scenario);
        }
        if (evidence->outcome->unloaded) {
            source_close();
        }
        world_outcome_free(evidence->outcome);
    }
    scenario_free(scenario);
    fflush(stdout);
    return !ferror(stdout);
}

/* A driver that took its process with it. */
static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct evidence *evidence = context;
    struct scenario *scenario = scenario_read(evidence->paths->item[index], stderr);
    if (scenario) {
        lost_outcome(evidence->outcome, scenario, death);
        note_outcome(evidence, scenario);
    }
    scenario_free(scenario);
    fflush(stdout);
}

/* Runs what `paths` name; NULL after a message. Freed by isolate_free(). */
static struct evidence *collect(const char *const *paths, size_t count, bool only_declared,
                                bool qemu)
{
    struct string_list files = {0};
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        good = files_find(&files, paths[i]) && good;
    }
    if (good && files.count == 0) {
        fputs("ringside: no scenario found (a file NAME.scn)\n", stderr);
    }
    struct evidence *evidence = isolate_alloc(sizeof *evidence);
    struct world_outcome *outcome = isolate_alloc(sizeof *outcome);
    if (evidence && outcome) {
        evidence->paths = &files;
        evidence->outcome = outcome;
        evidence->only_declared = only_declared;
        evidence->qemu = qemu;
        struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                    .count = files.count,
                                    .context = evidence,
                                    .run = run_one,
                                    .tell = tell_lost};
        good = good && files.count > 0 && isolate_run(&jobs);
    } else {
        fputs("ringside: out of memory\n", stderr);
        good = false;
    }
    source_close();
    isolate_free(outcome, sizeof *outcome);
    string_list_free(&files);
    if (!good) {
        isolate_free(evidence, sizeof *evidence);
        return NULL;
    }
    return evidence;
}

/* ---- the tables ---- */

static void put_cell(const char *name, unsigned count)
{
    char text[NAME_BYTES + 24];
    if (count > 1) {
        snprintf(text, sizeof text, "%s (+%u)", name, count - 1);
    } else {
        snprintf(text, sizeof text, "%s", count == 1 ? name : "-");
    }
    printf("  %-46s", text);
}

int evidence_print(const char *const *paths, size_t count)
{
    struct evidence *evidence = collect(paths, count, true, false);
    size_t rule_count = 0, driver_rules = 0, whole = 0;
    const struct rule *rules = rule_table(&rule_count);
    if (!evidence) {
        return EXIT_ENVIRONMENT;
    }
    printf("%-21s  %-46s  %s\n", "rule", "broken by", "passed close by");
    for (size_t i = 0; i < rule_count; i++) {
        if (rules[i].party == EVENT_PARTY_DEVICE) {
            continue; /* unit tests break these: a scenario's device keeps to them */
        }
        const struct rule_notes *notes = &evidence->rule[i];
        driver_rules++;
        whole += notes->broken > 0 && notes->passed > 0;
        printf("%-21s", rules[i].id);
        put_cell(notes->breaks, notes->broken);
        put_cell(notes->holds, notes->passed);
        putchar('\n');
    }
    printf("%zu rules: %zu with evidence; %zu scenarios, %zu of them wrong\n", driver_rules, whole,
           evidence->runs, evidence->wrong);
    bool good = whole == driver_rules && evidence->wrong == 0;
    bool ran = evidence->unrunnable == 0;
    isolate_free(evidence, sizeof *evidence);
    return !ran ? EXIT_ENVIRONMENT : good ? EXIT_AS_EXPECTED : EXIT_NOT_AS_EXPECTED;
}

/* Which rules QEMU's device broke, and what they ask. */
static void print_broken(const struct evidence *evidence)
{
    const struct report_options options = report_options_for(stdout, REPORT_NEVER);
    size_t rule_count = 0;
    const struct rule *rules = rule_table(&rule_count);
    bool any = false;
    puts("\nbus      what the driver read from QEMU's registers\n"
         "memory   what QEMU left in memory, and the simulated device says the same\n"
         "derived  what the simulated device did in the same memory, in the profile `qemu`;\n"
         "         QEMU's registers and memory were held against it all along\n");
    for (size_t i = 0; i < rule_count; i++) {
        char text[64];
        if (rules[i].party != EVENT_PARTY_DEVICE || evidence->rule[i].found == 0) {
            continue;
        }
        if (!any) {
            puts("QEMU's device breaks:");
        }
        any = true;
        snprintf(text, sizeof text, "  %-14s %-9s ", rules[i].id, rules[i].section);
        unsigned at = report_put(stdout, &options, REPORT_STYLE_PLAIN, text);
        report_wrap(stdout, &options, REPORT_STYLE_PLAIN, "", at, at, rules[i].text);
    }
    if (!any) {
        puts("QEMU's device breaks none of them.");
    }
}

/* How often each rule of a party was exercised and broken; false when the environment is at fault.
 */
static bool print_counts(const struct evidence *evidence, enum event_party party, size_t *accused)
{
    size_t rule_count = 0, shown = 0, exercised = 0;
    const struct rule *rules = rule_table(&rule_count);
    printf("%-21s  %9s  %6s%s\n", "rule", "exercised", "broken",
           evidence->qemu ? "  judged by" : "");
    for (size_t i = 0; i < rule_count; i++) {
        const struct rule_notes *notes = &evidence->rule[i];
        if (rules[i].party != party) {
            continue;
        }
        shown++;
        *accused += notes->accused;
        if (notes->exercised == 0) {
            printf("%-21s  %9s\n", rules[i].id, "-");
            continue;
        }
        exercised++;
        printf("%-21s  %9u  %6u%s%s\n", rules[i].id, notes->exercised, notes->found,
               evidence->qemu ? "  " : "", evidence->qemu ? seen_by(&rules[i]) : "");
    }
    printf("%zu of %zu rules exercised by %zu scenario%s\n", exercised, shown, evidence->runs,
           evidence->runs == 1 ? "" : "s");
    return evidence->unrunnable == 0;
}

int evidence_print_coverage(const char *const *paths, size_t count)
{
    struct evidence *evidence = collect(paths, count, false, false);
    size_t accused = 0;
    if (!evidence) {
        return EXIT_ENVIRONMENT;
    }
    bool ran = print_counts(evidence, EVENT_PARTY_DRIVER, &accused);
    isolate_free(evidence, sizeof *evidence);
    return ran ? EXIT_AS_EXPECTED : EXIT_ENVIRONMENT;
}

int evidence_print_device(const char *const *paths, size_t count, bool qemu)
{
    struct evidence *evidence = collect(paths, count, false, qemu);
    size_t accused = 0;
    if (!evidence) {
        return EXIT_ENVIRONMENT;
    }
    bool ran = print_counts(evidence, EVENT_PARTY_DEVICE, &accused);
    if (qemu) {
        print_broken(evidence);
    }
    isolate_free(evidence, sizeof *evidence);
    return !ran ? EXIT_ENVIRONMENT : accused > 0 && !qemu ? EXIT_NOT_AS_EXPECTED : EXIT_AS_EXPECTED;
}
