/*
 * The GPU driver's requests against a device that answers late, wrongly or never.
 *
 * The registers are plain memory here, which is enough for a device that agrees with everything:
 * what is written reads back. The test plays the queue's other end wherever the driver waits.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "driver_platform.h"
#include "gpu.h"

#define REGISTER_BYTES 0x200u
#define QUEUE_SIZE     16u
#define TIMEOUT_NS     UINT64_C(200000)

static uint32_t registers[REGISTER_BYTES / 4];
static struct vgpu gpu;
static struct vgpu_options options;

/* What the device does with the next requests, and what it has done. */
static struct {
    bool silent;              /* takes requests and keeps them */
    bool complete_first_held; /* ... but completes the oldest one when the next comes */
    uint32_t held[QUEUE_SIZE];
    uint64_t held_response[QUEUE_SIZE];
    uint32_t held_count;
    uint16_t avail_idx;
    uint16_t used_idx;
    uint32_t type;         /* of the response; 0 = the right one */
    int32_t length_change; /* of the used element's len */
    uint32_t drop_flags;   /* of the response's header */
    uint64_t fence_change;
    uint32_t requests;
    uint64_t last_command_addr;
} device;

static uint32_t *reg(uint32_t offset)
{
    return &registers[offset / 4];
}

static void *queue_part(uint32_t low_offset)
{
    if (*reg(VIRTIO_MMIO_Version) == VIRTIO_VERSION_LEGACY) {
        uint8_t *block = test_cpu((uint64_t)*reg(VIRTIO_MMIO_QueuePFN) * VIRTIO_LEGACY_PAGE_BYTES);
        uint32_t size = *reg(VIRTIO_MMIO_QueueSize);
        if (low_offset == VIRTIO_MMIO_QueueDescLow)
            return block;
        if (low_offset == VIRTIO_MMIO_QueueDriverLow)
            return block + virtq_desc_bytes(size);
        return block + virtq_legacy_used_offset(size, *reg(VIRTIO_MMIO_QueueAlign));
    }
    return test_cpu(*reg(low_offset) | (uint64_t)*reg(low_offset + 4) << 32);
}

static void device_complete(uint32_t head, uint32_t len)
{
    volatile struct virtq_used *used = queue_part(VIRTIO_MMIO_QueueDeviceLow);
    volatile struct virtq_used_elem *elem =
        &used->ring[device.used_idx % *reg(VIRTIO_MMIO_QueueSize)];

    elem->id = head;
    elem->len = len;
    used->idx = ++device.used_idx;
    *reg(VIRTIO_MMIO_InterruptStatus) |= VIRTIO_MMIO_INT_USED;
}

/* Answers as told; returns the bytes written. */
static uint32_t device_answer(const struct virtio_gpu_ctrl_hdr *command,
                              struct virtio_gpu_ctrl_hdr *answer)
{
    bool display = command->type == VIRTIO_GPU_CMD_GET_DISPLAY_INFO && device.type == 0;
    uint32_t type = display ? VIRTIO_GPU_RESP_OK_DISPLAY_INFO : VIRTIO_GPU_RESP_OK_NODATA;

    *answer = (struct virtio_gpu_ctrl_hdr){
        .type = device.type != 0 ? device.type : type,
        .flags = command->flags & ~device.drop_flags,
        .fence_id = command->fence_id + device.fence_change,
    };
    if (!display)
        return sizeof(*answer);
    struct virtio_gpu_resp_display_info *info = (struct virtio_gpu_resp_display_info *)answer;
    info->pmodes[0].r = (struct virtio_gpu_rect){.x = 3, .y = 5, .width = 640, .height = 480};
    info->pmodes[0].enabled = 1;
    info->pmodes[1].r.width = 99; /* of a display that is off */
    return sizeof(*info);
}

static void device_work(void)
{
    const struct virtq_desc *desc = queue_part(VIRTIO_MMIO_QueueDescLow);
    const volatile struct virtq_avail *avail = queue_part(VIRTIO_MMIO_QueueDriverLow);

    while (device.avail_idx != avail->idx) {
        uint32_t head = avail->ring[device.avail_idx++ % *reg(VIRTIO_MMIO_QueueSize)];
        const struct virtq_desc *request = &desc[head];
        device.requests++;
        device.last_command_addr = request->addr;
        if (device.silent) {
            device.held[device.held_count] = head;
            device.held_response[device.held_count++] = desc[request->next].addr;
            if (device.complete_first_held)
                device_complete(device.held[0], 408);
            continue;
        }
        uint32_t len = device_answer(test_cpu(request->addr), test_cpu(desc[request->next].addr));
        device_complete(head, len + (uint32_t)device.length_change);
    }
}

