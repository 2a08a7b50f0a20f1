/*
 * Machines: where registers, memory and the driver's own pointers lie, and what is said when they
 * cannot lie there.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ringside_asan.h"
#include "rng.h"
#include "rule.h"
#include "scenario.h"
#include "source.h"
#include "world.h"

#ifdef RINGSIDE_HAS_ASAN
#define HAS_ASAN true
#else
#define HAS_ASAN false
#endif

static struct world_outcome outcome;

static const char *run(const char *driver, const char *text)
{
    char path[512];
    struct world_options options = {.driver_path = path,
                                    .guard = true,
                                    .check_stores = true,
                                    .rules = true};
    struct scenario *scenario = scenario_parse("machine.scn", text, stderr);
    const char *error;

    ck_assert_ptr_nonnull(scenario);
    snprintf(path, sizeof path, "%s/drivers/%s.so", RINGSIDE_BINARY_DIR, driver);
    world_outcome_free(&outcome);
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

static void check_as_expected(const char *driver, const char *text)
{
    const char *error = run(driver, text);

    ck_assert_msg(error == NULL, "%s", error);
    for (size_t i = 0; i < outcome.failure_count; i++)
        ck_abort_msg("%s\nline %u: %s", text, outcome.failure[i].line, outcome.failure[i].text);
}

/* ---- registers ---- */

static const struct {
    const char *line;
    uint64_t base;
    uint32_t stride, slots;
} machines[] = {
    {"machine virt-aarch64", 0x0a000000, 0x200, 32},
    {"machine virt-arm", 0x0a000000, 0x200, 32},
    {"machine virt-riscv", 0x10001000, 0x1000, 8},
    {"machine microvm", 0xfeb00000, 0x200, 24},
    {"machine virt-m68k", 0xff010000, 0x200, 128},
    {"machine base 0x1c130000 slots 1", 0x1c130000, 0x200, 1},
    {"machine base 0x1c130200 stride 0x10000 slots 3", 0x1c130200, 0x10000, 3},
    {"machine virt-riscv base 0x20000e00 slots 2", 0x20000e00, 0x1000, 2},
    {"machine base 0x80000000000 slots 128", 0x80000000000, 0x200, 128},
};

/* The first slot, the last one, and the one behind it, with a device in the last. */
START_TEST(registers_are_mapped_late_wherever_the_machine_has_them)
{
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        unsigned last = machines[i].slots - 1;
        unsigned long long base = machines[i].base, stride = machines[i].stride;
        char text[1024];
        snprintf(text, sizeof text,
                 "%s\ndevice rng slot %u\ndriver machine_facts\n"
                 "call slot 0x%llx %u -> OK\ncall slot 0x%llx 4 -> OK\n"
                 "call map 0x%llx 0x%llx -> OK\n"
                 "call slot 0x%llx 0 -> NO_DEVICE\ncall slot 0x%llx 0 -> NO_DEVICE\n"
                 "call map 0x%llx 0x%llx -> NO_DEVICE\ncall map 0 0x200 -> NO_DEVICE\n"
                 "call map 0xffffffffffffff00 0x200 -> NO_DEVICE\n",
                 machines[i].line, last, base, last == 0 ? 4 : 0, base + last * stride, base,
                 machines[i].slots * stride, base + (last + 1) * stride, base - 0x200, base,
                 machines[i].slots * stride + 4);
        check_as_expected("machine_facts", text);
        ck_assert_ptr_nonnull(finding("RS-NO-WINDOW"));
        ck_assert_int_eq(finding("RS-NO-WINDOW")->level, FINDING_NOTE);
    }
}
END_TEST

START_TEST(a_window_that_is_not_there_is_told_with_those_that_are)
{
    check_as_expected("machine_facts", "machine virt-riscv\ndevice rng\ndriver machine_facts\n"
                                       "call slot 0x0a000000 0 -> NO_DEVICE\n");
    const struct finding *no_window = finding("RS-NO-WINDOW");
    ck_assert_ptr_nonnull(no_window);
    ck_assert_ptr_nonnull(strstr(no_window->text, "0xa000000"));
    ck_assert_ptr_nonnull(strstr(no_window->at.label, "virt-riscv"));
    ck_assert_ptr_nonnull(strstr(no_window->at.label, "0x10001000 to 0x10008fff"));
    check_as_expected("machine_facts", "machine virt-riscv\ndevice rng\ndriver machine_facts\n"
                                       "call slot 0x10001000 4 -> OK\n");
    ck_assert_ptr_null(finding("RS-NO-WINDOW"));
}
END_TEST

