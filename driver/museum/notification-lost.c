/*
 * Nothing is wrong with this driver: the device forgets a notification that comes too early for it.
 *
 * Symptom: the guest reports "timed out waiting for cap set 0". Cause: the device had read the
 * notification before it enabled the queue, and then waited for another one. Seen in
 * rust-vmm/vhost-device#926.
 */
#include "exhibit.h"

void exhibit_notify(const struct exhibit_queue *queue)
{
    platform_mb();
    REG(QueueNotify) = queue->index;
}
