/*
 * The ladder names the first rung that a request missed, with values, for each rung that can be
 * missed.
 */
#include "judge_rig.h"
#include "virtio/config.h"

/* A descriptor chain that cannot be followed, a command that is not understood: the device stops
 * there. */
#define BROKEN_CHAIN DESC_0 S("q0.desc[0].next 9")
#define ADDRESSES_BUT(used)                                                                        \
    W("QueueDescLow " PAGE_DESC)                                                                   \
    W("QueueDescHigh 0")                                                                           \
    W("QueueDriverLow " PAGE_AVAIL)                                                                \
    W("QueueDriverHigh 0") W("QueueDeviceLow " used) W("QueueDeviceHigh 0")

struct ladder_case {
    unsigned version;
    const char *missed; /* "none": all rungs reached */
    const char *label;  /* of the missed rung */
    const char *script;
};

/* clang-format off */
static const struct ladder_case cases[] = {
    {2, "device-found", "DeviceID was never read", RESET},
    {2, "reset", "Status was never written 0", PROBE},
    {2, "acknowledge", "ACKNOWLEDGE was never set", PROBE RESET},
    {2, "acknowledge", "DRIVER was never set", PROBE RESET W("Status 1")},
    {2, "features", "FEATURES_OK was never set", PROBE RESET WELCOME OFFER ACCEPT},
    {2, "features", "the device refused 0x100000002 of the offered 0x100000000", PROBE RESET WELCOME
     OFFER W("DriverFeaturesSel 0") W("DriverFeatures 2") W("DriverFeaturesSel 1")
     W("DriverFeatures 1") AGREE SELECT ADDRESSES READY GO},
    {2, "queue-selected", "QueueSel was never 0", BEGIN_2},
    {2, "queue-size", "QueueSize 128, QueueSizeMax 64", BEGIN_2 SELECT W("QueueSize 128")},
    {2, "queue-size", "never written; QueueSizeMax 64", BEGIN_2 W("QueueSel 0")},
    {2, "queue-addresses", "no address was written", BEGIN_2 SELECT},
    {2, "queue-live", "QueueReady 0: queue 0 has no address", BEGIN_2 SELECT ADDRESSES},
    {1, "queue-live", "QueuePFN 0: queue 0 has no address", PROBE RESET WELCOME OFFER ACCEPT_1
     W("QueueSel 0") W("QueueSize 8") ADDRESSES READY GO NOTIFY},
    {2, "queue-live", "QueueReady 0: queue 0 has no address", BEGIN_2 SELECT PFN GO NOTIFY},
    {2, "queue-live", "lost by the reset at step 58", UP_2 REQUEST RESET NOTIFY},
    {2, "queue-live", "lost by the driver at step 58", UP_2 REQUEST W("QueueReady 0") NOTIFY},
    {1, "queue-reachable", "the descriptor table at 0x40000, which is not DMA memory", BEGIN_1
     SELECT_1 W("QueueAlign 4") PFN GO_1 NOTIFY},
    {2, "queue-reachable", "the used ring at 0x40003fc0, runs over the end of command", BEGIN_2
     SELECT ADDRESSES_BUT("0x40003fc0") READY GO},
    {2, "queue-reachable", "the used ring at 0x40002001 is not aligned to 4", BEGIN_2 SELECT
     ADDRESSES_BUT("0x40002001") READY GO},
    {2, "queue-reachable", "two parts of the queue overlap at 0x40000040", BEGIN_2 SELECT
     ADDRESSES_BUT("0x40000040") READY GO},
    {1, "queue-reachable", "the used ring at 0x40001000, which belongs to avail", BEGIN_1
     W("GuestPageSize 4096") SELECT_1 W("QueueAlign 4096") PFN GO_1},
    {2, "driver-ok", "Status is 11", BEGIN_2 SELECT ADDRESSES READY COMMAND DESC_0 DESC_1 PUBLISH
     NOTIFY},
    {2, "descriptors", "no descriptor was written", UP_2},
    {2, "slot", "no entry was written", UP_2 COMMAND DESC_0 DESC_1},
    {2, "avail-idx", "avail.idx at 0x40001002 is 0", UP_2 COMMAND DESC_0 DESC_1
     S("q0.avail.ring[0] 0") NOTIFY},
    {2, "notified", "never notified", UP_2 COMMAND DESC_0 DESC_1 PUBLISH},
    {2, "notified", "the last notification came before", UP_2 COMMAND DESC_0 DESC_1 NOTIFY
     PUBLISH},
    {2, "notified", "QueueNotify 1: that is another queue", CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH
     W("QueueNotify 1")},
    {2, "taken", "an available ring entry is not below the queue size", UP_2
     S("q0.avail.ring[0] 8") DESC_0 DESC_1 S("q0.avail.ring[0] 0") S("q0.avail.idx 1")
     S("q0.avail.ring[0] 8") NOTIFY},
    {2, "chain-valid", "a descriptor's next is not below the queue size", UP_2 COMMAND BROKEN_CHAIN
     PUBLISH NOTIFY},
    {2, "understood", "a device-readable buffer cannot be read: 0x70000000 lies outside RAM", UP_2
     COMMAND DESC_0 DESC_1 S("q0.desc[0].addr 0x70000000") PUBLISH NOTIFY},
    {2, "response", "a device-writable buffer cannot be written: 0x70000000 lies outside RAM", UP_2
     COMMAND DESC_0 DESC_1 S("q0.desc[1].addr 0x70000000") PUBLISH NOTIFY},
    {1, "used-idx", "used.idx at 0x4000009a is 1, but the driver looks at 0x40000202", UP_1 COMMAND
     DESC_0 DESC_1 PUBLISH NOTIFY "driver load 0x40000202/2 0\n"},
    {2, "seen", "the driver has not looked since", UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY},
    {2, "accepted", "the call returned 6", CALL UP_2 REQUEST "world return 0 BAD_COMPLETION\n"},
    {2, "accepted", "the call has not returned", CALL UP_2 REQUEST},
    {2, "none", "", CALL UP_2 REQUEST RETURN_OK},
    {1, "none", "", CALL UP_1 REQUEST RETURN_OK},
};
/* clang-format on */

