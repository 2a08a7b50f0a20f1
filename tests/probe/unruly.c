/*
 * A driver that misbehaves towards the process it runs in, one way an operation.
 */
#include <stddef.h>
#include <stdint.h>

#include "platform.h"
#include "suite.h"

static volatile uint32_t counter;
static uint32_t kept;
static struct platform_dma page;

static enum suite_result null_read(const struct suite_args *args)
{
    volatile uint32_t *nowhere = (volatile uint32_t *)(uintptr_t)(args->value[0] & 0);
    return *nowhere == 0 ? SUITE_OK : SUITE_TIMEOUT; /* @null-read */
}

static enum suite_result null_write(const struct suite_args *args)
{
    volatile uint32_t *nowhere = (volatile uint32_t *)(uintptr_t)(args->value[0] & 0);
    *nowhere = 1; /* @null-write */
    return SUITE_OK;
}

static uint32_t deeper(uint32_t depth, volatile uint32_t *above)
{
    volatile uint32_t here[64];

    here[depth % 64] = depth;
    *above += here[depth % 64];
    return deeper(depth + 1, here) + here[(depth + 1) % 64];
}

static enum suite_result recurse(const struct suite_args *args)
{
    volatile uint32_t bottom = (uint32_t)args->count;
    return deeper(0, &bottom) != 0 ? SUITE_OK : SUITE_TIMEOUT;
}

static enum suite_result spin_memory(const struct suite_args *args)
{
    (void)args;
    for (;;)
        counter++; /* @spin-memory */
}

static enum suite_result spin_dma(const struct suite_args *args)
{
    (void)args;
    platform_dma_alloc(4096, 4096, "flag", &page);
    while (*(volatile uint32_t *)page.cpu == 0) /* @spin-dma */
        ;
    return SUITE_OK;
}

static enum suite_result spin_silent(const struct suite_args *args)
{
    (void)args;
    for (;;) /* @spin-silent */
        __asm__ volatile("" ::: "memory");
}

static enum suite_result divide(const struct suite_args *args)
{
    volatile uint32_t zero = (uint32_t)(args->value[0] & 0);
    volatile uint32_t quotient = 1234567 / zero; /* @divide */
    return quotient != 0 ? SUITE_OK : SUITE_TIMEOUT;
}

static enum suite_result illegal(const struct suite_args *args)
{
    (void)args;
    __builtin_trap(); /* @illegal */
}

/* Static data is put back for every run: this is 1 each time. */
static enum suite_result count_runs(const struct suite_args *args)
{
    (void)args;
    return ++kept == 1 ? SUITE_OK : SUITE_NOT_READY;
}

static const struct suite_op ops[] = {
    {"null-read", null_read},     {"null-write", null_write}, {"recurse", recurse},
    {"spin-memory", spin_memory}, {"spin-dma", spin_dma},     {"spin-silent", spin_silent},
    {"divide", divide},           {"illegal", illegal},       {"count-runs", count_runs},
};

const struct suite_driver ringside_driver = {
    .name = "unruly",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
