/*
 * A run as tracks, slices and flows for ui.perfetto.dev.
 *
 *     driver             a slice a call of the scenario; its registers, barriers, waits, and where
 *                        it is stuck
 *     device             what it reports: execute, respond, interrupt, reset, refuse ...
 *     device: queue N    its phases, as slices
 *     queue N: requests  a slice a request, from the store to avail.idx to the store to used.idx;
 *                        inside it the command, from execute to respond
 *     memory             every access to memory, whoever made it; allocations, cache maintenance
 *     findings           one instant a finding, at the step where it happened
 *     counters           indices, requests in flight, DMA memory
 *
 * A request is a flow as well: the driver's store to avail.idx, its slice, the device's reading of
 * the slot, the store to used.idx, the driver's load that saw it.
 *
 * Not handled: more than LANES_MAX requests of a queue in flight (those over it have no slice).
 */
#include "timeline_perfetto.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define LANES_MAX  1024u /* requests of a queue in flight */
#define SEEN_MAX   1024u /* completions that the driver has not seen */
#define FLOW_QUEUE 38u   /* a flow's number: scenario, queue, request */
#define FLOW_SCENE 42u

_Static_assert((SEEN_MAX & (SEEN_MAX - 1)) == 0, "a ring");

/* One request in flight; those that overlap are drawn one below the other. */
struct lane {
    bool is_open, is_executing;
    uint16_t head;
    uint64_t number; /* of the request in its queue; see struct model_request */
    uint64_t step;   /* when it was published */
    uint64_t flow;
};

struct queue_state {
    bool live;
    uint64_t live_step; /* when it came to life, to know a new life */
    enum timeline_phase phase;
    uint32_t lane_count; /* lanes that were ever used */
    uint32_t open_count;
    struct lane lane[LANES_MAX];
    uint64_t flows; /* given out */
    uint64_t published;
    /* flows that the device has completed, in its order; [done_seen, done) wait for the driver */
    uint64_t done, done_seen;
    uint64_t done_flow[SEEN_MAX];
    uint16_t seen_idx;
    uint32_t avail_idx, used_idx, in_flight; /* as the counters have it */
    bool counted;
};

struct timeline_perfetto {
    struct perfetto_packets packets;
    uint64_t step; /* of the last event */
    bool in_call;
    uint64_t dma_bytes;
    struct queue_state queue[SIM_QUEUES_MAX];
    struct perfetto_link link;
};

size_t timeline_perfetto_bytes(void)
{
    return sizeof(struct timeline_perfetto);
}

/* ---- small things ---- */

static uint64_t track(struct timeline_perfetto *perfetto, enum perfetto_track track, unsigned queue)
{
    perfetto_declare(&perfetto->packets, track, queue, 0);
    return perfetto_uuid(&perfetto->packets, track, queue, 0);
}

static void slice_begin(struct timeline_perfetto *perfetto, uint64_t uuid, const char *name)
{
    perfetto_event_begin(&perfetto->packets, perfetto->step, PERFETTO_BEGIN, uuid, name);
}

static void slice_end(struct timeline_perfetto *perfetto, uint64_t uuid)
{
    perfetto_event_begin(&perfetto->packets, perfetto->step, PERFETTO_END, uuid, NULL);
    perfetto_event_end(&perfetto->packets);
}

static void link_flow(struct timeline_perfetto *perfetto, uint64_t flow)
{
    struct perfetto_link *link = &perfetto->link;

    if (link->flow_count < PERFETTO_FLOWS_MAX)
        link->flow[link->flow_count++] = flow;
}

/* ---- requests ---- */

static uint64_t lane_uuid(const struct timeline_perfetto *perfetto, unsigned queue, size_t lane)
{
    return perfetto_uuid(&perfetto->packets, PERFETTO_TRACK_REQUEST, queue, (unsigned)lane);
}

static void lane_close(struct timeline_perfetto *perfetto, unsigned queue, size_t at,
                       const char *why)
{
    struct queue_state *state = &perfetto->queue[queue];
    struct lane *lane = &state->lane[at];
    uint64_t uuid = lane_uuid(perfetto, queue, at);

    if (lane->is_executing)
        slice_end(perfetto, uuid);
    perfetto_event_begin(&perfetto->packets, perfetto->step, PERFETTO_END, uuid, NULL);
    if (why != NULL)
        perfetto_note_text(&perfetto->packets, PERFETTO_NOTE_END, why);
    perfetto_event_end(&perfetto->packets);
    lane->is_open = lane->is_executing = false;
    state->open_count--;
}

