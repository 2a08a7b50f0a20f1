/*
 * virtio-gpu in two dimensions, the driver's side: one function a command, and what a screen needs.
 *
 * A command is a request that is waited for. One that is not answered in time is given up for good:
 * its buffers and descriptors stay out of use until the device returns them or is reset, so a late
 * answer can neither be taken for another request's nor land in memory that has a new owner.
 */
#ifndef RINGSIDE_GPU_H
#define RINGSIDE_GPU_H

#include "platform.h"
#include "transport.h"
#include "virtio/gpu.h"
#include "virtq.h"

/* 16 bytes of static data for each: a kernel that can spare more defines it so. */
#ifndef VGPU_QUEUE_SIZE_MAX
#define VGPU_QUEUE_SIZE_MAX 1024u
#endif
#define VGPU_REQUESTS_MAX        16u /* waited for or given up */
#define VGPU_BACKING_ENTRIES_MAX 1024u
#define VGPU_SIDE_PX_MAX         16384u

struct vgpu_options {
    uint32_t queue_size;      /* wanted; the device may allow less */
    uint32_t format;          /* enum virtio_gpu_formats */
    uint32_t backing_entries; /* pieces that a framebuffer is allocated in */
    uint64_t timeout_ns;
    bool interrupts; /* sleep until the device interrupts, instead of polling */
    bool event_idx;
    bool indirect;
    bool fence; /* ask for a fence with every command */
};

/*
 *   FREE --submitted--> OUT --used--> DONE --answer read--> FREE
 *                        |
 *                        +--timeout--> GIVEN_UP --used after all--> FREE
 */
enum vgpu_request_state {
    VGPU_REQUEST_FREE,
    VGPU_REQUEST_OUT,
    VGPU_REQUEST_DONE,
    VGPU_REQUEST_GIVEN_UP,
};

struct vgpu_request {
    enum vgpu_request_state state;
    struct platform_dma command;
    struct platform_dma response;
    uint32_t written_bytes; /* of the response, when DONE */
    bool uses_backing;      /* the device may reach a surface's memory on its behalf */
};

/* What is sent, and what is expected back. */
struct vgpu_command {
    struct virtio_gpu_ctrl_hdr *header; /* the fixed part of the request begins with it */
    uint32_t fixed_bytes;
    const struct platform_dma *entry; /* memory entries that follow the fixed part */
    uint32_t entry_count;
    bool uses_backing;
    struct virtio_gpu_ctrl_hdr *answer; /* the response begins with it */
    uint32_t answer_bytes;
    uint32_t answer_type; /* of success */
};

/* A resource with memory of its own behind it, which may be shown on a scanout. */
struct vgpu_surface {
    uint32_t resource_id;
    uint32_t width_px;
    uint32_t height_px;
    uint32_t piece_count;
    size_t piece_bytes; /* of each piece but the last, which may be shorter */
    bool created;       /* the device knows, or may know, the resource */
    bool attached;      /* ... and its memory */
    bool shown;         /* ... and shows it */
    struct platform_dma piece[VGPU_BACKING_ENTRIES_MAX];
};

struct vgpu {
    struct vgpu_options options;
    struct virtio_device device;
    struct virtq controlq;
    bool running;              /* DRIVER_OK, or a reset is still owed: the device has memory */
    enum virtio_result failed; /* not OK: nothing but a reset helps */
    volatile uint32_t events;  /* VIRTIO_MMIO_INT_... that the interrupt handler saw */
    uint64_t last_fence_id;
    uint32_t last_resource_id;
    struct vgpu_request request[VGPU_REQUESTS_MAX];
    struct vgpu_surface surface;
    struct virtq_shadow shadow[VGPU_QUEUE_SIZE_MAX]; /* last: virtq_create() makes what it uses */
};

struct vgpu_rect {
    uint32_t x, y, width, height;
};

struct vgpu_display {
    bool enabled;
    struct vgpu_rect rect; /* all zero if it is not */
};

/*
 * Brings up a device that was found; `gpu` is all zero before the first time, and is stopped if it
 * runs. On failure the device is left FAILED and all memory is given back, unless its reset does
 * not end: then vgpu_stop() and vgpu_start() try that again first.
 */
enum virtio_result vgpu_start(struct vgpu *gpu, const struct virtio_device *device,
                              const struct vgpu_options *options);

/*
 * Resets the device and gives all memory back. If the reset does not end, memory that the device
 * may still use is not given back, and the result is TIMEOUT.
 */
enum virtio_result vgpu_stop(struct vgpu *gpu);

/*
 * Sends one command and waits for its answer. DEVICE_ERROR for one of the error responses,
 * BAD_COMPLETION for an answer that is none, TIMEOUT when the request was given up.
 */
enum virtio_result vgpu_send(struct vgpu *gpu, const struct vgpu_command *command);

/* Is a request given up on whose behalf the device may still reach a surface's memory? */
bool vgpu_backing_is_in_doubt(const struct vgpu *gpu);

/* gpu_commands.c: the commands, 5.7.6.8. */

enum virtio_result vgpu_get_display_info(struct vgpu *gpu,
                                         struct vgpu_display display[VIRTIO_GPU_MAX_SCANOUTS]);
enum virtio_result vgpu_resource_create_2d(struct vgpu *gpu, uint32_t resource_id, uint32_t format,
                                           uint32_t width_px, uint32_t height_px);
enum virtio_result vgpu_resource_unref(struct vgpu *gpu, uint32_t resource_id);
enum virtio_result vgpu_set_scanout(struct vgpu *gpu, uint32_t scanout_id, uint32_t resource_id,
                                    const struct vgpu_rect *rect);
enum virtio_result vgpu_resource_flush(struct vgpu *gpu, uint32_t resource_id,
                                       const struct vgpu_rect *rect);
enum virtio_result vgpu_transfer_to_host_2d(struct vgpu *gpu, uint32_t resource_id,
                                            const struct vgpu_rect *rect, uint64_t offset_bytes);
enum virtio_result vgpu_resource_attach_backing(struct vgpu *gpu, uint32_t resource_id,
                                                const struct platform_dma *piece,
                                                uint32_t piece_count);
enum virtio_result vgpu_resource_detach_backing(struct vgpu *gpu, uint32_t resource_id);

/* surface.c: a picture's way to the screen, in commands. */

/* Creates a surface and shows it on scanout 0. What was shown before is taken down. */
enum virtio_result vgpu_surface_show(struct vgpu *gpu, uint32_t width_px, uint32_t height_px);
/* Transfers and flushes one rectangle, which lies inside the surface. */
enum virtio_result vgpu_surface_flush(struct vgpu *gpu, const struct vgpu_rect *rect);
/* Takes the surface down, command by command. */
enum virtio_result vgpu_surface_close(struct vgpu *gpu);
/* Gives its memory back without a word to the device, which must have been reset. */
void vgpu_surface_free(struct vgpu *gpu);

bool vgpu_surface_contains(const struct vgpu *gpu, const struct vgpu_rect *rect);

/*
 * The memory of pixel (x, y), and in *count_px how many pixels of its row follow one another there:
 * a row may go on in another piece.
 */
void *vgpu_surface_run(const struct vgpu *gpu, uint32_t x, uint32_t y, uint32_t *count_px);

#endif
