/*
 * Rules about the device status field, initialisation and reserved feature bits (2.1, 3.1, 6).
 *
 * Not handled: what a driver does with features that it accepted, beyond their prerequisites.
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "suite.h"
#include "virtio/config.h"

#define STEPS                                                                                      \
    (VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK) /* past 1 */

static bool is_ok(const struct event *event)
{
    return event->verdict == EVENT_VERDICT_OK;
}

/*
 * The driver did not wait for its reset: RESET-DRV-01. What it read of Status is what it was before
 * then, and what it writes follows from that.
 */
static bool reset_goes_on(const struct judge *judge)
{
    const struct event *fault = &judge->model.fault;

    return fault->value == SIM_FAULT_RESET_LATE && fault->step > judge->model.status.reset.step &&
           judge_has(judge, "RESET-DRV-01");
}

/* ---- 2.1 ---- */

static void check_steps_apart(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    uint32_t fresh = rule_fresh_status(judge);
    uint32_t both = VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK;
    uint32_t first = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
    struct finding *finding;

    if (!model_is_legacy(&judge->model) && judge->model.status.veto.step == 0 &&
        (fresh & VIRTIO_STATUS_FEATURES_OK) != 0)
        both = VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK;
    if (!is_ok(event) || event->value == 0 || (fresh & (both | first)) == 0 || reset_goes_on(judge))
        return;
    rule_looks(rule, judge);
    if ((fresh & both) != both && (fresh & first) != first)
        return;
    finding = judge_raise(judge, rule, event, "several steps of the bring-up in one write", NULL,
                          NULL, "driver took Status from %u to %u in one write",
                          judge->model.status.before, (unsigned)event->value);
    /* Most devices take ACKNOWLEDGE and DRIVER together; nothing can be refused in between. */
    if (finding != NULL && finding->times == 1 && (fresh & both) != both)
        finding->level = FINDING_NOTE;
    else if (finding != NULL && (fresh & both) == both)
        finding->level = FINDING_ERROR;
    if ((fresh & both) != both)
        return;
    /* What was done while the bits were missing was not early: they are late. */
    judge_withdraw(judge, "INIT-DRV-01c", judge->model.status.reset.step);
    judge_withdraw(judge, "INIT-DRV-01g", judge->model.status.reset.step);
}

static void check_status_clears(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model_status *status = &judge->model.status;
    uint32_t dropped =
        status->before & ~(uint32_t)event->value & ~(uint32_t)VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    char label[FINDING_TEXT_BYTES];

    if (!is_ok(event) || event->value == 0 || status->before == 0)
        return;
    rule_looks(rule, judge);
    if (dropped == 0 || (dropped & VIRTIO_STATUS_FAILED) != 0)
        return;
    snprintf(label, sizeof label, "Status was %u; the bits %u are gone", status->before, dropped);
    judge_raise(judge, rule, event, label, NULL, NULL,
                "driver wrote %u to `Status` and thereby cleared bits that were set",
                (unsigned)event->value);
}

static void check_after_failed(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model_status *status = &judge->model.status;
    uint32_t failed = VIRTIO_STATUS_FAILED;

    if (!is_ok(event) || status->failed.step == 0 || status->failed.step == event->step)
        return;
    rule_looks(rule, judge);
    if (event->value == 0 || (status->before & failed) == 0 ||
        ((event->value & failed) != 0 && rule_fresh_status(judge) == 0))
        return;
    judge_raise(judge, rule, event, "no reset since FAILED", &status->failed,
                "the driver gave the device up here",
                "driver began again after FAILED without resetting the device");
}

/*
 * The driver has seen that the device broke down, and then waits for what that device still had.
 * The wait is judged where it is known to be in vain.
 */
static void check_waits_for_broken(const struct rule *rule, struct judge *judge,
                                   const struct event *event)
{
    const struct model *model = &judge->model;
    const struct event *read = &model->status.read;
    uint32_t in_flight = 0;

    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++)
        in_flight += model->queue[i].live ? model->queue[i].in_flight : 0;
    if (model->needs_reset.step == 0 || in_flight == 0 || read->step < model->needs_reset.step ||
        (read->value & VIRTIO_STATUS_DEVICE_NEEDS_RESET) == 0)
        return;
    rule_looks(rule, judge);
    if (event->kind == EVENT_STUCK)
        judge_raise(judge, rule, event->pc != 0 ? event : model_look(model),
                    "nothing comes from this device any more", read,
                    "DEVICE_NEEDS_RESET (64) was read here",
                    "driver waits for %u request%s of a device that needs a reset", in_flight,
                    in_flight == 1 ? "" : "s");
}

