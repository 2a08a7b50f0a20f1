/*
 * The memory functions that a driver's object is bound to: each tells the probe what it is about to
 * do, then does it. Linked into every driver's shared object, where they are local.
 *
 * Compilers call these for struct copies and initialisers as well, so nothing slips past. They are weak:
 * a driver that brings its own memcpy (instrumented like the rest of it) keeps it.
 */
#include <stddef.h>

void ringside_observe_copy(void *to, const void *from, size_t bytes, const void *caller);
void ringside_observe_set(void *to, int value, size_t bytes, const void *caller);
void ringside_observe_range(const void *from, size_t bytes, const void *caller);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

__attribute__((weak)) void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    ringside_observe_copy(to, from, bytes, CALLER);
    return to;
}

__attribute__((weak)) void *memmove(void *to, const void *from, size_t bytes)
{
    ringside_observe_copy(to, from, bytes, CALLER);
    return to;
}

__attribute__((weak)) void *memset(void *to, int value, size_t bytes)
{
    ringside_observe_set(to, value, bytes, CALLER);
    return to;
}

__attribute__((weak)) int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *left = a;
    const unsigned char *right = b;

    ringside_observe_range(a, bytes, CALLER);
    ringside_observe_range(b, bytes, CALLER);
    for (size_t i = 0; i < bytes; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}