static void prepare(uint32_t version)
{
    test_platform_reset();
    memset(registers, 0, sizeof(registers));
    memset(&device, 0, sizeof(device));
    memset(&gpu, 0, sizeof(gpu));
    test_platform.registers = registers;
    test_platform.on_wait = device_work;
    *reg(VIRTIO_MMIO_MagicValue) = VIRTIO_MMIO_MAGIC;
    *reg(VIRTIO_MMIO_Version) = version;
    *reg(VIRTIO_MMIO_DeviceID) = VIRTIO_ID_GPU;
    /* Both words of the features read the same here: bit 0 is VIRGL below and VERSION_1 above. */
    *reg(VIRTIO_MMIO_DeviceFeatures) = 1;
    *reg(VIRTIO_MMIO_QueueSizeMax) = 1024;
    *reg(VIRTIO_MMIO_CONFIG + offsetof(struct virtio_gpu_config, num_scanouts)) = 1;
    options = (struct vgpu_options){
        .queue_size = QUEUE_SIZE,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
        .backing_entries = 1,
        .timeout_ns = TIMEOUT_NS,
    };
}

static enum virtio_result start(void)
{
    struct virtio_device found;

    ck_assert_int_eq(virtio_probe(0x0a000000, REGISTER_BYTES, 48, &found), VIRTIO_OK);
    return vgpu_start(&gpu, &found, &options);
}

static enum virtio_result ask(void)
{
    struct vgpu_display display[VIRTIO_GPU_MAX_SCANOUTS];

    return vgpu_get_display_info(&gpu, display);
}

static void stop(void)
{
    ck_assert_int_eq(vgpu_stop(&gpu), VIRTIO_OK);
    ck_assert_uint_eq(*reg(VIRTIO_MMIO_Status), 0);
    ck_assert_uint_eq(test_platform.blocks_out, 0);
    ck_assert_ptr_null((void *)(uintptr_t)test_platform.handler);
}

START_TEST(both_versions_come_up_show_a_surface_and_leave_nothing_behind)
{
    prepare(_i % 2 ? VIRTIO_VERSION_MODERN : VIRTIO_VERSION_LEGACY);
    options.interrupts = (_i & 2) != 0;
    options.fence = (_i & 4) != 0;
    ck_assert_int_eq(start(), VIRTIO_OK);
    ck_assert_uint_eq(*reg(VIRTIO_MMIO_Status), _i % 2 ? 15 : 7);
    ck_assert_int_eq(ask(), VIRTIO_OK);
    ck_assert_int_eq(vgpu_surface_show(&gpu, 64, 32), VIRTIO_OK);
    ck_assert_int_eq(vgpu_surface_flush(&gpu, &(struct vgpu_rect){1, 2, 3, 4}), VIRTIO_OK);
    ck_assert_uint_eq(device.requests, 6);
    stop();
    ck_assert_int_eq(ask(), VIRTIO_NOT_READY);
}
END_TEST

START_TEST(displays_are_as_the_device_says_and_those_that_are_off_have_no_place)
{
    static const struct vgpu_display off;
    struct vgpu_display display[VIRTIO_GPU_MAX_SCANOUTS];

    memset(display, 0x55, sizeof(display));
    prepare(VIRTIO_VERSION_MODERN);
    ck_assert_int_eq(start(), VIRTIO_OK);
    ck_assert_int_eq(vgpu_get_display_info(&gpu, display), VIRTIO_OK);
    ck_assert(display[0].enabled);
    ck_assert_uint_eq(display[0].rect.x, 3);
    ck_assert_uint_eq(display[0].rect.y, 5);
    ck_assert_uint_eq(display[0].rect.width, 640);
    ck_assert_uint_eq(display[0].rect.height, 480);
    for (uint32_t i = 1; i < VIRTIO_GPU_MAX_SCANOUTS; i++) {
        ck_assert(!display[i].enabled);
        ck_assert_mem_eq(&display[i].rect, &off.rect, sizeof(off.rect));
    }
    stop();
}
END_TEST

