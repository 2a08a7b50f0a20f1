/*
 * Rules about the registers of virtio-mmio: which ones exist, how they are accessed, and whether
 * there is a device at all (4.2.2, 4.2.3, 4.2.4). Configuration space is in rules_config.c,
 * interrupts are in rules_interrupt.c, the set-up of queues is in rules_setup.c.
 */
#include "rules.h"

#include <stdio.h>

#include "suite.h"

#define ANY_PLACE (AT(REGISTER) | AT(REGISTER_GAP) | AT(CONFIG))

static bool is_ok(const struct event *event)
{
    return event->verdict == EVENT_VERDICT_OK;
}

static const char *verb(const struct event *event)
{
    return event->kind == EVENT_WRITE ? "wrote" : "read";
}

static const struct model_queue *selected(const struct judge *judge)
{
    return rule_queue(judge, judge->model.queue_sel);
}

static void place_words(const struct event *event, char *out, size_t out_bytes)
{
    if (event->place == EVENT_PLACE_REGISTER && event->index < VIRTIO_MMIO_REG_COUNT)
        snprintf(out, out_bytes, "`%s`", mmio_register_name((int)event->index));
    else if (event->place == EVENT_PLACE_CONFIG)
        snprintf(out, out_bytes, "configuration offset 0x%" PRIx64,
                 event->addr - VIRTIO_MMIO_CONFIG);
    else
        snprintf(out, out_bytes, "offset 0x%" PRIx64, event->addr);
}

/* ---- which registers, which way, how wide ---- */

static void wrong_version_label(const struct judge *judge, char *out, size_t out_bytes)
{
    const struct model_queue *queue = selected(judge);
    bool legacy = model_is_legacy(&judge->model);

    if (queue == NULL || queue->live)
        snprintf(out, out_bytes, "ignored by the device");
    else
        snprintf(out, out_bytes, "ignored by the device; queue %u has no address (%s 0)",
                 judge->model.queue_sel, legacy ? "QueuePFN" : "QueueReady");
}

/* Registers of the other version: one finding for all, at the write that should have made a queue.
 */
static void raise_wrong_version(const struct rule *rule, struct judge *judge,
                                const struct event *event, uint32_t key_register)
{
    const struct event *version = &judge->model.last_read[VIRTIO_MMIO_REG_Version];
    bool legacy = model_is_legacy(&judge->model);
    struct finding *finding;
    char label[FINDING_TEXT_BYTES];

    wrong_version_label(judge, label, sizeof label);
    finding = judge_raise(judge, rule, event, label, version,
                          legacy ? "the device said here that it is legacy"
                                 : "the device said here that it is not legacy",
                          "driver %s `%s`, which a version-%u device does not have", verb(event),
                          mmio_register_name((int)event->index), judge->model.config.version);
    if (finding == NULL || event->index != key_register || finding->at.event.index == key_register)
        return;
    snprintf(finding->text, sizeof finding->text,
             "driver %s `%s`, which a version-%u device does not have", verb(event),
             mmio_register_name((int)event->index), judge->model.config.version);
    judge_promote(finding, event, label);
}

static void check_offset(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char place[64];

    if (event->verdict == EVENT_VERDICT_VERSION && event->place == EVENT_PLACE_REGISTER &&
        !model_is_legacy(&judge->model)) {
        raise_wrong_version(rule, judge, event, VIRTIO_MMIO_REG_QueuePFN);
        return;
    }
    if (event->verdict != EVENT_VERDICT_GAP)
        return;
    place_words(event, place, sizeof place);
    judge_raise(judge, rule, event, "nothing is there", NULL, NULL,
                "driver %s %s, where the device has no register", verb(event), place);
}

static void check_version_2_register(const struct rule *rule, struct judge *judge,
                                     const struct event *event)
{
    if (event->verdict == EVENT_VERDICT_VERSION && model_is_legacy(&judge->model))
        raise_wrong_version(rule, judge, event, VIRTIO_MMIO_REG_QueueReady);
}

static void check_read_only(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char place[64];

    if (event->verdict != EVENT_VERDICT_READ_ONLY)
        return;
    place_words(event, place, sizeof place);
    judge_raise(judge, rule, event, "ignored by the device", NULL, NULL,
                "driver wrote 0x%" PRIx64 " to %s, which is read-only", event->value, place);
}

static void check_write_only(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    char place[64];

    if (event->verdict != EVENT_VERDICT_WRITE_ONLY)
        return;
    place_words(event, place, sizeof place);
    judge_raise(judge, rule, event, "reads as 0", NULL, NULL, "driver read %s, which is write-only",
                place);
}

