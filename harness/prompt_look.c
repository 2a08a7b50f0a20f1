/*
 * Commands that look: where the run stands, what led there, and what there is to see.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gpu.h"
#include "number.h"
#include "picture.h"
#include "prompt.h"
#include "report.h"
#include "scenario.h"
#include "source.h"
#include "view.h"
#include "world_state.h"

#define SHOWN_EVENTS       8u /* of what happened since the last stop */
#define SHOWN_SOURCE_LINES 4u /* before and behind the line in question */
#define TRACE_EVENTS       16u
#define MEM_BYTES          64u
#define MEM_BYTES_MAX      65536u
#define LINE_MAX_COUNT     1000000u

static const struct world_sight *sight_of(const struct prompt *prompt)
{
    return session_sight(prompt->session);
}

/* ---- events ---- */

/* `transport.c:106`; "" if it is not known. */
static void place_text(uintptr_t pc, char *out, size_t out_bytes, struct source_place *place)
{
    const char *file, *slash;

    out[0] = '\0';
    if (pc == 0 || !source_find(pc, place))
        return;
    file = source_main_file(place);
    slash = strrchr(file, '/');
    snprintf(out, out_bytes, "%.80s:%u", slash != NULL ? slash + 1 : file, source_main_line(place));
}

void prompt_put_event(struct prompt *prompt, const struct event *event, bool with_source)
{
    const struct world_sight *sight = sight_of(prompt);
    struct source_place place;
    char text[EVENT_TEXT_BYTES], where[96], line[EVENT_TEXT_BYTES + 128];
    unsigned columns = prompt->report.columns;
    size_t used;

    (void)event_format(event, arena_name, sight->arena, text, sizeof text);
    place_text(event->pc, where, sizeof where, &place);
    used = (size_t)snprintf(line, sizeof line, "%s", text);
    if (where[0] != '\0') {
        size_t room = used + strlen(where) + 2 < columns ? columns - used - strlen(where) : 2;
        snprintf(line + used, sizeof line - used, "%*s%s", (int)room, "", where);
    }
    report_clip(prompt->out, &prompt->report,
                event->party == EVENT_PARTY_DRIVER ? REPORT_STYLE_PLAIN : REPORT_STYLE_FAINT, 0,
                line);
    if (with_source && where[0] != '\0') {
        const char *source = source_text(source_main_file(&place), source_main_line(&place));
        source += strspn(source, " \t");
        (void)report_put(prompt->out, &prompt->report, REPORT_STYLE_GUTTER, "    | ");
        report_clip(prompt->out, &prompt->report, REPORT_STYLE_PLAIN, 6, source);
    }
}

/* What comes next: the driver's access, without its value, and what the device would do. */
static void put_next(struct prompt *prompt)
{
    const struct control *control = &prompt->session->control;
    const struct world *world = prompt->session->world;
    char text[EVENT_TEXT_BYTES], line[EVENT_TEXT_BYTES + 128];
    struct event next;
    bool device = sim_device_peek(&world->device, &next);

    if (control->next_known) {
        struct source_place place;
        char where[96], head[64];
        if (control->next.kind == EVENT_BARRIER)
            snprintf(text, sizeof text, "%s",
                     event_barrier_word((enum event_barrier)control->next.value));
        else
            (void)event_format_place(&control->next, arena_name, &world->arena, text, sizeof text);
        place_text(control->next.pc, where, sizeof where, &place);
        snprintf(head, sizeof head, "next: driver %s ",
                 event_kind_word((enum event_kind)control->next.kind));
        snprintf(line, sizeof line, "%s%.150s  %.80s", head, text, where);
        report_clip(prompt->out, &prompt->report, REPORT_STYLE_NOTE, 0, line);
    }
    if (device) {
        text[0] = '\0';
        if (next.place != EVENT_PLACE_NONE)
            (void)event_format_place(&next, arena_name, &world->arena, text, sizeof text);
        snprintf(line, sizeof line, "%s: device %s %.150s%s", control->next_known ? "or" : "next",
                 event_kind_word((enum event_kind)next.kind), text,
                 world->hold ? " (held: `act`, or `release`)" : "");
        report_clip(prompt->out, &prompt->report, REPORT_STYLE_NOTE, 0, line);
    }
}

