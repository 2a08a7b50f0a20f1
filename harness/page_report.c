/*
 * What a run came to, as a page's data: verdict, calls, ladders, findings, screen, memory, the
 * scenario itself, and the lines of the driver that any of it names.
 */
#include "page_state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "report_text.h"
#include "rule.h"
#include "scenario.h"
#include "suite.h"

#define TEXT_BYTES        1024
#define PAGE_REGIONS_MAX  512u
#define PAGE_SCENARIO_MAX (SCENARIO_LINES_MAX * (SCENARIO_LINE_BYTES + 1u))
#define SOURCE_LINES_MAX  (1u << 20)

/* "" when there is none. */
static const char *result_word(int result)
{
    const char *word = scenario_result_word(result);
    return word != NULL ? word : "";
}

/* ---- events and places ---- */

/* `{step, text, place}`; null for an event that is none. */
static void put_event(struct page *page, struct page_json *json, const char *key,
                      const struct event *event, const char *label,
                      const struct world_outcome *outcome)
{
    char text[EVENT_TEXT_BYTES];

    if (event->step == 0)
        return;
    event_format(event, world_outcome_name, outcome, text, sizeof text);
    page_json_open(json, key, '{');
    page_json_number(json, "step", event->step);
    page_json_string(json, "text", text);
    page_json_string(json, "label", label);
    page_json_number(json, "place", page_place_of(page, event->pc));
    page_json_close(json, '}');
}

/* ---- calls ---- */

static void put_call(struct page_json *json, const struct world_call *call, uint64_t until)
{
    const struct scenario_action *action = call->action;
    char text[TEXT_BYTES];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", action->name);
    bool expected = action->result == -1 || action->result == call->result;

    for (size_t i = 0; i < action->args.count && used < sizeof text; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, " %" PRIu64, action->args.value[i]);
    page_json_open(json, NULL, '{');
    page_json_string(json, "text", text);
    page_json_number(json, "line", action->line);
    page_json_string(json, "result", result_word(call->result));
    page_json_string(json, "wanted", result_word(action->result));
    page_json_bool(json, "expected", expected || call->skipped);
    page_json_bool(json, "skipped", call->skipped);
    page_json_bool(json, "stuck", call->stuck);
    if (call->skipped)
        page_json_string(json, "note",
                         call->blocked_by > SUITE_OK && call->blocked_by != SUITE_UNSUPPORTED
                             ? "skipped: init did not come to OK"
                             : "skipped: the driver has no such operation");
    else if (call->crash != WORLD_CRASH_NONE)
        page_json_format(json, "note", "did not return: it %s", world_crash_text(call->crash));
    else if (call->result == -1)
        page_json_string(json, "note", until != 0 ? "stopped in here" : "did not return");
    page_json_close(json, '}');
}

/* ---- ladders ---- */

static void put_rung(struct page *page, struct page_json *json, const struct ladder *ladder,
                     unsigned rung, const struct world_outcome *outcome)
{
    static const char *const states[] = {[LADDER_MISSED] = "missed",
                                         [LADDER_REACHED] = "reached",
                                         [LADDER_NOT_NEEDED] = "not needed"};
    const struct ladder_step *step = &ladder->step[rung];

    page_json_open(json, NULL, '{');
    page_json_string(json, "word", ladder_word((enum ladder_rung)rung));
    page_json_string(json, "question", ladder_question((enum ladder_rung)rung));
    page_json_string(json, "state", states[step->state]);
    page_json_string(json, "label", step->label);
    put_event(page, json, "event", &step->event, "", outcome);
    page_json_close(json, '}');
}

/* Of a stuck call, or of the last one. Calls on the same rung are told once, as on a terminal. */
static void put_ladders(struct page *page, struct page_json *json,
                        const struct world_outcome *outcome)
{
    const struct ladder *before = NULL;

    page_json_open(json, "ladders", '[');
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        const struct ladder *ladder = &call->ladder;
        bool last = i + 1 == outcome->call_count && before == NULL && !call->skipped;
        bool same =
            before != NULL && before->missed == ladder->missed && before->queue == ladder->queue;
        if ((!call->stuck && !last) || (call->stuck && same))
            continue;
        page_json_open(json, NULL, '{');
        page_json_number(json, "call", i);
        page_json_number(json, "queue", ladder->queue);
        page_json_number(json, "missed", ladder->missed);
        page_json_bool(json, "stuck", call->stuck);
        page_json_open(json, "rungs", '[');
        for (unsigned rung = 0; rung < LADDER_RUNG_COUNT; rung++)
            put_rung(page, json, ladder, rung, outcome);
        page_json_close(json, ']');
        page_json_close(json, '}');
        before = call->stuck ? ladder : before;
    }
    page_json_close(json, ']');
}

