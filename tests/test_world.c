/*
 * Whole runs: where a driver's memory may lie, what a driver may do to the process, and that a run
 * is a pure function of its scenario.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"
#include "scenario.h"
#include "source.h"
#include "virtio/mmio.h"
#include "world.h"

static struct world_outcome outcome;
static uint64_t hash;

static void mix(void *context, const struct event *event, const struct world_sight *sight)
{
    (void)context;
    (void)sight;
    hash = (hash ^ event->kind) * UINT64_C(0x100000001b3);
    hash = (hash ^ event->addr) * UINT64_C(0x100000001b3);
    hash = (hash ^ event->value) * UINT64_C(0x100000001b3);
    hash = (hash ^ event->step) * UINT64_C(0x100000001b3);
}

static const char *run(const char *driver, const char *text)
{
    char path[512];
    struct world_options options = {
        .driver_path = driver != NULL ? path : NULL,
        .guard = true,
        .check_stores = true,
        .rules = true,
        .reader_count = 1,
                                    .reader = {{mix, NULL}}};
    struct scenario *scenario = scenario_parse("world.scn", text, stderr);
    const char *error;

    ck_assert_ptr_nonnull(scenario);
    if (driver != NULL)
        snprintf(path, sizeof path, "%s/drivers/%s.so", RINGSIDE_BINARY_DIR, driver);
    world_outcome_free(&outcome);
    hash = UINT64_C(0xcbf29ce484222325);
    error = world_run(scenario, &options, &outcome);
    scenario_free(scenario);
    outcome.scenario = NULL;
    return error;
}

static const struct finding *finding(const char *id)
{
    for (uint32_t i = 0; i < outcome.findings.count; i++) {
        if (strcmp(outcome.findings.item[i].rule->id, id) == 0)
            return &outcome.findings.item[i];
    }
    return NULL;
}

static void check_clean(void)
{
    for (uint32_t i = 0; i < outcome.findings.count; i++)
        ck_assert_msg(outcome.findings.item[i].level == FINDING_NOTE, "%s: %s",
                      outcome.findings.item[i].rule->id, outcome.findings.item[i].text);
    for (size_t i = 0; i < outcome.failure_count; i++)
        ck_abort_msg("line %u: %s", outcome.failure[i].line, outcome.failure[i].text);
}

/* ---- where memory lies ---- */

#define CALLS "call get_display_info -> OK\ncall get_display_info -> OK\ncall shutdown -> OK\n"

START_TEST(static_data_and_stack_are_dma_memory_when_the_scenario_says_so)
{
    ck_assert_ptr_null(run("hobby", "device gpu\ndriver hobby\nmemory static-dma stack-dma\n"
                                    "call init -> OK\n" CALLS));
    check_clean();
    ck_assert_uint_eq(outcome.requests, 2);
}
END_TEST

START_TEST(static_data_is_no_dma_memory_by_default)
{
    ck_assert_ptr_null(run("hobby", "device gpu\ndriver hobby\ncall init -> OK\n"
                                    "call get_display_info -> ...\n"));
    ck_assert_uint_eq(outcome.requests, 0);
    ck_assert_uint_ge(outcome.findings.count, 1);
}
END_TEST

START_TEST(pointers_are_physical_addresses_under_identity_mapping)
{
    ck_assert_ptr_null(run("hobby-low",
                           "device gpu\ndriver hobby\nmemory identity static-dma stack-dma\n"
                           "call init 1 -> OK\n" CALLS));
    check_clean();
    ck_assert_uint_eq(outcome.requests, 2);
}
END_TEST

START_TEST(a_pointer_given_as_a_physical_address_is_told_for_what_it_is)
{
    ck_assert_ptr_null(run("hobby", "device gpu\ndriver hobby\nmemory static-dma stack-dma\n"
                                    "call init -> OK\ncall get_display_info -> OK\n"));
    ck_assert_ptr_null(run("levitate", "device gpu version 2\ndriver levitate buffers virtual\n"
                                       "call init -> OK\ncall get_display_info -> ...\n"));
    ck_assert_ptr_nonnull(finding("RSVD-DRV-04"));
}
END_TEST

