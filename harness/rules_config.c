/*
 * Rules about configuration space and shared memory regions (2.5, 4.2.2).
 *
 * Which fields there are, how wide they are and which feature they need stands in one table a type
 * of device.
 */
#include "rules.h"

#include <stddef.h>
#include <stdio.h>

#include "virtio/blk.h"
#include "virtio/gpu.h"

#define ANY_PLACE  (AT(REGISTER) | AT(CONFIG))
#define NO_FEATURE 255u

struct field {
    uint16_t offset_bytes;
    uint8_t bytes;
    uint8_t feature; /* that it is valid with; NO_FEATURE = it always is */
    const char *name;
};

/* X(field, feature) */
#define BLK_FIELDS(X)                                                                              \
    X(capacity, NO_FEATURE)                                                                        \
    X(size_max, VIRTIO_BLK_F_SIZE_MAX)                                                             \
    X(seg_max, VIRTIO_BLK_F_SEG_MAX)                                                               \
    X(geometry.cylinders, VIRTIO_BLK_F_GEOMETRY)                                                   \
    X(geometry.heads, VIRTIO_BLK_F_GEOMETRY)                                                       \
    X(geometry.sectors, VIRTIO_BLK_F_GEOMETRY)                                                     \
    X(blk_size, VIRTIO_BLK_F_BLK_SIZE)                                                             \
    X(physical_block_exp, VIRTIO_BLK_F_TOPOLOGY)                                                   \
    X(alignment_offset, VIRTIO_BLK_F_TOPOLOGY)                                                     \
    X(min_io_size, VIRTIO_BLK_F_TOPOLOGY)                                                          \
    X(opt_io_size, VIRTIO_BLK_F_TOPOLOGY)                                                          \
    X(wce, VIRTIO_BLK_F_CONFIG_WCE)                                                                \
    X(num_queues, VIRTIO_BLK_F_MQ)                                                                 \
    X(max_discard_sectors, VIRTIO_BLK_F_DISCARD)                                                   \
    X(max_discard_seg, VIRTIO_BLK_F_DISCARD)                                                       \
    X(discard_sector_alignment, VIRTIO_BLK_F_DISCARD)                                              \
    X(max_write_zeroes_sectors, VIRTIO_BLK_F_WRITE_ZEROES)                                         \
    X(max_write_zeroes_seg, VIRTIO_BLK_F_WRITE_ZEROES)                                             \
    X(write_zeroes_may_unmap, VIRTIO_BLK_F_WRITE_ZEROES)                                           \
    X(max_secure_erase_sectors, VIRTIO_BLK_F_SECURE_ERASE)                                         \
    X(max_secure_erase_seg, VIRTIO_BLK_F_SECURE_ERASE)                                             \
    X(secure_erase_sector_alignment, VIRTIO_BLK_F_SECURE_ERASE)

