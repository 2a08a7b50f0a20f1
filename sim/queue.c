/*
 * The device's side of a split virtqueue, in micro-steps.
 *
 * One call of sim_device_step() takes one queue one arrow further:
 *
 *   IDLE --notified--> AVAIL_IDX --something new--> AVAIL_RING --> DESC (once a descriptor)
 *    ^                  |  ^                                        | last one: TAKE
 *    +---nothing new----+  |                                        v
 *                          |       USED_ELEM <-- RESPONSE <-- EXECUTE <-- REQUEST
 *                          |           |
 *                          |           v
 *        INTERRUPT ------->+       USED_IDX --> SUPPRESSION (--> AVAIL_EVENT with EVENT_IDX)
 *                                      --> INTERRUPT, or AVAIL_IDX if suppressed
 *
 * A refusal whose action is RESET breaks the queue: it is IDLE and stays so until a reset.
 *
 * Faults and the personality out-of-order withhold a completion: from USED_ELEM on to AVAIL_IDX; it
 * comes behind USED_IDX of a later one, or when AVAIL_IDX finds nothing new.
 *
 * Invariants: `runnable` has a queue's bit exactly while its phase is not IDLE and the device may
 * work; the device takes and executes entries in ring order, and uses them in that order unless
 * one was withheld.
 *
 * Not handled: packed queues; more than one chain of a queue between AVAIL_RING and RESPONSE.
 */
#include "device.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "queue_internal.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

static uint32_t queue_bit(uint32_t queue)
{
    return UINT32_C(1) << queue;
}

/* ---- starting and stopping ---- */

static void become_idle(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    q->phase = SIM_PHASE_IDLE;
    q->kicked = false;
    q->held_until_step = 0;
    device->runnable &= ~queue_bit(queue);
    device->held &= ~queue_bit(queue);
}

void sim_queue_stop(struct sim_device *device, uint32_t queue)
{
    become_idle(device, queue);
    device->queue[queue].chain.readable_count = 0;
    device->queue[queue].chain.writable_count = 0;
    device->queue[queue].withheld_count = 0;
    device->queue[queue].belated = false;
}

void sim_queue_reset(struct sim_device *device, uint32_t queue)
{
    sim_queue_stop(device, queue);
    struct sim_queue *q = &device->queue[queue];
    /* QueueAlign and the memory for segments outlive a reset, everything else is as new (2.6.1). */
    const uint16_t *sizes = sim_is_qemu(device) ? device->class->qemu_sizes : NULL;
    uint32_t max = device->config.queue_size_max;
    bool own = sizes != NULL && queue < device->class->queue_count && sizes[queue] < max;
    struct sim_queue fresh = {.size = own ? sizes[queue] : max,
                              .align = q->align,
                              .staged = q->staged,
                              .chain = {.segment = q->chain.segment, .capacity = q->chain.capacity},
                              .writable = q->writable,
                              .writable_capacity = q->writable_capacity};
    *q = fresh;
}

void sim_queue_destroy(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    free(q->chain.segment);
    free(q->writable);
    q->chain.segment = NULL;
    q->chain.capacity = 0;
    q->writable = NULL;
    q->writable_capacity = 0;
}

void sim_queue_notified(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    if (q->broken)
        return;
    q->kicked = true;
    if (q->phase == SIM_PHASE_IDLE)
        q->phase = SIM_PHASE_AVAIL_IDX;
    device->runnable |= queue_bit(queue);
    if (q->phase == SIM_PHASE_AVAIL_IDX && queue_due_step(q) != 0)
        q->held_until_step = 0; /* something to overtake it with */
    if (q->held_until_step != 0)
        device->held |= queue_bit(queue);
    else
        device->held &= ~queue_bit(queue);
}

/* ---- ring accesses; false: reported, and the queue is broken ---- */

static bool load_avail(struct sim_device *device, uint32_t queue, uint64_t offset,
                       enum event_place place, uint32_t index, uint16_t *out)
{
    uint64_t addr = device->queue[queue].avail_addr + offset;
    struct event event = sim_event(device, EVENT_LOAD, queue);
    event.place = (uint8_t)place;
    event.index = index;
    le16 raw;
    enum arena_fault fault = sim_load(device, addr, &raw, sizeof(raw), &event);
    if (fault != ARENA_FAULT_NONE) {
        chain_refuse_dma(device, queue, SIM_REFUSAL_DMA_AVAIL, addr, sizeof(raw), fault);
        return false;
    }
    *out = sim_ring16(device, raw);
    return true;
}

