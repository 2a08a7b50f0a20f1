/*
 * A display driver for AArch64 without an operating system: registers through a structure, status
 * and descriptor flags as bit-fields, requests on the stack, caches kept by hand, polling with a
 * timeout.
 */
#include "virtio.h"

#define GPU_TIMEOUT_US 1000000

enum {
    GET_DISPLAY_INFO = 0x100,
    CREATE_2D,
    UNREF,
    SET_SCANOUT,
    FLUSH,
    TRANSFER,
    ATTACH_BACKING,
    OK_NODATA = 0x1100,
    OK_DISPLAY_INFO,
};

struct header {
    uint32_t type;
    uint32_t fence : 1;
    uint32_t : 31;
    uint64_t fence_id;
    uint32_t ctx_id;
    uint32_t padding;
};

struct rect {
    uint32_t x, y, width, height;
};

static struct queue controlq __attribute__((aligned(4096)));
static struct virtio_regs *gpu;
static uint16_t seen;
static uint32_t mode_width;

static int wait(uint16_t idx)
{
    uint64_t end = timer_us() + GPU_TIMEOUT_US;

    for (;;) {
        dcache_invalidate(&controlq.used, sizeof controlq.used);
        if (*(volatile uint16_t *)&controlq.used.idx == idx)
            return 0;
        if (timer_us() > end)
            return -110;
        delay_us(10);
    }
}

static int execute(const void *request, uint32_t request_bytes, void *response,
                   uint32_t response_bytes)
{
    volatile struct desc *desc = controlq.desc;
    int error;

    desc[0].addr = (uint64_t)request;
    desc[0].len = request_bytes;
    desc[0].next_follows = 1;
    desc[0].device_writes = 0;
    desc[0].next = 1;
    desc[1].addr = (uint64_t)response;
    desc[1].len = response_bytes;
    desc[1].next_follows = 0;
    desc[1].device_writes = 1;
    desc[1].next = 0;
    controlq.avail.ring[controlq.avail.idx % QSIZE] = 0;
    dcache_clean(request, request_bytes);
    dcache_invalidate(response, response_bytes);
    dcache_clean(&controlq, sizeof controlq.desc + sizeof controlq.avail);
    *(volatile uint16_t *)&controlq.avail.idx = (uint16_t)(controlq.avail.idx + 1);
    dcache_clean(&controlq.avail, sizeof controlq.avail);
    gpu->queue_notify = 0;
    error = wait((uint16_t)(seen + 1));
    if (error != 0)
        return error;
    seen++;
    asm volatile("dmb ld" : : : "memory");
    dcache_invalidate(response, response_bytes);
    gpu->interrupt_ack = gpu->interrupt_status;
    return 0;
}

static int order(const void *request, uint32_t bytes)
{
    struct header answer = {0};
    int error = execute(request, bytes, &answer, sizeof answer);

    if (error == 0 && answer.type != OK_NODATA)
        error = -5;
    return error;
}

static void set_address(volatile uint32_t *reg, const volatile void *at)
{
    reg[0] = (uint32_t)(uint64_t)at;
    reg[1] = (uint32_t)((uint64_t)at >> 32);
}

int gpu_start(struct virtio_regs *regs)
{
    uint64_t end = timer_us() + GPU_TIMEOUT_US;

    gpu = regs;
    if (regs->magic != 0x74726976 || regs->version != 2 || regs->device_id != 16)
        return -19;
    regs->status.all = 0;
    while (regs->status.all != 0) {
        if (timer_us() > end)
            return -110;
    }
    regs->status.acknowledge = 1;
    regs->status.driver = 1;
    regs->device_features_sel = 1;
    if (!(regs->device_features & 1))
        return -22;
    regs->driver_features_sel = 0;
    regs->driver_features = 0;
    regs->driver_features_sel = 1;
    regs->driver_features = 1;
    regs->status.features_ok = 1;
    if (!regs->status.features_ok)
        return -22;
    regs->queue_sel = 0;
    if (regs->queue_ready != 0 || regs->queue_num_max < QSIZE)
        return -22;
    for (unsigned i = 0; i < sizeof controlq / 8; i++)
        ((volatile uint64_t *)&controlq)[i] = 0;
    seen = 0;
    dcache_clean(&controlq, sizeof controlq);
    regs->queue_num = QSIZE;
    set_address(regs->queue_desc, controlq.desc);
    set_address(regs->queue_driver, &controlq.avail);
    set_address(regs->queue_device, &controlq.used);
    regs->queue_ready = 1;
    regs->status.driver_ok = 1;
    return 0;
}

int gpu_size(uint32_t *width, uint32_t *height)
{
    struct header request = {.type = GET_DISPLAY_INFO};
    struct {
        struct header header;
        struct {
            struct rect rect;
            uint32_t enabled, flags;
        } display[16];
    } answer __attribute__((aligned(64))) = {0};
    int error = execute(&request, sizeof request, &answer, sizeof answer);

    if (error != 0)
        return error;
    if (answer.header.type != OK_DISPLAY_INFO || !answer.display[0].enabled)
        return -5;
    *width = answer.display[0].rect.width;
    *height = answer.display[0].rect.height;
    return 0;
}

int gpu_set_mode(uint32_t width, uint32_t height, uint32_t *pixels)
{
    struct {
        struct header header;
        uint32_t id, format, width, height;
    } create = {{.type = CREATE_2D}, 7, 2, width, height};
    struct {
        struct header header;
        uint32_t id, count;
        uint64_t addr;
        uint32_t bytes, padding;
    } attach = {{.type = ATTACH_BACKING}, 7, 1, (uint64_t)pixels, width * height * 4, 0};
    struct {
        struct header header;
        struct rect rect;
        uint32_t scanout, id;
    } scanout = {{.type = SET_SCANOUT}, {0, 0, width, height}, 0, 7};
    int error = order(&create, sizeof create);

    mode_width = width;
    if (error == 0)
        error = order(&attach, sizeof attach);
    if (error == 0)
        error = order(&scanout, sizeof scanout);
    return error;
}

int gpu_update(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    struct {
        struct header header;
        struct rect rect;
        uint64_t offset;
        uint32_t id, padding;
    } transfer = {{.type = TRANSFER},
                  {x, y, width, height},
                  ((uint64_t)y * mode_width + x) * 4,
                  7,
                  0};
    struct {
        struct header header;
        struct rect rect;
        uint32_t id, padding;
    } flush = {{.type = FLUSH}, {x, y, width, height}, 7, 0};
    int error = order(&transfer, sizeof transfer);

    return error == 0 ? order(&flush, sizeof flush) : error;
}

void gpu_off(void)
{
    gpu->status.all = 0;
}
