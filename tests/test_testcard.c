/*
 * The test card is worth its name only if faults show: each test makes one kind of fault on the
 * whole card and counts the pixels that give it away.
 */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include "testcard.h"
#include "virtio/gpu.h"

#define PERCENT_WANTED 95u
#define SHIFT_MAX      8

static const struct {
    uint32_t width, height;
} sizes[] = {{1280, 800}, {640, 480}, {321, 203}, {64, 48}};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static uint32_t *card_pixels(uint32_t width, uint32_t height)
{
    uint32_t *card = malloc(sizeof(uint32_t) * width * height);

    ck_assert_ptr_nonnull(card);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++)
            card[y * width + x] = testcard_pixel(x, y, width, height);
    }
    return card;
}

static uint32_t permute(uint32_t pixel, const uint8_t order[3])
{
    uint32_t out = 0;

    for (uint32_t i = 0; i < 3; i++)
        out |= (pixel >> (8 * order[i]) & 255) << (8 * i);
    return out;
}

START_TEST(a_shift_of_up_to_eight_pixels_shows)
{
    uint32_t width = sizes[_i].width;
    uint32_t height = sizes[_i].height;
    uint32_t *card = card_pixels(width, height);
    int row_step = (int)height / 100 + 1; /* a sample of the rows of large cards is enough */

    for (int dy = -SHIFT_MAX; dy <= SHIFT_MAX; dy++) {
        for (int dx = -SHIFT_MAX; dx <= SHIFT_MAX; dx++) {
            uint32_t compared = 0;
            uint32_t differ = 0;
            if (dx == 0 && dy == 0)
                continue;
            for (int y = SHIFT_MAX; y < (int)height - SHIFT_MAX; y += row_step) {
                for (int x = SHIFT_MAX; x < (int)width - SHIFT_MAX; x++) {
                    compared++;
                    differ += card[y * (int)width + x] != card[(y + dy) * (int)width + x + dx];
                }
            }
            ck_assert_msg(differ * 100ull > compared * (uint64_t)PERCENT_WANTED,
                          "%ux%u shifted by %d,%d: %u of %u pixels differ", width, height, dx, dy,
                          differ, compared);
        }
    }
    free(card);
}
END_TEST

