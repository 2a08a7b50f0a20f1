/*
 * The model keeps what both sides did: it agrees with the device, and knows who owns what.
 */
#include "judge_rig.h"
#include "virtio/config.h"
#include "virtio/ring.h"

static struct model *const model = &rig.judge.model;

static void open_version(unsigned version, enum sim_profile profile)
{
    struct rig_config config = {.version = version, .profile = profile};
    rig_open(&config);
}

static void check_queue_agrees(uint32_t number)
{
    const struct sim_queue *device = &rig.device.queue[number];
    const struct model_queue *queue = &model->queue[number];
    uint64_t addr[MODEL_AREA_COUNT];

    ck_assert_int_eq(queue->live, sim_queue_is_live(&rig.device, number));
    if (!queue->live)
        return;
    ck_assert(model_layout(model, queue, addr));
    ck_assert_uint_eq(addr[MODEL_AREA_DESC], device->desc_addr);
    ck_assert_uint_eq(addr[MODEL_AREA_DRIVER], device->avail_addr);
    ck_assert_uint_eq(addr[MODEL_AREA_DEVICE], device->used_addr);
    ck_assert_uint_eq(queue->used_addr, device->used_addr);
    ck_assert_uint_eq(queue->size, device->size);
}

/* Everything that a driver can write to a version-1 queue, in both profiles. */
START_TEST(the_layout_is_the_devices_for_every_version_1_queue)
{
    static const uint32_t sizes[] = {0, 1, 2, 8, 10, 16, 64, 128};
    static const uint32_t aligns[] = {0, 1, 3, 4, 8, 16, 4096, 6000};
    static const uint32_t pages[] = {0, 1, 512, 4096, 4095, 0x10000};

    open_version(1, (enum sim_profile)_i);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t a = 0; a < sizeof aligns / sizeof aligns[0]; a++) {
            for (size_t p = 0; p < sizeof pages / sizeof pages[0]; p++) {
                char script[RIG_LINE_BYTES * 2];
                snprintf(script, sizeof script,
                         RESET W("GuestPageSize %u") W("QueueSel 0") W("QueueSize %u")
                             W("QueueAlign %u") PFN,
                         pages[p], sizes[s], aligns[a]);
                rig_play(script);
                check_queue_agrees(0);
            }
        }
    }
    rig_close();
}
END_TEST

START_TEST(settings_of_a_live_version_1_queue_move_it)
{
    open_version(1, SIM_PROFILE_SPEC);
    rig_play(UP_1);
    check_queue_agrees(0);
    rig_play(W("QueueAlign 64"));
    check_queue_agrees(0);
    rig_play(W("QueueSize 16"));
    check_queue_agrees(0);
    rig_play(W("QueuePFN 0x40001"));
    check_queue_agrees(0);
    rig_play(W("QueuePFN 0"));
    check_queue_agrees(0);
    rig_close();
}
END_TEST

START_TEST(status_features_and_queues_follow_the_device)
{
    static const char *const script[] = {
        PROBE,
        RESET,
        WELCOME,
        OFFER,
        ACCEPT,
        AGREE,
        SELECT,
        ADDRESSES,
        READY,
        GO,
        W("QueueSel 1"),
        W("QueueSize 4"),
        ADDRESSES,
        READY,
        W("QueueReady 0"),
        W("Status 4"),
        RESET,
        WELCOME,
    };

    open_version(2, SIM_PROFILE_SPEC);
    for (size_t i = 0; i < sizeof script / sizeof script[0]; i++) {
        rig_play(script[i]);
        ck_assert_uint_eq(model->status.value, rig.device.status);
        ck_assert_uint_eq(model->features.accepted, rig.device.driver_features);
        ck_assert_uint_eq(model->queue_sel, rig.device.queue_sel);
        for (uint32_t queue = 0; queue < 2; queue++)
            check_queue_agrees(queue);
    }
    rig_close();
}
END_TEST

START_TEST(a_reset_keeps_what_a_report_must_name)
{
    open_version(2, SIM_PROFILE_SPEC);
    rig_play(UP_2 REQUEST);
    ck_assert(!model_is_dead(model));
    rig_play(RESET);
    ck_assert(model_is_dead(model));
    ck_assert(!model->queue[0].live);
    ck_assert_uint_eq(model->queue[0].lost_at.index, VIRTIO_MMIO_REG_Status);
    ck_assert_uint_ne(model->queue[0].live_at.step, 0);
    ck_assert_uint_ne(model->status.driver_ok.step, 0);
    ck_assert_uint_lt(model->status.first_reset.step, model->status.reset.step);
    rig_play(W("Status 1"));
    ck_assert(!model_is_dead(model));
    rig_close();
}
END_TEST