START_TEST(the_device_sits_in_the_slot_that_the_machine_or_the_scenario_says)
{
    check_as_expected("machine_facts",
                      "machine virt-riscv\ndevice rng\ndriver machine_facts\n"
                      "call slot 0x10001000 4 -> OK\ncall slot 0x10002000 0 -> OK\n"
                      "read slot1.DeviceID -> 0\nread DeviceID -> 4\n");
    check_as_expected("machine_facts",
                      "machine virt-riscv\ndevice rng slot 7\ndriver machine_facts\n"
                      "call slot 0x10001000 0 -> OK\ncall slot 0x10008000 4 -> OK\n"
                      "read slot0.DeviceID -> 0\nread DeviceID -> 4\n");
}
END_TEST

START_TEST(the_device_tree_is_that_of_the_machine)
{
    check_as_expected("machine_facts", "machine virt-riscv\ndevice rng\ndriver machine_facts\n"
                                       "call tree 0x10004000 -> OK\ncall tree 0x80000000 -> OK\n"
                                       "call tree 0x0a000200 -> BAD_DEVICE\n");
    check_as_expected("machine_facts", "machine base 0x1c130000 slots 2\ndevice rng\n"
                                       "driver machine_facts\nmemory base 0x60000000\n"
                                       "call tree 0x1c130200 -> OK\ncall tree 0x60000000 -> OK\n"
                                       "call tree 0x1c130400 -> BAD_DEVICE\n");
}
END_TEST

/* ---- memory ---- */

/* RAM and registers at their physical addresses, or that much higher; machines by turns. */
START_TEST(pointers_are_physical_addresses_or_a_fixed_distance_from_them)
{
    static const struct {
        const char *line, *memory;
        uint64_t registers, ram;
        bool with_asan; /* can it be had there? */
    } cases[] = {
        {"machine virt-aarch64", "identity", 0x0a003e00, 0x40000000, true},
        {"machine virt-arm", "identity", 0x0a003e00, 0x40000000, true},
        {"machine virt-riscv", "identity", 0x10001000, 0x80000000, false},
        {"machine virt-riscv", "base 0x40000000 identity", 0x10001000, 0x40000000, true},
        {"machine microvm", "identity", 0xfeb02e00, 0x00100000, false},
        {"machine virt-m68k", "base 0x00010000 identity", 0xff010000, 0x00010000, false},
        {"machine base 0x1c130200 slots 1", "identity", 0x1c130200, 0x40000000, true},
        {"machine virt-aarch64", "offset 0x300000000000", 0x30000a003e00, 0x300040000000, true},
        {"machine virt-riscv", "offset 0x400000000", 0x410001000, 0x480000000, false},
        {"machine virt-m68k", "offset 0x300000000000", 0x3000ff010000, 0x300000000000, true},
        {"machine virt-riscv", "offset 0x600000000000", 0x600010001000, 0x600080000000, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        if (HAS_ASAN && !cases[i].with_asan)
            continue;
        snprintf(text, sizeof text,
                 "%s\ndevice rng\ndriver machine_facts\nmemory %s\n"
                 "call word 0x%llx 0x74726976 -> OK\ncall word 0x%llx 4 -> OK\n"
                 "call word 0x%llx 0 -> OK\n",
                 cases[i].line, cases[i].memory, (unsigned long long)cases[i].registers,
                 (unsigned long long)cases[i].registers + 8, (unsigned long long)cases[i].ram);
        for (unsigned again = 0; again < 2; again++)
            check_as_expected("machine_facts", text);
    }
}
END_TEST

START_TEST(what_the_host_has_taken_is_one_line_with_the_way_round)
{
    const char *error;

    if (HAS_ASAN) {
        error = run("machine_facts", "machine virt-riscv\ndevice rng\ndriver machine_facts\n"
                                     "memory identity\ncall word 0 0 -> ...\n");
        ck_assert_ptr_nonnull(error);
        ck_assert_ptr_nonnull(strstr(error, "0x80000000 to 0x83ffffff"));
        ck_assert_ptr_nonnull(strstr(error, "use a build of ringside without it"));
        return;
    }
    /* The driver's own object lies there. */
    error = run("hobby_rng", "machine virt-riscv\ndevice rng\ndriver x\n"
                             "memory base 0x82001000 size 64KiB identity\ncall init -> ...\n");
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error, "0x82001000 to 0x82010fff"));
    ck_assert_ptr_nonnull(strstr(error, "memory base"));
    ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(an_object_outside_ram_cannot_have_its_pointers_taken_for_addresses)
{
    const char *error = run("machine_facts", "device rng\ndriver machine_facts\n"
                                             "memory identity static-dma\ncall tree 1 -> ...\n");
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error, "outside RAM"));
    ck_assert_ptr_nonnull(strstr(error, "TEXT_SEGMENT 0x42000000"));
    error = run("machine_facts", "machine virt-arm\ndevice rng\ndriver machine_facts\n"
                                 "memory offset 0x300000000000 static-dma\ncall tree 1 -> ...\n");
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error, "TEXT_SEGMENT 0x300042000000"));
}
END_TEST

