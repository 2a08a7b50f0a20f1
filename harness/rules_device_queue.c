/*
 * Rules that bind devices: rings, buffers, notifications and the GPU's answers. What they have in
 * common with the others is in rules_device.c.
 */
#include "rules.h"

#include <stddef.h>
#include <string.h>

#include "model_queue.h"
#include "virtio/gpu.h"
#include "virtio/ring.h"

#define AVAIL_PLACES (AT(AVAIL_FLAGS) | AT(AVAIL_IDX) | AT(AVAIL_RING) | AT(USED_EVENT))
#define DESC_PLACES  (AT(DESC) | AT(DESC_ADDR) | AT(DESC_LEN) | AT(DESC_FLAGS) | AT(DESC_NEXT))

/* A queue that was reset begins with slot 0 again. */
static void check_begins_anew(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);

    if (queue == NULL || queue->renewed.step == 0 || queue->size == 0)
        return;
    rule_looks(rule, judge);
    if (event->index != (queue->fetched - 1) % queue->size)
        rule_device_broken(rule, judge, event, "reads slot %u of queue %u, not %u", event->index,
                           event->queue, (unsigned)((queue->fetched - 1) % queue->size));
}

/* ---- where the rings lie ---- */

static void check_layout(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    uint64_t wanted;

    if (queue == NULL || !queue->live)
        return;
    if (judge->model.config.version == 2 && queue->renewed.step == 0)
        return;
    rule_looks(rule, judge);
    wanted = event->place == EVENT_PLACE_AVAIL_IDX
                 ? queue->avail_addr + offsetof(struct virtq_avail, idx)
                 : queue->used_addr + offsetof(struct virtq_used, idx);
    if (event->addr != wanted)
        rule_device_broken(rule, judge, event, "has a ring at 0x%" PRIx64 ", not 0x%" PRIx64,
                           event->addr, wanted);
}

static void check_base(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);

    /* By the GuestPageSize of then: it may have been written again, to no effect. */
    if (queue != NULL && queue->live && queue->unsettled.step == 0 &&
        event->addr != queue->desc_addr + virtq_desc_bytes(event->index))
        rule_device_broken(rule, judge, event, "reads descriptor %u at 0x%" PRIx64, event->index,
                           event->addr);
}

/* ---- rings and buffers ---- */

static void check_no_store(const struct rule *rule, struct judge *judge, const struct event *event)
{
    rule_device_broken(rule, judge, event, "writes what is the driver's");
}

/* Did the driver do to the available ring what leaves open which chains the device holds? */
static bool ring_is_in_doubt(const struct judge *judge, uint32_t queue)
{
    static const char *const ids[] = {
        "XSPLIT-DRV-05", /* made available twice */
        "XSPLIT-DRV-02", /* more than there is room for */
        "SPLIT-DRV-11",  /* taken back */
        "CLEAN-DRV-01",  /* made another one, before the device looked */
    };

    if (judge->model.queue[queue].unsettled.step != 0)
        return true;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (judge_find(judge, ids[i], queue) != NULL)
            return true;
    }
    return false;
}

/*
 * The flags of a direct descriptor, of the chain in hand, that holds an address; -1 = none. Where
 * buffers overlap, of one for `writable`, if there is any.
 */
static int flags_at(const struct judge *judge, const struct model_queue *queue, uint64_t addr,
                    bool writable)
{
    uint32_t at = queue->hand;
    int found = -1;

    for (uint32_t i = 0; i < queue->size && at < queue->size; i++) {
        struct virtq_desc desc = {0};
        if (!model_peek(&judge->model, queue->desc_addr + virtq_desc_bytes(at), &desc, sizeof desc))
            return found;
        uint16_t flags = virtio_le16(desc.flags);
        if (addr - virtio_le64(desc.addr) < virtio_le32(desc.len)) {
            if ((flags & VIRTQ_DESC_F_INDIRECT) != 0)
                return -1;
            if (((flags & VIRTQ_DESC_F_WRITE) != 0) == writable)
                return flags;
            found = flags;
        }
        if (queue->entry[at].link == 0)
            return found;
        at = queue->entry[at].link - 1u;
    }
    return found;
}

static void check_direction(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    bool writes = event->kind == EVENT_STORE;
    int flags = queue != NULL && queue->live ? flags_at(judge, queue, event->addr, writes) : -1;

    if (flags < 0 || ring_is_in_doubt(judge, event->queue))
        return;
    rule_looks(rule, judge);
    if (((unsigned)flags & VIRTQ_DESC_F_WRITE) != (writes ? VIRTQ_DESC_F_WRITE : 0u))
        rule_device_broken(rule, judge, event, "%s a buffer the wrong way",
                           writes ? "writes" : "reads");
}

