/*
 * An entropy driver that sees its registers as a structure of volatile fields, at the address where
 * its RISC-V kernel knows them to be, and keeps ring and buffer in static data. Version 1 and 2.
 */
#include <stdbool.h>
#include <stdint.h>

#include "suite.h"

#ifndef RNG_REGISTERS
#define RNG_REGISTERS 0x10001000UL
#endif

struct virtio_regs {
    volatile uint32_t magic;
    volatile uint32_t version;
    volatile uint32_t device_id;
    volatile uint32_t vendor_id;
    volatile uint32_t host_features;
    volatile uint32_t host_features_sel;
    uint32_t pad0[2];
    volatile uint32_t guest_features;
    volatile uint32_t guest_features_sel;
    volatile uint32_t guest_page_size;
    uint32_t pad1;
    volatile uint32_t queue_sel;
    volatile uint32_t queue_num_max;
    volatile uint32_t queue_num;
    volatile uint32_t queue_align;
    volatile uint32_t queue_pfn;
    volatile uint32_t queue_ready;
    uint32_t pad2[2];
    volatile uint32_t queue_notify;
    uint32_t pad3[3];
    volatile uint32_t interrupt_status;
    volatile uint32_t interrupt_ack;
    uint32_t pad4[2];
    volatile uint32_t status;
    uint32_t pad5[3];
    volatile uint64_t queue_desc;
    uint32_t pad6[2];
    volatile uint64_t queue_avail;
    uint32_t pad7[2];
    volatile uint64_t queue_used;
};

_Static_assert(sizeof(struct virtio_regs) == 0xa8, "the registers are where they are");

#define RING 4

struct ring {
    struct {
        uint64_t addr;
        uint32_t len;
        uint16_t flags;
        uint16_t next;
    } desc[RING];
    uint16_t avail_flags;
    volatile uint16_t avail_idx;
    uint16_t avail_ring[RING];
    uint16_t used_event;
    uint8_t gap[4096 - RING * 16 - RING * 2 - 6];
    uint16_t used_flags;
    volatile uint16_t used_idx;
    struct {
        uint32_t id;
        uint32_t len;
    } used_ring[RING];
    uint16_t avail_event;
};

static struct ring ring __attribute__((aligned(4096)));
static uint8_t entropy[64];

static struct virtio_regs *const regs = (struct virtio_regs *)RNG_REGISTERS;

/* Registers have 32 bits each, also those that belong together. */
static void set_address(volatile uint64_t *reg, const void *addr)
{
    volatile uint32_t *half = (volatile uint32_t *)reg;
    half[0] = (uint32_t)(uintptr_t)addr;
    half[1] = (uint32_t)((uint64_t)(uintptr_t)addr >> 32);
}

static enum suite_result queue_up(uint32_t version)
{
    regs->queue_sel = 0;
    if (regs->queue_num_max < RING)
        return SUITE_BAD_DEVICE;
    if (version == 1) {
        regs->guest_page_size = 4096;
        regs->queue_num = RING;
        regs->queue_align = 4096;
        regs->queue_pfn = (uint32_t)((uintptr_t)&ring >> 12);
        return SUITE_OK;
    }
    if (regs->queue_ready)
        return SUITE_BAD_DEVICE;
    regs->queue_num = RING;
    set_address(&regs->queue_desc, ring.desc);
    set_address(&regs->queue_avail, &ring.avail_flags);
    set_address(&regs->queue_used, &ring.used_flags);
    regs->queue_ready = 1;
    return SUITE_OK;
}

static enum suite_result init(const struct suite_args *args)
{
    enum suite_result result;
    uint32_t status, version;

    (void)args;
    if (regs->magic != 0x74726976)
        return SUITE_NO_DEVICE;
    version = regs->version;
    if (version != 1 && version != 2)
        return SUITE_BAD_DEVICE;
    if (regs->device_id != 4)
        return SUITE_NO_DEVICE;
    regs->status = 0;
    regs->status = status = 1;
    regs->status = status |= 2;
    regs->host_features_sel = 0;
    (void)regs->host_features; /* nothing there that this driver would use */
    regs->guest_features_sel = 0;
    regs->guest_features = 0;
    if (version == 2) {
        regs->host_features_sel = 1;
        regs->guest_features_sel = 1;
        regs->guest_features = regs->host_features & 1;
        regs->status = status |= 8;
        if ((regs->status & 8) == 0)
            return SUITE_BAD_DEVICE;
    }
    result = queue_up(version);
    if (result == SUITE_OK)
        regs->status = status | 4;
    return result;
}

/* `get BYTES`: fills the buffer, which must have changed, and not behind the bytes asked for. */
static enum suite_result get(const struct suite_args *args)
{
    uint32_t bytes = (uint32_t)args->value[0];
    uint32_t changed = 0;
    uint16_t slot = ring.avail_idx;

    if (bytes > sizeof entropy)
        return SUITE_BAD_ARGUMENT;
    for (uint32_t i = 0; i < sizeof entropy; i++)
        entropy[i] = 0;
    ring.desc[0].addr = (uint64_t)(uintptr_t)entropy;
    ring.desc[0].len = bytes;
    ring.desc[0].flags = 2;
    ring.desc[0].next = 0;
    ring.avail_ring[slot % RING] = 0;
    __sync_synchronize();
    ring.avail_idx = (uint16_t)(slot + 1);
    __sync_synchronize();
    regs->queue_notify = 0;
    for (uint32_t spin = 0; ring.used_idx != (uint16_t)(slot + 1); spin++) {
        if (spin == 100000)
            return SUITE_TIMEOUT;
    }
    __sync_synchronize();
    regs->interrupt_ack = regs->interrupt_status;
    if (ring.used_ring[slot % RING].len != bytes)
        return SUITE_BAD_COMPLETION;
    for (uint32_t i = 0; i < bytes; i++)
        changed += entropy[i] != 0;
    return changed > bytes / 2 && entropy[sizeof entropy - 1] == 0 ? SUITE_OK
                                                                   : SUITE_BAD_COMPLETION;
}

static enum suite_result shutdown(const struct suite_args *args)
{
    (void)args;
    regs->status = 0;
    return regs->status == 0 ? SUITE_OK : SUITE_BAD_DEVICE;
}

static const struct suite_op ops[] = {{"init", init}, {"get", get}, {"shutdown", shutdown}};

const struct suite_driver ringside_driver = {
    .name = "hobby_rng",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
