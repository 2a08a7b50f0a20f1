/*
 * The GPU device's own state, shared by gpu.c, gpu_resource.c and gpu_commands.c and by nobody
 * else.
 *
 * Invariants: a resource is in exactly one bucket, and its id is not 0 and unique; host_bytes is
 * the sum of all resources' pixels; an active scanout names a live resource and its rectangle lies
 * inside it; only an active scanout has a front buffer, and none has one in the qemu profile; the
 * prefix sums of a backing rise strictly.
 */
#ifndef RINGSIDE_SIM_GPU_INTERNAL_H
#define RINGSIDE_SIM_GPU_INTERNAL_H

#include "gpu.h"

#define GPU_BUCKETS           256u
#define GPU_REQUEST_BYTES_MAX 96u /* the longest fixed part in VIRTIO_GPU_COMMANDS */
#define GPU_ROW_NONE          (-1)

/* GPU_ROW_<name>: the row number of a command in VIRTIO_GPU_COMMANDS, dense from 0. */
enum gpu_row {
#define X(name, code, queue, needs, request, response, response_bytes) GPU_ROW_##name,
    VIRTIO_GPU_COMMANDS(X)
#undef X
        GPU_ROW_COUNT
};

struct gpu_rect {
    uint32_t x, y, width, height; /* host-endian */
};

/* Backing memory: entry n holds the bytes from end_bytes[n - 1] (0 for the first) to end_bytes[n].
 */
struct gpu_backing {
    uint32_t count;
    struct sim_segment *entry;
    uint64_t *end_bytes;
};

struct gpu_resource {
    uint32_t id;
    uint32_t format;
    uint32_t width_px;
    uint32_t height_px;
    uint64_t pixels_bytes;
    uint8_t *pixels; /* NULL when there are no pixels (qemu profile only) */
    struct gpu_backing backing;
    struct gpu_resource *next; /* in its bucket */
};

struct gpu_scanout {
    bool active;
    bool ever_active;
    bool flushed;
    uint32_t resource_id;
    uint32_t format;
    struct gpu_rect rect;
    uint64_t lost_at_step;
    uint8_t *front; /* what was flushed: rect.width * rect.height pixels in `format` */
    uint64_t front_bytes;
};

/* The fixed part of any request that is implemented, as it came: little-endian. */
union gpu_request_bytes {
    uint8_t bytes[GPU_REQUEST_BYTES_MAX];
    struct virtio_gpu_ctrl_hdr hdr;
    struct virtio_gpu_resource_create_2d create_2d;
    struct virtio_gpu_resource_unref unref;
    struct virtio_gpu_set_scanout set_scanout;
    struct virtio_gpu_resource_flush flush;
    struct virtio_gpu_transfer_to_host_2d transfer;
    struct virtio_gpu_resource_attach_backing attach;
    struct virtio_gpu_resource_detach_backing detach;
    struct virtio_gpu_update_cursor cursor;
    struct virtio_gpu_get_edid get_edid;
};

/* One request on its way through the phases; each queue has its own. */
struct gpu_request {
    union gpu_request_bytes in;
    uint32_t in_bytes; /* how much of it came: below 24 there is not even a header */
    int row;           /* enum gpu_row, or GPU_ROW_NONE */
    uint32_t type;     /* of the request */
    uint32_t answer;   /* type of the response */
    uint32_t out_bytes;
    union {
        struct virtio_gpu_ctrl_hdr hdr;
        struct virtio_gpu_resp_display_info display_info;
        struct virtio_gpu_resp_edid edid;
    } out;
};

struct gpu {
    struct gpu_config config;
    uint32_t events_read;
    uint32_t resource_count;
    uint64_t host_bytes;  /* pixels of all resources */
    uint64_t front_bytes; /* all front buffers */
    struct gpu_resource *bucket[GPU_BUCKETS];
    struct gpu_scanout scanout[VIRTIO_GPU_MAX_SCANOUTS];
    struct gpu_cursor_info cursor[VIRTIO_GPU_MAX_SCANOUTS];
    struct gpu_request request[VIRTIO_GPU_QUEUE_COUNT];
};

static inline struct gpu *gpu_of(const struct sim_device *device)
{
    return device->state;
}

/* ---- gpu.c ---- */

/* Fresh pixels, black, page-aligned, taking memory only where they are touched; NULL: none to have.
 */
