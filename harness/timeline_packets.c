/*
 * Perfetto's packets: what is sent once, and what an event looks like on the wire.
 *
 * Packets are far smaller than a packet may be: what is put into one has limits of its own
 * (finding texts, PERFETTO_FLOWS_MAX). One that did not fit would be left out as a whole.
 */
#include "timeline_perfetto.h"

#include <stdio.h>

/* Numbers of fields. */
enum { TRACE_packet = 1 };
enum {
    PACKET_timestamp = 8,
    PACKET_trusted_packet_sequence_id = 10,
    PACKET_track_event = 11,
    PACKET_interned_data = 12,
    PACKET_sequence_flags = 13,
    PACKET_track_descriptor = 60,
    PACKET_first_packet_on_sequence = 87
};
enum { SEQUENCE_CLEARED = 1, SEQUENCE_NEEDS_STATE = 2 };
enum {
    TRACK_uuid = 1,
    TRACK_name = 2,
    TRACK_process = 3,
    TRACK_parent_uuid = 5,
    TRACK_counter = 8,
    TRACK_child_ordering = 11,
    TRACK_sibling_order_rank = 12
};
enum { CHILD_ORDERING_EXPLICIT = 3 };
enum { PROCESS_pid = 1, PROCESS_process_name = 6 };
enum { COUNTER_unit = 3 };
enum { UNIT_COUNT = 2, UNIT_SIZE_BYTES = 3 };
enum {
    EVENT_debug_annotations = 4,
    EVENT_type = 9,
    EVENT_name_iid = 10,
    EVENT_track_uuid = 11,
    EVENT_name = 23,
    EVENT_counter_value = 30,
    EVENT_flow_ids = 47,
    EVENT_terminating_flow_ids = 48
};
enum { TYPE_COUNTER = 4 };
enum {
    ANNOTATION_name_iid = 1,
    ANNOTATION_uint_value = 3,
    ANNOTATION_string_value = 6,
    ANNOTATION_pointer_value = 7,
    ANNOTATION_string_value_iid = 17
};
enum {
    INTERNED_event_names = 2,
    INTERNED_debug_annotation_names = 3,
    INTERNED_debug_annotation_string_values = 29
};
enum { TEXT_iid = 1, TEXT_text = 2 }; /* of EventName and its likes */

/* A track's number: its scenario, what it is, its queue, and for requests that overlap the lane. */
#define UUID_QUEUE_SHIFT    20
#define UUID_TRACK_SHIFT    24
#define UUID_SCENARIO_SHIFT 32

#define PERFETTO_PROBES_MAX 16u /* slots of a table that are looked at */

/* ---- packets ---- */

static void packet_begin(struct perfetto_packets *packets)
{
    packets->packet.used = packets->interned.used = 0;
    packets->packet.overflown = packets->interned.overflown = false;
    packets->begin = protobuf_begin(&packets->packet, TRACE_packet);
}

static void packet_send(struct perfetto_packets *packets, unsigned flags)
{
    struct protobuf *packet = &packets->packet;

    protobuf_uint(packet, PACKET_trusted_packet_sequence_id, packets->number);
    protobuf_uint(packet, PACKET_sequence_flags, flags);
    if (packets->interned.used != 0)
        protobuf_append(packet, PACKET_interned_data, &packets->interned);
    protobuf_end(packet, packets->begin);
    if (!packet->overflown)
        timeline_put(packets->out, packet->bytes, packet->used);
}

/* ---- texts that go by a number ---- */

static void intern(struct perfetto_packets *packets, unsigned field, uint64_t iid, const char *text)
{
    size_t entry = protobuf_begin(&packets->interned, field);

    protobuf_uint(&packets->interned, TEXT_iid, iid);
    protobuf_string(&packets->interned, TEXT_text, text);
    protobuf_end(&packets->interned, entry);
}

static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* The number of an event's name, sent with this packet if it is new; 0 when it gets none. */
static uint64_t name_number(struct perfetto_packets *packets, const char *text)
{
    uint64_t hash = hash_of(text);
    size_t slot = hash % PERFETTO_NAMES_MAX;

    if (text[0] == '\0' || strlen(text) >= PERFETTO_NAME_BYTES)
        return 0;
    for (size_t i = 0; i < PERFETTO_PROBES_MAX; i++) {
        struct perfetto_name *name = &packets->name[slot];
        if (name->text[0] == '\0') {
            name->hash = hash;
            memcpy(name->text, text, strlen(text) + 1);
            intern(packets, INTERNED_event_names, slot + 1, text);
            return slot + 1;
        }
        if (name->hash == hash && strcmp(name->text, text) == 0)
            return slot + 1;
        slot = (slot + 1) % PERFETTO_NAMES_MAX;
    }
    return 0;
}

