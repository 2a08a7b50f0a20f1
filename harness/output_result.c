/*
 * One run as a JSON object: the scenario and what it ran on, calls, what was not as expected,
 * findings with the lines of the driver, how far a stuck request came, the rules that were
 * exercised.
 */
#include "output_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "judge.h"
#include "report.h"
#include "report_text.h"
#include "rule.h"
#include "skip.h"
#include "source.h"

/* ---- places ---- */

/* FNV-1a, 64 bits. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static uint64_t hash(uint64_t value, const char *text)
{
    for (; *text != '\0'; text++)
        value = (value ^ (uint8_t)*text) * HASH_PRIME;
    return value * HASH_PRIME; /* texts do not run into each other */
}

/* What a line of source says, whatever its indentation. */
static const char *line_text(const struct source_place *place)
{
    const char *text = source_text(source_main_file(place), source_main_line(place));

    return text + strspn(text, " \t");
}

static void put_place(json_t *object, uintptr_t pc)
{
    struct source_place place;

    if (!source_find(pc, &place))
        return;
    output_put_text(object, "file", source_main_file(&place));
    output_put_number(object, "line", source_main_line(&place));
    if (place.helper && place.inlined_line != 0)
        output_put_text(object, "function", place.inlined_function);
    else if (place.function[0] != '\0')
        output_put_text(object, "function", place.function);
    if (line_text(&place)[0] != '\0')
        output_put_text(object, "source", line_text(&place));
}

/* NULL for an event that is none: json_object_set_new() must not be handed it. */
static json_t *event_object(const struct event *event, const char *label,
                            const struct world_outcome *outcome)
{
    json_t *object = json_object();
    char text[EVENT_TEXT_BYTES];
    const char *tail;

    event_format(event, world_outcome_name, outcome, text, sizeof text);
    tail = text + strspn(text, "0123456789");
    output_put_number(object, "step", event->step);
    output_put_text(object, "event", tail + strspn(tail, " "));
    if (label[0] != '\0')
        output_put_text(object, "label", label);
    put_place(object, event->pc);
    return object;
}

/* ---- findings ---- */

/*
 * The same for the same mistake in every run, also when lines are added above it: of the rule, the
 * function and the text of the line. Where no line of a driver is known, of rule and scenario.
 */
static void put_fingerprint(json_t *object, const struct finding *finding,
                            const struct world_outcome *outcome)
{
    uint64_t value = hash(HASH_START, finding->rule->id);
    struct source_place place;
    char text[20];

    if (finding->at.event.step != 0 && source_find(finding->at.event.pc, &place)) {
        const char *slash = strrchr(source_main_file(&place), '/');
        value = hash(value, slash != NULL ? slash + 1 : source_main_file(&place));
        value = hash(value, place.function);
        value = hash(value, line_text(&place));
    } else {
        value = hash(value, outcome->scenario->name);
    }
    snprintf(text, sizeof text, "%016" PRIx64, value);
    output_put_text(object, "fingerprint", text);
}

static json_t *events_array(const struct event *event, uint32_t count,
                            const struct world_outcome *outcome)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < count; i++)
        output_append(array, event_object(&event[i], "", outcome));
    return array;
}

static json_t *finding_object(const struct output *output, const struct world_outcome *outcome,
                              uint32_t index)
{
    const struct finding *finding = &outcome->findings.item[index];
    const char *help = finding->help[0] != '\0' ? finding->help : finding->rule->help;
    uint32_t also = finding->also_count < FINDING_ALSO_MAX ? finding->also_count : FINDING_ALSO_MAX;
    json_t *object = json_object();
    char again[REPORT_LINE_BYTES];

    output_put_text(object, "rule", finding->rule->id);
    output_put_text(object, "level", explain_level(finding->level));
    output_put_text(object, "text", finding->text);
    if (help != NULL && help[0] != '\0')
        output_put_text(object, "help", help);
    output_put_bool(object, "expected", expect_finding(outcome->scenario, finding));
    output_put_number(object, "times", finding->times);
    if (finding->queue != UINT32_MAX)
        output_put_number(object, "queue", finding->queue);
    put_fingerprint(object, finding, outcome);
    if (finding->at.event.step == 0)
        return object;
    output_put(object, "at", event_object(&finding->at.event, finding->at.label, outcome));
    if (finding->cause.event.step != 0)
        output_put(object, "cause",
                   event_object(&finding->cause.event, finding->cause.label, outcome));
    if (also > 0)
        output_put(object, "also", events_array(finding->also, also, outcome));
    if (index < output->found && output->trail[index].count > 0)
        output_put(object, "trail",
                   events_array(output->trail[index].event, output->trail[index].count, outcome));
    report_again(again, sizeof again, output->again, outcome, finding->at.event.step);
    output_put_text(object, "again", again);
    return object;
}

