/*
 * Replaying on QEMU, part by part: what the machine is told, what it says, the monitor, the
 * verdict, the table; and, where QEMU and the cross compiler are installed, whole boots of small
 * machines.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "boot.h"
#include "patience.h"
#include "qmp.h"
#include "replay.h"
#include "suite.h"
#include "transcript.h"

#define IMAGES RINGSIDE_BINARY_DIR "/tests/images"

static struct scenario *parse(const char *text)
{
    struct scenario *scenario = scenario_parse("test.scn", text, stderr);
    ck_assert_ptr_nonnull(scenario);
    return scenario;
}

/* What a function prints, as a string. */
struct capture {
    char *text;
    size_t bytes;
    FILE *stream;
};

static void capture_open(struct capture *capture)
{
    *capture = (struct capture){0};
    capture->stream = open_memstream(&capture->text, &capture->bytes);
    ck_assert_ptr_nonnull(capture->stream);
}

static const char *capture_text(struct capture *capture)
{
    fflush(capture->stream);
    return capture->text;
}

static void capture_free(struct capture *capture)
{
    fclose(capture->stream);
    free(capture->text);
}

/* ---- what the machine is told ---- */

static const struct {
    const char *scenario, *append;
} appends[] = {
    {"device gpu version 2\ndriver machine\ncall init\n", "call init"},
    {"device gpu version 1\ndriver machine queue-size 16 registers legacy\ncall init -> OK\n"
     "call get_display_info -> TIMEOUT\n",
     "option queue-size 16;option registers legacy;call init;call get_display_info"},
    {"device gpu version 2\ndriver machine\ncall show 640 480\ncall flush 0x10 2 3 4\n",
     "call show 640 480;call flush 16 2 3 4"},
    {"device gpu version 2\ndriver machine\ncall show 0xffffffffffffffff\n",
     "call show 18446744073709551615"},
};

START_TEST(options_and_calls_become_statements_in_order)
{
    char append[BOOT_APPEND_BYTES];
    struct scenario *scenario = parse(appends[_i].scenario);

    ck_assert_ptr_null(boot_append(scenario, append, sizeof append));
    ck_assert_str_eq(append, appends[_i].append);
    /* Exactly enough room, and one byte less. */
    ck_assert_ptr_null(boot_append(scenario, append, strlen(appends[_i].append) + 1));
    ck_assert_str_eq(append, appends[_i].append);
    ck_assert_ptr_nonnull(boot_append(scenario, append, strlen(appends[_i].append)));
    scenario_free(scenario);
}
END_TEST

static const struct {
    const char *scenario, *reason;
} refused[] = {
    {"device gpu version 2\ndriver machine\ncall init\nread Status\n", "line 4 (read)"},
    {"device gpu version 2\ndriver machine\nwrite Status 0\n", "line 3 (write)"},
    {"device gpu version 2\ndriver machine\ninterrupt\n", "line 3 (interrupt)"},
    {"device gpu version 2\ndriver machine\nfault completion-lost\ncall init\n",
     "the fault \"completion-lost\""},
    {"device gpu version 2\nwrite Status 1\n", "no driver"},
};

START_TEST(what_a_booted_machine_cannot_do_is_refused_by_name)
{
    char append[BOOT_APPEND_BYTES];
    struct scenario *scenario = parse(refused[_i].scenario);

    const char *reason = boot_append(scenario, append, sizeof append);
    ck_assert_ptr_nonnull(reason);
    ck_assert_msg(strstr(reason, refused[_i].reason) && !strchr(reason, '\n'), "%s", reason);
    scenario_free(scenario);
}
END_TEST

static const struct {
    const char *device, *words;
} devices[] = {
    {"version 1", "-global virtio-mmio.force-legacy=true -device "
                  "virtio-gpu-device,bus=virtio-mmio-bus.31,xres=1280,yres=800 -kernel"},
    {"version 2 display 640x480 slot 3",
     "-global virtio-mmio.force-legacy=false -device "
     "virtio-gpu-device,bus=virtio-mmio-bus.3,xres=640,yres=480 -kernel"},
    {"version 2 features -EVENT_IDX",
     "virtio-gpu-device,bus=virtio-mmio-bus.31,xres=1280,yres=800,event_idx=off -kernel"},
};

START_TEST(the_device_of_the_scenario_becomes_qemus)
{
    char text[500];
    struct boot_command command;
    struct capture printed;

    snprintf(text, sizeof text, "device gpu %s\ndriver machine\ncall init\n", devices[_i].device);
    struct scenario *scenario = parse(text);
    capture_open(&printed);
    ck_assert_ptr_null(boot_command(&boot_targets[0], scenario, "i.elf", NULL, &command));
    boot_command_print(&command, printed.stream);
    ck_assert_msg(strstr(capture_text(&printed), devices[_i].words), "%s", printed.text);
    capture_free(&printed);
    boot_command_free(&command);
    scenario_free(scenario);
}
END_TEST

