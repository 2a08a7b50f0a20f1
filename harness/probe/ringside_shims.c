/*
 * The functions behind ringside_shims.h: what drivers expect of their kernel, made of the world's
 * own functions.
 *
 * Linked into a driver's shared object when it asks for SHIMS. Every function is weak and local
 * to the object, so a driver may define any of them with any prototype. Not instrumented: these
 * are no steps of the driver, except where they call the world.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEAK   __attribute__((weak))
#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

#define PAGE_BYTES      4096u
#define BLOCKS_MAX      1024u
#define LINE_BYTES      256u
#define CHANNEL_LOWEST  4096u /* a smaller argument of sleep() is no pointer but seconds */
#define NS_PER_US       1000u
#define NS_PER_MS       1000000u

/* ---- the world ---- */

struct platform_dma {
    void *cpu;
    uint64_t addr;
    size_t size_bytes;
};

bool platform_dma_alloc(size_t bytes, size_t align_bytes, const char *what,
                        struct platform_dma *out);
void platform_dma_free(struct platform_dma *dma);
void platform_cache_clean(const void *cpu, size_t bytes);
void platform_cache_invalidate(const void *cpu, size_t bytes);
void platform_mb(void);
void platform_rmb(void);
void platform_wmb(void);
uint64_t platform_now_ns(void);
void platform_set_interrupt_handler(uint32_t number, void (*handler)(void *context), void *context);
uint64_t platform_virt_to_phys(const void *cpu);
void platform_log(const char *text);

void *ringside_phys_to_virt(uint64_t addr);
int ringside_mask_interrupts(int masked);
void ringside_shim_delay(uint64_t ns, const void *caller);
void ringside_shim_wait(const void *caller);
void ringside_shim_relax(const void *caller);
int ringside_shim_format(char *out, size_t out_bytes, const char *format, va_list arguments);
_Noreturn void ringside_shim_end(const char *text, const void *caller);

/* X(name, function of the world): another name for the same, whatever the arguments. */
#define ALIAS(name, body)                                                                          \
    void name(void);                                                                               \
    WEAK void name(void)                                                                           \
    {                                                                                              \
        body;                                                                                      \
    }

ALIAS(mb, platform_mb())
ALIAS(rmb, platform_rmb())
ALIAS(wmb, platform_wmb())
ALIAS(smp_mb, platform_mb())
ALIAS(smp_rmb, platform_rmb())
ALIAS(smp_wmb, platform_wmb())
ALIAS(dma_rmb, platform_rmb())
ALIAS(dma_wmb, platform_wmb())
ALIAS(memory_barrier, platform_mb())
ALIAS(cpu_relax, ringside_shim_relax(CALLER))
ALIAS(yield, ringside_shim_relax(CALLER))
ALIAS(sched_yield, ringside_shim_relax(CALLER))
ALIAS(thread_yield, ringside_shim_relax(CALLER))
ALIAS(schedule, ringside_shim_relax(CALLER))
ALIAS(wait_for_interrupt, ringside_shim_wait(CALLER))

/* ---- caches ---- */

#define CACHE(name, body)                                                                          \
    void name(const void *address, size_t bytes);                                                  \
    WEAK void name(const void *address, size_t bytes)                                              \
    {                                                                                              \
        body;                                                                                      \
    }
#define CLEAN            platform_cache_clean(address, bytes)
#define INVALIDATE       platform_cache_invalidate(address, bytes)
#define CLEAN_INVALIDATE (CLEAN, INVALIDATE)

