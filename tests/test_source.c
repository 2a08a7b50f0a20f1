/*
 * Source places: from a return address to file, line, function, and the caller of an inline helper.
 *
 * The functions under test say with #line which file and line they are.
 */
#include "source.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uintptr_t seen_pc;
static volatile int counter; /* so that a line has code */

/* Stands for the probe: remembers where it was called from. */
__attribute__((noinline)) static void observe(void)
{
    seen_pc = (uintptr_t)__builtin_return_address(0);
    __asm__ volatile("" ::: "memory");
}

/* clang-format off */
#line 1000 "tests/golden/helper.h"
static inline __attribute__((always_inline)) void innermost(void)
{
    observe();
    __asm__ volatile("");
}

static inline __attribute__((always_inline)) void accessor(void)
{
    innermost();
    __asm__ volatile("");
}

#line 8 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void plain(void)
{
    observe();
    __asm__ volatile("");
}

#line 18 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void through_one_helper(void)
{
    innermost();
    __asm__ volatile("");
}

#line 1100 "tests/golden/helper.h"
static inline __attribute__((always_inline)) void long_function(void)
{
    counter++;


    counter++;

    accessor();
    counter++;
}

#line 60 "tests/golden/sample_driver.c"
__attribute__((noinline)) static void through_a_long_function(void)
{
    long_function();
    __asm__ volatile("");
}

#line 40 "tests/golden/../golden/./sample_driver.c"
__attribute__((noinline)) static void through_two_helpers(void)
{
    __asm__ volatile("");
    accessor();
    __asm__ volatile("");
}

#line 78 "tests/test_source.c"
/* clang-format on */

START_TEST(a_call_is_found_with_file_line_and_function)
{
    struct source_place place;
    plain();
    ck_assert(source_find(seen_pc, &place));
    ck_assert_str_eq(place.file, "tests/golden/sample_driver.c");
    ck_assert_uint_eq(place.line, 10);
    ck_assert_str_eq(place.function, "plain");
    ck_assert_uint_eq(place.inlined_line, 0);
    ck_assert(!place.helper);
    ck_assert_uint_eq(source_main_line(&place), 10);
}
END_TEST

START_TEST(an_inline_helper_is_found_with_its_caller)
{
    struct source_place place;
    through_one_helper();
    ck_assert(source_find(seen_pc, &place));
    ck_assert_str_eq(place.file, "tests/golden/helper.h");
    ck_assert_uint_eq(place.line, 1002);
    ck_assert_str_eq(place.function, "innermost");
    ck_assert(place.helper);
    ck_assert_str_eq(place.inlined_file, "tests/golden/sample_driver.c");
    ck_assert_uint_eq(place.inlined_line, 20);
    ck_assert_str_eq(place.inlined_function, "through_one_helper");
    ck_assert_str_eq(source_main_file(&place), "tests/golden/sample_driver.c");
    ck_assert_uint_eq(source_main_line(&place), 20);
}
END_TEST

START_TEST(helpers_inside_helpers_are_passed_over)
{
    struct source_place place;
    through_two_helpers();
    ck_assert(source_find(seen_pc, &place));
    ck_assert_str_eq(place.function, "innermost");
    ck_assert_str_eq(place.inlined_file, "tests/golden/sample_driver.c");
    ck_assert_uint_eq(place.inlined_line, 43);
    ck_assert_str_eq(place.inlined_function, "through_two_helpers");
}
END_TEST

START_TEST(a_long_function_is_no_accessor_though_it_was_inlined)
{
    struct source_place place;
    through_a_long_function();
    ck_assert(source_find(seen_pc, &place));
    ck_assert_str_eq(place.function, "innermost");
    ck_assert_str_eq(place.inlined_file, "tests/golden/helper.h");
    ck_assert_uint_eq(place.inlined_line, 1107);
    ck_assert_str_eq(place.inlined_function, "long_function");
}
END_TEST

START_TEST(addresses_without_a_place_are_not_found)
{
    struct source_place place;
    ck_assert(!source_find(0, &place));
    ck_assert(!source_find(1, &place));
    ck_assert(!source_find((uintptr_t)&seen_pc + 1, &place));
    ck_assert(!source_find((uintptr_t)&getpid + 1, &place)); /* libc has none */
    ck_assert_uint_eq(place.line, 0);
    ck_assert_str_eq(place.file, "");
}
END_TEST

START_TEST(answers_are_the_same_when_asked_again_and_after_closing)
{
    struct source_place first, second;
    plain();
    uintptr_t pc = seen_pc;
    ck_assert(source_find(pc, &first));
    for (uintptr_t i = 1; i < 5000; i++) {
        source_find(pc + i, &second); /* makes the table grow */
    }
    ck_assert(source_find(pc, &second));
    ck_assert_int_eq(memcmp(&first, &second, sizeof first), 0);
    source_close();
    ck_assert(source_find(pc, &second));
    ck_assert_int_eq(memcmp(&first, &second, sizeof first), 0);
    source_close();
    source_close();
}
END_TEST

START_TEST(source_lines_are_read_below_the_project)
{
    static const char file[] = "tests/golden/sample_driver.c";
    ck_assert_str_eq(source_text(file, 8), "    unsigned version = read32(transport, VERSION);");
    ck_assert_str_eq(source_text(file, 22), "}");
    ck_assert_str_eq(source_text(file, 0), "");
    ck_assert_str_eq(source_text(file, 23), "");
    ck_assert_str_eq(source_text(file, 4000000000u), "");
    ck_assert_str_eq(source_text("tests/golden/nowhere.c", 1), "");
    ck_assert_str_eq(source_text("tests", 1), "");
    ck_assert_str_eq(source_text("/dev/null", 1), "");
    ck_assert_str_eq(source_text("", 1), "");
}
END_TEST

START_TEST(an_absolute_path_is_read_where_it_is)
{
    static const char path[] = RINGSIDE_BINARY_DIR "/test_source_text.c";
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs("one\r\ntwo", file);
    fclose(file);
    ck_assert_str_eq(source_text(path, 1), "one ");
    ck_assert_str_eq(source_text(path, 2), "two");
    unlink(path);
    ck_assert_str_eq(source_text(path, 2), "two"); /* remembered */
    source_close();
    ck_assert_str_eq(source_text(path, 2), "");
    source_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source");
    TCase *places = tcase_create("places");
    tcase_add_test(places, a_call_is_found_with_file_line_and_function);
    tcase_add_test(places, an_inline_helper_is_found_with_its_caller);
    tcase_add_test(places, helpers_inside_helpers_are_passed_over);
    tcase_add_test(places, a_long_function_is_no_accessor_though_it_was_inlined);
    tcase_add_test(places, addresses_without_a_place_are_not_found);
    tcase_add_test(places, answers_are_the_same_when_asked_again_and_after_closing);
    tcase_add_test(places, source_lines_are_read_below_the_project);
    tcase_add_test(places, an_absolute_path_is_read_where_it_is);
    suite_add_tcase(suite, places);
    tcase_set_timeout(places, 120);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
