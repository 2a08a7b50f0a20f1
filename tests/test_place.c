/*
 * Tests of where in a queue an address lies.
 */
#include <stdio.h>
#include <string.h>

#include "device_rig.h"

/* The name that a person would give the bytes [offset, offset + width) of an area. */
static void name_desc(char *out, size_t out_bytes, uint32_t offset, uint32_t width)
{
    static const char *const field[] = {
        [0] = ".addr", [8] = ".len", [12] = ".flags", [14] = ".next"};
    static const uint32_t bytes[] = {[0] = 8, [8] = 4, [12] = 2, [14] = 2};
    uint32_t within = offset % 16;
    bool is_field = within < ARRAY_SIZE(bytes) && bytes[within] != 0 && width <= bytes[within];
    snprintf(out, out_bytes, "q0.desc[%u]%s", offset / 16, is_field ? field[within] : "");
}

static void name_avail(char *out, size_t out_bytes, uint32_t offset, uint32_t size)
{
    if (offset < 4)
        snprintf(out, out_bytes, "q0.avail.%s", offset < 2 ? "flags" : "idx");
    else if (offset < 4 + 2 * size)
        snprintf(out, out_bytes, "q0.avail.ring[%u]", (offset - 4) / 2);
    else
        snprintf(out, out_bytes, "q0.avail.used_event");
}

static void name_used(char *out, size_t out_bytes, uint32_t offset, uint32_t size, uint32_t width)
{
    uint32_t within = (offset - 4) % 8;
    if (offset < 4)
        snprintf(out, out_bytes, "q0.used.%s", offset < 2 ? "flags" : "idx");
    else if (offset >= 4 + 8 * size)
        snprintf(out, out_bytes, "q0.used.avail_event");
    else
        snprintf(out, out_bytes, "q0.used.ring[%u]%s", (offset - 4) / 8,
                 width > 4 || within % 4 != 0 ? ""
                 : within == 0                ? ".id"
                                              : ".len");
}

static void check_place(struct bench *bench, uint64_t addr, uint32_t width, const char *want)
{
    struct event event = {.kind = EVENT_STORE, .addr = addr, .width_bytes = width};
    bool found = sim_queue_place(&bench->device, addr, &event);
    char got[EVENT_TEXT_BYTES] = "";
    if (found)
        event_format_place(&event, NULL, NULL, got, sizeof(got));
    char *slash = strchr(got, '/'); /* the width is not the place's business */
    if (slash != NULL)
        *slash = '\0';
    ck_assert_msg(found == (want != NULL) && (want == NULL || strcmp(got, want) == 0),
                  "0x%llx, %u bytes: `%s`, not `%s`", (unsigned long long)addr, width, got,
                  want != NULL ? want : "nothing");
}

START_TEST(every_byte_of_a_queue_has_the_name_of_its_field)
{
    static const uint32_t sizes[] = {1, 2, 10, 16};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct bench *bench = bench_live(2, SPEC, 0, sizes[i]);
        char want[64];
        for (uint32_t width = 1; width <= 16; width++) {
            for (uint32_t offset = 0; offset < virtq_desc_bytes(sizes[i]); offset++) {
                name_desc(want, sizeof(want), offset, width);
                check_place(bench, bench->desc_addr + offset, width, want);
            }
            for (uint32_t offset = 0; offset < virtq_avail_bytes(sizes[i]); offset++) {
                name_avail(want, sizeof(want), offset, sizes[i]);
                check_place(bench, bench->avail_addr + offset, width, want);
            }
            for (uint32_t offset = 0; offset < virtq_used_bytes(sizes[i]); offset++) {
                name_used(want, sizeof(want), offset, sizes[i], width);
                check_place(bench, bench->used_addr + offset, width, want);
            }
        }
        check_place(bench, bench->desc_addr - 1, 4, NULL);
        check_place(bench, bench->desc_addr + virtq_desc_bytes(sizes[i]), 4, NULL);
        check_place(bench, bench->avail_addr + virtq_avail_bytes(sizes[i]), 4, NULL);
        check_place(bench, bench->used_addr + virtq_used_bytes(sizes[i]), 4, NULL);
        check_place(bench, bench->data_addr, 4, NULL);
        bench_destroy(bench);
    }
}
END_TEST

