/*
 * Tests of chains: however a driver divides a message, and whatever it writes into a descriptor.
 */
#include <string.h>

#include "device_rig.h"

#define INDIRECT_DESC VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC)

enum { N = VIRTQ_DESC_F_NEXT, W = VIRTQ_DESC_F_WRITE, I = VIRTQ_DESC_F_INDIRECT };

static uint64_t allocate(struct bench *bench, uint64_t bytes)
{
    uint64_t addr = arena_alloc(&bench->arena, bytes, 4096, "test", 1, 0);
    ck_assert_uint_ne(addr, 0);
    return addr;
}

static void run_chain(struct bench *bench, uint16_t head)
{
    bench_offer(bench, head);
    bench_kick(bench);
    bench_run(bench);
}

/* ---- messages in pieces ---- */

/*
 * Divides `bytes` into pieces where `cuts` has a bit, and describes them from descriptor `first`
 * on, each in 16 bytes of its own. Returns the next free descriptor.
 */
static uint32_t describe(struct bench *bench, uint64_t table_addr, uint32_t first, uint64_t addr,
                         uint32_t bytes, uint32_t cuts, uint16_t flags)
{
    uint32_t start = 0;
    for (uint32_t at = 1; at <= bytes; at++) {
        if (at < bytes && (cuts >> (at - 1) & 1) == 0)
            continue;
        bench_desc(bench, table_addr, first, addr + 16ull * start, at - start,
                   (uint16_t)(flags | N), (uint16_t)(first + 1));
        start = at;
        first++;
    }
    return first;
}

static void end_chain(struct bench *bench, uint64_t table_addr, uint32_t last)
{
    uint64_t addr = table_addr + 16ull * last + offsetof(struct virtq_desc, flags);
    bench_store16(bench, addr, bench_load16(bench, addr) & W);
}

/* Byte `index` of a message that was divided so. */
static uint64_t byte_addr(uint64_t addr, uint32_t cuts, uint32_t index)
{
    uint32_t start = 0;
    for (uint32_t at = 1; at <= index; at++) {
        if ((cuts >> (at - 1) & 1) != 0)
            start = at;
    }
    return addr + 16ull * start + (index - start);
}

START_TEST(every_division_of_a_message_gives_the_same_answer)
{
    enum { BYTES = 6 };
    static const uint8_t message[BYTES] = {1, 2, 3, 4, 5, 6};
    struct bench *bench = bench_live(2, SPEC, INDIRECT_DESC, 32);
    uint64_t in_addr = bench->data_addr, out_addr = bench->data_addr + 1024;
    for (uint32_t cuts = 0; cuts < 1u << 2 * (BYTES - 1); cuts++) {
        uint32_t in_cuts = cuts & 31, out_cuts = cuts >> 5;
        for (int indirect = 0; indirect <= 1; indirect++) {
            uint64_t table = indirect ? bench->table_addr : bench->desc_addr;
            for (uint32_t i = 0; i < BYTES; i++) {
                bench_store(bench, byte_addr(in_addr, in_cuts, i), &message[i], 1);
                bench_store(bench, byte_addr(out_addr, out_cuts, i), "", 1);
            }
            uint32_t next = describe(bench, table, 0, in_addr, BYTES, in_cuts, 0);
            next = describe(bench, table, next, out_addr, BYTES, out_cuts, W);
            end_chain(bench, table, next - 1);
            if (indirect)
                bench_desc(bench, bench->desc_addr, 0, table, 16 * next, I, 0);
            bench_forget(bench);
            run_chain(bench, 0);
            bench_expect_refusal(bench, SIM_REFUSAL_NONE);
            ck_assert_uint_eq(bench_event(bench, EVENT_TAKE, 0)->extra, next);
            for (uint32_t i = 0; i < BYTES; i++)
                BENCH_CHECK(*arena_host(&bench->arena, byte_addr(out_addr, out_cuts, i)) ==
                            message[i]);
            uint64_t elem = bench->used_addr + 4 + 8ull * ((bench->avail_idx - 1u) % 32);
            ck_assert_uint_eq(bench_load32(bench, elem + 4), BYTES);
        }
    }
    bench_destroy(bench);
}
END_TEST

