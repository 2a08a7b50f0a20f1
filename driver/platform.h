/*
 * What a driver needs of its world: DMA memory, barriers, cache operations, time, MMIO windows.
 *
 * The drivers in this folder call nothing else, so a kernel that provides these functions can take
 * the folder as it is. On the host they are provided by the harness, on a bare machine by bare/.
 * Built-in types only; no function allocates behind the caller's back.
 */
#ifndef RINGSIDE_PLATFORM_H
#define RINGSIDE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of memory that both the CPU and the device reach, each under its own address. */
struct platform_dma {
    void *cpu;         /* the driver's pointer */
    uint64_t addr;     /* what the device is told: a physical address */
    size_t size_bytes; /* as asked for */
};

/*
 * Allocates physically contiguous memory, zeroed. `align_bytes` is a power of two; `what` is a
 * short name for people ("controlq", "framebuffer"). Returns false, with *out all zero, when there
 * is none.
 */
bool platform_dma_alloc(size_t size_bytes, size_t align_bytes, const char *what,
                        struct platform_dma *out);

/* Gives memory back, which the device must not own any more, and clears *dma. Twice is fine. */
void platform_dma_free(struct platform_dma *dma);

/* Cache maintenance around DMA on machines whose devices do not snoop; nothing elsewhere. */
void platform_cache_clean(const void *cpu, size_t size_bytes);
void platform_cache_invalidate(const void *cpu, size_t size_bytes);

/* Orders earlier stores before later ones, as both CPU and device see normal memory. */
void platform_wmb(void);
/* Orders earlier loads before later ones. */
void platform_rmb(void);
/* Orders all loads, stores and register accesses before it before all of them after it. */
void platform_mb(void);

/* A clock that never goes back. Units: nanoseconds since some fixed point. */
uint64_t platform_now_ns(void);

/* Called once in every turn of a polling loop. */
void platform_relax(void);

/*
 * Sleeps until an interrupt has been delivered or `deadline_ns` has passed, whichever is first;
 * returns false for the deadline. The handler has run when this returns true. An interrupt that was
 * delivered since the last call returned counts: none can be slept through.
 */
bool platform_wait_interrupt(uint64_t deadline_ns);

/* The device's interrupt line calls `handler(context)`; NULL takes the handler away. */
void platform_set_interrupt_handler(uint32_t interrupt, void (*handler)(void *context),
                                    void *context);

/* Makes `size_bytes` at a physical address reachable as registers; NULL when that cannot be. */
volatile void *platform_map_mmio(uint64_t addr, size_t size_bytes);

/* The flattened device tree of the machine, or NULL where there is none. */
const void *platform_device_tree(void);

/*
 * For drivers that put requests or rings into static data or on the stack: the physical address of
 * such a pointer, or 0 when the device cannot reach it.
 */
uint64_t platform_virt_to_phys(const void *cpu);

/* One line for people; no newline needed. */
void platform_log(const char *text);

#endif
