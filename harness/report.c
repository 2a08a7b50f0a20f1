/*
 * A whole scenario for people: what was called and what came of it, the ladder of a stuck request,
 * findings, what was expected and did not come, the verdict.
 *
 * When all came as expected it is one line, unless the reader asks for more.
 */
#include "report.h"
#include "interrupt.h"
#include <inttypes.h>
#include <string.h>
#include "report_text.h"
#include "skip.h"
#include "source.h"
#include "suite.h"

#define WORD_COLUMNS     16 /* of a rung */
#define STEP_COLUMNS_MIN 3

/* ---- the ladder ---- */

/* Columns that the rungs of one ladder share. */
struct rung_columns {
    int step;
    int place;
};

/* `FILE:LINE` of a rung, without folder; "" when no code of the driver is known for it. */
static void rung_place(const struct ladder_step *step, char *out, size_t out_bytes)
{
    struct source_place place;
    out[0] = '\0';
    if (step->event.step != 0 && source_find(step->event.pc, &place)) {
        const char *file = source_main_file(&place);
        const char *slash = strrchr(file, '/');
        snprintf(out, out_bytes, "%s:%u", slash ? slash + 1 : file, source_main_line(&place));
    }
}

static struct rung_columns measure_rungs(const struct ladder *ladder)
{
    struct rung_columns columns = {STEP_COLUMNS_MIN, 0};
    for (unsigned rung = 0; rung < (unsigned)ladder->missed && rung < LADDER_RUNG_COUNT; rung++) {
        char place[SOURCE_FILE_BYTES + 16];
        int step = snprintf(NULL, 0, "%" PRIu64, ladder->step[rung].event.step);
        rung_place(&ladder->step[rung], place, sizeof place);
        int width = (int)report_width(place);
        columns.step = step > columns.step ? step : columns.step;
        columns.place = width > columns.place ? width : columns.place;
    }
    return columns;
}

/* `+ device-found     step 12  transport.c:41  Version 1` */
static void put_rung(FILE *out, const struct report_options *options, enum ladder_rung rung,
                     const struct ladder_step *step, struct rung_columns columns)
{
    bool reached = step->state == LADDER_REACHED;
    char text[REPORT_LINE_BYTES];
    char place[SOURCE_FILE_BYTES + 16];
    report_put(out, options, reached ? REPORT_STYLE_GOOD : REPORT_STYLE_FAINT,
               reached ? "  + " : "  - ");
    if (!reached) {
        snprintf(text, sizeof text, "%-*s  not needed here%s%s", WORD_COLUMNS, ladder_word(rung),
                 step->label[0] != '\0' ? ": " : "", step->label);
        report_clip(out, options, REPORT_STYLE_FAINT, 4, text);
        return;
    }
    rung_place(step, place, sizeof place);
    size_t used = (size_t)snprintf(text, sizeof text, "%-*s  ", WORD_COLUMNS, ladder_word(rung));
    if (step->event.step != 0) {
        used += (size_t)snprintf(text + used, sizeof text - used, "step %-*" PRIu64 "  %-*s  ",
                                 columns.step, step->event.step, columns.place, place);
    }
    snprintf(text + used, sizeof text - used, "%s", step->label);
    for (size_t end = strlen(text); end > 0 && text[end - 1] == ' '; end--) {
        text[end - 1] = '\0';
    }
    report_clip(out, options, REPORT_STYLE_PLAIN, 4, text);
}

/* Appends `, word` for every rung above the missed one in a state; returns how many. */
static size_t list_rungs(const struct ladder *ladder, enum ladder_state state, char *out,
                         size_t out_bytes)
{
    size_t count = 0, used = 0;
    out[0] = '\0';
    for (unsigned rung = (unsigned)ladder->missed + 1; rung < LADDER_RUNG_COUNT; rung++) {
        if (ladder->step[rung].state == state && used < out_bytes) {
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", count ? ", " : "",
                                     ladder_word((enum ladder_rung)rung));
            count++;
        }
    }
    return count;
}

