/*
 * Rules about split virtqueues (2.7), the legacy layout included.
 *
 * Here are those that the device's refusals tell of, and where the parts lie; see also
 * rules_queue_ring.c and rules_queue_notify.c.
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "virtio/config.h"
#include "virtio/ring.h"

#define USED_PLACES                                                                                \
    (AT(USED_FLAGS) | AT(USED_IDX) | AT(USED_RING) | AT(USED_RING_ID) | AT(USED_RING_LEN) |        \
     AT(AVAIL_EVENT))
#define DESC_PLACES (AT(DESC) | AT(DESC_ADDR) | AT(DESC_LEN) | AT(DESC_FLAGS) | AT(DESC_NEXT))
#define STORES      (ON(STORE) | ON(UPDATE))

static const char *const area_name[MODEL_AREA_COUNT] = {"descriptor table", "available ring",
                                                        "used ring"};

static bool is_driver_ok(const struct judge *judge)
{
    return (judge->model.status.value & VIRTIO_STATUS_DRIVER_OK) != 0;
}

static struct event published_at(const struct model_queue *queue, uint32_t head)
{
    struct event event = queue->avail_store;

    if (head < queue->size) {
        event.step = queue->request[head].mark[MODEL_PUBLISHED].step;
        event.pc = queue->request[head].mark[MODEL_PUBLISHED].pc;
    }
    return event;
}

/* ---- layout ---- */

static void check_alignment(const struct rule *rule, struct judge *judge, const struct event *event)
{
    static const uint32_t align_bytes[MODEL_AREA_COUNT] = {VIRTQ_DESC_ALIGN_BYTES,
                                                           VIRTQ_AVAIL_ALIGN_BYTES,
                                                           VIRTQ_USED_ALIGN_BYTES};
    const struct model_queue *queue = rule_queue(judge, judge->model.queue_sel);

    if (queue == NULL || !queue->live || queue->live_at.step != event->step)
        return;
    for (unsigned area = 0; area < MODEL_AREA_COUNT; area++) {
        uint64_t addr = model_area_addr(queue, (enum model_area)area);
        char label[FINDING_TEXT_BYTES];
        if (addr % align_bytes[area] == 0)
            continue;
        snprintf(label, sizeof label, "0x%" PRIx64 " is no multiple of %u", addr,
                 align_bytes[area]);
        judge_raise(judge, rule,
                    queue->area_write[area][0].step != 0 ? &queue->area_write[area][0] : event,
                    label, event, "the queue was made ready here",
                    "driver put the %s of queue %u at 0x%" PRIx64 ", which is not aligned",
                    area_name[area], judge->model.queue_sel, addr);
    }
}

/* Does the used ring of a version-1 queue leave the memory that the queue was given? */
static void check_block(const struct rule *rule, struct judge *judge, uint32_t number)
{
    const struct model_queue *queue = rule_queue(judge, number);
    const struct arena_region *block, *other;
    uint64_t end;
    char at_label[FINDING_TEXT_BYTES], cause_label[FINDING_TEXT_BYTES];

    if (queue == NULL || !queue->live || judge->arena == NULL ||
        judge->layout_checked[number] == queue->live_at.step)
        return;
    judge->layout_checked[number] = queue->live_at.step;
    block = arena_find(judge->arena, queue->desc_addr);
    end = queue->used_addr + virtq_used_bytes(queue->size);
    if (block == NULL || block->freed_step != 0 ||
        (queue->used_addr >= block->addr && end <= block->addr + block->size_bytes) ||
        judge_find(judge, "LMMIO-DRV-D1", number) != NULL)
        return;
    other = arena_find(judge->arena, queue->used_addr);
    if (other != NULL && other != block && other->freed_step == 0)
        snprintf(at_label, sizeof at_label,
                 "the used ring is at 0x%" PRIx64 ", which belongs to `%s`", queue->used_addr,
                 other->what);
    else
        snprintf(at_label, sizeof at_label,
                 "the used ring is at 0x%" PRIx64 ", outside `%s` (0x%" PRIx64 ", %" PRIu64
                 " bytes)",
                 queue->used_addr, block->what, block->addr, block->size_bytes);
    snprintf(cause_label, sizeof cause_label,
             "with this alignment a queue of %u takes %" PRIu64 " bytes", queue->size,
             end - queue->desc_addr);
    judge_raise(judge, rule, &queue->pfn_write, at_label, &queue->align_write, cause_label,
                other != NULL && other != block
                    ? "the used ring of queue %u overlaps other DMA memory, `%s`"
                    : "the used ring of queue %u lies outside the memory allocated for it, `%s`",
                number, other != NULL && other != block ? other->what : block->what);
}

