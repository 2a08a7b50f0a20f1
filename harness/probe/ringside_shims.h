/*
 * What drivers expect of their kernel, by its usual names: for drivers whose kernel does not come
 * along.
 *
 * `ringside_add_driver(NAME ... SHIMS)` links functions of these names (ringside_shims.c); this
 * header declares them, and adds the names that are macros in most kernels. It is optional: a
 * driver that includes its kernel's own headers needs only the SHIMS, if its prototypes agree on
 * how arguments are passed.
 *
 *   barriers     mb rmb wmb smp_* dma_* memory_barrier barrier
 *   caches       (address, bytes): dcache_clean dcache_invalidate dcache_clean_invalidate and the
 *                names of CMSIS, Zephyr, LK; (first, end): flush_dcache_range
 *                invalidate_dcache_range as in U-Boot
 *   delays       udelay mdelay ndelay usleep msleep delay_us delay_ms k_busy_wait k_msleep
 *   waiting      cpu_relax yield schedule wait_for_interrupt; sleep and wakeup on a channel
 *                (until an interrupt was handled; the caller looks again); sem_init sem_wait
 *                sem_post
 *   locks        spin_lock acquire mutex_lock ...: there is one processor, so they do no more
 *                than mask interrupts where their model does
 *   interrupts   local_irq_save intr_off cli ...; irq_register request_irq
 *   printing     printf printk kprintf rt_kprintf puts uart_puts uart_putc: a line of the trace
 *   memory       kalloc alloc_page(s) pmm_alloc_page(s) kmalloc kzalloc kfree dma_alloc_coherent:
 *                memory that the device reaches, and zeroed
 *   addresses    virt_to_phys phys_to_virt V2P P2V __pa __va ioremap
 *   registers    readl writel mmio_read32 mmio_write32 and the other widths
 *   the end      panic kpanic BUG BUG_ON assert ASSERT KASSERT
 *
 * Each name stands under its own #ifndef: what the driver's headers define as a macro stays
 * theirs, and `#define printk printk` before the include says that a function of that name is
 * declared already. Built-in types only, so that the header can stand beside any kernel's.
 * Everything is weak: a function that the driver defines replaces the one here.
 *
 * Not handled: locks that are part of a structure and are looked at; spin_lock_irqsave() as a
 * function.
 */
#ifndef RINGSIDE_SHIMS_H
#define RINGSIDE_SHIMS_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what the rest is made of: functions of the world, never a kernel's names ---- */

void platform_mb(void);
void platform_rmb(void);
void platform_wmb(void);
void platform_relax(void);
__UINT64_TYPE__ platform_virt_to_phys(const void *cpu);
volatile void *platform_map_mmio(__UINT64_TYPE__ addr, __SIZE_TYPE__ size_bytes);
/* The driver's pointer to a physical address of RAM, or 0. */
void *ringside_phys_to_virt(__UINT64_TYPE__ addr);
/* Masks interrupts or opens the mask; returns how it was. */
int ringside_mask_interrupts(int masked);
/* Ends the call of the driver with a finding at this line. */
void ringside_panic(const char *text, ...);

/* ---- barriers ---- */

#ifndef mb
#define mb() platform_mb()
#endif
#ifndef rmb
#define rmb() platform_rmb()
#endif
#ifndef wmb
#define wmb() platform_wmb()
#endif
#ifndef smp_mb
#define smp_mb() platform_mb()
#endif
#ifndef smp_rmb
#define smp_rmb() platform_rmb()
#endif
#ifndef smp_wmb
#define smp_wmb() platform_wmb()
#endif
#ifndef dma_rmb
#define dma_rmb() platform_rmb()
#endif
#ifndef dma_wmb
#define dma_wmb() platform_wmb()
#endif
#ifndef memory_barrier
#define memory_barrier() platform_mb()
#endif
#ifndef barrier
#define barrier() __asm__ __volatile__("" : : : "memory")
#endif

/* ---- registers: in line, so that findings name the driver's own line ---- */

#define RINGSIDE_SHIM_ACCESS(bits, type)                                                           \
    static inline type ringside_read##bits(const volatile void *at)                                \
    {                                                                                              \
        return *(const volatile type *)at;                                                         \
    }                                                                                              \
    static inline void ringside_write##bits(volatile void *at, type value)                         \
    {                                                                                              \
        *(volatile type *)at = value;                                                              \
    }
RINGSIDE_SHIM_ACCESS(8, __UINT8_TYPE__)
RINGSIDE_SHIM_ACCESS(16, __UINT16_TYPE__)
RINGSIDE_SHIM_ACCESS(32, __UINT32_TYPE__)
RINGSIDE_SHIM_ACCESS(64, __UINT64_TYPE__)
#undef RINGSIDE_SHIM_ACCESS

