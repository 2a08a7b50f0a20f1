/*
 * What Perfetto is told of one event, of a call, and of a finding.
 */
#include "timeline_perfetto.h"

#include <stdio.h>
#include <string.h>

#include "rule.h"
#include "suite.h"

#define NAME_BYTES (EVENT_TEXT_BYTES + 16u)

bool perfetto_is_access(const struct event *event)
{
    return event->kind <= EVENT_UPDATE;
}

static enum perfetto_track track_of(const struct event *event)
{
    if ((perfetto_is_access(event) && event->place >= EVENT_PLACE_MEMORY) ||
        event->kind == EVENT_ALLOC || event->kind == EVENT_FREE || event->kind == EVENT_CACHE ||
        event->party == EVENT_PARTY_MEMORY)
        return PERFETTO_TRACK_MEMORY;
    if (event->party == EVENT_PARTY_DEVICE)
        return PERFETTO_TRACK_DEVICE;
    return event->party == EVENT_PARTY_CLOCK ? PERFETTO_TRACK_CLOCK : PERFETTO_TRACK_DRIVER;
}

/* Appends a text; what does not fit is dropped. A long trace is made of these, so no printf. */
static char *append(char *at, char *end, const char *text)
{
    size_t bytes = strlen(text);

    if (bytes > (size_t)(end - at))
        bytes = (size_t)(end - at);
    memcpy(at, text, bytes);
    at[bytes] = '\0';
    return at + bytes;
}

/*
 * `load q0.avail.idx` for an access, of memory that is no ring `load NAME`; of anything else what
 * follows the party in its line. Memory is everybody's: there the party comes first.
 */
static void name_of(const struct event *event, const struct arena *arena, char out[NAME_BYTES])
{
    char *end = out + NAME_BYTES - 1;
    char *at = out;

    if (track_of(event) == PERFETTO_TRACK_MEMORY) {
        at = append(at, end, event_party_word((enum event_party)event->party));
        at = append(at, end, " ");
    }
    if (!perfetto_is_access(event)) {
        char text[EVENT_TEXT_BYTES];
        const char *rest = text;
        event_format(event, arena_name, arena, text, sizeof text);
        for (int words = 0; words < 2 && strchr(rest, ' ') != NULL; words++)
            rest = strchr(rest, ' ') + 1;
        (void)append(at, end, rest);
        return;
    }
    at = append(at, end, event_kind_word((enum event_kind)event->kind));
    at = append(at, end, " ");
    if (event->place == EVENT_PLACE_MEMORY) {
        const struct arena_region *region = arena_find(arena, event->addr);
        if (region != NULL && region->freed_step != 0)
            at = append(at, end, "freed ");
        (void)append(at, end, region != NULL ? region->what : "memory of nobody");
    } else {
        (void)event_format_place(event, arena_name, arena, at, (size_t)(end - at) + 1);
    }
}

static uint64_t track(struct perfetto_packets *packets, enum perfetto_track track)
{
    perfetto_declare(packets, track, 0, 0);
    return perfetto_uuid(packets, track, 0, 0);
}

void perfetto_tell_event(struct perfetto_packets *packets, const struct event *event,
                         const struct arena *arena, const struct perfetto_link *link)
{
    char name[NAME_BYTES];
    uint64_t uuid = track(packets, track_of(event));

    name_of(event, arena, name);
    perfetto_event_begin(packets, event->step, PERFETTO_INSTANT, uuid, name);
    if (perfetto_is_access(event)) {
        perfetto_note_hex(packets, PERFETTO_NOTE_VALUE, event->value);
        if (event->place >= EVENT_PLACE_MEMORY) {
            perfetto_note_hex(packets, PERFETTO_NOTE_ADDR, event->addr);
            perfetto_note_number(packets, PERFETTO_NOTE_BYTES, event->width_bytes);
        }
        if (event->verdict != EVENT_VERDICT_OK)
            perfetto_note_text(packets, PERFETTO_NOTE_VERDICT,
                               event_verdict_word((enum event_verdict)event->verdict));
    }
    if (event->repeat != 0)
        perfetto_note_number(packets, PERFETTO_NOTE_TIMES, (uint64_t)event->repeat + 1);
    perfetto_note_place(packets, PERFETTO_NOTE_AT, event->pc);
    for (size_t i = 0; i < link->flow_count; i++)
        perfetto_flow(packets, link->flow[i], link->is_last);
    perfetto_event_end(packets);
}

void perfetto_tell_call(struct perfetto_packets *packets, const struct event *event,
                        const struct world_sight *sight)
{
    uint64_t uuid = track(packets, PERFETTO_TRACK_DRIVER);
    char text[EVENT_TEXT_BYTES];

    if (event->kind == EVENT_CALL) {
        snprintf(text, sizeof text, "call %s", sight->outcome->call[event->index].action->name);
        perfetto_event_begin(packets, event->step, PERFETTO_BEGIN, uuid, text);
    } else { /* `world return 1 OK` */
        event_format(event, NULL, NULL, text, sizeof text);
        perfetto_event_begin(packets, event->step, PERFETTO_END, uuid, NULL);
        perfetto_note_text(packets, PERFETTO_NOTE_RESULT,
                           event->value < SUITE_RESULT_COUNT ? strrchr(text, ' ') + 1
                                                             : "did not return");
    }
    perfetto_event_end(packets);
}

void perfetto_tell_finding(struct perfetto_packets *packets, const struct finding *finding,
                           uint64_t last_step)
{
    static const char *const levels[] = {"note", "warning", "error"};
    const struct finding_place *cause = &finding->cause;
    const char *help = finding->help[0] != '\0' ? finding->help : finding->rule->help;
    uint64_t step = finding->at.event.step != 0 ? finding->at.event.step : last_step;
    uint64_t uuid = track(packets, PERFETTO_TRACK_FINDINGS);
    char name[FINDING_TEXT_BYTES + 64];

    snprintf(name, sizeof name, "%s: %s", finding->rule->id, finding->text);
    perfetto_event_begin(packets, step, PERFETTO_INSTANT, uuid, name);
    perfetto_note_text(packets, PERFETTO_NOTE_RULE, finding->rule->id);
    perfetto_note_text(packets, PERFETTO_NOTE_LEVEL, levels[finding->level]);
    if (finding->times > 1)
        perfetto_note_number(packets, PERFETTO_NOTE_TIMES, finding->times);
    perfetto_note_place(packets, PERFETTO_NOTE_AT, finding->at.event.pc);
    if (finding->at.label[0] != '\0')
        perfetto_note_text(packets, PERFETTO_NOTE_LABEL, finding->at.label);
    if (help != NULL && help[0] != '\0')
        perfetto_note_text(packets, PERFETTO_NOTE_HELP, help);
    if (cause->event.step != 0) {
        perfetto_note_number(packets, PERFETTO_NOTE_CAUSE_STEP, cause->event.step);
        perfetto_note_place(packets, PERFETTO_NOTE_CAUSE_AT, cause->event.pc);
        perfetto_note_text(packets, PERFETTO_NOTE_CAUSE, cause->label);
    }
    perfetto_event_end(packets);
}
