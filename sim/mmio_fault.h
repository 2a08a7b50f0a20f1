/*
 * Between mmio.c, which reads registers, and mmio_fault.c, which knows of faults in them.
 */
#ifndef RINGSIDE_SIM_MMIO_FAULT_H
#define RINGSIDE_SIM_MMIO_FAULT_H

#include "device.h"
#include "virtio/mmio.h"

/* The argument of the fault that a read would find now, or `value`. */
uint64_t mmio_fault_argument(const struct sim_device *device, enum sim_fault_kind kind,
                             uint64_t value);
/* What is offered, as a read would find it now. */
uint64_t mmio_fault_features(const struct sim_device *device, uint64_t offered);
/* Does a queue's register read something else than it holds? */
bool mmio_fault_queue(const struct sim_device *device, enum virtio_mmio_reg reg, uint32_t *out);
/* What a read of configuration space gives instead of `value`. */
uint64_t mmio_fault_config(const struct sim_device *device, uint64_t value, uint32_t width_bytes);
/* A notification that the device is not to see: true, and told. */
bool mmio_fault_notify(struct sim_device *device, uint32_t queue);

#endif