static void check_legacy_block(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    if (!model_is_legacy(&judge->model))
        return;
    if (event->kind == EVENT_WRITE)
        check_block(rule, judge, (uint32_t)event->value);
    else if (event->kind == EVENT_STUCK)
        for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++)
            check_block(rule, judge, i);
    else
        check_block(rule, judge, event->queue);
}

/* Nothing was made available where the device looks, while the driver may have done so elsewhere.
 */
static bool avail_is_untouched(const struct judge *judge, const struct model_queue *queue)
{
    return model_is_legacy(&judge->model) && queue->avail_store.step <= queue->live_at.step;
}

/* Notified, with an avail.idx that the driver keeps where the device has the used ring. */
static void check_fills_elsewhere(const struct rule *rule, struct judge *judge,
                                  const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, (uint32_t)event->value);
    struct finding *finding;
    char label[FINDING_TEXT_BYTES];

    if (queue == NULL || !queue->live || !avail_is_untouched(judge, queue) ||
        judge->used_idx_store[event->value].step <= queue->live_at.step)
        return;
    snprintf(label, sizeof label,
             "from here the device computes an available ring at 0x%" PRIx64
             ", right behind the descriptor table",
             queue->avail_addr);
    finding =
        judge_raise(judge, rule, &queue->pfn_write, label, &judge->used_idx_store[event->value],
                    "the driver moves its avail.idx here, in what is the device's used ring",
                    "the device's available ring of queue %u is at 0x%" PRIx64
                    ", the driver has it elsewhere",
                    (unsigned)event->value, queue->avail_addr);
    if (finding != NULL)
        snprintf(finding->help, sizeof finding->help,
                 "allocate one block: descriptor table, available ring right behind it, used ring "
                 "at the next multiple of QueueAlign");
}

/* Stuck, the device has completed, and the driver never looked at used.idx. (One that sleeps for an
 * interrupt has looked before, and knows where it is.) */
static void check_looks_elsewhere(const struct rule *rule, struct judge *judge,
                                  const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *look = model_look(model);

    if (event->kind == EVENT_WRITE)
        check_fills_elsewhere(rule, judge, event);
    if (event->kind == EVENT_WRITE || !model_is_legacy(model) || look->kind != EVENT_LOAD)
        return;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        struct event at = *look;
        char at_label[FINDING_TEXT_BYTES], cause_label[FINDING_TEXT_BYTES];
        if (!queue->live || queue->used_idx == queue->seen_idx || queue->used_idx_load.step != 0 ||
            judge_find(judge, "LSPLIT-DRV-02", i) != NULL)
            continue;
        at.queue = (uint16_t)i;
        snprintf(at_label, sizeof at_label,
                 "the driver looks at 0x%" PRIx64 "; used.idx is at 0x%" PRIx64 " and reads %u",
                 look->addr, queue->used_addr + 2, queue->used_idx);
        snprintf(cause_label, sizeof cause_label,
                 "from here the device computes a used ring at 0x%" PRIx64, queue->used_addr);
        judge_raise(judge, rule, &at, at_label,
                    queue->align_write.step != 0 ? &queue->align_write : &queue->pfn_write,
                    cause_label,
                    "the device's used ring of queue %u is at 0x%" PRIx64
                    ", the driver looks for it elsewhere",
                    i, queue->used_addr);
    }
}

