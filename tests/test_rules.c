/*
 * Rules about status, features and registers: for each one, a driver that breaks it and one that
 * passes close by.
 */
#include "judge_rig.h"
#include "rules_rig.h"
#include "explain.h"

/* clang-format off */
static const struct rule_case cases[] = {
    /* ---- whole bring-ups that are as they should be ---- */
    {"version 2", V2, CALL UP_2 REQUEST RETURN_OK, "", ""},
    {"version 1", V1, CALL UP_1 REQUEST RETURN_OK, "", ""},
    {"a second bring-up", V2, CALL UP_2 REQUEST RETURN_OK CALL RESET ZERO WELCOME OFFER ACCEPT AGREE
     SELECT ADDRESSES READY GO RETURN_OK, "", ""},
    {"a clean shutdown", V2, CALL UP_2 REQUEST RESET RETURN_OK, "", ""},

    /* ---- 2.1 ---- */
    {"all steps in one write", V2, PROBE RESET W("Status 15"),
     "STATUS-DRV-01 INIT-DRV-01d", "write Status 0xf"},
    {"FEATURES_OK with DRIVER_OK", V2, PROBE RESET WELCOME OFFER ACCEPT W("Status 15"),
     "STATUS-DRV-01", "write Status 0xf"},
    {"ACKNOWLEDGE with DRIVER", V2, PROBE RESET W("Status 3"), "", ""},
    {"a bit is lost", V2, BEGIN_2 SELECT ADDRESSES READY W("Status 4"), "STATUS-DRV-02",
     "write Status 4"},
    {"a bit is written again", V2, PROBE RESET W("Status 1") W("Status 1") W("Status 3"), "", ""},
    {"on after FAILED", V2, PROBE RESET WELCOME W("Status 0x83") W("Status 1"), "STATUS-DRV-03",
     "write Status 1"},
    {"reset after FAILED", V2, PROBE RESET WELCOME W("Status 0x83") RESET WELCOME, "", ""},

    /* ---- 2.2 ---- */
    {"a feature that is not offered", V2, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 2") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE, "FEAT-DRV-01",
     "write DriverFeatures 2"},
    {"a feature that is offered", EDID, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 2") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE, "", ""},
    {"CONTEXT_INIT alone", CONTEXT, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0x10") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE,
     "FEAT-DRV-02", "write DriverFeatures 0x10"},
    {"CONTEXT_INIT with VIRGL", CONTEXT, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0x11") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE, "", ""},
    {"SR_IOV on mmio", JUNK, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0") W("DriverFeaturesSel 1") W("DriverFeatures 0x21") AGREE,
     "RSVD-DRV-08", "write DriverFeatures 0x21"},
    {"SR_IOV is offered only", JUNK, BEGIN_2, "", ""},
    {"a legacy bit, version 2", LAYOUT_2, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0x8000000") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE,
     "FEAT-DRV-05", "write DriverFeatures 0x8000000"},
    {"a legacy bit, version 1", LAYOUT_1, PROBE RESET WELCOME W("DeviceFeaturesSel 0")
     R("DeviceFeatures") W("DriverFeaturesSel 0") W("DriverFeatures 0x8000000") GO_1, "", ""},
    {"gives up silently", V2, CALL PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 2") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE
     "world return 0 BAD_DEVICE\n", "FEAT-DRV-01 FEAT-DRV-07", "write DriverFeatures 2"},
    {"gives up with FAILED", V2, CALL PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 2") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE W("Status 0x83")
     "world return 0 BAD_DEVICE\n", "FEAT-DRV-01", "write DriverFeatures 2"},

    /* ---- 3.1 ---- */
    {"no reset", V2, PROBE W("Status 1"), "INIT-DRV-01a", "write Status 1"},
    {"no ACKNOWLEDGE", V2, PROBE RESET W("Status 2"), "INIT-DRV-01b", "write Status 2"},
    {"features before DRIVER", V2, PROBE RESET W("Status 1") OFFER ACCEPT, "INIT-DRV-01c",
     "write DriverFeatures 0"},
    {"features are not written", V2, PROBE RESET WELCOME OFFER AGREE, "INIT-DRV-01d",
     "write Status 0xb"},
    {"features are not read", V2, PROBE RESET WELCOME ACCEPT AGREE, "INIT-DRV-01d",
     "write Status 0xb"},
    {"no FEATURES_OK", V2, PROBE RESET WELCOME OFFER ACCEPT W("Status 7"), "INIT-DRV-01e",
     "write Status 7"},
    {"no FEATURES_OK, and a queue", V2, PROBE RESET WELCOME OFFER ACCEPT SELECT ADDRESSES READY
     W("Status 7"), "INIT-DRV-01e", "write Status 7"},
    {"no FEATURES_OK, a reset, and all is well", V2, PROBE RESET WELCOME OFFER ACCEPT SELECT
     ADDRESSES READY RESET ZERO WELCOME OFFER ACCEPT AGREE SELECT ADDRESSES READY GO,
     "INIT-DRV-01g", "write QueueReady 1"},
    {"all steps in one write at the end", V2, PROBE RESET OFFER ACCEPT SELECT ADDRESSES READY
     W("Status 15"), "STATUS-DRV-01", "write Status 0xf"},
    {"version 1 needs none", V1, BEGIN_1 GO_1, "", ""},
    {"FEATURES_OK not read back", V2, PROBE RESET WELCOME OFFER ACCEPT W("Status 11") SELECT
     ADDRESSES READY GO, "INIT-DRV-01f", "write Status 0xf"},
    {"goes on after a veto", V2, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 2") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE W("Status 15"),
     "FEAT-DRV-01 INIT-DRV-01f", "write DriverFeatures 2"},
    {"queue before FEATURES_OK", V2, PROBE RESET WELCOME OFFER ACCEPT SELECT ADDRESSES READY,
     "INIT-DRV-01g", "write QueueReady 1"},
    {"queue after DRIVER_OK", V2, BEGIN_2 SELECT ADDRESSES GO READY, "INIT-DRV-01g",
     "write QueueReady 1"},
    {"no DRIVER_OK", V2, CALL BEGIN_2 SELECT ADDRESSES READY RETURN_OK, "INIT-DRV-01h",
     "write Status 0xb"},
    {"no DRIVER_OK after an error", V2, CALL BEGIN_2 SELECT ADDRESSES READY
     "world return 0 NO_MEMORY\n", "", ""},
    {"config is written early", V2, PROBE RESET WELCOME W("config+0x4 1"), "INIT-DRV-02",
     "write config+0x4 1"},
    {"config is written late", V2, UP_2 W("config+0x4 1"), "", ""},
    {"config is written early, version 1", V1, PROBE RESET WELCOME W("config+0x4 1"), "", ""},
    {"features after FEATURES_OK", V2, BEGIN_2 W("DriverFeatures 1"), "INIT-DRV-03",
     "write DriverFeatures 1"},
    {"notified before DRIVER_OK", V2, BEGIN_2 SELECT ADDRESSES READY NOTIFY, "INIT-DRV-06",
     "write QueueNotify 0"},
    {"notified before DRIVER_OK, version 1", V1, BEGIN_1 W("GuestPageSize 4096") SELECT_1
     W("QueueAlign 4") PFN NOTIFY, "", ""},
    {"notified after a reset", V2, UP_2 REQUEST RESET NOTIFY, "INIT-DRV-06", "write QueueNotify 0"},

    /* ---- 6 ---- */
    {"VERSION_1 is not accepted", V2, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0x20") AGREE, "FEAT-DRV-01 RSVD-DRV-01", "write DriverFeatures 0x20"},
    {"word 1 is 0", V2, PROBE RESET WELCOME OFFER ACCEPT_1 W("DriverFeaturesSel 1")
     W("DriverFeatures 0") AGREE, "RSVD-DRV-01", "write DriverFeatures 0"},

    /* ---- 4.2.2: which registers, which way, how wide ---- */
    {"legacy register", V2, BEGIN_2 W("GuestPageSize 4096"), "MMIO-DRV-01",
     "write GuestPageSize 0x1000 !wrong-version"},
    {"the PFN is the place", V2, BEGIN_2 W("GuestPageSize 4096") W("QueueAlign 4") PFN NOTIFY,
     "MMIO-DRV-01 INIT-DRV-06", "write QueuePFN"},
    {"an offset without register", V2, PROBE R("register+0x48"), "MMIO-DRV-01",
     "read register+0x48"},
    {"behind the config space", V2, PROBE R("config+0x10"), "MMIO-DRV-01", "read config+0x10"},
    {"the last config field", V2, PROBE R("config+0xc"), "", ""},
    {"a read-only register", V2, W("Version 2"), "MMIO-DRV-02", "write Version 2"},
    {"a write-only register", V2, R("QueueNotify"), "MMIO-DRV-03", "read QueueNotify"},
    {"one byte of a register", V2, PROBE W("Status/1 0"), "MMIO-DRV-04", "write Status/1 0"},
    {"across two registers", V2, R("Version+0x2"), "MMIO-DRV-04", "read Version+0x2"},
    {"a byte of config", V2, PROBE R("config+0x8/1"), "MMIO-DRV-05c", "read config+0x8/1"},
    {"a byte of config, version 1", V1, PROBE R("config+0x8/1"), "", ""},
    {"selector not written", V2, PROBE RESET WELCOME R("DeviceFeatures"), "MMIO-DRV-10",
     "read DeviceFeatures"},
    {"selector not written since the reset", V2, PROBE RESET WELCOME OFFER RESET
     R("DeviceFeatures"), "MMIO-DRV-10", "read DeviceFeatures"},
    {"driver's selector not written", V2, PROBE RESET WELCOME OFFER W("DriverFeatures 0"),
     "MMIO-DRV-11", "write DriverFeatures 0"},
    {"undefined bit in the ACK", V2, UP_2 W("InterruptACK 4"), "MMIO-DRV-18",
     "write InterruptACK 4"},
    {"both bits in the ACK", V2, UP_2 W("InterruptACK 3"), "", ""},

    /* ---- is there a device ---- */
    {"a wrong magic value", V2, "driver read slot3.MagicValue 0\ndriver write slot3.Status 0\n",
     "MMIO-DRV-06", "write slot3.Status 0"},
    {"a version of the future", V2, "driver read slot3.MagicValue 0x74726976\n"
     "driver read slot3.Version 3\ndriver write slot3.Status 0\n", "MMIO-DRV-07",
     "write slot3.Status 0"},
    {"an empty slot is set up", V2, "driver read slot3.DeviceID 0\ndriver write slot3.Status 0\n",
     "MMIO-DRV-22", "write slot3.Status 0"},
    {"an empty slot is used", V2, "driver read slot3.DeviceID 0\ndriver write slot3.QueueSel 0\n",
     "MMIO-DRV-08", "write slot3.QueueSel 0"},
    {"an empty slot is looked at", V2, "driver read slot3.DeviceID 0\n"
     "driver read slot3.Status 0\n", "MMIO-DRV-23", "read slot3.Status 0"},
    {"an empty slot is left alone", V2, "driver read slot3.MagicValue 0x74726976\n"
     "driver read slot3.Version 2\ndriver read slot3.DeviceID 0\n"
     "driver read slot3.MagicValue 0x74726976\n", "", ""},
    {"magic is not read", V2, R("Version") R("DeviceID") RESET, "MMIO-DRV-20", "write Status 0"},
    {"id is not read", V2, R("MagicValue") R("Version") RESET, "MMIO-DRV-21", "write Status 0"},

    /* ---- interrupts ---- */
    {"an interrupt that nobody looks at", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
     "driver wait interrupt\n" TAKE_BACK RETURN_OK, "MMIO-DRV-26", "wait interrupt"},
    {"an interrupt that is not acknowledged", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
     "driver wait interrupt\n" R("InterruptStatus") TAKE_BACK RETURN_OK, "MMIO-DRV-28",
     "read InterruptStatus 1"},
    {"an interrupt that is handled", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
     "driver wait interrupt\n" R("InterruptStatus") W("InterruptACK 1") TAKE_BACK RETURN_OK, "",
     ""},
    {"an interrupt between the read and the acknowledgement", V2, CALL UP_2 COMMAND DESC_0 DESC_1
     PUBLISH NOTIFY R("InterruptStatus") "device interrupt used\n" W("InterruptACK 1")
     "driver wait interrupt\n" TAKE_BACK RETURN_OK, "", ""},
    {"an interrupt after the acknowledgement", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
     R("InterruptStatus") W("InterruptACK 1") "device interrupt used\ndriver wait interrupt\n"
     TAKE_BACK RETURN_OK, "", ""},
    {"only the first of two interrupts is looked at", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH
     NOTIFY R("InterruptStatus") W("InterruptACK 1") "driver wait interrupt\n" TAKE_BACK
     RETURN_OK CALL S("q0.avail.ring[1] 0") S("q0.avail.idx 2") NOTIFY "driver wait interrupt\n"
     TAKE_BACK RETURN_OK, "MMIO-DRV-26", "wait interrupt"},
    {"an interrupt that is acknowledged blindly", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH
     NOTIFY W("InterruptACK 1") "driver wait interrupt\n" TAKE_BACK RETURN_OK, "MMIO-DRV-26",
     "wait interrupt"},
};
/* clang-format on */

TEST_RULE_CASES(cases)

START_TEST(every_rule_is_declared_whole_and_once)
{
    size_t count = 0;
    const struct rule *rules = rule_table(&count);

    ck_assert_uint_gt(count, 80);
    for (size_t i = 0; i < count; i++) {
        ck_assert(rules[i].check != NULL);
        ck_assert_uint_ne(rules[i].on, 0);
        ck_assert_uint_gt(strlen(rules[i].text), 10);
        ck_assert_ptr_eq(rule_by_id(rules[i].id), &rules[i]);
        ck_assert_msg(explain_why(rules[i].id) != NULL, "%s: see explain_why.c", rules[i].id);
        ck_assert_msg((strncmp(rules[i].id, "RS-", 3) == 0) == (rules[i].section[0] == '\0'), "%s",
                      rules[i].id);
    }
    ck_assert_ptr_null(rule_by_id("MMIO-DRV-99"));
}
END_TEST

START_TEST(rules_stand_in_the_order_of_the_specification)
{
    static const char *const order[] = {"STATUS-DRV-01", "FEAT-DRV-01",  "SPLIT-DRV-01",
                                        "SPLIT-DRV-11",  "INIT-DRV-01a", "MMIO-DRV-01",
                                        "LMMIO-DRV-D10", "XGPU-DRV-01",  "RSVD-DRV-01",
                                        "RS-STUCK"};
    for (size_t i = 1; i < sizeof order / sizeof order[0]; i++)
        ck_assert_msg(rule_by_id(order[i - 1]) < rule_by_id(order[i]), "%s", order[i]);
}
END_TEST

START_TEST(the_same_cause_is_told_once)
{
    rig_open(&machines[V2]);
    rig_play(PROBE W("Version 1") W("Version 1") W("MagicValue 1"));
    ck_assert_uint_eq(rig.findings.count, 1);
    ck_assert_uint_eq(rig.findings.item[0].times, 3);
    ck_assert_uint_eq(rig.findings.item[0].also_count, 2);
    ck_assert_ptr_null(rig.findings.item[0].at.event.bytes);
    rig_close();
}
END_TEST

/* The seed's row A: every version-2 register, one finding, at QueueReady, with the reason. */
START_TEST(version_2_registers_on_version_1_are_one_finding_at_queue_ready)
{
    const struct finding *finding = &rig.findings.item[0];

    rig_open(&machines[V1]);
    rig_play(CALL PROBE RESET WELCOME OFFER ACCEPT_1 W("Status 11") R("Status") W("QueueSel 0")
                 R("QueueSizeMax") W("QueueSize 16") ADDRESSES READY GO RETURN_OK CALL NOTIFY
             "driver load " PAGE_USED "/2 0\nworld stuck\n" RETURN_LATE);
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "LMMIO-DRV-D10");
    ck_assert_ptr_nonnull(strstr(rig_text(&finding->at.event), "write QueueReady 1"));
    ck_assert_ptr_nonnull(strstr(rig_text(&finding->cause.event), "read Version 1"));
    ck_assert_str_eq(finding->at.label,
                     "ignored by the device; queue 0 has no address (QueuePFN 0)");
    ck_assert_str_eq(finding->text,
                     "driver wrote `QueueReady`, which a version-1 device does not have");
    ck_assert_uint_eq(finding->times, 7);
    ck_assert_uint_eq(finding->also_count, 6);
    rig_close();
}
END_TEST

START_TEST(features_ok_on_version_1_is_only_a_note)
{
    rig_open(&machines[V1]);
    rig_play(PROBE RESET WELCOME OFFER ACCEPT_1 AGREE W("GuestPageSize 4096")
                 SELECT_1 W("QueueAlign 4") PFN GO);
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "LINIT-DRV-01");
    ck_assert_str_eq(rig_ids(FINDING_WARNING), "");
    rig_close();
}
END_TEST

int main(void)
{
    return rules_main(
        "rules", rule_cases, sizeof cases / sizeof cases[0],
        (const TTest *const[]){every_rule_is_declared_whole_and_once,
                               rules_stand_in_the_order_of_the_specification,
                               the_same_cause_is_told_once,
                               version_2_registers_on_version_1_are_one_finding_at_queue_ready,
                               features_ok_on_version_1_is_only_a_note, NULL});
}
