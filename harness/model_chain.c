/*
 * Chains as they lie in RAM: walked, read as a request, and what the driver reads of a response too
 * soon, or though it was not written.
 *
 * Rules look at a chain when it is published or executed; what the driver changes in it later is a
 * fault of its own (XSPLIT-DRV-05).
 */
#include <string.h>

#include "model_queue.h"
#include "virtio/ring.h"

static bool load_desc(const struct model *model, uint64_t table_addr, uint32_t index,
                      struct model_desc *out)
{
    struct virtq_desc desc;

    if (!model_peek(model, table_addr + sizeof desc * index, &desc, sizeof desc))
        return false;
    out->addr = (uint64_t)model_ring(model, desc.addr, sizeof desc.addr);
    out->len_bytes = (uint32_t)model_ring(model, desc.len, sizeof desc.len);
    out->flags = (uint16_t)model_ring(model, desc.flags, sizeof desc.flags);
    out->next = (uint16_t)model_ring(model, desc.next, sizeof desc.next);
    out->index = index;
    out->table_addr = table_addr;
    return true;
}

static void walk_table(const struct model *model, uint64_t table_addr, uint32_t entries,
                       bool (*visit)(void *context, const struct model_desc *desc), void *context)
{
    struct model_desc desc = {.in_indirect = true};
    uint32_t at = 0;

    for (uint32_t i = 0; i < entries && i < VIRTQ_SIZE_MAX; i++) {
        if (at >= entries || !load_desc(model, table_addr, at, &desc) || !visit(context, &desc) ||
            (desc.flags & VIRTQ_DESC_F_NEXT) == 0)
            return;
        at = desc.next;
    }
}

void model_walk(const struct model *model, const struct model_queue *queue, uint32_t head,
                bool (*visit)(void *context, const struct model_desc *desc), void *context)
{
    struct model_desc desc = {0};
    uint32_t at = head;

    for (uint32_t i = 0; i < queue->size; i++) {
        if (at >= queue->size || !load_desc(model, queue->desc_addr, at, &desc) ||
            !visit(context, &desc))
            return;
        if ((desc.flags & VIRTQ_DESC_F_INDIRECT) != 0)
            walk_table(model, desc.addr, desc.len_bytes / (uint32_t)sizeof(struct virtq_desc),
                       visit, context);
        if ((desc.flags & VIRTQ_DESC_F_NEXT) == 0)
            return;
        at = desc.next;
    }
}

bool model_avail_head(const struct model *model, const struct model_queue *queue, uint16_t idx,
                      uint16_t *head)
{
    le16 raw;

    if (queue->size == 0 ||
        !model_peek(model, queue->avail_addr + 4 + sizeof raw * (idx % queue->size), &raw,
                    sizeof raw))
        return false;
    *head = (uint16_t)model_ring(model, raw, sizeof raw);
    return true;
}

/* ---- requests ---- */

struct reading {
    const struct model *model;
    uint8_t *out;
    uint64_t skip;
    uint32_t wanted, got;
};

static bool read_piece(void *context, const struct model_desc *desc)
{
    struct reading *reading = context;
    uint64_t bytes = desc->len_bytes;

    if ((desc->flags & VIRTQ_DESC_F_INDIRECT) != 0)
        return true;
    if ((desc->flags & VIRTQ_DESC_F_WRITE) != 0)
        return false;
    if (bytes <= reading->skip) {
        reading->skip -= bytes;
        return true;
    }
    bytes -= reading->skip;
    if (bytes > reading->wanted - reading->got)
        bytes = reading->wanted - reading->got;
    if (!model_peek(reading->model, desc->addr + reading->skip, reading->out + reading->got,
                    (uint32_t)bytes))
        return false;
    reading->got += (uint32_t)bytes;
    reading->skip = 0;
    return reading->got < reading->wanted;
}

uint32_t model_request_read(const struct model *model, const struct model_queue *queue,
                            uint32_t head, uint32_t offset, void *out, uint32_t bytes)
{
    struct reading reading = {.model = model, .out = out, .skip = offset, .wanted = bytes};

    model_walk(model, queue, head, read_piece, &reading);
    return reading.got;
}

