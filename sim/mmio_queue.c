/*
 * The registers of a queue: its size and place, and what makes it live.
 *
 * QueueReady reads what was written (4.2.2), so a strict device that finds a queue of wrong size,
 * place or alignment breaks down instead: DEVICE_NEEDS_RESET, 2.1.2. A legacy queue it just does
 * not make live.
 */
#include "mmio_queue.h"

#include "virtio/config.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

static uint64_t round_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) / align *
           align; /* `align` may be no power of two: a driver wrote it */
}

/* 2.7.2: where the three parts of a version-1 queue lie. */
static void lay_out_legacy(struct sim_device *device, struct sim_queue *queue)
{
    uint64_t align = queue->align != 0 ? queue->align : MMIO_LEGACY_ALIGN;
    uint64_t page = device->guest_page_size != 0 ? device->guest_page_size : 1;
    queue->desc_addr = queue->pfn * page;
    queue->avail_addr = queue->desc_addr + virtq_desc_bytes(queue->size);
    if ((align & (align - 1)) == 0)
        queue->used_addr = queue->desc_addr + virtq_legacy_used_offset(queue->size, align);
    else
        queue->used_addr =
            queue->desc_addr +
            round_up(virtq_desc_bytes(queue->size) + virtq_avail_bytes(queue->size), align);
}

void mmio_write_queue_size(struct sim_device *device, struct sim_queue *queue, uint32_t value)
{
    uint32_t max = device->config.queue_size_max;
    if (value == 0 || value > max || (value & (value - 1)) != 0)
        mmio_refuse(device, device->queue_sel, SIM_REFUSAL_QUEUE_SIZE, VIRTIO_MMIO_REG_QueueSize,
                    value, max);
    queue->size_refused = value == 0 || value > max || (value & (value - 1)) != 0;
    if (value == 0 || value > max)
        return;
    queue->size = value;
    if (queue->pfn != 0)
        lay_out_legacy(device, queue);
}

void mmio_write_queue_align(struct sim_device *device, struct sim_queue *queue, uint32_t value)
{
    if (value == 0)
        return;
    queue->align = value;
    if (queue->pfn != 0)
        lay_out_legacy(device, queue);
}

/* 4.2.4: a page size and an alignment that are powers of two, and a size that was taken. */
static bool strict_legacy(const struct sim_device *device, const struct sim_queue *queue)
{
    uint32_t page = device->guest_page_size, align = queue->align;
    return page != 0 && (page & (page - 1)) == 0 && align != 0 && (align & (align - 1)) == 0 &&
           !queue->size_refused;
}

void mmio_write_queue_pfn(struct sim_device *device, struct sim_queue *queue, uint32_t value)
{
    if (value == 0) {
        sim_queue_reset(device, device->queue_sel);
        return;
    }
    if (queue->pfn != 0)
        mmio_refuse(device, device->queue_sel, SIM_REFUSAL_PFN_AGAIN, VIRTIO_MMIO_REG_QueuePFN,
                    value, queue->pfn);
    if (device->config.strict && queue->pfn != 0)
        return;
    if (device->config.strict && !strict_legacy(device, queue)) {
        mmio_refuse(device, device->queue_sel, SIM_REFUSAL_PFN_EARLY, VIRTIO_MMIO_REG_QueuePFN,
                    value, 0);
        return;
    }
    queue->pfn = value;
    lay_out_legacy(device, queue);
}

/* An area that is not in RAM is told, and breaks the device, before it is used. */
static void strict_area(struct sim_device *device, uint64_t addr, uint64_t bytes,
                        enum sim_refusal refusal)
{
    struct event details = {.addr = addr,
                            .extra = bytes,
                            .index = ARENA_FAULT_OUTSIDE_RAM,
                            .place = EVENT_PLACE_MEMORY};
    if (!device->queue[device->queue_sel].broken && !arena_is_ram(device->arena, addr, bytes))
        sim_refuse(device, device->queue_sel, refusal, &details);
}

/* 2.1, 3.1.1: each bit behind those that come before it; FEATURES_OK is no business of version 1.
 */
uint32_t sim_strict_status(bool is_legacy, uint32_t before, uint32_t next)
{
    uint32_t needed = is_legacy ? VIRTIO_STATUS_DRIVER : VIRTIO_STATUS_FEATURES_OK;

    if ((next & VIRTIO_STATUS_ACKNOWLEDGE) == 0)
        next &= ~(uint32_t)VIRTIO_STATUS_DRIVER;
    if ((next & VIRTIO_STATUS_DRIVER) == 0)
        next &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
    /* The bit must have been kept, not only written along. */
    if ((next & needed) == 0 || (before & needed) == 0)
        next &= ~(uint32_t)VIRTIO_STATUS_DRIVER_OK;
    return next;
}

static void note_alignment(struct sim_device *device, uint64_t addr, uint32_t align_bytes,
                           enum virtio_mmio_reg reg)
{
    if (addr % align_bytes != 0)
        mmio_refuse(device, device->queue_sel, SIM_REFUSAL_QUEUE_ALIGN, reg, addr, align_bytes);
}

void mmio_write_queue_ready(struct sim_device *device, struct sim_queue *queue, uint32_t value)
{
    bool was_ready = queue->ready;
    queue->ready = value != 0;
    if (!queue->ready) {
        sim_queue_stop(device, device->queue_sel);
    } else if (!was_ready) {
        note_alignment(device, queue->desc_addr, VIRTQ_DESC_ALIGN_BYTES,
                       VIRTIO_MMIO_REG_QueueDescLow);
        note_alignment(device, queue->avail_addr, VIRTQ_AVAIL_ALIGN_BYTES,
                       VIRTIO_MMIO_REG_QueueDriverLow);
        note_alignment(device, queue->used_addr, VIRTQ_USED_ALIGN_BYTES,
                       VIRTIO_MMIO_REG_QueueDeviceLow);
        if (device->config.strict) {
            strict_area(device, queue->desc_addr, virtq_desc_bytes(queue->size),
                        SIM_REFUSAL_DMA_DESC);
            strict_area(device, queue->avail_addr, virtq_avail_bytes(queue->size),
                        SIM_REFUSAL_DMA_AVAIL);
            strict_area(device, queue->used_addr, virtq_used_bytes(queue->size),
                        SIM_REFUSAL_DMA_USED);
        }
    }
}