START_TEST(a_pasted_command_gives_the_shell_the_same_words)
{
    static const char *const words[] = {"plain", "a b", "", "it's", "$HOME", "x;y", "`id`", "a\\b"};
    struct boot_command command = {0};
    struct capture printed;
    char script[500], line[200];

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        command.word[command.count++] = strdup(words[i]);
    capture_open(&printed);
    boot_command_print(&command, printed.stream);
    snprintf(script, sizeof script, "printf '%%s\\n' %s", capture_text(&printed));
    FILE *shell = popen(script, "r");
    ck_assert_ptr_nonnull(shell);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ck_assert_ptr_nonnull(fgets(line, sizeof line, shell));
        line[strcspn(line, "\n")] = '\0';
        ck_assert_str_eq(line, words[i]);
    }
    ck_assert_int_eq(pclose(shell), 0);
    capture_free(&printed);
    boot_command_free(&command);
}
END_TEST

START_TEST(a_comma_in_the_directory_is_doubled_where_qemu_splits_at_commas)
{
    struct scenario *scenario = parse("device gpu version 2\ndriver machine\ncall init\n");
    struct boot_command command;
    bool seen = false;

    ck_assert_ptr_null(boot_command(&boot_targets[0], scenario, "i.elf", "/t/a,b", &command));
    for (size_t i = 0; i < command.count; i++)
        seen = seen || strcmp(command.word[i], "unix:/t/a,,b/qmp") == 0;
    ck_assert(seen);
    boot_command_free(&command);
    scenario_free(scenario);
}
END_TEST

START_TEST(what_qemu_cannot_be_told_is_noted)
{
    struct capture printed;
    struct scenario *plain = parse("device gpu version 2 queue-size-max 1024\ndriver machine\n"
                                   "call init\n");
    struct scenario *other = parse("device gpu version 2 queue-size-max 64\ndriver machine\n"
                                   "call init\n");
    capture_open(&printed);
    ck_assert_uint_eq(boot_notes(plain, printed.stream), 0);
    ck_assert_uint_eq(boot_notes(other, printed.stream), 1);
    ck_assert_ptr_nonnull(strstr(capture_text(&printed), "always 1024, not 64"));
    capture_free(&printed);
    scenario_free(plain);
    scenario_free(other);
}
END_TEST

/* ---- what the machine says ---- */

static struct transcript transcript;

static void understand(const char *text)
{
    transcript_parse(text, strlen(text), &transcript);
}

static const char whole[] = "U-Boot 2023\r\n"
                            "ringside: driver levitate\r\n"
                            "ringside: option queue-size 16 ok\r\n"
                            "ringside: alloc command buffer 0x40210000 0x1000\r\n"
                            "ringside: alloc response buffer 0x40211000 0x1000\r\n"
                            "ringside: call 1 init -> OK\r\n"
                            "ringside: log hello -> there\r\n"
                            "ringside: call 2 get_display_info -> TIMEOUT\r\n"
                            "ringside: done\r\n";

START_TEST(a_whole_transcript_is_understood)
{
    understand(whole);
    ck_assert(transcript.done && !transcript.fault);
    ck_assert_uint_eq(transcript.garbage, 0);
    ck_assert_str_eq(transcript.driver, "levitate");
    ck_assert_str_eq(transcript.unknown_option, "");
    ck_assert_uint_eq(transcript.call_count, 2);
    ck_assert_str_eq(transcript.call[0].name, "init");
    ck_assert_int_eq(transcript.call[0].result, SUITE_OK);
    ck_assert_str_eq(transcript.call[1].name, "get_display_info");
    ck_assert_int_eq(transcript.call[1].result, SUITE_TIMEOUT);
    ck_assert_uint_eq(transcript.alloc_count, 2);
    const struct transcript_alloc *alloc = transcript_alloc(&transcript, "response");
    ck_assert_str_eq(alloc->what, "response buffer");
    ck_assert_uint_eq(alloc->addr, 0x40211000);
    ck_assert_uint_eq(alloc->size_bytes, 0x1000);
    ck_assert_ptr_null(transcript_alloc(&transcript, "cursor"));
}
END_TEST

