/*
 * Looks at RAM that emit nothing and change nothing, for views.
 */
#ifndef RINGSIDE_HARNESS_VIEW_MEMORY_H
#define RINGSIDE_HARNESS_VIEW_MEMORY_H

#include <string.h>

#include "arena.h"
#include "model.h"

/* How much of [addr, addr + bytes) lies in RAM, from its start. */
static inline uint64_t memory_in_ram(const struct arena *arena, uint64_t addr, uint64_t bytes)
{
    if (arena->host == NULL || addr < arena->base || addr - arena->base >= arena->size_bytes)
        return 0;
    uint64_t room = arena->size_bytes - (addr - arena->base);
    return bytes < room ? bytes : room;
}

static inline bool memory_peek(const struct arena *arena, uint64_t addr, void *out, uint64_t bytes)
{
    if (memory_in_ram(arena, addr, bytes) != bytes)
        return false;
    memcpy(out, arena_host(arena, addr), bytes);
    return true;
}

/* A field of a ring as a number, whatever the rings' byte order; 0 where there is no RAM. */
static inline uint64_t memory_ring(const struct arena *arena, const struct model *model,
                                   uint64_t addr, uint32_t bytes)
{
    uint64_t raw = 0;
    return memory_peek(arena, addr, &raw, bytes) ? model_ring(model, raw, bytes) : 0;
}

/* As arena_check(), which keeps a note of what it found last: that is not ours to change. */
static inline bool memory_is_reachable(const struct arena *arena, uint64_t addr, uint64_t bytes)
{
    const struct arena_region *region = arena_find(arena, addr);
    return bytes == 0 ||
           (region != NULL && region->freed_step == 0 && addr - region->addr < region->size_bytes &&
            bytes <= region->size_bytes - (addr - region->addr));
}

#endif
