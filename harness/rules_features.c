/*
 * Rules about feature bits (2.2), and what of them 4.2 adds for this transport.
 *
 * Whether a driver gives up *because* of a feature cannot be seen; the rules that judge it say what
 * they take for granted, and are warnings.
 */
#include "rules.h"

#include <stdio.h>

#include "suite.h"
#include "virtio/blk.h"
#include "virtio/gpu.h"

/* 2.2, 6: bits that a driver may accept on virtio-mmio, by name; the rest is reserved. */
#define GENERIC_FEATURES                                                                           \
    (VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX) |                         \
     VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM) |                       \
     VIRTIO_BIT(VIRTIO_F_RING_PACKED) | VIRTIO_BIT(VIRTIO_F_IN_ORDER) |                            \
     VIRTIO_BIT(VIRTIO_F_ORDER_PLATFORM) | VIRTIO_BIT(VIRTIO_F_NOTIFICATION_DATA) |                \
     VIRTIO_BIT(VIRTIO_F_NOTIF_CONFIG_DATA) | VIRTIO_BIT(VIRTIO_F_RING_RESET))
#define LEGACY_FEATURES                                                                            \
    (VIRTIO_BIT(VIRTIO_F_NOTIFY_ON_EMPTY) | VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT) |                      \
     VIRTIO_BIT(VIRTIO_F_UNUSED)) /* the last is LRSVD-DRV-02's */
#define GPU_FEATURES                                                                               \
    (VIRTIO_BIT(VIRTIO_GPU_F_VIRGL) | VIRTIO_BIT(VIRTIO_GPU_F_EDID) |                              \
     VIRTIO_BIT(VIRTIO_GPU_F_RESOURCE_UUID) | VIRTIO_BIT(VIRTIO_GPU_F_RESOURCE_BLOB) |             \
     VIRTIO_BIT(VIRTIO_GPU_F_CONTEXT_INIT))

/* What a device offers that is like QEMU's, whatever its type. */
#define USUAL_FEATURES (VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX))

/* What the type of device defines, implemented here or not. */
static uint64_t device_features(const struct model *model)
{
    if (model->class->device_id == VIRTIO_ID_GPU)
        return GPU_FEATURES;
#define X(name, bit) VIRTIO_BIT(VIRTIO_BLK_F_##name) |
    return model->class->device_id == VIRTIO_ID_BLOCK ? VIRTIO_BLK_FEATURES(X) UINT64_C(0) : 0;
#undef X
}

/* All that makes sense on this transport, for this type of device. */
static uint64_t known_features(const struct model *model)
{
    uint64_t known = GENERIC_FEATURES | device_features(model);

    return model_is_legacy(model) ? known | LEGACY_FEATURES : known;
}

/* ---- what is accepted ---- */

static void raise_features(const struct rule *rule, struct judge *judge, const struct event *event,
                           uint64_t bits, const char *why)
{
    const struct model_features *features = &judge->model.features;
    unsigned bit = (unsigned)__builtin_ctzll(bits);
    const struct event *write = &features->write[bit / 32];
    char label[FINDING_TEXT_BYTES];

    snprintf(label, sizeof label, "the device offers 0x%" PRIx64 ", the driver accepts 0x%" PRIx64,
             features->offered, features->accepted);
    judge_raise(judge, rule, write->step != 0 ? write : event, label, &features->read[bit / 32],
                "the offer was read here", "driver accepted feature bit %u, %s", bit, why);
}

/* VERSION_1, accepted from a legacy device, is LFEAT-DRV-01's. */
static void check_offered(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_features *features = &judge->model.features;
    uint64_t extra = features->accepted & ~features->offered;

    if (model_is_legacy(&judge->model))
        extra &= ~VIRTIO_BIT(VIRTIO_F_VERSION_1);
    if (!rule_features_take_effect(judge, event))
        return;
    rule_looks(rule, judge);
    if (extra != 0)
        raise_features(rule, judge, event, extra, "which the device does not offer");
}

