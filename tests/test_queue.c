/*
 * Tests of the device's side of a queue: the order of its steps, indexes, suppression.
 */
#include "device_rig.h"

#define EVENT_IDX VIRTIO_BIT(VIRTIO_F_EVENT_IDX)
#define ON_EMPTY  VIRTIO_BIT(VIRTIO_F_NOTIFY_ON_EMPTY)

/* ---- the steps ---- */

START_TEST(a_request_takes_exactly_these_steps)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct bench *bench = bench_live(version, SPEC, 0, 16);
        uint32_t request = 0x64636261;
        bench_store(bench, bench->data_addr, &request, sizeof(request));
        bench_offer_echo(bench, 3);
        bench_kick(bench);
        ck_assert_uint_eq(bench_run(bench), 12);
        bench_expect_trace(bench, "device load q0.avail.idx 1\n"
                                  "device load q0.avail.ring[0] 3\n"
                                  "device load q0.desc[3] 0x40000000\n"
                                  "device load q0.desc[4] 0x40000040\n"
                                  "device take q0 head 3 segments 2\n"
                                  "device load q0.request[3]/4 0x64636261\n"
                                  "device execute 4\n"
                                  "device store q0.response[3]/4 0x64636261\n"
                                  "device respond 0 4\n"
                                  "device store q0.used.ring[0] 0x400000003\n"
                                  "device store q0.used.idx 1\n"
                                  "device load q0.avail.flags 0\n"
                                  "device interrupt used\n"
                                  "device load q0.avail.idx 1\n");
        ck_assert_uint_eq(bench_load32(bench, bench->data_addr + 64), request);
        ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 4), 3);
        ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 8), 4);
        ck_assert_uint_eq(bench->device.interrupt_status, VIRTIO_MMIO_INT_USED);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(a_request_that_is_overtaken_is_used_behind_the_later_one)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    const struct sim_fault fault = {.kind = SIM_FAULT_COMPLETION_OVERTAKEN,
                                    .argument = 100,
                                    .request = 1};
    ck_assert(sim_fault_arm(&bench->device.faults, &fault));
    bench_offer_echo(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench_used_idx(bench), 0);
    ck_assert_uint_eq(bench->count[EVENT_RESPOND], 1);
    ck_assert_uint_eq(sim_device_wakes_at(&bench->device), 100);
    bench_offer_echo(bench, 2); /* it waits, and takes a later one meanwhile */
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench_used_idx(bench), 1);
    ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 4), 2);
    bench->device.clock_steps = 99;
    ck_assert(!sim_device_enabled(&bench->device));
    bench->device.clock_steps = 100;
    bench_run(bench);
    ck_assert_uint_eq(bench_used_idx(bench), 2);
    ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 12), 0);
    ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 16), 4);
    ck_assert_uint_eq(bench->device.runnable, 0);
    bench_destroy(bench);
}
END_TEST

START_TEST(a_reset_forgets_the_request_that_is_overtaken)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    const struct sim_fault fault = {.kind = SIM_FAULT_COMPLETION_OVERTAKEN,
                                    .argument = 100,
                                    .request = 1};
    ck_assert(sim_fault_arm(&bench->device.faults, &fault));
    bench_offer_echo(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    bench->device.clock_steps = 100;
    ck_assert(!sim_device_enabled(&bench->device));
    ck_assert_uint_eq(sim_device_wakes_at(&bench->device), 0);
    bench_destroy(bench);
}
END_TEST

START_TEST(with_event_idx_the_event_fields_take_the_place_of_the_flags)
{
    struct bench *bench = bench_live(2, SPEC, EVENT_IDX, 16);
    bench_store16(bench, bench->avail_addr, VIRTQ_AVAIL_F_NO_INTERRUPT); /* to be disregarded */
    bench_offer_echo(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    static const char *const want[] = {"device load q0.avail.used_event 0",
                                       "device store q0.used.avail_event 1",
                                       "device interrupt used", "device load q0.avail.idx 1"};
    for (uint32_t i = 0; i < ARRAY_SIZE(want); i++) {
        char line[EVENT_TEXT_BYTES];
        event_format(&bench->event[bench->event_count - ARRAY_SIZE(want) + i], NULL, NULL, line,
                     sizeof(line));
        ck_assert_str_eq(line, want[i]);
    }
    ck_assert_uint_eq(bench_load16(bench, bench->used_addr), 0); /* used.flags */
    bench_destroy(bench);
}
END_TEST

START_TEST(entries_added_while_the_device_works_need_no_second_notification)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    bench_offer_echo(bench, 0);
    bench_kick(bench);
    for (int i = 0; i < 5; i++)
        ck_assert(sim_device_step(&bench->device));
    bench_offer_echo(bench, 2);
    bench_offer_echo(bench, 4);
    bench_run(bench);
    ck_assert_uint_eq(bench_used_idx(bench), 3);
    bench_destroy(bench);
}
END_TEST

