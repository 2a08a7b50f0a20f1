/*
 * The split virtqueue, the driver's side: four verbs and a way to ask for interrupts.
 *
 *   virtq_add      puts a buffer into descriptors and a slot; the device cannot see it yet
 *   virtq_publish  shows all that was added, and says whether the device wants to be notified
 *   virtq_get      takes back one buffer that the device has used
 *   virtq_arm      asks for an interrupt at the next used buffer
 *
 * The ring in memory is written, never believed: what the driver has to remember of its descriptors
 * it keeps in `struct virtq_shadow`, which the device cannot reach. A device that rewrites a
 * descriptor, returns a head that is not out, or claims to have written more than there was room
 * for breaks the queue (every later call says so), not the driver.
 */
#ifndef RINGSIDE_VIRTQ_H
#define RINGSIDE_VIRTQ_H

#include "platform.h"
#include "transport.h"
#include "virtio/ring.h"

#define VIRTQ_INDIRECT_ENTRIES 4u /* of one table; a longer buffer goes into the ring itself */

/* Memory that the caller lends to a queue: one for each of its descriptors. */
struct virtq_shadow {
    void *token;             /* of a head that is out */
    uint32_t writable_bytes; /* of its buffer */
    uint16_t count;          /* descriptors of its chain; 0 = not a head that is out */
    uint16_t next;           /* in the chain, or in the list of free descriptors */
};

struct virtq_piece {
    uint64_t addr;
    uint32_t len_bytes;
};

struct virtq_completion {
    void *token;
    uint32_t written_bytes;
};

struct virtq {
    uint16_t size;
    bool legacy;
    bool event_idx; /* as negotiated */
    bool indirect;
    bool armed; /* interrupts are wanted */
    bool broken;

    /* The parts, as the CPU sees them, and the memory that they lie in. */
    struct virtq_desc *desc;
    volatile struct virtq_avail *avail;
    volatile struct virtq_used *used;
    struct virtq_desc *indirect_tables; /* VIRTQ_INDIRECT_ENTRIES for each descriptor */
    struct virtio_queue_place place;
    struct platform_dma desc_memory; /* legacy: of all three parts */
    struct platform_dma avail_memory;
    struct platform_dma used_memory;
    struct platform_dma indirect_memory;

    /* What only the driver knows. */
    struct virtq_shadow *shadow;
    uint16_t free_head;
    uint16_t free_count;
    uint16_t out_count;     /* heads that the device has */
    uint16_t avail_idx;     /* of the next buffer */
    uint16_t published_idx; /* as the device sees it */
    uint16_t used_idx;      /* of the next used element to take */
};

/*
 * Allocates a queue for a device whose features are negotiated. `size` is a power of two; `shadow`
 * has `size` entries. Nothing is told to the device: see virtio_queue_enable() with queue->place.
 */
enum virtio_result virtq_create(struct virtq *queue, const struct virtio_device *device,
                                uint16_t size, struct virtq_shadow *shadow);

/* Gives the memory back. The device must have been reset or the queue stopped. */
void virtq_destroy(struct virtq *queue);

/*
 * Adds one buffer: pieces that the device reads, then pieces that it writes. `token` comes back
 * with the completion and is not NULL. QUEUE_FULL when there are not enough free descriptors.
 */
enum virtio_result virtq_add(struct virtq *queue, const struct virtq_piece *readable,
                             uint16_t readable_count, const struct virtq_piece *writable,
                             uint16_t writable_count, void *token);

/* True when the device is to be notified. */
bool virtq_publish(struct virtq *queue);

/* OK with *out filled in, NOT_READY when there is nothing, BAD_COMPLETION once the queue is broken.
 */
enum virtio_result virtq_get(struct virtq *queue, struct virtq_completion *out);

/* Asks for an interrupt. False when a used buffer is there already: then there is no need to sleep.
 */
bool virtq_arm(struct virtq *queue);

/* Asks for no interrupts. They may come all the same. */
void virtq_disarm(struct virtq *queue);

#endif
