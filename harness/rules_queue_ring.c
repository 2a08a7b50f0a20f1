/*
 * Rules about what lies in a split queue (2.7.3 to 2.7.9, 2.7.13, 2.7.14): chains, entries, flags,
 * and what the driver takes out of the used ring.
 *
 * What the device refuses by itself is judged in rules_queue.c.
 */
#include "rules.h"

#include <stdio.h>

#include "model_queue.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/ring.h"

#define STORES      (ON(STORE) | ON(UPDATE))
#define PUBLISHES   .on = STORES, .where = AT(AVAIL_IDX) | AT(AVAIL_FLAGS), .by_driver = true
#define CRUMB_BYTES 64u
#define CRUMBS_MAX  5u /* descriptors of a chain that go on where a crumb before them ended */

/* The queue whose avail.idx was just moved ahead by at most its size, or NULL. */
static const struct model_queue *published(const struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);

    if (queue == NULL || queue->size == 0 || queue->avail_delta == 0 ||
        queue->avail_delta > queue->size || queue->avail_store.step != event->step)
        return NULL;
    return queue;
}

/* ---- chains ---- */

struct chain_look {
    uint32_t count;
    uint32_t adjoining; /* descriptors that go on where the one before ended, of the same kind */
    uint64_t end;       /* of the buffer before, and its length */
    uint32_t bytes;
    uint16_t flags;
    uint32_t size; /* of the table */
    bool bad;      /* out of order, at `bad_index`, which points to `bad_next` */
    bool bad_in_table;
    uint32_t bad_index, bad_next;
    uint32_t head, last; /* of the queue's own table */
};

static bool look_at(void *context, const struct model_desc *desc)
{
    struct chain_look *look = context;
    uint32_t wanted = desc->index + 1;

    if (look->count++ > 0 && desc->addr == look->end && look->bytes < CRUMB_BYTES &&
        ((desc->flags ^ look->flags) & VIRTQ_DESC_F_WRITE) == 0)
        look->adjoining++;
    look->end = desc->addr + desc->len_bytes;
    look->bytes = desc->len_bytes;
    look->flags = desc->flags;
    if (!desc->in_indirect) {
        wanted = wanted == look->size ? 0 : wanted;
        look->last = desc->index;
    }
    if ((desc->flags & VIRTQ_DESC_F_NEXT) != 0 && desc->next != wanted && !look->bad) {
        look->bad = true;
        look->bad_in_table = desc->in_indirect;
        look->bad_index = desc->index;
        look->bad_next = desc->next;
    }
    return true;
}

static struct chain_look look_at_chain(const struct judge *judge, const struct model_queue *queue,
                                       uint16_t head)
{
    struct chain_look look = {.size = queue->size, .head = head};

    model_walk(&judge->model, queue, head, look_at, &look);
    return look;
}

static void check_excess(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = published(judge, event);
    char label[FINDING_TEXT_BYTES];
    uint16_t head;

    for (uint32_t i = 0; queue != NULL && i < queue->avail_delta; i++) {
        struct chain_look look;
        if (!model_avail_head(&judge->model, queue, (uint16_t)(queue->avail_idx - 1 - i), &head) ||
            head >= queue->size || queue->request[head].descriptors < 2)
            continue;
        rule_looks(rule, judge);
        if (queue->request[head].descriptors < CRUMBS_MAX)
            continue;
        look = look_at_chain(judge, queue, head);
        if (look.adjoining < CRUMBS_MAX)
            continue;
        snprintf(label, sizeof label,
                 "%u of its %u pieces go on where a piece of a few bytes ended", look.adjoining,
                 look.count);
        judge_raise(judge, rule, event, label, NULL, NULL,
                    "driver spread a buffer over %u descriptors", look.count);
    }
}

