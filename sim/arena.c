/*
 * The machine's RAM: a shared memory file, DMA regions, aliases and the shadow of observed stores.
 *
 * Allocation is circular next-fit: `next` only grows until RAM's end, so freed memory stays known
 * as freed; only then it starts again from the bottom and takes the place of freed regions, those
 * freed longest ago first in practice. A freed region that is built over is trimmed to what is left
 * of it.
 *
 * Not handled: IOMMU, more than one RAM bank, RAM beyond 2^46.
 */
#include "arena.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES       UINT64_C(4096)
/* Above this, giving pages back to the kernel is cheaper than writing zeros. */
#define MEMSET_BYTES_MAX UINT64_C(65536)
#define ADDRESS_MAX      (UINT64_C(1) << 46)
/* Where RAM is looked for on the host, one place a terabyte, and how many places are tried. */
#define HOST_BASE        UINT64_C(0x200000000000)
#define HOST_STEP_BYTES  (UINT64_C(1) << 40)
#define HOST_TRIES       32u
/* Where the pointers of a 64-bit process live when they are not low; no machine has RAM there. */
#define POINTER_LOWEST   UINT64_C(0x100000000000)
#define POINTER_END      UINT64_C(0x800000000000)

static uint64_t align_up(uint64_t value, uint64_t align_bytes)
{
    return (value + align_bytes - 1) & ~(align_bytes - 1);
}

static uint64_t ram_end(const struct arena *arena)
{
    return arena->base + arena->size_bytes;
}

static bool inside_ram(const struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    return addr >= arena->base && addr <= ram_end(arena) && size_bytes <= ram_end(arena) - addr;
}

static bool is_identity(const struct arena *arena)
{
    return (uintptr_t)arena->host == arena->base;
}

/* ---- creation ---- */

/* Would RAM mapped at `host` have a pointer that is also a physical address? */
static bool overlaps_ram(const struct arena *arena, uintptr_t host)
{
    return host < ram_end(arena) && host + arena->size_bytes > arena->base;
}

static void *map_ram_at(const struct arena *arena, uintptr_t host)
{
    return mmap((void *)host, arena->size_bytes, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_FIXED_NOREPLACE, arena->fd, 0);
}

/*
 * Runs must not depend on where the kernel happens to put things, so the same places are tried in
 * the same order. Bit 31 is inverted: a pointer cut to 32 bits is then no address in RAM (of up to
 * 2 GiB), and alignment of a pointer is alignment of the physical address.
 */
static void *map_ram_anywhere(const struct arena *arena)
{
    uint64_t low = (arena->base ^ UINT64_C(0x80000000)) & (HOST_STEP_BYTES - 1);
    for (uint64_t i = 0; i < HOST_TRIES; i++) {
        uintptr_t at = (uintptr_t)(HOST_BASE + i * HOST_STEP_BYTES + low);
        void *host = overlaps_ram(arena, at) ? MAP_FAILED : map_ram_at(arena, at);
        if (host != MAP_FAILED) {
            return host;
        }
    }
    return mmap(NULL, arena->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, arena->fd, 0);
}

static const char *map_ram(struct arena *arena, uintptr_t host_wanted)
{
    arena->fd = memfd_create("ringside-ram", MFD_CLOEXEC);
    if (arena->fd < 0) {
        return "the kernel refuses a memory file for the machine's RAM (memfd_create)";
    }
    if (ftruncate(arena->fd, (off_t)arena->size_bytes) != 0) {
        return "the kernel refuses a memory file as large as the machine's RAM";
    }
    void *host = host_wanted != 0 ? map_ram_at(arena, host_wanted) : map_ram_anywhere(arena);
    if (host == MAP_FAILED) {
        return host_wanted != 0 ? "the host address wanted for the machine's RAM is in use"
                                : "the machine's RAM cannot be mapped: out of address space";
    }
    arena->host = host;
    if (overlaps_ram(arena, (uintptr_t)host) && !is_identity(arena)) {
        return "the machine's RAM would overlap its own physical addresses on the host";
    }
    return NULL;
}

static void destroy_partly(struct arena *arena);

