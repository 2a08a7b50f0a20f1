/*
 * The table of DMA regions: who may do DMA where, and why not elsewhere.
 *
 * Allocation is circular next-fit: `next` only grows until RAM's end, so freed memory stays known
 * as freed; only then it starts again from the bottom and takes the place of freed regions, those
 * freed longest ago first in practice. A freed region that is built over is trimmed to what is left
 * of it.
 */
#include "arena_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where the pointers of a 64-bit process live when they are not low; no machine has RAM there. */
#define POINTER_LOWEST UINT64_C(0x100000000000)
#define POINTER_END    UINT64_C(0x800000000000)

/* ---- the table of regions ---- */

/* Number of regions that start at or below `addr`: the last of them may hold it. */
static size_t regions_upto(const struct arena *arena, uint64_t addr)
{
    size_t low = 0;
    size_t high = arena->region_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (arena->regions[middle].addr <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* First region that is not wholly below `addr`. */
static size_t first_from(const struct arena *arena, uint64_t addr)
{
    size_t i = regions_upto(arena, addr);
    return i > 0 && arena_region_end(&arena->regions[i - 1]) > addr ? i - 1 : i;
}

static void region_replace(struct arena *arena, size_t first, size_t old_count,
                           const struct arena_region *fresh, size_t fresh_count)
{
    size_t tail = arena->region_count - first - old_count;
    assert(arena->region_count - old_count + fresh_count <= ARENA_REGIONS_MAX);
    memmove(arena->regions + first + fresh_count, arena->regions + first + old_count,
            tail * sizeof *fresh);
    memcpy(arena->regions + first, fresh, fresh_count * sizeof *fresh);
    arena->region_count += fresh_count - old_count;
}

/* Forgets what was freed: the price of a full table. */
static void regions_drop_freed(struct arena *arena)
{
    size_t kept = 0;
    for (size_t i = 0; i < arena->region_count; i++) {
        if (arena->regions[i].freed_step == 0) {
            arena->regions[kept++] = arena->regions[i];
        }
    }
    arena->region_count = kept;
}

/*
 * Puts a region where only freed ones lie, and keeps what is left of the first and the last of
 * those. False when the table is full of live regions.
 */
static bool region_insert(struct arena *arena, const struct arena_region *region)
{
    if (arena->region_count + 2 > ARENA_REGIONS_MAX) {
        regions_drop_freed(arena);
        if (arena->region_count == ARENA_REGIONS_MAX) {
            return false;
        }
    }
    uint64_t end = arena_region_end(region);
    size_t first = first_from(arena, region->addr);
    size_t last = first; /* one behind the last that is built over */
    while (last < arena->region_count && arena->regions[last].addr < end) {
        assert(arena->regions[last].freed_step != 0);
        last++;
    }
    struct arena_region fresh[3];
    size_t count = 0;
    if (last > first && arena->regions[first].addr < region->addr) {
        fresh[count] = arena->regions[first];
        uint64_t left = region->addr - fresh[count].addr;
        fresh[count].size_bytes = fresh[count].size_bytes < left ? fresh[count].size_bytes : left;
        count++;
    }
    fresh[count++] = *region;
    if (last > first && arena->regions[last - 1].addr + arena->regions[last - 1].size_bytes > end) {
        fresh[count] = arena->regions[last - 1];
        fresh[count].size_bytes -= end - fresh[count].addr;
        fresh[count].addr = end;
        count++;
    }
    region_replace(arena, first, last - first, fresh, count);
    return true;
}

uint64_t arena_obstacle_end(const struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    uint64_t end = addr + size_bytes;
    for (size_t i = 0; i < arena->alias_count; i++) {
        const struct arena_alias *alias = &arena->aliases[i];
        if (alias->addr < end && alias->addr + alias->size_bytes > addr) {
            return alias->addr + alias->size_bytes;
        }
    }
    for (size_t i = first_from(arena, addr);
         i < arena->region_count && arena->regions[i].addr < end; i++) {
        if (arena->regions[i].freed_step == 0) {
            return arena_region_end(&arena->regions[i]);
        }
    }
    return 0;
}

/* First fit from `from` on, or 0. Each turn passes one live region or alias. */
static uint64_t find_space(const struct arena *arena, uint64_t from, uint64_t size_bytes,
                           uint64_t align_bytes)
{
    uint64_t to = arena_ram_end(arena);
    uint64_t addr = arena_align_up(from < to ? from : to, align_bytes);
    size_t turns_max = arena->region_count + arena->alias_count + 1;
    for (size_t turn = 0; turn < turns_max && addr < to && size_bytes <= to - addr; turn++) {
        uint64_t behind = arena_obstacle_end(arena, addr, size_bytes);
        if (behind == 0) {
            return addr;
        }
        addr = arena_align_up(behind, align_bytes);
    }
    return 0;
}

static void name_region(struct arena_region *region, const char *what)
{
    size_t length = strnlen(what, ARENA_NAME_BYTES - 1);
    memcpy(region->what, what, length);
    region->what[length] = '\0';
}

uint64_t arena_alloc(struct arena *arena, uint64_t size_bytes, uint64_t align_bytes,
                     const char *what, uint64_t step, uintptr_t pc)
{
    if ((align_bytes & (align_bytes - 1)) != 0 || align_bytes > ARENA_ADDRESS_MAX ||
        size_bytes > arena->size_bytes) {
        return 0;
    }
    align_bytes = align_bytes < ARENA_PAGE_BYTES ? ARENA_PAGE_BYTES : align_bytes;
    uint64_t padded_bytes = arena_align_up(size_bytes != 0 ? size_bytes : 1, ARENA_PAGE_BYTES);
    uint64_t bottom = arena_bottom(arena);
    uint64_t next = arena->next > bottom ? arena->next : bottom;
    uint64_t addr = find_space(arena, next, padded_bytes, align_bytes);
    if (addr == 0) {
        addr = find_space(arena, bottom, padded_bytes, align_bytes);
    }
    if (addr == 0) {
        return 0;
    }
    struct arena_region region = {.addr = addr,
                                  .size_bytes = size_bytes,
                                  .born_step = step,
                                  .pc = pc,
                                  .kind = ARENA_REGION_DMA};
    name_region(&region, what);
    if (!region_insert(arena, &region)) {
        return 0;
    }
    arena->next = addr + padded_bytes;
    arena_zero(arena, addr, padded_bytes);
    if (arena->poison && padded_bytes > size_bytes) {
        memset(arena_host(arena, addr + size_bytes), ARENA_POISON, padded_bytes - size_bytes);
        arena_shadow_update(arena, addr + size_bytes, padded_bytes - size_bytes);
    }
    return addr;
}

bool arena_declare(struct arena *arena, enum arena_region_kind kind, uint64_t addr,
                   uint64_t size_bytes, const char *what)
{
    assert(kind != ARENA_REGION_DMA);
    if (size_bytes == 0 || !arena_holds(arena, addr, size_bytes)) {
        return false;
    }
    for (size_t i = first_from(arena, addr);
         i < arena->region_count && arena->regions[i].addr < addr + size_bytes; i++) {
        if (arena->regions[i].freed_step == 0) {
            return false;
        }
    }
    struct arena_region region = {.addr = addr, .size_bytes = size_bytes, .kind = (uint8_t)kind};
    name_region(&region, what);
    if (!region_insert(arena, &region)) {
        return false;
    }
    if (arena->poison && kind == ARENA_REGION_STACK) {
        memset(arena_host(arena, addr), ARENA_POISON, size_bytes);
    }
    arena_shadow_update(arena, addr, size_bytes);
    return true;
}

bool arena_free(struct arena *arena, uint64_t addr, uint64_t step)
{
    size_t i = regions_upto(arena, addr);
    if (i == 0) {
        return false;
    }
    struct arena_region *region = &arena->regions[i - 1];
    if (region->addr != addr || region->freed_step != 0 || region->kind != ARENA_REGION_DMA) {
        return false;
    }
    region->freed_step = step != 0 ? step : 1;
    return true;
}

/* ---- questions ---- */

static bool region_holds(const struct arena_region *region, uint64_t addr)
{
    return addr >= region->addr && addr - region->addr < region->size_bytes;
}

const struct arena_region *arena_find(const struct arena *arena, uint64_t addr)
{
    if (arena->last_hit < arena->region_count &&
        region_holds(&arena->regions[arena->last_hit], addr)) {
        return &arena->regions[arena->last_hit];
    }
    size_t i = regions_upto(arena, addr);
    return i > 0 && region_holds(&arena->regions[i - 1], addr) ? &arena->regions[i - 1] : NULL;
}

/* Could this be a pointer of the driver's? Asked only about what is no good physical address. */
static bool looks_virtual(const struct arena *arena, uint64_t addr)
{
    if (arena_is_identity(arena)) {
        return false;
    }
    uint64_t ignored;
    return (addr >= POINTER_LOWEST && addr < POINTER_END) || addr >= ~(POINTER_END - 1) ||
           arena_physical(arena, (const void *)(uintptr_t)addr, &ignored);
}

enum arena_fault arena_check(struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    if (size_bytes == 0) {
        return ARENA_FAULT_NONE;
    }
    const struct arena_region *region = arena_find(arena, addr);
    if (region == NULL) {
        if (looks_virtual(arena, addr)) {
            return ARENA_FAULT_VIRTUAL;
        }
        return arena_holds(arena, addr, 1) ? ARENA_FAULT_NOT_DMA : ARENA_FAULT_OUTSIDE_RAM;
    }
    arena->last_hit = (size_t)(region - arena->regions);
    if (region->freed_step != 0) {
        return ARENA_FAULT_FREED;
    }
    return size_bytes <= region->addr + region->size_bytes - addr ? ARENA_FAULT_NONE
                                                                  : ARENA_FAULT_ACROSS_END;
}

const char *arena_fault_text(enum arena_fault fault)
{
    static const char *const texts[] = {
#define X(name, text) [ARENA_FAULT_##name] = text,
        ARENA_FAULTS(X)
#undef X
    };
    assert((size_t)fault < sizeof texts / sizeof texts[0]);
    return texts[fault];
}

void arena_name(const void *arena, uint64_t addr, char *out, size_t out_bytes)
{
    const struct arena_region *region = arena_find(arena, addr);
    if (region == NULL) {
        snprintf(out, out_bytes, "0x%" PRIx64, addr);
    } else {
        snprintf(out, out_bytes, "%s%s+0x%" PRIx64, region->freed_step != 0 ? "freed " : "",
                 region->what, addr - region->addr);
    }
}
