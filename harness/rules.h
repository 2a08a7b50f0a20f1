/*
 * What the files of rules share: the words of a declaration, and who is to blame for a refusal.
 */
#ifndef RINGSIDE_HARNESS_RULES_H
#define RINGSIDE_HARNESS_RULES_H

#include <inttypes.h>
#include "judge.h"
#include "model_queue.h"
#include "rule.h"
#include "virtio/config.h"

#define ON(kind)       EVENT_MASK(EVENT_##kind)
#define AT(place)      (UINT64_C(1) << EVENT_PLACE_##place)
#define REGISTER(name) (UINT64_C(1) << VIRTIO_MMIO_REG_##name)
#define REFUSAL(name)  (UINT64_C(1) << SIM_REFUSAL_##name)
#define DMA_REFUSALS                                                                               \
    (REFUSAL(DMA_DESC) | REFUSAL(DMA_AVAIL) | REFUSAL(DMA_USED) | REFUSAL(DMA_INDIRECT) |          \
     REFUSAL(DMA_REQUEST) | REFUSAL(DMA_RESPONSE) | REFUSAL(DMA_BACKING))

/* One column of a declaration after the other, as in struct rule; the rest by name. */
#define RULE(id_, force_, level_, section_, title_, text_, help_)                                  \
    .id = (id_), .party = EVENT_PARTY_DRIVER, .force = RULE_##force_, .level = FINDING_##level_,   \
    .section = (section_), .title = (title_), .text = (text_), .help = (help_)

/* The tables, one a file. */
struct rule_list {
    const struct rule *rule;
    size_t count;
    const struct rule_unchecked *unchecked;
    size_t unchecked_count;
};
#define RULE_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define RULE_LIST(rules)                                                                           \
    {                                                                                              \
        rules, RULE_COUNT(rules), NULL, 0                                                          \
    }
#define RULE_LIST_WITH(rules, unchecked)                                                           \
    {                                                                                              \
        rules, RULE_COUNT(rules), unchecked, RULE_COUNT(unchecked)                                 \
    }
extern const struct rule_list rules_status, rules_features, rules_reset, rules_config, rules_queue,
    rules_queue_ring, rules_queue_notify, rules_transport, rules_interrupt, rules_setup, rules_gpu,
    rules_gpu_pixels, rules_gpu_state, rules_device, rules_device_queue, rules_reserved,
    rules_completion, rules_self;

/* Bits that the driver's last write of Status set anew. */
static inline uint32_t rule_fresh_status(const struct judge *judge)
{
    return judge->model.status.value & ~judge->model.status.before;
}

/* The moment at which the accepted features take effect (2.2.2; version 1 has no FEATURES_OK). */
static inline bool rule_features_take_effect(const struct judge *judge, const struct event *event)
{
    uint32_t bit =
        model_is_legacy(&judge->model) ? VIRTIO_STATUS_DRIVER_OK : VIRTIO_STATUS_FEATURES_OK;
    return event->verdict == EVENT_VERDICT_OK && event->value != 0 &&
           (rule_fresh_status(judge) & bit) != 0;
}

/* Is a call of this operation under way, or the last one made? */
bool rule_call_is(const struct judge *judge, const char *operation);

/* Is the rule about this type of device, and this version of it? */
static inline bool rule_applies(const struct rule *rule, const struct model *model)
{
    unsigned version = model_is_legacy(model) ? RULE_V1 : RULE_V2;

    return (rule->device_id == 0 || rule->device_id == model->class->device_id) &&
           (rule->versions == 0 || (rule->versions & version) != 0);
}

/* A check that `tells` has come upon something that could have broken its rule. */
static inline void rule_looks(const struct rule *rule, struct judge *judge)
{
    judge->exercised[rule_index(rule)] = judge->step;
}

/* Does an event of a live queue's queue number have a model? */
static inline const struct model_queue *rule_queue(const struct judge *judge, uint32_t queue)
{
    return queue < SIM_QUEUES_MAX ? &judge->model.queue[queue] : NULL;
}

/* The setting of the driver that says where an area of the queue lies. */
const struct event *rule_address_setting(const struct model *model, const struct model_queue *queue,
                                         enum model_area area);

/*
 * An address that is a tagged pointer, made with the tag still in its top byte (Arm's TBI and MTE,
 * RISC-V's pointer masking): the address in allocated memory without the tag; 0 = it is none.
 */
#define RULE_TAG_MASK (UINT64_C(0xff) << 56)
uint64_t rule_untagged(const struct judge *judge, uint64_t addr);

/* The step of the driver that led to a refusal, as near as it is known; step 0 = unknown. */
struct event rule_blame(const struct judge *judge, const struct event *refusal);

/* The driver's store of a field of a descriptor as the walk came by it; step 0 = unknown. */
struct event rule_blame_field(const struct judge *judge, const struct model_queue *queue,
                              const struct model_desc *desc, enum event_place field);

/* The name of what lies at an address, for labels. */
const char *rule_name(const struct judge *judge, uint64_t addr, char *out, size_t out_bytes);

/* `check` of rules that only pass a refusal on. */
void rule_check_refusal(const struct rule *rule, struct judge *judge, const struct event *event);

/* ---- rules that bind devices: rules_device.c, rules_device_queue.c ---- */

#define DEVICE(id_, force_, section_, title_, text_)                                               \
    .id = (id_), .party = EVENT_PARTY_DEVICE, .force = RULE_##force_, .level = FINDING_ERROR,      \
    .section = (section_), .title = (title_), .text = (text_), .help = ""
#define ON_READ(name)                                                                              \
    .on = ON(READ), .where = AT(REGISTER), .registers = REGISTER(name), .by_driver = true
#define BY_DEVICE(kinds, places) .on = (kinds), .where = (places), .by_device = true

/*
 * A device broke a rule: counted, and a finding unless the device was told to, or is to be as
 * QEMU's.
 */
/* The device was told to lose, delay or garble something: then the driver's wait is not its fault.
 */
bool rule_is_provoked(const struct judge *judge);
void rule_device_broken(const struct rule *rule, struct judge *judge, const struct event *event,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
