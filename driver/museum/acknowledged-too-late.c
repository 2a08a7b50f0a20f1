/*
 * The interrupt handler looks at the used ring first, and acknowledges at the end.
 *
 * Symptom: hangs in block examples, "weirdness" in net, console and gpu. Cause: a buffer that is
 * used between the last look and the acknowledgement raises a bit that is up already, and the
 * acknowledgement takes it down. Nobody looks at that buffer any more. Seen in au-ts/sddf#429.
 */
#include "exhibit.h"

#define WAIT_NS UINT64_C(100000000)

static volatile uint32_t returned;

void exhibit_interrupt(void)
{
    uint32_t status = REG(InterruptStatus);
    struct virtq_used_elem used;

    if (exhibit.mended)
        REG(InterruptACK) = status;
    while (exhibit_take_used(&exhibit.queue, &used)) {
        exhibit_give_back(&exhibit.queue, (uint16_t)used.id);
        returned++;
    }
    if (!exhibit.mended)
        REG(InterruptACK) = status;
}

enum suite_result exhibit_wait(struct exhibit_queue *queue, uint16_t head)
{
    uint64_t deadline_ns = platform_now_ns() + WAIT_NS;

    (void)queue;
    (void)head;
    while (returned == 0) {
        if (!platform_wait_interrupt(deadline_ns))
            return SUITE_TIMEOUT;
    }
    returned--;
    return SUITE_OK;
}

static void submit(const struct exhibit_buffer *buffer)
{
    struct virtio_gpu_ctrl_hdr *hdr = buffer->request;
    int head = exhibit_add(&exhibit.queue, buffer, sizeof(*hdr), EXHIBIT_RESPONSE_OFFSET);

    memset(hdr, 0, sizeof(*hdr));
    hdr->type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO;
    exhibit_publish(&exhibit.queue, (uint16_t)head);
}

/* Two requests at once, and both are waited for. */
enum suite_result exhibit_scene(uint64_t number)
{
    enum suite_result result;

    (void)number;
    submit(&exhibit.buffer[0]);
    submit(&exhibit.buffer[1]);
    exhibit_notify(&exhibit.queue);
    result = exhibit_wait(&exhibit.queue, 0);
    return result == SUITE_OK ? exhibit_wait(&exhibit.queue, 0) : result;
}
