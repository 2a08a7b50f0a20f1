/*
 * The arena: RAM is where it should be, and every address that a device may not use is known for
 * what it is.
 */
#include "arena.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PAGE         UINT64_C(4096)
#define BASE         UINT64_C(0x40000000)
#define RAM_BYTES    (UINT64_C(64) << 20)
#define SMALL_PAGES  8u
#define RANDOM_STEPS 20000u

static struct arena arena;

static void create(uint64_t base, uint64_t size_bytes, uintptr_t host, bool poison)
{
    struct arena_config config = {.base = base,
                                  .size_bytes = size_bytes,
                                  .host_wanted = host,
                                  .shadow = true,
                                  .poison = poison};
    const char *error = arena_create(&arena, &config);
    ck_assert_msg(error == NULL, "%s", error);
}

static void setup(void)
{
    create(BASE, RAM_BYTES, 0, false);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

static uint64_t alloc(uint64_t size_bytes, const char *what)
{
    return arena_alloc(&arena, size_bytes, 1, what, 7, 0x1234);
}

static bool all_bytes_are(const uint8_t *bytes, uint64_t count, uint8_t value)
{
    for (uint64_t i = 0; i < count; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

static const uint8_t *shadow_of(uint64_t addr)
{
    return arena.shadow + (addr - arena.base);
}

/* Regions are sorted, do not overlap and lie inside RAM: the invariants of arena.h. */
static void check_invariants(void)
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

/* ---- creation ---- */

START_TEST(pointers_into_ram_never_equal_physical_addresses)
{
    static const uint64_t bases[] = {0,          0x1000,         0x40000000,    0x80000000,
                                     0xc0000000, 0x200040000000, 0x2000c0000000};
    for (size_t i = 0; i < COUNT(bases); i++) {
        create(bases[i], RAM_BYTES, 0, false);
        uintptr_t host = (uintptr_t)arena.host;
        ck_assert(host >= bases[i] + RAM_BYTES || host + RAM_BYTES <= bases[i]);
        arena_destroy(&arena);
    }
}
END_TEST

START_TEST(pointers_cut_to_32_bits_lie_outside_ram_and_are_the_same_in_every_run)
{
    create(BASE, RAM_BYTES, 0, false);
    uintptr_t first = (uintptr_t)arena.host;
    ck_assert(((uint32_t)first & ~0x80000000u) == (uint32_t)BASE % 0x80000000u);
    ck_assert_uint_eq(arena_check(&arena, (uint32_t)first, 1), ARENA_FAULT_OUTSIDE_RAM);
    arena_destroy(&arena);
    create(BASE, RAM_BYTES, 0, false);
    ck_assert_uint_eq((uintptr_t)arena.host, first);
    struct arena second;
    struct arena_config config = {.base = BASE, .size_bytes = RAM_BYTES};
    ck_assert_ptr_null(arena_create(&second, &config));
    ck_assert_ptr_ne(second.host, arena.host);
    ck_assert_ptr_null(second.shadow);
    arena_destroy(&second);
    arena_destroy(&arena);
}
END_TEST

START_TEST(ram_is_a_file_that_another_mapping_shares)
{
    uint8_t *other = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, arena.fd, 0);
    ck_assert_ptr_ne(other, MAP_FAILED);
    *arena_host(&arena, BASE + 5) = 0x55;
    ck_assert_uint_eq(other[5], 0x55);
    other[RAM_BYTES - 1] = 0x66;
    ck_assert_uint_eq(*arena_host(&arena, BASE + RAM_BYTES - 1), 0x66);
    munmap(other, RAM_BYTES);
}
END_TEST

START_TEST(identity_mapping_is_at_the_physical_address_or_says_why_not)
{
    create(BASE, RAM_BYTES, BASE, false);
    ck_assert_uint_eq((uintptr_t)arena.host, BASE);
    uint64_t addr = alloc(100, "ring");
    ck_assert_ptr_eq(arena_host(&arena, addr), (uint8_t *)(uintptr_t)addr);
    ck_assert_uint_eq(arena_check(&arena, (uintptr_t)arena_host(&arena, addr), 100),
                      ARENA_FAULT_NONE);
    struct arena second;
    struct arena_config config = {.base = BASE, .size_bytes = RAM_BYTES, .host_wanted = BASE};
    ck_assert_str_eq(arena_create(&second, &config),
                     "the host address wanted for the machine's RAM is in use");
    arena_destroy(&arena);
    ck_assert_ptr_null(arena_create(&second, &config));
    arena_destroy(&second);
}
END_TEST

static const struct {
    uint64_t base;
    uint64_t size_bytes;
} impossible[] = {
    {BASE, 0},
    {BASE, 4095},
    {BASE + 1, 4096},
    {UINT64_C(1) << 46, 4096},
    {BASE, UINT64_C(1) << 46},
    {UINT64_MAX - 4095, 4096},
};

START_TEST(ram_that_cannot_be_is_refused_with_a_sentence)
{
    struct arena_config config = {.base = impossible[_i].base,
                                  .size_bytes = impossible[_i].size_bytes};
    const char *error = arena_create(&arena, &config);
    ck_assert_ptr_nonnull(error);
    ck_assert_uint_gt(strlen(error), 20);
    ck_assert_int_eq(arena.fd, -1);
}
END_TEST

/* ---- allocation ---- */

START_TEST(an_allocation_is_aligned_zeroed_known_and_remembers_where_it_came_from)
{
    memset(arena_host(&arena, BASE), 0xee, 1 << 20); /* stores that nobody should have made */
    ck_assert_uint_eq(alloc(24, "controlq"), BASE);
    uint64_t second =
        arena_alloc(&arena, 4097, 0x10000, "a name that is longer than fits into it", 9, 0x99);
    ck_assert_uint_eq(second, BASE + 0x10000);
    ck_assert_uint_eq(alloc(1, "third"), second + 2 * PAGE);
    ck_assert(all_bytes_are(arena_host(&arena, second), 2 * PAGE, 0));
    ck_assert(all_bytes_are(shadow_of(second), 2 * PAGE, 0));
    const struct arena_region *region = arena_find(&arena, second + 4096);
    ck_assert_ptr_nonnull(region);
    ck_assert_uint_eq(region->addr, second);
    ck_assert_uint_eq(region->size_bytes, 4097);
    ck_assert_uint_eq(region->born_step, 9);
    ck_assert_uint_eq(region->freed_step, 0);
    ck_assert_uint_eq(region->pc, 0x99);
    ck_assert_uint_eq(region->kind, ARENA_REGION_DMA);
    ck_assert_str_eq(region->what, "a name that is longer than fits");
    check_invariants();
}
END_TEST

START_TEST(an_allocation_that_makes_no_sense_is_refused)
{
    static const uint64_t sizes[] = {RAM_BYTES + 1, UINT64_MAX, UINT64_MAX - 4095};
    static const uint64_t aligns[] = {3, 4097, UINT64_C(1) << 47, UINT64_C(1) << 63, UINT64_MAX};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        ck_assert_uint_eq(alloc(sizes[i], "too large"), 0);
    }
    for (size_t i = 0; i < COUNT(aligns); i++) {
        ck_assert_uint_eq(arena_alloc(&arena, 1, aligns[i], "odd", 1, 0), 0);
    }
    ck_assert_uint_eq(arena.region_count, 0);
    ck_assert_uint_eq(arena_alloc(&arena, RAM_BYTES, 0, "all", 1, 0), BASE);
    ck_assert_uint_eq(alloc(1, "one more"), 0);
}
END_TEST

START_TEST(an_allocation_of_nothing_has_a_page_that_no_device_may_touch)
{
    uint64_t nothing = alloc(0, "nothing");
    ck_assert_uint_eq(nothing, BASE);
    ck_assert_uint_eq(alloc(1, "next"), BASE + PAGE);
    ck_assert_uint_eq(arena_check(&arena, nothing, 1), ARENA_FAULT_NOT_DMA);
    ck_assert(arena_free(&arena, nothing, 5));
    ck_assert(!arena_free(&arena, nothing, 6));
}
END_TEST

START_TEST(address_zero_is_never_handed_out)
{
    arena_destroy(&arena);
    create(0, SMALL_PAGES * PAGE, 0, false);
    for (uint64_t i = 1; i < SMALL_PAGES; i++) {
        ck_assert_uint_eq(alloc(PAGE, "page"), i * PAGE);
    }
    ck_assert_uint_eq(alloc(PAGE, "page"), 0);
    ck_assert(!arena_free(&arena, 0, 1));
}
END_TEST

START_TEST(a_wanted_first_address_is_used_and_one_outside_ram_is_not)
{
    arena.next = BASE + 0xc7000;
    ck_assert_uint_eq(alloc(0x1000, "queue"), BASE + 0xc7000);
    arena_reset(&arena);
    arena.next = 0x1000;
    ck_assert_uint_eq(alloc(0x1000, "queue"), BASE);
    arena.next = UINT64_MAX;
    ck_assert_uint_eq(alloc(0x1000, "queue"), BASE + PAGE);
}
END_TEST

START_TEST(freed_memory_is_not_reused_before_ram_runs_out)
{
    arena_destroy(&arena);
    create(BASE, SMALL_PAGES * PAGE, 0, false);
    for (uint64_t i = 0; i < SMALL_PAGES; i++) {
        uint64_t addr = alloc(PAGE, "page");
        ck_assert_uint_eq(addr, BASE + i * PAGE);
        ck_assert(arena_free(&arena, addr, 10 + i));
    }
    memset(arena_host(&arena, BASE), 0xee, SMALL_PAGES * PAGE);
    ck_assert_uint_eq(arena_check(&arena, BASE, 1), ARENA_FAULT_FREED);
    ck_assert_uint_eq(alloc(100, "again"), BASE);
    ck_assert(all_bytes_are(arena_host(&arena, BASE), PAGE, 0));
    ck_assert_uint_eq(arena_check(&arena, BASE, 100), ARENA_FAULT_NONE);
    ck_assert_uint_eq(arena.region_count, SMALL_PAGES);
    /* three of the freed pages make room for one larger region */
    ck_assert_uint_eq(alloc(2 * PAGE + 1, "large"), BASE + PAGE);
    ck_assert_uint_eq(arena.region_count, SMALL_PAGES - 2);
    ck_assert_uint_eq(arena_check(&arena, BASE + 4 * PAGE, 1), ARENA_FAULT_FREED);
    check_invariants();
}
END_TEST

START_TEST(what_is_left_of_a_freed_region_stays_freed)
{
    arena_destroy(&arena);
    create(BASE, SMALL_PAGES * PAGE, 0, false);
    uint64_t all = alloc(SMALL_PAGES * PAGE, "all");
    ck_assert(arena_free(&arena, all, 5));
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, BASE + 2 * PAGE + 16, 32, "data"));
    ck_assert_uint_eq(arena.region_count, 3);
    ck_assert_uint_eq(arena_check(&arena, BASE, 1), ARENA_FAULT_FREED);
    ck_assert_uint_eq(arena_check(&arena, BASE + 2 * PAGE + 15, 1), ARENA_FAULT_FREED);
    ck_assert_uint_eq(arena_check(&arena, BASE + 2 * PAGE + 16, 32), ARENA_FAULT_NONE);
    ck_assert_uint_eq(arena_check(&arena, BASE + 2 * PAGE + 48, 1), ARENA_FAULT_FREED);
    ck_assert_uint_eq(arena_check(&arena, BASE + SMALL_PAGES * PAGE - 1, 1), ARENA_FAULT_FREED);
    check_invariants();
}
END_TEST