/* With IN_ORDER: the chains that were just published, in order. */
static void check_in_order(const struct rule *rule, struct judge *judge, const struct event *event,
                           bool in_table)
{
    const struct model_queue *queue = published(judge, event);
    char label[FINDING_TEXT_BYTES];
    uint16_t head;

    if (queue == NULL || !model_has_feature(&judge->model, VIRTIO_F_IN_ORDER))
        return;
    for (uint32_t i = queue->avail_delta; i > 0; i--) {
        struct chain_look look;
        if (!model_avail_head(&judge->model, queue, (uint16_t)(queue->avail_idx - i), &head))
            return;
        look = look_at_chain(judge, queue, head);
        rule_looks(rule, judge);
        if (!look.bad || look.bad_in_table != in_table)
            continue;
        snprintf(label, sizeof label, "descriptor %u goes on at %u", look.bad_index, look.bad_next);
        judge_raise(judge, rule, event, label, NULL, NULL,
                    in_table ? "the indirect table of head %u of queue %u is not in order"
                             : "the chain of head %u of queue %u is not in the table's order",
                    head, event->queue);
    }
}

static void check_in_order_ring(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    check_in_order(rule, judge, event, false);
}

static void check_in_order_table(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    check_in_order(rule, judge, event, true);
}

/* With IN_ORDER: each chain begins where the one before ended. The model keeps where that was. */
static void check_in_order_heads(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    const struct model_queue *queue = published(judge, event);
    char label[FINDING_TEXT_BYTES];
    uint16_t head;

    if (queue == NULL || !model_has_feature(&judge->model, VIRTIO_F_IN_ORDER) ||
        !model_avail_head(&judge->model, queue, (uint16_t)(queue->avail_idx - queue->avail_delta),
                          &head))
        return;
    rule_looks(rule, judge);
    if (head == queue->chain_before)
        return;
    snprintf(label, sizeof label, "the next free one in ring order is %u", queue->chain_before);
    judge_raise(judge, rule, event, label, NULL, NULL,
                "driver began a chain of queue %u at descriptor %u, out of order", event->queue,
                head);
}

/* ---- entries ---- */

/* Only where each entry was written alone and published at once is it plain which was meant. */
static void check_slot(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = published(judge, event);
    uint32_t slot;
    char label[FINDING_TEXT_BYTES];

    if (queue == NULL || queue->avail_delta != 1 || queue->slots_before != 1)
        return;
    slot = (uint16_t)(queue->avail_idx - 1) % queue->size;
    rule_looks(rule, judge);
    if (queue->slot_store.index == slot || queue->slot_store.width_bytes != sizeof(le16))
        return;
    snprintf(label, sizeof label, "idx %u belongs to slot %u", (uint16_t)(queue->avail_idx - 1),
             slot);
    judge_raise(judge, rule, &queue->slot_store, label, event, "avail.idx was moved here",
                "driver wrote slot %u of queue %u's available ring; the device reads slot %u",
                queue->slot_store.index, event->queue, slot);
}

/* The driver waits, having told the device of an entry that avail.idx does not cover. */
static void check_advance(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char label[FINDING_TEXT_BYTES];

    (void)event;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &judge->model.queue[i];
        if (!queue->live || queue->slot_stores == 0 ||
            queue->notify.step < queue->slot_store.step || queue->in_flight != 0)
            continue;
        snprintf(label, sizeof label, "avail.idx is still %u", queue->avail_idx);
        judge_raise(judge, rule, &queue->slot_store, label, &queue->notify,
                    "the device was notified here",
                    "driver put a head into queue %u's available ring and did not move avail.idx",
                    i);
    }
}

/* ---- flags ---- */

static void check_avail_flags(const struct rule *rule, struct judge *judge,
                              const struct event *event, bool event_idx)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    unsigned flags = (unsigned)(event->value & 0xffff);

    if (queue == NULL || !queue->live ||
        model_has_feature(&judge->model, VIRTIO_F_EVENT_IDX) != event_idx)
        return;
    rule_looks(rule, judge);
    if (flags > (event_idx ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT))
        judge_raise(judge, rule, event,
                    event_idx ? "with EVENT_IDX only used_event says what is wanted"
                              : "only bit 0 (NO_INTERRUPT) is defined",
                    NULL, NULL, "driver wrote %u to avail.flags of queue %u", flags, event->queue);
}

static void check_flags(const struct rule *rule, struct judge *judge, const struct event *event)
{
    check_avail_flags(rule, judge, event, false);
}

