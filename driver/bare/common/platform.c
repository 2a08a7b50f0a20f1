/*
 * The platform that drivers ask for, as far as it is the same on all bare machines: DMA memory,
 * interrupt handlers, addresses, the log.
 *
 * DMA memory is what RAM is left behind the image. Blocks are kept in the order of their addresses
 * and the first gap that is large enough is taken, so the same calls give the same addresses.
 *
 * Not handled: RAM in several pieces; the first one is used.
 */
#include "platform.h"

#include <libfdt.h>
#include <string.h>

#include "bare.h"

#define DMA_BLOCKS_MAX  4096u
#define DMA_FIRST_ALIGN 0x10000u
#define HANDLERS_MAX    8u

struct block {
    uint64_t addr;
    uint64_t size_bytes;
};

static struct {
    const void *tree;
    uint64_t ram_addr, ram_end;
    uint64_t dma_addr;
    uint32_t block_count;
    struct block block[DMA_BLOCKS_MAX];
    uint64_t response_addr; /* 0 = none */
} machine;

static struct {
    uint32_t interrupt;
    void (*handler)(void *context);
    void *context;
} handlers[HANDLERS_MAX];

static volatile uint32_t interrupts_delivered;
static uint32_t interrupts_waited_for;

/* ---- memory ------------------------------------------------------------------------------------
 */

static uint64_t align_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) & ~(align - 1);
}

static uint64_t cells(const fdt32_t *cell, int count)
{
    uint64_t value = 0;

    for (int i = 0; i < count; i++)
        value = value << 32 | fdt32_to_cpu(cell[i]);
    return value;
}

static void insert_block(uint32_t at, uint64_t addr, uint64_t size_bytes)
{
    memmove(&machine.block[at + 1], &machine.block[at],
            (machine.block_count - at) * sizeof(machine.block[0]));
    machine.block[at] = (struct block){addr, size_bytes};
    machine.block_count++;
}

bool bare_platform_begin(const void *tree)
{
    int bytes = 0;
    int node;
    const fdt32_t *reg;
    int address_cells;
    int size_cells;

    machine.tree = tree;
    if (tree == NULL || fdt_check_header(tree) != 0) {
        print("ringside: fault no device tree\n");
        return false;
    }
    node = fdt_node_offset_by_prop_value(tree, -1, "device_type", "memory", sizeof("memory"));
    reg = node < 0 ? NULL : fdt_getprop(tree, node, "reg", &bytes);
    address_cells = fdt_address_cells(tree, 0);
    size_cells = fdt_size_cells(tree, 0);
    if (reg == NULL || address_cells < 1 || size_cells < 1 ||
        bytes < (address_cells + size_cells) * (int)sizeof(*reg)) {
        print("ringside: fault the device tree tells of no memory\n");
        return false;
    }
    machine.ram_addr = cells(reg, address_cells);
    machine.ram_end = machine.ram_addr + cells(reg + address_cells, size_cells);
    machine.dma_addr = align_up((uintptr_t)bare_image_end, DMA_FIRST_ALIGN);
    /* A boot loader may have put the tree where memory seems to be free. */
    if ((uintptr_t)tree + fdt_totalsize(tree) > machine.dma_addr)
        insert_block(0, (uintptr_t)tree, fdt_totalsize(tree));
    return true;
}

const void *bare_response(void)
{
    return (const void *)(uintptr_t)machine.response_addr;
}

bool platform_dma_alloc(size_t size_bytes, size_t align_bytes, const char *what,
                        struct platform_dma *out)
{
    uint64_t addr = align_up(machine.dma_addr, align_bytes);
    uint32_t at = 0;

    *out = (struct platform_dma){0};
    while (at < machine.block_count && addr + size_bytes > machine.block[at].addr) {
        addr = align_up(machine.block[at].addr + machine.block[at].size_bytes, align_bytes);
        at++;
    }
    if (size_bytes == 0 || machine.block_count == DMA_BLOCKS_MAX || addr > machine.ram_end ||
        size_bytes > machine.ram_end - addr)
        return false;

    insert_block(at, addr, size_bytes);
    *out = (struct platform_dma){(void *)(uintptr_t)addr, addr, size_bytes};
    memset(out->cpu, 0, size_bytes);
    if (machine.response_addr == 0 && size_bytes >= BARE_RESPONSE_BYTES &&
        strlen(what) >= strlen("response") && memcmp(what, "response", strlen("response")) == 0)
        machine.response_addr = addr;
    print("ringside: alloc ");
    print(what);
    print(" ");
    print_hex(addr);
    print(" ");
    print_hex(size_bytes);
    print("\n");
    return true;
}

void platform_dma_free(struct platform_dma *dma)
{
    for (uint32_t i = 0; dma->cpu != NULL && i < machine.block_count; i++) {
        if (machine.block[i].addr != dma->addr)
            continue;
        if (machine.response_addr == dma->addr)
            machine.response_addr = 0;
        machine.block_count--;
        memmove(&machine.block[i], &machine.block[i + 1],
                (machine.block_count - i) * sizeof(machine.block[0]));
        break;
    }
    *dma = (struct platform_dma){0};
}

uint64_t platform_virt_to_phys(const void *cpu)
{
    uint64_t addr = (uintptr_t)cpu;

    return addr >= machine.ram_addr && addr < machine.ram_end ? addr : 0;
}

volatile void *platform_map_mmio(uint64_t addr, size_t size_bytes)
{
    bool in_ram = addr < machine.ram_end && addr + size_bytes > machine.ram_addr;

    return in_ram ? NULL : (volatile void *)(uintptr_t)addr;
}

const void *platform_device_tree(void)
{
    return machine.tree;
}

/* ---- interrupts --------------------------------------------------------------------------------
 */

void platform_set_interrupt_handler(uint32_t interrupt, void (*handler)(void *context),
                                    void *context)
{
    machine_interrupt_line(interrupt, false);
    for (uint32_t i = 0; i < HANDLERS_MAX; i++) {
        if (handlers[i].handler != NULL && handlers[i].interrupt == interrupt)
            handlers[i].handler = NULL;
    }
    if (handler == NULL)
        return;
    for (uint32_t i = 0; i < HANDLERS_MAX; i++) {
        if (handlers[i].handler != NULL)
            continue;
        handlers[i].interrupt = interrupt;
        handlers[i].context = context;
        handlers[i].handler = handler;
        machine_interrupt_line(interrupt, true);
        return;
    }
    platform_log("platform: too many interrupt handlers");
}

void bare_interrupt(uint32_t interrupt)
{
    for (uint32_t i = 0; i < HANDLERS_MAX; i++) {
        if (handlers[i].handler != NULL && handlers[i].interrupt == interrupt) {
            handlers[i].handler(handlers[i].context);
            interrupts_delivered++;
        }
    }
}

uint32_t bare_interrupts(void)
{
    return interrupts_delivered;
}

bool platform_wait_interrupt(uint64_t deadline_ns)
{
    bool delivered;

    /*
     * Between looking and sleeping no interrupt is taken: one that comes then stays pending, and
     * ends the sleep at once.
     */
    for (;;) {
        machine_interrupts_take(false);
        delivered = interrupts_delivered != interrupts_waited_for;
        interrupts_waited_for = interrupts_delivered;
        if (delivered || platform_now_ns() >= deadline_ns)
            break;
        machine_sleep(deadline_ns);
        machine_interrupts_take(true);
    }
    machine_interrupts_take(true);
    return delivered;
}

/* ---- the log -----------------------------------------------------------------------------------
 */

void platform_log(const char *text)
{
    print("ringside: log ");
    print(text);
    print("\n");
}
