/*
 * The GPU device's commands: what each answers, right or wrong, however it is cut into descriptors.
 * What transfers and flushes do to pixels is in test_gpu_pixels.c.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gpu_rig.h"
#include "test_gpu.h"
#include "virtio/config.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define OK            VIRTIO_GPU_RESP_OK_NODATA
#define ERR(name)     VIRTIO_GPU_RESP_ERR_##name
#define REFUSAL(name) SIM_REFUSAL_##name
#define WHOLE         rig_rect(0, 0, 64, 64)
#define ID_BACKED     1u /* 64 x 64, with backing */
#define ID_BARE       2u /* 64 x 64, without */
#define ID_NONE       3u

static const struct {
    uint32_t code, queue, needs, request_bytes, answer, answer_bytes;
} commands[] = {
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    {code,    VIRTIO_GPU_##queue,         VIRTIO_GPU_NEEDS_##needs,                                \
     request, VIRTIO_GPU_RESP_##response, response_bytes},
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

static struct rig *rig_with_resources(enum sim_profile profile)
{
    struct rig *rig = rig_create(profile, 2);

    rig_resource(rig, ID_BACKED, VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM, 64, 64);
    ck_assert_uint_eq(rig_create_2d(rig, ID_BARE, VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM, 64, 64), OK);
    return rig;
}

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
      DMA_BACKING, BOTH(ERR(UNSPEC)))                                                              \
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

/* What a request of a type needs before its own function looks at it; `queue` is where it is sent.
 */
static uint32_t send_type(struct rig *rig, uint32_t queue, uint32_t type, uint32_t request_bytes,
                          uint32_t room_bytes)
{
    const struct rig_piece piece[] = {{.addr = rig->request_addr, .len_bytes = request_bytes},
                                      {.addr = rig->response_addr,
                                       .len_bytes = room_bytes,
                                       .writable = true}};
    struct virtio_gpu_ctrl_hdr hdr = rig_header(type);
    uint8_t *request = arena_host(&rig->arena, rig->request_addr);
    const struct virtio_gpu_ctrl_hdr *response = rig_response(rig);

    memset(request, 0, 4096);
    memcpy(request, &hdr, sizeof(hdr));
    memset(arena_host(&rig->arena, rig->response_addr), 0, 4096);
    rig_submit(rig, queue, piece, room_bytes ? 2 : 1);
    return virtio_le32(response->type);
}

START_TEST(a_command_on_the_wrong_queue_is_refused)
{
    for (int n = 0; n < COUNT(commands); n++) {
        struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
        uint32_t answer = send_type(rig, !commands[n].queue, commands[n].code, 96, 408);
        ck_assert_uint_eq(answer, ERR(UNSPEC));
        ck_assert_int_eq(rig_refusal(rig), REFUSAL(COMMAND_QUEUE));
        rig_destroy(rig);
    }
}
END_TEST

START_TEST(a_command_whose_feature_was_not_negotiated_is_refused)
{
    for (int n = 0; n < COUNT(commands); n++) {
        if (commands[n].needs == VIRTIO_GPU_NEEDS_NOTHING)
            continue;
        for (int profile = 0; profile < 2; profile++) {
            struct rig *rig = rig_create((enum sim_profile)profile, 1);
            bool is_capset = commands[n].code == VIRTIO_GPU_CMD_GET_CAPSET_INFO ||
                             commands[n].code == VIRTIO_GPU_CMD_GET_CAPSET;
            uint32_t want = is_capset && profile == SIM_PROFILE_SPEC
                                ? (uint32_t)ERR(INVALID_PARAMETER)
                                : (uint32_t)ERR(UNSPEC);
            uint32_t answer = send_type(rig, commands[n].queue, commands[n].code, 96, 1056);
            ck_assert_uint_eq(answer, want);
            ck_assert_uint_eq(rig->used_len, 24);
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
        ck_assert_uint_eq(send_type(rig, VIRTIO_GPU_CONTROLQ, type, 96, 408), ERR(UNSPEC));
        ck_assert_int_eq(rig_refusal(rig), REFUSAL(COMMAND_UNKNOWN));
        refused++;
    }
    ck_assert_uint_eq(refused, 0x1300 - COUNT(commands));
    ck_assert_uint_eq(send_type(rig, VIRTIO_GPU_CONTROLQ, UINT32_MAX, 96, 408), ERR(UNSPEC));
    rig_destroy(rig);
}
END_TEST

/* ---- cursor ---- */

START_TEST(a_cursor_command_is_answered_only_where_there_is_room)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);

    for (uint32_t type = VIRTIO_GPU_CMD_UPDATE_CURSOR; type <= VIRTIO_GPU_CMD_MOVE_CURSOR; type++) {
        ck_assert_uint_eq(send_type(rig, VIRTIO_GPU_CURSORQ, type, 56, 24), OK);
        ck_assert_uint_eq(rig->used_len, 24);
        ck_assert_int_eq(rig_refusal(rig), REFUSAL(NONE));
        ck_assert_uint_eq(send_type(rig, VIRTIO_GPU_CURSORQ, type, 56, 0), 0);
        ck_assert_uint_eq(rig->used_len, 0);
        ck_assert_int_eq(rig_refusal(rig), REFUSAL(NONE));
        ck_assert_uint_eq(rig_event(rig, EVENT_RESPOND, 0)->extra, 0);
    }
    rig_destroy(rig);
}
END_TEST