static void check_flags_event(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    check_avail_flags(rule, judge, event, true);
}

static void check_used_flags(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, judge->model.queue_sel);
    struct event stored;
    le16 flags = 0;

    if (queue == NULL || !queue->live || queue->live_at.step != event->step ||
        !model_peek(&judge->model, queue->used_addr, &flags, sizeof flags))
        return;
    rule_looks(rule, judge);
    if (flags == 0)
        return;
    if (!model_find_store_into(&judge->model, queue->used_addr, sizeof flags, &stored))
        stored.step = 0;
    judge_raise(judge, rule, event, "the queue is live from here on", &stored,
                "this was stored there", "used.flags of queue %u is %u before the device was here",
                judge->model.queue_sel, virtio_le16(flags));
}

/* ---- the used ring ---- */

/*
 * Is a slot the next one that the device will use, and none that the driver takes back just now? Of
 * a whole ring that was used at once, every slot is.
 */
static bool comes_next(const struct model_queue *queue, uint32_t slot)
{
    return slot == queue->used_idx % queue->size && queue->seen_idx == queue->used_idx &&
           (uint16_t)(queue->seen_idx - queue->batch_idx) < queue->size;
}

/* A load of the entry that comes next, while the device has not used it. */
static void check_consumed(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    struct finding *finding;
    char label[FINDING_TEXT_BYTES];

    if (queue == NULL || queue->size == 0 || (event->flags & EVENT_RANGE) != 0 ||
        !model_may_look(&judge->model, queue) || event->width_bytes < sizeof(le32))
        return;
    rule_looks(rule, judge);
    if (!comes_next(queue, event->index) || judge->model.spurious.step > queue->used_idx_store.step)
        return;
    if (queue->completed > UINT16_MAX)
        snprintf(label, sizeof label,
                 "used.idx is %u: it wrapped at 65536, as the driver's own count must",
                 queue->used_idx);
    else
        snprintf(label, sizeof label, "used.idx is %u: entry %u comes next", queue->used_idx,
                 queue->used_idx);
    finding =
        judge_raise(judge, rule, event, label, &queue->used_idx_load, "used.idx was read here",
                    "driver took an entry of queue %u's used ring that the device has not "
                    "used",
                    event->queue);
    /* It looked, there was nothing, and it took an entry all the same: no look ahead of time. */
    if (finding != NULL && queue->used_idx_load.step > queue->element_before_step &&
        queue->completed > UINT16_MAX)
        finding->level = FINDING_ERROR;
}

/* An interrupt without a used buffer, and the driver took one all the same. */
static void check_spurious(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *spurious = &model->spurious;

    if (spurious->step == 0 || spurious->queue >= SIM_QUEUES_MAX)
        return;
    if (event->kind == EVENT_RETURN) {
        const struct model_queue *queue = &model->queue[spurious->queue];
        const struct model_request *request = model_oldest_request(queue, NULL);
        rule_looks(rule, judge);
        if (event->value == SUITE_OK && request != NULL && model_is_in_flight(request) &&
            request->call == (uint32_t)model->call.call.value)
            judge_raise(judge, rule, &model->last_driver, "OK was returned", spurious,
                        "this interrupt came for no used buffer",
                        "driver took an interrupt for the answer to its request");
        return;
    }
    {
        const struct model_queue *queue = rule_queue(judge, event->queue);
        if (queue == NULL || queue->size == 0 || (event->flags & EVENT_RANGE) != 0)
            return;
        rule_looks(rule, judge);
        if (comes_next(queue, event->index) && spurious->step > queue->used_idx_store.step)
            judge_raise(judge, rule, event, "the device has not used this entry", spurious,
                        "this interrupt came for no used buffer",
                        "driver took an interrupt for a used buffer of queue %u", event->queue);
    }
}

