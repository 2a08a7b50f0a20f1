/*
 * The device's side of a split virtqueue, in micro-steps: from an executed chain to the used ring.
 *
 * Usually a chain's completion is placed as soon as its response is written. Faults and the
 * personality out-of-order withhold it: the device goes on with the next chain, and the completion
 * comes behind a later one, when there is nothing else to take, or never.
 */
#include <string.h>

#include "chain.h"
#include "queue_internal.h"
#include "virtio/ring.h"

/* ---- ring accesses ---- */

bool queue_store_used(struct sim_device *device, uint32_t queue, uint64_t offset,
                      enum event_place place, uint32_t index, const void *in, uint32_t bytes)
{
    uint64_t addr = device->queue[queue].used_addr + offset;
    struct event event = sim_event(device, EVENT_STORE, queue);
    event.place = (uint8_t)place;
    event.index = index;
    enum arena_fault fault = sim_store(device, addr, in, bytes, &event);
    if (fault != ARENA_FAULT_NONE) {
        chain_refuse_dma(device, queue, SIM_REFUSAL_DMA_USED, addr, bytes, fault);
        return false;
    }
    return true;
}

/* 2.7.10: asks to be notified of the next entry that the device has not taken; or of one just
 * passed, which is as far away as can be. */
bool queue_store_avail_event(struct sim_device *device, uint32_t queue, uint16_t next)
{
    const struct sim_queue *q = &device->queue[queue];
    le16 event = sim_ring16(device, (uint16_t)(next - device->config.no_notify));
    return queue_store_used(device, queue, virtq_avail_event_offset(q->size),
                            EVENT_PLACE_AVAIL_EVENT, 0, &event, sizeof(event));
}

/* ---- what is in the available ring, without an event ---- */

static bool peek_avail(const struct sim_device *device, uint32_t queue, uint64_t offset,
                       uint16_t *out)
{
    uint64_t addr = device->queue[queue].avail_addr + offset;
    if (arena_check(device->arena, addr, sizeof(le16)) != ARENA_FAULT_NONE)
        return false;
    le16 raw;
    memcpy(&raw, arena_host(device->arena, addr), sizeof(raw));
    *out = sim_ring16(device, raw);
    return true;
}

bool queue_peek_idx(const struct sim_device *device, uint32_t queue, uint16_t *out)
{
    return peek_avail(device, queue, offsetof(struct virtq_avail, idx), out);
}

/* UINT16_MAX, which is no head, where it cannot be read. */
static uint16_t peek_head(const struct sim_device *device, uint32_t queue, uint16_t idx)
{
    uint64_t slot = idx % device->queue[queue].size;
    uint16_t head = UINT16_MAX;
    (void)peek_avail(device, queue, offsetof(struct virtq_avail, ring) + sizeof(le16) * slot,
                     &head);
    return head;
}

/* ---- completions that were withheld ---- */

static void take_withheld(struct sim_queue *queue, uint32_t i)
{
    queue->completion = queue->withheld[i];
    queue->belated = true;
    memmove(&queue->withheld[i], &queue->withheld[i + 1],
            (queue->withheld_count - i - 1) * sizeof(queue->withheld[0]));
    queue->withheld_count--;
}

bool queue_take_withheld(struct sim_queue *queue, uint32_t after)
{
    for (uint32_t i = queue->withheld_count; i-- > 0;) {
        if (queue->withheld[i].after != after)
            continue;
        take_withheld(queue, i);
        return true;
    }
    return false;
}

/* The withheld completion that is due first; withheld_count when none waits for a step. */
static uint32_t first_due(const struct sim_queue *queue)
{
    uint32_t first = queue->withheld_count;
    for (uint32_t i = 0; i < queue->withheld_count; i++) {
        uint64_t until = queue->withheld[i].until_step;
        if (until != 0 &&
            (first == queue->withheld_count || until < queue->withheld[first].until_step))
            first = i;
    }
    return first;
}

uint64_t queue_due_step(const struct sim_queue *queue)
{
    uint32_t first = first_due(queue);
    return first < queue->withheld_count ? queue->withheld[first].until_step : 0;
}