START_TEST(only_the_start_of_a_live_allocation_can_be_freed)
{
    uint64_t addr = alloc(PAGE, "page");
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, BASE + 16 * PAGE, 64, "data"));
    ck_assert(!arena_free(&arena, addr + 1, 3));
    ck_assert(!arena_free(&arena, addr - 1, 3));
    ck_assert(!arena_free(&arena, BASE + 16 * PAGE, 3));
    ck_assert(!arena_free(&arena, 0, 3));
    ck_assert(arena_free(&arena, addr, 0)); /* step 0 would mean that it lives */
    ck_assert_uint_eq(arena_find(&arena, addr)->freed_step, 1);
    ck_assert(!arena_free(&arena, addr, 4));
}
END_TEST

START_TEST(a_full_table_forgets_what_was_freed_and_no_more)
{
    arena_destroy(&arena);
    create(BASE, (ARENA_REGIONS_MAX + 16) * PAGE, 0, false);
    uint64_t kept = alloc(1, "kept");
    for (uint64_t i = 1; i < ARENA_REGIONS_MAX - 1; i++) {
        if (!arena_free(&arena, alloc(1, "page"), i)) {
            ck_abort_msg("allocation %llu failed", (unsigned long long)i);
        }
    }
    ck_assert_uint_eq(arena.region_count, ARENA_REGIONS_MAX - 1);
    ck_assert_uint_eq(arena_check(&arena, BASE + PAGE, 1), ARENA_FAULT_FREED);
    ck_assert_uint_eq(alloc(1, "one more"), BASE + (ARENA_REGIONS_MAX - 1) * PAGE);
    ck_assert_uint_eq(arena.region_count, 2);
    ck_assert_uint_eq(arena_check(&arena, BASE + PAGE, 1), ARENA_FAULT_NOT_DMA);
    ck_assert_uint_eq(arena_check(&arena, kept, 1), ARENA_FAULT_NONE);
    uint64_t count = 2;
    while (count <= ARENA_REGIONS_MAX && alloc(1, "page") != 0) {
        count++;
    }
    ck_assert_uint_eq(count, ARENA_REGIONS_MAX);
    ck_assert(!arena_declare(&arena, ARENA_REGION_STATIC, BASE + arena.size_bytes - 1, 1, "data"));
}
END_TEST

