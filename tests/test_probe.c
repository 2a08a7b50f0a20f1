/*
 * The compiler is the probe: every access of a driver is seen exactly once, in order, with its
 * value and its source line, for both compilers, optimised and not. RINGSIDE_SUBJECTS names the
 * objects.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"
#include "scenario.h"
#include "source.h"
#include "world.h"

#define EVENTS_MAX 4096u
#define SUBJECT_C  RINGSIDE_SOURCE_DIR "/tests/probe/subject.c"

struct seen {
    struct event event;
    uint8_t bytes[64];
    char text[64]; /* of a barrier instruction */
    unsigned line;
};

static struct seen seen[EVENTS_MAX];
static size_t seen_count;
static struct world_outcome outcome;

static const char *const variants[] = {"gcc-O0", "gcc-O2", "clang-O0", "clang-O2"};

static void keep(void *context, const struct event *event, const struct world_sight *sight)
{
    (void)sight;
    struct source_place place;
    struct seen *here = &seen[seen_count];

    (void)context;
    if (event->pc == 0 || seen_count == EVENTS_MAX)
        return;
    memset(here, 0, sizeof *here);
    here->event = *event;
    if (event->kind == EVENT_BARRIER && event->bytes != NULL)
        strncpy(here->text, (const char *)event->bytes, sizeof here->text - 1);
    else if (event->bytes != NULL)
        memcpy(here->bytes, event->bytes, event->width_bytes < 64 ? event->width_bytes : 64);
    ck_assert_msg(source_find(event->pc, &place), "no source line for an event");
    here->line = place.line;
    seen_count++;
}

/* The line of subject.c that carries a mark. */
static unsigned line_of(const char *mark)
{
    char wanted[64];
    char line[512];
    unsigned number = 0;
    FILE *file = fopen(SUBJECT_C, "r");

    ck_assert_ptr_nonnull(file);
    snprintf(wanted, sizeof wanted, "/* @%s */", mark);
    while (fgets(line, sizeof line, file) != NULL) {
        number++;
        if (strstr(line, wanted) != NULL) {
            fclose(file);
            return number;
        }
    }
    ck_abort_msg("no mark @%s", mark);
}

static void run(const char *variant, const char *calls, bool guard)
{
    char text[512];
    char path[512];
    struct world_options options = {
        .driver_path = path, .guard = guard, .check_stores = true, .rules = true, .reader_count = 1,
                                    .reader = {{keep, NULL}}};
    struct scenario *scenario;
    const char *error;

    snprintf(path, sizeof path, "%s/drivers/subject-%s.so", RINGSIDE_BINARY_DIR, variant);
    snprintf(text, sizeof text, "device gpu\ndriver subject\ncall init -> OK\n%s\n", calls);
    scenario = scenario_parse("probe.scn", text, stderr);
    ck_assert_ptr_nonnull(scenario);
    seen_count = 0;
    world_outcome_free(&outcome);
    error = world_run(scenario, &options, &outcome);
    ck_assert_msg(error == NULL, "%s", error);
    for (size_t i = 0; i < outcome.call_count; i++)
        ck_assert_msg(outcome.call[i].result == SUITE_OK, "%s: call %zu of `%s` gave %d", variant,
                      i, calls, outcome.call[i].result);
    scenario_free(scenario);
}

struct expected {
    const char *mark;
    enum event_kind kind;
    uint32_t width_bytes;
    uint64_t value;
};

/* The events on marked lines are exactly those expected: none missing, none twice, none moved. */
static void check_events(const char *variant, const struct expected *expected, size_t count)
{
    size_t next = 0;

    for (size_t i = 0; i < seen_count; i++) {
        const struct event *event = &seen[i].event;
        if (event->kind == EVENT_ALLOC || event->kind == EVENT_UNOBSERVED)
            continue;
        ck_assert_msg(next < count, "%s: an event too many, line %u", variant, seen[i].line);
        const struct expected *want = &expected[next++];
        ck_assert_msg(seen[i].line == line_of(want->mark), "%s: line %u instead of %u (@%s)",
                      variant, seen[i].line, line_of(want->mark), want->mark);
        ck_assert_msg(event->kind == want->kind, "%s @%s: kind %u", variant, want->mark,
                      event->kind);
        ck_assert_msg(event->width_bytes == want->width_bytes, "%s @%s: %u bytes wide", variant,
                      want->mark, event->width_bytes);
        ck_assert_msg(event->value == want->value, "%s @%s: value 0x%llx", variant, want->mark,
                      (unsigned long long)event->value);
    }
    ck_assert_msg(next == count, "%s: @%s was not seen", variant, expected[next].mark);
}

