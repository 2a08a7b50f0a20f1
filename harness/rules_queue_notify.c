/*
 * Rules about notifications and the order of stores (2.7.7, 2.7.10, 2.7.13.3, 2.7.13.4, 2.7.14).
 *
 * Whether a notification is owed is decided where the driver waits or the run ends, not at the
 * store. Barriers are judged by what the driver was seen to do: memory is ordered here, so that a
 * missing one breaks nothing, and only a driver that makes barriers elsewhere is told of it.
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "virtio/config.h"
#include "virtio/ring.h"

#define STORES    (ON(STORE) | ON(UPDATE))
#define PUBLISHES .on = STORES, .where = AT(AVAIL_IDX) | AT(AVAIL_FLAGS), .by_driver = true

static bool with_event_idx(const struct judge *judge)
{
    return model_has_feature(&judge->model, VIRTIO_F_EVENT_IDX);
}

/* ---- owed notifications ---- */

/* Which of the four rules a missing notification breaks: by what the driver went by. */
static const char *missing_rule(const struct judge *judge, const struct model_queue *queue)
{
    bool saw_flags = queue->used_flags_load.step > queue->avail_store.step;
    bool saw_event = queue->avail_event_load.step > queue->avail_store.step;

    if (with_event_idx(judge))
        return saw_flags && !saw_event && (queue->used_flags & VIRTQ_USED_F_NO_NOTIFY) != 0
                   ? "SPLIT-DRV-21"
                   : "SPLIT-DRV-22";
    return saw_event && !saw_flags ? "SPLIT-DRV-18" : "SPLIT-DRV-20";
}

static bool is_owed(const struct judge *judge, const struct model_queue *queue)
{
    const struct model_request *request = model_oldest_request(queue, NULL);

    if (!queue->live || request == NULL || request->state != MODEL_PUBLISHED ||
        queue->notify.step > queue->avail_store.step)
        return false;
    if (with_event_idx(judge))
        return virtq_need_event(queue->avail_event, queue->avail_idx, queue->notified_idx) != 0;
    return (queue->used_flags & VIRTQ_USED_F_NO_NOTIFY) == 0;
}

/* The driver read avail_event after it had moved avail.idx, and drew the wrong conclusion. */
static bool is_miscompared(const struct rule *rule, const struct model_queue *queue)
{
    return strcmp(rule->id, "SPLIT-DRV-22") == 0 &&
           queue->avail_event_load.step > queue->avail_store.step &&
           queue->avail_event_load.step > queue->avail_event_store.step;
}

static void raise_miscompared(const struct rule *rule, struct judge *judge,
                              const struct model_queue *queue, uint32_t number)
{
    char label[FINDING_TEXT_BYTES];

    snprintf(label, sizeof label, "avail.idx went from %u to %u: that passes %u, modulo 65536",
             queue->notified_idx, queue->avail_idx, queue->avail_event);
    judge_raise(judge, rule, &queue->avail_event_load, label, &queue->avail_store,
                "avail.idx was moved here",
                "driver read avail_event of queue %u and did not notify the device", number);
}

/* The device waits for a notification that did not come, and the driver waits or is done. */
static void check_notified(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *notify = &model->last_write[VIRTIO_MMIO_REG_QueueNotify];
    char label[FINDING_TEXT_BYTES];

    if (model->config.eager_poll || (model->status.value & VIRTIO_STATUS_DRIVER_OK) == 0 ||
        model->crash.step != 0)
        return;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        const struct event *cause = &queue->notify;
        const char *cause_label = "the last notification came before it";
        if (event == NULL && (queue->avail_store.step == queue->live_at.step ||
                              (model->call.call.step < queue->avail_store.step &&
                               model->call.returned.step < queue->avail_store.step)))
            continue; /* an old ring, or a run that was ended before the driver was done */
        if (!is_owed(judge, queue) || strcmp(missing_rule(judge, queue), rule->id) != 0)
            continue;
        if (strcmp(rule->id, "SPLIT-DRV-18") == 0) {
            cause = &queue->avail_event_load;
            cause_label = "without EVENT_IDX this means nothing";
        } else if (strcmp(rule->id, "SPLIT-DRV-21") == 0) {
            cause = &queue->used_flags_load;
            cause_label = "with EVENT_IDX this means nothing";
        } else if (notify->step > queue->avail_store.step) {
            cause = notify;
            cause_label = "another queue was notified here";
        }
        snprintf(label, sizeof label, "avail.idx is %u now; no QueueNotify %u came after it",
                 queue->avail_idx, i);
        if (is_miscompared(rule, queue))
            raise_miscompared(rule, judge, queue, i);
        else if (cause == notify)
            judge_raise(judge, rule, &queue->avail_store, label, cause, cause_label,
                        "driver made a buffer of queue %u available and notified queue %u", i,
                        (unsigned)notify->value);
        else
            judge_raise(judge, rule, &queue->avail_store, label, cause, cause_label,
                        "driver made a buffer of queue %u available but did not notify the device",
                        i);
    }
}

