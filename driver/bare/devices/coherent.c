/*
 * Cache maintenance of machines whose caches devices see through: there is none.
 */
#include "platform.h"

void platform_cache_clean(const void *cpu, size_t size_bytes)
{
    (void)cpu;
    (void)size_bytes;
}

void platform_cache_invalidate(const void *cpu, size_t size_bytes)
{
    (void)cpu;
    (void)size_bytes;
}
