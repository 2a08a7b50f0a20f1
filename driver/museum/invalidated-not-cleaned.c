/*
 * Before a request is sent its cache lines are invalidated, where they should be cleaned.
 *
 * Symptom: on the board the device's status and the driver's own variables are corrupted; on an
 * emulator, which has no caches, all is well. Cause: an invalidate drops what the processor has
 * written and memory has not got yet, which is the request. Seen in
 * kelihlodversson/pTOS@85cb297f and kelihlodversson/pTOS@67a97b22. The rings are uncached here.
 */
#include "exhibit.h"

enum suite_result exhibit_send(uint32_t request_bytes, uint32_t response_bytes, uint32_t wanted)
{
    const struct exhibit_buffer *buffer = &exhibit.buffer[0];
    const volatile struct virtio_gpu_ctrl_hdr *response = buffer->response;
    struct exhibit_queue *queue = &exhibit.queue;
    int head = exhibit_add(queue, buffer, request_bytes, response_bytes);
    enum suite_result result;

    if (head < 0)
        return SUITE_QUEUE_FULL;
    if (exhibit.mended)
        platform_cache_clean(buffer->request, request_bytes);
    else
        platform_cache_invalidate(buffer->request, request_bytes);
    exhibit_publish(queue, (uint16_t)head);
    exhibit_notify(queue);
    result = exhibit_wait(queue, (uint16_t)head);
    if (result != SUITE_OK)
        return result;
    platform_cache_invalidate((const void *)buffer->response, response_bytes);
    return response->type == wanted ? SUITE_OK : SUITE_DEVICE_ERROR;
}
