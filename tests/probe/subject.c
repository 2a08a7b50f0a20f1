/*
 * A driver that does one access of every kind, each on a line of its own that ends in a mark.
 *
 * test_probe.c knows, for every mark, which events must be seen, in which order and with which
 * values.
 * Nothing in here knows that it is watched.
 */
#include <stddef.h>
#include <stdint.h>

#include "platform.h"
#include "suite.h"

#define DATA ((uint8_t *)page.cpu)

struct pair {
    uint64_t first;
    uint32_t second;
    uint16_t third;
    uint16_t fourth;
};

struct odd {
    uint8_t one;
    uint32_t two;
    uint16_t three;
} __attribute__((packed));

struct bits {
    volatile uint32_t low : 4;
    volatile uint32_t high : 28;
};

static struct platform_dma page;
static volatile uint8_t *window;

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

static enum suite_result init(const struct suite_args *args)
{
    (void)args;
    window = platform_map_mmio(0x0a003e00, 0x200);
    return platform_dma_alloc(4096, 4096, "subject", &page) ? SUITE_OK : SUITE_NO_MEMORY;
}

static enum suite_result registers(const struct suite_args *args)
{
    volatile uint32_t *reg = (volatile uint32_t *)window;
    uint32_t sum = 0;

    (void)args;
    sum += reg[0];                                               /* @magic */
    sum += *(volatile uint32_t *)(window + 0x08);                /* @device-id */
    reg[0x070 / 4] = 0;                                          /* @status-0 */
    reg[0x070 / 4] = 1;                                          /* @status-1 */
    reg[0x070 / 4] = 1;                                          /* @status-1-again */
    sum += reg[0x070 / 4];                                       /* @status-read */
    sum += *(volatile uint8_t *)(window + 0x100 + 8);            /* @config-8 */
    sum += *(volatile uint16_t *)(window + 0x100 + 8);           /* @config-16 */
    sum += (uint32_t)*(volatile uint64_t *)(window + 0x100 + 8); /* @config-64 */
    *(volatile uint8_t *)(window + 0x104) = 1;                   /* @config-w8 */
    *(volatile uint16_t *)(window + 0x104) = 1;                  /* @config-w16 */
    *(volatile uint64_t *)(window + 0x100) = 7;                  /* @config-w64 */
    return sum != 0 ? SUITE_OK : SUITE_BAD_DEVICE;
}

static enum suite_result plain(const struct suite_args *args)
{
    (void)args;
    *(uint8_t *)(DATA + 0) = 0x11;                            /* @store-8 */
    *(uint16_t *)(void *)(DATA + 2) = 0x2222;                 /* @store-16 */
    *(uint32_t *)(void *)(DATA + 4) = 0x33333333;             /* @store-32 */
    *(uint64_t *)(void *)(DATA + 8) = 0x4444444444444444;     /* @store-64 */
    *(volatile uint32_t *)(void *)(DATA + 4) = 0x33333333;    /* @store-equal */
    if (*(volatile uint16_t *)(void *)(DATA + 2) != 0x2222)   /* @load-16 */
        return SUITE_BAD_DEVICE;
    if (*(volatile uint64_t *)(void *)(DATA + 8) == 0)        /* @load-64 */
        return SUITE_BAD_DEVICE;
    return SUITE_OK;
}

/* A store and, next, a load as wide: the one is not told after the other. */
static enum suite_result turns(const struct suite_args *args)
{
    uint64_t *word = (uint64_t *)(void *)(DATA + 0x500);
    uint64_t sum = 0;

    for (uint64_t i = 0; i < args->value[0]; i++) {
        word[i + 1] = i + 7; /* @turn-store */
        sum += word[0];      /* @turn-load */
    }
    return sum == 0 ? SUITE_OK : SUITE_BAD_DEVICE;
}

/* Several registers at once, and one of another slot. */
static enum suite_result neighbours(const struct suite_args *args)
{
    volatile uint8_t *slot3 = platform_map_mmio(0x0a000600, 0x200);
    uint32_t id[4];

    (void)args;
    memcpy(id, (const void *)(uintptr_t)window, sizeof id); /* @copy-registers */
    *(volatile uint32_t *)(slot3 + 0x70) = 0;                /* @other-slot */
    return id[0] == 0x74726976 && id[1] == 2 && id[2] == 16 && id[3] != 0 ? SUITE_OK
                                                                           : SUITE_BAD_DEVICE;
}

static enum suite_result structures(const struct suite_args *args)
{
    struct pair pair = {0x0807060504030201, 0x0c0b0a09, 0x0e0d, 0x100f};

    (void)args;
    *(struct pair *)(void *)(DATA + 0x40) = pair;                 /* @struct-copy */
    ((struct odd *)(void *)(DATA + 0x61))->two = 0x55667788;      /* @packed */
    ((volatile struct odd *)(void *)(DATA + 0x71))->three = 0x99; /* @packed-volatile */
    return SUITE_OK;
}

static enum suite_result atomics(const struct suite_args *args)
{
    uint32_t *word = (uint32_t *)(void *)(DATA + 0x80);
    uint16_t *half = (uint16_t *)(void *)(DATA + 0x84);
    uint64_t *wide = (uint64_t *)(void *)(DATA + 0x88);
    uint32_t expected = 6;
    uint64_t sum = 0;

