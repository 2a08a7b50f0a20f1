/*
 * The barrier stands behind the notification, where it orders nothing any more.
 *
 * Symptom: none on the machines at hand, for twelve years. On one that lets a store to a register
 * overtake one to memory, the device looks at avail.idx, finds nothing new, and goes back to sleep.
 * Cause: the barrier is there to have avail.idx seen first. Seen in littlekernel/lk@9c44d5d2.
 */
#include "exhibit.h"

void exhibit_notify(const struct exhibit_queue *queue)
{
    if (exhibit.mended)
        platform_mb();
    REG(QueueNotify) = queue->index;
    if (!exhibit.mended)
        platform_mb();
}