static void refuse_ring(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                        enum event_place place, uint32_t index, uint64_t value, uint64_t bound)
{
    struct event details = {.value = value,
                            .extra = bound,
                            .place = (uint8_t)place,
                            .index = index};
    sim_refuse(device, queue, refusal, &details);
}

/* ---- from the available ring to a chain ---- */

/* 2.7.10, without EVENT_IDX: a device that looks for itself wants no notifications. */
static bool store_no_notify(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    le16 flags = sim_ring16(device, VIRTQ_USED_F_NO_NOTIFY);
    if (!device->config.no_notify || q->hushed || sim_has_feature(device, VIRTIO_F_EVENT_IDX))
        return true;
    q->hushed = true;
    return queue_store_used(device, queue, 0, EVENT_PLACE_USED_FLAGS, 0, &flags, sizeof(flags));
}

static void step_avail_idx(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    uint16_t idx;
    if (!store_no_notify(device, queue) ||
        !load_avail(device, queue, offsetof(struct virtq_avail, idx), EVENT_PLACE_AVAIL_IDX, 0,
                    &idx))
        return;
    q->avail_seen = idx;
    uint16_t ahead = (uint16_t)(idx - q->avail_next);
    if (ahead == 0 && queue_take_withheld(q, 0))
        q->phase = SIM_PHASE_USED_ELEM;
    else if (ahead == 0 && queue_due_step(q) != 0) {
        q->held_until_step = queue_due_step(q);
        device->held |= queue_bit(queue);
    } else if (ahead == 0)
        become_idle(device, queue);
    else if (ahead > q->size || q->unanswered_count >= q->size)
        refuse_ring(device, queue, SIM_REFUSAL_AVAIL_JUMP, EVENT_PLACE_AVAIL_IDX, 0, idx,
                    (uint16_t)(q->avail_next + q->size));
    else
        q->phase = SIM_PHASE_AVAIL_RING;
}

static void step_avail_ring(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    uint32_t slot = q->avail_next % q->size;
    uint16_t head;
    if (!load_avail(device, queue, offsetof(struct virtq_avail, ring) + sizeof(le16) * slot,
                    EVENT_PLACE_AVAIL_RING, slot, &head))
        return;
    if (head >= q->size) {
        refuse_ring(device, queue, SIM_REFUSAL_HEAD_RANGE, EVENT_PLACE_AVAIL_RING, slot, head,
                    q->size);
        return;
    }
    chain_begin(q, head);
    q->unanswered = false;
    q->phase = SIM_PHASE_DESC;
    if (sim_is_qemu(device) && sim_has_feature(device, VIRTIO_F_EVENT_IDX))
        (void)queue_store_avail_event(device, queue, (uint16_t)(q->avail_next + 1));
    if (sim_is_qemu(device) && q->size > q->mapped_size)
        chain_refuse_dma(device, queue, SIM_REFUSAL_DMA_DESC, q->desc_addr,
                         virtq_desc_bytes(q->size), ARENA_FAULT_ACROSS_END);
}

static void step_desc(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    if (chain_gather(device, queue) != CHAIN_COMPLETE)
        return;
    q->avail_next++;
    q->request_number = ++device->faults.requests_taken;
    q->phase = SIM_PHASE_REQUEST;
    struct event event = sim_event(device, EVENT_TAKE, queue);
    event.value = q->chain.head;
    event.index = q->chain.head;
    event.extra = q->chain.readable_count + q->chain.writable_count;
    sim_emit(device, &event);
}

/* ---- from a chain to the used ring ---- */

/* What comes of itself, and is armed for this request. */
static void act_itself(struct sim_device *device, uint32_t queue, enum sim_fault_kind kind)
{
    const struct sim_fault *fault = sim_fault_of(device, queue, kind);
    if (fault != NULL)
        (void)sim_fault_acts_itself(device, queue, fault);
}