/* ---- 3.1 ---- */

/* A bring-up begins here: the first write of Status in a call of `init`, to a device in use. */
static bool takes_over(const struct judge *judge)
{
    const struct model *model = &judge->model;

    return rule_call_is(judge, "init") && model->status.before != 0 &&
           model->status.earlier.step < model->call.call.step;
}

static void check_reset_first(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_status *status = &judge->model.status;

    if (!is_ok(event) || event->value == 0 || (status->before != 0 && !takes_over(judge)))
        return;
    rule_looks(rule, judge);
    if (status->before != 0)
        judge_raise(judge, rule, event, "the device is in use as it was left", &status->earlier,
                    "the last write to Status before",
                    "driver began its bring-up without resetting the device, whose Status was %u",
                    status->before);
    else if (status->reset.step == 0)
        judge_raise(judge, rule, event, "the first write to Status", NULL, NULL,
                    "driver wrote %u to `Status` without resetting the device first",
                    (unsigned)event->value);
}

static void check_acknowledge(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    uint32_t seen = (uint32_t)event->value | judge->model.status.before;

    if (!is_ok(event) || (rule_fresh_status(judge) & STEPS) == 0)
        return;
    rule_looks(rule, judge);
    if ((seen & VIRTIO_STATUS_ACKNOWLEDGE) == 0)
        judge_raise(judge, rule, event, "ACKNOWLEDGE (1) was never set", NULL, NULL,
                    "driver wrote %u to `Status` before ACKNOWLEDGE", (unsigned)event->value);
}

static void check_driver_bit(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_status *status = &judge->model.status;
    uint32_t later = VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK;

    if (!is_ok(event))
        return;
    if (event->index == VIRTIO_MMIO_REG_DriverFeatures) {
        rule_looks(rule, judge);
        if ((status->value & VIRTIO_STATUS_DRIVER) == 0)
            judge_raise(judge, rule, event, "DRIVER (2) is not set", &status->write,
                        "the last write to Status",
                        "driver wrote `DriverFeatures` while Status was %u", status->value);
        return;
    }
    if ((rule_fresh_status(judge) & later) == 0)
        return;
    rule_looks(rule, judge);
    if ((((uint32_t)event->value | status->before) & VIRTIO_STATUS_DRIVER) == 0)
        judge_raise(judge, rule, event, "DRIVER (2) was never set", NULL, NULL,
                    "driver wrote %u to `Status` before DRIVER", (unsigned)event->value);
}

static void check_negotiates(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_features *features = &judge->model.features;
    uint64_t reset_step = judge->model.status.reset.step;

    if (!rule_features_take_effect(judge, event))
        return;
    rule_looks(rule, judge);
    if (features->last_write.step == 0 || features->last_write.step < reset_step)
        judge_raise(judge, rule, event, "no write to DriverFeatures since the reset", NULL, NULL,
                    "driver went on without telling the device which features it accepts");
    else if (features->read[0].step == 0 && features->read[1].step == 0)
        judge_raise(judge, rule, event, "DeviceFeatures was never read", &features->last_write,
                    "features were accepted here",
                    "driver accepted features without reading what the device offers");
}

static void check_features_ok(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_status *status = &judge->model.status;
    bool negotiated = judge->model.features.last_write.step > status->reset.step;

    if (!is_ok(event) || status->veto.step != 0 ||
        (rule_fresh_status(judge) & VIRTIO_STATUS_DRIVER_OK) == 0)
        return;
    rule_looks(rule, judge);
    if ((((uint32_t)event->value | status->before) & VIRTIO_STATUS_FEATURES_OK) != 0)
        return;
    judge_raise(judge, rule, event, "FEATURES_OK (8) was never set", NULL, NULL,
                "driver set DRIVER_OK without FEATURES_OK%s",
                negotiated ? "" : ", and accepted no feature at all");
    /* Queues were not made ready too early for it: it never came. */
    judge_withdraw(judge, "INIT-DRV-01g", status->reset.step);
}

