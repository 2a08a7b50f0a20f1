/*
 * What mmio.c asks of the qemu profile. Private to the register file.
 */
#ifndef RINGSIDE_SIM_MMIO_QEMU_H
#define RINGSIDE_SIM_MMIO_QEMU_H

#include "device.h"

#define MMIO_LEGACY_ALIGN 4096u /* QueueAlign until it is written */

/* The value of a read that mmio_check() does not call OK. */
uint64_t mmio_qemu_misread(struct sim_device *device, uint32_t offset, uint32_t width_bytes);
/* Makes an access of 64 bits as QEMU makes it; false for any other. */
bool mmio_qemu_miswrite(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                        uint64_t value);
uint32_t mmio_qemu_pfn(const struct sim_device *device, const struct sim_queue *queue);
uint64_t mmio_qemu_page(const struct sim_device *device);
/* QueueReady of the queue that QueueSel names, whether there is one or not. */
bool mmio_qemu_ready(const struct sim_device *device);
/* A write of a queue register; `queue` NULL: the device lacks it. False: mmio.c's is as good. */
bool mmio_qemu_write_queue(struct sim_device *device, struct sim_queue *queue, uint32_t offset,
                           uint32_t value);

#endif
