/*
 * Requests however they are cut into descriptors, too short, fenced, or garbage.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gpu_rig.h"
#include "test_gpu.h"
#include "virtio/config.h"

START_TEST(a_request_of_every_shorter_length_is_refused)
{
    for (int n = 0; n < GPU_COMMAND_COUNT; n++) {
        if (gpu_commands[n].needs != VIRTIO_GPU_NEEDS_NOTHING)
            continue;
        struct rig *rig = rig_create((enum sim_profile)_i, 1);
        bool keeps_silent = _i == SIM_PROFILE_QEMU && gpu_commands[n].queue == VIRTIO_GPU_CONTROLQ;
        for (uint32_t bytes = keeps_silent ? 24 : 1; bytes < gpu_commands[n].request_bytes;
             bytes++) {
            bool is_ok = _i == SIM_PROFILE_QEMU && bytes >= 24;
            bool is_mute = _i == SIM_PROFILE_QEMU && gpu_commands[n].queue == VIRTIO_GPU_CURSORQ;
            uint32_t answer =
                rig_send_type(rig, gpu_commands[n].queue, gpu_commands[n].code, bytes, 408);
            if (is_mute)
                ck_assert_uint_eq(rig->used_len, 0);
            else
                ck_assert_uint_eq(answer, is_ok ? (uint32_t)OK : (uint32_t)ERR(UNSPEC));
            ck_assert_int_eq(rig_refusal(rig), REFUSAL(REQUEST_SHORT));
            uint32_t need = bytes < 24 ? 24 : gpu_commands[n].request_bytes;
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
        rig_send_type(rig, VIRTIO_GPU_CONTROLQ, VIRTIO_GPU_CMD_GET_DISPLAY_INFO, 24, room);
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
    for (int n = 0; n < GPU_COMMAND_COUNT; n++) {
        struct rig *rig = rig_create(SIM_PROFILE_SPEC, 1);
        for (uint32_t flags = 0; flags < 4; flags++) {
            struct virtio_gpu_update_cursor request = {.hdr = rig_header(gpu_commands[n].code)};
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
        words[0] = virtio_le32(gpu_commands[rig_random(&state) % (uint32_t)GPU_COMMAND_COUNT].code);
        uint32_t least = _i == SIM_PROFILE_QEMU ? 24 : 1; /* QEMU does not answer less */
        struct rig_piece piece[] = {{rig->request_addr,
                                     least + rig_random(&state) % ((uint32_t)sizeof(words) - least),
                                     false},
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

TCase *case_frames(void)
{
    TCase *tcase = tcase_create("frames");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_request_of_every_shorter_length_is_refused, 0, 2);
    tcase_add_test(tcase, a_response_is_cut_to_the_room_there_is);
    tcase_add_test(tcase, a_request_and_its_response_may_be_cut_anywhere);
    tcase_add_test(tcase, a_fence_comes_back_with_the_answer_good_or_bad);
    tcase_add_test(tcase, a_fault_puts_another_type_into_one_answer);
    tcase_add_loop_test(tcase, garbage_in_any_request_never_hurts, 0, 2);
    return tcase;
}
