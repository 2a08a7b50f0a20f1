/*
 * The machine's RAM as a shared memory file, and who may do DMA where.
 *
 * RAM is one file (memfd, so that another process can map it), mapped once for everybody; parts of it
 * can be mapped a second time at other host addresses (a driver's static data: an alias). A *region*
 * is a piece of RAM that the device may reach: what the platform allocated, or static data or a stack
 * that was declared. Regions are never reused before RAM runs out, so that an access to freed memory
 * is known for what it is.
 *
 * A *shadow* of the same size holds what was stored by accesses that were seen. Where the shadow
 * differs from RAM, somebody stored without being observed.
 *
 * Invariants: regions are sorted by address and do not overlap; every region lies inside RAM; freed
 * regions stay in the table, marked. Not handled: IOMMU, more than one RAM bank.
 */
#ifndef RINGSIDE_SIM_ARENA_H
#define RINGSIDE_SIM_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_REGIONS_MAX 65536u
#define ARENA_ALIASES_MAX 8u
#define ARENA_NAME_BYTES  32u

/* X(name, text for people): why the device cannot reach an address. */
#define ARENA_FAULTS(X)                                                                            \
    X(NONE, "reachable")                                                                           \
    X(OUTSIDE_RAM, "lies outside RAM")                                                             \
    X(NOT_DMA, "lies in RAM that was never allocated for DMA")                                     \
    X(ACROSS_END, "runs across the end of its DMA memory")                                         \
    X(FREED, "lies in DMA memory that has been freed")                                             \
    X(VIRTUAL, "is a pointer of the driver (a virtual address), not a physical address")

enum arena_fault {
#define X(name, text) ARENA_FAULT_##name,
    ARENA_FAULTS(X)
#undef X
};

enum arena_region_kind { ARENA_REGION_DMA, ARENA_REGION_STATIC, ARENA_REGION_STACK };

struct arena_region {
    uint64_t addr; /* physical */
    uint64_t size_bytes;
    uint64_t born_step;
    uint64_t freed_step; /* 0 while it lives */
    uintptr_t pc;        /* of the driver's call that allocated it */
    uint8_t kind;        /* enum arena_region_kind */
    char what[ARENA_NAME_BYTES];
};

/* A second mapping of a part of RAM. */
struct arena_alias {
    uintptr_t host;
    uint64_t addr;
    size_t size_bytes;
};

struct arena {
    uint8_t *host;   /* RAM as ringside and, unless aliased, the driver see it */
    uint8_t *shadow; /* NULL when stores are not shadowed */
    uint64_t base;   /* physical address of the first byte */
    uint64_t size_bytes;
    uint64_t next;   /* physical address where the next allocation is looked for */
    int fd;
    bool poison; /* fresh memory is filled with ARENA_POISON instead of zeros, where not promised */
    size_t region_count;
    size_t last_hit; /* region that the last check found: a cache, nothing else */
    struct arena_region *regions;
    size_t alias_count;
    struct arena_alias aliases[ARENA_ALIASES_MAX];
    uint64_t dirty_end; /* highest physical address ever handed out: bounds arena_reset() */
};

#define ARENA_POISON 0xa5

/* `host_wanted` 0 lets the kernel choose an address that is never equal to `base`; else exactly there. */
struct arena_config {
    uint64_t base;
    uint64_t size_bytes; /* multiple of the page size */
    uintptr_t host_wanted;
    bool shadow;
    bool poison;
};

/* Returns NULL or one static sentence that says what the environment refused. */
const char *arena_create(struct arena *arena, const struct arena_config *config);
void arena_destroy(struct arena *arena);

/* Forgets all regions and aliases' regions and clears what was used, for the next run. */
void arena_reset(struct arena *arena);

/*
 * Allocates a DMA region: contiguous, at least 4096-aligned and padded to whole pages, zeroed (or
 * poisoned) in RAM and shadow. Returns its physical address, or 0 when RAM or the table is full.
 */
uint64_t arena_alloc(struct arena *arena, uint64_t size_bytes, uint64_t align_bytes,
                     const char *what, uint64_t step, uintptr_t pc);

/* Declares an existing piece of RAM a region (static data, stack). False when the table is full. */
bool arena_declare(struct arena *arena, enum arena_region_kind kind, uint64_t addr,
                   uint64_t size_bytes, const char *what);

/* Marks the live region that starts at `addr` as freed. False when there is none. */
bool arena_free(struct arena *arena, uint64_t addr, uint64_t step);

/* Maps RAM from `addr` a second time, over `host` (page-aligned, contents are copied into RAM first). */
bool arena_map_alias(struct arena *arena, uint64_t addr, void *host, size_t size_bytes);

/* The region that holds an address, freed ones included, or NULL. */
const struct arena_region *arena_find(const struct arena *arena, uint64_t addr);

/* Can a device reach all of [addr, addr + size)? `size` may be 0. */
enum arena_fault arena_check(struct arena *arena, uint64_t addr, uint64_t size_bytes);

/* ringside's own pointer to a physical address, which must be inside RAM. */
static inline uint8_t *arena_host(const struct arena *arena, uint64_t addr)
{
    return arena->host + (addr - arena->base);
}

/* Physical address of a host pointer into RAM or an alias; false when it is neither. */
bool arena_physical(const struct arena *arena, const void *host, uint64_t *addr);

/*
 * Do RAM and shadow agree over [addr, addr + size), inside RAM? Returns `size` when they do (or there is
 * no shadow), else the offset of the first byte whose store was never seen.
 */
uint64_t arena_first_unobserved(const struct arena *arena, uint64_t addr, uint64_t size_bytes);

/* Copies RAM to shadow: the bytes are known from now on. */
void arena_shadow_update(struct arena *arena, uint64_t addr, uint64_t size_bytes);

const char *arena_fault_text(enum arena_fault fault);

/* `what+0x10`, `freed what+0x10`, or the bare address: an event_namer; context is a struct arena. */
void arena_name(const void *arena, uint64_t addr, char *out, size_t out_bytes);

#endif
