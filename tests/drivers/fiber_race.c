/*
 * One thread and its interrupt handler, which tells by a flag that the device is done. Unless
 * MASKED, the interrupt may come between the look at the flag and the sleep: then nobody wakes the
 * sleeper.
 *
 * `count N` increments a counter in both, unmasked as well: an increment may be lost.
 */
#include "fiber_gpu.h"
#include "threads.h"

#ifdef MASKED
#define MASK true
#else
#define MASK false
#endif

static volatile bool done;
static volatile uint32_t counter;

static void handler(void *context)
{
    (void)context;
    acknowledge();
    done = true;
    counter++;
    platform_wake((const void *)&done);
}

static enum suite_result init(const struct suite_args *args)
{
    (void)args;
    return bring_up(handler);
}

static enum suite_result requests(const struct suite_args *args)
{
    enum suite_result result = SUITE_OK;

    for (uint64_t i = 0; i < args->value[0] && result == SUITE_OK; i++) {
        bool before;
        done = false;
        submit();
        before = platform_mask_interrupts(MASK);
        while (!done)
            platform_sleep_on((const void *)&done); /* @sleeps */
        platform_mask_interrupts(before);
        result = check_response();
    }
    return result;
}

static enum suite_result count(const struct suite_args *args)
{
    for (uint64_t i = 0; i < args->value[0]; i++) {
        bool before;
        done = false;
        counter = 0;
        submit();
        before = platform_mask_interrupts(MASK);
        counter++;
        platform_mask_interrupts(before);
        while (!done)
            platform_relax();
        if (counter != 2)
            return SUITE_BAD_COMPLETION;
    }
    return SUITE_OK;
}

/* Two accesses of registers with nothing in between: BAD_COMPLETION when the handler was. */
static enum suite_result adjacent(const struct suite_args *args)
{
    volatile uint32_t *window = reg;
    struct rings *ring = rings();
    uint32_t status;

    (void)args;
    submit();
    while (!done)
        platform_relax();
    done = false;
    ring->avail.ring[ring->avail.idx % SIZE] = 0;
    ring->avail.idx++;
    platform_mb();
    window[VIRTIO_MMIO_QueueNotify / 4] = 0;
    status = window[VIRTIO_MMIO_InterruptStatus / 4];
    while (!done)
        platform_relax();
    return status != 0 ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static const struct suite_op ops[] = {{"init", init},
                                      {"requests", requests},
                                      {"count", count},
                                      {"adjacent", adjacent}};

const struct suite_driver ringside_driver = {
    .name = "fiber-race",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