static json_t *findings_array(const struct output *output, const struct world_outcome *outcome)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < outcome->findings.count; i++)
        output_append(array, finding_object(output, outcome, i));
    return array;
}

/* ---- calls ---- */

static json_t *call_object(const struct world_call *call)
{
    const struct scenario_action *action = call->action;
    const char *wanted = scenario_result_word(action->result);
    const char *result = scenario_result_word(call->result);
    json_t *object = json_object(), *arguments = json_array();

    for (size_t i = 0; i < action->args.count; i++)
        output_append(arguments, json_integer((json_int_t)action->args.value[i]));
    output_put_text(object, "operation", action->name);
    output_put(object, "arguments", arguments);
    output_put_number(object, "line", action->line);
    if (wanted != NULL)
        output_put_text(object, "wanted", wanted);
    if (call->skipped) {
        output_put_bool(object, "skipped", true);
        return object;
    }
    if (result != NULL)
        output_put_text(object, "result", result);
    if (call->crash != WORLD_CRASH_NONE)
        output_put_text(object, "crash", world_crash_text(call->crash));
    return object;
}

static json_t *calls_array(const struct world_outcome *outcome)
{
    json_t *array = json_array();

    for (size_t i = 0; i < outcome->call_count; i++)
        output_append(array, call_object(&outcome->call[i]));
    return array;
}

/* Calls that could not complete; the rung that was missed is the diagnosis. */
static json_t *stuck_array(const struct world_outcome *outcome)
{
    json_t *array = json_array();

    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        const struct ladder *ladder = &call->ladder;
        if (!call->stuck || ladder->missed >= LADDER_RUNG_COUNT)
            continue;
        json_t *object = json_object();
        output_put_text(object, "operation", call->action->name);
        output_put_number(object, "queue", ladder->queue);
        output_put_text(object, "missed", ladder_word(ladder->missed));
        output_put_text(object, "wanted", ladder_question(ladder->missed));
        if (ladder->step[ladder->missed].label[0] != '\0')
            output_put_text(object, "label", ladder->step[ladder->missed].label);
        output_append(array, object);
    }
    return array;
}

/* ---- the rest ---- */

static void put_device(json_t *object, const struct scenario *scenario)
{
    json_t *device = json_object();

    output_put_text(device, "type", scenario_device_word(scenario->kind));
    output_put_number(device, "version", scenario->device.version);
    output_put_text(device, "profile",
                    scenario->device.profile == SIM_PROFILE_QEMU ? "qemu" : "spec");
    output_put_number(device, "queue_size_max", scenario->device.queue_size_max);
    output_put_text(device, "schedule", scenario_schedule_word(scenario->schedule));
    output_put_number(device, "seed", scenario->seed & INT64_MAX);
    output_put(object, "device", device);
}

static json_t *result_of(const struct scenario *scenario, enum page_state state)
{
    json_t *object = json_object();
    char sentence[OUTPUT_TEXT_BYTES];

    scenario_sentence(scenario, sentence, sizeof sentence);
    output_put_text(object, "scenario", scenario->name);
    output_put_text(object, "path", scenario->path);
    output_put_text(object, "state", page_state_word(state));
    if (sentence[0] != '\0')
        output_put_text(object, "about", sentence);
    put_device(object, scenario);
    return object;
}

static void put_lines(json_t *object, const struct world_outcome *outcome)
{
    json_t *failures = json_array(), *skips = json_array();

    for (size_t i = 0; i < outcome->failure_count && i < WORLD_FAILURES_MAX; i++) {
        json_t *line = json_object();
        output_put_number(line, "line", outcome->failure[i].line);
        output_put_text(line, "text", outcome->failure[i].text);
        output_append(failures, line);
    }
    for (size_t i = 0; i < outcome->skip_count && i < WORLD_SKIPS_MAX; i++) {
        json_t *line = json_object();
        output_put_number(line, "line", outcome->skip[i].line);
        output_put_text(line, "text", outcome->skip[i].text);
        output_append(skips, line);
    }
    output_put(object, "failures", failures);
    output_put(object, "skips", skips);
}

