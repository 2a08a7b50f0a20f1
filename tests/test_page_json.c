/*
 * Text on its way into a page: whatever it is, it stays text, and comes back as it was.
 */
#include "page_json.h"
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);
    ck_assert_msg(json != NULL, "%s at %d: %.60s", error.text, error.position,
                  text + (error.position > 30 ? error.position - 30 : 0));
    return json;
}

static char *written(void (*write)(FILE *out, const char *text), const char *text)
{
    char *out = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&out, &bytes);
    write(stream, text);
    fclose(stream);
    return out;
}

static void write_json(FILE *out, const char *text)
{
    struct page_json json = {out, true};
    page_json_string(&json, NULL, text);
}

/* text, what JSON gives back ("" = the text itself), what HTML is written */
#define HOSTILE_TEXTS(X)                                                                           \
    X("plain", "", "plain")                                                                        \
    X("</script><script>alert(1)</script>", "",                                                    \
      "&#60;/script&#62;&#60;script&#62;alert(1)&#60;/script&#62;")                                \
    X("<!-- <script> -->", "", "&#60;!-- &#60;script&#62; --&#62;")                                \
    X("]]> &amp; &lt;", "", "]]&#62; &#38;amp; &#38;lt;")                                          \
    X("\" onload='x' \\", "", "&#34; onload=&#39;x&#39; \\")                                       \
    X("a\tb\nc", "", "a\tb\nc")                                                                    \
    X("bell \a, escape \033[31m, delete \177", "",                                                 \
      "bell \xef\xbf\xbd, escape \xef\xbf\xbd[31m, delete \xef\xbf\xbd")                           \
    X("\xe2\x80\xa8 and \xe2\x80\xa9", "", "\xe2\x80\xa8 and \xe2\x80\xa9")                        \
    X("\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x98\x80", "", "\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x98\x80")      \
    X("latin \xe9.", "latin \xef\xbf\xbd.", "latin \xef\xbf\xbd.")                                 \
    X("overlong \xc0\xbc", "overlong \xef\xbf\xbd\xef\xbf\xbd",                                    \
      "overlong \xef\xbf\xbd\xef\xbf\xbd")                                                         \
    X("surrogate \xed\xa0\x80", "surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",                  \
      "surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")                                            \
    X("too high \xf4\x90\x80\x80", "too high \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",    \
      "too high \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")                                 \
    X("cut \xe2\x9c", "cut \xef\xbf\xbd\xef\xbf\xbd", "cut \xef\xbf\xbd\xef\xbf\xbd")

START_TEST(hostile_text_stays_text)
{
    static const struct {
        const char *text, *json, *html;
    } cases[] = {
#define X(text, json, html) {text, json, html},
        HOSTILE_TEXTS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *json = written(write_json, cases[i].text);
        ck_assert_msg(strpbrk(json, "<>&") == NULL, "%s", json);
        ck_assert_msg(strstr(json, "\xe2\x80\xa8") == NULL, "%s", json);
        json_t *value = parse(json);
        ck_assert_str_eq(json_string_value(value),
                         cases[i].json[0] != '\0' ? cases[i].json : cases[i].text);
        json_decref(value);
        free(json);
        char *html = written(page_html_text, cases[i].text);
        ck_assert_str_eq(html, cases[i].html);
        free(html);
    }
}
END_TEST

/* RFC 4648, section 10. */
START_TEST(base64_is_that_of_the_standard)
{
    static const char *const cases[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xfb\xef", "//vv"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out = NULL;
        size_t bytes = 0;
        FILE *stream = open_memstream(&out, &bytes);
        page_base64(stream, (const uint8_t *)cases[i][0], strlen(cases[i][0]));
        fclose(stream);
        ck_assert_str_eq(out, cases[i][1]);
        free(out);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page_json");
    TCase *text = tcase_create("text");
    tcase_add_test(text, hostile_text_stays_text);
    tcase_add_test(text, base64_is_that_of_the_standard);
    suite_add_tcase(suite, text);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
