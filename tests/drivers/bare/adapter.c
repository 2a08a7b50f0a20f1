/*
 * The AArch64 display driver, for the suite. The frame buffer lies where a linker script would
 * have put it: in static data.
 */
#include <ringside/ringside.h>

#include "virtio.h"

static uint32_t screen[1280 * 800] __attribute__((aligned(4096)));

static int init(void)
{
    return ringside_zero_is_ok(gpu_start((struct virtio_regs *)0x0a003e00));
}

static int display(void)
{
    uint32_t width, height;

    return ringside_zero_is_ok(gpu_size(&width, &height));
}

static int flush(unsigned x, unsigned y, unsigned width, unsigned height)
{
    dcache_clean(screen, sizeof screen);
    return ringside_zero_is_ok(gpu_update(x, y, width, height));
}

static int show(unsigned width, unsigned height)
{
    uint32_t w = width, h = height;
    int error = width == 0 ? gpu_size(&w, &h) : 0;

    if (error == 0)
        error = gpu_set_mode(w, h, screen);
    if (error != 0)
        return ringside_zero_is_ok(error);
    ringside_draw_test_card(screen, RINGSIDE_B8G8R8X8, w * 4ul, w, h);
    return flush(0, 0, w, h);
}

static int shutdown(void)
{
    gpu_off();
    return RINGSIDE_OK;
}

RINGSIDE_DRIVER("bare", .memory = "identity static-dma stack-dma", .init = init,
                .get_display_info = display, .show = show, .flush = flush, .shutdown = shutdown);
