/*
 * What is UTF-8 and what is not.
 */
#include "utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

unsigned utf8_character(const uint8_t *text)
{
    uint8_t first = text[0], second = first != '\0' ? text[1] : '\0';

    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return is_tail(second) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f);
        if (bad || !is_tail(second) || !is_tail(text[2]))
            return 0;
        return first == 0xef && second == 0xbf && text[2] >= 0xbe ? 0 : 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        bool bad = (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
        return !bad && is_tail(second) && is_tail(text[2]) && is_tail(text[3]) ? 4 : 0;
    }
    return 0;
}

char *utf8_copy(const char *string)
{
    const uint8_t *text = (const uint8_t *)string;
    size_t used = 0;
    char *copy = malloc(strlen(string) * strlen(UTF8_REPLACEMENT) + 1);

    while (copy != NULL && *text != '\0') {
        unsigned bytes = utf8_character(text);
        size_t put = bytes != 0 ? bytes : strlen(UTF8_REPLACEMENT);
        memcpy(copy + used, bytes != 0 ? (const char *)text : UTF8_REPLACEMENT, put);
        used += put;
        text += bytes != 0 ? bytes : 1;
    }
    if (copy != NULL)
        copy[used] = '\0';
    return copy;
}
