/*
 * Views: whole scenarios, stopped at an event and looked at, compared with golden files; and chains
 * that no honest driver makes.
 */
#include "view.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "scenario.h"
#include "world.h"

#define COLUMNS 80u

/* The moment: after the event of that kind and party that comes as the `nth`. */
struct moment {
    enum event_party party;
    enum event_kind kind;
    unsigned nth;
    uint64_t value; /* only events with it; UINT64_MAX = any */
    void (*look)(FILE *out, const struct report_options *options, const struct world_sight *sight);
    unsigned seen;
    FILE *out;
};

static void watch(void *context, const struct event *event, const struct world_sight *sight)
{
    struct moment *moment = context;
    if (event->party != moment->party || event->kind != moment->kind ||
        (moment->value != UINT64_MAX && event->value != moment->value) ||
        ++moment->seen != moment->nth)
        return;
    moment->look(moment->out, &(struct report_options){.columns = COLUMNS}, sight);
}

static void check_width(const char *text)
{
    char *copy = strdup(text);
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        ck_assert_msg(report_width(line) <= COLUMNS, "wider than %u columns: %s", COLUMNS, line);
        ck_assert_msg(line[0] == '\0' || line[strlen(line) - 1] != ' ', "blank at the end: %s",
                      line);
    }
    free(copy);
}

/* What is seen at that moment of a scenario; freed by the caller. */
static char *seen_in(struct scenario *scenario, struct moment moment)
{
    static struct world_outcome outcome;
    char *text = NULL;
    size_t bytes = 0;
    struct world_options options = {.check_stores = true,
                                    .rules = true,
                                    .reader_count = 1,
                                    .reader = {{watch, &moment}}};
    moment.out = open_memstream(&text, &bytes);
    ck_assert_ptr_nonnull(scenario);
    const char *error = world_run(scenario, &options, &outcome);
    ck_assert_msg(error == NULL, "%s", error);
    world_outcome_free(&outcome);
    scenario_free(scenario);
    fclose(moment.out);
    ck_assert_msg(moment.seen >= moment.nth, "the moment did not come");
    return text;
}

static struct scenario *file(const char *path)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/scenarios/%s", RINGSIDE_SOURCE_DIR, path);
    return scenario_read(whole, stderr);
}

static void compare(struct scenario *scenario, struct moment moment, const char *golden)
{
    char *text = seen_in(scenario, moment);
    check_width(text);
    golden_compare(golden, text);
    free(text);
}

static void look_ring_0(FILE *out, const struct report_options *options,
                        const struct world_sight *sight)
{
    view_ring(out, options, sight, 0);
}

static void look_desc_0(FILE *out, const struct report_options *options,
                        const struct world_sight *sight)
{
    view_desc(out, options, sight, 0, 0);
}

static void look_last(FILE *out, const struct report_options *options,
                      const struct world_sight *sight)
{
    view_desc(out, options, sight, 0, sight->model->queue[0].last_head);
}

/* Which step the loss is said to be of, beside the driver's write that reset the device. */
static void look_loss(FILE *out, const struct report_options *options,
                      const struct world_sight *sight)
{
    static struct view view;
    (void)options;
    view_take(&view, sight);
    fprintf(out, "%d after the write",
            (int)(view.scanout[0].lost_at_step - sight->model->status.reset.step));
}

static void look_rings_memory(FILE *out, const struct report_options *options,
                              const struct world_sight *sight)
{
    view_mem(out, options, sight, sight->device->queue[0].desc_addr, 32);
    view_mem(out, options, sight, sight->device->queue[0].avail_addr, 4);
    view_mem(out, options, sight, sight->device->queue[0].used_addr + 4, 8);
    view_mem(out, options, sight, sight->arena->base + sight->arena->size_bytes - 16, 32);
}

/* A byte of the request that nobody was seen to store, as it lies in RAM. */
static void look_unseen(FILE *out, const struct report_options *options,
                        const struct world_sight *sight)
{
    uint64_t addr = model_request_addr(sight->model, &sight->model->queue[0]);
    uint8_t *byte = arena_host(sight->arena, addr + 5);
    *byte ^= 0x42;
    view_mem(out, options, sight, addr, 24);
    *byte ^= 0x42;
}

/* ---- registers and beliefs ---- */