#define EACH_VARIANT(i)       for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
#define CHECK(variant, table) check_events(variant, table, sizeof(table) / sizeof((table)[0]))

START_TEST(register_accesses_of_every_width_are_seen_once_in_order)
{
    static const struct expected expected[] = {
        {"magic", EVENT_READ, 4, 0x74726976},  {"device-id", EVENT_READ, 4, 16},
        {"status-0", EVENT_WRITE, 4, 0},       {"status-1", EVENT_WRITE, 4, 1},
        {"status-1-again", EVENT_WRITE, 4, 1}, {"status-read", EVENT_READ, 4, 1},
        {"config-8", EVENT_READ, 1, 1},        {"config-16", EVENT_READ, 2, 1},
        {"config-64", EVENT_READ, 8, 1},       {"config-w8", EVENT_WRITE, 1, 1},
        {"config-w16", EVENT_WRITE, 2, 1},     {"config-w64", EVENT_WRITE, 8, 7},
    };

    EACH_VARIANT(i)
    {
        run(variants[i], "call registers", true);
        CHECK(variants[i], expected);
        run(variants[i], "call registers", false);
        CHECK(variants[i], expected);
    }
}
END_TEST

START_TEST(plain_and_volatile_memory_accesses_are_seen_with_their_values)
{
    static const struct expected expected[] = {
        {"store-8", EVENT_STORE, 1, 0x11},
        {"store-16", EVENT_STORE, 2, 0x2222},
        {"store-32", EVENT_STORE, 4, 0x33333333},
        {"store-64", EVENT_STORE, 8, 0x4444444444444444},
        {"store-equal", EVENT_STORE, 4, 0x33333333},
        {"load-16", EVENT_LOAD, 2, 0x2222},
        {"load-64", EVENT_LOAD, 8, 0x4444444444444444},
    };

    EACH_VARIANT(i)
    {
        run(variants[i], "call plain", true);
        CHECK(variants[i], expected);
    }
}
END_TEST

START_TEST(a_store_is_told_before_the_load_that_follows_it)
{
    static const struct expected expected[] = {
        {"turn-store", EVENT_STORE, 8, 7}, {"turn-load", EVENT_LOAD, 8, 0},
        {"turn-store", EVENT_STORE, 8, 8}, {"turn-load", EVENT_LOAD, 8, 0},
        {"turn-store", EVENT_STORE, 8, 9}, {"turn-load", EVENT_LOAD, 8, 0},
    };

    EACH_VARIANT(i)
    {
        run(variants[i], "call turns 3", true);
        CHECK(variants[i], expected);
    }
}
END_TEST

START_TEST(the_clock_does_not_go_back_to_a_deadline_that_has_passed)
{
    run("gcc-O2", "call past", true);
}
END_TEST

START_TEST(registers_copied_together_are_read_one_by_one)
{
    static const struct expected expected[] = {
        {"copy-registers", EVENT_READ, 4, 0x74726976},
        {"copy-registers", EVENT_READ, 4, 2},
        {"copy-registers", EVENT_READ, 4, 16},
        {"copy-registers", EVENT_READ, 4, SIM_VENDOR_ID},
        {"other-slot", EVENT_WRITE, 4, 0},
    };

    EACH_VARIANT(i)
    {
        run(variants[i], "call neighbours", true);
        CHECK(variants[i], expected);
        for (size_t k = 0; k < seen_count; k++) {
            const struct event *event = &seen[k].event;
            bool other = event->kind == EVENT_WRITE;
            if (event->kind != EVENT_READ && !other)
                continue;
            ck_assert_uint_eq(event->slot, other ? 3 : 31);
            ck_assert((event->flags & EVENT_OTHER_SLOT) == (other ? EVENT_OTHER_SLOT : 0));
        }
    }
}
END_TEST

/* Compilers differ in how they tell a structure copy: bytes and lines must agree, pieces may not.
 */