/* A page is free, live or freed: what the table says must be what a plain array says. */
START_TEST(random_allocations_agree_with_a_page_map)
{
    enum { PAGES = 64, LIVE_MAX = 64 };
    uint64_t seed = getenv("RINGSIDE_SEED") ? strtoull(getenv("RINGSIDE_SEED"), NULL, 0) : 1;
    printf("seed %llu: RINGSIDE_SEED=%llu test_arena\n", (unsigned long long)seed,
           (unsigned long long)seed);
    arena_destroy(&arena);
    create(BASE, PAGES * PAGE, 0, false);
    uint64_t live[LIVE_MAX];
    size_t live_count = 0;
    uint8_t owner[PAGES] = {0}; /* 0 free or freed, else live */
    for (uint32_t step = 1; step <= RANDOM_STEPS; step++) {
        seed = seed * UINT64_C(6364136223846793005) + 1;
        uint64_t roll = seed >> 33;
        if (roll % 2 == 0 && live_count > 0) {
            size_t i = roll / 2 % live_count;
            uint64_t pages = (arena_find(&arena, live[i])->size_bytes + PAGE - 1) / PAGE;
            memset(owner + (live[i] - BASE) / PAGE, 0, pages);
            ck_assert(arena_free(&arena, live[i], step));
            live[i] = live[--live_count];
            continue;
        }
        uint64_t size_bytes = 1 + roll / 2 % (5 * PAGE);
        uint64_t pages = (size_bytes + PAGE - 1) / PAGE;
        uint64_t align_bytes = PAGE << (roll / 2 % 3);
        uint64_t addr = arena_alloc(&arena, size_bytes, align_bytes, "page", step, 0);
        check_invariants();
        if (addr == 0) {
            for (uint64_t at = 0; at + pages <= PAGES; at += align_bytes / PAGE) {
                ck_assert_msg(!all_bytes_are(owner + at, pages, 0), "room was left at step %u",
                              step);
            }
            continue;
        }
        ck_assert_uint_eq(addr % align_bytes, 0);
        ck_assert(all_bytes_are(owner + (addr - BASE) / PAGE, pages, 0));
        memset(owner + (addr - BASE) / PAGE, 1, pages);
        ck_assert_uint_lt(live_count, LIVE_MAX);
        live[live_count++] = addr;
        ck_assert_uint_eq(arena_check(&arena, addr, size_bytes), ARENA_FAULT_NONE);
    }
}
END_TEST