START_TEST(intended_addresses_are_kept_though_the_registers_do_not_exist)
{
    open_version(1, SIM_PROFILE_SPEC);
    rig_play(BEGIN_1 W("QueueSel 0") ADDRESSES READY);
    ck_assert(!model->queue[0].live);
    ck_assert_uint_eq(model_intended_addr(&model->queue[0], MODEL_AREA_DEVICE), 0x40002000);
    ck_assert_uint_eq(model->queue[0].area_write[MODEL_AREA_DESC][0].verdict,
                      EVENT_VERDICT_VERSION);
    ck_assert_uint_eq(model->queue[0].area[MODEL_AREA_DESC], 0);
    rig_close();
}
END_TEST

START_TEST(a_chain_is_the_devices_until_its_used_idx_moves)
{
    const struct model_queue *queue = &model->queue[0];

    open_version(2, SIM_PROFILE_SPEC);
    rig_play(UP_2 COMMAND DESC_0 DESC_1 S("q0.avail.ring[0] 0"));
    ck_assert_uint_eq(queue->owned, 0);
    rig_play(S("q0.avail.idx 1"));
    ck_assert_uint_eq(queue->in_flight, 1);
    ck_assert_uint_eq(queue->owned, 2);
    ck_assert_uint_eq(queue->entry[0].owner, 1);
    ck_assert_uint_eq(queue->entry[1].owner, 1);
    ck_assert_uint_eq(queue->request[0].state, MODEL_PUBLISHED);
    rig_play(NOTIFY);
    ck_assert_uint_eq(queue->request[0].state, MODEL_USED);
    ck_assert_uint_eq(queue->in_flight, 0);
    ck_assert_uint_eq(queue->owned, 0);
    ck_assert_uint_eq(queue->request[0].command, 0x100);
    ck_assert_uint_eq(queue->request[0].response, 0x1101);
    rig_play("driver load q0.used.idx 0\n");
    ck_assert_uint_eq(queue->request[0].state, MODEL_FREE);
    for (int state = MODEL_PUBLISHED; state < MODEL_REQUEST_STATE_COUNT - 1; state++)
        ck_assert_uint_lt(queue->request[0].mark[state].step,
                          queue->request[0].mark[state + 1].step);
    rig_close();
}
END_TEST

START_TEST(requests_are_followed_over_the_wrap_of_the_indices)
{
    const struct model_queue *queue = &model->queue[0];

    open_version(2, SIM_PROFILE_SPEC);
    rig_play(UP_2 COMMAND DESC_0 DESC_1);
    for (uint32_t i = 0; i < 66000; i++) {
        char script[RIG_LINE_BYTES];
        snprintf(script, sizeof script,
                 S("q0.avail.ring[%u] 0") S("q0.avail.idx %u") NOTIFY "driver load q0.used.idx 0\n",
                 i % 8, (i + 1) & 0xffff);
        rig_play(script);
    }
    ck_assert_uint_eq(queue->published, 66000);
    ck_assert_uint_eq(queue->completed, 66000);
    ck_assert_uint_eq(queue->in_flight, 0);
    ck_assert_uint_eq(queue->seen_idx, 66000 & 0xffff);
    ck_assert_uint_eq(rig.findings.count, 0);
    rig_close();
}
END_TEST

START_TEST(several_heads_are_published_by_one_store)
{
    const struct model_queue *queue = &model->queue[0];

    open_version(2, SIM_PROFILE_SPEC);
    rig_play(UP_2 COMMAND DESC_0 DESC_1 S("q0.desc[2].addr " PAGE_COMMAND) S("q0.desc[2].len 24") S(
        "q0.desc[2].flags 0") S("q0.avail.ring[0] 0") S("q0.avail.ring[1] 2") S("q0.avail.idx 2"));
    ck_assert_uint_eq(queue->in_flight, 2);
    ck_assert_uint_eq(queue->owned, 3);
    ck_assert_uint_eq(queue->longest, 2);
    rig_close();
}
END_TEST

START_TEST(a_ring_that_is_filled_before_the_queue_is_live_counts)
{
    open_version(2, SIM_PROFILE_SPEC);
    rig_play(BEGIN_2 SELECT ADDRESSES S(PAGE_DESC "/8 " PAGE_COMMAND) S("0x40000008/4 24")
                 S("0x4000000c/2 0") S("0x40001004/2 0") S("0x40001002/2 1") READY);
    ck_assert_uint_eq(model->queue[0].in_flight, 1);
    ck_assert_uint_eq(model->queue[0].owned, 1);
    rig_close();
}
END_TEST

