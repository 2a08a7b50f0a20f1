/*
 * A stand-in for your driver: a small virtio-gpu driver, so that the folder runs as it is.
 *
 * It is written as small kernels write theirs: the device at a fixed address, everything in static
 * data, physical addresses equal to pointers, and it polls.
 */
#include "driver.h"

#define QUEUE_SIZE 8
#define PIXELS_MAX (1920 * 1080)
#define PATIENCE   1000000

/* Registers, as indices of 32-bit words. */
enum {
    MAGIC = 0x000 / 4,
    VERSION = 0x004 / 4,
    DEVICE = 0x008 / 4,
    DEVICE_FEATURES = 0x010 / 4,
    DEVICE_FEATURES_SEL = 0x014 / 4,
    DRIVER_FEATURES = 0x020 / 4,
    DRIVER_FEATURES_SEL = 0x024 / 4,
    GUEST_PAGE_SIZE = 0x028 / 4,
    QUEUE_SEL = 0x030 / 4,
    QUEUE_SIZE_MAX = 0x034 / 4,
    QUEUE_SIZE_IS = 0x038 / 4,
    QUEUE_ALIGN = 0x03c / 4,
    QUEUE_PFN = 0x040 / 4,
    QUEUE_READY = 0x044 / 4,
    QUEUE_NOTIFY = 0x050 / 4,
    STATUS = 0x070 / 4,
    QUEUE_DESC = 0x080 / 4,
    QUEUE_DRIVER = 0x090 / 4,
    QUEUE_DEVICE = 0x0a0 / 4,
};

/* One queue, laid out so that both versions of the device take it: pages for the legacy one. */
static struct {
    struct {
        uint64_t addr;
        uint32_t len;
        uint16_t flags, next;
    } desc[QUEUE_SIZE];
    struct {
        uint16_t flags, idx, ring[QUEUE_SIZE], used_event;
    } avail;
    struct {
        volatile uint16_t flags, idx;
        struct {
            uint32_t id, len;
        } ring[QUEUE_SIZE];
        uint16_t avail_event;
    } used __attribute__((aligned(4096)));
} queue __attribute__((aligned(4096)));

/* The longest request has 6 words after its header of 6; the longest response is the displays'. */
static uint32_t request[16];
static uint32_t response[102];
uint32_t gpu_framebuffer[PIXELS_MAX] __attribute__((aligned(4096)));

static volatile uint32_t *reg;
static uint32_t mode_width;

static void set_address(uint32_t at, const volatile void *pointer)
{
    reg[at] = (uint32_t)(uintptr_t)pointer;
    reg[at + 1] = (uint32_t)((uint64_t)(uintptr_t)pointer >> 32);
}

static int start_queue(void)
{
    queue.avail.idx = 0;
    queue.used.idx = 0;
    reg[QUEUE_SEL] = 0;
    if (reg[QUEUE_SIZE_MAX] < QUEUE_SIZE)
        return -28;
    if (reg[VERSION] == 1) {
        reg[GUEST_PAGE_SIZE] = 4096;
        reg[QUEUE_SIZE_IS] = QUEUE_SIZE;
        reg[QUEUE_ALIGN] = 4096;
        reg[QUEUE_PFN] = (uint32_t)((uintptr_t)&queue / 4096);
        return 0;
    }
    reg[QUEUE_SIZE_IS] = QUEUE_SIZE;
    set_address(QUEUE_DESC, queue.desc);
    set_address(QUEUE_DRIVER, &queue.avail);
    set_address(QUEUE_DEVICE, &queue.used);
    reg[QUEUE_READY] = 1;
    return 0;
}

