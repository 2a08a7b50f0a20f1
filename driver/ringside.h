/*
 * An adapter: what tells ringside which of a driver's functions does what.
 *
 *     #include <ringside/ringside.h>
 *     #include "my_gpu.h"
 *
 *     static int bring_up(void)
 *     {
 *         return ringside_zero_is_ok(my_gpu_init(0x0a003e00));
 *     }
 *
 *     RINGSIDE_DRIVER("my-gpu", .init = bring_up, .shutdown = my_gpu_reset);
 *
 * Every operation is optional: one that is left out is skipped, and the report says so. Operations
 * return a `ringside_result`; ringside_zero_is_ok() and its like make one from what drivers return.
 *
 * Uses nothing but built-in types, so it stands beside any kernel's headers; it exports what
 * suite.h declares, under other names, so include one of the two. C11, and C++20's initialisers.
 */
#ifndef RINGSIDE_RINGSIDE_H
#define RINGSIDE_RINGSIDE_H

#ifdef __cplusplus
#define RINGSIDE_EXTERN extern "C"
#define RINGSIDE_BOOL   bool
#define RINGSIDE_NONE   = nullptr /* or every operation left out would be a warning */
extern "C" {
#else
#define RINGSIDE_EXTERN
#define RINGSIDE_BOOL _Bool
#define RINGSIDE_NONE
#endif

/* What an operation can come to: SUITE_RESULTS in suite.h, in the same order. */
enum ringside_result {
    RINGSIDE_OK,             /* done, and the device agreed */
    RINGSIDE_TIMEOUT,        /* the device did not complete in time */
    RINGSIDE_NO_DEVICE,      /* no device of the wanted type was found */
    RINGSIDE_BAD_DEVICE,     /* a device was found but it cannot be used */
    RINGSIDE_NO_MEMORY,      /* out of DMA memory */
    RINGSIDE_QUEUE_FULL,     /* no free descriptor is left */
    RINGSIDE_BAD_COMPLETION, /* a used element or a response that cannot be */
    RINGSIDE_DEVICE_ERROR,   /* the device answered with an error */
    RINGSIDE_NEEDS_RESET,    /* the device asks for a reset */
    RINGSIDE_NOT_READY,      /* called before what it depends on */
    RINGSIDE_BAD_ARGUMENT,   /* an argument or option that makes no sense */
    RINGSIDE_UNSUPPORTED     /* the driver has no such operation: skipped */
};

/* For drivers that return 0 when all is well: errno's usual values, negative or not, keep their
 * sense. */
static inline int ringside_zero_is_ok(long value)
{
    switch (value < 0 ? -value : value) {
    case 0:
        return RINGSIDE_OK;
    case 6:  /* ENXIO */
    case 19: /* ENODEV */
        return RINGSIDE_NO_DEVICE;
    case 12: /* ENOMEM */
        return RINGSIDE_NO_MEMORY;
    case 22: /* EINVAL */
        return RINGSIDE_BAD_ARGUMENT;
    case 28: /* ENOSPC */
        return RINGSIDE_QUEUE_FULL;
    case 38: /* ENOSYS */
    case 95: /* EOPNOTSUPP */
        return RINGSIDE_UNSUPPORTED;
    case 62:  /* ETIME */
    case 110: /* ETIMEDOUT */
        return RINGSIDE_TIMEOUT;
    default:
        return RINGSIDE_DEVICE_ERROR;
    }
}

/* For drivers that return true, or a count, or a pointer made a number, when all is well. */
static inline int ringside_true_is_ok(long value)
{
    return value != 0 ? RINGSIDE_OK : RINGSIDE_DEVICE_ERROR;
}

struct ringside_args {
    __SIZE_TYPE__ count;
    __UINT64_TYPE__ value[8];
};

struct ringside_op {
    const char *name;
    int (*call)(const struct ringside_args *args);
};

/* What a driver can do, in the suite's terms. A NULL function is an operation that it lacks. */
struct ringside_driver {
    /* struct suite_driver of suite.h begins here; the macro fills in the first three */
    const char *name;
    const struct ringside_op *ops;
    __SIZE_TYPE__ op_count;
    /* Sets one option of a scenario's `driver` line; false when the name or value is unknown. */
    RINGSIDE_BOOL (*set_option)(const char *name, const char *value) RINGSIDE_NONE;
    const char *const *option_names RINGSIDE_NONE; /* NULL-terminated, for messages */
    /*
     * Where the driver's memory must lie, out of `identity` (physical addresses equal pointers),
     * `static-dma` and `stack-dma` (static data, the stack are memory that the device reaches).
     */
    const char *memory RINGSIDE_NONE;
    /* struct suite_driver ends here */
    int (*init)(void) RINGSIDE_NONE; /* find and bring up the device, queues live, DRIVER_OK */
    int (*get_display_info)(void) RINGSIDE_NONE; /* ask for the displays */
    /* Create, attach, set scanout, draw the test card, transfer, flush. 0, 0: the display's size.
     */
    int (*show)(unsigned width, unsigned height) RINGSIDE_NONE;
    /* Transfer and flush one rectangle. */
    int (*flush)(unsigned x, unsigned y, unsigned width, unsigned height) RINGSIDE_NONE;
    /* Paint a patch into the framebuffer (ringside_draw_patch) and tell the device nothing. */
    int (*draw)(unsigned x, unsigned y, unsigned width, unsigned height,
                unsigned seed) RINGSIDE_NONE;
    int (*cursor)(unsigned x, unsigned y) RINGSIDE_NONE; /* show the cursor, at this place */
    int (*poll)(void) RINGSIDE_NONE;                     /* take what the device has completed */
    /* The interrupt handler: called when the device's line is asserted, from `init` on. */
    void (*interrupt)(void) RINGSIDE_NONE;
    int (*shutdown)(void) RINGSIDE_NONE; /* take everything down and reset the device */
};

/* ---- pictures ---- */

/* The pixel formats that drivers use most, by the bytes in memory (enum virtio_gpu_formats). */
#define RINGSIDE_B8G8R8A8 1u
#define RINGSIDE_B8G8R8X8 2u
#define RINGSIDE_R8G8B8A8 67u
#define RINGSIDE_R8G8B8X8 134u

/*
 * Draws the test card, with which `expect picture test-card` compares the screen. `pixels` is the
 * framebuffer, `format` what the resource was created with. The stores are the driver's own.
 */
void ringside_draw_test_card(void *pixels, unsigned format, unsigned long stride_bytes,
                             unsigned width, unsigned height);
/* Draws the patch of the `draw` operation into the framebuffer that starts at `pixels`. */
void ringside_draw_patch(void *pixels, unsigned format, unsigned long stride_bytes, unsigned x,
                         unsigned y, unsigned width, unsigned height, unsigned seed);

/* platform.h: the device's interrupt line calls `handler(context)`. */
void platform_set_interrupt_handler(__UINT32_TYPE__ interrupt, void (*handler)(void *context),
                                    void *context);

#ifdef __cplusplus
}
#endif

