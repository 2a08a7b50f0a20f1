/*
 * Whether a descriptor is free is not asked before it is taken.
 *
 * Symptom: "phantom issues" under pressure: requests that were never made, answers of others.
 * Cause: the table is gone through in a circle, and when more is sent than comes back, the circle
 * closes: a request that the device has not seen yet is written over. Seen in nanovms/nanos#527.
 */
#include "exhibit.h"

#define BURST 5u /* requests at once; a table of eight has room for four */

static uint16_t next_desc;

int exhibit_take(struct exhibit_queue *queue)
{
    uint16_t desc = next_desc;

    if (exhibit.mended && queue->busy[desc])
        return -1;
    next_desc = (uint16_t)((desc + 1) % queue->size);
    queue->busy[desc] = true;
    return desc;
}

static bool submit(uint32_t number)
{
    struct exhibit_queue *queue = &exhibit.queue;
    const struct exhibit_buffer *buffer = &exhibit.buffer[number % EXHIBIT_REQUESTS_MAX];
    struct virtio_gpu_ctrl_hdr *hdr = buffer->request;
    int head = exhibit_take(queue);
    int tail = head < 0 ? -1 : exhibit_take(queue);

    if (tail < 0)
        return false;
    memset(hdr, 0, sizeof(*hdr));
    hdr->type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO;
    queue->desc[head].addr = buffer->request_addr;
    queue->desc[head].len = sizeof(*hdr);
    queue->desc[head].flags = VIRTQ_DESC_F_NEXT;
    queue->desc[head].next = (uint16_t)tail;
    queue->desc[tail].addr = buffer->response_addr;
    queue->desc[tail].len = EXHIBIT_RESPONSE_OFFSET;
    queue->desc[tail].flags = VIRTQ_DESC_F_WRITE;
    exhibit_publish(queue, (uint16_t)head);
    return true;
}

/* A burst of requests, and then their answers. */
enum suite_result exhibit_scene(uint64_t number)
{
    struct virtq_used_elem used;
    uint32_t out = 0;

    (void)number;
    while (out < BURST && submit(out))
        out++;
    exhibit_notify(&exhibit.queue);
    for (uint32_t turn = 0; turn < EXHIBIT_POLLS_MAX && out > 0; turn++) {
        if (!exhibit_take_used(&exhibit.queue, &used)) {
            platform_relax();
            continue;
        }
        exhibit_give_back(&exhibit.queue, (uint16_t)used.id);
        out--;
    }
    return out == 0 ? SUITE_OK : SUITE_TIMEOUT;
}
