/*
 * rcore's virtqueue, rebuilt: rings in shared memory, everything that must be believed in private.
 *
 * The driver keeps a shadow of every descriptor and its own free list, indexes and heads; shared
 * memory is written and, apart from the used ring, never read. On a modern device the parts lie in
 * two regions, on a legacy device in one block.
 *
 * One fault is kept: with EVENT_IDX, should_notify() compares indexes as plain numbers, so the
 * notification that falls on the wrap from 65,535 to 0 is not sent.
 *
 * Not handled: indirect descriptors, more than two buffers a request, big-endian CPUs.
 */
#include "stack.h"

#define RCORE_QUEUE_SIZE_MAX    1024u
#define DESCRIPTORS_PER_REQUEST 2u
#define NO_DESCRIPTOR           UINT16_MAX

struct rcore_queue {
    struct stack_queue base;           /* first, so that a stack_queue is one of these */
    struct platform_dma driver_memory; /* descriptors and available ring; or the whole block */
    struct platform_dma device_memory; /* used ring */
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
    bool event_idx;
    /* private: the device cannot reach it */
    uint32_t size;
    uint32_t free_count;
    uint16_t free_head;
    uint16_t avail_idx;
    uint16_t last_used_idx;
    struct virtq_desc shadow[RCORE_QUEUE_SIZE_MAX];
};

static struct rcore_queue queue_state;

static struct rcore_queue *from_base(struct stack_queue *base)
{
    return (struct rcore_queue *)base;
}

/* One block as 2.7.2 has it. */
static enum suite_result allocate_block(struct rcore_queue *queue, uint32_t align_bytes)
{
    uint64_t used_offset = virtq_legacy_used_offset(queue->size, align_bytes);
    uint8_t *cpu;

    if (!platform_dma_alloc((size_t)used_offset + virtq_used_bytes(queue->size), STACK_PAGE_BYTES,
                            "queue", &queue->driver_memory))
        return SUITE_NO_MEMORY;
    cpu = queue->driver_memory.cpu;
    queue->used = (struct virtq_used *)(void *)(cpu + used_offset);
    queue->base.place.used_addr = queue->driver_memory.addr + used_offset;
    return SUITE_OK;
}

static enum suite_result allocate_regions(struct rcore_queue *queue)
{
    size_t driver_bytes = virtq_desc_bytes(queue->size) + virtq_avail_bytes(queue->size);

    if (!platform_dma_alloc(driver_bytes, STACK_PAGE_BYTES, "queue", &queue->driver_memory) ||
        !platform_dma_alloc(virtq_used_bytes(queue->size), STACK_PAGE_BYTES, "used ring",
                            &queue->device_memory))
        return SUITE_NO_MEMORY;
    queue->used = queue->device_memory.cpu;
    queue->base.place.used_addr = queue->device_memory.addr;
    return SUITE_OK;
}

static enum suite_result rcore_queue_create(struct stack_queue *base,
                                            const struct stack_settings *settings,
                                            const struct stack_transport *transport)
{
    struct rcore_queue *queue = from_base(base);
    enum suite_result result;
    uint8_t *cpu;

    queue->size = settings->queue_size;
    if (queue->size < DESCRIPTORS_PER_REQUEST || queue->size > RCORE_QUEUE_SIZE_MAX)
        return SUITE_BAD_ARGUMENT;
    if (transport->ops->wants_one_block(transport))
        result = allocate_block(queue, settings->queue_align_bytes);
    else
        result = allocate_regions(queue);
    if (result != SUITE_OK)
        return result;
    cpu = queue->driver_memory.cpu;
    queue->desc = queue->driver_memory.cpu;
    queue->avail = (struct virtq_avail *)(void *)(cpu + virtq_desc_bytes(queue->size));
    base->place.size = queue->size;
    base->place.desc_addr = queue->driver_memory.addr;
    base->place.avail_addr = queue->driver_memory.addr + virtq_desc_bytes(queue->size);

    for (uint32_t i = 0; i < queue->size; i++)
        queue->shadow[i].next = (le16)(i + 1);
    queue->shadow[queue->size - 1].next = NO_DESCRIPTOR;
    queue->free_head = 0;
    queue->free_count = queue->size;
    queue->avail_idx = 0;
    queue->last_used_idx = 0;
    queue->event_idx = (transport->features & VIRTIO_BIT(VIRTIO_F_EVENT_IDX)) != 0;
    return SUITE_OK;
}

