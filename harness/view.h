/*
 * A snapshot of the world for people: registers, queues with their rings and requests, the ladder
 * and the scanouts, as they are between two micro-steps.
 *
 * A `struct view` is plain data without pointers, of bounded size: it may be copied, kept, and
 * handed to another process. What does not fit is left out and counted. Ring contents are read from
 * RAM as the device would read them, emitting nothing; what the driver has seen is the model's.
 *
 * The functions with FILE are the same for a terminal, one subject each; they wrap and cut to the
 * width in the options.
 */
#ifndef RINGSIDE_HARNESS_VIEW_H
#define RINGSIDE_HARNESS_VIEW_H

#include "decode.h"
#include "ladder.h"
#include "model.h"
#include "report_text.h"
#include "virtio/gpu.h"
#include "virtio/ring.h"

#define VIEW_NAME_BYTES   64u
#define VIEW_WORDS_BYTES  200u
#define VIEW_SLOTS_MAX    64u /* of a ring that has more, those around the device's position */
#define VIEW_DESCS_MAX    64u /* of a table that has more, those in flight and the first ones */
#define VIEW_REQUESTS_MAX 16u
#define VIEW_PIECES_MAX   32u   /* descriptors of one chain */
#define VIEW_BYTES_MAX    2048u /* of a request or response that are decoded */

struct view_register {
    uint16_t reg; /* row in VIRTIO_MMIO_REGISTERS */
    bool held;    /* false: the device keeps nothing there */
    uint32_t value;
    char words[VIEW_WORDS_BYTES]; /* the value decoded, or "" */
};

/* How far a slot of a ring is, as a pair of indices tells it. */
enum view_slot_state {
    VIEW_SLOT_NEVER, /* nothing was put there since the queue is live */
    VIEW_SLOT_NEW,   /* available and not taken; or used and not seen by the driver */
    VIEW_SLOT_HELD,  /* taken by the device and not used */
    VIEW_SLOT_OLD    /* dealt with */
};

/* One slot of both rings. */
struct view_slot {
    uint16_t slot;
    uint16_t head;       /* avail.ring[slot] */
    uint32_t id, len;    /* used.ring[slot] */
    uint8_t avail, used; /* enum view_slot_state */
};

struct view_desc {
    uint16_t index, flags, next;
    uint16_t owner; /* head + 1 of the request in flight that uses it; 0 = none */
    uint32_t len;
    uint64_t addr;
};

struct view_request {
    uint64_t number; /* publications on this queue, from 1 */
    uint64_t step;   /* at which it came to `state` */
    uint16_t head;
    uint8_t state; /* enum model_request_state */
    bool abandoned;
    char what[VIEW_NAME_BYTES]; /* "SET_SCANOUT", or "" */
    char answer[VIEW_NAME_BYTES];
};

struct view_area {
    uint64_t addr;
    char name[VIEW_NAME_BYTES]; /* "controlq+0x100" */
    bool reachable;             /* all of it */
};

/* A setting of a queue: what the driver wrote, whatever became of it, and what the device holds. */
struct view_setting {
    uint64_t step; /* of the driver's write; 0 = it wrote nothing */
    uint64_t wrote, held;
};

/* X(name): settings of a queue, in the order in which they are shown. */
#define VIEW_SETTINGS(X)                                                                           \
    X(QueueSize)                                                                                   \
    X(QueueDesc)                                                                                   \
    X(QueueDriver)                                                                                 \
    X(QueueDevice)                                                                                 \
    X(QueueReady)                                                                                  \
    X(QueuePFN)

enum view_setting_row {
#define X(name) VIEW_SETTING_##name,
    VIEW_SETTINGS(X)
#undef X
        VIEW_SETTING_COUNT
};