/* ---- size and index ---- */

static void check_size(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (event->verdict != EVENT_VERDICT_OK ||
        (model_is_power_of_two(event->value) && event->value <= VIRTQ_SIZE_MAX))
        return;
    judge_raise(judge, rule, event, event->value == 0 ? "a queue of nothing" : "not a power of two",
                NULL, NULL, "driver wrote %" PRIu64 " to `QueueSize`, which is %s", event->value,
                model_is_power_of_two(event->value) ? "more than 32768" : "no power of two");
}

static const struct model_queue *moved_queue(const struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);

    if (queue == NULL || queue->size == 0 || !model_may_look(&judge->model, queue) ||
        (event->place == EVENT_PLACE_AVAIL_FLAGS && event->width_bytes < 4))
        return NULL;
    return queue;
}

static void check_idx_back(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = moved_queue(judge, event);

    if (queue != NULL && queue->avail_delta >= 0x8000)
        judge_raise(judge, rule, event, "what was made available cannot be taken back", NULL, NULL,
                    "driver moved avail.idx of queue %u back by %u, to %u", event->queue,
                    0x10000u - queue->avail_delta, queue->avail_idx);
}

static void check_outstanding(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_queue *queue;
    struct event at;

    if (event->kind == EVENT_REFUSE) {
        if (judge_has(judge, "SPLIT-DRV-11") || judge_has(judge, rule->id))
            return;
        at = rule_blame(judge, event);
        judge_raise(judge, rule, &at, "the device cannot follow", NULL, NULL,
                    "avail.idx of queue %u is 0x%" PRIx64 ", more than one queue ahead",
                    event->queue, event->addr);
        return;
    }
    queue = moved_queue(judge, event);
    if (queue == NULL || queue->avail_delta <= queue->size || queue->avail_delta >= 0x8000)
        return;
    uint16_t turned = __builtin_bswap16(queue->avail_idx);
    uint16_t ahead = (uint16_t)(turned - (queue->avail_idx - queue->avail_delta));
    if (judge->model.config.big_endian && ahead != 0 && ahead <= queue->size)
        judge_raise(judge, rule, event, "stored as a big-endian CPU has it", NULL, NULL,
                    "driver moved avail.idx of queue %u ahead by %u: it is not converted to "
                    "little-endian; %u is meant",
                    event->queue, queue->avail_delta, turned);
    else
        judge_raise(judge, rule, event, "more than the queue can hold", NULL, NULL,
                    "driver moved avail.idx of queue %u ahead by %u; the queue has %u entries",
                    event->queue, queue->avail_delta, queue->size);
}

/* ---- descriptors ---- */

static bool device_is_faulty(const struct judge *judge)
{
    const struct event *fault = &judge->model.fault;
    return fault->step != 0 &&
           (fault->value == SIM_FAULT_USED_ID || fault->value == SIM_FAULT_REWRITE_DESCRIPTORS);
}

/* What is still the device's, and if so, that a later request came back before it. */
static void own_words(const struct model_queue *queue, uint32_t owner, char *out, size_t out_bytes)
{
    const struct model_request *request = &queue->request[owner];

    snprintf(out, out_bytes, "the device still owns it");
    for (uint32_t head = 0; head < queue->size; head++) {
        const struct model_request *other = &queue->request[head];
        if (other->number <= request->number || other->mark[MODEL_FREE].step == 0)
            continue;
        snprintf(out, out_bytes,
                 "it belongs to head %u; what came back was head %u, made available later", owner,
                 head);
        return;
    }
}

