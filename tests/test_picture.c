/*
 * Pictures: what is written is read back, what differs is found, and no file can hurt.
 */
#include <check.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "picture.h"

#define PATH_BYTES 64

static char directory[PATH_BYTES];
static char path[PATH_BYTES + 32];

static void setup(void)
{
    strcpy(directory, "/tmp/ringside-picture-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/picture", directory);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* so that nothing else was left beside it */
}

static void put(const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
}

static size_t get(uint8_t *bytes, size_t most)
{
    FILE *file = fopen(path, "rb");

    ck_assert_ptr_nonnull(file);
    size_t count = fread(bytes, 1, most, file);
    fclose(file);
    return count;
}

/* Every byte tells where it is. */
static struct picture pattern(uint32_t width, uint32_t height)
{
    struct picture picture;

    ck_assert(picture_create(&picture, width, height));
    for (size_t n = 0; n < (size_t)width * height * 3; n++)
        picture.rgb[n] = (uint8_t)(n * 7 + n / 251);
    return picture;
}

START_TEST(a_new_picture_is_black)
{
    struct picture picture;

    ck_assert(picture_create(&picture, 3, 2));
    for (size_t n = 0; n < 18; n++)
        ck_assert_uint_eq(picture.rgb[n], 0);
    picture_free(&picture);
    ck_assert_ptr_null(picture.rgb);
}
END_TEST

START_TEST(a_side_over_the_limit_is_refused)
{
    struct picture picture;

    ck_assert(!picture_create(&picture, PICTURE_SIDE_PX_MAX + 1, 1));
    ck_assert(!picture_create(&picture, 1, PICTURE_SIDE_PX_MAX + 1));
    ck_assert_ptr_null(picture.rgb);
    ck_assert(picture_create(&picture, PICTURE_SIDE_PX_MAX, 1));
    picture_free(&picture);
}
END_TEST

START_TEST(every_single_pixel_that_differs_is_found_where_it_is)
{
    struct picture a = pattern(5, 4), b = pattern(5, 4);
    struct picture_difference difference;

    ck_assert(picture_equal(&a, &b, &difference));
    ck_assert(difference.same_size);
    ck_assert_uint_eq(difference.pixels, 0);
    for (uint32_t n = 0; n < 5 * 4 * 3; n++) {
        b.rgb[n] ^= 1;
        ck_assert(!picture_equal(&a, &b, &difference));
        ck_assert(!picture_equal(&a, &b, NULL));
        ck_assert_uint_eq(difference.pixels, 1);
        ck_assert_uint_eq(difference.first_x, n / 3 % 5);
        ck_assert_uint_eq(difference.first_y, n / 15);
        ck_assert_uint_eq(difference.left, n / 3 % 5);
        ck_assert_uint_eq(difference.right, n / 3 % 5);
        ck_assert_uint_eq(difference.top, n / 15);
        ck_assert_uint_eq(difference.bottom, n / 15);
        b.rgb[n] ^= 1;
    }
    picture_free(&a);
    picture_free(&b);
}
END_TEST

START_TEST(two_pixels_that_differ_span_a_box)
{
    for (uint32_t m = 0; m < 20; m++) {
        for (uint32_t n = m + 1; n < 20; n++) {
            struct picture a = pattern(5, 4), b = pattern(5, 4);
            struct picture_difference d;
            uint32_t mx = m % 5, my = m / 5, nx = n % 5, ny = n / 5;
            a.rgb[m * 3] ^= 0xff;
            b.rgb[n * 3 + 2] ^= 0xff;
            ck_assert(!picture_equal(&a, &b, &d));
            ck_assert_uint_eq(d.pixels, 2);
            ck_assert(d.first_x == mx && d.first_y == my);
            ck_assert(d.left == (mx < nx ? mx : nx) && d.right == (mx < nx ? nx : mx));
            ck_assert(d.top == my && d.bottom == ny);
            picture_free(&a);
            picture_free(&b);
        }
    }
}
END_TEST

START_TEST(pictures_of_two_sizes_are_compared_where_they_overlap)
{
    struct picture a, b;
    struct picture_difference difference;

    ck_assert(picture_create(&a, 4, 2));
    ck_assert(picture_create(&b, 3, 5));
    b.rgb[(4 * 3 + 2) * 3] = 1; /* only b has a row 4 */
    ck_assert(!picture_equal(&a, &b, &difference));
    ck_assert(!difference.same_size);
    ck_assert_uint_eq(difference.pixels, 0);
    b.rgb[(1 * 3 + 2) * 3] = 1;
    ck_assert(!picture_equal(&a, &b, &difference));
    ck_assert_uint_eq(difference.pixels, 1);
    ck_assert(difference.first_x == 2 && difference.first_y == 1);
    picture_free(&a);
    picture_free(&b);
}
END_TEST

