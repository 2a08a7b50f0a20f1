/*
 * Ringside's own rules about answers: whose they are, where they are looked for, and what a cache
 * that does not snoop would make of them.
 *
 * A completion that comes after its request was given up is judged in rules_self.c.
 */
#include "rules.h"

#include <stdio.h>

#include "model_queue.h"
#include "suite.h"
#include "virtio/ring.h"

/* ---- whose answer it is ---- */

static struct event published_at(const struct model_queue *queue, uint32_t head)
{
    struct event event = queue->avail_store;

    event.step = queue->request[head].mark[MODEL_PUBLISHED].step;
    event.pc = queue->request[head].mark[MODEL_PUBLISHED].pc;
    return event;
}

/* The driver went by a response that is not there: it was another request that came back. */
static void check_early(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_call *call = &judge->model.call;
    const struct model_queue *queue = rule_queue(judge, call->early_queue);
    struct event cause;
    char label[FINDING_TEXT_BYTES];

    if (queue == NULL || !queue->live || queue->in_flight + queue->completed == 0)
        return;
    rule_looks(rule, judge);
    if (event->value != SUITE_OK || call->early.step == 0 || call->strange.step != 0 ||
        call->early_head >= queue->size || !model_is_in_flight(&queue->request[call->early_head]))
        return;
    cause = published_at(queue, call->early_head);
    snprintf(label, sizeof label, "the response of head %u, which the device still has",
             call->early_head);
    if (queue->element_load.step > cause.step) {
        uint32_t id = queue->entry[queue->element_load.index].used_head;
        snprintf(label, sizeof label,
                 "the response of head %u; what came back was head %u, at step %" PRIu64,
                 call->early_head, id, queue->element_load.step);
    }
    judge_raise(judge, rule, &call->early, label, &cause,
                "its request was made available here and is not used yet",
                "driver took the completion of another request for that of head %u",
                call->early_head);
}

static void check_strange(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *load = &model->call.strange;
    const struct model_queue *queue = rule_queue(judge, load->queue);
    char label[FINDING_TEXT_BYTES];
    uint32_t id;

    if (model->fault.step == 0 || model->fault.value != SIM_FAULT_USED_ID || queue == NULL)
        return;
    rule_looks(rule, judge);
    if (event->value != SUITE_OK || load->step == 0 || load->index >= queue->size)
        return;
    id = queue->entry[load->index].used_head;
    if (id >= queue->size)
        snprintf(label, sizeof label, "id %u: the queue has %u descriptors", id, queue->size);
    else
        snprintf(label, sizeof label, "id %u: the device has no request with that head", id);
    judge_raise(judge, rule, load, label, &model->fault, "here the device gave an id of its own",
                "driver took a used element for one of its requests without a look at its id");
}

/* ---- a loop that does not look ---- */

static bool is_watched(const struct event *load)
{
    return (load->flags & (EVENT_VOLATILE | EVENT_ATOMIC)) != 0;
}

/* A request that the driver waits for, or whose answer it has not seen. */
static bool is_waited_for(const struct model_queue *queue)
{
    return queue->live && (queue->in_flight != 0 || queue->used_idx != queue->seen_idx);
}

/*
 * Gave up after one look that the compiler may have kept, or went round for ever with what it kept:
 * a value that is read in every turn is seen to be read.
 */
static void check_stale(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    bool spins = event->kind == EVENT_CRASH && event->value == WORLD_CRASH_SILENT_SPIN;
    bool gave_up = event->kind == EVENT_RETURN && event->value == SUITE_TIMEOUT;

    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        const struct event *load = &queue->used_idx_load;
        if (!is_waited_for(queue) || load->step < queue->notify.step || queue->notify.step == 0)
            continue;
        if (event->kind != EVENT_CRASH)
            rule_looks(rule, judge);
        if (queue->looks != 1 || is_watched(load) || load->pc <= SCENARIO_LINES_MAX ||
            (!spins && !gave_up))
            continue;
        judge_raise(judge, rule, load, "no volatile or atomic access: it was read this once",
                    &queue->notify, "the device was told here",
                    spins ? "driver waits for queue %u in a loop that does not read used.idx again"
                          : "driver gave a request of queue %u up after a single look at used.idx",
                    i);
    }
}

