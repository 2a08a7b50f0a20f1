/*
 * The model's queues: what is in flight, who owns which descriptor, and who stored what where.
 *
 * Ownership goes by what the two sides published to each other: a chain is the device's from the
 * driver's store to avail.idx until the device's store to used.idx.
 */
#include "model_queue.h"

#include <stddef.h>
#include <string.h>

#include "gpu.h"
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/ring.h"

static struct model_mark mark_of(const struct event *event)
{
    return (struct model_mark){.step = event->step, .pc = event->pc};
}

/* ---- publishing ---- */

/* Gives the chain that starts at `head` to the device; returns how many descriptors that took. */
static uint32_t own_chain(struct model *model, struct model_queue *queue, uint16_t head)
{
    struct virtq_desc desc = {0};
    struct model_entry *last = NULL;
    uint64_t writable_bytes = 0;
    uint16_t flags;
    uint32_t at = head;
    uint32_t count = 0;

    for (uint32_t i = 0; i < queue->size; i++) {
        struct model_entry *entry = &queue->entry[at];
        if (entry->owner == head + 1u)
            break; /* a loop: the device will tell */
        if (entry->owner != 0) {
            queue->reused = true;
            queue->reused_desc = (uint16_t)at;
            break;
        }
        entry->owner = (uint16_t)(head + 1);
        entry->link = 0;
        if (last != NULL)
            last->link = (uint16_t)(at + 1);
        last = entry;
        count++;
        queue->chain_end = (uint16_t)(at + 1 == queue->size ? 0 : at + 1);
        if (!model_peek(model, queue->desc_addr + sizeof desc * at, &desc, sizeof desc))
            break;
        flags = (uint16_t)model_ring(model, desc.flags, sizeof desc.flags);
        if ((flags & VIRTQ_DESC_F_WRITE) != 0)
            writable_bytes += model_ring(model, desc.len, sizeof desc.len);
        at = (uint32_t)model_ring(model, desc.next, sizeof desc.next);
        if ((flags & VIRTQ_DESC_F_NEXT) == 0 || at >= queue->size)
            break;
    }
    queue->owned += count;
    queue->request[head].writable_bytes =
        writable_bytes < UINT32_MAX ? (uint32_t)writable_bytes : UINT32_MAX;
    return count;
}

static void disown_chain(struct model_queue *queue, uint16_t head, uint64_t step)
{
    uint32_t at = head;

    for (uint32_t i = 0; i < queue->size; i++) {
        struct model_entry *entry = &queue->entry[at];
        if (entry->owner != head + 1u)
            return;
        entry->owner = 0;
        entry->back_step = step;
        queue->owned--;
        if (entry->link == 0)
            return;
        at = entry->link - 1u;
    }
}

static void publish_head(struct model *model, struct model_queue *queue, uint16_t head,
                         const struct event *event)
{
    struct model_request *request;

    queue->published++;
    if (head >= queue->size)
        return; /* the device will refuse it; there is no such request */
    request = &queue->request[head];
    queue->last_head = head;
    if (model_is_in_flight(request)) {
        queue->reused = true;
        queue->reused_desc = head;
        if (!model_may_look(model, queue))
            queue->doubled = model_keep(event);
        return;
    }
    memset(request, 0, sizeof *request);
    request->number = queue->published;
    request->call = (uint32_t)model->call.call.value;
    request->state = MODEL_PUBLISHED;
    request->mark[MODEL_PUBLISHED] = mark_of(event);
    request->descriptors = (uint16_t)own_chain(model, queue, head);
    if (request->descriptors > queue->longest)
        queue->longest = request->descriptors;
    queue->in_flight++;
}

static void forget_requests(struct model_queue *queue)
{
    if (queue->size == 0)
        return;
    memset(queue->request, 0, queue->size * sizeof *queue->request);
    for (uint32_t i = 0; i < queue->size; i++)
        queue->entry[i].owner = queue->entry[i].link = 0;
    queue->in_flight = queue->owned = 0;
    queue->published = queue->fetched = 0;
    queue->doubled.step = 0;
}

