/*
 * Tests of what a queue does about errors and faults, and about anything at all in memory.
 */
#include <stdio.h>

#include "device_rig.h"

#define EVENT_IDX   VIRTIO_BIT(VIRTIO_F_EVENT_IDX)
#define NEEDS_RESET VIRTIO_STATUS_DEVICE_NEEDS_RESET

/* ---- errors of the ring ---- */

START_TEST(a_head_beyond_the_queue_is_refused)
{
    static const uint16_t heads[] = {10, 11, 0x7fff, 0xffff};
    for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
        struct bench *bench = bench_live(2, SPEC, 0, 10);
        bench_offer(bench, heads[i]);
        bench_kick(bench);
        bench_run(bench);
        const struct event *event = bench_expect_refusal(bench, SIM_REFUSAL_HEAD_RANGE);
        ck_assert_uint_eq(event->addr, heads[i]);
        ck_assert_uint_eq(event->extra, 10);
        ck_assert_uint_eq(bench_used_idx(bench), 0);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(rings_that_cannot_be_reached_are_refused_with_the_reason)
{
    static const struct {
        uint32_t low_register;
        enum sim_refusal want;
        uint32_t offset, bytes;
    } row[] = {{VIRTIO_MMIO_QueueDescLow, SIM_REFUSAL_DMA_DESC, 0, 16},
               {VIRTIO_MMIO_QueueDriverLow, SIM_REFUSAL_DMA_AVAIL, 2, 2},
               {VIRTIO_MMIO_QueueDeviceLow, SIM_REFUSAL_DMA_USED, 4, 8}};
    for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
        for (int is_freed = 0; is_freed <= 1; is_freed++) {
            struct bench *bench = bench_live(2, SPEC, 0, 16);
            uint64_t bad = BENCH_RAM_BASE + BENCH_RAM_BYTES - 4096;
            if (is_freed) {
                bad = arena_alloc(&bench->arena, 4096, 4096, "gone", 1, 0);
                ck_assert(arena_free(&bench->arena, bad, 2));
            }
            bench_offer_echo(bench, 0);
            bench_write(bench, VIRTIO_MMIO_QueueReady, 0);
            bench_write(bench, row[i].low_register, (uint32_t)bad);
            bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
            bench_kick(bench);
            bench_run(bench);
            const struct event *event = bench_expect_refusal(bench, row[i].want);
            ck_assert_uint_eq(event->addr, bad + row[i].offset);
            ck_assert_uint_eq(event->extra, row[i].bytes);
            ck_assert_uint_eq(event->index, is_freed ? ARENA_FAULT_FREED : ARENA_FAULT_NOT_DMA);
            ck_assert_uint_eq(bench_event(bench, EVENT_NEEDS_RESET, 0)->value, row[i].want);
            bench_destroy(bench);
        }
    }
}
END_TEST

START_TEST(an_error_state_is_shown_notified_and_ended_by_a_reset_only)
{
    static const struct {
        uint32_t version;
        enum sim_profile profile;
        uint32_t status, interrupt;
    } row[] = {{2, SPEC, 15 | NEEDS_RESET, 2},
               {2, QEMU, 15 | NEEDS_RESET, 3},
               {1, SPEC, 7, 0},
               {1, QEMU, 7, 0}};
    for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
        struct bench *bench = bench_live(row[i].version, row[i].profile, 0, 16);
        bench_offer(bench, 99);
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench->count[EVENT_NEEDS_RESET], 1);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), row[i].status);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), row[i].interrupt);
        ck_assert_uint_eq(bench->device.queue[1].broken, row[i].profile == QEMU);
        bench_kick(bench);
        ck_assert(!sim_device_enabled(&bench->device));
        bench_negotiate(bench, 0);
        bench_queue(bench, 16);
        bench_driver_ok(bench);
        bench_offer_echo(bench, 0);
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench_used_idx(bench), 1);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(bytes_that_were_never_seen_stored_are_reported_once)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    bench_offer_echo(bench, 0);
    *arena_host(&bench->arena, bench->data_addr + 2) = 0x55; /* behind the probe's back */
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench->count[EVENT_UNOBSERVED], 1);
    const struct event *event = bench_event(bench, EVENT_UNOBSERVED, 0);
    ck_assert_uint_eq(event->value, 2);
    ck_assert_uint_eq(event->addr, bench->data_addr + 2);
    ck_assert_uint_eq(event->place, EVENT_PLACE_REQUEST);
    bench_offer_echo(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench->count[EVENT_UNOBSERVED], 1);
    *arena_host(&bench->arena, bench->data_addr + 9) = 0x55;
    enum arena_fault fault;
    ck_assert_ptr_eq(sim_map_for_read(&bench->device, bench->data_addr, 64, &fault),
                     arena_host(&bench->arena, bench->data_addr));
    ck_assert_uint_eq(bench->count[EVENT_UNOBSERVED], 2);
    ck_assert_ptr_null(sim_map_for_read(&bench->device, bench->data_addr, 4097, &fault));
    ck_assert_uint_eq(fault, ARENA_FAULT_ACROSS_END);
    bench_desc(bench, bench->desc_addr, 0, bench->data_addr + 64, 4, 0, 0);
    bench_offer(bench, 0); /* what the device itself has written is known */
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench->count[EVENT_UNOBSERVED], 2);
    bench->device.check_stores = false;
    *arena_host(&bench->arena, bench->data_addr) = 0x77;
    bench_offer_echo(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench->count[EVENT_UNOBSERVED], 2);
    bench_destroy(bench);
}
END_TEST