/* ---- findings ---- */

static void put_rule(struct page_json *json, const struct rule *rule)
{
    page_json_string(json, "id", rule->id);
    page_json_string(json, "rule", rule->text);
    page_json_string(json, "section", rule->section);
    page_json_string(json, "title", rule->title != NULL ? rule->title : "");
    page_json_string(json, "party", event_party_word(rule->party));
    page_json_string(json, "force", rule_force_word(rule->force));
}

static void put_finding(struct page *page, struct page_json *json, const struct finding *finding,
                        const struct world_outcome *outcome)
{
    static const char *const levels[] = {
        [FINDING_NOTE] = "note", [FINDING_WARNING] = "warning", [FINDING_ERROR] = "error"};
    const char *help = finding->help[0] != '\0' ? finding->help : finding->rule->help;

    page_json_open(json, NULL, '{');
    page_json_string(json, "level", levels[finding->level]);
    page_json_string(json, "text", finding->text);
    put_rule(json, finding->rule);
    page_json_string(json, "help", help != NULL ? help : "");
    page_json_number(json, "times", finding->times);
    put_event(page, json, "at", &finding->at.event, finding->at.label, outcome);
    put_event(page, json, "cause", &finding->cause.event, finding->cause.label, outcome);
    page_json_open(json, "also", '[');
    for (uint32_t i = 0; i < finding->also_count && i < FINDING_ALSO_MAX; i++)
        put_event(page, json, NULL, &finding->also[i], "", outcome);
    page_json_close(json, ']');
    page_json_close(json, '}');
}

/* ---- the screen ---- */

static void put_picture(struct page *page, struct page_json *json, const char *key,
                        const struct picture *picture)
{
    char *bytes = NULL, *text = NULL;
    size_t count = 0, text_bytes = 0;
    FILE *png = picture->rgb != NULL ? open_memstream(&bytes, &count) : NULL;
    FILE *encoded = open_memstream(&text, &text_bytes);
    bool good = png != NULL && encoded != NULL && picture_put_png(picture, png) == NULL;

    if (png != NULL)
        good &= fclose(png) == 0;
    if (good)
        page_base64(encoded, (const uint8_t *)bytes, count);
    if (encoded != NULL)
        good &= fclose(encoded) == 0;
    if (good) {
        page_json_open(json, key, '{');
        page_json_number(json, "width", picture->width_px);
        page_json_number(json, "height", picture->height_px);
        page_json_string(json, "png", text);
        page_json_close(json, '}');
    } else if (picture->rgb != NULL) {
        page->failed = true;
    }
    free(bytes);
    free(text);
}

static void put_screen(struct page *page, struct page_json *json,
                       const struct world_outcome *outcome)
{
    const struct gpu_scanout_info *info = &outcome->scanout.info;

    if (outcome->scenario->kind != SCENARIO_DEVICE_GPU)
        return;
    page_json_open(json, "screen", '{');
    page_json_bool(json, "active", info->active);
    page_json_bool(json, "ever", info->ever_active);
    page_json_bool(json, "flushed", info->flushed);
    page_json_number(json, "resource", info->resource_id);
    page_json_number(json, "lostStep", info->lost_at_step);
    put_picture(page, json, "picture", &outcome->scanout.picture);
    put_picture(page, json, "last", &outcome->scanout.last);
    page_json_close(json, '}');
}

/* ---- the machine ---- */

__attribute__((format(printf, 3, 4))) static void put_fact(struct page_json *json, const char *name,
                                                           const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    page_json_open(json, NULL, '[');
    page_json_string(json, NULL, name);
    page_json_string(json, NULL, text);
    page_json_close(json, ']');
}