const char *arena_create(struct arena *arena, const struct arena_config *config)
{
    assert(config->host_wanted % PAGE_BYTES == 0);
    *arena = (struct arena){.base = config->base,
                            .size_bytes = config->size_bytes,
                            .fd = -1,
                            .poison = config->poison};
    if (config->base % PAGE_BYTES != 0 || config->size_bytes % PAGE_BYTES != 0) {
        return "RAM must start and end at multiples of 4096";
    }
    if (config->size_bytes == 0 || config->size_bytes > HOST_STEP_BYTES / 2 ||
        config->base > ADDRESS_MAX - config->size_bytes) {
        return "RAM must have between 4096 bytes and 512 GiB and lie below address 2^46";
    }
    const char *error = map_ram(arena, config->host_wanted);
    if (error == NULL && config->shadow) {
        void *shadow = mmap(NULL, arena->size_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        arena->shadow = shadow != MAP_FAILED ? shadow : NULL;
        error = shadow != MAP_FAILED ? NULL : "no address space for the shadow of the RAM";
    }
    if (error == NULL) {
        arena->regions = calloc(ARENA_REGIONS_MAX, sizeof arena->regions[0]);
        error = arena->regions != NULL ? NULL : "no memory for the table of DMA regions";
    }
    if (error != NULL) {
        destroy_partly(arena);
        return error;
    }
    arena_reset(arena);
    return NULL;
}

/* ---- RAM without its aliases ---- */

/* Calls act(from, to) for each part of RAM that no alias covers. Aliases are sorted by address. */
static void each_unaliased(struct arena *arena, void (*act)(struct arena *, uint64_t, uint64_t))
{
    uint64_t from = arena->base;
    for (size_t i = 0; i < arena->alias_count; i++) {
        const struct arena_alias *alias = &arena->aliases[i];
        if (alias->addr > from) {
            act(arena, from, alias->addr);
        }
        from = alias->addr + alias->size_bytes;
    }
    if (ram_end(arena) > from) {
        act(arena, from, ram_end(arena));
    }
}

static void unmap_part(struct arena *arena, uint64_t from, uint64_t to)
{
    int failed = munmap(arena_host(arena, from), to - from);
    assert(failed == 0);
    (void)failed;
}

/* Leaves the aliases of an identity mapping alone: the driver's object, still loaded, lies there.
 */
static void destroy_partly(struct arena *arena)
{
    if (arena->host != NULL) {
        if (!is_identity(arena)) {
            arena->alias_count = 0;
        }
        each_unaliased(arena, unmap_part);
    }
    if (arena->shadow != NULL) {
        munmap(arena->shadow, arena->size_bytes);
    }
    if (arena->fd >= 0) {
        close(arena->fd);
    }
    free(arena->regions);
    *arena = (struct arena){.fd = -1};
}

void arena_destroy(struct arena *arena)
{
    destroy_partly(arena);
}

static void shadow_zero(struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    if (arena->shadow == NULL) {
        return;
    }
    uint8_t *shadow = arena->shadow + (addr - arena->base);
    bool whole_pages = (addr | size_bytes) % PAGE_BYTES == 0;
    if (size_bytes <= MEMSET_BYTES_MAX || !whole_pages ||
        madvise(shadow, size_bytes, MADV_DONTNEED) != 0) {
        memset(shadow, 0, size_bytes);
    }
}

static void ram_zero(struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    if (size_bytes <= MEMSET_BYTES_MAX ||
        fallocate(arena->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)(addr - arena->base), (off_t)size_bytes) != 0) {
        memset(arena_host(arena, addr), 0, size_bytes);
    }
    shadow_zero(arena, addr, size_bytes);
}

/* What was handed out is small in most runs and worth keeping mapped; the rest is rarely touched.
 */
static void reset_part(struct arena *arena, uint64_t from, uint64_t to)
{
    uint64_t used_end = arena->dirty_end < from ? from : arena->dirty_end;
    used_end = used_end > to ? to : used_end;
    if (used_end > from) {
        ram_zero(arena, from, used_end - from);
    }
    if (to > used_end) {
        ram_zero(arena, used_end, to - used_end);
    }
}

void arena_reset(struct arena *arena)
{
    each_unaliased(arena, reset_part);
    arena->region_count = 0;
    arena->last_hit = 0;
    /* Address 0 means failure, so it is never handed out. */
    arena->next = arena->base != 0 ? arena->base : PAGE_BYTES;
    arena->dirty_end = arena->base;
}

/* ---- the table of regions ---- */

/* End of what belongs to a region: an allocation owns its last page to the end. */
static uint64_t region_end(const struct arena_region *region)
{
    uint64_t end = region->addr + region->size_bytes;
    if (region->kind == ARENA_REGION_DMA) {
        end = align_up(region->size_bytes != 0 ? end : end + 1, PAGE_BYTES);
    }
    return end;
}

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
    return i > 0 && region_end(&arena->regions[i - 1]) > addr ? i - 1 : i;
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
    uint64_t end = region_end(region);
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
    if (arena->dirty_end < end) {
        arena->dirty_end = end;
    }
    return true;
}

/* End of a live region or alias in [addr, addr + size), or 0 when nothing is in the way. */
static uint64_t obstacle_end(const struct arena *arena, uint64_t addr, uint64_t size_bytes)
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
            return region_end(&arena->regions[i]);
        }
    }
    return 0;
}