static const struct field blk_fields[] = {
#define X(name, feature)                                                                           \
    {offsetof(struct virtio_blk_config, name), sizeof(((struct virtio_blk_config *)0)->name),      \
     feature, #name},
    BLK_FIELDS(X)
#undef X
};

/* X(field) */
#define GPU_FIELDS(X) X(events_read) X(events_clear) X(num_scanouts) X(num_capsets)

static const struct field gpu_fields[] = {
#define X(name)                                                                                    \
    {offsetof(struct virtio_gpu_config, name), sizeof(((struct virtio_gpu_config *)0)->name),      \
     NO_FEATURE, #name},
    GPU_FIELDS(X)
#undef X
};

/* The field that an access begins in; NULL when there is none, or the device's are not known. */
static const struct field *field_of(const struct model *model, const struct event *event)
{
    bool gpu = model->class->device_id == VIRTIO_ID_GPU;
    const struct field *field = gpu ? gpu_fields : blk_fields;
    size_t count = gpu                                          ? RULE_COUNT(gpu_fields)
                   : model->class->device_id == VIRTIO_ID_BLOCK ? RULE_COUNT(blk_fields)
                                                                : 0;
    uint64_t offset = event->addr - VIRTIO_MMIO_CONFIG;

    for (size_t i = 0; i < count; i++) {
        if (offset - field[i].offset_bytes < field[i].bytes)
            return &field[i];
    }
    return NULL;
}

static const char *verb(const struct event *event)
{
    return event->kind == EVENT_WRITE ? "wrote" : "read";
}

/* ---- widths ---- */

/* `bytes`: the rule is about fields that are accessed with so many bytes. */
static void check_width(const struct rule *rule, struct judge *judge, const struct event *event,
                        uint32_t bytes)
{
    const struct field *field = field_of(&judge->model, event);
    uint32_t wanted = field == NULL ? 0 : field->bytes > 4 ? 4 : field->bytes;
    char label[FINDING_TEXT_BYTES];

    if (wanted != bytes || event->verdict == EVENT_VERDICT_GAP)
        return;
    rule_looks(rule, judge);
    if (event->width_bytes == wanted && event->addr % wanted == 0)
        return;
    snprintf(label, sizeof label, "%s is %u bits wide", field->name, field->bytes * 8u);
    judge_raise(judge, rule, event,
                judge->model.class->device_id == VIRTIO_ID_GPU
                    ? "all fields of this device are 32 bits wide"
                    : label,
                NULL, NULL, "driver %s configuration space with %u byte%s at offset 0x%" PRIx64,
                verb(event), event->width_bytes, event->width_bytes == 1 ? "" : "s",
                event->addr - VIRTIO_MMIO_CONFIG);
}

static void check_bytes(const struct rule *rule, struct judge *judge, const struct event *event)
{
    check_width(rule, judge, event, 1);
}

static void check_halves(const struct rule *rule, struct judge *judge, const struct event *event)
{
    check_width(rule, judge, event, 2);
}

static void check_words(const struct rule *rule, struct judge *judge, const struct event *event)
{
    check_width(rule, judge, event, 4);
}

/* ---- values ---- */

/*
 * Fields that were read one after the other, the configuration changed in between, and those from
 * before the change were not read again. Judged when the driver goes on to something else.
 */
static void check_torn(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_config *space = &judge->model.space;
    uint64_t change = space->change.step;
    bool old = false, new = false;

    (void)event;
    if (change == 0 || space->first.step == 0 || judge_has(judge, rule->id))
        return;
    rule_looks(rule, judge);
    for (unsigned word = 0; word < MODEL_CONFIG_WORDS; word++) {
        bool in_group = (space->words >> word & 1) != 0;
        old |= in_group && space->read_step[word] < change;
        new |= in_group && space->read_step[word] > change;
    }
    if (old && new)
        judge_raise(
            judge, rule, &space->last, "this is new; what was read before is old", &space->change,
            "the configuration changed here",
            "driver read fields from before and after a change of the configuration as one");
}

static void check_bracketed(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_config *space = &judge->model.space;

    (void)event;
    if ((space->words & (space->words - 1)) == 0 || judge_has(judge, rule->id) ||
        judge_has(judge, "CONF-DRV-01"))
        return; /* one word cannot be torn */
    rule_looks(rule, judge);
    if (space->before.step == 0 || space->after.step == 0)
        judge_raise(judge, rule, &space->last, "the last of them", &space->first,
                    "the first of them",
                    "driver read fields that belong together without reading "
                    "`ConfigGeneration` before and after");
    else if (space->before.value != space->after.value)
        judge_raise(judge, rule, &space->after, "not what it was before the fields were read",
                    &space->before, "the first reading",
                    "driver went on although `ConfigGeneration` had changed");
}

static void check_gate(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct field *field = field_of(&judge->model, event);

    if (field == NULL || field->feature == NO_FEATURE || event->verdict == EVENT_VERDICT_GAP)
        return;
    rule_looks(rule, judge);
    if ((judge->model.features.offered >> field->feature & 1) == 0)
        judge_raise(judge, rule, event, "the field means nothing", &judge->model.features.read[0],
                    "the offer was read here",
                    "driver %s `%s`, but its feature, bit %u, is not offered", verb(event),
                    field->name, field->feature);
}

static void check_read_twice(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_config *space = &judge->model.space;

    (void)event;
    if (space->reads[0] == 0 || judge_has(judge, rule->id))
        return;
    rule_looks(rule, judge);
    if (space->reads[0] == 1)
        judge_raise(judge, rule, &space->first, "read once", NULL, NULL,
                    "driver took the disk's capacity from one reading");
}

/* ---- shared memory ---- */

/* A driver of another type of device, or one that declined what shared memory is for. */
static void check_shared_memory(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model *model = &judge->model;
    bool gpu = model->class->device_id == VIRTIO_ID_GPU;
    uint64_t bit = VIRTIO_BIT(VIRTIO_GPU_F_RESOURCE_BLOB);
    bool agreed = (model->status.value & VIRTIO_STATUS_FEATURES_OK) != 0;

    if (gpu && (!agreed || (model->features.offered & bit) == 0))
        return; /* it may be looking whether there is any */
    rule_looks(rule, judge);
    if (gpu && (model->features.accepted & bit) != 0)
        return;
    judge_raise(judge, rule, event, "there is no shared memory to be expected",
                gpu ? &model->features.last_write : NULL, "RESOURCE_BLOB was not accepted here",
                "driver %s `%s`, and expects no shared memory", verb(event),
                mmio_register_name((int)event->index));
}

#define ACCESS     (ON(READ) | ON(WRITE))
#define IN_CONFIG  .on = ACCESS, .where = AT(CONFIG), .by_driver = true, .tells = true
#define AFTERWARDS .on = ON(WRITE) | ON(RETURN), .where = AT(REGISTER) | AT(NONE), .tells = true

/* clang-format off */
static const struct rule rules[] = {
    {RULE("CONF-DRV-01", MUST_NOT, ERROR, "2.5.1", "Device Configuration Space",
          "Several fields, or one of 64 bits, are not read as if nothing could change in between.",
          "read ConfigGeneration before and after, and all fields again if it changed"),
     AFTERWARDS,
     .assumes = "that fields read one after the other, with nothing else in between, belong "
                "together",
     .check = check_torn},
    {RULE("CONF-DRV-02", SHOULD, NOTE, "2.5.1", "Device Configuration Space",
          "Fields that belong together are read again if ConfigGeneration changed meanwhile.",
          "repeat: generation, fields, generation; until the generation is the same"),
     AFTERWARDS, .versions = RULE_V2,
     .assumes = "that fields read one after the other, with nothing else in between, belong "
                "together",
     .check = check_bracketed},
    {RULE("CONF-DRV-03", MUST, ERROR, "2.5.1", "Device Configuration Space",
          "A field that comes with a feature is accessed only if the feature is offered.",
          "look at the feature bit first"),
     IN_CONFIG, .device_id = VIRTIO_ID_BLOCK, .check = check_gate},
    {RULE("LCONF-DRV-01", SHOULD, NOTE, "2.5.4", "Legacy Interface: Device Configuration Space",
          "A legacy device has no ConfigGeneration: a capacity is read until two readings agree.",
          "read the capacity again, until it is what it was before"),
     AFTERWARDS, .versions = RULE_V1, .device_id = VIRTIO_ID_BLOCK, .check = check_read_twice},
    {RULE("MMIO-DRV-05a", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "8-bit fields of configuration space are accessed with 8 bits.",
          "read the field as uint8_t"),
     IN_CONFIG, .versions = RULE_V2, .check = check_bytes},
    {RULE("MMIO-DRV-05b", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "16-bit fields of configuration space are accessed with 16 bits, aligned.",
          "read the field as uint16_t"),
     IN_CONFIG, .versions = RULE_V2, .check = check_halves},
    {RULE("MMIO-DRV-05c", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "32- and 64-bit fields of configuration space are accessed with 32 bits, aligned.",
          "read the fields one by one as uint32_t, not the structure as a whole"),
     IN_CONFIG, .versions = RULE_V2, .check = check_words},
    {RULE("MMIO-DRV-24", MUST_NOT, ERROR, "4.2.3.1.1", "Device Initialization",
          "Registers of shared memory are left alone by a driver that expects none.",
          "look for shared memory only if the device type and the features have it"),
     .on = ACCESS, .where = AT(REGISTER), .by_driver = true, .tells = true, .versions = RULE_V2,
     .registers = REGISTER(SHMSel) | REGISTER(SHMLenLow) | REGISTER(SHMLenHigh) |
                  REGISTER(SHMBaseLow) | REGISTER(SHMBaseHigh),
     .assumes = "that of these devices only a GPU with RESOURCE_BLOB has a use for it",
     .check = check_shared_memory},
};
/* clang-format on */

static const struct rule_unchecked unchecked[] = {
    {"CONF-DRV-04", "2.5.1", "A driver does not limit the size of configuration space it accepts.",
     "virtio-mmio has no register that tells the size, so there is nothing to be held against."},
    {"CONF-DRV-05", "2.5.1",
     "A driver checks only that configuration space is large enough for what it needs.",
     "virtio-mmio has no register that tells the size, so there is nothing to be checked."},
    {"LCONF-DRV-D1", "2.5.3", "A legacy device's configuration has the byte order of the guest.",
     "drivers run on a little-endian host, where both orders are the same."},
    {"XMMIO-DRV-05", "4.2.2", "A length of -1 or a base of all ones means that there is no region.",
     "what a driver believes of a region is seen only when it touches it, and then it crashes."},
};

const struct rule_list rules_config = RULE_LIST_WITH(rules, unchecked);
