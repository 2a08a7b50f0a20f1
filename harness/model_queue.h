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

/* The queue became live by `event`; its tables start empty. */
void model_queue_start(struct model *model, struct model_queue *queue, const struct event *event);
/* A setting of a live version-1 queue was written again: its parts lie elsewhere now. */
void model_queue_move(struct model *model, struct model_queue *queue);
/* The queue was taken away by `event`; whatever was in flight never comes back. */
void model_queue_stop(struct model *model, struct model_queue *queue, const struct event *event);
void model_queue_free(struct model_queue *queue);

/* Accesses to ring memory of a live queue. */
void model_driver_load(struct model *model, const struct event *event);
void model_driver_store(struct model *model, const struct event *event);
void model_device_load(struct model *model, const struct event *event);
void model_device_store(struct model *model, const struct event *event);

/* TAKE, EXECUTE, RESPOND of the request in hand. */
void model_device_request(struct model *model, const struct event *event);

#endif