START_TEST(cut_anywhere_only_whole_lines_are_believed)
{
    for (size_t bytes = 0; bytes < sizeof whole; bytes++) {
        size_t calls = 0;
        for (size_t i = 0; i < bytes; i++) /* a call is believed from its newline on */
            calls += whole[i] == '\n' && (strstr(whole, "-> OK\r\n") + 6 == whole + i ||
                                          strstr(whole, "TIMEOUT\r\n") + 8 == whole + i);
        transcript_parse(whole, bytes, &transcript);
        ck_assert_uint_eq(transcript.call_count, calls);
        ck_assert_uint_eq(transcript.garbage, 0);
        ck_assert_int_eq(transcript.done, bytes == sizeof whole - 1);
        ck_assert_int_eq(transcript_is_over(whole, bytes), bytes >= sizeof whole - 1);
        if (bytes == sizeof whole - 1)
            break;
    }
}
END_TEST

START_TEST(every_result_is_known_by_its_name)
{
    static const char *const names[] = {
#define X(name, meaning) #name,
        SUITE_RESULTS(X)
#undef X
    };
    for (int i = 0; i < SUITE_RESULT_COUNT; i++) {
        char text[100];
        snprintf(text, sizeof text, "ringside: call 7 show -> %s\n", names[i]);
        understand(text);
        ck_assert_int_eq(transcript.call[0].result, i);
    }
}
END_TEST

static const char *const garbage[] = {
    "ringside: ",
    "ringside: nonsense",
    "ringside: driver",
    "ringside: alloc",
    "ringside: alloc 0x1 0x2",
    "ringside: alloc x 0x1",
    "ringside: alloc x 1 2",
    "ringside: alloc x 0x 0x2",
    "ringside: alloc x 0x1 0x11112222333344445",
    "ringside: alloc x 0x1 0xzz",
    "ringside: call",
    "ringside: call 1",
    "ringside: call 1 init",
    "ringside: call 1 init ->",
    "ringside: call init -> OK",
    "ringside: call x init -> OK",
    "ringside: call 1 init - OK",
    "ringside: option",
    "ringside: option x",
    "ringside: option a b c",
    "ringside: done and dusted",
    "ringside: donedone",
};

START_TEST(lines_that_are_no_statement_count_as_garbage_and_change_nothing)
{
    char text[200];
    snprintf(text, sizeof text, "%s\n", garbage[_i]);
    understand(text);
    ck_assert_uint_eq(transcript.garbage, 1);
    ck_assert_uint_eq(transcript.call_count, 0);
    ck_assert_uint_eq(transcript.alloc_count, 0);
    ck_assert(!transcript.done && !transcript.fault);
}
END_TEST

START_TEST(an_unknown_result_is_kept_as_a_call_without_one)
{
    understand("ringside: call 1 init -> SPLENDID\n");
    ck_assert_uint_eq(transcript.call_count, 1);
    ck_assert_int_eq(transcript.call[0].result, -1);
    ck_assert_uint_eq(transcript.garbage, 1);
    understand("ringside: call 1 init -> (no such result)\n");
    ck_assert_uint_eq(transcript.call_count, 1);
    ck_assert_int_eq(transcript.call[0].result, -1);
}
END_TEST

START_TEST(a_response_line_belongs_to_the_call_before_it)
{
    understand("ringside: response filled\nringside: call 0 a -> OK\n"
               "ringside: response untouched\nringside: call 1 b -> OK\n"
               "ringside: call 2 c -> OK\nringside: response unchanged\n"
               "ringside: call 3 d -> OK\nringside: response filled\n"
               "ringside: response unknown\nringside: response\n");
    ck_assert_uint_eq(transcript.garbage, 3);
    ck_assert_int_eq(transcript.call[0].response, TRANSCRIPT_RESPONSE_UNTOUCHED);
    ck_assert_int_eq(transcript.call[1].response, TRANSCRIPT_RESPONSE_UNKNOWN);
    ck_assert_int_eq(transcript.call[2].response, TRANSCRIPT_RESPONSE_UNCHANGED);
    ck_assert_int_eq(transcript.call[3].response, TRANSCRIPT_RESPONSE_FILLED);
}
END_TEST

START_TEST(the_first_unknown_option_is_kept)
{
    understand("ringside: option a 1 ok\nringside: option b two unknown\n"
               "ringside: option c 3 unknown\n");
    ck_assert_str_eq(transcript.unknown_option, "b two");
}
END_TEST

START_TEST(a_fault_ends_the_transcript)
{
    static const char text[] = "ringside: fault data abort at 0x0\n";
    understand(text);
    ck_assert(transcript.fault && !transcript.done);
    ck_assert_str_eq(transcript.fault_text, "data abort at 0x0");
    ck_assert(transcript_is_over(text, strlen(text)));
    ck_assert(!transcript_is_over("ringside: log ringside: done\n", 29));
}
END_TEST

