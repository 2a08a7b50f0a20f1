/*
 * A driver of a 32-bit machine, whose compiler has pointers, longs and size_t of 32 bits, and which
 * is full of what depends on it: tables of pointers, structures with pointers between numbers, long
 * arithmetic that wraps, sizes that go through variables.
 *
 *   layout               is everything as wide as it was written for?
 *   tables               pointers of static tables, and the numbers between them
 *   memory BYTES         allocates, copies, compares, gives back
 *   tree                 the device tree's magic
 *   windows              the device's registers, mapped
 *   clock                waits, and time passes
 *   option WORD          which way the option `way` was set
 *   break                writes where nothing is
 */
#include <string.h>

#include "platform.h"
#include "suite.h"

struct node {
    const char *name;
    unsigned short number;
    const struct node *next;
    unsigned char last;
    void (*act)(struct node *self);
    unsigned long serial;
};

static int acted;

static void act(struct node *self)
{
    acted += self->number;
}

extern struct node nodes[3];

struct node nodes[3] = {
    {"first", 1, &nodes[1], 0x11, act, 0x11111111ul},
    {"second", 20, &nodes[2], 0x22, act, 0x22222222ul},
    {"third", 300, 0, 0x33, act, 0x33333333ul},
};

/* A pointer, and right behind it a number that a pointer of 8 bytes would write over. */
static struct {
    const char *text;
    unsigned value;
} pairs[] = {{"a", 0xaaaaaaaa}, {"b", 0xbbbbbbbb}, {"c", 0xcccccccc}};

static const char *const names[] = {"zero", "one", "two"};
static unsigned behind_names = 0xdddddddd;
static const char *way = "none";

static enum suite_result layout(const struct suite_args *args)
{
    unsigned long wraps = 0xfffffffful + (unsigned long)args->count;

    return sizeof(void *) == 4 && sizeof(long) == 4 && sizeof(size_t) == 4 &&
                   sizeof(struct node) == 24 && sizeof(uintptr_t) == 4 && wraps + 1 == 0
               ? SUITE_OK
               : SUITE_BAD_DEVICE;
}

static enum suite_result tables(const struct suite_args *args)
{
    unsigned seen = 0;

    (void)args;
    acted = 0;
    for (struct node *node = nodes; node != NULL; node = (struct node *)node->next) {
        node->act(node);
        if (node->serial != 0x11111111ul * (seen + 1) || node->last != 0x11 * (seen + 1))
            return SUITE_BAD_DEVICE;
        seen++;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (pairs[i].value != 0x11111111u * (10 + i) || pairs[i].text[0] != (char)('a' + i))
            return SUITE_BAD_COMPLETION;
    }
    if (strcmp(names[0], "zero") != 0 || strcmp(names[2], "two") != 0 || strlen(names[1]) != 3 ||
        behind_names != 0xdddddddd)
        return SUITE_BAD_ARGUMENT;
    return seen == 3 && acted == 321 ? SUITE_OK : SUITE_NOT_READY;
}

static enum suite_result memory(const struct suite_args *args)
{
    struct platform_dma a, b;
    size_t bytes = (size_t)args->value[0];
    enum suite_result result = SUITE_OK;

    if (!platform_dma_alloc(bytes, 64, "a", &a))
        return SUITE_NO_MEMORY;
    if (!platform_dma_alloc(bytes, 4096, "b", &b))
        return SUITE_NO_MEMORY;
    if (a.size_bytes != bytes || (uint64_t)(uintptr_t)a.cpu != a.addr || b.addr % 4096 != 0 ||
        platform_virt_to_phys(b.cpu) != b.addr)
        result = SUITE_BAD_DEVICE;
    memset(a.cpu, 0x5a, bytes);
    memcpy(b.cpu, a.cpu, bytes);
    if (memcmp(a.cpu, b.cpu, bytes) != 0 || ((unsigned char *)b.cpu)[bytes - 1] != 0x5a)
        result = SUITE_BAD_COMPLETION;
    ((unsigned char *)b.cpu)[0] = 0;
    if (memcmp(a.cpu, b.cpu, bytes) <= 0)
        result = SUITE_BAD_COMPLETION;
    platform_cache_clean(a.cpu, bytes);
    platform_cache_invalidate(b.cpu, bytes);
    platform_dma_free(&a);
    platform_dma_free(&b);
    platform_dma_free(&b);
    if (a.addr != 0 || a.cpu != NULL)
        result = SUITE_NOT_READY;
    return !platform_dma_alloc((size_t)-1, 4096, "all", &a) && a.cpu == NULL ? result
                                                                             : SUITE_QUEUE_FULL;
}

static enum suite_result tree(const struct suite_args *args)
{
    const unsigned char *blob = platform_device_tree();

    (void)args;
    return blob != NULL && blob[0] == 0xd0 && blob[3] == 0xed ? SUITE_OK : SUITE_NO_DEVICE;
}

static enum suite_result windows(const struct suite_args *args)
{
    volatile uint32_t *reg = platform_map_mmio(0x0a003e00, 0x200);

    (void)args;
    if (reg == NULL || reg[0] != 0x74726976 || (uintptr_t)reg != 0x0a003e00)
        return SUITE_NO_DEVICE;
    return platform_map_mmio(0x1c130000, 0x200) == NULL ? SUITE_OK : SUITE_BAD_DEVICE;
}

static enum suite_result clock(const struct suite_args *args)
{
    uint64_t now = platform_now_ns();

    (void)args;
    platform_mb();
    if (platform_wait_interrupt(now + UINT64_C(5000000000)))
        return SUITE_BAD_DEVICE;
    return platform_now_ns() >= now + UINT64_C(5000000000) ? SUITE_OK : SUITE_TIMEOUT;
}

static enum suite_result option(const struct suite_args *args)
{
    return way[0] == (char)args->value[0] ? SUITE_OK : SUITE_BAD_ARGUMENT;
}

static enum suite_result crash(const struct suite_args *args)
{
    *(volatile unsigned *)(uintptr_t)(16 * args->value[0]) = 1; /* @break */
    return SUITE_OK;
}

static bool set_option(const char *name, const char *value)
{
    if (strcmp(name, "way") != 0)
        return false;
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(value, names[i]) == 0)
            way = names[i];
    }
    return strcmp(way, value) == 0;
}

static const struct suite_op ops[] = {
    {"layout", layout},   {"tables", tables}, {"memory", memory}, {"tree", tree},
    {"windows", windows}, {"clock", clock},   {"option", option}, {"break", crash},
};

static const char *const options[] = {"way", NULL};

const struct suite_driver ringside_driver = {
    .name = "machine_ilp32",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
    .set_option = set_option,
    .option_names = options,
    .memory = "static-dma",
};
