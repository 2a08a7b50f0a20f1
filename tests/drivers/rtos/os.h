/*
 * A small real-time system as its drivers see it: objects of the kernel, memory, interrupts.
 */
#ifndef RTOS_OS_H
#define RTOS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OS_OK        0
#define OS_TIMEOUT   (-1)
#define OS_NO_MEMORY (-2)
#define OS_NO_DEVICE (-3)
#define OS_IO_ERROR  (-4)

typedef struct os_sem {
    volatile int count;
    const char *name;
} os_sem_t;

typedef void (*os_isr_t)(void *argument);

void os_sem_create(os_sem_t *sem, int count, const char *name);
int os_sem_take(os_sem_t *sem, uint32_t timeout_ms);
void os_sem_give(os_sem_t *sem);
uint32_t os_enter_critical(void);
void os_exit_critical(uint32_t state);
void *os_dma_alloc(size_t bytes, size_t align, uintptr_t *bus_address);
void os_dma_clean(const volatile void *memory, size_t bytes);
void os_dma_invalidate(const volatile void *memory, size_t bytes);
void os_irq_attach(int irq, os_isr_t isr, void *argument);
void *os_io_map(uintptr_t address, size_t bytes);

#endif
