/*
 * The split virtqueue, the driver's side (VIRTIO 1.3, 2.7 "Split Virtqueues").
 *
 * Invariants:
 *   - a descriptor is in the free list or in exactly one chain; free_count and the counts of the
 *     heads that are out add up to the queue's size;
 *   - avail_idx - published_idx buffers were added but not shown;
 *   - at most out_count used elements can be waiting: more is the device's fault;
 *   - nothing is read back from desc, avail or the indirect tables;
 *   - the rings are little-endian, but in the CPU's own order on a legacy device (2.7.3).
 *
 * All three idx run freely through 16 bits; differences are taken in uint16_t, so wrapping is no
 * case of its own.
 *
 * Not handled: packed virtqueues, IN_ORDER.
 */
#include "virtq.h"

/* ---- memory ------------------------------------------------------------------------------------
 */

static enum virtio_result allocate_legacy(struct virtq *queue)
{
    uint64_t used_offset = virtq_legacy_used_offset(queue->size, VIRTIO_LEGACY_PAGE_BYTES);
    uint8_t *block;

    if (!platform_dma_alloc((size_t)used_offset + virtq_used_bytes(queue->size),
                            VIRTIO_LEGACY_PAGE_BYTES, "queue", &queue->desc_memory))
        return VIRTIO_NO_MEMORY;

    block = queue->desc_memory.cpu;
    queue->desc = (struct virtq_desc *)block;
    queue->avail = (volatile struct virtq_avail *)(block + virtq_desc_bytes(queue->size));
    queue->used = (volatile struct virtq_used *)(block + used_offset);
    queue->place.desc_addr = queue->desc_memory.addr;
    queue->place.avail_addr = queue->desc_memory.addr + virtq_desc_bytes(queue->size);
    queue->place.used_addr = queue->desc_memory.addr + used_offset;
    return VIRTIO_OK;
}

static enum virtio_result allocate_modern(struct virtq *queue)
{
    if (!platform_dma_alloc(virtq_desc_bytes(queue->size), VIRTIO_DMA_ALIGN_BYTES, "queue-desc",
                            &queue->desc_memory) ||
        !platform_dma_alloc(virtq_avail_bytes(queue->size), VIRTIO_DMA_ALIGN_BYTES, "queue-avail",
                            &queue->avail_memory) ||
        !platform_dma_alloc(virtq_used_bytes(queue->size), VIRTIO_DMA_ALIGN_BYTES, "queue-used",
                            &queue->used_memory))
        return VIRTIO_NO_MEMORY;

    queue->desc = queue->desc_memory.cpu;
    queue->avail = queue->avail_memory.cpu;
    queue->used = queue->used_memory.cpu;
    queue->place.desc_addr = queue->desc_memory.addr;
    queue->place.avail_addr = queue->avail_memory.addr;
    queue->place.used_addr = queue->used_memory.addr;
    return VIRTIO_OK;
}

enum virtio_result virtq_create(struct virtq *queue, const struct virtio_device *device,
                                uint16_t size, struct virtq_shadow *shadow)
{
    enum virtio_result result;

    *queue = (struct virtq){
        .size = size,
        .legacy = virtio_is_legacy(device),
        .event_idx = virtio_has_feature(device, VIRTIO_F_EVENT_IDX),
        .indirect = virtio_has_feature(device, VIRTIO_F_INDIRECT_DESC),
        .shadow = shadow,
        .free_count = size,
    };

    result = queue->legacy ? allocate_legacy(queue) : allocate_modern(queue);
    if (result == VIRTIO_OK && queue->indirect) {
        size_t bytes = virtq_desc_bytes(VIRTQ_INDIRECT_ENTRIES) * size;
        if (platform_dma_alloc(bytes, VIRTIO_DMA_ALIGN_BYTES, "queue-indirect",
                               &queue->indirect_memory))
            queue->indirect_tables = queue->indirect_memory.cpu;
        else
            result = VIRTIO_NO_MEMORY;
    }
    if (result != VIRTIO_OK) {
        virtq_destroy(queue);
        return result;
    }

    /* The zeroes that the allocator wrote must have left the cache before the device looks. */
    platform_cache_clean(queue->desc_memory.cpu, queue->desc_memory.size_bytes);
    platform_cache_clean(queue->avail_memory.cpu, queue->avail_memory.size_bytes);
    platform_cache_clean(queue->used_memory.cpu, queue->used_memory.size_bytes);
    for (uint16_t i = 0; i < size; i++)
        shadow[i] = (struct virtq_shadow){.next = (uint16_t)(i + 1)};
    virtq_disarm(queue);
    return VIRTIO_OK;
}

void virtq_destroy(struct virtq *queue)
{
    platform_dma_free(&queue->desc_memory);
    platform_dma_free(&queue->avail_memory);
    platform_dma_free(&queue->used_memory);
    platform_dma_free(&queue->indirect_memory);
    *queue = (struct virtq){0};
}