START_TEST(a_response_is_cut_where_the_room_ends)
{
    for (uint32_t room = 0; room <= 12; room++) {
        struct bench *bench = bench_live(2, SPEC, 0, 16);
        bench_desc(bench, bench->desc_addr, 0, bench->data_addr, 8, room > 0 ? N : 0, 1);
        bench_desc(bench, bench->desc_addr, 1, bench->data_addr + 64, room, W, 0);
        run_chain(bench, 0);
        ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 8), room < 8 ? room : 8);
        ck_assert_uint_eq(bench->device.queue[0].chain.writable_bytes, room);
        bench_desc(bench, bench->desc_addr, 0, bench->data_addr, 8, 0, 0);
        run_chain(bench, 0); /* and the next chain starts from nothing */
        ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 16), 0);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(reading_and_writing_start_at_any_offset_and_end_with_the_chain)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    for (uint16_t i = 0; i < 4; i++) /* 3 + 5 bytes in, 3 + 5 bytes out */
        bench_desc(bench, bench->desc_addr, i, bench->data_addr + 16u * i, i % 2 == 0 ? 3 : 5,
                   (uint16_t)((i < 3 ? N : 0) | (i >= 2 ? W : 0)), (uint16_t)(i + 1));
    bench_store(bench, bench->data_addr, "abc", 3);
    bench_store(bench, bench->data_addr + 16, "defgh", 5);
    bench_offer(bench, 0);
    bench_kick(bench);
    while (bench->device.queue[0].phase != SIM_PHASE_REQUEST)
        ck_assert(sim_device_step(&bench->device));
    for (uint32_t offset = 0; offset <= 10; offset++) {
        for (uint32_t bytes = 0; bytes <= 10; bytes++) {
            char got[16] = "";
            uint32_t want = offset >= 8 ? 0 : bytes < 8 - offset ? bytes : 8 - offset;
            ck_assert_uint_eq(sim_chain_read(&bench->device, 0, offset, got, bytes), want);
            ck_assert_mem_eq(got, &"abcdefgh"[offset < 8 ? offset : 8], want);
            bench_store(bench, bench->data_addr + 32, "........................", 24);
            bench->device.queue[0].chain.written_bytes = 0;
            ck_assert_uint_eq(sim_chain_write(&bench->device, 0, offset, "0123456789", bytes),
                              want);
            ck_assert_uint_eq(bench->device.queue[0].chain.written_bytes,
                              offset == 0 ? want : 0);
            for (uint32_t i = 0; i < 8; i++) {
                uint64_t addr = bench->data_addr + (i < 3 ? 32 + i : 48 + i - 3);
                ck_assert_uint_eq(*arena_host(&bench->arena, addr),
                                  i >= offset && i < offset + want ? '0' + i - offset : '.');
            }
        }
    }
    bench->device.queue[0].chain.written_bytes = 0;
    ck_assert_uint_eq(sim_chain_write(&bench->device, 0, 4, "x", 1), 1);
    ck_assert_uint_eq(bench->device.queue[0].chain.written_bytes, 0); /* behind a hole */
    ck_assert_uint_eq(sim_chain_write(&bench->device, 0, 0, "xy", 2), 2);
    ck_assert_uint_eq(sim_chain_write(&bench->device, 0, 1, "xyz", 3), 3);
    ck_assert_uint_eq(bench->device.queue[0].chain.written_bytes, 4);
    bench->device.config.profile = SIM_PROFILE_QEMU;
    ck_assert_uint_eq(sim_chain_write(&bench->device, 0, 6, "x", 1), 1);
    ck_assert_uint_eq(bench->device.queue[0].chain.written_bytes, 7); /* up to the last byte */
    bench_destroy(bench);
}
END_TEST

/* ---- what a driver can write into one descriptor ---- */

/* A case: three descriptors and an indirect table of three, and what comes of it. */
struct chain_case {
    const char *name;
    struct {
        uint32_t offset; /* of data_addr, or of table_addr if INDIRECT is set */
        uint32_t len;
        uint16_t flags, next;
    } desc[3], table[3];
    enum sim_refusal spec, qemu;
    bool spec_completes, qemu_completes;
    bool without_feature;  /* INDIRECT_DESC is not negotiated */
    uint64_t value, extra; /* of the refusal in the spec profile; 0, 0 = not looked at */
    uint32_t index;        /* of the descriptor */
};