void report_ladder(FILE *out, const struct report_options *options,
                   const struct world_outcome *outcome, const struct ladder *ladder)
{
    (void)outcome;
    char text[REPORT_LINE_BYTES];
    bool missed = ladder->missed < LADDER_RUNG_COUNT;
    snprintf(text, sizeof text,
             missed ? "queue %" PRIu32 ": how far the request came, and what it waits for"
                    : "queue %" PRIu32 ": the request climbed every rung",
             ladder->queue);
    report_wrap(out, options, REPORT_STYLE_BOLD, "", 2, 0, text);
    struct rung_columns columns = measure_rungs(ladder);
    for (unsigned rung = 0; rung < (unsigned)ladder->missed && rung < LADDER_RUNG_COUNT; rung++) {
        put_rung(out, options, (enum ladder_rung)rung, &ladder->step[rung], columns);
    }
    if (!missed) {
        return;
    }
    snprintf(text, sizeof text, "  x %-*s  ", WORD_COLUMNS, ladder_word(ladder->missed));
    unsigned at = report_put(out, options, REPORT_STYLE_ERROR, text);
    snprintf(text, sizeof text, "never came: %s", ladder_question(ladder->missed));
    report_wrap(out, options, REPORT_STYLE_BOLD, "", at, at, text);
    const char *label = ladder->step[ladder->missed].label;
    if (label[0]) {
        report_spaces(out, at);
        report_wrap(out, options, REPORT_STYLE_ERROR, "", at, at, label);
    }
    char list[REPORT_LINE_BYTES / 2];
    if (list_rungs(ladder, LADDER_REACHED, list, sizeof list) > 0) {
        at = report_put(out, options, REPORT_STYLE_FAINT, "    done all the same: ");
        report_wrap(out, options, REPORT_STYLE_FAINT, "", 6, at, list);
    }
    if (list_rungs(ladder, LADDER_MISSED, list, sizeof list) > 0) {
        at = report_put(out, options, REPORT_STYLE_FAINT, "    so not either: ");
        report_wrap(out, options, REPORT_STYLE_FAINT, "", 6, at, list);
    }
}

/* ---- the outcome ---- */

/* `call show 640 480 -> OK` */
static void put_call(FILE *out, const struct report_options *options, const char *driver,
                     const struct world_call *call)
{
    const struct scenario_action *action = call->action;
    char text[REPORT_LINE_BYTES];
    size_t used = (size_t)snprintf(text, sizeof text, "  call %s", action->name);
    for (size_t i = 0; i < action->args.count && used < sizeof text; i++) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, " %" PRIu64, action->args.value[i]);
    }
    unsigned at = report_put(out, options, REPORT_STYLE_PLAIN, text);
    if (call->skipped) {
        if (call->blocked_by > SUITE_OK && call->blocked_by != SUITE_UNSUPPORTED) {
            snprintf(text, sizeof text, " ... skipped: init came to %s",
                     scenario_result_word(call->blocked_by));
        } else {
            snprintf(text, sizeof text, " ... skipped: driver `%s` has no %s", driver,
                     call->blocked_by == SUITE_OK ? action->name : "init");
        }
        report_wrap(out, options, REPORT_STYLE_FAINT, "", 6, at, text);
        return;
    }
    at += report_put(out, options, REPORT_STYLE_PLAIN, " -> ");
    const char *result = scenario_result_word(call->result);
    const char *wanted = scenario_result_word(action->result);
    bool expected = action->result == -1 || (result && action->result == call->result);
    if (!result && call->crash == WORLD_CRASH_NONE &&
        (options->until != 0 || interrupts_came() != 0)) {
        report_wrap(out, options, REPORT_STYLE_PLAIN, "", 6, at, "stopped in here");
        return;
    }
    if (!result && call->crash != WORLD_CRASH_NONE) {
        snprintf(text, sizeof text, "did not return: it %s", world_crash_text(call->crash));
    } else {
        snprintf(text, sizeof text, "%s", result ? result : "did not return");
    }
    used = strlen(text);
    if (!expected) {
        snprintf(text + used, sizeof text - used, " (%s was expected)", wanted ? wanted : "...");
    } else if (action->result > SUITE_OK) {
        snprintf(text + used, sizeof text - used, " (as expected)");
    }
    report_wrap(out, options, expected ? REPORT_STYLE_PLAIN : REPORT_STYLE_ERROR, "", 6, at, text);
}

/* `expect picture ... skipped: driver `x` has no show` */
static void put_skips(FILE *out, const struct report_options *options,
                      const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->skip_count; i++) {
        unsigned at = report_put(out, options, REPORT_STYLE_PLAIN, "  ");
        report_wrap(out, options, REPORT_STYLE_FAINT, "", 6, at, outcome->skip[i].text);
    }
}

/* The first question about a request that never came back. */
static void put_response(FILE *out, const struct report_options *options,
                         const struct world_outcome *outcome)
{
    if (outcome->call_count > 0 && outcome->call[outcome->call_count - 1].stuck) {
        report_wrap(out, options, REPORT_STYLE_PLAIN, "", 4, 0,
                    outcome->response_filled
                        ? "  response: filled; the device answered, but the driver did not see it"
                        : "  response: untouched; the device never answered");
    }
}