static const char *schedule_text(enum schedule_kind kind)
{
    switch (kind) {
    case SCHEDULE_EAGER:
        return "eager: the device acts to its end after each access of the driver";
    case SCHEDULE_LAZY:
        return "lazy: the device acts only when the driver polls or waits";
    case SCHEDULE_RANDOM:
        return "random: the seed decides who acts next";
    }
    return "";
}

static void put_facts(struct page_json *json, const struct world_outcome *outcome)
{
    const struct scenario *scenario = outcome->scenario;
    char options[TEXT_BYTES] = "";
    size_t used = 0;

    for (size_t i = 0; i < scenario->option_count && used < sizeof options; i++)
        used +=
            (size_t)snprintf(options + used, sizeof options - used, "%s%s %s", i > 0 ? ", " : "",
                             scenario->option[i].name, scenario->option[i].value);
    page_json_open(json, "facts", '[');
    put_fact(json, "schedule", "%s", schedule_text(scenario->schedule));
    put_fact(json, "interrupts", "%s",
             scenario->interrupts_any ? "between any two accesses of the driver"
                                      : "only where the driver waits");
    put_fact(json, "seed", "%" PRIu64, scenario->seed);
    if (scenario->schedule == SCHEDULE_RANDOM)
        put_fact(json, "odds", "%" PRIu32 " of %u that the device goes on", scenario->odds,
                 SCENARIO_ODDS_MAX);
    put_fact(json, "device", "%s, virtio-mmio version %" PRIu32 ", slot %" PRIu32 ", profile %s",
             scenario_device_word(scenario->kind), scenario->device.version, scenario->device.slot,
             scenario->device.profile == SIM_PROFILE_QEMU ? "qemu" : "spec");
    put_fact(json, "features offered", "0x%" PRIx64, scenario->device.features);
    put_fact(json, "QueueSizeMax", "%" PRIu32, scenario->device.queue_size_max);
    put_fact(json, "driver", "%s",
             outcome->driver[0] != '\0' ? outcome->driver : "none: the scenario plays the driver");
    if (used > 0)
        put_fact(json, "options", "%s", options);
    put_fact(json, "machine", "%s", scenario->machine.word);
    put_fact(json, "RAM", "%" PRIu64 " MiB at 0x%" PRIx64, scenario->memory_bytes >> 20,
             scenario->memory_base);
    put_fact(json, "steps", "%" PRIu64 ", of them %" PRIu64 " of the driver", outcome->steps,
             outcome->driver_steps);
    put_fact(json, "requests completed", "%" PRIu64, outcome->requests);
    put_fact(json, "DMA memory left", "%" PRIu64 " allocation%s", outcome->live_dma,
             outcome->live_dma == 1 ? "" : "s");
    page_json_close(json, ']');
}

static void put_regions(struct page_json *json, const struct world_outcome *outcome)
{
    static const char *const kinds[] = {[ARENA_REGION_DMA] = "allocated",
                                        [ARENA_REGION_STATIC] = "static data",
                                        [ARENA_REGION_STACK] = "stack"};
    const struct arena *arena = world_outcome_arena(outcome);
    size_t count = arena != NULL ? arena->region_count : 0;

    page_json_number(json, "regionsMore", count > PAGE_REGIONS_MAX ? count - PAGE_REGIONS_MAX : 0);
    page_json_open(json, "regions", '[');
    for (size_t i = 0; i < count && i < PAGE_REGIONS_MAX; i++) {
        const struct arena_region *region = &arena->regions[i];
        page_json_open(json, NULL, '[');
        page_json_string(json, NULL, region->what);
        page_json_hex(json, NULL, region->addr);
        page_json_number(json, NULL, region->size_bytes);
        page_json_string(json, NULL, kinds[region->kind % 3]);
        page_json_number(json, NULL, region->born_step);
        page_json_number(json, NULL, region->freed_step);
        page_json_close(json, ']');
    }
    page_json_close(json, ']');
}

/* ---- the scenario ---- */

static void put_scenario(struct page_json *json, const struct scenario *scenario)
{
    FILE *file = fopen(scenario->path, "re");
    char *text = malloc(PAGE_SCENARIO_MAX + 1);
    size_t bytes = file != NULL && text != NULL ? fread(text, 1, PAGE_SCENARIO_MAX, file) : 0;

    if (text != NULL) {
        text[bytes] = '\0';
        page_json_string(json, "scenario", text);
    }
    if (file != NULL)
        fclose(file);
    free(text);
}

