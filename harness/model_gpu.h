/*
 * The model's GPU: which resources the driver made, and how far each of them came.
 *
 * A command is noted when the device executes it and takes effect when the device says that it did.
 * Blobs are noted when they are asked for, whatever became of them: their rules are about what the
 * driver declares.
 */
#ifndef RINGSIDE_HARNESS_MODEL_GPU_H
#define RINGSIDE_HARNESS_MODEL_GPU_H

#include <stdbool.h>
#include <stdint.h>
#include "event.h"
#include "virtio/gpu.h"

#define MODEL_RESOURCES     64u /* of which the model knows; rules about others keep silent */
#define MODEL_PIECES        4u  /* of a resource's backing that are remembered */
#define MODEL_REQUEST_BYTES 96u /* the longest fixed part of a request */

struct model_piece {
    uint64_t addr, bytes;
};

struct model_resource {
    uint32_t id; /* 0 = the place is free */
    uint32_t width_px, height_px;
    bool is_blob, is_mapped;
    uint32_t blob_flags;
    uint32_t pieces; /* of backing, as far as there is room */
    struct model_piece piece[MODEL_PIECES];
    struct event attached;      /* RESPOND that said so; step 0 = nothing is */
    struct event transferred;   /* last TRANSFER_TO_HOST_2D */
    uint64_t transfer_number;   /* of that request on the control queue */
    struct event created;       /* EXECUTE of the command that made it */
    uint32_t format;            /* of a resource that is no blob */
    struct event format_stored; /* where the driver chose it */
};

/* The request that a queue's device executed last. */
struct model_command {
    uint32_t type; /* 0 = none */
    uint32_t bytes;
    uint64_t number; /* of the request on its queue */
    uint16_t head;
    union {
        uint8_t raw[MODEL_REQUEST_BYTES];
        struct virtio_gpu_ctrl_hdr hdr;
        struct virtio_gpu_resource_create_2d create_2d;
        struct virtio_gpu_resource_unref unref;
        struct virtio_gpu_set_scanout set_scanout;
        struct virtio_gpu_transfer_to_host_2d transfer;
        struct virtio_gpu_resource_attach_backing attach;
        struct virtio_gpu_get_capset_info capset_info;
        struct virtio_gpu_resource_create_blob create_blob;
        struct virtio_gpu_set_scanout_blob scanout_blob;
        struct virtio_gpu_resource_map_blob map_blob;
        struct virtio_gpu_update_cursor cursor;
    } in;
};

struct model_gpu {
    struct model_command command[VIRTIO_GPU_QUEUE_COUNT];
    struct model_resource resource[MODEL_RESOURCES];
    struct event format_stored; /* the driver's choice in the last RESOURCE_CREATE_2D */
    bool overflowed;            /* more resources than MODEL_RESOURCES */
    uint64_t fenced_number; /* the last fenced control request whose completion the driver saw */
    struct event display_info, edid; /* last EXECUTE since the bring-up; step 0 = none */
    struct event first_scanout;      /* EXECUTE of the first SET_SCANOUT of a resource */
    struct event display_event;      /* CONFIG_CHANGE: the display has changed */
    struct event taken;              /* the driver's write that takes that event */
    uint32_t events_read;            /* as the driver read it last, less what it cleared since */
    uint32_t events_before;          /* the same before it cleared something last */
};

/* What model_gpu_event() wants to see. */
#define MODEL_GPU_KINDS                                                                            \
    (EVENT_MASK(EVENT_EXECUTE) | EVENT_MASK(EVENT_RESPOND) | EVENT_MASK(EVENT_RESET) |             \
     EVENT_MASK(EVENT_CONFIG_CHANGE) | EVENT_MASK(EVENT_READ) | EVENT_MASK(EVENT_WRITE))

struct model;

/* NULL when the model knows no such resource. */
const struct model_resource *model_resource_find(const struct model_gpu *gpu, uint32_t id);
/* EXECUTE, RESPOND, RESET and CONFIG_CHANGE of a GPU; the driver's accesses to configuration space.
 */
void model_gpu_event(struct model *model, const struct event *event);
/* The driver saw the completion of a control request. */
void model_gpu_seen(struct model_gpu *gpu, uint64_t number, bool fenced);

#endif
