/*
 * levitate: the stack of a hobby kernel whose first GPU command timed out, rebuilt with its faults.
 *
 * This is the adapter: its operations and options. The defaults are the driver as it stood; every
 * option is one of the repairs that were tried, or one that was not.
 */
#include "gpu.h"
#include "options.h"
#include "queue.h"

#define POLL_ITERATIONS 1000000u

static bool configured;
static struct lev_config config;

static struct lev_config *the_config(void)
{
    if (!configured) {
        config = (struct lev_config){
            .transport = &lev_transport_ops,
            .queue = lev_queue(),
            .buffers = LEV_BUFFERS_DMA,
            .settings =
                {
                    .registers = STACK_REGISTERS_MODERN,
                    .queue_size = LEV_QUEUE_SIZE,
                    .queue_align_bytes = STACK_PAGE_BYTES,
                    .guest_page_size = true,
                    .event_fields = true,
                    .dsb = true,
                    .poll_iterations = POLL_ITERATIONS,
                },
        };
        configured = true;
    }
    return &config;
}

static bool set_registers(const char *value)
{
    struct stack_settings *settings = &the_config()->settings;

    if (option_is(value, "modern"))
        settings->registers = STACK_REGISTERS_MODERN;
    else if (option_is(value, "legacy"))
        settings->registers = STACK_REGISTERS_LEGACY;
    else
        return false;
    return true;
}

static bool set_queue_align(const char *value)
{
    return option_number32(value, &the_config()->settings.queue_align_bytes);
}

/* Polling outside the queue's page would be polling somebody else's memory. */
static bool set_used_offset(const char *value)
{
    uint32_t offset;

    if (!option_number32(value, &offset) || offset > STACK_PAGE_BYTES - sizeof(struct lev_used) ||
        offset % 2 != 0)
        return false;
    the_config()->settings.used_offset_bytes = offset;
    return true;
}

static bool set_guest_page_size(const char *value)
{
    return option_switch(value, &the_config()->settings.guest_page_size);
}

static bool set_event_fields(const char *value)
{
    return option_switch(value, &the_config()->settings.event_fields);
}

static bool set_dsb(const char *value)
{
    return option_switch(value, &the_config()->settings.dsb);
}

static bool set_poll_iterations(const char *value)
{
    return option_number(value, &the_config()->settings.poll_iterations);
}

static bool set_queue_size(const char *value)
{
    uint32_t size;

    return option_number32(value, &size) && size == LEV_QUEUE_SIZE;
}

static bool set_buffers(const char *value)
{
    static const struct {
        const char *name;
        enum lev_buffers buffers;
    } words[] = {
        {"dma", LEV_BUFFERS_DMA},
        {"virtual", LEV_BUFFERS_VIRTUAL},
        {"outside", LEV_BUFFERS_OUTSIDE},
        {"unallocated", LEV_BUFFERS_UNALLOCATED},
        {"scattered", LEV_BUFFERS_SCATTERED},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (option_is(value, words[i].name)) {
            the_config()->buffers = words[i].buffers;
            return true;
        }
    }
    return false;
}

static bool set_queue(const char *value)
{
    if (option_is(value, "levitate"))
        the_config()->queue = lev_queue();
    else if (option_is(value, "rcore"))
        the_config()->queue = rcore_queue();
    else
        return false;
    return true;
}

/* rcore's transport goes by the Version register, unless `registers` is given after it. */
static bool set_transport(const char *value)
{
    if (option_is(value, "levitate")) {
        the_config()->transport = &lev_transport_ops;
    } else if (option_is(value, "rcore")) {
        the_config()->transport = &rcore_transport_ops;
        the_config()->settings.registers = STACK_REGISTERS_AUTO;
    } else {
        return false;
    }
    return true;
}

/* X(option, function) */
#define LEVITATE_OPTIONS(X)                                                                        \
    X("registers", set_registers)                                                                  \
    X("queue-align", set_queue_align)                                                              \
    X("used-offset", set_used_offset)                                                              \
    X("guest-page-size", set_guest_page_size)                                                      \
    X("event-fields", set_event_fields)                                                            \
    X("dsb", set_dsb)                                                                              \
    X("poll-iterations", set_poll_iterations)                                                      \
    X("queue-size", set_queue_size)                                                                \
    X("buffers", set_buffers)                                                                      \
    X("queue", set_queue)                                                                          \
    X("transport", set_transport)

static bool set_option(const char *name, const char *value)
{
#define X(option, function)                                                                        \
    if (option_is(name, option))                                                                   \
        return function(value);
    LEVITATE_OPTIONS(X)
#undef X
    return false;
}

static const char *const option_names[] = {
#define X(option, function) option,
    LEVITATE_OPTIONS(X)
#undef X
        NULL,
};

static enum suite_result op_init(const struct suite_args *args)
{
    (void)args;
    return lev_gpu_init(the_config());
}

static enum suite_result op_get_display_info(const struct suite_args *args)
{
    (void)args;
    return lev_gpu_get_display_info();
}

static enum suite_result op_show(const struct suite_args *args)
{
    return lev_gpu_show(args);
}

static enum suite_result op_second_handle(const struct suite_args *args)
{
    (void)args;
    return lev_gpu_second_handle();
}

/* Looks at every slot and keeps no handle: what a scan should be. */
static enum suite_result op_scan(const struct suite_args *args)
{
    struct stack_transport transport;
    uint32_t devices = 0;

    (void)args;
    for (uint32_t slot = 0; slot < STACK_SLOTS; slot++) {
        if (the_config()->transport->open(&transport, slot, &the_config()->settings))
            devices++;
    }
    stack_log_count("virtio devices in 32 slots", devices);
    return devices == 0 ? SUITE_NO_DEVICE : SUITE_OK;
}

static enum suite_result op_shutdown(const struct suite_args *args)
{
    (void)args;
    return lev_gpu_shutdown();
}

static const struct suite_op ops[] = {
    {"init", op_init}, {"get_display_info", op_get_display_info},
    {"show", op_show}, {"second_handle", op_second_handle},
    {"scan", op_scan}, {"shutdown", op_shutdown},
};

const struct suite_driver ringside_driver = {
    .name = "levitate",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .set_option = set_option,
    .option_names = option_names,
};