/* Bytes as they lie in memory, taken as little-endian, and what they stand for in a ring. */
START_TEST(fields_in_the_order_of_a_big_endian_cpu_are_turned_each_by_itself)
{
    static const struct {
        uint8_t place;
        uint32_t width;
        uint64_t raw, value;
    } rows[] = {
        {EVENT_PLACE_DESC_ADDR, 8, 0x0070140000000000, 0x147000},
        {EVENT_PLACE_DESC, 16, 0x0070140000000000, 0x147000},
        {EVENT_PLACE_INDIRECT, 16, 0x0070140000000000, 0x147000},
        {EVENT_PLACE_DESC_LEN, 4, 0x98010000, 408},
        {EVENT_PLACE_DESC_FLAGS, 2, 0x0200, 2},
        {EVENT_PLACE_AVAIL_IDX, 2, 0x0100, 1},
        {EVENT_PLACE_AVAIL_FLAGS, 4, 0x02000100, 0x00020001}, /* flags and idx in one access */
        {EVENT_PLACE_USED_RING, 8, 0x9801000007000000, 0x0000019800000007},
        {EVENT_PLACE_USED_RING_ID, 4, 0x07000000, 7},
        {EVENT_PLACE_USED_IDX, 1, 0x12, 0x12}, /* half a field stands for nothing */
        {EVENT_PLACE_MEMORY, 4, 0x01000000, 0x01000000},
        {EVENT_PLACE_REQUEST, 4, 0x01000000, 0x01000000},
        {EVENT_PLACE_REGISTER, 4, 0x01000000, 0x01000000},
    };
    struct bench *bench = bench_live(1, SPEC, 0, 16);

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_msg(sim_ring_turned(rows[i].place, rows[i].width, rows[i].raw) == rows[i].value,
                      "row %zu: 0x%lx", i,
                      (unsigned long)sim_ring_turned(rows[i].place, rows[i].width, rows[i].raw));
        ck_assert_uint_eq(sim_ring_value(&bench->device, rows[i].place, rows[i].width, rows[i].raw),
                          rows[i].raw);
    }
    bench->device.config.big_endian = true;
    ck_assert_uint_eq(sim_ring_value(&bench->device, EVENT_PLACE_AVAIL_IDX, 2, 0x0100), 1);
    ck_assert_uint_eq(sim_ring16(&bench->device, 0x0100), 1);
    bench->device.config.version = 2; /* where all is little-endian */
    ck_assert_uint_eq(sim_ring_value(&bench->device, EVENT_PLACE_AVAIL_IDX, 2, 0x0100), 0x0100);
    ck_assert_uint_eq(sim_ring16(&bench->device, 0x0100), 0x0100);
    bench_destroy(bench);
}
END_TEST

START_TEST(a_queue_that_is_not_live_has_no_places)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    bench_write(bench, VIRTIO_MMIO_QueueReady, 0);
    check_place(bench, bench->desc_addr, 4, NULL);
    bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
    check_place(bench, bench->desc_addr, 4, "q0.desc[0].addr");
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    check_place(bench, bench->desc_addr, 4, NULL);
    bench_destroy(bench);
}
END_TEST

START_TEST(the_second_queue_is_named_by_its_number)
{
    struct bench *bench = bench_live(2, SPEC, 0, 16);
    bench_write(bench, VIRTIO_MMIO_QueueSel, 1);
    bench_write(bench, VIRTIO_MMIO_QueueDescLow, 0x50000000);
    bench_write(bench, VIRTIO_MMIO_QueueDriverLow, 0x60000000);
    bench_write(bench, VIRTIO_MMIO_QueueDeviceLow, 0x70000000);
    bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
    check_place(bench, 0x5000000c, 2, "q1.desc[0].flags");
    check_place(bench, 0x60000002, 2, "q1.avail.idx");
    check_place(bench, 0x70000002, 2, "q1.used.idx");
    check_place(bench, bench->used_addr + 2, 2, "q0.used.idx");
    bench_destroy(bench);
}
END_TEST

START_TEST(where_qemu_lets_the_used_ring_begin_at_used_event_the_used_ring_wins)
{
    struct bench *bench = bench_create(1, QEMU, 0, 1024);
    bench_write(bench, VIRTIO_MMIO_GuestPageSize, 4096);
    bench_write(bench, VIRTIO_MMIO_QueueSize, 16);
    bench_write(bench, VIRTIO_MMIO_QueueAlign, 4);
    bench_write(bench, VIRTIO_MMIO_QueuePFN, 0x400c7);
    check_place(bench, 0x400c7122, 2, "q0.avail.ring[15]");
    check_place(bench, 0x400c7124, 2, "q0.used.flags");
    check_place(bench, 0x400c7126, 2, "q0.used.idx");
    check_place(bench, 0x400c7128, 4, "q0.used.ring[0].id");
    bench_destroy(bench);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_byte_of_a_queue_has_the_name_of_its_field,
        fields_in_the_order_of_a_big_endian_cpu_are_turned_each_by_itself,
        a_queue_that_is_not_live_has_no_places,
        the_second_queue_is_named_by_its_number,
        where_qemu_lets_the_used_ring_begin_at_used_event_the_used_ring_wins,
    };
    return bench_main("place", tests, ARRAY_SIZE(tests));
}