static void check_width(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char place[64];

    if (event->verdict != EVENT_VERDICT_WIDTH && event->verdict != EVENT_VERDICT_ALIGN)
        return;
    place_words(event, place, sizeof place);
    judge_raise(judge, rule, event,
                event->kind == EVENT_READ ? "reads as 0" : "ignored by the device", NULL, NULL,
                "driver %s %s with %u byte%s at offset 0x%" PRIx64, verb(event), place,
                event->width_bytes, event->width_bytes == 1 ? "" : "s", event->addr);
}

/* ---- is it a device at all ---- */

static const struct model_slot *slot_of(const struct judge *judge, const struct event *event)
{
    return &judge->model.slot[event->slot % BUS_SLOTS_MAX];
}

static struct event read_of(const struct model_mark *mark, const struct event *like,
                            enum virtio_mmio_reg reg, uint32_t value)
{
    struct event event = {.step = mark->step,
                          .pc = mark->pc,
                          .party = EVENT_PARTY_DRIVER,
                          .kind = EVENT_READ,
                          .place = EVENT_PLACE_REGISTER,
                          .index = reg,
                          .value = value,
                          .width_bytes = 4,
                          .slot = like->slot,
                          .flags = like->flags & EVENT_OTHER_SLOT};
    event.addr = mmio_register_offset((int)reg);
    return event;
}

static void check_magic(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_slot *slot = slot_of(judge, event);
    struct event cause;

    if (slot->magic.step == 0 || slot->magic_value == VIRTIO_MMIO_MAGIC)
        return;
    rule_looks(rule, judge);
    if (event->kind == EVENT_READ)
        return;
    cause = read_of(&slot->magic, event, VIRTIO_MMIO_REG_MagicValue, slot->magic_value);
    judge_raise(judge, rule, event, "not a virtio device", &cause, "the magic value is wrong",
                "driver uses slot %u although its MagicValue is 0x%x", event->slot,
                slot->magic_value);
}

static void check_version_known(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model_slot *slot = slot_of(judge, event);
    struct event cause;

    if (slot->version.step == 0 || slot->version_value == 1 || slot->version_value == 2)
        return;
    rule_looks(rule, judge);
    if (event->kind == EVENT_READ)
        return;
    cause = read_of(&slot->version, event, VIRTIO_MMIO_REG_Version, slot->version_value);
    judge_raise(judge, rule, event, "an unknown version", &cause, "the version was read here",
                "driver uses slot %u although its Version is %u", event->slot, slot->version_value);
}

static bool is_empty(const struct judge *judge, const struct event *event, struct event *cause)
{
    const struct model_slot *slot = slot_of(judge, event);

    *cause = read_of(&slot->id, event, VIRTIO_MMIO_REG_DeviceID, 0);
    return slot->id.step != 0 && slot->id_value == 0;
}

/* A slot that is known to be empty is accessed. */
static bool is_empty_now(const struct rule *rule, struct judge *judge, const struct event *event,
                         struct event *cause)
{
    if (!is_empty(judge, event, cause))
        return false;
    rule_looks(rule, judge);
    return true;
}

static void check_empty_used(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    struct event cause;

    if (is_empty_now(rule, judge, event, &cause) && event->kind == EVENT_WRITE &&
        event->addr != VIRTIO_MMIO_Status)
        judge_raise(judge, rule, event, "no device is there", &cause, "DeviceID 0 was read here",
                    "driver uses slot %u although its DeviceID is 0", event->slot);
}

static void check_empty_status(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    struct event cause;

    if (is_empty_now(rule, judge, event, &cause) && event->kind == EVENT_WRITE &&
        event->addr == VIRTIO_MMIO_Status)
        judge_raise(judge, rule, event, "no device is there", &cause, "DeviceID 0 was read here",
                    "driver begins to set up slot %u although its DeviceID is 0", event->slot);
}

static void check_empty_read(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    struct event cause;
    char place[64];

    if (!is_empty_now(rule, judge, event, &cause) || event->addr == VIRTIO_MMIO_MagicValue ||
        event->addr == VIRTIO_MMIO_Version || event->addr == VIRTIO_MMIO_DeviceID)
        return;
    place_words(event, place, sizeof place);
    judge_raise(judge, rule, event, "no device is there", &cause, "DeviceID 0 was read here",
                "driver read %s of slot %u although its DeviceID is 0", place, event->slot);
}

static void check_identified(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_slot *slot = slot_of(judge, event);

    if ((slot->magic.step == 0 || slot->version.step == 0) && !judge_has(judge, rule->id))
        judge_raise(judge, rule, event, "the first write to the device", NULL, NULL,
                    "driver began without reading `%s`",
                    slot->magic.step == 0 ? "MagicValue" : "Version");
}

