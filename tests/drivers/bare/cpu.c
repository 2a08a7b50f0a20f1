/*
 * What the driver needs of an AArch64 processor: caches line by line, and the generic timer.
 */
#include "virtio.h"

static uint64_t line_bytes(void)
{
    uint64_t ctr;

    asm volatile("mrs %0, ctr_el0" : "=r"(ctr));
    return 4ull << ((ctr >> 16) & 15);
}

void dcache_clean(const volatile void *start, uint64_t bytes)
{
    uint64_t line = line_bytes();
    uint64_t end = (uint64_t)start + bytes;

    for (uint64_t at = (uint64_t)start & ~(line - 1); at < end; at += line)
        asm volatile("dc cvac, %0" : : "r"(at) : "memory");
    asm volatile("dsb sy" : : : "memory");
}

void dcache_invalidate(const volatile void *start, uint64_t bytes)
{
    uint64_t line = line_bytes();
    uint64_t end = (uint64_t)start + bytes;

    for (uint64_t at = (uint64_t)start & ~(line - 1); at < end; at += line)
        asm volatile("dc civac, %0" : : "r"(at) : "memory");
    asm volatile("dsb sy\n\tisb" : : : "memory");
}

uint64_t timer_us(void)
{
    uint64_t count, frequency;

    asm volatile("isb; mrs %0, cntpct_el0" : "=r"(count) : : "memory");
    asm volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    return count * 1000 / (frequency / 1000);
}

void delay_us(uint64_t us)
{
    uint64_t end = timer_us() + us;

    while (timer_us() < end)
        asm volatile("yield");
}
