/*
 * The display of the kernel in C++17, for the suite. The object is made by a static constructor.
 */
#include <ringside/ringside.h>

#include "gpu.hpp"

extern "C" {
#include <ringside/platform.h>
}

static Gpu gpu(0x0a003e00);

void *virtio::allocate(size_t bytes, size_t align, uint64_t &addr)
{
    platform_dma dma;

    if (!platform_dma_alloc(bytes, align < 8 ? 8 : align, "cpp", &dma))
        return nullptr;
    addr = dma.addr;
    return dma.cpu;
}

static int result_of(virtio::Error error)
{
    switch (error) {
    case virtio::Error::None:
        return RINGSIDE_OK;
    case virtio::Error::NoDevice:
        return RINGSIDE_NO_DEVICE;
    case virtio::Error::BadDevice:
        return RINGSIDE_BAD_DEVICE;
    case virtio::Error::NoMemory:
        return RINGSIDE_NO_MEMORY;
    case virtio::Error::Timeout:
        return RINGSIDE_TIMEOUT;
    case virtio::Error::Refused:
        return RINGSIDE_DEVICE_ERROR;
    }
    return RINGSIDE_DEVICE_ERROR;
}

static int init()
{
    return result_of(gpu.start());
}

static int display()
{
    uint32_t width, height;

    return result_of(gpu.size(width, height));
}

static int flush(unsigned x, unsigned y, unsigned width, unsigned height)
{
    return result_of(gpu.flush({x, y, width, height}));
}

static int show(unsigned width, unsigned height)
{
    uint32_t w = width, h = height;
    auto error = width == 0 ? gpu.size(w, h) : virtio::Error::None;

    if (error == virtio::Error::None)
        error = gpu.mode(w, h);
    if (error != virtio::Error::None)
        return result_of(error);
    ringside_draw_test_card(gpu.pixels(), RINGSIDE_B8G8R8X8, w * 4ul, w, h);
    return flush(0, 0, w, h);
}

static int shutdown()
{
    gpu.stop();
    return RINGSIDE_OK;
}

RINGSIDE_DRIVER("cpp", .memory = "identity", .init = init, .get_display_info = display,
                .show = show, .flush = flush, .shutdown = shutdown);
