/*
 * What is written as an event's text can be read back: every kind, place, verdict, value and name.
 */
#include "event_rig.h"

#include "virtio/mmio.h"

#define VALUES_MAX 0x1300u /* beyond the largest word of any table */

/* Any number of bits, so that small values come as often as large ones. */
static uint64_t random_number(void)
{
    uint64_t bits = next_random() % 65;
    return bits == 0 ? 0 : next_random() >> (64 - bits);
}

static struct event random_event(void)
{
    return (struct event){
        .step = random_number(),
        .addr = random_number(),
        .value = random_number(),
        .extra = random_number(),
        .pc = (uintptr_t)random_number(),
        .width_bytes = (uint32_t)random_number(),
        .index = (uint32_t)random_number(),
        .repeat = next_random() % 4 == 0 ? (uint32_t)random_number() : 0,
        .queue = (uint16_t)random_number(),
        .slot = (uint16_t)random_number(),
        .party = (uint8_t)(next_random() % EVENT_PARTY_COUNT),
        .kind = (uint8_t)(next_random() % EVENT_KIND_COUNT),
        .place = (uint8_t)(next_random() % EVENT_PLACE_COUNT),
        .verdict = (uint8_t)(next_random() % EVENT_VERDICT_COUNT),
        .flags = (uint8_t)next_random(),
    };
}

START_TEST(every_kind_place_and_verdict_is_read_as_it_was_printed)
{
    for (uint8_t kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        for (uint8_t place = 0; place < EVENT_PLACE_COUNT; place++) {
            for (uint8_t verdict = 0; verdict < EVENT_VERDICT_COUNT; verdict++) {
                for (uint8_t flags = 0; flags <= EVENT_OTHER_SLOT; flags += EVENT_OTHER_SLOT) {
                    struct event event = {.step = 5,
                                          .addr = 0x108,
                                          .value = 2,
                                          .extra = 3,
                                          .width_bytes = 4,
                                          .index = 6,
                                          .queue = 1,
                                          .slot = 7,
                                          .party = EVENT_PARTY_DEVICE,
                                          .kind = kind,
                                          .place = place,
                                          .verdict = verdict,
                                          .flags = flags};
                    check_round_trip(&event, NULL);
                    if (kind > EVENT_UPDATE) {
                        continue;
                    }
                    struct event again = parse(format(&event, NULL));
                    if (again.place != place || again.width_bytes != 4 || again.value != 2 ||
                        again.flags != flags) {
                        ck_abort_msg("%s", format(&event, NULL));
                    }
                }
            }
        }
    }
}
END_TEST

START_TEST(every_value_of_every_kind_is_read_as_it_was_printed)
{
    for (uint8_t kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        for (uint64_t value = 0; value < VALUES_MAX; value++) {
            struct event event = {.kind = kind, .value = value, .place = EVENT_PLACE_MEMORY};
            check_round_trip(&event, NULL);
            struct event again = parse(format(&event, NULL));
            if (kind != EVENT_STUCK && again.value != value) {
                ck_abort_msg("%s", format(&event, NULL));
            }
        }
    }
}
END_TEST

START_TEST(random_events_are_read_as_they_were_printed)
{
    seed_random();
    for (uint32_t i = 0; i < RANDOM_EVENTS; i++) {
        struct event event = random_event();
        check_round_trip(&event, NULL);
    }
}
END_TEST

static const char *const strange_names[] = {
    "controlq+0x104",
    "freed old ring+0x0",
    "config+0x8",
    "Register+0x4",
    "register+0x4",
    "QueueNum+0x0",
    "slot3.Status+0x0",
    "q0.avail+0x2",
    "x17+0x0",
    "!ok+0x3",
    "0x40+0x4",
    "12+0x4",
    "a\tb\nc+0x1",
    "a/4+0x10",
    "-+0x0",
    "+0x4",
    "",
    "0x40000000",
    "no offset",
    "a+b+0x7",
    "at+0x1",
    "a.c:12+0x1",
    "\xc3\xa4+0x1",
    "a+0xfedcba9876543210",
};

static void strange_namer(const void *context, uint64_t addr, char *out, size_t out_bytes)
{
    (void)context;
    snprintf(out, out_bytes, "%s", strange_names[addr % COUNT(strange_names)]);
}

START_TEST(memory_is_read_back_whatever_its_name)
{
    for (uint8_t kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        for (uint64_t addr = 0; addr < COUNT(strange_names); addr++) {
            struct event event = {.kind = kind,
                                  .addr = addr,
                                  .place = EVENT_PLACE_MEMORY,
                                  .width_bytes = 4};
            check_round_trip(&event, strange_namer);
            struct event again = parse(format(&event, strange_namer));
            if (kind <= EVENT_UPDATE) {
                ck_assert_msg(again.place == EVENT_PLACE_MEMORY, "%s",
                              format(&event, strange_namer));
                ck_assert_uint_eq(again.width_bytes, 4);
            }
        }
    }
}
END_TEST