START_TEST(a_flood_stops_at_the_limits)
{
    size_t lines = SCENARIO_ACTIONS_MAX + 10;
    struct capture flood;
    capture_open(&flood);
    for (size_t i = 0; i < lines; i++)
        fprintf(flood.stream, "ringside: call %zu x -> OK\nringside: alloc x 0x1 0x2\n", i);
    for (size_t i = 0; i < 5000; i++)
        fputc('a', flood.stream); /* and one line longer than any */
    fputs("\nringside: done\n", flood.stream);
    understand(capture_text(&flood));
    ck_assert_uint_eq(transcript.call_count, SCENARIO_ACTIONS_MAX);
    ck_assert_uint_eq(transcript.alloc_count, TRANSCRIPT_ALLOCS_MAX);
    ck_assert_uint_eq(transcript.dropped, 20);
    ck_assert(transcript.done);
    capture_free(&flood);
}
END_TEST

START_TEST(noise_never_harms)
{
    uint32_t state = 12345;
    char noise[3000];

    for (unsigned turn = 0; turn < 300; turn++) {
        memcpy(noise, whole, sizeof whole);
        size_t bytes = sizeof whole - 1;
        for (unsigned k = 0; k < 1 + turn % 40; k++) {
            state = state * 1664525u + 1013904223u;
            noise[(state >> 8) % bytes] = (char)(state >> 24);
        }
        transcript_parse(noise, bytes, &transcript);
        ck_assert_uint_le(transcript.call_count, 2);
        (void)transcript_is_over(noise, bytes);
    }
}
END_TEST

/* ---- QEMU's monitor ---- */

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

/* ---- the verdict and the table ---- */

static struct world_outcome simulator;
static struct replay_outcome qemu;
static struct replay_verdict verdict;
static struct scenario *compared;

static void compare_setup(void)
{
    compared = parse("device gpu version 1\ndriver machine\ncall init\ncall get_display_info\n");
    memset(&simulator, 0, sizeof simulator);
    memset(&qemu, 0, sizeof qemu);
    simulator.scenario = compared;
    simulator.call_count = qemu.call_count = 2;
    simulator.call[1].result = qemu.result[1] = SUITE_TIMEOUT;
    for (size_t i = 2; i < SCENARIO_ACTIONS_MAX; i++)
        qemu.result[i] = -1;
    qemu.done = true;
    qemu.response = REPLAY_RESPONSE_UNTOUCHED;
    qemu.screen = REPLAY_SCREEN_NOT_INITIALIZED;
}

static void compare_teardown(void)
{
    picture_free(&simulator.scanout.picture);
    picture_free(&qemu.picture);
    scenario_free(compared);
}

static void show_both(uint32_t width, uint32_t height)
{
    ck_assert(picture_create(&simulator.scanout.picture, width, height));
    ck_assert(picture_create(&qemu.picture, width, height));
    simulator.scanout.info.active = simulator.scanout.info.ever_active = true;
    qemu.screen = REPLAY_SCREEN_PICTURE;
}

static void expect_difference(const char *text)
{
    replay_compare(&simulator, &qemu, &verdict);
    ck_assert(!verdict.agree);
    ck_assert_uint_eq(verdict.difference_count, 1);
    ck_assert_msg(strstr(verdict.difference[0], text), "%s", verdict.difference[0]);
}

static void expect_agreement(void)
{
    replay_compare(&simulator, &qemu, &verdict);
    ck_assert_msg(verdict.agree, "%s", verdict.difference[0]);
    ck_assert_uint_eq(verdict.difference_count, 0);
}

START_TEST(the_same_agrees)
{
    expect_agreement();
    show_both(64, 32);
    expect_agreement();
}
END_TEST

START_TEST(a_call_that_ends_otherwise_is_named)
{
    qemu.result[1] = SUITE_OK;
    expect_difference("call 2, get_display_info: simulator TIMEOUT, QEMU OK");
    qemu.call_count = 1;
    expect_difference("call 2, get_display_info: simulator TIMEOUT, QEMU no return");
}
END_TEST