static void close_all(struct timeline_perfetto *perfetto, unsigned queue, const char *why)
{
    struct queue_state *state = &perfetto->queue[queue];

    for (size_t i = 0; i < state->lane_count && state->open_count != 0; i++) {
        if (state->lane[i].is_open)
            lane_close(perfetto, queue, i, why);
    }
}

static void lane_open(struct timeline_perfetto *perfetto, unsigned queue, uint16_t head,
                      const struct model_request *request)
{
    struct queue_state *state = &perfetto->queue[queue];
    size_t at = 0;

    while (at < state->lane_count && state->lane[at].is_open)
        at++;
    if (at == LANES_MAX)
        return;
    if (at == state->lane_count) {
        state->lane_count++;
        perfetto_declare(&perfetto->packets, PERFETTO_TRACK_REQUEST, queue, (unsigned)at);
    }
    state->open_count++;
    state->lane[at] = (struct lane){.is_open = true,
                                    .head = head,
                                    .number = request->number,
                                    .step = perfetto->step,
                                    .flow = (uint64_t)perfetto->packets.number << FLOW_SCENE |
                                            (uint64_t)queue << FLOW_QUEUE | ++state->flows};
}

/* Requests that were published by this event get a lane, and the event their flows. */
static void find_published(struct timeline_perfetto *perfetto, unsigned number,
                           const struct model_queue *queue, const struct event *event)
{
    struct queue_state *state = &perfetto->queue[number];
    uint32_t first = 0, end = queue->size;

    if (queue->published == state->published)
        return;
    if (queue->published == state->published + 1) {
        first = queue->last_head;
        end = first + 1;
    }
    state->published = queue->published;
    for (uint32_t head = first; head < end && head < queue->size; head++) {
        const struct model_request *request = &queue->request[head];
        if (request->state != MODEL_PUBLISHED || request->mark[MODEL_PUBLISHED].step != event->step)
            continue;
        lane_open(perfetto, number, (uint16_t)head, request);
    }
    for (size_t i = 0; i < state->lane_count; i++) {
        const struct lane *lane = &state->lane[i];
        if (lane->is_open && lane->step == event->step)
            link_flow(perfetto, lane->flow);
    }
}

/* Their slices begin, behind the event itself. */
static void tell_published(struct timeline_perfetto *perfetto, unsigned number,
                           const struct event *event)
{
    struct queue_state *state = &perfetto->queue[number];

    for (size_t i = 0; i < state->lane_count; i++) {
        const struct lane *lane = &state->lane[i];
        char name[64];
        if (!lane->is_open || lane->step != event->step)
            continue;
        snprintf(name, sizeof name, "head %u", lane->head);
        slice_begin(perfetto, lane_uuid(perfetto, number, i), name);
        perfetto_note_number(&perfetto->packets, PERFETTO_NOTE_REQUEST, lane->number);
        perfetto_note_place(&perfetto->packets, PERFETTO_NOTE_AT, event->pc);
        perfetto_flow(&perfetto->packets, lane->flow, false);
        perfetto_event_end(&perfetto->packets);
    }
}

static bool is_completed(const struct model_queue *queue, const struct lane *lane)
{
    const struct model_request *request;

    if (lane->head >= queue->size)
        return true;
    request = &queue->request[lane->head];
    return request->number != lane->number || request->state == MODEL_USED ||
           request->state == MODEL_FREE;
}

static void find_completed(struct timeline_perfetto *perfetto, unsigned number,
                           const struct model_queue *queue)
{
    struct queue_state *state = &perfetto->queue[number];

    for (size_t i = 0; i < state->lane_count; i++) {
        if (state->lane[i].is_open && is_completed(queue, &state->lane[i])) {
            link_flow(perfetto, state->lane[i].flow);
            state->done_flow[state->done++ % SEEN_MAX] = state->lane[i].flow;
        }
    }
    if (state->done - state->done_seen > SEEN_MAX)
        state->done_seen = state->done - SEEN_MAX;
}

static void tell_completed(struct timeline_perfetto *perfetto, unsigned number,
                           const struct model_queue *queue)
{
    struct queue_state *state = &perfetto->queue[number];

    for (size_t i = 0; i < state->lane_count; i++) {
        if (state->lane[i].is_open && is_completed(queue, &state->lane[i]))
            lane_close(perfetto, number, i, NULL);
    }
}