bool model_may_look(const struct model *model, const struct model_queue *queue)
{
    return (model->status.value & VIRTIO_STATUS_DRIVER_OK) != 0 ||
           (model_is_legacy(model) && queue->notify.step != 0);
}

/* What is the device's again has no tail any more. */
static void forget_tails(struct model *model, const struct model_queue *queue)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < model->tail_count; i++) {
        if (&model->queue[model->tail[i].queue] != queue)
            model->tail[kept++] = model->tail[i];
    }
    model->tail_count = kept;
}

/* The heads of slots from `from` on; `event` is what made them available. */
static void publish_slots(struct model *model, struct model_queue *queue, uint16_t from,
                          uint16_t count, const struct event *event)
{
    for (uint32_t i = 0; i < count; i++) {
        uint16_t idx = (uint16_t)(from + i), head;
        if (model_avail_head(model, queue, idx, &head))
            publish_head(model, queue, head, event);
        else if (queue->slot_store.index == idx % queue->size)
            publish_head(model, queue, (uint16_t)queue->slot_store.value, event);
    }
}

/* Nobody has looked yet: what counts is what the ring holds in the end. */
static void publish_again(struct model *model, struct model_queue *queue, const struct event *event)
{
    forget_requests(queue);
    publish_slots(model, queue, 0, queue->avail_idx, event);
}

/* The driver moved avail.idx: everything up to it is the device's now. */
void model_queue_publish(struct model *model, struct model_queue *queue, uint16_t idx,
                         const struct event *event)
{
    uint16_t from = queue->avail_idx, count;

    queue->avail_delta = (uint16_t)(idx - from);
    queue->avail_idx = idx;
    queue->batch_idx = queue->seen_idx; /* who sends again has taken what came */
    queue->reused = false;
    queue->chain_before = queue->chain_end;
    queue->slots_before = queue->slot_stores;
    queue->slot_stores = 0;
    if (model->tail_count != 0)
        forget_tails(model, queue);
    if (queue->avail_delta > queue->size && !model_may_look(model, queue)) {
        forget_requests(queue); /* the ring is being initialised, late but in time */
        from = 0;               /* where the device will begin */
    }
    count = (uint16_t)(idx - from);
    if (count == 0 || count > queue->size)
        return;
    queue->avail_store = model_keep(event);
    publish_slots(model, queue, from, count, event);
}

void model_queue_notified(struct model_queue *queue, const struct event *event)
{
    queue->notify = *event;
    queue->notified_before = queue->notified_idx;
    queue->notified_idx = queue->avail_idx;
    queue->looks = 0;
}

/* ---- the driver ---- */

static bool plausible_address(const struct arena *arena, uint64_t value)
{
    if (arena == NULL)
        return true;
    if (value - arena->base < arena->size_bytes ||
        value - (uintptr_t)arena->host < arena->size_bytes)
        return true;
    for (size_t i = 0; i < arena->alias_count; i++) {
        if (value - arena->aliases[i].host < arena->aliases[i].size_bytes)
            return true;
    }
    return false;
}

static void remember(struct model *model, const struct event *event)
{
    struct model_store store = {.addr = event->addr,
                                .value = event->value,
                                .step = event->step,
                                .pc = event->pc,
                                .width_bytes = event->width_bytes,
                                .index = event->index,
                                .queue = event->queue,
                                .place = event->place};

    model->by_addr[model_store_slot(event->addr)] = store;
    if (event->width_bytes >= 8 && plausible_address(model->arena, event->value))
        model->by_value[model_store_slot(event->value)] = store;
}

