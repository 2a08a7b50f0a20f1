/*
 * Where a named ring field lies in memory.
 */
#include "judge.h"

#include "virtio/ring.h"

bool place_address(const struct sim_device *device, struct event *event)
{
    const struct sim_queue *queue;
    uint64_t desc, avail, used;
    uint32_t width = 2;

    if (event->place == EVENT_PLACE_MEMORY)
        return true;
    if (event->queue >= SIM_QUEUES_MAX || !sim_queue_is_live(device, event->queue))
        return false;
    queue = &device->queue[event->queue];
    desc = queue->desc_addr + (uint64_t)event->index * sizeof(struct virtq_desc);
    avail = queue->avail_addr;
    used = queue->used_addr;
    switch ((enum event_place)event->place) {
    case EVENT_PLACE_DESC:
    case EVENT_PLACE_DESC_ADDR:
        event->addr = desc;
        width = 8;
        break;
    case EVENT_PLACE_DESC_LEN:
        event->addr = desc + 8;
        width = 4;
        break;
    case EVENT_PLACE_DESC_FLAGS:
        event->addr = desc + 12;
        break;
    case EVENT_PLACE_DESC_NEXT:
        event->addr = desc + 14;
        break;
    case EVENT_PLACE_AVAIL_FLAGS:
        event->addr = avail;
        break;
    case EVENT_PLACE_AVAIL_IDX:
        event->addr = avail + 2;
        break;
    case EVENT_PLACE_AVAIL_RING:
        event->addr = avail + 4 + (uint64_t)event->index * sizeof(le16);
        break;
    case EVENT_PLACE_USED_EVENT:
        event->addr = avail + virtq_used_event_offset(queue->size);
        break;
    case EVENT_PLACE_USED_FLAGS:
        event->addr = used;
        break;
    case EVENT_PLACE_USED_IDX:
        event->addr = used + 2;
        break;
    case EVENT_PLACE_USED_RING:
    case EVENT_PLACE_USED_RING_ID:
        event->addr = used + 4 + (uint64_t)event->index * sizeof(struct virtq_used_elem);
        width = 4;
        break;
    case EVENT_PLACE_USED_RING_LEN:
        event->addr = used + 8 + (uint64_t)event->index * sizeof(struct virtq_used_elem);
        width = 4;
        break;
    case EVENT_PLACE_AVAIL_EVENT:
        event->addr = used + virtq_avail_event_offset(queue->size);
        break;
    case EVENT_PLACE_NONE:
    case EVENT_PLACE_REGISTER:
    case EVENT_PLACE_REGISTER_GAP:
    case EVENT_PLACE_CONFIG:
    case EVENT_PLACE_MEMORY:
    case EVENT_PLACE_INDIRECT:
    case EVENT_PLACE_REQUEST:
    case EVENT_PLACE_RESPONSE:
    case EVENT_PLACE_BACKING:
    case EVENT_PLACE_COUNT:
        return false;
    }
    event->width_bytes = width;
    return true;
}
