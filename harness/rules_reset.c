/*
 * Rules about taking things back: a reset of the device or of a queue, a queue that is given up,
 * and buffers that are still the device's (2.4, 2.6, 3.3, 4.2.2, 4.2.4).
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "model_queue.h"
#include "virtio/ring.h"

static bool is_ok(const struct event *event)
{
    return event->verdict == EVENT_VERDICT_OK;
}

static const struct model_queue *selected(const struct judge *judge)
{
    return rule_queue(judge, judge->model.queue_sel);
}

/* Is [addr, addr + bytes) in the memory that is given back? An address counts from its start. */
static bool meets(const struct event *freed, uint64_t addr, uint64_t bytes)
{
    return addr < freed->addr + freed->value && freed->addr < addr + bytes;
}

/* Do parts of the queue, as it lies or lay last, meet the memory that is given back? */
static bool holds_rings(const struct event *freed, const struct model_queue *queue)
{
    return meets(freed, queue->desc_addr, 1) || meets(freed, queue->avail_addr, 1) ||
           meets(freed, queue->used_addr, 1);
}

/* ---- 2.4: the device's own reset ---- */

/* A device that was not in use has nothing to reset. */
static void check_reset_over(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_status *status = &model->status;
    const struct event *fault = &model->fault;
    bool late = fault->step > status->reset.step && fault->value == SIM_FAULT_RESET_LATE &&
                event->step < fault->step + fault->extra;
    struct finding *finding;

    if (!is_ok(event) || event->value == 0 || status->before != 0 || status->reset.step == 0 ||
        status->before_reset == 0)
        return;
    if ((event->value & VIRTIO_STATUS_FAILED) != 0)
        return; /* it gives up, and says so */
    rule_looks(rule, judge);
    if (status->read.step > status->reset.step && status->read.value == 0)
        return;
    finding = judge_raise(judge, rule, event,
                          late ? "the device is still resetting itself"
                               : "whether the reset is over is not known",
                          &status->reset, "the device was reset here",
                          status->read.step > status->reset.step
                              ? "driver went on although `Status` did not read 0 after its reset"
                              : "driver did not wait until `Status` reads 0 after its reset");
    if (finding != NULL && late)
        finding->level = FINDING_WARNING;
}

/* ---- 2.6: a queue's reset ---- */

/* The queue was reset and not made live since; the step of the driver's write, or 0. */
static uint64_t reset_step(const struct judge *judge, const struct model_queue *queue)
{
    uint64_t step = queue->reset_write.step;
    return step > judge->model.status.reset.step && !queue->live ? step : 0;
}

static void raise_reset_unseen(const struct rule *rule, struct judge *judge,
                               const struct event *event, const struct model_queue *queue,
                               uint64_t step, bool looked)
{
    bool has_looked = queue->reset_read.step > step;

    if (step == 0)
        return;
    rule_looks(rule, judge);
    if (has_looked != looked || (looked && queue->reset_read.value == 0))
        return;
    judge_raise(judge, rule, event, "the device may still use the queue",
                looked ? &queue->reset_read : &queue->reset_write,
                looked ? "it was not over here" : "its reset was asked for here",
                looked ? "driver went on with queue %u while `QueueReset` still read 1"
                       : "driver went on with queue %u without looking whether its reset is over",
                (unsigned)(queue - judge->model.queue));
}

/* `looked`: a driver that looks and does not care; else one that does not look. */
static void check_queue_reset(const struct rule *rule, struct judge *judge,
                              const struct event *event, bool looked)
{
    const struct model_queue *queue = selected(judge);

    if (event->kind == EVENT_FREE) {
        for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
            queue = &judge->model.queue[i];
            if (queue->ever_live && holds_rings(event, queue))
                raise_reset_unseen(rule, judge, event, queue, reset_step(judge, queue), looked);
        }
        return;
    }
    if (queue == NULL || !is_ok(event) || event->value == 0)
        return;
    if (event->index == VIRTIO_MMIO_REG_QueueReady && queue->live_at.step == event->step)
        raise_reset_unseen(rule, judge, event, queue, queue->renewed.step, looked);
    else
        raise_reset_unseen(rule, judge, event, queue, reset_step(judge, queue), looked);
}

static void check_reset_confirmed(const struct rule *rule, struct judge *judge,
                                  const struct event *event)
{
    check_queue_reset(rule, judge, event, false);
}

static void check_reset_awaited(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    check_queue_reset(rule, judge, event, true);
}

