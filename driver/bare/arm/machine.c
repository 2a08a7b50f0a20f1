/*
 * QEMU's `virt` machine with 32-bit Arm processors: PL011 console, generic timer, GICv2, barriers
 * and cache maintenance. Devices and the scenario come from the device tree, through Debian's
 * libfdt.
 */
#include <libfdt.h>

#include "bare.h"
#include "devices.h"
#include "platform.h"

/* QEMU leaves the device tree there for an image that is no Linux. */
#define RAM_ADDR     0x40000000u
#define UART_ADDR    0x09000000u
#define TIMER_ENABLE 1u
#define TIMER_MASK   2u
#define NS_PER_S     UINT64_C(1000000000)

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
    const void *tree = (const void *)(uintptr_t)RAM_ADDR;

    (void)said;
    return fdt_magic(tree) == FDT_MAGIC ? tree : NULL;
}

void machine_fault(uint32_t kind, uint32_t pc, uint32_t addr, uint32_t syndrome);
void machine_fault(uint32_t kind, uint32_t pc, uint32_t addr, uint32_t syndrome)
{
    static const char *const kinds[] = {"undefined instruction", "prefetch abort", "data abort"};

    bare_fault(kinds[kind], pc, addr, syndrome);
}

/* libgcc calls this for a division by zero. */
int raise(int signal);
int raise(int signal)
{
    bare_fault("division by zero", (uintptr_t)__builtin_return_address(0), 0, (uint32_t)signal);
}

/* ---- time --------------------------------------------------------------------------------------
 */

static uint32_t timer_hz(void)
{
    uint32_t hz;

    __asm__ volatile("mrc p15, 0, %0, c14, c0, 0" : "=r"(hz));
    return hz;
}

uint64_t platform_now_ns(void)
{
    uint32_t hz = timer_hz();
    uint64_t ticks;

    __asm__ volatile("isb\n\tmrrc p15, 1, %Q0, %R0, c14" : "=r"(ticks)::"memory");
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

/* ARMv7 has no barrier for loads alone. */
void platform_rmb(void)
{
    __asm__ volatile("dmb osh" ::: "memory");
}

void platform_mb(void)
{
    __asm__ volatile("dsb sy" ::: "memory");
}

static uintptr_t cache_line_bytes(void)
{
    uint32_t ctr;

    __asm__ volatile("mrc p15, 0, %0, c0, c0, 1" : "=r"(ctr));
    return (uintptr_t)4 << (ctr >> 16 & 15);
}

void platform_cache_clean(const void *cpu, size_t size_bytes)
{
    uintptr_t line = cache_line_bytes();
    uintptr_t end = (uintptr_t)cpu + size_bytes;

    for (uintptr_t at = (uintptr_t)cpu & ~(line - 1); at < end; at += line)
        __asm__ volatile("mcr p15, 0, %0, c7, c10, 1" ::"r"(at) : "memory");
    platform_mb();
}

/* Cleans as well: a line at the edge may hold somebody's data that was not written back. */
void platform_cache_invalidate(const void *cpu, size_t size_bytes)
{
    uintptr_t line = cache_line_bytes();
    uintptr_t end = (uintptr_t)cpu + size_bytes;

    for (uintptr_t at = (uintptr_t)cpu & ~(line - 1); at < end; at += line)
        __asm__ volatile("mcr p15, 0, %0, c7, c14, 1" ::"r"(at) : "memory");
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
        __asm__ volatile("cpsie i" ::: "memory");
    else
        __asm__ volatile("cpsid i" ::: "memory");
}

static void timer_control(uint32_t value)
{
    __asm__ volatile("mcr p15, 0, %0, c14, c3, 1\n\tisb" ::"r"(value));
}

void machine_sleep(uint64_t deadline_ns)
{
    uint64_t hz = timer_hz();
    uint64_t ticks = deadline_ns / NS_PER_S * hz + deadline_ns % NS_PER_S * hz / NS_PER_S + 1;

    __asm__ volatile("mcrr p15, 3, %Q0, %R0, c14" ::"r"(ticks));
    timer_control(TIMER_ENABLE);
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
        timer_control(TIMER_MASK);
    else
        bare_interrupt(interrupt);
    gic_end(token);
}