/* ---- checks ---- */

/* The tests of addresses all look at this: ring 100 bytes, freed, a page never given out, data. */
static uint64_t ring, freed, gap, data;

static void setup_regions(void)
{
    setup();
    ring = alloc(100, "ring");
    freed = alloc(PAGE, "old");
    gap = freed + PAGE;
    data = gap + PAGE;
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, data, PAGE, "static"));
    ck_assert(arena_free(&arena, freed, 9));
}

START_TEST(every_address_that_a_device_may_not_use_is_known_for_what_it_is)
{
    const uint64_t end = BASE + RAM_BYTES;
    const struct {
        uint64_t addr;
        uint64_t size_bytes;
        enum arena_fault fault;
    } cases[] = {
        {ring, 1, ARENA_FAULT_NONE},
        {ring, 100, ARENA_FAULT_NONE},
        {ring + 99, 1, ARENA_FAULT_NONE},
        {ring, 101, ARENA_FAULT_ACROSS_END},
        {ring + 99, 2, ARENA_FAULT_ACROSS_END},
        {ring, UINT64_MAX, ARENA_FAULT_ACROSS_END},
        {ring + 50, UINT64_MAX - ring, ARENA_FAULT_ACROSS_END}, /* wraps around */
        {ring + 100, 1, ARENA_FAULT_NOT_DMA},                   /* padding belongs to nobody */
        {freed, 1, ARENA_FAULT_FREED},
        {freed + PAGE - 1, PAGE, ARENA_FAULT_FREED},
        {gap, 1, ARENA_FAULT_NOT_DMA},
        {gap, UINT64_MAX, ARENA_FAULT_NOT_DMA},
        {gap + PAGE - 1, 2, ARENA_FAULT_NOT_DMA},
        {data, PAGE, ARENA_FAULT_NONE},
        {data, PAGE + 1, ARENA_FAULT_ACROSS_END},
        {end - 1, 1, ARENA_FAULT_NOT_DMA},
        {end, 1, ARENA_FAULT_OUTSIDE_RAM},
        {BASE - 1, 1, ARENA_FAULT_OUTSIDE_RAM},
        {BASE - 1, 200, ARENA_FAULT_OUTSIDE_RAM},
        {0, 1, ARENA_FAULT_OUTSIDE_RAM},
        {0x400c7, 1, ARENA_FAULT_OUTSIDE_RAM},
        {0x00000fffffffffff, 1, ARENA_FAULT_OUTSIDE_RAM},
        {0x0000100000000000, 1, ARENA_FAULT_VIRTUAL},
        {0x00007fffffffffff, 1, ARENA_FAULT_VIRTUAL},
        {0x0000800000000000, 1, ARENA_FAULT_OUTSIDE_RAM}, /* not canonical: nobody's pointer */
        {0xffff7fffffffffff, 1, ARENA_FAULT_OUTSIDE_RAM},
        {0xffff800000000000, 1, ARENA_FAULT_VIRTUAL},
        {0xffff8000400c7000, 16, ARENA_FAULT_VIRTUAL},
        {UINT64_MAX, UINT64_MAX, ARENA_FAULT_VIRTUAL},
        {(uintptr_t)arena.host, 1, ARENA_FAULT_VIRTUAL},
        {(uintptr_t)&arena, 1, ARENA_FAULT_VIRTUAL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum arena_fault fault = arena_check(&arena, cases[i].addr, cases[i].size_bytes);
        ck_assert_msg(fault == cases[i].fault, "0x%llx, %llu bytes: %s, expected %s",
                      (unsigned long long)cases[i].addr, (unsigned long long)cases[i].size_bytes,
                      arena_fault_text(fault), arena_fault_text(cases[i].fault));
        ck_assert_uint_eq(arena_check(&arena, cases[i].addr, 0), ARENA_FAULT_NONE);
    }
}
END_TEST

START_TEST(the_cache_of_the_last_hit_never_changes_an_answer)
{
    const uint64_t addr[] = {ring, freed, gap, data, BASE - 1, ring + 100};
    enum arena_fault fresh[COUNT(addr)];
    for (size_t i = 0; i < COUNT(addr); i++) {
        arena.last_hit = SIZE_MAX;
        fresh[i] = arena_check(&arena, addr[i], 1);
    }
    for (size_t i = 0; i < COUNT(addr); i++) {
        for (size_t k = 0; k < COUNT(addr); k++) {
            arena_check(&arena, addr[i], 1);
            ck_assert_uint_eq(arena_check(&arena, addr[k], 1), fresh[k]);
        }
    }
}
END_TEST

START_TEST(with_identity_mapping_no_address_is_called_virtual)
{
    arena_destroy(&arena);
    create(BASE, RAM_BYTES, BASE, false);
    ck_assert_uint_eq(arena_check(&arena, BASE, 1), ARENA_FAULT_NOT_DMA);
    ck_assert_uint_eq(arena_check(&arena, (uintptr_t)&arena, 1), ARENA_FAULT_OUTSIDE_RAM);
    ck_assert_uint_eq(arena_check(&arena, UINT64_MAX, 1), ARENA_FAULT_OUTSIDE_RAM);
}
END_TEST

START_TEST(addresses_are_named_by_their_allocation)
{
    const struct {
        uint64_t addr;
        const char *name;
    } cases[] = {
        {ring, "ring+0x0"},
        {ring + 99, "ring+0x63"},
        {ring + 100, "0x40000064"},
        {freed + 16, "freed old+0x10"},
        {data + 1, "static+0x1"},
        {gap, "0x40002000"},
        {0, "0x0"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[64];
        arena_name(&arena, cases[i].addr, name, sizeof name);
        ck_assert_str_eq(name, cases[i].name);
    }
}
END_TEST

/* ---- declared regions, aliases, reset, shadow ---- */

START_TEST(a_region_can_be_declared_only_inside_ram_and_beside_live_ones)
{
    const uint64_t end = BASE + RAM_BYTES;
    ck_assert(!arena_declare(&arena, ARENA_REGION_STACK, ring, 1, "on it"));
    ck_assert(!arena_declare(&arena, ARENA_REGION_STACK, ring + 200, 8, "in its last page"));
    ck_assert(!arena_declare(&arena, ARENA_REGION_STACK, gap, PAGE + 1, "into the next"));
    ck_assert(!arena_declare(&arena, ARENA_REGION_STACK, end - 1, 2, "over the end"));
    ck_assert(!arena_declare(&arena, ARENA_REGION_STACK, BASE - 1, 2, "before RAM"));
    ck_assert(!arena_declare(&arena, ARENA_REGION_STACK, UINT64_MAX, 2, "wraps"));
    ck_assert(!arena_declare(&arena, ARENA_REGION_STACK, gap, 0, "empty"));
    ck_assert(arena_declare(&arena, ARENA_REGION_STACK, gap, PAGE, "between"));
    ck_assert(arena_declare(&arena, ARENA_REGION_STACK, freed, PAGE, "over the freed one"));
    ck_assert(arena_declare(&arena, ARENA_REGION_STACK, end - 1, 1, "the last byte"));
    ck_assert_uint_eq(arena_check(&arena, freed, PAGE), ARENA_FAULT_NONE);
    check_invariants();
}
END_TEST

START_TEST(poison_fills_padding_and_stacks_but_no_promised_zeros)
{
    arena_destroy(&arena);
    create(BASE, RAM_BYTES, 0, true);
    uint64_t addr = alloc(100, "ring");
    ck_assert(all_bytes_are(arena_host(&arena, addr), 100, 0));
    ck_assert(all_bytes_are(arena_host(&arena, addr + 100), PAGE - 100, ARENA_POISON));
    ck_assert(arena_declare(&arena, ARENA_REGION_STACK, addr + PAGE, 2 * PAGE, "stack"));
    ck_assert(all_bytes_are(arena_host(&arena, addr + PAGE), 2 * PAGE, ARENA_POISON));
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, addr + 3 * PAGE, PAGE, "static"));
    ck_assert(all_bytes_are(arena_host(&arena, addr + 3 * PAGE), PAGE, 0));
    ck_assert_uint_eq(arena_first_unobserved(&arena, addr, 4 * PAGE), 4 * PAGE);
}
END_TEST