/* What a polling loop does to its own variables, which are DMA memory here, is no progress. */
START_TEST(a_driver_that_waits_in_vain_is_told_so_wherever_its_variables_lie)
{
    ck_assert_ptr_null(run("reference",
                           "device gpu\ndriver reference timeout-ms 1\n"
                           "memory static-dma stack-dma\nfault completion-lost request 2\n"
                           "call init -> OK\ncall get_display_info -> OK\n"
                           "call get_display_info -> TIMEOUT\nexpect stuck response\n"));
    check_clean();
    ck_assert(outcome.call[2].stuck);
    ck_assert(!outcome.call[1].stuck);
    ck_assert_uint_lt(outcome.steps, 10000);
}
END_TEST

START_TEST(a_lazy_device_acts_when_the_driver_polls_wherever_its_variables_lie)
{
    ck_assert_ptr_null(run("reference",
                           "device gpu\ndriver reference timeout-ms 1\n"
                           "memory static-dma stack-dma\nschedule lazy\ncall init -> OK\n"
                           "call requests 100 -> OK\ncall show 64 48 -> OK\n"
                           "expect picture test-card\nexpect stuck none\n"));
    check_clean();
}
END_TEST

/* ---- what a driver does to the process ---- */

static const struct {
    const char *call;
    enum world_crash crash;
    const char *id;
} unruly[] = {
    {"null-read 1", WORLD_CRASH_SEGV, "RS-CRASH"},
    {"null-write 1", WORLD_CRASH_SEGV, "RS-CRASH"},
    {"recurse", WORLD_CRASH_STACK, "RS-STACK"},
    {"spin-memory", WORLD_CRASH_SPIN, "RS-SPIN"},
    {"spin-dma", WORLD_CRASH_SPIN, NULL},
    {"spin-silent", WORLD_CRASH_SILENT_SPIN, "RS-SILENT-SPIN"},
    {"divide 1", WORLD_CRASH_ARITHMETIC, "RS-CRASH"},
    {"illegal", WORLD_CRASH_ILLEGAL, "RS-CRASH"},
};

static unsigned line_of(const char *mark)
{
    char line[512];
    unsigned number = 0;
    FILE *file = fopen(RINGSIDE_SOURCE_DIR "/tests/probe/unruly.c", "r");

    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        number++;
        if (strstr(line, mark) != NULL)
            break;
    }
    fclose(file);
    return number;
}

START_TEST(a_driver_that_crashes_or_spins_is_a_finding_and_not_the_end)
{
    for (size_t i = 0; i < sizeof unruly / sizeof unruly[0]; i++) {
        char text[256];
        char mark[64];
        struct source_place place;

        snprintf(text, sizeof text,
                 "device gpu\ndriver unruly\ncall %s -> ...\ncall count-runs -> OK\n",
                 unruly[i].call);
        ck_assert_ptr_null(run("unruly", text));
        ck_assert_msg(outcome.call[0].crash == unruly[i].crash, "%s: %s", unruly[i].call,
                      world_crash_text(outcome.call[0].crash));
        ck_assert_int_eq(outcome.call[0].result, -1);
        ck_assert_int_eq(outcome.call[1].result, SUITE_OK);
        if (unruly[i].id == NULL)
            continue;
        ck_assert_msg(finding(unruly[i].id) != NULL, "%s: no %s", unruly[i].call, unruly[i].id);
        ck_assert(source_find(finding(unruly[i].id)->at.event.pc, &place));
        snprintf(mark, sizeof mark, "/* @%.*s */", (int)strcspn(unruly[i].call, " "),
                 unruly[i].call);
        if (unruly[i].crash != WORLD_CRASH_STACK && unruly[i].crash != WORLD_CRASH_SPIN)
            ck_assert_msg(place.line == line_of(mark), "%s: line %u", unruly[i].call, place.line);
    }
}
END_TEST

START_TEST(static_data_is_put_back_before_every_run)
{
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_ptr_null(run("unruly", "device gpu\ndriver unruly\ncall count-runs -> OK\n"
                                         "call count-runs -> NOT_READY\n"));
        check_clean();
    }
}
END_TEST

/* ---- a run is a pure function ---- */

