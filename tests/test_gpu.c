/*
 * The GPU device's commands: what each answers, right or wrong.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gpu_rig.h"
#include "test_gpu.h"
#include "virtio/config.h"

/* ---- answers ---- */

START_TEST(get_display_info_tells_the_mode_of_the_first_of_sixteen_scanouts)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 2);
    struct virtio_gpu_ctrl_hdr request = rig_header(VIRTIO_GPU_CMD_GET_DISPLAY_INFO);
    struct virtio_gpu_resp_display_info want = {.hdr = rig_header(VIRTIO_GPU_RESP_OK_DISPLAY_INFO),
                                                .pmodes[0] = {.r = rig_rect(0, 0, 1280, 800),
                                                              .enabled = virtio_le32(1)}};

    ck_assert_uint_eq(rig_command(rig, &request, sizeof(request)), VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
    ck_assert_uint_eq(rig->used_len, sizeof(want));
    ck_assert_mem_eq(rig_response(rig), &want, sizeof(want));
    const struct event *execute = rig_event(rig, EVENT_EXECUTE, 0);
    ck_assert_uint_eq(execute->value, VIRTIO_GPU_CMD_GET_DISPLAY_INFO);
    ck_assert_uint_eq(execute->extra, rig->request_addr);
    const struct event *respond = rig_event(rig, EVENT_RESPOND, 0);
    ck_assert_uint_eq(respond->value, VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
    ck_assert_uint_eq(respond->extra, sizeof(want));
    rig_destroy(rig);
}
END_TEST

START_TEST(the_eight_formats_and_no_others_make_a_resource)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    uint32_t good = 0;

    for (uint32_t format = 0; format < 300; format++) {
        uint32_t answer = rig_create_2d(rig, format + 1, format, 4, 4);
        bool is_known = gpu_format_name(format) != NULL;
        good += is_known;
        ck_assert_uint_eq(answer, is_known ? (uint32_t)OK : (uint32_t)ERR(INVALID_PARAMETER));
        ck_assert_int_eq(rig_refusal(rig), is_known ? REFUSAL(NONE) : REFUSAL(RESOURCE_FORMAT));
    }
    ck_assert_uint_eq(good, 8);
    rig_destroy(rig);
}
END_TEST

static uint32_t attach_one(struct rig *rig, uint32_t id, uint64_t addr, uint32_t bytes)
{
    return rig_attach(rig, id, &(struct sim_segment){addr, bytes}, 1);
}

static uint32_t attach_told(struct rig *rig, uint32_t id, uint32_t nr_entries, uint32_t there)
{
    uint8_t request[32 + 64] = {0};
    struct virtio_gpu_resource_attach_backing head = {.hdr = rig_header(
                                                          VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING),
                                                      .resource_id = virtio_le32(id),
                                                      .nr_entries = virtio_le32(nr_entries)};
    memcpy(request, &head, sizeof(head));
    return rig_command(rig, request, 32 + there);
}

#define BOTH(answer) answer, answer

/*
 * X(what, command, refusal, answer in the spec profile, answer in the qemu profile)
 * `c` in the command is the case's own rig, with the two resources above.
 */
