/*
 * One finding in the form of a compiler's message:
 *
 *     LEVEL[ID]: sentence
 *       --> FILE:LINE, step N
 *        |
 *     12 | the event that is the cause, underlined with -
 *        : FILE:LINE | the driver's line that made it
 *     63 | the event at fault, underlined with ^
 *        : FILE:LINE | the driver's line that made it
 *        |
 *        = spec, help, also, again
 */
#include "report.h"
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "report_text.h"
#include "rule.h"
#include "source.h"

#define PLACE_COLUMNS_MIN 15u /* short places still leave their values in one column */
#define LABEL_COLUMNS_MIN 28u /* a label with less room goes on a line of its own */

/* An event cut into the columns that are aligned between the lines of one finding. */
struct columns {
    const struct finding_place *place;
    char step[24];
    char party[16];
    char verb[16];
    char what[EVENT_TEXT_BYTES]; /* the place; all the rest where the event has none */
    char rest[EVENT_TEXT_BYTES];
    bool found;
    struct source_place source;
};

struct snippet {
    size_t count;
    struct columns line[2];
    unsigned gutter; /* columns of the widest step */
    unsigned party, verb, what;
};

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* ---- gathering ---- */

static void cut_event(const struct finding_place *place, const struct world_outcome *outcome,
                      struct columns *out)
{
    const struct event *event = &place->event;
    char text[EVENT_TEXT_BYTES];
    char what[EVENT_TEXT_BYTES];
    event_format(event, world_outcome_name, outcome, text, sizeof text);
    event_format_place(event, world_outcome_name, outcome, what, sizeof what);
    memset(out, 0, sizeof *out);
    out->place = place;
    snprintf(out->step, sizeof out->step, "%" PRIu64, event->step);
    snprintf(out->party, sizeof out->party, "%s", event_party_word((enum event_party)event->party));
    snprintf(out->verb, sizeof out->verb, "%s", event_kind_word((enum event_kind)event->kind));
    /* The text begins with step, party and verb. */
    size_t skip = strlen(out->step) + strlen(out->party) + strlen(out->verb) + 2;
    const char *tail = strlen(text) > skip ? text + skip + 1 : "";
    size_t what_bytes = strlen(tail);
    if (what[0] && strncmp(tail, what, strlen(what)) == 0) {
        what_bytes = strcspn(tail, " ");
    }
    snprintf(out->what, sizeof out->what, "%.*s", (int)what_bytes, tail);
    tail += what_bytes;
    snprintf(out->rest, sizeof out->rest, "%s", tail + strspn(tail, " "));
    out->found = source_find(event->pc, &out->source);
}

static void gather(const struct finding *finding, const struct world_outcome *outcome,
                   struct snippet *out)
{
    memset(out, 0, sizeof *out);
    bool has_cause = finding->cause.event.step != 0;
    bool cause_first = has_cause && finding->cause.event.step <= finding->at.event.step;
    if (cause_first) {
        cut_event(&finding->cause, outcome, &out->line[out->count++]);
    }
    if (finding->at.event.step != 0) {
        cut_event(&finding->at, outcome, &out->line[out->count++]);
    }
    if (has_cause && !cause_first) {
        cut_event(&finding->cause, outcome, &out->line[out->count++]);
    }
    out->gutter = 2;
    for (size_t i = 0; i < out->count; i++) {
        const struct columns *line = &out->line[i];
        out->gutter = larger(out->gutter, report_width(line->step));
        out->party = larger(out->party, report_width(line->party));
        out->verb = larger(out->verb, report_width(line->verb));
        if (line->rest[0]) {
            out->what = larger(out->what, report_width(line->what));
        }
    }
    out->what = larger(out->what, PLACE_COLUMNS_MIN);
}

/* ---- printing ---- */

/* `   | ` and the like: the gutter without a step. */
static unsigned put_gutter(FILE *out, const struct report_options *options, unsigned gutter,
                           const char *bar)
{
    report_spaces(out, gutter + 1);
    return gutter + 1 + report_put(out, options, REPORT_STYLE_GUTTER, bar);
}

static void put_bar(FILE *out, const struct report_options *options, unsigned gutter)
{
    put_gutter(out, options, gutter, "|");
    fputc('\n', out);
}