START_TEST(a_notification_without_anything_new_is_coped_with)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    for (int i = 0; i < 3; i++) {
        bench_kick(bench);
        bench_kick(bench);
        ck_assert_uint_eq(bench_run(bench), 1);
    }
    bench_expect_refusal(bench, SIM_REFUSAL_NONE);
    ck_assert(!sim_device_step(&bench->device));
    bench_destroy(bench);
}
END_TEST

START_TEST(two_queues_take_turns)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    bench_write(bench, VIRTIO_MMIO_QueueSel, 1); /* the same memory serves both, for reading */
    bench_write(bench, VIRTIO_MMIO_QueueSize, 16);
    bench_write(bench, VIRTIO_MMIO_QueueDescLow, (uint32_t)bench->desc_addr);
    bench_write(bench, VIRTIO_MMIO_QueueDriverLow, (uint32_t)bench->avail_addr);
    bench_write(bench, VIRTIO_MMIO_QueueDeviceLow, (uint32_t)bench->used_addr);
    bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
    bench_offer_echo(bench, 0);
    bench_write(bench, VIRTIO_MMIO_QueueNotify, 1);
    bench_write(bench, VIRTIO_MMIO_QueueNotify, 0);
    bench_forget(bench);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert(sim_device_step(&bench->device));
        ck_assert_uint_eq(bench->event[i].queue, i % 2);
    }
    bench_run(bench);
    ck_assert_uint_eq(bench->count[EVENT_TAKE], 2);
    bench_destroy(bench);
}
END_TEST

START_TEST(stopping_or_resetting_at_any_step_ends_everything_and_starting_again_works)
{
    for (uint32_t at = 0; at <= 12; at++) {
        for (int is_reset = 0; is_reset <= 1; is_reset++) {
            struct bench *bench = bench_live(2, SPEC, 0, 16);
            bench_offer_echo(bench, 0);
            bench_kick(bench);
            for (uint32_t i = 0; i < at; i++)
                ck_assert(sim_device_step(&bench->device));
            bench_write(bench, is_reset ? VIRTIO_MMIO_Status : VIRTIO_MMIO_QueueReady, 0);
            bench_forget(bench);
            ck_assert(!sim_device_enabled(&bench->device));
            ck_assert(!sim_device_step(&bench->device));
            bench_write(bench, VIRTIO_MMIO_QueueNotify, 0);
            bench_expect_refusal(bench, SIM_REFUSAL_NOTIFY_NOT_LIVE);
            ck_assert(!sim_device_enabled(&bench->device));
            bench_negotiate(bench, 0);
            bench_queue(bench, 8);
            bench_driver_ok(bench);
            bench_offer_echo(bench, 6);
            bench_kick(bench);
            bench_run(bench);
            ck_assert_uint_eq(bench_used_idx(bench), 1);
            ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 4), 6);
            bench_destroy(bench);
        }
    }
}
END_TEST

START_TEST(only_qemu_works_before_driver_ok)
{
    for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
        struct bench *bench = bench_create(2, profile, 0, 64);
        bench_negotiate(bench, 0);
        bench_queue(bench, 16);
        bench_offer_echo(bench, 0);
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench_used_idx(bench), profile == QEMU);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(an_eager_device_finds_entries_by_itself)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    bench->device.config.eager_poll = true;
    ck_assert(!sim_device_enabled(&bench->device));
    bench_offer_echo(bench, 0);
    ck_assert(sim_device_enabled(&bench->device));
    bench_run(bench);
    ck_assert_uint_eq(bench_used_idx(bench), 1);
    bench_offer_echo(bench, 2);
    bench_write(bench, VIRTIO_MMIO_QueueReady, 0);
    ck_assert(!sim_device_enabled(&bench->device));
    bench_destroy(bench);
}
END_TEST

/* ---- sizes and indexes ---- */

/* As many requests as asked for, each checked in the used ring. */
static void run_requests(struct bench *bench, uint32_t requests)
{
    uint32_t size = bench->size;
    for (uint32_t i = 0; i < requests; i++) {
        uint16_t head = (uint16_t)(i * 7u % size);
        bench_offer_echo(bench, head);
        bench_kick(bench);
        bench_run(bench);
        uint64_t elem_addr = bench->used_addr + 4 + 8ull * ((uint16_t)i % size);
        BENCH_CHECK(bench_used_idx(bench) == (uint16_t)(i + 1));
        BENCH_CHECK(bench_load32(bench, elem_addr) == head);
        BENCH_CHECK(bench_load32(bench, elem_addr + 4) == (size == 1 ? 0 : 4));
    }
    ck_assert_uint_eq(bench->count[EVENT_INTERRUPT], requests);
}

