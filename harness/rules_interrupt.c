/*
 * Rules about interrupts: what is read from InterruptStatus and written to InterruptACK (4.2.2.2,
 * 4.2.3.4.1).
 *
 * A driver is judged where its call is over, or where it waits in vain: until then it may still do
 * its duty.
 */
#include "rules.h"

#include <stdio.h>

#include "suite.h"

#define DEFINED_BITS (VIRTIO_MMIO_INT_USED | VIRTIO_MMIO_INT_CONFIG)

static bool is_ok(const struct event *event)
{
    return event->verdict == EVENT_VERDICT_OK;
}

/* ---- bits that do not exist ---- */

static bool has_error(const struct judge *judge)
{
    for (uint32_t i = 0; i < judge->findings->count; i++) {
        if (judge->findings->item[i].level == FINDING_ERROR)
            return true;
    }
    return false;
}

/* The driver read bits that do not exist, and then gave the device up, with nothing else wrong. */
static void check_undefined_ignored(const struct rule *rule, struct judge *judge,
                                    const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *read = &model->last_read[VIRTIO_MMIO_REG_InterruptStatus];
    const struct event *failed = &model->status.failed;
    bool failed_for_it = failed->step > read->step;
    bool error = event->value != SUITE_OK && event->value != SUITE_TIMEOUT &&
                 event->value < SUITE_UNSUPPORTED;

    if (read->step <= model->call.call.step || (read->value & ~(uint64_t)DEFINED_BITS) == 0)
        return;
    rule_looks(rule, judge);
    if ((error || failed_for_it) && !has_error(judge) && model->call.stuck.step == 0)
        judge_raise(judge, rule, failed_for_it ? failed : read,
                    failed_for_it ? "the device was given up" : "these bits mean nothing",
                    failed_for_it ? read : NULL, "these bits mean nothing",
                    "driver gave up after it had read 0x%" PRIx64 " from `InterruptStatus`",
                    read->value);
}

static void check_ack_bits(const struct rule *rule, struct judge *judge, const struct event *event)
{
    uint64_t defined = DEFINED_BITS;

    if (is_ok(event) && (event->value & ~defined) != 0)
        judge_raise(judge, rule, event, "only bits 0 and 1 are defined", NULL, NULL,
                    "driver wrote 0x%" PRIx64 " to `InterruptACK`", event->value);
}

/* ---- the handler's two duties ---- */

static void check_status_read(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_call *call = &judge->model.call;
    const struct event *read = &judge->model.last_read[VIRTIO_MMIO_REG_InterruptStatus];
    const struct event *look = &judge->model.interrupt_look;

    (void)event;
    if (call->wait.step != 0)
        rule_looks(rule, judge);
    /* The handler has run since the wait before; the line may have been raised again since. */
    if (look->step > call->wait_before_step)
        return;
    if (call->wait.step != 0 && read->step < call->interrupt_before_wait.step)
        judge_raise(judge, rule, &call->wait, "an interrupt came here",
                    &call->interrupt_before_wait, "the device raised it here",
                    "driver took an interrupt without reading `InterruptStatus`");
}

/* Events that the driver saw in this call and that are not acknowledged when it is over. */
static const struct event *unacknowledged(const struct rule *rule, struct judge *judge,
                                          const struct event *event)
{
    const struct event *read = &judge->model.interrupt_read;

    if (judge->model.interrupt_look.step > judge->model.call.call.step)
        rule_looks(rule, judge);
    return event->value == SUITE_OK && read->step != 0 && read->step > judge->model.call.call.step
               ? read
               : NULL;
}

static void check_acknowledged(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct event *read = unacknowledged(rule, judge, event);

    if (read != NULL && judge->model.last_write[VIRTIO_MMIO_REG_InterruptACK].step < read->step)
        judge_raise(judge, rule, read, "these events were seen and never acknowledged", NULL, NULL,
                    "driver read 0x%" PRIx64
                    " from `InterruptStatus` and did not write it to `InterruptACK`",
                    read->value);
}

/* Something was written to InterruptACK, but not all that was seen. */
static void check_acknowledged_all(const struct rule *rule, struct judge *judge,
                                   const struct event *event)
{
    const struct event *read = unacknowledged(rule, judge, event);
    const struct event *write = &judge->model.last_write[VIRTIO_MMIO_REG_InterruptACK];
    char label[FINDING_TEXT_BYTES];

    if (read == NULL || write->step < read->step)
        return;
    snprintf(label, sizeof label, "the bits 0x%" PRIx64 " stay set",
             read->value & DEFINED_BITS & ~write->value);
    judge_raise(judge, rule, write, label, read, "these events were seen",
                "driver read 0x%" PRIx64 " from `InterruptStatus` and acknowledged 0x%" PRIx64,
                read->value, write->value);
}

/*
 * The driver waits in vain while a queue that it did not look at has an answer for it: one
 * interrupt speaks for all queues.
 */