static void check_free_descriptors(const struct rule *rule, struct judge *judge,
                                   const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    char label[FINDING_TEXT_BYTES];
    struct event cause;
    uint32_t desc = event->index;
    uint32_t owner;

    if (event->kind == EVENT_REFUSE) {
        rule_check_refusal(rule, judge, event);
        return;
    }
    /* What was made available before anybody looked is judged when it is taken. */
    if (event->kind == EVENT_TAKE) {
        if (queue != NULL && queue->doubled.step != 0 && event->value == queue->reused_desc &&
            event->value < queue->size &&
            queue->request[event->value].mark[MODEL_TAKEN].step == event->step)
            judge_raise(judge, rule, &queue->doubled, "it was available already", event,
                        "the device takes it here, and will take it again",
                        "driver made descriptor %u of queue %u available twice", queue->reused_desc,
                        event->queue);
        return;
    }
    if (queue == NULL || event->party != EVENT_PARTY_DRIVER || !queue->live ||
        !model_may_look(&judge->model, queue) || device_is_faulty(judge))
        return;
    if (event->place == EVENT_PLACE_AVAIL_IDX || event->place == EVENT_PLACE_AVAIL_FLAGS) {
        if (!queue->reused)
            return;
        desc = queue->reused_desc;
    }
    if (desc >= queue->size || queue->entry[desc].owner == 0)
        return;
    owner = queue->entry[desc].owner - 1u;
    cause = published_at(queue, owner);
    own_words(queue, owner, label, sizeof label);
    judge_raise(judge, rule, event, label, &cause, "it was made available here and not used yet",
                queue->reused && desc == queue->reused_desc &&
                        event->place >= EVENT_PLACE_AVAIL_FLAGS
                    ? "driver made descriptor %u of queue %u available again, which the device owns"
                    : "driver changed descriptor %u of queue %u, which the device owns",
                desc, event->queue);
}

static void check_chain(const struct rule *rule, struct judge *judge, const struct event *event)
{
    /* A loop of plain descriptors is a buffer without end; in an indirect table it is a chain too
     * long. */
    bool indirect = event->place == EVENT_PLACE_INDIRECT;
    bool for_indirect = strcmp(rule->id, "SPLIT-DRV-08") == 0;

    if (event->value != SIM_REFUSAL_CHAIN_LOOP || indirect == for_indirect)
        rule_check_refusal(rule, judge, event);
}

static void raise_used_ring_store(const struct rule *rule, struct judge *judge, uint32_t number,
                                  const struct event *event)
{
    judge_raise(judge, rule, event, "only the device writes here",
                &judge->model.queue[number].live_at, "the queue was made live here",
                "driver wrote into the used ring of queue %u", number);
}

/* What was kept back, as the driver may have meant its available ring: LSPLIT-DRV-03's then. */
static void raise_kept_back(const struct rule *rule, struct judge *judge, uint32_t number)
{
    struct event *store = &judge->used_store[number];

    if (store->step > judge->model.queue[number].live_at.step &&
        judge_find(judge, "LSPLIT-DRV-03", number) == NULL)
        raise_used_ring_store(rule, judge, number, store);
    store->step = 0;
}

static void check_used_ring_store(const struct rule *rule, struct judge *judge,
                                  const struct event *event)
{
    const struct model_queue *queue;

    if (event == NULL || event->kind == EVENT_WRITE) {
        for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++)
            if (event == NULL || event->value == i)
                raise_kept_back(rule, judge, i);
        return;
    }
    rule_looks(rule, judge);
    queue = rule_queue(judge, event->queue);
    if (queue == NULL || !queue->live || !is_driver_ok(judge) || judge_has(judge, "LSPLIT-DRV-02"))
        return;
    if (!avail_is_untouched(judge, queue) || event->width_bytes != sizeof(le16)) {
        raise_used_ring_store(rule, judge, event->queue, event);
        return;
    }
    if (judge->used_store[event->queue].step <= queue->live_at.step)
        judge->used_store[event->queue] = model_keep(event);
    if (event->place == EVENT_PLACE_USED_IDX)
        judge->used_idx_store[event->queue] = model_keep(event);
}

