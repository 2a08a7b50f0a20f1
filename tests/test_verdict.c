/*
 * Simulator against QEMU: the verdict, its table and its pictures, from outcomes made by hand.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "replay.h"
#include "suite.h"

static struct scenario *parse(const char *text)
{
    struct scenario *scenario = scenario_parse("test.scn", text, stderr);
    ck_assert_ptr_nonnull(scenario);
    return scenario;
}

/* What a function prints, as a string. */
struct capture {
    char *text;
    size_t bytes;
    FILE *stream;
};

static void capture_open(struct capture *capture)
{
    *capture = (struct capture){0};
    capture->stream = open_memstream(&capture->text, &capture->bytes);
    ck_assert_ptr_nonnull(capture->stream);
}

static const char *capture_text(struct capture *capture)
{
    fflush(capture->stream);
    return capture->text;
}

static void capture_free(struct capture *capture)
{
    fclose(capture->stream);
    free(capture->text);
}

static struct world_outcome simulator;
static struct replay_outcome qemu;
static struct replay_verdict verdict;
static struct scenario *compared;

static void compare_setup(void)
{
    compared = parse("device gpu version 1\ndriver machine\ncall init\ncall get_display_info\n");
    memset(&simulator, 0, sizeof simulator);
    memset(&qemu, 0, sizeof qemu);
    simulator.scenario = compared;
    simulator.call_count = qemu.call_count = 2;
    simulator.call[1].result = qemu.result[1] = SUITE_TIMEOUT;
    for (size_t i = 2; i < SCENARIO_ACTIONS_MAX; i++)
        qemu.result[i] = -1;
    qemu.done = true;
    qemu.response = REPLAY_RESPONSE_UNTOUCHED;
    qemu.screen = REPLAY_SCREEN_NOT_INITIALIZED;
}

static void compare_teardown(void)
{
    picture_free(&simulator.scanout.picture);
    picture_free(&qemu.picture);
    scenario_free(compared);
}

static void show_both(uint32_t width, uint32_t height)
{
    ck_assert(picture_create(&simulator.scanout.picture, width, height));
    ck_assert(picture_create(&qemu.picture, width, height));
    simulator.scanout.info.active = simulator.scanout.info.ever_active = true;
    qemu.screen = REPLAY_SCREEN_PICTURE;
}

static void expect_difference(const char *text)
{
    replay_compare(&simulator, &qemu, &verdict);
    ck_assert(!verdict.agree);
    ck_assert_uint_eq(verdict.difference_count, 1);
    ck_assert_msg(strstr(verdict.difference[0], text), "%s", verdict.difference[0]);
}

static void expect_agreement(void)
{
    replay_compare(&simulator, &qemu, &verdict);
    ck_assert_msg(verdict.agree, "%s", verdict.difference[0]);
    ck_assert_uint_eq(verdict.difference_count, 0);
}

START_TEST(the_same_agrees)
{
    expect_agreement();
    show_both(64, 32);
    expect_agreement();
}
END_TEST

START_TEST(a_machine_that_gives_no_interrupts_where_they_are_waited_for_differs)
{
    struct scenario *polls = compared;

    qemu.interrupts = 0;
    expect_agreement();
    compared = parse("device gpu version 1\ndriver machine interrupts on\ncall init\n"
                     "call get_display_info\n");
    scenario_free(polls);
    simulator.scenario = compared;
    expect_difference("the machine gave it none");
    qemu.interrupts = 1;
    expect_agreement();
    qemu.interrupts = -1; /* an image that does not say */
    expect_agreement();
}
END_TEST

START_TEST(a_call_that_ends_otherwise_is_named)
{
    qemu.result[1] = SUITE_OK;
    expect_difference("call 2, get_display_info: simulator TIMEOUT, QEMU OK");
    qemu.call_count = 1;
    expect_difference("call 2, get_display_info: simulator TIMEOUT, QEMU no return");
}
END_TEST

