/*
 * Ring fields are written in the processor's own order, on a modern device and a big-endian CPU.
 *
 * Symptom: broken on m68k. Cause: the rings of a legacy device are in the guest's order and those
 * of a modern one are little-endian, whatever the processor. A driver that knows one of the two and
 * meets the other says 256 where it means 1. Seen in littlekernel/lk@4bdaf047,
 * littlekernel/lk@6e079828 and littlekernel/lk@8304f5c7.
 */
#include "exhibit.h"

void exhibit_publish(struct exhibit_queue *queue, uint16_t head)
{
    uint16_t (*turn)(uint16_t) = exhibit.mended ? virtio_le16 : virtio_native16;
    uint16_t idx = turn(queue->avail->idx);

    queue->avail->ring[idx % queue->size] = turn(head);
    platform_wmb();
    queue->avail->idx = turn((uint16_t)(idx + 1));
}