START_TEST(qemu_never_answers_on_the_cursorq)
{
    struct rig *rig = rig_create(SIM_PROFILE_QEMU, 1);

    send_type(rig, VIRTIO_GPU_CURSORQ, VIRTIO_GPU_CMD_MOVE_CURSOR, 56, 24);
    ck_assert_uint_eq(rig->used_len, 0);
    ck_assert_int_eq(rig_refusal(rig), REFUSAL(NONE));
    rig_destroy(rig);
}
END_TEST

/* ---- lengths, descriptors, fences ---- */

START_TEST(a_request_of_every_shorter_length_is_refused)
{
    for (int n = 0; n < COUNT(commands); n++) {
        if (commands[n].needs != VIRTIO_GPU_NEEDS_NOTHING)
            continue;
        struct rig *rig = rig_create((enum sim_profile)_i, 1);
        for (uint32_t bytes = 1; bytes < commands[n].request_bytes; bytes++) {
            bool is_ok = _i == SIM_PROFILE_QEMU && bytes >= 24;
            bool is_mute = _i == SIM_PROFILE_QEMU && commands[n].queue == VIRTIO_GPU_CURSORQ;
            uint32_t answer = send_type(rig, commands[n].queue, commands[n].code, bytes, 408);
            if (is_mute)
                ck_assert_uint_eq(rig->used_len, 0);
            else
                ck_assert_uint_eq(answer, is_ok ? (uint32_t)OK : (uint32_t)ERR(UNSPEC));
            ck_assert_int_eq(rig_refusal(rig), REFUSAL(REQUEST_SHORT));
            uint32_t need = bytes < 24 ? 24 : commands[n].request_bytes;
            ck_assert_uint_eq(rig_event(rig, EVENT_REFUSE, 0)->extra, need);
        }
        rig_destroy(rig);
    }
}
END_TEST

START_TEST(a_response_is_cut_to_the_room_there_is)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);

    for (uint32_t room = 0; room <= 410; room++) {
        const uint8_t *response = rig_response(rig);
        send_type(rig, VIRTIO_GPU_CONTROLQ, VIRTIO_GPU_CMD_GET_DISPLAY_INFO, 24, room);
        ck_assert_uint_eq(rig->used_len, room < 408 ? room : 408);
        ck_assert_int_eq(rig_refusal(rig), room < 408 ? REFUSAL(RESPONSE_SHORT) : REFUSAL(NONE));
        ck_assert_uint_eq(response[0], room > 0 ? 0x01 : 0);
        ck_assert_uint_eq(response[1], room > 1 ? 0x11 : 0);
        ck_assert_uint_eq(response[33], room > 33 ? 1280 >> 8 : 0);
    }
    rig_destroy(rig);
}
END_TEST

