/*
 * Devices that several machines have: consoles and interrupt controllers.
 *
 * Addresses are physical, which on bare machines is what pointers are.
 */
#ifndef BARE_DEVICES_H
#define BARE_DEVICES_H

#include <stdbool.h>
#include <stdint.h>
#include "virtio/types.h"

static inline volatile uint8_t *reg8(uintptr_t addr)
{
    return (volatile uint8_t *)addr;
}

/* A register in the processor's own order. */
static inline volatile uint32_t *reg32(uintptr_t addr)
{
    return (volatile uint32_t *)addr;
}

/* Registers that are little-endian whatever the processor. */
static inline uint32_t read_le32(uintptr_t addr)
{
    return virtio_le32(*reg32(addr));
}

static inline void write_le32(uintptr_t addr, uint32_t value)
{
    *reg32(addr) = virtio_le32(value);
}

/* ---- pl011.c: Arm PrimeCell UART, as QEMU has it: no set-up ---- */
void pl011_put(uintptr_t uart, char letter);

/* ---- ns16550.c: the PC's UART with registers of one byte, set up already ---- */
void ns16550_put(uintptr_t uart, char letter);

/* ---- gic.c: Arm GICv2 (Arm IHI 0048B), all lines to the first processor ---- */

#define GIC_VIRTUAL_TIMER 27u /* the virtual timer's own line on every Arm machine */

/* `tree` tells where the controller is; without it, where QEMU's `virt` has it. */
void gic_begin(const void *tree);
void gic_line(uint32_t interrupt, bool on);
/* Takes the most urgent interrupt; false when there is none. *token goes to gic_end(). */
bool gic_acknowledge(uint32_t *interrupt, uint32_t *token);
void gic_end(uint32_t token);

#endif