/* clang-format off */
#define CASES(X)                                                                                   \
    X(create_id_0, rig_create_2d(c, 0, 1, 4, 4), RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))      \
    X(create_again, rig_create_2d(c, ID_BARE, 1, 4, 4),                                            \
      RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))                                                 \
    X(create_no_width, rig_create_2d(c, 9, 1, 0, 4), RESOURCE_SIZE, ERR(INVALID_PARAMETER), OK)    \
    X(create_no_height, rig_create_2d(c, 9, 1, 4, 0), RESOURCE_SIZE, ERR(INVALID_PARAMETER), OK)   \
    X(create_256_mib, rig_create_2d(c, 9, 1, 8192, 8192), ANY, OK, ERR(OUT_OF_MEMORY))             \
    X(create_over_1_gib, rig_create_2d(c, 9, 1, 16384, 16385),                                     \
      RESOURCE_SIZE, BOTH(ERR(OUT_OF_MEMORY)))                                                     \
    X(create_most, rig_create_2d(c, 9, 1, UINT32_MAX, UINT32_MAX),                                 \
      RESOURCE_SIZE, BOTH(ERR(OUT_OF_MEMORY)))                                                     \
    X(unref, rig_unref(c, ID_BACKED), NONE, BOTH(OK))                                              \
    X(unref_0, rig_unref(c, 0), RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))                       \
    X(unref_none, rig_unref(c, ID_NONE), RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))              \
    X(scanout, rig_set_scanout(c, 0, ID_BACKED, WHOLE), NONE, BOTH(OK))                            \
    X(scanout_1, rig_set_scanout(c, 1, ID_BACKED, WHOLE), NONE, BOTH(OK))                          \
    X(scanout_2_of_2, rig_set_scanout(c, 2, ID_BACKED, WHOLE),                                     \
      SCANOUT_ID, BOTH(ERR(INVALID_SCANOUT_ID)))                                                   \
    X(scanout_most, rig_set_scanout(c, UINT32_MAX, 0, WHOLE),                                      \
      SCANOUT_ID, BOTH(ERR(INVALID_SCANOUT_ID)))                                                   \
    X(scanout_off, rig_set_scanout(c, 0, 0, rig_rect(0, 0, 0, 0)), NONE, BOTH(OK))                 \
    X(scanout_none, rig_set_scanout(c, 0, ID_NONE, WHOLE),                                         \
      RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))                                                 \
    X(scanout_bare, rig_set_scanout(c, 0, ID_BARE, WHOLE), ANY, OK, ERR(UNSPEC))                   \
    X(scanout_wide, rig_set_scanout(c, 0, ID_BACKED, rig_rect(0, 0, 65, 64)),                      \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(scanout_right, rig_set_scanout(c, 0, ID_BACKED, rig_rect(33, 0, 32, 32)),                    \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(scanout_wraps, rig_set_scanout(c, 0, ID_BACKED, rig_rect(UINT32_MAX - 15, 0, 32, 32)),       \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(scanout_corner, rig_set_scanout(c, 0, ID_BACKED, rig_rect(48, 48, 16, 16)), NONE, BOTH(OK))  \
    X(scanout_15, rig_set_scanout(c, 0, ID_BACKED, rig_rect(0, 0, 16, 15)),                        \
      ANY, OK, ERR(INVALID_PARAMETER))                                                             \
    X(scanout_empty, rig_set_scanout(c, 0, ID_BACKED, rig_rect(0, 0, 0, 16)),                      \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(transfer, rig_transfer(c, ID_BACKED, WHOLE, 0), NONE, BOTH(OK))                              \
    X(transfer_none, rig_transfer(c, ID_NONE, WHOLE, 0),                                           \
      RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))                                                 \
    X(transfer_bare, rig_transfer(c, ID_BARE, WHOLE, 0), BACKING_MISSING, BOTH(ERR(UNSPEC)))       \
    X(transfer_right, rig_transfer(c, ID_BACKED, rig_rect(1, 0, 64, 1), 0),                        \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(transfer_below, rig_transfer(c, ID_BACKED, rig_rect(0, 64, 1, 1), 0),                        \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(transfer_wraps, rig_transfer(c, ID_BACKED, rig_rect(0, UINT32_MAX, 1, 2), 0),                \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(transfer_empty, rig_transfer(c, ID_BACKED, rig_rect(64, 64, 0, 0), 16384), NONE, BOTH(OK))   \
    X(transfer_one_over, rig_transfer(c, ID_BACKED, WHOLE, 4),                                     \
      BACKING_SHORT, ERR(INVALID_PARAMETER), OK)                                                   \
    X(transfer_rows_over, rig_transfer(c, ID_BACKED, rig_rect(0, 0, 63, 64), 256),                 \
      BACKING_SHORT, ERR(INVALID_PARAMETER), OK)                                                   \
    X(transfer_rows_behind, rig_transfer(c, ID_BACKED, rig_rect(0, 0, 63, 64), 260),               \
      BACKING_SHORT, BOTH(ERR(INVALID_PARAMETER)))                                                 \
    X(transfer_last, rig_transfer(c, ID_BACKED, rig_rect(0, 0, 1, 1), 16380), NONE, BOTH(OK))      \
    X(transfer_behind, rig_transfer(c, ID_BACKED, rig_rect(0, 0, 1, 1), 16385),                    \
      BACKING_SHORT, BOTH(ERR(INVALID_PARAMETER)))                                                 \
    X(transfer_most, rig_transfer(c, ID_BACKED, WHOLE, UINT64_MAX),                                \
      BACKING_SHORT, BOTH(ERR(INVALID_PARAMETER)))                                                 \
    X(flush, rig_flush(c, ID_BACKED, WHOLE), NONE, BOTH(OK))                                       \
    X(flush_bare, rig_flush(c, ID_BARE, WHOLE), NONE, BOTH(OK))                                    \
    X(flush_none, rig_flush(c, ID_NONE, WHOLE), RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))       \
    X(flush_right, rig_flush(c, ID_BACKED, rig_rect(0, 0, 65, 1)),                                 \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(flush_below, rig_flush(c, ID_BACKED, rig_rect(0, 60, 64, 5)),                                \
      RECT_OUTSIDE, BOTH(ERR(INVALID_PARAMETER)))                                                  \
    X(attach, attach_one(c, ID_BARE, c->request_addr, 64), NONE, BOTH(OK))                         \
    X(attach_none, attach_one(c, ID_NONE, c->request_addr, 64),                                    \
      RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))                                                 \
    X(attach_again, attach_one(c, ID_BACKED, c->request_addr, 64),                                 \
      BACKING_PRESENT, BOTH(ERR(UNSPEC)))                                                          \
    X(attach_outside_ram, attach_one(c, ID_BARE, 0x1000, 64), DMA_BACKING, BOTH(ERR(UNSPEC)))      \
    X(attach_not_dma, attach_one(c, ID_BARE, RIG_RAM_BASE + RIG_RAM_BYTES - 4096, 64),             \
      DMA_BACKING, ERR(UNSPEC), OK)                                                                \
    X(attach_across, attach_one(c, ID_BARE, c->response_addr, 1u << 30),                           \
      DMA_BACKING, BOTH(ERR(UNSPEC)))                                                              \
    X(attach_nothing, attach_one(c, ID_BARE, c->request_addr, 0), ANY, OK, ERR(UNSPEC))            \
    X(attach_0_entries, attach_told(c, ID_BARE, 0, 0), NONE, BOTH(OK))                             \
    X(attach_1_of_none, attach_told(c, ID_BARE, 1, 0), BACKING_ENTRIES, BOTH(ERR(UNSPEC)))         \
    X(attach_2_of_31_bytes, attach_told(c, ID_BARE, 2, 31), BACKING_ENTRIES, BOTH(ERR(UNSPEC)))    \
    X(attach_too_many, attach_told(c, ID_BARE, GPU_BACKING_ENTRIES_MAX + 1, 64),                   \
      BACKING_ENTRIES, BOTH(ERR(UNSPEC)))                                                          \
    X(attach_most, attach_told(c, ID_BARE, UINT32_MAX, 64), BACKING_ENTRIES, BOTH(ERR(UNSPEC)))    \
    X(detach, rig_detach(c, ID_BACKED), NONE, BOTH(OK))                                            \
    X(detach_none, rig_detach(c, ID_NONE), RESOURCE_ID, BOTH(ERR(INVALID_RESOURCE_ID)))            \
    X(detach_bare, rig_detach(c, ID_BARE), BACKING_MISSING, BOTH(ERR(UNSPEC)))

#define X(what, command, refusal, ...)                                                             \
    static uint32_t run_##what(struct rig *c) { return command; }
CASES(X)
#undef X
/* clang-format on */

#define ANY_REFUSAL     (-1) /* refused, if the profile answers with an error */
#define SIM_REFUSAL_ANY ANY_REFUSAL

static const struct {
    const char *what;
    uint32_t (*run)(struct rig *c);
    uint32_t answer[2]; /* by enum sim_profile */
    int refusal;
} cases[] = {
#define X(what, command, refusal, ...) {#what, run_##what, {__VA_ARGS__}, SIM_REFUSAL_##refusal},
    CASES(X)
#undef X
};

START_TEST(every_command_answers_as_the_table_says)
{
    enum sim_profile profile = (enum sim_profile)(_i % 2);
    const char *what = cases[_i / 2].what;
    uint32_t want = cases[_i / 2].answer[profile];
    struct rig *rig = rig_with_resources(profile);
    uint32_t answer = cases[_i / 2].run(rig);
    enum sim_refusal refusal = rig_refusal(rig);

    ck_assert_msg(answer == want, "%s: %s, want %s", what, gpu_response_name(answer),
                  gpu_response_name(want));
    if (cases[_i / 2].refusal == ANY_REFUSAL)
        ck_assert_msg(want == OK || refusal != REFUSAL(NONE), "%s: not refused", what);
    else
        ck_assert_msg((int)refusal == cases[_i / 2].refusal, "%s: refusal %d", what, refusal);
    ck_assert_uint_eq(rig->device.status & VIRTIO_STATUS_DEVICE_NEEDS_RESET, 0);
    rig_destroy(rig);
}
END_TEST

START_TEST(a_command_on_the_wrong_queue_is_refused)
{
    for (int n = 0; n < GPU_COMMAND_COUNT; n++) {
        struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
        uint32_t answer = rig_send_type(rig, !gpu_commands[n].queue, gpu_commands[n].code, 96, 408);
        ck_assert_uint_eq(answer, ERR(UNSPEC));
        ck_assert_int_eq(rig_refusal(rig), REFUSAL(COMMAND_QUEUE));
        rig_destroy(rig);
    }
}
END_TEST

START_TEST(a_command_whose_feature_was_not_negotiated_is_refused)
{
    for (int n = 0; n < GPU_COMMAND_COUNT; n++) {
        if (gpu_commands[n].needs == VIRTIO_GPU_NEEDS_NOTHING)
            continue;
        for (int profile = 0; profile < 2; profile++) {
            struct rig *rig = rig_create((enum sim_profile)profile, 1);
            uint32_t code = gpu_commands[n].code;
            bool is_blob = code == VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB ||
                           code == VIRTIO_GPU_CMD_SET_SCANOUT_BLOB;
            bool is_capset =
                code == VIRTIO_GPU_CMD_GET_CAPSET_INFO || code == VIRTIO_GPU_CMD_GET_CAPSET;
            bool is_parameter = profile == SIM_PROFILE_SPEC ? is_capset : is_blob;
            bool is_answered = profile == SIM_PROFILE_QEMU && code == VIRTIO_GPU_CMD_GET_EDID;
            uint32_t want = is_parameter  ? ERR(INVALID_PARAMETER)
                            : is_answered ? (uint32_t)VIRTIO_GPU_RESP_OK_EDID
                                          : ERR(UNSPEC);
            uint32_t answer = rig_send_type(rig, gpu_commands[n].queue, code, 96, 1056);
            ck_assert_uint_eq(answer, want);
            ck_assert_uint_eq(rig->used_len, is_answered ? 1056 : 24);
            ck_assert_int_eq(rig_refusal(rig), REFUSAL(COMMAND_FEATURE));
            rig_destroy(rig);
        }
    }
}
END_TEST

START_TEST(a_type_that_is_no_command_is_refused)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    uint32_t refused = 0;

    for (uint32_t type = 0; type < 0x1300; type++) {
        if (gpu_command_name(type))
            continue;
        ck_assert_uint_eq(rig_send_type(rig, VIRTIO_GPU_CONTROLQ, type, 96, 408), ERR(UNSPEC));
        ck_assert_int_eq(rig_refusal(rig), REFUSAL(COMMAND_UNKNOWN));
        refused++;
    }
    ck_assert_uint_eq(refused, 0x1300 - GPU_COMMAND_COUNT);
    ck_assert_uint_eq(rig_send_type(rig, VIRTIO_GPU_CONTROLQ, UINT32_MAX, 96, 408), ERR(UNSPEC));
    rig_destroy(rig);
}
END_TEST

START_TEST(qemu_keeps_the_pixels_of_all_resources_below_256_mib)
{
    struct rig *rig = rig_create(SIM_PROFILE_QEMU, 1);

    ck_assert_uint_eq(rig_create_2d(rig, 1, 1, 8192, 8192), ERR(OUT_OF_MEMORY));
    ck_assert_uint_eq(rig_create_2d(rig, 1, 1, 8192, 8191), OK);
    ck_assert_uint_eq(rig_create_2d(rig, 2, 1, 8192, 1), ERR(OUT_OF_MEMORY));
    ck_assert_uint_eq(rig_create_2d(rig, 2, 1, 8191, 1), OK);
    rig_destroy(rig);
}
END_TEST

/* ---- cursor ---- */

START_TEST(a_cursor_command_is_answered_only_where_there_is_room)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);

    for (uint32_t type = VIRTIO_GPU_CMD_UPDATE_CURSOR; type <= VIRTIO_GPU_CMD_MOVE_CURSOR; type++) {
        ck_assert_uint_eq(rig_send_type(rig, VIRTIO_GPU_CURSORQ, type, 56, 24), OK);
        ck_assert_uint_eq(rig->used_len, 24);
        ck_assert_int_eq(rig_refusal(rig), REFUSAL(NONE));
        ck_assert_uint_eq(rig_send_type(rig, VIRTIO_GPU_CURSORQ, type, 56, 0), 0);
        ck_assert_uint_eq(rig->used_len, 0);
        ck_assert_int_eq(rig_refusal(rig), REFUSAL(NONE));
        ck_assert_uint_eq(rig_event(rig, EVENT_RESPOND, 0)->extra, 0);
    }
    rig_destroy(rig);
}
END_TEST

static void send_cursor(struct rig *rig, uint32_t type, uint32_t x, uint32_t resource_id,
                        uint32_t hot_x)
{
    struct virtio_gpu_update_cursor *request = (void *)arena_host(&rig->arena, rig->request_addr);
    struct rig_piece piece = {rig->request_addr, sizeof(*request), false};

    *request = (struct virtio_gpu_update_cursor){.hdr = rig_header(type),
                                                 .pos.x = virtio_le32(x),
                                                 .pos.y = virtio_le32(x + 1),
                                                 .resource_id = virtio_le32(resource_id),
                                                 .hot_x = virtio_le32(hot_x)};
    rig_submit(rig, VIRTIO_GPU_CURSORQ, &piece, 1);
}

START_TEST(a_cursor_is_shown_moved_and_hidden)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    struct gpu_cursor_info cursor;

    rig_create_2d(rig, 5, VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM, 64, 64);
    send_cursor(rig, VIRTIO_GPU_CMD_UPDATE_CURSOR, 100, 5, 3);
    gpu_cursor_info(&rig->device, 0, &cursor);
    ck_assert_uint_eq(cursor.resource_id, 5);
    ck_assert_uint_eq(cursor.x, 100);
    ck_assert_uint_eq(cursor.y, 101);
    ck_assert_uint_eq(cursor.hot_x, 3);
    send_cursor(rig, VIRTIO_GPU_CMD_MOVE_CURSOR, 200, 6, 9); /* only `pos` counts */
    gpu_cursor_info(&rig->device, 0, &cursor);
    ck_assert_uint_eq(cursor.resource_id, 5);
    ck_assert_uint_eq(cursor.x, 200);
    ck_assert_uint_eq(cursor.hot_x, 3);
    send_cursor(rig, VIRTIO_GPU_CMD_UPDATE_CURSOR, 7, 6, 0);
    ck_assert_int_eq(rig_refusal(rig), REFUSAL(RESOURCE_ID));
    gpu_cursor_info(&rig->device, 0, &cursor);
    ck_assert_uint_eq(cursor.resource_id, 5);
    send_cursor(rig, VIRTIO_GPU_CMD_UPDATE_CURSOR, 7, 0, 0);
    gpu_cursor_info(&rig->device, 0, &cursor);
    ck_assert_uint_eq(cursor.resource_id, 0);
    send_cursor(rig, VIRTIO_GPU_CMD_UPDATE_CURSOR, 7, 5, 0);
    rig_reset(rig);
    gpu_cursor_info(&rig->device, 0, &cursor);
    ck_assert_uint_eq(cursor.resource_id, 0);
    rig_destroy(rig);
}
END_TEST

START_TEST(qemu_never_answers_on_the_cursorq)
{
    struct rig *rig = rig_create(SIM_PROFILE_QEMU, 1);

    rig_send_type(rig, VIRTIO_GPU_CURSORQ, VIRTIO_GPU_CMD_MOVE_CURSOR, 56, 24);
    ck_assert_uint_eq(rig->used_len, 0);
    ck_assert_int_eq(rig_refusal(rig), REFUSAL(NONE));
    rig_destroy(rig);
}
END_TEST

/* ---- configuration space ---- */

START_TEST(events_read_is_cleared_by_writing_its_bits_to_events_clear)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 3);
    struct virtio_gpu_ctrl_hdr request = rig_header(VIRTIO_GPU_CMD_GET_DISPLAY_INFO);
    const struct virtio_gpu_resp_display_info *response = rig_response(rig);

    ck_assert_uint_eq(mmio_read(&rig->device, 0x100, 4), 0);
    ck_assert_uint_eq(mmio_read(&rig->device, 0x108, 4), 3);
    ck_assert_uint_eq(mmio_read(&rig->device, 0x10c, 4), 0);
    ck_assert_int_eq(mmio_check(&rig->device, 0x110, 4, false), EVENT_VERDICT_GAP);
    gpu_set_display(&rig->device, 640, 480);
    ck_assert_uint_eq(mmio_read(&rig->device, 0x100, 4), VIRTIO_GPU_EVENT_DISPLAY);
    mmio_write(&rig->device, 0x100, 4, 0); /* events_read itself cannot be written */
    mmio_write(&rig->device, 0x104, 4, 2); /* another bit */
    ck_assert_uint_eq(mmio_read(&rig->device, 0x100, 1), VIRTIO_GPU_EVENT_DISPLAY);
    ck_assert_uint_eq(mmio_read(&rig->device, 0x104, 4), 0);
    mmio_write(&rig->device, 0x104, 1, VIRTIO_GPU_EVENT_DISPLAY);
    ck_assert_uint_eq(mmio_read(&rig->device, 0x100, 4), 0);
    mmio_write(&rig->device, 0x108, 4, 9);
    ck_assert_uint_eq(mmio_read(&rig->device, 0x108, 4), 3);
    rig_command(rig, &request, sizeof(request));
    ck_assert_uint_eq(virtio_le32(response->pmodes[0].r.width), 640);
    rig_destroy(rig);
}
END_TEST