CACHE(dcache_clean, CLEAN)
CACHE(dcache_invalidate, INVALIDATE)
CACHE(dcache_clean_invalidate, CLEAN_INVALIDATE)
CACHE(cache_clean, CLEAN)
CACHE(cache_invalidate, INVALIDATE)
CACHE(cache_flush, CLEAN_INVALIDATE)
CACHE(clean_dcache_range, CLEAN)
CACHE(inv_dcache_range, INVALIDATE)
CACHE(arch_clean_cache_range, CLEAN)
CACHE(arch_invalidate_cache_range, INVALIDATE)
CACHE(arch_clean_invalidate_cache_range, CLEAN_INVALIDATE)
CACHE(sys_cache_data_flush_range, CLEAN)
CACHE(sys_cache_data_invd_range, INVALIDATE)
CACHE(sys_cache_data_flush_and_invd_range, CLEAN_INVALIDATE)
CACHE(SCB_CleanDCache_by_Addr, CLEAN)
CACHE(SCB_InvalidateDCache_by_Addr, INVALIDATE)
CACHE(SCB_CleanInvalidateDCache_by_Addr, CLEAN_INVALIDATE)

void flush_dcache_range(uintptr_t first, uintptr_t end);
WEAK void flush_dcache_range(uintptr_t first, uintptr_t end)
{
    platform_cache_clean((const void *)first, end - first);
}

void invalidate_dcache_range(uintptr_t first, uintptr_t end);
WEAK void invalidate_dcache_range(uintptr_t first, uintptr_t end)
{
    platform_cache_invalidate((const void *)first, end - first);
}

/* ---- time ---- */

#define DELAY(name, unit_ns)                                                                       \
    int name(unsigned long count);                                                                 \
    WEAK int name(unsigned long count)                                                             \
    {                                                                                              \
        ringside_shim_delay((uint64_t)count * (unit_ns), CALLER);                                  \
        return 0;                                                                                  \
    }

DELAY(ndelay, 1)
DELAY(udelay, NS_PER_US)
DELAY(usleep, NS_PER_US)
DELAY(delay_us, NS_PER_US)
DELAY(timer_delay_us, NS_PER_US)
DELAY(k_busy_wait, NS_PER_US)
DELAY(DELAY, NS_PER_US)
DELAY(mdelay, NS_PER_MS)
DELAY(msleep, NS_PER_MS)
DELAY(delay_ms, NS_PER_MS)
DELAY(timer_delay_ms, NS_PER_MS)
DELAY(k_msleep, NS_PER_MS)
DELAY(rt_thread_mdelay, NS_PER_MS)

#define CLOCK(name, unit_ns)                                                                       \
    uint64_t name(void);                                                                           \
    WEAK uint64_t name(void)                                                                       \
    {                                                                                              \
        return platform_now_ns() / (unit_ns);                                                      \
    }

CLOCK(ktime_get_ns, 1)
CLOCK(get_time_ns, 1)
CLOCK(get_time_us, NS_PER_US)
CLOCK(get_time_ms, NS_PER_MS)
CLOCK(uptime_ms, NS_PER_MS)
CLOCK(current_time, NS_PER_MS)
CLOCK(k_uptime_get, NS_PER_MS)
CLOCK(get_ticks, NS_PER_MS)

/* ---- interrupts and locks: one processor, so only the mask counts ---- */

static unsigned lock_depth;
static int masked_before;

static void push_mask(void)
{
    int before = ringside_mask_interrupts(1);

    if (lock_depth++ == 0)
        masked_before = before;
}

static void pop_mask(void)
{
    if (lock_depth > 0 && --lock_depth == 0)
        (void)ringside_mask_interrupts(masked_before);
}