static void climb(struct ladder *ladder)
{
    ladder_climb(&rig.judge.model, model_waiting_queue(&rig.judge.model), ladder);
}

START_TEST(the_first_rung_missed_is_named)
{
    const struct ladder_case *row = &cases[_i];
    struct rig_config config = {.version = row->version};
    struct ladder ladder;

    rig_open(&config);
    rig_play(row->script);
    climb(&ladder);
    ck_assert_str_eq(ladder_word(ladder.missed), row->missed);
    if (ladder.missed != LADDER_RUNG_COUNT)
        ck_assert_str_eq(ladder.step[ladder.missed].label, row->label);
    rig_close();
}
END_TEST

/* Whoever adds a rung adds a row above. */
START_TEST(every_rung_has_a_request_that_misses_it)
{
    const char *word = ladder_word((enum ladder_rung)_i);
    bool found = false;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        found |= strcmp(cases[i].missed, word) == 0;
    /* This one needs a device that misbehaves: tested below. */
    found |= _i == LADDER_USED_ELEMENT;
    ck_assert_msg(found, "%s", word);
}
END_TEST

static void play_with_fault(enum sim_fault_kind kind, struct ladder *ladder)
{
    struct sim_fault fault = {.kind = kind, .argument = 0, .request = 1};
    struct rig_config config = {.version = 2, .fault = &fault};

    rig_open(&config);
    rig_play(UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY);
    climb(ladder);
    rig_close();
}

START_TEST(a_completion_that_is_lost_misses_the_response)
{
    struct ladder ladder;

    play_with_fault(SIM_FAULT_COMPLETION_LOST, &ladder);
    ck_assert_str_eq(ladder_word(ladder.missed), "response");
    ck_assert_str_eq(ladder.step[LADDER_RESPONSE].label, "the response buffer is untouched");
}
END_TEST

START_TEST(a_completion_of_another_request_misses_the_element)
{
    struct sim_fault fault = {.kind = SIM_FAULT_USED_ID, .argument = 5, .request = 1};
    struct rig_config config = {.version = 2, .fault = &fault};
    struct ladder ladder;

    rig_open(&config);
    rig_play(UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY);
    climb(&ladder);
    ck_assert_str_eq(ladder_word(ladder.missed), "used-element");
    ck_assert_str_eq(ladder.step[LADDER_USED_ELEMENT].label, "");
    rig_close();
}
END_TEST

START_TEST(rungs_that_were_reached_say_where_and_how)
{
    struct rig_config config = {.version = 2};
    struct ladder ladder;

    rig_open(&config);
    rig_play(CALL UP_2 REQUEST RETURN_OK);
    climb(&ladder);
    for (int rung = 0; rung < LADDER_RUNG_COUNT; rung++) {
        ck_assert_int_eq(ladder.step[rung].state, LADDER_REACHED);
        ck_assert_uint_ne(ladder.step[rung].event.step, 0);
        ck_assert_ptr_null(ladder.step[rung].event.bytes);
    }
    ck_assert_str_eq(ladder.step[LADDER_DEVICE_FOUND].label, "Version 2, DeviceID 16");
    ck_assert_str_eq(ladder.step[LADDER_QUEUE_LIVE].label, "q0 at 0x40000000, size 8");
    ck_assert_str_eq(ladder.step[LADDER_UNDERSTOOD].label, "VIRTIO_GPU_CMD_GET_DISPLAY_INFO");
    ck_assert_ptr_nonnull(
        strstr(rig_text(&ladder.step[LADDER_QUEUE_LIVE].event), "write QueueReady 1"));
    ck_assert_ptr_nonnull(
        strstr(rig_text(&ladder.step[LADDER_AVAIL_IDX].event), "store q0.avail.idx 1"));
    rig_close();
}
END_TEST