/* clang-format off */
static const struct chain_case chain_cases[] = {
    {.name = "one readable", .desc = {{0, 4, 0, 0}},
     .spec_completes = true, .qemu_completes = true},
    {.name = "one writable", .desc = {{0, 4, W, 0}},
     .spec_completes = true, .qemu_completes = true},
    {.name = "next is ignored without NEXT", .desc = {{0, 4, 0, 999}},
     .spec_completes = true, .qemu_completes = true},
    {.name = "backwards", .desc = {{0, 4, N, 2}, {8, 4, W, 0}, {16, 4, N, 1}},
     .spec_completes = true, .qemu_completes = true},
    {.name = "loop to itself", .desc = {{0, 4, N, 0}},
     .spec = SIM_REFUSAL_CHAIN_LOOP, .qemu = SIM_REFUSAL_CHAIN_LOOP, .value = 4, .extra = 3},
    {.name = "loop of two", .desc = {{0, 4, N, 1}, {0, 4, N, 0}},
     .spec = SIM_REFUSAL_CHAIN_LOOP, .qemu = SIM_REFUSAL_CHAIN_LOOP, .value = 4, .extra = 3},
    {.name = "next is the queue size", .desc = {{0, 4, N, 3}},
     .spec = SIM_REFUSAL_NEXT_RANGE, .qemu = SIM_REFUSAL_NEXT_RANGE, .value = 3, .extra = 3},
    {.name = "next is huge", .desc = {{0, 4, N, 1}, {0, 4, N, 0xffff}}, .index = 1,
     .spec = SIM_REFUSAL_NEXT_RANGE, .qemu = SIM_REFUSAL_NEXT_RANGE, .value = 0xffff, .extra = 3},
    {.name = "length 0", .desc = {{0, 4, N, 1}, {8, 0, N, 2}, {16, 4, W, 0}}, .index = 1,
     .spec = SIM_REFUSAL_ZERO_LENGTH, .qemu = SIM_REFUSAL_ZERO_LENGTH, .spec_completes = true},
    {.name = "readable behind writable", .desc = {{0, 4, N | W, 1}, {8, 4, 0, 0}}, .index = 1,
     .spec = SIM_REFUSAL_READABLE_AFTER_WRITABLE, .qemu = SIM_REFUSAL_READABLE_AFTER_WRITABLE,
     .spec_completes = true},
    {.name = "an unknown flag", .desc = {{0, 4, 0x8000, 0}}, .value = 0x8000, .extra = 7,
     .spec = SIM_REFUSAL_FLAGS_UNKNOWN, .qemu = SIM_REFUSAL_FLAGS_UNKNOWN,
     .spec_completes = true, .qemu_completes = true},
    {.name = "more than 4 GiB in both directions",
     .desc = {{0, 1, N, 1}, {0, 0xffffffff, N | W, 2}, {0, 1, W, 0}}, .index = 2,
     .spec = SIM_REFUSAL_CHAIN_BYTES, .qemu = SIM_REFUSAL_CHAIN_BYTES,
     .value = 0x100000001, .extra = 0x100000000},
    {.name = "unknown flags", .desc = {{0, 4, 0x8008, 0}}, .value = 0x8008, .extra = 7,
     .spec = SIM_REFUSAL_FLAGS_UNKNOWN, .qemu = SIM_REFUSAL_FLAGS_UNKNOWN,
     .spec_completes = true, .qemu_completes = true},
    {.name = "more than 4 GiB",
     .desc = {{0, 0xffffffff, N, 1}, {0, 1, N, 2}, {0, 1, 0, 0}}, .index = 2,
     .spec = SIM_REFUSAL_CHAIN_BYTES, .qemu = SIM_REFUSAL_CHAIN_BYTES,
     .value = 0x100000001, .extra = 0x100000000},
    {.name = "indirect", .desc = {{0, 48, I, 0}},
     .table = {{0, 4, N, 2}, {8, 4, W, 0}, {16, 4, N, 1}},
     .spec_completes = true, .qemu_completes = true},
    {.name = "indirect with WRITE, to be disregarded", .desc = {{0, 16, I | W, 0}},
     .table = {{0, 4, 0, 0}}, .spec_completes = true, .qemu_completes = true},
    {.name = "indirect at the end of a chain", .desc = {{0, 4, N, 1}, {0, 32, I, 0}},
     .table = {{0, 4, N, 1}, {8, 4, W, 0}},
     .spec_completes = true, .qemu_completes = true}, /* QEMU takes the table for a buffer */
    {.name = "indirect without the feature", .desc = {{0, 16, I, 0}}, .table = {{0, 4, 0, 0}},
     .without_feature = true, .qemu_completes = true,
     .spec = SIM_REFUSAL_INDIRECT_FEATURE, .qemu = SIM_REFUSAL_INDIRECT_FEATURE},
    {.name = "indirect in an indirect table", .desc = {{0, 16, I, 0}}, .table = {{0, 16, I, 0}},
     .qemu_completes = true, .spec = SIM_REFUSAL_INDIRECT_NESTED, .value = I},
    {.name = "indirect and NEXT", .desc = {{0, 16, I | N, 1}}, .table = {{0, 4, 0, 0}},
     .qemu_completes = true, .value = I | N,
     .spec = SIM_REFUSAL_INDIRECT_NEXT, .qemu = SIM_REFUSAL_INDIRECT_NEXT},
    {.name = "indirect of length 0", .desc = {{0, 0, I, 0}}, .extra = 16,
     .spec = SIM_REFUSAL_INDIRECT_LENGTH, .qemu = SIM_REFUSAL_INDIRECT_LENGTH},
    {.name = "indirect of length 24", .desc = {{0, 24, I, 0}}, .value = 24, .extra = 16,
     .spec = SIM_REFUSAL_INDIRECT_LENGTH, .qemu = SIM_REFUSAL_INDIRECT_LENGTH},
    {.name = "next beyond an indirect table", .desc = {{0, 32, I, 0}},
     .table = {{0, 4, N, 2}, {8, 4, W, 0}, {16, 4, W, 0}}, .value = 2, .extra = 2,
     .spec = SIM_REFUSAL_NEXT_RANGE, .qemu = SIM_REFUSAL_NEXT_RANGE},
    {.name = "loop in an indirect table", .desc = {{0, 32, I, 0}}, .index = 1,
     .table = {{0, 4, N, 1}, {8, 4, N, 0}}, .value = 3, .extra = 2,
     .spec = SIM_REFUSAL_CHAIN_LOOP, .qemu = SIM_REFUSAL_CHAIN_LOOP},
};
/* clang-format on */

