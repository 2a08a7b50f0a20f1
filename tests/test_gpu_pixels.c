/*
 * What transfers and flushes do to pixels.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "gpu_rig.h"
#include "test_gpu.h"

static const struct {
    uint32_t format;
    uint8_t b, g, r, a;
} formats[] = {
#define X(name, value, b, g, r, a) {value, b, g, r, a},
    VIRTIO_GPU_FORMATS(X)
#undef X
};

START_TEST(every_format_shows_its_channels_where_they_are)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    uint64_t addr = rig_resource(rig, ID, formats[_i].format, 2, 1);
    uint8_t *ram = arena_host(&rig->arena, addr);
    const uint32_t want[] = {0x123456, 0xfedcba};

    for (uint32_t n = 0; n < 2; n++) {
        ram[n * 4 + formats[_i].r] = (uint8_t)(want[n] >> 16);
        ram[n * 4 + formats[_i].g] = (uint8_t)(want[n] >> 8);
        ram[n * 4 + formats[_i].b] = (uint8_t)want[n];
        ram[n * 4 + formats[_i].a] = 0x77;
    }
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 2, 1)), OK);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 2, 1), 0), OK);
    ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, 2, 1)), OK);
    rig_expect_picture(rig, 0, 2, 1, want);
    rig_destroy(rig);
}
END_TEST

/* The names tell the order of the bytes: the third letter pair of B8G8R8A8 is byte 2. */
START_TEST(the_channels_are_in_the_order_of_the_name)
{
    const char *name = gpu_format_name(formats[_i].format) + strlen("VIRTIO_GPU_FORMAT_");
    const uint8_t at[] = {formats[_i].r, formats[_i].g, formats[_i].b};

    for (int n = 0; n < 3; n++)
        ck_assert_int_eq(name[at[n] * 2], "RGB"[n]);
}
END_TEST

/* The one event that tells of a transfer's reading. */
static const struct event *backing_load(const struct rig *rig)
{
    const struct event *found = NULL, *event;

    for (uint32_t n = 0; (event = rig_event(rig, EVENT_LOAD, n)); n++) {
        if (event->place != EVENT_PLACE_BACKING)
            continue;
        ck_assert_ptr_null(found);
        found = event;
    }
    ck_assert_ptr_nonnull(found);
    return found;
}

enum { W = 5, H = 4 };

/* Every rectangle of a small resource, at three offsets into its backing. */
START_TEST(a_transfer_copies_its_rectangle_and_nothing_else)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    const uint32_t extra_words = 7;
    uint32_t bytes = (W * H + extra_words) * 4;
    uint64_t addr = arena_alloc(&rig->arena, bytes, 4096, "backing", 0, 0);
    uint32_t model[W * H] = {0};

    ck_assert_uint_eq(rig_create_2d(rig, ID, FORMAT, W, H), OK);
    ck_assert_uint_eq(rig_attach(rig, ID, &(struct sim_segment){addr, bytes}, 1), OK);
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, W, H)), OK);
    for (uint32_t n = 0, round = 0; n < W * H * W * H * 3; n++) {
        uint32_t x = n % W, y = n / W % H, w = n / (W * H) % W + 1, h = n / (W * H * W) % H + 1;
        uint32_t skip = n / (W * H * W * H) * 3;
        if (x + w > W || y + h > H)
            continue;
        round++;
        for (uint32_t word = 0; word < W * H + extra_words; word++)
            rig_put_word(rig, addr + word * 4, round << 8 | word);
        ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(x, y, w, h), skip * 4), OK);
        const struct event *load = backing_load(rig);
        ck_assert(load->index == ID && load->addr == addr + skip * 4 && load->extra == w * h * 4);
        for (uint32_t row = 0; row < h; row++) {
            for (uint32_t column = 0; column < w; column++)
                model[(y + row) * W + x + column] = round << 8 | (skip + row * W + column);
        }
        ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, W, H)), OK);
        rig_expect_picture(rig, 0, W, H, model);
    }
    rig_destroy(rig);
}
END_TEST

