/*
 * A boot firmware's display driver: registers as an array, packed structures stored whole into
 * rings and requests, 32-bit addresses, polling with a count of turns.
 */
#include "fw.h"

#define QSIZE 4
#define SPINS 1000000

static volatile u32 *reg;

/* Rings in one block, with fields where the specification has them. */
static struct {
    fw_desc_t desc[QSIZE];
    u16 avail_flags;
    u16 avail_idx;
    u16 avail_ring[QSIZE];
    u16 used_event;
    u8 gap[4096 - 16 * QSIZE - 6 - 2 * QSIZE];
    u16 used_flags;
    volatile u16 used_idx;
    fw_used_t used_ring[QSIZE];
    u16 avail_event;
} PACKED __attribute__((aligned(4096))) q;

static u16 last;
static u32 pitch;

static struct {
    fw_gpu_hdr_t hdr;
    u8 body[64];
} PACKED request __attribute__((aligned(8)));

static struct {
    fw_gpu_hdr_t hdr;
    struct {
        fw_rect_t r;
        u32 enabled;
        u32 flags;
    } PACKED mode[16];
} PACKED response __attribute__((aligned(8)));

/* The firmware's own: the compiler calls them for structures as well. */
void *memcpy(void *to, const void *from, __SIZE_TYPE__ n)
{
    u8 *t = to;
    const u8 *f = from;

    while (n--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int c, __SIZE_TYPE__ n)
{
    u8 *t = to;

    while (n--)
        *t++ = (u8)c;
    return to;
}

static int submit(u32 type, const void *body, u32 bytes, u32 answer)
{
    fw_gpu_hdr_t hdr = {0};
    int spins = SPINS;

    hdr.type = type;
    request.hdr = hdr;
    if (bytes)
        memcpy(request.body, body, bytes);
    response.hdr = (fw_gpu_hdr_t){0};

    q.desc[0] = (fw_desc_t){ADDR(&request), (u32)sizeof(hdr) + bytes, 1, 1};
    q.desc[1] = (fw_desc_t){ADDR(&response), answer, 2, 0};
    q.avail_ring[q.avail_idx % QSIZE] = 0;
    __asm__ __volatile__("fence rw, w" ::: "memory");
    q.avail_idx++;
    __asm__ __volatile__("fence rw, rw" ::: "memory");
    reg[0x50 / 4] = 0;
    while (q.used_idx == last) {
        if (--spins == 0)
            return -1;
    }
    __asm__ __volatile__("fence r, rw" ::: "memory");
    last++;
    return (response.hdr.type & 0xff00) == 0x1100 ? 0 : -2;
}

int fw_gpu_init(u32 base)
{
    reg = (volatile u32 *)(uintptr_t)base;
    if (reg[0] != 0x74726976 || reg[1] != 2 || reg[2] != 16)
        return -1;
    reg[0x70 / 4] = 0;
    while (reg[0x70 / 4])
        ;
    reg[0x70 / 4] = 1;
    reg[0x70 / 4] = 3;
    reg[0x14 / 4] = 1;
    if (!(reg[0x10 / 4] & 1))
        return -1;
    reg[0x24 / 4] = 1;
    reg[0x20 / 4] = 1;
    reg[0x24 / 4] = 0;
    reg[0x20 / 4] = 0;
    reg[0x70 / 4] = 11;
    if (!(reg[0x70 / 4] & 8))
        return -1;
    reg[0x30 / 4] = 0;
    if (reg[0x44 / 4] || reg[0x34 / 4] < QSIZE)
        return -1;
    memset(&q, 0, sizeof(q));
    last = 0;
    reg[0x38 / 4] = QSIZE;
    reg[0x80 / 4] = ADDR(q.desc);
    reg[0x84 / 4] = 0;
    reg[0x90 / 4] = ADDR(&q.avail_flags);
    reg[0x94 / 4] = 0;
    reg[0xa0 / 4] = ADDR(&q.used_flags);
    reg[0xa4 / 4] = 0;
    reg[0x44 / 4] = 1;
    reg[0x70 / 4] = 15;
    return 0;
}

int fw_gpu_info(u32 *w, u32 *h)
{
    int error = submit(0x100, 0, 0, sizeof(response));

    if (error || !response.mode[0].enabled)
        return error ? error : -2;
    *w = response.mode[0].r.w;
    *h = response.mode[0].r.h;
    return 0;
}

int fw_gpu_mode(u32 w, u32 h, u32 framebuffer)
{
    struct {
        u32 id, format, w, h;
    } PACKED create = {1, 2, w, h};
    struct {
        u32 id, count;
        u64 addr;
        u32 len, padding;
    } PACKED attach = {1, 1, framebuffer, w * h * 4, 0};
    struct {
        fw_rect_t r;
        u32 scanout, id;
    } PACKED scanout = {{0, 0, w, h}, 0, 1};

    pitch = w * 4;
    if (submit(0x101, &create, sizeof(create), sizeof(fw_gpu_hdr_t)) ||
        submit(0x106, &attach, sizeof(attach), sizeof(fw_gpu_hdr_t)) ||
        submit(0x103, &scanout, sizeof(scanout), sizeof(fw_gpu_hdr_t)))
        return -1;
    return 0;
}

int fw_gpu_blit(u32 x, u32 y, u32 w, u32 h)
{
    struct {
        fw_rect_t r;
        u64 offset;
        u32 id, padding;
    } PACKED transfer = {{x, y, w, h}, (u64)y * pitch + x * 4, 1, 0};
    struct {
        fw_rect_t r;
        u32 id, padding;
    } PACKED flush = {{x, y, w, h}, 1, 0};

    if (submit(0x105, &transfer, sizeof(transfer), sizeof(fw_gpu_hdr_t)))
        return -1;
    return submit(0x104, &flush, sizeof(flush), sizeof(fw_gpu_hdr_t));
}

void fw_gpu_exit(void)
{
    reg[0x70 / 4] = 0;
}
