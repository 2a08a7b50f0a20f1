/*
 * A disk driver in the manner of teaching kernels: registers at an address that is compiled in,
 * rings in static data, headers in the driver's own table, pointers handed to the device as they
 * are.
 *
 * It takes a version-1 device with the legacy registers and a version-2 device with the others. The
 * kernel maps physical memory PHYS_OFFSET higher than it is; most kernels of the kind have 0 there.
 */
#include "hobby_blk.h"

#ifndef VIRTIO0
#define VIRTIO0 0x10001000UL
#endif
#ifndef PHYS_OFFSET
#define PHYS_OFFSET 0UL
#endif

#define R(r) ((volatile uint *)(VIRTIO0 + PHYS_OFFSET + (r)))

#define MAGIC_VALUE      0x000
#define VERSION          0x004
#define DEVICE_ID        0x008
#define DEVICE_FEATURES  0x010
#define FEATURES_SEL     0x014
#define DRIVER_FEATURES  0x020
#define DRIVER_SEL       0x024
#define GUEST_PAGE_SIZE  0x028
#define QUEUE_SEL        0x030
#define QUEUE_NUM_MAX    0x034
#define QUEUE_NUM        0x038
#define QUEUE_ALIGN      0x03c
#define QUEUE_PFN        0x040
#define QUEUE_READY      0x044
#define QUEUE_NOTIFY     0x050
#define INTERRUPT_STATUS 0x060
#define INTERRUPT_ACK    0x064
#define STATUS           0x070
#define QUEUE_DESC_LOW   0x080
#define QUEUE_AVAIL_LOW  0x090
#define QUEUE_USED_LOW   0x0a0
#define CONFIG           0x100

#define NUM    8
#define PGSIZE 4096

#define F_RO         5
#define F_SCSI       7
#define F_CONFIG_WCE 11
#define F_MQ         12
#define F_ANY_LAYOUT 27
#define F_INDIRECT   28
#define F_EVENT_IDX  29

#define DESC_NEXT  1
#define DESC_WRITE 2

struct desc {
    uint64 addr;
    uint len;
    ushort flags;
    ushort next;
};

struct avail {
    ushort flags;
    ushort idx;
    ushort ring[NUM];
    ushort unused;
};

struct used {
    ushort flags;
    ushort idx;
    struct {
        uint id;
        uint len;
    } ring[NUM];
};

struct header {
    uint type;
    uint reserved;
    uint64 sector;
};

/* Two pages, the used ring on the second: the layout that the legacy interface asks for. */
static struct {
    char pages[2 * PGSIZE];
    struct desc *desc;
    struct avail *avail;
    struct used *used;
    char free[NUM];
    ushort used_idx;
    struct buf *b[NUM];
    struct header ops[NUM];
} __attribute__((aligned(PGSIZE))) disk;

static uint64 pa(const volatile void *p)
{
    return (unsigned long)p - PHYS_OFFSET;
}

static void tell(uint low, const volatile void *p)
{
    *R(low) = (uint)pa(p);
    *R(low + 4) = (uint)(pa(p) >> 32);
}

static int queue_init(uint version)
{
    *R(QUEUE_SEL) = 0;
    if (*R(QUEUE_NUM_MAX) < NUM)
        return DISK_NO_QUEUE;
    for (int i = 0; i < 2 * PGSIZE; i++)
        disk.pages[i] = 0;
    disk.desc = (struct desc *)disk.pages;
    disk.avail = (struct avail *)(disk.pages + NUM * sizeof(struct desc));
    disk.used = (struct used *)(disk.pages + PGSIZE);
    for (int i = 0; i < NUM; i++)
        disk.free[i] = 1;
    disk.used_idx = 0;
    if (version == 1) {
        *R(GUEST_PAGE_SIZE) = PGSIZE;
        *R(QUEUE_NUM) = NUM;
        *R(QUEUE_ALIGN) = PGSIZE;
        *R(QUEUE_PFN) = (uint)(pa(disk.pages) / PGSIZE);
        return DISK_OK;
    }
    if (*R(QUEUE_READY) != 0)
        return DISK_NO_QUEUE;
    *R(QUEUE_NUM) = NUM;
    tell(QUEUE_DESC_LOW, disk.desc);
    tell(QUEUE_AVAIL_LOW, disk.avail);
    tell(QUEUE_USED_LOW, disk.used);
    *R(QUEUE_READY) = 1;
    return DISK_OK;
}

