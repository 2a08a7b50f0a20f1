/*
 * The ladder: how far a request came, and what the first rung that it missed has to say.
 *
 * Rungs below the queue (found to queue-size) are what the driver did; queue-live is what the
 * device holds; from descriptors on it is one request: the oldest that is not done, else the last.
 * A rung that is missed does not count when the device went past it all the same (QEMU takes a
 * QueueSize of 10; a used ring in somebody else's memory is written there); its label still says
 * what is wrong.
 */
#include "ladder.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gpu.h"
#include "model.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/ring.h"

/* ---- words ---- */

static const struct {
    const char *word;
    const char *question;
} rung_words[LADDER_RUNG_COUNT] = {
#define X(name, word, question) {word, question},
    LADDER_RUNGS(X)
#undef X
};

const char *ladder_word(enum ladder_rung rung)
{
    return rung < LADDER_RUNG_COUNT ? rung_words[rung].word : "none";
}

const char *ladder_question(enum ladder_rung rung)
{
    return rung < LADDER_RUNG_COUNT ? rung_words[rung].question : "";
}

int ladder_by_word(const char *word)
{
    for (int rung = 0; rung < LADDER_RUNG_COUNT; rung++) {
        if (strcmp(rung_words[rung].word, word) == 0)
            return rung;
    }
    return -1;
}

/* ---- steps ---- */

struct climb {
    const struct model *model;
    const struct model_queue *queue;
    uint32_t number;
    const struct model_request *request; /* NULL: none was made since the queue is live */
    uint16_t head;
    struct ladder *out;
};

