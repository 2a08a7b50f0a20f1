/*
 * What each fault does to a device: rings, responses, registers, resets, interrupts.
 */
#include "device_rig.h"

#define EVENT_IDX VIRTIO_BIT(VIRTIO_F_EVENT_IDX)
#define SIZE      8u

static void arm(struct bench *bench, enum sim_fault_kind kind, uint64_t argument, uint64_t request)
{
    const struct sim_fault fault = {.kind = kind, .argument = argument, .request = request};
    ck_assert(sim_fault_arm(&bench->device.faults, &fault));
}

/* A live device, and `count` requests in its ring: descriptors 0 and 1, 2 and 3, ... */
static struct bench *with_requests(uint32_t count, uint64_t features, enum sim_fault_kind kind,
                                   uint64_t argument, uint64_t request)
{
    struct bench *bench = bench_live(2, SPEC, features, SIZE);
    arm(bench, kind, argument, request);
    for (uint32_t i = 0; i < count; i++)
        bench_offer_echo(bench, (uint16_t)(2 * i));
    bench_kick(bench);
    bench_run(bench);
    return bench;
}

static uint32_t used(struct bench *bench, uint32_t slot, uint32_t field)
{
    return bench_load32(bench, bench->used_addr + 4 + 8 * slot + 4 * field);
}

/* ---- used elements: what is in the ring after three requests with heads 0, 2 and 4 ---- */