static void step_execute(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    act_itself(device, queue, SIM_FAULT_NEEDS_RESET);
    if (q->broken)
        return;
    device->class->execute(device, queue);
    if (q->broken)
        return;
    act_itself(device, queue, SIM_FAULT_SPURIOUS);
    act_itself(device, queue, SIM_FAULT_INTERRUPT_CONFIG);
    act_itself(device, queue, SIM_FAULT_CONFIG_CHANGE);
    if (queue_fault(device, queue, SIM_FAULT_COMPLETION_LOST) != NULL) {
        queue_withhold(device, queue, SIM_COMPLETION_NEVER, 0);
        return;
    }
    if (q->unanswered) { /* QEMU's device keeps it */
        q->unanswered_count++;
        q->phase = SIM_PHASE_AVAIL_IDX;
        return;
    }
    q->phase = SIM_PHASE_RESPONSE;
    const struct sim_fault *late = queue_fault(device, queue, SIM_FAULT_COMPLETION_LATE);
    if (late != NULL && late->argument > 0) {
        q->held_until_step = device->clock_steps + late->argument;
        device->held |= queue_bit(queue);
    }
}

/* 2.7.7.2 with EVENT_IDX: has the entry just placed crossed used_event? */
static bool ask_used_event(struct sim_device *device, uint32_t queue, bool *notify)
{
    struct sim_queue *q = &device->queue[queue];
    uint16_t used_event;
    if (!load_avail(device, queue, virtq_used_event_offset(q->size), EVENT_PLACE_USED_EVENT, 0,
                    &used_event))
        return false;
    if (sim_is_qemu(device)) { /* it remembers when it asked last, and asks afresh at first */
        *notify = virtq_need_event(used_event, q->used_idx, q->signalled_idx) || !q->signalled;
        q->signalled_idx = q->used_idx;
        q->signalled = true;
        return true;
    }
    *notify = virtq_need_event(used_event, q->used_idx, q->asked_idx);
    return true;
}

