/*
 * The three parts of a legacy queue lie on a page each, and only the first page is told.
 *
 * Symptom: events of virtio-input and virtio-gpu are dropped without a word, while virtio-blk
 * works. Cause: a legacy device is given one page number and computes the rest: the available ring
 * begins where the descriptor table ends, the used ring at the next multiple of QueueAlign. With
 * 256 entries the table fills its page and all is well by chance; with fewer the device looks
 * elsewhere. Seen in haiku/haiku@b57d5d2f41.
 */
#include "exhibit.h"

bool exhibit_queue_place(struct exhibit_queue *queue)
{
    uint32_t avail_offset = exhibit.mended ? queue->size * 16 : EXHIBIT_PAGE_BYTES;
    uint32_t used_offset = exhibit.mended ? EXHIBIT_PAGE_BYTES : 2 * EXHIBIT_PAGE_BYTES;
    uint8_t *pages;

    if (!platform_dma_alloc(3 * EXHIBIT_PAGE_BYTES, EXHIBIT_PAGE_BYTES, "queue", &queue->memory))
        return false;
    pages = queue->memory.cpu;
    queue->desc = (volatile struct virtq_desc *)pages;
    queue->avail = (volatile struct virtq_avail *)(pages + avail_offset);
    queue->used = (volatile struct virtq_used *)(pages + used_offset);
    queue->desc_addr = queue->memory.addr;
    return true;
}

void exhibit_queue_addresses(const struct exhibit_queue *queue)
{
    REG(GuestPageSize) = EXHIBIT_PAGE_BYTES;
    REG(QueueSize) = queue->size;
    REG(QueueAlign) = EXHIBIT_PAGE_BYTES;
    REG(QueuePFN) = (uint32_t)(queue->desc_addr / EXHIBIT_PAGE_BYTES);
}
