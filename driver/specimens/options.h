/*
 * Reading option values from text, without a C library.
 */
#ifndef RINGSIDE_SPECIMENS_OPTIONS_H
#define RINGSIDE_SPECIMENS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool option_is(const char *text, const char *word)
{
    while (*text != '\0' && *text == *word) {
        text++;
        word++;
    }
    return *text == *word;
}

/* `on` or `off`. */
static inline bool option_switch(const char *text, bool *out)
{
    if (!option_is(text, "on") && !option_is(text, "off"))
        return false;
    *out = option_is(text, "on");
    return true;
}

/* Decimal, or hexadecimal after 0x; at most 16 digits. */
static inline bool option_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    unsigned base = 10;
    unsigned digits = 0;

    if (text[0] == '0' && text[1] == 'x') {
        base = 16;
        text += 2;
    }
    for (; *text != '\0' && digits < 16; text++, digits++) {
        unsigned digit;

        if (*text >= '0' && *text <= '9')
            digit = (unsigned)(*text - '0');
        else if (base == 16 && *text >= 'a' && *text <= 'f')
            digit = (unsigned)(*text - 'a') + 10;
        else
            return false;
        value = value * base + digit;
    }
    *out = value;
    return digits > 0 && *text == '\0';
}

static inline bool option_number32(const char *text, uint32_t *out)
{
    uint64_t value;

    if (!option_number(text, &value) || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

#endif
