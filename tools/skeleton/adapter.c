/*
 * The adapter: which of the driver's functions does what. What the driver lacks is left out.
 */
#include <ringside/ringside.h>

#include "driver.h"

static int init(void)
{
    return ringside_zero_is_ok(gpu_start(0x0a003e00)); /* QEMU's `virt`: the last of 32 slots */
}

static int get_display_info(void)
{
    uint32_t width, height;

    return ringside_zero_is_ok(gpu_display(&width, &height));
}

static int show(unsigned width, unsigned height)
{
    int error = 0;

    if (width == 0)
        error = gpu_display(&width, &height);
    if (error == 0)
        error = gpu_set_mode(width, height);
    if (error != 0)
        return ringside_zero_is_ok(error);
    ringside_draw_test_card(gpu_framebuffer, RINGSIDE_B8G8R8X8, width * 4ul, width, height);
    return ringside_zero_is_ok(gpu_update(0, 0, width, height));
}

static int flush(unsigned x, unsigned y, unsigned width, unsigned height)
{
    return ringside_zero_is_ok(gpu_update(x, y, width, height));
}

static int shutdown(void)
{
    return ringside_zero_is_ok(gpu_stop());
}

/* Pointers are physical addresses here, and static data is what the device works on. */
RINGSIDE_DRIVER("@NAME@", .memory = "identity static-dma", .init = init,
                .get_display_info = get_display_info, .show = show, .flush = flush,
                .shutdown = shutdown);
