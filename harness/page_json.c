/*
 * Writes JSON and escaped HTML.
 */
#include "page_json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "utf8.h"

#define FORMAT_BYTES 1024

/* ---- JSON ---- */

/* U+2028 and U+2029 end a line of JavaScript. */
static bool ends_line(const uint8_t *text)
{
    return text[0] == 0xe2 && text[1] == 0x80 && (text[2] == 0xa8 || text[2] == 0xa9);
}

static void put_string(FILE *out, const char *string)
{
    const uint8_t *text = (const uint8_t *)string;

    putc('"', out);
    while (*text != '\0') {
        unsigned bytes = utf8_character(text);
        if (bytes == 0) {
            fputs(UTF8_REPLACEMENT, out);
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
        unsigned bytes = utf8_character(text);
        bool control = (*text < 0x20 && *text != '\n' && *text != '\t') || *text == 0x7f;
        if (bytes == 0 || control) {
            fputs(UTF8_REPLACEMENT, out);
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
