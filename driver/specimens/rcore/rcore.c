/*
 * rcore: the stack that levitate's author had before, rebuilt: the positive control, and the scan
 * that took the display away.
 *
 * Bring-up, one command at a time, a wait that lasts until the device answers. The original waits
 * for ever; here the wait is bounded by a number so large that only a lost request reaches it.
 *
 * Not handled: interrupts, more than one request in flight.
 */
#include <string.h>

#include "options.h"
#include "show.h"
#include "stack.h"

#define CONTROLQ        ((uint32_t)VIRTIO_GPU_CONTROLQ)
#define QUEUE_SIZE      16u
#define QUEUE_SIZE_MAX  1024u
#define POLL_ITERATIONS 2000000u
#define REQUESTS_MAX    10000000u /* of one call */

struct rcore_gpu {
    bool ready;
    struct stack_transport transport;
    struct stack_queue *queue;
    struct platform_dma command;
    struct platform_dma response;
    struct show_port port;
    struct show show;
};

static struct rcore_gpu gpu;

static struct stack_settings settings = {
    .registers = STACK_REGISTERS_AUTO,
    .queue_size = QUEUE_SIZE,
    .queue_align_bytes = STACK_PAGE_BYTES,
    .guest_page_size = true,
    .poll_iterations = POLL_ITERATIONS,
};

static enum suite_result rcore_send(uint32_t request_bytes, uint32_t response_bytes,
                                    enum virtio_gpu_resp wanted)
{
    const struct stack_request request = {gpu.command.addr, request_bytes, gpu.response.addr,
                                          response_bytes};
    const struct virtio_gpu_ctrl_hdr *response = gpu.response.cpu;
    enum stack_pop pop = STACK_POP_NOTHING;
    enum suite_result result;
    uint16_t head;

    memset(gpu.response.cpu, 0, response_bytes);
    result = gpu.queue->ops->add(gpu.queue, &request, &head);
    if (result != SUITE_OK)
        return result;
    if (gpu.queue->ops->should_notify(gpu.queue))
        gpu.transport.ops->notify(&gpu.transport, CONTROLQ);
    for (uint64_t i = 0; i < settings.poll_iterations; i++) {
        pop = gpu.queue->ops->pop(gpu.queue, head);
        if (pop != STACK_POP_NOTHING)
            break;
        platform_relax();
    }
    if (pop == STACK_POP_NOTHING)
        return SUITE_TIMEOUT;
    if (pop == STACK_POP_WRONG)
        return SUITE_BAD_COMPLETION;
    if (response->type >= VIRTIO_GPU_RESP_ERR_UNSPEC)
        return SUITE_DEVICE_ERROR;
    return response->type == (le32)wanted ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static enum suite_result op_init(const struct suite_args *args)
{
    struct stack_transport *transport = &gpu.transport;
    enum suite_result result;

    (void)args;
    if (gpu.ready)
        return SUITE_BAD_ARGUMENT;
    gpu = (struct rcore_gpu){.transport = {.ops = &rcore_transport_ops}, .queue = rcore_queue()};
    if (!stack_find_gpu(transport, &settings))
        return SUITE_NO_DEVICE;
    result = transport->ops->begin(transport);
    if (result != SUITE_OK)
        return result;
    if (transport->ops->queue_size_max(transport, CONTROLQ) < settings.queue_size)
        return SUITE_BAD_DEVICE;
    result = gpu.queue->ops->create(gpu.queue, &settings, transport);
    if (result != SUITE_OK)
        return result;
    if (!platform_dma_alloc(STACK_PAGE_BYTES, STACK_PAGE_BYTES, "command buffer", &gpu.command) ||
        !platform_dma_alloc(STACK_PAGE_BYTES, STACK_PAGE_BYTES, "response buffer", &gpu.response))
        return SUITE_NO_MEMORY;
    gpu.port = (struct show_port){gpu.command.cpu, gpu.response.cpu, rcore_send};
    transport->ops->queue_set(transport, CONTROLQ, &gpu.queue->place);
    transport->ops->finish(transport);
    gpu.ready = true;
    return SUITE_OK;
}

static enum suite_result op_get_display_info(const struct suite_args *args)
{
    (void)args;
    return gpu.ready ? show_display_info(&gpu.show, &gpu.port) : SUITE_NOT_READY;
}

static enum suite_result op_show(const struct suite_args *args)
{
    return gpu.ready ? show_test_card(&gpu.show, &gpu.port, args) : SUITE_NOT_READY;
}

/* requests N: GET_DISPLAY_INFO, N times. Stops at the first that fails. */
static enum suite_result op_requests(const struct suite_args *args)
{
    enum suite_result result = SUITE_OK;