    (void)args;
    __atomic_store_n(word, 5, __ATOMIC_RELEASE);                        /* @atomic-store */
    sum += __atomic_load_n(word, __ATOMIC_ACQUIRE);                     /* @atomic-load */
    sum += __atomic_exchange_n(word, 6, __ATOMIC_SEQ_CST);              /* @exchange */
    sum += __atomic_compare_exchange_n(word, &expected, 7, 0, __ATOMIC_SEQ_CST, /* @cas */
                                       __ATOMIC_SEQ_CST);
    sum += __atomic_fetch_add(half, 3, __ATOMIC_RELAXED);               /* @fetch-add */
    sum += __atomic_fetch_or(wide, 0x10, __ATOMIC_ACQ_REL);             /* @fetch-or */
    word = (uint32_t *)(uintptr_t)(window + 0x30);
    __atomic_store_n(word, 0, __ATOMIC_RELAXED);                        /* @atomic-reg */
    return sum != 0 ? SUITE_OK : SUITE_BAD_DEVICE;
}

static enum suite_result memory(const struct suite_args *args)
{
    static const uint8_t text[24] = "twenty-three characters";

    (void)args;
    memset(DATA + 0x100, 0x5a, 32);         /* @memset */
    memcpy(DATA + 0x140, text, 24);         /* @memcpy */
    memmove(DATA + 0x141, DATA + 0x140, 8); /* @memmove */
    return SUITE_OK;
}

/* Compilers may merge fences with nothing between them. */
static enum suite_result barriers(const struct suite_args *args)
{
    (void)args;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);       /* @fence-full */
    *(volatile uint8_t *)(DATA + 0x400) = 1;       /* @between-1 */
    __atomic_thread_fence(__ATOMIC_RELEASE);       /* @fence-release */
    *(volatile uint8_t *)(DATA + 0x400) = 2;       /* @between-2 */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);       /* @fence-acquire */
    __asm__ volatile("dsb sy" ::: "memory");       /* @dsb */
    __asm__ volatile("dmb ishst" ::: "memory");    /* @dmb-st */
    __asm__ volatile("dmb oshld" ::: "memory");    /* @dmb-ld */
    __asm__ volatile("isb" ::: "memory");          /* @isb */
    __asm__ volatile("fence rw, rw" ::: "memory"); /* @fence-rw */
    __asm__ volatile("fence w,w" ::: "memory");    /* @fence-w */
    __asm__ volatile("fence" ::: "memory");        /* @fence-all */
    __asm__ volatile("fence.i" ::: "memory");      /* @fence-i */
    __asm__ volatile("mfence" ::: "memory");       /* @mfence */
    return SUITE_OK;
}

/* A deadline that has passed ends a wait at once, and the clock does not go back to it. */
static enum suite_result past(const struct suite_args *args)
{
    uint64_t before_ns, after_ns;

    (void)args;
    for (int i = 0; i < 10; i++)
        (void)platform_now_ns();
    before_ns = platform_now_ns();
    if (platform_wait_interrupt(before_ns / 2))
        return SUITE_BAD_DEVICE;
    after_ns = platform_now_ns();
    return after_ns > before_ns && after_ns < before_ns + 1000000 ? SUITE_OK : SUITE_TIMEOUT;
}

/* Registers survive the stubs behind foreign instructions: the sum is wrong if one does not. */
static enum suite_result survive(const struct suite_args *args)
{
    uint64_t sum = args->value[0];
    double half = (double)args->value[0] / 2;

    for (uint64_t i = 1; i <= 100; i++) {
        sum += i * i;
        __asm__ volatile("dmb sy" ::: "memory");
        sum ^= i << 7;
        half += 0.25;
    }
    *(volatile uint64_t *)(void *)(DATA + 0x200) = sum;            /* @sum */
    *(volatile uint64_t *)(void *)(DATA + 0x208) = (uint64_t)half; /* @half */
    return SUITE_OK;
}

/* Behind the compiler's back: an access that only assembly makes. */
static enum suite_result hidden(const struct suite_args *args)
{
    volatile uint8_t *status = window + 0x70;
    uint8_t *data = DATA + 0x300;
    uint32_t value = 0x51;

    if (args->value[0] == 0) {
        __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(window)); /* @hidden-read */
        return value == 0x74726976 ? SUITE_OK : SUITE_BAD_DEVICE;
    }
    if (args->value[0] == 1) {
        __asm__ volatile("movl %0, (%1)" ::"r"(value), "r"(status) : "memory"); /* @hidden-write */
        return SUITE_OK;
    }
    __asm__ volatile("movl %0, (%1)" ::"r"(value), "r"(data) : "memory"); /* @hidden-store */
    return SUITE_OK;
}

static const struct suite_op ops[] = {
    {"init", init},         {"registers", registers}, {"plain", plain},
    {"structures", structures}, {"turns", turns},     {"neighbours", neighbours},
    {"past", past},
    {"atomics", atomics},   {"memory", memory},       {"barriers", barriers},
    {"survive", survive},   {"hidden", hidden},
};

const struct suite_driver ringside_driver = {
    .name = "subject",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
