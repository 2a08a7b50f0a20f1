/*
 * QEMU's `microvm` without ACPI: 16550 console on I/O ports, time-stamp counter, local and I/O
 * APIC.
 *
 * PVH's boot information says where memory and the command line are. QEMU appends a word for each
 * virtio-mmio device to the command line, `virtio_mmio.device=SIZE@ADDR:INTERRUPT`; what stands
 * before the first of them is the scenario.
 */
#include <string.h>

#include "bare.h"
#include "devices.h"
#include "platform.h"
#include "tree.h"

#define UART_PORT     0x3f8u
#define UART_LSR      5u
#define UART_LSR_THRE (1u << 5)
#define UART_TRIES    1000000u
#define PIC_PORTS_MASK                                                                             \
    {                                                                                              \
        0x21u, 0xa1u                                                                               \
    }

/* PVH's boot information (Xen's struct hvm_start_info, version 1) */
#define PVH_MAGIC       0x336ec578u
#define PVH_MEMORY_RAM  1u
#define PVH_ENTRIES_MAX 64u
#define MIB             0x100000u
#define SLOT_WORD       "virtio_mmio.device="

struct pvh_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules_addr, command_line_addr, acpi_addr, memory_addr;
    uint32_t memory_count, reserved;
};

struct pvh_memory {
    uint64_t addr, size_bytes;
    uint32_t type, reserved;
};

/* Local APIC */
#define APIC_ADDR          0xfee00000u
#define APIC_EOI           0x0b0u
#define APIC_SPURIOUS      0x0f0u
#define APIC_ENABLED       0x100u
#define APIC_TIMER         0x320u
#define APIC_TIMER_INITIAL 0x380u
#define APIC_TIMER_CURRENT 0x390u
#define APIC_TIMER_DIVIDE  0x3e0u
#define APIC_MASKED        0x10000u
#define DIVIDE_BY_1        0xbu
#define DIVIDE_BY_16       0x3u
#define APIC_NS            1u /* QEMU's timer counts nanoseconds before it divides */

/* I/O APIC */
#define IOAPIC_ADDR   0xfec00000u
#define IOAPIC_SELECT 0x00u
#define IOAPIC_WINDOW 0x10u
#define IOAPIC_ENTRY  0x10u
#define IOAPIC_LEVEL  0x8000u
#define INTERRUPTS    24u

#define VECTOR_TIMER    0x40u
#define VECTOR_FIRST    0x50u
#define VECTOR_SPURIOUS 0xffu

#define CALIBRATION_NS UINT64_C(2000000)
#define SLEEP_NS_MAX   UINT64_C(60000000000)
#define NS_PER_S       UINT64_C(1000000000)

struct gate {
    uint16_t low, selector, flags, middle;
    uint32_t high, reserved;
};

static struct gate gates[256];
static uint64_t tsc_hz = NS_PER_S;