START_TEST(the_used_ring_says_what_the_fault_says)
{
    static const struct {
        enum sim_fault_kind kind;
        uint64_t argument, request;
        uint32_t id[4], len[4];
        uint16_t idx;
    } cases[] = {
        {SIM_FAULT_COMPLETION_LOST, 0, 2, {0, 4}, {4, 4}, 2},
        {SIM_FAULT_COMPLETION_DOUBLED, 0, 2, {0, 2, 2, 4}, {4, 4, 4, 4}, 4},
        {SIM_FAULT_COMPLETION_OUT_OF_ORDER, 1, 1, {2, 0, 4}, {4, 4, 4}, 3},
        {SIM_FAULT_COMPLETION_OUT_OF_ORDER, 2, 1, {2, 4, 0}, {4, 4, 4}, 3},
        {SIM_FAULT_COMPLETION_OUT_OF_ORDER, 3, 1, {2, 4}, {4, 4}, 2},
        {SIM_FAULT_COMPLETION_OUT_OF_ORDER, 1, 2, {0, 4, 2}, {4, 4, 4}, 3},
        {SIM_FAULT_USED_ID, 0x10000, 3, {0, 2, 0x10000}, {4, 4, 4}, 3},
        {SIM_FAULT_USED_ID_OUT_OF_RANGE, 0, 3, {0, 2, SIZE}, {4, 4, 4}, 3},
        {SIM_FAULT_USED_ID_NOT_OUTSTANDING, 0, 1, {1, 2, 4}, {4, 4, 4}, 3},
        {SIM_FAULT_USED_ID_NOT_OUTSTANDING, 0, 3, {0, 2, 5}, {4, 4, 4}, 3},
        {SIM_FAULT_USED_ID_OF_ANOTHER, 0, 1, {2, 2, 4}, {4, 4, 4}, 3},
        {SIM_FAULT_USED_ID_OF_ANOTHER, 0, 3, {0, 2, 4}, {4, 4, 4}, 3}, /* there is none */
        {SIM_FAULT_USED_LEN, 0, 2, {0, 2, 4}, {4, 0, 4}, 3},
        {SIM_FAULT_USED_LEN_LONG, 1, 2, {0, 2, 4}, {4, 5, 4}, 3},
        {SIM_FAULT_USED_LEN_SHORT, 3, 2, {0, 2, 4}, {4, 1, 4}, 3},
        {SIM_FAULT_USED_LEN_SHORT, 9, 2, {0, 2, 4}, {4, 0, 4}, 3},
        {SIM_FAULT_USED_IDX_JUMP, 5, 3, {0, 2, 4}, {4, 4, 4}, 8},
        {SIM_FAULT_USED_IDX_JUMP, 5, 2, {0, 2, 4}, {4, 4, 4}, 3}, /* and back with the next */
        {SIM_FAULT_USED_IDX_BACK, 0, 3, {0, 2, 4}, {4, 4, 4}, 2},
        {SIM_FAULT_USED_IDX_BACK, 3, 3, {0, 2, 4}, {4, 4, 4}, 0xffff},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct bench *bench =
            with_requests(3, 0, cases[i].kind, cases[i].argument, cases[i].request);
        bool none = cases[i].kind == SIM_FAULT_USED_ID_OF_ANOTHER && cases[i].request == 3;
        ck_assert_uint_eq(bench->count[EVENT_EXECUTE], 3);
        ck_assert_uint_eq(bench->count[EVENT_FAULT], !none);
        ck_assert_uint_eq(bench_used_idx(bench), cases[i].idx);
        for (uint32_t slot = 0; slot < 4; slot++) {
            ck_assert_msg(used(bench, slot, 0) == cases[i].id[slot] &&
                              used(bench, slot, 1) == cases[i].len[slot],
                          "case %zu, slot %u: id %u len %u", i, slot, used(bench, slot, 0),
                          used(bench, slot, 1));
        }
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(another_chain_may_be_one_that_was_lost)
{
    struct bench *bench = bench_live(2, SPEC, 0, SIZE);
    arm(bench, SIM_FAULT_COMPLETION_LOST, 0, 1);
    arm(bench, SIM_FAULT_USED_ID_OF_ANOTHER, 0, 2);
    bench_offer_echo(bench, 6);
    bench_offer_echo(bench, 2);
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench_used_idx(bench), 1);
    ck_assert_uint_eq(used(bench, 0, 0), 6);
    bench_destroy(bench);
}
END_TEST

START_TEST(what_was_withheld_is_forgotten_with_the_queue)
{
    struct bench *bench = with_requests(1, EVENT_IDX, SIM_FAULT_COMPLETION_OUT_OF_ORDER, 1, 1);
    ck_assert_uint_eq(bench->device.queue[0].withheld_count, 1);
    ck_assert_uint_eq(bench_load16(bench, bench->used_addr + 4 + 8 * SIZE), 1);
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    ck_assert_uint_eq(bench->device.queue[0].withheld_count, 0);
    bench_destroy(bench);
}
END_TEST

/* ---- personalities: what they do on purpose is no fault ---- */

START_TEST(a_device_out_of_order_uses_the_last_chain_first_and_none_never)
{
    struct bench *bench = bench_live(2, SPEC, 0, SIZE);
    bench->device.config.out_of_order = true;
    for (uint16_t head = 0; head < 6; head = (uint16_t)(head + 2))
        bench_offer_echo(bench, head);
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench->count[EVENT_FAULT], 0);
    ck_assert_uint_eq(bench_used_idx(bench), 3);
    ck_assert_uint_eq(used(bench, 0, 0), 4);
    ck_assert_uint_eq(used(bench, 1, 0), 2);
    ck_assert_uint_eq(used(bench, 2, 0), 0);
    bench_destroy(bench);
}
END_TEST

START_TEST(a_device_that_polls_says_that_it_wants_no_notifications)
{
    for (uint32_t event_idx = 0; event_idx <= 1; event_idx++) {
        struct bench *bench = bench_live(2, SPEC, event_idx ? EVENT_IDX : 0, SIZE);
        bench->device.config.no_notify = bench->device.config.eager_poll = true;
        bench_offer_echo(bench, 0);
        bench_run(bench); /* nobody notified it */
        ck_assert_uint_eq(bench_used_idx(bench), 1);
        ck_assert_uint_eq(bench_load16(bench, bench->used_addr), !event_idx);
        uint16_t event = bench_load16(bench, bench->used_addr + 4 + 8 * SIZE);
        ck_assert(!event_idx || !virtq_need_event(event, 2, 1));
        bench_destroy(bench);
    }
}
END_TEST

/* ---- interrupts ---- */

