/*
 * Registers as QEMU 7.2 has them, where that is not what the specification says: the qemu profile's
 * side of mmio.c.
 *
 *   - an access of 64 bits is made as two of 32, the lower half first (4.2.2.2 asks for 32)
 *   - a read behind the end of configuration space gives ones (2.5 says nothing of it)
 *   - a version-1 device answers SHMLen like a version-2 one (4.2.4 does not have it)
 *   - version 2: size and addresses of a queue are only kept until QueueReady 1 takes them over,
 *     may be written while it is ready, outlive a reset of the device, and QueueReady 0 does not
 * stop the queue; QueueSize is in effect at once as well (4.2.2.2)
 *   - QueueReady reads what was written even for a queue that does not exist (4.2.2.1)
 *   - version 1: QueuePFN reads the address in units of what GuestPageSize is *now* (4.2.4)
 *   - a QueueSize raised while the queue is in use breaks the device at the next chain (4.2.2.2
 *     forbids it)
 *   - QEMU 11 rejects a QueueSize above QueueSizeMax, which 7.2 keeps for QueueReady. That it does
 *     is known from reports of drivers that it broke; that the write then has no effect is our
 *     reading
 *   - rings that are not in RAM break the device when they are set up, not when they are used
 */
#include "device.h"

#include "mmio_qemu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define QUEUES_MAX (8 * sizeof(((struct sim_device *)0)->qemu_ready))

/* ---- reading ---- */

static uint64_t ones(uint32_t width_bytes)
{
    return width_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width_bytes)) - 1;
}

uint64_t mmio_qemu_misread(struct sim_device *device, uint32_t offset, uint32_t width_bytes)
{
    if (width_bytes == 8)
        return mmio_read(device, offset, 4) | mmio_read(device, offset + 4, 4) << 32;
    if (offset >= VIRTIO_MMIO_CONFIG)
        return ones(width_bytes);
    if (width_bytes == 4 && (offset == VIRTIO_MMIO_SHMLenLow || offset == VIRTIO_MMIO_SHMLenHigh))
        return ones(4);
    return 0;
}

bool mmio_qemu_miswrite(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                        uint64_t value)
{
    if (width_bytes != 8)
        return false;
    mmio_write(device, offset, 4, value & UINT32_MAX);
    mmio_write(device, offset + 4, 4, value >> 32);
    return true;
}

uint32_t mmio_qemu_pfn(const struct sim_device *device, const struct sim_queue *queue)
{
    return (uint32_t)(queue->desc_addr / mmio_qemu_page(device));
}

uint64_t mmio_qemu_page(const struct sim_device *device)
{
    uint32_t page = device->guest_page_size;
    return page != 0 ? page & (~page + 1) : 1; /* it counts trailing zeros */
}

bool mmio_qemu_ready(const struct sim_device *device)
{
    uint32_t queue = device->queue_sel;
    return queue < QUEUES_MAX && (device->qemu_ready[queue / 8] >> queue % 8 & 1) != 0;
}

/* ---- queues ---- */

/* Maps the rings, as QEMU does when they are set up. */
static void map_rings(struct sim_device *device, struct sim_queue *queue)
{
    uint64_t event_bytes = sim_has_feature(device, VIRTIO_F_EVENT_IDX) ? sizeof(le16) : 0;
    const struct {
        uint64_t addr, bytes;
        enum sim_refusal refusal;
    } part[] = {
        {queue->desc_addr, virtq_desc_bytes(queue->size), SIM_REFUSAL_DMA_DESC},
        {queue->used_addr, virtq_avail_event_offset(queue->size) + event_bytes,
         SIM_REFUSAL_DMA_USED},
        {queue->avail_addr, virtq_used_event_offset(queue->size) + event_bytes,
         SIM_REFUSAL_DMA_AVAIL},
    };

    if (queue->desc_addr == 0)
        return;
    queue->mapped_size = queue->size;
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        if (arena_is_ram(device->arena, part[i].addr, part[i].bytes))
            continue;
        struct event details = {.addr = part[i].addr,
                                .extra = part[i].bytes,
                                .index = ARENA_FAULT_OUTSIDE_RAM,
                                .place = EVENT_PLACE_MEMORY};
        sim_refuse(device, device->queue_sel, part[i].refusal, &details);
        return;
    }
}

/* Available and used ring follow the descriptor table; the address is aligned, not the offset. */
static void lay_out(struct sim_device *device, struct sim_queue *queue)
{
    uint64_t align = queue->align != 0 ? queue->align : MMIO_LEGACY_ALIGN;

    if (queue->desc_addr == 0)
        return;
    queue->avail_addr = queue->desc_addr + virtq_desc_bytes(queue->size);
    queue->used_addr = queue->avail_addr + virtq_used_event_offset(queue->size);
    queue->used_addr = (queue->used_addr + align - 1) / align * align;
    map_rings(device, queue);
}

