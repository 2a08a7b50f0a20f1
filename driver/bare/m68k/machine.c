/*
 * QEMU's `virt` machine with a 68040: Goldfish console, clock and interrupt controllers.
 *
 * All that differs between machines of this kind comes as boot information, records of the form
 * that Linux/m68k defines: tag, size, data. Interrupts are numbered as there: 1 to 7 are the
 * processor's levels, from 8 on 32 for each of six controllers, one controller a level.
 */
#include <string.h>

#include "bare.h"
#include "devices.h"
#include "platform.h"
#include "tree.h"

/* X(name, tag): the records that are looked at. */
#define BOOT_RECORDS(X)                                                                            \
    X(LAST, 0x0000)                                                                                \
    X(MEMORY, 0x0005)                                                                              \
    X(COMMAND_LINE, 0x0007)                                                                        \
    X(PIC, 0x8001)                                                                                 \
    X(RTC, 0x8002)                                                                                 \
    X(TTY, 0x8003)                                                                                 \
    X(VIRTIO, 0x8004)

enum boot_tag {
#define X(name, tag) BOOT_##name = (tag),
    BOOT_RECORDS(X)
#undef X
};

#define BOOT_RECORDS_MAX 64u

/* Goldfish interrupt controller */
#define PIC_BYTES       0x1000u
#define PIC_PENDING     0x04u
#define PIC_DISABLE_ALL 0x08u
#define PIC_DISABLE     0x0cu
#define PIC_ENABLE      0x10u
#define PICS            6u
#define PIC_LINES       32u
#define PIC_FIRST       8u /* number of the first line of the first controller */

/* Goldfish clock: nanoseconds; reading the low word fixes the high one */
#define RTC_TIME_LOW    0x00u
#define RTC_TIME_HIGH   0x04u
#define RTC_ALARM_LOW   0x08u
#define RTC_ALARM_HIGH  0x0cu
#define RTC_IRQ_ENABLED 0x10u
#define RTC_CLEAR_ALARM 0x14u
#define RTC_CLEAR_IRQ   0x1cu

#define VECTOR_LEVEL_0 24u

#define SLOT_BYTES 0x200u
#define SLOTS      128u

static uintptr_t pic_addr = 0xff000000;
static uintptr_t rtc_addr = 0xff006000;
static uintptr_t tty_addr = 0xff008000;
static uint32_t rtc_interrupt;

void machine_put(char letter)
{
    *reg32(tty_addr) = (uint8_t)letter;
}

_Noreturn void machine_stop(void)
{
    for (;;)
        __asm__ volatile("stop #0x2700" ::: "memory");
}

void machine_fault(uint32_t vector, uint32_t pc, uint32_t addr);
void machine_fault(uint32_t vector, uint32_t pc, uint32_t addr)
{
    bare_fault("exception", pc, addr, vector);
}

/* ---- boot information --------------------------------------------------------------------------
 */

struct boot_record {
    uint16_t tag;
    uint16_t size_bytes; /* with this header */
    uint32_t data[];
};

/* The record of a tag, or NULL. */
static const struct boot_record *boot_find(uintptr_t at, enum boot_tag tag)
{
    for (uint32_t i = 0; i < BOOT_RECORDS_MAX; i++) {
        const struct boot_record *record = (const struct boot_record *)at;
        if (record->tag == tag)
            return record;
        if (record->tag == BOOT_LAST || record->size_bytes < sizeof(*record))
            return NULL;
        at += record->size_bytes;
    }
    return NULL;
}

static void find_device(uintptr_t said, enum boot_tag tag, uintptr_t *addr, uint32_t *interrupt)
{
    const struct boot_record *record = boot_find(said, tag);

    if (record == NULL)
        return;
    *addr = record->data[0];
    *interrupt = record->data[1];
}

