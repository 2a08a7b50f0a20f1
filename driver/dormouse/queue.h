/*
 * A split virtqueue of two requests, whose answers are waited for asleep (VIRTIO 1.3, 2.7).
 *
 *   queue_take    a request that nobody uses            any thread of the driver's
 *   queue_add     puts it into the available ring
 *   queue_finish  shows what was added, and sleeps until all of it is back
 *   queue_collect takes back what was used              the interrupt handler, and nobody else
 *
 * The queue has two entries, the least that holds a request with its answer: a chain must not be
 * longer than the queue (2.7.5.3.1). With INDIRECT_DESC each entry is a whole request, whose chain
 * lies in a table of its own; without it four entries are asked for, two a request. Either way
 * descriptor and request belong together for good, so there is no list of free ones.
 *
 * How a sleep cannot miss its end: the wish for an interrupt (used_event) is written while the ring
 * is empty, before the requests are shown, and no later than that; an interrupt that comes between
 * showing them and falling asleep ends the sleep at once (platform_wait_interrupt).
 *
 * Who writes what: between queue_finish showing requests and their return, `seen`, `out` and the
 * requests' `state` are the handler's; at all other times they are the thread's, as the handler
 * then finds nothing in the used ring.
 */
#ifndef RINGSIDE_DORMOUSE_QUEUE_H
#define RINGSIDE_DORMOUSE_QUEUE_H

#include "device.h"
#include "virtio/ring.h"

#define QUEUE_REQUESTS      2u
#define QUEUE_COMMAND_BYTES 64u
#define QUEUE_ANSWER_BYTES  408u

/* What a device reads of a request, each part on a cache line of its own. */
struct outgoing {
    struct virtq_desc table[2]; /* the chain, with INDIRECT_DESC */
    uint8_t unused[32];
    uint8_t command[QUEUE_COMMAND_BYTES];
};

enum request_state { REQUEST_FREE, REQUEST_OUT, REQUEST_BACK };

struct request {
    enum request_state state;
    struct platform_dma outgoing; /* struct outgoing */
    struct platform_dma answer;
    uint16_t head;
    uint32_t answer_bytes; /* room for it */
    uint32_t written_bytes;
    uint32_t tag; /* its user's */
};

struct queue {
    struct device *device;
    uint32_t index;
    uint16_t size;
    uint32_t request_count;
    struct platform_dma ring; /* desc, avail, used */
    struct virtq_desc *desc;
    volatile struct virtq_avail *avail;
    volatile struct virtq_used *used;
    uint16_t avail_idx;    /* the next request goes there */
    uint16_t shown_idx;    /* as the device sees it */
    uint16_t seen;         /* used elements taken back */
    volatile uint32_t out; /* requests that the device has */
    volatile bool broken;  /* it returned what it did not have */
    struct request request[QUEUE_REQUESTS];
};

/* Allocates a queue and makes it live. BAD_DEVICE, NO_MEMORY: some of it may be known already. */
enum suite_result queue_start(struct queue *queue, struct device *device, uint32_t index);
/* Gives its memory back; the device has been reset, or never knew it. */
void queue_free(struct queue *queue);

/* NULL when all are in use: then it is time to finish. */
struct request *queue_take(struct queue *queue);
/* The command lies in the request's memory; the device writes an answer of so many bytes. */
void queue_add(struct queue *queue, struct request *request, uint32_t command_bytes,
               uint32_t answer_bytes);
/*
 * OK: all are back, in state REQUEST_BACK. BAD_COMPLETION, TIMEOUT: the device keeps what it has,
 * and nothing more is to be added before a reset.
 */
enum suite_result queue_finish(struct queue *queue, uint64_t deadline_ns);
void queue_collect(struct queue *queue);

static inline void *request_command(const struct request *request)
{
    return ((struct outgoing *)request->outgoing.cpu)->command;
}

#endif