static void run_case(const struct chain_case *row, enum sim_profile profile)
{
    struct bench *bench = bench_create(2, profile, INDIRECT_DESC, 64);
    bench_negotiate(bench, row->without_feature ? 0 : INDIRECT_DESC);
    bench_queue(bench, 3);
    bench_driver_ok(bench);
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t base = (row->desc[i].flags & I) != 0 ? bench->table_addr : bench->data_addr;
        bench_desc(bench, bench->desc_addr, i, base + row->desc[i].offset, row->desc[i].len,
                   row->desc[i].flags, row->desc[i].next);
        bench_desc(bench, bench->table_addr, i, bench->data_addr + row->table[i].offset,
                   row->table[i].len, row->table[i].flags, row->table[i].next);
    }
    run_chain(bench, 0);
    enum sim_refusal want = profile == SPEC ? row->spec : row->qemu;
    bool completes = profile == SPEC ? row->spec_completes : row->qemu_completes;
    ck_assert_msg((bench_used_idx(bench) == 1) == completes, "%s, profile %d: it %s", row->name,
                  profile, completes ? "did not complete" : "completed");
    ck_assert_msg(want == SIM_REFUSAL_NONE || bench->refused[want] == 1, "%s, profile %d: not %s",
                  row->name, profile, sim_refusal_word(want));
    const struct event *event = bench_expect_refusal(bench, want);
    ck_assert_uint_eq(bench->count[EVENT_NEEDS_RESET], completes ? 0 : 1);
    if (event != NULL && profile == SPEC && (row->value != 0 || row->extra != 0)) {
        ck_assert_msg(event->addr == row->value && event->extra == row->extra &&
                          event->index == row->index,
                      "%s: got 0x%llx of 0x%llx in [%u]", row->name,
                      (unsigned long long)event->addr, (unsigned long long)event->extra,
                      event->index);
    }
    bench_destroy(bench);
}

START_TEST(every_descriptor_is_taken_or_refused_as_it_must_be)
{
    for (size_t i = 0; i < ARRAY_SIZE(chain_cases); i++) {
        run_case(&chain_cases[i], SPEC);
        run_case(&chain_cases[i], QEMU);
    }
}
END_TEST