/* ---- notifications that nobody asked for ---- */

/* The queue that was just notified for something new; NULL if it is none, or a race. */
static const struct model_queue *notified(const struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, (uint32_t)event->value);

    if (queue == NULL || !queue->live || event->verdict != EVENT_VERDICT_OK ||
        queue->avail_store.step == 0 || queue->avail_idx == queue->notified_before)
        return NULL;
    return queue;
}

static void check_unwanted(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = notified(judge, event);

    if (queue == NULL || with_event_idx(judge))
        return;
    rule_looks(rule, judge);
    if ((queue->used_flags & VIRTQ_USED_F_NO_NOTIFY) != 0 &&
        queue->used_flags_store.step < queue->avail_store.step)
        judge_raise(judge, rule, event, "used.flags is 1: the device looks by itself",
                    &queue->used_flags_store, "the device said so here",
                    "driver notified queue %u although the device asked not to be",
                    (unsigned)event->value);
}

static void check_unwanted_event(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    const struct model_queue *queue = notified(judge, event);
    char label[FINDING_TEXT_BYTES];

    if (queue == NULL || !with_event_idx(judge) ||
        queue->avail_event_store.step > queue->avail_store.step)
        return;
    rule_looks(rule, judge);
    if (virtq_need_event(queue->avail_event, queue->avail_idx, queue->notified_before))
        return;
    snprintf(label, sizeof label, "avail.idx went from %u to %u, avail_event is %u",
             queue->notified_before, queue->avail_idx, queue->avail_event);
    judge_raise(judge, rule, event, label, &queue->avail_event_store, "the device said so here",
                "driver notified queue %u before avail.idx passed avail_event",
                (unsigned)event->value);
}

/* ---- asking for interrupts ---- */

static void check_armed(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;

    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        if (!queue->live || queue->arm.step == 0 || queue->in_flight + queue->completed == 0 ||
            queue->arm.step < queue->avail_store.step)
            continue;
        rule_looks(rule, judge);
        if (queue->used_idx_load.step < queue->arm.step)
            judge_raise(judge, rule, event, "what was used in between is not noticed", &queue->arm,
                        "interrupts were asked for here",
                        "driver waits without having looked at used.idx of queue %u again", i);
    }
}

/* ---- barriers ---- */

/* On x86 stores are seen in order, and a compiler barrier is enough between them. */
static bool orders_stores_itself(const struct judge *judge)
{
    return judge->scenario != NULL && judge->scenario->machine.name == MACHINE_MICROVM;
}

/* A scenario that goes on where its driver left off: the driver's barriers are not its own. */
static bool is_between(const struct judge *judge, const struct event *event)
{
    return judge->scenario != NULL && judge->scenario->driver[0] != '\0' &&
           event->pc <= SCENARIO_LINES_MAX;
}

/* The last store that avail.idx makes visible, if avail.idx was just moved; else step 0. */
static struct event last_entry_store(const struct judge *judge, const struct event *event)
{
    static const struct event none;
    const struct model_queue *queue = rule_queue(judge, event->queue);

    if (queue == NULL || queue->avail_store.step != event->step)
        return none;
    return queue->slot_store.step > queue->desc_store.step ? queue->slot_store : queue->desc_store;
}

static void check_barrier(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    struct event stored = last_entry_store(judge, event);

    if (stored.step == 0 || model->barrier.step == 0 || orders_stores_itself(judge) ||
        is_between(judge, event) || model_has_feature(model, VIRTIO_F_ORDER_PLATFORM))
        return;
    rule_looks(rule, judge);
    if (model->store_barrier.step < stored.step && (event->flags & EVENT_RELEASE) == 0)
        judge_raise(judge, rule, event, "no barrier since", &stored, "this store may come later",
                    "the device may see avail.idx of queue %u move before the entry is there",
                    event->queue);
}

static void check_device_barrier(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    const struct model *model = &judge->model;
    struct event stored = last_entry_store(judge, event);

    if (stored.step == 0 || !model_has_feature(model, VIRTIO_F_ORDER_PLATFORM))
        return;
    rule_looks(rule, judge);
    if (model->store_barrier.step < stored.step)
        judge_raise(judge, rule, event,
                    (event->flags & EVENT_RELEASE) != 0 ? "a release orders for processors only"
                                                        : "no barrier since",
                    &stored, "this store may come later",
                    "driver moved avail.idx of queue %u without a barrier for devices",
                    event->queue);
}

