/*
 * Mistakes in scenarios: for every one exactly one message, with place, expectation, nearest word,
 * line and caret. The messages are in golden/scenario_errors.txt, in the order of the table.
 */
#include "test_scenario.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "golden.h"

#define DEVICE "device gpu\n"
#define DRIVER "device gpu\ndriver levitate\n"
#define ACTION "device gpu\nread Version\n"

static const char long_word[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/* %s is long_word. */
static const char *const mistakes[] = {
    /* verbs */
    "devise gpu\n",
    "banana\n",
    "# only a comment\n",
    "",
    DEVICE,
    "Device gpu\n",
    "%s\n",
    /* lines */
    "device gpu\nread Version\n\xff\n",
    "# caf\xc3\xa9 \xc3(\n",
    "# \xed\xa0\x80\n",
    "# \xc0\xaf\n",
    "# \xf4\x90\x80\x80\n",
    "device gpu \x1b[31m\n",
    "device\rgpu\n",
    "# \xc2\x85\n",
    "device gpu # caf\xc3\xa9 \x07\n",
    /* spec, violates */
    "spec\n",
    "spec LMMIO-DRV-D1O\n",
    "violates STATUS-DRV-01 nonsense\n",
    "spec S-DRV-01\n",
    "spec QQ1QQQ-DRV-01\n",
    "spec QQQQQQQQ-DRV-\n",
    "spec QQQQQQQQ-DRV-0001\n",
    "spec %s\n",
    "spec A-DRV-01 STATUS-DRV-01\n",
    "spec AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 "
    "AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1 AB-DRV-1\n",
    /* exhibit, mended */
    "exhibit\n",
    "exhibit a1\n",
    "exhibit A1b\n",
    "exhibit A1 nowhere\n",
    "exhibit A1 one/two#\n",
    "exhibit A1 one/two#12a\n",
    "exhibit A1 one/two@12345\n",
    "exhibit A1 /two\n",
    "exhibit A1 a/b a/b a/b a/b a/b a/b a/b a/b a/b\n",
    "exhibit A1\nexhibit A2\n",
    "mended device\n",
    "exhibit A1\nmended\n",
    "exhibit A1\nmended devise\n",
    "exhibit A1\nmended device OK\n",
    "exhibit A1\nmended ->\n",
    "exhibit A1\nmended -> OK TIMEUOT\n",
    DEVICE "driver x\ncall init\nexhibit A1\n",
    /* device */
    "device\n",
    "device gpuu\n",
    "device gpu verson 1\n",
    "device gpu version\n",
    "device gpu version 3\n",
    "device gpu version one\n",
    "device gpu version 1 version 2\n",
    "device gpu profile kvm\n",
    "device gpu profile sepc\n",
    "device gpu queue-size-max 32769\n",
    "device gpu queue-size-max -1\n",
    "device gpu display 640\n",
    "device gpu display 640x\n",
    "device gpu display 0x480\n",
    "device gpu display 16385x1\n",
    "device gpu display\n",
    "device gpu scanouts 0\n",
    "device gpu scanouts 17\n",
    "device blk scanouts 2\n",
    "device gpu slot 32\n",
    "device gpu slot 99999999999999999999\n",
    "device gpu features\n",
    "device gpu features EVENT_IDX\n",
    "device gpu features +EVENT_IDX -EVENT_IDX\n",
    "device gpu features +EVENT_IDXX\n",
    "device gpu features +\n",
    "device gpu features ?\n",
    "device gpu features ?64\n",
    "device gpu features ?VIRGLL\n",
    "device gpu features +RING_PACKED\n",
    "device gpu version 1 features +VERSION_1\n",
    "device gpu features +VERSION_1 version 1\n",
    "device gpu features -VERSION_1\n",
    "device gpu\ndevice gpu\n",
    "device gpu eager-pol\n",
    /* driver */
    "driver\n",
    "driver ../../tmp/x\n",
    "driver .hidden\n",
    "driver %s\n",
    "driver a\n\n\tdriver b\n",
    "driver a x 1 y 2 x 3\n",
    "driver a x %s\n",
    "driver a 1/2 x\n",
    /* memory */
    "memory\n",
    "memory bas 0x40000000\n",
    "memory base 0x40000001\n",
    "memory base nowhere\n",
    "memory base 0x0a000000\n",
    "memory size 64\n",
    "memory size 64 MiB\n",
    "memory size 5GiB\n",
    "memory size MiB\n",
    "memory size 65537\n",
    "memory size\n",
    "memory base 0 size 1GiB\n",
    "memory next 0x10\n",
    "memory next 0x44000000\n",
    "memory poison poison\n",
    "memory offset\n",
    "memory offset 1\n",
    "memory offset 0x1000\n",
    "memory offset 0xffff800000000000\n",
    "memory offset 0x7fffffffe000\n",
    "memory identity offset 0x300000000000\n",
    "memory base 0x8000 identity\n",
    "machine virt-m68k\nmemory identity\n",
    /* machine */
    "machine\n",
    "machine virt\n",
    "machine virt-riscv virt-arm\n",
    "machine virt-riscv slots 129\n",
    "machine virt-riscv slots 0\n",
    "machine base 0x10001100\n",
    "machine base 0xffff800010001000\n",
    "machine base 0x10001000 stride 0x100\n",
    "machine base 0x10001000 stride 0x600\n",
    "machine base 0x10001000 stride 0x20000\n",
    "machine base 0x10001000 base 0x10001000\n",
    "machine base 0x40000000\n",
    "machine base 0x10001000 ram 0x80000800\n",
    "machine interrupt 1024\n",
    "machine virt-riscv\nmachine virt-arm\n",
    DEVICE "machine virt-riscv\n",
    "memory size 1MiB\nmachine virt-riscv\n",
    "machine virt-riscv\ndevice gpu slot 8\n",
    "machine virt-riscv\nmemory base 0x10000000\n",
    "machine virt-riscv\n" ACTION "replay qemu aarch64\n",
    "machine base 0x0a000000\n" ACTION "replay qemu aarch64\n",
    /* other types of device */
    "device blok\n",
    "device blk display 640x480\n",
    "device blk disk 513\n",
    "device blk disk 0\n",
    "device blk disk 1GiB\n",
    "device blk read-only read-only\n",
    "device gpu disk 1MiB\n",
    "device gpu read-only\n",
    "device rng disk 1MiB\n",
    "device gpu features +SEG_MAX\n",
    "device blk features +EDID\n",
    "device blk features +DISCARD\n",
    "device rng features +FLUSH\n",
    ACTION "expect disk 0 0\n",
    "device blk disk 512\nread Version\nexpect disk 509 0\n",
    "device blk disk 512\nread Version\nexpect disk 508\n",
    "device blk disk 512\nread Version\nexpect disk 6 0\n",
    "device blk disk 512\nread Version\nexpect disk 4 0x100000000\n",
    "device blk\nread Version\nreplay qemu aarch64\n",
    /* schedule, seed, fault */
    "schedule\n",
    "schedule lasy\n",
    "schedule random 5\n",
    "schedule random odds\n",
    "schedule random odds 64\n",
    "schedule lazy odds 8\n",
    "schedule lazy\nschedule lazy\n",
    "seed\n",
    "seed 0x\n",
    "seed 0x1g\n",
    "seed 18446744073709551616\n",
    "seed 1 2\n",
    "fault\n",
    "fault completion-latr 5\n",
    "fault completion-late\n",
    "fault completion-lost 5\n",
    "fault completion-lost request 0\n",
    "fault completion-lost request\n",
    "fault used-id 1 reqest 2\n",
    "fault used-id 1 request 2 3\n",
    /* order */
    ACTION "driver levitate\n",
    "fault completion-lost at\n",
    "fault completion-lost at 0\n",
    "fault magic 5 request 1\n",
    "fault reset-lost request 1\n",
    "fault used-idx-jump\n",
    "fault used-idx-jmp 3\n",
    "fault needs-reset from\n",
    "fault needs-reset from 0\n",
    "fault needs-reset occurence 2\n",
    "fault needs-reset occurrence 0\n",
    "fault needs-reset occurrence 2 at 5\n",
    "device gpu personality\n",
    "device gpu personality strikt\n",
    "device gpu personality strict profile qemu\n",
    "device gpu eager-poll personality eager\n",
    "device gpu personality lazy\nschedule eager\n",
    "schedule eager\ndevice gpu personality lazy\n",
    "schedule random odds 3\ndevice gpu personality lazy\n",
    ACTION "fault completion-lst\n",
    /* hold, release, step, pause, continue */
    ACTION "hold now\n",
    ACTION "release now\n",
    ACTION "continue\n",
    ACTION "step\n",
    ACTION "step driver\n",
    ACTION "step devise\n",
    ACTION "step device 0\n",
    ACTION "pause QueueNotify\n",
    DRIVER "pause\n",
    DRIVER "pause QueueNotfy\ncall init\ncontinue\n",
    DRIVER "pause notification\nread Version\n",
    DRIVER "pause notification\ncall init\n",
    DRIVER "pause notification\ncall init\ncall init\ncontinue\n",
    DRIVER "pause notification\npause used\n",
    DRIVER "call init\ncontinue\n",
    DRIVER "pause before stuck\ncall init\ncontinue\n",
    /* lines of a trace */
    ACTION "63\n",
    ACTION "0 driver read Version 1\n",
    ACTION "63 driver raed Version 1\n",
    ACTION "driver read Version\n",
    ACTION "device load q0.avail.indx 1\n",
    "driver write Status 0\n",
    "read Version\n",
    "call init\n",
    DEVICE "call init\n",
    /* call */
    DRIVER "call\n",
    DRIVER "call in/it\n",
    DRIVER "call init ->\n",
    DRIVER "call init ->OK\n",
    DRIVER "call init -> TIMOUT\n",
    DRIVER "call init -> OK OK\n",
    DRIVER "call init OK\n",
    DRIVER "call show 1 2 3 4 5 6 7 8 9\n",
    DRIVER "call show -5\n",
    /* read, write, store, interrupt */
    DEVICE "read\n",
    DEVICE "read Verson\n",
    DEVICE "read q0.avail.idx\n",
    DEVICE "read q0.avail.indx\n",
    DEVICE "read Version 2\n",
    DEVICE "read Version ->\n",
    DEVICE "read Version -> two\n",
    DEVICE "read Version -> 0x100000000\n",
    DEVICE "read Version/3\n",
    DEVICE "read %s\n",
    DEVICE "write QueueSel\n",
    DEVICE "write QueueSel 4294967296\n",
    DEVICE "write QueueSel 1 2\n",
    DEVICE "write q0.avail.idx 1\n",
    DEVICE "store QueueSel 1\n",
    DEVICE "store q0.avail.idx\n",
    DEVICE "store q0.avail.idx 65536\n",
    DEVICE "store q4.avail.idx 1\n",
    DEVICE "store q0.desc[32768].len 1\n",
    DEVICE "store q0.desc[1] 1\n",
    DEVICE "store q0.dscs[1].len 1\n",
    DEVICE "store 0x40000000 3 1\n",
    DEVICE "store 0x40000000 1 256\n",
    DEVICE "store 0x40000000 1\n",
    DEVICE "store 0x3fffffff 1 1\n",
    DEVICE "store 0x43fffff9 8 1\n",
    DEVICE "alloc\n",
    DEVICE "alloc a/b 4096 at 0x40100000\n",
    DEVICE "alloc ring 0 at 0x40100000\n",
    DEVICE "alloc ring 0x4000001 at 0x40100000\n",
    DEVICE "alloc ring 4096 0x40100000\n",
    DEVICE "alloc ring 4096 at 0x3ffff000\n",
    DEVICE "alloc ring 4096 at 0x44000000\n",
    DEVICE "alloc ring 4096 at 0x40100800\n",
    DEVICE "alloc ring 4096 at 0x40100000 align 4096\n",
    DEVICE "free ring 4096\n",
    DEVICE "interrupt 1\n",
    /* expect */
    ACTION "expect\n",
    ACTION "expect stuk none\n",
    ACTION "expect nothing\n",
    ACTION "expect stuck\n",
    ACTION "expect stuck queue-alive\n",
    ACTION "expect stuck none\nexpect stuck none\n",
    ACTION "expect finding\n",
    ACTION "expect finding LMMIO-DRV-D1OO\n",
    ACTION "expect finding LMMIO-DRV-D10 in x.c\n",
    ACTION "expect finding LMMIO-DRV-D10 at\n",
    ACTION "expect finding LMMIO-DRV-D10 at x.c:\n",
    ACTION "expect finding LMMIO-DRV-D10 at :\n",
    ACTION "load QueueSel\n",
    ACTION "load q0.avail.idx 1\n",
    ACTION "bring-up\n",
    ACTION "bring-up driverok\n",
    ACTION "bring-up queue after driver-ok\n",
    ACTION "bring-up queue accept\n",
    ACTION "bring-up queue accept EVENT\n",
    "device gpu version 1\nbring-up queue accept RING_RESET\n",
    "device gpu\nmemory size 16MiB\nbring-up queue\n",
    "device rng\nrequest\n",
    ACTION "request unnotifed\n",
    ACTION "wait 5\n",
    ACTION "return ...\n",
    ACTION "happens\n",
    ACTION "happens needs-rest\n",
    ACTION "expect finding LMMIO-DRV-D10 at x.c:0\n",
    ACTION "expect finding LMMIO-DRV-D10 at x.c:5 now\n",
    ACTION "expect finding LMMIO-DRV-D10 at %s\n",
    ACTION "expect response\n",
    ACTION "expect response touched\n",
    ACTION "expect scanout 16 active\n",
    ACTION "expect scanout active\n",
    ACTION "expect scanout 0 activ\n",
    ACTION "expect scanout 0 active 5\n",
    ACTION "expect scanout 0 lost 640x480\n",
    ACTION "expect picture testcard\n",
    ACTION "expect dma-live -1\n",
    ACTION "expect q0.used.idx\n",
    ACTION "expect q0.used.idx 70000\n",
    ACTION "expect q5.used.idx 1\n",
    ACTION "expect Statsu 1\n",
    ACTION "expect Status 1 2\n",
    /* replay */
    ACTION "replay\n",
    ACTION "replay bochs\n",
    ACTION "replay qemu\n",
    ACTION "replay qemu arch64\n",
    ACTION "replay qemu aarch64 aarch64\n",
    ACTION "replay qemu aarch64\nreplay qemu aarch64\n",
};

static size_t errors_in(const char *message)
{
    size_t count = 0;
    for (const char *at = message; (at = strstr(at, ": error: ")); at++) {
        count++;
    }
    return count;
}

START_TEST(every_mistake_gives_its_one_message)
{
    char *all = NULL;
    size_t all_bytes = 0;
    FILE *out = open_memstream(&all, &all_bytes);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        char text[1024];
        const char *hole = strstr(mistakes[i], "%s");
        snprintf(text, sizeof text, "%.*s%s%s",
                 hole ? (int)(hole - mistakes[i]) : (int)strlen(mistakes[i]), mistakes[i],
                 hole ? long_word : "", hole ? hole + 2 : "");
        char *message = NULL;
        size_t bytes = 0;
        FILE *errors = open_memstream(&message, &bytes);
        struct scenario *scenario = scenario_parse("bad.scn", text, errors);
        fclose(errors);
        ck_assert_msg(scenario == NULL, "this was read:\n%s", text);
        ck_assert_msg(errors_in(message) == 1 && strncmp(message, "bad.scn:", 8) == 0,
                      "not one message for:\n%s---\n%s", text, message);
        fprintf(out, "%s\n", message);
        free(message);
    }
    fclose(out);
    golden_compare("scenario_errors.txt", all);
    free(all);
}
END_TEST

