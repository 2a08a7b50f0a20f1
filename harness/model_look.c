/*
 * Where a queue lies, and questions that rules and the ladder ask of the model. Changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "model_queue.h"
#include "virtio/config.h"
#include "virtio/ring.h"

#define LEGACY_ALIGN 4096u /* QueueAlign until it is written */
#define LOOK_STEPS   64u   /* a turn of a polling loop is shorter */

bool model_peek(const struct model *model, uint64_t addr, void *out, uint32_t bytes)
{
    const struct arena *arena = model->arena;

    if (arena == NULL || arena->host == NULL || addr < arena->base ||
        addr - arena->base > arena->size_bytes || bytes > arena->size_bytes - (addr - arena->base))
        return false;
    arena_copy(out, arena_host(arena, addr), bytes);
    return true;
}

bool model_is_in_flight(const struct model_request *request)
{
    return request->state != MODEL_FREE && request->state != MODEL_USED;
}

/* ---- layout ---- */

uint64_t model_area_bytes(enum model_area area, uint32_t size)
{
    switch (area) {
    case MODEL_AREA_DESC:
        return virtq_desc_bytes(size);
    case MODEL_AREA_DRIVER:
        return virtq_avail_bytes(size);
    case MODEL_AREA_DEVICE:
        return virtq_used_bytes(size);
    case MODEL_AREA_COUNT:
        break;
    }
    return 0;
}

uint64_t model_area_addr(const struct model_queue *queue, enum model_area area)
{
    switch (area) {
    case MODEL_AREA_DESC:
        return queue->desc_addr;
    case MODEL_AREA_DRIVER:
        return queue->avail_addr;
    case MODEL_AREA_DEVICE:
        return queue->used_addr;
    case MODEL_AREA_COUNT:
        break;
    }
    return 0;
}

uint64_t model_intended_addr(const struct model_queue *queue, enum model_area area)
{
    return (queue->area_write[area][1].value << 32) |
           (queue->area_write[area][0].value & UINT64_C(0xffffffff));
}

uint32_t model_queue_size(const struct model *model, const struct model_queue *queue)
{
    uint32_t size = queue->size_taken != 0 ? queue->size_taken : model->config.queue_size_max;
    return size <= VIRTQ_SIZE_MAX ? size : VIRTQ_SIZE_MAX;
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) / align * align;
}

/* 2.7.2: the three parts in one block. QEMU leaves used_event out and aligns the address. */
static void layout_legacy(const struct model *model, const struct model_queue *queue,
                          uint64_t addr[MODEL_AREA_COUNT])
{
    uint32_t size = model_queue_size(model, queue);
    uint64_t align = queue->align != 0 ? queue->align : LEGACY_ALIGN;
    uint64_t page = model->guest_page_bytes != 0 ? model->guest_page_bytes : 1;
    uint64_t block_bytes = virtq_desc_bytes(size) + virtq_avail_bytes(size);

    if (model->config.profile == SIM_PROFILE_QEMU)
        page &= ~page + 1;
    addr[MODEL_AREA_DESC] = queue->pfn * page;
    addr[MODEL_AREA_DRIVER] = addr[MODEL_AREA_DESC] + virtq_desc_bytes(size);
    if (model->config.profile == SIM_PROFILE_QEMU)
        addr[MODEL_AREA_DEVICE] =
            round_up(addr[MODEL_AREA_DRIVER] + virtq_used_event_offset(size), align);
    else
        addr[MODEL_AREA_DEVICE] = addr[MODEL_AREA_DESC] + round_up(block_bytes, align);
}

bool model_layout(const struct model *model, const struct model_queue *queue,
                  uint64_t addr[MODEL_AREA_COUNT])
{
    if (model_is_legacy(model)) {
        layout_legacy(model, queue, addr);
        return queue->pfn != 0;
    }
    memcpy(addr, queue->area, sizeof queue->area);
    return (addr[MODEL_AREA_DESC] | addr[MODEL_AREA_DRIVER] | addr[MODEL_AREA_DEVICE]) != 0;
}

/* ---- questions ---- */

bool model_is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

