/*
 * Rules that bind devices: invariants of every run.
 *
 * A device that breaks one of them is a fault of ours, or of the device that is under test in our
 * stead, and is a finding like any other. Where a scenario asks the device to misbehave (a fault, a
 * feature with nothing behind it) or to be as QEMU's (profile `qemu`), it is only counted:
 * `ringside rules --device` prints the counts, and for the profile `qemu` they are QEMU's table.
 */
#include "rules.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "virtio/gpu.h"

#define RINGS                                                                                      \
    (AT(DESC) | AT(DESC_ADDR) | AT(DESC_LEN) | AT(DESC_FLAGS) | AT(DESC_NEXT) | AT(AVAIL_FLAGS) |  \
     AT(AVAIL_IDX) | AT(AVAIL_RING) | AT(USED_EVENT) | AT(USED_FLAGS) | AT(USED_IDX) |             \
     AT(USED_RING) | AT(USED_RING_ID) | AT(USED_RING_LEN) | AT(AVAIL_EVENT))

/* ---- what is told ---- */

static bool is_provoked(const struct judge *judge)
{
    const struct model *model = &judge->model;

    return model->config.profile == SIM_PROFILE_QEMU || model->fault.step != 0 ||
           (judge->scenario != NULL && judge->scenario->faults.count != 0);
}

void rule_device_broken(const struct rule *rule, struct judge *judge, const struct event *event,
                        const char *format, ...)
{
    char text[FINDING_TEXT_BYTES];
    va_list arguments;

    if (event->verdict != EVENT_VERDICT_OK)
        return; /* what such a read gives is nobody's promise */
    if (judge->device_broken != NULL)
        judge->device_broken[rule_index(rule)]++;
    if (is_provoked(judge))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    judge_raise(judge, rule, event, "the device's doing", NULL, NULL, "device %s", text);
}

static bool is_driver_ok(const struct judge *judge)
{
    return (judge->model.status.held & VIRTIO_STATUS_DRIVER_OK) != 0;
}

/* ---- status and features ---- */

static void check_not_before_driver_ok(const struct rule *rule, struct judge *judge,
                                       const struct event *event)
{
    bool told = event->kind != EVENT_INTERRUPT || (event->value & VIRTIO_MMIO_INT_USED) != 0;

    if (told && !is_driver_ok(judge) && judge->model.status.value != 0)
        rule_device_broken(rule, judge, event, "worked on queue %u before DRIVER_OK", event->queue);
}

static void check_says_needs_reset(const struct rule *rule, struct judge *judge,
                                   const struct event *event)
{
    if (judge->model.needs_reset.step == 0)
        return;
    rule_looks(rule, judge);
    if ((event->value & VIRTIO_STATUS_DEVICE_NEEDS_RESET) == 0)
        rule_device_broken(rule, judge, event, "needs a reset, and Status reads %u",
                           (unsigned)event->value);
}

static void check_tells_needs_reset(const struct rule *rule, struct judge *judge,
                                    const struct event *event)
{
    const struct model *model = &judge->model;

    if (model->needs_reset.step == 0 || !model->broken_live)
        return;
    rule_looks(rule, judge);
    if (model->config_told.step < model->needs_reset.step)
        rule_device_broken(rule, judge, event, "needs a reset and did not notify the driver");
}

static void check_prerequisites(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    uint64_t offered = judge->model.features.offered;

    if ((offered >> VIRTIO_GPU_F_CONTEXT_INIT & 1) != 0 && (offered >> VIRTIO_GPU_F_VIRGL & 1) == 0)
        rule_device_broken(rule, judge, event, "offers CONTEXT_INIT without VIRGL");
}

static bool is_valid_set(const struct model *model, uint64_t set)
{
    bool gpu = model->class->device_id == VIRTIO_ID_GPU;
    bool context = gpu && (set >> VIRTIO_GPU_F_CONTEXT_INIT & 1) != 0;
    /* Without these a device may refuse to work (6.2). */
    uint64_t needed = (model->features.offered & VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM)) |
                      VIRTIO_BIT(VIRTIO_F_VERSION_1);

    return (set & ~model->features.offered) == 0 && (set & needed) == needed &&
           (!context || (set >> VIRTIO_GPU_F_VIRGL & 1) != 0);
}

static void check_accepts(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (is_valid_set(&judge->model, judge->model.features.accepted))
        rule_device_broken(rule, judge, event,
                           "refused a set of features that it offers: 0x%" PRIx64,
                           judge->model.features.accepted);
}

