/*
 * The ring of the GPU driver: see queue.h.
 */
#include "queue.h"

#define SIZE         KERNEL_QUEUE_SIZE
#define AVAIL_OFFSET (SIZE * sizeof(struct virtq_desc))
#define USED_OFFSET  ((AVAIL_OFFSET + 6 + 2 * SIZE + 3) & ~3ul)
#define BYTES        (USED_OFFSET + 6 + 8 * SIZE)

bool queue_create(struct queue *queue)
{
    if (!platform_dma_alloc(BYTES, 4096, "ring", &queue->memory))
        return false;
    queue->desc = queue->memory.cpu;
    queue->avail = (volatile uint16_t *)((char *)queue->memory.cpu + AVAIL_OFFSET);
    queue->used = (volatile uint16_t *)((char *)queue->memory.cpu + USED_OFFSET);
    queue->avail_address = queue->memory.addr + AVAIL_OFFSET;
    queue->used_address = queue->memory.addr + USED_OFFSET;
    queue->idx = 0;
    return true;
}

void queue_destroy(struct queue *queue)
{
    platform_dma_free(&queue->memory);
}

void queue_submit(struct queue *queue, const struct platform_dma *buffer, uint32_t request_bytes)
{
    queue->desc[0].addr = buffer->addr;
    queue->desc[0].len = request_bytes;
    queue->desc[0].flags = VIRTQ_DESC_F_NEXT;
    queue->desc[0].next = 1;
    queue->desc[1].addr = buffer->addr + request_bytes;
    queue->desc[1].len = (uint32_t)buffer->size_bytes - request_bytes;
    queue->desc[1].flags = VIRTQ_DESC_F_WRITE;
    queue->avail[2 + queue->idx % SIZE] = 0;
    platform_wmb();
    queue->avail[1] = ++queue->idx;
    platform_mb();
}

bool queue_is_done(const struct queue *queue)
{
    bool done = queue->used[1] == queue->idx;

    platform_rmb();
    return done;
}