/* The request that is waited for now, not one that was given up before. */
START_TEST(the_ladder_is_that_of_the_request_that_is_waited_for)
{
    struct sim_fault fault = {.kind = SIM_FAULT_COMPLETION_LOST, .argument = 0, .request = 1};
    struct rig_config config = {.version = 2, .fault = &fault};
    struct ladder ladder;

    rig_open(&config);
    rig_play(CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY RETURN_LATE
             "world call 1\n" S("q0.desc[2].addr " PAGE_COMMAND) S("q0.desc[2].len 24")
                 S("q0.desc[2].flags 1") S("q0.desc[2].next 3") S("q0.desc[3].addr " PAGE_RESPONSE)
                     S("q0.desc[3].len 408") S("q0.desc[3].flags 2") S("q0.avail.ring[1] 2")
                         S("q0.avail.idx 2"));
    climb(&ladder);
    ck_assert_str_eq(ladder_word(ladder.missed), "notified");
    ck_assert_str_eq(ladder.step[LADDER_SLOT].label, "head 2");
    rig_close();
}
END_TEST

/* QEMU takes a queue size of 10, and so the size is not why a request is stuck. */
START_TEST(a_rung_that_the_device_went_past_does_not_count)
{
    struct rig_config config = {.version = 2};
    struct ladder ladder;

    rig_open(&config);
    rig_play(BEGIN_2 SELECT W("QueueSize 10")
                 ADDRESSES READY GO COMMAND DESC_0 DESC_1 PUBLISH NOTIFY);
    climb(&ladder);
    ck_assert_int_eq(ladder.step[LADDER_QUEUE_SIZE].state, LADDER_NOT_NEEDED);
    ck_assert_str_eq(ladder.step[LADDER_QUEUE_SIZE].label, "QueueSize 10, QueueSizeMax 64");
    ck_assert_str_eq(ladder_word(ladder.missed), "seen");
    rig_close();
}
END_TEST

START_TEST(the_status_of_a_rung_is_the_one_that_the_driver_wrote)
{
    struct rig_config config = {.version = 2};
    struct ladder ladder;

    rig_open(&config);
    rig_play(UP_2 COMMAND BROKEN_CHAIN PUBLISH NOTIFY);
    climb(&ladder);
    ck_assert_uint_ne(rig.judge.model.needs_reset.step, 0);
    ck_assert_str_eq(ladder.step[LADDER_DRIVER_OK].label, "Status 15");
    rig_close();
}
END_TEST

START_TEST(words_lead_back_to_their_rungs)
{
    for (int rung = 0; rung < LADDER_RUNG_COUNT; rung++) {
        ck_assert_int_eq(ladder_by_word(ladder_word((enum ladder_rung)rung)), rung);
        ck_assert_uint_gt(strlen(ladder_question((enum ladder_rung)rung)), 5);
    }
    ck_assert_int_eq(ladder_by_word("queue"), -1);
    ck_assert_int_eq(ladder_by_word("none"), -1);
}
END_TEST

START_TEST(a_queue_that_nobody_has_does_no_harm)
{
    struct rig_config config = {.version = 2};
    struct ladder ladder;

    rig_open(&config);
    ladder_climb(&rig.judge.model, 4000, &ladder);
    ck_assert_uint_eq(ladder.queue, 4000);
    rig_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ladder");
    TCase *tcase = tcase_create("ladder");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, the_first_rung_missed_is_named, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(tcase, every_rung_has_a_request_that_misses_it, 0, LADDER_RUNG_COUNT);
    tcase_add_test(tcase, a_completion_that_is_lost_misses_the_response);
    tcase_add_test(tcase, a_completion_of_another_request_misses_the_element);
    tcase_add_test(tcase, rungs_that_were_reached_say_where_and_how);
    tcase_add_test(tcase, the_ladder_is_that_of_the_request_that_is_waited_for);
    tcase_add_test(tcase, a_rung_that_the_device_went_past_does_not_count);
    tcase_add_test(tcase, the_status_of_a_rung_is_the_one_that_the_driver_wrote);
    tcase_add_test(tcase, words_lead_back_to_their_rungs);
    tcase_add_test(tcase, a_queue_that_nobody_has_does_no_harm);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