START_TEST(requests_of_a_call_that_gave_up_are_abandoned)
{
    const struct model_queue *queue = &model->queue[0];

    open_version(2, SIM_PROFILE_SPEC);
    rig_play(CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH RETURN_OK);
    ck_assert(!queue->request[0].abandoned);
    rig_play("world call 1\n" RETURN_LATE);
    ck_assert(queue->request[0].abandoned);
    rig_close();
}
END_TEST

START_TEST(stores_are_found_by_where_and_by_what)
{
    struct event found;

    open_version(2, SIM_PROFILE_SPEC);
    rig_play(UP_2 S("0x40003010/4 7") S("0x40003018/8 " PAGE_RESPONSE));
    ck_assert(model_find_store_into(model, 0x40003010, 4, &found));
    ck_assert_uint_eq(found.value, 7);
    ck_assert(model_find_store_into(model, 0x40003000, 64, &found));
    ck_assert_uint_eq(found.addr, 0x40003018);
    ck_assert(!model_find_store_into(model, 0x40003020, 64, &found));
    ck_assert(model_find_stored_addr(model, 0, 0x40004000, &found));
    ck_assert_uint_eq(found.addr, 0x40003018);
    rig_play(DESC_0);
    ck_assert(model_find_stored_addr(model, 0, 0x40003004, &found));
    ck_assert_uint_eq(found.place, EVENT_PLACE_DESC_ADDR);
    rig_close();
}
END_TEST

START_TEST(scanouts_that_a_reset_takes_are_lost_and_others_are_not)
{
    open_version(2, SIM_PROFILE_SPEC);
    rig_play(UP_2 "device scanout 0 resource 1\ndevice scanout 0 resource 0\n" RESET);
    ck_assert_uint_eq(model->display.lost, 0);
    rig_play("device scanout 0 resource 2\n" RESET);
    ck_assert_uint_eq(model->display.lost, 1);
    ck_assert_uint_eq(model->display.lost_write.step, model->status.reset.step);
    rig_play("device scanout 0 resource 3\n");
    ck_assert_uint_eq(model->display.lost, 0);
    rig_close();
}
END_TEST

static void look(uint64_t addr, uint8_t flags)
{
    struct event event = {.party = EVENT_PARTY_DRIVER,
                          .kind = EVENT_LOAD,
                          .place = EVENT_PLACE_MEMORY,
                          .addr = addr,
                          .width_bytes = 2,
                          .flags = flags};
    rig_emit(&rig, &event);
}

START_TEST(a_polling_loop_looks_at_what_is_volatile)
{
    open_version(2, SIM_PROFILE_SPEC);
    look(0x40004002, 0);
    ck_assert_uint_eq(model_look(model)->addr, 0x40004002);
    look(0x40004000, EVENT_VOLATILE);
    look(0x40004004, 0);
    ck_assert_uint_eq(model_look(model)->addr, 0x40004000);
    for (unsigned i = 0; i < 100; i++)
        look(0x40004004, 0);
    ck_assert_uint_eq(model_look(model)->addr, 0x40004004);
    rig_close();
}
END_TEST

START_TEST(other_slots_do_not_touch_the_device)
{
    open_version(2, SIM_PROFILE_SPEC);
    rig_play(UP_2 "driver write slot3.Status 0\ndriver read slot3.DeviceID 0\n");
    ck_assert_uint_eq(model->status.value, 15);
    ck_assert(model->queue[0].live);
    ck_assert_uint_ne(model->slot[3].id.step, 0);
    ck_assert_uint_eq(model->last_read[VIRTIO_MMIO_REG_DeviceID].value, 16);
    rig_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tcase = tcase_create("model");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, the_layout_is_the_devices_for_every_version_1_queue, 0, 2);
    tcase_add_test(tcase, settings_of_a_live_version_1_queue_move_it);
    tcase_add_test(tcase, status_features_and_queues_follow_the_device);
    tcase_add_test(tcase, a_reset_keeps_what_a_report_must_name);
    tcase_add_test(tcase, intended_addresses_are_kept_though_the_registers_do_not_exist);
    tcase_add_test(tcase, a_chain_is_the_devices_until_its_used_idx_moves);
    tcase_add_test(tcase, requests_are_followed_over_the_wrap_of_the_indices);
    tcase_add_test(tcase, several_heads_are_published_by_one_store);
    tcase_add_test(tcase, a_ring_that_is_filled_before_the_queue_is_live_counts);
    tcase_add_test(tcase, requests_of_a_call_that_gave_up_are_abandoned);
    tcase_add_test(tcase, stores_are_found_by_where_and_by_what);
    tcase_add_test(tcase, scanouts_that_a_reset_takes_are_lost_and_others_are_not);
    tcase_add_test(tcase, a_polling_loop_looks_at_what_is_volatile);
    tcase_add_test(tcase, other_slots_do_not_touch_the_device);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