static void put_failures(struct page_json *json, const struct world_outcome *outcome)
{
    page_json_open(json, "failures", '[');
    for (size_t i = 0; i < outcome->failure_count && i < WORLD_FAILURES_MAX; i++) {
        page_json_open(json, NULL, '[');
        page_json_number(json, NULL, outcome->failure[i].line);
        page_json_string(json, NULL, outcome->failure[i].text);
        page_json_close(json, ']');
    }
    page_json_close(json, ']');
    page_json_open(json, "skips", '[');
    for (size_t i = 0; i < outcome->skip_count && i < WORLD_SKIPS_MAX; i++) {
        page_json_open(json, NULL, '[');
        page_json_number(json, NULL, outcome->skip[i].line);
        page_json_string(json, NULL, outcome->skip[i].text);
        page_json_close(json, ']');
    }
    page_json_close(json, ']');
}

/* ---- source ---- */

static void want_lines(uint8_t *wanted, const char *file, const char *of, unsigned line)
{
    if (strcmp(file, of) != 0 || line == 0 || line >= SOURCE_LINES_MAX)
        return;
    unsigned first = line > PAGE_SOURCE_AROUND ? line - PAGE_SOURCE_AROUND : 1;
    for (unsigned i = first; i <= line + PAGE_SOURCE_AROUND; i++)
        wanted[i] = 1;
}

static void put_file(const struct page *page, struct page_json *json, const char *file,
                     uint8_t *wanted)
{
    char number[16];

    memset(wanted, 0, SOURCE_LINES_MAX + PAGE_SOURCE_AROUND + 1);
    for (uint32_t i = 1; i < page->place_count; i++) {
        want_lines(wanted, page->place[i].file, file, page->place[i].line);
        want_lines(wanted, page->place[i].via_file, file, page->place[i].via_line);
    }
    page_json_open(json, file, '{');
    for (unsigned line = 1; line < SOURCE_LINES_MAX; line++) {
        if (!wanted[line])
            continue;
        snprintf(number, sizeof number, "%u", line);
        page_json_string(json, number, source_text(file, line));
    }
    page_json_close(json, '}');
}

/* Is the file that of an earlier place? Places have two: 2i and 2i + 1. */
static const char *file_of(const struct page *page, uint32_t number)
{
    const struct page_place *place = &page->place[number / 2];
    return number % 2 == 0 ? place->file : place->via_file;
}

static void put_sources(struct page *page, struct page_json *json)
{
    uint8_t *wanted = malloc(SOURCE_LINES_MAX + PAGE_SOURCE_AROUND + 1);

    page_json_open(json, "places", '[');
    for (uint32_t i = 0; i < page->place_count; i++) {
        const struct page_place *place = &page->place[i];
        page_json_open(json, NULL, '[');
        page_json_string(json, NULL, place->file);
        page_json_number(json, NULL, place->line);
        page_json_string(json, NULL, place->function);
        page_json_string(json, NULL, place->via_file);
        page_json_number(json, NULL, place->via_line);
        page_json_close(json, ']');
    }
    page_json_close(json, ']');
    page_json_open(json, "sources", '{');
    for (uint32_t i = 2; wanted != NULL && i < 2 * page->place_count; i++) {
        bool known = file_of(page, i)[0] == '\0';
        for (uint32_t j = 2; j < i && !known; j++)
            known = strcmp(file_of(page, i), file_of(page, j)) == 0;
        if (!known)
            put_file(page, json, file_of(page, i), wanted);
    }
    page_json_close(json, '}');
    free(wanted);
}

/* ---- events ---- */

