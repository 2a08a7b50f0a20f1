/*
 * Memory and string functions for machines without a C library, and what the compiler's stack
 * protector wants of libfdt, which Debian builds with it. Compiled so that no loop becomes a call
 * of itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    /* Words where both are aligned: framebuffers are megabytes. */
    if ((((uintptr_t)out | (uintptr_t)in) & 7) == 0) {
        for (; bytes >= 8; bytes -= 8, out += 8, in += 8)
            *(uint64_t *)out = *(const uint64_t *)in;
    }
    for (size_t i = 0; i < bytes; i++)
        out[i] = in[i];
    return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if ((uintptr_t)out - (uintptr_t)in >= bytes)
        return memcpy(to, from, bytes);
    for (size_t i = bytes; i > 0; i--)
        out[i - 1] = in[i - 1];
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    uint8_t *out = to;
    uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);

    if (((uintptr_t)out & 7) == 0) {
        for (; bytes >= 8; bytes -= 8, out += 8)
            *(uint64_t *)out = word;
    }
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const uint8_t *left = a;
    const uint8_t *right = b;

    for (size_t i = 0; i < bytes; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

void *memchr(const void *memory, int value, size_t bytes)
{
    const uint8_t *in = memory;

    for (size_t i = 0; i < bytes; i++) {
        if (in[i] == (uint8_t)value)
            return (void *)(uintptr_t)(in + i);
    }
    return NULL;
}

size_t strlen(const char *text)
{
    return strnlen(text, SIZE_MAX);
}

size_t strnlen(const char *text, size_t bytes_max)
{
    size_t length = 0;

    while (length < bytes_max && text[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (uint8_t)*a - (uint8_t)*b;
}

char *strchr(const char *text, int letter)
{
    return memchr(text, letter, strlen(text) + 1);
}

char *strrchr(const char *text, int letter)
{
    for (size_t i = strlen(text) + 1; i > 0; i--) {
        if (text[i - 1] == (char)letter)
            return (char *)(uintptr_t)(text + i - 1);
    }
    return NULL;
}

/* Decimal only: libfdt asks for it in a function that no driver uses. */
unsigned long strtoul(const char *text, char **end, int radix)
{
    unsigned long value = 0;

    (void)radix;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (unsigned long)(*text - '0');
    if (end != NULL)
        *end = (char *)(uintptr_t)text;
    return value;
}

uintptr_t __stack_chk_guard = (uintptr_t)0x7269676e73696465;

void __stack_chk_fail(void);
void __stack_chk_fail(void)
{
    bare_fault("stack smashed", (uintptr_t)__builtin_return_address(0), 0, 0);
}