#define RINGSIDE_AT(address) ((volatile void *)(__UINTPTR_TYPE__)(address))

#ifndef readb
#define readb(address) ringside_read8(RINGSIDE_AT(address))
#endif
#ifndef readw
#define readw(address) ringside_read16(RINGSIDE_AT(address))
#endif
#ifndef readl
#define readl(address) ringside_read32(RINGSIDE_AT(address))
#endif
#ifndef readq
#define readq(address) ringside_read64(RINGSIDE_AT(address))
#endif
#ifndef writeb
#define writeb(value, address) ringside_write8(RINGSIDE_AT(address), value)
#endif
#ifndef writew
#define writew(value, address) ringside_write16(RINGSIDE_AT(address), value)
#endif
#ifndef writel
#define writel(value, address) ringside_write32(RINGSIDE_AT(address), value)
#endif
#ifndef writeq
#define writeq(value, address) ringside_write64(RINGSIDE_AT(address), value)
#endif
#ifndef mmio_read8
#define mmio_read8(address) ringside_read8(RINGSIDE_AT(address))
#endif
#ifndef mmio_read16
#define mmio_read16(address) ringside_read16(RINGSIDE_AT(address))
#endif
#ifndef mmio_read32
#define mmio_read32(address) ringside_read32(RINGSIDE_AT(address))
#endif
#ifndef mmio_write8
#define mmio_write8(address, value) ringside_write8(RINGSIDE_AT(address), value)
#endif
#ifndef mmio_write16
#define mmio_write16(address, value) ringside_write16(RINGSIDE_AT(address), value)
#endif
#ifndef mmio_write32
#define mmio_write32(address, value) ringside_write32(RINGSIDE_AT(address), value)
#endif
#ifndef READ_ONCE
#define READ_ONCE(place) (*(const volatile __typeof__(place) *)&(place))
#endif
#ifndef WRITE_ONCE
#define WRITE_ONCE(place, value) (*(volatile __typeof__(place) *)&(place) = (value))
#endif
#ifndef ioremap
#define ioremap(addr, bytes) ((void *)platform_map_mmio(addr, bytes))
#endif
#ifndef iounmap
#define iounmap(window) ((void)(window))
#endif

/* ---- addresses ---- */

#ifndef virt_to_phys
#define virt_to_phys(pointer) platform_virt_to_phys((const void *)(pointer))
#endif
#ifndef phys_to_virt
#define phys_to_virt(addr) ringside_phys_to_virt(addr)
#endif
#ifndef V2P
#define V2P(pointer) platform_virt_to_phys((const void *)(pointer))
#endif
#ifndef P2V
#define P2V(addr) ringside_phys_to_virt(addr)
#endif
#ifndef __pa
#define __pa(pointer) platform_virt_to_phys((const void *)(pointer))
#endif
#ifndef __va
#define __va(addr) ringside_phys_to_virt(addr)
#endif

/* ---- the end ---- */

#ifndef BUG
#define BUG() ringside_panic("BUG at %s:%d", __FILE__, __LINE__)
#endif
#ifndef BUG_ON
#define BUG_ON(condition) ((condition) ? ringside_panic("BUG_ON(%s)", #condition) : (void)0)
#endif
#ifndef assert
#define assert(condition) ((condition) ? (void)0 : ringside_panic("assert(%s)", #condition))
#endif
#ifndef ASSERT
#define ASSERT(condition) ((condition) ? (void)0 : ringside_panic("ASSERT(%s)", #condition))
#endif
#ifndef KASSERT
#define KASSERT(condition) ((condition) ? (void)0 : ringside_panic("KASSERT(%s)", #condition))
#endif

/* ---- functions: declared unless their name is a macro ---- */