START_TEST(the_same_scenario_gives_the_same_events)
{
    static const char *const schedules[] = {"eager", "lazy", "random\nseed 7"};

    for (size_t i = 0; i < 3; i++) {
        char text[256];
        uint64_t first;
        snprintf(text, sizeof text,
                 "device gpu\ndriver reference\nschedule %s\ncall init -> OK\n"
                 "call get_display_info -> OK\ncall show 64 48 -> OK\ncall shutdown -> OK\n",
                 schedules[i]);
        ck_assert_ptr_null(run("reference", text));
        check_clean();
        first = hash;
        ck_assert_ptr_null(run("reference", text));
        ck_assert_uint_eq(hash, first);
    }
}
END_TEST

START_TEST(schedules_differ_and_the_outcome_does_not)
{
    uint64_t seen[20];

    for (unsigned seed = 0; seed < 20; seed++) {
        char text[256];
        snprintf(text, sizeof text,
                 "device gpu\ndriver reference\nschedule random\nseed %u\ncall init -> OK\n"
                 "call get_display_info -> OK\ncall show 64 48 -> OK\ncall shutdown -> OK\n",
                 seed);
        ck_assert_ptr_null(run("reference", text));
        check_clean();
        seen[seed] = hash;
        for (unsigned i = 0; i < seed; i++)
            ck_assert_msg(seen[i] != hash, "seeds %u and %u gave the same run", i, seed);
    }
}
END_TEST

/* ---- memory that nobody was seen to write ---- */

START_TEST(a_byte_that_the_device_reads_and_nobody_was_seen_to_store_is_reported)
{
    static const char queue[] =
        "device gpu\ndriver subject\nmemory next 0x40010000\ncall init -> OK\n%s"
        "write Status 0\nwrite Status 1\nwrite Status 3\nwrite DriverFeaturesSel 1\n"
        "write DriverFeatures 1\nwrite Status 11\nwrite QueueSel 0\nwrite QueueSize 4\n"
        "write QueueDescLow 0x40010300\nwrite QueueDescHigh 0\nwrite QueueDriverLow 0x40010400\n"
        "write QueueDriverHigh 0\nwrite QueueDeviceLow 0x40010500\nwrite QueueDeviceHigh 0\n"
        "write QueueReady 1\nwrite Status 15\nstore q0.avail.idx 1\nwrite QueueNotify 0\n";
    char text[2048];

    snprintf(text, sizeof text, queue, "call hidden 2 -> OK\n");
    ck_assert_ptr_null(run("subject-gcc-O2", text));
    ck_assert_ptr_nonnull(finding("RS-UNOBSERVED-STORE"));
    /* Nothing was seen stored close by: the finding is where the device was told. */
    ck_assert_uint_eq(finding("RS-UNOBSERVED-STORE")->at.event.addr, VIRTIO_MMIO_QueueNotify);
    ck_assert_uint_eq(finding("RS-UNOBSERVED-STORE")->cause.event.addr, 0x40010300);
    snprintf(text, sizeof text, queue, "");
    ck_assert_ptr_null(run("subject-gcc-O2", text));
    ck_assert_ptr_null(finding("RS-UNOBSERVED-STORE"));
}
END_TEST

/* ---- the scenario plays the driver ---- */

START_TEST(a_scenario_that_plays_the_driver_allocates_where_it_says)
{
    static const struct {
        const char *line;
        const char *failure; /* NULL: it is done */
        uint64_t live;
    } row[] = {
        {"alloc b 4096 at 0x40101000\n", NULL, 2},
        {"alloc b 8193 at 0x43ffd000\n", NULL, 2},
        {"alloc b 8192 at 0x43fff000\n", "this memory is taken, or does not fit into RAM", 1},
        {"alloc b 4096 at 0x40100000\n", "this memory is taken, or does not fit into RAM", 1},
        {"alloc b 8192 at 0x400ff000\n", "this memory is taken, or does not fit into RAM", 1},
        {"free a 4096 at 0x40100000\n", NULL, 0},
        {"free a 4096 at 0x40101000\n", "there is no allocation at this address", 1},
        {"free a 4096 at 0x40100000\nalloc b 4096 at 0x40100000\n", NULL, 1},
    };
    char text[256];

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        snprintf(text, sizeof text, "device gpu\nalloc a 4096 at 0x40100000\n%s", row[i].line);
        ck_assert_ptr_null(run(NULL, text));
        ck_assert_uint_eq(outcome.failure_count, row[i].failure != NULL);
        if (row[i].failure != NULL)
            ck_assert_str_eq(outcome.failure[0].text, row[i].failure);
        ck_assert_msg(outcome.live_dma == row[i].live, "%s: %llu alive", row[i].line,
                      (unsigned long long)outcome.live_dma);
    }
}
END_TEST