/* The report for people, of a run that they will want to read of. */
static void put_report(const struct output *output, json_t *object,
                       const struct world_outcome *outcome)
{
    struct report_options options = {.verbose = true,
                                     .columns = OUTPUT_REPORT_COLUMN,
                                     .again = output->again};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    if (out != NULL) {
        report_outcome(out, &options, outcome);
        if (fclose(out) == 0)
            output_put_text(object, "report", text);
    }
    free(text);
}

static json_t *exercised_array(const struct world_outcome *outcome)
{
    json_t *array = json_array();
    size_t count = 0;
    const struct rule *rules = rule_table(&count);

    for (size_t i = 0; i < count; i++) {
        if (rules[i].party == EVENT_PARTY_DRIVER && outcome->exercised[i] != 0)
            output_append(array, json_string(rules[i].id));
    }
    return array;
}

static void put_screen(json_t *object, const struct world_outcome *outcome)
{
    const struct gpu_scanout_info *info = &outcome->scanout.info;
    json_t *screen = json_object();

    output_put_bool(screen, "active", info->active);
    if (info->active) {
        output_put_number(screen, "width", info->rect.width);
        output_put_number(screen, "height", info->rect.height);
    }
    if (info->lost_at_step != 0)
        output_put_number(screen, "lost_at_step", info->lost_at_step);
    output_put(object, "screen", screen);
}

json_t *output_result(const struct output *output, const struct world_outcome *outcome,
                      enum page_state state, double seconds)
{
    json_t *object = result_of(outcome->scenario, state);
    char names[OUTPUT_TEXT_BYTES / 2] = "", reason[OUTPUT_TEXT_BYTES];

    if (outcome->driver[0] != '\0')
        output_put_text(object, "driver", outcome->driver);
    if (state == PAGE_SKIPPED) {
        (void)skip_calls(outcome, names, sizeof names);
        snprintf(reason, sizeof reason, "nothing was called%s%s%s%s", names[0] ? ": driver `" : "",
                 names[0] ? outcome->driver : "", names[0] ? "` has no " : "", names);
        output_put_text(object, "reason", reason);
    } else if (state == PAGE_STOPPED) {
        snprintf(reason, sizeof reason, "stopped at step %" PRIu64, outcome->steps);
        output_put_text(object, "reason", reason);
    }
    output_put_number(object, "steps", outcome->steps);
    output_put_number(object, "driver_steps", outcome->driver_steps);
    output_put_number(object, "requests", outcome->requests);
    output_put(object, "calls", calls_array(outcome));
    put_lines(object, outcome);
    output_put(object, "stuck", stuck_array(outcome));
    output_put(object, "findings", findings_array(output, outcome));
    output_put_number(object, "findings_dropped", outcome->findings.dropped);
    if (outcome->scenario->kind == SCENARIO_DEVICE_GPU)
        put_screen(object, outcome);
    output_put(object, "exercised", exercised_array(outcome));
    if (state == PAGE_FAILED || state == PAGE_STOPPED)
        put_report(output, object, outcome);
    if (seconds >= 0)
        output_put(object, "seconds", json_real(seconds));
    return object;
}

json_t *output_result_skipped(const struct scenario *scenario, const char *reason)
{
    json_t *object = result_of(scenario, PAGE_SKIPPED);

    output_put_text(object, "reason", reason);
    return object;
}

json_t *output_result_broken(const char *path, const char *reason)
{
    json_t *object = json_object();
    const char *slash = strrchr(path, '/');
    char name[OUTPUT_TEXT_BYTES];
    size_t bytes;

    snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : path);
    bytes = strlen(name);
    if (bytes > 4 && strcmp(name + bytes - 4, ".scn") == 0)
        name[bytes - 4] = '\0';
    output_put_text(object, "scenario", name);
    output_put_text(object, "path", path);
    output_put_text(object, "state", page_state_word(PAGE_BROKEN));
    output_put_text(object, "reason", reason);
    return object;
}
