/*
 * Rules about answers: which request they belong to, where the driver looks for them, who asked for
 * an interrupt, and what an invalidate drops. For each one, a driver that breaks it and one that
 * passes close by.
 */
#include "judge_rig.h"
#include "model_cache.h"
#include "rules_rig.h"

/* clang-format off */
#define FULL         "world return 0 QUEUE_FULL\n"
#define CLEAN        "driver cache clean " PAGE_COMMAND " 24\n"
#define INVALIDATE   "driver cache invalidate " PAGE_COMMAND " 24\n"
#define SECOND       S("q0.desc[2].addr 0x40003000") S("q0.desc[2].len 24") \
    S("q0.desc[2].flags 1") S("q0.desc[2].next 3") S("q0.desc[3].addr 0x40004800") \
    S("q0.desc[3].len 408") S("q0.desc[3].flags 2") S("q0.desc[3].next 0") \
    S("q0.avail.ring[1] 2") S("q0.avail.idx 2")
#define ELEMENT      "driver load q0.used.ring[0].id 0\n"
#define LOOK         "driver load q0.used.idx 0\n"
#define EVENTS       PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0") \
    W("DriverFeatures 0x20000000") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE SELECT \
    ADDRESSES READY GO
#define ASLEEP       "world stuck\n"
#define HANDLE       R("InterruptStatus") LOOK ELEMENT

static const struct rule_case cases[] = {
    /* ---- descriptors ---- */
    {"a link is cleared, then followed", V2, CALL UP_2 REQUEST S("q0.desc[0].flags 0")
     "driver load q0.desc[0].flags 0\n" FULL, "RS-DESC-LEAK", "load q0.desc[0].flags"},
    {"a link is followed, then cleared", V2, CALL UP_2 REQUEST "driver load q0.desc[0].flags 0\n"
     S("q0.desc[0].flags 0") FULL, "RS-DESC-LEAK", "store q0.desc[0].flags"},
    {"the end of a chain is cleared", V2, CALL UP_2 REQUEST S("q0.desc[1].flags 0")
     "driver load q0.desc[1].flags 0\n" LOOK FULL, "RS-DESC-LEAK", "load q0.used.idx"},

    /* ---- interrupts ---- */
    {"used_event stays behind", EVENT_IDX, CALL EVENTS S("q0.avail.used_event 0xffff") COMMAND
     DESC_0 DESC_1 PUBLISH NOTIFY ASLEEP, "XSPLIT-DRV-16", ""},
    {"used_event is moved", EVENT_IDX, CALL EVENTS S("q0.avail.used_event 0") COMMAND DESC_0 DESC_1
     PUBLISH NOTIFY ASLEEP, "RS-STUCK", ""},
    {"interrupts are off", V2, CALL UP_2 S("q0.avail.flags 1") COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
     ASLEEP, "XSPLIT-DRV-16", ""},
    {"acknowledged unseen", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY HANDLE SECOND NOTIFY
     W("InterruptACK 1") ASLEEP, "XMMIO-DRV-07", "write InterruptACK 1"},
    {"acknowledged, then looked at", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY HANDLE
     SECOND NOTIFY W("InterruptACK 1") LOOK ELEMENT RETURN_OK, "", ""},

    /* ---- caches ---- */
    {"a request is invalidated", V2, CALL UP_2 CLEAN COMMAND INVALIDATE DESC_0 DESC_1 PUBLISH
     NOTIFY RETURN_OK, "RS-CACHE-LOST", "cache invalidate"},
    {"a request is cleaned", V2, CALL UP_2 CLEAN COMMAND CLEAN DESC_0 DESC_1 PUBLISH NOTIFY
     TAKE_BACK RETURN_OK, "", ""},
    {"a request is cleaned, then invalidated", V2, CALL UP_2 CLEAN COMMAND CLEAN INVALIDATE DESC_0
     DESC_1 PUBLISH NOTIFY TAKE_BACK RETURN_OK, "", ""},
    {"a request is written anew", V2, CALL UP_2 CLEAN COMMAND INVALIDATE COMMAND DESC_0 DESC_1
     PUBLISH NOTIFY TAKE_BACK RETURN_OK, "", ""},
    {"a variable shares a line with what the device writes", V2, CALL UP_2 CLEAN COMMAND CLEAN
     DESC_0 DESC_1 PUBLISH S("0x40004198/4 7") NOTIFY "driver cache invalidate 0x40004000 408\n"
     "driver load 0x40004198/4 7\n" TAKE_BACK RETURN_OK, "RS-CACHE-LOST", "cache invalidate"},
    {"what the device wrote is read", V2, CALL UP_2 CLEAN S("0x40004000/4 0") COMMAND CLEAN DESC_0
     DESC_1 PUBLISH NOTIFY "driver cache invalidate 0x40004000 408\n"
     "driver load 0x40004000/4 0\n" TAKE_BACK RETURN_OK, "", ""},
};
/* clang-format on */