/* Worth a note, for QEMU takes it. */
static void note(struct sim_device *device, enum sim_refusal refusal, enum virtio_mmio_reg reg,
                 uint64_t value, uint64_t extra)
{
    struct event details = {.value = value,
                            .extra = extra,
                            .place = EVENT_PLACE_REGISTER,
                            .index = reg};
    sim_refuse(device, device->queue_sel, refusal, &details);
}

static void note_alignment(struct sim_device *device, uint64_t addr, uint32_t align_bytes,
                           enum virtio_mmio_reg reg)
{
    if (addr % align_bytes != 0)
        note(device, SIM_REFUSAL_QUEUE_ALIGN, reg, addr, align_bytes);
}

static void set_size(const struct sim_device *device, struct sim_queue *queue, uint32_t value)
{
    if (value != 0 && value <= device->config.queue_size_max)
        queue->size = value;
}

static void write_ready(struct sim_device *device, struct sim_queue *queue, uint32_t value)
{
    uint32_t number = device->queue_sel;

    if (number < QUEUES_MAX) {
        uint8_t bit = (uint8_t)(1u << number % 8);
        uint8_t *byte = &device->qemu_ready[number / 8];
        *byte = (uint8_t)(value != 0 ? *byte | bit : *byte & ~bit);
    }
    if (queue == NULL)
        return;
    bool was_ready = queue->ready;
    queue->ready = value != 0;
    if (value == 0)
        return;
    set_size(device, queue, queue->staged.size);
    queue->desc_addr = queue->staged.desc;
    queue->avail_addr = queue->staged.avail;
    queue->used_addr = queue->staged.used;
    if (!was_ready) {
        note_alignment(device, queue->desc_addr, VIRTQ_DESC_ALIGN_BYTES,
                       VIRTIO_MMIO_REG_QueueDescLow);
        note_alignment(device, queue->avail_addr, VIRTQ_AVAIL_ALIGN_BYTES,
                       VIRTIO_MMIO_REG_QueueDriverLow);
        note_alignment(device, queue->used_addr, VIRTQ_USED_ALIGN_BYTES,
                       VIRTIO_MMIO_REG_QueueDeviceLow);
    }
    map_rings(device, queue);
}

static void set_half(uint64_t *addr, uint32_t value, bool high)
{
    *addr = high ? (*addr & UINT32_MAX) | (uint64_t)value << 32
                 : (*addr & ~(uint64_t)UINT32_MAX) | value;
}

bool mmio_qemu_write_queue(struct sim_device *device, struct sim_queue *queue, uint32_t offset,
                           uint32_t value)
{
    bool legacy = sim_is_legacy(device);

    if (offset == VIRTIO_MMIO_QueueReady) {
        write_ready(device, queue, value);
        return true;
    }
    if (offset == VIRTIO_MMIO_QueuePFN && value == 0) {
        mmio_reset(device, 2); /* whatever queue is selected */
        return true;
    }
    if (queue == NULL)
        return false;
    switch (offset) {
    case VIRTIO_MMIO_QueueSize:
        if (value == 0 || value > device->config.queue_size_max || (value & (value - 1)) != 0)
            note(device, SIM_REFUSAL_QUEUE_SIZE, VIRTIO_MMIO_REG_QueueSize, value,
                 device->config.queue_size_max);
        if (device->config.checks_queue_size && value > device->config.queue_size_max)
            return true; /* nothing of it is kept */
        set_size(device, queue, value);
        queue->staged.size = value & 0xffff; /* QEMU keeps 16 bits of it */
        if (legacy)
            lay_out(device, queue);
        return true;
    case VIRTIO_MMIO_QueueAlign:
        if (value == 0)
            return true;
        queue->align = value;
        lay_out(device, queue);
        return true;
    case VIRTIO_MMIO_QueuePFN:
        if (queue->pfn != 0)
            note(device, SIM_REFUSAL_PFN_AGAIN, VIRTIO_MMIO_REG_QueuePFN, value, queue->pfn);
        queue->pfn = value;
        queue->desc_addr = value * mmio_qemu_page(device);
        lay_out(device, queue);
        return true;
    case VIRTIO_MMIO_QueueDescLow:
    case VIRTIO_MMIO_QueueDescHigh:
        set_half(&queue->staged.desc, value, offset == VIRTIO_MMIO_QueueDescHigh);
        return true;
    case VIRTIO_MMIO_QueueDriverLow:
    case VIRTIO_MMIO_QueueDriverHigh:
        set_half(&queue->staged.avail, value, offset == VIRTIO_MMIO_QueueDriverHigh);
        return true;
    case VIRTIO_MMIO_QueueDeviceLow:
    case VIRTIO_MMIO_QueueDeviceHigh:
        set_half(&queue->staged.used, value, offset == VIRTIO_MMIO_QueueDeviceHigh);
        return true;
    default:
        return false;
    }
}
