/*
 * The teaching kernel's display driver: registers at a fixed address, addresses that are pointers,
 * rings and requests in static data, a process that sleeps on its request until the interrupt
 * handler wakes it.
 */
#include "kernel.h"

#define R(r) ((volatile uint32 *)(VIRTIO0 + (r)))

#define MMIO_MAGIC           0x000
#define MMIO_VERSION         0x004
#define MMIO_DEVICE_ID       0x008
#define MMIO_DEVICE_FEATURES 0x010
#define MMIO_DEVICE_FSEL     0x014
#define MMIO_DRIVER_FEATURES 0x020
#define MMIO_DRIVER_FSEL     0x024
#define MMIO_QUEUE_SEL       0x030
#define MMIO_QUEUE_NUM_MAX   0x034
#define MMIO_QUEUE_NUM       0x038
#define MMIO_QUEUE_READY     0x044
#define MMIO_QUEUE_NOTIFY    0x050
#define MMIO_INTR_STATUS     0x060
#define MMIO_INTR_ACK        0x064
#define MMIO_STATUS          0x070
#define MMIO_DESC_LOW        0x080
#define MMIO_DRIVER_LOW      0x090
#define MMIO_DEVICE_LOW      0x0a0

#define NUM   8
#define FBMAX (1280 * 800)

struct virtq_desc {
    uint64 addr;
    uint32 len;
    uint16 flags;
    uint16 next;
};
#define VRING_DESC_F_NEXT  1
#define VRING_DESC_F_WRITE 2

struct virtq_avail {
    uint16 flags;
    uint16 idx;
    uint16 ring[NUM];
    uint16 unused;
};

struct virtq_used_elem {
    uint32 id;
    uint32 len;
};

struct virtq_used {
    uint16 flags;
    uint16 idx;
    struct virtq_used_elem ring[NUM];
};

struct gpu_hdr {
    uint32 type;
    uint32 flags;
    uint64 fence;
    uint32 ctx;
    uint32 padding;
};

struct gpu_rect {
    uint32 x, y, width, height;
};

struct gpu_req {
    struct gpu_hdr hdr;
    union {
        struct {
            uint32 id, format, width, height;
        } create;
        struct {
            uint32 id, count;
            uint64 addr;
            uint32 len, padding;
        } attach;
        struct {
            struct gpu_rect r;
            uint32 scanout, id;
        } scanout;
        struct {
            struct gpu_rect r;
            uint64 offset;
            uint32 id, padding;
        } transfer;
        struct {
            struct gpu_rect r;
            uint32 id, padding;
        } flush;
    };
};

struct gpu_resp {
    struct gpu_hdr hdr;
    struct {
        struct gpu_rect r;
        uint32 enabled, flags;
    } display[16];
};

static struct gpu {
    /* the rings, each on a page of its own */
    struct virtq_desc desc[NUM] __attribute__((aligned(PGSIZE)));
    struct virtq_avail avail __attribute__((aligned(PGSIZE)));
    struct virtq_used used __attribute__((aligned(PGSIZE)));

    struct gpu_req req;
    struct gpu_resp resp;
    char free[NUM];
    uint16 used_idx;
    int busy;
    struct spinlock lock;
} gpu;

uint32 screen[FBMAX] __attribute__((aligned(PGSIZE)));
static uint32 screen_width;

static void set_queue_addr(int low, void *p)
{
    *R(low) = (uint64)p & 0xffffffff;
    *R(low + 4) = (uint64)p >> 32;
}

void virtio_gpu_init(void)
{
    uint32 status = 0;

    initlock(&gpu.lock, "virtio_gpu");
    if (*R(MMIO_MAGIC) != 0x74726976 || *R(MMIO_VERSION) != 2 || *R(MMIO_DEVICE_ID) != 16)
        panic("could not find virtio gpu");

    *R(MMIO_STATUS) = status;
    while (*R(MMIO_STATUS) != 0)
        ;
    *R(MMIO_STATUS) = status |= 1;
    *R(MMIO_STATUS) = status |= 2;

    *R(MMIO_DEVICE_FSEL) = 1;
    uint32 features = *R(MMIO_DEVICE_FEATURES) & 1;
    *R(MMIO_DRIVER_FSEL) = 0;
    *R(MMIO_DRIVER_FEATURES) = 0;
    *R(MMIO_DRIVER_FSEL) = 1;
    *R(MMIO_DRIVER_FEATURES) = features;
    *R(MMIO_STATUS) = status |= 8;
    if (!(*R(MMIO_STATUS) & 8))
        panic("virtio gpu FEATURES_OK unset");

    *R(MMIO_QUEUE_SEL) = 0;
    if (*R(MMIO_QUEUE_READY))
        panic("virtio gpu should not be ready");
    uint32 max = *R(MMIO_QUEUE_NUM_MAX);
    if (max < NUM)
        panic("virtio gpu max queue too short");
    memset(gpu.desc, 0, sizeof gpu.desc);
    memset(&gpu.avail, 0, sizeof gpu.avail);
    memset(&gpu.used, 0, sizeof gpu.used);
    *R(MMIO_QUEUE_NUM) = NUM;
    set_queue_addr(MMIO_DESC_LOW, gpu.desc);
    set_queue_addr(MMIO_DRIVER_LOW, &gpu.avail);
    set_queue_addr(MMIO_DEVICE_LOW, &gpu.used);
    *R(MMIO_QUEUE_READY) = 1;
    gpu.used_idx = 0;

    for (int i = 0; i < NUM; i++)
        gpu.free[i] = 1;
    *R(MMIO_STATUS) = status |= 4;

    w_sie(r_sie() | SIE_SEIE);
    intr_on();
    printf("virtio gpu: hart %d, up at %d\n", (int)r_tp(), (int)r_time());
}