/* First fit in [from, to), or 0. Each turn passes one live region or alias. */
static uint64_t find_space(const struct arena *arena, uint64_t from, uint64_t to,
                           uint64_t size_bytes, uint64_t align_bytes)
{
    uint64_t addr = align_up(from, align_bytes);
    size_t turns_max = arena->region_count + arena->alias_count + 1;
    for (size_t turn = 0; turn < turns_max && addr < to && size_bytes <= to - addr; turn++) {
        uint64_t behind = obstacle_end(arena, addr, size_bytes);
        if (behind == 0) {
            return addr;
        }
        addr = align_up(behind, align_bytes);
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
    if ((align_bytes & (align_bytes - 1)) != 0 || align_bytes > ADDRESS_MAX ||
        size_bytes > arena->size_bytes) {
        return 0;
    }
    align_bytes = align_bytes < PAGE_BYTES ? PAGE_BYTES : align_bytes;
    uint64_t padded_bytes = align_up(size_bytes != 0 ? size_bytes : 1, PAGE_BYTES);
    uint64_t bottom = arena->base != 0 ? arena->base : PAGE_BYTES;
    uint64_t addr = find_space(arena, arena->next, ram_end(arena), padded_bytes, align_bytes);
    if (addr == 0) {
        addr = find_space(arena, bottom, ram_end(arena), padded_bytes, align_bytes);
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
    ram_zero(arena, addr, padded_bytes);
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
    if (size_bytes == 0 || !inside_ram(arena, addr, size_bytes)) {
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

bool arena_map_alias(struct arena *arena, uint64_t addr, void *host, size_t size_bytes)
{
    assert(((uintptr_t)host | addr | size_bytes) % PAGE_BYTES == 0);
    if (arena->alias_count == ARENA_ALIASES_MAX || size_bytes == 0 ||
        !inside_ram(arena, addr, size_bytes) || obstacle_end(arena, addr, size_bytes) != 0) {
        return false;
    }
    off_t offset = (off_t)(addr - arena->base);
    /* Through the file, because `host` may already have replaced this part of RAM's own mapping. */
    if (pwrite(arena->fd, host, size_bytes, offset) != (ssize_t)size_bytes ||
        mmap(host, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, arena->fd, offset) ==
            MAP_FAILED) {
        return false;
    }
    size_t i = arena->alias_count++;
    for (; i > 0 && arena->aliases[i - 1].addr > addr; i--) {
        arena->aliases[i] = arena->aliases[i - 1];
    }
    arena->aliases[i] = (struct arena_alias){(uintptr_t)host, addr, size_bytes};
    arena_shadow_update(arena, addr, size_bytes);
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

/* Could this number be a pointer of the driver's? Asked only about what is no good physical
 * address. */
static bool looks_virtual(const struct arena *arena, uint64_t addr)
{
    if (is_identity(arena)) {
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
        return inside_ram(arena, addr, 1) ? ARENA_FAULT_NOT_DMA : ARENA_FAULT_OUTSIDE_RAM;
    }
    arena->last_hit = (size_t)(region - arena->regions);
    if (region->freed_step != 0) {
        return ARENA_FAULT_FREED;
    }
    return size_bytes <= region->addr + region->size_bytes - addr ? ARENA_FAULT_NONE
                                                                  : ARENA_FAULT_ACROSS_END;
}

bool arena_physical(const struct arena *arena, const void *host, uint64_t *addr)
{
    uintptr_t at = (uintptr_t)host;
    if (at - (uintptr_t)arena->host < arena->size_bytes) {
        *addr = arena->base + (at - (uintptr_t)arena->host);
        return true;
    }
    for (size_t i = 0; i < arena->alias_count; i++) {
        if (at - arena->aliases[i].host < arena->aliases[i].size_bytes) {
            *addr = arena->aliases[i].addr + (at - arena->aliases[i].host);
            return true;
        }
    }
    return false;
}

uint64_t arena_first_unobserved(const struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    assert(inside_ram(arena, addr, size_bytes));
    if (arena->shadow == NULL) {
        return size_bytes;
    }
    const uint8_t *ram = arena_host(arena, addr);
    const uint8_t *shadow = arena->shadow + (addr - arena->base);
    if (memcmp(ram, shadow, size_bytes) == 0) {
        return size_bytes;
    }
    uint64_t i = 0;
    while (i < size_bytes && ram[i] == shadow[i]) {
        i++;
    }
    return i;
}

void arena_shadow_update(struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    assert(inside_ram(arena, addr, size_bytes));
    if (arena->shadow != NULL) {
        memcpy(arena->shadow + (addr - arena->base), arena_host(arena, addr), size_bytes);
    }
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
