/*
 * The least of a virtio-gpu driver: one queue, one request at a time. Who waits, and how, is the
 * affair of whom it is included by.
 */
#ifndef FIBER_GPU_H
#define FIBER_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define SIZE 4

struct rings {
    struct virtq_desc desc[SIZE];
    struct {
        uint16_t flags, idx, ring[SIZE], used_event;
    } avail;
    struct {
        uint16_t flags, idx;
        struct virtq_used_elem ring[SIZE];
    } used __attribute__((aligned(4)));
    struct virtio_gpu_ctrl_hdr request;
    struct virtio_gpu_resp_display_info response;
};

static struct platform_dma memory;
static volatile uint32_t *reg;

static inline struct rings *rings(void)
{
    return memory.cpu;
}

static inline void set_address(unsigned low, size_t offset)
{
    reg[low / 4] = (uint32_t)(memory.addr + offset);
    reg[low / 4 + 1] = (uint32_t)((memory.addr + offset) >> 32);
}

static inline enum suite_result bring_up(void (*handler)(void *context))
{
    reg = platform_map_mmio(0x0a003e00, 0x200);
    if (reg[VIRTIO_MMIO_MagicValue / 4] != VIRTIO_MMIO_MAGIC || reg[VIRTIO_MMIO_Version / 4] != 2 ||
        reg[VIRTIO_MMIO_DeviceID / 4] != VIRTIO_ID_GPU)
        return SUITE_NO_DEVICE;
    if (!platform_dma_alloc(sizeof(struct rings), 4096, "rings", &memory))
        return SUITE_NO_MEMORY;
    reg[VIRTIO_MMIO_Status / 4] = 0;
    while (reg[VIRTIO_MMIO_Status / 4] != 0)
        platform_relax();
    reg[VIRTIO_MMIO_Status / 4] = 1;
    reg[VIRTIO_MMIO_Status / 4] = 3;
    reg[VIRTIO_MMIO_DeviceFeaturesSel / 4] = 1;
    if ((reg[VIRTIO_MMIO_DeviceFeatures / 4] & 1) == 0)
        return SUITE_BAD_DEVICE;
    reg[VIRTIO_MMIO_DriverFeaturesSel / 4] = 0;
    reg[VIRTIO_MMIO_DriverFeatures / 4] = 0;
    reg[VIRTIO_MMIO_DriverFeaturesSel / 4] = 1;
    reg[VIRTIO_MMIO_DriverFeatures / 4] = 1;
    reg[VIRTIO_MMIO_Status / 4] = 11;
    if ((reg[VIRTIO_MMIO_Status / 4] & 8) == 0)
        return SUITE_BAD_DEVICE;
    reg[VIRTIO_MMIO_QueueSel / 4] = 0;
    if (reg[VIRTIO_MMIO_QueueReady / 4] != 0 || reg[VIRTIO_MMIO_QueueSizeMax / 4] < SIZE)
        return SUITE_BAD_DEVICE;
    reg[VIRTIO_MMIO_QueueSize / 4] = SIZE;
    set_address(VIRTIO_MMIO_QueueDescLow, offsetof(struct rings, desc));
    set_address(VIRTIO_MMIO_QueueDriverLow, offsetof(struct rings, avail));
    set_address(VIRTIO_MMIO_QueueDeviceLow, offsetof(struct rings, used));
    reg[VIRTIO_MMIO_QueueReady / 4] = 1;
    if (handler != NULL)
        platform_set_interrupt_handler(0, handler, NULL);
    reg[VIRTIO_MMIO_Status / 4] = 15;
    return SUITE_OK;
}

/* Asks for the displays; does not wait. */
static inline void submit(void)
{
    struct rings *ring = rings();
    uint16_t idx = ring->avail.idx;

    ring->request = (struct virtio_gpu_ctrl_hdr){.type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO};
    ring->desc[0] = (struct virtq_desc){memory.addr + offsetof(struct rings, request),
                                        sizeof ring->request, VIRTQ_DESC_F_NEXT, 1};
    ring->desc[1] = (struct virtq_desc){memory.addr + offsetof(struct rings, response),
                                        sizeof ring->response, VIRTQ_DESC_F_WRITE, 0};
    ring->avail.ring[idx % SIZE] = 0;
    platform_wmb();
    *(volatile uint16_t *)&ring->avail.idx = (uint16_t)(idx + 1);
    platform_mb();
    reg[VIRTIO_MMIO_QueueNotify / 4] = 0;
}

static inline bool answered(void)
{
    struct rings *ring = rings();
    bool all = *(volatile uint16_t *)&ring->used.idx == ring->avail.idx;

    platform_rmb();
    return all;
}

static inline enum suite_result check_response(void)
{
    volatile struct virtio_gpu_resp_display_info *response = &rings()->response;

    return response->hdr.type == VIRTIO_GPU_RESP_OK_DISPLAY_INFO ? SUITE_OK : SUITE_DEVICE_ERROR;
}

static inline void acknowledge(void)
{
    reg[VIRTIO_MMIO_InterruptACK / 4] = reg[VIRTIO_MMIO_InterruptStatus / 4];
}

#endif
