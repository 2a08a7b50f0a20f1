/*
 * The EDID of the simulated display: whole, and of the size that it is asked for.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "edid.h"

#define TIMING 54u /* offset of the preferred mode */

static uint32_t side(const uint8_t *timing, unsigned low, unsigned high)
{
    return timing[low] | (uint32_t)(timing[high] >> 4) << 8;
}

START_TEST(every_size_gives_a_whole_block_that_prefers_it)
{
    static const struct {
        uint32_t width_px, height_px, told_width_px, told_height_px;
    } cases[] = {{640, 480, 640, 480},
                 {1280, 800, 1280, 800},
                 {1920, 1080, 1920, 1080},
                 {3840, 2160, 3840, 2160},
                 {4095, 4095, 4095, 4095},
                 {8192, 4320, 4095, 4095},
                 {1, 1, 1, 1},
                 {255, 256, 255, 256}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t edid[EDID_BYTES];
        uint8_t sum = 0;
        edid_make(edid, cases[i].width_px, cases[i].height_px);
        for (size_t n = 0; n < sizeof edid; n++)
            sum = (uint8_t)(sum + edid[n]);
        ck_assert_uint_eq(sum, 0);
        ck_assert_mem_eq(edid, "\x00\xff\xff\xff\xff\xff\xff\x00", 8);
        ck_assert_uint_eq(edid[18], 1);
        ck_assert_uint_eq(edid[19], 4);
        ck_assert_uint_eq(edid[126], 0); /* no block behind it */
        ck_assert_uint_eq(side(edid + TIMING, 2, 4), cases[i].told_width_px);
        ck_assert_uint_eq(side(edid + TIMING, 5, 7), cases[i].told_height_px);
        ck_assert_uint_ne(edid[TIMING] | edid[TIMING + 1], 0); /* a clock: it is a timing */
        ck_assert_mem_eq(edid + TIMING + 18, "\0\0\0\xfc\0ringside\n", 14);
    }
}
END_TEST

START_TEST(the_clock_of_full_hd_is_that_of_60_hz_with_reduced_blanking)
{
    uint8_t edid[EDID_BYTES];
    edid_make(edid, 1920, 1080);
    ck_assert_int_eq(edid[TIMING] | edid[TIMING + 1] << 8, 13852); /* 138.5 MHz */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edid");
    TCase *tcase = tcase_create("edid");
    tcase_add_test(tcase, every_size_gives_a_whole_block_that_prefers_it);
    tcase_add_test(tcase, the_clock_of_full_hd_is_that_of_60_hz_with_reduced_blanking);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