static enum report_style level_style(enum finding_level level)
{
    switch (level) {
    case FINDING_NOTE:
        return REPORT_STYLE_NOTE;
    case FINDING_WARNING:
        return REPORT_STYLE_WARNING;
    case FINDING_ERROR:
        break;
    }
    return REPORT_STYLE_ERROR;
}

static void put_headline(FILE *out, const struct report_options *options,
                         const struct finding *finding)
{
    static const char *const levels[] = {
        [FINDING_NOTE] = "note", [FINDING_WARNING] = "warning", [FINDING_ERROR] = "error"};
    char head[96];
    snprintf(head, sizeof head, "%s[%s]", levels[finding->level], finding->rule->id);
    unsigned at = report_put(out, options, level_style(finding->level), head);
    at += report_put(out, options, REPORT_STYLE_BOLD, ":");
    char text[REPORT_LINE_BYTES];
    snprintf(text, sizeof text, " %s", finding->text);
    report_wrap(out, options, REPORT_STYLE_BOLD, "", 4, at, text);
}

static const struct columns *line_at_fault(const struct snippet *snippet,
                                           const struct finding *finding)
{
    for (size_t i = 0; i < snippet->count; i++) {
        if (snippet->line[i].place == &finding->at) {
            return &snippet->line[i];
        }
    }
    return NULL;
}

/* `--> FILE:LINE, step N`, and through or from which function, where code was inlined. */
static void put_place(FILE *out, const struct report_options *options, unsigned gutter,
                      const struct columns *line)
{
    const struct source_place *source = &line->source;
    char text[REPORT_LINE_BYTES];
    report_spaces(out, gutter);
    report_put(out, options, REPORT_STYLE_GUTTER, "--> ");
    if (!line->found) {
        snprintf(text, sizeof text, "step %s", line->step);
    } else {
        snprintf(text, sizeof text, "%s:%u, step %s", source_main_file(source),
                 source_main_line(source), line->step);
    }
    report_put(out, options, REPORT_STYLE_PLAIN, text);
    fputc('\n', out);
    if (!line->found || source->inlined_line == 0) {
        return;
    }
    if (source->helper) {
        snprintf(text, sizeof text, "through %s, %s:%u", source->function, source->file,
                 source->line);
    } else {
        snprintf(text, sizeof text, "called from %s, %s:%u", source->inlined_function,
                 source->inlined_file, source->inlined_line);
    }
    report_spaces(out, gutter + 4);
    report_put(out, options, REPORT_STYLE_PLAIN, text);
    fputc('\n', out);
}

/* The name of a file, without its folder where that is the one that the finding's place is in. */
static const char *short_name(const char *file, const char *beside)
{
    const char *slash = strrchr(file, '/');
    size_t bytes = slash ? (size_t)(slash - file) + 1 : 0;
    bool same = beside && strncmp(file, beside, bytes) == 0 && !strchr(beside + bytes, '/');
    return same ? file + bytes : file;
}

/* The driver's own line, `: FILE:LINE | text`. */
static void put_source(FILE *out, const struct report_options *options, unsigned gutter,
                       const struct columns *line, const char *beside)
{
    if (!line->found) {
        return;
    }
    const char *file = source_main_file(&line->source);
    const char *text = source_text(file, source_main_line(&line->source));
    text += strspn(text, " \t");
    if (text[0] == '\0') {
        return;
    }
    char name[SOURCE_FILE_BYTES + 16];
    snprintf(name, sizeof name, "%s:%u", short_name(file, beside), source_main_line(&line->source));
    unsigned at = put_gutter(out, options, gutter, ": ");
    at += report_put(out, options, REPORT_STYLE_FAINT, name);
    at += report_put(out, options, REPORT_STYLE_GUTTER, " | ");
    report_clip(out, options, REPORT_STYLE_PLAIN, at, text);
}

/* Underline and label; the label on a line of its own where little room is left beside. */
static void put_label(FILE *out, const struct report_options *options, unsigned gutter,
                      unsigned from, const struct columns *line, char mark, enum report_style style)
{
    char underline[EVENT_TEXT_BYTES];
    unsigned width = report_width(line->what);
    width = larger(width, 1);
    memset(underline, mark, width);
    underline[width] = '\0';
    char hang[32];
    snprintf(hang, sizeof hang, "%*s|", (int)gutter + 1, "");
    unsigned at = put_gutter(out, options, gutter, "|");
    report_spaces(out, from - at);
    at = from + report_put(out, options, style, underline);
    const char *label = line->place->label;
    if (label[0] == '\0') {
        fputc('\n', out);
    } else if (at + 1 + LABEL_COLUMNS_MIN <= options->columns ||
               at + 1 + report_width(label) <= options->columns) {
        fputc(' ', out);
        report_wrap(out, options, style, hang, at + 1, at + 1, label);
    } else {
        fputc('\n', out);
        at = put_gutter(out, options, gutter, "|");
        report_spaces(out, 5);
        report_wrap(out, options, style, hang, at + 5, at + 5, label);
    }
}

