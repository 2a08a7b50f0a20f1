/*
 * The life of a queue in the model: what the registers say of it, until it is live, moved, stopped.
 */
#include "model_queue.h"

#include <stdlib.h>

#include "virtio/mmio.h"

#define LOW_WORD UINT64_C(0xffffffff)

/* ---- live, moved, stopped ---- */

void model_queue_free(struct model_queue *queue)
{
    free(queue->request);
    free(queue->entry);
    queue->request = NULL;
    queue->entry = NULL;
    queue->size = queue->tables = 0;
}

static void make_tables(struct model_queue *queue, uint32_t size)
{
    model_queue_free(queue);
    if (size == 0)
        return;
    queue->request = calloc(size, sizeof *queue->request);
    queue->entry = calloc(size, sizeof *queue->entry);
    if (queue->request == NULL || queue->entry == NULL) {
        model_queue_free(queue); /* not tracked: rules about descriptors keep silent */
        return;
    }
    queue->size = queue->tables = size;
}

static void place_areas(const struct model *model, struct model_queue *queue)
{
    uint64_t addr[MODEL_AREA_COUNT];

    (void)model_layout(model, queue, addr);
    queue->desc_addr = addr[MODEL_AREA_DESC];
    queue->avail_addr = addr[MODEL_AREA_DRIVER];
    queue->used_addr = addr[MODEL_AREA_DEVICE];
}

static void start(struct model *model, struct model_queue *queue, const struct event *event)
{
    static const struct event never;
    le16 idx = 0;

    make_tables(queue, model_queue_size(model, queue));
    queue->live = queue->ever_live = true;
    queue->live_at = *event;
    queue->lost_at = never;
    queue->renewed =
        queue->reset_write.step > model->status.reset.step ? queue->reset_write : never;
    queue->reset_write = never;
    queue->desc_store = queue->slot_store = queue->avail_store = queue->notify = never;
    queue->fetch = queue->used_element = queue->used_idx_store = queue->used_idx_load = never;
    queue->element_load = queue->execute = queue->suppression = queue->told = queue->cut = never;
    queue->element_before_step = queue->moved_step = queue->looks = 0;
    queue->used_flags_store = queue->avail_event_store = never;
    queue->used_flags_load = queue->avail_event_load = queue->arm = never;
    queue->slot_stores = queue->slots_before = 0;
    queue->chain_end = queue->chain_before = queue->notified_idx = queue->notified_before = 0;
    queue->refusal = queue->table_load = queue->doubled = queue->unsettled = never;
    queue->avail_idx = queue->used_idx = queue->seen_idx = queue->batch_idx = 0;
    queue->used_flags = queue->avail_event = 0;
    queue->avail_delta = queue->in_flight = queue->owned = queue->longest = 0;
    queue->published = queue->completed = queue->fetched = 0;
    queue->last_head = queue->hand = queue->reused_desc = 0;
    queue->reused = false;
    place_areas(model, queue);
    /* A driver may have filled the ring before it told the device about it. */
    if (queue->size != 0 && model_peek(model, queue->avail_addr + 2, &idx, sizeof idx) && idx != 0)
        model_queue_publish(model, queue, (uint16_t)model_ring(model, idx, sizeof idx), event);
}

static void move(struct model *model, struct model_queue *queue, const struct event *event)
{
    uint64_t desc_addr = queue->desc_addr, used_addr = queue->used_addr;
    bool resized = queue->size != model_queue_size(model, queue);

    if (resized) {
        struct event live_at = queue->live_at;
        start(model, queue, &live_at);
    } else {
        place_areas(model, queue);
    }
    if (resized || queue->desc_addr != desc_addr || queue->used_addr != used_addr)
        queue->unsettled = model_keep(event);
}

void model_queue_stop(struct model *model, struct model_queue *queue, const struct event *event)
{
    (void)model;
    queue->live = false;
    queue->lost_at = *event;
    queue->in_flight = 0;
    queue->owned = 0;
}

/* ---- settings ---- */