static void check_id_read(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_slot *slot = slot_of(judge, event);

    if (slot->id.step == 0 && slot->magic.step != 0 && slot->version.step != 0 &&
        !judge_has(judge, rule->id))
        judge_raise(judge, rule, event, "the first write to the device", NULL, NULL,
                    "driver began without reading `DeviceID`");
}

/* All that the call looked at was an empty slot, and it says that something is wrong with it. */
static void check_empty_reported(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    const struct model *model = &judge->model;
    uint64_t begun = model->call.call.step;
    struct event like = {.flags = EVENT_OTHER_SLOT};
    struct event at = {0};

    for (uint32_t i = 0; i < BUS_SLOTS_MAX; i++) {
        const struct model_slot *slot = &model->slot[i];
        bool own = i == model->config.slot;
        if (slot->magic.step > begun && slot->magic_value != VIRTIO_MMIO_MAGIC)
            return;
        if (slot->id.step <= begun)
            continue;
        if (slot->id_value != 0)
            return;
        like.slot = (uint16_t)i;
        like.flags = own ? 0 : EVENT_OTHER_SLOT;
        at = read_of(&slot->id, &like, VIRTIO_MMIO_REG_DeviceID, 0);
    }
    if (at.step == 0)
        return;
    rule_looks(rule, judge);
    if (event->value == SUITE_BAD_DEVICE || event->value == SUITE_DEVICE_ERROR)
        judge_raise(judge, rule, &at, "an empty slot is no error", NULL, NULL,
                    "driver reported an error for slot %u, which holds no device", at.slot);
}

/* ---- notifications ---- */

/* RS-REFUSED would speak of the same notification; hence the refusal in the declaration. */
static void check_notify_value(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    if (event->kind == EVENT_REFUSE || !is_ok(event) || model_is_dead(&judge->model) ||
        event->value < judge->model.queue_count)
        return;
    judge_raise(judge, rule, event, "ignored by the device", NULL, NULL,
                "driver wrote 0x%" PRIx64 " to `QueueNotify`; the device has queues 0 to %u",
                event->value, judge->model.queue_count - 1);
}

/* ---- features ---- */

static void check_device_sel(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    if (is_ok(event) && judge->model.features.device_sel.step == 0)
        judge_raise(judge, rule, event, "which word this is, is not known", NULL, NULL,
                    "driver read `DeviceFeatures` without writing `DeviceFeaturesSel`");
}

static void check_driver_sel(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    if (is_ok(event) && judge->model.features.driver_sel.step == 0)
        judge_raise(judge, rule, event, "which word this is, is not known", NULL, NULL,
                    "driver wrote `DriverFeatures` without writing `DriverFeaturesSel`");
}

#define REGISTERS_OF(kind, names) .on = (kind), .where = AT(REGISTER), .registers = (names)
#define ACCESS                    (ON(READ) | ON(WRITE))