/* 2.7.7.2 without it. */
static bool ask_flags(struct sim_device *device, uint32_t queue, bool *notify)
{
    uint16_t flags;
    if (!load_avail(device, queue, offsetof(struct virtq_avail, flags), EVENT_PLACE_AVAIL_FLAGS, 0,
                    &flags))
        return false;
    *notify = (flags & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
    return true;
}

/* 6.3, NOTIFY_ON_EMPTY: has the device taken all there is? */
static bool ask_empty(struct sim_device *device, uint32_t queue, bool *notify)
{
    uint16_t idx;
    if (!sim_has_feature(device, VIRTIO_F_NOTIFY_ON_EMPTY))
        return true;
    if (!load_avail(device, queue, offsetof(struct virtq_avail, idx), EVENT_PLACE_AVAIL_IDX, 0,
                    &idx))
        return false;
    const struct sim_queue *q = &device->queue[queue];
    *notify = idx == q->avail_next && q->unanswered_count == 0;
    return true;
}

static bool ask_driver(struct sim_device *device, uint32_t queue, bool *notify)
{
    return sim_has_feature(device, VIRTIO_F_EVENT_IDX) ? ask_used_event(device, queue, notify)
                                                       : ask_flags(device, queue, notify);
}

/* A fault: writes to where the driver looks for whether the device wants to be notified. */
static bool store_wish(struct sim_device *device, uint32_t queue, enum sim_fault_kind kind)
{
    const struct sim_queue *q = &device->queue[queue];
    const struct sim_fault *fault = queue_fault(device, queue, kind);
    bool is_flags = kind == SIM_FAULT_USED_FLAGS;
    if (fault == NULL)
        return true;
    le16 value = sim_ring16(device, (uint16_t)fault->argument);
    return queue_store_used(device, queue, is_flags ? 0 : virtq_avail_event_offset(q->size),
                            is_flags ? EVENT_PLACE_USED_FLAGS : EVENT_PLACE_AVAIL_EVENT, 0, &value,
                            sizeof(value));
}

static void step_suppression(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    bool notify = false;
    bool empty_first = sim_is_qemu(device);
    bool has_step = sim_has_feature(device, VIRTIO_F_EVENT_IDX) && !empty_first;
    if (!store_wish(device, queue, SIM_FAULT_USED_FLAGS) ||
        (empty_first && !ask_empty(device, queue, &notify)) ||
        (!notify && !ask_driver(device, queue, &notify)) ||
        (!empty_first && !notify && !ask_empty(device, queue, &notify)) ||
        (!has_step && !store_wish(device, queue, SIM_FAULT_AVAIL_EVENT)))
        return;
    q->notify = notify;
    q->asked_idx = q->used_idx;
    if (has_step)
        q->phase = SIM_PHASE_AVAIL_EVENT;
    else
        q->phase = notify ? SIM_PHASE_INTERRUPT : SIM_PHASE_AVAIL_IDX;
}

/* A step of its own: a driver that publishes between the two is a race worth looking at. */
static void step_avail_event(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    if (queue_store_avail_event(device, queue, q->avail_next) &&
        store_wish(device, queue, SIM_FAULT_AVAIL_EVENT))
        q->phase = q->notify ? SIM_PHASE_INTERRUPT : SIM_PHASE_AVAIL_IDX;
}

/* ---- stepping ---- */

static void step_class(struct sim_device *device, uint32_t queue,
                       void (*act)(struct sim_device *device, uint32_t queue),
                       enum sim_queue_phase next)
{
    act(device, queue);
    if (!device->queue[queue].broken)
        device->queue[queue].phase = next;
}

static void step_queue(struct sim_device *device, uint32_t queue)
{
    switch (device->queue[queue].phase) {
    case SIM_PHASE_IDLE:
        break;
    case SIM_PHASE_AVAIL_IDX:
        step_avail_idx(device, queue);
        return;
    case SIM_PHASE_AVAIL_RING:
        step_avail_ring(device, queue);
        return;
    case SIM_PHASE_DESC:
        step_desc(device, queue);
        return;
    case SIM_PHASE_REQUEST:
        step_class(device, queue, device->class->request, SIM_PHASE_EXECUTE);
        return;
    case SIM_PHASE_EXECUTE:
        step_execute(device, queue);
        return;
    case SIM_PHASE_RESPONSE:
        step_class(device, queue, device->class->respond, SIM_PHASE_USED_ELEM);
        return;
    case SIM_PHASE_USED_ELEM:
        queue_use_elem(device, queue);
        return;
    case SIM_PHASE_USED_IDX:
        queue_use_idx(device, queue);
        return;
    case SIM_PHASE_SUPPRESSION:
        step_suppression(device, queue);
        return;
    case SIM_PHASE_AVAIL_EVENT:
        step_avail_event(device, queue);
        return;
    case SIM_PHASE_INTERRUPT:
        device->queue[queue].phase = SIM_PHASE_AVAIL_IDX;
        if (queue_fault(device, queue, SIM_FAULT_INTERRUPT_LOST) == NULL)
            sim_interrupt(device, queue, VIRTIO_MMIO_INT_USED);
        return;
    }
    assert(false && "a queue that is IDLE was runnable");
}

/* For eager_poll: is there an entry in an idle queue that nobody was notified of? Emits nothing. */
static bool has_unnoticed_entry(const struct sim_device *device, uint32_t queue)
{
    const struct sim_queue *q = &device->queue[queue];
    uint16_t idx;
    return sim_queue_is_live(device, queue) && !q->broken && q->phase == SIM_PHASE_IDLE &&
           sim_may_work(device) && queue_peek_idx(device, queue, &idx) && idx != q->avail_next;
}

uint32_t sim_device_find_ready(const struct sim_device *device)
{
    uint32_t ready = device->runnable;
    for (uint32_t queue = 0; queue < device->class->queue_count; queue++) {
        const struct sim_queue *q = &device->queue[queue];
        if ((device->held & queue_bit(queue)) != 0 && device->clock_steps < q->held_until_step)
            ready &= ~queue_bit(queue);
        if (device->config.eager_poll && has_unnoticed_entry(device, queue))
            ready |= queue_bit(queue);
    }
    return ready;
}

/* Round robin; `ready` is not 0. */
static uint32_t choose_queue(const struct sim_device *device, uint32_t ready)
{
    uint32_t later = ready & ~(queue_bit(device->next_queue) - 1);
    return (uint32_t)__builtin_ctz(later != 0 ? later : ready);
}

/* X(phase, kind, place, member of struct sim_queue that the index comes from) */
#define FIRST_EVENTS(X)                                                                            \
    X(IDLE, LOAD, AVAIL_IDX, nothing) /* eager_poll has found something */                         \
    X(AVAIL_IDX, LOAD, AVAIL_IDX, nothing)                                                         \
    X(AVAIL_RING, LOAD, AVAIL_RING, avail_slot)                                                    \
    X(DESC, LOAD, DESC, desc_next)                                                                 \
    X(REQUEST, LOAD, REQUEST, head)                                                                \
    X(EXECUTE, EXECUTE, NONE, nothing)                                                             \
    X(RESPONSE, STORE, RESPONSE, head)                                                             \
    X(USED_ELEM, STORE, USED_RING, used_slot)                                                      \
    X(USED_IDX, STORE, USED_IDX, nothing)                                                          \
    X(SUPPRESSION, LOAD, AVAIL_FLAGS, nothing)                                                     \
    X(AVAIL_EVENT, STORE, AVAIL_EVENT, nothing)                                                    \
    X(INTERRUPT, INTERRUPT, NONE, nothing)

bool sim_device_peek(const struct sim_device *device, struct event *out)
{
    uint32_t ready = sim_device_ready(device);
    if (ready == 0)
        return false;
    uint32_t queue = choose_queue(device, ready);
    const struct sim_queue *q = &device->queue[queue];
    const uint32_t nothing = 0, desc_next = q->desc_next, head = q->chain.head;
    const uint32_t avail_slot = q->size != 0 ? q->avail_next % q->size : 0;
    const uint32_t used_slot = q->size != 0 ? q->used_idx % q->size : 0;
    *out = sim_event(device, EVENT_LOAD, queue);
    switch (queue_is_due(device, q) ? SIM_PHASE_USED_ELEM : q->phase) {
#define X(name, what, where, number)                                                               \
    case SIM_PHASE_##name:                                                                         \
        out->kind = EVENT_##what;                                                                  \
        out->place = EVENT_PLACE_##where;                                                          \
        out->index = number;                                                                       \
        break;
        FIRST_EVENTS(X)
#undef X
    }
    if (q->phase == SIM_PHASE_DESC && q->in_indirect)
        out->place = EVENT_PLACE_INDIRECT;
    if (q->phase == SIM_PHASE_SUPPRESSION && sim_has_feature(device, VIRTIO_F_EVENT_IDX))
        out->place = EVENT_PLACE_USED_EVENT;
    return true;
}

bool sim_device_step(struct sim_device *device)
{
    if (device->faults.count != 0)
        sim_faults_come(device);
    uint32_t ready = sim_device_ready(device);
    if (ready == 0)
        return false;
    uint32_t queue = choose_queue(device, ready);
    device->next_queue = (queue + 1) % SIM_QUEUES_MAX;
    if (device->queue[queue].phase == SIM_PHASE_IDLE)
        sim_queue_notified(device, queue); /* eager_poll has found something */
    device->queue[queue].held_until_step = 0;
    device->held &= ~queue_bit(queue);
    if (queue_is_due(device, &device->queue[queue]))
        queue_take_due(&device->queue[queue]);
    step_queue(device, queue);
    return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Steps of a driver between one look at a register and the next: so long it may go by the last. */
#define LOOK_STEPS 8u

/* When a driver that waits for a reset may find it over: at its end, or at its next look. */
static uint64_t reset_seen_at(const struct sim_device *device, uint64_t until_step)
{
    uint64_t now = device->clock_steps;
    if (until_step == 0 || now >= until_step + LOOK_STEPS)
        return 0;
    return until_step > now ? until_step : now + 1;
}

uint64_t sim_device_wakes_at(const struct sim_device *device)
{
    uint64_t earliest = 0;
    if (device->faults.count != 0) { /* a reset that takes its time ends by itself */
        for (uint32_t queue = 0; queue < SIM_QUEUES_MAX; queue++)
            earliest =
                earlier(earliest, reset_seen_at(device, device->queue[queue].reset_until_step));
        earliest = earlier(earliest, reset_seen_at(device, device->reset_until_step));
    }
    for (uint32_t queue = 0; device->held != 0 && queue < SIM_QUEUES_MAX; queue++) {
        if ((device->held & queue_bit(queue)) != 0)
            earliest = earlier(earliest, device->queue[queue].held_until_step);
    }
    return earliest;
}