static void check_features_read_back(const struct rule *rule, struct judge *judge,
                                     const struct event *event)
{
    const struct model_status *status = &judge->model.status;
    uint32_t fresh = rule_fresh_status(judge);

    if (!is_ok(event) || event->value == 0 || (fresh & VIRTIO_STATUS_DRIVER_OK) == 0)
        return;
    rule_looks(rule, judge);
    if (status->veto.step != 0)
        judge_raise(judge, rule, event, "FEATURES_OK is not set: there is no agreement",
                    &status->features_ok, "the device refused the features here",
                    "driver set DRIVER_OK although the device had refused its features");
    else if (status->features_ok.step != 0 && (status->before & VIRTIO_STATUS_FEATURES_OK) != 0 &&
             status->read.step < status->features_ok.step)
        judge_raise(judge, rule, event, "Status was not read since FEATURES_OK",
                    &status->features_ok, "FEATURES_OK was set here",
                    "driver did not read `Status` back to see whether FEATURES_OK stayed set");
}

static void check_setup_in_time(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model_status *status = &judge->model.status;

    if (!is_ok(event) || event->value == 0 || status->veto.step != 0 || reset_goes_on(judge))
        return;
    rule_looks(rule, judge);
    if ((status->value & VIRTIO_STATUS_FEATURES_OK) == 0 &&
        (status->value & VIRTIO_STATUS_DRIVER_OK) == 0)
        judge_raise(judge, rule, event, "FEATURES_OK (8) is not set", &status->write,
                    "the last write to Status",
                    "driver made queue %u ready before the features were agreed on",
                    judge->model.queue_sel);
    else if ((status->value & VIRTIO_STATUS_DRIVER_OK) != 0 &&
             !model_has_feature(&judge->model, VIRTIO_F_RING_RESET))
        judge_raise(judge, rule, event, "too late", &status->driver_ok, "DRIVER_OK was set here",
                    "driver made queue %u ready after DRIVER_OK", judge->model.queue_sel);
}

/* Only when the run is over is it known that DRIVER_OK never came. */
static void check_driver_ok(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    uint32_t done = VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FAILED;

    (void)event;
    if (model->status.driver_ok.step != 0)
        rule_looks(rule, judge);
    if (model->status.value == 0 || (model->status.value & done) != 0 || model->crash.step != 0 ||
        model->call.returned.step == 0 || model->call.returned.value != SUITE_OK ||
        judge_has(judge, "INIT-DRV-06"))
        return;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        if (!model->queue[i].live)
            continue;
        judge_raise(judge, rule, &model->status.write, "the last write to Status",
                    &model->queue[i].live_at, "a queue was made live here",
                    "driver finished without setting DRIVER_OK");
        return;
    }
}

/* A bring-up that ends in an error behind the negotiation; before, FEAT-DRV-07 judges. */
static void check_says_failed(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_status *status = &model->status;
    bool agreed = model_is_legacy(model) ? model->features.last_write.step > status->reset.step
                                         : (status->value & VIRTIO_STATUS_FEATURES_OK) != 0;

    if (event->value >= SUITE_UNSUPPORTED || model->crash.step != 0 || status->veto.step != 0 ||
        status->write.step <= model->call.call.step || status->value == 0 || !agreed)
        return;
    rule_looks(rule, judge);
    if (event->value != SUITE_OK &&
        (status->value & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FAILED)) == 0)
        judge_raise(judge, rule, &status->write, "the last write to Status; FAILED is 128", NULL,
                    NULL, "driver gave the bring-up up but did not set FAILED");
}

static void check_stops_after_failed(const struct rule *rule, struct judge *judge,
                                     const struct event *event)
{
    const struct model_status *status = &judge->model.status;
    bool taken_back =
        (event->index == VIRTIO_MMIO_REG_QueueReady || event->index == VIRTIO_MMIO_REG_QueuePFN) &&
        event->value == 0;

    if (!is_ok(event) || (status->value & VIRTIO_STATUS_FAILED) == 0)
        return;
    rule_looks(rule, judge);
    if (event->index == VIRTIO_MMIO_REG_Status || taken_back)
        return;
    judge_raise(judge, rule, event, "the bring-up was over", &status->failed,
                "the driver gave the device up here",
                "driver went on with `%s` after it had set FAILED",
                mmio_register_name((int)event->index));
}

