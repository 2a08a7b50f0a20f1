/*
 * The headers of a small teaching kernel for RISC-V, in one: types, registers of the processor,
 * locks, and what the rest of the kernel offers to its drivers.
 */
#ifndef TEACH_KERNEL_H
#define TEACH_KERNEL_H

typedef unsigned char uchar;
typedef unsigned short uint16;
typedef unsigned int uint32;
typedef unsigned long uint64;

#ifndef VIRTIO0
#define VIRTIO0 0x10001000L
#endif
#define PGSIZE 4096

/* ---- the processor ---- */

#define SSTATUS_SIE (1L << 1)
#define SIE_SEIE    (1L << 9)

static inline uint64 r_sstatus(void)
{
    uint64 x;
    asm volatile("csrr %0, sstatus" : "=r"(x));
    return x;
}

static inline void w_sstatus(uint64 x)
{
    asm volatile("csrw sstatus, %0" : : "r"(x));
}

static inline uint64 r_sie(void)
{
    uint64 x;
    asm volatile("csrr %0, sie" : "=r"(x));
    return x;
}

static inline void w_sie(uint64 x)
{
    asm volatile("csrw sie, %0" : : "r"(x));
}

static inline uint64 r_time(void)
{
    uint64 x;
    asm volatile("csrr %0, time" : "=r"(x));
    return x;
}

static inline uint64 r_tp(void)
{
    uint64 x;
    asm volatile("mv %0, tp" : "=r"(x));
    return x;
}

static inline void intr_on(void)
{
    w_sstatus(r_sstatus() | SSTATUS_SIE);
}

static inline void intr_off(void)
{
    w_sstatus(r_sstatus() & ~SSTATUS_SIE);
}

static inline int intr_get(void)
{
    return (r_sstatus() & SSTATUS_SIE) != 0;
}

/* ---- locks: spinlock.c ---- */

struct spinlock {
    uint32 locked;
    char *name;
    int cpu;
};

void initlock(struct spinlock *lk, char *name);
void acquire(struct spinlock *lk);
void release(struct spinlock *lk);
int holding(struct spinlock *lk);

/* ---- elsewhere in the kernel ---- */

void sleep(void *channel, struct spinlock *lk);
void wakeup(void *channel);
void panic(char *why) __attribute__((noreturn));
void printf(char *format, ...);
void *memset(void *to, int value, uint32 bytes);

/* ---- the driver ---- */

void virtio_gpu_init(void);
int virtio_gpu_display(uint32 *width, uint32 *height);
void virtio_gpu_show(uint32 width, uint32 height);
void virtio_gpu_flush(uint32 x, uint32 y, uint32 width, uint32 height);
void virtio_gpu_intr(void);
void virtio_gpu_stop(void);
extern uint32 screen[];

#endif