START_TEST(memory_that_nobody_was_promised_zeros_of_is_poisoned_on_request)
{
    check_as_expected("machine_facts",
                      "device rng\ndriver machine_facts\nmemory poison identity\n"
                      "call word 0x40100000 0xa5a5a5a5 -> OK\ncall stack 0xa5 -> OK\n"
                      "call padding 100 0xa5 -> OK\ncall padding 4096 0 -> OK\n");
    check_as_expected("machine_facts",
                      "device rng\ndriver machine_facts\nmemory poison identity stack-dma\n"
                      "call word 0x40100000 0xa5a5a5a5 -> OK\ncall stack 0xa5 -> OK\n");
    check_as_expected("machine_facts", "device rng\ndriver machine_facts\nmemory identity\n"
                                       "call word 0x40100000 0 -> OK\ncall stack 0 -> OK\n"
                                       "call padding 100 0 -> OK\n");
}
END_TEST

/* A driver of one machine runs scenarios that name none; one that names another stands. */
START_TEST(a_drivers_table_says_which_machine_it_was_written_for)
{
    if (HAS_ASAN)
        return; /* RAM of that machine cannot lie where it is */
    check_as_expected("hobby_blk-self", "device blk disk 64KiB\ndriver x\ncall init -> OK\n"
                                        "call round-trip 1 -> OK\nread slot1.DeviceID -> 0\n");
    check_as_expected("hobby_blk-self", "machine virt-riscv\ndevice blk slot 3\ndriver x\n"
                                        "call init -> NO_DEVICE\n");
}
END_TEST

/* ---- devices of other types ---- */

START_TEST(rules_of_the_gpu_say_nothing_about_other_devices)
{
    check_as_expected("hobby_blk-arm", "machine virt-arm\ndevice blk disk 64KiB\ndriver x\n"
                                       "memory identity static-dma\ncall init -> OK\n"
                                       "call read 1 0xd15c0100 -> OK\n"
                                       "call write 64 1 -> DEVICE_ERROR\n"
                                       "call discard -> DEVICE_ERROR\n"
                                       "expect finding RS-REFUSED\n");
    for (uint32_t i = 0; i < outcome.findings.count; i++) {
        const char *id = outcome.findings.item[i].rule->id;
        ck_assert_msg(strncmp(id, "XGPU", 4) != 0 && strcmp(id, "RS-NO-SCANOUT") != 0, "%s", id);
    }
    ck_assert_uint_eq(outcome.requests, 3);
}
END_TEST

START_TEST(a_status_that_is_not_looked_at_is_told_for_a_disk_too)
{
    check_as_expected("hobby_blk-arm", "machine virt-arm\ndevice blk disk 64KiB\ndriver x\n"
                                       "memory identity static-dma\nfault response-type 1\n"
                                       "call init -> OK\ncall read 1 0 -> DEVICE_ERROR\n");
    ck_assert_ptr_null(finding("RS-RESPONSE-UNCHECKED"));
    check_as_expected("hobby_blk-arm", "machine virt-arm\ndevice blk disk 64KiB\ndriver x\n"
                                       "memory identity static-dma\nfault response-type 1\n"
                                       "call init -> OK\ncall careless 1 -> OK\n"
                                       "expect finding RS-RESPONSE-UNCHECKED\n");
    ck_assert_ptr_nonnull(strstr(finding("RS-RESPONSE-UNCHECKED")->cause.label, "IOERR"));
}
END_TEST

START_TEST(random_bytes_follow_from_the_seed)
{
    static const char text[] = "machine virt-arm\ndevice rng\ndriver x\nseed %u\n"
                               "memory identity static-dma stack-dma\ncall init -> OK\n"
                               "call get 8 0x0a003e00 %u -> OK\n"
                               "call get 8 0x0a003e00 %u -> OK\n"
                               "call get 8 0x0a003e00 256 -> DEVICE_ERROR\n";
    char seeded[512];

    for (unsigned seed = 0; seed < 4; seed++) {
        snprintf(seeded, sizeof seeded, text, seed, rng_byte(seed, 0), rng_byte(seed, 8));
        check_as_expected("machine_u32", seeded);
        ck_assert_uint_eq(outcome.requests, 3);
    }
}
END_TEST

/* ---- pointers of 32 bits ---- */

static unsigned line_of(const char *file, const char *mark)
{
    char line[512];
    unsigned number = 0;
    FILE *source = fopen(file, "r");

    ck_assert_ptr_nonnull(source);
    while (fgets(line, sizeof line, source) != NULL) {
        number++;
        if (strstr(line, mark) != NULL)
            break;
    }
    fclose(source);
    return number;
}

static const char *const ilp32[] = {"machine_ilp32-gcc", "machine_ilp32-clang", "machine_ilp32-O0"};