START_TEST(the_response_buffer_contradicts_only_when_it_must)
{
    static const struct {
        bool last;
        uint64_t requests;
        enum replay_response qemu;
        bool agree;
    } cases[] = {
        {false, 0, REPLAY_RESPONSE_UNTOUCHED, true},
        {false, 0, REPLAY_RESPONSE_FILLED, false},
        {false, 3, REPLAY_RESPONSE_UNTOUCHED, true},
        {false, 3, REPLAY_RESPONSE_FILLED, false},
        {true, 1, REPLAY_RESPONSE_UNTOUCHED, false},
        {true, 1, REPLAY_RESPONSE_FILLED, true},
        {false, 0, REPLAY_RESPONSE_FILLED_ONCE, false},
        {false, 3, REPLAY_RESPONSE_FILLED_ONCE, true},
        {true, 0, REPLAY_RESPONSE_FILLED_ONCE, true},
        {false, 3, REPLAY_RESPONSE_UNCHANGED, true},
        {true, 3, REPLAY_RESPONSE_UNCHANGED, true},
        {true, 0, REPLAY_RESPONSE_UNKNOWN, true},
        {false, 0, REPLAY_RESPONSE_UNKNOWN, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        simulator.response_filled = cases[i].last;
        simulator.requests = cases[i].requests;
        qemu.response = cases[i].qemu;
        replay_compare(&simulator, &qemu, &verdict);
        ck_assert_int_eq(verdict.agree, cases[i].agree);
    }
}
END_TEST

START_TEST(every_kind_of_screen_is_held_against_every_state_of_the_scanout)
{
    static const struct {
        bool active, ever;
        enum replay_screen agrees;
    } states[] = {{false, false, REPLAY_SCREEN_NOT_INITIALIZED},
                  {false, true, REPLAY_SCREEN_NOT_ACTIVE},
                  {true, true, REPLAY_SCREEN_PICTURE}};

    show_both(64, 32);
    struct picture shown = simulator.scanout.picture;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        simulator.scanout.info.active = states[i].active;
        simulator.scanout.info.ever_active = states[i].ever;
        simulator.scanout.picture = states[i].active ? shown : (struct picture){0};
        for (int screen = REPLAY_SCREEN_PICTURE; screen <= REPLAY_SCREEN_NONE; screen++) {
            /* A screen of one colour is a picture like others, if the simulator's is the same. */
            bool agrees = screen == (int)states[i].agrees ||
                          (states[i].active && screen == REPLAY_SCREEN_BLANK);
            qemu.screen = (enum replay_screen)screen;
            replay_compare(&simulator, &qemu, &verdict);
            ck_assert_int_eq(verdict.agree, agrees);
        }
    }
    simulator.scanout.picture = shown;
}
END_TEST

START_TEST(one_pixel_is_a_difference_and_its_place_is_told)
{
    show_both(64, 32);
    qemu.picture.rgb[(5 * 64 + 7) * 3 + 1] = 1;
    expect_difference("1 of 2048 pixels differ, in (7,5)..(7,5), the first at (7,5)");
}
END_TEST

START_TEST(sizes_are_compared)
{
    show_both(64, 32);
    picture_free(&qemu.picture);
    ck_assert(picture_create(&qemu.picture, 65, 32));
    expect_difference("simulator 64x32, QEMU 65x32 pixels");
}
END_TEST

START_TEST(a_machine_that_does_not_end_differs_unless_the_simulators_driver_crashed)
{
    qemu.done = false;
    expect_difference("did not come to its end");
    qemu.fault = true;
    snprintf(qemu.fault_text, sizeof qemu.fault_text, "data abort");
    expect_difference("took a fault: data abort");
    simulator.call[1].result = -1;
    simulator.call[1].crash = WORLD_CRASH_SEGV;
    qemu.call_count = 1;
    expect_agreement();
}
END_TEST

START_TEST(an_option_or_driver_that_the_image_does_not_know_differs)
{
    snprintf(qemu.unknown_option, sizeof qemu.unknown_option, "used-offset 0x128");
    expect_difference("does not know the option used-offset 0x128");
    qemu.unknown_option[0] = '\0';
    snprintf(qemu.driver, sizeof qemu.driver, "other");
    expect_difference("the image has the driver other");
}
END_TEST

START_TEST(more_differences_than_fit_are_counted)
{
    char text[4000] = "device gpu version 2\ndriver machine\n";
    for (unsigned i = 0; i < REPLAY_DIFFERENCES_MAX + 5; i++)
        strcat(text, "call init\n");
    struct scenario *many = parse(text);
    simulator.scenario = many;
    simulator.call_count = REPLAY_DIFFERENCES_MAX + 5;
    simulator.call[1].result = SUITE_OK;
    qemu.call_count = 0;
    replay_compare(&simulator, &qemu, &verdict);
    ck_assert_uint_eq(verdict.difference_count, REPLAY_DIFFERENCES_MAX + 5);
    scenario_free(many);
}
END_TEST

static const struct {
    size_t count;
    int results[12];
    const char *text;
} result_lists[] = {
    {0, {0}, ""},
    {1, {SUITE_OK}, "OK"},
    {2, {SUITE_OK, SUITE_TIMEOUT}, "OK, TIMEOUT"},
    {3, {SUITE_OK, SUITE_OK, -1}, "2x OK, no return"},
    {10,
     {SUITE_OK, SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_TIMEOUT,
      SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_TIMEOUT, SUITE_QUEUE_FULL},
     "OK, 8x TIMEOUT, QUEUE_FULL"},
};

