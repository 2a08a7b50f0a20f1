/*
 * The split virtqueue of the driver that sleeps.
 *
 *   FREE --queue_take, queue_add--> OUT --queue_collect--> BACK --its user--> FREE
 *
 * Nothing that the device can write is believed before it is compared with what the driver knows.
 */
#include "queue.h"

#include "virtio/gpu.h"

#define PAGE_BYTES       4096u
#define CACHE_LINE_BYTES 64u

/* ---- byte order: a legacy device's rings are in the CPU's own (2.7.3) --------------------------
 */

#define X(bits)                                                                                    \
    static uint##bits##_t ring##bits(const struct queue *queue, uint##bits##_t value)              \
    {                                                                                              \
        return queue->device->legacy ? virtio_native##bits(value) : virtio_le##bits(value);        \
    }
VIRTIO_WIDTHS(X)
#undef X

/* ---- memory ------------------------------------------------------------------------------------
 */

/*
 * One layout for both versions: the legacy one (2.7.2), with the used ring on the next cache line.
 * Version 1 is told of it by page number and QueueAlign, version 2 by three addresses.
 */
static bool allocate_ring(struct queue *queue)
{
    uint8_t *page;

    if (!platform_dma_alloc(PAGE_BYTES, PAGE_BYTES, "ring", &queue->ring))
        return false;
    page = queue->ring.cpu;
    queue->desc = (struct virtq_desc *)page;
    queue->avail = (struct virtq_avail *)(page + virtq_desc_bytes(queue->size));
    queue->used =
        (struct virtq_used *)(page + virtq_legacy_used_offset(queue->size, CACHE_LINE_BYTES));
    return true;
}

static bool allocate_request(struct queue *queue, uint16_t number)
{
    struct request *request = &queue->request[number];
    bool indirect = device_has(queue->device, VIRTIO_F_INDIRECT_DESC);

    if (!platform_dma_alloc(sizeof(struct outgoing), CACHE_LINE_BYTES, "request",
                            &request->outgoing) ||
        !platform_dma_alloc(QUEUE_ANSWER_BYTES, CACHE_LINE_BYTES, "response", &request->answer))
        return false;
    request->head = indirect ? number : (uint16_t)(2 * number);
    return true;
}

void queue_free(struct queue *queue)
{
    for (uint32_t i = 0; i < QUEUE_REQUESTS; i++) {
        platform_dma_free(&queue->request[i].outgoing);
        platform_dma_free(&queue->request[i].answer);
    }
    platform_dma_free(&queue->ring);
    *queue = (struct queue){0};
}

/* ---- telling the device of it (4.2.3.2, 4.2.4) -------------------------------------------------
 */

static void write_address(const struct queue *queue, enum virtio_mmio_offset low,
                          enum virtio_mmio_offset high, const volatile void *part)
{
    uint64_t offset = (uint64_t)((const volatile uint8_t *)part - (uint8_t *)queue->ring.cpu);
    uint64_t addr = queue->ring.addr + offset;

    device_write(queue->device, low, (uint32_t)addr);
    device_write(queue->device, high, (uint32_t)(addr >> 32));
}

static bool make_live(const struct queue *queue)
{
    const struct device *device = queue->device;
    uint32_t page = (uint32_t)(queue->ring.addr / PAGE_BYTES);

    platform_cache_clean(queue->ring.cpu, PAGE_BYTES);
    platform_mb(); /* or the device could find the queue live and its memory not yet zero */
    device_write(device, VIRTIO_MMIO_QueueSize, queue->size);
    if (device->legacy) {
        device_write(device, VIRTIO_MMIO_QueueAlign, CACHE_LINE_BYTES);
        device_write(device, VIRTIO_MMIO_QueuePFN, page);
        return device_read(device, VIRTIO_MMIO_QueuePFN) == page;
    }
    write_address(queue, VIRTIO_MMIO_QueueDescLow, VIRTIO_MMIO_QueueDescHigh, queue->desc);
    write_address(queue, VIRTIO_MMIO_QueueDriverLow, VIRTIO_MMIO_QueueDriverHigh, queue->avail);
    write_address(queue, VIRTIO_MMIO_QueueDeviceLow, VIRTIO_MMIO_QueueDeviceHigh, queue->used);
    device_write(device, VIRTIO_MMIO_QueueReady, 1);
    return device_read(device, VIRTIO_MMIO_QueueReady) == 1;
}

