/*
 * Text of any origin into JSON inside of a page, and into HTML: whatever it holds, it stays text.
 *
 * `<`, `>` and `&` are written as \uNNNN in JSON, so that no `</script` or `<!--` can appear; bytes
 * that are not UTF-8 become U+FFFD, as do control characters in HTML.
 */
#ifndef RINGSIDE_HARNESS_PAGE_JSON_H
#define RINGSIDE_HARNESS_PAGE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where a value is written to. `fresh`: no value stands before the next one at its level. */
struct page_json {
    FILE *out;
    bool fresh;
};

/* A `key` of NULL: an element of an array, or the only value. */
void page_json_open(struct page_json *json, const char *key, char bracket);
void page_json_close(struct page_json *json, char bracket);
void page_json_string(struct page_json *json, const char *key, const char *text);
void page_json_number(struct page_json *json, const char *key, uint64_t number);
void page_json_bool(struct page_json *json, const char *key, bool value);
/* Beyond what a number of JavaScript holds: a string, `0x...`. */
void page_json_hex(struct page_json *json, const char *key, uint64_t number);
__attribute__((format(printf, 3, 4))) void page_json_format(struct page_json *json, const char *key,
                                                            const char *format, ...);

/* For the text of an element, or a quoted attribute. */
void page_html_text(FILE *out, const char *text);

/* Standard base64, with padding, no line breaks. */
void page_base64(FILE *out, const uint8_t *bytes, size_t count);

#endif
