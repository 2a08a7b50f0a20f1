/*
 * Numbers as people write them.
 */
#include "number.h"

#include <stdbool.h>

/* What a digit is worth, or 16 for anything else. */
static unsigned digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    if (digit >= 'a' && digit <= 'f')
        return (unsigned)(digit - 'a') + 10;
    return digit >= 'A' && digit <= 'F' ? (unsigned)(digit - 'A') + 10 : 16;
}

enum number_form number_begins(const char *text, size_t bytes, size_t *used, uint64_t *out)
{
    unsigned base = 10;
    uint64_t value = 0;
    bool huge = false;
    size_t first = 0, at;

    if (bytes > 2 && text[0] == '0' && text[1] == 'x' && digit_value(text[2]) < 16) {
        base = 16;
        first = 2;
    }
    for (at = first; at < bytes && digit_value(text[at]) < base; at++) {
        unsigned digit = digit_value(text[at]);
        huge = huge || value > (UINT64_MAX - digit) / base;
        value = value * base + digit;
    }
    *used = at;
    if (at == first)
        return NUMBER_NONE;
    if (huge)
        return NUMBER_HUGE;
    *out = value;
    return NUMBER_GOOD;
}

enum number_form number_read(const char *text, size_t bytes, uint64_t *out)
{
    uint64_t value = 0;
    size_t used;
    enum number_form form = number_begins(text, bytes, &used, &value);

    if (used != bytes)
        return NUMBER_NONE;
    if (form == NUMBER_GOOD)
        *out = value;
    return form;
}
