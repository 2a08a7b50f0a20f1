/*
 * The PC kernel's display driver, for the suite.
 */
#include <ringside/ringside.h>

#include "gpu.h"

static int init(void)
{
    return ringside_zero_is_ok(pcgpu_attach(0x0a003e00));
}

static int resolution(void)
{
    unsigned width, height;

    return ringside_zero_is_ok(pcgpu_resolution(&width, &height));
}

static int flush(unsigned x, unsigned y, unsigned width, unsigned height)
{
    return ringside_zero_is_ok(pcgpu_refresh(x, y, width, height));
}

static int show(unsigned width, unsigned height)
{
    unsigned *pixels;

    if (width == 0 && pcgpu_resolution(&width, &height) != 0)
        return RINGSIDE_DEVICE_ERROR;
    pixels = pcgpu_start(width, height);
    if (pixels == 0)
        return RINGSIDE_DEVICE_ERROR;
    ringside_draw_test_card(pixels, RINGSIDE_B8G8R8X8, width * 4ul, width, height);
    return flush(0, 0, width, height);
}

static int shutdown(void)
{
    pcgpu_detach();
    return RINGSIDE_OK;
}

RINGSIDE_DRIVER("pc", .init = init, .get_display_info = resolution, .show = show, .flush = flush,
                .shutdown = shutdown);
