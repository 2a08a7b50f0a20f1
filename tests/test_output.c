/*
 * Results for machines, from hand-made ones: whatever text is in them, each format stays what it
 * is. Real runs and real readers are the affair of readers/results.py.
 */
#include "output_spec.h"
#include "output_state.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "rule.h"
#include "utf8.h"

/* ---- text ---- */

START_TEST(what_is_no_character_becomes_a_replacement)
{
    static const struct {
        const char *text, *copy;
    } cases[] = {
        {"", ""},
        {"plain \xe2\x82\xac \xf0\x9f\x98\x80", "plain \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"latin \xe9t\xe9", "latin " UTF8_REPLACEMENT "t" UTF8_REPLACEMENT},
        {"cut \xe2\x82", "cut " UTF8_REPLACEMENT UTF8_REPLACEMENT},
        {"overlong \xc0\xaf", "overlong " UTF8_REPLACEMENT UTF8_REPLACEMENT},
        {"\xed\xa0\x80", UTF8_REPLACEMENT UTF8_REPLACEMENT UTF8_REPLACEMENT},
        {"\xef\xbf\xbe", UTF8_REPLACEMENT UTF8_REPLACEMENT UTF8_REPLACEMENT},
        {"\xf5", UTF8_REPLACEMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy = utf8_copy(cases[i].text);
        ck_assert_str_eq(copy, cases[i].copy);
        free(copy);
        json_t *text = output_text(cases[i].text);
        ck_assert_ptr_nonnull(text);
        json_decref(text);
    }
    ck_assert(!output_lacks_memory());
}
END_TEST

/* ---- the specification's sections ---- */

/* Sections of which no anchor is known; rules name them, and the whole document is shown. */
static bool is_unknown(const char *section)
{
    return strcmp(section, "2.9") == 0 || strcmp(section, "2.10.2") == 0 ||
           strncmp(section, "6.", 2) == 0;
}

START_TEST(every_rule_leads_to_its_section)
{
    size_t count = 0, anchored = 0;
    const struct rule *rules = rule_table(&count);
    for (size_t i = 0; i < count; i++) {
        char uri[256], end[32];
        output_spec_uri(rules[i].section, uri, sizeof uri);
        ck_assert_int_eq(strncmp(uri, OUTPUT_SPEC_URI, strlen(OUTPUT_SPEC_URI)), 0);
        const char *anchor = strchr(uri, '#');
        bool wanted = rules[i].section[0] && !is_unknown(rules[i].section);
        ck_assert_msg((anchor != NULL) == wanted, "%s: %s", rules[i].section, uri);
        if (wanted) {
            snprintf(end, sizeof end, "000%s", strrchr(rules[i].section, '.') + 1);
            ck_assert_str_eq(anchor + strlen(anchor) - strlen(end), end);
            anchored++;
        }
    }
    ck_assert_uint_gt(anchored, 150);
}
END_TEST

START_TEST(anchors_are_those_of_the_document)
{
    static const char *const known[][2] = {
        {"2.1", "#x1-110001"},
        {"2.7", "#x1-350007"},
        {"2.8", "#x1-720008"},
        {"3.1", "#x1-1220001"},
        {"4.2.2", "#x1-1820002"},
        {"5.7", "#x1-3960007"},
        {"5.7.6", "#x1-4040006"},
        {"5.7.6.10", "#x1-41400010"},
        {"9.9", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char uri[256];
        output_spec_uri(known[i][0], uri, sizeof uri);
        ck_assert_str_eq(uri + strlen(OUTPUT_SPEC_URI), known[i][1]);
    }
}
END_TEST

/* ---- formats ---- */

static const char hostile[] = "a # b \\ ]]> </failure> \"'&\n\x01<b>";

static json_t *hostile_document(void)
{
    json_t *results = json_array(), *broken = output_result_broken("folder/./x.scn", hostile);
    json_t *odd = output_result_broken(hostile, "");
    output_append(results, broken);
    output_append(results, odd);
    return output_document("run", results, 3, true);
}

static char *written(bool (*write)(const json_t *document, FILE *out))
{
    json_t *document = hostile_document();
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    ck_assert(write(document, out));
    fclose(out);
    json_decref(document);
    return text;
}

START_TEST(tap_keeps_its_lines)
{
    char *text = written(output_write_tap);
    ck_assert_int_eq(strncmp(text, "TAP version 14\n1..3\nnot ok 1 - folder/./x\n  ---\n", 46), 0);
    ck_assert_ptr_nonnull(strstr(text, "\nnot ok 2 - a \\# b \\\\ ]]> </failure>"));
    ck_assert_ptr_nonnull(strstr(text, "\n  message: \"a # b \\\\ ]]>"));
    ck_assert_ptr_nonnull(strstr(text, "\nBail out! interrupted\n"));
    free(text);
}
END_TEST

START_TEST(junit_keeps_its_markup)
{
    char *text = written(output_write_junit);
    ck_assert_ptr_null(strstr(text, "<b>"));
    ck_assert_ptr_null(strstr(text, "\x01"));
    ck_assert_ptr_nonnull(strstr(text, "tests=\"2\" failures=\"0\" errors=\"2\" skipped=\"0\""));
    ck_assert_ptr_nonnull(strstr(text, "message=\"a # b \\ ]]&#62; &#60;/failure&#62; "
                                       "&#34;&#39;&#38;&#10;" UTF8_REPLACEMENT "&#60;b&#62;\""));
    ck_assert_ptr_nonnull(strstr(text, "classname=\"folder..\""));
    free(text);
}
END_TEST

START_TEST(json_says_what_is_missing)
{
    char *text = written(output_write_json);
    json_t *document = json_loads(text, 0, NULL);
    const json_t *summary = json_object_get(document, "summary");
    ck_assert_uint_eq(output_number(summary, "scenarios"), 3);
    ck_assert_uint_eq(output_number(summary, "broken"), 2);
    ck_assert_uint_eq(output_number(summary, "not_run"), 1);
    ck_assert(output_flag(document, "interrupted"));
    const json_t *results = json_object_get(document, "results");
    ck_assert_str_eq(output_word(json_array_get(results, 0), "reason"), hostile);
    ck_assert_str_eq(output_word(json_array_get(results, 0), "scenario"), "x");
    json_decref(document);
    free(text);
}
END_TEST

START_TEST(sarif_tells_of_what_could_not_be_run)
{
    char *text = written(output_write_sarif);
    json_t *log = json_loads(text, 0, NULL);
    const json_t *run = json_array_get(json_object_get(log, "runs"), 0);
    const json_t *invocation = json_array_get(json_object_get(run, "invocations"), 0);
    ck_assert(!output_flag(invocation, "executionSuccessful"));
    ck_assert_uint_eq(json_array_size(json_object_get(invocation, "toolExecutionNotifications")),
                      2);
    ck_assert_uint_eq(json_array_size(json_object_get(run, "results")), 0);
    ck_assert_ptr_null(strstr(text, "\"uri\": \"a # b"));
    ck_assert_ptr_nonnull(strstr(text, "a%20%23%20b%20%5C%20%5D%5D%3E%20%3C/failure%3E"));
    json_decref(log);
    free(text);
}
END_TEST

int main(void)
{
    TCase *text = tcase_create("text");
    tcase_add_test(text, what_is_no_character_becomes_a_replacement);
    TCase *sections = tcase_create("sections");
    tcase_add_test(sections, every_rule_leads_to_its_section);
    tcase_add_test(sections, anchors_are_those_of_the_document);
    TCase *formats = tcase_create("formats");
    tcase_add_test(formats, tap_keeps_its_lines);
    tcase_add_test(formats, junit_keeps_its_markup);
    tcase_add_test(formats, json_says_what_is_missing);
    tcase_add_test(formats, sarif_tells_of_what_could_not_be_run);
    Suite *suite = suite_create("output");
    suite_add_tcase(suite, text);
    suite_add_tcase(suite, sections);
    suite_add_tcase(suite, formats);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
