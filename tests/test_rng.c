/*
 * The entropy device: fills what it is given, always alike for a seed, and never twice the same.
 */
#include "device_rig.h"
#include "rng.h"

#include <string.h>

#define QUEUE_SIZE 8u
#define SEED       UINT64_C(42)
#define UNTOUCHED  0xee

static struct bench *make(uint32_t version)
{
    struct bench *bench = bench_create_as(VIRTIO_ID_ENTROPY, version, SPEC, 0, QUEUE_SIZE);
    struct sim_config config = bench->device.config;
    struct event_observer observer = bench->device.observer;

    sim_device_destroy(&bench->device);
    sim_device_create(&bench->device, &config, &rng_class, &bench->arena, observer);
    ck_assert(rng_create(&bench->device, SEED));
    bench_negotiate(bench, 0);
    bench_queue(bench, QUEUE_SIZE);
    bench_driver_ok(bench);
    return bench;
}

static void done(struct bench *bench)
{
    rng_destroy(&bench->device);
    bench_destroy(bench);
}

static uint32_t run(struct bench *bench)
{
    bench_forget(bench);
    bench_offer(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench_used_idx(bench), bench->avail_idx);
    uint64_t slot = (uint16_t)(bench->avail_idx - 1u) % bench->size;
    return bench_load32(bench, bench->used_addr + 4 + 8 * slot + 4);
}

static uint32_t ask(struct bench *bench, uint32_t bytes)
{
    memset(arena_host(&bench->arena, bench->data_addr), UNTOUCHED, 4096);
    bench_desc(bench, bench->desc_addr, 0, bench->data_addr, bytes, VIRTQ_DESC_F_WRITE, 0);
    return run(bench);
}

START_TEST(buffers_are_filled_with_the_stream_of_the_seed)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct bench *bench = make(version);
        const uint8_t *data = arena_host(&bench->arena, bench->data_addr);
        uint64_t given = 0;

        for (uint32_t bytes = 1; bytes <= 100; bytes += 9) {
            ck_assert_uint_eq(ask(bench, bytes), bytes);
            for (uint32_t i = 0; i < bytes; i++)
                ck_assert_uint_eq(data[i], rng_byte(SEED, given + i));
            ck_assert_uint_eq(data[bytes], UNTOUCHED);
            given += bytes;
            bench_expect_refusal(bench, SIM_REFUSAL_NONE);
        }
        ck_assert_uint_eq(bench_event(bench, EVENT_RESPOND, 0)->extra, 100);
        done(bench);
    }
}
END_TEST

START_TEST(streams_of_two_seeds_differ_and_one_does_not_repeat)
{
    uint32_t same = 0, seen[256] = {0};

    for (uint64_t i = 0; i < 65536; i++) {
        same += rng_byte(1, i) == rng_byte(2, i);
        seen[rng_byte(1, i)]++;
    }
    ck_assert_uint_lt(same, 400); /* 256 by chance */
    for (unsigned value = 0; value < 256; value++)
        ck_assert(seen[value] > 150 && seen[value] < 370);
}
END_TEST

START_TEST(a_large_buffer_gets_a_part)
{
    struct bench *bench = make(2);
    uint64_t addr = arena_alloc(&bench->arena, 3 * RNG_BYTES_MAX, 4096, "large", 1, 0);

    bench_desc(bench, bench->desc_addr, 0, addr, 3 * RNG_BYTES_MAX, VIRTQ_DESC_F_WRITE, 0);
    ck_assert_uint_eq(run(bench), RNG_BYTES_MAX);
    done(bench);
}
END_TEST

START_TEST(a_readable_buffer_is_reported)
{
    struct bench *bench = make(2);

    bench_desc(bench, bench->desc_addr, 0, bench->data_addr, 16, VIRTQ_DESC_F_NEXT, 1);
    bench_desc(bench, bench->desc_addr, 1, bench->data_addr + 64, 16, VIRTQ_DESC_F_WRITE, 0);
    ck_assert_uint_eq(run(bench), 16);
    ck_assert_uint_eq(bench_expect_refusal(bench, SIM_REFUSAL_ENTROPY_READABLE)->addr, 16);
    done(bench);
}
END_TEST

START_TEST(a_chain_without_a_writable_buffer_is_reported)
{
    struct bench *bench = make(2);

    bench_desc(bench, bench->desc_addr, 0, bench->data_addr, 16, 0, 0);
    ck_assert_uint_eq(run(bench), 0);
    ck_assert_uint_eq(bench->refused[SIM_REFUSAL_RESPONSE_SHORT], 1);
    ck_assert_uint_eq(bench->refused[SIM_REFUSAL_ENTROPY_READABLE], 1);
    done(bench);
}
END_TEST

START_TEST(there_is_one_queue_and_no_config_space)
{
    struct bench *bench = make(2);

    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_DeviceID), 4);
    bench_write(bench, VIRTIO_MMIO_QueueSel, 1);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueSizeMax), 0);
    ck_assert_int_eq(mmio_check(&bench->device, VIRTIO_MMIO_CONFIG, 4, false), EVENT_VERDICT_GAP);
    done(bench);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        buffers_are_filled_with_the_stream_of_the_seed,
        streams_of_two_seeds_differ_and_one_does_not_repeat,
        a_large_buffer_gets_a_part,
        a_readable_buffer_is_reported,
        a_chain_without_a_writable_buffer_is_reported,
        there_is_one_queue_and_no_config_space,
    };
    return bench_main("rng", tests, ARRAY_SIZE(tests));
}
