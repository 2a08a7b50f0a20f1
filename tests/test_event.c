/*
 * The event's text form reads as people were promised, in both directions, and mistakes are named.
 */
#include "event_rig.h"

#include <ctype.h>
#include "device.h"
#include "virtio/mmio.h"

/* Each is both what is printed and what is read. */
static const char *const lines[] = {
    "63 driver write QueueReady 1",
    "12 driver read Version 1",
    "13 driver read MagicValue 0x74726976",
    "70 driver store q0.avail.idx 1",
    "71 device load q0.avail.idx 1",
    "64 driver write slot3.Status 0",
    "80 driver write register+0x48 1 !no-register",
    "81 driver read config+0x8 1",
    "82 driver read config+0x0/1 0xff",
    "83 driver write config+0x100/4294967295 1",
    "84 driver write Status/1 0xf !wrong-width",
    "85 driver write Status+0x1/1 0 !misaligned",
    "86 driver write slot31.config+0x4/8 0 !empty-slot",
    "87 driver read QueuePFN 0 !wrong-version",
    "88 driver write MagicValue 1 !read-only",
    "89 driver read QueueNotify 0 !write-only",
    "90 driver write QueueSize 0x10 !queue-is-live",
    "driver store 0x400c7104/2 0",
    "driver store 0x400c7104/4096 0x1122334455667788",
    "driver store q0.desc[3] 0x400c8000",
    "driver store q0.desc[3].addr 0x400c8000",
    "driver store q0.desc[3].addr/4 0x400c8000",
    "driver store q1.desc[12].len 0x18",
    "driver store q1.desc[12].flags 1",
    "driver store q1.desc[12].next 0xd",
    "driver store q65535.avail.flags 1",
    "driver store q0.avail.ring[32767] 0x7fff",
    "driver store q0.avail.used_event 9",
    "device store q0.used.flags 0xa",
    "device store q0.used.idx 0xffff",
    "device store q0.used.ring[2] 0x1980000000c",
    "driver load q0.used.ring[2].id 0xc",
    "driver load q0.used.ring[2].len 0x198",
    "device store q0.used.avail_event 1",
    "device load q0.indirect[4] 0x400c8000",
    "device load q0.request[12]/24 0x100",
    "device store q0.response[12]/408 0x1101",
    "device load resource[1].backing/4096000 0",
    "driver update q0.avail.idx 2 was 1",
    "driver load - 0",
    "72 driver barrier full",
    "72 driver barrier compiler",
    "driver cache clean 0x400c7000 0x40",
    "driver cache invalidate 0x400c7000 0x40",
    "driver cache clean-invalidate 0x400c7000 0x40",
    "20 driver alloc - 0x1000 at 0x400c7000 align 0x1000",
    "21 driver free - 0x1000 at 0x400c7000",
    "driver relax",
    "driver no-window 0x200 at 0x1c130000",
    "driver relax x1000000",
    "driver foreign",
    "driver foreign 0x30d00800",
    "clock relax 0x64",
    "driver wait interrupt",
    "driver wait deadline",
    "driver call 2",
    "driver return 2 OK",
    "driver return 12 BAD_COMPLETION",
    "device take q0 head 0 segments 2",
    "device take q1 head 255 segments 16",
    "device execute GET_DISPLAY_INFO",
    "device execute GET_DISPLAY_INFO at 0x400c8000",
    "device execute UPDATE_CURSOR at 0x400c8000 on q1",
    "device execute 0x1ff",
    "device respond OK_DISPLAY_INFO 408",
    "device respond ERR_INVALID_SCANOUT_ID 24 on q1",
    "device interrupt used",
    "device interrupt config",
    "device interrupt used+config",
    "device reset",
    "device reset by QueueReset of q0",
    "device reset by QueuePFN of q1",
    "device needs-reset head-range",
    "device needs-reset head-range on q1",
    "device refuse notify-not-live on q0",
    "device refuse notify-queue on q0 got 7 of 2 in QueueNotify",
    "device refuse head-range on q0 got 0x13 of 8 in q0.avail.ring[2]",
    "device refuse dma-request on q0 got 0x500c8000 of 0x18 because outside-ram",
    "device refuse dma-request on q1 got 0xffff8000400c8000 of 0x18 because virtual",
    "device refuse resource-id on q0 got 7 resource 7",
    "device scanout 0 resource 1",
    "device scanout 0 resource 0",
    "device flush resource 1",
    "device config-change generation 1",
    "device fault completion-late argument 0x3e8",
    "device fault completion-lost",
    "device fault used-id argument 9 on q1",
    "90 world stuck",
    "world unobserved access QueueReady",
    "world unobserved access QueueReady is-write 1",
    "world unobserved store 0x400c8000/8",
    "world crash 1 at 0x7fffdeadbeef",
    "memory store 0x400c7102/2 1",
    "12 driver read InterruptStatus 0 x17",
    "12 driver read InterruptStatus 0 x4294967296",
    "12 driver read slot0.DeviceID 0 x2 !empty-slot",
};