START_TEST(a_request_that_timed_out_keeps_its_buffers_and_its_late_answer_is_nobodys)
{
    prepare(VIRTIO_VERSION_MODERN);
    ck_assert_int_eq(start(), VIRTIO_OK);
    device.silent = true;
    ck_assert_int_eq(ask(), VIRTIO_TIMEOUT);
    uint64_t first_addr = device.last_command_addr;
    size_t blocks = test_platform.blocks_out;

    /* The late answer arrives while another request waits, and this one is never answered. */
    ck_assert_int_eq(ask(), VIRTIO_TIMEOUT);
    ck_assert_uint_ne(device.last_command_addr, first_addr);
    ck_assert_uint_eq(test_platform.blocks_out, blocks + 2);
    struct virtio_gpu_ctrl_hdr *late = test_cpu(device.held_response[0]);
    late->type = VIRTIO_GPU_RESP_OK_DISPLAY_INFO;
    device_complete(device.held[0], 408);
    ck_assert_int_eq(ask(), VIRTIO_TIMEOUT);

    /* The first request's buffers came back, so the third one used them again. */
    ck_assert_uint_eq(device.last_command_addr, first_addr);
    ck_assert_uint_eq(test_platform.blocks_out, blocks + 2);
    device.silent = false;
    ck_assert_int_eq(ask(), VIRTIO_OK);
    stop();
}
END_TEST

START_TEST(a_late_answer_does_not_satisfy_the_request_that_waits)
{
    prepare(VIRTIO_VERSION_MODERN);
    ck_assert_int_eq(start(), VIRTIO_OK);
    device.silent = true;
    ck_assert_int_eq(ask(), VIRTIO_TIMEOUT);
    /* Well formed and on time, but it answers the first request while the second one is waited for.
     */
    ((struct virtio_gpu_ctrl_hdr *)test_cpu(device.held_response[0]))->type =
        VIRTIO_GPU_RESP_OK_DISPLAY_INFO;
    device.complete_first_held = true;
    ck_assert_int_eq(ask(), VIRTIO_TIMEOUT);
    ck_assert_uint_eq(device.used_idx, 1);
    ck_assert_uint_eq(gpu.controlq.out_count, 1);
    stop();
}
END_TEST

START_TEST(timeouts_run_out_of_descriptors_and_not_of_sense)
{
    prepare(VIRTIO_VERSION_MODERN);
    ck_assert_int_eq(start(), VIRTIO_OK);
    device.silent = true;
    for (uint32_t i = 0; i < QUEUE_SIZE / 2; i++)
        ck_assert_int_eq(ask(), VIRTIO_TIMEOUT);
    ck_assert_int_eq(ask(), VIRTIO_QUEUE_FULL);

    /* All of them are answered in the end, the last one first. */
    for (uint32_t i = device.held_count; i > 0; i--)
        device_complete(device.held[i - 1], 408);
    device.silent = false;
    ck_assert_int_eq(ask(), VIRTIO_OK);
    ck_assert_uint_eq(gpu.controlq.free_count, QUEUE_SIZE);
    stop();
}
END_TEST

static const struct wrong_answer {
    const char *name;
    uint32_t type;
    int32_t length_change;
    uint32_t drop_flags;
    uint64_t fence_change;
    enum virtio_result result;
} WRONG_ANSWERS[] = {
    {"right", 0, 0, 0, 0, VIRTIO_OK},
    {"UNSPEC", VIRTIO_GPU_RESP_ERR_UNSPEC, 0, 0, 0, VIRTIO_DEVICE_ERROR},
    {"INVALID_PARAMETER", VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER, 0, 0, 0, VIRTIO_DEVICE_ERROR},
    {"success of another command", VIRTIO_GPU_RESP_OK_NODATA, 0, 0, 0, VIRTIO_BAD_COMPLETION},
    {"a command for a response", 0x100, 0, 0, 0, VIRTIO_BAD_COMPLETION},
    {"an error beyond the last", 0x1206, 0, 0, 0, VIRTIO_BAD_COMPLETION},
    {"one byte short", 0, -1, 0, 0, VIRTIO_BAD_COMPLETION},
    {"nothing written", 0, -408, 0, 0, VIRTIO_BAD_COMPLETION},
    {"less than a header", 0, -385, 0, 0, VIRTIO_BAD_COMPLETION},
    {"one byte more than there is room", 0, 1, 0, 0, VIRTIO_BAD_COMPLETION},
    {"no fence", 0, 0, VIRTIO_GPU_FLAG_FENCE, 0, VIRTIO_BAD_COMPLETION},
    {"another fence", 0, 0, 0, 1, VIRTIO_BAD_COMPLETION},
};

