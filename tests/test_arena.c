/*
 * The arena's memory: RAM is where it should be, at one place or two, and a reset leaves nothing
 * behind.
 */
#include "arena_rig.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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

#define LITTLE_BYTES (UINT64_C(1) << 20)

/* What the next arena finds in memory that was kept: nothing of what was stored, seen or stray. */
static void expect_new(const struct arena *fresh)
{
    ck_assert_uint_eq(fresh->region_count, 0);
    ck_assert(all_bytes_are(fresh->host, fresh->size_bytes, 0));
    ck_assert(all_bytes_are(fresh->shadow, fresh->size_bytes, 0));
}

static void store_everywhere(void)
{
    uint64_t addr = alloc(100, "ring");
    uint64_t stray = BASE + LITTLE_BYTES - 5000;
    memset(arena_host(&arena, addr), 1, 100);
    memset(arena_host(&arena, stray), 2, 5000);
    arena_shadow_update(&arena, addr, 100);
    arena_shadow_update(&arena, stray, 5000);
}

START_TEST(memory_that_was_kept_is_as_new)
{
    create(BASE, LITTLE_BYTES, 0, false);
    const uint8_t *host = arena.host;
    int fd = arena.fd;
    store_everywhere();
    arena_keep(&arena);
    ck_assert_ptr_null(arena.host);
    create(BASE, LITTLE_BYTES, 0, false);
    ck_assert_ptr_eq(arena.host, host);
    ck_assert_int_eq(arena.fd, fd);
    expect_new(&arena);
    store_everywhere();
    arena_keep(&arena);
    /* Another size: what was kept is given up, and not in the way. */
    create(BASE, 2 * LITTLE_BYTES, 0, false);
    ck_assert_ptr_eq(arena.host, host);
    ck_assert_uint_eq(arena.size_bytes, 2 * LITTLE_BYTES);
    expect_new(&arena);
    arena_keep(&arena);
    create(BASE, LITTLE_BYTES, BASE, false);
    ck_assert_uint_eq((uintptr_t)arena.host, BASE);
    arena_keep(&arena);
    create(BASE, LITTLE_BYTES, 0, false);
    ck_assert_ptr_eq(arena.host, host);
    expect_new(&arena);
    arena_destroy(&arena);
}
END_TEST

