/*
 * A driver whose static constructor asks the platform for things while there is no machine yet.
 */
#include "platform.h"
#include "suite.h"

static struct platform_dma page;
static bool got_memory;

__attribute__((constructor)) static void begin(void)
{
    got_memory = platform_dma_alloc(4096, 4096, "early", &page);
    (void)platform_now_ns();
    platform_mb();
    platform_relax();
}

static enum suite_result init(const struct suite_args *args)
{
    (void)args;
    if (got_memory)
        return SUITE_BAD_DEVICE;
    return platform_dma_alloc(4096, 4096, "late", &page) ? SUITE_OK : SUITE_NO_MEMORY;
}

static const struct suite_op ops[] = {{"init", init}};

const struct suite_driver ringside_driver = {
    .name = "early",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