/* ---- faults ---- */

static struct bench *faulty(uint64_t features, enum sim_fault_kind kind, uint64_t argument,
                            uint64_t request)
{
    struct bench *bench = bench_live(2, SPEC, features, 16);
    const struct sim_fault fault = {.kind = kind, .argument = argument, .request = request};
    ck_assert(sim_fault_arm(&bench->device.faults, &fault));
    return bench;
}

START_TEST(a_late_completion_waits_for_the_clock)
{
    struct bench *bench = faulty(0, SIM_FAULT_COMPLETION_LATE, 100, 2);
    for (uint32_t n = 1; n <= 3; n++) {
        bench->device.clock_steps = 1000 * n;
        bench_offer_echo(bench, 0);
        bench_kick(bench);
        bench_run(bench);
        if (n != 2) {
            ck_assert_uint_eq(bench_used_idx(bench), n);
            continue;
        }
        ck_assert_uint_eq(bench_used_idx(bench), 1);
        ck_assert_uint_eq(bench->count[EVENT_FAULT], 1);
        ck_assert_uint_eq(bench->count[EVENT_EXECUTE], 2);
        ck_assert_uint_eq(bench->count[EVENT_RESPOND], 1);
        ck_assert_uint_eq(sim_device_wakes_at(&bench->device), 2100);
        bench->device.clock_steps = 2099;
        ck_assert(!sim_device_enabled(&bench->device));
        ck_assert(!sim_device_step(&bench->device));
        bench_kick(bench); /* makes no difference */
        ck_assert(!sim_device_enabled(&bench->device));
        bench->device.clock_steps = 2100;
        ck_assert(sim_device_enabled(&bench->device));
        bench_run(bench);
        ck_assert_uint_eq(bench_used_idx(bench), 2);
        ck_assert_uint_eq(sim_device_wakes_at(&bench->device), 0);
    }
    bench_destroy(bench);
}
END_TEST

START_TEST(a_reset_forgets_a_completion_that_is_held_back)
{
    struct bench *bench = faulty(0, SIM_FAULT_COMPLETION_LATE, 100, 1);
    bench_offer_echo(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    ck_assert_uint_eq(bench->device.held, 0);
    ck_assert_uint_eq(sim_device_wakes_at(&bench->device), 0);
    bench->device.clock_steps = 1000;
    ck_assert(!sim_device_enabled(&bench->device));
    bench_destroy(bench);
}
END_TEST

START_TEST(a_lost_completion_is_executed_and_the_next_one_is_not_lost)
{
    for (uint32_t event_idx = 0; event_idx <= 1; event_idx++) {
        struct bench *bench = faulty(event_idx ? EVENT_IDX : 0, SIM_FAULT_COMPLETION_LOST, 0, 1);
        bench_offer_echo(bench, 0);
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench->count[EVENT_EXECUTE], 1);
        ck_assert_uint_eq(bench->count[EVENT_FAULT], 1);
        ck_assert_uint_eq(bench->count[EVENT_RESPOND], 0);
        ck_assert_uint_eq(bench_used_idx(bench), 0);
        ck_assert_uint_eq(bench_load16(bench, bench->used_addr + 4 + 8 * 16), event_idx);
        bench_offer_echo(bench, 4);
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench_used_idx(bench), 1);
        ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 4), 4);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(the_used_element_can_lie)
{
    struct bench *bench = faulty(0, SIM_FAULT_USED_ID, 77, 0);
    const struct sim_fault len = {.kind = SIM_FAULT_USED_LEN, .argument = 0xfffffff0};
    ck_assert(sim_fault_arm(&bench->device.faults, &len));
    for (uint32_t n = 0; n < 2; n++) {
        bench_offer_echo(bench, 0);
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 4 + 8 * n), 77);
        ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 8 + 8 * n), 0xfffffff0);
        ck_assert_uint_eq(bench->count[EVENT_FAULT], 2 * (n + 1));
    }
    bench_destroy(bench);
}
END_TEST