TEST_RULE_CASES(cases)

/* ---- notes ---- */

/* Barriers: nothing goes wrong here, so that they are notes. */
static const struct {
    const char *script, *ids;
} notes[] = {
    {CALL UP_2 COMMAND DESC_0 DESC_1 "driver barrier store\n" S("q0.avail.ring[0] 0")
         S("q0.avail.idx 1") NOTIFY "driver barrier full\n" TAKE_BACK RETURN_OK,
     "SPLIT-DRV-24 XSPLIT-DRV-14 XSPLIT-DRV-15 RS-NO-SCANOUT"},
    {CALL UP_2 COMMAND DESC_0 DESC_1 S("q0.avail.ring[0] 0") "driver barrier store\n" S(
         "q0.avail.idx 1") "driver barrier store\n" NOTIFY LOOK
                           "driver barrier load\n" ELEMENT RETURN_OK,
     "RS-NO-SCANOUT"},
    {CALL UP_2 COMMAND DESC_0 DESC_1 S("q0.avail.ring[0] 0") "driver barrier store\n" S(
         "q0.avail.idx 1") "driver barrier store\n" NOTIFY LOOK ELEMENT RETURN_OK,
     "XSPLIT-DRV-15 RS-NO-SCANOUT"},
};

START_TEST(barriers_on_the_wrong_side_are_noted)
{
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        rig_open(&machines[V2]);
        rig_play(notes[i].script);
        judge_end(&rig.judge);
        ck_assert_str_eq(rig_ids(FINDING_NOTE), notes[i].ids);
        rig_close();
    }
}
END_TEST

/* ---- faults of the device ---- */

START_TEST(a_later_request_that_is_taken_for_the_first_is_told)
{
    static const struct sim_fault overtaken = {.kind = SIM_FAULT_COMPLETION_OVERTAKEN,
                                               .argument = 1000000,
                                               .request = 1};
    static const char *const response[] = {"driver load " PAGE_RESPONSE "/4 0\n",
                                           "driver load 0x40004800/4 0\n"};
    struct rig_config config = machines[V2];

    config.fault = &overtaken;
    for (unsigned i = 0; i < 2; i++) {
        rig_open(&config);
        rig_play(CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH SECOND NOTIFY LOOK ELEMENT);
        rig_play(response[i]);
        rig_play(RETURN_OK);
        ck_assert_str_eq(rig_ids(FINDING_WARNING), i == 0 ? "RS-WRONG-COMPLETION" : "");
        rig_close();
    }
}
END_TEST

/* Who looks at all its responses in turn looks at one too early now and then, and goes by none. */
START_TEST(a_look_that_is_not_gone_by_is_no_fault)
{
    static const struct sim_fault overtaken = {.kind = SIM_FAULT_COMPLETION_OVERTAKEN,
                                               .argument = 20,
                                               .request = 1};
    struct rig_config config = machines[V2];

    config.fault = &overtaken;
    rig_open(&config);
    rig_play(CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH SECOND NOTIFY LOOK ELEMENT
             "driver load " PAGE_RESPONSE "/4 0\n");
    ck_assert_uint_eq(rig.judge.model.call.early.step, rig.step);
    for (unsigned i = 0; i < 20; i++)
        rig_play(LOOK);
    ck_assert_uint_eq(rig.judge.model.queue[0].in_flight, 0);
    rig_play(RETURN_OK);
    ck_assert_str_eq(rig_ids(FINDING_WARNING), "");
    rig_close();
}
END_TEST

