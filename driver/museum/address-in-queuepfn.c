/*
 * QueuePFN is given the queue's address, and GuestPageSize is never written.
 *
 * Symptom: works on QEMU, and nowhere else. Cause: the register holds a page number, which the
 * device multiplies with GuestPageSize. QEMU keeps the size as a shift, which is 0 while nobody
 * wrote it: the address times one. Seen in nuta/operating-system-in-1000-lines#120.
 */
#include "exhibit.h"

void exhibit_queue_addresses(const struct exhibit_queue *queue)
{
    REG(QueueSize) = queue->size;
    REG(QueueAlign) = EXHIBIT_PAGE_BYTES;
    if (exhibit.mended) {
        REG(GuestPageSize) = EXHIBIT_PAGE_BYTES;
        REG(QueuePFN) = (uint32_t)(queue->desc_addr / EXHIBIT_PAGE_BYTES);
    } else {
        REG(QueuePFN) = (uint32_t)queue->desc_addr;
    }
}