START_TEST(the_response_buffer_contradicts_only_when_it_must)
{
    static const struct {
        bool last;
        uint64_t requests;
        enum replay_response qemu;
        bool agree;
    } cases[] = {
        {false, 0, REPLAY_RESPONSE_UNTOUCHED, true},
        {false, 0, REPLAY_RESPONSE_FILLED, false},
        {false, 3, REPLAY_RESPONSE_UNTOUCHED, true},
        {false, 3, REPLAY_RESPONSE_FILLED, false},
        {true, 1, REPLAY_RESPONSE_UNTOUCHED, false},
        {true, 1, REPLAY_RESPONSE_FILLED, true},
        {false, 0, REPLAY_RESPONSE_FILLED_ONCE, false},
        {false, 3, REPLAY_RESPONSE_FILLED_ONCE, true},
        {true, 0, REPLAY_RESPONSE_FILLED_ONCE, true},
        {false, 3, REPLAY_RESPONSE_UNCHANGED, true},
        {true, 3, REPLAY_RESPONSE_UNCHANGED, true},
        {true, 0, REPLAY_RESPONSE_UNKNOWN, true},
        {false, 0, REPLAY_RESPONSE_UNKNOWN, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        simulator.response_filled = cases[i].last;
        simulator.requests = cases[i].requests;
        qemu.response = cases[i].qemu;
        replay_compare(&simulator, &qemu, &verdict);
        ck_assert_int_eq(verdict.agree, cases[i].agree);
    }
}
END_TEST

START_TEST(every_kind_of_screen_is_held_against_every_state_of_the_scanout)
{
    static const struct {
        bool active, ever;
        enum replay_screen agrees;
    } states[] = {{false, false, REPLAY_SCREEN_NOT_INITIALIZED},
                  {false, true, REPLAY_SCREEN_NOT_ACTIVE},
                  {true, true, REPLAY_SCREEN_PICTURE}};

    show_both(64, 32);
    struct picture shown = simulator.scanout.picture;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        simulator.scanout.info.active = states[i].active;
        simulator.scanout.info.ever_active = states[i].ever;
        simulator.scanout.picture = states[i].active ? shown : (struct picture){0};
        for (int screen = REPLAY_SCREEN_PICTURE; screen <= REPLAY_SCREEN_NONE; screen++) {
            /* A screen of one colour is a picture like others, if the simulator's is the same. */
            bool agrees = screen == (int)states[i].agrees ||
                          (states[i].active && screen == REPLAY_SCREEN_BLANK);
            qemu.screen = (enum replay_screen)screen;
            replay_compare(&simulator, &qemu, &verdict);
            ck_assert_int_eq(verdict.agree, agrees);
        }
    }
    simulator.scanout.picture = shown;
}
END_TEST

START_TEST(one_pixel_is_a_difference_and_its_place_is_told)
{
    show_both(64, 32);
    qemu.picture.rgb[(5 * 64 + 7) * 3 + 1] = 1;
    expect_difference("1 of 2048 pixels differ, in (7,5)..(7,5), the first at (7,5)");
}
END_TEST

START_TEST(sizes_are_compared)
{
    show_both(64, 32);
    picture_free(&qemu.picture);
    ck_assert(picture_create(&qemu.picture, 65, 32));
    expect_difference("simulator 64x32, QEMU 65x32 pixels");
}
END_TEST

START_TEST(a_machine_that_does_not_end_differs_unless_the_simulators_driver_crashed)
{
    qemu.done = false;
    expect_difference("did not come to its end");
    qemu.fault = true;
    snprintf(qemu.fault_text, sizeof qemu.fault_text, "data abort");
    expect_difference("took a fault: data abort");
    simulator.call[1].result = -1;
    simulator.call[1].crash = WORLD_CRASH_SEGV;
    qemu.call_count = 1;
    expect_agreement();
}
END_TEST

START_TEST(an_option_or_driver_that_the_image_does_not_know_differs)
{
    snprintf(qemu.unknown_option, sizeof qemu.unknown_option, "used-offset 0x128");
    expect_difference("does not know the option used-offset 0x128");
    qemu.unknown_option[0] = '\0';
    snprintf(qemu.driver, sizeof qemu.driver, "other");
    expect_difference("the image has the driver other");
}
END_TEST

START_TEST(more_differences_than_fit_are_counted)
{
    char text[4000] = "device gpu version 2\ndriver machine\n";
    for (unsigned i = 0; i < REPLAY_DIFFERENCES_MAX + 5; i++)
        strcat(text, "call init\n");
    struct scenario *many = parse(text);
    simulator.scenario = many;
    simulator.call_count = REPLAY_DIFFERENCES_MAX + 5;
    simulator.call[1].result = SUITE_OK;
    qemu.call_count = 0;
    replay_compare(&simulator, &qemu, &verdict);
    ck_assert_uint_eq(verdict.difference_count, REPLAY_DIFFERENCES_MAX + 5);
    scenario_free(many);
}
END_TEST

static const struct {
    size_t count;
    int results[12];
    const char *text;
} result_lists[] = {
    {0, {0}, ""},
    {1, {SUITE_OK}, "OK"},
    {2, {SUITE_OK, SUITE_TIMEOUT}, "OK, TIMEOUT"},
    {3, {SUITE_OK, SUITE_OK, -1}, "2x OK, no return"},
    {10,
     {SUITE_OK, SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_TIMEOUT,
      SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_QUEUE_FULL},
     "OK, 8x TIMEOUT, QUEUE_FULL"},
};

