/*
 * Drivers in the styles in which hobby kernels, RTOSes and firmware write theirs, unchanged: each
 * brings a picture to the screen, in every build and with every kind of device, and none is
 * accused of anything. And what a driver lacks is told in one line.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "ringside_asan.h"
#include "rule.h"
#include "scenario.h"
#include "symbols.h"
#include "world.h"

static struct world_outcome outcome;
static unsigned narrow, status_reads, status_writes;
static uint64_t last_status;

static const char *const builds[] = {"gcc-O0", "gcc-O2", "clang-O0", "clang-O2"};
static const char *const schedules[] = {"eager", "lazy", "random\nseed 11"};

static const struct {
    const char *name;
    unsigned version;
    bool interrupts; /* it answers the device's interrupts */
} styles[] = {
    {"teach", 2, true}, {"bare", 2, false}, {"rtos", 2, true},
    {"firmware", 2, false}, {"pc", 1, false}, {"cpp", 2, false},
};

static void look(void *context, const struct event *event, const struct world_sight *sight)
{
    (void)context;
    (void)sight;
    if (event->party != EVENT_PARTY_DRIVER || event->place != EVENT_PLACE_REGISTER ||
        (event->kind != EVENT_READ && event->kind != EVENT_WRITE))
        return;
    narrow += event->width_bytes != 4;
    if (event->addr == 0x70 && event->kind == EVENT_READ)
        status_reads++;
    if (event->addr == 0x70 && event->kind == EVENT_WRITE) {
        status_writes++;
        last_status = event->value;
    }
}

static void run(const char *object, const char *text, bool guard)
{
    char path[512];
    struct world_options options = {.driver_path = path,
                                    .guard = guard,
                                    .check_stores = true,
                                    .rules = true,
                                    .reader_count = 1,
                                    .reader = {{look, NULL}}};
    struct scenario *scenario = scenario_parse("styles.scn", text, stderr);
    const char *error;

    ck_assert_ptr_nonnull(scenario);
    snprintf(path, sizeof path, "%s/drivers/%s.so", RINGSIDE_BINARY_DIR, object);
    narrow = status_reads = status_writes = 0;
    world_outcome_free(&outcome);
    error = world_run(scenario, &options, &outcome);
    ck_assert_msg(error == NULL, "%s", error);
    scenario_free(scenario);
    for (uint32_t i = 0; i < outcome.findings.count; i++)
        ck_assert_msg(outcome.findings.item[i].level == FINDING_NOTE, "%s: %s: %s", object,
                      outcome.findings.item[i].rule->id, outcome.findings.item[i].text);
    for (size_t i = 0; i < outcome.failure_count; i++)
        ck_abort_msg("%s: %s", object, outcome.failure[i].text);
}

#define CALLS                                                                                      \
    "call init -> OK\ncall get_display_info -> OK\ncall show 61 47 -> OK\n"                        \
    "call flush 3 5 7 11 -> OK\nexpect picture test-card\nexpect stuck none\n"

START_TEST(every_style_shows_its_picture_in_every_build)
{
    for (size_t k = 0; k < sizeof builds / sizeof builds[0]; k++) {
        for (size_t s = 0; s < sizeof schedules / sizeof schedules[0]; s++) {
            char object[64], text[512];
            snprintf(object, sizeof object, "%s-%s", styles[_i].name, builds[k]);
            snprintf(text, sizeof text, "device gpu version %u\ndriver %s\nschedule %s\n" CALLS,
                     styles[_i].version, object, schedules[s]);
            run(object, text, true);
            ck_assert_uint_eq(outcome.requests, 8);
            ck_assert_uint_eq(narrow, 0);
        }
    }
}
END_TEST

/* AddressSanitizer has its own memory where that machine has its RAM. */
START_TEST(a_kernel_for_risc_v_runs_where_it_was_linked)
{
#ifdef RINGSIDE_HAS_ASAN
    return;
#endif
    for (size_t k = 0; k < 2; k++) {
        run(k == 0 ? "teach-riscv" : "teach-riscv-clang",
            "machine virt-riscv\ndevice gpu version 2\ndriver teach-riscv\n" CALLS, true);
        ck_assert_uint_eq(outcome.requests, 8);
    }
}
END_TEST

/* A handler that came while the driver holds its lock would find it held, and panic. */
START_TEST(a_masked_interrupt_waits_until_the_mask_is_opened)
{
    for (size_t k = 0; k < sizeof builds / sizeof builds[0]; k++) {
        char object[64];
        snprintf(object, sizeof object, "teach-%s", builds[k]);
        run(object, "device gpu version 2\ndriver teach\nschedule eager interrupts any\n" CALLS,
            true);
        snprintf(object, sizeof object, "rtos-%s", builds[k]);
        run(object, "device gpu version 2\ndriver rtos\nschedule eager interrupts any\n" CALLS,
            true);
    }
}
END_TEST