/* Every rectangle flushed, on every rectangle shown. */
START_TEST(a_flush_shows_its_rectangle_where_the_scanout_has_it)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    uint64_t addr = rig_resource(rig, ID, FORMAT, W, H);

    for (uint32_t word = 0; word < W * H; word++)
        rig_put_word(rig, addr + word * 4, word + 1);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, W, H), 0), OK);
    for (uint32_t n = 0; n < W * H * W * H; n++) {
        uint32_t sx = n % W, sy = n / W % H, sw = n / (W * H) % W + 1, sh = n / (W * H * W) + 1;
        if (sx + sw > W || sy + sh > H)
            continue;
        for (uint32_t m = 0; m < W * H * W * H; m++) {
            uint32_t x = m % W, y = m / W % H, w = m / (W * H) % W + 1, h = m / (W * H * W) + 1;
            uint32_t want[W * H] = {0}, hit = 0;
            struct gpu_scanout_info info;
            if (x + w > W || y + h > H)
                continue;
            for (uint32_t row = sy; row < sy + sh; row++) {
                for (uint32_t column = sx; column < sx + sw; column++) {
                    bool is_in = column >= x && column < x + w && row >= y && row < y + h;
                    want[(row - sy) * sw + column - sx] = is_in ? row * W + column + 1 : 0;
                    hit += is_in;
                }
            }
            ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(sx, sy, sw, sh)), OK);
            ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(x, y, w, h)), OK);
            gpu_scanout_info(&rig->device, 0, &info);
            ck_assert_int_eq(info.flushed, hit > 0);
            rig_expect_picture(rig, 0, sw, sh, want);
        }
    }
    rig_destroy(rig);
}
END_TEST

static uint64_t byte_addr(const struct sim_segment *segment, uint32_t offset)
{
    while (offset >= segment->len_bytes)
        offset -= (segment++)->len_bytes;
    return segment->addr + offset;
}

static const struct {
    uint32_t entries;
    uint32_t least_bytes, most_bytes;
} fragments[] = {{1, 0, 0}, {2, 1, 3999}, {3, 1, 1777}, {1000, 1, 9}, {1000, 4, 4}};

/* 40 x 50 pixels, 8000 bytes, in pieces of odd sizes that lie backwards in memory. */
START_TEST(backing_may_be_in_any_number_of_pieces)
{
    enum { WIDTH = 40, HEIGHT = 50, BYTES = WIDTH * HEIGHT * 4 };
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    struct sim_segment segment[1000];
    uint32_t want[WIDTH * HEIGHT], left = BYTES, count = fragments[_i].entries;
    uint64_t end = arena_alloc(&rig->arena, 65536, 4096, "backing", 0, 0) + 65536, state = 1;
    uint8_t bytes[BYTES], *from = bytes;

    for (uint32_t n = 0; n < BYTES; n++)
        bytes[n] = (uint8_t)(rig_random(&state) >> 8);
    for (uint32_t n = 0; n < WIDTH * HEIGHT; n++)
        want[n] = (uint32_t)bytes[n * 4 + 2] << 16 | (uint32_t)bytes[n * 4 + 1] << 8 | bytes[n * 4];
    for (uint32_t n = 0; n < count; n++) {
        uint32_t spread = fragments[_i].most_bytes - fragments[_i].least_bytes + 1;
        uint32_t size = fragments[_i].least_bytes + rig_random(&state) % spread;
        if (n + 1 == count || size > left - (count - 1 - n))
            size = n + 1 == count ? left : left - (count - 1 - n);
        end -= size + 1;
        segment[n] = (struct sim_segment){end, size};
        memcpy(arena_host(&rig->arena, end), from, size);
        from += size;
        left -= size;
    }
    ck_assert_uint_eq(left, 0);
    ck_assert_uint_eq(rig_create_2d(rig, ID, FORMAT, WIDTH, HEIGHT), OK);
    /* as a whole, then in columns, each of which starts at its own offset */
    static const uint32_t widths[] = {WIDTH, 27, 13, 1};
    for (int n = 0; n < COUNT(widths); n++) {
        uint32_t columns = widths[n];
        ck_assert_uint_eq(rig_set_scanout(rig, 0, 0, rig_rect(0, 0, 0, 0)), OK);
        ck_assert_uint_eq(rig_unref(rig, ID), OK);
        ck_assert_uint_eq(rig_create_2d(rig, ID, FORMAT, WIDTH, HEIGHT), OK);
        ck_assert_uint_eq(rig_attach(rig, ID, segment, count), OK);
        ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, WIDTH, HEIGHT)), OK);
        for (uint32_t x = 0; x < WIDTH; x += columns) {
            uint32_t w = x + columns > WIDTH ? WIDTH - x : columns;
            ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(x, 0, w, HEIGHT), x * 4), OK);
            ck_assert_uint_eq(backing_load(rig)->addr, byte_addr(segment, x * 4));
        }
        ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, WIDTH, HEIGHT)), OK);
        rig_expect_picture(rig, 0, WIDTH, HEIGHT, want);
    }
    rig_destroy(rig);
}
END_TEST