START_TEST(results_are_counted_where_they_repeat)
{
    char text[200], small[8];
    replay_results_text(result_lists[_i].results, result_lists[_i].count, text, sizeof text);
    ck_assert_str_eq(text, result_lists[_i].text);
    replay_results_text(result_lists[_i].results, result_lists[_i].count, small, sizeof small);
    ck_assert_int_eq(strncmp(small, result_lists[_i].text, sizeof small - 1), 0);
}
END_TEST

START_TEST(the_table_fits_and_breaks_cells_where_words_end)
{
    static const struct replay_row row = {{"c4096-queue-align-4096-and-more", "1",
                                           "OK, 8x TIMEOUT, BAD_COMPLETION", "OK", "16384x16384",
                                           "never", "yes"}};
    struct capture printed;

    capture_open(&printed);
    replay_table_head(printed.stream);
    replay_table_row(printed.stream, &row);
    ck_assert_str_eq(
        capture_text(&printed),
        "                           calls                       screen\n"
        "scenario                 v simulator     QEMU          simulator QEMU      agree\n"
        "------------------------ - ------------- ------------- --------- --------- -----\n"
        "c4096-queue-align-4096-  1 OK, 8x        OK            16384x163 never     yes\n"
        "and-more                   TIMEOUT,                    84\n"
        "                           BAD_COMPLETIO\n"
        "                           N\n");
    capture_free(&printed);
}
END_TEST

START_TEST(a_row_tells_timeouts_apart_by_the_response_buffer)
{
    struct replay_row row;

    simulator.requests = 1;
    simulator.response_filled = true;
    qemu.response = REPLAY_RESPONSE_FILLED;
    replay_compare(&simulator, &qemu, &verdict);
    replay_row_fill(&row, &simulator, &qemu, &verdict);
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_SCENARIO], "test");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_VERSION], "1");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_CALLS_SIMULATOR], "OK, TIMEOUT, response filled");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_CALLS_QEMU], "OK, TIMEOUT, response filled");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_SCREEN_SIMULATOR], "never");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_SCREEN_QEMU], "never");
    ck_assert_str_eq(row.cell[REPLAY_COLUMN_AGREE], "yes");
}
END_TEST

START_TEST(pictures_are_left_side_by_side)
{
    char dir[] = "/tmp/ringside-test-XXXXXX", path[200];
    static const char *const names[] = {"sim-before", "sim", "qemu", "both"};
    struct picture read;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    show_both(20, 10);
    simulator.scanout.last = simulator.scanout.picture;
    simulator.scanout.picture = (struct picture){0};
    compared->display_width_px = 30;
    compared->display_height_px = 12;
    const char *error = replay_write_pictures(dir, &simulator, &qemu);
    ck_assert_msg(!error, "%s", error);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/test-%s.png", dir, names[i]);
        error = picture_read_png(&read, path);
        ck_assert_msg(!error, "%s: %s", path, error);
        if (i == 3) {
            ck_assert_uint_eq(read.width_px, 20 + 16 + 30 + 16 + 20);
            ck_assert_uint_eq(read.height_px, 12);
        }
        picture_free(&read);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left */
    picture_free(&simulator.scanout.last);
    error = replay_write_pictures("/proc/nowhere", &simulator, &qemu);
    ck_assert_msg(error && strstr(error, "/proc/nowhere"), "%s", error);
}
END_TEST

/* ---- whole boots ---- */

static const char machine_calls[] =
    "device gpu version 2\ndriver %s\ncall init\ncall get_display_info\n";
static char private_dir[] = "/tmp/ringside-test-XXXXXX";

static bool can_boot(void)
{
    return boot_qemu_is_there(&boot_targets[0]) && access(IMAGES "/machine-aarch64.elf", R_OK) == 0;
}

static struct scenario *machine_scenario(const char *driver)
{
    char text[200];
    snprintf(text, sizeof text, machine_calls, driver);
    return parse(text);
}

