/*
 * Rules that bind devices: after a set-up with the real simulated device, the judge is told of
 * things that no device should do. The simulated device itself breaks none in any other test.
 */
#include "judge_rig.h"
#include "rules_rig.h"

struct device_case {
    const char *name;
    enum machine machine;
    const char *script; /* the driver's part, carried out */
    const char *told;   /* what the judge is told besides; nobody does it */
    const char *ids;    /* of the errors that this gives, in order */
};

/* clang-format off */
#define READ(text)   "driver read " text "\n"
#define DEV(text)    "device " text "\n"
#define IN_HAND      CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH
#define TAKEN        DEV("load q0.avail.idx 1") DEV("load q0.avail.ring[0] 0") \
    DEV("take q0 head 0 segments 2") DEV("execute GET_DISPLAY_INFO at 0x40003000 on q0")
#define ANSWERED     TAKEN DEV("respond OK_DISPLAY_INFO 408 on q0")
#define RETURNED     ANSWERED DEV("store q0.used.ring[0] 0x19800000000") DEV("store q0.used.idx 1")
#define UP_RESET     PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0") W("DriverFeatures 0") \
    W("DriverFeaturesSel 1") W("DriverFeatures 0x101") AGREE SELECT ADDRESSES READY GO

static const struct device_case cases[] = {
    {"all is well", V2, IN_HAND, RETURNED DEV("load q0.avail.flags 0") DEV("interrupt used")
     DEV("load q0.avail.idx 1") READ("InterruptStatus 1"), ""},
    {"works too early", V2, BEGIN_2 SELECT ADDRESSES READY, DEV("take q0 head 0 segments 2"),
     "STATUS-DEV-01"},
    {"hides that it is broken", V2, UP_2, DEV("needs-reset head-range on q0")
     DEV("interrupt config") READ("Status 15"), "STATUS-DEV-02"},
    {"is broken and says so", V2, UP_2, DEV("needs-reset head-range on q0")
     DEV("interrupt config") READ("Status 0x4f") READ("InterruptStatus 2"), ""},
    {"is broken and does not notify", V2, UP_2, DEV("needs-reset head-range on q0")
     READ("InterruptStatus 0"), "STATUS-DEV-03"},
    {"refuses what it offers", V2, PROBE RESET WELCOME OFFER ACCEPT W("Status 11"),
     DEV("refuse features-veto on q0"), "FEAT-DEV-02"},
    {"refuses what it had accepted", V2, PROBE RESET WELCOME OFFER ACCEPT AGREE RESET WELCOME
     OFFER ACCEPT W("Status 11"), DEV("refuse features-veto on q0"), "FEAT-DEV-02 FEAT-DEV-05"},
    {"refuses and shows FEATURES_OK", V2, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0") W("DriverFeaturesSel 1") W("DriverFeatures 0") W("Status 11"),
     READ("Status 11"), "RSVD-DRV-01 FEAT-DEV-03"},
    {"keeps its status", V2, UP_2 RESET, READ("Status 15"), "RESET-DEV-01"},
    {"writes after a reset", V2, UP_2 RESET, DEV("store q0.used.idx 1"),
     "RESET-DEV-02 SPLIT-DEV-13 MMIO-DEV-07"},
    {"works on a queue that was reset", RING_RESET, UP_RESET W("QueueReset 1"),
     DEV("take q0 head 0 segments 2"), "VQR-DEV-01"},
    {"goes on with a queue that was reset", RING_RESET, UP_RESET W("QueueReset 1") R("QueueReset")
     SELECT ADDRESSES READY, DEV("load q0.avail.ring[3] 0"), "VQR-DEV-02"},
    {"writes a descriptor", V2, IN_HAND, DEV("store q0.desc[0].flags 0"), "SPLIT-DEV-04"},
    {"writes the available ring", V2, IN_HAND, DEV("store q0.avail.idx 0"), "XSPLIT-DEV-02"},
    {"does not notify", V2, IN_HAND, RETURNED DEV("load q0.avail.flags 0")
     DEV("load q0.avail.idx 1"), "SPLIT-DEV-09"},
    {"notifies against a wish", V2, IN_HAND, RETURNED DEV("load q0.avail.flags 1")
     DEV("interrupt used"), "SPLIT-DEV-08"},
    {"returns what it does not hold", V2, IN_HAND, TAKEN
     DEV("respond OK_DISPLAY_INFO 408 on q0") DEV("store q0.used.ring[0] 0x19800000005"),
     "XSPLIT-DEV-01"},
    {"moves used.idx first", V2, IN_HAND, ANSWERED DEV("store q0.used.idx 1"), "SPLIT-DEV-13"},
    {"says that it wrote more", V2, IN_HAND, ANSWERED DEV("store q0.used.ring[0] 0x20000000000"),
     "SPLIT-DEV-14"},
    {"odd used.flags", V2, IN_HAND, DEV("store q0.used.flags 2"), "SPLIT-DEV-15"},
    {"changes in silence", V2, UP_2, DEV("config-change generation 1") READ("InterruptStatus 0"),
     "XCONF-DEV-01"},
    {"the wrong magic value", V2, "", READ("MagicValue 1"), "MMIO-DEV-01"},
    {"the wrong version", V2, "", READ("Version 1"), "MMIO-DEV-02"},
    {"the wrong version, legacy", V1, "", READ("Version 2"), "LMMIO-DEV-D1"},
    {"loses an event", V2, UP_2, DEV("interrupt used") READ("InterruptStatus 0"), "MMIO-DEV-03"},
    {"invents an event", V2, UP_2, READ("InterruptStatus 2"), "MMIO-DEV-04"},
    {"an event stays acknowledged", V2, UP_2, DEV("interrupt used") READ("InterruptStatus 1")
     "driver write InterruptACK 1\n" READ("InterruptStatus 1"), "MMIO-DEV-04"},
    {"a queue survives a reset", V2, UP_2 RESET W("QueueSel 0"), READ("QueueReady 1"),
     "MMIO-DEV-05"},
    {"the generation stands still", V2, UP_2, DEV("config-change generation 1")
     DEV("interrupt config") READ("ConfigGeneration 0"), "MMIO-DEV-06"},
    {"QueueReset without a reason", RING_RESET, UP_RESET, READ("QueueReset 1"), "MMIO-DEV-09"},
    {"QueueReset after a reset", RING_RESET, UP_RESET RESET W("QueueSel 0"), READ("QueueReset 1"),
     "MMIO-DEV-08"},
    {"a reset queue is ready", RING_RESET, UP_RESET W("QueueReset 1"), READ("QueueReady 1"),
     "MMIO-DEV-12"},
    {"QueueReady is forgotten", V2, UP_2, READ("QueueReady 0"), "XMMIO-DEV-01"},
    {"QueuePFN is forgotten", V1, UP_1, READ("QueuePFN 0"), "LMMIO-DEV-D2"},
    {"QueuePFN survives a reset", V1, UP_1 RESET W("QueueSel 0"), READ("QueuePFN 0x40000"),
     "LMMIO-DEV-D3"},
    {"no scanouts", V2, UP_2, READ("config+0x8 0"), "XGPU-DEV-01"},
    {"answers without acting", V2, IN_HAND, DEV("load q0.avail.ring[0] 0")
     DEV("take q0 head 0 segments 2") DEV("respond OK_DISPLAY_INFO 408 on q0")
     DEV("store q0.used.ring[0] 0x19800000000"), "XGPU-DEV-02 GPU-DEV-03"},
    {"another command's answer", V2, IN_HAND, TAKEN DEV("respond OK_EDID 408 on q0"),
     "XGPU-DEV-02"},
    {"VERSION_1 is missing", V2, PROBE RESET WELCOME W("DeviceFeaturesSel 1"),
     READ("DeviceFeatures 0"), "RSVD-DEV-01"},
};
/* clang-format on */