/* Limits that take many lines to pass: the last line of the text is the one too many. */
START_TEST(every_limit_is_named_when_it_is_passed)
{
    static const struct {
        const char *before, *line, *message;
        unsigned times;
    } cases[] = {
        {"", "# x\n", "bad.scn:1001:1: error: more than 1000 lines\n", SCENARIO_LINES_MAX},
        {DRIVER, "call init\n", "bad.scn:259:1: error: more than 256 actions\n",
         SCENARIO_ACTIONS_MAX},
        {ACTION, "expect Status 0\n", "bad.scn:131:8: error: more than 128 expectations\n",
         SCENARIO_EXPECTS_MAX},
        {"", "fault used-id 1\n", "bad.scn:17:7: error: more than 16 faults\n", SIM_FAULTS_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL, *message = NULL;
        size_t bytes = 0;
        FILE *out = open_memstream(&text, &bytes);
        fputs(cases[i].before, out);
        for (unsigned j = 0; j <= cases[i].times; j++) {
            fputs(cases[i].line, out);
        }
        fclose(out);
        FILE *errors = open_memstream(&message, &bytes);
        ck_assert_ptr_null(scenario_parse("bad.scn", text, errors));
        fclose(errors);
        ck_assert_msg(strncmp(message, cases[i].message, strlen(cases[i].message)) == 0, "%s",
                      message);
        free(text);
        free(message);
    }
}
END_TEST

START_TEST(an_overlong_line_and_too_many_options_are_named)
{
    char text[SCENARIO_LINE_BYTES * 3];
    memset(text, '#', SCENARIO_LINE_BYTES + 1);
    text[SCENARIO_LINE_BYTES + 1] = '\0';
    char *message = NULL;
    size_t bytes = 0;
    FILE *errors = open_memstream(&message, &bytes);
    ck_assert_ptr_null(scenario_parse("bad.scn", text, errors));
    size_t used = (size_t)snprintf(text, sizeof text, "driver d");
    for (unsigned i = 0; i <= SCENARIO_OPTIONS_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, " o%02u 1", i);
    }
    ck_assert_ptr_null(scenario_parse("bad.scn", text, errors));
    fclose(errors);
    golden_compare("scenario_long.txt", message);
    free(message);
}
END_TEST