static void check_all_queues(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *look = &model->interrupt_look;

    if (look->step == 0 || (look->value & VIRTIO_MMIO_INT_USED) == 0)
        return;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        char label[FINDING_TEXT_BYTES];
        if (!queue->live || queue->used_idx_store.step == 0 ||
            queue->used_idx_store.step > look->step)
            continue;
        rule_looks(rule, judge);
        if (event->kind != EVENT_STUCK || queue->used_idx == queue->seen_idx ||
            queue->used_idx_load.step > look->step)
            continue;
        snprintf(label, sizeof label, "used.idx of queue %u is %u, the driver has seen %u", i,
                 queue->used_idx, queue->seen_idx);
        judge_raise(judge, rule, event->pc != 0 ? event : model_look(model), label, look,
                    "the interrupt that told of it",
                    "driver waits without having looked at queue %u", i);
    }
}

/*
 * The driver waits in vain: a buffer was used behind its last look at used.idx and before its last
 * write to InterruptACK, which took the interrupt away that would have told of it.
 */
static void check_ack_then_look(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *ack = &model->last_write[VIRTIO_MMIO_REG_InterruptACK];

    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        char label[FINDING_TEXT_BYTES];
        if (!queue->live || queue->told.step == 0 || queue->told.step > ack->step)
            continue;
        rule_looks(rule, judge);
        if (event->kind != EVENT_STUCK || queue->used_idx == queue->seen_idx ||
            queue->used_idx_store.step > ack->step || queue->used_idx_load.step > ack->step ||
            queue->used_idx_load.step < model->interrupt_look.step || /* MMIO-DRV-27 */
            (ack->value & VIRTIO_MMIO_INT_USED) == 0)
            continue;
        snprintf(label, sizeof label, "used.idx of queue %u is %u by now, the driver has seen %u",
                 i, queue->used_idx, queue->seen_idx);
        judge_raise(judge, rule, ack, label, &queue->told, "the interrupt that told of it",
                    "driver acknowledged an interrupt for a buffer of queue %u that it had not "
                    "looked at",
                    i);
    }
}

#define REGISTERS_OF(kind, names) .on = (kind), .where = AT(REGISTER), .registers = (names)

/* clang-format off */
static const struct rule rules[] = {
    {RULE("MMIO-DRV-16", MUST, WARNING, "4.2.2.2", "MMIO Device Register Layout",
          "Bits of InterruptStatus that are not defined are ignored.",
          "mask InterruptStatus with 3"),
     .on = ON(RETURN), .tells = true,
     .assumes = "that a driver which gives up after it has read such a bit, and with nothing else "
                "wrong, gives up for its sake",
     .check = check_undefined_ignored},
    {RULE("MMIO-DRV-17", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "What is written to InterruptACK covers all events that were handled.",
          "write the value read from InterruptStatus, not one bit of it"),
     .on = ON(RETURN), .tells = true,
     .assumes = "that events which were seen were handled when the call is over",
     .check = check_acknowledged_all},
    {RULE("MMIO-DRV-18", MUST_NOT, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "Undefined bits of InterruptACK are not set.",
          "write back the bits that were read from InterruptStatus, and only 1 and 2"),
     REGISTERS_OF(ON(WRITE), REGISTER(InterruptACK)), .by_driver = true, .check = check_ack_bits},
    {RULE("MMIO-DRV-26", MUST, ERROR, "4.2.3.4.1", "Notifications From The Device",
          "On an interrupt, InterruptStatus is read to learn what happened.",
          "read InterruptStatus in the handler"),
     .on = ON(RETURN), .tells = true, .check = check_status_read},
    {RULE("MMIO-DRV-27", SHOULD, ERROR, "4.2.3.4.1", "Notifications From The Device",
          "An interrupt for a used buffer is taken as one for every queue that is in use.",
          "look at used.idx of all queues when bit 0 is set"),
     .on = ON(READ) | ON(STUCK), .where = AT(REGISTER) | AT(NONE),
     .registers = REGISTER(InterruptStatus), .tells = true, .explains_wait = true,
     .assumes = "nothing: it is judged only where the driver then waits in vain, and is an error "
                "for that",
     .check = check_all_queues},
    {RULE("XMMIO-DRV-07", MUST, ERROR, "4.2.3.4.1", "Notifications From The Device",
          "Behind InterruptACK used.idx is looked at: the interrupt is gone.",
          "write InterruptACK first and then look at used.idx; what comes later interrupts again"),
     .on = ON(WRITE) | ON(STUCK), .where = AT(REGISTER) | AT(NONE),
     .registers = REGISTER(InterruptACK), .tells = true, .explains_wait = true,
     .assumes = "nothing: it is judged only where the driver then waits in vain",
     .check = check_ack_then_look},
    {RULE("MMIO-DRV-28", MUST, ERROR, "4.2.3.4.1", "Notifications From The Device",
          "The events that were handled are written to InterruptACK.",
          "write the value read from InterruptStatus to InterruptACK"),
     .on = ON(RETURN), .tells = true, .check = check_acknowledged},
};
/* clang-format on */

const struct rule_list rules_interrupt = RULE_LIST(rules);