static void check_prerequisite(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    uint64_t accepted = judge->model.features.accepted;
    uint64_t bit = VIRTIO_BIT(VIRTIO_GPU_F_CONTEXT_INIT);

    if (!rule_features_take_effect(judge, event) || (accepted & bit) == 0)
        return;
    rule_looks(rule, judge);
    if ((accepted & VIRTIO_BIT(VIRTIO_GPU_F_VIRGL)) == 0)
        raise_features(rule, judge, event, bit, "CONTEXT_INIT, without VIRGL that it depends on");
}

/* A word of the offer that was never read, and from which the driver accepts all the same. */
static void check_validated(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_features *features = &judge->model.features;
    uint64_t reset_step = judge->model.status.reset.step;
    uint64_t taken = features->accepted & features->offered & ~VIRTIO_BIT(VIRTIO_F_VERSION_1);
    bool any = features->read[0].step > reset_step || features->read[1].step > reset_step;

    if (!rule_features_take_effect(judge, event) || taken == 0)
        return;
    rule_looks(rule, judge);
    for (unsigned word = 0; word < MODEL_FEATURE_WORDS && any; word++) {
        uint64_t bits = taken & (UINT64_C(0xffffffff) << 32 * word);
        if (bits == 0 || features->read[word].step > reset_step)
            continue;
        judge_raise(judge, rule, &features->write[word], "taken unseen", NULL, NULL,
                    "driver accepted feature bit %u without reading word %u of the offer",
                    (unsigned)__builtin_ctzll(bits), word);
    }
}

static void check_reserved(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_features *features = &judge->model.features;
    uint64_t extra = features->accepted & features->offered & ~known_features(&judge->model) &
                     ~(VIRTIO_BIT(VIRTIO_F_ADMIN_VQ) | VIRTIO_BIT(VIRTIO_F_SR_IOV));
    uint64_t read = features->offered & ~known_features(&judge->model);

    if (!rule_features_take_effect(judge, event) || read == 0)
        return;
    rule_looks(rule, judge);
    if (extra != 0)
        raise_features(rule, judge, event, extra, "which is reserved on this transport");
}

static void check_admin_queue(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_features *features = &judge->model.features;
    uint64_t bit = VIRTIO_BIT(VIRTIO_F_ADMIN_VQ);

    if (!rule_features_take_effect(judge, event) || (features->offered & bit) == 0)
        return;
    rule_looks(rule, judge);
    if ((features->accepted & bit) != 0)
        raise_features(rule, judge, event, bit, "ADMIN_VQ, which this transport has no room for");
}

static void check_takes_legacy(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    uint64_t bit = VIRTIO_BIT(VIRTIO_F_VERSION_1);

    if (!rule_features_take_effect(judge, event))
        return;
    rule_looks(rule, judge);
    if ((judge->model.features.accepted & bit) != 0 && !judge_has(judge, "LMMIO-DRV-D10"))
        raise_features(rule, judge, event, bit, "VERSION_1, which would make the device a new one");
}

/* ---- giving up ---- */

/*
 * The driver has read the offer, and its bring-up ends before there is an agreement. Not after a
 * veto: then it is the device that says no.
 */
static bool gave_up_on_offer(const struct model *model, const struct event *returned)
{
    const struct model_features *features = &model->features;
    const struct model_status *status = &model->status;
    uint64_t begun = model->call.call.step;
    bool read =
        features->read[0].step > status->reset.step || features->read[1].step > status->reset.step;

    if (returned->value == SUITE_OK || returned->value >= SUITE_RESULT_COUNT ||
        returned->value == SUITE_UNSUPPORTED || status->veto.step != 0 || !read ||
        status->write.step <= begun || model->crash.step != 0)
        return false;
    if (model_is_legacy(model))
        return (status->value & VIRTIO_STATUS_DRIVER) != 0 && status->driver_ok.step <= begun &&
               features->last_write.step <= status->reset.step;
    return (status->value & VIRTIO_STATUS_DRIVER) != 0 &&
           (status->value & (VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK)) == 0;
}

