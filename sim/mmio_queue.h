/*
 * Between mmio.c, which knows registers, and mmio_queue.c, which knows what those of a queue mean.
 */
#ifndef RINGSIDE_SIM_MMIO_QUEUE_H
#define RINGSIDE_SIM_MMIO_QUEUE_H

#include "device.h"
#include "mmio_qemu.h"
#include "virtio/mmio.h"

/* A refusal about a register: what was written, and what it is held against. */
void mmio_refuse(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                 enum virtio_mmio_reg reg, uint64_t value, uint64_t extra);

void mmio_write_queue_size(struct sim_device *device, struct sim_queue *queue, uint32_t value);
void mmio_write_queue_align(struct sim_device *device, struct sim_queue *queue, uint32_t value);
void mmio_write_queue_pfn(struct sim_device *device, struct sim_queue *queue, uint32_t value);
void mmio_write_queue_ready(struct sim_device *device, struct sim_queue *queue, uint32_t value);

#endif