static int area_of_register(uint32_t reg, unsigned *half)
{
    static const struct {
        uint8_t reg, area, half;
    } row[] = {
        {VIRTIO_MMIO_REG_QueueDescLow, MODEL_AREA_DESC, 0},
        {VIRTIO_MMIO_REG_QueueDescHigh, MODEL_AREA_DESC, 1},
        {VIRTIO_MMIO_REG_QueueDriverLow, MODEL_AREA_DRIVER, 0},
        {VIRTIO_MMIO_REG_QueueDriverHigh, MODEL_AREA_DRIVER, 1},
        {VIRTIO_MMIO_REG_QueueDeviceLow, MODEL_AREA_DEVICE, 0},
        {VIRTIO_MMIO_REG_QueueDeviceHigh, MODEL_AREA_DEVICE, 1},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        if (row[i].reg == reg) {
            *half = row[i].half;
            return row[i].area;
        }
    }
    return -1;
}

static void mirror_area(struct model_queue *queue, const struct event *event)
{
    unsigned half = 0;
    int area = area_of_register(event->index, &half);

    if (area < 0)
        return;
    queue->area_write[area][half] = *event;
    if (event->verdict != EVENT_VERDICT_OK)
        return;
    if (half == 0)
        queue->area[area] = (queue->area[area] & ~LOW_WORD) | (event->value & LOW_WORD);
    else
        queue->area[area] = (queue->area[area] & LOW_WORD) | (event->value << 32);
}

static void mirror_pfn(struct model *model, struct model_queue *queue, const struct event *event)
{
    queue->pfn_write = *event;
    if (event->verdict != EVENT_VERDICT_OK)
        return;
    queue->pfn = (uint32_t)event->value;
    if (queue->pfn == 0 && queue->live)
        model_queue_stop(model, queue, event);
    else if (queue->pfn != 0 && queue->live)
        move(model, queue, event);
    else if (queue->pfn != 0)
        start(model, queue, event);
}

static void mirror_ready(struct model *model, struct model_queue *queue, const struct event *event)
{
    queue->ready_write = *event;
    if (event->verdict != EVENT_VERDICT_OK)
        return;
    if (event->value != 0 && !queue->live)
        start(model, queue, event);
    else if (event->value == 0 && queue->live)
        model_queue_stop(model, queue, event);
}

void model_queue_write(struct model *model, struct model_queue *queue, const struct event *event)
{
    bool ok = event->verdict == EVENT_VERDICT_OK;
    uint32_t value = (uint32_t)event->value;

    switch (event->index) {
    case VIRTIO_MMIO_REG_QueueSize:
        queue->size_write = *event;
        if (!ok || value == 0 || value > model->config.queue_size_max)
            return;
        queue->size_taken = value;
        break;
    case VIRTIO_MMIO_REG_QueueAlign:
        queue->align_write = *event;
        if (!ok || value == 0)
            return;
        queue->align = value;
        break;
    case VIRTIO_MMIO_REG_QueuePFN:
        mirror_pfn(model, queue, event);
        return;
    case VIRTIO_MMIO_REG_QueueReady:
        mirror_ready(model, queue, event);
        return;
    case VIRTIO_MMIO_REG_QueueReset:
        if (ok && value == 1)
            queue->reset_write = *event;
        return;
    default:
        mirror_area(queue, event);
        return;
    }
    if (queue->live && model_is_legacy(model))
        move(model, queue, event);
}

/* The device kept the QueuePFN that it had: the queue is where it was, or nowhere. */
void model_queue_refused_pfn(struct model *model, struct model_queue *queue,
                             const struct event *event)
{
    static const struct event never;
    bool is_first = queue->live && queue->live_at.step == queue->pfn_write.step;

    queue->pfn = (uint32_t)event->extra;
    if (queue->pfn != 0)
        move(model, queue, event);
    else if (queue->live)
        model_queue_stop(model, queue, event);
    if (queue->pfn == 0 && is_first) {
        queue->ever_live = false;
        queue->lost_at = never;
    }
}