START_TEST(interrupts_are_lost_or_come_for_nothing)
{
    static const struct {
        enum sim_fault_kind kind;
        uint32_t events, status, generation;
    } cases[] = {
        {SIM_FAULT_INTERRUPT_LOST, 0, 0, 0},
        {SIM_FAULT_SPURIOUS, 2, VIRTIO_MMIO_INT_USED, 0},
        {SIM_FAULT_INTERRUPT_CONFIG, 2, VIRTIO_MMIO_INT_USED | VIRTIO_MMIO_INT_CONFIG, 0},
        {SIM_FAULT_CONFIG_CHANGE, 2, VIRTIO_MMIO_INT_USED | VIRTIO_MMIO_INT_CONFIG, 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct bench *bench = with_requests(1, 0, cases[i].kind, 0, 1);
        ck_assert_uint_eq(bench->count[EVENT_INTERRUPT], cases[i].events);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), cases[i].status);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_ConfigGeneration), cases[i].generation);
        ck_assert_uint_eq(bench_used_idx(bench), 1);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(an_acknowledgement_that_is_lost_leaves_the_line_up)
{
    struct bench *bench = bench_live(2, SPEC, 0, SIZE);
    const struct sim_fault once = {.kind = SIM_FAULT_INTERRUPT_ACK_LOST, .occurrence = 1};
    ck_assert(sim_fault_arm(&bench->device.faults, &once));
    bench_offer_echo(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    bench_write(bench, VIRTIO_MMIO_InterruptACK, VIRTIO_MMIO_INT_USED);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), VIRTIO_MMIO_INT_USED);
    bench_write(bench, VIRTIO_MMIO_InterruptACK, VIRTIO_MMIO_INT_USED);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), 0);
    bench_destroy(bench);
}
END_TEST

/* ---- of itself ---- */

START_TEST(a_device_breaks_down_between_requests_when_its_step_comes)
{
    struct bench *bench = bench_live(2, SPEC, 0, SIZE);
    const struct sim_fault fault = {.kind = SIM_FAULT_NEEDS_RESET, .from_step = 1000};
    ck_assert(sim_fault_arm(&bench->device.faults, &fault));
    bench->device.clock_steps = 998;
    sim_faults_come(&bench->device);
    ck_assert_uint_eq(bench->device.status & VIRTIO_STATUS_DEVICE_NEEDS_RESET, 0);
    bench->device.clock_steps = 999;
    sim_faults_come(&bench->device);
    ck_assert_uint_ne(bench->device.status & VIRTIO_STATUS_DEVICE_NEEDS_RESET, 0);
    ck_assert_uint_eq(bench->device.faults.acted_at[0], 1000);
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    sim_faults_come(&bench->device);
    ck_assert_uint_eq(bench->device.status, 0);
    bench_destroy(bench);
}
END_TEST

/* ---- registers ---- */

static uint32_t read_as_driver(struct bench *bench, uint32_t offset)
{
    uint32_t value = bench_read(bench, offset);
    mmio_was_read(&bench->device, offset);
    return value;
}

START_TEST(a_register_reads_what_the_fault_says_at_the_second_read_and_not_before_or_after)
{
    static const struct {
        enum sim_fault_kind kind;
        uint64_t argument;
        uint32_t offset, wanted;
    } cases[] = {
        {SIM_FAULT_MAGIC, 5, VIRTIO_MMIO_MagicValue, 5},
        {SIM_FAULT_VERSION, 1, VIRTIO_MMIO_Version, 1},
        {SIM_FAULT_DEVICE_ID, 0, VIRTIO_MMIO_DeviceID, 0},
        {SIM_FAULT_STATUS_BITS, 0x44, VIRTIO_MMIO_Status, 0x4b},
        {SIM_FAULT_FEATURES_OFFERED, UINT64_C(0x100000001), VIRTIO_MMIO_DeviceFeatures, 1},
        {SIM_FAULT_QUEUE_SIZE_MAX, 3, VIRTIO_MMIO_QueueSizeMax, 3},
        {SIM_FAULT_QUEUE_READY, 0, VIRTIO_MMIO_QueueReady, 0},
        {SIM_FAULT_CONFIG_VALUE, 0x12345678, VIRTIO_MMIO_CONFIG, 0x12345678},
        {SIM_FAULT_CONFIG_TORN, 0x12345678, VIRTIO_MMIO_CONFIG + 4, 0x12345678},
        {SIM_FAULT_INTERRUPT_BITS, 6, VIRTIO_MMIO_InterruptStatus, 6},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct bench *bench = bench_live(2, SPEC, 0, SIZE);
        const struct sim_fault fault = {.kind = cases[i].kind,
                                        .argument = cases[i].argument,
                                        .occurrence = 2};
        uint32_t plain = bench_read(bench, cases[i].offset);
        ck_assert(sim_fault_arm(&bench->device.faults, &fault));
        ck_assert_uint_eq(read_as_driver(bench, cases[i].offset), plain);
        ck_assert_uint_eq(bench_read(bench, cases[i].offset), cases[i].wanted); /* a look */
        ck_assert_uint_eq(bench->count[EVENT_FAULT], 0);
        ck_assert_uint_eq(read_as_driver(bench, cases[i].offset), cases[i].wanted);
        ck_assert_uint_eq(bench->count[EVENT_FAULT], 1);
        ck_assert_uint_eq(read_as_driver(bench, cases[i].offset), plain);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_ConfigGeneration),
                          cases[i].kind == SIM_FAULT_CONFIG_TORN);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(a_fault_that_stands_in_a_register_is_said_once)
{
    struct bench *bench = bench_live(1, SPEC, 0, SIZE);
    arm(bench, SIM_FAULT_QUEUE_READY, 7, 0);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(read_as_driver(bench, VIRTIO_MMIO_QueuePFN), 7);
    ck_assert_uint_eq(bench->count[EVENT_FAULT], 1);
    bench_destroy(bench);
}
END_TEST