const struct model_request *model_oldest_request(const struct model_queue *queue, uint16_t *head)
{
    const struct model_request *oldest = NULL;

    if (queue->published != 0 && queue->last_head < queue->size)
        oldest = &queue->request[queue->last_head];
    for (uint32_t i = 0; i < queue->size && queue->in_flight != 0; i++) {
        const struct model_request *request = &queue->request[i];
        if (model_is_in_flight(request) && !request->abandoned &&
            (oldest == NULL || request->number < oldest->number))
            oldest = request;
    }
    if (oldest != NULL && head != NULL)
        *head = (uint16_t)(oldest - queue->request);
    return oldest;
}

const struct event *model_look(const struct model *model)
{
    bool recent =
        model->last_look.step != 0 && model->last_load.step - model->last_look.step < LOOK_STEPS;

    return recent && model->last_load.kind == EVENT_LOAD ? &model->last_look : &model->last_load;
}

uint32_t model_waiting_queue(const struct model *model)
{
    uint64_t notified_step = 0;
    uint32_t waiting = 0;

    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        if (queue->live && queue->in_flight != 0)
            return i;
        if (queue->notify.step > notified_step) {
            notified_step = queue->notify.step;
            waiting = i;
        }
    }
    return waiting;
}

static struct event event_of_store(const struct model_store *store)
{
    return (struct event){.step = store->step,
                          .pc = store->pc,
                          .party = EVENT_PARTY_DRIVER,
                          .kind = EVENT_STORE,
                          .place = store->place != 0 ? store->place : EVENT_PLACE_MEMORY,
                          .addr = store->addr,
                          .value = store->value,
                          .width_bytes = store->width_bytes,
                          .queue = store->queue,
                          .index = store->index};
}

/* The descriptor of a queue whose buffer holds `addr`, and when the driver stored its address. */
static bool find_descriptor(const struct model *model, uint32_t number, uint64_t addr,
                            struct event *out)
{
    const struct model_queue *queue = &model->queue[number];
    bool found = false;

    for (uint32_t i = 0; i < queue->size; i++) {
        struct virtq_desc desc;
        uint64_t begin = 0;
        if (queue->entry[i].addr_stored.step == 0 ||
            !model_peek(model, queue->desc_addr + sizeof desc * i, &desc, sizeof desc))
            continue;
        begin = model_ring(model, desc.addr, sizeof desc.addr);
        if (addr < begin || addr - begin > model_ring(model, desc.len, sizeof desc.len))
            continue;
        if (found && queue->entry[i].owner == 0)
            continue;
        found = true;
        *out = (struct event){.step = queue->entry[i].addr_stored.step,
                              .pc = queue->entry[i].addr_stored.pc,
                              .party = EVENT_PARTY_DRIVER,
                              .kind = EVENT_STORE,
                              .place = EVENT_PLACE_DESC_ADDR,
                              .addr = queue->desc_addr + sizeof desc * i,
                              .value = begin,
                              .width_bytes = 8,
                              .queue = (uint16_t)number,
                              .index = i};
    }
    return found;
}

bool model_find_stored_addr(const struct model *model, uint32_t queue, uint64_t addr,
                            struct event *out)
{
    const struct model_store *store = &model->by_value[model_store_slot(addr)];

    if (queue < SIM_QUEUES_MAX && find_descriptor(model, queue, addr, out))
        return true;
    if (store->step == 0 || store->value != addr)
        return false;
    *out = event_of_store(store);
    return true;
}

bool model_find_store_into(const struct model *model, uint64_t addr, uint64_t bytes,
                           struct event *out)
{
    const struct model_store *latest = NULL;

    for (uint32_t i = 0; i < MODEL_STORES; i++) {
        const struct model_store *store = &model->by_addr[i];
        bool meets = store->addr < addr ? addr - store->addr < store->width_bytes
                                        : store->addr - addr < bytes;
        if (store->step != 0 && meets && (latest == NULL || store->step > latest->step))
            latest = store;
    }
    if (latest == NULL)
        return false;
    *out = event_of_store(latest);
    return true;
}

uint64_t model_request_addr(const struct model *model, const struct model_queue *queue)
{
    struct virtq_desc desc;

    if (queue->hand >= queue->size ||
        !model_peek(model, queue->desc_addr + sizeof desc * queue->hand, &desc, sizeof desc))
        return 0;
    return model_ring(model, desc.addr, sizeof desc.addr);
}
