/*
 * A driver in two threads: whoever wants something submits and sleeps, a completion thread sleeps
 * until the interrupt handler wakes it, looks at the used ring and wakes the submitter.
 *
 * WAKES_WRONG: the completion thread wakes another channel than the submitter sleeps on.
 * SLEEPS_IN_HANDLER: the handler waits for the submitter.
 */
#include "fiber_gpu.h"
#include "threads.h"

static bool completed; /* the submitter's channel */
static int ring_moved; /* the completion thread's */
static int elsewhere;

static void completion(void *argument)
{
    (void)argument;
    for (uint16_t seen = 0;; seen++) {
        bool masked = platform_mask_interrupts(true);
        while (*(volatile uint16_t *)&rings()->used.idx == seen)
            platform_sleep_on(&ring_moved); /* @completion */
        platform_mask_interrupts(masked);
        completed = true;
#ifdef WAKES_WRONG
        platform_wake(&elsewhere);
#else
        (void)elsewhere;
        platform_wake(&completed);
#endif
    }
}

static void handler(void *context)
{
    (void)context;
    acknowledge();
    platform_wake(&ring_moved);
#ifdef SLEEPS_IN_HANDLER
    platform_sleep_on(&completed); /* @handler */
#endif
}

static enum suite_result init(const struct suite_args *args)
{
    enum suite_result result = bring_up(handler);

    (void)args;
    if (result == SUITE_OK && !platform_thread_create(completion, NULL, "completion"))
        result = SUITE_NO_MEMORY;
    return result;
}

static enum suite_result requests(const struct suite_args *args)
{
    enum suite_result result = SUITE_OK;

    for (uint64_t i = 0; i < args->value[0] && result == SUITE_OK; i++) {
        completed = false;
        submit();
        while (!completed)
            platform_sleep_on(&completed); /* @submitter */
        result = check_response();
    }
    return result;
}

/* The same, by a submitter that gives its turn away instead of sleeping. */
static enum suite_result yielding(const struct suite_args *args)
{
    enum suite_result result = SUITE_OK;

    for (uint64_t i = 0; i < args->value[0] && result == SUITE_OK; i++) {
        completed = false;
        submit();
        while (!*(volatile bool *)&completed)
            platform_yield();
        result = check_response();
    }
    return result;
}

static void crashing(void *argument)
{
    *(volatile uint32_t *)argument = 1; /* @crashing */
}

static enum suite_result crash(const struct suite_args *args)
{
    (void)platform_thread_create(crashing, (void *)(uintptr_t)args->count, "crashing");
    platform_yield();
    return SUITE_OK;
}

static void spinning(void *argument)
{
    for (;;) /* @spinning */
        __asm__ volatile("" ::"r"(argument) : "memory");
}

static enum suite_result spin(const struct suite_args *args)
{
    (void)args;
    (void)platform_thread_create(spinning, NULL, "spinning");
    platform_yield();
    return SUITE_OK;
}

static enum suite_result recursing_result;

static uint32_t deeper(uint32_t depth)
{
    volatile uint32_t here[64];

    here[depth % 64] = depth;
    return deeper(depth + 1) + here[(depth + 1) % 64];
}

static void recursing(void *argument)
{
    (void)argument;
    recursing_result = (enum suite_result)deeper(0);
}

static enum suite_result recurse(const struct suite_args *args)
{
    (void)args;
    (void)platform_thread_create(recursing, NULL, "recursing");
    platform_yield();
    return SUITE_OK;
}

static unsigned ended;

static void short_lived(void *argument)
{
    ended += (unsigned)(uintptr_t)argument;
}

/* Many more threads than there may be at a time. */
static enum suite_result many(const struct suite_args *args)
{
    for (unsigned i = 0; i < args->value[0]; i++) {
        if (!platform_thread_create(short_lived, (void *)1, "short"))
            return SUITE_NO_MEMORY;
        platform_yield();
    }
    return ended == args->value[0] ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static enum suite_result too_many(const struct suite_args *args)
{
    unsigned made = 0;

    (void)args;
    while (made < 1000 && platform_thread_create(short_lived, (void *)1, "short"))
        made++;
    return made == 30 ? SUITE_NO_MEMORY : SUITE_OK; /* 32 with main and completion */
}

static void unmasking(void *argument)
{
    for (;;) {
        platform_mask_interrupts(false);
        *(volatile unsigned *)argument += 1;
        platform_yield();
    }
}

/* Each thread has a mask of its own. */
static enum suite_result masks(const struct suite_args *args)
{
    static unsigned turns;
    bool kept = true;

    (void)args;
    (void)platform_thread_create(unmasking, &turns, "unmasking");
    platform_mask_interrupts(true);
    for (unsigned i = 0; i < 5; i++) {
        platform_yield();
        kept &= platform_mask_interrupts(true);
    }
    platform_mask_interrupts(false);
    return kept && turns == 5 ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static volatile bool never;

static void waiting(void *argument)
{
    (void)argument;
    while (!never)
        platform_yield();
}

/* Two that give their turns to each other, and wait for what nobody does. */
static enum suite_result both_wait(const struct suite_args *args)
{
    (void)platform_thread_create(waiting, NULL, "waiting");
    for (uint64_t i = 0; i < args->value[0] && !never; i++)
        platform_yield();
    return SUITE_TIMEOUT;
}

static void submitting(void *argument)
{
    (void)argument;
    submit();
}

/* Looks at the ring and never gives its turn away, while another has not even submitted. */
static enum suite_result looks(const struct suite_args *args)
{
    uint16_t before = *(volatile uint16_t *)&rings()->used.idx;

    (void)args;
    (void)platform_thread_create(submitting, NULL, "submitting");
    while (*(volatile uint16_t *)&rings()->used.idx == before)
        ;
    platform_rmb();
    return check_response();
}

static enum suite_result shutdown(const struct suite_args *args)
{
    (void)args;
    reg[VIRTIO_MMIO_Status / 4] = 0;
    while (reg[VIRTIO_MMIO_Status / 4] != 0)
        platform_yield();
    platform_dma_free(&memory);
    return SUITE_OK;
}

static const struct suite_op ops[] = {
    {"init", init},   {"requests", requests},   {"yielding", yielding},
    {"crash", crash}, {"spin", spin},           {"recurse", recurse},
    {"many", many},   {"too_many", too_many},   {"shutdown", shutdown},
    {"masks", masks}, {"both_wait", both_wait}, {"looks", looks},
};

const struct suite_driver ringside_driver = {
    .name = "fiber-pair",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
