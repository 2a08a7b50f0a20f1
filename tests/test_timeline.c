/*
 * Timelines: the wire format, phases, whole units, a dump word for word, and mistakes in the
 * command line. What real readers make of them is tested in readers/.
 */
#include "timeline.h"

#include "event.h"
#include "shell_rig.h"
#include "timeline_protobuf.h"
#include "timeline_writer.h"

/* ---- protocol buffers ---- */

static void expect_bytes(const struct protobuf *message, const char *hex)
{
    char got[PROTOBUF_BYTES * 2 + 1] = "";

    for (size_t i = 0; i < message->used && i < PROTOBUF_BYTES; i++)
        snprintf(got + 2 * i, 3, "%02x", message->bytes[i]);
    ck_assert_str_eq(got, hex);
}

START_TEST(numbers_take_seven_bits_a_byte)
{
    static const struct {
        uint64_t value;
        const char *hex;
    } cases[] = {{0, "0800"},
                 {127, "087f"},
                 {128, "088001"},
                 {300, "08ac02"},
                 {UINT64_MAX, "08ffffffffffffffffff01"}};
    static struct protobuf message;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        message.used = 0;
        protobuf_uint(&message, 1, cases[i].value);
        expect_bytes(&message, cases[i].hex);
    }
    message.used = 0;
    protobuf_fixed64(&message, 47, 0x0102030405060708); /* field 47, eight bytes: key 0x179 */
    expect_bytes(&message, "f9020807060504030201");
    ck_assert(!message.overflown);
}
END_TEST

START_TEST(messages_nest_and_know_their_lengths)
{
    static struct protobuf message, other;
    size_t outer, inner;

    outer = protobuf_begin(&message, 1);
    protobuf_uint(&message, 8, 5);
    inner = protobuf_begin(&message, 2);
    protobuf_string(&message, 3, "ab");
    protobuf_end(&message, inner);
    protobuf_end(&message, outer);
    expect_bytes(&message, "0a8900"
                           "4005"
                           "128400"
                           "1a026162");
    protobuf_uint(&other, 1, 1);
    message.used = 0;
    protobuf_append(&message, 12, &other);
    expect_bytes(&message, "62020801");
}
END_TEST

START_TEST(a_long_message_has_a_long_length)
{
    static struct protobuf message;
    static char text[1001];
    size_t outer = protobuf_begin(&message, 1);

    memset(text, 'x', sizeof text - 1);
    protobuf_string(&message, 1, text);
    protobuf_end(&message, outer);
    ck_assert_uint_eq(message.used, 3 + 3 + 1000);
    ck_assert_uint_eq((message.bytes[1] & 0x7fu) | (uint32_t)message.bytes[2] << 7, 1003);
}
END_TEST

START_TEST(what_is_no_ascii_breaks_no_reader)
{
    static struct protobuf message;

    protobuf_string(&message, 1, "a\xff\xc3z");
    expect_bytes(&message, "0a04613f3f7a");
}
END_TEST

START_TEST(a_message_that_does_not_fit_says_so)
{
    static struct protobuf message, other;

    while (message.used + 8 <= PROTOBUF_BYTES)
        protobuf_fixed64(&message, 1, 1);
    ck_assert(!message.overflown || message.used == PROTOBUF_BYTES);
    protobuf_fixed64(&message, 1, 1);
    ck_assert(message.overflown);
    ck_assert_uint_le(message.used, PROTOBUF_BYTES);
    protobuf_append(&other, 1, &message);
    ck_assert(other.overflown);
}
END_TEST

/* ---- phases ---- */

