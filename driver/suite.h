/*
 * How a driver is driven: a table of named operations and options, the same on the host, on QEMU
 * and on a real machine.
 *
 * A scenario's `driver NAME key value ...` becomes calls of `set_option`, each `call NAME args`
 * becomes one call of an operation. A driver under test exports one `struct suite_driver` named
 * `ringside_driver`; the glue that fills it in is its adapter. Operations keep their state in
 * static data, which the harness puts back to its initial contents before every run.
 *
 * Names of operations that the project's own scenarios use. Each is optional: what a driver lacks,
 * or answers with SUITE_UNSUPPORTED, is skipped, and the report says so.
 *
 *   init                     find and bring up the device, queues live, DRIVER_OK
 *   get_display_info         ask for the displays
 *   show [WIDTH HEIGHT]      create, attach, set scanout, draw the test card, transfer, flush
 *   flush X Y WIDTH HEIGHT   transfer and flush one rectangle
 *   draw X Y WIDTH HEIGHT SEED   paint a patch into the framebuffer and tell the device nothing
 *   cursor X Y               show the cursor, at this place
 *   interrupt                run the driver's interrupt handler, whether the device asked or not
 *   poll                     take what the device has completed
 *   requests N               get_display_info, N times
 *   shutdown                 take everything down and reset the device
 */
#ifndef RINGSIDE_SUITE_H
#define RINGSIDE_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, meaning): what an operation can come to. */
#define SUITE_RESULTS(X)                                                                           \
    X(OK, "done, and the device agreed")                                                           \
    X(TIMEOUT, "the device did not complete in time")                                              \
    X(NO_DEVICE, "no device of the wanted type was found")                                         \
    X(BAD_DEVICE, "a device was found but it cannot be used")                                      \
    X(NO_MEMORY, "out of DMA memory")                                                              \
    X(QUEUE_FULL, "no free descriptor is left")                                                    \
    X(BAD_COMPLETION, "a used element or a response that cannot be")                               \
    X(DEVICE_ERROR, "the device answered with an error")                                           \
    X(NEEDS_RESET, "the device asks for a reset")                                                  \
    X(NOT_READY, "called before what it depends on")                                               \
    X(BAD_ARGUMENT, "an argument or option that makes no sense")                                   \
    X(UNSUPPORTED, "the driver has no such operation")

enum suite_result {
#define X(name, meaning) SUITE_##name,
    SUITE_RESULTS(X)
#undef X
        SUITE_RESULT_COUNT
};

#define SUITE_ARGS_MAX 8

struct suite_args {
    size_t count;
    uint64_t value[SUITE_ARGS_MAX];
};

struct suite_op {
    const char *name;
    enum suite_result (*call)(const struct suite_args *args);
};

struct suite_driver {
    const char *name;
    const struct suite_op *ops;
    size_t op_count;
    /* Sets one option from its text; false when the name or value is unknown. May be NULL. */
    bool (*set_option)(const char *name, const char *value);
    /* NULL-terminated list of option names, for messages. May be NULL. */
    const char *const *option_names;
    /*
     * Where the driver's memory must lie, whatever a scenario says: words of a `memory` line, out
     * of `identity`, `static-dma` and `stack-dma`. A machine's name (`virt-riscv`) among them is
     * the machine, if the scenario has no line for it. NULL = as the scenario says.
     */
    const char *memory;
};

extern const struct suite_driver ringside_driver;

#endif
