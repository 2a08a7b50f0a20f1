/*
 * Rules about how a queue is set up: version 2 (4.2.2, 4.2.3.2) and version 1 (4.2.4). How it is
 * given up is in rules_reset.c.
 */
#include "rules.h"

#include <stddef.h>
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

/* Did it happen since the last reset? */
static bool is_fresh(const struct judge *judge, const struct event *event)
{
    return event->step != 0 && event->step > judge->model.status.reset.step;
}

/* A rule that judges some of its cases more mildly: the first case sets the level, worse ones raise
 * it. */
static void set_level(struct finding *finding, enum finding_level level)
{
    if (finding != NULL && (finding->times == 1 || level > finding->level))
        finding->level = level;
}

/* ---- version 2, and what both have in common ---- */

static bool size_is_too_large(const struct judge *judge, const struct event *event)
{
    return is_ok(event) && event->value > judge->model.config.queue_size_max &&
           judge->model.queue_sel < judge->model.queue_count;
}

static void raise_size(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = selected(judge);

    judge_raise(judge, rule, event, "more than the device can take",
                queue != NULL ? &queue->max_read : NULL, "the maximum was read here",
                "driver wrote %u to `QueueSize`; QueueSizeMax is %u", (unsigned)event->value,
                judge->model.config.queue_size_max);
}

static void check_size(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (!model_is_legacy(&judge->model) && size_is_too_large(judge, event))
        raise_size(rule, judge, event);
}

static void check_size_legacy(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    if (model_is_legacy(&judge->model) && size_is_too_large(judge, event))
        raise_size(rule, judge, event);
}

static void check_while_ready(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_queue *queue = selected(judge);

    if (event->verdict == EVENT_VERDICT_WHILE_READY)
        judge_raise(judge, rule, event, "ignored by the device",
                    queue != NULL ? &queue->live_at : NULL, "the queue was made ready here",
                    "driver wrote `%s` while queue %u is ready",
                    mmio_register_name((int)event->index), judge->model.queue_sel);
}

/* A notification of a queue that was never finished: the last step of its set-up is missing. */
static void raise_not_live(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_queue *queue = rule_queue(judge, event->queue);
    const struct event *notify = &model->last_write[VIRTIO_MMIO_REG_QueueNotify];
    const char *key = model_is_legacy(model) ? "QueuePFN" : "QueueReady";
    struct finding *finding;

    if (queue == NULL || model_is_dead(model) || judge_has(judge, "LMMIO-DRV-D10") ||
        judge_find(judge, "MMIO-DRV-01", event->queue) != NULL)
        return;
    finding = judge_raise(judge, rule, notify, "ignored by the device",
                          queue->lost_at.step != 0 ? &queue->lost_at : &queue->sel,
                          queue->lost_at.step != 0 ? "the queue was taken back here"
                                                   : "the queue was selected here",
                          "driver notified queue %u, but %s is 0: the device has no such queue",
                          event->queue, key);
    if (finding != NULL && finding->level < FINDING_ERROR) {
        /* The queue had a milder finding: this one is what matters. */
        snprintf(finding->text, sizeof finding->text,
                 "driver notified queue %u, but %s is 0: the device has no such queue",
                 event->queue, key);
        judge_promote(finding, notify, "ignored by the device");
    }
    set_level(finding, FINDING_ERROR);
}