bool queue_is_due(const struct sim_device *device, const struct sim_queue *queue)
{
    uint64_t until = queue_due_step(queue);
    return until != 0 && queue->phase == SIM_PHASE_AVAIL_IDX && device->clock_steps >= until;
}

void queue_take_due(struct sim_queue *queue)
{
    take_withheld(queue, first_due(queue));
    queue->phase = SIM_PHASE_USED_ELEM;
}

/* ---- placing a completion ---- */

/* The fault of a kind that acts now, said; or NULL. */
const struct sim_fault *queue_fault(struct sim_device *device, uint32_t queue,
                                    enum sim_fault_kind kind)
{
    const struct sim_fault *fault = sim_fault_of(device, queue, kind);
    if (fault != NULL)
        sim_emit_fault(device, queue, fault);
    return fault;
}

static struct sim_completion completion_of(const struct sim_queue *queue)
{
    return (struct sim_completion){.head = queue->chain.head,
                                   .written_bytes = queue->chain.written_bytes,
                                   .room_bytes = queue->chain.writable_bytes};
}

/* The chain is not used now; on with the next one, of which the driver must still tell. */
void queue_withhold(struct sim_device *device, uint32_t queue, uint32_t after, uint64_t until_step)
{
    struct sim_queue *q = &device->queue[queue];
    if (q->withheld_count < SIM_WITHHELD_MAX) {
        q->withheld[q->withheld_count] = completion_of(q);
        q->withheld[q->withheld_count].until_step = until_step;
        q->withheld[q->withheld_count++].after = after;
    }
    if (!sim_has_feature(device, VIRTIO_F_EVENT_IDX) ||
        queue_store_avail_event(device, queue, q->avail_next))
        q->phase = SIM_PHASE_AVAIL_IDX;
}

/* Withholds the chain's completion: by a fault, or because this device prefers later ones. */
static bool goes_on_first(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    uint16_t idx;
    if (q->belated || q->withheld_count == SIM_WITHHELD_MAX)
        return false;
    const struct sim_fault *fault = queue_fault(device, queue, SIM_FAULT_COMPLETION_OUT_OF_ORDER);
    if (fault != NULL && fault->argument > 0) {
        queue_withhold(device, queue, (uint32_t)fault->argument, 0);
        return true;
    }
    fault = queue_fault(device, queue, SIM_FAULT_COMPLETION_OVERTAKEN);
    if (fault != NULL && fault->argument > 0) {
        queue_withhold(device, queue, SIM_COMPLETION_NEVER, device->clock_steps + fault->argument);
        return true;
    }
    if (!device->config.out_of_order || !queue_peek_idx(device, queue, &idx) ||
        idx == q->avail_next)
        return false;
    queue_withhold(device, queue, 0, 0);
    return true;
}

/* Does the device have this head, or will it find it in the available ring? Emits nothing. */
static bool is_outstanding(const struct sim_device *device, uint32_t queue, uint16_t id)
{
    const struct sim_queue *q = &device->queue[queue];
    uint16_t idx = q->avail_next;
    if (id == q->completion.head)
        return true;
    for (uint32_t i = 0; i < q->withheld_count; i++) {
        if (q->withheld[i].head == id)
            return true;
    }
    (void)queue_peek_idx(device, queue, &idx);
    for (uint16_t at = q->avail_next; at != idx && (uint16_t)(at - q->avail_next) < q->size; at++) {
        if (peek_head(device, queue, at) == id)
            return true;
    }
    return false;
}

/* An id that is, or is not, outstanding, and not the completion's own; UINT32_MAX: there is none.
 */
static uint32_t find_id(const struct sim_device *device, uint32_t queue, bool outstanding)
{
    const struct sim_queue *q = &device->queue[queue];
    for (uint32_t i = 1; i < q->size; i++) {
        uint16_t id = (uint16_t)((q->completion.head + i) % q->size);
        if (is_outstanding(device, queue, id) == outstanding)
            return id;
    }
    return UINT32_MAX;
}

