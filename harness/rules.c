/*
 * All rules as one table, and what several of them need.
 */
#include "rules.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_queue.h"
#include "virtio/gpu.h"
#include "virtio/ring.h"

/* ---- the table ---- */

static struct rule table[RULES_MAX];
static size_t table_count;
static struct rule_unchecked unchecked_table[RULES_MAX];
static size_t unchecked_count;

/* By section, number by number; ringside's own, which have none, come last. */
static int compare_sections(const char *a, const char *b)
{
    if (*a == '\0' || *b == '\0')
        return (*a == '\0') - (*b == '\0');
    for (unsigned level = 0; level < 8; level++) {
        char *a_end, *b_end;
        long a_number = strtol(a, &a_end, 10);
        long b_number = strtol(b, &b_end, 10);
        if (a_number != b_number)
            return a_number < b_number ? -1 : 1;
        if (*a_end == '\0' || *b_end == '\0')
            return (*a_end != '\0') - (*b_end != '\0');
        a = a_end + 1;
        b = b_end + 1;
    }
    return 0;
}

static void insert(const struct rule *rule)
{
    size_t at = table_count;

    assert(table_count < RULES_MAX);
    while (at > 0 && compare_sections(table[at - 1].section, rule->section) > 0) {
        table[at] = table[at - 1];
        at--;
    }
    table[at] = *rule;
    table_count++;
}

static void insert_unchecked(const struct rule_unchecked *row)
{
    size_t at = unchecked_count;

    assert(unchecked_count < RULES_MAX);
    while (at > 0 && compare_sections(unchecked_table[at - 1].section, row->section) > 0) {
        unchecked_table[at] = unchecked_table[at - 1];
        at--;
    }
    unchecked_table[at] = *row;
    unchecked_count++;
}

const struct rule *rule_table(size_t *count)
{
    static const struct rule_list *const lists[] = {
        &rules_status,     &rules_features,     &rules_reset,        &rules_config,
        &rules_queue,      &rules_queue_ring,   &rules_transport,    &rules_interrupt,
        &rules_setup,      &rules_gpu,          &rules_gpu_state,    &rules_device,
        &rules_gpu_pixels, &rules_device_queue, &rules_queue_notify, &rules_reserved,
        &rules_completion, &rules_self};

    if (table_count == 0) {
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            for (size_t j = 0; j < lists[i]->count; j++)
                insert(&lists[i]->rule[j]);
            for (size_t j = 0; j < lists[i]->unchecked_count; j++)
                insert_unchecked(&lists[i]->unchecked[j]);
        }
    }
    *count = table_count;
    return table;
}

const struct rule_unchecked *rule_unchecked_table(size_t *count)
{
    size_t rules = 0;

    (void)rule_table(&rules);
    *count = unchecked_count;
    return unchecked_table;
}

size_t rule_index(const struct rule *rule)
{
    return (size_t)(rule - table);
}

const struct rule *rule_by_id(const char *id)
{
    size_t count = 0;
    const struct rule *rules = rule_table(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].id, id) == 0)
            return &rules[i];
    }
    return NULL;
}

const char *rule_force_word(enum rule_force force)
{
    static const char *const words[] = {
#define X(name, word) [RULE_##name] = word,
        RULE_FORCES(X)
#undef X
    };
    return words[force];
}

/* ---- places ---- */

const char *rule_name(const struct judge *judge, uint64_t addr, char *out, size_t out_bytes)
{
    if (judge->arena != NULL && arena_find(judge->arena, addr) != NULL)
        arena_name(judge->arena, addr, out, out_bytes);
    else
        snprintf(out, out_bytes, "0x%" PRIx64, addr);
    return out;
}

const struct event *rule_address_setting(const struct model *model, const struct model_queue *queue,
                                         enum model_area area)
{
    return model_is_legacy(model) ? &queue->pfn_write : &queue->area_write[area][0];
}