const void *machine_device_tree(uintptr_t said)
{
    const struct boot_record *memory = boot_find(said, BOOT_MEMORY);
    const struct boot_record *line = boot_find(said, BOOT_COMMAND_LINE);
    const char *text = line != NULL ? (const char *)line->data : "";
    uintptr_t slots_addr = 0;
    uint32_t interrupt = 0;

    find_device(said, BOOT_TTY, &tty_addr, &interrupt);
    find_device(said, BOOT_PIC, &pic_addr, &interrupt);
    find_device(said, BOOT_RTC, &rtc_addr, &rtc_interrupt);
    find_device(said, BOOT_VIRTIO, &slots_addr, &interrupt);
    if (memory == NULL)
        return NULL;
    tree_begin(memory->data[0], memory->data[1], text, strlen(text));
    for (uint32_t i = 0; i < SLOTS && slots_addr != 0; i++)
        tree_slot(slots_addr + i * SLOT_BYTES, SLOT_BYTES, interrupt + i);
    return tree_end();
}

/* ---- time, order; the caches are coherent ------------------------------------------------------
 */

uint64_t platform_now_ns(void)
{
    uint32_t low = *reg32(rtc_addr + RTC_TIME_LOW);

    return (uint64_t)*reg32(rtc_addr + RTC_TIME_HIGH) << 32 | low;
}

void platform_relax(void)
{
    __asm__ volatile("nop" ::: "memory");
}

/* `nop` waits until all that was stored has left the processor. */
void platform_wmb(void)
{
    __asm__ volatile("nop" ::: "memory");
}

void platform_rmb(void)
{
    __asm__ volatile("nop" ::: "memory");
}

void platform_mb(void)
{
    __asm__ volatile("nop" ::: "memory");
}

/* ---- interrupts --------------------------------------------------------------------------------
 */

void machine_interrupts_begin(const void *tree)
{
    (void)tree;
    for (uint32_t i = 0; i < PICS; i++)
        *reg32(pic_addr + i * PIC_BYTES + PIC_DISABLE_ALL) = 1;
    *reg32(rtc_addr + RTC_IRQ_ENABLED) = 1;
    machine_interrupt_line(rtc_interrupt, true);
}

void machine_interrupt_line(uint32_t interrupt, bool on)
{
    uint32_t line = interrupt - PIC_FIRST;

    if (interrupt < PIC_FIRST || line >= PICS * PIC_LINES)
        return;
    *reg32(pic_addr + line / PIC_LINES * PIC_BYTES + (on ? PIC_ENABLE : PIC_DISABLE)) =
        1u << line % PIC_LINES;
}

void machine_interrupts_take(bool on)
{
    if (on)
        __asm__ volatile("move.w #0x2000, %%sr" ::: "memory", "cc");
    else
        __asm__ volatile("move.w #0x2700, %%sr" ::: "memory", "cc");
}

/* `stop` opens the mask and sleeps in one step: what is pending cannot be lost. */
void machine_sleep(uint64_t deadline_ns)
{
    *reg32(rtc_addr + RTC_ALARM_HIGH) = (uint32_t)(deadline_ns >> 32);
    *reg32(rtc_addr + RTC_ALARM_LOW) = (uint32_t)deadline_ns;
    __asm__ volatile("stop #0x2000\n\tmove.w #0x2700, %%sr" ::: "memory", "cc");
}

void machine_interrupt(uint32_t vector);
void machine_interrupt(uint32_t vector)
{
    uint32_t pic = vector - VECTOR_LEVEL_0 - 1;
    uint32_t pending;

    if (pic >= PICS)
        return;
    pending = *reg32(pic_addr + pic * PIC_BYTES + PIC_PENDING);
    for (uint32_t i = 0; i < PIC_LINES; i++) {
        uint32_t interrupt = PIC_FIRST + pic * PIC_LINES + i;
        if ((pending >> i & 1) == 0)
            continue;
        if (interrupt == rtc_interrupt)
            *reg32(rtc_addr + RTC_CLEAR_IRQ) = 1;
        else
            bare_interrupt(interrupt);
    }
}