/* Fills a free descriptor in private, then copies it out. Its shadow's `next` leads to the next
 * free. */
static uint16_t place_descriptor(struct rcore_queue *queue, uint64_t addr, uint32_t len_bytes,
                                 uint16_t flags)
{
    uint16_t index = queue->free_head;
    struct virtq_desc *shadow = &queue->shadow[index];

    queue->free_head = shadow->next;
    queue->free_count--;
    shadow->addr = addr;
    shadow->len = len_bytes;
    shadow->flags = flags;
    queue->desc[index].addr = addr;
    queue->desc[index].len = len_bytes;
    queue->desc[index].flags = flags;
    queue->desc[index].next = (flags & VIRTQ_DESC_F_NEXT) != 0 ? shadow->next : 0;
    return index;
}

static enum suite_result rcore_queue_add(struct stack_queue *base,
                                         const struct stack_request *request, uint16_t *head)
{
    struct rcore_queue *queue = from_base(base);

    if (queue->free_count < DESCRIPTORS_PER_REQUEST)
        return SUITE_QUEUE_FULL;
    *head =
        place_descriptor(queue, request->request_addr, request->request_bytes, VIRTQ_DESC_F_NEXT);
    (void)place_descriptor(queue, request->response_addr, request->response_bytes,
                           VIRTQ_DESC_F_WRITE);

    queue->avail->ring[queue->avail_idx % queue->size] = *head;
    queue->avail_idx++;
    /* Without the release the device could see the new idx before the slot and the descriptors. */
    __atomic_store_n(&queue->avail->idx, queue->avail_idx, __ATOMIC_RELEASE);
    /* Without the fence avail_event or used.flags could be read before the idx is seen. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return SUITE_OK;
}

static bool rcore_queue_should_notify(struct stack_queue *base)
{
    struct rcore_queue *queue = from_base(base);
    const uint8_t *used = (const uint8_t *)queue->used;
    const le16 *avail_event =
        (const le16 *)(const void *)(used + virtq_avail_event_offset(queue->size));

    if (queue->event_idx)
        return queue->avail_idx >= __atomic_load_n(avail_event, __ATOMIC_ACQUIRE) + 1;
    return (__atomic_load_n(&queue->used->flags, __ATOMIC_ACQUIRE) & VIRTQ_USED_F_NO_NOTIFY) == 0;
}

/* Gives a chain back by its shadow: what the device did to its copy does not matter. */
static void recycle(struct rcore_queue *queue, uint16_t head)
{
    uint16_t tail = queue->shadow[head].next;

    queue->shadow[tail].next = queue->free_head;
    queue->free_head = head;
    queue->free_count += DESCRIPTORS_PER_REQUEST;
}

static enum stack_pop rcore_queue_pop(struct stack_queue *base, uint16_t head)
{
    struct rcore_queue *queue = from_base(base);
    const volatile struct virtq_used_elem *elem;

    if (__atomic_load_n(&queue->used->idx, __ATOMIC_ACQUIRE) == queue->last_used_idx)
        return STACK_POP_NOTHING;
    elem = &queue->used->ring[queue->last_used_idx % queue->size];
    if (elem->id != head)
        return STACK_POP_WRONG;
    recycle(queue, head);
    queue->last_used_idx++;
    if (queue->event_idx) {
        le16 *used_event = &queue->avail->ring[queue->size];

        __atomic_store_n(used_event, queue->last_used_idx, __ATOMIC_RELEASE);
    }
    return STACK_POP_DONE;
}

static void rcore_queue_destroy(struct stack_queue *base)
{
    struct rcore_queue *queue = from_base(base);

    platform_dma_free(&queue->device_memory);
    platform_dma_free(&queue->driver_memory);
}

static const struct stack_queue_ops rcore_queue_ops = {
    .name = "rcore",
    .create = rcore_queue_create,
    .add = rcore_queue_add,
    .should_notify = rcore_queue_should_notify,
    .pop = rcore_queue_pop,
    .destroy = rcore_queue_destroy,
};

struct stack_queue *rcore_queue(void)
{
    queue_state.base.ops = &rcore_queue_ops;
    return &queue_state.base;
}