int disk_init(void)
{
    uint version, features, status = 0;
    int error;

    if (*R(MAGIC_VALUE) != 0x74726976)
        return DISK_NONE;
    version = *R(VERSION);
    if (version != 1 && version != 2)
        return DISK_BAD;
    if (*R(DEVICE_ID) != 2)
        return DISK_NONE;
    *R(STATUS) = status;
    *R(STATUS) = status |= 1;
    *R(STATUS) = status |= 2;
    *R(FEATURES_SEL) = 0;
    features = *R(DEVICE_FEATURES);
    features &= ~(1u << F_RO);
    features &= ~(1u << F_SCSI);
    features &= ~(1u << F_CONFIG_WCE);
    features &= ~(1u << F_MQ);
    features &= ~(1u << F_ANY_LAYOUT);
    features &= ~(1u << F_EVENT_IDX);
    features &= ~(1u << F_INDIRECT);
    features &= ~(1u << 24);
    *R(DRIVER_SEL) = 0;
    *R(DRIVER_FEATURES) = features;
    if (version == 2) {
        *R(FEATURES_SEL) = 1;
        *R(DRIVER_SEL) = 1;
        *R(DRIVER_FEATURES) = *R(DEVICE_FEATURES) & 1;
        *R(STATUS) = status |= 8;
        if (!(*R(STATUS) & 8))
            return DISK_NO_FEATURES;
    }
    error = queue_init(version);
    if (error)
        return error;
    *R(STATUS) = status |= 4;
    return DISK_OK;
}

uint64 disk_capacity(void)
{
    return (uint64)*R(CONFIG + 4) << 32 | *R(CONFIG);
}

void disk_stop(void)
{
    *R(STATUS) = 0;
    while (*R(STATUS))
        ;
}

static int alloc_desc(void)
{
    for (int i = 0; i < NUM; i++) {
        if (disk.free[i]) {
            disk.free[i] = 0;
            return i;
        }
    }
    return -1;
}

static void free_chain(int i)
{
    for (;;) {
        int flags = disk.desc[i].flags;
        int next = disk.desc[i].next;
        disk.desc[i] = (struct desc){0};
        disk.free[i] = 1;
        if (!(flags & DESC_NEXT))
            return;
        i = next;
    }
}

static void poll(void)
{
    *R(INTERRUPT_ACK) = *R(INTERRUPT_STATUS) & 3;
    __sync_synchronize();
    while (disk.used_idx != *(volatile ushort *)&disk.used->idx) {
        __sync_synchronize();
        int id = (int)disk.used->ring[disk.used_idx % NUM].id;
        disk.b[id]->disk = 0;
        disk.used_idx++;
    }
}

static int submit(struct buf *b, uint type, uint64 sector, uint bytes, int device_writes)
{
    int idx[3], n = bytes ? 3 : 2;

    for (int i = 0; i < n; i++)
        idx[i] = alloc_desc();
    disk.ops[idx[0]] = (struct header){.type = type, .sector = sector};
    disk.desc[idx[0]] = (struct desc){.addr = pa(&disk.ops[idx[0]]),
                                      .len = sizeof(struct header),
                                      .flags = DESC_NEXT,
                                      .next = (ushort)idx[1]};
    if (bytes)
        disk.desc[idx[1]] =
            (struct desc){.addr = pa(b->data),
                          .len = bytes,
                          .flags = (ushort)((device_writes ? DESC_WRITE : 0) | DESC_NEXT),
                          .next = (ushort)idx[2]};
    b->status = 0xff;
    disk.desc[idx[n - 1]] = (struct desc){.addr = pa(&b->status), .len = 1, .flags = DESC_WRITE};
    b->disk = 1;
    disk.b[idx[0]] = b;
    disk.avail->ring[disk.avail->idx % NUM] = (ushort)idx[0];
    __sync_synchronize();
    disk.avail->idx += 1;
    __sync_synchronize();
    *R(QUEUE_NOTIFY) = 0;
    for (int spin = 0; b->disk; spin++) {
        if (spin == 100000)
            return DISK_LATE;
        poll();
    }
    disk.b[idx[0]] = 0;
    free_chain(idx[0]);
    return *(volatile uchar *)&b->status == 0 ? DISK_OK : DISK_BAD;
}

int disk_rw(struct buf *b, int write)
{
    return submit(b, write ? 1 : 0, (uint64)b->blockno * (BSIZE / 512), BSIZE, !write);
}

/* The device has not offered it. */
int disk_discard(void)
{
    static struct buf none;
    return submit(&none, 11, 0, 0, 0);
}

int disk_flush(void)
{
    static struct buf none;
    return submit(&none, 4, 0, 0, 0);
}