START_TEST(a_descriptor_that_was_overtaken_is_not_free)
{
    static const struct sim_fault overtaken = {.kind = SIM_FAULT_COMPLETION_OVERTAKEN,
                                               .argument = 1000000,
                                               .request = 1};
    struct rig_config config = machines[V2];

    config.fault = &overtaken;
    rig_open(&config);
    rig_play(CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH SECOND NOTIFY LOOK ELEMENT DESC_0);
    ck_assert_str_eq(rig_ids(FINDING_WARNING), "XSPLIT-DRV-05");
    ck_assert_str_eq(rig.findings.item[0].at.label,
                     "it belongs to head 0; what came back was head 2, made available later");
    rig_close();
}
END_TEST

START_TEST(an_id_that_is_believed_is_told)
{
    static const struct sim_fault id = {.kind = SIM_FAULT_USED_ID, .argument = 40, .request = 1};
    struct rig_config config = machines[V2];

    config.fault = &id;
    for (unsigned i = 0; i < 2; i++) {
        rig_open(&config);
        rig_play(CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY LOOK ELEMENT);
        rig_play(i == 0 ? RETURN_OK : "world return 0 BAD_COMPLETION\n");
        ck_assert_str_eq(rig_ids(FINDING_WARNING), i == 0 ? "RS-USED-ID-UNCHECKED" : "");
        rig_close();
    }
}
END_TEST

/* ---- the cache itself ---- */

static struct event touch(enum event_kind kind, uint64_t addr, uint32_t bytes, uint64_t value)
{
    return (struct event){
        .step = 1, .kind = (uint8_t)kind, .addr = addr, .width_bytes = bytes, .value = value};
}

START_TEST(a_line_is_lost_as_a_whole_and_byte_by_byte)
{
    static struct model_cache cache;
    struct event clean = touch(EVENT_CACHE, 0x1000, 64, EVENT_CACHE_CLEAN);
    struct event drop = touch(EVENT_CACHE, 0x1000, 1, EVENT_CACHE_INVALIDATE);
    struct event store = touch(EVENT_STORE, 0x103e, 4, 0); /* two bytes of each of two lines */
    struct event device = touch(EVENT_STORE, 0x103e, 1, 0);
    struct event all;

    memset(&cache, 0, sizeof cache);
    model_cache_stored(&cache, &store);
    model_cache_kept(&cache, &drop);
    ck_assert_ptr_null(model_cache_lost(&cache, 0x1000, 128)); /* nobody maintained it before */
    model_cache_stored(&cache, &store);
    model_cache_kept(&cache, &drop);
    ck_assert_ptr_nonnull(model_cache_lost(&cache, 0x103e, 2));
    ck_assert_ptr_null(model_cache_lost(&cache, 0x1000, 0x3e)); /* never stored */
    ck_assert_ptr_null(model_cache_lost(&cache, 0x1040, 64));   /* another line: dirty still */
    model_cache_device_stored(&cache, &device);
    ck_assert_ptr_null(model_cache_lost(&cache, 0x103e, 1));
    ck_assert_ptr_nonnull(model_cache_lost(&cache, 0x103f, 1));
    model_cache_stored(&cache, &store);
    ck_assert_ptr_null(model_cache_lost(&cache, 0x1000, 64));
    model_cache_kept(&cache, &clean);
    model_cache_kept(&cache, &drop);
    ck_assert_ptr_null(model_cache_lost(&cache, 0x1000, 64));
    all = touch(EVENT_CACHE, 0, UINT32_MAX, EVENT_CACHE_INVALIDATE);
    model_cache_kept(&cache, &all);
    ck_assert_ptr_null(model_cache_lost(&cache, 0x1040, 1)); /* more lines than are kept */
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {barriers_on_the_wrong_side_are_noted,
                                  a_later_request_that_is_taken_for_the_first_is_told,
                                  a_look_that_is_not_gone_by_is_no_fault,
                                  a_descriptor_that_was_overtaken_is_not_free,
                                  an_id_that_is_believed_is_told,
                                  a_line_is_lost_as_a_whole_and_byte_by_byte,
                                  NULL};

    return rules_main("rules about answers", rule_cases, sizeof cases / sizeof cases[0], tests);
}