START_TEST(an_answer_is_judged)
{
    const struct wrong_answer *wrong = &WRONG_ANSWERS[_i];

    prepare(VIRTIO_VERSION_MODERN);
    options.fence = true;
    ck_assert_int_eq(start(), VIRTIO_OK);
    device.type = wrong->type;
    device.length_change = wrong->length_change;
    device.drop_flags = wrong->drop_flags;
    device.fence_change = wrong->fence_change;
    ck_assert_msg(ask() == wrong->result, "%s", wrong->name);
    stop();
}
END_TEST

START_TEST(a_device_that_asks_for_a_reset_is_not_asked_again)
{
    prepare(VIRTIO_VERSION_MODERN);
    ck_assert_int_eq(start(), VIRTIO_OK);
    device.silent = true;
    *reg(VIRTIO_MMIO_Status) |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    ck_assert_int_eq(ask(), VIRTIO_NEEDS_RESET);
    uint32_t requests = device.requests;
    ck_assert_int_eq(ask(), VIRTIO_NEEDS_RESET);
    ck_assert_uint_eq(device.requests, requests);
    stop();
}
END_TEST

/* What a register reads, and what comes of it. */
static const struct bad_device {
    uint32_t offset;
    uint32_t value;
    enum virtio_result result;
} BAD_DEVICES[] = {
    {VIRTIO_MMIO_DeviceFeatures, 0, VIRTIO_BAD_DEVICE},
    {VIRTIO_MMIO_QueueSizeMax, 0, VIRTIO_BAD_DEVICE},
    {VIRTIO_MMIO_QueueSizeMax, 1, VIRTIO_BAD_DEVICE},
    {VIRTIO_MMIO_QueueSizeMax, 3, VIRTIO_OK},
    {VIRTIO_MMIO_QueueReady, 1, VIRTIO_BAD_DEVICE},
    {VIRTIO_MMIO_CONFIG + offsetof(struct virtio_gpu_config, num_scanouts), 0, VIRTIO_BAD_DEVICE},
    {VIRTIO_MMIO_CONFIG + offsetof(struct virtio_gpu_config, num_scanouts), 17, VIRTIO_BAD_DEVICE},
};

START_TEST(a_device_that_cannot_be_used_is_left_failed)
{
    const struct bad_device *bad = &BAD_DEVICES[_i];

    prepare(VIRTIO_VERSION_MODERN);
    *reg(bad->offset) = bad->value;
    ck_assert_int_eq(start(), bad->result);
    if (bad->result == VIRTIO_OK) {
        ck_assert_int_eq(ask(), VIRTIO_OK);
        stop();
        return;
    }
    ck_assert_uint_ne(*reg(VIRTIO_MMIO_Status) & VIRTIO_STATUS_FAILED, 0);
    ck_assert_uint_eq(*reg(VIRTIO_MMIO_Status) & VIRTIO_STATUS_DRIVER_OK, 0);
    ck_assert_uint_eq(test_platform.blocks_out, 0);
    ck_assert_int_eq(ask(), VIRTIO_NOT_READY);
}
END_TEST

