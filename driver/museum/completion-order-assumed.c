/*
 * Descriptors are taken to come back in the order in which they were given away.
 *
 * Symptom: under load the requests of a disk are overwritten while the device works on them.
 * Cause: a device that was not asked for IN_ORDER answers in any order. What is free is what the
 * used element names, not what was given away longest ago. Seen in nanovms/nanos#631 and
 * nanovms/nanos#633.
 */
#include "exhibit.h"

static uint16_t next_desc; /* the table is gone through in a circle */
static uint16_t out_count; /* descriptors that are out */

int exhibit_take(struct exhibit_queue *queue)
{
    uint16_t desc = next_desc;

    if (out_count == queue->size)
        return -1;
    while (exhibit.mended && queue->busy[desc])
        desc = (uint16_t)((desc + 1) % queue->size);
    next_desc = (uint16_t)((desc + 1) % queue->size);
    queue->busy[desc] = true;
    out_count++;
    return desc;
}

void exhibit_give_back(struct exhibit_queue *queue, uint16_t head)
{
    queue->busy[head] = queue->busy[head + 1] = false;
    out_count = (uint16_t)(out_count - 2);
}

static void submit(uint32_t number)
{
    struct exhibit_queue *queue = &exhibit.queue;
    const struct exhibit_buffer *buffer = &exhibit.buffer[number];
    struct virtio_gpu_ctrl_hdr *hdr = buffer->request;
    uint16_t head = (uint16_t)exhibit_take(queue);
    uint16_t tail = (uint16_t)exhibit_take(queue);

    memset(hdr, 0, sizeof(*hdr));
    hdr->type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO;
    queue->desc[head] = (struct virtq_desc){.addr = buffer->request_addr,
                                            .len = sizeof(*hdr),
                                            .flags = VIRTQ_DESC_F_NEXT,
                                            .next = tail};
    queue->desc[tail] = (struct virtq_desc){.addr = buffer->response_addr,
                                            .len = EXHIBIT_RESPONSE_OFFSET,
                                            .flags = VIRTQ_DESC_F_WRITE};
    exhibit_publish(queue, head);
    exhibit_notify(queue);
}

/* As many requests as there is room for, and two more in the place of what comes back. */
enum suite_result exhibit_scene(uint64_t number)
{
    struct virtq_used_elem used;
    uint32_t submitted = EXHIBIT_REQUESTS_MAX;
    uint32_t returned = 0;

    (void)number;
    for (uint32_t i = 0; i < submitted; i++)
        submit(i);
    for (uint32_t turn = 0; turn < EXHIBIT_POLLS_MAX && returned < submitted; turn++) {
        if (!exhibit_take_used(&exhibit.queue, &used)) {
            platform_relax();
            continue;
        }
        returned++;
        exhibit_give_back(&exhibit.queue, (uint16_t)used.id);
        if (submitted < EXHIBIT_REQUESTS_MAX + 2) {
            submit(used.id / 2);
            submitted++;
        }
    }
    return returned == submitted ? SUITE_OK : SUITE_TIMEOUT;
}