ALIAS(push_off, push_mask())
ALIAS(pop_off, pop_mask())
ALIAS(acquire, push_mask())
ALIAS(release, pop_mask())
ALIAS(initlock, (void)0)
ALIAS(spin_lock, push_mask())
ALIAS(spin_unlock, pop_mask())
ALIAS(spin_lock_init, (void)0)
ALIAS(spinlock_init, (void)0)
ALIAS(spinlock_acquire, push_mask())
ALIAS(spinlock_release, pop_mask())
ALIAS(acquiresleep, (void)0)
ALIAS(releasesleep, (void)0)
ALIAS(initsleeplock, (void)0)
ALIAS(mutex_init, (void)0)
ALIAS(mutex_lock, (void)0)
ALIAS(mutex_unlock, (void)0)
ALIAS(mutex_acquire, (void)0)
ALIAS(mutex_release, (void)0)
ALIAS(wakeup, (void)0)
ALIAS(wake_up, (void)0)
ALIAS(intr_on, (void)ringside_mask_interrupts(0))
ALIAS(intr_off, (void)ringside_mask_interrupts(1))
ALIAS(enable_interrupts, (void)ringside_mask_interrupts(0))
ALIAS(disable_interrupts, (void)ringside_mask_interrupts(1))
ALIAS(irq_enable, (void)ringside_mask_interrupts(0))
ALIAS(irq_disable, (void)ringside_mask_interrupts(1))
ALIAS(arch_enable_ints, (void)ringside_mask_interrupts(0))
ALIAS(arch_disable_ints, (void)ringside_mask_interrupts(1))

/*
 * A sleeper gives its lock away meanwhile, which is the driver's own lock where it has one:
 * acquire() and release() here are what the linker finds.
 */
void take_lock(void *lock) __asm__("acquire");
void give_lock(void *lock) __asm__("release");

int sleep(uintptr_t channel, void *lock);
WEAK int sleep(uintptr_t channel, void *lock)
{
    if (channel < CHANNEL_LOWEST) {
        ringside_shim_delay((uint64_t)channel * 1000 * NS_PER_MS, CALLER);
        return 0;
    }
    if (lock != NULL)
        give_lock(lock);
    ringside_shim_wait(CALLER);
    if (lock != NULL)
        take_lock(lock);
    return 0;
}

int sem_init(volatile int *semaphore, int value);
WEAK int sem_init(volatile int *semaphore, int value)
{
    *semaphore = value;
    return 0;
}

int sem_post(volatile int *semaphore);
WEAK int sem_post(volatile int *semaphore)
{
    ++*semaphore;
    return 0;
}

/* Ends: a wait in vain is counted by the world, which ends a driver that waits without limit. */
int sem_wait(volatile int *semaphore);
WEAK int sem_wait(volatile int *semaphore)
{
    while (*semaphore <= 0)
        ringside_shim_wait(CALLER);
    --*semaphore;
    return 0;
}

void irq_register(int number, void (*handler)(void *context), void *context);
WEAK void irq_register(int number, void (*handler)(void *context), void *context)
{
    platform_set_interrupt_handler((uint32_t)number, handler, context);
}

int request_irq(unsigned number, void (*handler)(void *context), void *context);
WEAK int request_irq(unsigned number, void (*handler)(void *context), void *context)
{
    platform_set_interrupt_handler(number, handler, context);
    return 0;
}

/* ---- printing ---- */

static char line[LINE_BYTES];
static size_t line_length;

static void put_letter(char letter)
{
    if (letter == '\r')
        return;
    if (letter != '\n' && line_length + 1 < sizeof line) {
        line[line_length++] = letter;
        return;
    }
    line[line_length] = '\0';
    platform_log(line);
    line_length = 0;
    if (letter != '\n')
        line[line_length++] = letter;
}

static void put_text(const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++)
        put_letter(text[i]);
}

static int put_formatted(const char *format, va_list arguments)
{
    char text[LINE_BYTES];
    int length = ringside_shim_format(text, sizeof text, format, arguments);

    put_text(text);
    return length;
}

#define PRINT(name)                                                                                \
    int name(const char *format, ...);                                                             \
    WEAK int name(const char *format, ...)                                                         \
    {                                                                                              \
        va_list arguments;                                                                         \
        int length;                                                                                \
        va_start(arguments, format);                                                               \
        length = put_formatted(format, arguments);                                                 \
        va_end(arguments);                                                                         \
        return length;                                                                             \
    }

PRINT(printf)
PRINT(printk)
PRINT(kprintf)
PRINT(klog)
PRINT(rt_kprintf)
PRINT(uart_printf)