/* The driver has loaded used.idx: what it saw thereby ends here. */
static void find_seen(struct timeline_perfetto *perfetto, unsigned number,
                      const struct model_queue *queue)
{
    struct queue_state *state = &perfetto->queue[number];
    uint16_t count = (uint16_t)(queue->seen_idx - state->seen_idx);

    state->seen_idx = queue->seen_idx;
    if (count > state->done - state->done_seen)
        count = (uint16_t)(state->done - state->done_seen);
    for (uint16_t i = 0; i < count; i++)
        link_flow(perfetto, state->done_flow[state->done_seen++ % SEEN_MAX]);
    perfetto->link.is_last = true;
}

static struct lane *lane_of(struct queue_state *state, uint16_t head)
{
    for (size_t i = 0; i < state->lane_count; i++) {
        if (state->lane[i].is_open && state->lane[i].head == head)
            return &state->lane[i];
    }
    return NULL;
}

/* The command that a request turned out to be. */
static void tell_execution(struct timeline_perfetto *perfetto, const struct event *event,
                           const struct world_sight *sight)
{
    struct queue_state *state = &perfetto->queue[event->queue];
    struct lane *lane = lane_of(state, sight->model->queue[event->queue].hand);
    const struct sim_class *class = sight->device->class;
    bool begins = event->kind == EVENT_EXECUTE;
    const char *name = NULL;
    uint64_t uuid;

    if (lane == NULL || lane->is_executing == begins)
        return;
    uuid = lane_uuid(perfetto, event->queue, (size_t)(lane - state->lane));
    lane->is_executing = begins;
    if (!begins) {
        slice_end(perfetto, uuid);
        return;
    }
    if (class->command_name != NULL)
        name = class->command_name((uint32_t)event->value);
    slice_begin(perfetto, uuid, name != NULL ? name : "unknown command");
    perfetto_event_end(&perfetto->packets);
}

/* ---- queues ---- */

static void count(struct timeline_perfetto *perfetto, unsigned number,
                  const struct model_queue *queue)
{
    struct queue_state *state = &perfetto->queue[number];
    const struct {
        enum perfetto_track track;
        uint32_t *told;
        uint32_t value;
    } counters[] = {{PERFETTO_TRACK_AVAIL_IDX, &state->avail_idx, queue->avail_idx},
                    {PERFETTO_TRACK_USED_IDX, &state->used_idx, queue->used_idx},
                    {PERFETTO_TRACK_IN_FLIGHT, &state->in_flight, queue->in_flight}};

    if (!queue->ever_live)
        return;
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        if (state->counted && *counters[i].told == counters[i].value)
            continue;
        *counters[i].told = counters[i].value;
        perfetto_counter(&perfetto->packets, perfetto->step, counters[i].track, number,
                         counters[i].value);
    }
    state->counted = true;
}

static void set_phase(struct timeline_perfetto *perfetto, unsigned number,
                      enum timeline_phase phase, const struct model_queue *queue)
{
    struct queue_state *state = &perfetto->queue[number];
    const struct lane *lane = NULL;
    uint64_t uuid;

    if (phase == state->phase)
        return;
    uuid = track(perfetto, PERFETTO_TRACK_PHASE, number);
    if (state->phase != TIMELINE_PHASE_IDLE)
        slice_end(perfetto, uuid);
    state->phase = phase;
    if (phase == TIMELINE_PHASE_IDLE)
        return;
    slice_begin(perfetto, uuid, timeline_phase_word(phase));
    if (phase == TIMELINE_PHASE_AVAIL_RING)
        lane = lane_of(state, (uint16_t)queue->fetch.value);
    if (lane != NULL)
        perfetto_flow(&perfetto->packets, lane->flow, false);
    perfetto_event_end(&perfetto->packets);
}

/* A queue that was reset or made anew: what was in flight is gone. */
static void find_restarts(struct timeline_perfetto *perfetto, const struct model *model,
                          const struct event *event)
{
    for (unsigned i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        struct queue_state *state = &perfetto->queue[i];
        if (queue->live == state->live && queue->live_at.step == state->live_step)
            continue;
        close_all(perfetto, i, "the queue was taken away");
        state->live = queue->live;
        state->live_step = queue->live_at.step;
        state->published = 0;
        state->seen_idx = 0;
        state->done_seen = state->done;
        if (queue->published != 0) { /* a ring that was filled before it was shown */
            find_published(perfetto, i, queue, event);
            tell_published(perfetto, i, event);
        }
    }
}

