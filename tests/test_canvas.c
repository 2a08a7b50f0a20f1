/*
 * Drawing: nothing leaves the clip, whatever is asked for; and frames of every size.
 */
#include "canvas.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "window_frame.h"

#define GUARD 0x5a5a5au /* a colour that nothing here draws with */
#define SIDE  64

static uint32_t pixels[SIDE * SIDE];
static struct canvas canvas;

static void setup(void)
{
    for (size_t i = 0; i < SIDE * SIDE; i++)
        pixels[i] = GUARD;
    canvas_create(&canvas, pixels, SIDE, SIDE, SIDE);
}

static uint32_t at(int x, int y)
{
    return pixels[y * SIDE + x];
}

/* Pixels that were drawn, in a box and in all. */
static unsigned drawn_in(struct canvas_box box)
{
    unsigned count = 0;
    for (int y = box.y; y < box.y + box.height; y++) {
        for (int x = box.x; x < box.x + box.width; x++)
            count += at(x, y) != GUARD;
    }
    return count;
}

static unsigned drawn(void)
{
    return drawn_in((struct canvas_box){0, 0, SIDE, SIDE});
}

/* ---- shapes ---- */

START_TEST(a_box_is_filled_and_nothing_beside_it)
{
    canvas_fill(&canvas, (struct canvas_box){3, 5, 7, 2}, 0x123456);
    ck_assert_uint_eq(drawn(), 14);
    ck_assert_uint_eq(drawn_in((struct canvas_box){3, 5, 7, 2}), 14);
    ck_assert_uint_eq(at(3, 5), 0x123456);
}
END_TEST

START_TEST(a_frame_has_four_edges_and_is_hollow)
{
    canvas_frame(&canvas, (struct canvas_box){10, 10, 10, 6}, 2, 1);
    ck_assert_uint_eq(drawn(), 10 * 6 - 6 * 2);
    ck_assert_uint_eq(drawn_in((struct canvas_box){12, 12, 6, 2}), 0);
}
END_TEST

START_TEST(an_arrow_points_up_or_down)
{
    canvas_arrow(&canvas, (struct canvas_box){0, 0, 9, 9}, false, 1);
    ck_assert_uint_eq(drawn_in((struct canvas_box){0, 0, 9, 1}), 9);
    ck_assert_uint_eq(drawn_in((struct canvas_box){0, 8, 9, 1}), 1);
    setup();
    canvas_arrow(&canvas, (struct canvas_box){0, 0, 9, 9}, true, 1);
    ck_assert_uint_eq(drawn_in((struct canvas_box){0, 0, 9, 1}), 1);
    ck_assert_uint_eq(drawn_in((struct canvas_box){0, 8, 9, 1}), 9);
}
END_TEST

START_TEST(nothing_is_drawn_outside_of_the_clip)
{
    static const struct canvas_box clips[] = {{16, 16, 32, 32}, {0, 0, 1, 64},  {60, 60, 400, 400},
                                              {-5, -5, 10, 10}, {70, 70, 5, 5}, {20, 20, 0, 9}};
    static const uint32_t patch[40 * 40];
    for (size_t i = 0; i < sizeof clips / sizeof clips[0]; i++) {
        setup();
        struct canvas_box before = canvas_clip(&canvas, clips[i]);
        struct canvas_box clip = canvas.clip;
        for (int shift = -80; shift <= 80; shift += 11) {
            struct canvas_box box = {shift, -shift / 2, 40, 40};
            canvas_fill(&canvas, box, 1);
            canvas_frame(&canvas, box, 3, 2);
            canvas_arrow(&canvas, box, shift > 0, 3);
            canvas_put(&canvas, box, patch);
            canvas_text(&canvas, canvas_font_of(40), shift, shift, 4, "Wg_|");
            canvas_text_in(&canvas, canvas_font_of(13), shift, shift, 30, 4, "a long text");
        }
        ck_assert_uint_eq(drawn(), drawn_in(clip));
        canvas.clip = before;
    }
    ck_assert_int_eq(canvas.clip.width, SIDE);
}
END_TEST

