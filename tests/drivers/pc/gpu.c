/*
 * A PC kernel's display driver in gnu99, for the legacy registers: one block of pages for the
 * queue, names of its kernel by macros, fences and interrupt flags of x86 in line.
 */
#include "gpu.h"

#include "ringside_shims.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define PAGE    4096
#define ALIGN(n) (((n) + PAGE - 1) & ~(PAGE - 1ul))

#define rd(r)    readl(base + (r))
#define wr(r, v) writel((v), base + (r))

#define irq_save()                                                                                 \
    ({                                                                                             \
        unsigned long f;                                                                           \
        asm volatile("pushfq; popq %0" : "=r"(f));                                                 \
        asm volatile("cli" : : : "memory");                                                        \
        f;                                                                                         \
    })
#define irq_restore(f)                                                                             \
    do {                                                                                           \
        if ((f) & 0x200)                                                                           \
            asm volatile("sti" : : : "memory");                                                    \
    } while (0)

typedef struct {
    u64 addr;
    u32 len;
    u16 flags, next;
} vdesc;

typedef struct {
    u16 flags, idx;
    u16 ring[0];
} vavail;

typedef struct {
    volatile u16 flags, idx;
    struct {
        u32 id, len;
    } ring[0];
} vused;

static char *base;
static struct {
    u16 size, seen;
    vdesc *desc;
    vavail *avail;
    vused *used;
    u8 *pages;
} vq;
static u8 *command; /* a page: the request, and the answer in its second half */
static unsigned int *fb;
static unsigned fb_width;

static u64 tsc(void)
{
    u32 lo, hi;

    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (u64)hi << 32 | lo;
}

static int kick_and_wait(void)
{
    u64 limit = tsc() + 2000000000ull;

    asm volatile("mfence" ::: "memory");
    wr(0x50, 0);
    while (vq.used->idx == vq.seen) {
        if (tsc() > limit)
            return -110;
        cpu_relax();
    }
    asm volatile("lfence" ::: "memory");
    vq.seen++;
    wr(0x64, rd(0x60));
    return 0;
}

static int run(u32 type, unsigned bytes, unsigned answer)
{
    unsigned long flags = irq_save();
    u8 *reply = command + PAGE / 2;
    int error;

    *(u32 *)command = type;
    vq.desc[0] = (vdesc){.addr = virt_to_phys(command), .len = 24 + bytes, .flags = 1, .next = 1};
    vq.desc[1] = (vdesc){.addr = virt_to_phys(reply), .len = answer, .flags = 2};
    vq.avail->ring[vq.avail->idx % vq.size] = 0;
    asm volatile("sfence" ::: "memory");
    ((volatile vavail *)vq.avail)->idx++;
    irq_restore(flags);
    error = kick_and_wait();
    if (error)
        return error;
    switch (*(volatile u32 *)reply) {
    case 0x1100 ... 0x11ff:
        return 0;
    default:
        return -5;
    }
}

int pcgpu_attach(unsigned long registers)
{
    base = ioremap(registers, 0x200);
    if (!base || rd(0) != 0x74726976 || rd(4) != 1 || rd(8) != 16)
        return -19;
    wr(0x70, 0);
    wr(0x70, 1);
    wr(0x70, 3);
    wr(0x14, 0);
    (void)rd(0x10);
    wr(0x24, 0);
    wr(0x20, 0);
    wr(0x28, PAGE);
    wr(0x30, 0);
    u32 max = rd(0x34);
    if (max == 0 || rd(0x40) != 0)
        return -22;
    vq.size = max < 64 ? max : 64;
    if (vq.size < 2)
        return -28;
    unsigned long front = ALIGN(16ul * vq.size + 6 + 2ul * vq.size);
    unsigned long all = front + ALIGN(6 + 8ul * vq.size);
    if (!vq.pages)
        vq.pages = alloc_pages(all / PAGE);
    if (!command)
        command = alloc_page();
    if (!vq.pages || !command)
        return -12;
    for (unsigned long i = 0; i < all; i++)
        vq.pages[i] = 0;
    vq.desc = (vdesc *)vq.pages;
    vq.avail = (vavail *)(vq.pages + 16ul * vq.size);
    vq.used = (vused *)(vq.pages + front);
    vq.seen = 0;
    wr(0x38, vq.size);
    wr(0x3c, PAGE);
    wr(0x40, virt_to_phys(vq.pages) / PAGE);
    wr(0x70, 7);
    printk("pcgpu: %u descriptors at %p\n", vq.size, vq.pages);
    return 0;
}

static void body(unsigned count, const u32 *words)
{
    for (unsigned i = 0; i < 6; i++)
        ((u32 *)command)[i] = 0;
    for (unsigned i = 0; i < count; i++)
        ((u32 *)command)[6 + i] = words[i];
}

#define RUN(type, answer, ...)                                                                     \
    ({                                                                                             \
        const u32 words[] = {__VA_ARGS__};                                                         \
        body(sizeof words / 4, words);                                                             \
        run(type, sizeof words, answer);                                                           \
    })

int pcgpu_resolution(unsigned *width, unsigned *height)
{
    volatile u32 *answer = (volatile u32 *)(command + PAGE / 2);

    body(0, 0);
    if (run(0x100, 0, 24 + 16 * 24))
        return -5;
    *width = answer[6 + 2];
    *height = answer[6 + 3];
    return answer[6 + 4] ? 0 : -19;
}

unsigned int *pcgpu_start(unsigned width, unsigned height)
{
    u32 bytes = width * height * 4;
    u64 addr;

    fb = alloc_pages(ALIGN(bytes) / PAGE);
    fb_width = width;
    if (!fb)
        return 0;
    addr = virt_to_phys(fb);
    if (RUN(0x101, 24, 1, 2, width, height) ||
        RUN(0x106, 24, 1, 1, (u32)addr, (u32)(addr >> 32), bytes, 0) ||
        RUN(0x103, 24, 0, 0, width, height, 0, 1))
        return 0;
    return fb;
}

int pcgpu_refresh(unsigned x, unsigned y, unsigned width, unsigned height)
{
    u32 offset = (y * fb_width + x) * 4;

    if (RUN(0x105, 24, x, y, width, height, offset, 0, 1, 0))
        return -5;
    return RUN(0x104, 24, x, y, width, height, 1, 0);
}

void pcgpu_detach(void)
{
    wr(0x70, 0);
    (void)rd(0x70);
}