START_TEST(qemu_takes_a_late_indirect_descriptor_for_a_buffer)
{
    for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
        struct bench *bench = bench_live(2, profile, INDIRECT_DESC, 16);
        bench_desc(bench, bench->desc_addr, 0, bench->data_addr, 4, N, 1);
        bench_desc(bench, bench->desc_addr, 1, bench->table_addr, 48, I, 0);
        for (uint16_t i = 0; i < 3; i++)
            bench_desc(bench, bench->table_addr, i, bench->data_addr, 1, i < 2 ? N : 0,
                       (uint16_t)(i + 1));
        run_chain(bench, 0);
        ck_assert_uint_eq(bench_event(bench, EVENT_TAKE, 0)->extra, profile == SPEC ? 4 : 2);
        ck_assert_uint_eq(bench->request_bytes, profile == SPEC ? 7 : 52);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(readable_segments_come_first_whatever_the_order)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    static const uint16_t flags[] = {W, 0, W, 0, 0, W};
    for (uint16_t i = 0; i < 6; i++)
        bench_desc(bench, bench->desc_addr, i, bench->data_addr + 16u * i, 1u + i,
                   (uint16_t)(flags[i] | (i < 5 ? N : 0)), (uint16_t)(i + 1));
    run_chain(bench, 0);
    const struct sim_chain *chain = &bench->device.queue[0].chain;
    static const uint32_t want[] = {1, 3, 4, 0, 2, 5};
    for (uint32_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(chain->segment[i].addr, bench->data_addr + 16ull * want[i]);
        ck_assert_uint_eq(chain->segment[i].len_bytes, 1 + want[i]);
    }
    ck_assert_uint_eq(bench->refused[SIM_REFUSAL_READABLE_AFTER_WRITABLE], 3);
    bench_destroy(bench);
}
END_TEST

/* ---- limits ---- */

/* `count` descriptors of one byte each, in a row; the last one leads on if `is_open`. */
static void describe_row(struct bench *bench, uint64_t table_addr, uint32_t count, bool is_open)
{
    for (uint32_t i = 0; i < count; i++)
        bench_desc(bench, table_addr, i, bench->data_addr, 1,
                   (uint16_t)(i + 1 < count || is_open ? N : 0),
                   (uint16_t)(i + 1 < count ? i + 1 : 0));
}

START_TEST(a_chain_as_long_as_the_queue_is_taken_and_a_longer_one_refused)
{
    static const uint32_t sizes[] = {1, 2, 3, 10, 256, 32768};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        for (int is_open = 0; is_open <= 1; is_open++) {
            struct bench *bench = bench_live(2, SPEC, 0, sizes[i]);
            describe_row(bench, bench->desc_addr, sizes[i], is_open != 0);
            run_chain(bench, 0);
            bench_expect_refusal(bench, is_open ? SIM_REFUSAL_CHAIN_LOOP : SIM_REFUSAL_NONE);
            ck_assert_uint_eq(bench_used_idx(bench), is_open ? 0 : 1);
            if (!is_open)
                ck_assert_uint_eq(bench->device.queue[0].chain.readable_count, sizes[i]);
            bench_destroy(bench);
        }
    }
}
END_TEST

