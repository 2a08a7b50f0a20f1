/*
 * QueuePFN is a page number, but nobody told the device how large a page is.
 *
 * Symptom: the first command spins for ever, and QEMU's monitor shows a queue whose indices stay 0;
 * no tool says why. Cause: GuestPageSize is not written, so that the device takes the page number
 * for an address. Seen in nuta/operating-system-in-1000-lines#80.
 */
#include "exhibit.h"

void exhibit_queue_addresses(const struct exhibit_queue *queue)
{
    if (exhibit.mended)
        REG(GuestPageSize) = EXHIBIT_PAGE_BYTES;
    REG(QueueSize) = queue->size;
    REG(QueueAlign) = EXHIBIT_PAGE_BYTES;
    REG(QueuePFN) = (uint32_t)(queue->desc_addr / EXHIBIT_PAGE_BYTES);
}