static void put_screen(FILE *out, const struct report_options *options,
                       const struct world_outcome *outcome)
{
    const struct gpu_scanout_info *info = &outcome->scanout.info;
    char text[REPORT_LINE_BYTES];
    if (info->active) {
        snprintf(text, sizeof text,
                 "  scanout 0: active, resource %" PRIu32 ", %" PRIu32 "x%" PRIu32 "%s",
                 info->resource_id, info->rect.width, info->rect.height,
                 info->flushed ? "" : ", but nothing was flushed to it");
    } else if (info->lost_at_step != 0) {
        snprintf(text, sizeof text, "  scanout 0: lost at step %" PRIu64, info->lost_at_step);
    } else {
        snprintf(text, sizeof text, "  scanout 0: %s",
                 info->ever_active ? "switched off" : "never set: nothing is on the screen");
    }
    report_clip(out, options, REPORT_STYLE_PLAIN, 0, text);
}

static void put_header(FILE *out, const struct report_options *options,
                       const struct scenario *scenario)
{
    char text[REPORT_LINE_BYTES];
    snprintf(text, sizeof text, "scenario %.200s", scenario->name);
    unsigned at = report_put(out, options, REPORT_STYLE_BOLD, text);
    char sentence[REPORT_LINE_BYTES / 2];
    scenario_sentence(scenario, sentence, sizeof sentence);
    snprintf(text, sizeof text, "%s%s", sentence[0] ? ": " : "", sentence);
    report_wrap(out, options, REPORT_STYLE_PLAIN, "", 2, at, text);
}

/* What QEMU itself had to say of this driver, with -d guest_errors. */
static void put_printed(FILE *out, const struct report_options *options,
                        const struct world_outcome *outcome)
{
    const struct world_words *printed = &outcome->printed;
    char text[REPORT_LINE_BYTES];
    if (outcome->qemu_version[0] == '\0') {
        return;
    }
    snprintf(text, sizeof text, "  QEMU %s printed%s", outcome->qemu_version,
             printed->count + printed->dropped == 0 ? " nothing" : ":");
    report_clip(out, options, REPORT_STYLE_PLAIN, 0, text);
    for (size_t i = 0; i < printed->count; i++) {
        snprintf(text, sizeof text, "    %s", printed->line[i].text);
        if (printed->line[i].times > 1) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, " (%" PRIu64 " times)",
                     printed->line[i].times);
        }
        report_wrap(out, options, REPORT_STYLE_PLAIN, "", 6, 0, text);
    }
    if (printed->dropped > 0) {
        fprintf(out, "    and %" PRIu64 " more line%s\n", printed->dropped,
                printed->dropped == 1 ? "" : "s");
    }
}

/* `path:12: expected ..., got ...` */
static void put_failures(FILE *out, const struct report_options *options,
                         const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->failure_count; i++) {
        const struct world_failure *failure = &outcome->failure[i];
        char place[REPORT_LINE_BYTES / 2];
        if (failure->line > 0) {
            snprintf(place, sizeof place, "%.400s:%u: ", outcome->scenario->path, failure->line);
        } else {
            snprintf(place, sizeof place, "%.400s: ", outcome->scenario->path);
        }
        unsigned at = report_put(out, options, REPORT_STYLE_ERROR, place);
        report_wrap(out, options, REPORT_STYLE_PLAIN, "", 4, at, failure->text);
    }
    if (outcome->failure_count > 0) {
        fputc('\n', out);
    }
}

