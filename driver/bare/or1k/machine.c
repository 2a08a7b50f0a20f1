/*
 * QEMU's `virt` machine with an OpenRISC 1000 processor: 16550 console, and the processor's own
 * tick timer and interrupt controller (OpenRISC 1000 Architecture Manual 1.4, 14 and 15).
 *
 * The device tree, whose address comes in r3, tells of slots, memory and scenario.
 */
#include <libfdt.h>

#include "bare.h"
#include "devices.h"
#include "platform.h"

#define UART_ADDR 0x90000000u

/* Special-purpose registers */
#define SPR_SR    0x0011u
#define SPR_PMR   0x4000u
#define SPR_PICMR 0x4800u
#define SPR_PICSR 0x4802u
#define SPR_TTMR  0x5000u
#define SPR_TTCR  0x5001u

#define SR_TEE          2u
#define SR_IEE          4u
#define PMR_DOZE        0x10u
#define TTMR_CONTINUOUS 0xc0000000u
#define TTMR_INTERRUPT  0x20000000u
#define TTMR_PERIOD     0x0fffffffu /* compared with as many bits of the counter */
#define VECTOR_TICK     0x500u
#define INTERRUPTS      32u

#define TICK_NS         50u
#define SLEEP_TICKS_MAX 0x08000000u

#define read_spr(spr)                                                                              \
    __extension__({                                                                                \
        uint32_t value_;                                                                           \
        __asm__ volatile("l.mfspr %0, r0, %1" : "=r"(value_) : "K"(spr) : "memory");               \
        value_;                                                                                    \
    })
#define write_spr(spr, value)                                                                      \
    __asm__ volatile("l.mtspr r0, %0, %1" ::"r"((uint32_t)(value)), "K"(spr) : "memory")

void machine_put(char letter)
{
    ns16550_put(UART_ADDR, letter);
}

_Noreturn void machine_stop(void)
{
    machine_interrupts_take(false);
    for (;;)
        write_spr(SPR_PMR, PMR_DOZE);
}

const void *machine_device_tree(uintptr_t said)
{
    const void *tree = (const void *)said;

    return said != 0 && fdt_magic(tree) == FDT_MAGIC ? tree : NULL;
}

void machine_fault(uint32_t vector, uint32_t pc, uint32_t addr);
void machine_fault(uint32_t vector, uint32_t pc, uint32_t addr)
{
    bare_fault("exception", pc, addr, vector);
}

/* ---- time: the counter has 32 bits, which last for 214 s; somebody looks more often ------------
 */

uint64_t platform_now_ns(void)
{
    static uint64_t high;
    static uint32_t last;
    uint32_t now = read_spr(SPR_TTCR);

    if (now < last)
        high += UINT64_C(1) << 32;
    last = now;
    return (high + now) * TICK_NS;
}

void platform_relax(void)
{
    __asm__ volatile("l.nop" ::: "memory");
}

/* ---- order; the caches are coherent ------------------------------------------------------------
 */

void platform_wmb(void)
{
    __asm__ volatile("l.msync" ::: "memory");
}

void platform_rmb(void)
{
    __asm__ volatile("l.msync" ::: "memory");
}

void platform_mb(void)
{
    __asm__ volatile("l.msync" ::: "memory");
}

/* ---- interrupts --------------------------------------------------------------------------------
 */

void machine_interrupts_begin(const void *tree)
{
    (void)tree;
    write_spr(SPR_PICMR, 0);
    write_spr(SPR_TTMR, TTMR_CONTINUOUS);
}

void machine_interrupt_line(uint32_t interrupt, bool on)
{
    uint32_t bit = 1u << interrupt % INTERRUPTS;
    uint32_t mask = read_spr(SPR_PICMR);

    if (interrupt < INTERRUPTS)
        write_spr(SPR_PICMR, on ? mask | bit : mask & ~bit);
}

void machine_interrupts_take(bool on)
{
    uint32_t status = read_spr(SPR_SR);

    write_spr(SPR_SR, on ? status | SR_TEE | SR_IEE : status & ~(SR_TEE | SR_IEE));
}

void machine_sleep(uint64_t deadline_ns)
{
    uint64_t now_ns = platform_now_ns();
    uint64_t ticks = deadline_ns > now_ns ? (deadline_ns - now_ns) / TICK_NS + 1 : 1;
    uint32_t until =
        read_spr(SPR_TTCR) + (uint32_t)(ticks < SLEEP_TICKS_MAX ? ticks : SLEEP_TICKS_MAX);

    write_spr(SPR_TTMR, TTMR_CONTINUOUS | TTMR_INTERRUPT | (until & TTMR_PERIOD));
    write_spr(SPR_PMR, PMR_DOZE);
}

void machine_interrupt(uint32_t vector);
void machine_interrupt(uint32_t vector)
{
    uint32_t pending;

    if (vector == VECTOR_TICK) {
        write_spr(SPR_TTMR, TTMR_CONTINUOUS);
        return;
    }
    pending = read_spr(SPR_PICSR) & read_spr(SPR_PICMR);
    for (uint32_t i = 0; i < INTERRUPTS; i++) {
        if ((pending >> i & 1) != 0)
            bare_interrupt(i);
    }
}