enum suite_result queue_start(struct queue *queue, struct device *device, uint32_t index)
{
    bool indirect = device_has(device, VIRTIO_F_INDIRECT_DESC);
    uint32_t size_max;

    *queue = (struct queue){.device = device, .index = index};
    device_write(device, VIRTIO_MMIO_QueueSel, index);
    if (device_read(device, device->legacy ? VIRTIO_MMIO_QueuePFN : VIRTIO_MMIO_QueueReady) != 0)
        return SUITE_BAD_DEVICE; /* in use, after a reset */
    size_max = device_read(device, VIRTIO_MMIO_QueueSizeMax);
    if (size_max < 2)
        return SUITE_BAD_DEVICE; /* 0: there is none; 1: no request with its answer fits */

    queue->size = indirect || size_max < 4 ? 2 : 4;
    queue->request_count = indirect ? queue->size : queue->size / 2;
    if (!allocate_ring(queue))
        return SUITE_NO_MEMORY;
    for (uint16_t i = 0; i < queue->request_count; i++) {
        if (!allocate_request(queue, i))
            return SUITE_NO_MEMORY;
    }
    return make_live(queue) ? SUITE_OK : SUITE_BAD_DEVICE;
}

/* ---- adding ------------------------------------------------------------------------------------
 */

struct request *queue_take(struct queue *queue)
{
    for (uint32_t i = 0; i < queue->request_count; i++) {
        if (queue->request[i].state == REQUEST_FREE)
            return &queue->request[i];
    }
    return NULL;
}

/*
 * The command, then the answer: in the request's own table, or in its own descriptors. Written anew
 * for each command, though only lengths change: a device that wrote over them spoils one request.
 */
static void write_chain(const struct queue *queue, const struct request *request,
                        uint32_t command_bytes)
{
    struct outgoing *outgoing = request->outgoing.cpu;
    bool indirect = device_has(queue->device, VIRTIO_F_INDIRECT_DESC);
    struct virtq_desc *chain = indirect ? outgoing->table : &queue->desc[request->head];

    chain[0] = (struct virtq_desc){
        .addr = ring64(queue, request->outgoing.addr + offsetof(struct outgoing, command)),
        .len = ring32(queue, command_bytes),
        .flags = ring16(queue, VIRTQ_DESC_F_NEXT),
        .next = ring16(queue, indirect ? 1 : (uint16_t)(request->head + 1)),
    };
    chain[1] = (struct virtq_desc){
        .addr = ring64(queue, request->answer.addr),
        .len = ring32(queue, request->answer_bytes),
        .flags = ring16(queue, VIRTQ_DESC_F_WRITE),
    };
    if (indirect)
        queue->desc[request->head] = (struct virtq_desc){
            .addr = ring64(queue, request->outgoing.addr),
            .len = ring32(queue, sizeof(outgoing->table)),
            .flags = ring16(queue, VIRTQ_DESC_F_INDIRECT),
        };
    platform_cache_clean(outgoing, sizeof(*outgoing));
    platform_cache_clean(queue->desc, virtq_desc_bytes(queue->size));
}

void queue_add(struct queue *queue, struct request *request, uint32_t command_bytes,
               uint32_t answer_bytes)
{
    volatile le16 *slot = &queue->avail->ring[queue->avail_idx & (queue->size - 1)];

    request->answer_bytes = answer_bytes;
    write_chain(queue, request, command_bytes);
    /* What was answered before must not answer this one: no answer has type 0. */
    ((struct virtio_gpu_ctrl_hdr *)request->answer.cpu)->type = 0;
    platform_cache_clean(request->answer.cpu, sizeof(struct virtio_gpu_ctrl_hdr));

    *slot = ring16(queue, request->head);
    platform_cache_clean((const void *)slot, sizeof(*slot));
    request->state = REQUEST_OUT;
    queue->avail_idx++;
    queue->out++;
}

/* ---- the other side's event fields (2.7.7, 2.7.10) ---------------------------------------------
 */

