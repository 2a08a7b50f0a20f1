/*
 * The display driver of the system: one request at a time, completed by a semaphore that the
 * interrupt handler gives.
 */
#include "vgpu.h"
#include "vbus.h"

#define TYPE_GPU          16
#define FEATURE_VERSION_1 (1ull << 32)
#define TIMEOUT_MS        1000

struct gpu_header {
    uint32_t type, flags;
    uint64_t fence;
    uint32_t context, padding;
};

struct gpu_request {
    struct gpu_header header;
    uint32_t word[10];
};

struct gpu_display {
    uint32_t x, y, width, height, enabled, flags;
};

struct gpu_answer {
    struct gpu_header header;
    struct gpu_display display[16];
};

static struct {
    struct vdev dev;
    struct vqueue *control;
    os_sem_t done;
    struct gpu_request *request;
    struct gpu_answer *answer;
    uintptr_t request_bus, answer_bus, pixels_bus;
    struct display display;
} gpu;

static void control_done(struct vqueue *queue, void *cookie, uint32_t bytes)
{
    (void)queue;
    (void)bytes;
    os_sem_give(cookie);
}

static int command(uint32_t type, unsigned words, uint32_t answer_bytes)
{
    struct vbuf bufs[2] = {
        {gpu.request, gpu.request_bus, (uint32_t)(sizeof(struct gpu_header) + 4 * words), false},
        {gpu.answer, gpu.answer_bus, answer_bytes, true},
    };
    int error;

    gpu.request->header = (struct gpu_header){.type = type};
    gpu.answer->header = (struct gpu_header){0};
    error = vqueue_submit(gpu.control, bufs, 2, &gpu.done);
    if (error == OS_OK)
        error = os_sem_take(&gpu.done, TIMEOUT_MS);
    if (error != OS_OK)
        return error;
    os_dma_invalidate(gpu.answer, answer_bytes);
    return gpu.answer->header.type >> 8 == 0x11 ? OS_OK : OS_IO_ERROR;
}

static void rectangle(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    gpu.request->word[0] = x;
    gpu.request->word[1] = y;
    gpu.request->word[2] = width;
    gpu.request->word[3] = height;
}

int display_open(uintptr_t registers, int irq)
{
    int error;

    gpu.dev.ops = &vbus_mmio_ops;
    gpu.dev.window = os_io_map(registers, 0x200);
    gpu.dev.irq = irq;
    if (gpu.dev.window == NULL)
        return OS_NO_DEVICE;
    os_sem_create(&gpu.done, 0, "gpu");
    error = vdev_open(&gpu.dev, TYPE_GPU, FEATURE_VERSION_1);
    if (error == OS_OK)
        error = vqueue_create(&gpu.dev, 0, 16, control_done, &gpu.control);
    if (error != OS_OK)
        return error;
    if (gpu.request == NULL) {
        gpu.request = os_dma_alloc(sizeof *gpu.request, 64, &gpu.request_bus);
        gpu.answer = os_dma_alloc(sizeof *gpu.answer, 64, &gpu.answer_bus);
    }
    if (gpu.request == NULL || gpu.answer == NULL)
        return OS_NO_MEMORY;
    gpu.dev.ops->set_status(&gpu.dev, gpu.dev.ops->get_status(&gpu.dev) | 4);
    return OS_OK;
}

int display_query(uint32_t *width, uint32_t *height)
{
    int error = command(0x100, 0, sizeof *gpu.answer);

    if (error == OS_OK && !gpu.answer->display[0].enabled)
        error = OS_NO_DEVICE;
    *width = gpu.answer->display[0].width;
    *height = gpu.answer->display[0].height;
    return error;
}

int display_mode(uint32_t width, uint32_t height, struct display *out)
{
    uint32_t *word = gpu.request->word;
    int error;

    gpu.display.width = width;
    gpu.display.height = height;
    gpu.display.pixels = os_dma_alloc(4ul * width * height, 4096, &gpu.pixels_bus);
    if (gpu.display.pixels == NULL)
        return OS_NO_MEMORY;
    word[0] = 1;
    word[1] = 2;
    word[2] = width;
    word[3] = height;
    error = command(0x101, 4, sizeof(struct gpu_header));
    if (error != OS_OK)
        return error;
    word[0] = 1;
    word[1] = 1;
    word[2] = (uint32_t)gpu.pixels_bus;
    word[3] = (uint32_t)((uint64_t)gpu.pixels_bus >> 32);
    word[4] = 4 * width * height;
    word[5] = 0;
    error = command(0x106, 6, sizeof(struct gpu_header));
    if (error != OS_OK)
        return error;
    rectangle(0, 0, width, height);
    word[4] = 0;
    word[5] = 1;
    *out = gpu.display;
    return command(0x103, 6, sizeof(struct gpu_header));
}

int display_update(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    uint32_t *word = gpu.request->word;
    uint64_t offset = 4ull * (y * (uint64_t)gpu.display.width + x);
    int error;

    os_dma_clean(gpu.display.pixels, 4ul * gpu.display.width * gpu.display.height);
    rectangle(x, y, width, height);
    word[4] = (uint32_t)offset;
    word[5] = (uint32_t)(offset >> 32);
    word[6] = 1;
    word[7] = 0;
    error = command(0x105, 8, sizeof(struct gpu_header));
    if (error != OS_OK)
        return error;
    rectangle(x, y, width, height);
    word[4] = 1;
    word[5] = 0;
    return command(0x104, 6, sizeof(struct gpu_header));
}

void display_close(void)
{
    vdev_close(&gpu.dev);
}