#ifndef cpu_relax
void cpu_relax(void);
#endif
#ifndef yield
void yield(void);
#endif
#ifndef schedule
void schedule(void);
#endif
#ifndef wait_for_interrupt
void wait_for_interrupt(void);
#endif
#ifndef sleep
void sleep(void *channel, void *lock);
#endif
#ifndef wakeup
void wakeup(void *channel);
#endif
#ifndef sem_init
int sem_init(void *semaphore, int value);
#endif
#ifndef sem_wait
int sem_wait(void *semaphore);
#endif
#ifndef sem_post
int sem_post(void *semaphore);
#endif
#ifndef udelay
void udelay(unsigned long us);
#endif
#ifndef mdelay
void mdelay(unsigned long ms);
#endif
#ifndef ndelay
void ndelay(unsigned long ns);
#endif
#ifndef usleep
int usleep(unsigned us);
#endif
#ifndef msleep
void msleep(unsigned ms);
#endif
#ifndef delay_us
void delay_us(unsigned long us);
#endif
#ifndef delay_ms
void delay_ms(unsigned long ms);
#endif
#ifndef spin_lock_init
void spin_lock_init(void *lock);
#endif
#ifndef spin_lock
void spin_lock(void *lock);
#endif
#ifndef spin_unlock
void spin_unlock(void *lock);
#endif
#ifndef spin_lock_irqsave
#define spin_lock_irqsave(lock, flags) ((void)(lock), (void)((flags) = ringside_mask_interrupts(1)))
#endif
#ifndef spin_unlock_irqrestore
#define spin_unlock_irqrestore(lock, flags)                                                        \
    ((void)(lock), (void)ringside_mask_interrupts((flags) != 0))
#endif
#ifndef initlock
void initlock(void *lock, char *name);
#endif
#ifndef acquire
void acquire(void *lock);
#endif
#ifndef release
void release(void *lock);
#endif
#ifndef mutex_init
void mutex_init(void *mutex);
#endif
#ifndef mutex_lock
void mutex_lock(void *mutex);
#endif
#ifndef mutex_unlock
void mutex_unlock(void *mutex);
#endif
#ifndef local_irq_save
#define local_irq_save(flags) ((void)((flags) = ringside_mask_interrupts(1)))
#endif
#ifndef local_irq_restore
#define local_irq_restore(flags) ((void)ringside_mask_interrupts((flags) != 0))
#endif
#ifndef local_irq_disable
#define local_irq_disable() ((void)ringside_mask_interrupts(1))
#endif
#ifndef local_irq_enable
#define local_irq_enable() ((void)ringside_mask_interrupts(0))
#endif
#ifndef intr_off
void intr_off(void);
#endif
#ifndef intr_on
void intr_on(void);
#endif
#ifndef irq_register
void irq_register(int number, void (*handler)(void *context), void *context);
#endif
#ifndef request_irq
int request_irq(unsigned number, void (*handler)(void *context), void *context);
#endif
#ifndef printf
int printf(const char *format, ...);
#endif
#ifndef printk
int printk(const char *format, ...);
#endif
#ifndef kprintf
int kprintf(const char *format, ...);
#endif
#ifndef puts
int puts(const char *text);
#endif
#ifndef uart_puts
void uart_puts(const char *text);
#endif
#ifndef uart_putc
void uart_putc(int letter);
#endif
#ifndef panic
void panic(const char *format, ...);
#endif
#ifndef kpanic
void kpanic(const char *format, ...);
#endif
#ifndef kalloc
void *kalloc(void);
#endif
#ifndef kmalloc
void *kmalloc(__SIZE_TYPE__ bytes);
#endif
#ifndef kzalloc
void *kzalloc(__SIZE_TYPE__ bytes);
#endif
#ifndef kfree
void kfree(void *memory);
#endif
#ifndef alloc_page
void *alloc_page(void);
#endif
#ifndef alloc_pages
void *alloc_pages(unsigned long count);
#endif
#ifndef free_page
void free_page(void *page);
#endif
#ifndef free_pages
void free_pages(void *pages);
#endif
#ifndef pmm_alloc
void *pmm_alloc(void);
#endif
#ifndef pmm_alloc_page
void *pmm_alloc_page(void);
#endif
#ifndef pmm_alloc_pages
void *pmm_alloc_pages(unsigned long count);
#endif
#ifndef pmm_free_page
void pmm_free_page(void *page);
#endif
#ifndef dma_alloc_coherent
void *dma_alloc_coherent(void *device, __SIZE_TYPE__ bytes, __UINT64_TYPE__ *addr, int how);
#endif
#ifndef dma_free_coherent
void dma_free_coherent(void *device, __SIZE_TYPE__ bytes, void *memory, __UINT64_TYPE__ addr);
#endif
#ifndef dcache_clean
void dcache_clean(const void *address, __SIZE_TYPE__ bytes);
#endif
#ifndef dcache_invalidate
void dcache_invalidate(const void *address, __SIZE_TYPE__ bytes);
#endif
#ifndef dcache_clean_invalidate
void dcache_clean_invalidate(const void *address, __SIZE_TYPE__ bytes);
#endif
#ifndef flush_dcache_range
void flush_dcache_range(unsigned long first, unsigned long end);
#endif
#ifndef invalidate_dcache_range
void invalidate_dcache_range(unsigned long first, unsigned long end);
#endif

#ifdef __cplusplus
}
#endif
#endif