static void check_order(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = selected(judge);
    struct finding *finding;

    if (event->kind == EVENT_REFUSE) {
        if (!model_is_legacy(&judge->model))
            raise_not_live(rule, judge, event);
        return;
    }
    if (model_is_legacy(&judge->model) || event->index != VIRTIO_MMIO_REG_QueueReady ||
        !is_ok(event) || event->value == 0 || queue == NULL ||
        judge->model.queue_sel >= judge->model.queue_count)
        return;
    if (is_fresh(judge, &queue->max_read) && queue->max_read.value == 0)
        return; /* there is no such queue: XMMIO-DRV-02 */
    if (!is_fresh(judge, &queue->size_write)) {
        char label[FINDING_TEXT_BYTES];
        snprintf(label, sizeof label, "the device takes its rings to have QueueSizeMax entries: %u",
                 judge->model.config.queue_size_max);
        judge_raise(judge, rule, event, label, NULL, NULL,
                    "driver made queue %u ready without writing `QueueSize` first",
                    judge->model.queue_sel);
        return;
    }
    if (is_fresh(judge, &queue->max_read))
        return; /* whether QueueReady was read as well: after a reset it is 0 */
    finding = judge_raise(judge, rule, event, "the size may be more than the device can take", NULL,
                          NULL, "driver made queue %u ready without reading `QueueSizeMax` first",
                          judge->model.queue_sel);
    set_level(finding, FINDING_NOTE);
}

static void check_absent_queue(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model_queue *queue = selected(judge);
    bool absent =
        judge->model.queue_sel >= judge->model.queue_count ||
        (queue != NULL && is_fresh(judge, &queue->max_read) && queue->max_read.value == 0);

    if (is_ok(event) && event->value != 0 && absent)
        judge_raise(judge, rule, event, "ignored by the device",
                    queue != NULL ? &queue->max_read : NULL, "0 was read here",
                    "driver sets up queue %u, which the device does not have: QueueSizeMax is 0",
                    judge->model.queue_sel);
}

static void check_addresses(const struct rule *rule, struct judge *judge, const struct event *event)
{
    static const char *const name[MODEL_AREA_COUNT][2] = {{"QueueDescLow", "QueueDescHigh"},
                                                          {"QueueDriverLow", "QueueDriverHigh"},
                                                          {"QueueDeviceLow", "QueueDeviceHigh"}};
    const struct model_queue *queue = selected(judge);
    struct finding *finding;

    if (model_is_legacy(&judge->model) || !is_ok(event) || event->value == 0 || queue == NULL ||
        queue->live_at.step != event->step || judge->model.queue_sel >= judge->model.queue_count ||
        judge->model.config.queue_size_max == 0)
        return;
    for (unsigned half = 0; half < 2; half++) {
        for (unsigned area = 0; area < MODEL_AREA_COUNT; area++) {
            if (is_fresh(judge, &queue->area_write[area][half]))
                continue;
            finding = judge_raise(judge, rule, event, "the register still holds 0", NULL, NULL,
                                  "driver made queue %u ready without writing `%s`",
                                  judge->model.queue_sel, name[area][half]);
            set_level(finding, half == 1 ? FINDING_WARNING : FINDING_ERROR);
            return;
        }
    }
}

/* Was avail.idx written by this life's driver, who may fill the ring before it makes it live? */
static bool is_filled(const struct judge *judge, const struct model_queue *queue, uint64_t addr)
{
    struct event store;

    return queue->avail_store.step > queue->live_at.step ||
           (model_find_store_into(&judge->model, addr, sizeof(le16), &store) &&
            store.step > judge->model.status.reset.step);
}

/*
 * What the two sides count in has to begin with 0 when the device may look. The rest of the rings
 * is written before it is read, or is the driver's to fill: the specification asks for zeros there,
 * too, but a free list that is laid into the table early harms nobody.
 */
static void check_zeroed(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (!is_ok(event) || (rule_fresh_status(judge) & VIRTIO_STATUS_DRIVER_OK) == 0)
        return;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &judge->model.queue[i];
        uint64_t avail_idx = queue->avail_addr + offsetof(struct virtq_avail, idx);
        uint64_t used_idx = queue->used_addr + offsetof(struct virtq_used, idx);
        le16 avail = 0, flags = 0, used = 0;
        char label[FINDING_TEXT_BYTES];
        if (!queue->live || !model_peek(&judge->model, avail_idx, &avail, sizeof avail) ||
            !model_peek(&judge->model, queue->used_addr, &flags, sizeof flags) ||
            !model_peek(&judge->model, used_idx, &used, sizeof used))
            continue;
        rule_looks(rule, judge);
        if (is_filled(judge, queue, avail_idx))
            avail = 0;
        if ((avail | flags | used) == 0)
            continue;
        snprintf(label, sizeof label, "%s is %u there",
                 used != 0    ? "used.idx"
                 : avail != 0 ? "avail.idx"
                              : "used.flags",
                 virtio_le16(used != 0    ? used
                             : avail != 0 ? avail
                                          : flags));
        judge_raise(judge, rule, &queue->live_at, label, event,
                    "from here on the device may look at it",
                    "driver made queue %u live in memory that is not zeroed", i);
    }
}

