/*
 * What the two halves of the arena share: arena.c has the memory, arena_regions.c the table.
 */
#ifndef RINGSIDE_SIM_ARENA_INTERNAL_H
#define RINGSIDE_SIM_ARENA_INTERNAL_H

#include "arena.h"

#define ARENA_PAGE_BYTES  UINT64_C(4096)
#define ARENA_ADDRESS_MAX (UINT64_C(1) << 46)

static inline uint64_t arena_align_up(uint64_t value, uint64_t align_bytes)
{
    return (value + align_bytes - 1) & ~(align_bytes - 1);
}

static inline uint64_t arena_ram_end(const struct arena *arena)
{
    return arena->base + arena->size_bytes;
}

static inline bool arena_holds(const struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    return addr >= arena->base && addr <= arena_ram_end(arena) &&
           size_bytes <= arena_ram_end(arena) - addr;
}

static inline bool arena_is_identity(const struct arena *arena)
{
    return (uintptr_t)arena->host == arena->base;
}

/* End of what belongs to a region: an allocation owns its last page to the end. */
static inline uint64_t arena_region_end(const struct arena_region *region)
{
    uint64_t end = region->addr + region->size_bytes;
    if (region->kind == ARENA_REGION_DMA) {
        end = arena_align_up(region->size_bytes != 0 ? end : end + 1, ARENA_PAGE_BYTES);
    }
    return end;
}

/* Zeroes RAM and shadow. */
void arena_zero(struct arena *arena, uint64_t addr, uint64_t size_bytes);

/* End of a live region or alias in [addr, addr + size), or 0 when nothing is in the way. */
uint64_t arena_obstacle_end(const struct arena *arena, uint64_t addr, uint64_t size_bytes);

/* Address of the first byte that may be handed out: 0 means failure, so it never is. */
static inline uint64_t arena_bottom(const struct arena *arena)
{
    return arena->base != 0 ? arena->base : ARENA_PAGE_BYTES;
}

#endif
