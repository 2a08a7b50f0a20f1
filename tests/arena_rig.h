/*
 * An arena on a bench: 64 MiB of RAM with a shadow, and what several tests of it ask.
 */
#ifndef RINGSIDE_TESTS_ARENA_RIG_H
#define RINGSIDE_TESTS_ARENA_RIG_H

#include "arena.h"

#include <check.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PAGE         UINT64_C(4096)
#define BASE         UINT64_C(0x40000000)
#define RAM_BYTES    (UINT64_C(64) << 20)

static struct arena arena;

static inline void create(uint64_t base, uint64_t size_bytes, uintptr_t host, bool poison)
{
    struct arena_config config = {.base = base,
                                  .size_bytes = size_bytes,
                                  .host_wanted = host,
                                  .shadow = true,
                                  .poison = poison};
    const char *error = arena_create(&arena, &config);
    ck_assert_msg(error == NULL, "%s", error);
}

static inline void setup(void)
{
    create(BASE, RAM_BYTES, 0, false);
}

static inline void teardown(void)
{
    arena_destroy(&arena);
}

static inline uint64_t alloc(uint64_t size_bytes, const char *what)
{
    return arena_alloc(&arena, size_bytes, 1, what, 7, 0x1234);
}

static inline bool all_bytes_are(const uint8_t *bytes, uint64_t count, uint8_t value)
{
    for (uint64_t i = 0; i < count; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

static inline const uint8_t *shadow_of(uint64_t addr)
{
    return arena.shadow + (addr - arena.base);
}

/* Regions are sorted, do not overlap and lie inside RAM: the invariants of arena.h. */
static inline void check_invariants(void)
{
    uint64_t end = arena.base;
    for (size_t i = 0; i < arena.region_count; i++) {
        if (arena.regions[i].addr < end) {
            ck_abort_msg("region %zu lies below the end of the one before", i);
        }
        end = arena.regions[i].addr + arena.regions[i].size_bytes;
    }
    ck_assert_uint_le(end, arena.base + arena.size_bytes);
}

/* The tests of addresses all look at this: ring 100 bytes, freed, a page never given out, data. */
static uint64_t ring, freed, gap, data;

static inline void setup_regions(void)
{
    setup();
    ring = alloc(100, "ring");
    freed = alloc(PAGE, "old");
    gap = freed + PAGE;
    data = gap + PAGE;
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, data, PAGE, "static"));
    ck_assert(arena_free(&arena, freed, 9));
}

#endif