START_TEST(every_queue_size_works)
{
    for (uint32_t size = 1; size <= VIRTQ_SIZE_MAX; size = size < 40 ? size + 1 : size * 3 / 2) {
        for (uint32_t version = 1; version <= 2; version++) {
            struct bench *bench = bench_live(version, SPEC, 0, size);
            run_requests(bench, size < 1000 ? 2 * size + 1 : 20);
            bench_expect_refusal(bench, SIM_REFUSAL_NONE);
            bench_destroy(bench);
        }
    }
    struct bench *bench = bench_live(2, SPEC, 0, VIRTQ_SIZE_MAX);
    run_requests(bench, VIRTQ_SIZE_MAX + 2);
    bench_destroy(bench);
}
END_TEST

START_TEST(indexes_wrap_at_65536_for_powers_of_two)
{
    static const uint32_t sizes[] = {1, 2, 16, 256};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct bench *bench = bench_live(2, SPEC, EVENT_IDX, sizes[i]);
        for (uint32_t n = 0; n < 66000; n++) {
            bench_store16(bench, bench->avail_addr + virtq_used_event_offset(sizes[i]),
                          (uint16_t)n);
            bench_offer_echo(bench, (uint16_t)(n % sizes[i]));
            bench_kick(bench);
            bench_run(bench);
        }
        ck_assert_uint_eq(bench_used_idx(bench), (uint16_t)66000);
        ck_assert_uint_eq(bench->count[EVENT_TAKE], 66000);
        ck_assert_uint_eq(bench->count[EVENT_INTERRUPT], 66000);
        bench_expect_refusal(bench, SIM_REFUSAL_NONE);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(a_full_ring_is_no_jump_and_one_more_is)
{
    static const uint32_t sizes[] = {1, 2, 10, 16, 32768};
    static const uint16_t starts[] = {0, 5, 65530};
    for (size_t i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(starts); i++) {
        uint32_t size = sizes[i % ARRAY_SIZE(sizes)];
        uint16_t start = starts[i / ARRAY_SIZE(sizes)];
        for (uint32_t ahead = size; ahead <= size + 1; ahead++) {
            struct bench *bench = bench_live(2, SPEC, 0, size);
            bench->device.queue[0].avail_next = start;
            bench_store16(bench, bench->avail_addr + 2, (uint16_t)(start + ahead));
            bench_kick(bench);
            sim_device_step(&bench->device);
            const struct event *event =
                bench_expect_refusal(bench,
                                     ahead > size ? SIM_REFUSAL_AVAIL_JUMP : SIM_REFUSAL_NONE);
            if (event != NULL) {
                ck_assert_uint_eq(event->addr, (uint16_t)(start + ahead));
                ck_assert_uint_eq(event->extra, (uint16_t)(start + size));
            }
            bench_destroy(bench);
        }
    }
}
END_TEST

/* ---- suppression ---- */

START_TEST(used_event_asks_for_exactly_the_notifications_of_the_formula)
{
    static const uint16_t starts[] = {0, 100, 32767, 65533};
    for (size_t s = 0; s < ARRAY_SIZE(starts); s++) {
        for (int distance = -9; distance <= 9; distance++) {
            uint16_t wanted_event = (uint16_t)(starts[s] + distance);
            struct bench *bench = bench_live(2, SPEC, EVENT_IDX, 16);
            bench->device.queue[0].avail_next = starts[s];
            bench->device.queue[0].used_idx = starts[s];
            bench->device.queue[0].asked_idx = starts[s];
            bench->avail_idx = starts[s];
            bench_store16(bench, bench->avail_addr + virtq_used_event_offset(16), wanted_event);
            for (uint16_t n = 0; n < 6; n++) {
                uint16_t old = (uint16_t)(starts[s] + n);
                bench_offer_echo(bench, 0);
                bench_kick(bench);
                bench_forget(bench);
                bench_run(bench);
                bool notified = bench->count[EVENT_INTERRUPT] == 1;
                ck_assert_int_eq(notified,
                                 virtq_need_event(wanted_event, (uint16_t)(old + 1), old));
                ck_assert_uint_eq(notified, old == wanted_event); /* the words of 2.7.7.2 */
            }
            bench_destroy(bench);
        }
    }
}
END_TEST

START_TEST(flags_suppress_only_without_event_idx_and_used_event_only_with_it)
{
    for (uint32_t event_idx = 0; event_idx <= 1; event_idx++) {
        for (uint16_t flags = 0; flags <= 3; flags++) {
            for (uint16_t used_event = 0; used_event <= 1; used_event++) {
                struct bench *bench = bench_live(2, SPEC, event_idx ? EVENT_IDX : 0, 16);
                bench_store16(bench, bench->avail_addr, flags);
                bench_store16(bench, bench->avail_addr + virtq_used_event_offset(16), used_event);
                bench_offer_echo(bench, 0);
                bench_kick(bench);
                bench_run(bench);
                bool want = event_idx != 0 ? used_event == 0 : (flags & 1) == 0;
                ck_assert_uint_eq(bench->count[EVENT_INTERRUPT], want);
                ck_assert_uint_eq(bench->device.interrupt_status, want);
                ck_assert_uint_eq(bench_used_idx(bench), 1);
                ck_assert_uint_eq(bench_load16(bench, bench->used_addr + 4 + 8 * 16), event_idx);
                bench_destroy(bench);
            }
        }
    }
}
END_TEST

START_TEST(qemu_notifies_for_the_first_entry_whatever_used_event_says)
{
    struct bench *bench = bench_live(2, QEMU, EVENT_IDX, 16);
    bench_store16(bench, bench->avail_addr + virtq_used_event_offset(16), 1000);
    for (uint32_t n = 0; n < 3; n++) {
        bench_offer_echo(bench, 0);
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench->count[EVENT_INTERRUPT], 1);
    }
    bench_destroy(bench);
}
END_TEST

