/*
 * Rules about reserved feature bits (6.1, 6.3): what is to be accepted whenever it is offered.
 *
 * VERSION_1 and physical addresses (RSVD-DRV-01, -04) are judged in rules_status.c, barriers for
 * ORDER_PLATFORM in rules_queue_notify.c.
 */
#include "rules.h"

#include <stdio.h>

#include "virtio/config.h"

/* The write of Status that makes an end of the negotiation. */
static bool is_agreement(const struct judge *judge, const struct event *event)
{
    uint32_t bit =
        model_is_legacy(&judge->model) ? VIRTIO_STATUS_DRIVER_OK : VIRTIO_STATUS_FEATURES_OK;

    return event->verdict == EVENT_VERDICT_OK && event->value != 0 &&
           (rule_fresh_status(judge) & bit) != 0 && judge->model.status.veto.step == 0;
}

/* The write of DriverFeatures that a bit belongs to, or else the event. */
static const struct event *write_of(const struct judge *judge, uint32_t bit,
                                    const struct event *event)
{
    const struct event *write = &judge->model.features.write[bit / 32];

    return write->step != 0 ? write : event;
}

static void check_not_accepted(const struct rule *rule, struct judge *judge,
                               const struct event *event, uint32_t bit, const char *name)
{
    const struct model_features *features = &judge->model.features;
    char label[FINDING_TEXT_BYTES];

    if (!is_agreement(judge, event) || (features->offered & VIRTIO_BIT(bit)) == 0)
        return;
    rule_looks(rule, judge);
    if ((features->accepted & VIRTIO_BIT(bit)) != 0)
        return;
    snprintf(label, sizeof label, "bit %u is clear; the device offers 0x%" PRIx64, bit,
             features->offered);
    judge_raise(judge, rule, write_of(judge, bit, event), label, &features->read[bit / 32],
                "the offer was read here", "driver did not accept %s, which is offered", name);
}

#define NOT_ACCEPTED(function, name)                                                               \
    static void function(const struct rule *rule, struct judge *judge, const struct event *event)  \
    {                                                                                              \
        check_not_accepted(rule, judge, event, VIRTIO_F_##name, "VIRTIO_F_" #name);                \
    }
NOT_ACCEPTED(check_access_platform, ACCESS_PLATFORM)
NOT_ACCEPTED(check_order_platform, ORDER_PLATFORM)

/* A driver that accepts nothing at all may well be one for old devices alone. */
static void check_any_layout(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    if ((judge->model.features.accepted & judge->model.features.offered) != 0)
        check_not_accepted(rule, judge, event, VIRTIO_F_ANY_LAYOUT, "VIRTIO_F_ANY_LAYOUT");
}

static void check_accepted(const struct rule *rule, struct judge *judge, const struct event *event,
                           uint32_t bit, const char *name, const char *why)
{
    const struct model_features *features = &judge->model.features;

    if (!is_agreement(judge, event) || (features->offered & VIRTIO_BIT(bit)) == 0)
        return;
    rule_looks(rule, judge);
    if ((features->accepted & VIRTIO_BIT(bit)) != 0)
        judge_raise(judge, rule, write_of(judge, bit, event), why, &features->read[bit / 32],
                    "the offer was read here", "driver accepted %s", name);
}

static void check_sr_iov(const struct rule *rule, struct judge *judge, const struct event *event)
{
    check_accepted(rule, judge, event, VIRTIO_F_SR_IOV, "VIRTIO_F_SR_IOV",
                   "virtio-mmio is not PCI: there are no virtual functions");
}

static void check_unused(const struct rule *rule, struct judge *judge, const struct event *event)
{
    check_accepted(rule, judge, event, VIRTIO_F_UNUSED, "feature bit 30",
                   "an old QEMU only asked by it whether a driver takes every bit");
}

#define STATUS_WRITE                                                                               \
    .on = ON(WRITE), .registers = REGISTER(Status), .where = AT(REGISTER), .by_driver = true,      \
    .tells = true

/* clang-format off */
static const struct rule rules[] = {
    {RULE("RSVD-DRV-02", SHOULD, WARNING, "6.1", "Reserved Feature Bits",
          "VIRTIO_F_ACCESS_PLATFORM is accepted whenever it is offered.",
          "accept bit 33, and give the device addresses as the platform's IOMMU maps them"),
     STATUS_WRITE, .versions = RULE_V2, .check = check_access_platform},
    {RULE("RSVD-DRV-06", SHOULD, WARNING, "6.1", "Reserved Feature Bits",
          "VIRTIO_F_ORDER_PLATFORM is accepted whenever it is offered.",
          "accept bit 36, and use the barriers that the platform has for devices"),
     STATUS_WRITE, .versions = RULE_V2, .check = check_order_platform},
    {RULE("RSVD-DRV-08", MUST_NOT, ERROR, "6.1", "Reserved Feature Bits",
          "VIRTIO_F_SR_IOV is accepted only from a PCI device that has the capability.",
          "leave bit 37 out on virtio-mmio"),
     STATUS_WRITE, .versions = RULE_V2, .check = check_sr_iov},
    {RULE("LRSVD-DRV-01", MUST, NOTE, "6.3", "Legacy Interface: Reserved Feature Bits",
          "A transitional driver accepts VIRTIO_F_ANY_LAYOUT if it is offered.",
          "accept bit 27; without it, requests must be framed as old devices want them"),
     STATUS_WRITE, .versions = RULE_V1, .check = check_any_layout,
     .assumes = "the driver knows version 2 as well: a legacy-only driver is not bound by it"},
    {RULE("LRSVD-DRV-02", SHOULD_NOT, WARNING, "6.3", "Legacy Interface: Reserved Feature Bits",
          "Feature bit 30 is not accepted, whoever offers it.",
          "accept bits that the driver knows, not all that are offered"),
     STATUS_WRITE, .versions = RULE_V1, .check = check_unused},
};

static const struct rule_unchecked unchecked[] = {
    {"RSVD-DRV-03", "6.1",
     "After accepting ACCESS_PLATFORM, the IOMMU is off or set up for the device's addresses.",
     "the simulated machines have no IOMMU, and its set-up is not on the device's bus"},
    {"RSVD-DRV-05", "6.1", "VIRTIO_F_RING_PACKED is accepted whenever it is offered.",
     "packed rings are not simulated, so that no device offers them"},
    {"RSVD-DRV-09", "6.1",
     "SR_IOV is negotiated, and negotiation complete, before virtual functions are enabled.",
     "PCI only"},
    {"RSVD-DRV-10", "6.1", "VIRTIO_F_NOTIF_CONFIG_DATA is accepted whenever it is offered.",
     "virtio-mmio has no register for such data, so that no device offers it there"},
};
/* clang-format on */

const struct rule_list rules_reserved = RULE_LIST_WITH(rules, unchecked);