/* ---- tails ---- */

struct cutting {
    struct model *model;
    struct model_tail tail;
    uint64_t seen_bytes;
};

static bool cut_piece(void *context, const struct model_desc *desc)
{
    struct cutting *cutting = context;
    struct model *model = cutting->model;
    uint64_t before = cutting->seen_bytes;
    struct model_tail tail = cutting->tail;

    if ((desc->flags & VIRTQ_DESC_F_WRITE) == 0 || (desc->flags & VIRTQ_DESC_F_INDIRECT) != 0)
        return true;
    cutting->seen_bytes += desc->len_bytes;
    if (cutting->seen_bytes <= tail.len_bytes)
        return true;
    tail.addr = desc->addr + (before < tail.len_bytes ? tail.len_bytes - before : 0);
    tail.end = desc->addr + desc->len_bytes;
    if (model->tail_count == MODEL_TAILS) {
        memmove(model->tail, model->tail + 1, sizeof model->tail - sizeof model->tail[0]);
        model->tail_count--; /* the oldest is forgotten: a rule keeps silent */
    }
    model->tail[model->tail_count++] = tail;
    return true;
}

void model_tail_begin(struct model *model, const struct model_queue *queue, uint32_t head,
                      uint32_t len_bytes, const struct event *event)
{
    struct cutting cutting = {.model = model,
                              .tail = {.len_bytes = len_bytes,
                                       .queue = (uint16_t)(queue - model->queue),
                                       .head = (uint16_t)head,
                                       .used = {event->step, event->pc}}};

    model_walk(model, queue, head, cut_piece, &cutting);
}

static void load_tail(struct model *model, const struct event *event)
{
    for (uint32_t i = 0; i < model->tail_count; i++) {
        const struct model_tail *tail = &model->tail[i];
        uint64_t end = event->addr + event->width_bytes;
        if ((event->flags & EVENT_RANGE) != 0 || event->addr >= tail->end || end <= tail->addr)
            continue;
        model->tail_load = model_keep(event);
        model->tail_loaded = *tail;
        return;
    }
}

/* ---- loads of memory ---- */

struct looking {
    uint64_t addr;
    bool found;
};

static bool look_into(void *context, const struct model_desc *desc)
{
    struct looking *looking = context;

    looking->found =
        (desc->flags & (VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_INDIRECT)) == VIRTQ_DESC_F_WRITE &&
        looking->addr - desc->addr < desc->len_bytes;
    return !looking->found;
}

/*
 * Reads from a response that is still the device's, behind the completion of another request. A
 * driver that waits for its only request by looking at the response is none.
 */
static void load_early(struct model *model, uint32_t number, const struct event *event)
{
    const struct model_queue *queue = &model->queue[number];
    uint32_t seen = 0;

    for (uint32_t head = 0; head < queue->size && seen < queue->in_flight; head++) {
        const struct model_request *request = &queue->request[head];
        struct looking looking = {.addr = event->addr};
        if (!model_is_in_flight(request))
            continue;
        seen++;
        if (request->call != (uint32_t)model->call.call.value ||
            request->mark[MODEL_PUBLISHED].step > queue->moved_step)
            continue;
        model_walk(model, queue, head, look_into, &looking);
        if (!looking.found)
            continue;
        model->call.early = model_keep(event);
        model->call.early_head = (uint16_t)head;
        model->call.early_queue = (uint16_t)number;
        return;
    }
}

void model_memory_load(struct model *model, const struct event *event)
{
    if (model->tail_count != 0)
        load_tail(model, event);
    if (model->cache.maintained)
        model_cache_loaded(&model->cache, event);
    for (uint32_t i = 0; i < model->queue_count; i++) {
        const struct model_queue *queue = &model->queue[i];
        if (queue->live && queue->in_flight != 0 && queue->moved_step != 0 &&
            queue->in_flight <= MODEL_EARLY_MAX && queue->size <= MODEL_EARLY_SIZE_MAX)
            load_early(model, i, event);
    }
}
