/*
 * levitate's GPU driver, rebuilt: bring-up, one command at a time, a bounded poll.
 *
 * What it does not do is the point of it: a poll that gives up leaves its two descriptors with the
 * device and forgets them; the next completion that turns up ends the next wait, whichever request
 * it is for; a response counts as success unless its type is an error's.
 */
#include "gpu.h"

#include <string.h>

#include "show.h"

#define CONTROLQ           ((uint32_t)VIRTIO_GPU_CONTROLQ)
#define RESPONSE_MAX_BYTES (sizeof(struct virtio_gpu_resp_display_info))
#define OUTSIDE_ADDR       UINT64_C(0x70000000) /* RAM starts at 1 GiB; nobody gives it 768 MiB */
#define HEAP_DISTANCE      0x01000000u /* from the DMA pages to a heap that is not for DMA */
/* A scattered response has only its header on the first page. */
#define SCATTERED_OFFSET   (STACK_PAGE_BYTES - sizeof(struct virtio_gpu_ctrl_hdr))

_Static_assert(RESPONSE_MAX_BYTES == 408, "GET_DISPLAY_INFO's response");

struct lev_gpu {
    bool ready;
    struct lev_config config;
    struct stack_transport transport;
    struct platform_dma command;
    struct platform_dma response;
    struct platform_dma neighbour; /* scattered: lies behind the response's first page */
    struct platform_dma rest;      /* scattered: the response's second page */
    uint8_t *command_cpu;
    uint8_t *response_cpu;
    uint64_t command_addr;
    uint64_t response_addr;
    uint8_t gathered[RESPONSE_MAX_BYTES];
    struct show_port port;
    struct show show;
};

static struct lev_gpu gpu;

/* A response of the command before must not pass for this one's. */
static void clear_response(size_t size_bytes)
{
    size_t first_bytes = size_bytes;

    if (gpu.config.buffers == LEV_BUFFERS_SCATTERED) {
        first_bytes = STACK_PAGE_BYTES - SCATTERED_OFFSET;
        memset(gpu.rest.cpu, 0, size_bytes - first_bytes);
    }
    memset(gpu.response_cpu, 0, first_bytes);
}

/* A scattered response as the driver sees it: in one piece, though it lies on two pages. */
static void gather(void)
{
    const uint8_t *rest = gpu.rest.cpu;
    size_t first_bytes = STACK_PAGE_BYTES - SCATTERED_OFFSET;

    for (size_t i = 0; i < RESPONSE_MAX_BYTES; i++)
        gpu.gathered[i] = i < first_bytes ? gpu.response_cpu[i] : rest[i - first_bytes];
}

static enum suite_result lev_send(uint32_t request_bytes, uint32_t response_bytes,
                                  enum virtio_gpu_resp wanted)
{
    struct stack_queue *queue = gpu.config.queue;
    const struct stack_request request = {gpu.command_addr, request_bytes, gpu.response_addr,
                                          response_bytes};
    const struct virtio_gpu_ctrl_hdr *response = gpu.port.response;
    enum stack_pop pop = STACK_POP_NOTHING;
    enum suite_result result;
    uint16_t head;

    (void)wanted;
    clear_response(response_bytes);
    result = queue->ops->add(queue, &request, &head);
    if (result != SUITE_OK)
        return result;
    if (queue->ops->should_notify(queue))
        gpu.transport.ops->notify(&gpu.transport, CONTROLQ);

    for (uint64_t i = 0; i < gpu.config.settings.poll_iterations; i++) {
        pop = queue->ops->pop(queue, head);
        if (pop != STACK_POP_NOTHING)
            break;
        platform_relax();
    }
    if (pop == STACK_POP_NOTHING)
        return SUITE_TIMEOUT;
    if (pop == STACK_POP_WRONG)
        return SUITE_BAD_COMPLETION;
    if (gpu.config.buffers == LEV_BUFFERS_SCATTERED)
        gather();
    if (response->type >= VIRTIO_GPU_RESP_ERR_UNSPEC)
        return SUITE_DEVICE_ERROR;
    return SUITE_OK;
}

static bool alloc_page(const char *what, struct platform_dma *page)
{
    return platform_dma_alloc(STACK_PAGE_BYTES, STACK_PAGE_BYTES, what, page);
}