static void check_config_write(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    uint32_t status = judge->model.status.value;

    if (is_ok(event) && status != 0 && (status & VIRTIO_STATUS_FEATURES_OK) == 0)
        judge_raise(judge, rule, event, "FEATURES_OK (8) is not set", NULL, NULL,
                    "driver wrote device configuration at offset 0x%" PRIx64
                    " while features were being negotiated",
                    event->addr - VIRTIO_MMIO_CONFIG);
}

static void check_late_features(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    if (is_ok(event) && (judge->model.status.value & VIRTIO_STATUS_FEATURES_OK) != 0 &&
        !judge_has(judge, "INIT-DRV-01a"))
        judge_raise(judge, rule, event, "ignored by the device", &judge->model.status.features_ok,
                    "FEATURES_OK was set here",
                    "driver wrote 0x%" PRIx64 " to `DriverFeatures` after FEATURES_OK",
                    event->value);
}

static void check_early_notify(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model *model = &judge->model;
    bool dead = model_is_dead(model);

    if (!is_ok(event) || (model->status.value & VIRTIO_STATUS_DRIVER_OK) != 0 ||
        (dead && model->display.lost != 0) || (model_is_legacy(model) && !dead))
        return;
    judge_raise(judge, rule, event,
                model->config.profile == SIM_PROFILE_QEMU
                    ? "QEMU's device goes to work all the same"
                    : "ignored by the device",
                &model->status.write,
                dead ? "the device was reset here" : "the last write to Status",
                "driver notified queue %u while Status was %u, without DRIVER_OK",
                (unsigned)event->value, model->status.value);
}

static void check_legacy_features_ok(const struct rule *rule, struct judge *judge,
                                     const struct event *event)
{
    const struct model_status *status = &judge->model.status;

    if (!is_ok(event) || event->value == 0 ||
        (rule_fresh_status(judge) & VIRTIO_STATUS_DRIVER_OK) == 0)
        return;
    rule_looks(rule, judge);
    if ((status->value & VIRTIO_STATUS_FEATURES_OK) == 0 || judge_has(judge, "LMMIO-DRV-D10"))
        return;
    judge_raise(judge, rule, &status->features_ok, "a version-1 device does not know this step",
                &judge->model.last_read[VIRTIO_MMIO_REG_Version],
                "the device said here that it is legacy",
                "driver set FEATURES_OK on a version-1 device");
}

/* ---- 6 ---- */

static void check_version_1(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_features *features = &judge->model.features;
    uint64_t bit = VIRTIO_BIT(VIRTIO_F_VERSION_1);
    bool word_written = features->write[1].step > judge->model.status.reset.step;

    if (model_is_legacy(&judge->model) || !rule_features_take_effect(judge, event) ||
        (features->offered & bit) == 0 || (features->accepted & bit) != 0 ||
        judge_has(judge, "INIT-DRV-01d"))
        return;
    judge_raise(judge, rule, word_written ? &features->write[1] : event,
                word_written ? "bit 32 is bit 0 of this word"
                             : "DriverFeatures word 1 was never written",
                &features->read[1], "the offer was read here",
                "driver did not accept VIRTIO_F_VERSION_1, which the device offers");
}

/* The half of a ring's address that has the tag, or else what is to blame anyway. */
static struct event blame_tag(const struct judge *judge, const struct event *refusal)
{
    const struct model_queue *queue = rule_queue(judge, refusal->queue);
    struct event at = rule_blame(judge, refusal);

    for (unsigned area = 0; queue != NULL && area < MODEL_AREA_COUNT; area++) {
        if (queue->area_write[area][0].step == at.step && queue->area_write[area][1].step != 0)
            return queue->area_write[area][1];
    }
    return at;
}

static void check_tagged(const struct rule *rule, struct judge *judge, const struct event *event)
{
    uint64_t bare = rule_untagged(judge, event->addr);
    struct event at = blame_tag(judge, event);
    char label[FINDING_TEXT_BYTES], name[64];

    if (bare == 0)
        return;
    snprintf(label, sizeof label, "without its top byte, 0x%02x, 0x%" PRIx64 " is %s",
             (unsigned)(event->addr >> 56), event->addr, rule_name(judge, bare, name, sizeof name));
    judge_raise(judge, rule, &at, label, NULL, NULL,
                "driver gave the device an address with a pointer's tag in it: %s",
                sim_refusal_text((enum sim_refusal)event->value));
}

