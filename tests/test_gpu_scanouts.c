/*
 * Scanouts and resources come and go.
 */
#include <check.h>
#include "gpu_rig.h"
#include "test_gpu.h"

static uint32_t seen_at_loss; /* a pixel of the picture when the event that ends it was emitted */

static void look_at_loss(struct rig *rig, const struct event *event)
{
    struct picture picture;

    if (event->kind != EVENT_SCANOUT || event->extra != 0)
        return;
    ck_assert(gpu_scanout_picture(&rig->device, (uint32_t)event->value, &picture));
    seen_at_loss = picture.rgb[2];
    picture_free(&picture);
}

/* Three ways to lose a scanout. */
static void lose(struct rig *rig, int how)
{
    if (how == 0)
        rig_reset(rig);
    else if (how == 1)
        ck_assert_uint_eq(rig_set_scanout(rig, 0, 0, rig_rect(0, 0, 0, 0)), OK);
    else
        ck_assert_uint_eq(rig_unref(rig, ID), OK);
}

START_TEST(a_scanout_that_is_lost_is_reported_while_it_can_be_seen)
{
    enum sim_profile profile = (enum sim_profile)(_i % 2);
    struct rig *rig = rig_create(profile, 2);
    uint64_t addr = rig_resource(rig, ID, FORMAT, 16, 16);
    struct gpu_scanout_info info;
    struct picture picture;

    gpu_scanout_info(&rig->device, 0, &info);
    ck_assert(!info.active && !info.ever_active && info.lost_at_step == 0);
    rig_put_word(rig, addr, 0xab);
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 16, 16)), OK);
    ck_assert_uint_eq(rig_event(rig, EVENT_SCANOUT, 0)->extra, ID);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 16, 16), 0), OK);
    ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, 16, 16)), OK);
    gpu_scanout_info(&rig->device, 0, &info);
    ck_assert(info.active && info.ever_active && info.flushed && info.resource_id == ID);
    ck_assert(info.rect.width == 16 && info.rect.height == 16 && info.lost_at_step == 0);

    rig->on_event = look_at_loss;
    seen_at_loss = 0;
    lose(rig, _i / 2);
    ck_assert_uint_eq(seen_at_loss, 0xab);
    ck_assert_ptr_nonnull(rig_event(rig, EVENT_SCANOUT, 0));
    ck_assert_ptr_null(rig_event(rig, EVENT_SCANOUT, 1));
    gpu_scanout_info(&rig->device, 0, &info);
    ck_assert(!info.active && info.ever_active && !info.flushed && info.resource_id == 0);
    ck_assert_uint_eq(info.lost_at_step, rig_event(rig, EVENT_SCANOUT, 0)->step);
    ck_assert_uint_ne(info.lost_at_step, 0);
    ck_assert(!gpu_scanout_picture(&rig->device, 0, &picture));
    if (_i / 2 == 1) { /* the resource is still there: shown again, nothing is lost */
        ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 16, 16)), OK);
        gpu_scanout_info(&rig->device, 0, &info);
        ck_assert(info.active && info.lost_at_step == 0);
    }
    gpu_scanout_info(&rig->device, 1, &info); /* the other one never had anything to lose */
    ck_assert(!info.ever_active && info.lost_at_step == 0);
    gpu_scanout_info(&rig->device, 2, &info); /* there is no such scanout */
    ck_assert(!info.active && !gpu_scanout_picture(&rig->device, 2, &picture));
    rig_destroy(rig);
}
END_TEST

START_TEST(a_reset_forgets_all_resources)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);

    for (uint32_t id = 1; id <= GPU_RESOURCES_MAX; id++)
        ck_assert_uint_eq(rig_create_2d(rig, id * 7919, FORMAT, 1, 1), OK);
    ck_assert_uint_eq(rig_create_2d(rig, 1, FORMAT, 1, 1), VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY);
    for (uint32_t id = 1; id <= GPU_RESOURCES_MAX; id += 2)
        ck_assert_uint_eq(rig_unref(rig, id * 7919), OK);
    for (uint32_t id = 1; id <= GPU_RESOURCES_MAX; id++)
        ck_assert_uint_eq(rig_flush(rig, id * 7919, rig_rect(0, 0, 1, 1)),
                          id % 2 ? (uint32_t)VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID
                                 : (uint32_t)OK);
    rig_reset(rig);
    rig_start(rig);
    for (uint32_t id = 1; id <= GPU_RESOURCES_MAX; id++)
        ck_assert_uint_eq(rig_create_2d(rig, id * 7919, FORMAT, 1, 1), OK);
    rig_destroy(rig);
}
END_TEST

START_TEST(memory_for_pixels_is_given_back)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 2);

    for (uint32_t round = 0; round < 3; round++) { /* 512 MiB each, of which two fit */
        ck_assert_uint_eq(rig_create_2d(rig, 1, FORMAT, 16384, 8192), OK);
        ck_assert_uint_eq(rig_create_2d(rig, 2, FORMAT, 16384, 8192), OK);
        ck_assert_uint_eq(rig_create_2d(rig, 3, FORMAT, 1, 1), VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY);
        ck_assert_uint_eq(rig_set_scanout(rig, 0, 1, rig_rect(0, 0, 16384, 8192)), OK);
        ck_assert_uint_eq(rig_set_scanout(rig, 0, 2, rig_rect(0, 0, 16384, 8192)), OK);
        ck_assert_uint_eq(rig_set_scanout(rig, 1, 2, rig_rect(0, 0, 16384, 8192)), OK);
        ck_assert_uint_eq(rig_unref(rig, 1), OK);
        ck_assert_uint_eq(rig_unref(rig, 2), OK);
    }
    rig_destroy(rig);
}
END_TEST

START_TEST(one_resource_on_two_scanouts_is_flushed_to_both)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 2);
    uint64_t addr = rig_resource(rig, ID, FORMAT, 2, 1);
    const uint32_t left[] = {0x11}, both[] = {0x11, 0x22};

    rig_put_word(rig, addr, 0x11);
    rig_put_word(rig, addr + 4, 0x22);
    ck_assert_uint_eq(rig_set_scanout(rig, 0, ID, rig_rect(0, 0, 1, 1)), OK);
    ck_assert_uint_eq(rig_set_scanout(rig, 1, ID, rig_rect(0, 0, 2, 1)), OK);
    ck_assert_uint_eq(rig_transfer(rig, ID, rig_rect(0, 0, 2, 1), 0), OK);
    ck_assert_uint_eq(rig_flush(rig, ID, rig_rect(0, 0, 2, 1)), OK);
    rig_expect_picture(rig, 0, 1, 1, left);
    rig_expect_picture(rig, 1, 2, 1, both);
    rig_destroy(rig);
}
END_TEST

TCase *case_scanouts(void)
{
    TCase *tcase = tcase_create("scanouts");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_scanout_that_is_lost_is_reported_while_it_can_be_seen, 0, 6);
    tcase_add_test(tcase, a_reset_forgets_all_resources);
    tcase_add_test(tcase, memory_for_pixels_is_given_back);
    tcase_add_test(tcase, one_resource_on_two_scanouts_is_flushed_to_both);
    return tcase;
}
