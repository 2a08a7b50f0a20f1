/*
 * The firmware's display driver, for the suite. The frame buffer is a fixed place in static data.
 */
#include <ringside/ringside.h>

#include "fw.h"

static u32 screen[1280 * 800] __attribute__((aligned(4096)));

static int init(void)
{
    return ringside_zero_is_ok(fw_gpu_init(0x0a003e00));
}

static int info(void)
{
    u32 w, h;

    return ringside_zero_is_ok(fw_gpu_info(&w, &h));
}

static int flush(unsigned x, unsigned y, unsigned width, unsigned height)
{
    return ringside_zero_is_ok(fw_gpu_blit(x, y, width, height));
}

static int show(unsigned width, unsigned height)
{
    u32 w = width, h = height;

    if ((width == 0 && fw_gpu_info(&w, &h)) || fw_gpu_mode(w, h, ADDR(screen)))
        return RINGSIDE_DEVICE_ERROR;
    ringside_draw_test_card(screen, RINGSIDE_B8G8R8X8, w * 4ul, w, h);
    return flush(0, 0, w, h);
}

static int shutdown(void)
{
    fw_gpu_exit();
    return RINGSIDE_OK;
}

RINGSIDE_DRIVER("firmware", .memory = "identity static-dma", .init = init,
                .get_display_info = info, .show = show, .flush = flush, .shutdown = shutdown);
