/*
 * As long as the buffer, so long is what was received.
 *
 * Symptom: packets are too long, and end in what was in the buffer before. Cause: how much the
 * device has written is said by the used element; the descriptor's len is how much it could have.
 * Seen in au-ts/sddf@db7ba2ac.
 */
#include "exhibit.h"

uint32_t exhibit_device_id(void)
{
    return VIRTIO_ID_ENTROPY;
}

/* Receives one buffer, and hands it up. */
enum suite_result exhibit_scene(uint64_t number)
{
    const volatile uint8_t *data = exhibit.buffer[0].response;
    static uint8_t packet[EXHIBIT_RESPONSE_OFFSET];
    struct exhibit_queue *queue = &exhibit.queue;
    struct virtq_used_elem used;
    uint32_t length;

    (void)number;
    queue->desc[0].addr = exhibit.buffer[0].response_addr;
    queue->desc[0].len = EXHIBIT_RESPONSE_OFFSET;
    queue->desc[0].flags = VIRTQ_DESC_F_WRITE;
    exhibit_publish(queue, 0);
    exhibit_notify(queue);
    for (uint32_t turn = 0; !exhibit_take_used(queue, &used); turn++) {
        if (turn == EXHIBIT_POLLS_MAX)
            return SUITE_TIMEOUT;
        platform_relax();
    }
    length = exhibit.mended ? used.len : queue->desc[0].len;
    for (uint32_t i = 0; i < length && i < sizeof(packet); i++)
        packet[i] = data[i];
    return packet[0] == data[0] ? SUITE_OK : SUITE_BAD_COMPLETION;
}