START_TEST(what_is_no_gpu_in_reach_is_not_touched)
{
    static const struct {
        uint32_t offset, value;
        enum virtio_result result;
    } cases[] = {
        {VIRTIO_MMIO_MagicValue, 0, VIRTIO_BAD_DEVICE},
        {VIRTIO_MMIO_Version, 0, VIRTIO_BAD_DEVICE},
        {VIRTIO_MMIO_Version, 3, VIRTIO_BAD_DEVICE},
        {VIRTIO_MMIO_DeviceID, 0, VIRTIO_NO_DEVICE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct virtio_device found;
        prepare(VIRTIO_VERSION_MODERN);
        *reg(VIRTIO_MMIO_Status) = 0xf;
        *reg(cases[i].offset) = cases[i].value;
        ck_assert_int_eq(virtio_probe(0x0a000000, REGISTER_BYTES, 48, &found), cases[i].result);
        ck_assert_uint_eq(*reg(VIRTIO_MMIO_Status), 0xf);
    }
    struct virtio_device small;
    ck_assert_int_eq(virtio_probe(0x0a000000, VIRTIO_MMIO_CONFIG - 1, 48, &small),
                     VIRTIO_BAD_DEVICE);
    ck_assert_ptr_null((void *)(uintptr_t)small.registers);
}
END_TEST

START_TEST(a_queue_is_no_larger_than_the_driver_has_memory_for)
{
    prepare(VIRTIO_VERSION_MODERN);
    *reg(VIRTIO_MMIO_QueueSizeMax) = 32768;
    options.queue_size = 32768;
    ck_assert_int_eq(start(), VIRTIO_OK);
    ck_assert_uint_eq(*reg(VIRTIO_MMIO_QueueSize), VGPU_QUEUE_SIZE_MAX);
    ck_assert_int_eq(ask(), VIRTIO_OK);
    stop();
}
END_TEST

START_TEST(a_queue_that_is_disabled_is_read_back)
{
    for (uint32_t version = VIRTIO_VERSION_LEGACY; version <= VIRTIO_VERSION_MODERN; version++) {
        bool legacy = version == VIRTIO_VERSION_LEGACY;
        uint32_t *live = reg(legacy ? VIRTIO_MMIO_QueuePFN : VIRTIO_MMIO_QueueReady);
        prepare(version);
        ck_assert_int_eq(start(), VIRTIO_OK);
        ck_assert_uint_ne(*live, 0);
        *reg(VIRTIO_MMIO_QueueSel) = 7;
        ck_assert_int_eq(virtio_queue_disable(&gpu.device, VIRTIO_GPU_CONTROLQ), VIRTIO_OK);
        ck_assert_uint_eq(*live, 0);
        ck_assert_uint_eq(*reg(VIRTIO_MMIO_QueueSel), VIRTIO_GPU_CONTROLQ);
        stop();
    }
}
END_TEST

/* Fails the n-th allocation, for every n of bring-up and show. */
START_TEST(no_memory_at_any_place_is_survived)
{
    prepare(VIRTIO_VERSION_MODERN);
    options.backing_entries = 3;
    for (size_t n = 0; n < 8; n++) {
        prepare(VIRTIO_VERSION_MODERN);
        options.backing_entries = 3;
        test_platform.fail_at = n;
        enum virtio_result result = start();
        if (n < 3) {
            ck_assert_int_eq(result, VIRTIO_NO_MEMORY);
            ck_assert_uint_eq(test_platform.blocks_out, 0);
            continue;
        }
        ck_assert_int_eq(result, VIRTIO_OK);
        result = ask();
        if (result == VIRTIO_OK)
            result = vgpu_surface_show(&gpu, 64, 64);
        ck_assert_int_eq(result, VIRTIO_NO_MEMORY);
        ck_assert_int_eq(vgpu_surface_show(&gpu, 64, 64), VIRTIO_OK);
        stop();
    }
}
END_TEST

START_TEST(every_pixel_of_a_surface_in_pieces_has_memory_of_its_own)
{
    static const uint32_t pieces[] = {1, 2, 3, 7, 64, 1000, VGPU_BACKING_ENTRIES_MAX};
    enum { WIDTH = 61, HEIGHT = 37 };

    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        uint32_t wrong = 0;
        size_t bytes = 0;
        prepare(VIRTIO_VERSION_MODERN);
        options.backing_entries = pieces[p];
        ck_assert_int_eq(start(), VIRTIO_OK);
        ck_assert_int_eq(vgpu_surface_show(&gpu, WIDTH, HEIGHT), VIRTIO_OK);
        for (uint32_t y = 0; y < HEIGHT; y++) {
            for (uint32_t x = 0; x < WIDTH;) {
                uint32_t count_px;
                uint32_t *run = vgpu_surface_run(&gpu, x, y, &count_px);
                wrong += count_px == 0 || count_px > WIDTH - x;
                for (uint32_t i = 0; i < count_px; i++)
                    wrong += run[i]++ != 0; /* a sanitizer sees what lies outside */
                x += count_px;
            }
        }
        for (uint32_t i = 0; i < gpu.surface.piece_count; i++)
            bytes += gpu.surface.piece[i].size_bytes;
        ck_assert_uint_eq(wrong, 0);
        ck_assert_uint_eq(bytes, WIDTH * HEIGHT * 4);
        stop();
    }
}
END_TEST