static struct event blame_address(const struct judge *judge, const struct model_queue *queue,
                                  const struct event *refusal)
{
    struct event stored;

    switch (refusal->value) {
    case SIM_REFUSAL_DMA_DESC:
        return *rule_address_setting(&judge->model, queue, MODEL_AREA_DESC);
    case SIM_REFUSAL_DMA_AVAIL:
        return *rule_address_setting(&judge->model, queue, MODEL_AREA_DRIVER);
    case SIM_REFUSAL_DMA_USED:
        return *rule_address_setting(&judge->model, queue, MODEL_AREA_DEVICE);
    }
    if (model_find_stored_addr(&judge->model, refusal->queue, refusal->addr, &stored))
        return stored;
    return queue->avail_store;
}

/* The field of a descriptor that a refusal is about. */
static enum event_place refused_field(enum sim_refusal refusal)
{
    switch ((unsigned)refusal) {
    case SIM_REFUSAL_NEXT_RANGE:
    case SIM_REFUSAL_CHAIN_LOOP:
        return EVENT_PLACE_DESC_NEXT;
    case SIM_REFUSAL_CHAIN_BYTES:
    case SIM_REFUSAL_INDIRECT_LENGTH:
    case SIM_REFUSAL_ZERO_LENGTH:
        return EVENT_PLACE_DESC_LEN;
    }
    return EVENT_PLACE_DESC_FLAGS;
}

static uint32_t field_offset_bytes(enum event_place place)
{
    return place == EVENT_PLACE_DESC_NEXT  ? offsetof(struct virtq_desc, next)
           : place == EVENT_PLACE_DESC_LEN ? offsetof(struct virtq_desc, len)
                                           : offsetof(struct virtq_desc, flags);
}

/* The driver's store of a field of the queue's own table; step 0 when it is not known. */
static struct event blame_field(const struct judge *judge, const struct model_queue *queue,
                                uint32_t index, enum event_place place)
{
    const struct model_entry *entry = &queue->entry[index];
    const struct model_mark *mark = place == EVENT_PLACE_DESC_NEXT  ? &entry->next_stored
                                    : place == EVENT_PLACE_DESC_LEN ? &entry->len_stored
                                                                    : &entry->flags_stored;
    struct event at = queue->desc_store;
    uint8_t raw[sizeof(le32)] = {0};

    at.step = mark->step;
    at.pc = mark->pc;
    at.place = (uint8_t)place;
    at.index = index;
    at.width_bytes = place == EVENT_PLACE_DESC_LEN ? sizeof(le32) : sizeof(le16);
    at.addr = queue->desc_addr + virtq_desc_bytes(index) + field_offset_bytes(place);
    if (!model_peek(&judge->model, at.addr, raw, at.width_bytes))
        at.step = 0;
    at.value =
        (uint64_t)raw[0] | (uint64_t)raw[1] << 8 | (uint64_t)raw[2] << 16 | (uint64_t)raw[3] << 24;
    return at;
}

struct event rule_blame_field(const struct judge *judge, const struct model_queue *queue,
                              const struct model_desc *desc, enum event_place field)
{
    struct event at = {0};

    if (!desc->in_indirect && desc->index < queue->size)
        at = blame_field(judge, queue, desc->index, field);
    if (at.step == 0)
        (void)model_find_store_into(&judge->model,
                                    desc->table_addr + virtq_desc_bytes(desc->index) +
                                        field_offset_bytes(field),
                                    sizeof(le16), &at);
    return at;
}

/* The store of the field that the device stumbled over, or of a descriptor at all. */
static struct event blame_descriptor(const struct judge *judge, const struct model_queue *queue,
                                     const struct event *refusal)
{
    enum event_place field = refused_field((enum sim_refusal)refusal->value);
    bool in_ring = refusal->place == EVENT_PLACE_DESC && refusal->index < queue->size;
    uint64_t desc_addr =
        in_ring ? queue->desc_addr + virtq_desc_bytes(refusal->index) : queue->table_load.addr;
    struct event at = {0};

    if (in_ring)
        at = blame_field(judge, queue, refusal->index, field);
    if (at.step == 0)
        (void)model_find_store_into(&judge->model, desc_addr + field_offset_bytes(field),
                                    sizeof(le16), &at);
    if (at.step == 0)
        at = queue->desc_store;
    return at.step != 0 ? at : queue->avail_store;
}