static uint8_t *anonymous_pages(uint64_t size_bytes, uint8_t value)
{
    uint8_t *pages =
        mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    memset(pages, value, size_bytes);
    return pages;
}

START_TEST(an_alias_shows_the_same_bytes_at_two_places)
{
    uint8_t *pages = anonymous_pages(2 * PAGE, 0x77);
    uint64_t addr = BASE + RAM_BYTES - 2 * PAGE;
    ck_assert(arena_map_alias(&arena, addr, pages, 2 * PAGE));
    ck_assert(all_bytes_are(arena_host(&arena, addr), 2 * PAGE, 0x77));
    ck_assert_uint_eq(arena_first_unobserved(&arena, addr, 2 * PAGE), 2 * PAGE);
    pages[PAGE] = 1;
    ck_assert_uint_eq(*arena_host(&arena, addr + PAGE), 1);
    *arena_host(&arena, addr) = 2;
    ck_assert_uint_eq(pages[0], 2);
    uint64_t found = 0;
    ck_assert(arena_physical(&arena, pages + 2 * PAGE - 1, &found));
    ck_assert_uint_eq(found, BASE + RAM_BYTES - 1);
    ck_assert(!arena_physical(&arena, pages + 2 * PAGE, &found));
    ck_assert(arena_physical(&arena, arena_host(&arena, addr), &found));
    ck_assert_uint_eq(found, addr);
    ck_assert(!arena_physical(&arena, NULL, &found));
    ck_assert_uint_eq(arena_check(&arena, (uintptr_t)pages, 1), ARENA_FAULT_VIRTUAL);
    /* the mapping, and what it shows, outlives the arena */
    arena_destroy(&arena);
    ck_assert_uint_eq(pages[0], 2);
    munmap(pages, 2 * PAGE);
    setup();
}
END_TEST

