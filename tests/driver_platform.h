/*
 * A platform for unit tests of the driver: memory that is counted, time that passes at every look
 * at the clock, and a hook that is called wherever the driver waits, where a test plays the device.
 */
#ifndef RINGSIDE_TESTS_DRIVER_PLATFORM_H
#define RINGSIDE_TESTS_DRIVER_PLATFORM_H

#include <stddef.h>
#include <stdint.h>
#include "platform.h"

/* Physical addresses are given out from here on: none is a pointer, and all fit a legacy device. */
#define TEST_PHYS_FIRST UINT64_C(0x40000000)
#define TEST_BLOCKS_MAX 8192u
#define TEST_TICK_NS    UINT64_C(1000)

struct test_platform {
    size_t blocks_out;  /* allocated and not freed */
    size_t allocations; /* since the start */
    size_t fail_at;     /* the allocation of this number fails; SIZE_MAX = none */
    uint64_t now_ns;
    void (*on_wait)(void); /* platform_relax and platform_wait_interrupt; NULL = nothing */
    void *registers;       /* what platform_map_mmio returns */
    uint64_t mapped_addr;  /* what it was asked for last; 0 = nothing */
    uint64_t mapped_bytes;
    const void *tree; /* what platform_device_tree returns */
    uint32_t interrupt;
    void (*handler)(void *context);
    void *context;
    const char *last_log;
};

extern struct test_platform test_platform;

void test_platform_reset(void);

/* The pointer that a physical address stands for, which must be inside allocated memory. */
void *test_cpu(uint64_t addr);

#endif