/* ---- the three calls ---- */

void timeline_perfetto_begin(struct timeline_perfetto *perfetto, struct timeline_output *out,
                             const struct scenario *scenario, unsigned number)
{
    memset(perfetto, 0, sizeof *perfetto);
    perfetto_open(&perfetto->packets, out, scenario->name, number);
}

/* The queue whose requests an event may publish, complete or see; NULL when it does none of it. */
static const struct model_queue *ring_of(const struct event *event, const struct model *model)
{
    bool is_ring = event->place > EVENT_PLACE_MEMORY && event->place < EVENT_PLACE_INDIRECT;

    return perfetto_is_access(event) && is_ring && event->queue < SIM_QUEUES_MAX
               ? &model->queue[event->queue]
               : NULL;
}

void timeline_perfetto_read(struct timeline_perfetto *perfetto, const struct event *event,
                            const struct world_sight *sight)
{
    const struct model *model = sight->model;
    const struct model_queue *ring = ring_of(event, model);
    bool is_store = event->kind == EVENT_STORE || event->kind == EVENT_UPDATE;
    bool publishes = false, completes = false;

    perfetto->step = event->step;
    perfetto->link.flow_count = 0;
    perfetto->link.is_last = false;
    for (unsigned i = 0; i < SIM_QUEUES_MAX; i++) {
        if (sight->device->queue[i].phase == SIM_PHASE_IDLE)
            set_phase(perfetto, i, TIMELINE_PHASE_IDLE, NULL);
    }
    find_restarts(perfetto, model, event);
    if (ring != NULL && event->party == EVENT_PARTY_DRIVER) {
        publishes = is_store && ring->published != perfetto->queue[event->queue].published;
        if (publishes)
            find_published(perfetto, event->queue, ring, event);
        else if (!is_store && ring->seen_idx != perfetto->queue[event->queue].seen_idx)
            find_seen(perfetto, event->queue, ring);
    } else if (ring != NULL && is_store && event->place == EVENT_PLACE_USED_IDX) {
        completes = true;
        find_completed(perfetto, event->queue, ring);
    }
    if (event->kind != EVENT_CALL && event->kind != EVENT_RETURN) {
        perfetto_tell_event(&perfetto->packets, event, sight->arena, &perfetto->link);
    } else if (perfetto->in_call != (event->kind == EVENT_CALL)) {
        perfetto_tell_call(&perfetto->packets, event, sight);
        perfetto->in_call = event->kind == EVENT_CALL;
    }
    if (publishes)
        tell_published(perfetto, event->queue, event);
    if (completes)
        tell_completed(perfetto, event->queue, ring);
    if (timeline_phase_of(event) != TIMELINE_PHASE_IDLE)
        set_phase(perfetto, event->queue, timeline_phase_of(event), &model->queue[event->queue]);
    if ((event->kind == EVENT_EXECUTE || event->kind == EVENT_RESPOND) &&
        event->queue < SIM_QUEUES_MAX)
        tell_execution(perfetto, event, sight);
    if (event->kind == EVENT_ALLOC || event->kind == EVENT_FREE) {
        perfetto->dma_bytes += event->kind == EVENT_ALLOC ? event->value : -event->value;
        perfetto_counter(&perfetto->packets, event->step, PERFETTO_TRACK_DMA, 0,
                         perfetto->dma_bytes);
    }
    for (unsigned i = 0; i < SIM_QUEUES_MAX; i++)
        count(perfetto, i, &model->queue[i]);
}

void timeline_perfetto_end(struct timeline_perfetto *perfetto, const struct world_outcome *outcome)
{
    perfetto->step++;
    for (unsigned i = 0; i < SIM_QUEUES_MAX; i++) {
        close_all(perfetto, i, "in flight when the run ended");
        set_phase(perfetto, i, TIMELINE_PHASE_IDLE, NULL);
    }
    if (perfetto->in_call)
        slice_end(perfetto, track(perfetto, PERFETTO_TRACK_DRIVER, 0));
    for (uint32_t i = 0; i < outcome->findings.count; i++)
        perfetto_tell_finding(&perfetto->packets, &outcome->findings.item[i], perfetto->step);
}