START_TEST(memory_behind_a_request_in_doubt_is_not_given_back)
{
    prepare(VIRTIO_VERSION_MODERN);
    ck_assert_int_eq(start(), VIRTIO_OK);
    ck_assert_int_eq(vgpu_surface_show(&gpu, 64, 64), VIRTIO_OK);
    device.silent = true;
    ck_assert_int_eq(vgpu_surface_flush(&gpu, &(struct vgpu_rect){0, 0, 64, 64}), VIRTIO_TIMEOUT);
    device.silent = false;
    ck_assert_int_eq(vgpu_surface_close(&gpu), VIRTIO_NOT_READY);
    ck_assert_uint_eq(gpu.surface.piece_count, 1);
    device_complete(device.held[0], 24);
    ck_assert_int_eq(ask(), VIRTIO_OK);
    ck_assert_int_eq(vgpu_surface_close(&gpu), VIRTIO_OK);
    ck_assert_uint_eq(gpu.surface.piece_count, 0);
    stop();
}
END_TEST

START_TEST(rectangles_that_leave_the_surface_are_refused)
{
    static const struct vgpu_rect outside[] = {
        {0, 0, 65, 1}, {0, 0, 1, 33}, {64, 0, 1, 1},         {0, 32, 1, 1},
        {0, 0, 0, 1},  {0, 0, 1, 0},  {1, 0, UINT32_MAX, 1}, {0, 1, 1, UINT32_MAX},
    };

    prepare(VIRTIO_VERSION_MODERN);
    ck_assert_int_eq(start(), VIRTIO_OK);
    ck_assert_int_eq(vgpu_surface_flush(&gpu, &outside[0]), VIRTIO_NOT_READY);
    ck_assert_int_eq(vgpu_surface_show(&gpu, 64, 32), VIRTIO_OK);
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        ck_assert_int_eq(vgpu_surface_flush(&gpu, &outside[i]), VIRTIO_BAD_ARGUMENT);
    ck_assert_int_eq(vgpu_surface_flush(&gpu, &(struct vgpu_rect){63, 31, 1, 1}), VIRTIO_OK);
    stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gpu_driver");
    TCase *tcase = tcase_create("gpu_driver");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, both_versions_come_up_show_a_surface_and_leave_nothing_behind, 0, 8);
    tcase_add_test(tcase,
                   a_request_that_timed_out_keeps_its_buffers_and_its_late_answer_is_nobodys);
    tcase_add_test(tcase, displays_are_as_the_device_says_and_those_that_are_off_have_no_place);
    tcase_add_test(tcase, a_late_answer_does_not_satisfy_the_request_that_waits);
    tcase_add_test(tcase, timeouts_run_out_of_descriptors_and_not_of_sense);
    tcase_add_loop_test(tcase, an_answer_is_judged, 0,
                        sizeof(WRONG_ANSWERS) / sizeof(WRONG_ANSWERS[0]));
    tcase_add_test(tcase, a_device_that_asks_for_a_reset_is_not_asked_again);
    tcase_add_loop_test(tcase, a_device_that_cannot_be_used_is_left_failed, 0,
                        sizeof(BAD_DEVICES) / sizeof(BAD_DEVICES[0]));
    tcase_add_test(tcase, what_is_no_gpu_in_reach_is_not_touched);
    tcase_add_test(tcase, a_queue_is_no_larger_than_the_driver_has_memory_for);
    tcase_add_test(tcase, a_queue_that_is_disabled_is_read_back);
    tcase_add_test(tcase, no_memory_at_any_place_is_survived);
    tcase_add_test(tcase, every_pixel_of_a_surface_in_pieces_has_memory_of_its_own);
    tcase_add_test(tcase, memory_behind_a_request_in_doubt_is_not_given_back);
    tcase_add_test(tcase, rectangles_that_leave_the_surface_are_refused);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