/* The adapter's own code is no part of the driver: its accesses are not watched. */
#define RINGSIDE_UNWATCHED __attribute__((no_sanitize("thread")))

#define RINGSIDE_ARG(at) ((unsigned)args->value[at])

/* A row's function: how many arguments a scenario must give, and which go to the driver. */
#define RINGSIDE_CALL(operation, arity, ...)                                                       \
    static RINGSIDE_UNWATCHED int ringside_call_##operation(const struct ringside_args *args)      \
    {                                                                                              \
        if (!ringside_driver.operation)                                                            \
            return RINGSIDE_UNSUPPORTED;                                                           \
        return args->count == (arity) ? ringside_driver.operation(__VA_ARGS__)                     \
                                      : (int)RINGSIDE_BAD_ARGUMENT;                                \
    }

#define RINGSIDE_CALLS                                                                             \
    static RINGSIDE_UNWATCHED void ringside_take_interrupt(void *context)                          \
    {                                                                                              \
        (void)context;                                                                             \
        ringside_driver.interrupt();                                                               \
    }                                                                                              \
    static RINGSIDE_UNWATCHED int ringside_call_init(const struct ringside_args *args)             \
    {                                                                                              \
        (void)args;                                                                                \
        if (ringside_driver.interrupt)                                                             \
            platform_set_interrupt_handler(0, ringside_take_interrupt, 0);                         \
        return ringside_driver.init ? ringside_driver.init() : (int)RINGSIDE_UNSUPPORTED;          \
    }                                                                                              \
    static RINGSIDE_UNWATCHED int ringside_call_show(const struct ringside_args *args)             \
    {                                                                                              \
        if (!ringside_driver.show)                                                                 \
            return RINGSIDE_UNSUPPORTED;                                                           \
        return args->count >= 2 ? ringside_driver.show(RINGSIDE_ARG(0), RINGSIDE_ARG(1))           \
                                : ringside_driver.show(0, 0);                                      \
    }                                                                                              \
    static RINGSIDE_UNWATCHED int ringside_call_interrupt(const struct ringside_args *args)        \
    {                                                                                              \
        (void)args;                                                                                \
        if (!ringside_driver.interrupt)                                                            \
            return RINGSIDE_UNSUPPORTED;                                                           \
        ringside_driver.interrupt();                                                               \
        return RINGSIDE_OK;                                                                        \
    }                                                                                              \
    static RINGSIDE_UNWATCHED int ringside_call_requests(const struct ringside_args *args)         \
    {                                                                                              \
        int result = RINGSIDE_OK;                                                                  \
        if (!ringside_driver.get_display_info)                                                     \
            return RINGSIDE_UNSUPPORTED;                                                           \
        for (unsigned i = 0; i < RINGSIDE_ARG(0) && result == RINGSIDE_OK; i++)                    \
            result = ringside_driver.get_display_info();                                           \
        return result;                                                                             \
    }                                                                                              \
    RINGSIDE_CALL(get_display_info, 0, )                                                           \
    RINGSIDE_CALL(flush, 4, RINGSIDE_ARG(0), RINGSIDE_ARG(1), RINGSIDE_ARG(2), RINGSIDE_ARG(3))    \
    RINGSIDE_CALL(draw, 5, RINGSIDE_ARG(0), RINGSIDE_ARG(1), RINGSIDE_ARG(2), RINGSIDE_ARG(3),     \
                  RINGSIDE_ARG(4))                                                                 \
    RINGSIDE_CALL(cursor, 2, RINGSIDE_ARG(0), RINGSIDE_ARG(1))                                     \
    RINGSIDE_CALL(poll, 0, )                                                                       \
    RINGSIDE_CALL(shutdown, 0, )