/* Where in a request to the GPU the field lies that a refusal is about; 0 = not one field. */
static uint32_t gpu_field_bytes(const struct model_queue *queue, const struct event *refusal)
{
    switch ((unsigned)refusal->value) {
    case SIM_REFUSAL_RESOURCE_FORMAT:
        return offsetof(struct virtio_gpu_resource_create_2d, format);
    case SIM_REFUSAL_RESOURCE_SIZE:
        return offsetof(struct virtio_gpu_resource_create_2d, width);
    case SIM_REFUSAL_SCANOUT_ID:
        return queue->execute.value == VIRTIO_GPU_CMD_SET_SCANOUT
                   ? offsetof(struct virtio_gpu_set_scanout, scanout_id)
                   : 0;
    case SIM_REFUSAL_BACKING_ENTRIES:
        return offsetof(struct virtio_gpu_resource_attach_backing, nr_entries);
    case SIM_REFUSAL_RECT_OUTSIDE:
        return offsetof(struct virtio_gpu_set_scanout, r.width); /* where all commands have it */
    case SIM_REFUSAL_RESOURCE_ID:
        switch (queue->execute.value) {
        case VIRTIO_GPU_CMD_SET_SCANOUT:
            return offsetof(struct virtio_gpu_set_scanout, resource_id);
        case VIRTIO_GPU_CMD_RESOURCE_FLUSH:
            return offsetof(struct virtio_gpu_resource_flush, resource_id);
        case VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D:
            return offsetof(struct virtio_gpu_transfer_to_host_2d, resource_id);
        case VIRTIO_GPU_CMD_RESOURCE_CREATE_2D:
        case VIRTIO_GPU_CMD_RESOURCE_UNREF:
        case VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING:
        case VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING:
            return offsetof(struct virtio_gpu_resource_create_2d, resource_id);
        }
        return 0;
    }
    return 0;
}

/* The store of the field that is wrong, else the last one into the request. */
static struct event blame_request(const struct judge *judge, const struct model_queue *queue,
                                  const struct event *refusal)
{
    uint64_t addr = model_request_addr(&judge->model, queue);
    uint32_t field =
        judge->model.class->device_id == VIRTIO_ID_GPU ? gpu_field_bytes(queue, refusal) : 0;
    struct event stored;

    if (addr != 0 && field != 0 &&
        model_find_store_into(&judge->model, addr + field, sizeof(le32), &stored))
        return stored;
    if (addr != 0 && model_find_store_into(&judge->model, addr, 96, &stored))
        return stored;
    return queue->avail_store;
}

struct event rule_blame(const struct judge *judge, const struct event *refusal)
{
    const struct model_queue *queue = rule_queue(judge, refusal->queue);
    struct event at = {0};

    if (queue == NULL || refusal->value >= SIM_REFUSAL_COUNT)
        return judge->model.last_driver;
    if (refusal->value >= SIM_REFUSAL_DMA_DESC && refusal->value <= SIM_REFUSAL_DMA_BACKING)
        at = blame_address(judge, queue, refusal);
    else if (refusal->value == SIM_REFUSAL_AVAIL_JUMP)
        at = queue->avail_store;
    else if (refusal->value == SIM_REFUSAL_HEAD_RANGE)
        at = queue->slot_store;
    else if (refusal->value >= SIM_REFUSAL_NEXT_RANGE &&
             refusal->value <= SIM_REFUSAL_FLAGS_UNKNOWN)
        at = blame_descriptor(judge, queue, refusal);
    else if (refusal->value >= SIM_REFUSAL_REQUEST_SHORT &&
             refusal->value <= SIM_REFUSAL_ENTROPY_READABLE)
        at = blame_request(judge, queue, refusal);
    else if (refusal->value >= SIM_REFUSAL_NOTIFY_QUEUE &&
             refusal->value <= SIM_REFUSAL_NOTIFY_BEFORE_DRIVER_OK)
        at = judge->model.last_write[VIRTIO_MMIO_REG_QueueNotify];
    return at.step != 0 ? at : judge->model.last_driver;
}

