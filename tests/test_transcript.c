/*
 * What a booted machine says on its serial line is understood, however it is cut, flooded or
 * garbled.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "suite.h"
#include "transcript.h"

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
    ck_assert_int_eq(transcript.interrupts, -1);
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
    "ringside: interrupts",
    "ringside: interrupts many",
    "ringside: interrupts 1 2",
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

START_TEST(interrupts_are_counted_by_the_machine)
{
    understand("ringside: interrupts 17\nringside: done\n");
    ck_assert_int_eq(transcript.interrupts, 17);
    ck_assert_uint_eq(transcript.garbage, 0);
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

int main(void)
{
    Suite *suite = suite_create("transcript");
    TCase *said = tcase_create("said");

    tcase_add_test(said, a_whole_transcript_is_understood);
    tcase_add_test(said, cut_anywhere_only_whole_lines_are_believed);
    tcase_add_test(said, every_result_is_known_by_its_name);
    tcase_add_loop_test(said, lines_that_are_no_statement_count_as_garbage_and_change_nothing, 0,
                        (int)(sizeof garbage / sizeof garbage[0]));
    tcase_add_test(said, interrupts_are_counted_by_the_machine);
    tcase_add_test(said, an_unknown_result_is_kept_as_a_call_without_one);
    tcase_add_test(said, a_response_line_belongs_to_the_call_before_it);
    tcase_add_test(said, the_first_unknown_option_is_kept);
    tcase_add_test(said, a_fault_ends_the_transcript);
    tcase_add_test(said, a_flood_stops_at_the_limits);
    tcase_add_test(said, noise_never_harms);
    suite_add_tcase(suite, said);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