static int alloc_desc(void)
{
    for (int i = 0; i < NUM; i++) {
        if (gpu.free[i]) {
            gpu.free[i] = 0;
            return i;
        }
    }
    return -1;
}

static void free_desc(int i)
{
    if (i >= NUM || gpu.free[i])
        panic("free_desc");
    gpu.desc[i].addr = 0;
    gpu.free[i] = 1;
    wakeup(&gpu.free[0]);
}

static int command(uint32 type, uint32 req_bytes, uint32 resp_bytes)
{
    int head, second, ok;

    acquire(&gpu.lock);
    while ((head = alloc_desc()) < 0 || (second = alloc_desc()) < 0) {
        if (head >= 0)
            free_desc(head);
        sleep(&gpu.free[0], &gpu.lock);
    }
    gpu.req.hdr.type = type;
    gpu.desc[head].addr = (uint64)&gpu.req;
    gpu.desc[head].len = req_bytes;
    gpu.desc[head].flags = VRING_DESC_F_NEXT;
    gpu.desc[head].next = (uint16)second;
    gpu.desc[second].addr = (uint64)&gpu.resp;
    gpu.desc[second].len = resp_bytes;
    gpu.desc[second].flags = VRING_DESC_F_WRITE;
    gpu.desc[second].next = 0;
    gpu.resp.hdr.type = 0;
    gpu.busy = 1;

    gpu.avail.ring[gpu.avail.idx % NUM] = (uint16)head;
    __sync_synchronize();
    gpu.avail.idx += 1;
    __sync_synchronize();
    *R(MMIO_QUEUE_NOTIFY) = 0;

    while (gpu.busy)
        sleep(&gpu.busy, &gpu.lock);
    ok = gpu.resp.hdr.type >= 0x1100 && gpu.resp.hdr.type < 0x1200;
    free_desc(second);
    free_desc(head);
    release(&gpu.lock);
    return ok;
}

void virtio_gpu_intr(void)
{
    acquire(&gpu.lock);
    *R(MMIO_INTR_ACK) = *R(MMIO_INTR_STATUS) & 0x3;
    __sync_synchronize();
    while (gpu.used_idx != *(volatile uint16 *)&gpu.used.idx) {
        __sync_synchronize();
        if (gpu.used.ring[gpu.used_idx % NUM].id >= NUM)
            panic("virtio_gpu_intr id");
        gpu.busy = 0;
        wakeup(&gpu.busy);
        gpu.used_idx += 1;
    }
    release(&gpu.lock);
}

int virtio_gpu_display(uint32 *width, uint32 *height)
{
    memset(&gpu.req, 0, sizeof gpu.req);
    if (!command(0x100, sizeof(struct gpu_hdr), sizeof gpu.resp) || !gpu.resp.display[0].enabled)
        return -1;
    *width = gpu.resp.display[0].r.width;
    *height = gpu.resp.display[0].r.height;
    return 0;
}

static void must(int ok)
{
    if (!ok)
        panic("virtio gpu command");
}

void virtio_gpu_show(uint32 width, uint32 height)
{
    struct gpu_rect all = {0, 0, width, height};

    screen_width = width;
    memset(&gpu.req, 0, sizeof gpu.req);
    gpu.req.create.id = 1;
    gpu.req.create.format = 2;
    gpu.req.create.width = width;
    gpu.req.create.height = height;
    must(command(0x101, sizeof gpu.req.hdr + sizeof gpu.req.create, sizeof gpu.resp.hdr));

    memset(&gpu.req, 0, sizeof gpu.req);
    gpu.req.attach.id = 1;
    gpu.req.attach.count = 1;
    gpu.req.attach.addr = (uint64)screen;
    gpu.req.attach.len = width * height * 4;
    must(command(0x106, sizeof gpu.req.hdr + sizeof gpu.req.attach, sizeof gpu.resp.hdr));

    memset(&gpu.req, 0, sizeof gpu.req);
    gpu.req.scanout.r = all;
    gpu.req.scanout.id = 1;
    must(command(0x103, sizeof gpu.req.hdr + sizeof gpu.req.scanout, sizeof gpu.resp.hdr));
}

void virtio_gpu_flush(uint32 x, uint32 y, uint32 width, uint32 height)
{
    struct gpu_rect r = {x, y, width, height};

    memset(&gpu.req, 0, sizeof gpu.req);
    gpu.req.transfer.r = r;
    gpu.req.transfer.offset = ((uint64)y * screen_width + x) * 4;
    gpu.req.transfer.id = 1;
    must(command(0x105, sizeof gpu.req.hdr + sizeof gpu.req.transfer, sizeof gpu.resp.hdr));

    memset(&gpu.req, 0, sizeof gpu.req);
    gpu.req.flush.r = r;
    gpu.req.flush.id = 1;
    must(command(0x104, sizeof gpu.req.hdr + sizeof gpu.req.flush, sizeof gpu.resp.hdr));
}

void virtio_gpu_stop(void)
{
    *R(MMIO_STATUS) = 0;
}
