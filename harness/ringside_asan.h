/*
 * What AddressSanitizer is told of stacks that we leave without returning, and of memory where its
 * checker for leaks shall look for pointers: nothing when it is not built in.
 */
#ifndef RINGSIDE_HARNESS_ASAN_H
#define RINGSIDE_HARNESS_ASAN_H

#include <stddef.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define RINGSIDE_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RINGSIDE_HAS_ASAN 1
#endif
#endif

#ifdef RINGSIDE_HAS_ASAN
void __asan_unpoison_memory_region(void const volatile *from, size_t bytes);
void __asan_handle_no_return(void);
void __lsan_register_root_region(const void *from, size_t bytes);
void __lsan_unregister_root_region(const void *from, size_t bytes);

static inline void ringside_asan_unpoison(const void *from, size_t bytes)
{
    __asan_unpoison_memory_region(from, bytes);
}

/* Memory that was mapped, not allocated: what it points to is not lost. */
static inline void ringside_asan_look_at(const void *from, size_t bytes)
{
    __lsan_register_root_region(from, bytes);
}

static inline void ringside_asan_look_away(const void *from, size_t bytes)
{
    __lsan_unregister_root_region(from, bytes);
}

/* A driver's data as a whole, with what AddressSanitizer has put between its variables. */
static inline void ringside_asan_copy(void *to, const void *from, size_t bytes)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static inline void ringside_asan_clear(void *to, size_t bytes)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(0) : "memory");
}

/* Before frames of the host's stack are left behind. */
static inline void ringside_asan_leave(void)
{
    __asan_handle_no_return();
}
#else
static inline void ringside_asan_unpoison(const void *from, size_t bytes)
{
    (void)from;
    (void)bytes;
}

static inline void ringside_asan_look_at(const void *from, size_t bytes)
{
    (void)from;
    (void)bytes;
}

static inline void ringside_asan_look_away(const void *from, size_t bytes)
{
    (void)from;
    (void)bytes;
}

static inline void ringside_asan_copy(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

static inline void ringside_asan_clear(void *to, size_t bytes)
{
    memset(to, 0, bytes);
}

static inline void ringside_asan_leave(void)
{
}
#endif

#endif
