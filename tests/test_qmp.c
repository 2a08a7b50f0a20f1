/*
 * QEMU's monitor protocol, against answers that were prepared.
 */
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "patience.h"
#include "qmp.h"

static const struct {
    const char *line;
    enum qmp_kind kind;
    const char *text;
} qmp_lines[] = {
    {"{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}", QMP_GREETING, ""},
    {"{\"return\": {}}\r", QMP_RETURN, ""},
    {"{\"return\": {}, \"id\": 7}", QMP_RETURN, ""},
    {"{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such file\"}}", QMP_ERROR,
     "no such file"},
    {"{\"error\": {\"class\": \"GenericError\"}}", QMP_ERROR, "no description"},
    {"{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"RESET\", \"data\": {}}",
     QMP_EVENT, "RESET"},
    {"", QMP_GARBAGE, ""},
    {"{", QMP_GARBAGE, ""},
    {"[]", QMP_GARBAGE, ""},
    {"42", QMP_GARBAGE, ""},
    {"{\"event\": 3}", QMP_GARBAGE, ""},
    {"{}", QMP_GARBAGE, ""},
};

START_TEST(lines_of_the_monitor_are_told_apart)
{
    char text[100];
    enum qmp_kind kind =
        qmp_classify(qmp_lines[_i].line, strlen(qmp_lines[_i].line), text, sizeof text);
    ck_assert_int_eq(kind, qmp_lines[_i].kind);
    ck_assert_str_eq(text, qmp_lines[_i].text);
}
END_TEST

#define GREETING "{\"QMP\": {}}\r\n"
#define RETURN   "{\"return\": {}}\r\n"
#define EVENT    "{\"event\": \"STOP\"}\r\n"

/* QEMU's answers are all sent beforehand; `error` is part of the message, NULL for none. */
static const struct {
    const char *answers, *error;
} talks[] = {
    {GREETING RETURN RETURN, NULL},
    {GREETING EVENT RETURN EVENT EVENT RETURN, NULL},
    {GREETING RETURN "{\"error\": {\"desc\": \"disk full\"}}\n", "refused screendump: disk full"},
    {GREETING RETURN "garbage\n", "something else"},
    {RETURN, "something else"},
    {GREETING RETURN, "closed its monitor"},
    {GREETING RETURN "{\"ret", "closed its monitor"},
    {"", "closed its monitor"},
};

START_TEST(the_monitor_is_talked_to)
{
    static struct qmp qmp;
    int ends[2];
    char sent[1000] = "";

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(write(ends[1], talks[_i].answers, strlen(talks[_i].answers)),
                     (int)strlen(talks[_i].answers));
    shutdown(ends[1], SHUT_WR);
    const char *error = qmp_open(&qmp, ends[0], NULL, patience_deadline(5000));
    if (!error)
        error = qmp_screendump(&qmp, "/t/\"s\"", NULL, patience_deadline(5000));
    if (talks[_i].error) {
        ck_assert_ptr_nonnull(error);
        ck_assert_msg(strstr(error, talks[_i].error), "%s", error);
    } else {
        ck_assert_msg(!error, "%s", error);
        ck_assert_int_gt(read(ends[1], sent, sizeof sent - 1), 0);
        ck_assert_ptr_nonnull(strstr(sent, "{\"execute\":\"qmp_capabilities\"}\n"));
        ck_assert_ptr_nonnull(strstr(sent, "\"filename\":\"/t/\\\"s\\\"\""));
    }
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_silent_monitor_runs_into_the_deadline)
{
    static struct qmp qmp;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const char *error = qmp_open(&qmp, ends[0], NULL, patience_deadline(0));
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error, "no answer in time"), "%s", error);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

struct bucket {
    int fd;
    size_t bytes;
};

static bool empty_into_bucket(void *context)
{
    struct bucket *bucket = context;
    char some[100];
    ssize_t got = read(bucket->fd, some, sizeof some);
    bucket->bytes += got > 0 ? (size_t)got : 0;
    return got > 0;
}

START_TEST(while_an_answer_is_waited_for_the_serial_line_is_emptied)
{
    static struct qmp qmp;
    static char flood[1000];
    int ends[2], serial[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, serial), 0);
    ck_assert_int_eq(write(serial[1], flood, sizeof flood), (int)sizeof flood);
    close(serial[1]);
    struct bucket bucket = {serial[0], 0};
    const struct qmp_meanwhile meanwhile = {serial[0], empty_into_bucket, &bucket};
    const char *error = qmp_open(&qmp, ends[0], &meanwhile, patience_deadline(100));
    ck_assert_msg(error && strstr(error, "no answer in time"), "%s", error);
    ck_assert_uint_eq(bucket.bytes, sizeof flood);
    ck_assert_int_eq(qmp.meanwhile.fd, -1);
    close(ends[0]);
    close(ends[1]);
    close(serial[0]);
}
END_TEST

START_TEST(a_line_without_end_is_refused)
{
    static struct qmp qmp;
    static char flood[QMP_LINE_BYTES_MAX];
    int ends[2];

    memset(flood, 'x', sizeof flood);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(write(ends[1], flood, sizeof flood), (int)sizeof flood);
    const char *error = qmp_open(&qmp, ends[0], NULL, patience_deadline(5000));
    ck_assert_msg(error && strstr(error, "more than"), "%s", error);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("qmp");
    TCase *monitor = tcase_create("monitor");

    tcase_add_loop_test(monitor, lines_of_the_monitor_are_told_apart, 0,
                        (int)(sizeof qmp_lines / sizeof qmp_lines[0]));
    tcase_add_loop_test(monitor, the_monitor_is_talked_to, 0,
                        (int)(sizeof talks / sizeof talks[0]));
    tcase_add_test(monitor, a_silent_monitor_runs_into_the_deadline);
    tcase_add_test(monitor, while_an_answer_is_waited_for_the_serial_line_is_emptied);
    tcase_add_test(monitor, a_line_without_end_is_refused);
    suite_add_tcase(suite, monitor);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