/* Cuts a request and the room for its response into two, or into bytes when `at` is 0. */
static uint32_t submit_cut(struct rig *rig, const void *request, uint32_t request_bytes,
                           uint32_t at, uint32_t response_bytes, uint32_t response_at)
{
    struct rig_piece piece[RIG_QUEUE_SIZE];
    uint32_t count = 0;

    memcpy(arena_host(&rig->arena, rig->request_addr), request, request_bytes);
    memset(arena_host(&rig->arena, rig->response_addr), 0, response_bytes);
    for (uint32_t done = 0; done < request_bytes;) {
        uint32_t end = at == 0 ? done + 1 : done < at ? at : request_bytes;
        piece[count++] = (struct rig_piece){rig->request_addr + done, end - done, false};
        done = end;
    }
    for (uint32_t done = 0; done < response_bytes;) {
        uint32_t end = response_at == 0     ? done + 1
                       : done < response_at ? response_at
                                            : response_bytes;
        piece[count++] = (struct rig_piece){rig->response_addr + done, end - done, true};
        done = end;
    }
    rig_submit(rig, VIRTIO_GPU_CONTROLQ, piece, count);
    ck_assert_int_eq(rig_refusal(rig), REFUSAL(NONE));
    return virtio_le32(((const struct virtio_gpu_ctrl_hdr *)rig_response(rig))->type);
}

START_TEST(a_request_and_its_response_may_be_cut_anywhere)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    struct {
        struct virtio_gpu_resource_attach_backing head;
        struct virtio_gpu_mem_entry entry[3];
    } attach = {.head = {.hdr = rig_header(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING),
                         .resource_id = virtio_le32(7),
                         .nr_entries = virtio_le32(3)}};
    struct virtio_gpu_ctrl_hdr info = rig_header(VIRTIO_GPU_CMD_GET_DISPLAY_INFO);
    uint64_t backing = arena_alloc(&rig->arena, 4096, 4096, "backing", 0, 0);

    for (uint32_t n = 0; n < 3; n++) {
        attach.entry[n].addr = virtio_le64(backing + n * 100);
        attach.entry[n].length = virtio_le32(8);
    }
    ck_assert_uint_eq(rig_create_2d(rig, 7, 1, 3, 2), OK);
    for (uint32_t at = 0; at < sizeof(attach); at++) {
        for (uint32_t n = 0; n < 24; n++)
            arena_host(&rig->arena, backing)[n / 8 * 100 + n % 8] = (uint8_t)(n + at);
        ck_assert_uint_eq(submit_cut(rig, &attach, sizeof(attach), at, 24, at % 24), OK);
        ck_assert_uint_eq(rig_set_scanout(rig, 0, 7, rig_rect(0, 0, 3, 2)), OK);
        ck_assert_uint_eq(rig_transfer(rig, 7, rig_rect(0, 0, 3, 2), 0), OK);
        ck_assert_uint_eq(rig_flush(rig, 7, rig_rect(0, 0, 3, 2)), OK);
        struct picture picture;
        ck_assert(gpu_scanout_picture(&rig->device, 0, &picture));
        for (uint32_t n = 0; n < 6; n++)
            ck_assert_uint_eq(picture.rgb[n * 3 + 2], (uint8_t)(n * 4 + at));
        picture_free(&picture);
        ck_assert_uint_eq(rig_detach(rig, 7), OK);
    }
    for (uint32_t at = 0; at < 408; at++) {
        ck_assert_uint_eq(submit_cut(rig, &info, sizeof(info), at % 24, 408, at),
                          VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
        const struct virtio_gpu_resp_display_info *response = rig_response(rig);
        ck_assert_uint_eq(virtio_le32(response->pmodes[0].r.height), 800);
        ck_assert_uint_eq(rig->used_len, 408);
    }
    rig_destroy(rig);
}
END_TEST

START_TEST(a_fence_comes_back_with_the_answer_good_or_bad)
{
    for (int n = 0; n < COUNT(commands); n++) {
        struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
        for (uint32_t flags = 0; flags < 4; flags++) {
            struct virtio_gpu_update_cursor request = {.hdr = rig_header(commands[n].code)};
            const struct virtio_gpu_ctrl_hdr *response = rig_response(rig);
            request.hdr.flags = virtio_le32(flags);
            request.hdr.fence_id = virtio_le64(UINT64_C(0x1122334455667788));
            request.hdr.ctx_id = virtio_le32(0x99aabbcc);
            rig_command(rig, &request, sizeof(request));
            bool is_fenced = flags & VIRTIO_GPU_FLAG_FENCE;
            ck_assert_uint_eq(response->flags, is_fenced ? VIRTIO_GPU_FLAG_FENCE : 0);
            ck_assert_uint_eq(response->fence_id, is_fenced ? request.hdr.fence_id : 0);
            ck_assert_uint_eq(response->ctx_id, is_fenced ? request.hdr.ctx_id : 0);
        }
        rig_destroy(rig);
    }
}
END_TEST