/* clang-format off */
static const struct rule rules[] = {
    {RULE("MMIO-DRV-01", MUST_NOT, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "Only offsets that the register table or the device's configuration layout "
           "names are used.",
          "on a version-2 device use QueueDesc, QueueDriver, QueueDevice and QueueReady"),
     .on = ACCESS, .where = ANY_PLACE, .by_driver = true, .once = true, .explains_wait = true,
     .bad_access = true, .exercise = ACCESS, .check = check_offset},
    {RULE("MMIO-DRV-02", MUST_NOT, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "A register whose direction is R is not written.", "see the register table"),
     .on = ON(WRITE), .where = ANY_PLACE, .by_driver = true, .bad_access = true,
     .exercise = ON(WRITE),
      .check = check_read_only},
    {RULE("MMIO-DRV-03", MUST_NOT, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "A register whose direction is W is not read.",
          "keep a copy of what was written if it is needed"),
     .on = ON(READ), .where = ANY_PLACE, .by_driver = true, .bad_access = true,
     .exercise = ON(READ),
      .check = check_write_only},
    {RULE("MMIO-DRV-04", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "Control registers are accessed with 32 bits, aligned.",
          "use a volatile uint32_t for every control register"),
     .on = ACCESS, .where = AT(REGISTER) | AT(REGISTER_GAP), .by_driver = true,
     .explains_wait = true, .bad_access = true, .exercise = ACCESS, .check = check_width},
    {RULE("MMIO-DRV-06", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "A device with a wrong MagicValue is left alone.", "skip the slot"),
     .on = ACCESS, .tells = true, .where = ANY_PLACE, .by_driver = true, .other_slots = true,
     .check = check_magic},
    {RULE("MMIO-DRV-07", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "A device with an unknown Version is left alone.",
          "go on only with 2, or with 1 if the driver knows the legacy interface"),
     .on = ACCESS, .tells = true, .where = ANY_PLACE, .by_driver = true, .other_slots = true,
     .check = check_version_known},
    {RULE("MMIO-DRV-08", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "A slot with DeviceID 0 holds no device and is left alone.", "skip the slot"),
     .on = ACCESS, .tells = true, .where = ANY_PLACE, .by_driver = true, .other_slots = true,
     .check = check_empty_used},
    {RULE("MMIO-DRV-09", MUST_NOT, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "A slot with DeviceID 0 is passed over without a report of an error.",
          "go on to the next slot; when there is none, say that there is no device"),
     .on = ON(RETURN), .tells = true,
     .assumes = "that BAD_DEVICE and DEVICE_ERROR report an error, and NO_DEVICE does not",
     .check = check_empty_reported},
    {RULE("MMIO-DRV-10", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "DeviceFeaturesSel is written before DeviceFeatures is read.",
          "write 0 or 1 to DeviceFeaturesSel before each read"),
     REGISTERS_OF(ON(READ), REGISTER(DeviceFeatures)), .by_driver = true,
     .check = check_device_sel},
    {RULE("MMIO-DRV-11", MUST, ERROR, "4.2.2.2", "MMIO Device Register Layout",
          "DriverFeaturesSel is written before DriverFeatures.",
          "write 0 or 1 to DriverFeaturesSel before each write"),
     REGISTERS_OF(ON(WRITE), REGISTER(DriverFeatures)), .by_driver = true,
     .check = check_driver_sel},
    {RULE("MMIO-DRV-20", MUST, ERROR, "4.2.3.1.1", "Device Initialization",
          "MagicValue and Version are read and checked first.",
          "read MagicValue and Version before writing anything"),
     REGISTERS_OF(ON(WRITE), REGISTER(Status)), .by_driver = true, .check = check_identified},
    {RULE("MMIO-DRV-21", MUST, ERROR, "4.2.3.1.1", "Device Initialization",
          "After them, DeviceID is read.", "read DeviceID before writing anything"),
     REGISTERS_OF(ON(WRITE), REGISTER(Status)), .by_driver = true, .check = check_id_read},
    {RULE("MMIO-DRV-22", MUST, ERROR, "4.2.3.1.1", "Device Initialization",
          "With DeviceID 0 the bring-up ends there.", "skip the slot"),
     .on = ACCESS, .where = ANY_PLACE, .tells = true, .by_driver = true, .other_slots = true,
     .check = check_empty_status},
    {RULE("MMIO-DRV-23", MUST_NOT, ERROR, "4.2.3.1.1", "Device Initialization",
          "With DeviceID 0 no other register is accessed.", "skip the slot"),
     .on = ON(READ), .tells = true, .where = ANY_PLACE, .by_driver = true, .other_slots = true,
     .check = check_empty_read},
    {RULE("XNOTIF-DRV-02", MUST, ERROR, "4.2.3.3", "Available Buffer Notifications",
          "QueueNotify is given the number of a queue and nothing else.",
          "write the queue's number, from 0; more is written only with NOTIFICATION_DATA"),
     .on = ON(WRITE) | ON(REFUSE), .where = AT(REGISTER), .registers = REGISTER(QueueNotify),
     .refusals = REFUSAL(NOTIFY_QUEUE), .by_driver = false, .explains_wait = true,
     .check = check_notify_value},
    {RULE("LMMIO-DRV-D10", MUST_NOT, ERROR, "4.2.4", "Legacy interface",
          "Version-1 queues are set up with GuestPageSize, QueueAlign and QueuePFN; the registers "
          "of version 2 do not exist.",
          "program the legacy registers when Version is 1, or start QEMU with "
          "-global virtio-mmio.force-legacy=false"),
     .on = ACCESS, .where = AT(REGISTER), .by_driver = true, .once = true, .explains_wait = true,
     .bad_access = true, .exercise = ACCESS, .versions = RULE_V1,
     .check = check_version_2_register},
};
/* clang-format on */

static const struct rule_unchecked unchecked[] = {
    {"XNOTIF-DRV-01", "2.9", "With NOTIFICATION_DATA, QueueNotify tells where avail.idx is, too.",
     "the simulated device does not offer NOTIFICATION_DATA."},
    {"MMIO-DRV-25", "4.2.3.1.1", "When the device was found, the general bring-up of 3.1 follows.",
     "it is the sum of INIT-DRV-01a to INIT-DRV-01h, which judge it step by step."},
};

const struct rule_list rules_transport = RULE_LIST_WITH(rules, unchecked);