START_TEST(notify_on_empty_overrides_suppression_when_nothing_is_left)
{
    for (uint32_t entries = 1; entries <= 3; entries++) {
        struct bench *bench = bench_live(1, SPEC, ON_EMPTY, 16);
        bench_store16(bench, bench->avail_addr, VIRTQ_AVAIL_F_NO_INTERRUPT);
        for (uint32_t i = 0; i < entries; i++)
            bench_offer_echo(bench, (uint16_t)(2 * i));
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench_used_idx(bench), entries);
        ck_assert_uint_eq(bench->count[EVENT_INTERRUPT], 1);
        bench_store16(bench, bench->avail_addr, 0); /* not suppressed: one for every entry */
        for (uint32_t i = 0; i < entries; i++)
            bench_offer_echo(bench, (uint16_t)(2 * i));
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench->count[EVENT_INTERRUPT], 1 + entries);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(no_notification_that_avail_event_spares_the_driver_is_missed)
{
    uint64_t seed = 0x5eed0001;
    for (uint32_t round = 0; round < 300; round++) {
        uint64_t state = seed + round;
        bench_random(&state);
        struct bench *bench = bench_live(2, SPEC, EVENT_IDX, 16);
        for (uint32_t n = 0; n < 60; n++) {
            for (uint32_t steps = bench_random(&state) % 30; steps > 0; steps--)
                sim_device_step(&bench->device);
            if ((uint16_t)(bench->avail_idx - bench_used_idx(bench)) > 7)
                continue;
            uint16_t old = bench->avail_idx;
            bench_offer_echo(bench, (uint16_t)(old * 2u % 16));
            uint16_t event = bench_load16(bench, bench->used_addr + virtq_avail_event_offset(16));
            if (virtq_need_event(event, bench->avail_idx, old))
                bench_kick(bench);
        }
        bench_run(bench);
        ck_assert_msg(bench_used_idx(bench) == bench->avail_idx,
                      "seed 0x%llx round %u: %u of %u entries used", (unsigned long long)seed,
                      round, bench_used_idx(bench), bench->avail_idx);
        bench_destroy(bench);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_request_takes_exactly_these_steps,
        a_request_that_is_overtaken_is_used_behind_the_later_one,
        a_reset_forgets_the_request_that_is_overtaken,
        with_event_idx_the_event_fields_take_the_place_of_the_flags,
        entries_added_while_the_device_works_need_no_second_notification,
        a_notification_without_anything_new_is_coped_with,
        two_queues_take_turns,
        stopping_or_resetting_at_any_step_ends_everything_and_starting_again_works,
        only_qemu_works_before_driver_ok,
        an_eager_device_finds_entries_by_itself,
        every_queue_size_works,
        indexes_wrap_at_65536_for_powers_of_two,
        a_full_ring_is_no_jump_and_one_more_is,
        used_event_asks_for_exactly_the_notifications_of_the_formula,
        flags_suppress_only_without_event_idx_and_used_event_only_with_it,
        qemu_notifies_for_the_first_entry_whatever_used_event_says,
        notify_on_empty_overrides_suppression_when_nothing_is_left,
        no_notification_that_avail_event_spares_the_driver_is_missed,
    };
    return bench_main("queue", tests, ARRAY_SIZE(tests));
}