/* Writes a file below the build folder and reads it as a scenario; the message, freed by the
 * caller. */
static char *read_bytes(const char *bytes, size_t count)
{
    static const char path[] = RINGSIDE_BINARY_DIR "/test_scenario_file.scn";
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fwrite(bytes, 1, count, file);
    fclose(file);
    char *message = NULL;
    size_t message_bytes = 0;
    FILE *errors = open_memstream(&message, &message_bytes);
    struct scenario *scenario = scenario_read(path, errors);
    fclose(errors);
    unlink(path);
    ck_assert_ptr_null(scenario);
    ck_assert_msg(strncmp(message, path, strlen(path)) == 0, "%s", message);
    memmove(message, message + strlen(path), strlen(message) - strlen(path) + 1);
    return message;
}

START_TEST(a_nul_byte_is_no_end_of_the_file)
{
    static const char text[] = "device gpu\nread Version\nexpect\0stuck none\n";
    char *message = read_bytes(text, sizeof text - 1);
    ck_assert_str_eq(message, ":3:7: error: control character 0x00\n"
                              "    expect?stuck none\n"
                              "          ^\n");
    free(message);
}
END_TEST

START_TEST(a_huge_file_is_refused)
{
    size_t bytes = (size_t)SCENARIO_LINES_MAX * (SCENARIO_LINE_BYTES + 2) + 1;
    char *text = malloc(bytes);
    memset(text, '\n', bytes);
    char *message = read_bytes(text, bytes);
    ck_assert_str_eq(message, ": error: is longer than 1002000 bytes: not a scenario\n");
    free(message);
    free(text);
}
END_TEST