static bool place_text(uintptr_t pc, char *out, size_t out_bytes)
{
    struct source_place place;

    if (!source_find(pc, &place) || source_main_line(&place) == 0)
        return false;
    snprintf(out, out_bytes, "%s:%u", source_main_file(&place), source_main_line(&place));
    return true;
}

/* The same for an address in the driver; `text` is filled in when it must be written out. */
static uint64_t place_number(struct perfetto_packets *packets, uintptr_t pc, char *text,
                             size_t text_bytes)
{
    size_t slot = (size_t)((pc ^ pc >> 12) % PERFETTO_PCS_MAX);

    text[0] = '\0';
    for (size_t i = 0; i < PERFETTO_PROBES_MAX; i++) {
        struct perfetto_pc *at = &packets->pc[slot];
        if (at->pc == pc)
            return at->known ? slot + 1 : 0;
        if (at->pc == 0) {
            at->pc = pc;
            at->known = place_text(pc, text, text_bytes);
            if (at->known)
                intern(packets, INTERNED_debug_annotation_string_values, slot + 1, text);
            return at->known ? slot + 1 : 0;
        }
        slot = (slot + 1) % PERFETTO_PCS_MAX;
    }
    (void)place_text(pc, text, text_bytes);
    return 0;
}

/* ---- tracks ---- */

void perfetto_open(struct perfetto_packets *packets, struct timeline_output *out,
                   const char *scenario, unsigned number)
{
    static const char *const notes[] = {
#define X(name, text) text,
        PERFETTO_NOTES(X)
#undef X
    };
    size_t track, process;

    memset(packets, 0, sizeof *packets);
    packets->out = out;
    packets->number = number;
    packet_begin(packets);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        intern(packets, INTERNED_debug_annotation_names, i + 1, notes[i]);
    protobuf_uint(&packets->packet, PACKET_first_packet_on_sequence, 1);
    track = protobuf_begin(&packets->packet, PACKET_track_descriptor);
    protobuf_uint(&packets->packet, TRACK_uuid,
                  perfetto_uuid(packets, PERFETTO_TRACK_SCENARIO, 0, 0));
    process = protobuf_begin(&packets->packet, TRACK_process);
    protobuf_uint(&packets->packet, PROCESS_pid, number);
    protobuf_string(&packets->packet, PROCESS_process_name, scenario);
    protobuf_end(&packets->packet, process);
    protobuf_uint(&packets->packet, TRACK_child_ordering, CHILD_ORDERING_EXPLICIT);
    protobuf_end(&packets->packet, track);
    packet_send(packets, SEQUENCE_CLEARED | SEQUENCE_NEEDS_STATE);
}

uint64_t perfetto_uuid(const struct perfetto_packets *packets, enum perfetto_track track,
                       unsigned queue, unsigned lane)
{
    return (uint64_t)packets->number << UUID_SCENARIO_SHIFT |
           ((uint64_t)track + 1) << UUID_TRACK_SHIFT | (uint64_t)queue << UUID_QUEUE_SHIFT | lane;
}

static bool is_counter(enum perfetto_track track)
{
    return track == PERFETTO_TRACK_AVAIL_IDX || track == PERFETTO_TRACK_USED_IDX ||
           track == PERFETTO_TRACK_IN_FLIGHT || track == PERFETTO_TRACK_DMA;
}

void perfetto_declare(struct perfetto_packets *packets, enum perfetto_track track, unsigned queue,
                      unsigned lane)
{
    static const char *const names[] = {
#define X(name, text) text,
        PERFETTO_TRACKS(X)
#undef X
    };
    const char *percent = strchr(names[track], '%');
    char name[PERFETTO_NAME_BYTES];
    size_t begin, counter;

    if (lane == 0 && (packets->declared[track] & 1u << queue) != 0)
        return;
    packets->declared[track] |= 1u << queue;
    if (percent != NULL) /* the names are those above, and have %u at most */
        snprintf(name, sizeof name, "%.*s%u%s", (int)(percent - names[track]), names[track], queue,
                 percent + 2);
    else
        snprintf(name, sizeof name, "%s", names[track]);
    packet_begin(packets);
    begin = protobuf_begin(&packets->packet, PACKET_track_descriptor);
    protobuf_uint(&packets->packet, TRACK_uuid, perfetto_uuid(packets, track, queue, lane));
    protobuf_uint(&packets->packet, TRACK_parent_uuid,
                  perfetto_uuid(packets, PERFETTO_TRACK_SCENARIO, 0, 0));
    protobuf_string(&packets->packet, TRACK_name, name);
    if (is_counter(track)) {
        counter = protobuf_begin(&packets->packet, TRACK_counter);
        protobuf_uint(&packets->packet, COUNTER_unit,
                      track == PERFETTO_TRACK_DMA ? UNIT_SIZE_BYTES : UNIT_COUNT);
        protobuf_end(&packets->packet, counter);
    }
    protobuf_uint(&packets->packet, TRACK_sibling_order_rank, track * SIM_QUEUES_MAX + queue);
    protobuf_end(&packets->packet, begin);
    packet_send(packets, SEQUENCE_NEEDS_STATE);
}

