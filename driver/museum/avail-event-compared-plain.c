/*
 * avail.idx and avail_event are compared as numbers, not modulo 65,536.
 *
 * Symptom: with EVENT_IDX the driver hangs once in 65,536 requests. Cause: avail.idx wraps to 0,
 * and 0 is not at least avail_event + 1, so that the device is not told. The specification's own
 * comparison counts from the last notification on. Seen in rcore-os/virtio-drivers@9742c44.
 */
#include "exhibit.h"

uint64_t exhibit_accept(uint64_t offered)
{
    return offered & (VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
}

static volatile le16 *avail_event(const struct exhibit_queue *queue)
{
    return (volatile le16 *)((volatile uint8_t *)queue->used +
                             virtq_avail_event_offset(queue->size));
}

void exhibit_notify(const struct exhibit_queue *queue)
{
    uint16_t idx = queue->avail->idx;
    bool wanted;

    platform_mb();
    if (exhibit.mended)
        wanted = virtq_need_event(*avail_event(queue), idx, (uint16_t)(idx - 1));
    else
        wanted = idx >= *avail_event(queue) + 1;
    if (wanted)
        REG(QueueNotify) = queue->index;
}