/* Was a device brought up in this call, or given up in the midst of it? */
static bool offer_was_tried(const struct model *model, const struct event *returned)
{
    return model->status.driver_ok.step > model->call.call.step ||
           gave_up_on_offer(model, returned);
}

enum offer { OFFER_JUNK, OFFER_MORE, OFFER_LESS };

/* What is unusual about the offer: bits that mean nothing here, else more, else less than usual. */
static enum offer kind_of_offer(const struct model *model)
{
    uint64_t offered = model->features.offered;
    uint64_t plain = USUAL_FEATURES | LEGACY_FEATURES | VIRTIO_BIT(VIRTIO_F_VERSION_1) |
                     VIRTIO_BIT(VIRTIO_F_RING_RESET);

    if (model->class->device_id != VIRTIO_ID_GPU)
        plain |= device_features(model); /* QEMU's disk offers some of its own */
    if ((offered & ~known_features(model)) != 0)
        return OFFER_JUNK;
    return (offered & USUAL_FEATURES) == USUAL_FEATURES && (offered & ~plain) != 0 ? OFFER_MORE
                                                                                   : OFFER_LESS;
}

static void raise_gave_up(const struct rule *rule, struct judge *judge, const struct event *event,
                          enum offer offer, const char *why)
{
    const struct model *model = &judge->model;
    const struct event *read = &model->features.read[0];
    char label[FINDING_TEXT_BYTES];

    if (kind_of_offer(model) != offer || !offer_was_tried(model, event))
        return;
    rule_looks(rule, judge);
    if (!gave_up_on_offer(model, event) || (model->status.value & VIRTIO_STATUS_FAILED) == 0)
        return; /* in silence: FEAT-DRV-07 says so */
    if (model->fault.value == SIM_FAULT_FEATURES_OFFERED ||
        model->fault.value == SIM_FAULT_FEATURES_CHANGED)
        return; /* it read another offer */
    if (model->features.read[1].step > read->step)
        read = &model->features.read[1];
    snprintf(label, sizeof label, "the device offers 0x%" PRIx64, model->features.offered);
    judge_raise(judge, rule, read, label, &model->status.write, "the last write to Status",
                "driver gave up when it had read the features: %s", why);
}

static void check_ignores_junk(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    raise_gave_up(rule, judge, event, OFFER_JUNK,
                  "some of them mean nothing for this device and transport");
}

static void check_ignores_more(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    raise_gave_up(rule, judge, event, OFFER_MORE, "more is offered than it may know");
}

static void check_falls_back(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    raise_gave_up(rule, judge, event, OFFER_LESS, "it could have done with those that are offered");
}

static void check_gives_up(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_status *status = &judge->model.status;
    bool silent = (status->value & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FAILED)) == 0;

    if (event->value == SUITE_OK || status->value == 0)
        return;
    if (status->veto.step != 0) {
        rule_looks(rule, judge);
        if (silent)
            judge_raise(judge, rule, &status->features_ok, "refused; Status never got FAILED (128)",
                        &judge->model.features.last_write,
                        "these features are not enough for the device",
                        "driver stopped after its features were refused but did not set FAILED");
        return;
    }
    if (!gave_up_on_offer(&judge->model, event))
        return;
    rule_looks(rule, judge);
    if (silent)
        judge_raise(judge, rule, &status->write, "the last write to Status; FAILED is 128", NULL,
                    NULL, "driver stopped when it had read the features but did not set FAILED");
}

#define ON_STATUS                                                                                  \
    .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,      \
    .tells = true

#define GIVES_UP_FOR_IT                                                                            \
    "that a driver which stops between reading the offer and FEATURES_OK stops for the offer's "   \
    "sake"