/* Looked at what the device did not say it wrote; and, if it then said OK, went by it. */
static void check_tail(const struct rule *rule, struct judge *judge, const struct event *event,
                       bool relied)
{
    const struct model *model = &judge->model;
    const struct event *load = &model->tail_load;
    bool ok = event != NULL && event->value == SUITE_OK;
    struct event used = {.party = EVENT_PARTY_DEVICE,
                         .kind = EVENT_STORE,
                         .place = EVENT_PLACE_USED_IDX,
                         .queue = model->tail_loaded.queue,
                         .width_bytes = sizeof(le16),
                         .step = model->tail_loaded.used.step};
    char label[FINDING_TEXT_BYTES];

    if ((model->tail_count == 0 && load->step == 0) || model->class->device_id == VIRTIO_ID_BLOCK)
        return;
    rule_looks(rule, judge);
    if (load->step == 0 || load->step < model->call.call.step || relied != ok ||
        (event == NULL && judge_has(judge, "SPLIT-DRV-15")))
        return;
    used.value = model->queue[used.queue].used_idx;
    snprintf(label, sizeof label, "len is %u: the device wrote no further",
             model->tail_loaded.len_bytes);
    judge_raise(judge, rule, load, label, &used, "the buffer was used here",
                relied ? "driver went by bytes of a response that the device did not write"
                       : "driver looked at bytes of a response that the device did not write");
}

static void check_tail_read(const struct rule *rule, struct judge *judge, const struct event *event)
{
    check_tail(rule, judge, event, false);
}

static void check_tail_relied(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    check_tail(rule, judge, event, true);
}

/* An old device gives any len; what matters is whether the response came. */
static void check_legacy_len(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *response = &model->call.response;

    if (model->fault.step < model->call.call.step || model->fault.value != SIM_FAULT_USED_LEN ||
        response->step == 0 || !model->class->succeeded((uint32_t)response->value))
        return;
    rule_looks(rule, judge);
    if (event->value != SUITE_OK)
        judge_raise(judge, rule, &model->last_driver, "the call failed", &model->fault,
                    "here the device began to give a wrong len",
                    "driver gave a request up for its used len; the response is whole");
}

#define TAILS   "no disk, which writes the status of a request that fails behind what len covers"
#define ELEMENT AT(USED_RING) | AT(USED_RING_ID) | AT(USED_RING_LEN)

