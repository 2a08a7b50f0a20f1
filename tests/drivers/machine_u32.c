/*
 * A driver of a 32-bit kernel: every address is a uint32_t, registers are an array of words, the
 * ring is carved out of memory that the kernel has at a fixed address, the buffer lies on the
 * stack.
 *
 * Compiled for 64 bits it works as long as all of it lies below 4 GiB.
 */
#include <stdint.h>

#include "suite.h"

typedef uint32_t addr_t;
typedef volatile uint32_t *reg_t;

#ifndef U32_REGISTERS
#define U32_REGISTERS 0x0a003e00u /* the last slot of Arm's virt machine */
#endif

#define WORD(base, offset) (((reg_t)(uintptr_t)(base))[(offset) / 4])
#define RING               8u

/* Static data, found by its address in 32 bits. */
static uint8_t pool[2 * 4096] __attribute__((aligned(4096)));
static addr_t ring_at;
static uint16_t taken;

#define DESC(i, offset) (*(volatile uint32_t *)(uintptr_t)(ring_at + (i)*16 + (offset)))
#define AVAIL(offset)   (*(volatile uint16_t *)(uintptr_t)(ring_at + RING * 16 + (offset)))
#define USED(offset)    (*(volatile uint16_t *)(uintptr_t)(ring_at + 4096 + (offset)))
#define USED_LEN(i)     (*(volatile uint32_t *)(uintptr_t)(ring_at + 4096 + 4 + (i)*8 + 4))

static addr_t address_of(const volatile void *pointer)
{
    return (addr_t)(uintptr_t)pointer;
}

static enum suite_result init(const struct suite_args *args)
{
    addr_t base = args->count > 0 ? (addr_t)args->value[0] : U32_REGISTERS;

    if (WORD(base, 0) != 0x74726976 || WORD(base, 4) != 2 || WORD(base, 8) != 4)
        return SUITE_NO_DEVICE;
    WORD(base, 0x70) = 0;
    WORD(base, 0x70) = 1;
    WORD(base, 0x70) = 3;
    WORD(base, 0x14) = 1;
    if ((WORD(base, 0x10) & 1) == 0)
        return SUITE_BAD_DEVICE;
    WORD(base, 0x24) = 0;
    WORD(base, 0x20) = 0;
    WORD(base, 0x24) = 1;
    WORD(base, 0x20) = 1;
    WORD(base, 0x70) = 11;
    if ((WORD(base, 0x70) & 8) == 0)
        return SUITE_BAD_DEVICE;
    ring_at = address_of(pool);
    WORD(base, 0x30) = 0;
    if (WORD(base, 0x44) != 0 || WORD(base, 0x34) < RING)
        return SUITE_BAD_DEVICE;
    WORD(base, 0x38) = RING;
    WORD(base, 0x80) = ring_at;
    WORD(base, 0x84) = 0;
    WORD(base, 0x90) = ring_at + RING * 16;
    WORD(base, 0x94) = 0;
    WORD(base, 0xa0) = ring_at + 4096;
    WORD(base, 0xa4) = 0;
    WORD(base, 0x44) = 1;
    WORD(base, 0x70) = 15;
    return SUITE_OK;
}

static enum suite_result get(const struct suite_args *args)
{
    addr_t base = args->count > 1 ? (addr_t)args->value[1] : U32_REGISTERS;
    uint8_t buffer[32] = {0};
    uint32_t bytes = (uint32_t)args->value[0], sum = 0;
    uint16_t idx = AVAIL(2);

    if (bytes > sizeof buffer)
        return SUITE_BAD_ARGUMENT;
    DESC(0, 0) = address_of(buffer);
    DESC(0, 4) = 0;
    DESC(0, 8) = bytes;
    DESC(0, 12) = 2;
    AVAIL(4 + idx % RING * 2) = 0;
    __sync_synchronize();
    AVAIL(2) = (uint16_t)(idx + 1);
    __sync_synchronize();
    WORD(base, 0x50) = 0;
    for (uint32_t spin = 0; USED(2) == taken; spin++) {
        if (spin == 100000)
            return SUITE_TIMEOUT;
    }
    __sync_synchronize();
    if (USED_LEN(taken++ % RING) != bytes)
        return SUITE_BAD_COMPLETION;
    for (uint32_t i = 0; i < bytes; i++)
        sum |= ((volatile uint8_t *)buffer)[i];
    if (args->count > 2 && ((volatile uint8_t *)buffer)[0] != args->value[2])
        return SUITE_DEVICE_ERROR;
    return sum != 0 ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static const struct suite_op ops[] = {{"init", init}, {"get", get}};

const struct suite_driver ringside_driver = {
    .name = "machine_u32",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