struct view_queue {
    bool exists, live, broken;
    struct view_setting setting[VIEW_SETTING_COUNT];
    uint32_t size; /* as the device holds it */
    struct view_area area[MODEL_AREA_COUNT];
    /* as they lie in RAM; all 0 unless the queue is live and its rings can be reached */
    uint16_t avail_flags, avail_idx, used_event;
    uint16_t used_flags, used_idx, avail_event;
    /* positions: of the driver, as the model saw them; of the device, its own */
    uint16_t driver_idx;  /* avail.idx as the driver stored it last */
    uint16_t seen_idx;    /* used.idx as the driver loaded it last */
    uint16_t given_idx;   /* used.idx as the device stored it last */
    uint16_t device_seen; /* avail.idx as the device loaded it last */
    uint16_t device_next; /* the available entry that it takes next */
    uint16_t device_used; /* the used.idx that it has published */
    uint8_t phase;        /* enum sim_queue_phase: what it does next */
    uint32_t in_flight;
    uint64_t published, completed;   /* ever */
    uint32_t slot_count, slot_first; /* slot_count slots from slot_first on, modulo size */
    struct view_slot slot[VIEW_SLOTS_MAX];
    uint32_t desc_count;
    struct view_desc desc[VIEW_DESCS_MAX];
    uint32_t request_count; /* in flight, oldest first; if there are none, the last one */
    struct view_request request[VIEW_REQUESTS_MAX];
};

struct view_scanout {
    bool active, ever_active, flushed;
    uint32_t resource_id;
    uint32_t x, y, width_px, height_px;
    uint64_t lost_at_step;
};

struct view {
    uint64_t step;
    uint32_t version;
    uint32_t findings;
    char device[VIEW_NAME_BYTES]; /* "GPU, version 2, spec profile" */
    uint32_t register_count;
    struct view_register reg[VIRTIO_MMIO_REG_COUNT];
    uint32_t queue_count;
    struct view_queue queue[SIM_QUEUES_MAX];
    struct ladder ladder; /* of the queue that is waited for */
    uint32_t scanout_count;
    struct view_scanout scanout[VIRTIO_GPU_MAX_SCANOUTS];
};

void view_take(struct view *view, const struct world_sight *sight);

/* ---- one chain ---- */

struct view_piece {
    uint16_t index; /* in the queue's table, or in the indirect one */
    bool in_table;  /* of an indirect table */
    bool reachable; /* its buffer lies in DMA memory */
    uint16_t flags, next;
    uint32_t len;
    uint64_t addr;
    char name[VIEW_NAME_BYTES];
};

struct view_chain {
    uint16_t head;
    uint32_t piece_count;
    struct view_piece piece[VIEW_PIECES_MAX];
    uint64_t readable_bytes, writable_bytes;
    const char *trouble; /* why the chain could not be followed to its end; NULL = it was */
    uint32_t request_count, response_count; /* bytes below */
    uint8_t request[VIEW_BYTES_MAX], response[VIEW_BYTES_MAX];
};

/* Follows a chain as it lies in RAM. False when the queue is not live or there is no such head. */
bool view_chain_take(struct view_chain *chain, const struct world_sight *sight, uint32_t queue,
                     uint16_t head);

/* ---- words ---- */

const char *view_setting_name(enum view_setting_row row);
/* "reads avail.idx": what the device does next with a queue. */
const char *view_phase_text(enum sim_queue_phase phase);
/* "taken by the device": what has become of a request. */
const char *view_state_text(enum model_request_state state);
/* "ACKNOWLEDGE DRIVER" of a value of Status, "none" of 0. */
void view_status_words(uint32_t status, char *out, size_t out_bytes);
/* "EDID VERSION_1" of feature bits of a device type. */
void view_feature_words(uint32_t device_id, uint64_t features, char *out, size_t out_bytes);

/* ---- for a terminal ---- */

void view_regs(FILE *out, const struct report_options *options, const struct world_sight *sight);
void view_ring(FILE *out, const struct report_options *options, const struct world_sight *sight,
               uint32_t queue);
/* The chain with that head, drawn out and decoded. */
void view_desc(FILE *out, const struct report_options *options, const struct world_sight *sight,
               uint32_t queue, uint16_t head);
void view_mem(FILE *out, const struct report_options *options, const struct world_sight *sight,
              uint64_t addr, uint64_t bytes);
/* What the driver has set beside what the device holds, differences marked. */
void view_model(FILE *out, const struct report_options *options, const struct world_sight *sight);
void view_scanouts(FILE *out, const struct report_options *options,
                   const struct world_sight *sight);

#endif