static void check_accepts_again(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model_features *features = &judge->model.features;

    if (features->agreed != 0 && features->agreed == features->accepted)
        rule_device_broken(rule, judge, event,
                           "refused a set of features that it had accepted: 0x%" PRIx64,
                           features->accepted);
}

static void check_veto_shows(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    if (judge->model.status.veto.step == 0)
        return;
    rule_looks(rule, judge);
    if ((event->value & VIRTIO_STATUS_FEATURES_OK) != 0)
        rule_device_broken(rule, judge, event, "refused the features and left FEATURES_OK set");
}

/* A scenario may let the device pretend. */
static void check_supported(const struct rule *rule, struct judge *judge, const struct event *event)
{
    uint64_t pretended = judge->scenario != NULL ? judge->scenario->features_pretended : UINT64_MAX;
    uint64_t impossible = VIRTIO_BIT(VIRTIO_F_SR_IOV) | VIRTIO_BIT(VIRTIO_F_ADMIN_VQ) |
                          VIRTIO_BIT(VIRTIO_F_NOTIF_CONFIG_DATA);

    impossible &= judge->model.features.offered & ~pretended;
    if (impossible != 0)
        rule_device_broken(rule, judge, event, "offers bit %u, which this transport does not have",
                           (unsigned)__builtin_ctzll(impossible));
}

static void check_version_1(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct event *sel = &judge->model.features.device_sel;

    if (sel->step != 0 && sel->value == 1 && (event->value & 1) == 0)
        rule_device_broken(rule, judge, event, "does not offer VERSION_1");
}

static void check_any_layout(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct event *sel = &judge->model.features.device_sel;
    uint64_t off = judge->scenario != NULL ? judge->scenario->features_off : 0;

    if ((sel->step == 0 || sel->value == 0) && (off >> VIRTIO_F_ANY_LAYOUT & 1) == 0 &&
        judge->scenario != NULL && (event->value >> VIRTIO_F_ANY_LAYOUT & 1) == 0)
        rule_device_broken(rule, judge, event, "does not offer ANY_LAYOUT");
}

/* ---- reset ---- */

static void check_status_after_reset(const struct rule *rule, struct judge *judge,
                                     const struct event *event)
{
    if (judge->model.status.value != 0 || judge->model.status.reset.step == 0)
        return;
    rule_looks(rule, judge);
    if (event->value != 0)
        rule_device_broken(rule, judge, event, "was reset, and Status reads %u",
                           (unsigned)event->value);
}

/* A version-1 device may look at a queue that was set up since, whatever Status says. */
static void check_quiet_after_reset(const struct rule *rule, struct judge *judge,
                                    const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);

    if (model_is_legacy(&judge->model) && queue != NULL && queue->live)
        return;
    if (judge->model.status.value == 0 && judge->model.status.reset.step != 0 &&
        event->step > judge->model.reset.step)
        rule_device_broken(rule, judge, event, "goes on after a reset");
}

static void check_live(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    bool for_reset = strcmp(rule->id, "VQR-DEV-01") == 0;

    if (queue == NULL || queue->live || !queue->ever_live)
        return;
    if (for_reset == (queue->reset_write.step > judge->model.status.reset.step))
        rule_device_broken(rule, judge, event, "touched queue %u, which is not live", event->queue);
}

/* ---- registers ---- */

static void check_magic(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (event->value != VIRTIO_MMIO_MAGIC)
        rule_device_broken(rule, judge, event, "has the magic value 0x%" PRIx64, event->value);
}

static void check_version(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (event->value != judge->model.config.version)
        rule_device_broken(rule, judge, event, "has version %" PRIu64, event->value);
}

static void check_interrupt_held(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    if ((judge->model.interrupt_bits & ~event->value) != 0)
        rule_device_broken(rule, judge, event, "lost the bits 0x%" PRIx64 " of InterruptStatus",
                           judge->model.interrupt_bits & ~event->value);
}

static void check_interrupt_true(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    uint64_t extra = event->value & ~judge->model.interrupt_bits;

    if (extra != 0)
        rule_device_broken(rule, judge, event,
                           "shows the bits 0x%" PRIx64 " of events that did not happen", extra);
}