static void put_line(FILE *out, const struct report_options *options, const struct snippet *snippet,
                     const struct columns *line, char mark, enum report_style style,
                     const char *beside)
{
    unsigned gutter = snippet->gutter;
    report_spaces(out, gutter - report_width(line->step));
    report_put(out, options, REPORT_STYLE_GUTTER, line->step);
    report_put(out, options, REPORT_STYLE_GUTTER, " | ");
    char text[REPORT_LINE_BYTES];
    snprintf(text, sizeof text, "%-*s  %-*s  ", (int)snippet->party, line->party,
             (int)snippet->verb, line->verb);
    unsigned from = gutter + 3 + report_width(text);
    size_t used = strlen(text);
    if (line->rest[0]) {
        snprintf(text + used, sizeof text - used, "%-*s  %s", (int)snippet->what, line->what,
                 line->rest);
    } else {
        snprintf(text + used, sizeof text - used, "%s", line->what);
    }
    for (size_t end = strlen(text); end > 0 && text[end - 1] == ' '; end--) {
        text[end - 1] = '\0';
    }
    report_put(out, options, REPORT_STYLE_PLAIN, text);
    fputc('\n', out);
    if (line->place->label[0] || mark == '^') {
        if (line->what[0] == '\0') { /* nothing but party and verb: underline the verb */
            struct columns verb = *line;
            memcpy(verb.what, line->verb, sizeof line->verb);
            put_label(out, options, gutter, from - snippet->verb - 2, &verb, mark, style);
        } else {
            put_label(out, options, gutter, from, line, mark, style);
        }
    }
    put_source(out, options, gutter, line, beside);
}

/* ---- notes ---- */

static void put_note(FILE *out, const struct report_options *options, unsigned gutter,
                     const char *name, const char *text)
{
    unsigned at = put_gutter(out, options, gutter, "= ");
    at += report_put(out, options, REPORT_STYLE_BOLD, name);
    at += report_put(out, options, REPORT_STYLE_BOLD, ":");
    char spaced[REPORT_LINE_BYTES];
    snprintf(spaced, sizeof spaced, " %s", text);
    report_wrap(out, options, REPORT_STYLE_PLAIN, "", gutter + 5, at, spaced);
}

static void put_rule(FILE *out, const struct report_options *options, unsigned gutter,
                     const struct rule *rule)
{
    char name[160];
    if (rule->force == RULE_SELF || rule->section[0] == '\0') {
        put_note(out, options, gutter, "rule", rule->text);
        return;
    }
    snprintf(name, sizeof name, "spec %s (%s%s%s %s)", rule->section, rule->title,
             rule->title[0] ? ", " : "", event_party_word(rule->party),
             rule_force_word(rule->force));
    if (gutter + sizeof "= " + strlen(name) + sizeof ":" > options->columns) /* `explain` has it */
        snprintf(name, sizeof name, "spec %s (%s %s)", rule->section, event_party_word(rule->party),
                 rule_force_word(rule->force));
    put_note(out, options, gutter, name, rule->text);
}

static int compare_lines(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a;
    unsigned right = *(const unsigned *)b;
    return (left > right) - (left < right);
}

/* "lines 76-81, 90" of the further places that lie in `file`; returns how many places those are. */
static size_t also_lines(const struct finding *finding, const char *file, char *out,
                         size_t out_bytes)
{
    unsigned lines[FINDING_ALSO_MAX];
    size_t count = 0;
    uint32_t kept = finding->also_count < FINDING_ALSO_MAX ? finding->also_count : FINDING_ALSO_MAX;
    for (uint32_t i = 0; i < kept; i++) {
        struct source_place place;
        if (source_find(finding->also[i].pc, &place) &&
            strcmp(source_main_file(&place), file) == 0) {
            lines[count++] = source_main_line(&place);
        }
    }
    qsort(lines, count, sizeof lines[0], compare_lines);
    out[0] = '\0';
    size_t used = 0;
    for (size_t i = 0; i < count && used < out_bytes;) {
        size_t last = i;
        while (last + 1 < count && lines[last + 1] - lines[last] <= 1) {
            last++;
        }
        bool one = lines[last] == lines[i];
        const char *before = i > 0 ? ", " : one && last + 1 == count ? "line " : "lines ";
        int printed =
            one ? snprintf(out + used, out_bytes - used, "%s%u", before, lines[i])
                : snprintf(out + used, out_bytes - used, "%s%u-%u", before, lines[i], lines[last]);
        used += printed > 0 ? (size_t)printed : 0;
        i = last + 1;
    }
    return count;
}