START_TEST(a_driver_may_have_pointers_of_32_bits)
{
    for (size_t i = 0; i < sizeof ilp32 / sizeof ilp32[0]; i++) {
        for (unsigned again = 0; again < 2; again++)
            check_as_expected(ilp32[i],
                              "machine virt-arm\ndevice rng\ndriver x way two\n"
                              "call layout -> OK\ncall tables -> OK\ncall memory 5000 -> OK\n"
                              "call tree -> OK\ncall windows -> OK\ncall option 0x74 -> OK\n"
                              "call layout 3 -> BAD_DEVICE\nexpect dma-live 0\n");
        check_as_expected(ilp32[i], "machine virt-arm\ndevice rng\ndriver x\n"
                                    "call option 0x6e -> OK\ncall tables -> OK\n");
    }
}
END_TEST

START_TEST(an_option_of_such_a_driver_is_refused_as_any)
{
    const char *error = run("machine_ilp32-gcc", "machine virt-arm\ndevice rng\n"
                                                 "driver machine_ilp32 way three\n"
                                                 "call layout -> OK\n");
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error, "no such value for option `way`: `three`"));
    error = run("machine_ilp32-gcc", "machine virt-arm\ndevice rng\n"
                                     "driver machine_ilp32 wax two\ncall layout -> OK\n");
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error, "did you mean way"));
}
END_TEST

START_TEST(a_finding_has_the_source_line_of_such_a_driver)
{
    static const char file[] = "tests/drivers/machine_ilp32.c";
    unsigned line = line_of(RINGSIDE_SOURCE_DIR "/tests/drivers/machine_ilp32.c", "/* @break */");

    for (size_t i = 0; i < sizeof ilp32 / sizeof ilp32[0]; i++) {
        struct source_place place;
        const char *error = run(ilp32[i], "machine virt-arm\ndevice rng\ndriver x\n"
                                          "call break 1 -> ...\ncall tables -> OK\n");
        ck_assert_ptr_null(error);
        ck_assert_int_eq(outcome.call[0].crash, WORLD_CRASH_SEGV);
        ck_assert_int_eq(outcome.call[1].result, SUITE_OK);
        ck_assert_ptr_nonnull(finding("RS-CRASH"));
        ck_assert_msg(source_find(finding("RS-CRASH")->at.event.pc, &place), "%s", ilp32[i]);
        ck_assert_str_eq(place.file, file);
        ck_assert_uint_eq(place.line, line);
        ck_assert_str_eq(place.function, "crash");
    }
}
END_TEST

/* Event by event: only what the compiler makes of 32-bit pointers may differ, and nothing does. */
START_TEST(a_driver_does_the_same_with_pointers_of_32_bits)
{
    static const char text[] =
        "device gpu version %d\ndriver rcore\ncall init -> OK\ncall get_display_info -> OK\n"
        "call show 64 48 -> OK\n";
    for (int version = 1; version <= 2; version++) {
        char one[512];
        uint64_t steps, requests;
        snprintf(one, sizeof one, text, version);
        check_as_expected("rcore", one);
        steps = outcome.steps;
        requests = outcome.requests;
        check_as_expected("rcore-ilp32", one);
        ck_assert_uint_eq(outcome.steps, steps);
        ck_assert_uint_eq(outcome.requests, requests);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("machine");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(cases, 100);
    tcase_add_test(cases, registers_are_mapped_late_wherever_the_machine_has_them);
    tcase_add_test(cases, a_window_that_is_not_there_is_told_with_those_that_are);
    tcase_add_test(cases, the_device_sits_in_the_slot_that_the_machine_or_the_scenario_says);
    tcase_add_test(cases, the_device_tree_is_that_of_the_machine);
    tcase_add_test(cases, pointers_are_physical_addresses_or_a_fixed_distance_from_them);
    tcase_add_test(cases, what_the_host_has_taken_is_one_line_with_the_way_round);
    tcase_add_test(cases, an_object_outside_ram_cannot_have_its_pointers_taken_for_addresses);
    tcase_add_test(cases, memory_that_nobody_was_promised_zeros_of_is_poisoned_on_request);
    tcase_add_test(cases, a_drivers_table_says_which_machine_it_was_written_for);
    tcase_add_test(cases, rules_of_the_gpu_say_nothing_about_other_devices);
    tcase_add_test(cases, a_status_that_is_not_looked_at_is_told_for_a_disk_too);
    tcase_add_test(cases, random_bytes_follow_from_the_seed);
    tcase_add_test(cases, a_driver_may_have_pointers_of_32_bits);
    tcase_add_test(cases, an_option_of_such_a_driver_is_refused_as_any);
    tcase_add_test(cases, a_finding_has_the_source_line_of_such_a_driver);
    tcase_add_test(cases, a_driver_does_the_same_with_pointers_of_32_bits);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