START_TEST(a_low_alias_is_recognised_as_a_pointer)
{
    uint8_t *pages = mmap((void *)(uintptr_t)0x10000000, PAGE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_uint_eq(arena_check(&arena, (uintptr_t)pages, 1), ARENA_FAULT_OUTSIDE_RAM);
    ck_assert(arena_map_alias(&arena, BASE, pages, PAGE));
    ck_assert_uint_eq(arena_check(&arena, (uintptr_t)pages, 1), ARENA_FAULT_VIRTUAL);
    munmap(pages, PAGE);
}
END_TEST

START_TEST(an_alias_is_refused_where_something_lives_and_never_allocated_over)
{
    uint8_t *pages = anonymous_pages(PAGE, 0x77);
    ck_assert(!arena_map_alias(&arena, ring, pages, PAGE));
    ck_assert(!arena_map_alias(&arena, BASE + RAM_BYTES, pages, PAGE));
    ck_assert(!arena_map_alias(&arena, BASE - PAGE, pages, PAGE));
    ck_assert(!arena_map_alias(&arena, gap, pages, 0));
    *pages = 0x78; /* still its own memory */
    ck_assert(all_bytes_are(arena_host(&arena, BASE), RAM_BYTES, 0));
    ck_assert(arena_map_alias(&arena, gap, pages, PAGE));
    ck_assert(!arena_map_alias(&arena, gap, pages, PAGE));
    arena.next = gap;
    ck_assert_uint_eq(alloc(1, "behind alias and data"), data + PAGE);
    for (uint64_t i = 1; i < ARENA_ALIASES_MAX; i++) {
        uint8_t *more = anonymous_pages(PAGE, 0);
        ck_assert(arena_map_alias(&arena, BASE + RAM_BYTES - i * PAGE, more, PAGE));
    }
    ck_assert(!arena_map_alias(&arena, BASE + RAM_BYTES / 2, pages, PAGE));
    for (size_t i = 1; i < arena.alias_count; i++) {
        ck_assert_uint_lt(arena.aliases[i - 1].addr, arena.aliases[i].addr);
    }
}
END_TEST

START_TEST(reset_forgets_regions_and_clears_ram_but_not_aliases)
{
    uint8_t *pages = anonymous_pages(PAGE, 0x77);
    uint64_t alias = BASE + RAM_BYTES / 2;
    ck_assert(arena_map_alias(&arena, alias, pages, PAGE));
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, alias, PAGE, "static"));
    memset(arena_host(&arena, BASE), 0x11, RAM_BYTES / 2);
    memset(arena_host(&arena, alias + PAGE), 0x22, RAM_BYTES / 2 - PAGE);
    arena_shadow_update(&arena, BASE, RAM_BYTES);
    arena_reset(&arena);
    ck_assert(all_bytes_are(arena_host(&arena, BASE), RAM_BYTES / 2, 0));
    ck_assert(all_bytes_are(arena_host(&arena, alias + PAGE), RAM_BYTES / 2 - PAGE, 0));
    ck_assert(all_bytes_are(shadow_of(BASE), RAM_BYTES / 2, 0));
    ck_assert(all_bytes_are(shadow_of(alias + PAGE), RAM_BYTES / 2 - PAGE, 0));
    ck_assert(all_bytes_are(pages, PAGE, 0x77));
    ck_assert_uint_eq(arena_first_unobserved(&arena, BASE, RAM_BYTES), RAM_BYTES);
    ck_assert_uint_eq(arena.region_count, 0);
    ck_assert_uint_eq(arena_check(&arena, ring, 1), ARENA_FAULT_NOT_DMA);
    ck_assert_uint_eq(arena_check(&arena, alias, 1), ARENA_FAULT_NOT_DMA);
    ck_assert_uint_eq(arena.alias_count, 1);
    ck_assert_uint_eq(alloc(1, "first"), BASE);
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, alias, PAGE, "static"));
    pages[3] = 0x79;
    ck_assert_uint_eq(*arena_host(&arena, alias + 3), 0x79);
}
END_TEST