/* ---- where the run stands ---- */

static void put_why(struct prompt *prompt)
{
    static const char *const texts[] = {
#define X(name, text) [CONTROL_##name] = text,
        CONTROL_WHYS(X)
#undef X
    };
    const struct session *session = prompt->session;
    const struct control *control = &session->control;
    size_t ahead = session->act_count - session->act_next;
    char text[64];

    if (session->recording == SESSION_RECORDED)
        fprintf(prompt->out, "wrote %s: %" PRIu64 " events\n", session->record_path,
                session->recorded);
    else if (session->recording == SESSION_RECORD_FAILED)
        (void)prompt_misused(prompt, "%s was not written", session->record_path);
    if (session->not_found)
        report_wrap(prompt->out, &prompt->report, REPORT_STYLE_NOTE, "", 0, 0,
                    "it did not come before; still here");
    if (control->why == CONTROL_BREAK) {
        snprintf(text, sizeof text, "breakpoint %u", control->break_number);
        report_wrap(prompt->out, &prompt->report, REPORT_STYLE_NOTE, "", 0, 0, text);
    } else if (texts[control->why][0] != '\0' && control->why != CONTROL_REACHED) {
        report_wrap(prompt->out, &prompt->report, REPORT_STYLE_NOTE, "", 0, 0, texts[control->why]);
    }
    if (ahead > 0) {
        snprintf(text, sizeof text, "%zu thing%s done by hand come%s again further on", ahead,
                 ahead == 1 ? "" : "s", ahead == 1 ? "s" : "");
        report_wrap(prompt->out, &prompt->report, REPORT_STYLE_NOTE, "", 0, 0, text);
    }
}

/* Findings that are new since the last stop, one line each. */
static void put_new_findings(struct prompt *prompt)
{
    const struct findings *findings = &prompt->session->outcome->findings;

    if (prompt->seen_findings > findings->count)
        prompt->seen_findings = findings->count;
    for (uint32_t i = prompt->seen_findings; i < findings->count; i++) {
        const struct finding *finding = &findings->item[i];
        char text[64];
        snprintf(text, sizeof text, "%s[%s]: ",
                 finding->level == FINDING_ERROR     ? "error"
                 : finding->level == FINDING_WARNING ? "warning"
                                                     : "note",
                 finding->rule->id);
        unsigned at =
            report_put(prompt->out, &prompt->report,
                       finding->level == FINDING_ERROR ? REPORT_STYLE_ERROR : REPORT_STYLE_WARNING,
                       text);
        report_wrap(prompt->out, &prompt->report, REPORT_STYLE_PLAIN, "", 4, at, finding->text);
    }
    prompt->seen_findings = findings->count;
}

void prompt_show_stop(struct prompt *prompt)
{
    const struct session *session = prompt->session;
    uint64_t step = session->control.step;
    uint64_t fresh = session->event_count > prompt->seen_events && step >= prompt->seen_step
                         ? session->event_count - prompt->seen_events
                         : 1;
    uint64_t shown = fresh < SHOWN_EVENTS ? fresh : SHOWN_EVENTS;

    if (session->event_count < fresh)
        shown = session->event_count;
    if (fresh > shown && step > prompt->seen_step)
        fprintf(prompt->out, "... %" PRIu64 " events\n", fresh - 3);
    if (fresh > shown)
        shown = 3;
    for (uint64_t back = shown; back-- > 0;) {
        const struct event *event = session_event(session, back);
        if (event != NULL)
            prompt_put_event(prompt, event, back == 0);
    }
    prompt->seen_events = session->event_count;
    prompt->seen_step = step;
    put_new_findings(prompt);
    put_why(prompt);
    if (session->over)
        report_outcome(prompt->out, &prompt->report, session->outcome);
    else
        put_next(prompt);
}

