/*
 * The driver that sleeps, as a suite: its operations under the names of suite.h. It has no options.
 */
#include "gpu.h"
#include "testcard.h"

#define SIDE_PX_MAX  16384u
#define REQUESTS_MAX UINT64_C(100000000)

static struct gpu gpu;

static enum suite_result op_init(const struct suite_args *args)
{
    enum suite_result result = gpu.running ? gpu_stop(&gpu) : SUITE_OK;

    (void)args;
    return result == SUITE_OK ? gpu_start(&gpu) : result;
}

static enum suite_result op_get_display_info(const struct suite_args *args)
{
    (void)args;
    return gpu.running ? gpu_get_display_info(&gpu) : SUITE_NOT_READY;
}

static enum suite_result op_requests(const struct suite_args *args)
{
    enum suite_result result = SUITE_OK;

    if (args->count != 1 || args->value[0] > REQUESTS_MAX)
        return SUITE_BAD_ARGUMENT;
    for (uint64_t i = 0; i < args->value[0] && result == SUITE_OK; i++)
        result = op_get_display_info(args);
    return result;
}

static enum suite_result op_show(const struct suite_args *args)
{
    uint64_t width, height;
    enum suite_result result = op_get_display_info(args);
    struct rect whole;

    if (result != SUITE_OK)
        return result;
    width = args->count == 2 ? args->value[0] : gpu.display_width_px;
    height = args->count == 2 ? args->value[1] : gpu.display_height_px;
    if (width == 0 || width > SIDE_PX_MAX || height == 0 || height > SIDE_PX_MAX)
        return SUITE_BAD_ARGUMENT;
    whole = (struct rect){0, 0, (uint32_t)width, (uint32_t)height};
    result = gpu_open_screen(&gpu, whole.width, whole.height);
    if (result != SUITE_OK)
        return result;
    for (uint32_t y = 0; y < whole.height; y++)
        testcard_draw_run(image_pixel(&gpu.screen, 0, y), gpu.screen.format, 0, y, whole.width,
                          whole.width, whole.height);
    return gpu_flush(&gpu, &whole);
}

/* The first four arguments as a rectangle of the screen. */
static enum suite_result rect_of(const struct suite_args *args, size_t count, struct rect *out)
{
    if (!gpu.running || gpu.screen.id == 0)
        return SUITE_NOT_READY;
    if (args->count != count)
        return SUITE_BAD_ARGUMENT;
    for (size_t i = 0; i < 4; i++) {
        if (args->value[i] > SIDE_PX_MAX)
            return SUITE_BAD_ARGUMENT;
    }
    *out = (struct rect){(uint32_t)args->value[0], (uint32_t)args->value[1],
                         (uint32_t)args->value[2], (uint32_t)args->value[3]};
    return gpu_screen_contains(&gpu, out) ? SUITE_OK : SUITE_BAD_ARGUMENT;
}

static enum suite_result op_flush(const struct suite_args *args)
{
    struct rect rect;
    enum suite_result result = rect_of(args, 4, &rect);

    return result == SUITE_OK ? gpu_flush(&gpu, &rect) : result;
}

static enum suite_result op_draw(const struct suite_args *args)
{
    struct rect rect;
    enum suite_result result = rect_of(args, 5, &rect);

    for (uint32_t y = rect.y; result == SUITE_OK && y < rect.y + rect.height; y++)
        testcard_patch_run(image_pixel(&gpu.screen, rect.x, y), gpu.screen.format, rect.x, y,
                           rect.width, (uint32_t)args->value[4]);
    return result;
}

static enum suite_result op_cursor(const struct suite_args *args)
{
    enum suite_result result;

    if (!gpu.running)
        return SUITE_NOT_READY;
    if (args->count != 2 || args->value[0] > SIDE_PX_MAX || args->value[1] > SIDE_PX_MAX)
        return SUITE_BAD_ARGUMENT;
    if (gpu.cursor.id != 0)
        return gpu_move_cursor(&gpu, (uint32_t)args->value[0], (uint32_t)args->value[1]);
    result = gpu_open_cursor(&gpu);
    if (result != SUITE_OK)
        return result;
    for (uint32_t y = 0; y < VIRTIO_GPU_CURSOR_PX; y++)
        testcard_patch_run(image_pixel(&gpu.cursor, 0, y), gpu.cursor.format, 0, y,
                           VIRTIO_GPU_CURSOR_PX, 1);
    return gpu_show_cursor(&gpu, (uint32_t)args->value[0], (uint32_t)args->value[1]);
}

static enum suite_result op_poll(const struct suite_args *args)
{
    (void)args;
    return gpu.running ? gpu_poll(&gpu) : SUITE_NOT_READY;
}

static enum suite_result op_interrupt(const struct suite_args *args)
{
    (void)args;
    if (!gpu.running)
        return SUITE_NOT_READY;
    gpu_interrupt(&gpu);
    return SUITE_OK;
}

static enum suite_result op_shutdown(const struct suite_args *args)
{
    (void)args;
    return gpu_stop(&gpu);
}

static const struct suite_op ops[] = {
    {"init", op_init},         {"get_display_info", op_get_display_info},
    {"show", op_show},         {"flush", op_flush},
    {"draw", op_draw},         {"cursor", op_cursor},
    {"poll", op_poll},         {"interrupt", op_interrupt},
    {"requests", op_requests}, {"shutdown", op_shutdown},
};

const struct suite_driver ringside_driver = {
    .name = "dormouse",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
};