/* The two buffers, and what the device is to be told about them. */
static enum suite_result create_buffers(void)
{
    if (!alloc_page("command buffer", &gpu.command) ||
        !alloc_page("response buffer", &gpu.response))
        return SUITE_NO_MEMORY;
    gpu.command_cpu = gpu.command.cpu;
    gpu.response_cpu = gpu.response.cpu;
    gpu.command_addr = gpu.command.addr;
    gpu.response_addr = gpu.response.addr;

    switch (gpu.config.buffers) {
    case LEV_BUFFERS_DMA:
        break;
    case LEV_BUFFERS_VIRTUAL:
        gpu.command_addr = (uintptr_t)gpu.command_cpu;
        gpu.response_addr = (uintptr_t)gpu.response_cpu;
        break;
    case LEV_BUFFERS_OUTSIDE:
        gpu.command_addr = OUTSIDE_ADDR;
        gpu.response_addr = OUTSIDE_ADDR + STACK_PAGE_BYTES;
        break;
    case LEV_BUFFERS_UNALLOCATED:
        gpu.command_cpu += HEAP_DISTANCE;
        gpu.response_cpu += HEAP_DISTANCE;
        gpu.command_addr += HEAP_DISTANCE;
        gpu.response_addr += HEAP_DISTANCE;
        break;
    case LEV_BUFFERS_SCATTERED:
        if (!alloc_page("neighbour", &gpu.neighbour) || !alloc_page("second page", &gpu.rest))
            return SUITE_NO_MEMORY;
        gpu.response_cpu += SCATTERED_OFFSET;
        gpu.response_addr += SCATTERED_OFFSET;
        break;
    }
    gpu.port.request = gpu.command_cpu;
    gpu.port.response =
        gpu.config.buffers == LEV_BUFFERS_SCATTERED ? gpu.gathered : gpu.response_cpu;
    gpu.port.send = lev_send;
    return SUITE_OK;
}

enum suite_result lev_gpu_init(const struct lev_config *config)
{
    struct stack_queue *queue = config->queue;
    struct stack_transport *transport = &gpu.transport;
    enum suite_result result;

    if (gpu.ready)
        return SUITE_BAD_ARGUMENT;
    gpu = (struct lev_gpu){.config = *config, .transport = {.ops = config->transport}};
    if (!stack_find_gpu(transport, &gpu.config.settings))
        return SUITE_NO_DEVICE;
    result = transport->ops->begin(transport);
    if (result != SUITE_OK)
        return result;
    if (transport->ops->queue_size_max(transport, CONTROLQ) < gpu.config.settings.queue_size)
        return SUITE_BAD_DEVICE;
    result = queue->ops->create(queue, &gpu.config.settings, transport);
    if (result == SUITE_OK)
        result = create_buffers();
    if (result != SUITE_OK)
        return result;
    transport->ops->queue_set(transport, CONTROLQ, &queue->place);
    transport->ops->finish(transport);
    gpu.ready = true;
    return SUITE_OK;
}

enum suite_result lev_gpu_get_display_info(void)
{
    return gpu.ready ? show_display_info(&gpu.show, &gpu.port) : SUITE_NOT_READY;
}

enum suite_result lev_gpu_show(const struct suite_args *args)
{
    return gpu.ready ? show_test_card(&gpu.show, &gpu.port, args) : SUITE_NOT_READY;
}

/* What the boot code did after the GPU was up: a second handle on the same slot, and gone again. */
enum suite_result lev_gpu_second_handle(void)
{
    struct stack_transport second;

    if (!gpu.ready)
        return SUITE_NOT_READY;
    second = gpu.transport;
    if (!second.ops->open(&second, gpu.transport.slot, &gpu.config.settings))
        return SUITE_NO_DEVICE;
    second.ops->close(&second);
    return SUITE_OK;
}

enum suite_result lev_gpu_shutdown(void)
{
    if (!gpu.ready)
        return SUITE_NOT_READY;
    gpu.transport.ops->close(&gpu.transport);
    show_release(&gpu.show);
    platform_dma_free(&gpu.rest);
    platform_dma_free(&gpu.neighbour);
    platform_dma_free(&gpu.response);
    platform_dma_free(&gpu.command);
    gpu.config.queue->ops->destroy(gpu.config.queue);
    gpu.ready = false;
    return SUITE_OK;
}
