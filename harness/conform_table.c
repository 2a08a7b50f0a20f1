/*
 * The table of rules, worst first, and what stands above and below it.
 */
#include "conform.h"

#include <inttypes.h>
#include <string.h>

#define RULE_COLUMNS    21
#define VERDICT_COLUMNS 13
#define RUNS_COLUMNS    7
#define DETAIL_INDENT   4u /* of what was found, which takes more room */
#define INDENT          (RULE_COLUMNS + VERDICT_COLUMNS + RUNS_COLUMNS + 4u)

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static enum report_style style_of(enum conform_verdict verdict)
{
    switch (verdict) {
    case CONFORM_BROKEN:
        return REPORT_STYLE_ERROR;
    case CONFORM_WARNED:
        return REPORT_STYLE_WARNING;
    case CONFORM_NOTED:
        return REPORT_STYLE_NOTE;
    case CONFORM_UNTRIED:
        return REPORT_STYLE_FAINT;
    case CONFORM_PASSED:
        return REPORT_STYLE_GOOD;
    case CONFORM_VERDICT_COUNT:
        break;
    }
    return REPORT_STYLE_PLAIN;
}

static void put_head(FILE *out, const struct report_options *options, const struct conform_sum *sum)
{
    char text[REPORT_LINE_BYTES], axes[REPORT_LINE_BYTES / 2];
    unsigned at;

    conform_cells_describe(axes, sizeof axes);
    at = report_put(out, options, REPORT_STYLE_BOLD, "conform");
    snprintf(text, sizeof text, " %s: %" PRIu32 " of %" PRIu32 " cells: 2 versions, %s",
             sum->driver[0] != '\0' ? sum->driver : "-", sum->runs, sum->cells, axes);
    report_wrap(out, options, REPORT_STYLE_PLAIN, "", 2, at, text);
    for (unsigned version = 1; version <= CONFORM_VERSIONS; version++)
        report_line(out, options, REPORT_STYLE_PLAIN,
                    "version %u: came up in %" PRIu32 " runs, refused the device in %" PRIu32,
                    version, sum->came_up[version - 1], sum->refused[version - 1]);
    if (sum->lack_count > 0) {
        size_t used = (size_t)snprintf(text, sizeof text, "the driver has no ");
        for (uint32_t i = 0; i < sum->lack_count && used < sizeof text; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "",
                                     sum->lack[i]);
        report_wrap(out, options, REPORT_STYLE_PLAIN, "", 2, 0, text);
    }
    fputc('\n', out);
}

static void put_row(FILE *out, const struct report_options *options, const char *rule,
                    enum conform_verdict verdict, const char *runs, const char *words)
{
    bool found = verdict < CONFORM_UNTRIED;
    char text[64];
    unsigned at;

    snprintf(text, sizeof text, "%-*s ", RULE_COLUMNS, rule);
    at = report_put(out, options, REPORT_STYLE_PLAIN, text);
    snprintf(text, sizeof text, "%-*s ", VERDICT_COLUMNS, conform_verdict_word(verdict));
    at += report_put(out, options, style_of(verdict), text);
    snprintf(text, sizeof text, "%*s%s", RUNS_COLUMNS, runs,
             words[0] != '\0' && !found ? "  " : "");
    at += report_put(out, options, REPORT_STYLE_PLAIN, text);
    if (found || words[0] == '\0')
        fputc('\n', out);
    if (found)
        report_spaces(out, DETAIL_INDENT);
    if (words[0] != '\0')
        report_wrap(out, options, REPORT_STYLE_PLAIN, "", found ? DETAIL_INDENT : INDENT,
                    found ? DETAIL_INDENT : at, words);
}

/* Expectations come after the errors that may be why. */
static void put_failures(FILE *out, const struct report_options *options,
                         const struct conform_sum *sum, const struct conform_cells *cells)
{
    for (uint32_t i = 0; i < sum->failure_count; i++) {
        const struct conform_failure *failure = &sum->failure[i];
        char runs[24], words[REPORT_LINE_BYTES];
        snprintf(runs, sizeof runs, "%" PRIu32, failure->runs);
        snprintf(words, sizeof words, "%s; first in %s", failure->text,
                 conform_cell_name(cells, failure->cell));
        put_row(out, options, "(expectation)", CONFORM_BROKEN, runs, words);
    }
    if (sum->failures_dropped > 0)
        fprintf(out, "further expectations were not met in %" PRIu32 " runs\n",
                sum->failures_dropped);
}