static void check_configured_again(const struct rule *rule, struct judge *judge,
                                   const struct event *event)
{
    const struct model_queue *queue = selected(judge);
    const char *missing = NULL;
    uint64_t since;

    if (!is_ok(event) || event->value == 0 || queue == NULL || queue->renewed.step == 0 ||
        queue->live_at.step != event->step)
        return;
    rule_looks(rule, judge);
    since = queue->renewed.step;
    if (queue->max_read.step < since)
        missing = "reading `QueueSizeMax`";
    else if (queue->size_write.step < since)
        missing = "writing `QueueSize`";
    for (unsigned area = 0; area < MODEL_AREA_COUNT && missing == NULL; area++) {
        if (queue->area_write[area][0].step < since)
            missing = "writing its addresses";
    }
    if (missing != NULL)
        judge_raise(judge, rule, event, "the reset took all settings back", &queue->renewed,
                    "the queue was reset here", "driver made queue %u ready again without %s",
                    judge->model.queue_sel, missing);
}

/* ---- 3.3: buffers that are the device's ---- */

/* Does a slot beside the one that was stored to still hold a head that waits to be read? */
static bool holds_published(const struct judge *judge, const struct model_queue *queue,
                            uint32_t slot)
{
    uint16_t head;

    return model_avail_head(&judge->model, queue, (uint16_t)slot, &head) && head < queue->size &&
           queue->request[head].state == MODEL_PUBLISHED;
}

/* Slots from the last one that the device read up to avail.idx are still to be read. */
static void check_slot_kept(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    uint64_t waiting;
    uint32_t slot = event->index;
    uint32_t slots = (event->width_bytes + (uint32_t)(event->addr & 1) + 1) / sizeof(le16);
    struct event cause;

    if (queue == NULL || !queue->live || queue->size == 0 || !model_may_look(&judge->model, queue))
        return;
    waiting = queue->published - queue->fetched;
    if (waiting == 0 || waiting > queue->size)
        return;
    rule_looks(rule, judge);
    while (slots > 0 && ((uint16_t)(queue->avail_idx - 1u - slot) % queue->size >= waiting ||
                         (slot != event->index && holds_published(judge, queue, slot)))) {
        slot++;
        slots--;
    }
    if (slots == 0 || slot >= queue->size)
        return;
    cause = queue->avail_store;
    judge_raise(judge, rule, event, "the device has not read this slot yet", &cause,
                "it was made available here",
                "driver changed avail.ring[%u] of queue %u, which is the device's", slot,
                event->queue);
}

/* A buffer of a chain that is in flight and lies in the memory; false when there is none. */
static bool find_buffer(const struct judge *judge, const struct model_queue *queue, uint32_t head,
                        const struct event *freed, uint32_t *index)
{
    uint32_t at = head;

    for (uint32_t i = 0; i < queue->size; i++) {
        struct virtq_desc desc = {0};
        if (!model_peek(&judge->model, queue->desc_addr + virtq_desc_bytes(at), &desc, sizeof desc))
            return false;
        if (meets(freed, virtio_le64(desc.addr), virtio_le32(desc.len))) {
            *index = at;
            return true;
        }
        if (queue->entry[at].link == 0)
            return false;
        at = queue->entry[at].link - 1u;
    }
    return false;
}

static void check_buffers_kept(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &judge->model.queue[i];
        if (queue->published != 0)
            rule_looks(rule, judge);
        if (!queue->live || holds_rings(event, queue))
            continue; /* rings that are given away are another matter */
        for (uint32_t head = 0; head < queue->size && queue->in_flight != 0; head++) {
            const struct model_request *request = &queue->request[head];
            struct event cause = queue->avail_store;
            uint32_t desc;
            if (!model_is_in_flight(request) || !find_buffer(judge, queue, head, event, &desc))
                continue;
            cause.step = request->mark[MODEL_PUBLISHED].step;
            cause.pc = request->mark[MODEL_PUBLISHED].pc;
            judge_raise(judge, rule, event, "the device may still use it", &cause,
                        "the request was made available here",
                        "driver freed the buffer of descriptor %u of queue %u, which is in flight",
                        desc, i);
            return;
        }
    }
}

/* ---- 4.2.2, 4.2.4: a queue is given up ---- */

/* Memory that a live queue lies in is given away. */
static void check_freed_live(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &judge->model.queue[i];
        if (!queue->ever_live || !holds_rings(event, queue))
            continue;
        rule_looks(rule, judge);
        if (!queue->live)
            continue;
        judge_raise(judge, rule, event, "the device may still write here", &queue->live_at,
                    "the queue was made live here",
                    "driver freed the memory of queue %u while the queue is live", i);
    }
}