START_TEST(a_large_region_is_zeroed_too)
{
    arena_destroy(&arena);
    create(BASE, UINT64_C(80) << 20, 0, false);
    uint64_t bytes = UINT64_C(72) << 20;
    uint64_t addr = alloc(bytes, "huge");
    memset(arena_host(&arena, addr), 0x11, bytes);
    arena_shadow_update(&arena, addr, bytes);
    ck_assert(arena_free(&arena, addr, 1));
    ck_assert_uint_eq(alloc(bytes, "again"), addr);
    ck_assert(all_bytes_are(arena_host(&arena, addr), bytes, 0));
    ck_assert(all_bytes_are(shadow_of(addr), bytes, 0));
}
END_TEST

START_TEST(the_first_byte_that_was_never_seen_stored_is_found)
{
    ck_assert_uint_eq(arena_first_unobserved(&arena, ring, 100), 100);
    ck_assert_uint_eq(arena_first_unobserved(&arena, ring, 0), 0);
    for (uint64_t i = 0; i < 100; i++) {
        *arena_host(&arena, ring + i) = 1;
        ck_assert_uint_eq(arena_first_unobserved(&arena, ring, 100), i);
        ck_assert_uint_eq(arena_first_unobserved(&arena, ring, i), i);
        arena_shadow_update(&arena, ring + i, 1);
        ck_assert_uint_eq(arena_first_unobserved(&arena, ring, 100), 100);
    }
}
END_TEST