static void check_used_element(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    uint32_t id = (uint32_t)event->value;

    if (queue != NULL && queue->size != 0 && !ring_is_in_doubt(judge, event->queue) &&
        (id >= queue->size || queue->request[id].state != MODEL_ELEMENT))
        rule_device_broken(rule, judge, event,
                           "returned chain %u of queue %u, which it does not hold", id,
                           event->queue);
}

static void check_used_order(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    const struct event *element;

    if (queue == NULL || queue->size == 0)
        return;
    element = &queue->used_element;
    if (ring_is_in_doubt(judge, event->queue))
        return;
    if (element->step == 0 || element->index != (uint16_t)(queue->used_idx - 1u) % queue->size)
        rule_device_broken(rule, judge, event, "moved used.idx to %u without the element before it",
                           queue->used_idx);
}

static void check_used_length(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    uint32_t id = (uint32_t)event->value;
    uint64_t length = event->value >> 32;

    if (queue != NULL && id < queue->size && event->width_bytes == 8 &&
        queue->request[id].state == MODEL_ELEMENT && !ring_is_in_doubt(judge, event->queue) &&
        length > queue->request[id].responded_bytes)
        rule_device_broken(rule, judge, event,
                           "says that it wrote %" PRIu64 " bytes, and wrote %" PRIu64, length,
                           queue->request[id].responded_bytes);
}

static void check_used_flags(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    bool event_idx = model_has_feature(&judge->model, VIRTIO_F_EVENT_IDX);

    if (event_idx != (strcmp(rule->id, "SPLIT-DEV-16") == 0))
        return;
    if (event->value > (event_idx ? 0u : 1u))
        rule_device_broken(rule, judge, event, "wrote %u to used.flags", (unsigned)event->value);
}

static void check_in_order(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    uint32_t id = (uint32_t)event->value;

    if (queue == NULL || id >= queue->size || ring_is_in_doubt(judge, event->queue) ||
        !model_has_feature(&judge->model, VIRTIO_F_IN_ORDER))
        return;
    rule_looks(rule, judge);
    for (uint32_t head = 0; head < queue->size; head++) {
        const struct model_request *other = &queue->request[head];
        if (model_is_in_flight(other) && other->state < MODEL_ELEMENT &&
            other->number < queue->request[id].number) {
            rule_device_broken(rule, judge, event, "returned chain %u before chain %u", id, head);
            return;
        }
    }
}

/* ---- notifications ---- */

static bool is_empty_notified(const struct model *model)
{
    return model_has_feature(model, VIRTIO_F_NOTIFY_ON_EMPTY);
}

/* The device goes on with the ring: it has decided. */
static void check_notified(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    bool event_idx = model_has_feature(&judge->model, VIRTIO_F_EVENT_IDX);

    if (queue == NULL || queue->suppression.step == 0 ||
        event_idx != (strcmp(rule->id, "SPLIT-DEV-11") == 0))
        return;
    rule_looks(rule, judge);
    if (queue->must_notify && queue->told.step < queue->suppression.step)
        rule_device_broken(rule, judge, event,
                           "did not notify the driver of a used buffer of queue %u", event->queue);
}

static void check_suppressed(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    bool event_idx = model_has_feature(&judge->model, VIRTIO_F_EVENT_IDX);

    if (queue == NULL || queue->suppression.step == 0 ||
        (event->value & VIRTIO_MMIO_INT_USED) == 0 ||
        event_idx != (strcmp(rule->id, "SPLIT-DEV-12") == 0) || is_empty_notified(&judge->model))
        return;
    rule_looks(rule, judge);
    if (!queue->must_notify)
        rule_device_broken(rule, judge, event, "notified the driver, who asked not to be");
}

/* ---- the GPU ---- */

static void check_scanouts(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (event->addr != VIRTIO_MMIO_CONFIG + offsetof(struct virtio_gpu_config, num_scanouts) ||
        event->width_bytes != 4)
        return;
    rule_looks(rule, judge);
    if (event->value < 1 || event->value > VIRTIO_GPU_MAX_SCANOUTS)
        rule_device_broken(rule, judge, event, "has %" PRIu64 " scanouts", event->value);
}

static uint32_t success_of(uint32_t command)
{
    switch (command) {
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    case code:                                                                                     \
        return VIRTIO_GPU_RESP_##response;
        VIRTIO_GPU_COMMANDS(X)
#undef X
    }
    return 0;
}

