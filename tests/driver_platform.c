/* A platform for unit tests of the driver; see the header. */
#include "driver_platform.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct test_platform test_platform;

void test_platform_reset(void)
{
    test_platform = (struct test_platform){.fail_at = SIZE_MAX};
}

void *test_cpu(uint64_t addr)
{
    return (void *)(uintptr_t)(addr - TEST_PHYS_OFFSET);
}

bool platform_dma_alloc(size_t size_bytes, size_t align_bytes, const char *what,
                        struct platform_dma *out)
{
    size_t rounded = (size_bytes + align_bytes - 1) / align_bytes * align_bytes;

    (void)what;
    *out = (struct platform_dma){0};
    if (test_platform.allocations++ == test_platform.fail_at)
        return false;
    out->cpu = aligned_alloc(align_bytes, rounded);
    ck_assert_ptr_nonnull(out->cpu);
    memset(out->cpu, 0, rounded);
    out->addr = (uintptr_t)out->cpu + TEST_PHYS_OFFSET;
    out->size_bytes = size_bytes;
    test_platform.blocks_out++;
    return true;
}

void platform_dma_free(struct platform_dma *dma)
{
    if (dma->cpu != NULL)
        test_platform.blocks_out--;
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
    (void)addr;
    (void)size_bytes;
    return test_platform.registers;
}

const void *platform_device_tree(void)
{
    return NULL;
}

uint64_t platform_virt_to_phys(const void *cpu)
{
    return (uintptr_t)cpu + TEST_PHYS_OFFSET;
}

void platform_log(const char *text)
{
    test_platform.last_log = text;
}
