/*
 * What belongs to a request is kept by the slot of the ring, not by the head of its chain.
 *
 * Symptom: now and then the wrong request is taken for complete, and its buffer holds rubbish.
 * Cause: the slots of the used ring are filled in the order of completion, those of the available
 * ring in the order of submission. They are the same only while the device answers in order. Seen
 * in haiku/haiku@eb4b22adca.
 */
#include "exhibit.h"

static const struct exhibit_buffer *cookie[EXHIBIT_QUEUE_SIZE];

static void submit(const struct exhibit_buffer *buffer)
{
    struct exhibit_queue *queue = &exhibit.queue;
    struct virtio_gpu_ctrl_hdr *hdr = buffer->request;
    uint16_t slot = queue->avail->idx % EXHIBIT_QUEUE_SIZE;
    uint16_t head = (uint16_t)exhibit_add(queue, buffer, sizeof(*hdr), EXHIBIT_RESPONSE_OFFSET);

    memset(hdr, 0, sizeof(*hdr));
    hdr->type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO;
    cookie[exhibit.mended ? head : slot] = buffer;
    exhibit_publish(queue, head);
    exhibit_notify(queue);
}

/* Two requests; the one that is answered first is looked at. */
enum suite_result exhibit_scene(uint64_t number)
{
    const volatile struct virtio_gpu_ctrl_hdr *response;
    struct exhibit_queue *queue = &exhibit.queue;
    uint16_t slot = queue->last_used_idx % EXHIBIT_QUEUE_SIZE;
    struct virtq_used_elem used;

    (void)number;
    submit(&exhibit.buffer[0]);
    submit(&exhibit.buffer[1]);
    for (uint32_t turn = 0; !exhibit_take_used(queue, &used); turn++) {
        if (turn == EXHIBIT_POLLS_MAX)
            return SUITE_TIMEOUT;
        platform_relax();
    }
    response = cookie[exhibit.mended ? used.id : slot]->response;
    return response->type == VIRTIO_GPU_RESP_OK_DISPLAY_INFO ? SUITE_OK : SUITE_DEVICE_ERROR;
}