/* clang-format off */
static const struct rule rules[] = {
    {RULE("FEAT-DRV-01", MUST_NOT, ERROR, "2.2.1", "Feature Bits",
          "Only features that the device offers are accepted.",
          "mask the wanted features with both words of DeviceFeatures"),
     ON_STATUS, .explains_wait = true, .check = check_offered},
    {RULE("FEAT-DRV-02", MUST_NOT, ERROR, "2.2.1", "Feature Bits",
          "A feature is accepted only together with those that it depends on.",
          "accept VIRTIO_GPU_F_VIRGL too, or leave CONTEXT_INIT out"),
     ON_STATUS, .device_id = VIRTIO_ID_GPU, .explains_wait = true, .check = check_prerequisite},
    {RULE("FEAT-DRV-03", MUST, ERROR, "2.2.1", "Feature Bits",
          "The driver looks at the features that are offered before it accepts any of them.",
          "read the word of DeviceFeatures from which a bit is accepted"),
     ON_STATUS, .assumes = "that a word of the offer which was never read was not validated; "
                           "VERSION_1 needs no look, as Version 2 says that it is offered",
     .check = check_validated},
    {RULE("FEAT-DRV-04", MUST, WARNING, "2.2.1", "Feature Bits",
          "Bits that are reserved, or of another transport or device, are ignored when offered.",
          "mask the offer with the bits that the driver knows, and go on"),
     .on = ON(RETURN), .tells = true, .assumes = GIVES_UP_FOR_IT, .check = check_ignores_junk},
    {RULE("FEAT-DRV-05", MUST_NOT, ERROR, "2.2.1", "Feature Bits",
          "Bits that are reserved, or that belong to another transport or device, "
           "are not accepted.",
          "accept only bits that the driver knows by name"),
     ON_STATUS, .check = check_reserved},
    {RULE("FEAT-DRV-06", SHOULD, WARNING, "2.2.1", "Feature Bits",
          "A driver does without features that are not offered, as well as it can.",
          "leave out what needs the feature; set FAILED only if nothing works without it"),
     .on = ON(RETURN), .tells = true, .assumes = GIVES_UP_FOR_IT, .check = check_falls_back},
    {RULE("FEAT-DRV-07", MUST, ERROR, "2.2.1", "Feature Bits",
          "A driver that cannot do with the features it gets sets FAILED and stops.",
          "set FAILED (128) in Status before giving up"),
     .on = ON(RETURN), .tells = true, .check = check_gives_up},
    {RULE("FEAT-DRV-08", MUST_NOT, WARNING, "2.2.1", "Feature Bits",
          "A driver does not fail because a feature is offered that it does not know.",
          "mask the offer with the bits that the driver knows, and go on"),
     .on = ON(RETURN), .tells = true,
     .assumes = GIVES_UP_FOR_IT ", if no less is offered than QEMU's devices do",
     .check = check_ignores_more},
    {RULE("LFEAT-DRV-01", MUST, ERROR, "2.2.3", "Legacy Interface: A Note on Feature Bits",
          "A device that does not offer VERSION_1 is a legacy device, and is driven as one.",
          "go the legacy way when bit 32 is not offered; on this transport Version is 1 then"),
     ON_STATUS, .versions = RULE_V1, .check = check_takes_legacy},
    {RULE("XMMIO-DRV-06", MUST_NOT, ERROR, "4.2.5", "Features reserved for future use",
          "There are no administration queues on this transport: ADMIN_VQ is not accepted.",
          "leave bit 41 out"),
     ON_STATUS, .versions = RULE_V2, .check = check_admin_queue},
};
/* clang-format on */

static const struct rule_unchecked unchecked[] = {
    {"LFEAT-DRV-02", "2.2.3",
     "While the legacy interface is used, all sections on it bind the driver.",
     "it is the sum of the LFEAT, LCONF, LSPLIT, LINIT, LMMIO and LRSVD rules, which judge it one "
     "by one."},
};

const struct rule_list rules_features = RULE_LIST_WITH(rules, unchecked);