START_TEST(structure_copies_and_packed_fields_are_seen_whole)
{
    EACH_VARIANT(i)
    {
        uint8_t copied[16] = {0};
        unsigned times[16] = {0};
        uint32_t packed = 0;
        uint32_t packed_volatile = 0;

        run(variants[i], "call structures", true);
        for (size_t k = 0; k < seen_count; k++) {
            const struct event *event = &seen[k].event;
            if (event->kind != EVENT_STORE)
                continue;
            uint32_t offset = (uint32_t)(event->addr & 0xfff);
            if (offset >= 0x40 && offset < 0x50) {
                ck_assert_uint_eq(seen[k].line, line_of("struct-copy"));
                ck_assert_uint_le(offset - 0x40 + event->width_bytes, 16);
                for (uint32_t b = 0; b < event->width_bytes; b++)
                    times[offset - 0x40 + b]++;
                memcpy(copied + offset - 0x40, seen[k].bytes, event->width_bytes);
            } else if (offset == 0x62) {
                ck_assert_uint_eq(seen[k].line, line_of("packed"));
                ck_assert_uint_eq(event->width_bytes, 4);
                ck_assert_uint_eq(event->value, 0x55667788);
                packed++;
            } else {
                ck_assert_uint_eq(offset, 0x76);
                ck_assert_uint_eq(seen[k].line, line_of("packed-volatile"));
                ck_assert_uint_eq(event->value, 0x99);
                packed_volatile++;
            }
        }
        for (uint8_t b = 0; b < 16; b++) {
            ck_assert_msg(times[b] == 1, "%s: byte %u stored %u times", variants[i], b, times[b]);
            ck_assert_uint_eq(copied[b], b + 1);
        }
        ck_assert_uint_eq(packed, 1);
        ck_assert_uint_eq(packed_volatile, 1);
    }
}
END_TEST

START_TEST(atomics_are_seen_once_with_old_and_new_value)
{
    static const struct expected expected[] = {
        {"atomic-store", EVENT_STORE, 4, 5}, {"atomic-load", EVENT_LOAD, 4, 5},
        {"exchange", EVENT_UPDATE, 4, 6},    {"cas", EVENT_UPDATE, 4, 7},
        {"fetch-add", EVENT_UPDATE, 2, 3},   {"fetch-or", EVENT_UPDATE, 8, 0x10},
        {"atomic-reg", EVENT_WRITE, 4, 0},
    };
    static const uint64_t old[] = {5, 6, 0, 0};

    EACH_VARIANT(i)
    {
        size_t update = 0;
        run(variants[i], "call atomics", true);
        CHECK(variants[i], expected);
        for (size_t k = 0; k < seen_count; k++) {
            if (seen[k].event.kind == EVENT_UPDATE)
                ck_assert_uint_eq(seen[k].event.extra, old[update++]);
            if (seen[k].event.kind == EVENT_STORE)
                ck_assert_uint_eq(seen[k].event.flags, EVENT_ATOMIC | EVENT_RELEASE);
            if (seen[k].event.kind == EVENT_LOAD)
                ck_assert_uint_eq(seen[k].event.flags, EVENT_ATOMIC | EVENT_ACQUIRE);
        }
        ck_assert_uint_eq(update, 4);
    }
}
END_TEST

START_TEST(memory_functions_are_seen_as_ranges)
{
    static const struct expected expected[] = {
        {"memset", EVENT_STORE, 32, 0x5a5a5a5a5a5a5a5a},
        {"memcpy", EVENT_STORE, 24, 0x742d79746e657774}, /* "twenty-t" */
        {"memmove", EVENT_LOAD, 8, 0x742d79746e657774},
        {"memmove", EVENT_STORE, 8, 0x742d79746e657774},
    };

    EACH_VARIANT(i)
    {
        run(variants[i], "call memory", true);
        CHECK(variants[i], expected);
        ck_assert_mem_eq(seen[2].bytes, "twenty-three characters", 24);
    }
}
END_TEST

