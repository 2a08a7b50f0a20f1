/*
 * levitate's virtqueue, rebuilt: the embedded struct of queue.h, used in place.
 *
 * Its free list runs through desc[].next and is believed when descriptors are given back, though
 * the device can write there. A completion is believed as well: whatever id it has, it ends the
 * wait.
 *
 * Not handled: sizes other than 16, EVENT_IDX, big-endian CPUs.
 */
#include "queue.h"

#define DESCRIPTORS_PER_REQUEST 2u

struct lev_queue {
    struct stack_queue base; /* first, so that a stack_queue is one of these */
    const struct stack_settings *settings;
    struct platform_dma page;
    struct lev_queue_memory *memory;
    volatile struct lev_used *used; /* where the driver polls: in `memory`, if nobody moved it */
};

static struct lev_queue queue_state;

static struct lev_queue *from_base(struct stack_queue *base)
{
    return (struct lev_queue *)base;
}

static enum suite_result lev_queue_create(struct stack_queue *base,
                                          const struct stack_settings *settings,
                                          const struct stack_transport *transport)
{
    struct lev_queue *queue = from_base(base);
    struct lev_queue_memory *memory;
    uint32_t used_offset = settings->used_offset_bytes;

    (void)transport;
    if (used_offset == 0)
        used_offset = settings->event_fields ? LEV_USED_OFFSET : LEV_USED_OFFSET_WITHOUT_EVENTS;
    queue->settings = settings;
    if (!platform_dma_alloc(STACK_PAGE_BYTES, STACK_PAGE_BYTES, "queue", &queue->page))
        return SUITE_NO_MEMORY;
    memory = queue->page.cpu;
    queue->memory = memory;
    queue->used = (volatile struct lev_used *)((uint8_t *)queue->page.cpu + used_offset);

    for (uint16_t i = 0; i < LEV_QUEUE_SIZE; i++)
        memory->desc[i].next = (le16)(i + 1);
    memory->free_head = 0;
    memory->num_free = LEV_QUEUE_SIZE;
    memory->last_used_idx = 0;

    base->place.size = LEV_QUEUE_SIZE;
    base->place.desc_addr = queue->page.addr;
    base->place.avail_addr = queue->page.addr + offsetof(struct lev_queue_memory, avail_flags);
    base->place.used_addr = queue->page.addr + used_offset;
    return SUITE_OK;
}

static uint16_t take_descriptor(struct lev_queue_memory *memory)
{
    volatile struct virtq_desc *desc = memory->desc;
    uint16_t index = memory->free_head;

    memory->free_head = desc[index].next;
    memory->num_free--;
    return index;
}

static void write_descriptor(struct lev_queue_memory *memory, uint16_t index, uint64_t addr,
                             uint32_t len_bytes, uint16_t flags, uint16_t next)
{
    volatile struct virtq_desc *desc = memory->desc;

    desc[index].addr = addr;
    desc[index].len = len_bytes;
    desc[index].flags = flags;
    desc[index].next = next;
}

static enum suite_result lev_queue_add(struct stack_queue *base,
                                       const struct stack_request *request, uint16_t *head)
{
    struct lev_queue *queue = from_base(base);
    struct lev_queue_memory *memory = queue->memory;
    volatile le16 *avail_ring = memory->avail_ring;
    volatile le16 *avail_idx = &memory->avail_idx;
    uint16_t tail;
    uint16_t idx;

    if (memory->num_free < DESCRIPTORS_PER_REQUEST)
        return SUITE_QUEUE_FULL;
    *head = take_descriptor(memory);
    tail = take_descriptor(memory);
    write_descriptor(memory, *head, request->request_addr, request->request_bytes,
                     VIRTQ_DESC_F_NEXT, tail);
    write_descriptor(memory, tail, request->response_addr, request->response_bytes,
                     VIRTQ_DESC_F_WRITE, 0);

    idx = *avail_idx;
    avail_ring[idx % LEV_QUEUE_SIZE] = *head;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *avail_idx = (le16)(idx + 1);
    if (queue->settings->dsb)
        __asm__ volatile("dsb sy" ::: "memory");
    return SUITE_OK;
}

static bool lev_queue_should_notify(struct stack_queue *base)
{
    (void)base;
    return true;
}

/* Puts a chain back on the free list, wherever the descriptors now say that it leads. */
static void give_back(struct lev_queue_memory *memory, uint16_t head)
{
    volatile struct virtq_desc *desc = memory->desc;
    uint16_t index = head;

    for (uint32_t n = 0; n < LEV_QUEUE_SIZE; n++) {
        bool more = (desc[index].flags & VIRTQ_DESC_F_NEXT) != 0;
        uint16_t next = desc[index].next;

        desc[index].next = memory->free_head;
        memory->free_head = index;
        memory->num_free++;
        if (!more)
            return;
        index = next;
    }
}

/* `head` is not compared with what the device says it has used. */
static enum stack_pop lev_queue_pop(struct stack_queue *base, uint16_t head)
{
    struct lev_queue *queue = from_base(base);
    struct lev_queue_memory *memory = queue->memory;
    uint16_t last_used_idx = memory->last_used_idx;

    (void)head;
    if (queue->used->idx == last_used_idx)
        return STACK_POP_NOTHING;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    give_back(memory, (uint16_t)queue->used->ring[last_used_idx % LEV_QUEUE_SIZE].id);
    memory->last_used_idx = (uint16_t)(last_used_idx + 1);
    return STACK_POP_DONE;
}

static void lev_queue_destroy(struct stack_queue *base)
{
    struct lev_queue *queue = from_base(base);

    platform_dma_free(&queue->page);
    queue->memory = NULL;
    queue->used = NULL;
}

static const struct stack_queue_ops lev_queue_ops = {
    .name = "levitate",
    .create = lev_queue_create,
    .add = lev_queue_add,
    .should_notify = lev_queue_should_notify,
    .pop = lev_queue_pop,
    .destroy = lev_queue_destroy,
};

struct stack_queue *lev_queue(void)
{
    queue_state.base.ops = &lev_queue_ops;
    return &queue_state.base;
}
