/*
 * Between queue.c, which takes chains and has them executed, and queue_used.c, which places them in
 * the used ring.
 */
#ifndef RINGSIDE_SIM_QUEUE_INTERNAL_H
#define RINGSIDE_SIM_QUEUE_INTERNAL_H

#include "device.h"

/* Stores to the used ring; false: reported, and the queue is broken. */
bool queue_store_used(struct sim_device *device, uint32_t queue, uint64_t offset,
                      enum event_place place, uint32_t index, const void *in, uint32_t bytes);
/*
 * 2.7.10: asks to be notified of the next entry that the device has not taken; or of one just
 * passed, which is as far away as can be.
 */
bool queue_store_avail_event(struct sim_device *device, uint32_t queue, uint16_t next);
/* avail.idx as it is, without an event; false where it cannot be read. */
bool queue_peek_idx(const struct sim_device *device, uint32_t queue, uint16_t *out);
/* The fault of a kind that acts now, said; or NULL. */
const struct sim_fault *queue_fault(struct sim_device *device, uint32_t queue,
                                    enum sim_fault_kind kind);
/* The chain just executed is not used now, but `after` completions later, or, if that is not 0,
 * from a step on; on with the next one. */
void queue_withhold(struct sim_device *device, uint32_t queue, uint32_t after, uint64_t until_step);
/* The step at which a withheld completion is due; 0 = there is none that waits for one. */
uint64_t queue_due_step(const struct sim_queue *queue);
/* Is it due, and nothing else under way? */
bool queue_is_due(const struct sim_device *device, const struct sim_queue *queue);
/* Takes it: it is used next. */
void queue_take_due(struct sim_queue *queue);
/* Takes the last completion with this `after`: it is what is used next. False: there is none. */
bool queue_take_withheld(struct sim_queue *queue, uint32_t after);
/* The micro-steps USED_ELEM and USED_IDX. */
void queue_use_elem(struct sim_device *device, uint32_t queue);
void queue_use_idx(struct sim_device *device, uint32_t queue);

#endif
