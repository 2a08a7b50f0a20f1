/*
 * The teaching kernel's display driver, for the suite.
 */
#include <ringside/ringside.h>

#include "kernel.h"

static int init(void)
{
    virtio_gpu_init();
    return RINGSIDE_OK;
}

static int display(void)
{
    uint32 width, height;

    return ringside_zero_is_ok(virtio_gpu_display(&width, &height));
}

static int show(unsigned width, unsigned height)
{
    uint32 display_width = width, display_height = height;

    if (width == 0 && virtio_gpu_display(&display_width, &display_height) != 0)
        return RINGSIDE_DEVICE_ERROR;
    virtio_gpu_show(display_width, display_height);
    ringside_draw_test_card(screen, RINGSIDE_B8G8R8X8, display_width * 4ul, display_width,
                            display_height);
    virtio_gpu_flush(0, 0, display_width, display_height);
    return RINGSIDE_OK;
}

static int flush(unsigned x, unsigned y, unsigned width, unsigned height)
{
    virtio_gpu_flush(x, y, width, height);
    return RINGSIDE_OK;
}

static int shutdown(void)
{
    virtio_gpu_stop();
    return RINGSIDE_OK;
}

RINGSIDE_DRIVER("teach", .memory = "identity static-dma", .init = init,
                .get_display_info = display, .show = show, .flush = flush,
                .interrupt = virtio_gpu_intr, .shutdown = shutdown);