static const struct {
    uint32_t width, height;
} sizes[] = {{1, 1}, {1, 7}, {7, 1}, {64, 48}, {255, 3}, {1280, 2}};

START_TEST(a_png_file_is_read_back_as_it_was_written)
{
    struct picture in = pattern(sizes[_i].width, sizes[_i].height), out;

    ck_assert_pstr_eq(picture_write_png(&in, path), NULL);
    ck_assert_pstr_eq(picture_read_png(&out, path), NULL);
    ck_assert(picture_equal(&in, &out, NULL));
    picture_free(&in);
    picture_free(&out);
}
END_TEST

START_TEST(a_png_file_replaces_an_older_one_and_leaves_nothing_beside_it)
{
    struct picture in = pattern(3, 3), out;

    put("old", 3);
    ck_assert_pstr_eq(picture_write_png(&in, path), NULL);
    ck_assert_pstr_eq(picture_read_png(&out, path), NULL);
    picture_free(&in);
    picture_free(&out);
}
END_TEST

START_TEST(a_png_file_that_cannot_be_written_leaves_nothing)
{
    struct picture in = pattern(3, 3), empty = {0};
    char nowhere[PATH_BYTES + 48];

    snprintf(nowhere, sizeof(nowhere), "%s/none/picture", directory);
    ck_assert_ptr_nonnull(picture_write_png(&in, nowhere));
    ck_assert_ptr_nonnull(picture_write_png(&in, directory)); /* rename over a directory fails */
    ck_assert_ptr_nonnull(picture_write_png(&empty, path));
    char beside[PATH_BYTES + 8];
    snprintf(beside, sizeof(beside), "%s.tmp", directory);
    ck_assert_int_ne(access(beside, F_OK), 0);
    picture_free(&in);
}
END_TEST

START_TEST(a_png_file_cut_anywhere_is_refused)
{
    static uint8_t bytes[8192];
    struct picture in = pattern(9, 5), out;

    ck_assert_pstr_eq(picture_write_png(&in, path), NULL);
    size_t count = get(bytes, sizeof(bytes));
    ck_assert_uint_lt(count, sizeof(bytes));
    for (size_t n = 0; n < count; n++) {
        put(bytes, n);
        ck_assert_ptr_nonnull(picture_read_png(&out, path));
        ck_assert_ptr_null(out.rgb);
    }
    picture_free(&in);
}
END_TEST

START_TEST(a_png_file_with_any_byte_changed_never_hurts)
{
    static uint8_t bytes[8192];
    struct picture in = pattern(9, 5), out;

    ck_assert_pstr_eq(picture_write_png(&in, path), NULL);
    size_t count = get(bytes, sizeof(bytes));
    for (size_t n = 0; n < count; n++) {
        bytes[n] ^= 0x55;
        put(bytes, count);
        if (picture_read_png(&out, path))
            ck_assert_ptr_null(out.rgb);
        picture_free(&out);
        bytes[n] ^= 0x55;
    }
    picture_free(&in);
}
END_TEST

/* A PNG of another kind of pixel: 2 x 2, the same grey everywhere. */
static void put_png(int colour_type, int depth, int interlace)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    FILE *file = fopen(path, "wb");
    png_color palette[2] = {{1, 2, 3}, {0x80, 0x80, 0x80}};
    uint8_t row[64];

    ck_assert_ptr_nonnull(file);
    memset(row, colour_type == PNG_COLOR_TYPE_PALETTE ? 1 : 0x80, sizeof(row));
    png_init_io(png, file);
    png_set_IHDR(png, info, 2, 2, depth, colour_type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (colour_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 2);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int n = 0; n < passes * 2; n++)
        png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static const struct {
    int colour_type, depth, interlace;
} kinds[] = {
    {PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE},
    {PNG_COLOR_TYPE_GRAY, 16, PNG_INTERLACE_NONE},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 8, PNG_INTERLACE_NONE},
    {PNG_COLOR_TYPE_RGB, 16, PNG_INTERLACE_NONE},
    {PNG_COLOR_TYPE_RGB_ALPHA, 8, PNG_INTERLACE_NONE},
    {PNG_COLOR_TYPE_PALETTE, 8, PNG_INTERLACE_NONE},
    {PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7},
};

START_TEST(a_png_file_of_any_kind_is_read_as_rgb)
{
    struct picture out;

    put_png(kinds[_i].colour_type, kinds[_i].depth, kinds[_i].interlace);
    ck_assert_pstr_eq(picture_read_png(&out, path), NULL);
    ck_assert_uint_eq(out.width_px, 2);
    ck_assert_uint_eq(out.height_px, 2);
    for (size_t n = 0; n < 12; n++)
        ck_assert_uint_eq(out.rgb[n], 0x80);
    picture_free(&out);
}
END_TEST