START_TEST(the_offer_changes_with_the_second_reset)
{
    struct bench *bench = bench_create(2, SPEC, VIRTIO_BIT(VIRTIO_F_VERSION_1) | EVENT_IDX, SIZE);
    arm(bench, SIM_FAULT_FEATURES_CHANGED, EVENT_IDX, 0);
    for (uint32_t resets = 0; resets <= 3; resets++) {
        bench_write(bench, VIRTIO_MMIO_DeviceFeaturesSel, 0);
        ck_assert_uint_eq(read_as_driver(bench, VIRTIO_MMIO_DeviceFeatures),
                          resets < 2 ? EVENT_IDX : 0);
        bench_write(bench, VIRTIO_MMIO_Status, 0);
    }
    bench_destroy(bench);
}
END_TEST

/* ---- resets ---- */

START_TEST(a_reset_that_is_lost_leaves_everything_as_it_is)
{
    struct bench *bench = bench_live(2, SPEC, 0, SIZE);
    const struct sim_fault fault = {.kind = SIM_FAULT_RESET_LOST, .occurrence = 1};
    ck_assert(sim_fault_arm(&bench->device.faults, &fault));
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 15);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueReady), 1);
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 0);
    bench_destroy(bench);
}
END_TEST

START_TEST(the_features_are_refused_once)
{
    struct bench *bench = bench_create(2, SPEC, VIRTIO_BIT(VIRTIO_F_VERSION_1), SIZE);
    const struct sim_fault fault = {.kind = SIM_FAULT_FEATURES_VETO, .occurrence = 1};
    ck_assert(sim_fault_arm(&bench->device.faults, &fault));
    bench_write(bench, VIRTIO_MMIO_Status, 1);
    bench_write(bench, VIRTIO_MMIO_Status, 3);
    bench_write(bench, VIRTIO_MMIO_DriverFeaturesSel, 1);
    bench_write(bench, VIRTIO_MMIO_DriverFeatures, 1);
    bench_write(bench, VIRTIO_MMIO_Status, 11);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 3);
    bench_write(bench, VIRTIO_MMIO_Status, 11);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 11);
    bench_destroy(bench);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_used_ring_says_what_the_fault_says,
        another_chain_may_be_one_that_was_lost,
        what_was_withheld_is_forgotten_with_the_queue,
        a_device_out_of_order_uses_the_last_chain_first_and_none_never,
        a_device_that_polls_says_that_it_wants_no_notifications,
        interrupts_are_lost_or_come_for_nothing,
        an_acknowledgement_that_is_lost_leaves_the_line_up,
        a_device_breaks_down_between_requests_when_its_step_comes,
        a_register_reads_what_the_fault_says_at_the_second_read_and_not_before_or_after,
        a_fault_that_stands_in_a_register_is_said_once,
        the_offer_changes_with_the_second_reset,
        a_reset_that_is_lost_leaves_everything_as_it_is,
        the_features_are_refused_once,
    };
    return bench_main("fault_device", tests, ARRAY_SIZE(tests));
}