enum prompt_result prompt_where(struct prompt *prompt, const char *word_given, const char *rest)
{
    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    (void)prompt_trace(prompt, "trace", " 8");
    (void)prompt_source(prompt, "source", "");
    put_why(prompt);
    if (!prompt->session->over)
        put_next(prompt);
    return PROMPT_LOOKED;
}

enum prompt_result prompt_trace(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct session *session = prompt->session;
    uint64_t count;

    (void)word_given;
    if (!prompt_number(prompt, &rest, "the number of events", TRACE_EVENTS, &count) ||
        !prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    if (count > SESSION_EVENTS_MAX)
        return prompt_misused(prompt, "%u events are kept", SESSION_EVENTS_MAX);
    count = count < session->event_count ? count : session->event_count;
    for (uint64_t back = count; back-- > 0;)
        prompt_put_event(prompt, session_event(session, back), false);
    return PROMPT_LOOKED;
}

enum prompt_result prompt_findings(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct world_outcome *outcome = prompt->session->outcome;

    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    for (uint32_t i = 0; i < outcome->findings.count; i++)
        report_finding(prompt->out, &prompt->report, outcome, &outcome->findings.item[i]);
    if (outcome->findings.count == 0)
        fputs("nothing was found so far\n", prompt->out);
    return PROMPT_LOOKED;
}

/* ---- the ladder ---- */

enum prompt_result prompt_why(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct model *model = sight_of(prompt)->model;
    struct ladder *ladder = calloc(1, sizeof *ladder);
    uint32_t waited = model_waiting_queue(model);
    size_t shown = 0;

    (void)word_given;
    if (!prompt_end(prompt, rest) || ladder == NULL) {
        free(ladder);
        return PROMPT_MISUSED;
    }
    for (uint32_t number = 0; number < SIM_QUEUES_MAX; number++) {
        const struct model_queue *queue = &model->queue[number];
        for (uint32_t head = 0; queue->live && head < queue->size; head++) {
            const struct model_request *request = &queue->request[head];
            if (request->state == MODEL_FREE || request->number == 0)
                continue;
            ladder_climb_request(model, number, (uint16_t)head, ladder);
            fprintf(prompt->out, "request %" PRIu64 " of queue %u, head %u%s\n", request->number,
                    number, head, request->abandoned ? ", given up by the driver" : "");
            report_ladder(prompt->out, &prompt->report, prompt->session->outcome, ladder);
            shown++;
        }
    }
    if (shown == 0) {
        ladder_climb(model, waited, ladder);
        fputs("no request is in flight\n", prompt->out);
        report_ladder(prompt->out, &prompt->report, prompt->session->outcome, ladder);
    }
    free(ladder);
    return PROMPT_LOOKED;
}

/* ---- views ---- */

enum prompt_result prompt_regs(struct prompt *prompt, const char *word_given, const char *rest)
{
    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    view_regs(prompt->out, &prompt->report, sight_of(prompt));
    return PROMPT_LOOKED;
}

enum prompt_result prompt_model(struct prompt *prompt, const char *word_given, const char *rest)
{
    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    view_model(prompt->out, &prompt->report, sight_of(prompt));
    return PROMPT_LOOKED;
}

/* A queue as `1` or `q1`; false after a message. */
static bool take_queue(struct prompt *prompt, const char **rest, uint64_t fallback, uint64_t *queue)
{
    const char *at = *rest + strspn(*rest, " \t");

    if (at[0] == 'q' && isdigit((unsigned char)at[1]))
        *rest = at + 1;
    if (!prompt_number(prompt, rest, "a queue", fallback, queue))
        return false;
    if (*queue >= sight_of(prompt)->device->class->queue_count) {
        prompt_misused(prompt, "the device has queues 0 to %u",
                       sight_of(prompt)->device->class->queue_count - 1);
        return false;
    }
    return true;
}

enum prompt_result prompt_ring(struct prompt *prompt, const char *word_given, const char *rest)
{
    uint64_t queue;

    (void)word_given;
    if (!take_queue(prompt, &rest, model_waiting_queue(sight_of(prompt)->model), &queue) ||
        !prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    view_ring(prompt->out, &prompt->report, sight_of(prompt), (uint32_t)queue);
    return PROMPT_LOOKED;
}

enum prompt_result prompt_desc(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct world_sight *sight = sight_of(prompt);
    uint64_t queue = model_waiting_queue(sight->model);
    uint64_t head = UINT64_MAX;
    const char *at = rest;
    char word[32];
    bool two;

    (void)word_given;
    (void)prompt_word(&at, word, sizeof word);
    two = at[strspn(at, " \t")] != '\0';
    if (two && !take_queue(prompt, &rest, queue, &queue))
        return PROMPT_MISUSED;
    if (!prompt_number(prompt, &rest, "a descriptor", UINT64_MAX, &head) ||
        !prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    if (head == UINT64_MAX)
        return prompt_misused(prompt, "which chain? `desc HEAD`, or `desc QUEUE HEAD`");
    if (!sim_queue_is_live(sight->device, (uint32_t)queue))
        return prompt_misused(prompt, "queue %" PRIu64 " is not live", queue);
    if (head >= sight->device->queue[queue].size)
        return prompt_misused(prompt, "queue %" PRIu64 " has descriptors 0 to %u", queue,
                              sight->device->queue[queue].size - 1);
    view_desc(prompt->out, &prompt->report, sight, (uint32_t)queue, (uint16_t)head);
    return PROMPT_LOOKED;
}

/* An address, a field of a queue, or NAME+0xOFFSET; false after a message. */
static bool take_address(struct prompt *prompt, const char **rest, uint64_t *addr)
{
    const struct world_sight *sight = sight_of(prompt);
    char word[96];
    struct pattern pattern;
    char *plus;

    if (!prompt_word(rest, word, sizeof word)) {
        prompt_misused(prompt, "where? `mem ADDRESS`, `mem q0.used.idx`, `mem controlq+0x100`");
        return false;
    }
    plus = strrchr(word, '+');
    if (!isdigit((unsigned char)word[0]) && plus != NULL) {
        uint64_t offset = 0;
        *plus = '\0';
        if (number_read(plus + 1, strlen(plus + 1), &offset) != NUMBER_GOOD) {
            prompt_misused(prompt, "behind the `+`: a number, decimal or 0x, not `%s`", plus + 1);
            return false;
        }
        for (size_t i = sight->arena->region_count; i-- > 0;) {
            const struct arena_region *region = &sight->arena->regions[i];
            if (region->freed_step == 0 && strcmp(region->what, word) == 0) {
                *addr = region->addr + offset;
                return true;
            }
        }
        prompt_misused(prompt, "there is no memory with the name `%s`", word);
        return false;
    }
    if (!prompt_pattern(prompt, word, "an address", &pattern))
        return false;
    if (pattern.scope == PATTERN_RANGE) {
        *addr = pattern.low;
        return true;
    }
    if (pattern.scope != PATTERN_FIELD || !place_address(sight->device, &pattern.event)) {
        prompt_misused(prompt, "`%s` is not in memory, or its queue is not live", word);
        return false;
    }
    *addr = pattern.event.addr;
    return true;
}

enum prompt_result prompt_mem(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct arena *arena = sight_of(prompt)->arena;
    uint64_t addr, bytes;

    (void)word_given;
    if (!take_address(prompt, &rest, &addr) ||
        !prompt_number(prompt, &rest, "the number of bytes", MEM_BYTES, &bytes) ||
        !prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    if (addr < arena->base || addr - arena->base >= arena->size_bytes)
        return prompt_misused(prompt, "RAM goes from 0x%" PRIx64 " to 0x%" PRIx64, arena->base,
                              arena->base + arena->size_bytes - 1);
    if (bytes == 0 || bytes > MEM_BYTES_MAX)
        return prompt_misused(prompt, "1 to %u bytes", MEM_BYTES_MAX);
    if (bytes > arena->base + arena->size_bytes - addr)
        bytes = arena->base + arena->size_bytes - addr;
    view_mem(prompt->out, &prompt->report, sight_of(prompt), addr, bytes);
    return PROMPT_LOOKED;
}

/* ---- source ---- */

static void put_source(struct prompt *prompt, const char *file, unsigned line)
{
    unsigned first = line > SHOWN_SOURCE_LINES ? line - SHOWN_SOURCE_LINES : 1;

    report_wrap(prompt->out, &prompt->report, REPORT_STYLE_BOLD, "", 2, 0, file);
    for (unsigned i = first; i <= line + SHOWN_SOURCE_LINES; i++) {
        char number[32];
        const char *text = source_text(file, i);
        if (i > line && text[0] == '\0')
            continue;
        snprintf(number, sizeof number, "%s%5u | ", i == line ? ">" : " ", i);
        unsigned at = report_put(prompt->out, &prompt->report, REPORT_STYLE_GUTTER, number);
        report_clip(prompt->out, &prompt->report,
                    i == line ? REPORT_STYLE_BOLD : REPORT_STYLE_PLAIN, at, text);
    }
}

enum prompt_result prompt_source(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct session *session = prompt->session;
    struct source_place place;
    char word[256];
    char *colon;

    (void)word_given;
    if (prompt_word(&rest, word, sizeof word)) {
        colon = strrchr(word, ':');
        unsigned long line = colon != NULL ? strtoul(colon + 1, NULL, 10) : 0;
        if (line == 0 || line > LINE_MAX_COUNT)
            return prompt_misused(prompt, "`source FILE:LINE`, with a path as findings show it");
        *colon = '\0';
        if (source_text(word, (unsigned)line)[0] == '\0')
            return prompt_misused(prompt, "%s:%lu cannot be read, or is empty", word, line);
        put_source(prompt, word, (unsigned)line);
        return prompt_end(prompt, rest) ? PROMPT_LOOKED : PROMPT_MISUSED;
    }
    if (session->control.next_known && source_find(session->control.next.pc, &place)) {
        put_source(prompt, source_main_file(&place), source_main_line(&place));
        return PROMPT_LOOKED;
    }
    for (uint64_t back = 0; back < SESSION_EVENTS_MAX; back++) {
        const struct event *event = session_event(session, back);
        if (event == NULL)
            break;
        if (event->pc != 0 && source_find(event->pc, &place)) {
            put_source(prompt, source_main_file(&place), source_main_line(&place));
            return PROMPT_LOOKED;
        }
    }
    fputs("no code of the driver has run yet, or it has no debug information\n", prompt->out);
    return PROMPT_LOOKED;
}

/* ---- screens ---- */

enum prompt_result prompt_scanout(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct world_sight *sight = sight_of(prompt);
    struct picture picture = {0};
    char path[256];
    const char *error;

    (void)word_given;
    if (sight->device->class != &gpu_class)
        return prompt_misused(prompt, "this device has no screen");
    view_scanouts(prompt->out, &prompt->report, sight);
    if (!prompt_word(&rest, path, sizeof path))
        return PROMPT_LOOKED;
    const char *after = rest;
    char file[sizeof path];
    unsigned long scanout = 0;
    if (strspn(path, "0123456789") == strlen(path) && prompt_word(&after, file, sizeof file)) {
        scanout = strtoul(path, NULL, 10);
        memcpy(path, file, sizeof path);
        rest = after;
    }
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    if (scanout >= VIRTIO_GPU_MAX_SCANOUTS ||
        !gpu_scanout_picture(&prompt->session->world->device, (uint32_t)scanout, &picture))
        return prompt_misused(prompt, "scanout %lu shows nothing", scanout);
    error = picture_write_png(&picture, path);
    if (error == NULL)
        fprintf(prompt->out, "wrote %s (%" PRIu32 "x%" PRIu32 ")\n", path, picture.width_px,
                picture.height_px);
    picture_free(&picture);
    return error == NULL ? PROMPT_LOOKED : prompt_misused(prompt, "%s: %s", path, error);
}
