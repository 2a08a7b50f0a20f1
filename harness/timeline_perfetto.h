/*
 * Perfetto's packets, as far as a timeline uses them: tracks, slices, instants, counters, flows.
 *
 * Field numbers are those of Perfetto's public schema (perfetto.protos.Trace and what it holds);
 * tests/perfetto.proto says the same to a reader of its own. Packets of one scenario make a
 * sequence, in which texts that come again are sent once and then go by a number.
 */
#ifndef RINGSIDE_HARNESS_TIMELINE_PERFETTO_H
#define RINGSIDE_HARNESS_TIMELINE_PERFETTO_H

#include "source.h"
#include "timeline_protobuf.h"
#include "timeline_writer.h"

#define PERFETTO_NAMES_MAX  4096u /* texts that go by a number; others are written out each time */
#define PERFETTO_NAME_BYTES 56u
#define PERFETTO_PCS_MAX    4096u /* places in the driver's code */
#define PERFETTO_FLOWS_MAX  128u  /* that one event can be a part of */

/* X(name, text): tracks, in the order in which they are shown; %u is the queue. */
#define PERFETTO_TRACKS(X)                                                                         \
    X(SCENARIO, "")                                                                                \
    X(DRIVER, "driver")                                                                            \
    X(DEVICE, "device")                                                                            \
    X(PHASE, "device: queue %u")                                                                   \
    X(REQUEST, "queue %u: requests")                                                               \
    X(MEMORY, "memory")                                                                            \
    X(CLOCK, "clock")                                                                              \
    X(FINDINGS, "findings")                                                                        \
    X(AVAIL_IDX, "q%u.avail.idx")                                                                  \
    X(USED_IDX, "q%u.used.idx")                                                                    \
    X(IN_FLIGHT, "q%u in flight")                                                                  \
    X(DMA, "DMA memory allocated")

enum perfetto_track {
#define X(name, text) PERFETTO_TRACK_##name,
    PERFETTO_TRACKS(X)
#undef X
        PERFETTO_TRACK_COUNT
};

/* X(name, text): names of what is said about an event. */
#define PERFETTO_NOTES(X)                                                                          \
    X(VALUE, "value")                                                                              \
    X(AT, "at")                                                                                    \
    X(ADDR, "addr")                                                                                \
    X(BYTES, "bytes")                                                                              \
    X(VERDICT, "verdict")                                                                          \
    X(TIMES, "times")                                                                              \
    X(REQUEST, "request")                                                                          \
    X(RULE, "rule")                                                                                \
    X(LEVEL, "level")                                                                              \
    X(LABEL, "here")                                                                               \
    X(HELP, "help")                                                                                \
    X(CAUSE_STEP, "cause step")                                                                    \
    X(CAUSE_AT, "cause at")                                                                        \
    X(CAUSE, "cause")                                                                              \
    X(RESULT, "result")                                                                            \
    X(END, "end")

enum perfetto_note {
#define X(name, text) PERFETTO_NOTE_##name,
    PERFETTO_NOTES(X)
#undef X
        PERFETTO_NOTE_COUNT
};

enum perfetto_type { PERFETTO_BEGIN = 1, PERFETTO_END = 2, PERFETTO_INSTANT = 3 };

struct perfetto_name {
    uint64_t hash;
    char text[PERFETTO_NAME_BYTES]; /* "" = free */
};

struct perfetto_pc {
    uintptr_t pc; /* 0 = free */
    bool known;   /* its source line */
};

/* One sequence of packets on its way to the file. */
struct perfetto_packets {
    struct timeline_output *out;
    unsigned number;                         /* of the scenario, from 1 */
    uint32_t declared[PERFETTO_TRACK_COUNT]; /* a bit a queue */
    /* the packet that is being made */
    struct protobuf packet;
    struct protobuf interned; /* texts that it is the first to use */
    size_t begin, event;      /* where it begins, and its TrackEvent */
    struct perfetto_name name[PERFETTO_NAMES_MAX];
    struct perfetto_pc pc[PERFETTO_PCS_MAX];
};

void perfetto_open(struct perfetto_packets *packets, struct timeline_output *out,
                   const char *scenario, unsigned number);

/* A track's number in the file; `lane` for requests that overlap, else 0. */
uint64_t perfetto_uuid(const struct perfetto_packets *packets, enum perfetto_track track,
                       unsigned queue, unsigned lane);
/* Makes a track known; a no-op for one that is, as far as lane 0 goes. */
void perfetto_declare(struct perfetto_packets *packets, enum perfetto_track track, unsigned queue,
                      unsigned lane);

/* An event from its begin, over any notes and flows about it, to its end. `name` may be NULL. */
void perfetto_event_begin(struct perfetto_packets *packets, uint64_t step, enum perfetto_type type,
                          uint64_t track_uuid, const char *name);
void perfetto_note_hex(struct perfetto_packets *packets, enum perfetto_note note, uint64_t value);
void perfetto_note_number(struct perfetto_packets *packets, enum perfetto_note note,
                          uint64_t value);
void perfetto_note_text(struct perfetto_packets *packets, enum perfetto_note note,
                        const char *text);
/* The source line of an address in the driver; nothing when it is not known. */
void perfetto_note_place(struct perfetto_packets *packets, enum perfetto_note note, uintptr_t pc);
void perfetto_flow(struct perfetto_packets *packets, uint64_t flow, bool is_last);
void perfetto_event_end(struct perfetto_packets *packets);

void perfetto_counter(struct perfetto_packets *packets, uint64_t step, enum perfetto_track track,
                      unsigned queue, uint64_t value);

/* ---- timeline_events.c ---- */

/* What one event has to do with requests: the flows that go through it, or end with it. */
struct perfetto_link {
    size_t flow_count;
    uint64_t flow[PERFETTO_FLOWS_MAX];
    bool is_last;
};

/* A read, write, load, store or update. */
bool perfetto_is_access(const struct event *event);
/* An event that is an instant on the track of its party or of memory. */
void perfetto_tell_event(struct perfetto_packets *packets, const struct event *event,
                         const struct arena *arena, const struct perfetto_link *link);
/* CALL or RETURN: the slice of a call begins or ends. */
void perfetto_tell_call(struct perfetto_packets *packets, const struct event *event,
                        const struct world_sight *sight);
/* At the end of the run, as only then its place is final; at `last_step` when it has none. */
void perfetto_tell_finding(struct perfetto_packets *packets, const struct finding *finding,
                           uint64_t last_step);

#endif