/* ---- byte order: between a field of a ring and its value, both ways (2.7.3) ---------------------
 */

#define X(bits)                                                                                    \
    static uint##bits##_t order##bits(const struct virtq *queue, uint##bits##_t value)             \
    {                                                                                              \
        return queue->legacy ? virtio_native##bits(value) : virtio_le##bits(value);                \
    }
VIRTIO_WIDTHS(X)
#undef X

/* ---- the event fields behind the rings (2.7.7, 2.7.10) -----------------------------------------
 */

static volatile le16 *used_event(const struct virtq *queue)
{
    return (volatile le16 *)((volatile uint8_t *)queue->avail +
                             virtq_used_event_offset(queue->size));
}

static volatile le16 *avail_event(const struct virtq *queue)
{
    return (volatile le16 *)((volatile uint8_t *)queue->used +
                             virtq_avail_event_offset(queue->size));
}

static void set_used_event(const struct virtq *queue, uint16_t idx)
{
    *used_event(queue) = order16(queue, idx);
    platform_cache_clean((const void *)used_event(queue), sizeof(le16));
}

static void set_avail_flags(const struct virtq *queue, uint16_t flags)
{
    queue->avail->flags = order16(queue, flags);
    platform_cache_clean((const void *)&queue->avail->flags, sizeof(le16));
}

static uint16_t used_idx_now(const struct virtq *queue)
{
    platform_cache_invalidate((const void *)&queue->used->idx, sizeof(le16));
    return order16(queue, queue->used->idx);
}

/* ---- adding ------------------------------------------------------------------------------------
 */

/*
 * Writes the descriptors of a chain into `table`, which is the ring's own or an indirect one. In
 * the ring the chain follows the list of free descriptors; an indirect table is filled from 0 up.
 */
static uint32_t write_chain(const struct virtq *queue, struct virtq_desc *table, uint16_t first,
                            const struct virtq_piece *readable, uint16_t readable_count,
                            const struct virtq_piece *writable, uint16_t writable_count)
{
    uint16_t count = (uint16_t)(readable_count + writable_count);
    uint32_t writable_bytes = 0;
    uint16_t at = first;

    for (uint16_t i = 0; i < count; i++) {
        bool is_writable = i >= readable_count;
        bool is_last = i + 1 == count;
        const struct virtq_piece *piece =
            is_writable ? &writable[i - readable_count] : &readable[i];
        uint16_t next = table == queue->desc ? queue->shadow[at].next : (uint16_t)(at + 1);

        table[at] = (struct virtq_desc){
            .addr = order64(queue, piece->addr),
            .len = order32(queue, piece->len_bytes),
            .flags = order16(queue, (uint16_t)((is_writable ? VIRTQ_DESC_F_WRITE : 0) |
                                               (is_last ? 0 : VIRTQ_DESC_F_NEXT))),
            .next = order16(queue, is_last ? 0 : next),
        };
        platform_cache_clean(&table[at], sizeof(table[at]));
        if (is_writable)
            writable_bytes += piece->len_bytes;
        at = next;
    }
    return writable_bytes;
}

/* Writes the one descriptor that stands for the indirect table of its own number. */
static void write_indirect(const struct virtq *queue, uint16_t head, uint16_t count)
{
    size_t table_bytes = virtq_desc_bytes(VIRTQ_INDIRECT_ENTRIES);

    queue->desc[head] = (struct virtq_desc){
        .addr = order64(queue, queue->indirect_memory.addr + head * table_bytes),
        .len = order32(queue, (uint32_t)virtq_desc_bytes(count)),
        .flags = order16(queue, VIRTQ_DESC_F_INDIRECT),
    };
    platform_cache_clean(&queue->desc[head], sizeof(queue->desc[head]));
}

/* Takes `count` descriptors from the free list, beginning with the head. */
static void take_descriptors(struct virtq *queue, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
        queue->free_head = queue->shadow[queue->free_head].next;
    queue->free_count = (uint16_t)(queue->free_count - count);
}

enum virtio_result virtq_add(struct virtq *queue, const struct virtq_piece *readable,
                             uint16_t readable_count, const struct virtq_piece *writable,
                             uint16_t writable_count, void *token)
{
    uint16_t count = (uint16_t)(readable_count + writable_count);
    bool indirect = queue->indirect && count <= VIRTQ_INDIRECT_ENTRIES;
    uint16_t taken = indirect ? 1 : count;
    uint16_t head = queue->free_head;
    uint16_t slot = queue->avail_idx & (uint16_t)(queue->size - 1);
    struct virtq_desc *table = queue->desc;
    uint32_t writable_bytes;

    if (queue->broken)
        return VIRTIO_BAD_COMPLETION;
    if (count == 0 || token == NULL)
        return VIRTIO_BAD_ARGUMENT;
    if (taken > queue->free_count)
        return VIRTIO_QUEUE_FULL;

    if (indirect)
        table = &queue->indirect_tables[head * VIRTQ_INDIRECT_ENTRIES];
    writable_bytes = write_chain(queue, table, indirect ? 0 : head, readable, readable_count,
                                 writable, writable_count);
    if (indirect)
        write_indirect(queue, head, count);

    take_descriptors(queue, taken);
    queue->shadow[head].token = token;
    queue->shadow[head].writable_bytes = writable_bytes;
    queue->shadow[head].count = taken;
    queue->out_count++;

    queue->avail->ring[slot] = order16(queue, head);
    platform_cache_clean((const void *)&queue->avail->ring[slot], sizeof(le16));
    queue->avail_idx++;
    return VIRTIO_OK;
}

