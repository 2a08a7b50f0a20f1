/*
 * The split virtqueue as it lies in memory (VIRTIO 1.3, 2.7 "Split Virtqueues").
 *
 *   Descriptor Area  struct virtq_desc[size]      written by the driver, 16-byte aligned
 *   Driver Area      struct virtq_avail           written by the driver,  2-byte aligned
 *   Device Area      struct virtq_used            written by the device,  4-byte aligned
 *
 * Words that are never mixed: an `idx` runs freely from 0 to 65535 and wraps; a `slot` is idx mod
 * size; a `head` is an index into the descriptor table.
 */
#ifndef RINGSIDE_VIRTIO_RING_H
#define RINGSIDE_VIRTIO_RING_H

#include <stddef.h>
#include "types.h"

#define VIRTQ_SIZE_MAX 32768u /* 2.7: largest split queue */

#define VIRTQ_DESC_F_NEXT     1u /* 2.7.5 */
#define VIRTQ_DESC_F_WRITE    2u
#define VIRTQ_DESC_F_INDIRECT 4u

#define VIRTQ_AVAIL_F_NO_INTERRUPT 1u /* 2.7.6 */
#define VIRTQ_USED_F_NO_NOTIFY     1u /* 2.7.8 */

struct virtq_desc {
    le64 addr;
    le32 len;
    le16 flags;
    le16 next;
};

/* `ring` has as many entries as the queue; used_event follows it (see virtq_used_event_offset). */
struct virtq_avail {
    le16 flags;
    le16 idx;
    le16 ring[];
};

struct virtq_used_elem {
    le32 id; /* head of the chain that was used */
    le32 len; /* bytes written into its device-writable part */
};

/* `ring` has as many entries as the queue; avail_event follows it. */
struct virtq_used {
    le16 flags;
    le16 idx;
    struct virtq_used_elem ring[];
};

#define VIRTQ_DESC_ALIGN_BYTES  16u
#define VIRTQ_AVAIL_ALIGN_BYTES 2u
#define VIRTQ_USED_ALIGN_BYTES  4u

static inline size_t virtq_desc_bytes(uint32_t size)
{
    return sizeof(struct virtq_desc) * size;
}

/* With the trailing used_event, which is there whether EVENT_IDX was negotiated or not. */
static inline size_t virtq_avail_bytes(uint32_t size)
{
    return 6 + sizeof(le16) * size;
}

/* With the trailing avail_event. */
static inline size_t virtq_used_bytes(uint32_t size)
{
    return 6 + sizeof(struct virtq_used_elem) * size;
}

static inline size_t virtq_used_event_offset(uint32_t size)
{
    return 4 + sizeof(le16) * size;
}

static inline size_t virtq_avail_event_offset(uint32_t size)
{
    return 4 + sizeof(struct virtq_used_elem) * size;
}

/*
 * Offset of the used ring in the legacy layout, where the three parts lie in one block (2.7.2).
 * `align_bytes` is QueueAlign and must be a power of two. The specification rounds up the end of
 * the available ring *with* its used_event; see sim/mmio.h for a device that leaves used_event out.
 */
static inline uint64_t virtq_legacy_used_offset(uint32_t size, uint64_t align_bytes)
{
    uint64_t end = virtq_desc_bytes(size) + virtq_avail_bytes(size);
    return (end + align_bytes - 1) & ~(align_bytes - 1);
}

/* 2.7.7.2 and 2.7.10.1: has the other side's event index been crossed by moving old to new? */
static inline int virtq_need_event(uint16_t event, uint16_t new_idx, uint16_t old_idx)
{
    return (uint16_t)(new_idx - event - 1) < (uint16_t)(new_idx - old_idx);
}

#endif