START_TEST(what_is_no_readable_file_is_named)
{
    char *message = NULL;
    size_t bytes = 0;
    FILE *errors = open_memstream(&message, &bytes);
    ck_assert_ptr_null(scenario_read("/nowhere/x.scn", errors));
    ck_assert_ptr_null(scenario_read("/", errors));
    ck_assert_ptr_null(scenario_read("/dev/zero", errors));
    ck_assert_ptr_null(scenario_read("/dev/null", errors));
    fclose(errors);
    ck_assert_str_eq(message,
                     "/nowhere/x.scn: error: cannot be opened: No such file or directory\n"
                     "/: error: is a folder, not a scenario\n"
                     "/dev/zero: error: is longer than 1002000 bytes: not a scenario\n"
                     "/dev/null:1:1: error: the scenario does nothing; expected at least one call, "
                     "read, write, store or interrupt\n");
    free(message);
}
END_TEST

START_TEST(a_file_that_may_not_be_read_is_named)
{
    static const char path[] = RINGSIDE_BINARY_DIR "/test_scenario_locked.scn";
    if (geteuid() == 0) {
        return; /* nothing is unreadable for root */
    }
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    ck_assert_int_eq(chmod(path, 0), 0);
    char *message = NULL;
    size_t bytes = 0;
    FILE *errors = open_memstream(&message, &bytes);
    ck_assert_ptr_null(scenario_read(path, errors));
    fclose(errors);
    unlink(path);
    ck_assert_ptr_nonnull(strstr(message, "cannot be opened: Permission denied\n"));
    free(message);
}
END_TEST

TCase *scenario_errors_case(void)
{
    TCase *errors = tcase_create("errors");
    tcase_add_test(errors, every_mistake_gives_its_one_message);
    tcase_add_test(errors, every_limit_is_named_when_it_is_passed);
    tcase_add_test(errors, an_overlong_line_and_too_many_options_are_named);
    tcase_add_test(errors, a_nul_byte_is_no_end_of_the_file);
    tcase_add_test(errors, a_huge_file_is_refused);
    tcase_add_test(errors, what_is_no_readable_file_is_named);
    tcase_add_test(errors, a_file_that_may_not_be_read_is_named);
    return errors;
}