START_TEST(every_promised_line_is_read_and_printed_as_it_stands)
{
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct event event = parse(lines[i]);
        ck_assert_str_eq(format(&event, NULL), lines[i]);
    }
}
END_TEST

START_TEST(every_kind_has_a_promised_line)
{
    bool seen[EVENT_KIND_COUNT] = {false};
    for (size_t i = 0; i < COUNT(lines); i++) {
        seen[parse(lines[i]).kind] = true;
    }
    for (enum event_kind kind = EVENT_READ; kind < EVENT_KIND_COUNT; kind++) {
        ck_assert_msg(seen[kind], "%s", event_kind_word(kind));
    }
}
END_TEST

START_TEST(a_line_is_read_into_the_fields_that_it_names)
{
    struct event event = parse("85 driver write slot3.Status+0x1/1 0xf x17 !misaligned");
    ck_assert_uint_eq(event.step, 85);
    ck_assert_uint_eq(event.party, EVENT_PARTY_DRIVER);
    ck_assert_uint_eq(event.kind, EVENT_WRITE);
    ck_assert_uint_eq(event.place, EVENT_PLACE_REGISTER);
    ck_assert_uint_eq(event.index, VIRTIO_MMIO_REG_Status);
    ck_assert_uint_eq(event.addr, VIRTIO_MMIO_Status + 1);
    ck_assert_uint_eq(event.width_bytes, 1);
    ck_assert_uint_eq(event.value, 15);
    ck_assert_uint_eq(event.repeat, 16);
    ck_assert_uint_eq(event.slot, 3);
    ck_assert_uint_eq(event.flags, EVENT_OTHER_SLOT);
    ck_assert_uint_eq(event.verdict, EVENT_VERDICT_ALIGN);
    event = parse("device load q7.used.ring[9].len 24");
    ck_assert_uint_eq(event.place, EVENT_PLACE_USED_RING_LEN);
    ck_assert_uint_eq(event.queue, 7);
    ck_assert_uint_eq(event.index, 9);
    ck_assert_uint_eq(event.width_bytes, 4);
    ck_assert_uint_eq(event.value, 24);
    event = parse("driver read config+0x8 1");
    ck_assert_uint_eq(event.place, EVENT_PLACE_CONFIG);
    ck_assert_uint_eq(event.addr, 0x108);
    event = parse("driver update 0x40000000/4 2 was 1");
    ck_assert_uint_eq(event.place, EVENT_PLACE_MEMORY);
    ck_assert_uint_eq(event.addr, 0x40000000);
    ck_assert_uint_eq(event.extra, 1);
    event = parse("driver alloc controlq 0x1000 at 0x400c7000 align 16");
    ck_assert_uint_eq(event.value, 0x1000);
    ck_assert_uint_eq(event.addr, 0x400c7000);
    ck_assert_uint_eq(event.extra, 16);
    event = parse("driver call 5");
    ck_assert_uint_eq(event.value, 5);
    ck_assert_uint_eq(event.index, 5);
    event = parse("driver return 5 TIMEOUT");
    ck_assert_uint_eq(event.value, 1);
    ck_assert_uint_eq(event.index, 5);
    event = parse("device refuse dma-desc on q2 got 0x10 of 0x20 because freed");
    ck_assert_uint_eq(event.value, SIM_REFUSAL_DMA_DESC);
    ck_assert_uint_eq(event.queue, 2);
    ck_assert_uint_eq(event.addr, 0x10);
    ck_assert_uint_eq(event.extra, 0x20);
    ck_assert_uint_eq(event.index, ARENA_FAULT_FREED);
    event = parse("device refuse notify-queue on q0 got 7 of 2 in QueueNotify");
    ck_assert_uint_eq(event.addr, 7);
    ck_assert_uint_eq(event.place, EVENT_PLACE_REGISTER);
    ck_assert_uint_eq(event.index, VIRTIO_MMIO_REG_QueueNotify);
}
END_TEST