/* The device refuses a chain; one that it takes is none of these. */
#define CHAIN_REFUSAL .on = ON(REFUSE), .exercise = ON(TAKE)

/* clang-format off */
static const struct rule rules[] = {
    {RULE("XSPLIT-DRV-01", MUST, ERROR, "2.7", "Split Virtqueues",
          "A queue's size is a power of two, at most 32768.",
          "take the largest power of two that is not above QueueSizeMax"),
     .on = ON(WRITE), .where = AT(REGISTER), .registers = REGISTER(QueueSize), .by_driver = true,
     .explains_wait = true, .check = check_size},
    {RULE("XSPLIT-DRV-02", MUST, ERROR, "2.7", "Split Virtqueues",
          "No more buffers are outstanding than the queue has entries.",
          "advance avail.idx by one for each head put into the ring"),
     .on = STORES | ON(REFUSE), .where = AT(NONE) | AT(AVAIL_IDX) | AT(AVAIL_FLAGS),
     .refusals = REFUSAL(AVAIL_JUMP), .explains_wait = true, .check = check_outstanding},
    {RULE("SPLIT-DRV-01", MUST, ERROR, "2.7.1", "Virtqueues",
          "The descriptor table is aligned to 16, the available ring to 2, "
           "the used ring to 4 bytes.",
          "align each part as the specification's table says"),
     .on = ON(WRITE), .where = AT(REGISTER), .registers = REGISTER(QueueReady), .by_driver = true,
     .explains_wait = true, .check = check_alignment},
    {RULE("LSPLIT-DRV-02", MUST, ERROR, "2.7.2", "Legacy Interfaces: Virtqueue Layout",
          "A version-1 queue gets one block of memory for all three parts, QueueAlign included.",
          "allocate desc and available ring rounded up to QueueAlign, plus the used ring"),
     .on = ON(WRITE) | STORES | ON(STUCK) | ON(REFUSE),
     .where = AT(REGISTER) | AT(NONE) | USED_PLACES, .registers = REGISTER(QueueNotify),
     .refusals = REFUSAL(DMA_USED), .explains_wait = true, .check = check_legacy_block},
    {RULE("LSPLIT-DRV-03", MUST, ERROR, "2.7.2", "Legacy Interfaces: Virtqueue Layout",
          "In a version-1 queue the available ring follows the descriptor table, and the used ring "
          "begins at the next multiple of QueueAlign.",
          "look for the used ring where QueueAlign puts it (QEMU leaves used_event out)"),
     .on = ON(STUCK) | ON(WRITE), .where = AT(NONE) | AT(REGISTER),
     .registers = REGISTER(QueueNotify), .explains_wait = true, .check = check_looks_elsewhere},
    {RULE("SPLIT-DRV-02", MUST, ERROR, "2.7.4.2", "Message Framing",
          "In a chain, all device-writable buffers come after the device-readable ones.",
          "put the response's descriptor last"),
     CHAIN_REFUSAL, .refusals = REFUSAL(READABLE_AFTER_WRITABLE), .explains_wait = true,
     .check = rule_check_refusal},
    {RULE("XSPLIT-DRV-06", MUST, ERROR, "2.7.13.1", "Placing Buffers Into The Descriptor Table",
          "A descriptor's flags hold NEXT, WRITE and INDIRECT and nothing else.",
          "clear the other bits"),
     CHAIN_REFUSAL, .refusals = REFUSAL(FLAGS_UNKNOWN), .check = rule_check_refusal},
    {RULE("SPLIT-DRV-04", MUST_NOT, ERROR, "2.7.5.2", "The Virtqueue Descriptor Table",
          "The buffers of a chain add up to at most 4 GiB; so no chain loops.",
          "end each chain with a descriptor without NEXT"),
     CHAIN_REFUSAL, .refusals = REFUSAL(CHAIN_BYTES) | REFUSAL(CHAIN_LOOP),
     .explains_wait = true, .check = check_chain},
    {RULE("SPLIT-DRV-06", MUST_NOT, ERROR, "2.7.5.3.1", "Indirect Descriptors",
          "INDIRECT is used only if VIRTIO_F_INDIRECT_DESC was negotiated.",
          "accept feature bit 28, or use plain chains"),
     CHAIN_REFUSAL, .refusals = REFUSAL(INDIRECT_FEATURE), .explains_wait = true,
     .check = rule_check_refusal},
    {RULE("SPLIT-DRV-07", MUST_NOT, ERROR, "2.7.5.3.1", "Indirect Descriptors",
          "An indirect table has no indirect descriptors.", "use one table"),
     CHAIN_REFUSAL, .refusals = REFUSAL(INDIRECT_NESTED), .explains_wait = true,
     .check = rule_check_refusal},
    {RULE("SPLIT-DRV-08", MUST_NOT, ERROR, "2.7.5.3.1", "Indirect Descriptors",
          "A chain has at most as many descriptors as the queue has entries.",
          "split the request"),
     CHAIN_REFUSAL, .refusals = REFUSAL(CHAIN_LOOP), .explains_wait = true,
     .check = check_chain},
    {RULE("SPLIT-DRV-09", MUST_NOT, ERROR, "2.7.5.3.1", "Indirect Descriptors",
          "INDIRECT and NEXT are not set in the same descriptor.",
          "an indirect descriptor is a whole chain: clear NEXT"),
     CHAIN_REFUSAL, .refusals = REFUSAL(INDIRECT_NEXT), .explains_wait = true,
     .check = rule_check_refusal},
    {RULE("XSPLIT-DRV-10", MUST, ERROR, "2.7.5.3", "Indirect Descriptors",
          "An indirect table's length is a multiple of 16 and not 0.",
          "write 16 times the number of entries into desc.len"),
     CHAIN_REFUSAL, .refusals = REFUSAL(INDIRECT_LENGTH), .explains_wait = true,
     .check = rule_check_refusal},
    {RULE("SPLIT-DRV-11", MUST_NOT, ERROR, "2.7.6.1", "The Virtqueue Available Ring",
          "avail.idx never goes back.", "let it run freely from 0 to 65535 and wrap there"),
     .on = STORES, .where = AT(AVAIL_IDX) | AT(AVAIL_FLAGS), .by_driver = true,
     .explains_wait = true, .check = check_idx_back},
    {RULE("XSPLIT-DRV-04", MUST, ERROR, "2.7.6", "The Virtqueue Available Ring",
          "Each entry of the available ring is the head of a chain, below the queue's size.",
          "put the index of the chain's first descriptor there"),
     CHAIN_REFUSAL, .refusals = REFUSAL(HEAD_RANGE), .explains_wait = true,
     .check = rule_check_refusal},
    {RULE("XSPLIT-DRV-12", MUST_NOT, ERROR, "2.7.8", "The Virtqueue Used Ring",
          "The driver writes the used ring only before the queue is live.",
          "keep the driver's own notes elsewhere"),
     .on = STORES | ON(WRITE) | RULE_AT_END, .where = USED_PLACES | AT(REGISTER) | AT(NONE),
     .registers = REGISTER(QueueNotify), .by_driver = true, .tells = true,
     .check = check_used_ring_store},
    {RULE("XSPLIT-DRV-05", MUST, ERROR, "2.7.13.1", "Placing Buffers Into The Descriptor Table",
          "A new chain uses descriptors that are free, linked by indices below the queue's size.",
          "take descriptors back only when their chain came back in the used ring, "
           "or after a reset"),
     .on = STORES | ON(REFUSE) | ON(TAKE),
     .where = AT(NONE) | AT(AVAIL_IDX) | AT(AVAIL_FLAGS) | AT(INDIRECT) | DESC_PLACES,
     .refusals = REFUSAL(NEXT_RANGE), .explains_wait = true, .check = check_free_descriptors},
};
/* clang-format on */

const struct rule_list rules_queue = RULE_LIST(rules);
