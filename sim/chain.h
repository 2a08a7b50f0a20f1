/*
 * Between queue.c, which decides when, and chain.c, which gathers a chain one descriptor at a time.
 */
#ifndef RINGSIDE_SIM_CHAIN_H
#define RINGSIDE_SIM_CHAIN_H

#include "device.h"

enum chain_progress { CHAIN_MORE, CHAIN_COMPLETE, CHAIN_REFUSED };

/* Starts a chain at `head`, which is below the queue size. */
void chain_begin(struct sim_queue *queue, uint16_t head);

/* Reads the next descriptor. CHAIN_REFUSED: it was reported, and the queue is broken. */
enum chain_progress chain_gather(struct sim_device *device, uint32_t queue);

/* The fault rewrite-descriptors: overwrites the chain's descriptors in the descriptor table. */
void chain_rewrite_descriptors(struct sim_device *device, uint32_t queue, uint8_t byte);

/* Reports that the device cannot reach memory; the queue is broken afterwards. */
void chain_refuse_dma(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                      uint64_t addr, uint64_t bytes, enum arena_fault fault);

#endif