/* Entries that follow each other in memory, the last of them in the next region. */
START_TEST(a_region_that_was_freed_is_missed_although_its_neighbour_lives)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    const uint64_t addr = arena_alloc(&rig->arena, 4096, 4096, "first", 0, 0);
    const uint64_t next = arena_alloc(&rig->arena, 4096, 4096, "second", 0, 0);
    const struct sim_segment segment[] = {{addr, 100}, {addr + 100, 3996}, {next, 4096}};

    ck_assert_uint_eq(next, addr + 4096);
    ck_assert_uint_eq(rig_create_2d(rig, ID, FORMAT, 32, 64), OK);
    ck_assert_uint_eq(rig_attach(rig, ID, segment, 3), OK);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 32, 64), 0), OK);
    ck_assert(arena_free(&rig->arena, segment[2].addr, 7));
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 32, 64), 0), ERR(UNSPEC));
    const struct event *refusal = rig_event(rig, EVENT_REFUSE, 0);
    ck_assert_uint_eq(refusal->addr, segment[2].addr);
    ck_assert_uint_eq(refusal->extra, 4096);
    rig_destroy(rig);
}
END_TEST

START_TEST(the_largest_list_of_entries_is_taken)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    static struct sim_segment segment[GPU_BACKING_ENTRIES_MAX + 1];
    uint64_t addr = arena_alloc(&rig->arena, 65536, 4096, "backing", 0, 0);
    static uint32_t want[128 * 128];

    for (uint32_t n = 0; n < GPU_BACKING_ENTRIES_MAX; n++) {
        segment[n] = (struct sim_segment){addr + (GPU_BACKING_ENTRIES_MAX - 1 - n) * 4, 4};
        rig_put_word(rig, segment[n].addr, n);
        want[n] = n;
    }
    ck_assert_uint_eq(rig_create_2d(rig, ID, FORMAT, 128, 128), OK);
    segment[GPU_BACKING_ENTRIES_MAX] = segment[0];
    ck_assert_uint_eq(rig_attach(rig, ID, segment, GPU_BACKING_ENTRIES_MAX + 1), ERR(UNSPEC));
    ck_assert_int_eq(rig_refusal(rig), SIM_REFUSAL_BACKING_ENTRIES);
    ck_assert_uint_eq(rig_attach(rig, ID, segment, GPU_BACKING_ENTRIES_MAX), OK);
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 128, 128)), OK);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 128, 128), 0), OK);
    ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, 128, 128)), OK);
    rig_expect_picture(rig, 0, 128, 128, want);
    rig_destroy(rig);
}
END_TEST

START_TEST(a_transfer_is_not_seen_before_a_flush_except_in_qemu)
{
    struct rig *rig = rig_create((enum sim_profile)_i, 1);
    uint64_t addr = rig_resource(rig, ID, FORMAT, 16, 16);
    uint32_t black[256] = {0}, white[256];

    for (uint32_t n = 0; n < 256; n++) {
        rig_put_word(rig, addr + n * 4, 0xffffff);
        white[n] = 0xffffff;
    }
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 16, 16)), OK);
    rig_expect_picture(rig, 0, 16, 16, black);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 16, 16), 0), OK);
    rig_expect_picture(rig, 0, 16, 16, _i == SIM_PROFILE_QEMU ? white : black);
    ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, 16, 16)), OK);
    ck_assert_uint_eq(rig_event(rig, EVENT_FLUSH, 0)->value, ID);
    rig_expect_picture(rig, 0, 16, 16, white);
    /* set again, it is black again until the next flush */
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 16, 16)), OK);
    rig_expect_picture(rig, 0, 16, 16, _i == SIM_PROFILE_QEMU ? white : black);
    rig_destroy(rig);
}
END_TEST

START_TEST(qemu_copies_every_row_of_a_full_width_transfer_from_the_start)
{
    struct rig *rig = rig_create((enum sim_profile)_i, 1);
    uint64_t addr = rig_resource(rig, ID, FORMAT, 16, 16);
    uint32_t want[256] = {0};

    for (uint32_t n = 0; n < 256; n++) {
        rig_put_word(rig, addr + n * 4, n + 1);
        want[n] = n < 16 || _i == SIM_PROFILE_QEMU ? n + 1 : 0;
    }
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 16, 16)), OK);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 16, 1), 0), OK);
    ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, 16, 16)), OK);
    rig_expect_picture(rig, 0, 16, 16, want);
    rig_destroy(rig);
}
END_TEST

