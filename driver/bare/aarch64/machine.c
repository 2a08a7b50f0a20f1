/*
 * QEMU's `virt` machine with AArch64 processors: PL011 console, generic timer, GICv2, barriers and
 * cache maintenance. Devices and the scenario come from the device tree, through Debian's libfdt.
 */
#include <libfdt.h>

#include "bare.h"
#include "devices.h"
#include "platform.h"

#define RAM_ADDR 0x40000000u /* QEMU leaves the device tree there for an image that is no Linux */

#define UART_ADDR 0x09000000u

#define TIMER_ENABLE 1u
#define TIMER_MASK   2u

#define NS_PER_S UINT64_C(1000000000)

/* ---- console and end ---------------------------------------------------------------------------
 */

void machine_put(char letter)
{
    pl011_put(UART_ADDR, letter);
}

_Noreturn void machine_stop(void)
{
    machine_interrupts_take(false);
    for (;;)
        __asm__ volatile("wfi" ::: "memory");
}

const void *machine_device_tree(uintptr_t said)
{
    const void *tree = (const void *)said;

    if (said != 0 && fdt_magic(tree) == FDT_MAGIC)
        return tree;
    tree = (const void *)(uintptr_t)RAM_ADDR;
    return fdt_magic(tree) == FDT_MAGIC ? tree : NULL;
}

void machine_fault(uint64_t vector, uint64_t pc, uint64_t addr, uint64_t syndrome);
void machine_fault(uint64_t vector, uint64_t pc, uint64_t addr, uint64_t syndrome)
{
    static const char *const kinds[] = {"exception", "interrupt", "fast interrupt", "system error"};

    bare_fault(kinds[vector & 3], pc, addr, syndrome);
}

/* ---- time --------------------------------------------------------------------------------------
 */

static uint64_t timer_hz(void)
{
    uint64_t hz;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    return hz;
}

static uint64_t timer_ticks(void)
{
    uint64_t ticks;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
    return ticks;
}

uint64_t platform_now_ns(void)
{
    uint64_t hz = timer_hz();
    uint64_t ticks = timer_ticks();

    return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

void platform_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}

/* ---- order and caches --------------------------------------------------------------------------
 */

void platform_wmb(void)
{
    __asm__ volatile("dmb oshst" ::: "memory");
}

void platform_rmb(void)
{
    __asm__ volatile("dmb oshld" ::: "memory");
}

void platform_mb(void)
{
    __asm__ volatile("dsb sy" ::: "memory");
}

static uintptr_t cache_line_bytes(void)
{
    uint64_t ctr;

    __asm__ volatile("mrs %0, ctr_el0" : "=r"(ctr));
    return (uintptr_t)4 << (ctr >> 16 & 15);
}

void platform_cache_clean(const void *cpu, size_t size_bytes)
{
    uintptr_t line = cache_line_bytes();
    uintptr_t end = (uintptr_t)cpu + size_bytes;

    for (uintptr_t at = (uintptr_t)cpu & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvac, %0" ::"r"(at) : "memory");
    platform_mb();
}

/* Cleans as well: a line at the edge may hold somebody's data that was not written back. */
void platform_cache_invalidate(const void *cpu, size_t size_bytes)
{
    uintptr_t line = cache_line_bytes();
    uintptr_t end = (uintptr_t)cpu + size_bytes;

    for (uintptr_t at = (uintptr_t)cpu & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
    platform_mb();
}

/* ---- interrupts --------------------------------------------------------------------------------
 */

void machine_interrupts_begin(const void *tree)
{
    gic_begin(tree);
    gic_line(GIC_VIRTUAL_TIMER, true);
}

void machine_interrupt_line(uint32_t interrupt, bool on)
{
    gic_line(interrupt, on);
}

void machine_interrupts_take(bool on)
{
    if (on)
        __asm__ volatile("msr daifclr, #2\n\tisb" ::: "memory");
    else
        __asm__ volatile("msr daifset, #2\n\tisb" ::: "memory");
}

void machine_sleep(uint64_t deadline_ns)
{
    uint64_t hz = timer_hz();
    uint64_t ticks = deadline_ns / NS_PER_S * hz + deadline_ns % NS_PER_S * hz / NS_PER_S + 1;

    __asm__ volatile("msr cntv_cval_el0, %0" ::"r"(ticks));
    __asm__ volatile("msr cntv_ctl_el0, %0\n\tisb" ::"r"((uint64_t)TIMER_ENABLE));
    platform_mb();
    __asm__ volatile("wfi" ::: "memory");
}

void machine_interrupt(void);
void machine_interrupt(void)
{
    uint32_t interrupt;
    uint32_t token;

    if (!gic_acknowledge(&interrupt, &token))
        return;
    if (interrupt == GIC_VIRTUAL_TIMER)
        __asm__ volatile("msr cntv_ctl_el0, %0\n\tisb" ::"r"((uint64_t)TIMER_MASK));
    else
        bare_interrupt(interrupt);
    gic_end(token);
}