START_TEST(results_are_counted_where_they_repeat)
{
    char text[200], small[8];
    replay_results_text(result_lists[_i].results, result_lists[_i].count, text, sizeof text);
    ck_assert_str_eq(text, result_lists[_i].text);
    replay_results_text(result_lists[_i].results, result_lists[_i].count, small, sizeof small);
    ck_assert_int_eq(strncmp(small, result_lists[_i].text, sizeof small - 1), 0);
}
END_TEST

START_TEST(the_table_fits_and_breaks_cells_where_words_end)
{
    static const struct replay_row row = {{"c4096-queue-align-4096-and-more", "1",
                                           "OK, 8x TIMEOUT, BAD_COMPLETION", "OK", "16384x16384",
                                           "never", "yes"}};
    struct capture printed;

    capture_open(&printed);
    replay_table_head(printed.stream);
    replay_table_row(printed.stream, &row);
    ck_assert_str_eq(
        capture_text(&printed),
        "                           calls                       screen\n"
        "scenario                 v simulator     QEMU          simulator QEMU      agree\n"
        "------------------------ - ------------- ------------- --------- --------- -----\n"
        "c4096-queue-align-4096-  1 OK, 8x        OK            16384x163 never     yes\n"
        "and-more                   TIMEOUT,                    84\n"
        "                           BAD_\n"
        "                           COMPLETION\n");
    capture_free(&printed);
}
END_TEST

START_TEST(a_row_tells_timeouts_apart_by_the_response_buffer)
{
    struct replay_row row;

    simulator.requests = 1;
    simulator.response_filled = true;
    qemu.response = REPLAY_RESPONSE_FILLED;
    replay_compare(&simulator, &qemu, &verdict);
    replay_row_fill(&row, &simulator, &qemu, &verdict);
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_SCENARIO], "test");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_VERSION], "1");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_CALLS_SIMULATOR], "OK, TIMEOUT, response filled");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_CALLS_QEMU], "OK, TIMEOUT, response filled");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_SCREEN_SIMULATOR], "never");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_SCREEN_QEMU], "never");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_AGREE], "yes");
}
END_TEST

START_TEST(pictures_are_left_side_by_side)
{
    char dir[] = "/tmp/ringside-test-XXXXXX", path[200];
    static const char *const names[] = {"sim-before", "sim", "qemu", "both"};
    struct picture read;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    show_both(20, 10);
    simulator.scanout.last = simulator.scanout.picture;
    simulator.scanout.picture = (struct picture){0};
    compared->display_width_px = 30;
    compared->display_height_px = 12;
    const char *error = replay_write_pictures(dir, &simulator, &qemu);
    ck_assert_msg(!error, "%s", error);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/test-%s.png", dir, names[i]);
        error = picture_read_png(&read, path);
        ck_assert_msg(!error, "%s: %s", path, error);
        if (i == 3) {
            ck_assert_uint_eq(read.width_px, 20 + 16 + 30 + 16 + 20);
            ck_assert_uint_eq(read.height_px, 12);
        }
        picture_free(&read);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left */
    picture_free(&simulator.scanout.last);
    error = replay_write_pictures("/proc/nowhere", &simulator, &qemu);
    ck_assert_msg(error && strstr(error, "/proc/nowhere"), "%s", error);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict");
    TCase *compare = tcase_create("compare");

    tcase_add_checked_fixture(compare, compare_setup, compare_teardown);
    tcase_add_test(compare, the_same_agrees);
    tcase_add_test(compare, a_machine_that_gives_no_interrupts_where_they_are_waited_for_differs);
    tcase_add_test(compare, a_call_that_ends_otherwise_is_named);
    tcase_add_test(compare, the_response_buffer_contradicts_only_when_it_must);
    tcase_add_test(compare, every_kind_of_screen_is_held_against_every_state_of_the_scanout);
    tcase_add_test(compare, one_pixel_is_a_difference_and_its_place_is_told);
    tcase_add_test(compare, sizes_are_compared);
    tcase_add_test(compare,
                   a_machine_that_does_not_end_differs_unless_the_simulators_driver_crashed);
    tcase_add_test(compare, an_option_or_driver_that_the_image_does_not_know_differs);
    tcase_add_test(compare, more_differences_than_fit_are_counted);
    tcase_add_loop_test(compare, results_are_counted_where_they_repeat, 0,
                        (int)(sizeof result_lists / sizeof result_lists[0]));
    tcase_add_test(compare, the_table_fits_and_breaks_cells_where_words_end);
    tcase_add_test(compare, a_row_tells_timeouts_apart_by_the_response_buffer);
    tcase_add_test(compare, pictures_are_left_side_by_side);
    suite_add_tcase(suite, compare);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