START_TEST(a_fault_puts_another_type_into_one_answer)
{
    struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
    const struct sim_fault fault = {.kind = SIM_FAULT_RESPONSE_TYPE,
                                    .argument = ERR(OUT_OF_MEMORY),
                                    .request = 2};
    struct virtio_gpu_ctrl_hdr request = rig_header(VIRTIO_GPU_CMD_GET_DISPLAY_INFO);

    ck_assert(sim_fault_arm(&rig->device.faults, &fault));
    for (uint64_t n = 1; n <= 3; n++) {
        bool is_hit = n == 2;
        ck_assert_uint_eq(rig_command(rig, &request, sizeof(request)),
                          is_hit ? (uint32_t)ERR(OUT_OF_MEMORY)
                                 : (uint32_t)VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
        ck_assert_int_eq(rig_event(rig, EVENT_FAULT, 0) != NULL, is_hit);
    }
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

/* ---- garbage ---- */

static const uint32_t interesting[] = {0, 1, 2, 3, 16, 64, 0x7fffffff, 0x80000000, UINT32_MAX};

static uint32_t random_word(uint64_t *state)
{
    uint32_t kind = rig_random(state) % 4;

    if (kind == 0)
        return rig_random(state) << 1;
    if (kind == 1)
        return rig_random(state) % 65;
    return interesting[rig_random(state) % (sizeof(interesting) / sizeof(interesting[0]))];
}

START_TEST(garbage_in_any_request_never_hurts)
{
    const char *text = getenv("RINGSIDE_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 20241120;
    uint64_t state = seed;
    struct rig *rig = rig_with_resources((enum sim_profile)_i);

    printf("seed %llu: RINGSIDE_SEED=%llu test_gpu\n", (unsigned long long)seed,
           (unsigned long long)seed);
    for (uint32_t n = 0; n < 30000; n++) {
        uint32_t words[32];
        for (int word = 0; word < COUNT(words); word++)
            words[word] = random_word(&state);
        words[0] = virtio_le32(commands[rig_random(&state) % (uint32_t)COUNT(commands)].code);
        struct rig_piece piece[] = {{rig->request_addr,
                                     1 + rig_random(&state) % (uint32_t)sizeof(words), false},
                                    {rig->response_addr, 1 + rig_random(&state) % 500, true}};
        memcpy(arena_host(&rig->arena, rig->request_addr), words, sizeof(words));
        rig_submit(rig, rig_random(&state) % 8 == 0, piece, 1 + (rig_random(&state) % 16 != 0));
        struct picture picture;
        if (n % 64 == 0 && gpu_scanout_picture(&rig->device, 0, &picture))
            picture_free(&picture);
        ck_assert_uint_eq(rig->device.status & VIRTIO_STATUS_DEVICE_NEEDS_RESET, 0);
    }
    rig_destroy(rig);
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
    tcase_add_test(tcase, a_cursor_command_is_answered_only_where_there_is_room);
    tcase_add_test(tcase, qemu_never_answers_on_the_cursorq);
    tcase_add_loop_test(tcase, a_request_of_every_shorter_length_is_refused, 0, 2);
    tcase_add_test(tcase, a_response_is_cut_to_the_room_there_is);
    tcase_add_test(tcase, a_request_and_its_response_may_be_cut_anywhere);
    tcase_add_test(tcase, a_fence_comes_back_with_the_answer_good_or_bad);
    tcase_add_test(tcase, a_fault_puts_another_type_into_one_answer);
    tcase_add_test(tcase, events_read_is_cleared_by_writing_its_bits_to_events_clear);
    tcase_add_test(tcase, names_are_those_of_the_specification);
    tcase_add_loop_test(tcase, garbage_in_any_request_never_hurts, 0, 2);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("gpu");

    suite_add_tcase(suite, case_commands());
    suite_add_tcase(suite, case_pixels());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
