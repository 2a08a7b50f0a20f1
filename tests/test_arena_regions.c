/*
 * The arena's regions: memory is handed out and taken back as promised, and every address that a
 * device may not use is known for what it is.
 */
#include "arena_rig.h"

#include <stdio.h>
#include <stdlib.h>

#define SMALL_PAGES  8u
#define RANDOM_STEPS 20000u

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
    printf("seed %llu: RINGSIDE_SEED=%llu test_arena_regions\n", (unsigned long long)seed,
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

START_TEST(with_identity_mapping_no_address_is_called_virtual)
{
    arena_destroy(&arena);
    create(BASE, RAM_BYTES, BASE, false);
    ck_assert_uint_eq(arena_check(&arena, BASE, 1), ARENA_FAULT_NOT_DMA);
    ck_assert_uint_eq(arena_check(&arena, (uintptr_t)&arena, 1), ARENA_FAULT_OUTSIDE_RAM);
    ck_assert_uint_eq(arena_check(&arena, UINT64_MAX, 1), ARENA_FAULT_OUTSIDE_RAM);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arena_regions");
    TCase *allocation = tcase_create("allocation");
    tcase_set_timeout(allocation, 60);
    tcase_add_checked_fixture(allocation, setup, teardown);
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
    tcase_add_test(allocation, with_identity_mapping_no_address_is_called_virtual);
    suite_add_tcase(suite, allocation);
    TCase *checks = tcase_create("checks");
    tcase_add_checked_fixture(checks, setup_regions, teardown);
    tcase_add_test(checks, every_address_that_a_device_may_not_use_is_known_for_what_it_is);
    tcase_add_test(checks, the_cache_of_the_last_hit_never_changes_an_answer);
    tcase_add_test(checks, addresses_are_named_by_their_allocation);
    tcase_add_test(checks, a_region_can_be_declared_only_inside_ram_and_beside_live_ones);
    suite_add_tcase(suite, checks);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