/* ---- version 1 ---- */

static void check_page_size_first(const struct rule *rule, struct judge *judge,
                                  const struct event *event)
{
    const struct model *model = &judge->model;
    char label[FINDING_TEXT_BYTES];

    if (!model_is_legacy(model) || !is_ok(event) || event->value == 0 ||
        model->guest_page_bytes != 0)
        return;
    snprintf(label, sizeof label,
             "the device computes 0x%" PRIx64 " x 1: queue %u is at address 0x%" PRIx64,
             event->value, model->queue_sel, event->value);
    judge_raise(judge, rule, event, label,
                model->guest_page_write.step != 0 ? &model->status.reset : NULL,
                "this reset took GuestPageSize back",
                "driver wrote `QueuePFN` while `GuestPageSize` is not set");
}

static void check_power_of_two(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    if (model_is_legacy(&judge->model) && is_ok(event) && !model_is_power_of_two(event->value))
        judge_raise(judge, rule, event, "not a power of two", NULL, NULL,
                    "driver wrote %" PRIu64 " to `%s`, which is no power of two", event->value,
                    mmio_register_name((int)event->index));
}

static void check_max_read(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = selected(judge);

    if (model_is_legacy(&judge->model) && is_ok(event) && queue != NULL && queue->pfn != 0)
        judge_raise(judge, rule, event, "the queue is in use", &queue->pfn_write,
                    "it was put to use here",
                    "driver read `QueueSizeMax` of queue %u while its QueuePFN is 0x%x",
                    judge->model.queue_sel, queue->pfn);
}

static void check_page_0(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = selected(judge);

    if (!model_is_legacy(&judge->model) || !is_ok(event) || event->value != 0 || queue == NULL ||
        queue->live || !is_fresh(judge, &queue->size_write) ||
        queue->size_write.step < queue->lost_at.step)
        return;
    judge_raise(judge, rule, event, "means that the queue is not in use", &queue->size_write,
                "the queue was being set up here",
                "driver wrote 0 to `QueuePFN` to set queue %u up", judge->model.queue_sel);
}

static void check_order_legacy(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model_queue *queue = selected(judge);
    struct finding *finding;
    const char *missing;

    if (!model_is_legacy(&judge->model))
        return;
    if (event->kind == EVENT_REFUSE && event->value == SIM_REFUSAL_NOTIFY_NOT_LIVE) {
        raise_not_live(rule, judge, event);
        return;
    }
    if (event->kind == EVENT_REFUSE && event->value == SIM_REFUSAL_PFN_EARLY)
        return; /* told when it was written: here, or of page size, alignment, size */
    if (event->kind == EVENT_REFUSE) {
        finding = judge_raise(judge, rule, &judge->model.last_write[VIRTIO_MMIO_REG_QueuePFN],
                              "the queue moves while the device uses it", NULL, NULL,
                              "driver wrote `QueuePFN` of a queue that is in use");
        set_level(finding, FINDING_WARNING);
        return;
    }
    if (queue == NULL || !is_ok(event))
        return;
    if (event->index == VIRTIO_MMIO_REG_QueueSize || event->index == VIRTIO_MMIO_REG_QueueAlign) {
        if (queue->unsettled.step == event->step) {
            finding = judge_raise(judge, rule, event, "the queue changes while the device uses it",
                                  &queue->pfn_write, "the queue was put to use here",
                                  "driver wrote `%s` of a queue that is in use",
                                  mmio_register_name((int)event->index));
            set_level(finding, FINDING_WARNING);
        }
        return;
    }
    if (event->index != VIRTIO_MMIO_REG_QueuePFN || event->value == 0 ||
        queue->live_at.step != event->step)
        return;
    if (!is_fresh(judge, &queue->max_read))
        missing = "reading `QueueSizeMax`";
    else if (!is_fresh(judge, &queue->size_write))
        missing = "writing `QueueSize`";
    else if (!is_fresh(judge, &queue->align_write))
        missing = "writing `QueueAlign`";
    else
        return; /* whether QueuePFN was read as well: after a reset it is 0 */
    finding =
        judge_raise(judge, rule, event, "the last step of the set-up", NULL, NULL,
                    "driver put queue %u to use without %s first", judge->model.queue_sel, missing);
    set_level(finding, FINDING_WARNING);
}