static void check_response_type(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    uint32_t type = (uint32_t)event->value;

    if (queue == NULL || event->extra == 0 || queue->unsettled.step != 0)
        return;
    if (type != success_of((uint32_t)queue->execute.value) &&
        (type < VIRTIO_GPU_RESP_ERR_UNSPEC || type > VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER))
        rule_device_broken(rule, judge, event, "answered 0x%x to command 0x%x", type,
                           (unsigned)queue->execute.value);
}

/* The header of a response carries the fence of its request. */
static void check_fence(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    struct virtio_gpu_ctrl_hdr request = {0}, response = {0};
    bool for_id = strcmp(rule->id, "GPU-DEV-04b") == 0;

    if (queue == NULL || event->bytes == NULL || event->width_bytes < sizeof response ||
        queue->execute.extra == 0 ||
        !model_peek(&judge->model, queue->execute.extra, &request, sizeof request) ||
        (virtio_le32(request.flags) & VIRTIO_GPU_FLAG_FENCE) == 0)
        return;
    memcpy(&response, event->bytes, sizeof response);
    rule_looks(rule, judge);
    if (for_id ? response.fence_id != request.fence_id
               : (virtio_le32(response.flags) & VIRTIO_GPU_FLAG_FENCE) == 0)
        rule_device_broken(rule, judge, event, "answered a fenced request without its fence");
}

/* A request of which the device made nothing, and said so, is complete as well. */
static void check_complete(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    uint32_t id = (uint32_t)event->value;

    if (queue != NULL && id < queue->size && queue->request[id].state == MODEL_ELEMENT &&
        queue->request[id].mark[MODEL_EXECUTED].step == 0 &&
        queue->refusal.step <= queue->request[id].mark[MODEL_TAKEN].step &&
        !ring_is_in_doubt(judge, event->queue))
        rule_device_broken(rule, judge, event, "returned chain %u before it had acted", id);
}