/* ---- events ---- */

void perfetto_event_begin(struct perfetto_packets *packets, uint64_t step, enum perfetto_type type,
                          uint64_t track_uuid, const char *name)
{
    struct protobuf *packet = &packets->packet;

    packet_begin(packets);
    protobuf_uint(packet, PACKET_timestamp, step);
    packets->event = protobuf_begin(packet, PACKET_track_event);
    protobuf_uint(packet, EVENT_type, type);
    protobuf_uint(packet, EVENT_track_uuid, track_uuid);
    if (name != NULL) {
        uint64_t iid = name_number(packets, name);
        if (iid != 0)
            protobuf_uint(packet, EVENT_name_iid, iid);
        else
            protobuf_string(packet, EVENT_name, name);
    }
}

static size_t note_begin(struct perfetto_packets *packets, enum perfetto_note note)
{
    size_t begin = protobuf_begin(&packets->packet, EVENT_debug_annotations);

    protobuf_uint(&packets->packet, ANNOTATION_name_iid, (uint64_t)note + 1);
    return begin;
}

void perfetto_note_hex(struct perfetto_packets *packets, enum perfetto_note note, uint64_t value)
{
    size_t begin = note_begin(packets, note);

    protobuf_uint(&packets->packet, ANNOTATION_pointer_value, value);
    protobuf_end(&packets->packet, begin);
}

void perfetto_note_number(struct perfetto_packets *packets, enum perfetto_note note, uint64_t value)
{
    size_t begin = note_begin(packets, note);

    protobuf_uint(&packets->packet, ANNOTATION_uint_value, value);
    protobuf_end(&packets->packet, begin);
}

void perfetto_note_text(struct perfetto_packets *packets, enum perfetto_note note, const char *text)
{
    size_t begin = note_begin(packets, note);

    protobuf_string(&packets->packet, ANNOTATION_string_value, text);
    protobuf_end(&packets->packet, begin);
}

void perfetto_note_place(struct perfetto_packets *packets, enum perfetto_note note, uintptr_t pc)
{
    char text[SOURCE_FILE_BYTES + 16];
    uint64_t iid = pc != 0 ? place_number(packets, pc, text, sizeof text) : 0;
    size_t begin;

    if (pc == 0 || (iid == 0 && text[0] == '\0'))
        return;
    begin = note_begin(packets, note);
    if (iid != 0)
        protobuf_uint(&packets->packet, ANNOTATION_string_value_iid, iid);
    else
        protobuf_string(&packets->packet, ANNOTATION_string_value, text);
    protobuf_end(&packets->packet, begin);
}

void perfetto_flow(struct perfetto_packets *packets, uint64_t flow, bool is_last)
{
    protobuf_fixed64(&packets->packet, is_last ? EVENT_terminating_flow_ids : EVENT_flow_ids, flow);
}

void perfetto_event_end(struct perfetto_packets *packets)
{
    protobuf_end(&packets->packet, packets->event);
    packet_send(packets, SEQUENCE_NEEDS_STATE);
}

void perfetto_counter(struct perfetto_packets *packets, uint64_t step, enum perfetto_track track,
                      unsigned queue, uint64_t value)
{
    perfetto_declare(packets, track, queue, 0);
    packet_begin(packets);
    protobuf_uint(&packets->packet, PACKET_timestamp, step);
    packets->event = protobuf_begin(&packets->packet, PACKET_track_event);
    protobuf_uint(&packets->packet, EVENT_type, TYPE_COUNTER);
    protobuf_uint(&packets->packet, EVENT_track_uuid, perfetto_uuid(packets, track, queue, 0));
    protobuf_uint(&packets->packet, EVENT_counter_value, value);
    perfetto_event_end(packets);
}
