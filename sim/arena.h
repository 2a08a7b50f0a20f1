/*
 * The machine's RAM as a shared memory file, and who may do DMA where.
 *
 * RAM is one file (memfd, so that another process can map it), mapped once for everybody; parts of
 * it can be mapped a second time at other host addresses (a driver's static data: an alias). A
 * *region* is a piece of RAM that the device may reach: what the platform allocated, or static data
 * or a stack that was declared. Regions are never reused before RAM runs out, so that an access to
 * freed memory is known for what it is.
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
#include <string.h>

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
    uint64_t next; /* physical address where the next allocation is looked for */
    int fd;
    bool poison; /* memory that is not promised to be zero is filled with ARENA_POISON */
    bool plain;  /* lies anywhere, in a file of its own: arena_keep() may keep it */
    struct arena_alias hole; /* what was loaded there before RAM was mapped; 0 bytes = nothing */
    size_t region_count;
    size_t last_hit; /* region that the last check found: a cache, nothing else */
    struct arena_region *regions;
    size_t alias_count;
    struct arena_alias aliases[ARENA_ALIASES_MAX];
};

#define ARENA_POISON 0xa5

/*
 * `host_wanted` 0: RAM is mapped where no pointer into it equals a physical address, at the same
 * place in every run if that is free, and so that a pointer cut to 32 bits lies outside RAM. Else
 * exactly there; `host_wanted` equal to `base` is the identity mapping.
 */
struct arena_config {
    uint64_t base;
    uint64_t size_bytes; /* multiple of the page size */
    uintptr_t host_wanted;
    bool shadow;
    bool poison;
    int file; /* a memory file of that size that others map as well; 0 = one of its own */
    /*
     * With `host_wanted`: host addresses of RAM that something is loaded at already, such as a
     * driver whose pointers are physical addresses or a fixed distance from them; multiples of
     * 4096, both 0 for none. They stay as they are, and count as an alias.
     */
    uintptr_t hole_low;
    uintptr_t hole_high;
};

/* Returns NULL or one static sentence that says what the environment refused. */
const char *arena_create(struct arena *arena, const struct arena_config *config);
void arena_destroy(struct arena *arena);
/*
 * The same, but the mappings may be kept for the next arena_create() of this process that asks for
 * the like: it clears them as arena_reset() does, which costs less than to make them.
 */
void arena_keep(struct arena *arena);

/*
 * Forgets all regions and clears (with `poison`: fills) RAM, and clears the shadow, for the next
 * run. Aliases stay, with their
 * contents: whoever mapped them puts the contents back and declares their regions again.
 */
void arena_reset(struct arena *arena);

/*
 * Allocates a DMA region: contiguous, at least 4096-aligned and padded to whole pages, zeroed in
 * RAM and shadow (with `poison`, the padding behind the asked size is poisoned). Returns its
 * physical address, or 0 when RAM or the table is full or the request makes no sense.
 */
uint64_t arena_alloc(struct arena *arena, uint64_t size_bytes, uint64_t align_bytes,
                     const char *what, uint64_t step, uintptr_t pc);

/*
 * Declares an existing piece of RAM a region (static data, stack); its contents count as known to
 * the shadow. With `poison` a stack is filled, so declare it before it is in use. False when the
 * table is full, the piece is empty or not inside RAM, or a live region lies there.
 */
bool arena_declare(struct arena *arena, enum arena_region_kind kind, uint64_t addr,
                   uint64_t size_bytes, const char *what);

/* Marks the live region that starts at `addr` as freed. False when there is none. */
bool arena_free(struct arena *arena, uint64_t addr, uint64_t step);

/*
 * Maps RAM from `addr` a second time, over `host`, whose contents are copied into RAM first (all
 * three page-aligned). The mapping outlives arena_destroy(). Returns false, with nothing changed,
 * when there are too many, a live region or alias lies at `addr`, it is not inside RAM, or the
 * kernel refuses.
 */
bool arena_map_alias(struct arena *arena, uint64_t addr, void *host, size_t size_bytes);

/*
 * Keeps a piece of RAM (page-aligned) out of allocation and reset, such as guard pages that nobody
 * may touch; counts as an alias. False as for arena_map_alias().
 */
bool arena_reserve(struct arena *arena, uint64_t addr, uint64_t size_bytes);

/*
 * Makes part of the hole RAM after all (the loaded driver's writable data): contents are copied,
 * and the pages are mapped from the memory file at the same addresses. False when it is not in the
 * hole.
 */
bool arena_fill_hole(struct arena *arena, uint64_t addr, uint64_t size_bytes);

/* The region that holds an address, freed ones included, or NULL. */
const struct arena_region *arena_find(const struct arena *arena, uint64_t addr);

/* Can a device reach all of [addr, addr + size)? Of nothing (`size` 0) it always can. */
enum arena_fault arena_check(struct arena *arena, uint64_t addr, uint64_t size_bytes);

/* Is all of [addr, addr + size) RAM, whoever it belongs to? */
static inline bool arena_is_ram(const struct arena *arena, uint64_t addr, uint64_t size_bytes)
{
    return addr >= arena->base && addr - arena->base <= arena->size_bytes &&
           size_bytes <= arena->size_bytes - (addr - arena->base);
}

/* ringside's own pointer to a physical address, which must be inside RAM. */
static inline uint8_t *arena_host(const struct arena *arena, uint64_t addr)
{
    return arena->host + (addr - arena->base);
}

/*
 * memcpy(): ring fields and descriptors have a handful of sizes, and with the size known the
 * compiler needs no call.
 */
static inline void arena_copy(void *to, const void *from, uint64_t size_bytes)
{
    if (size_bytes == 2)
        memcpy(to, from, 2);
    else if (size_bytes == 4)
        memcpy(to, from, 4);
    else if (size_bytes == 8)
        memcpy(to, from, 8);
    else if (size_bytes == 16)
        memcpy(to, from, 16);
    else
        memcpy(to, from, size_bytes);
}

/* Physical address of a host pointer into RAM or an alias; false when it is neither. */
bool arena_physical(const struct arena *arena, const void *host, uint64_t *addr);

/*
 * Do RAM and shadow agree over [addr, addr + size), inside RAM? Returns `size` when they do (or
 * there is no shadow), else the offset of the first byte whose store was never seen.
 */
uint64_t arena_first_unobserved(const struct arena *arena, uint64_t addr, uint64_t size_bytes);

/* Copies RAM to shadow: the bytes are known from now on. */
void arena_shadow_update(struct arena *arena, uint64_t addr, uint64_t size_bytes);

const char *arena_fault_text(enum arena_fault fault);

/* An event_namer for a struct arena: `what+0x10`, `freed what+0x10`, or the bare address. */
void arena_name(const void *arena, uint64_t addr, char *out, size_t out_bytes);

#endif