int gpu_start(uintptr_t base)
{
    uint32_t version_1;

    reg = (volatile uint32_t *)base;
    if (reg[MAGIC] != 0x74726976 || (reg[VERSION] != 1 && reg[VERSION] != 2) || reg[DEVICE] != 16)
        return -19;
    reg[STATUS] = 0;
    while (reg[STATUS] != 0)
        continue;
    reg[STATUS] = 1;
    reg[STATUS] = 1 | 2;
    version_1 = reg[VERSION] == 2;
    reg[DEVICE_FEATURES_SEL] = 0;
    (void)reg[DEVICE_FEATURES]; /* nothing of it is needed */
    reg[DRIVER_FEATURES_SEL] = 0;
    reg[DRIVER_FEATURES] = 0;
    reg[DEVICE_FEATURES_SEL] = 1;
    if (version_1 && (reg[DEVICE_FEATURES] & 1) == 0)
        return -19;
    if (version_1) {
        reg[DRIVER_FEATURES_SEL] = 1;
        reg[DRIVER_FEATURES] = 1;
        reg[STATUS] = 1 | 2 | 8;
        if ((reg[STATUS] & 8) == 0)
            return -19;
    }
    if (start_queue() != 0)
        return -28;
    reg[STATUS] = version_1 ? 1 | 2 | 8 | 4 : 1 | 2 | 4;
    return 0;
}

/* Sends `words` words of the request, waits for the response, and compares its type. */
static int command(uint32_t words, uint32_t wanted)
{
    uint16_t idx = queue.avail.idx;

    queue.desc[0].addr = (uintptr_t)request;
    queue.desc[0].len = words * 4;
    queue.desc[0].flags = 1;
    queue.desc[0].next = 1;
    queue.desc[1].addr = (uintptr_t)response;
    queue.desc[1].len = sizeof response;
    queue.desc[1].flags = 2;
    queue.avail.ring[idx % QUEUE_SIZE] = 0;
    __atomic_store_n(&queue.avail.idx, (uint16_t)(idx + 1), __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    reg[QUEUE_NOTIFY] = 0;
    for (uint32_t i = 0; queue.used.idx != (uint16_t)(idx + 1); i++) {
        if (i == PATIENCE)
            return -110;
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return response[0] == wanted ? 0 : -5;
}

/* Begins a request: its type, the rest of the header zero. */
static void begin(uint32_t type)
{
    for (uint32_t i = 0; i < sizeof request / sizeof request[0]; i++)
        request[i] = 0;
    request[0] = type;
}

static void put_rectangle(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    request[6] = x;
    request[7] = y;
    request[8] = width;
    request[9] = height;
}

int gpu_display(uint32_t *width, uint32_t *height)
{
    int result;

    begin(0x100);
    result = command(6, 0x1101);
    *width = response[8];
    *height = response[9];
    return result;
}

int gpu_set_mode(uint32_t width, uint32_t height)
{
    int result;

    if ((uint64_t)width * height > PIXELS_MAX)
        return -22;
    begin(0x101); /* create a resource: number, format, size */
    request[6] = 1;
    request[7] = 2;
    request[8] = width;
    request[9] = height;
    result = command(10, 0x1100);
    if (result != 0)
        return result;
    begin(0x106); /* attach its memory: number, count, then address and length of each piece */
    request[6] = 1;
    request[7] = 1;
    request[8] = (uint32_t)(uintptr_t)gpu_framebuffer;
    request[9] = (uint32_t)((uint64_t)(uintptr_t)gpu_framebuffer >> 32);
    request[10] = width * height * 4;
    result = command(12, 0x1100);
    if (result != 0)
        return result;
    begin(0x103); /* show it: rectangle, scanout, number */
    put_rectangle(0, 0, width, height);
    request[10] = 0;
    request[11] = 1;
    mode_width = width;
    return command(12, 0x1100);
}

int gpu_update(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    int result;

    begin(0x105); /* transfer to the host: rectangle, offset, number */
    put_rectangle(x, y, width, height);
    request[10] = (y * mode_width + x) * 4;
    request[12] = 1;
    result = command(14, 0x1100);
    if (result != 0)
        return result;
    begin(0x104); /* flush: rectangle, number */
    put_rectangle(x, y, width, height);
    request[10] = 1;
    return command(12, 0x1100);
}

int gpu_stop(void)
{
    reg[STATUS] = 0;
    return reg[STATUS] == 0 ? 0 : -5;
}
