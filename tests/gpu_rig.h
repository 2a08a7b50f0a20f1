/*
 * A GPU device on a bench: real registers and queues, and the least driver that can fill them.
 */
#ifndef RINGSIDE_TESTS_GPU_RIG_H
#define RINGSIDE_TESTS_GPU_RIG_H

#include "gpu.h"

#define RIG_QUEUE_SIZE   1024u
#define RIG_EVENTS_MAX   8192u
#define RIG_BUFFER_BYTES (1u << 20) /* the request buffer; entries for ATTACH_BACKING included */
#define RIG_RAM_BYTES    (UINT64_C(64) << 20)
#define RIG_RAM_BASE     UINT64_C(0x40000000)

struct rig {
    struct arena arena;
    struct sim_device device;
    uint64_t
        ring_addr[VIRTIO_GPU_QUEUE_COUNT]; /* descriptors; the rings follow in pages of their own */
    uint16_t avail_idx[VIRTIO_GPU_QUEUE_COUNT];
    uint64_t request_addr;
    uint64_t response_addr;
    uint32_t used_len;    /* of the last request */
    uint64_t steps; /* events so far */
    uint32_t event_count; /* since the last request began */
    struct event event[RIG_EVENTS_MAX];
    void (*on_event)(struct rig *rig, const struct event *event); /* may be NULL */
};

/* One descriptor. */
struct rig_piece {
    uint64_t addr;
    uint32_t len_bytes;
    bool writable;
};

struct rig *rig_create(enum sim_profile profile, uint32_t num_scanouts);
void rig_destroy(struct rig *rig);
/* Brings the device up: features, both queues, DRIVER_OK. Again after a reset. */
void rig_start(struct rig *rig);
void rig_reset(struct rig *rig); /* writes 0 to Status */

/* Offers a chain, lets the device work until it rests, and expects the chain back. */
void rig_submit(struct rig *rig, uint32_t queue, const struct rig_piece *piece, uint32_t count);

/* A request in one descriptor, a response in another; returns the type that was answered. */
uint32_t rig_command(struct rig *rig, const void *request, uint32_t request_bytes);
const void *rig_response(const struct rig *rig);

/* The n-th event of a kind since the last request began, or NULL. */
const struct event *rig_event(const struct rig *rig, enum event_kind kind, uint32_t n);
/* The refusal of the last request; NONE if there was none. Fails when there were two. */
enum sim_refusal rig_refusal(const struct rig *rig);

/* ---- the commands, each with the answer as its value ---- */

struct virtio_gpu_ctrl_hdr rig_header(uint32_t type);
struct virtio_gpu_rect rig_rect(uint32_t x, uint32_t y, uint32_t width, uint32_t height);
uint32_t rig_create_2d(struct rig *rig, uint32_t id, uint32_t format, uint32_t width,
                       uint32_t height);
uint32_t rig_unref(struct rig *rig, uint32_t id);
uint32_t rig_attach(struct rig *rig, uint32_t id, const struct sim_segment *segment,
                    uint32_t count);
uint32_t rig_detach(struct rig *rig, uint32_t id);
uint32_t rig_set_scanout(struct rig *rig, uint32_t scanout_id, uint32_t id,
                         struct virtio_gpu_rect rect);
uint32_t rig_transfer(struct rig *rig, uint32_t id, struct virtio_gpu_rect rect, uint64_t offset);
uint32_t rig_flush(struct rig *rig, uint32_t id, struct virtio_gpu_rect rect);

/* A resource with backing in one piece of DMA memory; returns its physical address. */
uint64_t rig_resource(struct rig *rig, uint32_t id, uint32_t format, uint32_t width,
                      uint32_t height);

/* A small generator with a seed, the same everywhere. */
uint32_t rig_random(uint64_t *state);

#endif
