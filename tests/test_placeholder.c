/*
 * Placeholders are recognised in QEMU's own screendumps, and in nothing else.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "replay.h"

#define CUT_PX 195
#define DATA   RINGSIDE_SOURCE_DIR "/tests/data/"

static const struct {
    const char *path;
    enum replay_screen screen;
} captures[] = {
    {DATA "placeholder-not-initialized-640x480.png", REPLAY_SCREEN_NOT_INITIALIZED},
    {DATA "placeholder-not-active-1280x800.png", REPLAY_SCREEN_NOT_ACTIVE},
    {DATA "placeholder-not-active-1920x1080.png", REPLAY_SCREEN_NOT_ACTIVE},
    {DATA "placeholder-not-active-801x601.png", REPLAY_SCREEN_NOT_ACTIVE},
    {DATA "placeholder-not-active-320x200.png", REPLAY_SCREEN_NOT_ACTIVE},
    {DATA "placeholder-not-active-200x100.png", REPLAY_SCREEN_NOT_ACTIVE}, /* cut at both sides */
    {DATA "placeholder-not-active-64x64.png", REPLAY_SCREEN_NOT_ACTIVE},
};

enum { CAPTURES = sizeof captures / sizeof captures[0] };

static struct picture capture(size_t i)
{
    struct picture picture = {0};
    const char *error = picture_read_png(&picture, captures[i].path);
    ck_assert_msg(!error, "%s: %s", captures[i].path, error);
    return picture;
}

/* The part of `from` that begins at (left, top); what lies outside it is black. */
static struct picture window(const struct picture *from, int left, int top, uint32_t width,
                             uint32_t height)
{
    struct picture part;
    ck_assert(picture_create(&part, width, height));
    for (int y = 0; y < (int)height; y++) {
        for (int x = 0; x < (int)width; x++) {
            int fx = x + left, fy = y + top;
            if (fx >= 0 && fy >= 0 && fx < (int)from->width_px && fy < (int)from->height_px)
                memcpy(part.rgb + ((size_t)y * width + (size_t)x) * 3,
                       from->rgb + ((size_t)fy * from->width_px + (size_t)fx) * 3, 3);
        }
    }
    return part;
}

static enum replay_screen recognise_window(const struct picture *from, int left, int top,
                                           uint32_t width, uint32_t height)
{
    struct picture part = window(from, left, top, width, height);
    enum replay_screen screen = placeholder_recognise(&part);
    picture_free(&part);
    return screen;
}

START_TEST(qemus_own_screendumps_are_recognised)
{
    struct picture picture = capture((size_t)_i);
    ck_assert_int_eq(placeholder_recognise(&picture), captures[_i].screen);
    picture_free(&picture);
}
END_TEST

START_TEST(one_pixel_more_or_less_is_a_picture)
{
    struct picture picture = capture((size_t)_i);
    size_t pixels = (size_t)picture.width_px * picture.height_px;
    size_t step = pixels / 199 + 1; /* about 200 pixels, in text and background */

    for (size_t at = 0; at < pixels; at += step) {
        uint8_t before[3], *pixel = picture.rgb + at * 3;
        memcpy(before, pixel, 3);
        memset(pixel, before[0] ? 0x00 : 0xaa, 3);
        ck_assert_int_eq(placeholder_recognise(&picture), REPLAY_SCREEN_PICTURE);
        memcpy(pixel, before, 3);
    }
    picture_free(&picture);
}
END_TEST

START_TEST(every_pixel_of_the_text_counts)
{
    /* The text of NOT_ACTIVE on 1280x800 lies in (520,386)..(748,398). */
    struct picture whole = capture(1), text = window(&whole, 510, 380, 250, 30);

    ck_assert_int_eq(placeholder_recognise(&text), REPLAY_SCREEN_NOT_ACTIVE);
    for (size_t at = 0; at < 250u * 30u; at++) {
        uint8_t before[3], *pixel = text.rgb + at * 3;
        memcpy(before, pixel, 3);
        memset(pixel, before[0] ? 0x00 : 0xaa, 3);
        ck_assert_int_eq(placeholder_recognise(&text), REPLAY_SCREEN_PICTURE);
        memcpy(pixel, before, 3);
    }
    picture_free(&text);
    picture_free(&whole);
}
END_TEST

START_TEST(colours_do_not_matter_but_there_must_be_two)
{
    struct picture picture = capture(1);
    size_t bytes = (size_t)picture.width_px * picture.height_px * 3;

    for (size_t i = 0; i < bytes; i++)
        picture.rgb[i] = (uint8_t)(picture.rgb[i] ? 0x12 : 0xfe);
    ck_assert_int_eq(placeholder_recognise(&picture), REPLAY_SCREEN_NOT_ACTIVE);
    picture.rgb[2]--;
    ck_assert_int_eq(placeholder_recognise(&picture), REPLAY_SCREEN_PICTURE);
    picture_free(&picture);
}
END_TEST