/* ---- text ---- */

START_TEST(every_character_has_ink_and_no_two_look_alike)
{
    for (unsigned i = 0; i < canvas_font_count; i++) {
        const struct canvas_font *font = &canvas_fonts[i];
        size_t bytes = (size_t)font->width_px * font->height_px;
        for (int a = CANVAS_FONT_FIRST; a <= CANVAS_FONT_LAST; a++) {
            const uint8_t *cell = font->coverage + (size_t)(a - CANVAS_FONT_FIRST) * bytes;
            unsigned ink = 0;
            for (size_t byte = 0; byte < bytes; byte++)
                ink += cell[byte] > 96;
            ck_assert_msg((ink > 0) == (a != ' '), "`%c` in size %u: %u pixels", a, font->size_px,
                          ink);
            for (int b = CANVAS_FONT_FIRST; b < a; b++)
                ck_assert_msg(memcmp(cell, font->coverage + (size_t)(b - CANVAS_FONT_FIRST) * bytes,
                                     bytes) != 0,
                              "`%c` looks like `%c` in size %u", a, b, font->size_px);
        }
    }
}
END_TEST

START_TEST(text_that_is_too_wide_is_cut_and_says_so)
{
    const struct canvas_font *font = canvas_font_of(11);
    int width = (int)font->width_px;
    int end = canvas_text_in(&canvas, font, 0, 0, 6 * width, 1, "abcdefgh");
    ck_assert_int_eq(end, 6 * width);
    struct canvas_box last = {4 * width, 0, 2 * width, (int)font->height_px};
    unsigned dots = drawn_in(last);
    ck_assert_uint_gt(dots, 0);
    setup();
    canvas_text(&canvas, font, 4 * width, 0, 1, "..");
    ck_assert_uint_eq(drawn_in(last), dots);
    ck_assert_int_eq(canvas_text_in(&canvas, font, 0, 20, 6 * width, 1, "abcdef"), 6 * width);
}
END_TEST

START_TEST(what_is_no_ascii_is_a_question_mark_and_one_column)
{
    const struct canvas_font *font = canvas_font_of(11);
    int end = canvas_text(&canvas, font, 0, 0, 1, "\xc3\xa4\x01");
    ck_assert_int_eq(end, 2 * (int)font->width_px);
    unsigned marks = drawn();
    setup();
    canvas_text(&canvas, font, 0, 0, 1, "??");
    ck_assert_uint_eq(drawn(), marks);
}
END_TEST

/* ---- pictures ---- */

START_TEST(a_picture_is_made_smaller_by_averages_and_larger_by_repeating)
{
    static const uint32_t from[] = {0x000000, 0x0000ff, 0xff0000, 0xff00ff};
    uint32_t one, four[16];
    canvas_scale(from, 2, 2, &one, 1, 1);
    ck_assert_uint_eq(one, 0x7f007f);
    canvas_scale(from, 2, 2, four, 4, 4);
    for (int i = 0; i < 16; i++)
        ck_assert_uint_eq(four[i], from[i / 8 * 2 + i % 4 / 2]);
}
END_TEST

START_TEST(colours_are_mixed_from_one_end_to_the_other)
{
    ck_assert_uint_eq(canvas_mix(0x102030, 0xffeedd, 0), 0x102030);
    ck_assert_uint_eq(canvas_mix(0x102030, 0xffeedd, 256), 0xffeedd);
    ck_assert_uint_eq(canvas_mix(0x000000, 0xff8040, 128), 0x7f4020);
}
END_TEST

/* ---- frames ---- */

static struct frame_state state;

