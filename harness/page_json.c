/*
 * Writes JSON and escaped HTML.
 */
#include "page_json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define FORMAT_BYTES 1024

/* ---- UTF-8 ---- */

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the character at `text`; 0 when it is none (overlong forms and surrogates are none). */
static unsigned character_bytes(const uint8_t *text)
{
    uint8_t first = text[0], second = first != '\0' ? text[1] : '\0';

    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return is_tail(second) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f);
        return !bad && is_tail(second) && is_tail(text[2]) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        bool bad = (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
        return !bad && is_tail(second) && is_tail(text[2]) && is_tail(text[3]) ? 4 : 0;
    }
    return 0;
}

static const char replacement[] = "\xef\xbf\xbd";

/* U+2028 and U+2029 end a line of JavaScript. */
static bool ends_line(const uint8_t *text)
{
    return text[0] == 0xe2 && text[1] == 0x80 && (text[2] == 0xa8 || text[2] == 0xa9);
}

/* ---- JSON ---- */

static void put_string(FILE *out, const char *string)
{
    const uint8_t *text = (const uint8_t *)string;

    putc('"', out);
    while (*text != '\0') {
        unsigned bytes = character_bytes(text);
        if (bytes == 0) {
            fputs(replacement, out);
            bytes = 1;
        } else if (*text == '"' || *text == '\\') {
            fprintf(out, "\\%c", *text);
        } else if (*text < 0x20 || *text == 0x7f || *text == '<' || *text == '>' || *text == '&') {
            fprintf(out, "\\u%04x", *text);
        } else if (bytes == 3 && ends_line(text)) {
            fprintf(out, "\\u20%x", text[2] - 0x80u);
        } else {
            fwrite(text, 1, bytes, out);
        }
        text += bytes;
    }
    putc('"', out);
}

static void begin_value(struct page_json *json, const char *key)
{
    if (!json->fresh)
        putc(',', json->out);
    json->fresh = false;
    if (key != NULL) {
        put_string(json->out, key);
        putc(':', json->out);
    }
}

void page_json_open(struct page_json *json, const char *key, char bracket)
{
    begin_value(json, key);
    putc(bracket, json->out);
    json->fresh = true;
}

void page_json_close(struct page_json *json, char bracket)
{
    putc(bracket, json->out);
    json->fresh = false;
}

void page_json_string(struct page_json *json, const char *key, const char *text)
{
    begin_value(json, key);
    put_string(json->out, text);
}

void page_json_number(struct page_json *json, const char *key, uint64_t number)
{
    begin_value(json, key);
    fprintf(json->out, "%" PRIu64, number);
}

void page_json_bool(struct page_json *json, const char *key, bool value)
{
    begin_value(json, key);
    fputs(value ? "true" : "false", json->out);
}

void page_json_hex(struct page_json *json, const char *key, uint64_t number)
{
    begin_value(json, key);
    fprintf(json->out, "\"0x%" PRIx64 "\"", number);
}

void page_json_format(struct page_json *json, const char *key, const char *format, ...)
{
    char text[FORMAT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    page_json_string(json, key, text);
}

/* ---- HTML ---- */

void page_html_text(FILE *out, const char *string)
{
    const uint8_t *text = (const uint8_t *)string;

    while (*text != '\0') {
        unsigned bytes = character_bytes(text);
        bool control = (*text < 0x20 && *text != '\n' && *text != '\t') || *text == 0x7f;
        if (bytes == 0 || control) {
            fputs(replacement, out);
            bytes = 1;
        } else if (*text == '<' || *text == '>' || *text == '&' || *text == '"' || *text == '\'') {
            fprintf(out, "&#%u;", *text);
        } else {
            fwrite(text, 1, bytes, out);
        }
        text += bytes;
    }
}

/* ---- base64 ---- */

void page_base64(FILE *out, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < count; i += 3) {
        size_t left = count - i;
        uint32_t word = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0u);
        putc(digits[word >> 18], out);
        putc(digits[word >> 12 & 63], out);
        putc(left > 1 ? digits[word >> 6 & 63] : '=', out);
        putc(left > 2 ? digits[word & 63] : '=', out);
    }
}