static bool stopped_early(const struct report_options *options, const struct world_outcome *outcome)
{
    return outcome->interrupted || (options->until != 0 && outcome->steps >= options->until);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* What the verdict adds about that which the driver lacks; "" if it lacks nothing. */
static void skipped_text(const struct world_outcome *outcome, char *out, size_t out_bytes)
{
    char names[REPORT_LINE_BYTES / 4] = "";
    (void)skip_calls(outcome, names, sizeof names);
    size_t used = 0;
    out[0] = '\0';
    if (names[0] != '\0') {
        used = (size_t)snprintf(out, out_bytes, "; driver `%s` has no %s", outcome->driver, names);
    }
    if (outcome->skip_count > 0 && used < out_bytes) {
        snprintf(out + used, out_bytes - used, "; %zu line%s of the scenario skipped",
                 outcome->skip_count, plural(outcome->skip_count));
    }
}

/* `ok`, `skipped`, `FAILED` or, after --until, none of them. */
static void put_verdict(FILE *out, const struct report_options *options,
                        const struct world_outcome *outcome)
{
    const struct scenario *scenario = outcome->scenario;
    char text[REPORT_LINE_BYTES];
    uint32_t findings = outcome->findings.count;
    if (stopped_early(options, outcome)) {
        report_put(out, options, REPORT_STYLE_BOLD,
                   outcome->interrupted ? "interrupted" : "stopped");
        snprintf(text, sizeof text, "  %.200s at step %" PRIu64 ": what it expects was not judged",
                 scenario->name, outcome->steps);
    } else if (outcome->failure_count == 0 && skip_everything(outcome)) {
        report_put(out, options, REPORT_STYLE_BOLD, "skipped");
        snprintf(text, sizeof text, "  %.200s: nothing was called", scenario->name);
    } else if (outcome->failure_count == 0) {
        report_put(out, options, REPORT_STYLE_GOOD, "ok     ");
        if (findings == 0) {
            snprintf(text, sizeof text, "  %.200s: no findings; %" PRIu64 " steps", scenario->name,
                     outcome->steps);
        } else {
            snprintf(text, sizeof text,
                     "  %.200s: %" PRIu32 " finding%s, as expected; %" PRIu64 " steps",
                     scenario->name, findings, plural(findings), outcome->steps);
        }
    } else {
        report_put(out, options, REPORT_STYLE_ERROR, "FAILED ");
        snprintf(text, sizeof text,
                 "  %.200s: %zu thing%s not as expected; %" PRIu32 " finding%s; %" PRIu64 " steps",
                 scenario->name, outcome->failure_count, plural(outcome->failure_count), findings,
                 plural(findings), outcome->steps);
    }
    report_put(out, options, REPORT_STYLE_PLAIN, text); /* never broken: one scenario, one line */
    skipped_text(outcome, text, sizeof text);
    report_put(out, options, REPORT_STYLE_PLAIN, text);
    fputc('\n', out);
}

void report_find_places(const struct world_outcome *outcome)
{
    struct source_place place;
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        const struct finding *finding = &outcome->findings.item[i];
        source_find(finding->at.event.pc, &place);
        source_find(finding->cause.event.pc, &place);
        for (uint32_t j = 0; j < finding->also_count && j < FINDING_ALSO_MAX; j++) {
            source_find(finding->also[j].pc, &place);
        }
    }
    for (size_t i = 0; i < outcome->call_count; i++) {
        for (unsigned rung = 0; outcome->call[i].stuck && rung < LADDER_RUNG_COUNT; rung++) {
            source_find(outcome->call[i].ladder.step[rung].event.pc, &place);
        }
    }
}

/* Calls that got stuck one after the other on the same rung are told once. */
static void put_stuck(FILE *out, const struct report_options *options,
                      const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        size_t again = 0;
        if (!call->stuck) {
            continue;
        }
        while (i + 1 < outcome->call_count && call[1].stuck &&
               call[1].ladder.missed == call->ladder.missed &&
               call[1].ladder.queue == call->ladder.queue) {
            call++;
            again++;
            i++;
        }
        call -= again;
        report_put(out, options, REPORT_STYLE_ERROR, "stuck");
        report_put(out, options, REPORT_STYLE_BOLD, " in ");
        report_wrap(out, options, REPORT_STYLE_BOLD, "", 2, 9, call->action->name);
        report_ladder(out, options, outcome, &call->ladder);
        if (again > 0) {
            fprintf(out, "    and %zu more call%s after it, on the same rung\n", again,
                    again == 1 ? "" : "s");
        }
        fputc('\n', out);
    }
}

void report_outcome(FILE *out, const struct report_options *options,
                    const struct world_outcome *outcome)
{
    bool quiet =
        outcome->failure_count == 0 && !options->verbose && !stopped_early(options, outcome);
    if (quiet) {
        put_verdict(out, options, outcome);
        return;
    }
    put_header(out, options, outcome->scenario);
    for (size_t i = 0; i < outcome->call_count; i++) {
        put_call(out, options, outcome->driver, &outcome->call[i]);
    }
    put_skips(out, options, outcome);
    put_response(out, options, outcome);
    if (outcome->scenario->kind == SCENARIO_DEVICE_GPU) {
        put_screen(out, options, outcome);
    }
    put_printed(out, options, outcome);
    fputc('\n', out);
    put_stuck(out, options, outcome);
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        report_finding(out, options, outcome, &outcome->findings.item[i]);
        fputc('\n', out);
    }
    if (outcome->findings.dropped > 0) {
        fprintf(out, "%" PRIu32 " further findings were not kept (the limit is %u)\n\n",
                outcome->findings.dropped, FINDINGS_MAX);
    }
    if (!stopped_early(options, outcome)) {
        put_failures(out, options, outcome);
    }
    put_verdict(out, options, outcome);
}