bool rule_call_is(const struct judge *judge, const char *operation)
{
    const struct scenario *scenario = judge->scenario;
    uint32_t call = 0;

    if (scenario == NULL || judge->model.call.call.step == 0)
        return false;
    for (size_t i = 0; i < scenario->action_count; i++) {
        if (scenario->action[i].kind == SCENARIO_CALL && call++ == judge->model.call.call.index)
            return strcmp(scenario->action[i].name, operation) == 0;
    }
    return false;
}

uint64_t rule_untagged(const struct judge *judge, uint64_t addr)
{
    uint64_t bare = addr & ~RULE_TAG_MASK;
    const struct arena_region *region =
        judge->arena != NULL && bare != addr ? arena_find(judge->arena, bare) : NULL;

    return region != NULL && region->freed_step == 0 ? bare : 0;
}

/* What the device found, in numbers: `addr` is the offending value, `extra` its bound. */
static void refusal_label(const struct event *refusal, char *out, size_t out_bytes)
{
    uint64_t value = refusal->addr, bound = refusal->extra;

    switch ((unsigned)refusal->value) {
    case SIM_REFUSAL_NOTIFY_QUEUE:
        snprintf(out, out_bytes, "the device has no queue %" PRIu64, value);
        return;
    case SIM_REFUSAL_HEAD_RANGE:
        snprintf(out, out_bytes, "head %" PRIu64 ", but the queue has %" PRIu64 " descriptors",
                 value, bound);
        return;
    case SIM_REFUSAL_NEXT_RANGE:
        snprintf(out, out_bytes, "next is %" PRIu64 ", but the table has %" PRIu64 " descriptors",
                 value, bound);
        return;
    case SIM_REFUSAL_CHAIN_LOOP:
        snprintf(out, out_bytes, "after %" PRIu64 " descriptors the chain still goes on", bound);
        return;
    case SIM_REFUSAL_CHAIN_BYTES:
    case SIM_REFUSAL_INDIRECT_LENGTH:
        snprintf(out, out_bytes, "%" PRIu64 " bytes", value);
        return;
    case SIM_REFUSAL_ZERO_LENGTH:
        snprintf(out, out_bytes, "the device was given nothing");
        return;
    case SIM_REFUSAL_READABLE_AFTER_WRITABLE:
        snprintf(out, out_bytes, "flags 0x%" PRIx64 ", behind a descriptor with WRITE (2)", value);
        return;
    case SIM_REFUSAL_FLAGS_UNKNOWN:
        snprintf(out, out_bytes, "flags 0x%" PRIx64 "; only the bits of 0x%" PRIx64 " are defined",
                 value, bound);
        return;
    case SIM_REFUSAL_INDIRECT_FEATURE:
    case SIM_REFUSAL_INDIRECT_NESTED:
    case SIM_REFUSAL_INDIRECT_NEXT:
        snprintf(out, out_bytes, "flags 0x%" PRIx64, value);
        return;
    }
    snprintf(out, out_bytes, "the device came upon 0x%" PRIx64 ", the bound is 0x%" PRIx64, value,
             bound);
}

void rule_check_refusal(const struct rule *rule, struct judge *judge, const struct event *event)
{
    struct event at = rule_blame(judge, event);
    const struct model_queue *queue = rule_queue(judge, event->queue);
    const struct event *told =
        queue != NULL && queue->notify.step != at.step ? &queue->notify : NULL;
    char label[FINDING_TEXT_BYTES];

    refusal_label(event, label, sizeof label);
    judge_raise(judge, rule, &at, label, told, "the device was told here", "%s",
                sim_refusal_text((enum sim_refusal)event->value));
}