START_TEST(qemu_copies_what_backing_there_is)
{
    struct rig *rig = rig_create(SIM_PROFILE_QEMU, 1);
    uint64_t addr = arena_alloc(&rig->arena, 4096, 4096, "backing", 0, 0);
    uint32_t want[256] = {0};

    for (uint32_t n = 0; n < 256; n++) {
        rig_put_word(rig, addr + n * 4, n + 1);
        want[n] = n < 20 ? n + 1 : 0;
    }
    ck_assert_uint_eq(rig_create_2d(rig, ID, FORMAT, 16, 16), OK);
    ck_assert_uint_eq(rig_attach(rig, ID, &(struct sim_segment){addr, 80}, 1), OK);
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 16, 16)), OK);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 16, 16), 0), OK);
    ck_assert_int_eq(rig_refusal(rig), SIM_REFUSAL_BACKING_SHORT);
    rig_expect_picture(rig, 0, 16, 16, want);
    rig_destroy(rig);
}
END_TEST

/* ---- memory ---- */

START_TEST(backing_that_was_freed_is_refused_for_what_it_is)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    uint64_t addr = rig_resource(rig, ID, FORMAT, 16, 16);

    ck_assert(arena_free(&rig->arena, addr, 99));
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(1, 2, 3, 4), 0), VIRTIO_GPU_RESP_ERR_UNSPEC);
    ck_assert_int_eq(rig_refusal(rig), SIM_REFUSAL_DMA_BACKING);
    const struct event *refusal = rig_event(rig, EVENT_REFUSE, 0);
    ck_assert_uint_eq(refusal->index, ARENA_FAULT_FREED);
    ck_assert_uint_eq(refusal->addr, addr);
    ck_assert_uint_eq(refusal->extra, 3 * 4);
    rig_destroy(rig);
}
END_TEST

/* Bytes that were stored behind the probe's back are copied all the same, and reported once. */
START_TEST(pixels_that_were_never_seen_stored_are_reported_once)
{
    enum { SIDE = 512 };
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    uint64_t addr = rig_resource(rig, ID, FORMAT, SIDE, SIDE);
    static uint32_t want[SIDE * SIDE];
    uint64_t last = addr + (uint64_t)(SIDE * SIDE - 1) * 4;

    memset(want, 0, sizeof(want));
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, SIDE, SIDE)), OK);
    rig->device.check_stores = true;
    arena_shadow_update(&rig->arena, rig->arena.base, RIG_RAM_BYTES);
    rig_put_word(rig, addr + 200000, 1);
    rig_put_word(rig, last, 2);
    want[50000] = 1;
    want[SIDE * SIDE - 1] = 2;
    for (int round = 0; round < 2; round++) {
        rig_transfer(rig, ID, rig_rect(0, 0, SIDE, SIDE), 0);
        uint32_t count = 0;
        for (const struct event *e; (e = rig_event(rig, EVENT_UNOBSERVED, count)); count++) {
            if (e->addr >= addr)
                break;
        }
        const struct event *event = rig_event(rig, EVENT_UNOBSERVED, count);
        ck_assert_int_eq(event != NULL, round == 0);
        if (event) {
            ck_assert_uint_eq(event->addr, addr + 200000);
            ck_assert_ptr_null(rig_event(rig, EVENT_UNOBSERVED, count + 1));
        }
        ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, SIDE, SIDE)), OK);
        rig_expect_picture(rig, 0, SIDE, SIDE, want);
    }
    rig_destroy(rig);
}
END_TEST

TCase *case_pixels(void)
{
    TCase *tcase = tcase_create("pixels");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, every_format_shows_its_channels_where_they_are, 0, COUNT(formats));
    tcase_add_loop_test(tcase, the_channels_are_in_the_order_of_the_name, 0, COUNT(formats));
    tcase_add_test(tcase, a_transfer_copies_its_rectangle_and_nothing_else);
    tcase_add_test(tcase, a_flush_shows_its_rectangle_where_the_scanout_has_it);
    tcase_add_loop_test(tcase, backing_may_be_in_any_number_of_pieces, 0, COUNT(fragments));
    tcase_add_test(tcase, a_region_that_was_freed_is_missed_although_its_neighbour_lives);
    tcase_add_test(tcase, the_largest_list_of_entries_is_taken);
    tcase_add_loop_test(tcase, a_transfer_is_not_seen_before_a_flush_except_in_qemu, 0, 2);
    tcase_add_loop_test(tcase, qemu_copies_every_row_of_a_full_width_transfer_from_the_start, 0, 2);
    tcase_add_test(tcase, qemu_copies_what_backing_there_is);
    tcase_add_test(tcase, backing_that_was_freed_is_refused_for_what_it_is);
    tcase_add_test(tcase, pixels_that_were_never_seen_stored_are_reported_once);
    return tcase;
}