START_TEST(each_event_of_the_device_belongs_to_its_phase)
{
    static const struct {
        const char *line;
        enum timeline_phase phase;
    } cases[] = {
        {"device load q0.avail.idx 1", TIMELINE_PHASE_AVAIL_IDX},
        {"device load q0.avail.ring[0] 0", TIMELINE_PHASE_AVAIL_RING},
        {"device load q0.desc[0] 0x400c8000", TIMELINE_PHASE_DESC},
        {"device load q0.desc[1].next 1", TIMELINE_PHASE_DESC},
        {"device load q0.indirect[0] 0x400c8000", TIMELINE_PHASE_DESC},
        {"device take q0 head 0 segments 2", TIMELINE_PHASE_DESC},
        {"device load q0.request[0]/24 0x100", TIMELINE_PHASE_REQUEST},
        {"device execute GET_DISPLAY_INFO at 0x400c8000", TIMELINE_PHASE_EXECUTE},
        {"device store q0.response[0]/408 0x1101", TIMELINE_PHASE_RESPONSE},
        {"device respond OK_DISPLAY_INFO 408", TIMELINE_PHASE_RESPONSE},
        {"device store q0.used.ring[0] 0", TIMELINE_PHASE_USED_RING},
        {"device store q0.used.ring[0].len 8", TIMELINE_PHASE_USED_RING},
        {"device store q0.used.idx 1", TIMELINE_PHASE_USED_IDX},
        {"device load q0.avail.flags 0", TIMELINE_PHASE_SUPPRESSION},
        {"device load q0.avail.used_event 0", TIMELINE_PHASE_SUPPRESSION},
        {"device store q0.used.avail_event 0", TIMELINE_PHASE_SUPPRESSION},
        {"device interrupt used", TIMELINE_PHASE_INTERRUPT},
        {"device interrupt config", TIMELINE_PHASE_IDLE},
        {"device reset", TIMELINE_PHASE_IDLE},
        {"driver load q0.used.idx 1", TIMELINE_PHASE_IDLE},
        {"driver store q0.avail.idx 1", TIMELINE_PHASE_IDLE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event;
        const char *error = NULL;
        size_t column;
        ck_assert_msg(event_parse(cases[i].line, &event, &error, &column), "%s: %s", cases[i].line,
                      error);
        ck_assert_str_eq(timeline_phase_word(timeline_phase_of(&event)),
                         timeline_phase_word(cases[i].phase));
    }
}
END_TEST

/* ---- output ---- */

START_TEST(only_whole_units_reach_the_file)
{
    static struct timeline_output out;
    static char unit[1000], text[TIMELINE_BUFFER_BYTES * 2];
    char *bytes = NULL;
    size_t count = 0, units = 0;

    out.stream = open_memstream(&bytes, &count);
    ck_assert_ptr_nonnull(out.stream);
    memset(unit, 'u', sizeof unit);
    while (count == 0) {
        timeline_put(&out, unit, sizeof unit);
        units++;
        ck_assert_uint_le(units, sizeof text / sizeof unit);
    }
    ck_assert_uint_eq(count % sizeof unit, 0);
    ck_assert_uint_eq(count + out.used, units * sizeof unit);
    ck_assert(!out.failed);
    fclose(out.stream);
    free(bytes);
}
END_TEST

START_TEST(a_full_disk_is_noticed)
{
    struct timeline *timeline;
    FILE *full = fopen("/dev/full", "w");
    struct scenario scenario = {.name = (char *)(uintptr_t) "x"};
    static struct world_outcome outcome;

    ck_assert_ptr_nonnull(full);
    timeline = timeline_create(TIMELINE_VCD, full);
    ck_assert_ptr_nonnull(timeline);
    timeline_begin(timeline, &scenario, 1);
    timeline_end(timeline, &outcome);
    ck_assert(!timeline_flush(timeline));
    timeline_free(timeline);
    fclose(full);
}
END_TEST

/* ---- a dump, word for word ---- */

static const char registers[] = "# By hand.\ndevice blk version 2\nwrite Status 0\nwrite Status 1\n"
                                "write Status 3\nread Version -> 2\nwrite QueueSel 0\n";

static const char dump[] = //
    "$comment one step of ringside is 1 ns $end\n"
    "$version ringside $end\n"
    "$timescale 1 ns $end\n"
    "$scope module _2_by_hand $end\n"
    "$var string 1 ! call $end\n"
    "$var string 1 \" party $end\n"
    "$var wire 1 # stuck $end\n"
    "$var reg 16 $ findings [15:0] $end\n"
    "$scope module device $end\n"
    "$var reg 8 % Status [7:0] $end\n"
    "$var wire 1 & ACKNOWLEDGE $end\n"
    "$var wire 1 ' DRIVER $end\n"
    "$var wire 1 ( FEATURES_OK $end\n"
    "$var wire 1 ) DRIVER_OK $end\n"
    "$var wire 1 * DEVICE_NEEDS_RESET $end\n"
    "$var wire 1 + FAILED $end\n"
    "$var reg 32 , QueueSel [31:0] $end\n"
    "$var reg 2 - InterruptStatus [1:0] $end\n"
    "$var reg 32 . QueueNotify [31:0] $end\n"
    "$var event 1 / notify $end\n"
    "$upscope $end\n"
    "$scope module q0 $end\n"
    "$var wire 1 0 q0_live $end\n"
    "$var reg 16 1 q0_size [15:0] $end\n"
    "$var reg 16 2 q0_avail_idx [15:0] $end\n"
    "$var reg 16 3 q0_used_idx [15:0] $end\n"
    "$var reg 16 4 q0_seen_idx [15:0] $end\n"
    "$var reg 16 5 q0_in_flight [15:0] $end\n"
    "$var reg 16 6 q0_last_head [15:0] $end\n"
    "$var string 1 7 q0_phase $end\n"
    "$upscope $end\n"
    "$upscope $end\n"
    "$enddefinitions $end\n"
    "#0\n$dumpvars\n"
    "s- !\ns- \"\n0#\nb0 $\nb0 %\n0&\n0'\n0(\n0)\n0*\n0+\nb0 ,\nb0 -\nb0 .\n"
    "00\nb0 1\nb0 2\nb0 3\nb0 4\nb0 5\nb0 6\ns- 7\n$end\n";

START_TEST(a_dump_has_all_signals_and_then_only_changes)
{
    static char text[SHELL_OUTPUT_BYTES];

    shell_begin("test_timeline");
    shell_write("2-by-hand.scn", registers);
    (void)shell_run("$R run -q --trace=t.vcd --trace-format vcd 2-by-hand.scn");
    shell_read("t.vcd", text);
    ck_assert_msg(strncmp(text, dump, strlen(dump)) == 0, "%s", text);
    ck_assert_str_eq(text + strlen(dump), "#1\nsdriver \"\nb1 $\nsidle 7\n"
                                          "#2\nsdevice \"\n"
                                          "#3\nsdriver \"\nb1 %\n1&\n"
                                          "#4\nb11 %\n1'\n"
                                          "#7\n");
}
END_TEST

/* ---- the command line ---- */

START_TEST(mistakes_get_one_line)
{
    static const struct shell_case cases[] = {
        {"$R run --trace=t --trace-format vdc s.scn", 2, "",
         "ringside: unknown word for --trace-format `vdc`; did you mean `vcd`?\n"},
        {"$R run --trace=t --trace-format", 2, "", "a value is missing after `--trace-format`"},
        {"$R run --trace-format perfetto s.scn", 2, "",
         "ringside: --trace-format says how --trace=FILE is written, and there is none\n"},
        {"$R run --trace --trace-format perfetto s.scn", 2, "",
         "ringside: --trace-format perfetto needs a file: --trace=FILE\n"},
        {"$R run --trace=t --trace-format vcd s.scn s.scn", 2, "",
         "ringside: a vcd file takes one scenario, as its time cannot go back; there are 2\n"},
        {"$R run --trace=/dev/full --trace-format perfetto s.scn", 2, NULL,
         "/dev/full: cannot be written\n"},
        {"$R run --trace=t --trace-format text s.scn; grep -c 'driver write Status' t", 0, "3\n",
         ""},
    };

    shell_begin("test_timeline");
    shell_write("s.scn", registers);
    shell_check(cases, sizeof cases / sizeof cases[0]);
    /* What could not be written whole is not there, and no timeline of nothing either. */
    ck_assert_int_eq(shell_run("$R run -q --trace=gone --trace-format vcd s.scn s.scn; "
                               "$R run -q --trace=gone --trace-format vcd none.scn; "
                               "echo wrong >w.scn; $R run -q --trace=gone --trace-format vcd w.scn;"
                               "test ! -e gone && test -z \"$(ls | grep part)\""),
                     0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timeline");
    TCase *wire = tcase_create("wire");
    TCase *run = tcase_create("run");
    SRunner *runner;
    int failed;

    tcase_add_test(wire, numbers_take_seven_bits_a_byte);
    tcase_add_test(wire, messages_nest_and_know_their_lengths);
    tcase_add_test(wire, a_long_message_has_a_long_length);
    tcase_add_test(wire, what_is_no_ascii_breaks_no_reader);
    tcase_add_test(wire, a_message_that_does_not_fit_says_so);
    tcase_add_test(wire, each_event_of_the_device_belongs_to_its_phase);
    tcase_add_test(wire, only_whole_units_reach_the_file);
    tcase_add_test(wire, a_full_disk_is_noticed);
    tcase_add_test(run, a_dump_has_all_signals_and_then_only_changes);
    tcase_add_test(run, mistakes_get_one_line);
    tcase_set_timeout(run, 60);
    suite_add_tcase(suite, wire);
    suite_add_tcase(suite, run);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
