/*
 * The model's queues: what model.c asks of model_queue.c.
 */
#ifndef RINGSIDE_HARNESS_MODEL_QUEUE_H
#define RINGSIDE_HARNESS_MODEL_QUEUE_H

#include "model.h"

/* `bytes` of RAM as the driver left them; false when they cannot be looked at. */
bool model_peek(const struct model *model, uint64_t addr, void *out, uint32_t bytes);
/* Is the request the device's: published, and its completion not? */
bool model_is_in_flight(const struct model_request *request);
/* QueueSize as the device has it. */
uint32_t model_queue_size(const struct model *model, const struct model_queue *queue);

/* The entry of by_addr or by_value: fields of 2 bytes side by side, and pages, do not collide. */
static inline unsigned model_store_slot(uint64_t key)
{
    return (unsigned)((key >> 1 ^ key >> 9 ^ key >> 17) % MODEL_STORES);
}

/* A setting of the queue was written: it may become live by it, lie elsewhere, or be stopped. */
void model_queue_write(struct model *model, struct model_queue *queue, const struct event *event);
/* The device kept the QueuePFN that it had. */
void model_queue_refused_pfn(struct model *model, struct model_queue *queue,
                             const struct event *event);
/* avail.idx was stored, or is there when the queue becomes live. */
void model_queue_publish(struct model *model, struct model_queue *queue, uint16_t idx,
                         const struct event *event);
/* The queue was taken away by `event`; whatever was in flight never comes back. */
void model_queue_stop(struct model *model, struct model_queue *queue, const struct event *event);
void model_queue_free(struct model_queue *queue);

/* Accesses to ring memory of a live queue. */
void model_driver_load(struct model *model, const struct event *event);
void model_driver_store(struct model *model, const struct event *event);
void model_device_load(struct model *model, const struct event *event);
void model_device_store(struct model *model, const struct event *event);

void model_queue_notified(struct model_queue *queue, const struct event *event);

/*
 * Walks the chain of `head`, through its indirect table if it has one, as it lies in RAM. `visit`
 * gets each descriptor in the host's byte order, its index in its table and the table's address; it
 * returns false to stop. At most twice as many as a queue can have.
 */
struct model_desc {
    uint64_t addr;
    uint32_t len_bytes;
    uint16_t flags, next;
    uint32_t index;      /* in its table */
    uint64_t table_addr; /* the queue's own, or an indirect one */
    bool in_indirect;
};
void model_walk(const struct model *model, const struct model_queue *queue, uint32_t head,
                bool (*visit)(void *context, const struct model_desc *desc), void *context);
/* The head that avail.ring holds for an idx; false when it cannot be looked at. */
bool model_avail_head(const struct model *model, const struct model_queue *queue, uint16_t idx,
                      uint16_t *head);
/* Copies `bytes` of the device-readable part of a chain from `offset` on; returns how many. */
uint32_t model_request_read(const struct model *model, const struct model_queue *queue,
                            uint32_t head, uint32_t offset, void *out, uint32_t bytes);

/* The device used a chain and said that it wrote `len_bytes` of it, fewer than it has. */
void model_tail_begin(struct model *model, const struct model_queue *queue, uint32_t head,
                      uint32_t len_bytes, const struct event *event);
/* A load of memory: does it touch a tail, or the response of a request in flight, or what a cache
 * has lost? */
void model_memory_load(struct model *model, const struct event *event);

/* A barrier of the driver's. */
void model_barrier(struct model *model, const struct event *event);

/* TAKE, EXECUTE, RESPOND of the request in hand. */
void model_device_request(struct model *model, const struct event *event);

#endif
