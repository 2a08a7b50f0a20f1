/*
 * Where in a live queue a physical address lies.
 *
 * Asked for every DMA access of the driver, so the ranges come first and names after. Areas may
 * overlap when a driver lays them out wrongly, or where QEMU's legacy layout has the used ring
 * begin at used_event: then the device area wins, as what the device writes there is what counts.
 */
#include "device.h"

#include <stddef.h>

#include "virtio/ring.h"

/* The field that starts exactly at the access and holds all of it, or the descriptor. */
static enum event_place place_in_desc(uint64_t offset, uint32_t width_bytes)
{
    switch (offset % sizeof(struct virtq_desc)) {
    case offsetof(struct virtq_desc, addr):
        return width_bytes <= sizeof(le64) ? EVENT_PLACE_DESC_ADDR : EVENT_PLACE_DESC;
    case offsetof(struct virtq_desc, len):
        return width_bytes <= sizeof(le32) ? EVENT_PLACE_DESC_LEN : EVENT_PLACE_DESC;
    case offsetof(struct virtq_desc, flags):
        return width_bytes <= sizeof(le16) ? EVENT_PLACE_DESC_FLAGS : EVENT_PLACE_DESC;
    case offsetof(struct virtq_desc, next):
        return width_bytes <= sizeof(le16) ? EVENT_PLACE_DESC_NEXT : EVENT_PLACE_DESC;
    }
    return EVENT_PLACE_DESC;
}

static enum event_place place_in_avail(uint64_t offset, uint32_t size, uint32_t *index)
{
    if (offset < offsetof(struct virtq_avail, idx))
        return EVENT_PLACE_AVAIL_FLAGS;
    if (offset < offsetof(struct virtq_avail, ring))
        return EVENT_PLACE_AVAIL_IDX;
    if (offset >= virtq_used_event_offset(size))
        return EVENT_PLACE_USED_EVENT;
    *index = (uint32_t)((offset - offsetof(struct virtq_avail, ring)) / sizeof(le16));
    return EVENT_PLACE_AVAIL_RING;
}

static enum event_place place_in_used(uint64_t offset, uint32_t size, uint32_t width_bytes,
                                      uint32_t *index)
{
    if (offset < offsetof(struct virtq_used, idx))
        return EVENT_PLACE_USED_FLAGS;
    if (offset < offsetof(struct virtq_used, ring))
        return EVENT_PLACE_USED_IDX;
    if (offset >= virtq_avail_event_offset(size))
        return EVENT_PLACE_AVAIL_EVENT;
    offset -= offsetof(struct virtq_used, ring);
    *index = (uint32_t)(offset / sizeof(struct virtq_used_elem));
    offset %= sizeof(struct virtq_used_elem);
    if (offset == offsetof(struct virtq_used_elem, id) && width_bytes <= sizeof(le32))
        return EVENT_PLACE_USED_RING_ID;
    if (offset == offsetof(struct virtq_used_elem, len) && width_bytes <= sizeof(le32))
        return EVENT_PLACE_USED_RING_LEN;
    return EVENT_PLACE_USED_RING;
}

bool sim_queue_place(const struct sim_device *device, uint64_t addr, struct event *out)
{
    for (uint32_t queue = 0; queue < device->class->queue_count; queue++) {
        if (!sim_queue_is_live(device, queue))
            continue;
        const struct sim_queue *q = &device->queue[queue];
        enum event_place place;
        uint32_t index = 0;
        if (addr - q->used_addr < virtq_used_bytes(q->size)) {
            place = place_in_used(addr - q->used_addr, q->size, out->width_bytes, &index);
        } else if (addr - q->avail_addr < virtq_avail_bytes(q->size)) {
            place = place_in_avail(addr - q->avail_addr, q->size, &index);
        } else if (addr - q->desc_addr < virtq_desc_bytes(q->size)) {
            place = place_in_desc(addr - q->desc_addr, out->width_bytes);
            index = (uint32_t)((addr - q->desc_addr) / sizeof(struct virtq_desc));
        } else {
            continue;
        }
        out->place = (uint8_t)place;
        out->queue = (uint16_t)queue;
        out->index = index;
        return true;
    }
    return false;
}

/* Bytes of the fields at a place in a ring; 0 for other places. */
static uint32_t field_bytes(uint8_t place)
{
    if (place < EVENT_PLACE_DESC || place > EVENT_PLACE_INDIRECT)
        return 0;
    if (place == EVENT_PLACE_DESC || place == EVENT_PLACE_DESC_ADDR ||
        place == EVENT_PLACE_INDIRECT)
        return sizeof(le64);
    if (place == EVENT_PLACE_DESC_LEN ||
        (place >= EVENT_PLACE_USED_RING && place <= EVENT_PLACE_USED_RING_LEN))
        return sizeof(le32);
    return sizeof(le16);
}

uint64_t sim_ring_turned(uint8_t place, uint32_t width_bytes, uint64_t value)
{
    uint32_t field = field_bytes(place);
    uint64_t turned = 0;

    if (field == 0 || width_bytes < field) /* a part of a field stands for nothing */
        return value;
    for (uint32_t at = 0; at < sizeof(value) && at < width_bytes; at += field) {
        uint64_t part = __builtin_bswap64(value >> 8 * at) >> 8 * (sizeof(value) - field);
        turned |= part << 8 * at;
    }
    return turned;
}
