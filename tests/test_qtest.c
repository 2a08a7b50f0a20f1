/*
 * qtest's client against answers that were prepared, and a QEMU without a running CPU against
 * itself: its registers, its RAM, its screen, its reset, its end.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "qemu.h"
#include "qtest.h"
#include "replay.h"
#include "virtio/mmio.h"

#define SLOT_ADDR UINT64_C(0x0a003e00)

/* ---- the client ---- */

/* QEMU's answers are all there beforehand; `error` is part of the message, NULL for none. */
static const struct {
    const char *answers, *error;
    uint64_t value;
} talks[] = {
    {"OK 0x0000000074726976\n", NULL, 0x74726976},
    {"OK 0x0\r\n", NULL, 0},
    {"OK\n", "answered `OK`", 0},
    {"OK 0x12 \n", "answered", 0},
    {"FAIL Unknown command\n", "answered `FAIL Unknown command`", 0},
    {"OK 0x12", "closed its qtest", 0},
    {"", "closed its qtest", 0},
};

START_TEST(answers_are_taken_or_refused)
{
    static struct qtest qtest;
    struct qtest_access access = {.addr = SLOT_ADDR, .bytes = 4};
    char sent[100] = "";
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(write(ends[1], talks[_i].answers, strlen(talks[_i].answers)),
                     (int)strlen(talks[_i].answers));
    shutdown(ends[1], SHUT_WR);
    ck_assert_ptr_null(qtest_open(&qtest, ends[0]));
    const char *error = qtest_exchange(&qtest, &access, 1);
    if (talks[_i].error) {
        ck_assert_ptr_nonnull(error);
        ck_assert_msg(strstr(error, talks[_i].error), "%s", error);
    } else {
        ck_assert_msg(!error, "%s", error);
        ck_assert_uint_eq(access.value, talks[_i].value);
        ck_assert_int_gt(read(ends[1], sent, sizeof sent - 1), 0);
        ck_assert_str_eq(sent, "readl 0xa003e00\n");
    }
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(several_accesses_are_one_exchange)
{
    static struct qtest qtest;
    struct qtest_access access[] = {
        {.addr = 0x10, .bytes = 1, .is_write = true, .value = 0xab},
        {.addr = 0x20, .bytes = 2},
        {.addr = 0x30, .bytes = 8},
    };
    const char answers[] = "OK\nOK 0x1234\nOK 0xfedcba9876543210\n";
    char sent[200] = "";
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(write(ends[1], answers, sizeof answers - 1), (int)sizeof answers - 1);
    ck_assert_ptr_null(qtest_open(&qtest, ends[0]));
    ck_assert_ptr_null(qtest_exchange(&qtest, access, 3));
    ck_assert_uint_eq(qtest.trips, 1);
    ck_assert_uint_eq(access[1].value, 0x1234);
    ck_assert_uint_eq(access[2].value, UINT64_C(0xfedcba9876543210));
    ck_assert_int_gt(read(ends[1], sent, sizeof sent - 1), 0);
    ck_assert_str_eq(sent, "writeb 0x10 0xab\nreadw 0x20\nreadq 0x30\n");
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- QEMU ---- */

static struct scenario *scenario_of(const char *device)
{
    char text[200];
    snprintf(text, sizeof text, "device gpu %s display 64x48\nread Version\n", device);
    struct scenario *scenario = scenario_parse("test.scn", text, stderr);
    ck_assert_ptr_nonnull(scenario);
    return scenario;
}

static uint64_t access_of(struct qemu *qemu, uint32_t reg, bool is_write, uint64_t value)
{
    struct qtest_access access = {SLOT_ADDR + reg, value, 4, is_write};
    const char *error = qtest_exchange(qemu_qtest(qemu), &access, 1);
    ck_assert_msg(!error, "%s", error);
    return access.value;
}

static struct qemu *obtain(const struct scenario *scenario)
{
    struct qemu *qemu;
    const char *error = qemu_obtain(scenario, &qemu);
    ck_assert_msg(!error, "%s", error);
    return qemu;
}

/* The pid of the only child. */
static pid_t only_child(void)
{
    long child = 0;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *list = fopen(path, "r");
    ck_assert_ptr_nonnull(list);
    ck_assert_int_eq(fscanf(list, "%ld", &child), 1);
    fclose(list);
    return (pid_t)child;
}

/* Without one there is nothing to test; the scenario is freed then. */
static bool there_is_no_qemu(struct scenario *scenario)
{
    const char *why;
    (void)qemu_program(scenario, &why);
    if (why != NULL)
        scenario_free(scenario);
    return why != NULL;
}

START_TEST(registers_are_those_of_the_version_that_was_asked_for)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct scenario *scenario = scenario_of(version == 1 ? "version 1" : "version 2");
        if (there_is_no_qemu(scenario))
            return;
        struct qemu *qemu = obtain(scenario);
        ck_assert_uint_eq(access_of(qemu, VIRTIO_MMIO_MagicValue, false, 0), 0x74726976);
        ck_assert_uint_eq(access_of(qemu, VIRTIO_MMIO_Version, false, 0), version);
        ck_assert_uint_eq(access_of(qemu, VIRTIO_MMIO_DeviceID, false, 0), 16);
        qemu_release(qemu, false);
        scenario_free(scenario);
    }
}
END_TEST

