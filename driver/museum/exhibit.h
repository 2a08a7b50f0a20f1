/*
 * What every exhibit of the museum has in common: a GPU driver by hand, in steps that an exhibit
 * replaces one of.
 *
 * The steps below are weak: exhibit.c does each of them right, and an exhibit defines the one (or
 * two) that its driver got wrong, with mistake and cure side by side. `exhibit.mended` says which
 * of the two; the driver option `mended on` sets it.
 *
 *   init              find, reset, acknowledge, negotiate (accept), set_up (queue_size,
 *                     queue_place, queue_addresses), driver_ok; bring_up is the order of them
 *
 *   a request         add (take, give_back), publish, notify, wait (take_used)
 *
 *   a picture         create, attach (framebuffer_addr), set_scanout, draw, transfer, flush
 *
 *   interrupt, scene  what only some exhibits have
 *
 * One request is in flight at a time, on the control queue, unless an exhibit does otherwise.
 * Not handled: big-endian CPUs.
 */
#ifndef RINGSIDE_MUSEUM_EXHIBIT_H
#define RINGSIDE_MUSEUM_EXHIBIT_H

#include <stddef.h>
#include <string.h>
#include "platform.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define EXHIBIT_PAGE_BYTES      4096u
#define EXHIBIT_QUEUE_SIZE      8u
#define EXHIBIT_POLLS_MAX       10000u /* turns of a loop that waits for the device */
#define EXHIBIT_RESOURCE        1u     /* the picture's resource_id */
#define EXHIBIT_FORMAT          VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM
#define EXHIBIT_REQUESTS_MAX    4u   /* buffers: requests that can be in flight side by side */
#define EXHIBIT_RESPONSE_OFFSET 512u /* of a response in its buffer, behind the request */
#define EXHIBIT_BUFFER_BYTES    1024u

/* A register of the device: REG(QueueSel) = 0. */
#define REG(name) (*(volatile uint32_t *)(exhibit.window + VIRTIO_MMIO_##name))

/* The driver's; each has a source of its own for it: exhibit.c is the same in all of them. */
extern const char exhibit_name[];

struct exhibit_queue {
    uint32_t index; /* QueueSel */
    uint32_t size;
    struct platform_dma memory; /* descriptor table and available ring; the used ring a page on */
    volatile struct virtq_desc *desc;
    volatile struct virtq_avail *avail;
    volatile struct virtq_used *used;
    uint64_t desc_addr, avail_addr, used_addr; /* as the device is told */
    bool busy[EXHIBIT_QUEUE_SIZE];             /* descriptors that the device may own */
    uint16_t last_used_idx;                    /* elements of the used ring that were taken */
};

/* A request and room for its response; each request in flight has its own. */
struct exhibit_buffer {
    void *request;
    volatile void *response;
    uint64_t request_addr, response_addr;
};

struct exhibit {
    bool mended; /* the cure is in */
    volatile uint8_t *window;
    uint32_t version;
    uint64_t features; /* accepted */
    bool live;
    struct exhibit_queue queue; /* the control queue */
    struct platform_dma buffers;
    struct exhibit_buffer buffer[EXHIBIT_REQUESTS_MAX];
    struct platform_dma framebuffer;
    uint32_t width_px, height_px; /* of the picture */
};

extern struct exhibit exhibit;

/* ---- steps of the bring-up ---- */

/* The type of device that is looked for: a GPU. */
uint32_t exhibit_device_id(void);
/* The first slot that holds one. */
bool exhibit_find(void);
/* Find, reset, acknowledge, negotiate, set up the queue, DRIVER_OK, in this order. */
enum suite_result exhibit_bring_up(void);
/* Writes 0 to Status and waits until it reads 0. */
enum suite_result exhibit_reset(void);
/* ACKNOWLEDGE, then DRIVER. */
void exhibit_acknowledge(void);
/* Reads what is offered, writes what is accepted; with version 2 FEATURES_OK, and looks again. */
enum suite_result exhibit_negotiate(void);
/* Those of the offered features that the driver takes: VERSION_1, if it is there. */
uint64_t exhibit_accept(uint64_t offered);
/* Queue 0: its size, its memory, its registers. */
enum suite_result exhibit_set_up(struct exhibit_queue *queue);
/* 8, or QueueSizeMax of the selected queue if that is less; 0 = there is no such queue. */
uint32_t exhibit_queue_size(void);
/* Allocates the rings: in one block, as version 1 wants them, which does for version 2 as well. */
bool exhibit_queue_place(struct exhibit_queue *queue);
/* Tells the device where they are: as its version has it. */
void exhibit_queue_addresses(const struct exhibit_queue *queue);
void exhibit_driver_ok(void);
/* Resets the device and gives all memory back. */
enum suite_result exhibit_shutdown(void);

/* ---- steps of a request ---- */

/* A free descriptor, or -1. */
int exhibit_take(struct exhibit_queue *queue);
/* A chain of two: request, response. Its head, or -1 when there are no two free descriptors. */
int exhibit_add(struct exhibit_queue *queue, const struct exhibit_buffer *buffer,
                uint32_t request_bytes, uint32_t response_bytes);
/* Puts a head into the available ring and moves avail.idx. */
void exhibit_publish(struct exhibit_queue *queue, uint16_t head);
void exhibit_notify(const struct exhibit_queue *queue);
/* Polls until the request with this head is used; SUITE_TIMEOUT after EXHIBIT_POLLS_MAX turns. */
enum suite_result exhibit_wait(struct exhibit_queue *queue, uint16_t head);
/* The next used element, if there is one. */
bool exhibit_take_used(struct exhibit_queue *queue, struct virtq_used_elem *out);
/* The descriptors of a chain are free again. */
void exhibit_give_back(struct exhibit_queue *queue, uint16_t head);
/* All of it, with the request in buffer 0: waits for the response, which must be of this type. */
enum suite_result exhibit_send(uint32_t request_bytes, uint32_t response_bytes, uint32_t wanted);

/* ---- steps of a picture ---- */

/* Clears buffer 0 and begins a request of `bytes` there. */
void *exhibit_request(enum virtio_gpu_cmd type, size_t bytes);
enum suite_result exhibit_get_display_info(void);
enum suite_result exhibit_create(void);
enum suite_result exhibit_attach(void);
/* What the device is told of where the framebuffer lies. */
uint64_t exhibit_framebuffer_addr(void);
enum suite_result exhibit_set_scanout(void);
enum suite_result exhibit_transfer(const struct virtio_gpu_rect *rect);
enum suite_result exhibit_flush(const struct virtio_gpu_rect *rect);

/* ---- what only some exhibits have ---- */

/*
 * The interrupt handler, in service from the end of the bring-up on. Without one the driver only
 * polls.
 */
void exhibit_interrupt(void) __attribute__((weak));
/* `call scene [N]`: what else has to happen. SUITE_UNSUPPORTED unless an exhibit has it. */
enum suite_result exhibit_scene(uint64_t number);

#endif
