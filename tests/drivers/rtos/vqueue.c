/*
 * Devices and queues of the system, over the table of functions.
 */
#include "vbus.h"

#include <arm_acle.h>

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8

#define DESC_NEXT  1
#define DESC_WRITE 2

static void vdev_isr(void *argument)
{
    struct vdev *dev = argument;

    if ((dev->ops->ack_irq(dev) & 1) == 0)
        return;
    for (unsigned i = 0; i < 2; i++) {
        if (dev->queue[i] != NULL)
            vqueue_isr(dev->queue[i]);
    }
}

int vdev_open(struct vdev *dev, uint32_t type, uint64_t wanted_features)
{
    uint64_t features;
    int error = dev->ops->probe(dev);

    if (error != OS_OK || dev->type != type)
        return OS_NO_DEVICE;
    dev->ops->reset(dev);
    dev->ops->set_status(dev, STATUS_ACKNOWLEDGE);
    dev->ops->set_status(dev, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    features = dev->ops->get_features(dev) & wanted_features;
    dev->ops->set_features(dev, features);
    dev->ops->set_status(dev, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    if ((dev->ops->get_status(dev) & STATUS_FEATURES_OK) == 0)
        return OS_NO_DEVICE;
    os_irq_attach(dev->irq, vdev_isr, dev);
    return OS_OK;
}

void vdev_close(struct vdev *dev)
{
    dev->ops->reset(dev);
    os_irq_attach(dev->irq, NULL, NULL);
    for (unsigned i = 0; i < 2; i++)
        dev->queue[i] = NULL;
}

int vqueue_create(struct vdev *dev, uint16_t index, uint16_t size, vqueue_callback_t done,
                  struct vqueue **out)
{
    static struct vqueue queues[2];
    struct vqueue *queue = &queues[index];
    int error;

    queue->dev = dev;
    queue->index = index;
    queue->size = size;
    queue->done = done;
    queue->seen = 0;
    if (queue->desc == NULL) {
        queue->desc = os_dma_alloc(sizeof(struct vring_desc) * size, 16, &queue->desc_bus);
        queue->avail = os_dma_alloc(6 + 2u * size, 2, &queue->avail_bus);
        queue->used = os_dma_alloc(6 + sizeof(struct vring_used_elem) * size, 4, &queue->used_bus);
    }
    if (queue->desc == NULL || queue->avail == NULL || queue->used == NULL)
        return OS_NO_MEMORY;
    for (uint16_t i = 0; i < size; i++)
        queue->desc[i].next = (uint16_t)(i + 1);
    queue->avail[1] = 0;
    queue->used[1] = 0;
    queue->free_head = 0;
    queue->free_count = size;
    error = dev->ops->setup_queue(dev, queue);
    if (error == OS_OK)
        dev->queue[index] = queue;
    *out = queue;
    return error;
}

int vqueue_submit(struct vqueue *queue, const struct vbuf *bufs, int count, void *cookie)
{
    uint32_t state = os_enter_critical();
    uint16_t head = queue->free_head;
    uint16_t at = head;

    if (queue->free_count < count) {
        os_exit_critical(state);
        return OS_NO_MEMORY;
    }
    for (int i = 0; i < count; i++) {
        volatile struct vring_desc *desc = &queue->desc[at];
        desc->addr = bufs[i].bus_address;
        desc->len = bufs[i].bytes;
        desc->flags = (uint16_t)((i + 1 < count ? DESC_NEXT : 0) |
                                 (bufs[i].device_writes ? DESC_WRITE : 0));
        if (!bufs[i].device_writes)
            os_dma_clean(bufs[i].memory, bufs[i].bytes);
        at = desc->next;
    }
    queue->free_head = at;
    queue->free_count = (uint16_t)(queue->free_count - count);
    queue->cookie[head] = cookie;
    queue->avail[2 + queue->avail[1] % queue->size] = head;
    os_dma_clean(queue->desc, sizeof(struct vring_desc) * queue->size);
    __dmb(0xa); /* ishst: the chain before its index */
    queue->avail[1]++;
    os_dma_clean(queue->avail, 4 + 2u * queue->size);
    __dsb(0xf);
    queue->dev->ops->notify(queue->dev, queue);
    os_exit_critical(state);
    return OS_OK;
}

static void free_chain(struct vqueue *queue, uint16_t head)
{
    uint16_t last = head;

    queue->free_count++;
    while (queue->desc[last].flags & DESC_NEXT) {
        last = queue->desc[last].next;
        queue->free_count++;
    }
    queue->desc[last].next = queue->free_head;
    queue->free_head = head;
}

void vqueue_isr(struct vqueue *queue)
{
    os_dma_invalidate(queue->used, 4 + sizeof(struct vring_used_elem) * queue->size);
    while (queue->seen != queue->used[1]) {
        volatile struct vring_used_elem *elem;
        uint16_t head;
        __dmb(0x9);
        elem = (volatile struct vring_used_elem *)(queue->used + 2) + queue->seen % queue->size;
        head = (uint16_t)elem->id;
        queue->seen++;
        free_chain(queue, head);
        queue->done(queue, queue->cookie[head], elem->len);
    }
}