/* Which of the three rules about QueueReady it is, depends on why the queue is not ready. */
static void check_ready(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_queue *queue = rule_queue(judge, model->queue_sel);
    const char *id = "XMMIO-DEV-01";

    if (queue == NULL || model->queue_sel >= model->queue_count)
        return;
    if (!queue->live && queue->reset_write.step > model->status.reset.step)
        id = "MMIO-DEV-12";
    else if (!queue->live && queue->ready_write.step < model->status.reset.step)
        id = "MMIO-DEV-05";
    if (strcmp(rule->id, id) != 0)
        return;
    rule_looks(rule, judge);
    if ((event->value != 0) != queue->live)
        rule_device_broken(rule, judge, event, "shows QueueReady %u for queue %u",
                           (unsigned)event->value, model->queue_sel);
}

static void check_pfn(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_queue *queue = rule_queue(judge, model->queue_sel);
    bool for_reset = strcmp(rule->id, "LMMIO-DEV-D3") == 0;

    if (queue == NULL || model->queue_sel >= model->queue_count ||
        for_reset != (queue->pfn_write.step < model->status.reset.step))
        return;
    rule_looks(rule, judge);
    if (event->value != queue->pfn)
        rule_device_broken(rule, judge, event, "shows QueuePFN 0x%" PRIx64 " for queue %u",
                           event->value, model->queue_sel);
}

static void check_queue_reset(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model *model = &judge->model;
    const struct model_queue *queue = rule_queue(judge, model->queue_sel);
    bool for_enabled = strcmp(rule->id, "MMIO-DEV-09") == 0;
    bool is_reset;

    if (queue == NULL)
        return;
    is_reset = !queue->live && queue->reset_write.step > model->status.reset.step;
    if (is_reset || for_enabled != queue->live)
        return;
    rule_looks(rule, judge);
    if (event->value != 0)
        rule_device_broken(rule, judge, event, "shows a reset of queue %u that nobody asked for",
                           model->queue_sel);
}

static void check_queue_reset_done(const struct rule *rule, struct judge *judge,
                                   const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, judge->model.queue_sel);

    if (queue == NULL || queue->reset_write.step <= judge->model.status.reset.step ||
        !model_has_feature(&judge->model, VIRTIO_F_RING_RESET))
        return;
    rule_looks(rule, judge);
    if (event->value == 0 && judge->model.reset.step < queue->reset_write.step)
        rule_device_broken(rule, judge, event, "did not reset queue %u", judge->model.queue_sel);
}

static void check_generation(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct event *change = &judge->model.space.change;

    if (event->value != change->value)
        rule_device_broken(rule, judge, event, "shows ConfigGeneration %" PRIu64 ", not %" PRIu64,
                           event->value, change->value);
}

static void check_config_told(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model *model = &judge->model;
    uint64_t change = model->space.change.step;

    if (change == 0 || change < model->status.driver_ok.step || !is_driver_ok(judge))
        return;
    rule_looks(rule, judge);
    if (model->config_told.step < change)
        rule_device_broken(rule, judge, event,
                           "changed its configuration and did not notify the driver");
}