/* Such a fault acts only where there is such an id. */
static uint32_t other_id(struct sim_device *device, uint32_t queue, enum sim_fault_kind kind,
                         uint32_t id)
{
    if (sim_fault_find(&device->faults, kind, device->queue[queue].request_number,
                       sim_next_step(device)) == NULL)
        return id;
    uint32_t other = find_id(device, queue, kind == SIM_FAULT_USED_ID_OF_ANOTHER);
    return other != UINT32_MAX && queue_fault(device, queue, kind) != NULL ? other : id;
}

static uint32_t used_id(struct sim_device *device, uint32_t queue)
{
    const struct sim_queue *q = &device->queue[queue];
    uint32_t id = q->completion.head;
    if (device->faults.count == 0)
        return id;
    const struct sim_fault *fault = queue_fault(device, queue, SIM_FAULT_USED_ID);
    if (fault != NULL)
        id = (uint32_t)fault->argument;
    if (queue_fault(device, queue, SIM_FAULT_USED_ID_OUT_OF_RANGE) != NULL)
        id = q->size;
    id = other_id(device, queue, SIM_FAULT_USED_ID_NOT_OUTSTANDING, id);
    return other_id(device, queue, SIM_FAULT_USED_ID_OF_ANOTHER, id);
}

static uint32_t used_len(struct sim_device *device, uint32_t queue)
{
    const struct sim_completion *completion = &device->queue[queue].completion;
    uint64_t len = completion->written_bytes;
    const struct sim_fault *fault = queue_fault(device, queue, SIM_FAULT_USED_LEN);
    if (fault != NULL)
        len = fault->argument;
    fault = queue_fault(device, queue, SIM_FAULT_USED_LEN_LONG);
    if (fault != NULL)
        len = completion->room_bytes + fault->argument;
    fault = queue_fault(device, queue, SIM_FAULT_USED_LEN_SHORT);
    if (fault != NULL)
        len = len > fault->argument ? len - fault->argument : 0;
    return (uint32_t)len;
}

void queue_use_elem(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    if (!q->belated)
        q->completion = completion_of(q);
    if (goes_on_first(device, queue))
        return;
    const struct sim_fault *rewrite = queue_fault(device, queue, SIM_FAULT_REWRITE_DESCRIPTORS);
    if (rewrite != NULL)
        chain_rewrite_descriptors(device, queue, (uint8_t)rewrite->argument);
    uint32_t slot = q->used_idx % q->size;
    struct virtq_used_elem elem = {.id = sim_ring32(device, used_id(device, queue)),
                                   .len = sim_ring32(device, used_len(device, queue))};
    if (queue_store_used(device, queue, offsetof(struct virtq_used, ring) + sizeof(elem) * slot,
                         EVENT_PLACE_USED_RING, slot, &elem, sizeof(elem)))
        q->phase = SIM_PHASE_USED_IDX;
}

/* One more completion has come: is it the turn of one that waited for it? */
static bool count_withheld(struct sim_queue *queue)
{
    bool due = false;
    for (uint32_t i = 0; i < queue->withheld_count; i++) {
        uint32_t *after = &queue->withheld[i].after;
        if (*after != SIM_COMPLETION_NEVER && *after > 0)
            due |= --*after == 0;
    }
    return due && queue_take_withheld(queue, 0);
}

void queue_use_idx(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    uint16_t value = (uint16_t)(q->used_idx + 1);
    const struct sim_fault *fault = queue_fault(device, queue, SIM_FAULT_USED_IDX_JUMP);
    if (fault != NULL)
        value = (uint16_t)(value + fault->argument);
    fault = queue_fault(device, queue, SIM_FAULT_USED_IDX_BACK);
    if (fault != NULL)
        value = (uint16_t)(q->used_idx - fault->argument);
    le16 idx = sim_ring16(device, value);
    if (!queue_store_used(device, queue, offsetof(struct virtq_used, idx), EVENT_PLACE_USED_IDX, 0,
                          &idx, sizeof(idx)))
        return;
    q->used_idx++;
    bool again = !q->belated && queue_fault(device, queue, SIM_FAULT_COMPLETION_DOUBLED) != NULL;
    q->belated = again || (!device->config.out_of_order && count_withheld(q));
    q->phase = q->belated ? SIM_PHASE_USED_ELEM : SIM_PHASE_SUPPRESSION;
}