/* clang-format off */
static const struct rule rules[] = {
    {RULE("SPLIT-DRV-03", SHOULD_NOT, WARNING, "2.7.4.2", "Message Framing",
          "A buffer is not spread over more descriptors than it needs.",
          "give a piece of contiguous memory one descriptor"),
     PUBLISHES, .tells = true, .check = check_excess,
     .assumes = "five descriptors that go on where one of less than 64 bytes ended are too many"},
    {RULE("SPLIT-DRV-05", MUST, ERROR, "2.7.5.2", "The Virtqueue Descriptor Table",
          "With IN_ORDER, a chain takes descriptors one after the other, wrapping at the end.",
          "let next be the index plus 1, and 0 for the last descriptor of the table"),
     PUBLISHES, .tells = true, .check = check_in_order_ring},
    {RULE("SPLIT-DRV-10", MUST, ERROR, "2.7.5.3.1", "Indirect Descriptors",
          "With IN_ORDER, the entries of an indirect table follow each other: next is 1, 2, 3.",
          "fill the table from entry 0 on and link each entry to the one behind it"),
     PUBLISHES, .tells = true, .check = check_in_order_table},
    {RULE("XSPLIT-DRV-11", MUST, NOTE, "2.7.5", "The Virtqueue Descriptor Table",
          "With IN_ORDER, chains take descriptors in ring order, from 0 on.",
          "begin each chain behind the end of the one before"),
     PUBLISHES, .tells = true, .check = check_in_order_heads},
    {RULE("XSPLIT-DRV-03", MUST, NOTE, "2.7.6", "The Virtqueue Available Ring",
          "An entry is put into slot idx modulo the queue's size; idx begins at 0.",
          "avail.ring[idx % size] = head, then idx + 1"),
     PUBLISHES, .tells = true, .check = check_slot},
    {RULE("SPLIT-DRV-12", MUST, ERROR, "2.7.7.1", "Used Buffer Notification Suppression",
          "Without EVENT_IDX, avail.flags is 0 or 1.", "use no other bit of it"),
     .on = STORES, .where = AT(AVAIL_FLAGS), .by_driver = true, .tells = true,
     .check = check_flags},
    {RULE("SPLIT-DRV-13", MUST, ERROR, "2.7.7.1", "Used Buffer Notification Suppression",
          "With EVENT_IDX, avail.flags is 0.", "say by used_event which interrupts are wanted"),
     .on = STORES, .where = AT(AVAIL_FLAGS), .by_driver = true, .tells = true,
     .check = check_flags_event},
    {RULE("SPLIT-DRV-14", MUST, ERROR, "2.7.7.1", "Used Buffer Notification Suppression",
          "An interrupt may come although no buffer was used.",
          "look at used.idx at every interrupt, and do nothing when it did not move"),
     .on = ON(LOAD) | ON(RETURN), .where = AT(NONE) | ELEMENT, .tells = true,
     .check = check_spurious},
    {RULE("SPLIT-DRV-15", MUST_NOT, ERROR, "2.7.8.3", "The Virtqueue Used Ring",
          "Nothing is assumed about bytes of a response behind the used element's len.",
          "check len before using a field of the response; zero the buffer before the request"),
     .on = ON(RETURN), .where = AT(NONE), .tells = true, .versions = RULE_V2,
     .check = check_tail_relied, .assumes = TAILS},
    {RULE("SPLIT-DRV-16", SHOULD, WARNING, "2.7.8.3", "The Virtqueue Used Ring",
          "Bytes of a response behind the used element's len are not looked at.",
          "check len before looking at a field of the response"),
     .on = ON(RETURN) | RULE_AT_END, .where = AT(NONE), .tells = true, .versions = RULE_V2,
     .check = check_tail_read, .assumes = TAILS},
    {RULE("LSPLIT-DRV-D1", SHOULD, WARNING, "2.7.8.1", "Legacy Interface: The Virtqueue Used Ring",
          "On a version-1 device the used element's len is disregarded: many give a wrong one.",
          "go by the response itself"),
     .on = ON(RETURN), .where = AT(NONE), .tells = true, .versions = RULE_V1,
     .check = check_legacy_len, .assumes = "the device was told to give a wrong len"},
    {RULE("SPLIT-DRV-17", MUST, ERROR, "2.7.10.1", "Available Buffer Notification Suppression",
          "used.flags is 0 when the ring is allocated.", "zero the used ring"),
     .on = ON(WRITE), .where = AT(REGISTER), .registers = REGISTER(QueueReady) | REGISTER(QueuePFN),
     .by_driver = true, .tells = true, .check = check_used_flags},
    {RULE("XSPLIT-DRV-07", MUST, ERROR, "2.7.13", "Supplying Buffers to The Device",
          "avail.idx advances by the number of heads that were put into the ring.",
          "add 1 to it for each entry, and store it once all are written"),
     .on = ON(STUCK), .exercise = ON(TAKE), .explains_wait = true, .check = check_advance},
    {RULE("XSPLIT-DRV-08", MUST, NOTE, "2.7.14", "Receiving Used Buffers From The Device",
          "Used entries are taken once each, in ring order, up to used.idx.",
          "compare used.idx with the driver's own count before each entry"),
     .on = ON(LOAD), .where = ELEMENT, .by_driver = true, .tells = true, .check = check_consumed},
};

static const struct rule_unchecked unchecked[] = {
    {"LSPLIT-DRV-01", "2.7.2", "On a version-1 device the queue's size is read from the device.",
     "LMMIO-DRV-D7 asks for the same and judges it"},
    {"LSPLIT-DRV-04", "2.7.3", "On a version-1 device ring fields have the guest's own byte order.",
     "drivers run on a little-endian processor here, where both orders are the same"},
    {"LSPLIT-DRV-D2", "2.7.4.3",
     "Without ANY_LAYOUT, requests to a version-1 device are framed as its type asks.",
     "the GPU's chapter asks for nothing"},
    {"XSPLIT-DRV-13", "2.7.5", "Ring fields are little-endian.",
     "drivers run on a little-endian processor here, where both orders are the same"},
};
/* clang-format on */

const struct rule_list rules_queue_ring = RULE_LIST_WITH(rules, unchecked);
