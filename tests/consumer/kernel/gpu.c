/*
 * The GPU driver: the modern interface only, completion by interrupt, memory from the page
 * allocator.
 */
#include "gpu.h"

#include "queue.h"
#include <ringside/virtio/config.h>
#include <ringside/virtio/gpu.h>
#include <ringside/virtio/mmio.h>

#define TIMEOUT_NS 100000000

static volatile uint32_t *window;
static struct queue control;
static struct platform_dma buffer;
static bool legacy;

static volatile uint32_t *at(uint32_t offset)
{
    return &window[offset / 4];
}

static void set_address(uint32_t low, uint64_t address)
{
    *at(low) = (uint32_t)address;
    *at(low + 4) = (uint32_t)(address >> 32);
}

static bool find(void)
{
    for (unsigned slot = 0; slot < 32; slot++) {
        window = platform_map_mmio(0x0a000000 + slot * 0x200, 0x200);
        if (window == NULL || *at(VIRTIO_MMIO_MagicValue) != VIRTIO_MMIO_MAGIC)
            continue;
        legacy = *at(VIRTIO_MMIO_Version) == 1;
        if (*at(VIRTIO_MMIO_DeviceID) == VIRTIO_ID_GPU)
            return true;
    }
    return false;
}

static bool agree(void)
{
    uint32_t offered;

    *at(VIRTIO_MMIO_Status) = 0;
    while (*at(VIRTIO_MMIO_Status) != 0)
        platform_relax();
    *at(VIRTIO_MMIO_Status) = 1;
    *at(VIRTIO_MMIO_Status) = 1 | 2;
    *at(VIRTIO_MMIO_DeviceFeaturesSel) = 0;
    offered = *at(VIRTIO_MMIO_DeviceFeatures);
    *at(VIRTIO_MMIO_DriverFeaturesSel) = 0;
    *at(VIRTIO_MMIO_DriverFeatures) = offered & 0;
    *at(VIRTIO_MMIO_DeviceFeaturesSel) = 1;
    offered = *at(VIRTIO_MMIO_DeviceFeatures);
    *at(VIRTIO_MMIO_DriverFeaturesSel) = 1;
    *at(VIRTIO_MMIO_DriverFeatures) = offered & 1;
    *at(VIRTIO_MMIO_Status) = 1 | 2 | 8;
    return (*at(VIRTIO_MMIO_Status) & 8) != 0;
}

bool gpu_is_legacy(void)
{
    return legacy;
}

bool gpu_probe(void)
{
    if (!find() || legacy || !agree())
        return false;
    *at(VIRTIO_MMIO_QueueSel) = 0;
    if (*at(VIRTIO_MMIO_QueueReady) != 0 || *at(VIRTIO_MMIO_QueueSizeMax) < KERNEL_QUEUE_SIZE ||
        !queue_create(&control) || !platform_dma_alloc(512, 8, "request", &buffer))
        return false;
    *at(VIRTIO_MMIO_QueueSize) = KERNEL_QUEUE_SIZE;
    set_address(VIRTIO_MMIO_QueueDescLow, control.memory.addr);
    set_address(VIRTIO_MMIO_QueueDriverLow, control.avail_address);
    set_address(VIRTIO_MMIO_QueueDeviceLow, control.used_address);
    *at(VIRTIO_MMIO_QueueReady) = 1;
    *at(VIRTIO_MMIO_Status) = 1 | 2 | 8 | 4;
    return true;
}

void gpu_isr(void)
{
    uint32_t why = *at(VIRTIO_MMIO_InterruptStatus);

    if (why != 0)
        *at(VIRTIO_MMIO_InterruptACK) = why;
}

bool gpu_query(void)
{
    struct virtio_gpu_ctrl_hdr *request = buffer.cpu;
    struct virtio_gpu_ctrl_hdr *response = request + 1;
    uint64_t deadline = platform_now_ns() + TIMEOUT_NS;

    *request = (struct virtio_gpu_ctrl_hdr){.type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO};
    queue_submit(&control, &buffer, sizeof *request);
    *at(VIRTIO_MMIO_QueueNotify) = 0;
    while (!queue_is_done(&control)) {
        if (!platform_wait_interrupt(deadline))
            return false;
    }
    return response->type == VIRTIO_GPU_RESP_OK_DISPLAY_INFO;
}

void gpu_remove(void)
{
    *at(VIRTIO_MMIO_Status) = 0;
    while (*at(VIRTIO_MMIO_Status) != 0)
        platform_relax();
    platform_dma_free(&buffer);
    queue_destroy(&control);
}