uint8_t *gpu_pixels_alloc(uint64_t bytes);
void gpu_pixels_free(uint8_t *pixels, uint64_t bytes);

/* Does a rectangle lie inside width x height? Empty ones do if their corner does. */
bool gpu_rect_inside(const struct gpu_rect *rect, uint32_t width_px, uint32_t height_px);

/* Shows a rectangle of a resource, which must lie inside it. False: no memory for the front buffer.
 */
bool gpu_scanout_set(struct sim_device *device, uint32_t scanout_id,
                     const struct gpu_resource *resource, const struct gpu_rect *rect);
/* Turns a scanout off; it may be off already. The event comes first, while its picture is there. */
void gpu_scanout_off(struct sim_device *device, uint32_t scanout_id);
/* Copies a rectangle of a resource's pixels to every scanout that shows some of it. */
void gpu_scanouts_flush(struct sim_device *device, const struct gpu_resource *resource,
                        const struct gpu_rect *rect);

/* ---- gpu_resource.c ---- */

struct gpu_resource *gpu_resource_find(const struct gpu *gpu, uint32_t id);
bool gpu_format_is_known(uint32_t format);
/* Adds a resource without backing. NULL when a limit or memory is reached. */
struct gpu_resource *gpu_resource_add(struct sim_device *device, uint32_t id, uint32_t format,
                                      uint32_t width_px, uint32_t height_px);
/* Scanouts that show it go off first. */
void gpu_resource_drop(struct sim_device *device, struct gpu_resource *resource);
void gpu_resources_drop_all(struct sim_device *device);
uint64_t gpu_backing_bytes(const struct gpu_backing *backing);
/*
 * Adds a piece that the device can reach; there is room for it. It becomes one with the last piece
 * if it follows that in memory and in the same region.
 */
void gpu_backing_add(struct sim_device *device, struct gpu_backing *backing, uint64_t addr,
                     uint32_t length_bytes);
/* The physical address of a byte of the backing; `offset` lies inside it. */
uint64_t gpu_backing_addr(const struct gpu_backing *backing, uint64_t offset);
void gpu_backing_clear(struct gpu_backing *backing);

/*
 * Copies a rectangle, inside the resource, from backing to pixels; `offset` is that of its first
 * pixel in the backing, rows lie a resource's width apart. What is behind the end of the backing
 * stays as it was. Returns the fault that ended it early, with *addr and *bytes saying where.
 */
enum arena_fault gpu_resource_transfer(struct sim_device *device, struct gpu_resource *resource,
                                       const struct gpu_rect *rect, uint64_t offset, uint64_t *addr,
                                       uint64_t *bytes);

/* ---- gpu_2d.c ---- */

/* What a command function gets. */
struct gpu_call {
    struct sim_device *device;
    struct gpu *gpu;
    struct gpu_request *request;
    uint32_t queue;
    uint32_t resource_id; /* 0 when the command has none */
};

uint32_t gpu_get_display_info(struct gpu_call *call);
uint32_t gpu_resource_create_2d(struct gpu_call *call);
uint32_t gpu_resource_unref(struct gpu_call *call);
uint32_t gpu_set_scanout(struct gpu_call *call);
uint32_t gpu_resource_flush(struct gpu_call *call);
uint32_t gpu_transfer_to_host_2d(struct gpu_call *call);
uint32_t gpu_resource_attach_backing(struct gpu_call *call);
uint32_t gpu_resource_detach_backing(struct gpu_call *call);
uint32_t gpu_blob(struct gpu_call *call);   /* RESOURCE_CREATE_BLOB and SET_SCANOUT_BLOB */
uint32_t gpu_capset(struct gpu_call *call); /* GET_CAPSET_INFO and GET_CAPSET */
uint32_t gpu_get_edid(struct gpu_call *call);
uint32_t gpu_update_cursor(struct gpu_call *call);
uint32_t gpu_move_cursor(struct gpu_call *call);

/* Reports what is wrong, about the resource that the command names; returns `answer`. */
uint32_t gpu_refuse(const struct gpu_call *call, enum sim_refusal refusal, uint64_t value,
                    uint64_t extra, uint32_t answer);

/* ---- gpu_commands.c ---- */

void gpu_request(struct sim_device *device, uint32_t queue);
void gpu_execute(struct sim_device *device, uint32_t queue);
void gpu_respond(struct sim_device *device, uint32_t queue);

#endif