#define RINGSIDE_ROW(operation)                                                                    \
    {                                                                                              \
#operation, ringside_call_##operation                                                      \
    }
#define RINGSIDE_ROWS                                                                              \
    RINGSIDE_ROW(init), RINGSIDE_ROW(get_display_info), RINGSIDE_ROW(show), RINGSIDE_ROW(flush),   \
        RINGSIDE_ROW(draw), RINGSIDE_ROW(cursor), RINGSIDE_ROW(poll), RINGSIDE_ROW(interrupt),     \
        RINGSIDE_ROW(requests), RINGSIDE_ROW(shutdown)

/* RINGSIDE_DRIVER("name", .init = ..., .show = ..., ...); once in a driver, at file scope. */
#define RINGSIDE_DRIVER(driver_name, ...)                                                          \
    RINGSIDE_EXTERN const struct ringside_driver ringside_driver;                                  \
    RINGSIDE_CALLS                                                                                 \
    static const struct ringside_op ringside_ops[] = {RINGSIDE_ROWS};                              \
    RINGSIDE_EXTERN const struct ringside_driver ringside_driver = {.name = driver_name,           \
                                                                    .ops = ringside_ops,           \
                                                                    .op_count =                    \
                                                                        sizeof(ringside_ops) /     \
                                                                        sizeof(ringside_ops[0]),   \
                                                                    __VA_ARGS__}

#endif