#define FOUR "abcdefghijkl" /* 2 x 2 pixels */

static const struct {
    const char *text;
    bool is_good;
} ppms[] = {
    {"P6\n2 2\n255\n" FOUR, true},
    {"P6 2 2 255 " FOUR, true},
    {"P6\t2\r\n2\n\n255\n" FOUR, true},
    {"P6\n# a comment 9 9 9\n2 # width\n2\n#\n255\n" FOUR, true},
    {"P6#\n2 2 255\n" FOUR, true},
    {"P6\n2 2\n255\n" FOUR "more", true}, /* another picture may follow */
    {"P6\n0 0\n255\n", true},
    {"", false},
    {"P", false},
    {"P6", false},
    {"P5\n2 2\n255\n" FOUR, false},
    {"P3\n2 2\n255\n" FOUR, false},
    {"P62 2 255\n" FOUR, false},
    {"P6\n2\n255\n", false},
    {"P6\n2 2\n255", false},
    {"P6\n2 2\n255\nabcdefghijk", false},
    {"P6\n2 2\n255x" FOUR, false},
    {"P6\n2 2\n256\n" FOUR FOUR, false},
    {"P6\n2 2\n65535\n" FOUR FOUR, false},
    {"P6\n2 2\n0\n" FOUR, false},
    {"P6\n-2 2\n255\n" FOUR, false},
    {"P6\n2 2x\n255\n" FOUR, false},
    {"P6\n2.0 2\n255\n" FOUR, false},
    {"P6\n16385 1\n255\n" FOUR, false},
    {"P6\n99999999999999999999 1\n255\n" FOUR, false},
    {"P6\n4294967298 2\n255\n" FOUR, false},
    {"P6\n16384 16384\n255\n" FOUR, false},
    {"P6\n# a comment without end", false},
};

START_TEST(a_ppm_file_is_read_only_if_it_is_whole)
{
    struct picture out;

    put(ppms[_i].text, strlen(ppms[_i].text));
    const char *error = picture_read_ppm(&out, path);
    ck_assert_msg((error == NULL) == ppms[_i].is_good, "%s: %s", ppms[_i].text,
                  error ? error : "read");
    if (error)
        ck_assert_ptr_null(out.rgb);
    else if (out.width_px)
        ck_assert_mem_eq(out.rgb, FOUR, 12);
    picture_free(&out);
}
END_TEST

START_TEST(a_ppm_header_without_end_is_given_up)
{
    static char blanks[100000];
    struct picture out;

    memset(blanks, ' ', sizeof(blanks));
    memcpy(blanks, "P6", 2);
    put(blanks, sizeof(blanks));
    ck_assert_ptr_nonnull(picture_read_ppm(&out, path));
}
END_TEST

START_TEST(a_file_that_is_not_there_is_said_to_be_so)
{
    struct picture out;

    ck_assert_ptr_nonnull(picture_read_ppm(&out, path));
    ck_assert_ptr_null(out.rgb);
    ck_assert_ptr_nonnull(picture_read_png(&out, path));
    ck_assert_ptr_null(out.rgb);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    Suite *suite = suite_create("picture");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_new_picture_is_black);
    tcase_add_test(tcase, a_side_over_the_limit_is_refused);
    tcase_add_test(tcase, every_single_pixel_that_differs_is_found_where_it_is);
    tcase_add_test(tcase, two_pixels_that_differ_span_a_box);
    tcase_add_test(tcase, pictures_of_two_sizes_are_compared_where_they_overlap);
    tcase_add_loop_test(tcase, a_png_file_is_read_back_as_it_was_written, 0, COUNT(sizes));
    tcase_add_test(tcase, a_png_file_replaces_an_older_one_and_leaves_nothing_beside_it);
    tcase_add_test(tcase, a_png_file_that_cannot_be_written_leaves_nothing);
    tcase_add_test(tcase, a_png_file_cut_anywhere_is_refused);
    tcase_add_test(tcase, a_png_file_with_any_byte_changed_never_hurts);
    tcase_add_loop_test(tcase, a_png_file_of_any_kind_is_read_as_rgb, 0, COUNT(kinds));
    tcase_add_loop_test(tcase, a_ppm_file_is_read_only_if_it_is_whole, 0, COUNT(ppms));
    tcase_add_test(tcase, a_ppm_header_without_end_is_given_up);
    tcase_add_test(tcase, a_file_that_is_not_there_is_said_to_be_so);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