#define PUTS(name, newline)                                                                        \
    int name(const char *text);                                                                    \
    WEAK int name(const char *text)                                                                \
    {                                                                                              \
        put_text(text);                                                                            \
        put_text(newline);                                                                         \
        return 0;                                                                                  \
    }

PUTS(puts, "\n")
PUTS(kputs, "")
PUTS(uart_puts, "")
PUTS(uart_send_string, "")
PUTS(serial_puts, "")
PUTS(console_puts, "")

#define PUTC(name)                                                                                 \
    int name(int letter);                                                                          \
    WEAK int name(int letter)                                                                      \
    {                                                                                              \
        put_letter((char)letter);                                                                  \
        return letter;                                                                             \
    }

PUTC(putchar)
PUTC(uart_putc)
PUTC(uart_send)
PUTC(serial_putc)

/* ---- the end ---- */

#define PANIC(name)                                                                                \
    void name(const char *format, ...);                                                            \
    WEAK void name(const char *format, ...)                                                        \
    {                                                                                              \
        char text[LINE_BYTES];                                                                     \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        (void)ringside_shim_format(text, sizeof text, format, arguments);                          \
        va_end(arguments);                                                                         \
        ringside_shim_end(text, CALLER);                                                           \
    }

PANIC(ringside_panic)
PANIC(panic)
PANIC(kpanic)

/* ---- memory ---- */

static struct platform_dma blocks[BLOCKS_MAX];

static void *allocate(size_t bytes)
{
    size_t align_bytes = 64;

    while (align_bytes < bytes && align_bytes < PAGE_BYTES)
        align_bytes *= 2;
    for (unsigned i = 0; i < BLOCKS_MAX; i++) {
        if (blocks[i].cpu != NULL)
            continue;
        if (platform_dma_alloc(bytes, align_bytes, "kmalloc", &blocks[i]))
            return blocks[i].cpu;
        return NULL;
    }
    platform_log("ringside_shims: more than 1024 allocations");
    return NULL;
}

static void give_back(const void *memory)
{
    for (unsigned i = 0; i < BLOCKS_MAX && memory != NULL; i++) {
        if (blocks[i].cpu == memory)
            platform_dma_free(&blocks[i]);
    }
}

#define ALLOCATE(name)                                                                             \
    void *name(size_t bytes);                                                                      \
    WEAK void *name(size_t bytes)                                                                  \
    {                                                                                              \
        return allocate(bytes);                                                                    \
    }
#define ALLOCATE_PAGES(name)                                                                       \
    void *name(size_t count);                                                                      \
    WEAK void *name(size_t count)                                                                  \
    {                                                                                              \
        return allocate(count * PAGE_BYTES);                                                       \
    }
#define ALLOCATE_PAGE(name)                                                                        \
    void *name(void);                                                                              \
    WEAK void *name(void)                                                                          \
    {                                                                                              \
        return allocate(PAGE_BYTES);                                                               \
    }
#define GIVE_BACK(name)                                                                            \
    void name(const void *memory);                                                                 \
    WEAK void name(const void *memory)                                                             \
    {                                                                                              \
        give_back(memory);                                                                         \
    }

ALLOCATE(malloc)
ALLOCATE(kmalloc)
ALLOCATE(kzalloc)
ALLOCATE(rt_malloc)
ALLOCATE(k_malloc)
ALLOCATE(pvPortMalloc)
ALLOCATE(dma_alloc)
ALLOCATE_PAGE(kalloc)
ALLOCATE_PAGE(palloc)
ALLOCATE_PAGE(alloc_page)
ALLOCATE_PAGE(page_alloc)
ALLOCATE_PAGE(get_free_page)
ALLOCATE_PAGE(pmm_alloc)
ALLOCATE_PAGE(pmm_alloc_page)
ALLOCATE_PAGE(pmm_alloc_block)
ALLOCATE_PAGES(alloc_pages)
ALLOCATE_PAGES(pmm_alloc_pages)
ALLOCATE_PAGES(alloc_contiguous)
GIVE_BACK(free)
GIVE_BACK(kfree)
GIVE_BACK(rt_free)
GIVE_BACK(k_free)
GIVE_BACK(vPortFree)
GIVE_BACK(dma_free)
GIVE_BACK(free_page)
GIVE_BACK(free_pages)
GIVE_BACK(page_free)
GIVE_BACK(pmm_free)
GIVE_BACK(pmm_free_page)
GIVE_BACK(pmm_free_pages)
GIVE_BACK(pmm_free_block)

