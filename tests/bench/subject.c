/*
 * What the benchmarks run: the same loop of stores and loads, built with the probe and without it.
 */
#include "platform.h"
#include "suite.h"

static struct platform_dma page;

static enum suite_result init(const struct suite_args *args)
{
    (void)args;
    return platform_dma_alloc(4096, 4096, "page", &page) ? SUITE_OK : SUITE_NO_MEMORY;
}

/* `accesses N`: N stores and N loads of different values to DMA memory that is no queue. */
static enum suite_result accesses(const struct suite_args *args)
{
    volatile uint32_t *word = page.cpu;
    uint32_t sum = 0;

    for (uint64_t i = 0; i < args->value[0]; i++) {
        word[i % 512] = (uint32_t)i;
        sum += word[(i + 256) % 512];
    }
    return sum != 1 ? SUITE_OK : SUITE_BAD_DEVICE;
}

static const struct suite_op ops[] = {{"init", init}, {"accesses", accesses}};

const struct suite_driver ringside_driver = {
    .name = "bench",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
