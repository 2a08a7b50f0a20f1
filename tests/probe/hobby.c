/*
 * A driver as hobby kernels write it: rings and response in static data, the request on the stack,
 * the device's registers at a fixed address, physical addresses equal to pointers where it is told
 * so.
 */
#include <stddef.h>
#include <stdint.h>

#include "platform.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define SIZE 8

static struct {
    struct virtq_desc desc[SIZE] __attribute__((aligned(4096)));
    struct {
        uint16_t flags, idx, ring[SIZE], used_event;
    } avail;
    struct {
        uint16_t flags, idx;
        struct virtq_used_elem ring[SIZE];
    } used __attribute__((aligned(4)));
} queue;

static struct virtio_gpu_resp_display_info response;
static bool identity;

/* Static data has an initial value; a run may change it, the next run must find it again. */
static uint32_t polls_left = 100000;

static uint64_t physical(const volatile void *pointer)
{
    if (identity)
        return (uint64_t)(uintptr_t)pointer;
    return platform_virt_to_phys((const void *)(uintptr_t)pointer);
}

static volatile uint32_t *registers(void)
{
    if (identity)
        return (volatile uint32_t *)(uintptr_t)0x0a003e00;
    return platform_map_mmio(0x0a003e00, 0x200);
}

static void address(volatile uint32_t *reg, unsigned low, const volatile void *pointer)
{
    reg[low / 4] = (uint32_t)physical(pointer);
    reg[low / 4 + 1] = (uint32_t)(physical(pointer) >> 32);
}

static enum suite_result init(const struct suite_args *args)
{
    volatile uint32_t *reg;

    identity = args->count > 0 && args->value[0] != 0;
    reg = registers();
    if (reg[VIRTIO_MMIO_MagicValue / 4] != VIRTIO_MMIO_MAGIC || reg[VIRTIO_MMIO_Version / 4] != 2 ||
        reg[VIRTIO_MMIO_DeviceID / 4] != VIRTIO_ID_GPU)
        return SUITE_NO_DEVICE;
    reg[VIRTIO_MMIO_Status / 4] = 0;
    if (reg[VIRTIO_MMIO_Status / 4] != 0)
        return SUITE_BAD_DEVICE;
    reg[VIRTIO_MMIO_Status / 4] = 1;
    reg[VIRTIO_MMIO_Status / 4] = 3;
    reg[VIRTIO_MMIO_DeviceFeaturesSel / 4] = 0;
    (void)reg[VIRTIO_MMIO_DeviceFeatures / 4];
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
    address(reg, VIRTIO_MMIO_QueueDescLow, queue.desc);
    address(reg, VIRTIO_MMIO_QueueDriverLow, &queue.avail);
    address(reg, VIRTIO_MMIO_QueueDeviceLow, &queue.used);
    reg[VIRTIO_MMIO_QueueReady / 4] = 1;
    reg[VIRTIO_MMIO_Status / 4] = 15;
    return SUITE_OK;
}

static enum suite_result wait(volatile uint16_t *used_idx, uint16_t wanted)
{
    while (*used_idx != wanted) {
        if (polls_left-- == 0)
            return SUITE_TIMEOUT;
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return SUITE_OK;
}

static enum suite_result ask(const struct virtio_gpu_ctrl_hdr *request)
{
    volatile struct virtq_desc *desc = queue.desc;
    uint16_t idx = queue.avail.idx;
    enum suite_result result;

    desc[0].addr = physical(request);
    desc[0].len = sizeof *request;
    desc[0].flags = VIRTQ_DESC_F_NEXT;
    desc[0].next = 1;
    desc[1].addr = physical(&response);
    desc[1].len = sizeof response;
    desc[1].flags = VIRTQ_DESC_F_WRITE;
    desc[1].next = 0;
    queue.avail.ring[idx % SIZE] = 0;
    __atomic_store_n(&queue.avail.idx, (uint16_t)(idx + 1), __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    registers()[VIRTIO_MMIO_QueueNotify / 4] = 0;
    result = wait(&queue.used.idx, (uint16_t)(idx + 1));
    if (result != SUITE_OK)
        return result;
    return response.hdr.type == VIRTIO_GPU_RESP_OK_DISPLAY_INFO ? SUITE_OK : SUITE_DEVICE_ERROR;
}

/* The request lies on the stack: only good while this function has not returned. */
static enum suite_result get_display_info(const struct suite_args *args)
{
    struct virtio_gpu_ctrl_hdr request = {.type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO};

    (void)args;
    return ask(&request);
}

/* `requests N`: N of them in a row, the request in static data. */
static enum suite_result requests(const struct suite_args *args)
{
    static struct virtio_gpu_ctrl_hdr request = {.type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO};
    enum suite_result result = SUITE_OK;

    for (uint64_t i = 0; i < args->value[0] && result == SUITE_OK; i++)
        result = ask(&request);
    return result;
}

static enum suite_result shutdown(const struct suite_args *args)
{
    (void)args;
    registers()[VIRTIO_MMIO_Status / 4] = 0;
    return registers()[VIRTIO_MMIO_Status / 4] == 0 ? SUITE_OK : SUITE_BAD_DEVICE;
}

static const struct suite_op ops[] = {
    {"init", init},
    {"get_display_info", get_display_info},
    {"requests", requests},
    {"shutdown", shutdown},
};

const struct suite_driver ringside_driver = {
    .name = "hobby",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