static void driver_saw_used_idx(struct model *model, struct model_queue *queue, uint16_t idx,
                                const struct event *event)
{
    uint32_t count = (uint16_t)(idx - queue->seen_idx);

    queue->used_idx_load = model_keep(event);
    queue->looks++;
    if (idx != queue->seen_idx)
        queue->batch_idx = queue->seen_idx;
    if (queue->size == 0 || count > queue->size)
        return;
    if (count != 0)
        queue->moved_step = event->step;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = (uint16_t)(queue->seen_idx + i) % queue->size;
        uint32_t head = queue->entry[slot].used_head;
        struct model_request *request = &queue->request[head < queue->size ? head : 0];
        if (head >= queue->size || request->state != MODEL_USED)
            continue;
        request->state = MODEL_FREE;
        request->mark[MODEL_FREE] = mark_of(event);
        if (queue == &model->queue[VIRTIO_GPU_CONTROLQ])
            model_gpu_seen(&model->gpu, request->number, request->fenced);
    }
    queue->seen_idx = idx;
}

/* Whose completion is the driver looking at? The last one that it looks at is its answer. */
static void driver_loaded_element(struct model *model, struct model_queue *queue,
                                  const struct event *event)
{
    static const struct event never;
    uint32_t head;

    if (event->index >= queue->size || event->width_bytes < sizeof(le32) ||
        (event->addr - queue->used_addr) % sizeof(le32) != 0)
        return; /* not a field of it: the driver takes this for something else */
    queue->element_before_step = queue->element_load.step;
    queue->element_load = model_keep(event);
    head = queue->entry[event->index].used_head;
    model->call.strange = queue->entry[event->index].strange ? queue->element_load : never;
    if (head >= queue->size)
        return;
    model->call.late = never;
    if (queue->request[head].abandoned &&
        queue->request[head].call != (uint32_t)model->call.call.value) {
        model->call.late = queue->element_load;
        model->call.late_head = head;
        model->call.late_queue = event->queue;
    }
}

/* Does the driver look for the rest of a chain that came back where it has cleared the link? */
static void driver_loaded_desc(struct model_queue *queue, const struct event *event)
{
    const struct model_entry *entry;

    if (event->index >= queue->size)
        return;
    entry = &queue->entry[event->index];
    if (entry->owner == 0 && entry->link != 0 && entry->back_step != 0 &&
        entry->flags_stored.step > entry->back_step && (event->value & VIRTQ_DESC_F_NEXT) == 0)
        queue->cut = model_keep(event);
}

void model_driver_load(struct model *model, const struct event *event)
{
    struct model_queue *queue;

    if (event->queue >= SIM_QUEUES_MAX)
        return;
    queue = &model->queue[event->queue];
    if (event->place == EVENT_PLACE_USED_IDX && event->width_bytes >= 2)
        driver_saw_used_idx(model, queue, (uint16_t)event->value, event);
    else if (event->place == EVENT_PLACE_USED_FLAGS && event->width_bytes >= 4)
        driver_saw_used_idx(model, queue, (uint16_t)(event->value >> 16), event);
    else if (event->place == EVENT_PLACE_USED_FLAGS)
        queue->used_flags_load = model_keep(event);
    else if (event->place == EVENT_PLACE_AVAIL_EVENT)
        queue->avail_event_load = model_keep(event);
    else if (event->place == EVENT_PLACE_USED_RING || event->place == EVENT_PLACE_USED_RING_ID ||
             event->place == EVENT_PLACE_USED_RING_LEN)
        driver_loaded_element(model, queue, event);
    else if (event->place == EVENT_PLACE_DESC_FLAGS)
        driver_loaded_desc(queue, event);
}

static bool covers(uint64_t from, uint64_t end, size_t field, size_t field_bytes)
{
    return from < field + field_bytes && end > field;
}