/* The driver has a bit-field for each status bit: 32 bits wide, a load before each store. */
START_TEST(bit_fields_in_registers_are_accesses_of_32_bits)
{
    for (size_t k = 0; k < sizeof builds / sizeof builds[0]; k++) {
        for (unsigned guard = 0; guard < 2; guard++) {
            char object[64], text[256];
            snprintf(object, sizeof object, "bare-%s", builds[k]);
            snprintf(text, sizeof text, "device gpu version 2\ndriver %s\ncall init -> OK\n",
                     object);
            run(object, text, guard != 0);
            ck_assert_uint_eq(narrow, 0);
            ck_assert_uint_eq(status_writes, 5);
            ck_assert_uint_ge(status_reads, 2);
            ck_assert_uint_eq(last_status, 15);
        }
    }
}
END_TEST

START_TEST(a_panic_ends_the_call_where_it_was_called)
{
    const struct finding *finding;
    struct scenario *scenario;
    struct world_options options = {
        .driver_path = RINGSIDE_BINARY_DIR "/drivers/teach-gcc-O2.so", .guard = true,
        .rules = true};

    scenario = scenario_parse(
        "styles.scn", "device gpu version 1\ndriver teach\ncall init -> ...\n", stderr);
    world_outcome_free(&outcome);
    ck_assert_ptr_null(world_run(scenario, &options, &outcome));
    scenario_free(scenario);
    ck_assert_int_eq(outcome.call[0].crash, WORLD_CRASH_ABORT);
    ck_assert_uint_eq(outcome.findings.count, 1);
    finding = &outcome.findings.item[0];
    ck_assert_str_eq(finding->rule->id, "RS-CRASH");
}
END_TEST

/* ---- what nobody defines ---- */

START_TEST(all_that_a_driver_lacks_is_told_in_one_line)
{
    const char *error;
    struct driver *driver = driver_load(RINGSIDE_BINARY_DIR "/drivers/lacking.so", &error);
    static const char *const parts[] = {
        "lacking.so: ", "udelay", "printk", "link the SHIMS", "x0", "inline assembly",
        "my_kernel_log", "my_kernel_panic", "give the adapter a function", "kernel_end",
    };

    ck_assert_ptr_null(driver);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(error, parts[i]) != NULL, "no `%s` in: %s", parts[i], error);
    ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(a_name_that_the_c_library_means_otherwise_is_told)
{
    const char *error;
    struct driver *driver = driver_load(RINGSIDE_BINARY_DIR "/drivers/sleeper.so", &error);

    ck_assert_ptr_null(driver);
    ck_assert_msg(strstr(error, "sleep") != NULL && strstr(error, "C library") != NULL, "%s",
                  error);
}
END_TEST

/* The list of names in symbols.c is that of the functions in ringside_shims.c. */
START_TEST(every_shim_is_suggested)
{
    FILE *names = popen("nm " RINGSIDE_BINARY_DIR "/drivers/ringside_shims.o", "r");
    char line[256], name[128], kind;
    const char *hint = symbol_hint("printk");
    unsigned count = 0;

    ck_assert_ptr_nonnull(names);
    while (fgets(line, sizeof line, names) != NULL) {
        if (sscanf(line, "%*x %c %127s", &kind, name) != 2 || kind != 'W')
            continue;
        ck_assert_msg(symbol_hint(name) == hint, "%s is not suggested", name);
        count++;
    }
    ck_assert_int_eq(pclose(names), 0);
    ck_assert_uint_gt(count, 100);
    ck_assert_ptr_ne(symbol_hint("my_function"), hint);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("styles");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(cases, 100);
    tcase_add_loop_test(cases, every_style_shows_its_picture_in_every_build, 0,
                        sizeof styles / sizeof styles[0]);
    tcase_add_test(cases, a_kernel_for_risc_v_runs_where_it_was_linked);
    tcase_add_test(cases, a_masked_interrupt_waits_until_the_mask_is_opened);
    tcase_add_test(cases, bit_fields_in_registers_are_accesses_of_32_bits);
    tcase_add_test(cases, a_panic_ends_the_call_where_it_was_called);
    tcase_add_test(cases, all_that_a_driver_lacks_is_told_in_one_line);
    tcase_add_test(cases, a_name_that_the_c_library_means_otherwise_is_told);
    tcase_add_test(cases, every_shim_is_suggested);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