static void put_rule(FILE *out, const struct report_options *options, const struct conform_sum *sum,
                     const struct conform_cells *cells, const struct rule *rule)
{
    const struct conform_row *row = &sum->row[rule_index(rule)];
    char runs[24] = "-", words[REPORT_LINE_BYTES] = "", why[CONFORM_REASON_BYTES];

    if (row->broken > 0) {
        snprintf(runs, sizeof runs, "%" PRIu32 "/%" PRIu32, row->broken, row->exercised);
        snprintf(words, sizeof words, "%s, in %s: %s", row->place,
                 conform_cell_name(cells, row->cell), row->text);
    } else if (row->exercised > 0) {
        snprintf(runs, sizeof runs, "%" PRIu32, row->exercised);
    } else {
        conform_why(rule, sum, why, sizeof why);
        snprintf(words, sizeof words, "%s", why);
    }
    put_row(out, options, rule->id, conform_verdict(row), runs, words);
}

/* Rules of one verdict: those that most runs broke first, else in the order of the specification.
 */
static void put_rules(FILE *out, const struct report_options *options,
                      const struct conform_sum *sum, const struct conform_cells *cells,
                      enum conform_verdict verdict)
{
    size_t count = 0, listed = 0;
    const struct rule *rules = rule_table(&count), *list[RULES_MAX];

    for (size_t i = 0; i < count; i++) {
        size_t at = listed;
        if (rules[i].party == EVENT_PARTY_DEVICE || conform_verdict(&sum->row[i]) != verdict)
            continue;
        for (; at > 0 && sum->row[rule_index(list[at - 1])].broken < sum->row[i].broken; at--)
            list[at] = list[at - 1];
        list[at] = &rules[i];
        listed++;
    }
    for (size_t i = 0; i < listed; i++)
        put_rule(out, options, sum, cells, list[i]);
}

static void put_summary(FILE *out, const struct report_options *options,
                        const struct conform_sum *sum)
{
    uint32_t verdicts[CONFORM_VERDICT_COUNT] = {0}, shown = 0;
    size_t count = 0;
    const struct rule *rules = rule_table(&count);
    char text[REPORT_LINE_BYTES];

    for (size_t i = 0; i < count; i++) {
        if (rules[i].party == EVENT_PARTY_DEVICE)
            continue;
        verdicts[conform_verdict(&sum->row[i])]++;
        shown++;
    }
    snprintf(text, sizeof text,
             "%" PRIu32 " rules: %" PRIu32 " broken, %" PRIu32 " warned, %" PRIu32
             " noted, %" PRIu32 " not exercised, %" PRIu32 " passed",
             shown, verdicts[CONFORM_BROKEN], verdicts[CONFORM_WARNED], verdicts[CONFORM_NOTED],
             verdicts[CONFORM_UNTRIED], verdicts[CONFORM_PASSED]);
    report_wrap(out, options, REPORT_STYLE_BOLD, "", 2, 0, text);
    snprintf(text, sizeof text,
             "%" PRIu32 " run%s: %" PRIu32 " ok, %" PRIu32 " failed, %" PRIu32 " skipped, %" PRIu32
             " could not be run; %" PRIu64 " findings; %" PRIu64 " steps",
             sum->runs, plural(sum->runs), sum->state[PAGE_OK], sum->state[PAGE_FAILED],
             sum->state[PAGE_SKIPPED], sum->state[PAGE_BROKEN], sum->findings, sum->steps);
    report_wrap(out, options, REPORT_STYLE_PLAIN, "", 2, 0, text);
    if (sum->came_up[0] + sum->came_up[1] == 0)
        report_wrap(out, options, REPORT_STYLE_ERROR, "", 2, 0,
                    "the driver never came up: nothing is known of it");
}

void conform_print(FILE *out, const struct report_options *options, const struct conform_sum *sum,
                   const struct conform_cells *cells, bool quiet)
{
    put_head(out, options, sum);
    report_line(out, options, REPORT_STYLE_BOLD, "%-*s %-*s %*s  %s", RULE_COLUMNS, "rule",
                VERDICT_COLUMNS, "", RUNS_COLUMNS, "runs", "why not; below, where first");
    for (unsigned verdict = 0; verdict < CONFORM_VERDICT_COUNT; verdict++) {
        if (quiet && (verdict == CONFORM_PASSED || verdict == CONFORM_UNTRIED))
            continue;
        put_rules(out, options, sum, cells, (enum conform_verdict)verdict);
        if (verdict == CONFORM_BROKEN)
            put_failures(out, options, sum, cells);
    }
    fputc('\n', out);
    put_summary(out, options, sum);
}