static void check_full_barrier(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_queue *queue = rule_queue(judge, event->queue);

    if (queue == NULL || event->width_bytes > sizeof(le16) || model->barrier.step == 0 ||
        queue->avail_store.step == 0 || queue->notify.step > queue->avail_store.step)
        return;
    rule_looks(rule, judge);
    if (model->full_barrier.step < queue->avail_store.step)
        judge_raise(judge, rule, event, "this may be read before avail.idx is seen to move",
                    &queue->avail_store, "avail.idx was stored here, and no full barrier since",
                    "driver may miss that the device of queue %u wants to be notified",
                    event->queue);
}

/* The driver's barrier between avail.idx and the notification, where nothing is read in between. */
static void check_notify_barrier(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_queue *queue = notified(judge, event);

    if (queue == NULL || model->barrier.step == 0 || orders_stores_itself(judge) ||
        is_between(judge, event) || queue->used_flags_load.step > queue->avail_store.step ||
        queue->avail_event_load.step > queue->avail_store.step)
        return;
    rule_looks(rule, judge);
    if (model->store_barrier.step < queue->avail_store.step)
        judge_raise(judge, rule, event, "this may come first", &queue->avail_store,
                    "avail.idx was stored here, and no barrier since",
                    "the device may be notified of queue %u before it can see avail.idx move",
                    (unsigned)event->value);
}

/* The same on the way back: used.idx, then what it speaks of. */
static void check_element_barrier(const struct rule *rule, struct judge *judge,
                                  const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_queue *queue = rule_queue(judge, event->queue);

    if (queue == NULL || queue->size == 0 || queue->used_idx_load.step == 0 ||
        model->barrier.step == 0 || orders_stores_itself(judge) || is_between(judge, event) ||
        (event->flags & EVENT_RANGE) != 0)
        return;
    rule_looks(rule, judge);
    if (model->load_barrier.step < queue->used_idx_load.step &&
        (queue->used_idx_load.flags & EVENT_ACQUIRE) == 0)
        judge_raise(judge, rule, event, "this may have been read before the device wrote it",
                    &queue->used_idx_load, "used.idx was read here, and no barrier since",
                    "the element of queue %u's used ring may be older than used.idx says",
                    event->queue);
}

/* ---- asleep without having asked ---- */

static void check_asked(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;

    if (event->pc == model->last_load.pc || judge_has(judge, "LSPLIT-DRV-03"))
        return; /* it looks for itself */
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        const struct event *asked = &queue->suppression;
        struct event at = *event;
        char label[FINDING_TEXT_BYTES];
        if (!queue->live || queue->completed == 0)
            continue;
        rule_looks(rule, judge);
        if (event->kind != EVENT_STUCK || rule_is_provoked(judge) ||
            queue->used_idx == queue->seen_idx || asked->step < queue->used_idx_store.step ||
            queue->must_notify || queue->arm.step > asked->step ||
            queue->used_idx_load.step > asked->step)
            continue;
        if (with_event_idx(judge))
            snprintf(label, sizeof label, "used.idx is %u, and used_event is still %u",
                     queue->used_idx, (unsigned)asked->value);
        else
            snprintf(label, sizeof label, "used.idx is %u, and avail.flags is %u", queue->used_idx,
                     (unsigned)asked->value);
        if (at.pc == 0)
            at = *model_look(model);
        at.queue = (uint16_t)i;
        judge_raise(judge, rule, &at, label, asked, "the device looked here whether to interrupt",
                    "driver waits for an interrupt of queue %u that it did not ask for", i);
    }
}

#define NOTIFIES                                                                                   \
    .on = ON(WRITE), .where = AT(REGISTER), .registers = REGISTER(QueueNotify), .by_driver = true, \
    .tells = true
#define WAITS .on = ON(STUCK) | RULE_AT_END, .exercise = ON(TAKE), .explains_wait = true
#define ORDERED                                                                                    \
    "memory is ordered here, so that nothing went wrong; judged only in drivers that "             \
    "make barriers at all"