/* clang-format off */
static const struct rule rules[] = {
    {DEVICE("STATUS-DEV-01", MUST_NOT, "2.1.2", "Device Status Field",
            "Before DRIVER_OK no buffer is taken and nothing is notified."),
     BY_DEVICE(ON(TAKE) | ON(INTERRUPT), AT(NONE)), .versions = RULE_V2,
     .check = check_not_before_driver_ok},
    {DEVICE("STATUS-DEV-02", SHOULD, "2.1.2", "Device Status Field",
            "A device that only a reset can help sets DEVICE_NEEDS_RESET."),
     ON_READ(Status), .versions = RULE_V2, .tells = true, .check = check_says_needs_reset},
    {DEVICE("STATUS-DEV-03", MUST, "2.1.2", "Device Status Field",
            "With DRIVER_OK set, it then notifies the driver."),
     ON_READ(InterruptStatus), .versions = RULE_V2, .tells = true,
     .check = check_tells_needs_reset},
    {DEVICE("FEAT-DEV-01", MUST_NOT, "2.2.2", "Feature Bits",
            "No feature is offered without those that it depends on."),
     ON_READ(DeviceFeatures), .device_id = VIRTIO_ID_GPU, .check = check_prerequisites},
    {DEVICE("FEAT-DEV-02", SHOULD, "2.2.2", "Feature Bits",
            "Every valid subset of the offer is accepted."),
     .on = ON(REFUSE), .refusals = REFUSAL(FEATURES_VETO), .check = check_accepts},
    {DEVICE("FEAT-DEV-03", MUST, "2.2.2", "Feature Bits",
            "When a set is refused, FEATURES_OK stays clear."),
     ON_READ(Status), .versions = RULE_V2, .tells = true, .check = check_veto_shows},
    {DEVICE("FEAT-DEV-04", MUST_NOT, "2.2.2", "Feature Bits",
            "No feature is offered that could not be supported."),
     ON_READ(DeviceFeatures), .versions = RULE_V2, .check = check_supported},
    {DEVICE("FEAT-DEV-05", SHOULD_NOT, "2.2.2", "Feature Bits",
            "A set that was accepted once is accepted again."),
     .on = ON(REFUSE), .refusals = REFUSAL(FEATURES_VETO), .check = check_accepts_again},
    {DEVICE("RESET-DEV-01", MUST, "2.4.1", "Device Reset", "After a reset Status reads 0."),
     ON_READ(Status), .tells = true, .check = check_status_after_reset},
    {DEVICE("RESET-DEV-02", MUST_NOT, "2.4.1", "Device Reset",
            "After a reset the device touches nothing and notifies nobody."),
     BY_DEVICE(ON(TAKE) | ON(STORE) | ON(INTERRUPT), RINGS | AT(NONE)),
     .check = check_quiet_after_reset},
    {DEVICE("VQR-DEV-01", MUST_NOT, "2.6.1.1.1", "Virtqueue Reset",
            "A queue that was reset is left alone."),
     BY_DEVICE(ON(TAKE) | ON(STORE), RINGS | AT(NONE)), .versions = RULE_V2, .check = check_live},
    {DEVICE("XCONF-DEV-01", MUST, "3.2", "Device Operation",
            "The driver is notified of each change of the configuration."),
     ON_READ(InterruptStatus), .tells = true, .check = check_config_told},
    {DEVICE("MMIO-DEV-01", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "MagicValue reads 0x74726976."),
     ON_READ(MagicValue), .check = check_magic},
    {DEVICE("MMIO-DEV-02", MUST, "4.2.2.1", "MMIO Device Register Layout", "Version reads 2."),
     ON_READ(Version), .versions = RULE_V2, .check = check_version},
    {DEVICE("MMIO-DEV-03", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "A bit of InterruptStatus stays set until it is acknowledged."),
     ON_READ(InterruptStatus), .check = check_interrupt_held},
    {DEVICE("MMIO-DEV-04", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "A bit of InterruptStatus is clear until its event happens."),
     ON_READ(InterruptStatus), .check = check_interrupt_true},
    {DEVICE("MMIO-DEV-05", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "A reset clears InterruptStatus and all QueueReady."),
     ON_READ(QueueReady), .tells = true, .check = check_ready},
    {DEVICE("MMIO-DEV-06", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "ConfigGeneration changes whenever the configuration does."),
     ON_READ(ConfigGeneration), .check = check_generation},
    {DEVICE("MMIO-DEV-07", MUST_NOT, "4.2.2.1", "MMIO Device Register Layout",
            "The rings of a queue that is not ready are left alone."),
     BY_DEVICE(ON(TAKE) | ON(STORE), RINGS | AT(NONE)), .check = check_live},
    {DEVICE("MMIO-DEV-08", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "QueueReset reads 0 after a reset of the device."),
     ON_READ(QueueReset), .tells = true, .check = check_queue_reset},
    {DEVICE("MMIO-DEV-09", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "QueueReset reads 0 when the queue was made ready."),
     ON_READ(QueueReset), .tells = true, .check = check_queue_reset},
    {DEVICE("MMIO-DEV-10", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "Writing 1 to QueueReset resets the queue."),
     ON_READ(QueueReset), .tells = true, .check = check_queue_reset_done},
    {DEVICE("MMIO-DEV-12", MUST, "4.2.2.1", "MMIO Device Register Layout",
            "QueueReady reads 0 when a queue's reset is over."),
     ON_READ(QueueReady), .tells = true, .check = check_ready},
    {DEVICE("XMMIO-DEV-01", MUST, "4.2.2", "MMIO Device Register Layout",
            "QueueReady reads what was written last."),
     ON_READ(QueueReady), .tells = true, .check = check_ready},
    {DEVICE("LMMIO-DEV-D1", MUST, "4.2.4", "Legacy interface", "Version reads 1."),
     ON_READ(Version), .versions = RULE_V1, .check = check_version},
    {DEVICE("LMMIO-DEV-D2", MUST, "4.2.4", "Legacy interface",
            "QueuePFN reads the page number in use."),
     ON_READ(QueuePFN), .versions = RULE_V1, .tells = true, .check = check_pfn},
    {DEVICE("LMMIO-DEV-D3", MUST, "4.2.4", "Legacy interface",
            "A reset sets all QueuePFN to 0."),
     ON_READ(QueuePFN), .versions = RULE_V1, .tells = true, .check = check_pfn},
    {DEVICE("RSVD-DEV-01", MUST, "6.2", "Reserved Feature Bits", "VERSION_1 is offered."),
     ON_READ(DeviceFeatures), .versions = RULE_V2, .check = check_version_1},
    {DEVICE("LRSVD-DEV-02", MUST, "6.3", "Legacy Interface: Reserved Feature Bits",
            "A legacy device offers ANY_LAYOUT."),
     ON_READ(DeviceFeatures), .versions = RULE_V1, .check = check_any_layout},
};
/* clang-format on */