#define REGISTERS_OF(kind, names) .on = (kind), .where = AT(REGISTER), .registers = (names)

/* clang-format off */
static const struct rule rules[] = {
    {RULE("MMIO-DRV-12", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "QueueSize is at most QueueSizeMax.",
          "read QueueSizeMax and take the smaller of it and the driver's own size"),
     REGISTERS_OF(ON(WRITE), REGISTER(QueueSize)), .by_driver = true, .explains_wait = true,
     .versions = RULE_V2, .check = check_size},
    {RULE("MMIO-DRV-13", MUST_NOT, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "Size and addresses of a queue are not touched while it is ready.",
          "write 0 to QueueReady and read it back first"),
     .on = ON(READ) | ON(WRITE), .where = AT(REGISTER), .by_driver = true, .explains_wait = true,
     .versions = RULE_V2,
     .registers = REGISTER(QueueSize) | REGISTER(QueueDescLow) | REGISTER(QueueDescHigh) |
                  REGISTER(QueueDriverLow) | REGISTER(QueueDriverHigh) | REGISTER(QueueDeviceLow) |
                  REGISTER(QueueDeviceHigh),
     .check = check_while_ready},
    {RULE("XMMIO-DRV-01", MUST, WARNING, "4.2.3.2", "Virtqueue Configuration",
          "A queue is set up in order: QueueSel, QueueReady is 0, QueueSizeMax, QueueSize, the "
          "addresses, QueueReady 1.",
          "write 1 to QueueReady as the last step for each queue"),
     .on = ON(WRITE) | ON(REFUSE), .registers = REGISTER(QueueReady) | REGISTER(QueueNotify),
     .refusals = REFUSAL(NOTIFY_NOT_LIVE), .explains_wait = true, .check = check_order},
    {RULE("XMMIO-DRV-02", MUST_NOT, ERROR, "4.2.3.2", "Virtqueue Configuration",
          "A queue whose QueueSizeMax reads 0 does not exist and is not used.",
          "check QueueSizeMax for 0 before setting the queue up"),
     REGISTERS_OF(ON(WRITE), REGISTER(QueueReady) | REGISTER(QueuePFN)), .by_driver = true,
     .explains_wait = true, .check = check_absent_queue},
    {RULE("XMMIO-DRV-03", MUST, ERROR, "4.2.3.2", "Virtqueue Configuration",
          "The memory of a queue is zeroed before the queue is made live.",
          "zero avail.idx, used.idx and used.flags before writing 1 to QueueReady"),
     REGISTERS_OF(ON(WRITE), REGISTER(Status)), .by_driver = true, .explains_wait = true,
     .versions = RULE_V2, .tells = true,
     .assumes = "that only what both sides count in matters; a table may be filled early",
     .check = check_zeroed},
    {RULE("XMMIO-DRV-04", MUST, ERROR, "4.2.2", "MMIO Device Register Layout",
          "All three addresses are written, low and high half each.",
          "write the high halves too, even when they are 0"),
     REGISTERS_OF(ON(WRITE), REGISTER(QueueReady)), .by_driver = true, .explains_wait = true,
     .versions = RULE_V2, .check = check_addresses},
    {RULE("LMMIO-DRV-D1", MUST, ERROR, "4.2.4", "Legacy interface",
          "GuestPageSize is written before any queue is set up.",
          "write 4096 to GuestPageSize once, after the reset: QueuePFN counts in such pages"),
     REGISTERS_OF(ON(WRITE), REGISTER(QueuePFN)), .by_driver = true, .explains_wait = true,
     .versions = RULE_V1, .check = check_page_size_first},
    {RULE("LMMIO-DRV-D2", SHOULD, WARNING, "4.2.4", "Legacy interface",
          "GuestPageSize is a power of two.", "write 4096"),
     REGISTERS_OF(ON(WRITE), REGISTER(GuestPageSize)), .by_driver = true,
     .versions = RULE_V1, .check = check_power_of_two},
    {RULE("LMMIO-DRV-D3", MUST, ERROR, "4.2.4", "Legacy interface",
          "QueueSizeMax is read only while the queue's QueuePFN is 0.",
          "read QueueSizeMax before writing QueuePFN, and keep it"),
     REGISTERS_OF(ON(READ), REGISTER(QueueSizeMax)), .by_driver = true, .versions = RULE_V1,
     .check = check_max_read},
    {RULE("LMMIO-DRV-D4", SHOULD, WARNING, "4.2.4", "Legacy interface",
          "QueueAlign is a power of two.", "write 4096, or what the rings are laid out with"),
     REGISTERS_OF(ON(WRITE), REGISTER(QueueAlign)), .by_driver = true,
     .versions = RULE_V1, .check = check_power_of_two},
    {RULE("LMMIO-DRV-D5", MUST_NOT, ERROR, "4.2.4", "Legacy interface",
          "No queue lies in page 0: QueuePFN 0 means that the queue is not in use.",
          "write the queue's physical address divided by GuestPageSize"),
     REGISTERS_OF(ON(WRITE), REGISTER(QueuePFN)), .by_driver = true, .explains_wait = true,
     .versions = RULE_V1, .check = check_page_0},
    {RULE("LMMIO-DRV-D7", MUST, WARNING, "4.2.4", "Legacy interface",
          "A queue is set up in order: QueueSel, QueuePFN is 0, QueueSizeMax, QueueSize, "
          "QueueAlign, QueuePFN.",
          "take all six steps for each queue, QueuePFN last"),
     .on = ON(WRITE) | ON(REFUSE),
     .registers = REGISTER(QueueSize) | REGISTER(QueueAlign) | REGISTER(QueuePFN) |
                  REGISTER(QueueNotify),
     .refusals = REFUSAL(NOTIFY_NOT_LIVE) | REFUSAL(PFN_AGAIN) | REFUSAL(PFN_EARLY),
     .explains_wait = true,
     .versions = RULE_V1, .check = check_order_legacy},
    {RULE("LMMIO-DRV-D8", SHOULD, WARNING, "4.2.4", "Legacy interface",
          "QueueSize is at most QueueSizeMax.",
          "read QueueSizeMax and take the smaller of it and the driver's own size"),
     REGISTERS_OF(ON(WRITE), REGISTER(QueueSize)), .by_driver = true,
     .versions = RULE_V1, .check = check_size_legacy},
    {RULE("LMMIO-DRV-D9", MUST, ERROR, "4.2.4", "Legacy interface",
          "The pages of a queue are zeroed before the queue is made live.",
          "zero the whole block before writing QueuePFN"),
     REGISTERS_OF(ON(WRITE), REGISTER(Status)), .by_driver = true, .explains_wait = true,
     .versions = RULE_V1, .tells = true,
     .assumes = "that only what both sides count in matters; whether the block is large enough is "
                "LSPLIT-DRV-02's",
     .check = check_zeroed},
};
/* clang-format on */

const struct rule_list rules_setup = RULE_LIST(rules);