/* clang-format off */
static const struct rule rules[] = {
    {DEVICE("VQR-DEV-02", MUST, "2.6.1.1.1", "Virtqueue Reset",
            "After a reset a queue begins with its first slot again."),
     BY_DEVICE(ON(LOAD), AT(AVAIL_RING)), .versions = RULE_V2, .tells = true,
     .check = check_begins_anew},
    {DEVICE("VQR-DEV-03", MUST, "2.6.1.2.1", "Virtqueue Re-enable",
            "New settings of a queue that was reset are taken up."),
     BY_DEVICE(ON(LOAD) | ON(STORE), AT(AVAIL_IDX) | AT(USED_IDX)), .versions = RULE_V2,
     .tells = true, .check = check_layout},
    {DEVICE("LSPLIT-DEV-01", MUST, "2.7.2", "Legacy Interfaces: Virtqueue Layout",
            "The parts of a version-1 queue are found by the same layout as the driver's."),
     BY_DEVICE(ON(LOAD) | ON(STORE), AT(AVAIL_IDX) | AT(USED_IDX)), .versions = RULE_V1,
     .tells = true, .check = check_layout},
    {DEVICE("SPLIT-DEV-02", MUST_NOT, "2.7.5.1", "The Virtqueue Descriptor Table",
            "A device-readable buffer is not written."),
     BY_DEVICE(ON(STORE), AT(RESPONSE) | AT(REQUEST)), .tells = true, .check = check_direction},
    {DEVICE("SPLIT-DEV-03", SHOULD_NOT, "2.7.5.1", "The Virtqueue Descriptor Table",
            "A device-writable buffer is not read."),
     BY_DEVICE(ON(LOAD), AT(RESPONSE) | AT(REQUEST)), .tells = true, .check = check_direction},
    {DEVICE("SPLIT-DEV-04", MUST_NOT, "2.7.5.1", "The Virtqueue Descriptor Table",
            "The descriptor table is not written."),
     BY_DEVICE(ON(STORE), DESC_PLACES), .exercise = ON(TAKE), .check = check_no_store},
    {DEVICE("XSPLIT-DEV-02", MUST_NOT, "2.7.6", "The Virtqueue Available Ring",
            "The available ring is not written."),
     BY_DEVICE(ON(STORE), AVAIL_PLACES), .exercise = ON(TAKE), .check = check_no_store},
    {DEVICE("SPLIT-DEV-08", SHOULD_NOT, "2.7.7.2", "Used Buffer Notification Suppression",
            "Without EVENT_IDX a driver that set avail.flags to 1 is not notified."),
     BY_DEVICE(ON(INTERRUPT), AT(NONE)), .tells = true, .check = check_suppressed},
    {DEVICE("SPLIT-DEV-09", MUST, "2.7.7.2", "Used Buffer Notification Suppression",
            "Without EVENT_IDX a driver that left avail.flags at 0 is notified."),
     BY_DEVICE(ON(LOAD), AT(AVAIL_IDX)), .tells = true, .check = check_notified},
    {DEVICE("SPLIT-DEV-11", MUST, "2.7.7.2", "Used Buffer Notification Suppression",
            "With EVENT_IDX the driver is notified when used.idx passes used_event."),
     BY_DEVICE(ON(LOAD), AT(AVAIL_IDX)), .tells = true, .check = check_notified},
    {DEVICE("SPLIT-DEV-12", SHOULD_NOT, "2.7.7.2", "Used Buffer Notification Suppression",
            "With EVENT_IDX it is not notified otherwise."),
     BY_DEVICE(ON(INTERRUPT), AT(NONE)), .tells = true, .check = check_suppressed},
    {DEVICE("XSPLIT-DEV-01", MUST, "2.7.8", "The Virtqueue Used Ring",
            "What is returned is a chain that was made available and not returned yet."),
     BY_DEVICE(ON(STORE), AT(USED_RING) | AT(USED_RING_ID)), .check = check_used_element},
    {DEVICE("SPLIT-DEV-13", MUST, "2.7.8.2", "The Virtqueue Used Ring",
            "The used element is written before used.idx."),
     BY_DEVICE(ON(STORE), AT(USED_IDX)), .check = check_used_order},
    {DEVICE("SPLIT-DEV-14", MUST, "2.7.8.2", "The Virtqueue Used Ring",
            "As many bytes were written as the used element says."),
     BY_DEVICE(ON(STORE), AT(USED_RING)), .check = check_used_length},
    {DEVICE("SPLIT-DEV-15", MUST, "2.7.10.2", "Available Buffer Notification Suppression",
            "Without EVENT_IDX used.flags is 0 or 1."),
     BY_DEVICE(ON(STORE), AT(USED_FLAGS)), .exercise = ON(TAKE), .check = check_used_flags},
    {DEVICE("SPLIT-DEV-16", MUST, "2.7.10.2", "Available Buffer Notification Suppression",
            "With EVENT_IDX used.flags is 0."),
     BY_DEVICE(ON(STORE), AT(USED_FLAGS)), .exercise = ON(TAKE), .check = check_used_flags},
    {DEVICE("LMMIO-DEV-D4", MUST, "4.2.4", "Legacy interface",
            "A queue lies at QueuePFN times GuestPageSize."),
     BY_DEVICE(ON(LOAD), AT(DESC)), .versions = RULE_V1, .check = check_base},
    {DEVICE("XGPU-DEV-01", MUST, "5.7.4.1", "Device configuration fields",
            "There are 1 to 16 scanouts."),
     .on = ON(READ), .where = AT(CONFIG), .by_driver = true, .tells = true,
     .device_id = VIRTIO_ID_GPU, .check = check_scanouts},
    {DEVICE("GPU-DEV-03", MUST, "5.7.6.5", "Device Operation: fences",
            "A command is complete when it is returned."),
     BY_DEVICE(ON(STORE), AT(USED_RING)), .device_id = VIRTIO_ID_GPU, .check = check_complete},
    {DEVICE("GPU-DEV-04a", MUST, "5.7.6.7", "Device Operation: Request header",
            "The answer to a fenced request has FLAG_FENCE set."),
     BY_DEVICE(ON(STORE), AT(RESPONSE)), .device_id = VIRTIO_ID_GPU, .tells = true,
     .check = check_fence},
    {DEVICE("GPU-DEV-04b", MUST, "5.7.6.7", "Device Operation: Request header",
            "The answer to a fenced request has its fence_id."),
     BY_DEVICE(ON(STORE), AT(RESPONSE)), .device_id = VIRTIO_ID_GPU, .tells = true,
     .check = check_fence},
    {DEVICE("XGPU-DEV-02", MUST, "5.7.6.7", "Device Operation: Request header",
            "The answer's type is the command's own success, or one of the errors."),
     BY_DEVICE(ON(RESPOND), AT(NONE)), .device_id = VIRTIO_ID_GPU,
     .check = check_response_type},
    {DEVICE("RSVD-DEV-03", MUST, "6.2", "Reserved Feature Bits",
            "With IN_ORDER, buffers come back in the order in which they were given."),
     BY_DEVICE(ON(STORE), AT(USED_RING)), .tells = true, .check = check_in_order},
};
/* clang-format on */

const struct rule_list rules_device_queue = RULE_LIST(rules);