static void port_write(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static uint8_t port_read(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* ---- console and end ---------------------------------------------------------------------------
 */

void machine_put(char letter)
{
    for (uint32_t i = 0; i < UART_TRIES && !(port_read(UART_PORT + UART_LSR) & UART_LSR_THRE); i++)
        ;
    port_write(UART_PORT, (uint8_t)letter);
}

_Noreturn void machine_stop(void)
{
    for (;;)
        __asm__ volatile("cli\n\thlt" ::: "memory");
}

void machine_fault(uint64_t vector, uint64_t pc, uint64_t addr, uint64_t error);
void machine_fault(uint64_t vector, uint64_t pc, uint64_t addr, uint64_t error)
{
    bare_fault("exception", pc, addr, vector << 32 | error);
}

/* ---- what the boot information and the command line tell ---------------------------------------
 */

static bool starts_with(const char *text, const char *word)
{
    return strnlen(text, strlen(word)) == strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

/* Decimal, or hexadecimal after 0x; *text moves behind it. */
static uint64_t number(const char **text)
{
    uint64_t radix = starts_with(*text, "0x") ? 16 : 10;
    uint64_t value = 0;

    if (radix == 16)
        *text += 2;
    for (;; (*text)++) {
        uint64_t digit = radix;
        if (**text >= '0' && **text <= '9')
            digit = (uint64_t)(**text - '0');
        else if (**text >= 'a' && **text <= 'f')
            digit = (uint64_t)(**text - 'a') + 10;
        if (digit >= radix)
            return value;
        value = value * radix + digit;
    }
}

static void add_slots(const char *text)
{
    for (; *text != '\0'; text++) {
        uint64_t size_bytes;
        uint64_t addr;

        if (!starts_with(text, SLOT_WORD))
            continue;
        text += strlen(SLOT_WORD);
        size_bytes = number(&text);
        text += *text == '@';
        addr = number(&text);
        text += *text == ':';
        tree_slot(addr, size_bytes, (uint32_t)number(&text));
        if (*text == '\0')
            return;
    }
}

const void *machine_device_tree(uintptr_t said)
{
    const struct pvh_info *info = (const struct pvh_info *)said;
    const struct pvh_memory *memory;
    const char *text;
    size_t bytes = 0;

    if (said == 0 || info->magic != PVH_MAGIC || info->version < 1)
        return NULL;
    memory = (const struct pvh_memory *)(uintptr_t)info->memory_addr;
    text = (const char *)(uintptr_t)info->command_line_addr;
    while (text[bytes] != '\0' && !starts_with(text + bytes, SLOT_WORD))
        bytes++;
    for (uint32_t i = 0; i < info->memory_count && i < PVH_ENTRIES_MAX; i++) {
        if (memory[i].type != PVH_MEMORY_RAM || memory[i].addr < MIB)
            continue;
        tree_begin(memory[i].addr, memory[i].size_bytes, text, bytes);
        add_slots(text + bytes);
        return tree_end();
    }
    return NULL;
}

/* ---- time --------------------------------------------------------------------------------------
 */

static uint64_t tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

uint64_t platform_now_ns(void)
{
    uint64_t ticks = tsc();

    return ticks / tsc_hz * NS_PER_S + ticks % tsc_hz * NS_PER_S / tsc_hz;
}

/* How fast the time-stamp counter is, by the APIC's timer. */
static void calibrate(void)
{
    uint64_t before = tsc();
    uint64_t passed_ns;

    *reg32(APIC_ADDR + APIC_TIMER) = APIC_MASKED | VECTOR_TIMER;
    *reg32(APIC_ADDR + APIC_TIMER_DIVIDE) = DIVIDE_BY_1;
    *reg32(APIC_ADDR + APIC_TIMER_INITIAL) = UINT32_MAX;
    do {
        passed_ns = (uint64_t)(UINT32_MAX - *reg32(APIC_ADDR + APIC_TIMER_CURRENT)) * APIC_NS;
    } while (passed_ns < CALIBRATION_NS);
    tsc_hz = (tsc() - before) * NS_PER_S / passed_ns;
    *reg32(APIC_ADDR + APIC_TIMER_INITIAL) = 0;
}

void platform_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

/* ---- order; stores are seen in their order, loads made in theirs, and caches are coherent ------
 */

void platform_wmb(void)
{
    __asm__ volatile("" ::: "memory");
}

void platform_rmb(void)
{
    __asm__ volatile("" ::: "memory");
}

void platform_mb(void)
{
    __asm__ volatile("mfence" ::: "memory");
}

/* ---- interrupts --------------------------------------------------------------------------------
 */

extern const char machine_entries[];

void machine_interrupts_begin(const void *tree)
{
    static const uint16_t masks[] = PIC_PORTS_MASK;
    const struct {
        uint16_t limit;
        uint64_t addr;
    } __attribute__((packed)) table = {sizeof(gates) - 1, (uintptr_t)gates};

    (void)tree;
    for (uint32_t i = 0; i < 256; i++) {
        uintptr_t entry = (uintptr_t)machine_entries + 16u * i;
        gates[i] = (struct gate){(uint16_t)entry, 8, 0x8e00, (uint16_t)(entry >> 16), 0, 0};
    }
    __asm__ volatile("lidt %0" ::"m"(table) : "memory");
    for (uint32_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
        port_write(masks[i], 0xff);
    *reg32(APIC_ADDR + APIC_SPURIOUS) = APIC_ENABLED | VECTOR_SPURIOUS;
    calibrate();
    *reg32(APIC_ADDR + APIC_TIMER) = VECTOR_TIMER;
    *reg32(APIC_ADDR + APIC_TIMER_DIVIDE) = DIVIDE_BY_16;
}

static void ioapic_write(uint32_t interrupt, uint32_t half, uint32_t value)
{
    *reg32(IOAPIC_ADDR + IOAPIC_SELECT) = IOAPIC_ENTRY + interrupt * 2 + half;
    *reg32(IOAPIC_ADDR + IOAPIC_WINDOW) = value;
}

void machine_interrupt_line(uint32_t interrupt, bool on)
{
    if (interrupt >= INTERRUPTS)
        return;
    ioapic_write(interrupt, 1, 0);
    ioapic_write(interrupt, 0, (on ? 0 : APIC_MASKED) | IOAPIC_LEVEL | (VECTOR_FIRST + interrupt));
}

void machine_interrupts_take(bool on)
{
    if (on)
        __asm__ volatile("sti" ::: "memory");
    else
        __asm__ volatile("cli" ::: "memory");
}

/* `sti` lets nothing through before the next instruction is done: what ends `hlt` cannot be lost.
 */
void machine_sleep(uint64_t deadline_ns)
{
    uint64_t now_ns = platform_now_ns();
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 1;

    if (left_ns > SLEEP_NS_MAX)
        left_ns = SLEEP_NS_MAX;
    *reg32(APIC_ADDR + APIC_TIMER_INITIAL) = (uint32_t)(left_ns / (16 * APIC_NS)) + 1;
    __asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
}

void machine_interrupt(uint64_t vector);
void machine_interrupt(uint64_t vector)
{
    if (vector == VECTOR_SPURIOUS)
        return;
    if (vector >= VECTOR_FIRST && vector < VECTOR_FIRST + INTERRUPTS)
        bare_interrupt((uint32_t)vector - VECTOR_FIRST);
    *reg32(APIC_ADDR + APIC_EOI) = 0;
}