static void check_virtual_address(const struct rule *rule, struct judge *judge,
                                  const struct event *event)
{
    struct event at;
    uint64_t addr = 0;
    char label[FINDING_TEXT_BYTES];

    if (event->index == ARENA_FAULT_OUTSIDE_RAM)
        check_tagged(rule, judge, event);
    if (event->index != ARENA_FAULT_VIRTUAL)
        return;
    at = rule_blame(judge, event);
    snprintf(label, sizeof label, "0x%" PRIx64 " %s", event->addr,
             arena_fault_text(ARENA_FAULT_VIRTUAL));
    if (judge->arena != NULL &&
        arena_physical(judge->arena, (const void *)(uintptr_t)event->addr, &addr)) {
        size_t used = strlen(label);
        snprintf(label + used, sizeof label - used, "; it would be 0x%" PRIx64, addr);
    }
    judge_raise(judge, rule, &at, label, NULL, NULL, "driver gave the device a virtual address: %s",
                sim_refusal_text((enum sim_refusal)event->value));
}

/* clang-format off */
static const struct rule rules[] = {
    {RULE("STATUS-DRV-01", MUST, ERROR, "2.1.1", "Device Status Field",
          "Each step of the bring-up is recorded in Status when it is done.",
          "write Status once for ACKNOWLEDGE, DRIVER, FEATURES_OK and DRIVER_OK each"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .tells = true, .check = check_steps_apart},
    {RULE("STATUS-DRV-02", MUST_NOT, ERROR, "2.1.1", "Device Status Field",
          "A bit of Status that is set stays set; only writing 0 takes bits back.",
          "write the old value with the new bit added"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .tells = true, .check = check_status_clears},
    {RULE("STATUS-DRV-03", MUST, ERROR, "2.1.1", "Device Status Field",
          "After FAILED the device is reset before it is tried again.",
          "write 0 to Status before ACKNOWLEDGE"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .tells = true, .check = check_after_failed},
    {RULE("STATUS-DRV-04", SHOULD_NOT, WARNING, "2.1.1", "Device Status Field",
          "When the device needs a reset, its unfinished requests are not waited for.",
          "give the requests up, reset the device and bring it up again"),
     .on = ON(STUCK) | ON(READ), .registers = REGISTER(Status), .where = AT(NONE) | AT(REGISTER),
     .tells = true, .explains_wait = true,
     .assumes = "that a driver which has not read DEVICE_NEEDS_RESET does not know of it",
     .check = check_waits_for_broken},
    {RULE("INIT-DRV-01a", MUST, ERROR, "3.1.1", "Device Initialization",
          "The first step of the bring-up is a reset.",
          "write 0 to Status first: whoever ran before may have left the device in use"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .tells = true, .check = check_reset_first},
    {RULE("INIT-DRV-01b", MUST, ERROR, "3.1.1", "Device Initialization",
          "After the reset, ACKNOWLEDGE is set.", "set ACKNOWLEDGE (1) right after the reset"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .tells = true, .check = check_acknowledge},
    {RULE("INIT-DRV-01c", MUST, ERROR, "3.1.1", "Device Initialization",
          "DRIVER is set before features are negotiated.",
          "set DRIVER (2) before touching the feature registers"),
     .on = ON(WRITE), .registers = REGISTER(Status) | REGISTER(DriverFeatures),
     .where = AT(REGISTER), .by_driver = true, .tells = true, .check = check_driver_bit},
    {RULE("INIT-DRV-01d", MUST, ERROR, "3.1.1", "Device Initialization",
          "The driver reads the features offered and writes those that it accepts.",
          "read both words of DeviceFeatures and write both words of DriverFeatures"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .explains_wait = true, .tells = true, .check = check_negotiates},
    {RULE("INIT-DRV-01e", MUST, ERROR, "3.1.1", "Device Initialization",
          "FEATURES_OK closes the negotiation.",
          "set FEATURES_OK (8) after the last write to DriverFeatures"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .explains_wait = true, .versions = RULE_V2, .tells = true, .check = check_features_ok},
    {RULE("INIT-DRV-01f", MUST, ERROR, "3.1.1", "Device Initialization",
          "Status is read back, and the driver goes on only if FEATURES_OK is still set.",
          "read Status after FEATURES_OK; if the bit is gone, accept less or set FAILED"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .explains_wait = true, .versions = RULE_V2, .tells = true, .check = check_features_read_back},
    {RULE("INIT-DRV-01g", MUST, ERROR, "3.1.1", "Device Initialization",
          "Queues are set up between FEATURES_OK and DRIVER_OK.",
          "set queues up after FEATURES_OK was read back and before DRIVER_OK"),
     .on = ON(WRITE), .registers = REGISTER(QueueReady), .where = AT(REGISTER), .by_driver = true,
     .versions = RULE_V2, .tells = true, .check = check_setup_in_time},
    {RULE("INIT-DRV-01h", MUST, ERROR, "3.1.1", "Device Initialization",
          "DRIVER_OK makes the device live.", "set DRIVER_OK (4) when the queues are ready"),
     .on = RULE_AT_END, .explains_wait = true, .tells = true, .check = check_driver_ok},
    {RULE("INIT-DRV-02", MUST_NOT, ERROR, "3.1.1", "Device Initialization",
          "Device configuration is not written before the features are agreed on.",
          "move the write behind FEATURES_OK"),
     .on = ON(WRITE), .where = AT(CONFIG), .by_driver = true, .versions = RULE_V2,
     .check = check_config_write},
    {RULE("INIT-DRV-03", MUST_NOT, ERROR, "3.1.1", "Device Initialization",
          "No feature is accepted any more once FEATURES_OK is set.",
          "reset the device to negotiate again"),
     .on = ON(WRITE), .registers = REGISTER(DriverFeatures), .where = AT(REGISTER),
     .by_driver = true, .versions = RULE_V2, .check = check_late_features},
    {RULE("INIT-DRV-04", SHOULD, NOTE, "3.1.1", "Device Initialization",
          "A bring-up that goes wrong is told to the device by FAILED.",
          "set FAILED (128) in Status before returning the error, or reset the device"),
     .on = ON(RETURN), .tells = true,
     .assumes = "that a call which begins a bring-up and returns an error has given it up",
     .check = check_says_failed},
    {RULE("INIT-DRV-05", MUST_NOT, ERROR, "3.1.1", "Device Initialization",
          "After FAILED the bring-up does not go on.", "return, or begin again with a reset"),
     .on = ON(WRITE),
     .registers = REGISTER(Status) | REGISTER(DriverFeatures) | REGISTER(GuestPageSize) |
                  REGISTER(QueueSize) | REGISTER(QueueAlign) | REGISTER(QueuePFN) |
                  REGISTER(QueueReady) | REGISTER(QueueNotify) | REGISTER(QueueDescLow) |
                  REGISTER(QueueDriverLow) | REGISTER(QueueDeviceLow),
     .where = AT(REGISTER), .by_driver = true, .tells = true, .explains_wait = true,
     .check = check_stops_after_failed},
    {RULE("INIT-DRV-06", MUST_NOT, ERROR, "3.1.1", "Device Initialization",
          "The device is notified of buffers only after DRIVER_OK.",
          "set DRIVER_OK before the first QueueNotify"),
     .on = ON(WRITE), .registers = REGISTER(QueueNotify), .where = AT(REGISTER),
     .by_driver = true, .explains_wait = true, .check = check_early_notify},
    {RULE("LINIT-DRV-01", MUST, NOTE, "3.1.2", "Legacy Interface: Device Initialization",
          "With a legacy device the bring-up has no FEATURES_OK step.",
          "leave FEATURES_OK out when Version is 1; QEMU does not mind it"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .versions = RULE_V1, .tells = true, .check = check_legacy_features_ok},
    {RULE("RSVD-DRV-01", MUST, ERROR, "6.1", "Reserved Feature Bits",
          "VIRTIO_F_VERSION_1 is accepted whenever it is offered.",
          "select word 1 with DriverFeaturesSel and write bit 0 there (1 << 32 is not 32)"),
     .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,
     .explains_wait = true, .check = check_version_1},
    {RULE("RSVD-DRV-04", MUST, ERROR, "6.1", "Reserved Feature Bits",
          "Without VIRTIO_F_ACCESS_PLATFORM, every address that the device gets is physical.",
          "translate the pointer, or use the address that came with the DMA allocation"),
     .on = ON(REFUSE), .refusals = DMA_REFUSALS, .exercise = ON(TAKE), .explains_wait = true,
     .check = check_virtual_address},
};
/* clang-format on */

const struct rule_list rules_status = RULE_LIST(rules);