START_TEST(other_spellings_are_read_and_the_promised_one_is_printed)
{
    static const struct {
        const char *line;
        const char *printed;
    } cases[] = {
        {"driver write QueueNum 16", "driver write QueueSize 0x10"},
        {"  driver\twrite  queueready   0x1 ", "driver write QueueReady 1"},
        {"driver write QueueReady 1\n", "driver write QueueReady 1"},
        {"driver write QueueReady/4 1", "driver write QueueReady 1"},
        {"driver read config+0x8/4 1 at driver/transport.c:88", "driver read config+0x8 1"},
        {"world stuck at a.c:1", "world stuck"},
        {"driver relax at a.c:1", "driver relax"},
        {"device execute get-display-info", "device execute GET_DISPLAY_INFO"},
        {"device execute 0x100", "device execute GET_DISPLAY_INFO"},
        {"device refuse NOTIFY_NOT_LIVE on q0", "device refuse notify-not-live on q0"},
        {"driver read Status 1 !OK", "driver read Status 1"},
        {"driver read Status 1 !read_only x3", "driver read Status 1 x3 !read-only"},
        {"driver read Status 1 x1", "driver read Status 1"},
        {"driver alloc controlq 4096 at 1073741824", "driver alloc - 0x1000 at 0x40000000"},
        {"driver store controlq+0x104/2 0", "driver store 0x104/2 0"},
        {"driver store @config+0x104/2 0", "driver store 0x104/2 0"},
        {"driver store 12/2 0", "driver store 0xc/2 0"},
        {"007 driver relax", "7 driver relax"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct event event = parse(cases[i].line);
        ck_assert_str_eq(format(&event, NULL), cases[i].printed);
    }
}
END_TEST

START_TEST(every_register_is_known_by_name_and_alias_in_any_case)
{
    static const char *const names[][2] = {
#define X(name, offset, v1, v2, scope, alias) {#name, alias},
        VIRTIO_MMIO_REGISTERS(X)
#undef X
    };
    for (uint32_t reg = 0; reg < VIRTIO_MMIO_REG_COUNT; reg++) {
        for (size_t spelling = 0; spelling < 6; spelling++) {
            char line[64];
            snprintf(line, sizeof line, "driver read %s 0", names[reg][spelling % 2]);
            for (char *at = line + strlen("driver read "); spelling >= 2 && *at != '\0'; at++) {
                *at = (char)(spelling < 4 ? tolower(*at) : toupper(*at));
            }
            struct event event = parse(line);
            ck_assert_uint_eq(event.place, EVENT_PLACE_REGISTER);
            ck_assert_uint_eq(event.index, reg);
            ck_assert_uint_eq(event.addr, mmio_register_offset((int)reg));
        }
    }
}
END_TEST

START_TEST(the_place_alone_has_neither_width_nor_value)
{
    static const struct {
        const char *line;
        const char *place;
    } cases[] = {
        {"driver write QueueReady/2 1", "QueueReady"},
        {"driver load q0.avail.idx 1", "q0.avail.idx"},
        {"driver load 0x40000000/8 1", "0x40000000"},
        {"driver write slot4.config+0x8/1 1", "slot4.config+0x8"},
        {"driver barrier full", "-"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct event event = parse(cases[i].line);
        char text[64];
        size_t length = event_format_place(&event, NULL, NULL, text, sizeof text);
        ck_assert_str_eq(text, cases[i].place);
        ck_assert_uint_eq(length, strlen(text));
        ck_assert_uint_eq(event_format_place(&event, NULL, NULL, text, 2), 1);
        ck_assert_int_eq(text[0], cases[i].place[0]);
        ck_assert_int_eq(text[1], '\0');
    }
}
END_TEST

static const struct {
    const char *line;
    size_t column;
    const char *error;
} mistakes[] = {
    {"", 1, "a party is expected here: driver, device, memory, clock or world"},
    {"   ", 1, "a party is expected here: driver, device, memory, clock or world"},
    {"12", 3, "a party is expected here: driver, device, memory, clock or world"},
    {"12 drive read Status 1", 4,
     "a party is expected here: driver, device, memory, clock or world"},
    {"driver", 7, "an event's verb is expected here, such as read, write or barrier"},
    {"driver reads Status 1", 8,
     "an event's verb is expected here, such as read, write or barrier"},
    {"driver read Statuss 1", 13, "this is no register, no field of a queue and no memory"},
    {"driver read q0.avial.idx 1", 13, "this is no register, no field of a queue and no memory"},
    {"driver read q0.desc[1 1", 13, "this is no register, no field of a queue and no memory"},
    {"driver read q0.desc[].len 1", 13, "this is no register, no field of a queue and no memory"},
    {"driver read q65536.avail.idx 1", 13,
     "this is no register, no field of a queue and no memory"},
    {"driver read q0.desc[4294967296] 1", 13,
     "this is no register, no field of a queue and no memory"},
    {"driver read slot65536.Status 1", 13,
     "this is no register, no field of a queue and no memory"},
    {"driver read slot3. 1", 13, "this is no register, no field of a queue and no memory"},
    {"driver read config+8 1", 13, "this is no register, no field of a queue and no memory"},
    {"driver read +0x8 1", 13, "this is no register, no field of a queue and no memory"},
    {"driver read Status/4294967296 1", 13, "the width is too large"},
    {"driver read Status", 19, "the line ends too soon"},
    {"driver read Status ", 19, "the line ends too soon"},
    {"driver read Status one", 20, "a number is expected here"},
    {"driver read Status 0x", 20, "a number is expected here"},
    {"driver read Status 0xg", 20, "a number is expected here"},
    {"driver read Status -1", 20, "a number is expected here"},
    {"driver read Status 0x10000000000000000", 20, "a number is expected here"},
    {"driver read Status 18446744073709551616", 20, "a number is expected here"},
    {"driver read Status 1 2", 22, "the line should have ended here"},
    {"driver read Status 1 x0", 22, "no such number of times"},
    {"driver read Status 1 x4294967297", 22, "no such number of times"},
    {"driver read Status 1 !bad", 22, "no such verdict"},
    {"driver read Status 1 !", 22, "no such verdict"},
    {"driver barrier fulll", 16, "this is neither a known word nor a number"},
    {"driver barrier ful", 16, "this is neither a known word nor a number"},
    {"driver cache clean somewhere 4", 20, "an address in memory is expected here"},
    {"driver cache clean 0x10 4294967296", 25, "the number is too large here"},
    {"driver update q0.avail.idx 1 is 0", 30, "a word is missing or misspelt"},
    {"driver update q0.avail.idx 1", 29, "a word is missing or misspelt"},
    {"driver alloc controlq 1 at", 27, "the line ends too soon"},
    {"device take 0 head 1 segments 2", 13, "a queue is expected here, such as q0"},
    {"device take q head 1 segments 2", 13, "a queue is expected here, such as q0"},
    {"device take q65536 head 1 segments 2", 13, "the number is too large here"},
    {"driver return 4294967296 OK", 15, "the number is too large here"},
    {"device execute GET_DISPLAY_INFO of 1", 33, "the line should have ended here"},
    {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25", 64,
     "the line has too many words for an event"},
};

START_TEST(a_mistake_is_named_with_its_column)
{
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        struct event event;
        const char *error = NULL;
        size_t column = 0;
        ck_assert_msg(!event_parse(mistakes[i].line, &event, &error, &column), "%s is accepted",
                      mistakes[i].line);
        ck_assert_msg(strcmp(error, mistakes[i].error) == 0 && column == mistakes[i].column,
                      "%s\n%zu: %s", mistakes[i].line, column, error);
    }
}
END_TEST

/* Whatever still parses after damage has a printed form of its own that is read as itself. */
START_TEST(damaged_lines_are_refused_or_read_but_never_hurt)
{
    seed_random();
    for (uint32_t i = 0; i < RANDOM_EVENTS; i++) {
        char line[EVENT_TEXT_BYTES];
        strcpy(line, lines[next_random() % COUNT(lines)]);
        size_t damages = 1 + next_random() % 3;
        for (size_t k = 0; k < damages; k++) {
            size_t length = strlen(line);
            size_t at = next_random() % (length + 1);
            if (next_random() % 2 == 0 && at < length) {
                memmove(line + at, line + at + 1, length - at);
            } else if (at < length) {
                line[at] = "0x9[].+/!q -@:\xff\tA"[next_random() % 17];
            }
        }
        struct event event;
        const char *error = NULL;
        size_t column = 0;
        if (event_parse(line, &event, &error, &column)) {
            check_round_trip(&event, NULL);
        } else if (error == NULL || column < 1 || column > strlen(line) + 1) {
            ck_abort_msg("no good place for the mistake: %s", line);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event");
    TCase *text = tcase_create("text");
    tcase_set_timeout(text, 60);
    tcase_add_test(text, every_promised_line_is_read_and_printed_as_it_stands);
    tcase_add_test(text, every_kind_has_a_promised_line);
    tcase_add_test(text, a_line_is_read_into_the_fields_that_it_names);
    tcase_add_test(text, other_spellings_are_read_and_the_promised_one_is_printed);
    tcase_add_test(text, every_register_is_known_by_name_and_alias_in_any_case);
    tcase_add_test(text, the_place_alone_has_neither_width_nor_value);
    tcase_add_test(text, a_mistake_is_named_with_its_column);
    tcase_add_test(text, damaged_lines_are_refused_or_read_but_never_hurt);
    suite_add_tcase(suite, text);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