/* Told, not done: no device acts on it. */
static void tell(const char *script)
{
    while (*script != '\0') {
        char line[RIG_LINE_BYTES];
        size_t length = strcspn(script, "\n");
        const char *error = NULL;
        size_t column = 0;
        struct event event;
        ck_assert_uint_lt(length, sizeof line);
        memcpy(line, script, length);
        line[length] = '\0';
        if (!event_parse(line, &event, &error, &column))
            ck_abort_msg("%s\n%zu: %s", line, column, error);
        rig.pc++;
        if (event.party == EVENT_PARTY_DRIVER) {
            event.slot = 31;
            event.pc = rig.pc;
        }
        if (event.kind == EVENT_LOAD || event.kind == EVENT_STORE)
            rig_locate(&event);
        rig_emit(&rig, &event);
        script += length + (script[length] == '\n');
    }
}

START_TEST(a_device_that_breaks_a_rule_is_found)
{
    const struct device_case *row = &cases[_i];
    const char *ids;

    rig_open(&machines[row->machine]);
    rig_play(row->script);
    tell(row->told);
    ids = rig_ids(FINDING_ERROR);
    ck_assert_msg(strcmp(ids, row->ids) == 0, "%s: found [%s], expected [%s]", row->name, ids,
                  row->ids);
    rig_close();
}
END_TEST

/* What a scenario lets the device pretend is not its fault; the rest is. */
START_TEST(a_device_offers_only_what_it_has)
{
    static struct scenario scenario;

    for (int pretended = 0; pretended < 2; pretended++) {
        scenario.features_pretended = pretended ? VIRTIO_BIT(VIRTIO_F_SR_IOV) : 0;
        rig_open(&machines[JUNK]);
        rig.judge.scenario = &scenario;
        rig_play(PROBE RESET WELCOME OFFER);
        ck_assert_str_eq(rig_ids(FINDING_ERROR), pretended ? "" : "FEAT-DEV-04");
        rig_close();
    }
}
END_TEST

/* What a device was told to do wrong, and what QEMU does otherwise, is no finding. */
START_TEST(what_was_asked_for_is_only_counted)
{
    static uint32_t counts[RULES_MAX];
    size_t at = rule_index(rule_by_id("MMIO-DEV-04"));

    rig_open(&machines[QEMU_2]);
    judge_count_device(&rig.judge, counts);
    rig_play(UP_2);
    tell(READ("InterruptStatus 2"));
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "");
    ck_assert_uint_eq(counts[at], 1);
    rig_close();

    rig_open(&machines[V2]);
    judge_count_device(&rig.judge, counts);
    rig_play(UP_2);
    tell(DEV("fault interrupt-bits argument 2 on q0") READ("InterruptStatus 2"));
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "");
    ck_assert_uint_eq(counts[at], 1);
    rig_close();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_was_asked_for_is_only_counted,
                                  a_device_offers_only_what_it_has, NULL};

    return rules_main("device rules", a_device_that_breaks_a_rule_is_found,
                      sizeof cases / sizeof cases[0], tests);
}