/* A state with long texts and odd numbers everywhere. */
static void fill_state(void)
{
    memset(&state, 0, sizeof state);
    memset(state.scenario, 's', sizeof state.scenario - 1);
    memset(state.call, 'c', sizeof state.call - 1);
    memset(state.stand, 't', sizeof state.stand - 1);
    memset(state.finding, 'f', sizeof state.finding - 1);
    state.finding_count = 3;
    state.event_count = FRAME_EVENTS_MAX;
    for (unsigned i = 0; i < FRAME_EVENTS_MAX; i++) {
        state.event[i].party = (uint8_t)(i % EVENT_PARTY_COUNT);
        memset(state.event[i].text, 'e', FRAME_TEXT_BYTES - 1);
    }
    state.view.version = 2;
    state.view.queue_count = 2;
    state.view.scanout_count = 1;
    state.view.scanout[0] = (struct view_scanout){.ever_active = true, .lost_at_step = 9};
    state.picture_width = 48;
    state.picture_height = 30;
    state.picture_number = 1;
    for (unsigned i = 0; i < VIRTIO_MMIO_REG_COUNT; i++) {
        state.view.reg[i] = (struct view_register){.reg = (uint16_t)i, .held = true};
        memset(state.view.reg[i].words, 'w', VIEW_WORDS_BYTES - 1);
    }
    state.view.register_count = VIRTIO_MMIO_REG_COUNT;
    struct view_queue *queue = &state.view.queue[0];
    *queue = (struct view_queue){.exists = true,
                                 .live = true,
                                 .size = 100,
                                 .slot_count = 64,
                                 .slot_first = 48,
                                 .avail_idx = 65535,
                                 .device_next = 70,
                                 .used_idx = 12,
                                 .seen_idx = 99};
    for (uint16_t i = 0; i < 64; i++)
        queue->slot[i] = (struct view_slot){.slot = (uint16_t)((48 + i) % 100),
                                            .head = 32767,
                                            .id = UINT32_MAX,
                                            .len = UINT32_MAX,
                                            .avail = i % 4,
                                            .used = (uint8_t)(i / 4 % 4)};
}

START_TEST(a_frame_of_any_size_is_filled_and_keeps_to_itself)
{
    static const int sizes[][2] = {{320, 320},  {480, 360},   {641, 479},   {800, 600},
                                   {1280, 800}, {1920, 1080}, {1081, 1919}, {3840, 2160},
                                   {320, 2000}, {4000, 321}};
    static uint32_t scanout[48 * 30];
    fill_state();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int width = sizes[i][0], height = sizes[i][1], stride = width + 16;
        size_t count = (size_t)stride * (size_t)(height + 16);
        uint32_t *memory = malloc(count * sizeof *memory);
        struct frame_scaled scaled = {0};
        struct frame_look look = {.help = i % 2 != 0, .scroll = (uint32_t)i * 40};
        struct canvas frame;
        ck_assert_ptr_nonnull(memory);
        for (size_t pixel = 0; pixel < count; pixel++)
            memory[pixel] = GUARD;
        canvas_create(&frame, memory, width, height, stride);
        frame_draw(&frame, &state, &look, scanout, &scaled);
        for (int y = 0; y < height + 16; y++) {
            for (int x = 0; x < stride; x++) {
                bool inside = x < width && y < height;
                if ((memory[(size_t)y * (size_t)stride + (size_t)x] != GUARD) != inside)
                    ck_abort_msg("%dx%d: pixel %d,%d", width, height, x, y);
            }
        }
        frame_free(&scaled);
        free(memory);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("canvas");
    TCase *tcase = tcase_create("canvas");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_box_is_filled_and_nothing_beside_it);
    tcase_add_test(tcase, a_frame_has_four_edges_and_is_hollow);
    tcase_add_test(tcase, an_arrow_points_up_or_down);
    tcase_add_test(tcase, nothing_is_drawn_outside_of_the_clip);
    tcase_add_test(tcase, every_character_has_ink_and_no_two_look_alike);
    tcase_add_test(tcase, text_that_is_too_wide_is_cut_and_says_so);
    tcase_add_test(tcase, what_is_no_ascii_is_a_question_mark_and_one_column);
    tcase_add_test(tcase, a_picture_is_made_smaller_by_averages_and_larger_by_repeating);
    tcase_add_test(tcase, colours_are_mixed_from_one_end_to_the_other);
    tcase_add_test(tcase, a_frame_of_any_size_is_filled_and_keeps_to_itself);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