static void put(struct climb *climb, enum ladder_rung rung, enum ladder_state state,
                const struct event *event, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void put(struct climb *climb, enum ladder_rung rung, enum ladder_state state,
                const struct event *event, const char *format, ...)
{
    struct ladder_step *step = &climb->out->step[rung];
    va_list arguments;

    step->state = state;
    if (event != NULL)
        step->event = model_keep(event);
    va_start(arguments, format);
    vsnprintf(step->label, sizeof step->label, format, arguments);
    va_end(arguments);
}

static enum ladder_state reached_if(bool reached)
{
    return reached ? LADDER_REACHED : LADDER_MISSED;
}

/* ---- the device ---- */

static void climb_device(struct climb *climb)
{
    const struct model *model = climb->model;
    const struct model_status *status = &model->status;
    const struct event *id = &model->last_read[VIRTIO_MMIO_REG_DeviceID];
    const struct event *version = &model->last_read[VIRTIO_MMIO_REG_Version];
    const struct event *reset =
        status->first_reset.step != 0 ? &status->first_reset : &status->reset;

    if (id->step != 0)
        put(climb, LADDER_DEVICE_FOUND, reached_if(id->value != 0), id, "Version %u, DeviceID %u",
            model->config.version, (unsigned)id->value);
    else
        put(climb, LADDER_DEVICE_FOUND, LADDER_MISSED, version, "DeviceID was never read");

    if (reset->step != 0)
        put(climb, LADDER_RESET, LADDER_REACHED, reset, "Status 0");
    else
        put(climb, LADDER_RESET, LADDER_MISSED, NULL, "Status was never written 0");

    if (status->acknowledge.step != 0 && status->driver.step != 0)
        put(climb, LADDER_ACKNOWLEDGE, LADDER_REACHED, &status->driver, "Status %u",
            (unsigned)status->driver.value);
    else
        put(climb, LADDER_ACKNOWLEDGE, LADDER_MISSED, &status->write, "%s was never set",
            status->acknowledge.step == 0 ? "ACKNOWLEDGE" : "DRIVER");
}

static void climb_features(struct climb *climb)
{
    const struct model *model = climb->model;
    const struct model_status *status = &model->status;
    const struct model_features *features = &model->features;

    if (status->veto.step != 0)
        put(climb, LADDER_FEATURES, LADDER_MISSED, &status->features_ok,
            "the device refused 0x%" PRIx64 " of the offered 0x%" PRIx64, features->accepted,
            features->offered);
    else if (status->features_ok.step != 0)
        put(climb, LADDER_FEATURES, LADDER_REACHED, &status->features_ok,
            "0x%" PRIx64 " of the offered 0x%" PRIx64, features->accepted, features->offered);
    else if (model_is_legacy(model) && features->last_write.step != 0)
        put(climb, LADDER_FEATURES, LADDER_REACHED, &features->last_write,
            "0x%" PRIx64 " of the offered 0x%" PRIx64 " (version 1 has no FEATURES_OK)",
            features->accepted, features->offered);
    else if (model_is_legacy(model))
        put(climb, LADDER_FEATURES, LADDER_NOT_NEEDED, NULL, "none accepted");
    else
        put(climb, LADDER_FEATURES, LADDER_MISSED, &features->last_write,
            "FEATURES_OK was never set");
}

/* ---- the queue ---- */

static bool is_set_up(const struct model_queue *queue)
{
    bool any =
        queue->size_write.step != 0 || queue->pfn_write.step != 0 || queue->ready_write.step != 0;
    for (unsigned area = 0; area < MODEL_AREA_COUNT; area++)
        any |= queue->area_write[area][0].step != 0;
    return any;
}

static void climb_settings(struct climb *climb)
{
    const struct model_queue *queue = climb->queue;
    uint32_t max = climb->model->config.queue_size_max;
    uint64_t size = queue->size_write.value;

    if (queue->sel.step != 0)
        put(climb, LADDER_QUEUE_SELECTED, LADDER_REACHED, &queue->sel, "QueueSel %u",
            climb->number);
    else if (climb->number == 0 && is_set_up(queue))
        put(climb, LADDER_QUEUE_SELECTED, LADDER_NOT_NEEDED, NULL, "0 after a reset");
    else
        put(climb, LADDER_QUEUE_SELECTED, LADDER_MISSED, NULL, "QueueSel was never %u",
            climb->number);

    if (queue->size_write.step == 0)
        put(climb, LADDER_QUEUE_SIZE, is_set_up(queue) ? LADDER_NOT_NEEDED : LADDER_MISSED, NULL,
            "never written; QueueSizeMax %u", max);
    else
        put(climb, LADDER_QUEUE_SIZE,
            reached_if(model_is_power_of_two(size) && size <= max && size <= VIRTQ_SIZE_MAX),
            &queue->size_write, "QueueSize %" PRIu64 ", QueueSizeMax %u", size, max);
}

static void climb_addresses(struct climb *climb)
{
    const struct model_queue *queue = climb->queue;
    const struct event *low = &queue->area_write[MODEL_AREA_DEVICE][0];
    bool wrong = low->verdict == EVENT_VERDICT_VERSION;

    if (queue->pfn_write.step != 0 && (low->step == 0 || model_is_legacy(climb->model)))
        put(climb, LADDER_QUEUE_ADDRESSES, LADDER_REACHED, &queue->pfn_write,
            "QueuePFN 0x%" PRIx64 "%s", queue->pfn_write.value,
            queue->pfn_write.verdict == EVENT_VERDICT_VERSION
                ? " (a register that a version-2 device does not have)"
                : "");
    else if (low->step != 0)
        put(climb, LADDER_QUEUE_ADDRESSES, LADDER_REACHED, low,
            "desc 0x%" PRIx64 ", driver 0x%" PRIx64 ", device 0x%" PRIx64 "%s",
            model_intended_addr(queue, MODEL_AREA_DESC),
            model_intended_addr(queue, MODEL_AREA_DRIVER),
            model_intended_addr(queue, MODEL_AREA_DEVICE),
            wrong ? " (registers that a version-1 device does not have)" : "");
    else
        put(climb, LADDER_QUEUE_ADDRESSES, LADDER_MISSED, NULL, "no address was written");
}

static void climb_live(struct climb *climb)
{
    const struct model_queue *queue = climb->queue;
    bool legacy = model_is_legacy(climb->model);

    if (queue->live)
        put(climb, LADDER_QUEUE_LIVE, LADDER_REACHED, &queue->live_at,
            "q%u at 0x%" PRIx64 ", size %u", climb->number, queue->desc_addr, queue->size);
    else if (queue->lost_at.step != 0)
        put(climb, LADDER_QUEUE_LIVE, LADDER_MISSED, &queue->lost_at,
            "lost by the %s at step %" PRIu64,
            queue->lost_at.index == VIRTIO_MMIO_REG_Status ? "reset" : "driver",
            queue->lost_at.step);
    else
        put(climb, LADDER_QUEUE_LIVE, LADDER_MISSED,
            queue->ready_write.step != 0 ? &queue->ready_write : NULL,
            "%s 0: queue %u has no address", legacy ? "QueuePFN" : "QueueReady", climb->number);
}

/* ---- is it where it can be ---- */

static bool area_is_reachable(struct climb *climb, enum model_area area)
{
    static const char *const name[MODEL_AREA_COUNT] = {"descriptor table", "available ring",
                                                       "used ring"};
    static const uint32_t align_bytes[MODEL_AREA_COUNT] = {VIRTQ_DESC_ALIGN_BYTES,
                                                           VIRTQ_AVAIL_ALIGN_BYTES,
                                                           VIRTQ_USED_ALIGN_BYTES};
    const struct model *model = climb->model;
    const struct model_queue *queue = climb->queue;
    uint64_t addr = model_area_addr(queue, area);
    uint64_t bytes = model_area_bytes(area, queue->size);
    const struct arena_region *region = NULL, *block = NULL;
    const struct event *setting =
        model_is_legacy(model) ? &queue->pfn_write : &queue->area_write[area][0];
    const char *trouble = "";

    if (model->arena != NULL) {
        region = arena_find(model->arena, addr);
        block = model_is_legacy(model) ? arena_find(model->arena, queue->desc_addr) : region;
        if (region == NULL)
            trouble = ", which is not DMA memory";
        else if (region->freed_step != 0)
            trouble = ", freed memory of ";
        else if (region != block)
            trouble = ", which belongs to ";
        else if (addr + bytes > region->addr + region->size_bytes)
            trouble = ", runs over the end of ";
    }
    if (trouble[0] == '\0' && addr % align_bytes[area] == 0)
        return true;
    if (trouble[0] == '\0')
        put(climb, LADDER_QUEUE_REACHABLE, LADDER_MISSED, setting,
            "the %s at 0x%" PRIx64 " is not aligned to %u", name[area], addr, align_bytes[area]);
    else
        put(climb, LADDER_QUEUE_REACHABLE, LADDER_MISSED, setting, "the %s at 0x%" PRIx64 "%s%s",
            name[area], addr, trouble, region == NULL ? "" : region->what);
    return false;
}

static void climb_reachable(struct climb *climb)
{
    const struct model_queue *queue = climb->queue;

    for (unsigned area = 0; area < MODEL_AREA_COUNT; area++) {
        if (!area_is_reachable(climb, (enum model_area)area))
            return;
    }
    for (unsigned a = 0; a < MODEL_AREA_COUNT; a++) {
        for (unsigned b = 0; b < MODEL_AREA_COUNT; b++) {
            uint64_t from = model_area_addr(queue, (enum model_area)a);
            uint64_t inside = model_area_addr(queue, (enum model_area)b) - from;
            uint64_t bytes = model_area_bytes((enum model_area)a, queue->size);
            /* QEMU's legacy used ring may begin at used_event: the last two bytes do not count. */
            if (a == b || inside >= bytes - (a == MODEL_AREA_DRIVER ? sizeof(le16) : 0))
                continue;
            put(climb, LADDER_QUEUE_REACHABLE, LADDER_MISSED, &queue->live_at,
                "two parts of the queue overlap at 0x%" PRIx64, from + inside);
            return;
        }
    }
    put(climb, LADDER_QUEUE_REACHABLE, LADDER_REACHED, &queue->live_at,
        "desc 0x%" PRIx64 ", driver 0x%" PRIx64 ", device 0x%" PRIx64, queue->desc_addr,
        queue->avail_addr, queue->used_addr);
}

static void climb_driver_ok(struct climb *climb)
{
    const struct model_status *status = &climb->model->status;

    if ((status->value & VIRTIO_STATUS_DRIVER_OK) != 0)
        put(climb, LADDER_DRIVER_OK, LADDER_REACHED, &status->driver_ok, "Status %u",
            (unsigned)status->driver_ok.value);
    else
        put(climb, LADDER_DRIVER_OK, LADDER_MISSED, &status->write, "Status is %u", status->value);
}

/* ---- the request ---- */

static struct event mark_event(const struct climb *climb, enum model_request_state state,
                               const struct event *like)
{
    struct event event = *like;

    event.step = climb->request->mark[state].step;
    event.pc = climb->request->mark[state].pc;
    return event;
}

static void climb_published(struct climb *climb)
{
    const struct model_queue *queue = climb->queue;
    struct event published;

    if (climb->request == NULL) {
        put(climb, LADDER_DESCRIPTORS, reached_if(queue->desc_store.step != 0), &queue->desc_store,
            "%s", queue->desc_store.step != 0 ? "" : "no descriptor was written");
        put(climb, LADDER_SLOT, reached_if(queue->slot_store.step != 0), &queue->slot_store, "%s",
            queue->slot_store.step != 0 ? "" : "no entry was written");
        put(climb, LADDER_AVAIL_IDX, LADDER_MISSED, NULL, "avail.idx at 0x%" PRIx64 " is %u",
            queue->avail_addr + 2, queue->avail_idx);
        return;
    }
    published = mark_event(climb, MODEL_PUBLISHED, &queue->avail_store);
    put(climb, LADDER_DESCRIPTORS, LADDER_REACHED, &queue->desc_store, "%u from head %u",
        climb->request->descriptors, climb->head);
    put(climb, LADDER_SLOT, LADDER_REACHED, &queue->slot_store, "head %u", climb->head);
    put(climb, LADDER_AVAIL_IDX, LADDER_REACHED, &published, "avail.idx %u", queue->avail_idx);
}

static void climb_notified(struct climb *climb)
{
    const struct model_queue *queue = climb->queue;
    const struct model_call *call = &climb->model->call;
    uint64_t since =
        climb->request != NULL ? climb->request->mark[MODEL_PUBLISHED].step : call->call.step;

    if (queue->notify.step > since)
        put(climb, LADDER_NOTIFIED, LADDER_REACHED, &queue->notify, "QueueNotify %u",
            climb->number);
    else if (climb->model->config.eager_poll)
        put(climb, LADDER_NOTIFIED, LADDER_NOT_NEEDED, NULL, "this device looks by itself");
    else if (call->notify.step > since)
        put(climb, LADDER_NOTIFIED, LADDER_MISSED, &call->notify,
            "QueueNotify %u: that is another queue", (unsigned)call->notify.value);
    else
        put(climb, LADDER_NOTIFIED, LADDER_MISSED, &queue->notify,
            queue->notify.step != 0 ? "the last notification came before" : "never notified");
}

/* What the device refused of this request, or "". */
static const char *refused(const struct climb *climb, char *out, size_t out_bytes)
{
    const struct event *refusal = &climb->queue->refusal;
    enum sim_refusal what = (enum sim_refusal)refusal->value;

    out[0] = '\0';
    if (refusal->step <= climb->request->mark[MODEL_PUBLISHED].step)
        return out;
    if (what >= SIM_REFUSAL_DMA_DESC && what <= SIM_REFUSAL_DMA_BACKING)
        snprintf(out, out_bytes, "%s: 0x%" PRIx64 " %s", sim_refusal_text(what), refusal->addr,
                 arena_fault_text((enum arena_fault)refusal->index));
    else
        snprintf(out, out_bytes, "%s", sim_refusal_text(what));
    return out;
}

static void climb_taken(struct climb *climb)
{
    const struct model_queue *queue = climb->queue;
    const struct model_request *request = climb->request;
    const struct sim_class *class = climb->model->class;
    uint8_t state = request->state != MODEL_FREE ? request->state : MODEL_USED;
    const struct event *refusal = &queue->refusal;
    char why[FINDING_TEXT_BYTES];
    bool is_refused = refused(climb, why, sizeof why)[0] != '\0';
    /* The device says that it responds before it finds that it cannot. */
    bool is_written =
        state >= MODEL_RESPONDED && !(is_refused && refusal->value == SIM_REFUSAL_DMA_RESPONSE);
    struct event event = mark_event(climb, MODEL_FETCHED, &queue->fetch);

    put(climb, LADDER_TAKEN, reached_if(state >= MODEL_FETCHED),
        state >= MODEL_FETCHED ? &event : NULL, "%s",
        state >= MODEL_FETCHED ? ""
        : is_refused           ? why
                               : "the device did not look");
    event = mark_event(climb, MODEL_TAKEN, &queue->fetch);
    put(climb, LADDER_CHAIN_VALID, reached_if(state >= MODEL_TAKEN),
        state >= MODEL_TAKEN ? &event
        : is_refused         ? refusal
                             : NULL,
        "%s", state >= MODEL_TAKEN ? "" : why);
    put(climb, LADDER_UNDERSTOOD, reached_if(state >= MODEL_EXECUTED),
        state >= MODEL_EXECUTED ? &queue->execute : NULL, "%s",
        state < MODEL_EXECUTED                          ? why
        : class->command_name(request->command) != NULL ? class->command_name(request->command)
                                                        : "an unknown command");
    event = mark_event(climb, MODEL_RESPONDED, &queue->execute);
    if (is_written)
        put(climb, LADDER_RESPONSE, LADDER_REACHED, &event, "type 0x%x", request->response);
    else
        put(climb, LADDER_RESPONSE, LADDER_MISSED, state >= MODEL_RESPONDED ? refusal : NULL, "%s",
            state >= MODEL_RESPONDED ? why : "the response buffer is untouched");
    event = mark_event(climb, MODEL_ELEMENT, &queue->used_element);
    put(climb, LADDER_USED_ELEMENT, reached_if(state >= MODEL_ELEMENT),
        state >= MODEL_ELEMENT ? &event : NULL, "%s", state >= MODEL_ELEMENT ? "" : why);
}

static void climb_seen(struct climb *climb)
{
    const struct model *model = climb->model;
    const struct model_queue *queue = climb->queue;
    const struct model_request *request = climb->request;
    const struct event *look = model_look(model);
    bool used = request->state == MODEL_USED || request->state == MODEL_FREE;
    bool looked = queue->used_idx_load.step > request->mark[MODEL_PUBLISHED].step;
    struct event event = mark_event(climb, MODEL_USED, &queue->used_idx_store);

    if (used && !looked && look->kind == EVENT_LOAD && look->step > event.step)
        put(climb, LADDER_USED_IDX, LADDER_MISSED, &event,
            "used.idx at 0x%" PRIx64 " is %u, but the driver looks at 0x%" PRIx64,
            queue->used_addr + 2, queue->used_idx, look->addr);
    else
        put(climb, LADDER_USED_IDX, reached_if(used), used ? &event : NULL,
            "used.idx at 0x%" PRIx64 " is %u", queue->used_addr + 2, queue->used_idx);
    event = mark_event(climb, MODEL_FREE, &queue->used_idx_load);
    put(climb, LADDER_SEEN, reached_if(request->state == MODEL_FREE),
        request->state == MODEL_FREE ? &event : NULL, "%s",
        request->state == MODEL_FREE ? "" : "the driver has not looked since");
    if (model->call.returned.step != 0)
        put(climb, LADDER_ACCEPTED,
            reached_if(request->state == MODEL_FREE && model->call.returned.value == SUITE_OK),
            &model->call.returned, "the call returned %u", (unsigned)model->call.returned.value);
    else
        put(climb, LADDER_ACCEPTED, LADDER_MISSED, NULL, "the call has not returned");
}

/* ---- all together ---- */

static void waive_passed(struct ladder *out)
{
    bool passed = false;

    for (int rung = LADDER_RUNG_COUNT - 1; rung >= 0; rung--) {
        struct ladder_step *step = &out->step[rung];
        if (step->state == LADDER_MISSED && passed)
            step->state = LADDER_NOT_NEEDED;
        if (step->state == LADDER_REACHED && rung >= LADDER_TAKEN)
            passed = true;
    }
}

static enum ladder_rung first_missed(const struct ladder *out)
{
    for (int rung = 0; rung < LADDER_RUNG_COUNT; rung++) {
        if (out->step[rung].state == LADDER_MISSED)
            return (enum ladder_rung)rung;
    }
    return LADDER_RUNG_COUNT;
}

/* `request` NULL: the oldest. */
static void climb_all(const struct model *model, uint32_t queue,
                      const struct model_request *request, struct ladder *out)
{
    struct climb climb = {.model = model, .number = queue, .out = out};

    memset(out, 0, sizeof *out);
    out->queue = queue;
    if (queue >= SIM_QUEUES_MAX)
        return;
    climb.queue = &model->queue[queue];
    climb_device(&climb);
    climb_features(&climb);
    climb_settings(&climb);
    climb_addresses(&climb);
    climb_live(&climb);
    climb_driver_ok(&climb);
    climb_notified(&climb);
    if (climb.queue->live) {
        climb.request = request;
        if (request != NULL)
            climb.head = (uint16_t)(request - climb.queue->request);
        else
            climb.request = model_oldest_request(climb.queue, &climb.head);
        climb_reachable(&climb);
        climb_published(&climb);
        climb_notified(&climb);
        if (climb.request != NULL) {
            climb_taken(&climb);
            climb_seen(&climb);
        }
    }
    waive_passed(out);
    out->missed = first_missed(out);
}

void ladder_climb(const struct model *model, uint32_t queue, struct ladder *out)
{
    climb_all(model, queue, NULL, out);
}

void ladder_climb_request(const struct model *model, uint32_t queue, uint16_t head,
                          struct ladder *out)
{
    assert(queue < SIM_QUEUES_MAX && head < model->queue[queue].tables);
    climb_all(model, queue, &model->queue[queue].request[head], out);
}
