/* The scenario's text as a bare machine reads it: each row is a text and what is read from it. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "bootargs.h"

#define LONG_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *text;
    const char *read; /* options as name=value, calls as name(args), errors as ! */
} rows[] = {
    {"", ""},
    {" ; ;; ", ""},
    {"call init", "init() "},
    {"call init;call show 640 0x1e0", "init() show(640,480) "},
    {"option queue-size 16 ; call a 1 2 3 4 5 6 7 8;", "queue-size=16 a(1,2,3,4,5,6,7,8) "},
    {"call a\t18446744073709551615", "a(18446744073709551615) "},
    {"call a 18446744073709551616", "! "},
    {"call a 0x", "! "},
    {"call a 0x1G", "! "},
    {"call a -1", "! "},
    {"call a 1 2 3 4 5 6 7 8 9", "! "},
    {"call", "! "},
    {"option a", "! "},
    {"option a b c", "! "},
    {"bogus;call init", "! init() "},
    {"call " LONG_63, LONG_63 "() "},
    {"call " LONG_63 "a", "! "},
    {"option x " LONG_63 "a;call b", "! b() "},
};

START_TEST(each_text_is_read_as_it_should_be)
{
    const char *text = rows[_i].text;
    char read[1024] = "";
    struct bootargs_statement statement;

    for (int i = 0; i < 10; i++) {
        char *end = read + strlen(read);
        size_t left = sizeof(read) - strlen(read);
        bootargs_next(&text, &statement);
        if (statement.kind == BOOTARGS_END)
            break;
        if (statement.kind == BOOTARGS_ERROR) {
            ck_assert_ptr_nonnull(statement.error);
            snprintf(end, left, "! ");
        } else if (statement.kind == BOOTARGS_OPTION) {
            snprintf(end, left, "%s=%s ", statement.name, statement.value);
        } else {
            snprintf(end, left, "%s(", statement.name);
            for (size_t a = 0; a < statement.args.count; a++)
                snprintf(read + strlen(read), sizeof(read) - strlen(read), "%s%llu",
                         a == 0 ? "" : ",", (unsigned long long)statement.args.value[a]);
            snprintf(read + strlen(read), sizeof(read) - strlen(read), ") ");
        }
    }
    ck_assert_str_eq(read, rows[_i].read);
    ck_assert_int_eq(statement.kind, BOOTARGS_END);
    ck_assert_int_eq(*text, '\0');
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bootargs");
    TCase *tcase = tcase_create("bootargs");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, each_text_is_read_as_it_should_be, 0,
                        sizeof(rows) / sizeof(rows[0]));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