/* ---- caches ---- */

struct losing {
    const struct model_cache *cache;
    const struct model_line *line;
};

static bool lose(void *context, const struct model_desc *desc)
{
    struct losing *losing = context;

    if ((desc->flags & VIRTQ_DESC_F_WRITE) == 0)
        losing->line = model_cache_lost(losing->cache, desc->addr, desc->len_bytes);
    return losing->line == NULL;
}

static void raise_lost(const struct rule *rule, struct judge *judge, const struct model_line *line,
                       const char *text)
{
    judge_raise(judge, rule, &line->dropped, "this drops the line, and what was stored in it",
                &line->store, "stored here, and not cleaned since", "%s", text);
}

/* The driver reads what its invalidate threw away, or has told the device to read it. */
static void check_lost(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_cache *cache = &model->cache;
    struct losing losing = {.cache = cache};
    const struct model_queue *queue;
    uint16_t head;

    if (!cache->maintained)
        return;
    rule_looks(rule, judge);
    if (event->kind == EVENT_RETURN) {
        if (cache->lost_load.step > model->call.call.step)
            raise_lost(rule, judge, &cache->lost_line,
                       "driver invalidated a cache line with something that it had stored there, "
                       "and reads it back");
        return;
    }
    queue = rule_queue(judge, (uint32_t)event->value);
    if (queue == NULL || !queue->live || event->verdict != EVENT_VERDICT_OK)
        return;
    for (uint16_t idx = queue->notified_before; idx != queue->avail_idx && losing.line == NULL;
         idx++) {
        if ((uint16_t)(queue->avail_idx - idx) > queue->size)
            return; /* more than there can be */
        if (model_avail_head(model, queue, idx, &head))
            model_walk(model, queue, head, lose, &losing);
    }
    if (losing.line != NULL)
        raise_lost(rule, judge, losing.line,
                   "driver invalidated a request that it should have cleaned: the device may read "
                   "what was there before");
}

#define SELF(id_, level_, text_, help_) RULE(id_, SELF, level_, "", "", text_, help_)

/* clang-format off */
static const struct rule rules[] = {
    {SELF("RS-WRONG-COMPLETION", ERROR,
          "A completion is taken for the request whose head it names, whatever the order.",
          "keep what belongs to a request by its head, and look it up by the used element's id"),
     .on = ON(RETURN), .tells = true, .check = check_early},
    {SELF("RS-USED-ID-UNCHECKED", WARNING,
          "A used element's id is that of a request that is out, or it is not believed.",
          "keep by each head whether it is out, where the device cannot write, and look there"),
     .on = ON(RETURN), .tells = true, .check = check_strange,
     .assumes = "the device was told to give a wrong id"},
    {SELF("RS-STALE-POLL", ERROR,
          "A loop that waits for the device reads what the device writes in each turn.",
          "read used.idx through a volatile or an atomic: the compiler may keep anything else"),
     .on = ON(RETURN) | ON(CRASH), .tells = true, .explains_wait = true, .check = check_stale},
    {SELF("RS-CACHE-LOST", WARNING,
          "An invalidate drops no cache line with stores that are still needed.",
          "clean before the device reads; give what the device writes cache lines of its own"),
     .on = ON(WRITE) | ON(RETURN), .where = AT(REGISTER) | AT(NONE),
     .registers = REGISTER(QueueNotify), .tells = true, .check = check_lost,
     .assumes = "who maintains caches runs where devices do not snoop; lines have 64 bytes"},
};
/* clang-format on */

const struct rule_list rules_completion = RULE_LIST(rules);