START_TEST(ram_is_one_file_for_both)
{
    struct scenario *scenario = scenario_of("version 2");
    if (there_is_no_qemu(scenario))
        return;
    struct qemu *qemu = obtain(scenario);
    uint64_t *ram =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, qemu_ram_fd(qemu), 0x100000);
    struct qtest_access access = {scenario->memory_base + 0x100000, 0, 8, false};

    ck_assert_ptr_ne(ram, MAP_FAILED);
    ram[0] = UINT64_C(0x1122334455667788);
    ck_assert_ptr_null(qtest_exchange(qemu_qtest(qemu), &access, 1));
    ck_assert_uint_eq(access.value, UINT64_C(0x1122334455667788));
    access = (struct qtest_access){access.addr + 8, 42, 4, true};
    ck_assert_ptr_null(qtest_exchange(qemu_qtest(qemu), &access, 1));
    ck_assert_uint_eq(ram[1], 42);
    munmap(ram, 4096);
    qemu_release(qemu, false);
    scenario_free(scenario);
}
END_TEST

START_TEST(one_that_is_kept_is_as_new)
{
    struct scenario *scenario = scenario_of("version 2");
    if (there_is_no_qemu(scenario))
        return;
    struct qemu *qemu = obtain(scenario), *again;

    access_of(qemu, VIRTIO_MMIO_Status, true, 3);
    access_of(qemu, VIRTIO_MMIO_DriverFeaturesSel, true, 1);
    ck_assert_uint_eq(access_of(qemu, VIRTIO_MMIO_Status, false, 0), 3);
    pid_t pid = only_child();
    qemu_release(qemu, true);
    again = obtain(scenario);
    ck_assert_int_eq(only_child(), pid);
    ck_assert_uint_eq(access_of(again, VIRTIO_MMIO_Status, false, 0), 0);
    qemu_release(again, true);
    qemu_end_kept();
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    ck_assert_int_eq(errno, ECHILD);
    scenario_free(scenario);
}
END_TEST

START_TEST(the_screen_is_a_placeholder_at_first)
{
    struct scenario *scenario = scenario_of("version 1");
    if (there_is_no_qemu(scenario))
        return;
    struct qemu *qemu = obtain(scenario);
    struct picture picture;
    const char *error = qemu_screen(qemu, &picture);

    ck_assert_msg(!error, "%s", error);
    ck_assert_int_eq(placeholder_recognise(&picture), REPLAY_SCREEN_NOT_INITIALIZED);
    picture_free(&picture);
    qemu_release(qemu, false);
    scenario_free(scenario);
}
END_TEST

START_TEST(a_qemu_that_dies_is_told_of)
{
    struct scenario *scenario = scenario_of("version 2");
    if (there_is_no_qemu(scenario))
        return;
    struct qemu *qemu = obtain(scenario);
    struct qtest_access access = {SLOT_ADDR, 0, 4, false};

    kill(only_child(), SIGABRT);
    const char *error = qtest_exchange(qemu_qtest(qemu), &access, 1);
    ck_assert_ptr_nonnull(error);
    error = qemu_explain(qemu, error);
    ck_assert_msg(strstr(error, "QEMU was ended by signal 6"), "%s", error);
    qemu_release(qemu, true); /* not kept, whatever is asked for */
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    scenario_free(scenario);
}
END_TEST

START_TEST(qemu_dies_with_the_process_that_started_it)
{
    struct scenario *scenario = scenario_of("version 2");
    int told[2];
    pid_t grandchild = 0;

    if (there_is_no_qemu(scenario))
        return;
    ck_assert_int_eq(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)obtain(scenario);
        grandchild = only_child();
        (void)!write(told[1], &grandchild, sizeof grandchild);
        raise(SIGKILL);
    }
    ck_assert_int_eq(read(told[0], &grandchild, sizeof grandchild), sizeof grandchild);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 500 && kill(grandchild, 0) == 0; i++) {
        char path[64], state = 'Z';
        snprintf(path, sizeof path, "/proc/%ld/stat", (long)grandchild);
        FILE *stat = fopen(path, "r");
        if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
            state = 'Z';
        if (stat)
            fclose(stat);
        if (state == 'Z')
            break; /* dead, though whoever inherited it may not have looked yet */
        ck_assert_int_lt(i, 499);
        usleep(10000);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(a_missing_program_names_its_package)
{
    struct scenario *scenario = scenario_of("version 2");
    const char *why;

    setenv("PATH", "/nowhere", 1);
    (void)qemu_program(scenario, &why);
    ck_assert_ptr_nonnull(why);
    ck_assert_str_eq(why, "qemu-system-aarch64 is not on the PATH: install the package "
                          "qemu-system-arm");
    scenario_free(scenario);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("qtest");
    TCase *client = tcase_create("client"), *qemu = tcase_create("qemu");

    tcase_add_loop_test(client, answers_are_taken_or_refused, 0,
                        (int)(sizeof talks / sizeof talks[0]));
    tcase_add_test(client, several_accesses_are_one_exchange);
    tcase_set_timeout(qemu, 60);
    tcase_add_test(qemu, registers_are_those_of_the_version_that_was_asked_for);
    tcase_add_test(qemu, ram_is_one_file_for_both);
    tcase_add_test(qemu, one_that_is_kept_is_as_new);
    tcase_add_test(qemu, the_screen_is_a_placeholder_at_first);
    tcase_add_test(qemu, a_qemu_that_dies_is_told_of);
    tcase_add_test(qemu, qemu_dies_with_the_process_that_started_it);
    tcase_add_test(qemu, a_missing_program_names_its_package);
    suite_add_tcase(suite, client);
    suite_add_tcase(suite, qemu);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