START_TEST(memory_that_was_kept_is_not_shared_with_a_child)
{
    int status = 0;
    create(BASE, LITTLE_BYTES, 0, false);
    arena_keep(&arena);
    pid_t child = fork();
    if (child == 0) {
        create(BASE, LITTLE_BYTES, 0, false);
        memset(arena.host, 3, LITTLE_BYTES);
        _exit(arena.host[0] == 3 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    struct arena_config config = {.base = BASE, .size_bytes = LITTLE_BYTES, .shadow = true};
    ck_assert_ptr_null(arena_create(&arena, &config));
    expect_new(&arena);
    arena_destroy(&arena);
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

/* `offset` is what a pointer is above the physical address. */
static void check_hole(uint64_t offset)
{
    const uint64_t low = BASE + 4 * PAGE;
    const uint64_t high = low + 3 * PAGE;
    uintptr_t low_host = (uintptr_t)(low + offset);
    uint8_t *loaded = mmap((void *)low_host, high - low, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ck_assert_ptr_eq(loaded, (void *)low_host);
    memset(loaded, 0x77, high - low);
    struct arena_config config = {.base = BASE,
                                  .size_bytes = RAM_BYTES,
                                  .host_wanted = (uintptr_t)(BASE + offset),
                                  .shadow = true,
                                  .hole_low = low_host,
                                  .hole_high = (uintptr_t)(high + offset)};
    ck_assert_ptr_null(arena_create(&arena, &config));
    uint64_t physical = 0;
    ck_assert(arena_physical(&arena, loaded + PAGE + 4, &physical));
    ck_assert_uint_eq(physical, low + PAGE + 4);
    ck_assert(arena_reserve(&arena, high + 4 * PAGE, PAGE)); /* no hole: goes with the RAM */
    arena.next = low - PAGE;
    ck_assert_uint_eq(alloc(PAGE, "below"), low - PAGE);
    ck_assert_uint_eq(alloc(PAGE, "above"), high);
    ck_assert(!arena_fill_hole(&arena, low - PAGE, PAGE));
    ck_assert(!arena_fill_hole(&arena, low, high - low + PAGE));
    ck_assert(!arena_fill_hole(&arena, high, PAGE));
    ck_assert(arena_fill_hole(&arena, low + PAGE, PAGE));
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, low + PAGE, PAGE, "static"));
    ck_assert_uint_eq(arena_check(&arena, low + PAGE, PAGE), ARENA_FAULT_NONE);
    ck_assert_uint_eq(arena_check(&arena, low, 1), ARENA_FAULT_NOT_DMA);
    ck_assert_uint_eq(arena_first_unobserved(&arena, low + PAGE, PAGE), PAGE);
    uint8_t *file = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, arena.fd, 0);
    ck_assert_ptr_ne(file, MAP_FAILED);
    ck_assert(all_bytes_are(file + 5 * PAGE, PAGE, 0x77));
    loaded[PAGE] = 1;
    ck_assert_uint_eq(file[5 * PAGE], 1);
    loaded[0] = 2; /* still private */
    ck_assert_uint_eq(file[4 * PAGE], 0);
    munmap(file, RAM_BYTES);
    arena_reset(&arena);
    ck_assert_uint_eq(loaded[PAGE], 1);
    /* a second one finds no place, and leaves nothing mapped that was not */
    arena_destroy(&arena);
    ck_assert(all_bytes_are(loaded + 2 * PAGE, PAGE, 0x77));
    uint8_t *blocker = mmap(loaded + (high - low), PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ck_assert_ptr_eq(blocker, loaded + (high - low));
    ck_assert_ptr_nonnull(arena_create(&arena, &config));
    munmap(blocker, PAGE);
    ck_assert_ptr_null(arena_create(&arena, &config));
    arena_destroy(&arena);
    munmap(loaded, high - low);
}

START_TEST(identity_mapping_leaves_a_hole_for_what_is_loaded_there)
{
    check_hole(0);
}
END_TEST

START_TEST(mapping_at_an_offset_leaves_a_hole_too)
{
    check_hole(UINT64_C(0x300000000000));
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

/* ---- aliases, poison, reset, shadow ---- */

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
    /* the mapping, and what it shows, outlives the arena; all of RAM's own mapping goes */
    uint8_t *ram = arena.host;
    arena_destroy(&arena);
    for (uint64_t i = 0; i < RAM_BYTES; i += RAM_BYTES / 2 - PAGE) {
        ck_assert_int_eq(msync(ram + i, PAGE, MS_ASYNC), -1);
    }
    ck_assert_int_eq(msync(ram + RAM_BYTES - PAGE, PAGE, MS_ASYNC), -1);
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

START_TEST(poison_fills_padding_and_stacks_but_no_promised_zeros)
{
    arena_destroy(&arena);
    create(BASE, RAM_BYTES, 0, true);
    uint64_t addr = alloc(100, "ring");
    ck_assert(all_bytes_are(arena_host(&arena, addr), 100, 0));
    ck_assert(all_bytes_are(arena_host(&arena, addr + 100), PAGE - 100, ARENA_POISON));
    ck_assert(arena_declare(&arena, ARENA_REGION_STACK, addr + PAGE, 2 * PAGE, "stack"));
    ck_assert(all_bytes_are(arena_host(&arena, addr + PAGE), 2 * PAGE, ARENA_POISON));
    memset(arena_host(&arena, addr + 3 * PAGE), 0x33, PAGE); /* as it was loaded */
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, addr + 3 * PAGE, PAGE, "static"));
    ck_assert(all_bytes_are(arena_host(&arena, addr + 3 * PAGE), PAGE, 0x33));
    ck_assert(all_bytes_are(arena_host(&arena, addr + 4 * PAGE), PAGE, ARENA_POISON));
    ck_assert_uint_eq(arena_first_unobserved(&arena, addr, 4 * PAGE), 4 * PAGE);
}
END_TEST

START_TEST(an_alias_is_refused_where_something_lives_and_never_allocated_over)
{
    uint8_t *pages = anonymous_pages(PAGE, 0x77);
    ck_assert(!arena_map_alias(&arena, ring, pages, PAGE));
    ck_assert(!arena_map_alias(&arena, BASE + RAM_BYTES, pages, PAGE));
    ck_assert(!arena_map_alias(&arena, BASE - PAGE, pages, PAGE));
    ck_assert(!arena_map_alias(&arena, gap, pages, 0));
    ck_assert_int_eq(mprotect(pages, PAGE, PROT_NONE), 0);
    ck_assert(!arena_map_alias(&arena, gap, pages, PAGE)); /* its contents cannot be read */
    ck_assert_int_eq(mprotect(pages, PAGE, PROT_READ | PROT_WRITE), 0);
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

START_TEST(reserved_pages_are_never_touched)
{
    arena_destroy(&arena);
    create(BASE, 8 * PAGE, 0, true);
    ck_assert(!arena_reserve(&arena, BASE + 8 * PAGE, PAGE));
    ck_assert(!arena_reserve(&arena, BASE, 0));
    ck_assert(arena_reserve(&arena, BASE + 5 * PAGE, PAGE));
    ck_assert(!arena_reserve(&arena, BASE + 4 * PAGE, 2 * PAGE));
    ck_assert_int_eq(mprotect(arena_host(&arena, BASE + 5 * PAGE), PAGE, PROT_NONE), 0);
    for (uint32_t run = 0; run < 2; run++) {
        ck_assert_uint_eq(alloc(3 * PAGE, "three"), BASE);
        ck_assert_uint_eq(alloc(3 * PAGE, "no room"), 0);
        ck_assert_uint_eq(alloc(2 * PAGE, "two"), BASE + 3 * PAGE);
        ck_assert_uint_eq(alloc(PAGE, "behind"), BASE + 6 * PAGE);
        ck_assert_uint_eq(alloc(PAGE, "last"), BASE + 7 * PAGE);
        ck_assert_uint_eq(alloc(PAGE, "none"), 0);
        ck_assert_uint_eq(arena_check(&arena, BASE + 5 * PAGE, 1), ARENA_FAULT_NOT_DMA);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(reset_forgets_regions_and_clears_ram_but_not_aliases)
{
    uint8_t *pages = anonymous_pages(PAGE, 0x77);
    uint64_t alias = BASE + RAM_BYTES / 2;
    ck_assert(arena_map_alias(&arena, alias, pages, PAGE));
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, alias, PAGE, "static"));
    ck_assert(arena_declare(&arena, ARENA_REGION_STATIC, gap + 16, 32, "few bytes"));
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
    tcase_add_test(creation, memory_that_was_kept_is_as_new);
    tcase_add_test(creation, memory_that_was_kept_is_not_shared_with_a_child);
    tcase_add_test(creation, identity_mapping_is_at_the_physical_address_or_says_why_not);
    tcase_add_test(creation, identity_mapping_leaves_a_hole_for_what_is_loaded_there);
    tcase_add_test(creation, mapping_at_an_offset_leaves_a_hole_too);
    tcase_add_loop_test(creation, ram_that_cannot_be_is_refused_with_a_sentence, 0,
                        (int)COUNT(impossible));
    suite_add_tcase(suite, creation);
    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, setup, teardown);
    tcase_add_test(memory, ram_is_a_file_that_another_mapping_shares);
    tcase_add_test(memory, an_alias_shows_the_same_bytes_at_two_places);
    tcase_add_test(memory, a_low_alias_is_recognised_as_a_pointer);
    tcase_add_test(memory, a_large_region_is_zeroed_too);
    tcase_add_test(memory, reserved_pages_are_never_touched);
    tcase_add_test(memory, poison_fills_padding_and_stacks_but_no_promised_zeros);
    suite_add_tcase(suite, memory);
    TCase *regions = tcase_create("regions");
    tcase_add_checked_fixture(regions, setup_regions, teardown);
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
