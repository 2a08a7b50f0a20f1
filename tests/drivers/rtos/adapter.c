/*
 * The system's display driver for the suite, and as much of the system as it needs.
 */
#include <ringside/ringside.h>

#include "vgpu.h"

#include "ringside_shims.h"

_Bool platform_wait_interrupt(uint64_t deadline_ns);
uint64_t platform_now_ns(void);

/* ---- the system ---- */

void os_sem_create(os_sem_t *sem, int count, const char *name)
{
    sem->count = count;
    sem->name = name;
}

int os_sem_take(os_sem_t *sem, uint32_t timeout_ms)
{
    uint64_t deadline = platform_now_ns() + timeout_ms * 1000000ull;

    while (sem->count == 0) {
        if (platform_now_ns() >= deadline)
            return OS_TIMEOUT;
        platform_wait_interrupt(deadline);
    }
    sem->count--;
    return OS_OK;
}

void os_sem_give(os_sem_t *sem)
{
    sem->count++;
}

uint32_t os_enter_critical(void)
{
    uint32_t primask;

    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask) : : "memory");
    return primask;
}

void os_exit_critical(uint32_t state)
{
    __asm__ volatile("msr primask, %0" : : "r"(state) : "memory");
}

void *os_dma_alloc(size_t bytes, size_t align, uintptr_t *bus_address)
{
    uint64_t addr = 0;
    void *memory = dma_alloc_coherent(NULL, bytes < align ? align : bytes, &addr, 0);

    *bus_address = (uintptr_t)addr;
    return memory;
}

void os_dma_clean(const volatile void *memory, size_t bytes)
{
    dcache_clean((const void *)memory, bytes);
}

void os_dma_invalidate(const volatile void *memory, size_t bytes)
{
    dcache_invalidate((const void *)memory, bytes);
}

void os_irq_attach(int irq, os_isr_t isr, void *argument)
{
    irq_register(irq, isr, argument);
}

void *os_io_map(uintptr_t address, size_t bytes)
{
    return ioremap(address, bytes);
}

/* ---- the suite ---- */

static int result_of(int error)
{
    switch (error) {
    case OS_OK:
        return RINGSIDE_OK;
    case OS_TIMEOUT:
        return RINGSIDE_TIMEOUT;
    case OS_NO_DEVICE:
        return RINGSIDE_NO_DEVICE;
    case OS_NO_MEMORY:
        return RINGSIDE_NO_MEMORY;
    default:
        return RINGSIDE_DEVICE_ERROR;
    }
}

static int init(void)
{
    return result_of(display_open(0x0a003e00, 79));
}

static int query(void)
{
    uint32_t width, height;

    return result_of(display_query(&width, &height));
}

static int flush(unsigned x, unsigned y, unsigned width, unsigned height)
{
    return result_of(display_update(x, y, width, height));
}

static int show(unsigned width, unsigned height)
{
    struct display display;
    uint32_t w = width, h = height;
    int error = width == 0 ? display_query(&w, &h) : OS_OK;

    if (error == OS_OK)
        error = display_mode(w, h, &display);
    if (error != OS_OK)
        return result_of(error);
    ringside_draw_test_card(display.pixels, RINGSIDE_B8G8R8X8, w * 4ul, w, h);
    return flush(0, 0, w, h);
}

static int shutdown(void)
{
    display_close();
    return RINGSIDE_OK;
}

RINGSIDE_DRIVER("rtos", .init = init, .get_display_info = query, .show = show, .flush = flush,
                .shutdown = shutdown);
