/*
 * The model's queues: what model.c asks of model_queue.c.
 */
#ifndef RINGSIDE_HARNESS_MODEL_QUEUE_H
#define RINGSIDE_HARNESS_MODEL_QUEUE_H

#include "model.h"

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