/* Between whom the arrow of an event goes; "" = it stays with its party. */
static const char *arrow_of(enum event_kind kind)
{
    switch (kind) {
    case EVENT_WRITE:
        return "to device";
    case EVENT_READ:
        return "from device";
    case EVENT_STORE:
    case EVENT_UPDATE:
        return "to memory";
    case EVENT_LOAD:
        return "from memory";
    case EVENT_INTERRUPT:
        return "to driver";
    case EVENT_CALL:
    case EVENT_RETURN:
    case EVENT_STUCK:
    case EVENT_CRASH:
    case EVENT_UNOBSERVED:
        return "across";
    case EVENT_BARRIER:
    case EVENT_CACHE:
    case EVENT_ALLOC:
    case EVENT_FREE:
    case EVENT_NO_WINDOW:
    case EVENT_FOREIGN:
    case EVENT_RELAX:
    case EVENT_WAIT:
    case EVENT_TAKE:
    case EVENT_EXECUTE:
    case EVENT_RESPOND:
    case EVENT_RESET:
    case EVENT_NEEDS_RESET:
    case EVENT_REFUSE:
    case EVENT_SCANOUT:
    case EVENT_FLUSH:
    case EVENT_CONFIG_CHANGE:
    case EVENT_FAULT:
    case EVENT_KIND_COUNT:
        break;
    }
    return "";
}

static void put_events(const struct page *page, struct page_json *json)
{
    page_json_open(json, "arrows", '{');
    for (enum event_kind kind = 0; kind < EVENT_KIND_COUNT; kind++)
        page_json_string(json, event_kind_word(kind), arrow_of(kind));
    page_json_close(json, '}');
    page_json_open(json, "labels", '[');
    for (uint32_t i = 0; i < page->label_count && i < PAGE_LABELS_MAX; i++)
        page_json_string(json, NULL, page->label[i]);
    page_json_close(json, ']');
    page_json_open(json, "foldKinds", '[');
#define X(name, word) page_json_string(json, NULL, word);
    PAGE_FOLDS(X)
#undef X
    page_json_close(json, ']');
    page_json_open(json, "markKinds", '[');
#define X(name, word) page_json_string(json, NULL, word);
    PAGE_MARKS(X)
#undef X
    page_json_close(json, ']');
    page_json_number(json, "eventsMore", page->events_dropped);
    page_json_number(json, "eventsMax", PAGE_EVENTS_MAX);
    page_json_number(json, "foldsMore", page->folds_dropped);
    page_json_number(json, "marksMore", page->marks_dropped);
    page_json_number(json, "notifications", page->ring_count);
    page_json_number(json, "ringsFirst", PAGE_RINGS_FIRST);
    page_json_number(json, "ringsLast", PAGE_RINGS_LAST);
    page_json_open(json, "blocks", '[');
    for (uint32_t i = 0; i < page->block_count && i < PAGE_BLOCKS_MAX; i++) {
        page_json_number(json, NULL, page->block[i].first_step);
        page_json_number(json, NULL, page->block[i].events);
    }
    page_json_close(json, ']');
}

void page_write_report(struct page *page, const struct world_outcome *outcome,
                       enum page_state state, uint64_t until_step, FILE *out)
{
    const struct scenario *scenario = outcome->scenario;
    struct page_json json = {out, true};
    char path[TEXT_BYTES];

    page_json_open(&json, NULL, '{');
    page_json_string(&json, "version", RINGSIDE_VERSION);
    page_json_string(&json, "name", scenario->name);
    page_json_string(&json, "path", scenario->path);
    page_json_string(&json, "description", scenario->description);
    page_json_string(&json, "state", page_state_word(state));
    report_shell_word(scenario->path, path, sizeof path);
    page_json_format(&json, "command", "ringside run %s%s%s", page->again,
                     page->again[0] != '\0' ? " " : "", path);
    page_json_number(&json, "steps", outcome->steps);
    page_json_number(&json, "until", until_step);
    page_json_bool(&json, "filled", outcome->response_filled);
    page_json_open(&json, "calls", '[');
    for (size_t i = 0; i < outcome->call_count; i++)
        put_call(&json, &outcome->call[i], until_step);
    page_json_close(&json, ']');
    put_ladders(page, &json, outcome);
    page_json_open(&json, "findings", '[');
    for (uint32_t i = 0; i < outcome->findings.count; i++)
        put_finding(page, &json, &outcome->findings.item[i], outcome);
    page_json_close(&json, ']');
    page_json_number(&json, "findingsMore", outcome->findings.dropped);
    put_failures(&json, outcome);
    put_screen(page, &json, outcome);
    put_facts(&json, outcome);
    put_regions(&json, outcome);
    put_scenario(&json, scenario);
    put_events(page, &json);
    put_sources(page, &json); /* last: all places are known now */
    page_json_close(&json, '}');
}