static void plain_namer(const void *context, uint64_t addr, char *out, size_t out_bytes)
{
    snprintf(out, out_bytes, "%s+0x%llx", (const char *)context, (unsigned long long)addr);
}

START_TEST(names_of_allocations_stand_where_they_help)
{
    static const struct {
        const char *name;
        struct event event;
        const char *text;
    } cases[] = {
        {"controlq",
         {.kind = EVENT_STORE, .place = EVENT_PLACE_MEMORY, .addr = 0x104, .width_bytes = 2},
         "driver store controlq+0x104/2 0"},
        {"controlq", {.kind = EVENT_ALLOC, .value = 0x1000}, "driver alloc controlq 0x1000 at 0"},
        {"freed controlq", {.kind = EVENT_FREE, .value = 1}, "driver free controlq 1 at 0"},
        {"frame buffer",
         {.kind = EVENT_CACHE, .width_bytes = 64, .addr = 16},
         "driver cache clean frame-buffer+0x10 0x40"},
        {"config",
         {.kind = EVENT_LOAD, .place = EVENT_PLACE_MEMORY, .addr = 8, .width_bytes = 1},
         "driver load @config+0x8/1 0"},
        {"controlq",
         {.kind = EVENT_LOAD, .place = EVENT_PLACE_AVAIL_IDX, .addr = 8, .width_bytes = 2},
         "driver load q0.avail.idx 0"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[EVENT_TEXT_BYTES];
        event_format(&cases[i].event, plain_namer, cases[i].name, text, sizeof text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_cut_and_terminated)
{
    seed_random();
    for (uint32_t i = 0; i < 200; i++) {
        struct event event = random_event();
        char whole[EVENT_TEXT_BYTES];
        size_t length = event_format(&event, strange_namer, NULL, whole, sizeof whole);
        for (size_t room = 1; room <= length + 1; room++) {
            char cut[EVENT_TEXT_BYTES];
            memset(cut, '~', sizeof cut);
            ck_assert_uint_eq(event_format(&event, strange_namer, NULL, cut, room), room - 1);
            ck_assert_int_eq(cut[room - 1], '\0');
            ck_assert_mem_eq(cut, whole, room - 1);
            ck_assert_int_eq(cut[room], '~');
        }
    }
}
END_TEST

START_TEST(a_register_outside_the_table_is_printed_by_its_offset)
{
    struct event event = {.kind = EVENT_READ, .addr = 0x48, .width_bytes = 4};
    event.place = EVENT_PLACE_REGISTER;
    event.index = VIRTIO_MMIO_REG_COUNT;
    ck_assert_str_eq(format(&event, NULL), "driver read register+0x48 0");
    event.index = VIRTIO_MMIO_REG_COUNT - 1;
    event.addr = VIRTIO_MMIO_ConfigGeneration;
    ck_assert_str_eq(format(&event, NULL), "driver read ConfigGeneration 0");
}
END_TEST

START_TEST(the_place_of_a_refusal_has_no_slot_and_no_offset)
{
    struct event event = {.kind = EVENT_REFUSE,
                          .value = 9,
                          .addr = 7,
                          .place = EVENT_PLACE_REGISTER,
                          .index = VIRTIO_MMIO_REG_QueueNotify,
                          .slot = 3,
                          .flags = EVENT_OTHER_SLOT};
    ck_assert_ptr_nonnull(strstr(format(&event, NULL), " got 7 in QueueNotify"));
}
END_TEST

START_TEST(an_event_is_as_large_as_its_header_says)
{
    ck_assert_uint_le(sizeof(struct event), 80);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event_round_trip");
    TCase *round_trip = tcase_create("round_trip");
    tcase_set_timeout(round_trip, 60);
    tcase_add_test(round_trip, every_kind_place_and_verdict_is_read_as_it_was_printed);
    tcase_add_test(round_trip, every_value_of_every_kind_is_read_as_it_was_printed);
    tcase_add_test(round_trip, random_events_are_read_as_they_were_printed);
    tcase_add_test(round_trip, memory_is_read_back_whatever_its_name);
    tcase_add_test(round_trip, names_of_allocations_stand_where_they_help);
    tcase_add_test(round_trip, a_text_that_does_not_fit_is_cut_and_terminated);
    tcase_add_test(round_trip, a_register_outside_the_table_is_printed_by_its_offset);
    tcase_add_test(round_trip, the_place_of_a_refusal_has_no_slot_and_no_offset);
    tcase_add_test(round_trip, an_event_is_as_large_as_its_header_says);
    suite_add_tcase(suite, round_trip);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