    if (!gpu.ready)
        return SUITE_NOT_READY;
    if (args->count != 1 || args->value[0] > REQUESTS_MAX)
        return SUITE_BAD_ARGUMENT;
    for (uint64_t i = 0; i < args->value[0] && result == SUITE_OK; i++)
        result = show_display_info(&gpu.show, &gpu.port);
    return result;
}

/* A second handle on the live slot, given up at once. */
static enum suite_result op_second_handle(const struct suite_args *args)
{
    struct stack_transport second;

    (void)args;
    if (!gpu.ready)
        return SUITE_NOT_READY;
    if (!rcore_transport_ops.open(&second, gpu.transport.slot, &settings))
        return SUITE_NO_DEVICE;
    second.ops->close(&second);
    return SUITE_OK;
}

/* What the kernel did at boot: a handle on every slot that has a device, each given up again. */
static enum suite_result op_scan(const struct suite_args *args)
{
    struct stack_transport handle;
    uint32_t devices = 0;

    (void)args;
    for (uint32_t slot = 0; slot < STACK_SLOTS; slot++) {
        if (rcore_transport_ops.open(&handle, slot, &settings)) {
            devices++;
            handle.ops->close(&handle);
        }
    }
    stack_log_count("virtio devices in 32 slots", devices);
    return devices == 0 ? SUITE_NO_DEVICE : SUITE_OK;
}

static enum suite_result op_shutdown(const struct suite_args *args)
{
    (void)args;
    if (!gpu.ready)
        return SUITE_NOT_READY;
    gpu.transport.ops->close(&gpu.transport);
    show_release(&gpu.show);
    platform_dma_free(&gpu.response);
    platform_dma_free(&gpu.command);
    gpu.queue->ops->destroy(gpu.queue);
    gpu.ready = false;
    return SUITE_OK;
}

static bool set_layout(const char *value)
{
    if (option_is(value, "auto"))
        settings.registers = STACK_REGISTERS_AUTO;
    else if (option_is(value, "legacy"))
        settings.registers = STACK_REGISTERS_LEGACY;
    else if (option_is(value, "modern"))
        settings.registers = STACK_REGISTERS_MODERN;
    else
        return false;
    return true;
}

static bool set_queue_size(const char *value)
{
    uint32_t size;

    if (!option_number32(value, &size) || size < 2 || size > QUEUE_SIZE_MAX ||
        (size & (size - 1)) != 0)
        return false;
    settings.queue_size = size;
    return true;
}

static bool set_option(const char *name, const char *value)
{
    if (option_is(name, "layout"))
        return set_layout(value);
    if (option_is(name, "event-idx"))
        return option_switch(value, &settings.event_idx);
    if (option_is(name, "queue-size"))
        return set_queue_size(value);
    if (option_is(name, "poll-iterations"))
        return option_number(value, &settings.poll_iterations);
    return false;
}

static const char *const option_names[] = {"layout", "event-idx", "queue-size", "poll-iterations",
                                           NULL};

static const struct suite_op ops[] = {
    {"init", op_init},         {"get_display_info", op_get_display_info}, {"show", op_show},
    {"requests", op_requests}, {"second_handle", op_second_handle},       {"scan", op_scan},
    {"shutdown", op_shutdown},
};

const struct suite_driver ringside_driver = {
    .name = "rcore",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .set_option = set_option,
    .option_names = option_names,
};