START_TEST(an_indirect_table_may_be_longer_than_the_queue_but_its_walk_is_bounded)
{
    static const uint32_t counts[] = {1, 2, 100, 32768, 32769};
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        struct bench *bench = bench_live(2, SPEC, INDIRECT_DESC, 2);
        uint64_t table = allocate(bench, 16ull * counts[i]);
        describe_row(bench, table, counts[i], false);
        bench_desc(bench, bench->desc_addr, 0, table, 16 * counts[i], I, 0);
        run_chain(bench, 0);
        bench_expect_refusal(bench, counts[i] > VIRTQ_SIZE_MAX ? SIM_REFUSAL_CHAIN_LOOP
                                                               : SIM_REFUSAL_NONE);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(the_longest_chain_of_all_ends_in_the_longest_table)
{
    struct bench *bench = bench_live(2, SPEC, INDIRECT_DESC, VIRTQ_SIZE_MAX);
    uint64_t table = allocate(bench, 16ull * VIRTQ_SIZE_MAX);
    describe_row(bench, table, VIRTQ_SIZE_MAX, false);
    describe_row(bench, bench->desc_addr, VIRTQ_SIZE_MAX, false);
    bench_desc(bench, bench->desc_addr, VIRTQ_SIZE_MAX - 1, table, 16 * VIRTQ_SIZE_MAX, I, 0);
    run_chain(bench, 0);
    bench_expect_refusal(bench, SIM_REFUSAL_NONE);
    ck_assert_uint_eq(bench->device.queue[0].chain.readable_count, 2 * VIRTQ_SIZE_MAX - 1);
    ck_assert_uint_eq(bench->request_bytes, 2 * VIRTQ_SIZE_MAX - 1);
    bench_destroy(bench);
}
END_TEST

/* ---- memory that cannot be reached ---- */

START_TEST(buffers_and_tables_that_cannot_be_reached_are_refused_with_the_reason)
{
    static const uint64_t outside = 0x1000, wraps = UINT64_MAX - 1;
    static const struct {
        uint16_t flags;
        uint32_t len;
        uint64_t addr; /* 0 = the last 8 bytes of data */
        enum sim_refusal want;
        enum arena_fault fault;
        uint64_t extra;
    } row[] = {
        {0, 4, outside, SIM_REFUSAL_DMA_REQUEST, ARENA_FAULT_OUTSIDE_RAM, 4},
        {0, 4, wraps, SIM_REFUSAL_DMA_REQUEST, ARENA_FAULT_VIRTUAL, 4},
        {0, 9, 0, SIM_REFUSAL_DMA_REQUEST, ARENA_FAULT_ACROSS_END, 9},
        {W, 4, outside, SIM_REFUSAL_DMA_RESPONSE, ARENA_FAULT_OUTSIDE_RAM, 4},
        {W, 9, 0, SIM_REFUSAL_DMA_RESPONSE, ARENA_FAULT_ACROSS_END, 9},
        {I, 32, outside, SIM_REFUSAL_DMA_INDIRECT, ARENA_FAULT_OUTSIDE_RAM, 16},
        {I, 32, 0, SIM_REFUSAL_DMA_INDIRECT, ARENA_FAULT_ACROSS_END, 16},
        {I, 0xfffffff0, UINT64_MAX - 15, SIM_REFUSAL_DMA_INDIRECT, ARENA_FAULT_VIRTUAL, 16},
    };
    for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
        struct bench *bench = bench_live(2, SPEC, INDIRECT_DESC, 16);
        uint64_t addr = row[i].addr != 0 ? row[i].addr : bench->data_addr + 4096 - 8;
        bench_desc(bench, bench->desc_addr, 0, bench->data_addr, 16, N, 1);
        bench_desc(bench, bench->desc_addr, 1, addr, row[i].len, row[i].flags, 0);
        run_chain(bench, 0);
        const struct event *event = bench_expect_refusal(bench, row[i].want);
        ck_assert_uint_eq(event->addr, addr);
        ck_assert_uint_eq(event->extra, row[i].extra);
        ck_assert_uint_eq(event->index, row[i].fault);
        ck_assert_uint_eq(bench_used_idx(bench), 0);
        ck_assert_uint_eq(sim_chain_read(&bench->device, 0, 0, bench->request, 4), 0);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(one_buffer_that_cannot_be_reached_is_reported_and_no_second_one)
{
    for (uint16_t flags = 0; flags <= W; flags += W) {
        struct bench *bench = bench_live(2, SPEC, 0, 16);
        bench_desc(bench, bench->desc_addr, 0, bench->data_addr, 64, N, 1);
        bench_desc(bench, bench->desc_addr, 1, 0x1000, 4, (uint16_t)(flags | N), 2);
        bench_desc(bench, bench->desc_addr, 2, 0x2000, 4, flags, 0);
        run_chain(bench, 0);
        bench_expect_refusal(bench,
                             flags == W ? SIM_REFUSAL_DMA_RESPONSE : SIM_REFUSAL_DMA_REQUEST);
        ck_assert_uint_eq(bench->count[EVENT_NEEDS_RESET], 1);
        bench_destroy(bench);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_division_of_a_message_gives_the_same_answer,
        a_response_is_cut_where_the_room_ends,
        reading_and_writing_start_at_any_offset_and_end_with_the_chain,
        every_descriptor_is_taken_or_refused_as_it_must_be,
        qemu_takes_a_late_indirect_descriptor_for_a_buffer,
        readable_segments_come_first_whatever_the_order,
        a_chain_as_long_as_the_queue_is_taken_and_a_longer_one_refused,
        an_indirect_table_may_be_longer_than_the_queue_but_its_walk_is_bounded,
        the_longest_chain_of_all_ends_in_the_longest_table,
        buffers_and_tables_that_cannot_be_reached_are_refused_with_the_reason,
        one_buffer_that_cannot_be_reached_is_reported_and_no_second_one,
    };
    return bench_main("chain", tests, ARRAY_SIZE(tests));
}