/* QueueReady was written 0, not read back, and the queue's memory is given away. */
static void check_synchronised(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &judge->model.queue[i];
        const struct event *lost = &queue->lost_at;
        if (queue->live || lost->step == 0 || lost->step < judge->model.status.reset.step ||
            lost->index != VIRTIO_MMIO_REG_QueueReady || !holds_rings(event, queue))
            continue;
        rule_looks(rule, judge);
        if (queue->ready_read.step > lost->step)
            continue;
        judge_raise(judge, rule, event, "the device may still be on its way", lost,
                    "the queue was stopped here",
                    "driver freed the memory of queue %u without reading `QueueReady` back", i);
    }
}

#define REGISTERS_OF(kind, names) .on = (kind), .where = AT(REGISTER), .registers = (names)
#define REUSE                                                                                      \
    .on = ON(WRITE) | ON(FREE), .where = AT(REGISTER) | AT(MEMORY),                                \
    .registers = REGISTER(QueueSize) | REGISTER(QueueDescLow) | REGISTER(QueueReady),              \
    .by_driver = true, .tells = true, .versions = RULE_V2

/* clang-format off */
static const struct rule rules[] = {
    {RULE("RESET-DRV-01", SHOULD, NOTE, "2.4.2", "Device Reset",
          "A reset that the driver asked for is over when Status reads 0.",
          "read Status until it is 0, with a limit, before setting ACKNOWLEDGE"),
     REGISTERS_OF(ON(WRITE), REGISTER(Status)), .by_driver = true, .tells = true,
     .assumes = "that a device which was not in use resets at once; a warning only if the device "
                "was in fact not ready",
     .check = check_reset_over},
    {RULE("VQR-DRV-01", MUST, ERROR, "2.6.1.1.2", "Virtqueue Reset",
          "The driver looks whether a queue's reset is over before it uses the queue again.",
          "read QueueReset until it is 0"),
     REUSE, .check = check_reset_confirmed},
    {RULE("VQR-DRV-02", MUST, ERROR, "2.6.1.2.2", "Virtqueue Re-enable",
          "A queue that was reset is configured anew, as the first time.",
          "read QueueSizeMax, write QueueSize and all addresses again"),
     REGISTERS_OF(ON(WRITE), REGISTER(QueueReady)), .by_driver = true, .tells = true,
     .versions = RULE_V2, .explains_wait = true, .check = check_configured_again},
    {RULE("CLEAN-DRV-01", MUST_NOT, ERROR, "3.3.1", "Device Cleanup",
          "What the driver has made available is not changed any more while the queue is live.",
          "leave the slots of the available ring alone until the device has read them"),
     .on = ON(STORE) | ON(UPDATE), .where = AT(AVAIL_RING), .by_driver = true, .tells = true,
     .assumes = "nothing; descriptors that are in flight are XSPLIT-DRV-05's",
     .check = check_slot_kept},
    {RULE("CLEAN-DRV-02", MUST, ERROR, "3.3.1", "Device Cleanup",
          "A buffer that was made available is freed when it came back, or after a reset.",
          "reset the device, or the queue, before freeing what it may still use"),
     .on = ON(FREE), .tells = true, .check = check_buffers_kept},
    {RULE("MMIO-DRV-14", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "A queue is given up by writing 0 to QueueReady before its memory is used otherwise.",
          "write 0 to QueueReady, or reset the device, before freeing the rings"),
     .on = ON(FREE), .versions = RULE_V2, .tells = true, .check = check_freed_live},
    {RULE("MMIO-DRV-15", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "After QueueReady was written 0 it is read back, so that both sides know.",
          "read QueueReady after writing 0, before freeing the rings"),
     .on = ON(FREE), .versions = RULE_V2, .tells = true, .check = check_synchronised},
    {RULE("MMIO-DRV-19", MUST_NOT, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "A queue's reset is not taken for complete while QueueReset reads 1.",
          "read QueueReset until it is 0"),
     REUSE, .check = check_reset_awaited},
    {RULE("LMMIO-DRV-D6", MUST, ERROR, "4.2.4", "Legacy interface",
          "A queue is given up by writing 0 to QueuePFN before its memory is used otherwise.",
          "write 0 to QueuePFN, or reset the device, before freeing the rings"),
     .on = ON(FREE), .versions = RULE_V1, .tells = true, .check = check_freed_live},
};
/* clang-format on */

const struct rule_list rules_reset = RULE_LIST(rules);
