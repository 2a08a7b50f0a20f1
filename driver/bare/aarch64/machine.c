/*
 * QEMU's `virt` machine with AArch64 processors: PL011 console, generic timer, GICv2 (Arm IHI
 * 0048B), barriers and cache maintenance.
 */
#include <libfdt.h>

#include "bare.h"
#include "platform.h"

#define RAM_ADDR 0x40000000u /* QEMU leaves the device tree there for an image that is no Linux */

/* PL011 */
#define UART_ADDR    0x09000000u
#define UART_DR      0x00u
#define UART_FR      0x18u
#define UART_FR_TXFF (1u << 5)
#define UART_TRIES   1000000u

/* GIC distributor and processor interface */
#define GICD_CTLR      0x000u
#define GICD_ISENABLER 0x100u
#define GICD_ICENABLER 0x180u
#define GICD_ITARGETSR 0x800u
#define GICC_CTLR      0x000u
#define GICC_PMR       0x004u
#define GICC_IAR       0x00cu
#define GICC_EOIR      0x010u
#define GIC_LINES      1020u /* numbers from here on are not lines */
#define GIC_SPI_FIRST  32u

#define TIMER_INTERRUPT 27u /* the virtual timer's own line on every AArch64 machine */
#define TIMER_ENABLE    1u
#define TIMER_MASK      2u

#define NS_PER_S UINT64_C(1000000000)

static uint64_t gic_distributor = 0x08000000;
static uint64_t gic_interface = 0x08010000;

static volatile uint32_t *reg32(uint64_t base, uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(base + offset);
}

/* ---- console and end ---------------------------------------------------------------------------
 */

void machine_put(char letter)
{
    for (uint32_t i = 0; i < UART_TRIES && (*reg32(UART_ADDR, UART_FR) & UART_FR_TXFF) != 0; i++)
        ;
    *reg32(UART_ADDR, UART_DR) = (uint8_t)letter;
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
    int node = fdt_node_offset_by_compatible(tree, -1, "arm,cortex-a15-gic");
    int bytes = 0;
    const fdt64_t *reg = node < 0 ? NULL : fdt_getprop(tree, node, "reg", &bytes);

    if (reg != NULL && bytes >= 4 * (int)sizeof(*reg)) {
        gic_distributor = fdt64_to_cpu(reg[0]);
        gic_interface = fdt64_to_cpu(reg[2]);
    }
    *reg32(gic_distributor, GICD_CTLR) = 1;
    *reg32(gic_interface, GICC_PMR) = 0xff;
    *reg32(gic_interface, GICC_CTLR) = 1;
    machine_interrupt_line(TIMER_INTERRUPT, true);
}

void machine_interrupt_line(uint32_t interrupt, bool on)
{
    uint32_t word = interrupt / 32 * 4;

    if (interrupt >= GIC_LINES)
        return;
    if (on && interrupt >= GIC_SPI_FIRST) /* one byte a line: to the first processor */
        *(volatile uint8_t *)(uintptr_t)(gic_distributor + GICD_ITARGETSR + interrupt) = 1;
    *reg32(gic_distributor, (on ? GICD_ISENABLER : GICD_ICENABLER) + word) = 1u << interrupt % 32;
    platform_mb();
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
    uint32_t acknowledged = *reg32(gic_interface, GICC_IAR);
    uint32_t interrupt = acknowledged & 0x3ff;

    if (interrupt >= GIC_LINES)
        return;
    if (interrupt == TIMER_INTERRUPT)
        __asm__ volatile("msr cntv_ctl_el0, %0\n\tisb" ::"r"((uint64_t)TIMER_MASK));
    else
        bare_interrupt(interrupt);
    platform_mb();
    *reg32(gic_interface, GICC_EOIR) = acknowledged;
}
