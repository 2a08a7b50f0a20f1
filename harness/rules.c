/*
 * All rules as one table, and what several of them need.
 */
#include "rules.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static struct rule table[RULES_MAX];
static size_t table_count;

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

const struct rule *rule_table(size_t *count)
{
    static const struct rule_list *const lists[] = {&rules_status, &rules_queue, &rules_transport,
                                                    &rules_setup,  &rules_gpu,   &rules_self};

    if (table_count == 0) {
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            for (size_t j = 0; j < lists[i]->count; j++)
                insert(&lists[i]->rule[j]);
        }
    }
    *count = table_count;
    return table;
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

/* A descriptor named by the refusal, or the last one that the driver wrote. */
static struct event blame_descriptor(const struct model_queue *queue, const struct event *refusal)
{
    struct event at = queue->desc_store;

    if (refusal->place >= EVENT_PLACE_DESC && refusal->place <= EVENT_PLACE_DESC_NEXT &&
        refusal->index < queue->size && queue->entry[refusal->index].any_stored.step != 0) {
        at.step = queue->entry[refusal->index].any_stored.step;
        at.pc = queue->entry[refusal->index].any_stored.pc;
        at.index = refusal->index;
    }
    return at.step != 0 ? at : queue->avail_store;
}

static struct event blame_request(const struct judge *judge, const struct model_queue *queue)
{
    uint64_t addr = model_request_addr(&judge->model, queue);
    struct event stored;

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
        at = blame_descriptor(queue, refusal);
    else if (refusal->value >= SIM_REFUSAL_REQUEST_SHORT &&
             refusal->value <= SIM_REFUSAL_ENTROPY_READABLE)
        at = blame_request(judge, queue);
    else if (refusal->value >= SIM_REFUSAL_NOTIFY_QUEUE &&
             refusal->value <= SIM_REFUSAL_NOTIFY_BEFORE_DRIVER_OK)
        at = judge->model.last_write[VIRTIO_MMIO_REG_QueueNotify];
    return at.step != 0 ? at : judge->model.last_driver;
}

void rule_check_refusal(const struct rule *rule, struct judge *judge, const struct event *event)
{
    struct event at = rule_blame(judge, event);
    const struct model_queue *queue = rule_queue(judge, event->queue);
    char label[FINDING_TEXT_BYTES];

    snprintf(label, sizeof label, "the device came upon 0x%" PRIx64 ", the bound is 0x%" PRIx64,
             event->addr, event->extra);
    judge_raise(judge, rule, &at, label, queue != NULL ? &queue->notify : NULL,
                "the device was told here", "%s", sim_refusal_text((enum sim_refusal)event->value));
}
