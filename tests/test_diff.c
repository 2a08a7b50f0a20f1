/*
 * The comparison with QEMU's device finds what it is there to find: the simulated device is made
 * wrong behind its own back, in one way after the other, and the first difference is told.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "gpu_internal.h"
#include "scenario.h"
#include "virtio/mmio.h"
#include "world.h"

static const char text[] = "device gpu  version 2  display 320x200\ndriver reference\n"
                           "call init -> OK\ncall get_display_info -> OK\ncall show -> OK\n"
                           "read InterruptStatus\n";

/* ---- ways of being wrong; each is done at every event, as a bug would be there all the time ----
 */

static void nothing(struct sim_device *device)
{
    (void)device;
}

static void a_register(struct sim_device *device)
{
    device->config.queue_size_max = 512;
}

static void a_response(struct sim_device *device)
{
    gpu_of(device)->config.width_px = 321;
}

static void a_pixel(struct sim_device *device)
{
    struct gpu_resource *resource = gpu_resource_find(gpu_of(device), 1);

    if (resource != NULL && resource->pixels != NULL)
        resource->pixels[4u * 320 + 8] = 0x5a; /* blue of the third pixel of the second row */
}

static void a_used_index(struct sim_device *device)
{
    if (device->queue[0].used_idx == 1)
        device->queue[0].used_idx = 2;
}

static void an_interrupt(struct sim_device *device)
{
    device->interrupt_status |= VIRTIO_MMIO_INT_CONFIG;
}

static const struct wrong {
    void (*make)(struct sim_device *device);
    const char *ours, *theirs; /* part of the line; NULL: there is no difference */
} wrongs[] = {
    {nothing, NULL, NULL},
    {a_register, "read QueueSizeMax 0x200", "read QueueSizeMax 0x400"},
    {a_response, "load response+0x20/4 0x141", "load response+0x20/4 0x140"},
    {a_pixel, "screen 2,1 #00005a", "screen 2,1 #000000"},
    {a_used_index, "load q0.used.idx 3", "load q0.used.idx 2"},
    {an_interrupt, "read InterruptStatus 2", "read InterruptStatus 0"},
};

static void spoil(void *context, const struct event *event, const struct world_sight *sight)
{
    const struct wrong *wrong = context;

    (void)event;
    wrong->make((struct sim_device *)(uintptr_t)sight->device); /* which the world owns */
}

START_TEST(what_is_wrong_is_told)
{
    const struct wrong *wrong = &wrongs[_i];
    const struct world_options options = {.driver_dir = RINGSIDE_BINARY_DIR "/drivers",
                                          .guard = true,
                                          .qemu = true,
                                          .screens = true,
                                          .reader_count = 1,
                                          .reader = {{spoil, (void *)(uintptr_t)wrong}}};
    struct world_outcome *outcome = calloc(1, sizeof *outcome);
    struct scenario *scenario = scenario_parse("spoilt", text, stderr);

    ck_assert(outcome != NULL && scenario != NULL);
    const char *error = world_run(scenario, &options, outcome);
    ck_assert_msg(error == NULL, "%s", error);
    ck_assert_uint_gt(outcome->compared, 0);
    if (wrong->ours == NULL) {
        ck_assert_uint_eq(outcome->difference_count, 0);
    } else {
        ck_assert_uint_gt(outcome->difference_count, 0);
        ck_assert_msg(strstr(outcome->difference.ours, wrong->ours), "%s",
                      outcome->difference.ours);
        ck_assert_msg(strstr(outcome->difference.theirs, wrong->theirs), "%s",
                      outcome->difference.theirs);
    }
    world_outcome_free(outcome);
    scenario_free(scenario);
    free(outcome);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diff");
    TCase *cases = tcase_create("spoilt");
    SRunner *runner = srunner_create(suite);
    int failed;

    if (!boot_qemu_is_there(&boot_targets[0])) {
        printf("qemu-system-aarch64 is not on the PATH: skipped\n");
        return 77;
    }
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, what_is_wrong_is_told, 0, sizeof wrongs / sizeof wrongs[0]);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