/* One store may fill a field, several, or several descriptors. */
static void driver_stored_desc(struct model_queue *queue, const struct event *event)
{
    uint64_t from = event->addr - queue->desc_addr;
    uint64_t end = from + event->width_bytes;
    uint64_t first = from / sizeof(struct virtq_desc);

    queue->desc_store = model_keep(event);
    for (uint64_t i = first; i < queue->size && i * sizeof(struct virtq_desc) < end; i++) {
        struct model_entry *entry = &queue->entry[i];
        uint64_t base = i * sizeof(struct virtq_desc);
        uint64_t low = from > base ? from - base : 0;
        if (covers(low, end - base, offsetof(struct virtq_desc, addr), sizeof(le64)))
            entry->addr_stored = mark_of(event);
        if (covers(low, end - base, offsetof(struct virtq_desc, len), sizeof(le32)))
            entry->len_stored = mark_of(event);
        if (covers(low, end - base, offsetof(struct virtq_desc, flags), sizeof(le16)))
            entry->flags_stored = mark_of(event);
        if (covers(low, end - base, offsetof(struct virtq_desc, next), sizeof(le16)))
            entry->next_stored = mark_of(event);
    }
}

void model_driver_store(struct model *model, const struct event *event)
{
    struct model_queue *queue;

    model_cache_stored(&model->cache, event);
    if (event->place <= EVENT_PLACE_MEMORY || event->queue >= SIM_QUEUES_MAX) {
        remember(model, event);
        return;
    }
    queue = &model->queue[event->queue];
    switch (event->place) {
    case EVENT_PLACE_DESC:
    case EVENT_PLACE_DESC_ADDR:
    case EVENT_PLACE_DESC_LEN:
    case EVENT_PLACE_DESC_FLAGS:
    case EVENT_PLACE_DESC_NEXT:
        driver_stored_desc(queue, event);
        break;
    case EVENT_PLACE_AVAIL_RING:
        queue->slot_store = model_keep(event);
        queue->slot_stores++;
        if (event->index < queue->avail_idx && queue->avail_idx <= queue->size &&
            !model_may_look(model, queue))
            publish_again(model, queue, event); /* another head than the one of before */
        break;
    case EVENT_PLACE_USED_EVENT:
        queue->arm = model_keep(event);
        break;
    case EVENT_PLACE_AVAIL_IDX:
        model_queue_publish(model, queue, (uint16_t)event->value, event);
        break;
    case EVENT_PLACE_AVAIL_FLAGS:
        if ((event->value & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0)
            queue->arm = model_keep(event);
        if (event->width_bytes >= 4)
            model_queue_publish(model, queue, (uint16_t)(event->value >> 16), event);
        break;
    default:
        remember(model, event);
        break;
    }
}

/* ---- the device ---- */

static void climb(struct model_queue *queue, uint32_t head, enum model_request_state state,
                  const struct event *event)
{
    struct model_request *request;

    if (head >= queue->size)
        return;
    request = &queue->request[head];
    if (!model_is_in_flight(request) || request->state > state)
        return;
    request->state = (uint8_t)state;
    request->mark[state] = mark_of(event);
}

void model_device_load(struct model *model, const struct event *event)
{
    struct model_queue *queue;

    if (event->queue >= SIM_QUEUES_MAX)
        return;
    queue = &model->queue[event->queue];
    if (event->place == EVENT_PLACE_INDIRECT)
        queue->table_load = model_keep(event);
    if (event->place == EVENT_PLACE_AVAIL_FLAGS || event->place == EVENT_PLACE_USED_EVENT) {
        uint16_t last = (uint16_t)(queue->used_idx - 1);
        queue->suppression = model_keep(event);
        queue->must_notify = event->place == EVENT_PLACE_USED_EVENT
                                 ? (uint16_t)event->value == last
                                 : (event->value & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
    }
    if (event->place != EVENT_PLACE_AVAIL_RING)
        return;
    queue->fetch = model_keep(event);
    queue->fetched++;
    climb(queue, (uint16_t)event->value, MODEL_FETCHED, event);
}

/* used.idx has passed this slot: whose completion is it? */
static void complete(struct model *model, struct model_queue *queue, uint32_t slot,
                     const struct event *event)
{
    struct model_entry *entry = &queue->entry[slot];
    uint32_t head = entry->used_head;

    entry->strange = head >= queue->size || !model_is_in_flight(&queue->request[head]);
    if (entry->strange)
        return;
    if (entry->used_len < queue->request[head].writable_bytes)
        model_tail_begin(model, queue, head, entry->used_len, event);
    climb(queue, head, MODEL_USED, event);
    disown_chain(queue, (uint16_t)head, event->step);
    queue->in_flight--;
}

static void device_used(struct model *model, struct model_queue *queue, uint16_t idx,
                        const struct event *event)
{
    uint32_t count = (uint16_t)(idx - queue->used_idx);

    queue->used_idx_store = model_keep(event);
    if (queue->size == 0 || count > queue->size)
        return;
    for (uint32_t i = 0; i < count; i++) {
        queue->completed++;
        complete(model, queue, (uint16_t)(queue->used_idx + i) % queue->size, event);
    }
    queue->used_idx = idx;
}

/*
 * Did used.idx run ahead over this slot, whose element was none then, and has the driver not looked
 * since? Then it will find the element that comes now, and nothing wrong.
 */
static bool was_passed(const struct model_queue *queue, uint32_t slot)
{
    uint32_t unseen = (uint16_t)(queue->used_idx - queue->seen_idx);

    if (slot >= queue->size || unseen > queue->size || !queue->entry[slot].strange)
        return false;
    return (slot + queue->size - queue->seen_idx % queue->size) % queue->size < unseen;
}

void model_device_store(struct model *model, const struct event *event)
{
    struct model_queue *queue;

    model_cache_device_stored(&model->cache, event);
    if (event->queue >= SIM_QUEUES_MAX)
        return;
    queue = &model->queue[event->queue];
    switch (event->place) {
    case EVENT_PLACE_USED_RING:
    case EVENT_PLACE_USED_RING_ID:
        queue->used_element = model_keep(event);
        if (event->index < queue->size) {
            queue->entry[event->index].used_head = (uint16_t)event->value;
            queue->entry[event->index].used_len = (uint32_t)(event->value >> 32);
        }
        climb(queue, (uint32_t)event->value, MODEL_ELEMENT, event);
        if (was_passed(queue, event->index))
            complete(model, queue, event->index, event);
        break;
    case EVENT_PLACE_USED_IDX:
        device_used(model, queue, (uint16_t)event->value, event);
        break;
    case EVENT_PLACE_USED_FLAGS:
        queue->used_flags = (uint16_t)event->value;
        queue->used_flags_store = model_keep(event);
        break;
    case EVENT_PLACE_AVAIL_EVENT:
        queue->avail_event = (uint16_t)event->value;
        queue->avail_event_store = model_keep(event);
        break;
    default:
        break;
    }
}

void model_device_request(struct model *model, const struct event *event)
{
    struct model_queue *queue;

    if (event->queue >= SIM_QUEUES_MAX)
        return;
    queue = &model->queue[event->queue];
    if (event->kind == EVENT_TAKE) {
        queue->hand = (uint16_t)event->value;
        climb(queue, queue->hand, MODEL_TAKEN, event);
        return;
    }
    if (event->kind == EVENT_EXECUTE) {
        queue->execute = model_keep(event);
        model->display.transfers +=
            model->class == &gpu_class && event->value == VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D;
        climb(queue, queue->hand, MODEL_EXECUTED, event);
    } else {
        climb(queue, queue->hand, MODEL_RESPONDED, event);
    }
    if (queue->hand < queue->size) {
        struct model_request *request = &queue->request[queue->hand];
        if (event->kind == EVENT_EXECUTE) {
            request->command = (uint32_t)event->value;
        } else {
            request->response = (uint32_t)event->value;
            request->responded_bytes = event->extra;
        }
    }
}