START_TEST(without_a_shadow_every_byte_counts_as_seen)
{
    struct arena plain;
    struct arena_config config = {.base = BASE, .size_bytes = PAGE};
    ck_assert_ptr_null(arena_create(&plain, &config));
    *arena_host(&plain, BASE) = 1;
    ck_assert_uint_eq(arena_first_unobserved(&plain, BASE, PAGE), PAGE);
    arena_shadow_update(&plain, BASE, PAGE);
    arena_reset(&plain);
    ck_assert_uint_eq(*arena_host(&plain, BASE), 0);
    arena_destroy(&plain);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arena");

    TCase *creation = tcase_create("creation");
    tcase_add_test(creation, pointers_into_ram_never_equal_physical_addresses);
    tcase_add_test(creation, pointers_cut_to_32_bits_lie_outside_ram_and_are_the_same_in_every_run);
    tcase_add_test(creation, identity_mapping_is_at_the_physical_address_or_says_why_not);
    tcase_add_loop_test(creation, ram_that_cannot_be_is_refused_with_a_sentence, 0,
                        (int)COUNT(impossible));
    suite_add_tcase(suite, creation);

    TCase *allocation = tcase_create("allocation");
    tcase_set_timeout(allocation, 60);
    tcase_add_checked_fixture(allocation, setup, teardown);
    tcase_add_test(allocation, ram_is_a_file_that_another_mapping_shares);
    tcase_add_test(allocation,
                   an_allocation_is_aligned_zeroed_known_and_remembers_where_it_came_from);
    tcase_add_test(allocation, an_allocation_that_makes_no_sense_is_refused);
    tcase_add_test(allocation, an_allocation_of_nothing_has_a_page_that_no_device_may_touch);
    tcase_add_test(allocation, address_zero_is_never_handed_out);
    tcase_add_test(allocation, a_wanted_first_address_is_used_and_one_outside_ram_is_not);
    tcase_add_test(allocation, freed_memory_is_not_reused_before_ram_runs_out);
    tcase_add_test(allocation, what_is_left_of_a_freed_region_stays_freed);
    tcase_add_test(allocation, only_the_start_of_a_live_allocation_can_be_freed);
    tcase_add_test(allocation, a_full_table_forgets_what_was_freed_and_no_more);
    tcase_add_test(allocation, random_allocations_agree_with_a_page_map);
    tcase_add_test(allocation, poison_fills_padding_and_stacks_but_no_promised_zeros);
    tcase_add_test(allocation, an_alias_shows_the_same_bytes_at_two_places);
    tcase_add_test(allocation, a_low_alias_is_recognised_as_a_pointer);
    tcase_add_test(allocation, a_large_region_is_zeroed_too);
    tcase_add_test(allocation, with_identity_mapping_no_address_is_called_virtual);
    suite_add_tcase(suite, allocation);

    TCase *regions = tcase_create("regions");
    tcase_add_checked_fixture(regions, setup_regions, teardown);
    tcase_add_test(regions, every_address_that_a_device_may_not_use_is_known_for_what_it_is);
    tcase_add_test(regions, the_cache_of_the_last_hit_never_changes_an_answer);
    tcase_add_test(regions, addresses_are_named_by_their_allocation);
    tcase_add_test(regions, a_region_can_be_declared_only_inside_ram_and_beside_live_ones);
    tcase_add_test(regions, an_alias_is_refused_where_something_lives_and_never_allocated_over);
    tcase_add_test(regions, reset_forgets_regions_and_clears_ram_but_not_aliases);
    tcase_add_test(regions, the_first_byte_that_was_never_seen_stored_is_found);
    tcase_add_test(regions, without_a_shadow_every_byte_counts_as_seen);
    suite_add_tcase(suite, regions);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
