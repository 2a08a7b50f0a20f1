/*
 * The consumer's adapter: a driver of few operations, one of which takes nothing but modern
 * devices.
 */
#include <ringside/ringside.h>

#include "gpu.h"

static int init(void)
{
    int result = ringside_true_is_ok(gpu_probe());

    return gpu_is_legacy() ? RINGSIDE_UNSUPPORTED : result;
}

static int get_display_info(void)
{
    return ringside_true_is_ok(gpu_query());
}

static int shutdown(void)
{
    gpu_remove();
    return RINGSIDE_OK;
}

RINGSIDE_DRIVER("kernel-gpu", .init = init, .get_display_info = get_display_info,
                .interrupt = gpu_isr, .shutdown = shutdown);