bool virtq_publish(struct virtq *queue)
{
    uint16_t old_idx = queue->published_idx;
    uint16_t new_idx = queue->avail_idx;

    if (old_idx == new_idx)
        return false;

    /* Without this barrier the device could see the new idx before the slot or the descriptors. */
    platform_wmb();
    queue->avail->idx = order16(queue, new_idx);
    platform_cache_clean((const void *)&queue->avail->idx, sizeof(le16));
    queue->published_idx = new_idx;

    /*
     * Without this one the driver could read that the device needs no notification before the
     * device can see idx: it would go to sleep, and nobody would wake it.
     */
    platform_mb();
    if (queue->event_idx) {
        platform_cache_invalidate((const void *)avail_event(queue), sizeof(le16));
        return virtq_need_event(order16(queue, *avail_event(queue)), new_idx, old_idx);
    }
    platform_cache_invalidate((const void *)&queue->used->flags, sizeof(le16));
    return (order16(queue, queue->used->flags) & VIRTQ_USED_F_NO_NOTIFY) == 0;
}

/* ---- taking back -------------------------------------------------------------------------------
 */

static enum virtio_result break_queue(struct virtq *queue, const char *why)
{
    platform_log(why);
    queue->broken = true;
    return VIRTIO_BAD_COMPLETION;
}

static void release_chain(struct virtq *queue, uint16_t head)
{
    uint16_t count = queue->shadow[head].count;
    uint16_t last = head;

    for (uint16_t i = 1; i < count; i++)
        last = queue->shadow[last].next;
    queue->shadow[last].next = queue->free_head;
    queue->free_head = head;
    queue->free_count = (uint16_t)(queue->free_count + count);

    queue->shadow[head].token = NULL;
    queue->shadow[head].count = 0;
    queue->out_count--;
}

enum virtio_result virtq_get(struct virtq *queue, struct virtq_completion *out)
{
    uint16_t slot = queue->used_idx & (uint16_t)(queue->size - 1);
    volatile struct virtq_used_elem *elem = &queue->used->ring[slot];
    uint16_t fresh;
    uint32_t head;
    uint32_t written_bytes;

    *out = (struct virtq_completion){0};
    if (queue->broken)
        return VIRTIO_BAD_COMPLETION;
    fresh = (uint16_t)(used_idx_now(queue) - queue->used_idx);
    if (fresh == 0)
        return VIRTIO_NOT_READY;
    if (fresh > queue->out_count)
        return break_queue(queue, "virtq: used.idx runs ahead of what is out");

    /* Without this barrier the element could be read from before the device wrote it. */
    platform_rmb();
    platform_cache_invalidate((const void *)elem, sizeof(*elem));
    head = order32(queue, elem->id);
    written_bytes = order32(queue, elem->len);

    if (head >= queue->size || queue->shadow[head].count == 0)
        return break_queue(queue, "virtq: a used element with an id that is not out");
    if (queue->legacy)
        written_bytes =
            queue->shadow[head].writable_bytes; /* many devices get it wrong (2.7.8.1) */
    if (written_bytes > queue->shadow[head].writable_bytes)
        return break_queue(queue, "virtq: a used element longer than its buffer");

    out->token = queue->shadow[head].token;
    out->written_bytes = written_bytes;
    release_chain(queue, (uint16_t)head);
    queue->used_idx++;
    if (queue->event_idx && !queue->armed)
        set_used_event(queue, (uint16_t)(queue->used_idx - 1));
    return VIRTIO_OK;
}

/* ---- interrupts --------------------------------------------------------------------------------
 */

bool virtq_arm(struct virtq *queue)
{
    queue->armed = true;
    if (queue->event_idx)
        set_used_event(queue, queue->used_idx);
    else
        set_avail_flags(queue, 0);

    /*
     * Without this barrier the device could use a buffer and still find the old wish, while the
     * driver still finds the old idx: no interrupt, and a driver that sleeps.
     */
    platform_mb();
    return used_idx_now(queue) == queue->used_idx;
}

void virtq_disarm(struct virtq *queue)
{
    queue->armed = false;
    /* With EVENT_IDX flags stays 0; an event just passed is as far away as can be (2.7.7.1). */
    if (queue->event_idx)
        set_used_event(queue, (uint16_t)(queue->used_idx - 1));
    else
        set_avail_flags(queue, VIRTQ_AVAIL_F_NO_INTERRUPT);
}