START_TEST(descriptors_can_be_overwritten_before_the_used_element)
{
    struct bench *bench = faulty(0, SIM_FAULT_REWRITE_DESCRIPTORS, 0xee, 1);
    bench_offer_echo(bench, 3);
    bench_desc(bench, bench->desc_addr, 5, 1, 2, 3, 4);
    bench_kick(bench);
    bench_run(bench);
    for (uint32_t i = 0; i < 4 * 16; i++)
        ck_assert((bench_load32(bench, bench->desc_addr + 4 * i) == 0xeeeeeeee) ==
                  (i / 4 == 3 || i / 4 == 4));
    ck_assert_uint_eq(bench->count[EVENT_FAULT], 1);
    ck_assert_uint_eq(bench_used_idx(bench), 1);
    ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 4), 3);
    bench_destroy(bench);
}
END_TEST

/* ---- anything at all ---- */

START_TEST(random_memory_neither_crashes_nor_runs_for_ever)
{
    const uint64_t seed = 0x5eed0002;
    printf("random_memory: seed 0x%llx\n", (unsigned long long)seed);
    for (uint32_t round = 0; round < 3000; round++) {
        uint64_t state = seed + round * 7919ull;
        bench_random(&state);
        uint64_t features = bench_random(&state) & (EVENT_IDX | (EVENT_IDX >> 1));
        struct bench *bench =
            bench_live(1 + round % 2, (enum sim_profile)(round / 2 % 2), features, 1 + round % 20);
        uint64_t areas[] = {bench->desc_addr, bench->avail_addr, bench->used_addr, bench->data_addr,
                            bench->table_addr};
        for (uint32_t n = 0; n < 600; n++) {
            uint16_t value = (uint16_t)(bench_random(&state) >> (bench_random(&state) % 32));
            bench_store16(bench, areas[bench_random(&state) % 5] + bench_random(&state) % 512,
                          value);
        }
        for (uint32_t i = 0; i < bench->size; i++) { /* some descriptors that lead somewhere */
            if (bench_random(&state) % 2 == 0)
                bench_desc(bench, bench->desc_addr, i, areas[3 + bench_random(&state) % 2],
                           bench_random(&state) % 65 * 16, bench_random(&state) % 8,
                           (uint16_t)(bench_random(&state) % (bench->size + 1)));
        }
        uint16_t ahead = (uint16_t)(bench_random(&state) % (bench->size + 1));
        bench_store16(bench, bench->avail_addr + 2, ahead);
        bench_kick(bench);
        bench_run(bench);
        ck_assert_uint_le(bench->count[EVENT_TAKE], VIRTQ_SIZE_MAX);
        bench_destroy(bench);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_head_beyond_the_queue_is_refused,
        rings_that_cannot_be_reached_are_refused_with_the_reason,
        an_error_state_is_shown_notified_and_ended_by_a_reset_only,
        bytes_that_were_never_seen_stored_are_reported_once,
        a_late_completion_waits_for_the_clock,
        a_reset_forgets_a_completion_that_is_held_back,
        a_lost_completion_is_executed_and_the_next_one_is_not_lost,
        the_used_element_can_lie,
        descriptors_can_be_overwritten_before_the_used_element,
        random_memory_neither_crashes_nor_runs_for_ever,
    };
    return bench_main("queue errors", tests, ARRAY_SIZE(tests));
}
