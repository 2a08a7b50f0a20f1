/*
 * A chain's descriptors are cleared one by one, and then their links are followed.
 *
 * Symptom: after a handful of requests the driver sleeps until a descriptor is free, for ever.
 * Cause: the link to the next descriptor lies in the one that was just cleared. Only the head of
 * each chain comes back to the list of free descriptors. Seen in mit-pdos/xv6-riscv@aeaf610.
 */
#include "exhibit.h"

static void free_desc(struct exhibit_queue *queue, uint16_t i)
{
    queue->desc[i].addr = 0;
    queue->desc[i].len = 0;
    queue->desc[i].flags = 0;
    queue->desc[i].next = 0;
    queue->busy[i] = false;
}

void exhibit_give_back(struct exhibit_queue *queue, uint16_t head)
{
    uint16_t i = head;
    uint16_t flags;

    do {
        uint16_t this = i;

        if (!exhibit.mended)
            free_desc(queue, this);
        flags = queue->desc[this].flags;
        i = queue->desc[this].next;
        if (exhibit.mended)
            free_desc(queue, this);
    } while ((flags & VIRTQ_DESC_F_NEXT) != 0);
}
