/*
 * QEMU's `virt` machine with RISC-V processors, 32 or 64 bits, in machine mode: 16550 console,
 * the timer of the core-local interruptor, PLIC (RISC-V Platform-Level Interrupt Controller 1.0).
 *
 * The device tree, whose address comes in a1, tells of slots, memory, clock and scenario.
 */
#include <libfdt.h>

#include "bare.h"
#include "devices.h"
#include "platform.h"

#define UART_ADDR 0x10000000u

/* Core-local interruptor: the first processor's */
#define CLINT_ADDR     0x02000000u
#define CLINT_MTIMECMP 0x4000u
#define CLINT_MTIME    0xbff8u

/* PLIC: priorities, then a bit a line for context 0, which is machine mode of the first processor
 */
#define PLIC_ADDR      0x0c000000u
#define PLIC_PRIORITY  0x0u
#define PLIC_ENABLE    0x2000u
#define PLIC_THRESHOLD 0x200000u
#define PLIC_CLAIM     0x200004u
#define PLIC_LINES     96u

#define CAUSE_TIMER      7u
#define CAUSE_EXTERNAL   11u
#define MSTATUS_MIE      8u
#define TIMEBASE_DEFAULT 10000000u
#define NS_PER_S         UINT64_C(1000000000)

static uint64_t timebase_hz = TIMEBASE_DEFAULT;

void machine_put(char letter)
{
    ns16550_put(UART_ADDR, letter);
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
    int node;
    int bytes = 0;
    const fdt32_t *hz;

    if (said == 0 || fdt_magic(tree) != FDT_MAGIC)
        return NULL;
    node = fdt_path_offset(tree, "/cpus");
    hz = node < 0 ? NULL : fdt_getprop(tree, node, "timebase-frequency", &bytes);
    if (hz != NULL && bytes == (int)sizeof(*hz) && fdt32_ld(hz) != 0)
        timebase_hz = fdt32_ld(hz);
    return tree;
}

void machine_fault(uintptr_t cause, uintptr_t pc, uintptr_t addr);
void machine_fault(uintptr_t cause, uintptr_t pc, uintptr_t addr)
{
    bare_fault("exception", pc, addr, cause);
}

/* ---- time: two words, of which the lower one may have wrapped between two reads ----------------
 */

static uint64_t timer_ticks(void)
{
    for (;;) {
        uint32_t high = *reg32(CLINT_ADDR + CLINT_MTIME + 4);
        uint32_t low = *reg32(CLINT_ADDR + CLINT_MTIME);
        if (*reg32(CLINT_ADDR + CLINT_MTIME + 4) == high)
            return (uint64_t)high << 32 | low;
    }
}

/* Never an earlier time than either of old and new in between. */
static void timer_set(uint64_t ticks)
{
    *reg32(CLINT_ADDR + CLINT_MTIMECMP) = UINT32_MAX;
    *reg32(CLINT_ADDR + CLINT_MTIMECMP + 4) = (uint32_t)(ticks >> 32);
    *reg32(CLINT_ADDR + CLINT_MTIMECMP) = (uint32_t)ticks;
}

uint64_t platform_now_ns(void)
{
    uint64_t ticks = timer_ticks();

    return ticks / timebase_hz * NS_PER_S + ticks % timebase_hz * NS_PER_S / timebase_hz;
}

void platform_relax(void)
{
    __asm__ volatile("nop" ::: "memory");
}

/* ---- order; the caches of this machine are coherent with its devices ---------------------------
 */

void platform_wmb(void)
{
    __asm__ volatile("fence w, w" ::: "memory");
}

void platform_rmb(void)
{
    __asm__ volatile("fence r, r" ::: "memory");
}

void platform_mb(void)
{
    __asm__ volatile("fence iorw, iorw" ::: "memory");
}

void platform_cache_clean(const void *cpu, size_t size_bytes)
{
    (void)cpu;
    (void)size_bytes;
    platform_mb();
}

void platform_cache_invalidate(const void *cpu, size_t size_bytes)
{
    (void)cpu;
    (void)size_bytes;
    platform_mb();
}

/* ---- interrupts --------------------------------------------------------------------------------
 */

void machine_interrupts_begin(const void *tree)
{
    (void)tree;
    timer_set(UINT64_MAX);
    *reg32(PLIC_ADDR + PLIC_THRESHOLD) = 0;
}

void machine_interrupt_line(uint32_t interrupt, bool on)
{
    uintptr_t word = PLIC_ADDR + PLIC_ENABLE + interrupt / 32 * 4;
    uint32_t bit = 1u << interrupt % 32;

    if (interrupt == 0 || interrupt >= PLIC_LINES)
        return;
    *reg32(PLIC_ADDR + PLIC_PRIORITY + 4 * interrupt) = on;
    *reg32(word) = on ? *reg32(word) | bit : *reg32(word) & ~bit;
}

void machine_interrupts_take(bool on)
{
    if (on)
        __asm__ volatile("csrs mstatus, %0" ::"r"((uintptr_t)MSTATUS_MIE) : "memory");
    else
        __asm__ volatile("csrc mstatus, %0" ::"r"((uintptr_t)MSTATUS_MIE) : "memory");
}

void machine_sleep(uint64_t deadline_ns)
{
    timer_set(deadline_ns / NS_PER_S * timebase_hz +
              deadline_ns % NS_PER_S * timebase_hz / NS_PER_S + 1);
    __asm__ volatile("wfi" ::: "memory");
}

void machine_interrupt(uintptr_t cause);
void machine_interrupt(uintptr_t cause)
{
    uint32_t interrupt;

    cause = cause << 1 >> 1; /* without the bit that says "interrupt" */
    if (cause == CAUSE_TIMER) {
        timer_set(UINT64_MAX);
    } else if (cause == CAUSE_EXTERNAL) {
        interrupt = *reg32(PLIC_ADDR + PLIC_CLAIM);
        if (interrupt == 0)
            return;
        bare_interrupt(interrupt);
        platform_mb();
        *reg32(PLIC_ADDR + PLIC_CLAIM) = interrupt;
    }
}
