/*
 * A driver whose main loop never returns: it serves what its interrupt handler leaves for it, and
 * waits.
 */
#include "fiber_gpu.h"
#include "threads.h"

static volatile bool done;
static volatile uint32_t served;

static void handler(void *context)
{
    (void)context;
    acknowledge();
    done = answered();
    platform_wake((const void *)&done);
}

static enum suite_result init(const struct suite_args *args)
{
    (void)args;
    return bring_up(handler);
}

static void wait_relax(void)
{
    platform_relax();
}

static void wait_interrupt(void)
{
    (void)platform_wait_interrupt(platform_now_ns() + 1000000);
}

static void wait_wfi(void)
{
    __asm__ volatile("wfi");
}

static void wait_sleep(void)
{
    bool before = platform_mask_interrupts(true);

    if (!done)
        platform_sleep_on((const void *)&done);
    platform_mask_interrupts(before);
}

static void wait_register(void)
{
    (void)reg[VIRTIO_MMIO_InterruptStatus / 4];
}

static void (*const waits[])(void) = {wait_relax, wait_interrupt, wait_wfi, wait_sleep,
                                      wait_register};

/* `main_loop HOW N`: N requests, then for ever nothing. */
static enum suite_result main_loop(const struct suite_args *args)
{
    uint64_t left = args->value[1];
    bool busy = false;

    done = false;
    for (;;) {
        if (done) {
            done = false;
            busy = false;
            served++;
        }
        if (!busy && left > 0) {
            submit();
            busy = true;
            left--;
        }
        waits[args->value[0]]();
    }
}

/* Work without end. */
static enum suite_result work(const struct suite_args *args)
{
    (void)args;
    for (;;) {
        submit();
        while (!answered())
            platform_relax();
        served++;
    }
}

/* A request that no device was told of. */
static enum suite_result forget(const struct suite_args *args)
{
    (void)args;
    rings()->avail.ring[0] = 0;
    *(volatile uint16_t *)&rings()->avail.idx = 1;
    for (;;)
        platform_relax();
}

static enum suite_result has_served(const struct suite_args *args)
{
    return served >= args->value[0] ? SUITE_OK : SUITE_TIMEOUT;
}

static const struct suite_op ops[] = {
    {"init", init},     {"main_loop", main_loop},   {"work", work},
    {"forget", forget}, {"has_served", has_served},
};

const struct suite_driver ringside_driver = {
    .name = "fiber-loop",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
