/*
 * The platform's functions for a driver with 32-bit pointers, compiled as the driver is.
 *
 * A size_t of the driver has 32 bits, and what is above them in its register is anything; the
 * platform takes 64. struct platform_dma has the same offsets in both layouts, with padding where
 * the other has the upper half of pointer and size.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __ILP32__
#error "this file is for drivers with 32-bit pointers"
#endif

struct platform_dma {
    uint32_t cpu, cpu_high;
    uint64_t addr;
    uint32_t size_bytes, size_high;
};

bool platform_dma_alloc(uint64_t size_bytes, uint64_t align_bytes, const char *what,
                        struct platform_dma *out);
void platform_dma_free(struct platform_dma *dma);
void platform_cache_clean(const void *cpu, uint64_t size_bytes);
void platform_cache_invalidate(const void *cpu, uint64_t size_bytes);
volatile void *platform_map_mmio(uint64_t addr, uint64_t size_bytes);
uint64_t ringside_low_device_tree(void);

bool ringside_ilp32_dma_alloc(size_t size_bytes, size_t align_bytes, const char *what,
                              struct platform_dma *out);
void ringside_ilp32_dma_free(struct platform_dma *dma);
void ringside_ilp32_cache_clean(const void *cpu, size_t size_bytes);
void ringside_ilp32_cache_invalidate(const void *cpu, size_t size_bytes);
volatile void *ringside_ilp32_map_mmio(uint64_t addr, size_t size_bytes);
const void *ringside_ilp32_device_tree(void);

const char ringside_driver_ilp32 = 1;

bool ringside_ilp32_dma_alloc(size_t size_bytes, size_t align_bytes, const char *what,
                              struct platform_dma *out)
{
    return platform_dma_alloc(size_bytes, align_bytes, what, out);
}

void ringside_ilp32_dma_free(struct platform_dma *dma)
{
    dma->cpu_high = 0;
    dma->size_high = 0;
    platform_dma_free(dma);
}

void ringside_ilp32_cache_clean(const void *cpu, size_t size_bytes)
{
    platform_cache_clean(cpu, size_bytes);
}

void ringside_ilp32_cache_invalidate(const void *cpu, size_t size_bytes)
{
    platform_cache_invalidate(cpu, size_bytes);
}

volatile void *ringside_ilp32_map_mmio(uint64_t addr, size_t size_bytes)
{
    return platform_map_mmio(addr, size_bytes);
}

const void *ringside_ilp32_device_tree(void)
{
    return (const void *)(uintptr_t)ringside_low_device_tree();
}