/* Private directories of our runs are made in one of ours, so that what is left behind is seen. */
static void boot_setup(void)
{
    strcpy(private_dir, "/tmp/ringside-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(private_dir));
    setenv("TMPDIR", private_dir, 1);
}

static void boot_teardown(void)
{
    unsetenv("TMPDIR");
    ck_assert_msg(rmdir(private_dir) == 0, "something was left in %s", private_dir);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static struct replay_options boot_options(unsigned timeout_seconds)
{
    return (struct replay_options){.target = "aarch64",
                                   .image_dir = IMAGES,
                                   .timeout_seconds = timeout_seconds};
}

START_TEST(a_machine_is_booted_heard_and_looked_at)
{
    struct replay_options options = boot_options(30);
    struct scenario *scenario = machine_scenario("machine");

    if (can_boot()) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(!error, "%s", error);
        ck_assert(qemu.done && !qemu.fault);
        ck_assert_str_eq(qemu.driver, "machine");
        ck_assert_uint_eq(qemu.call_count, 2);
        ck_assert_int_eq(qemu.result[0], SUITE_OK);
        ck_assert_int_eq(qemu.result[1], SUITE_TIMEOUT);
        ck_assert_int_eq(qemu.result[2], -1);
        ck_assert_int_eq(qemu.response, REPLAY_RESPONSE_FILLED_ONCE);
        ck_assert_int_eq(qemu.screen, REPLAY_SCREEN_NOT_INITIALIZED);
        ck_assert_ptr_nonnull(strstr(qemu.log, "firmware says hello"));
        ck_assert_str_eq(qemu.guest_errors, "");
        replay_outcome_free(&qemu);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(a_machine_that_never_ends_is_looked_at_all_the_same)
{
    struct replay_options options = boot_options(1);
    struct scenario *scenario = machine_scenario("unending");

    if (can_boot()) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(!error, "%s", error);
        ck_assert(!qemu.done && !qemu.fault);
        ck_assert_uint_eq(qemu.call_count, 2);
        ck_assert_int_eq(qemu.screen, REPLAY_SCREEN_NOT_INITIALIZED);
        replay_outcome_free(&qemu);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(a_machine_that_never_stops_talking_is_looked_at_all_the_same)
{
    struct replay_options options = boot_options(1);
    struct scenario *scenario = machine_scenario("talking");

    if (can_boot()) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(!error, "%s", error);
        ck_assert(!qemu.done && !qemu.fault);
        ck_assert_uint_gt(qemu.call_count, 2);
        ck_assert_int_eq(qemu.screen, REPLAY_SCREEN_NOT_INITIALIZED);
        ck_assert_uint_le(strlen(qemu.log), BOOT_LOG_BYTES);
        replay_outcome_free(&qemu);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(a_qemu_that_dies_is_quoted)
{
    struct replay_options options = boot_options(30);
    struct scenario *scenario = machine_scenario("machine");

    scenario->device.slot = 77; /* virt has no such bus, and QEMU says so */
    if (can_boot()) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(error && strstr(error, "QEMU ended: ") && strstr(error, "virtio-mmio-bus.77"),
                      "%s", error);
    }
    scenario_free(scenario);
}
END_TEST

START_TEST(what_is_missing_is_named_with_its_package)
{
    struct replay_options options = boot_options(1);
    struct scenario *scenario = machine_scenario("absent");
    char *path = strdup(getenv("PATH"));

    if (boot_qemu_is_there(&boot_targets[0])) {
        const char *error = replay_run(scenario, &options, &qemu);
        ck_assert_msg(error && strstr(error, "absent-aarch64.elf") &&
                          strstr(error, "gcc-aarch64-linux-gnu"),
                      "%s", error);
    }
    setenv("PATH", "/nowhere", 1);
    const char *error = replay_run(scenario, &options, &qemu);
    setenv("PATH", path, 1);
    ck_assert_msg(error && strstr(error, "install the package qemu-system-arm"), "%s", error);
    free(path);
    scenario_free(scenario);
}
END_TEST

/* Ends the child when QEMU is running: its first socket is there then. */
static void signal_when_running(pid_t child, int signal_number)
{
    char pattern[200];
    snprintf(pattern, sizeof pattern, "%s/ringside-*/guest_errors", private_dir);
    for (unsigned turn = 0; turn < 20000; turn++) {
        glob_t found;
        int none = glob(pattern, 0, NULL, &found);
        if (!none)
            globfree(&found);
        if (!none || waitpid(child, NULL, WNOHANG | WNOWAIT) == child)
            break;
        poll(NULL, 0, 1); /* another process, so a real clock */
    }
    kill(child, signal_number);
}

START_TEST(an_interrupt_ends_qemu_and_leaves_nothing)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; can_boot() && i < sizeof signals / sizeof signals[0]; i++) {
        int status = 0;
        fflush(NULL);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            struct replay_options options = boot_options(100);
            for (size_t k = 0; k < sizeof signals / sizeof signals[0]; k++)
                signal(signals[k], SIG_DFL); /* Check has handlers of its own */
            struct scenario *scenario = machine_scenario("unending");
            (void)replay_run(scenario, &options, &qemu);
            _exit(0); /* not reached: the signal comes before the machine's end */
        }
        signal_when_running(child, signals[i]);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == signals[i], "status 0x%x",
                      (unsigned)status);
    } /* the teardown sees to it that the directory is empty */
}
END_TEST

