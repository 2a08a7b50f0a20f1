/*
 * One virtqueue with one request in flight.
 */
#ifndef KERNEL_QUEUE_H
#define KERNEL_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <ringside/platform.h>
#include <ringside/virtio/ring.h>

struct queue {
    struct platform_dma memory;
    volatile struct virtq_desc *desc;
    volatile uint16_t *avail; /* flags, idx, ring */
    volatile uint16_t *used;  /* flags, idx, then the ring */
    uint64_t avail_address, used_address;
    uint16_t idx;
};

bool queue_create(struct queue *queue);
void queue_destroy(struct queue *queue);
/* Makes request and response available as one chain. */
void queue_submit(struct queue *queue, const struct platform_dma *buffer, uint32_t request_bytes);
bool queue_is_done(const struct queue *queue);

#endif