START_TEST(text_is_recognised_wherever_it_stands_and_however_narrow_the_screen)
{
    struct picture whole = capture(1);

    for (uint32_t width = 64; width < 400; width += 7) {
        int left = 520 + 114 - (int)width / 2;
        ck_assert_int_eq(recognise_window(&whole, left, 380, width, 40), REPLAY_SCREEN_NOT_ACTIVE);
        ck_assert_int_eq(recognise_window(&whole, left, 386, width, 13), REPLAY_SCREEN_NOT_ACTIVE);
    }
    picture_free(&whole);
}
END_TEST

START_TEST(a_text_that_is_cut_inside_the_screen_is_a_picture)
{
    /* Columns 194 and 195 of the text are the stem of the t in "active". */
    struct picture whole = capture(1), cut = window(&whole, 520, 380, CUT_PX, 40);

    /* With the edge at the cut it is the placeholder, with one more column of background it is not.
     */
    ck_assert_int_eq(placeholder_recognise(&cut), REPLAY_SCREEN_NOT_ACTIVE);
    struct picture wider = window(&cut, 0, 0, CUT_PX + 1, 40);
    ck_assert_int_eq(placeholder_recognise(&wider), REPLAY_SCREEN_PICTURE);
    picture_free(&wider);
    picture_free(&cut);
    picture_free(&whole);
}
END_TEST

START_TEST(a_corner_of_the_text_is_not_enough)
{
    struct picture whole = capture(1);
    ck_assert_int_eq(recognise_window(&whole, 520, 380, 47, 40), REPLAY_SCREEN_PICTURE);
    ck_assert_int_eq(recognise_window(&whole, 520, 380, 48, 40), REPLAY_SCREEN_NOT_ACTIVE);
    picture_free(&whole);
}
END_TEST

START_TEST(other_text_in_the_same_letters_is_a_picture)
{
    /* "output is not active." and "Display output is not" are QEMU's letters, not its sentences. */
    struct picture whole = capture(1);
    ck_assert_int_eq(recognise_window(&whole, 520 + 64, 380, 300, 40), REPLAY_SCREEN_PICTURE);
    struct picture head = window(&whole, 500, 380, 188, 40);
    ck_assert_int_eq(recognise_window(&head, -20, -20, 300, 80), REPLAY_SCREEN_PICTURE);
    picture_free(&head);
    picture_free(&whole);
}
END_TEST

START_TEST(a_blank_screen_is_blank_in_any_colour)
{
    static const struct {
        uint32_t width, height;
        uint8_t value;
    } cases[] = {{1280, 800, 0}, {1280, 800, 0xff}, {1, 1, 7}, {16384, 1, 0x80}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct picture picture;
        ck_assert(picture_create(&picture, cases[i].width, cases[i].height));
        memset(picture.rgb, cases[i].value, (size_t)cases[i].width * cases[i].height * 3);
        ck_assert_int_eq(placeholder_recognise(&picture), REPLAY_SCREEN_BLANK);
        picture_free(&picture);
    }
}
END_TEST

START_TEST(no_picture_is_no_screendump)
{
    struct picture none = {0};
    ck_assert_int_eq(placeholder_recognise(&none), REPLAY_SCREEN_NONE);
}
END_TEST

START_TEST(patterns_are_pictures)
{
    struct picture picture;
    ck_assert(picture_create(&picture, 349, 13)); /* the very size of a placeholder's text */

    for (unsigned pattern = 1; pattern < 64; pattern++) {
        for (size_t i = 0; i < 349u * 13u; i++)
            memset(picture.rgb + i * 3, i % (pattern + 1) == 0 ? 0xaa : 0, 3);
        ck_assert_int_eq(placeholder_recognise(&picture), REPLAY_SCREEN_PICTURE);
    }
    picture_free(&picture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("placeholder");
    TCase *tests = tcase_create("placeholder");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, qemus_own_screendumps_are_recognised, 0, CAPTURES);
    tcase_add_loop_test(tests, one_pixel_more_or_less_is_a_picture, 0, CAPTURES);
    tcase_add_test(tests, every_pixel_of_the_text_counts);
    tcase_add_test(tests, colours_do_not_matter_but_there_must_be_two);
    tcase_add_test(tests, text_is_recognised_wherever_it_stands_and_however_narrow_the_screen);
    tcase_add_test(tests, a_text_that_is_cut_inside_the_screen_is_a_picture);
    tcase_add_test(tests, a_corner_of_the_text_is_not_enough);
    tcase_add_test(tests, other_text_in_the_same_letters_is_a_picture);
    tcase_add_test(tests, a_blank_screen_is_blank_in_any_colour);
    tcase_add_test(tests, no_picture_is_no_screendump);
    tcase_add_test(tests, patterns_are_pictures);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
