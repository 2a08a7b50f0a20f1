/* A platform for unit tests of the driver; see the header. */
#include "driver_platform.h"

#include <check.h>
#include <stdlib.h>

struct test_platform test_platform;

static struct platform_dma blocks[TEST_BLOCKS_MAX];
static size_t block_count;
static uint64_t next_addr;

void test_platform_reset(void)
{
    test_platform = (struct test_platform){.fail_at = SIZE_MAX};
    block_count = 0;
    next_addr = TEST_PHYS_FIRST;
}

void *test_cpu(uint64_t addr)
{
    for (size_t i = 0; i < block_count; i++) {
        if (blocks[i].cpu != NULL && addr - blocks[i].addr < blocks[i].size_bytes)
            return (uint8_t *)blocks[i].cpu + (addr - blocks[i].addr);
    }
    ck_abort_msg("no memory at %#llx", (unsigned long long)addr);
    return NULL;
}

bool platform_dma_alloc(size_t size_bytes, size_t align_bytes, const char *what,
                        struct platform_dma *out)
{
    (void)what;
    *out = (struct platform_dma){0};
    if (test_platform.allocations++ == test_platform.fail_at)
        return false;
    ck_assert_uint_lt(block_count, TEST_BLOCKS_MAX);
    next_addr = (next_addr + align_bytes - 1) & ~(uint64_t)(align_bytes - 1);
    out->cpu = calloc(1, size_bytes); /* a sanitizer sees what lies outside */
    ck_assert_ptr_nonnull(out->cpu);
    out->addr = next_addr;
    out->size_bytes = size_bytes;
    next_addr += size_bytes;
    blocks[block_count++] = *out;
    test_platform.blocks_out++;
    return true;
}

void platform_dma_free(struct platform_dma *dma)
{
    for (size_t i = 0; dma->cpu != NULL && i < block_count; i++) {
        if (blocks[i].cpu != dma->cpu)
            continue;
        blocks[i].cpu = NULL;
        test_platform.blocks_out--;
        break;
    }
    free(dma->cpu);
    *dma = (struct platform_dma){0};
}

void platform_cache_clean(const void *cpu, size_t size_bytes)
{
    (void)cpu;
    (void)size_bytes;
}

void platform_cache_invalidate(const void *cpu, size_t size_bytes)
{
    (void)cpu;
    (void)size_bytes;
}

void platform_wmb(void)
{
}

void platform_rmb(void)
{
}

void platform_mb(void)
{
}

uint64_t platform_now_ns(void)
{
    return test_platform.now_ns += TEST_TICK_NS;
}

void platform_relax(void)
{
    if (test_platform.on_wait != NULL)
        test_platform.on_wait();
}

bool platform_wait_interrupt(uint64_t deadline_ns)
{
    platform_relax();
    if (test_platform.handler != NULL) {
        test_platform.handler(test_platform.context);
        return true;
    }
    test_platform.now_ns = deadline_ns;
    return false;
}

void platform_set_interrupt_handler(uint32_t interrupt, void (*handler)(void *context),
                                    void *context)
{
    test_platform.interrupt = interrupt;
    test_platform.handler = handler;
    test_platform.context = context;
}

volatile void *platform_map_mmio(uint64_t addr, size_t size_bytes)
{
    test_platform.mapped_addr = addr;
    test_platform.mapped_bytes = size_bytes;
    return test_platform.registers;
}

const void *platform_device_tree(void)
{
    return test_platform.tree;
}

uint64_t platform_virt_to_phys(const void *cpu)
{
    (void)cpu;
    return 0;
}

void platform_log(const char *text)
{
    test_platform.last_log = text;
}