/* clang-format off */
static const struct rule rules[] = {
    {RULE("SPLIT-DRV-18", MUST, ERROR, "2.7.10.1", "Available Buffer Notification Suppression",
          "Without EVENT_IDX, avail_event is disregarded.",
          "go by used.flags unless bit 29 was negotiated"),
     WAITS, .check = check_notified},
    {RULE("SPLIT-DRV-19", SHOULD_NOT, WARNING, "2.7.10.1",
          "Available Buffer Notification Suppression",
          "Without EVENT_IDX, the device is not notified while used.flags is 1.",
          "read used.flags after moving avail.idx, and notify if it is 0"),
     NOTIFIES, .check = check_unwanted},
    {RULE("SPLIT-DRV-20", MUST, ERROR, "2.7.10.1", "Available Buffer Notification Suppression",
          "The device is notified of a new buffer unless used.flags says that it need not be.",
          "write the queue's number to QueueNotify after moving avail.idx"),
     WAITS, .check = check_notified},
    {RULE("SPLIT-DRV-21", MUST, ERROR, "2.7.10.1", "Available Buffer Notification Suppression",
          "With EVENT_IDX, bit 0 of used.flags is disregarded.",
          "go by avail_event when bit 29 was negotiated"),
     WAITS, .check = check_notified},
    {RULE("SPLIT-DRV-22", MUST, ERROR, "2.7.10.1", "Available Buffer Notification Suppression",
          "With EVENT_IDX, the device is notified when avail.idx passes avail_event.",
          "compare modulo 65536, after a full barrier: (idx - event - 1) < (idx - old)"),
     WAITS, .check = check_notified},
    {RULE("SPLIT-DRV-23", SHOULD_NOT, WARNING, "2.7.10.1",
          "Available Buffer Notification Suppression",
          "With EVENT_IDX, the device is notified only when avail.idx passes avail_event.",
          "compare modulo 65536: (idx - event - 1) < (idx - old)"),
     NOTIFIES, .check = check_unwanted_event},
    {RULE("SPLIT-DRV-24", MUST, NOTE, "2.7.13.3.1", "Updating idx",
          "A barrier stands between writing descriptors and entries and moving avail.idx.",
          "a store barrier before the store of avail.idx, or a release store"),
     PUBLISHES, .tells = true, .check = check_barrier, .assumes = ORDERED},
    {RULE("RSVD-DRV-07", MUST, WARNING, "6.1", "Reserved Feature Bits",
          "With ORDER_PLATFORM, barriers are strong enough for devices, not only for processors.",
          "use the platform's barrier for DMA before moving avail.idx"),
     PUBLISHES, .tells = true, .versions = RULE_V2, .check = check_device_barrier,
     .assumes = "a release store orders for processors only, any barrier for devices as well"},
    {RULE("SPLIT-DRV-25", MUST, NOTE, "2.7.13.4.1", "Notifying The Device",
          "A full barrier stands between moving avail.idx and asking whether to notify.",
          "a full barrier before used.flags or avail_event is read"),
     .on = ON(LOAD), .where = AT(USED_FLAGS) | AT(AVAIL_EVENT), .by_driver = true, .tells = true,
     .check = check_full_barrier, .assumes = ORDERED},
    {RULE("XSPLIT-DRV-14", MUST, NOTE, "2.7.13", "Supplying Buffers to The Device",
          "A barrier stands between moving avail.idx and notifying the device.",
          "put the barrier before the write of QueueNotify, not behind it"),
     NOTIFIES, .check = check_notify_barrier, .assumes = ORDERED},
    {RULE("XSPLIT-DRV-15", MUST, NOTE, "2.7.14", "Receiving Used Buffers From The Device",
          "A barrier stands between reading used.idx and reading the element that it speaks of.",
          "a load barrier behind the load of used.idx, or an acquire load"),
     .on = ON(LOAD), .where = AT(USED_RING) | AT(USED_RING_ID) | AT(USED_RING_LEN),
     .by_driver = true, .tells = true, .check = check_element_barrier, .assumes = ORDERED},
    {RULE("XSPLIT-DRV-16", MUST, ERROR, "2.7.7", "Used Buffer Notification Suppression",
          "A driver that sleeps until an interrupt comes has asked for it.",
          "store the driver's own count in used_event (without EVENT_IDX: 0 in avail.flags) behind "
          "each look at used.idx, look once more, and then sleep"),
     .on = ON(WAIT) | ON(STUCK), .tells = true, .explains_wait = true, .check = check_asked},
    {RULE("XSPLIT-DRV-09", MUST, NOTE, "2.7.14", "Receiving Used Buffers From The Device",
          "After interrupts were asked for, used.idx is looked at once more before waiting.",
          "full barrier, look at used.idx, and only then sleep"),
     .on = ON(WAIT) | ON(STUCK), .tells = true, .check = check_armed},
};
/* clang-format on */

const struct rule_list rules_queue_notify = RULE_LIST(rules);
