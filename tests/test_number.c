/*
 * Numbers as people write them: what is one, what is none, and how large it may be.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

#define UNTOUCHED UINT64_C(0x5a5a)

#define ZEROS_20 "00000000000000000000"

static const struct {
    const char *text;
    enum number_form form;
    uint64_t value;
} whole[] = {
    {"0", NUMBER_GOOD, 0},
    {"42", NUMBER_GOOD, 42},
    {"010", NUMBER_GOOD, 10}, /* not eight */
    {"0x10", NUMBER_GOOD, 16},
    {"0xFf", NUMBER_GOOD, 255},
    {"18446744073709551615", NUMBER_GOOD, UINT64_MAX},
    {"0xffffffffffffffff", NUMBER_GOOD, UINT64_MAX},
    {ZEROS_20 ZEROS_20 "7", NUMBER_GOOD, 7},
    {"0x" ZEROS_20 "7", NUMBER_GOOD, 7},
    {"18446744073709551616", NUMBER_HUGE, 0},
    {"0x10000000000000000", NUMBER_HUGE, 0},
    {"99999999999999999999999", NUMBER_HUGE, 0},
    {"", NUMBER_NONE, 0},
    {"x", NUMBER_NONE, 0},
    {"0x", NUMBER_NONE, 0},
    {"0X10", NUMBER_NONE, 0},
    {"0xg", NUMBER_NONE, 0},
    {"ff", NUMBER_NONE, 0},
    {"-1", NUMBER_NONE, 0},
    {"+1", NUMBER_NONE, 0},
    {" 1", NUMBER_NONE, 0},
    {"1 ", NUMBER_NONE, 0},
    {"99999999999999999999999z", NUMBER_NONE, 0},
};

START_TEST(all_of_a_text_is_a_number_or_it_is_none)
{
    uint64_t value = UNTOUCHED;

    ck_assert_int_eq(number_read(whole[_i].text, strlen(whole[_i].text), &value), whole[_i].form);
    ck_assert_uint_eq(value, whole[_i].form == NUMBER_GOOD ? whole[_i].value : UNTOUCHED);
}
END_TEST

static const struct {
    const char *text;
    enum number_form form;
    uint64_t value;
    size_t used;
} fronts[] = {
    {"12..20", NUMBER_GOOD, 12, 2},
    {"0x1fz", NUMBER_GOOD, 31, 4},
    {"0xz", NUMBER_GOOD, 0, 1},
    {"12", NUMBER_GOOD, 12, 2},
    {"99999999999999999999/4", NUMBER_HUGE, UNTOUCHED, 20},
    {"..5", NUMBER_NONE, UNTOUCHED, 0},
    {"", NUMBER_NONE, UNTOUCHED, 0},
};

START_TEST(a_text_may_begin_with_a_number)
{
    uint64_t value = UNTOUCHED;
    size_t used = 77;

    ck_assert_int_eq(number_begins(fronts[_i].text, strlen(fronts[_i].text), &used, &value),
                     fronts[_i].form);
    ck_assert_uint_eq(value, fronts[_i].value);
    ck_assert_uint_eq(used, fronts[_i].used);
}
END_TEST

/* A word of a line has no end of its own. */
START_TEST(no_byte_behind_the_text_counts)
{
    uint64_t value;
    size_t used;

    ck_assert_int_eq(number_read("1234", 2, &value), NUMBER_GOOD);
    ck_assert_uint_eq(value, 12);
    ck_assert_int_eq(number_begins("0x12", 1, &used, &value), NUMBER_GOOD);
    ck_assert_uint_eq(used, 1);
    ck_assert_int_eq(number_begins("0x12", 2, &used, &value), NUMBER_GOOD);
    ck_assert_uint_eq(used, 1);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    Suite *suite = suite_create("number");
    TCase *tcase = tcase_create("number");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, all_of_a_text_is_a_number_or_it_is_none, 0, COUNT(whole));
    tcase_add_loop_test(tcase, a_text_may_begin_with_a_number, 0, COUNT(fronts));
    tcase_add_test(tcase, no_byte_behind_the_text_counts);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