/* A descriptor table at the last byte of all addresses: its first field ends behind it. */
START_TEST(a_field_of_a_queue_that_is_not_in_ram_is_told)
{
    ck_assert_ptr_null(run(NULL, "device gpu version 2\nwrite QueueDescLow 0xffffffff\n"
                                 "write QueueDescHigh 0xffffffff\nwrite QueueReady 1\n"
                                 "store q0.desc[0].addr 1\n"));
    ck_assert_uint_ge(outcome.failure_count, 1);
    ck_assert_str_eq(outcome.failure[0].text,
                     "this place is not in RAM, or its queue is not live");
    ck_assert_uint_eq(outcome.failure[0].line, 5);
}
END_TEST

/* The report names the driver's write; the device's reset and the scanout's end come behind it. */
START_TEST(a_scanout_is_lost_at_the_write_that_resets_the_device)
{
    ck_assert_ptr_null(run(NULL,
                           "device gpu version 2\nbring-up driver-ok\nsend GET_DISPLAY_INFO\n"
                           "alloc fb 0x4000 at 0x41010000\n"
                           "send RESOURCE_CREATE_2D resource_id 1 format 2 width 64 height 64\n"
                           "send RESOURCE_ATTACH_BACKING resource_id 1 entry 0x41010000 0x4000\n"
                           "send SET_SCANOUT r.width 64 r.height 64 resource_id 1\n"
                           "write Status 0\n"));
    ck_assert(!outcome.scanout.info.active && outcome.scanout.info.ever_active);
    ck_assert_uint_eq(outcome.scanout.info.lost_at_step, outcome.steps - 2);
}
END_TEST

START_TEST(a_static_constructor_gets_nothing_from_the_platform_and_does_no_harm)
{
    ck_assert_ptr_null(run("early", "device gpu\ndriver early\ncall init -> OK\n"));
    check_clean();
}
END_TEST

START_TEST(a_missing_driver_is_an_error_of_the_environment)
{
    const char *error = run("no-such-driver", "device gpu\ndriver x\ncall init -> OK\n");
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error, "no-such-driver.so"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("world");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(cases, 100);
    tcase_add_test(cases, static_data_and_stack_are_dma_memory_when_the_scenario_says_so);
    tcase_add_test(cases, static_data_is_no_dma_memory_by_default);
    tcase_add_test(cases, pointers_are_physical_addresses_under_identity_mapping);
    tcase_add_test(cases, a_pointer_given_as_a_physical_address_is_told_for_what_it_is);
    tcase_add_test(cases, a_driver_that_waits_in_vain_is_told_so_wherever_its_variables_lie);
    tcase_add_test(cases, a_lazy_device_acts_when_the_driver_polls_wherever_its_variables_lie);
    tcase_add_test(cases, a_driver_that_crashes_or_spins_is_a_finding_and_not_the_end);
    tcase_add_test(cases, static_data_is_put_back_before_every_run);
    tcase_add_test(cases, the_same_scenario_gives_the_same_events);
    tcase_add_test(cases, schedules_differ_and_the_outcome_does_not);
    tcase_add_test(cases, a_byte_that_the_device_reads_and_nobody_was_seen_to_store_is_reported);
    tcase_add_test(cases, a_scenario_that_plays_the_driver_allocates_where_it_says);
    tcase_add_test(cases, a_scanout_is_lost_at_the_write_that_resets_the_device);
    tcase_add_test(cases, a_field_of_a_queue_that_is_not_in_ram_is_told);
    tcase_add_test(cases, a_static_constructor_gets_nothing_from_the_platform_and_does_no_harm);
    tcase_add_test(cases, a_missing_driver_is_an_error_of_the_environment);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
