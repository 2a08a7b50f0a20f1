/*
 * Timelines: which writer gets the events, and how what it writes reaches the file.
 */
#include "timeline.h"

#include <assert.h>
#include <string.h>

#include "isolate.h"
#include "timeline_writer.h"

struct timeline {
    enum timeline_format format;
    size_t all_bytes;
    bool is_open; /* a scenario's run has begun and is not over */
    struct timeline_output out;
    max_align_t writer[]; /* struct timeline_perfetto or timeline_vcd */
};

const char *timeline_word(enum timeline_format format)
{
    static const char *const words[] = {
#define X(name, word) word,
        TIMELINE_FORMATS(X)
#undef X
    };
    return words[format];
}

const char *timeline_phase_word(enum timeline_phase phase)
{
    static const char *const words[] = {
#define X(name, word) word,
        TIMELINE_PHASES(X)
#undef X
    };
    return words[phase];
}

/* ---- the device's phases ---- */

static enum timeline_phase phase_of_load(unsigned place)
{
    switch (place) {
    case EVENT_PLACE_AVAIL_IDX:
        return TIMELINE_PHASE_AVAIL_IDX;
    case EVENT_PLACE_AVAIL_RING:
        return TIMELINE_PHASE_AVAIL_RING;
    case EVENT_PLACE_DESC:
    case EVENT_PLACE_DESC_ADDR:
    case EVENT_PLACE_DESC_LEN:
    case EVENT_PLACE_DESC_FLAGS:
    case EVENT_PLACE_DESC_NEXT:
    case EVENT_PLACE_INDIRECT:
        return TIMELINE_PHASE_DESC;
    case EVENT_PLACE_REQUEST:
        return TIMELINE_PHASE_REQUEST;
    case EVENT_PLACE_AVAIL_FLAGS:
    case EVENT_PLACE_USED_EVENT:
        return TIMELINE_PHASE_SUPPRESSION;
    default:
        return TIMELINE_PHASE_IDLE;
    }
}

static enum timeline_phase phase_of_store(unsigned place)
{
    switch (place) {
    case EVENT_PLACE_RESPONSE:
        return TIMELINE_PHASE_RESPONSE;
    case EVENT_PLACE_USED_RING:
    case EVENT_PLACE_USED_RING_ID:
    case EVENT_PLACE_USED_RING_LEN:
        return TIMELINE_PHASE_USED_RING;
    case EVENT_PLACE_USED_IDX:
        return TIMELINE_PHASE_USED_IDX;
    case EVENT_PLACE_USED_FLAGS:
    case EVENT_PLACE_AVAIL_EVENT:
        return TIMELINE_PHASE_SUPPRESSION;
    default:
        return TIMELINE_PHASE_IDLE;
    }
}

enum timeline_phase timeline_phase_of(const struct event *event)
{
    if (event->party != EVENT_PARTY_DEVICE || event->queue >= SIM_QUEUES_MAX)
        return TIMELINE_PHASE_IDLE;
    switch (event->kind) {
    case EVENT_LOAD:
        return phase_of_load(event->place);
    case EVENT_STORE:
        return phase_of_store(event->place);
    case EVENT_TAKE:
        return TIMELINE_PHASE_DESC;
    case EVENT_EXECUTE:
        return TIMELINE_PHASE_EXECUTE;
    case EVENT_RESPOND:
        return TIMELINE_PHASE_RESPONSE;
    case EVENT_INTERRUPT:
        return event->value & VIRTIO_MMIO_INT_USED ? TIMELINE_PHASE_INTERRUPT : TIMELINE_PHASE_IDLE;
    default:
        return TIMELINE_PHASE_IDLE;
    }
}

/* ---- output ---- */

static void flush(struct timeline_output *out)
{
    if (fwrite(out->bytes, 1, out->used, out->stream) != out->used || fflush(out->stream) != 0)
        out->failed = true;
    out->used = 0;
}

void timeline_put(struct timeline_output *out, const void *unit, size_t bytes)
{
    assert(bytes <= TIMELINE_UNIT_BYTES);
    if (bytes > sizeof out->bytes - out->used)
        flush(out);
    memcpy(out->bytes + out->used, unit, bytes);
    out->used += bytes; /* last, so that a process that is lost leaves no half of a unit */
}

bool timeline_flush(struct timeline *timeline)
{
    flush(&timeline->out);
    return !timeline->out.failed;
}

/* ---- life ---- */

struct timeline *timeline_create(enum timeline_format format, FILE *out)
{
    size_t bytes = offsetof(struct timeline, writer);
    struct timeline *timeline;

    assert(format == TIMELINE_PERFETTO || format == TIMELINE_VCD);
    bytes += format == TIMELINE_VCD ? timeline_vcd_bytes() : timeline_perfetto_bytes();
    timeline = isolate_alloc(bytes);
    if (timeline == NULL)
        return NULL;
    timeline->format = format;
    timeline->all_bytes = bytes;
    timeline->out.stream = out;
    return timeline;
}

void timeline_free(struct timeline *timeline)
{
    if (timeline != NULL)
        isolate_free(timeline, timeline->all_bytes);
}

void timeline_begin(struct timeline *timeline, const struct scenario *scenario, unsigned number)
{
    void *writer = timeline->writer;

    timeline->is_open = true;
    if (timeline->format == TIMELINE_VCD)
        timeline_vcd_begin(writer, &timeline->out, scenario);
    else
        timeline_perfetto_begin(writer, &timeline->out, scenario, number);
}

static void read_vcd(void *context, const struct event *event, const struct world_sight *sight)
{
    struct timeline *timeline = context;
    timeline_vcd_read((void *)timeline->writer, event, sight);
}

static void read_perfetto(void *context, const struct event *event, const struct world_sight *sight)
{
    struct timeline *timeline = context;
    timeline_perfetto_read((void *)timeline->writer, event, sight);
}

struct world_reader timeline_reader(struct timeline *timeline)
{
    return (struct world_reader){timeline->format == TIMELINE_VCD ? read_vcd : read_perfetto,
                                 timeline};
}

void timeline_end(struct timeline *timeline, const struct world_outcome *outcome)
{
    void *writer = timeline->writer;

    if (!timeline->is_open)
        return;
    timeline->is_open = false;
    if (timeline->format == TIMELINE_VCD)
        timeline_vcd_end(writer, outcome);
    else
        timeline_perfetto_end(writer, outcome);
}