START_TEST(every_exchange_of_channels_changes_every_pixel)
{
    static const uint8_t orders[][3] = {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    uint32_t width = sizes[_i].width;
    uint32_t height = sizes[_i].height;
    uint32_t *card = card_pixels(width, height);

    for (size_t o = 0; o < sizeof(orders) / sizeof(orders[0]); o++) {
        uint32_t same = 0;
        for (uint32_t i = 0; i < width * height; i++)
            same += permute(card[i], orders[o]) == card[i];
        ck_assert_msg(same == 0, "order %zu leaves %u pixels as they were", o, same);
    }
    free(card);
}
END_TEST

/* A tile that keeps what another tile should show, a black one, and one that the patch covers. */
START_TEST(a_stale_rectangle_shows)
{
    enum { TILE = 16 };
    uint32_t width = sizes[_i].width;
    uint32_t height = sizes[_i].height;
    uint32_t *card = card_pixels(width, height);

    for (uint32_t top = 0; top + 2 * TILE <= height; top += TILE) {
        for (uint32_t left = 0; left + 2 * TILE <= width; left += TILE) {
            uint32_t from_right = 0, from_below = 0, black = 0, patch = 0;
            for (uint32_t y = top; y < top + TILE; y++) {
                for (uint32_t x = left; x < left + TILE; x++) {
                    uint32_t pixel = card[y * width + x];
                    from_right += pixel != card[y * width + x + TILE];
                    from_below += pixel != card[(y + TILE) * width + x];
                    black += pixel != 0;
                    patch += pixel != testcard_patch_pixel(x, y, top + left);
                }
            }
            uint32_t wanted = TILE * TILE * PERCENT_WANTED / 100;
            if (from_right <= wanted || from_below <= wanted || black < TILE * TILE ||
                patch <= wanted)
                ck_abort_msg("tile at %u,%u: %u %u %u %u pixels differ", left, top, from_right,
                             from_below, black, patch);
        }
    }
    free(card);
}
END_TEST

START_TEST(patches_of_different_seeds_differ)
{
    uint32_t same = 0;

    for (uint32_t y = 0; y < 64; y++) {
        for (uint32_t x = 0; x < 64; x++)
            same += testcard_patch_pixel(x, y, 1) == testcard_patch_pixel(x, y, 2);
    }
    ck_assert_uint_lt(same, 64 * 64 * (100 - PERCENT_WANTED) / 100);
}
END_TEST

/* The name of a format is the order of its channels in memory (5.7.6.8). */
START_TEST(each_format_puts_each_channel_into_its_byte)
{
    static const struct {
        uint32_t format;
        const char *bytes;
    } formats[] = {
#define X(name, value, b, g, r, a) {value, #name},
        VIRTIO_GPU_FORMATS(X)
#undef X
    };
    uint32_t width = 320;
    uint32_t height = 200;
    uint32_t pixel;

    for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
        uint32_t wrong = 0;
        for (uint32_t y = 0; y < height; y++) {
            for (uint32_t x = 0; x < width; x++) {
                uint32_t rgb = testcard_pixel(x, y, width, height);
                testcard_draw_run(&pixel, formats[f].format, x, y, 1, width, height);
                const uint8_t *byte = (const uint8_t *)&pixel;
                for (uint32_t i = 0; i < 4; i++) {
                    char channel = formats[f].bytes[2 * i];
                    uint32_t wanted = channel == 'R'   ? rgb >> 16 & 255
                                      : channel == 'G' ? rgb >> 8 & 255
                                      : channel == 'B' ? rgb & 255
                                      : channel == 'A' ? 255
                                                       : 0;
                    wrong += byte[i] != wanted;
                }
            }
        }
        ck_assert_msg(wrong == 0, "%s: %u wrong bytes", formats[f].bytes, wrong);
    }
}
END_TEST

START_TEST(a_drawn_rectangle_equals_its_pixels_and_touches_no_other)
{
    enum { WIDTH = 61, HEIGHT = 37, STRIDE = 64 };
    static uint32_t frame[HEIGHT][STRIDE];
    struct testcard_rect rect = {5, 7, 40, 21};
    uint32_t wrong = 0;

    testcard_draw(frame, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, sizeof(frame[0]), &rect, WIDTH, HEIGHT);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < STRIDE; x++) {
            bool inside = x >= 5 && x < 45 && y >= 7 && y < 28;
            wrong += frame[y][x] != (inside ? testcard_pixel(x, y, WIDTH, HEIGHT) : 0);
        }
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(any_size_can_be_drawn)
{
    static const uint32_t sides[] = {1, 2, 3, 15, 16, 17, 31, 33, 127, 128, 16384};
    enum { SIDES = sizeof(sides) / sizeof(sides[0]) };

    uint32_t largest = 0;

    for (size_t i = 0; i < SIDES; i++) {
        for (size_t j = 0; j < SIDES; j++) {
            uint32_t width = sides[i];
            uint32_t height = sides[j];
            for (uint32_t k = 0; k < 64; k++) {
                uint32_t pixel =
                    testcard_pixel(k * 7919 % width, k * 104729 % height, width, height);
                largest = pixel > largest ? pixel : largest;
            }
        }
    }
    ck_assert_uint_le(largest, 0xffffff);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("testcard");
    TCase *tcase = tcase_create("testcard");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_shift_of_up_to_eight_pixels_shows, 0, SIZES);
    tcase_add_loop_test(tcase, every_exchange_of_channels_changes_every_pixel, 0, SIZES);
    tcase_add_loop_test(tcase, a_stale_rectangle_shows, 0, SIZES);
    tcase_add_test(tcase, patches_of_different_seeds_differ);
    tcase_add_test(tcase, each_format_puts_each_channel_into_its_byte);
    tcase_add_test(tcase, a_drawn_rectangle_equals_its_pixels_and_touches_no_other);
    tcase_add_test(tcase, any_size_can_be_drawn);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
