/*
 * The machine's RAM: a shared memory file, its mappings, and the shadow of observed stores.
 *
 * Not handled: IOMMU, more than one RAM bank, RAM beyond 2^46.
 */
#include "arena_internal.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Pages that are used again in the next run are best zeroed in place: a page fault costs more. */
#define MEMSET_BYTES_MAX (UINT64_C(64) << 20)
/* Where RAM is looked for on the host, one place a terabyte, and how many places are tried. */
#define HOST_BASE        UINT64_C(0x200000000000)
#define HOST_STEP_BYTES  (UINT64_C(1) << 40)
#define HOST_TRIES       32u

/* ---- creation ---- */

/* Would RAM mapped at `host` have a pointer that is also a physical address? */
static bool overlaps_ram(const struct arena *arena, uintptr_t host)
{
    return host < arena_ram_end(arena) && host + arena->size_bytes > arena->base;
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

/* RAM where it is wanted, around what is loaded there already. */
static void *map_ram_around(struct arena *arena, const struct arena_config *config)
{
    const uintptr_t wanted = config->host_wanted;
    const uintptr_t from[2] = {wanted, config->hole_high};
    const uintptr_t to[2] = {config->hole_low, wanted + arena->size_bytes};
    for (unsigned i = 0; i < 2; i++) {
        off_t offset = (off_t)(from[i] - wanted);
        if (from[i] < to[i] &&
            mmap((void *)from[i], to[i] - from[i], PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_FIXED_NOREPLACE, arena->fd, offset) == MAP_FAILED) {
            if (i == 1 && from[0] < to[0]) {
                munmap((void *)from[0], to[0] - from[0]);
            }
            return MAP_FAILED;
        }
    }
    arena->hole = (struct arena_alias){config->hole_low, config->base + (config->hole_low - wanted),
                                       config->hole_high - config->hole_low};
    arena->aliases[arena->alias_count++] = arena->hole;
    return (void *)wanted;
}

static const char *map_ram(struct arena *arena, const struct arena_config *config)
{
    uintptr_t host_wanted = config->host_wanted;
    bool has_hole = config->hole_high > config->hole_low;
    assert(!has_hole || (host_wanted != 0 && config->hole_low >= host_wanted &&
                         config->hole_high <= host_wanted + arena->size_bytes));
    arena->fd = config->file > 0 ? fcntl(config->file, F_DUPFD_CLOEXEC, 0)
                                 : memfd_create("ringside-ram", MFD_CLOEXEC);
    if (arena->fd < 0) {
        return "the kernel refuses a memory file for the machine's RAM (memfd_create)";
    }
    if (ftruncate(arena->fd, (off_t)arena->size_bytes) != 0) {
        return "the kernel refuses a memory file as large as the machine's RAM";
    }
    void *host = has_hole           ? map_ram_around(arena, config)
                 : host_wanted != 0 ? map_ram_at(arena, host_wanted)
                                    : map_ram_anywhere(arena);
    if (host == MAP_FAILED) {
        return host_wanted != 0 ? "the host address wanted for the machine's RAM is in use"
                                : "the machine's RAM cannot be mapped: out of address space";
    }
    arena->host = host;
    if (overlaps_ram(arena, (uintptr_t)host) && !arena_is_identity(arena)) {
        return "the machine's RAM would overlap its own physical addresses on the host";
    }
    return NULL;
}

/* ---- what is kept from one run to the next ---- */

static struct arena kept = {.fd = -1};
static pid_t kept_by; /* processes that this one makes would share it */

static bool is_plain(const struct arena_config *config)
{
    return config->host_wanted == 0 && config->file <= 0 && !config->poison;
}

void arena_keep(struct arena *arena)
{
    if (kept.host != NULL || arena->host == NULL || !arena->plain || arena->alias_count != 0) {
        arena_destroy(arena);
        return;
    }
    kept = *arena;
    kept_by = getpid();
    *arena = (struct arena){.fd = -1};
}

/* What was kept, if it is what is asked for; else it is given up: it may be in the way. */
static bool take_kept(struct arena *arena, const struct arena_config *config)
{
    if (kept.host == NULL) {
        return false;
    }
    *arena = kept;
    kept = (struct arena){.fd = -1};
    if (kept_by != getpid() || !is_plain(config) || arena->base != config->base ||
        arena->size_bytes != config->size_bytes || (arena->shadow != NULL) != config->shadow) {
        arena_destroy(arena);
        return false;
    }
    arena_reset(arena);
    return true;
}

const char *arena_create(struct arena *arena, const struct arena_config *config)
{
    assert(config->host_wanted % ARENA_PAGE_BYTES == 0);
    if (take_kept(arena, config)) {
        return NULL;
    }
    *arena = (struct arena){.base = config->base,
                            .size_bytes = config->size_bytes,
                            .fd = -1,
                            .poison = config->poison,
                            .plain = is_plain(config)};
    if (config->base % ARENA_PAGE_BYTES != 0 || config->size_bytes % ARENA_PAGE_BYTES != 0) {
        return "RAM must start and end at multiples of 4096";
    }
    if (config->size_bytes == 0 || config->size_bytes > HOST_STEP_BYTES / 2 ||
        config->base > ARENA_ADDRESS_MAX - config->size_bytes) {
        return "RAM must have between 4096 bytes and 512 GiB and lie below address 2^46";
    }
    const char *error = map_ram(arena, config);
    if (error == NULL && config->shadow) {
        void *shadow = mmap(NULL, arena->size_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        arena->shadow = shadow != MAP_FAILED ? shadow : NULL;
        error = shadow != MAP_FAILED ? NULL : "no address space for the shadow of the RAM";
    }
    if (error == NULL) {
        arena->regions = malloc(ARENA_REGIONS_MAX * sizeof arena->regions[0]);
        error = arena->regions != NULL ? NULL : "no memory for the table of DMA regions";
    }
    if (error != NULL) {
        arena_destroy(arena);
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
    if (arena_ram_end(arena) > from) {
        act(arena, from, arena_ram_end(arena));
    }
}

static void unmap_part(struct arena *arena, uint64_t from, uint64_t to)
{
    int failed = munmap(arena_host(arena, from), to - from);
    assert(failed == 0);
    (void)failed;
}

/* Leaves the hole alone: the driver's loaded object lies there. */
void arena_destroy(struct arena *arena)
{
    if (arena->host != NULL) {
        arena->alias_count = arena->hole.size_bytes != 0 ? 1 : 0;
        arena->aliases[0] = arena->hole;
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

/* Gives pages back to the kernel, which reads them as zeros. */
static void drop(struct arena *arena, uint64_t from, uint64_t to)
{
    off_t offset = (off_t)(from - arena->base);
    if (fallocate(arena->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                  (off_t)(to - from)) != 0) {
        memset(arena_host(arena, from), 0, to - from);
    }
    if (arena->shadow == NULL) {
        return;
    }
    uint64_t first_page = arena_align_up(from, ARENA_PAGE_BYTES);
    uint8_t *shadow = arena->shadow + (from - arena->base);
    uint8_t *pages = arena->shadow + (first_page - arena->base);
    if (first_page >= to || madvise(pages, to - first_page, MADV_DONTNEED) != 0) {
        memset(shadow, 0, to - from);
    } else {
        memset(shadow, 0, first_page - from);
    }
}

void arena_zero(struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    if (size_bytes > MEMSET_BYTES_MAX) {
        drop(arena, addr, addr + size_bytes);
        return;
    }
    memset(arena_host(arena, addr), 0, size_bytes);
    if (arena->shadow != NULL) {
        memset(arena->shadow + (addr - arena->base), 0, size_bytes);
    }
}

/* Zeroes regions in place and drops what lies between them, where only stray stores can have gone.
 */
static void reset_part(struct arena *arena, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < arena->region_count && from < to; i++) {
        const struct arena_region *region = &arena->regions[i];
        uint64_t end = arena_region_end(region) < to ? arena_region_end(region) : to;
        if (end <= from) {
            continue;
        }
        if (region->addr >= to) {
            break;
        }
        if (region->addr > from) {
            drop(arena, from, region->addr);
            from = region->addr;
        }
        arena_zero(arena, from, end - from);
        from = end;
    }
    if (from < to) {
        drop(arena, from, to);
    }
}

/* RAM that nobody was given holds anything: the shadow knows of none of it. */
static void poison_part(struct arena *arena, uint64_t from, uint64_t to)
{
    memset(arena_host(arena, from), ARENA_POISON, to - from);
}

void arena_reset(struct arena *arena)
{
    each_unaliased(arena, reset_part);
    arena->region_count = 0;
    arena->last_hit = 0;
    arena->next = arena_bottom(arena);
    if (arena->poison) {
        each_unaliased(arena, poison_part);
    }
}

/* Replaces `host` by a mapping of RAM with the same contents; they become known to the shadow. */
static bool map_over(struct arena *arena, uint64_t addr, void *host, size_t size_bytes)
{
    off_t offset = (off_t)(addr - arena->base);
    /* Through the file, because `host` may lie where RAM's own mapping would be. */
    if (pwrite(arena->fd, host, size_bytes, offset) != (ssize_t)size_bytes ||
        mmap(host, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, arena->fd, offset) ==
            MAP_FAILED) {
        return false;
    }
    arena_shadow_update(arena, addr, size_bytes);
    return true;
}

static void alias_insert(struct arena *arena, struct arena_alias alias)
{
    size_t i = arena->alias_count++;
    for (; i > 0 && arena->aliases[i - 1].addr > alias.addr; i--) {
        arena->aliases[i] = arena->aliases[i - 1];
    }
    arena->aliases[i] = alias;
}

bool arena_map_alias(struct arena *arena, uint64_t addr, void *host, size_t size_bytes)
{
    assert(((uintptr_t)host | addr | size_bytes) % ARENA_PAGE_BYTES == 0);
    if (arena->alias_count == ARENA_ALIASES_MAX || size_bytes == 0 ||
        !arena_holds(arena, addr, size_bytes) || arena_obstacle_end(arena, addr, size_bytes) != 0 ||
        !map_over(arena, addr, host, size_bytes)) {
        return false;
    }
    alias_insert(arena, (struct arena_alias){(uintptr_t)host, addr, size_bytes});
    return true;
}

bool arena_reserve(struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    assert((addr | size_bytes) % ARENA_PAGE_BYTES == 0);
    if (arena->alias_count == ARENA_ALIASES_MAX || size_bytes == 0 ||
        !arena_holds(arena, addr, size_bytes) || arena_obstacle_end(arena, addr, size_bytes) != 0) {
        return false;
    }
    /* Like an alias at the place where it is anyway: neither handed out nor cleared. */
    uintptr_t host = (uintptr_t)arena_host(arena, addr);
    alias_insert(arena, (struct arena_alias){host, addr, size_bytes});
    return true;
}

bool arena_fill_hole(struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    assert((addr | size_bytes) % ARENA_PAGE_BYTES == 0);
    const struct arena_alias *hole = &arena->hole;
    return addr >= hole->addr && addr - hole->addr < hole->size_bytes &&
           size_bytes <= hole->size_bytes - (addr - hole->addr) &&
           map_over(arena, addr, arena_host(arena, addr), size_bytes);
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
    assert(arena_holds(arena, addr, size_bytes));
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
    assert(arena_holds(arena, addr, size_bytes));
    if (arena->shadow != NULL) {
        arena_copy(arena->shadow + (addr - arena->base), arena_host(arena, addr), size_bytes);
    }
}