START_TEST(names_are_those_of_the_specification)
{
    ck_assert_str_eq(gpu_command_name(0x105), "VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D");
    ck_assert_str_eq(gpu_response_name(0x1205), "VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER");
    ck_assert_str_eq(gpu_format_name(67), "VIRTIO_GPU_FORMAT_R8G8B8A8_UNORM");
    ck_assert_ptr_null(gpu_command_name(0));
    ck_assert_ptr_null(gpu_response_name(0x10ff));
    ck_assert_ptr_null(gpu_format_name(0));
}
END_TEST

static TCase *case_commands(void)
{
    TCase *tcase = tcase_create("commands");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, get_display_info_tells_the_mode_of_the_first_of_sixteen_scanouts);
    tcase_add_test(tcase, the_eight_formats_and_no_others_make_a_resource);
    tcase_add_loop_test(tcase, every_command_answers_as_the_table_says, 0, 2 * COUNT(cases));
    tcase_add_test(tcase, a_command_on_the_wrong_queue_is_refused);
    tcase_add_test(tcase, a_command_whose_feature_was_not_negotiated_is_refused);
    tcase_add_test(tcase, a_type_that_is_no_command_is_refused);
    tcase_add_test(tcase, qemu_keeps_the_pixels_of_all_resources_below_256_mib);
    tcase_add_test(tcase, a_cursor_command_is_answered_only_where_there_is_room);
    tcase_add_test(tcase, a_cursor_is_shown_moved_and_hidden);
    tcase_add_test(tcase, qemu_never_answers_on_the_cursorq);
    tcase_add_test(tcase, events_read_is_cleared_by_writing_its_bits_to_events_clear);
    tcase_add_test(tcase, names_are_those_of_the_specification);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("gpu");

    suite_add_tcase(suite, case_commands());
    suite_add_tcase(suite, case_frames());
    suite_add_tcase(suite, case_pixels());
    suite_add_tcase(suite, case_scanouts());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
