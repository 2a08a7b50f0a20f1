/*
 * What the parts of the GPU test program share.
 */
#ifndef RINGSIDE_TESTS_TEST_GPU_H
#define RINGSIDE_TESTS_TEST_GPU_H

#include <check.h>
#include "gpu_rig.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define OK            VIRTIO_GPU_RESP_OK_NODATA
#define ERR(name)     VIRTIO_GPU_RESP_ERR_##name
#define REFUSAL(name) SIM_REFUSAL_##name
#define WHOLE         rig_rect(0, 0, 64, 64)
#define ID_BACKED     1u /* 64 x 64, with backing */
#define ID_BARE       2u /* 64 x 64, without */
#define ID_NONE       3u

#define FORMAT VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM
#define ID     5u

/* The command table, as numbers. */
struct gpu_command {
    uint32_t code, queue, needs, request_bytes, answer, answer_bytes;
};

#define GPU_COMMAND_COUNT 26
extern const struct gpu_command gpu_commands[GPU_COMMAND_COUNT];

/* A rig with two scanouts and the resources ID_BACKED and ID_BARE. */
struct rig *rig_with_resources(enum sim_profile profile);

/* Sends a request of zeros but for its type; returns the type of the answer, 0 if there was no
 * room. */
uint32_t rig_send_type(struct rig *rig, uint32_t queue, uint32_t type, uint32_t request_bytes,
                       uint32_t room_bytes);

/* What a scanout shows must be `want`: width * height pixels of 0x00RRGGBB. */
void rig_expect_picture(struct rig *rig, uint32_t scanout_id, uint32_t width, uint32_t height,
                        const uint32_t *want);
/* Stores a little-endian word, so that 0x00RRGGBB is a pixel of FORMAT. */
void rig_put_word(struct rig *rig, uint64_t addr, uint32_t value);

TCase *case_frames(void);   /* test_gpu_frames.c */
TCase *case_pixels(void);   /* test_gpu_pixels.c */
TCase *case_scanouts(void); /* test_gpu_scanouts.c */

#endif