START_TEST(registers_are_shown_as_the_device_holds_them)
{
    compare(file("seed/b-version-2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_INTERRUPT, 1, UINT64_MAX, .look = view_regs},
            "view_regs_2.txt");
    compare(file("seed/a-timeout.scn"),
            (struct moment){EVENT_PARTY_WORLD, EVENT_STUCK, 1, UINT64_MAX, .look = view_regs},
            "view_regs_1.txt");
}
END_TEST

START_TEST(what_the_driver_set_and_the_device_does_not_hold_is_marked)
{
    compare(file("seed/a-timeout.scn"),
            (struct moment){EVENT_PARTY_WORLD, EVENT_STUCK, 1, UINT64_MAX, .look = view_model},
            "view_model_a.txt");
    compare(file("seed/b-version-2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_INTERRUPT, 1, UINT64_MAX, .look = view_model},
            "view_model_b.txt");
    compare(file("seed/d-lost-display-v2.scn"),
            (struct moment){EVENT_PARTY_WORLD, EVENT_STUCK, 1, UINT64_MAX, .look = view_model},
            "view_model_d.txt");
}
END_TEST

/* ---- rings ---- */

START_TEST(a_ring_shows_where_both_sides_stand)
{
    compare(file("seed/b-version-2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_TAKE, 1, UINT64_MAX, .look = look_ring_0},
            "view_ring_taken.txt");
    compare(file("seed/b-version-2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_LOAD, 1, UINT64_MAX, .look = look_ring_0},
            "view_ring_waiting.txt");
    compare(file("seed/b-version-2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_INTERRUPT, 1, UINT64_MAX,
                            .look = look_ring_0},
            "view_ring_used.txt");
    compare(file("virtq/the-largest-queue.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_TAKE, 1, UINT64_MAX, .look = look_ring_0},
            "view_ring_large.txt");
    compare(file("suite/version-2/many-requests.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_TAKE, 20, UINT64_MAX, .look = look_ring_0},
            "view_ring_many.txt");
    compare(file("gpu/late-answers-with-polling.scn"),
            (struct moment){EVENT_PARTY_WORLD, EVENT_RETURN, 3, UINT64_MAX, .look = look_ring_0},
            "view_ring_late.txt");
}
END_TEST

START_TEST(a_queue_that_is_not_live_says_so)
{
    compare(file("seed/a-timeout.scn"),
            (struct moment){EVENT_PARTY_WORLD, EVENT_STUCK, 1, UINT64_MAX, .look = look_ring_0},
            "view_ring_not_live.txt");
}
END_TEST

/* ---- memory and scanouts ---- */

START_TEST(memory_is_named_and_what_nobody_stored_is_marked)
{
    compare(file("seed/b-version-2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_INTERRUPT, 1, UINT64_MAX,
                            .look = look_rings_memory},
            "view_mem_rings.txt");
    compare(file("seed/b-version-2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_TAKE, 1, UINT64_MAX, .look = look_unseen},
            "view_mem_unseen.txt");
}
END_TEST

START_TEST(a_scanout_is_black_then_flushed_then_lost)
{
    static const char small[] =
        "device gpu version 2 display 64x48\ndriver levitate\ncall init -> OK\n"
        "call get_display_info -> OK\ncall show -> OK\ncall second_handle -> OK\n"
        "call get_display_info -> TIMEOUT\n";
    static const struct {
        enum event_party party;
        enum event_kind kind;
        const char *text;
    } row[] = {
        {EVENT_PARTY_DEVICE, EVENT_TAKE, "scanout 0: off, was never set\n"},
        {EVENT_PARTY_DEVICE, EVENT_SCANOUT,
         "scanout 0: resource 1, 64x48 from 0,0, nothing flushed to it yet: black\n"},
        {EVENT_PARTY_DEVICE, EVENT_FLUSH, "scanout 0: resource 1, 64x48 from 0,0, flushed\n"},
        {EVENT_PARTY_WORLD, EVENT_STUCK, "scanout 0: off, lost at step "},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char *text = seen_in(scenario_parse("view.scn", small, stderr),
                             (struct moment){row[i].party, row[i].kind, 1, UINT64_MAX,
                                             .look = view_scanouts});
        ck_assert_msg(strncmp(text, row[i].text, strlen(row[i].text)) == 0, "%s", text);
        free(text);
    }
    char *text =
        seen_in(scenario_parse("view.scn", small, stderr),
                (struct moment){EVENT_PARTY_WORLD, EVENT_STUCK, 1, UINT64_MAX, .look = look_loss});
    ck_assert_str_eq(text, "0 after the write");
    free(text);
}
END_TEST

/* ---- chains ---- */

START_TEST(a_chain_is_drawn_and_decoded)
{
    compare(file("seed/d-lost-display-v2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_RESPOND, 1, UINT64_MAX, .look = look_last},
            "view_desc_display_info.txt");
    compare(file("seed/d-lost-display-v2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_EXECUTE, 1,
                            VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING, .look = look_last},
            "view_desc_attach.txt");
    compare(file("seed/d-lost-display-v2.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_RESPOND, 5, UINT64_MAX, .look = look_last},
            "view_desc_scanout.txt");
}
END_TEST

START_TEST(a_table_of_descriptors_is_followed)
{
    compare(file("virtq/a-table-of-descriptors.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_RESPOND, 1, UINT64_MAX, .look = look_desc_0},
            "view_desc_table.txt");
    compare(file("virtq/a-chain-that-loops.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_REFUSE, 1, UINT64_MAX, .look = look_desc_0},
            "view_desc_loop.txt");
}
END_TEST

START_TEST(what_is_no_gpu_request_is_shown_as_bytes)
{
    compare(file("devices/blk-arm.scn"),
            (struct moment){EVENT_PARTY_DEVICE, EVENT_RESPOND, 1, UINT64_MAX, .look = look_last},
            "view_desc_blk.txt");
}
END_TEST

Suite *view_suite(void);

Suite *view_suite(void)
{
    Suite *suite = suite_create("view");
    TCase *tcase = tcase_create("view");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, registers_are_shown_as_the_device_holds_them);
    tcase_add_test(tcase, what_the_driver_set_and_the_device_does_not_hold_is_marked);
    tcase_add_test(tcase, a_ring_shows_where_both_sides_stand);
    tcase_add_test(tcase, a_queue_that_is_not_live_says_so);
    tcase_add_test(tcase, a_chain_is_drawn_and_decoded);
    tcase_add_test(tcase, a_table_of_descriptors_is_followed);
    tcase_add_test(tcase, what_is_no_gpu_request_is_shown_as_bytes);
    tcase_add_test(tcase, memory_is_named_and_what_nobody_stored_is_marked);
    tcase_add_test(tcase, a_scanout_is_black_then_flushed_then_lost);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(view_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
