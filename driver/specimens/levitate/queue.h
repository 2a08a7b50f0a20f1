/*
 * levitate's virtqueue as it lies in memory: one struct with everything in it, rings, event fields
 * and the driver's private state, in one page that the device can write.
 *
 *   0x000  desc[16]               0x128  used.flags, used.idx
 *   0x100  avail.flags, avail.idx 0x12c  used.ring[16]
 *   0x104  avail.ring[16]         0x1ac  avail_event
 *   0x124  used_event, padding    0x1ae  free_head, num_free, last_used_idx: the driver's own
 *
 * used_event and the padding behind it came late. Without them the used ring was at 0x124, which is
 * aligned too, and which is where a legacy device of QEMU with QueueAlign 4 looks for it.
 */
#ifndef RINGSIDE_SPECIMENS_LEVITATE_QUEUE_H
#define RINGSIDE_SPECIMENS_LEVITATE_QUEUE_H

#include "stack.h"

#define LEV_QUEUE_SIZE                 16u
#define LEV_USED_OFFSET                0x128u
#define LEV_USED_OFFSET_WITHOUT_EVENTS 0x124u

struct lev_used {
    le16 flags;
    le16 idx;
    struct virtq_used_elem ring[LEV_QUEUE_SIZE];
};

struct lev_queue_memory {
    struct virtq_desc desc[LEV_QUEUE_SIZE];
    le16 avail_flags;
    le16 avail_idx;
    le16 avail_ring[LEV_QUEUE_SIZE];
    le16 used_event;
    uint16_t padding;
    struct lev_used used;
    le16 avail_event;
    uint16_t free_head;
    uint16_t num_free;
    uint16_t last_used_idx;
};

_Static_assert(offsetof(struct lev_queue_memory, avail_flags) == 0x100, "avail.flags");
_Static_assert(offsetof(struct lev_queue_memory, avail_idx) == 0x102, "avail.idx");
_Static_assert(offsetof(struct lev_queue_memory, avail_ring) == 0x104, "avail.ring");
_Static_assert(offsetof(struct lev_queue_memory, used_event) == 0x124, "used_event");
_Static_assert(offsetof(struct lev_queue_memory, used) == LEV_USED_OFFSET, "used.flags");
_Static_assert(offsetof(struct lev_used, ring) == 4, "used.ring");
_Static_assert(offsetof(struct lev_queue_memory, avail_event) == 0x1ac, "avail_event");
_Static_assert(offsetof(struct lev_queue_memory, free_head) == 0x1ae, "private state");
_Static_assert(sizeof(struct lev_queue_memory) <= STACK_PAGE_BYTES, "one page");

#endif