/* "6 more such writes, lines 76-81" */
static void put_also(FILE *out, const struct report_options *options, unsigned gutter,
                     const struct finding *finding, const struct columns *at)
{
    if (finding->also_count == 0) {
        return;
    }
    enum event_kind kind = (enum event_kind)finding->at.event.kind;
    bool access = kind == EVENT_READ || kind == EVENT_WRITE || kind == EVENT_LOAD ||
                  kind == EVENT_STORE || kind == EVENT_UPDATE;
    const char *noun = access ? event_kind_word(kind) : "place";
    const char *file = at && at->found ? source_main_file(&at->source) : "";
    char lines[256];
    char text[REPORT_LINE_BYTES];
    size_t placed = also_lines(finding, file, lines, sizeof lines);
    const char *tail = placed < finding->also_count ? " and elsewhere" : "";
    snprintf(text, sizeof text, "%" PRIu32 " more such %s%s%s%s%s", finding->also_count, noun,
             finding->also_count == 1 ? "" : "s", placed ? ", " : "", lines, placed ? tail : "");
    put_note(out, options, gutter, "also", text);
}

void report_again(char *out, size_t out_bytes, const char *again,
                  const struct world_outcome *outcome, uint64_t step)
{
    char path[REPORT_LINE_BYTES / 2];
    if (again && strncmp(again, "ringside ", strlen("ringside ")) == 0) {
        snprintf(out, out_bytes, "%s", again);
        return;
    }
    report_shell_word(outcome->scenario->path, path, sizeof path);
    snprintf(out, out_bytes, "ringside run %s%s%s --until %" PRIu64, again ? again : "",
             again && again[0] ? " " : "", path, step);
}

static void put_again(FILE *out, const struct report_options *options, unsigned gutter,
                      const struct world_outcome *outcome, uint64_t step)
{
    char text[REPORT_LINE_BYTES];
    report_again(text, sizeof text, options->again, outcome, step);
    put_gutter(out, options, gutter, "= ");
    report_put(out, options, REPORT_STYLE_BOLD, "again: ");
    report_put(out, options, REPORT_STYLE_PLAIN, text); /* never broken: it is to be copied */
    fputc('\n', out);
}

void report_finding(FILE *out, const struct report_options *options,
                    const struct world_outcome *outcome, const struct finding *finding)
{
    assert(finding->rule);
    struct snippet snippet;
    gather(finding, outcome, &snippet);
    unsigned gutter = snippet.gutter;
    const struct columns *at = line_at_fault(&snippet, finding);
    const char *beside = at && at->found ? source_main_file(&at->source) : NULL;
    put_headline(out, options, finding);
    if (at) {
        put_place(out, options, gutter, at);
    }
    put_bar(out, options, gutter);
    for (size_t i = 0; i < snippet.count; i++) {
        bool fault = &snippet.line[i] == at;
        put_line(out, options, &snippet, &snippet.line[i], fault ? '^' : '-',
                 fault ? level_style(finding->level) : REPORT_STYLE_GUTTER, beside);
    }
    if (snippet.count > 0) {
        put_bar(out, options, gutter);
    }
    put_rule(out, options, gutter, finding->rule);
    const char *help = finding->help[0] ? finding->help : finding->rule->help;
    if (help && help[0]) {
        put_note(out, options, gutter, "help", help);
    }
    if (finding->times > finding->also_count + 1) { /* `also` counts every place once */
        char text[64];
        snprintf(text, sizeof text, "%" PRIu32 " times in this run", finding->times);
        put_note(out, options, gutter, "seen", text);
    }
    put_also(out, options, gutter, finding, at);
    if (at) {
        put_again(out, options, gutter, outcome, finding->at.event.step);
    }
}