START_TEST(fences_and_foreign_barrier_instructions_are_seen_as_what_they_are)
{
    static const struct expected expected[] = {
        {"fence-full", EVENT_BARRIER, 0, EVENT_BARRIER_FULL},
        {"between-1", EVENT_STORE, 1, 1},
        {"fence-release", EVENT_BARRIER, 0, EVENT_BARRIER_RELEASE},
        {"between-2", EVENT_STORE, 1, 2},
        {"fence-acquire", EVENT_BARRIER, 0, EVENT_BARRIER_LOAD},
        {"dsb", EVENT_BARRIER, 0, EVENT_BARRIER_SYNC},
        {"dmb-st", EVENT_BARRIER, 0, EVENT_BARRIER_STORE},
        {"dmb-ld", EVENT_BARRIER, 0, EVENT_BARRIER_LOAD},
        {"isb", EVENT_BARRIER, 0, EVENT_BARRIER_INSTRUCTION},
        {"fence-rw", EVENT_BARRIER, 0, EVENT_BARRIER_FULL},
        {"fence-w", EVENT_BARRIER, 0, EVENT_BARRIER_STORE},
        {"fence-all", EVENT_BARRIER, 0, EVENT_BARRIER_FULL},
        {"fence-i", EVENT_BARRIER, 0, EVENT_BARRIER_INSTRUCTION},
        {"mfence", EVENT_BARRIER, 0, EVENT_BARRIER_FULL},
    };

    EACH_VARIANT(i)
    {
        run(variants[i], "call barriers", true);
        CHECK(variants[i], expected);
        for (size_t k = 0; k < seen_count; k++) {
            if (seen[k].line == line_of("dmb-st"))
                ck_assert_str_eq(seen[k].text, "dmb ishst");
        }
    }
}
END_TEST

START_TEST(foreign_instructions_keep_every_register)
{
    uint64_t sum = 12345;
    double half = 12345.0 / 2;

    for (uint64_t i = 1; i <= 100; i++) {
        sum += i * i;
        sum ^= i << 7;
        half += 0.25;
    }
    EACH_VARIANT(i)
    {
        unsigned stores = 0;
        run(variants[i], "call survive 12345", true);
        for (size_t k = 0; k < seen_count; k++) {
            if (seen[k].event.kind != EVENT_STORE)
                continue;
            ck_assert_uint_eq(seen[k].event.value,
                              seen[k].line == line_of("sum") ? sum : (uint64_t)half);
            stores++;
        }
        ck_assert_uint_eq(stores, 2);
    }
}
END_TEST

static bool found(const char *id, const char *mark)
{
    for (uint32_t i = 0; i < outcome.findings.count; i++) {
        const struct finding *finding = &outcome.findings.item[i];
        struct source_place place;
        if (strcmp(finding->rule->id, id) != 0)
            continue;
        if (mark == NULL)
            return true;
        ck_assert(source_find(finding->at.event.pc, &place));
        return place.line == line_of(mark);
    }
    return false;
}

/* The access goes through all the same: the driver reads the register's value, the device gets the
 * write. */
START_TEST(an_unobserved_access_to_the_window_is_caught_by_address_and_place)
{
    EACH_VARIANT(i)
    {
        run(variants[i], "call hidden 0", true);
        ck_assert(found("RS-UNOBSERVED-ACCESS", "hidden-read"));
        run(variants[i], "call hidden 1", true);
        ck_assert(found("RS-UNOBSERVED-ACCESS", "hidden-write"));
        ck_assert_uint_eq(outcome.findings.item[0].at.event.addr, 0x70);
        run(variants[i], "call plain", true);
        ck_assert_uint_eq(outcome.findings.count, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probe");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, register_accesses_of_every_width_are_seen_once_in_order);
    tcase_add_test(cases, plain_and_volatile_memory_accesses_are_seen_with_their_values);
    tcase_add_test(cases, a_store_is_told_before_the_load_that_follows_it);
    tcase_add_test(cases, registers_copied_together_are_read_one_by_one);
    tcase_add_test(cases, the_clock_does_not_go_back_to_a_deadline_that_has_passed);
    tcase_add_test(cases, structure_copies_and_packed_fields_are_seen_whole);
    tcase_add_test(cases, atomics_are_seen_once_with_old_and_new_value);
    tcase_add_test(cases, memory_functions_are_seen_as_ranges);
    tcase_add_test(cases, fences_and_foreign_barrier_instructions_are_seen_as_what_they_are);
    tcase_add_test(cases, foreign_instructions_keep_every_register);
    tcase_add_test(cases, an_unobserved_access_to_the_window_is_caught_by_address_and_place);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