#define ALLOCATE_ARRAY(name)                                                                       \
    void *name(size_t count, size_t bytes);                                                        \
    WEAK void *name(size_t count, size_t bytes)                                                    \
    {                                                                                              \
        return bytes != 0 && count > SIZE_MAX / bytes ? NULL : allocate(count * bytes);            \
    }

ALLOCATE_ARRAY(calloc)
ALLOCATE_ARRAY(kcalloc)

/* C++'s new and delete, by the names that the compiler gives them. */
void *cpp_new(size_t bytes) __asm__("_Znwm");
void *cpp_new_array(size_t bytes) __asm__("_Znam");
void cpp_delete(const void *memory) __asm__("_ZdlPv");
void cpp_delete_sized(const void *memory, size_t bytes) __asm__("_ZdlPvm");
void cpp_delete_array(const void *memory) __asm__("_ZdaPv");
void cpp_delete_array_sized(const void *memory, size_t bytes) __asm__("_ZdaPvm");

WEAK void *cpp_new(size_t bytes)
{
    return allocate(bytes);
}

WEAK void *cpp_new_array(size_t bytes)
{
    return allocate(bytes);
}

WEAK void cpp_delete(const void *memory)
{
    give_back(memory);
}

WEAK void cpp_delete_sized(const void *memory, size_t bytes)
{
    (void)bytes;
    give_back(memory);
}

WEAK void cpp_delete_array(const void *memory)
{
    give_back(memory);
}

WEAK void cpp_delete_array_sized(const void *memory, size_t bytes)
{
    (void)bytes;
    give_back(memory);
}

void __cxa_pure_virtual(void);
WEAK void __cxa_pure_virtual(void)
{
    ringside_shim_end("a pure virtual function was called", CALLER);
}

void *dma_alloc_coherent(void *device, size_t bytes, uint64_t *addr, int how);
WEAK void *dma_alloc_coherent(void *device, size_t bytes, uint64_t *addr, int how)
{
    void *memory = allocate(bytes < PAGE_BYTES ? PAGE_BYTES : bytes);

    (void)device;
    (void)how;
    if (memory != NULL)
        *addr = platform_virt_to_phys(memory);
    return memory;
}

void dma_free_coherent(void *device, size_t bytes, void *memory, uint64_t addr);
WEAK void dma_free_coherent(void *device, size_t bytes, void *memory, uint64_t addr)
{
    (void)device;
    (void)bytes;
    (void)addr;
    give_back(memory);
}

/* ---- addresses ---- */

#define TO_PHYSICAL(name)                                                                          \
    uint64_t name(const void *pointer);                                                            \
    WEAK uint64_t name(const void *pointer)                                                        \
    {                                                                                              \
        return platform_virt_to_phys(pointer);                                                     \
    }
#define TO_VIRTUAL(name)                                                                           \
    void *name(uint64_t addr);                                                                     \
    WEAK void *name(uint64_t addr)                                                                 \
    {                                                                                              \
        return ringside_phys_to_virt(addr);                                                        \
    }

TO_PHYSICAL(virt_to_phys)
TO_PHYSICAL(virt_to_bus)
TO_PHYSICAL(vtophys)
TO_PHYSICAL(kvtophys)
TO_PHYSICAL(v2p)
TO_VIRTUAL(phys_to_virt)
TO_VIRTUAL(bus_to_virt)
TO_VIRTUAL(ptov)
TO_VIRTUAL(p2v)