/* Orphans become ours, so that we see QEMU end although its parent is gone. */
START_TEST(qemu_does_not_outlive_us_even_when_we_are_killed)
{
    char command[200];
    int status = 0;

    if (!can_boot())
        return;
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct replay_options options = boot_options(100);
        (void)replay_run(machine_scenario("unending"), &options, &qemu);
        _exit(0);
    }
    signal_when_running(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_gt(waitpid(-1, &status, 0), 0);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status 0x%x",
                  (unsigned)status);
    snprintf(command, sizeof command, "rm -r %s/ringside-*", private_dir); /* nobody else can */
    ck_assert_int_eq(system(command), 0);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tests = tcase_create(name);
    tcase_set_timeout(tests, 100);
    suite_add_tcase(suite, tests);
    return tests;
}

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

static void add_parts(Suite *suite)
{
    TCase *told = add_case(suite, "told");
    tcase_add_loop_test(told, options_and_calls_become_statements_in_order, 0, COUNT(appends));
    tcase_add_loop_test(told, what_a_booted_machine_cannot_do_is_refused_by_name, 0,
                        COUNT(refused));
    tcase_add_loop_test(told, the_device_of_the_scenario_becomes_qemus, 0, COUNT(devices));
    tcase_add_test(told, a_pasted_command_gives_the_shell_the_same_words);
    tcase_add_test(told, a_comma_in_the_directory_is_doubled_where_qemu_splits_at_commas);
    tcase_add_test(told, what_qemu_cannot_be_told_is_noted);

    TCase *said = add_case(suite, "said");
    tcase_add_test(said, a_whole_transcript_is_understood);
    tcase_add_test(said, cut_anywhere_only_whole_lines_are_believed);
    tcase_add_test(said, every_result_is_known_by_its_name);
    tcase_add_loop_test(said, lines_that_are_no_statement_count_as_garbage_and_change_nothing, 0,
                        COUNT(garbage));
    tcase_add_test(said, an_unknown_result_is_kept_as_a_call_without_one);
    tcase_add_test(said, a_response_line_belongs_to_the_call_before_it);
    tcase_add_test(said, the_first_unknown_option_is_kept);
    tcase_add_test(said, a_fault_ends_the_transcript);
    tcase_add_test(said, a_flood_stops_at_the_limits);
    tcase_add_test(said, noise_never_harms);

    TCase *monitor = add_case(suite, "monitor");
    tcase_add_loop_test(monitor, lines_of_the_monitor_are_told_apart, 0, COUNT(qmp_lines));
    tcase_add_loop_test(monitor, the_monitor_is_talked_to, 0, COUNT(talks));
    tcase_add_test(monitor, a_silent_monitor_runs_into_the_deadline);
    tcase_add_test(monitor, while_an_answer_is_waited_for_the_serial_line_is_emptied);
    tcase_add_test(monitor, a_line_without_end_is_refused);
}

static void add_wholes(Suite *suite)
{
    TCase *compare = add_case(suite, "compare");
    tcase_add_checked_fixture(compare, compare_setup, compare_teardown);
    tcase_add_test(compare, the_same_agrees);
    tcase_add_test(compare, a_call_that_ends_otherwise_is_named);
    tcase_add_test(compare, the_response_buffer_contradicts_only_when_it_must);
    tcase_add_test(compare, every_kind_of_screen_is_held_against_every_state_of_the_scanout);
    tcase_add_test(compare, one_pixel_is_a_difference_and_its_place_is_told);
    tcase_add_test(compare, sizes_are_compared);
    tcase_add_test(compare,
                   a_machine_that_does_not_end_differs_unless_the_simulators_driver_crashed);
    tcase_add_test(compare, an_option_or_driver_that_the_image_does_not_know_differs);
    tcase_add_test(compare, more_differences_than_fit_are_counted);
    tcase_add_loop_test(compare, results_are_counted_where_they_repeat, 0, COUNT(result_lists));
    tcase_add_test(compare, the_table_fits_and_breaks_cells_where_words_end);
    tcase_add_test(compare, a_row_tells_timeouts_apart_by_the_response_buffer);
    tcase_add_test(compare, pictures_are_left_side_by_side);

    TCase *boots = add_case(suite, "boots");
    tcase_add_checked_fixture(boots, boot_setup, boot_teardown);
    tcase_add_test(boots, a_machine_is_booted_heard_and_looked_at);
    tcase_add_test(boots, a_machine_that_never_ends_is_looked_at_all_the_same);
    tcase_add_test(boots, a_machine_that_never_stops_talking_is_looked_at_all_the_same);
    tcase_add_test(boots, a_qemu_that_dies_is_quoted);
    tcase_add_test(boots, what_is_missing_is_named_with_its_package);
    tcase_add_test(boots, qemu_does_not_outlive_us_even_when_we_are_killed);
    tcase_add_test(boots, an_interrupt_ends_qemu_and_leaves_nothing);
}

int main(void)
{
    Suite *suite = suite_create("replay");
    add_parts(suite);
    add_wholes(suite);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