static const struct rule_unchecked unchecked[] = {
    {"LFEAT-DEV-01", "2.2.3", "A device knows a legacy driver by VERSION_1 not being accepted.",
     "a virtio-mmio device is of one version and does not change it."},
    {"LFEAT-DEV-02", "2.2.3", "In the legacy interface all sections on it bind the device.",
     "it is the sum of the legacy rules for devices."},
    {"CONF-DEV-01", "2.5.2", "Configuration can be read before FEATURES_OK.",
     "a read has no other outcome than a value here."},
    {"LSPLIT-DEV-02", "2.7.3", "Rings of a legacy device have the guest's byte order.",
     "drivers run on a little-endian host, where both orders are the same."},
    {"SPLIT-DEV-01", "2.7.4.1", "How a message is cut into descriptors makes no difference.",
     "it takes two runs to see it; tests of the device compare them."},
    {"SPLIT-DEV-05", "2.7.5.3.2", "WRITE is disregarded on a descriptor with INDIRECT.",
     "it takes two runs to see it; tests of the device compare them."},
    {"SPLIT-DEV-06", "2.7.5.3.2", "An indirect table may end a chain of plain descriptors.",
     "it takes two runs to see it; tests of the device compare them."},
    {"SPLIT-DEV-07", "2.7.7.2", "Without EVENT_IDX used_event is disregarded.",
     "it is contained in SPLIT-DEV-08 and SPLIT-DEV-09."},
    {"SPLIT-DEV-10", "2.7.7.2", "With EVENT_IDX avail.flags is disregarded.",
     "it is contained in SPLIT-DEV-11 and SPLIT-DEV-12."},
    {"SPLIT-DEV-17", "2.7.10.2", "A notification without a new buffer does no harm.",
     "a device that is harmed breaks another rule."},
    {"SHM-DEV-01", "2.10.2", "Shared memory is not used to control the device.",
     "what a region is for cannot be seen."},
    {"LINIT-DEV-01", "3.1.2", "A legacy device takes writes to its configuration at any time.",
     "a write has no outcome that can be seen here."},
    {"LINIT-DEV-02", "3.1.2", "A legacy device can be used before DRIVER_OK.",
     "a device that does not is found by the driver's wait, RS-STUCK."},
    {"MMIO-DEV-11", "4.2.2.1", "QueueReset reads 1 as long as the reset lasts.",
     "when a reset is over, only the device knows."},
    {"XMMIO-DEV-02", "4.2.3.4", "The line is asserted as long as a bit of InterruptStatus is set.",
     "the line is no event; the world delivers interrupts by InterruptStatus."},
    {"XMMIO-DEV-03", "4.2.2", "Control registers are little-endian.",
     "drivers run on a little-endian host, where both orders are the same."},
    {"XGPU-DEV-03", "5.7.6.10", "MOVE_CURSOR looks at the position only.",
     "the cursor is not simulated."},
    {"XGPU-DEV-04", "5.7.4.1", "Writing 1 to a bit of events_clear clears it in events_read.",
     "tests of the device hold it; a run rarely reads the field again."},
    {"RSVD-DEV-02", "6.2", "ACCESS_PLATFORM is offered where the platform translates addresses.",
     "the simulated machines have no IOMMU."},
    {"RSVD-DEV-04", "6.2", "Add-in cards offer ACCESS_PLATFORM and ORDER_PLATFORM.",
     "it concerns PCI."},
    {"RSVD-DEV-05", "6.2", "Devices with SR-IOV offer SR_IOV.", "it concerns PCI."},
    {"RSVD-DEV-06", "6.2", "Other devices do not offer SR_IOV.", "it is contained in FEAT-DEV-04."},
    {"LRSVD-DEV-01", "6.3", "With NOTIFY_ON_EMPTY the driver is notified of an empty ring.",
     "tests of the device hold it."},
};

const struct rule_list rules_device = RULE_LIST_WITH(rules, unchecked);