/* One interrupt for all that is out: when used.idx passes the last of them. */
static void ask_for_interrupt(const struct queue *queue)
{
    volatile le16 *used_event =
        (volatile le16 *)((volatile uint8_t *)queue->avail + virtq_used_event_offset(queue->size));

    if (!device_has(queue->device, VIRTIO_F_EVENT_IDX))
        return; /* avail.flags stays 0: an interrupt for each */
    *used_event = ring16(queue, (uint16_t)(queue->avail_idx - 1));
    platform_cache_clean((const void *)used_event, sizeof(*used_event));
}

static bool wants_notification(const struct queue *queue, uint16_t old_idx)
{
    const volatile le16 *avail_event =
        (const volatile le16 *)((const volatile uint8_t *)queue->used +
                                virtq_avail_event_offset(queue->size));

    platform_cache_invalidate((const void *)queue->used, virtq_used_bytes(queue->size));
    if (device_has(queue->device, VIRTIO_F_EVENT_IDX))
        return virtq_need_event(ring16(queue, *avail_event), queue->avail_idx, old_idx);
    return (ring16(queue, queue->used->flags) & VIRTQ_USED_F_NO_NOTIFY) == 0;
}

/* ---- showing, and sleeping ---------------------------------------------------------------------
 */

static void show(struct queue *queue)
{
    uint16_t old_idx = queue->shown_idx;

    ask_for_interrupt(queue);
    platform_wmb(); /* or the device could see idx before what it stands for */
    queue->avail->idx = ring16(queue, queue->avail_idx);
    platform_cache_clean((const void *)&queue->avail->idx, sizeof(le16));
    queue->shown_idx = queue->avail_idx;
    platform_mb(); /* or the device could go to sleep, and say so, and not yet see idx */
    if (wants_notification(queue, old_idx))
        device_write(queue->device, VIRTIO_MMIO_QueueNotify, queue->index);
}

enum suite_result queue_finish(struct queue *queue, uint64_t deadline_ns)
{
    if (queue->avail_idx != queue->shown_idx)
        show(queue);
    while (queue->out > 0 && !queue->broken && !queue->device->needs_reset) {
        bool in_time = platform_wait_interrupt(deadline_ns);
        if (!in_time && queue->out > 0 && !device_asks_for_reset(queue->device))
            return SUITE_TIMEOUT;
    }
    if (queue->broken)
        return SUITE_BAD_COMPLETION;
    return queue->out > 0 ? SUITE_NEEDS_RESET : SUITE_OK;
}

/* ---- the interrupt handler's side --------------------------------------------------------------
 */

/* The request that a used element is about; NULL when it is none that the device has. */
static struct request *request_of(struct queue *queue, uint32_t id)
{
    for (uint32_t i = 0; i < queue->request_count; i++) {
        struct request *request = &queue->request[i];
        if (request->head == id && request->state == REQUEST_OUT)
            return request;
    }
    return NULL;
}

static bool take_back(struct queue *queue)
{
    const volatile struct virtq_used_elem *elem =
        &queue->used->ring[queue->seen & (queue->size - 1)];
    struct request *request = request_of(queue, ring32(queue, elem->id));
    uint32_t written_bytes = ring32(queue, elem->len);

    if (request == NULL)
        return false;
    if (queue->device->legacy)
        written_bytes = request->answer_bytes; /* many get it wrong (2.7.8.1) */
    if (written_bytes > request->answer_bytes)
        return false;
    platform_cache_invalidate(request->answer.cpu, QUEUE_ANSWER_BYTES);
    request->written_bytes = written_bytes;
    request->state = REQUEST_BACK;
    queue->seen++;
    queue->out--;
    return true;
}

void queue_collect(struct queue *queue)
{
    uint16_t fresh;

    if (queue->used == NULL || queue->broken)
        return;
    platform_cache_invalidate((const void *)queue->used, virtq_used_bytes(queue->size));
    fresh = (uint16_t)(ring16(queue, queue->used->idx) - queue->seen);
    if (fresh > queue->out)
        queue->broken = true;
    platform_rmb(); /* or an element could be read from before it was written */
    for (uint16_t i = 0; i < fresh && !queue->broken; i++)
        queue->broken = !take_back(queue);
}
