/*
 * With EVENT_IDX, used_event stays where it was when the queue was made.
 *
 * Symptom: the first interrupt comes, and no other. Cause: used_event says behind which element the
 * device is to interrupt. It asks for one interrupt, at one place, and has to be moved on before
 * each sleep. Seen in rcore-os/virtio-drivers#121.
 */
#include "exhibit.h"

#define WAIT_NS UINT64_C(100000000)

uint64_t exhibit_accept(uint64_t offered)
{
    return offered & (VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
}

void exhibit_interrupt(void)
{
    REG(InterruptACK) = REG(InterruptStatus);
}

static void ask(const struct exhibit_queue *queue)
{
    volatile le16 *used_event = (volatile le16 *)((volatile uint8_t *)queue->avail +
                                                  virtq_used_event_offset(queue->size));

    *used_event = queue->last_used_idx;
    platform_mb(); /* asked first, and then looked once more */
}

enum suite_result exhibit_wait(struct exhibit_queue *queue, uint16_t head)
{
    uint64_t deadline_ns = platform_now_ns() + WAIT_NS;
    struct virtq_used_elem used;

    if (exhibit.mended)
        ask(queue);
    while (!exhibit_take_used(queue, &used)) {
        if (!platform_wait_interrupt(deadline_ns))
            return SUITE_TIMEOUT;
    }
    exhibit_give_back(queue, head);
    return used.id == head ? SUITE_OK : SUITE_BAD_COMPLETION;
}
