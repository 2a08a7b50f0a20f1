/*
 * The reference driver as a suite: its operations and options under the names of suite.h.
 *
 *   get_display_info [X Y W H]   with numbers: BAD_ARGUMENT unless the first display is there
 *   requests N                   N times GET_DISPLAY_INFO
 *   draw X Y W H SEED            paints a patch into the framebuffer, and tells the device nothing
 */
#include "gpu.h"
#include "suite.h"
#include "testcard.h"

/* The C compiler asks it of every freestanding program, so every kernel has it. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);

#ifndef REFERENCE_NAME
#define REFERENCE_NAME "reference"
#endif
#define NS_PER_MS      UINT64_C(1000000)
#define TIMEOUT_MS_MAX UINT64_C(1000000)
#define DISPLAY_PX_MAX VGPU_SIDE_PX_MAX
#define REQUESTS_MAX   UINT64_C(100000000)
#define RUN_PX_MAX     64u /* painted at a time */

/* clang-format off */
/* X(name, smallest, largest, default): options that are a number. */
#define NUMBER_OPTIONS(X)                                                                          \
    X("queue-size",      queue_size,      1, VIRTQ_SIZE_MAX,           16)                         \
    X("timeout-ms",      timeout_ms,      1, TIMEOUT_MS_MAX,           200)                        \
    X("backing-entries", backing_entries, 1, VGPU_BACKING_ENTRIES_MAX, 1)                          \
    X("width",           width,           1, DISPLAY_PX_MAX,           0)                          \
    X("height",          height,          1, DISPLAY_PX_MAX,           0)                          \
    X("base",            base,            0, UINT64_MAX,               0)                          \
    X("interrupt",       interrupt,       0, UINT32_MAX,               0)

/* X(name, default): options that are on or off. */
#define SWITCH_OPTIONS(X)                                                                          \
    X("interrupts", interrupts, false)                                                             \
    X("event-idx",  event_idx,  false)                                                             \
    X("indirect",   indirect,   false)                                                             \
    X("fence",      fence,      false)
/* clang-format on */

/*
 * width, height: of the framebuffer, 0 = as the display says. base, interrupt: where the device is,
 * 0 = look into the device tree.
 */
static struct {
#define X(name, field, smallest, largest, preset) uint64_t field;
    NUMBER_OPTIONS(X)
#undef X
#define X(name, field, preset) bool field;
    SWITCH_OPTIONS(X)
#undef X
    uint32_t format;
} options = {
#define X(name, field, smallest, largest, preset) .field = (preset),
    NUMBER_OPTIONS(X)
#undef X
#define X(name, field, preset) .field = (preset),
        SWITCH_OPTIONS(X)
#undef X
            .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
};

static struct vgpu gpu;

static enum suite_result suite_result(enum virtio_result result)
{
    switch (result) {
#define X(name)                                                                                    \
    case VIRTIO_##name:                                                                            \
        return SUITE_##name;
        VIRTIO_RESULTS(X)
#undef X
    }
    return SUITE_BAD_DEVICE;
}

/* ---- options -----------------------------------------------------------------------------------
 */

static bool text_equals(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static uint32_t digit(char letter)
{
    if (letter >= '0' && letter <= '9')
        return (uint32_t)(letter - '0');
    if (letter >= 'a' && letter <= 'f')
        return (uint32_t)(letter - 'a') + 10;
    return UINT32_MAX;
}

/* Decimal, or hexadecimal after 0x. */
static bool parse_number(const char *text, uint64_t smallest, uint64_t largest, uint64_t *out)
{
    uint32_t radix = text[0] == '0' && text[1] == 'x' ? 16 : 10;
    uint64_t value = 0;

    if (radix == 16)
        text += 2;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        uint32_t next = digit(*text);
        if (next >= radix || value > (UINT64_MAX - next) / radix)
            return false;
        value = value * radix + next;
    }
    *out = value;
    return value >= smallest && value <= largest;
}

static bool parse_switch(const char *text, bool *out)
{
    *out = text_equals(text, "on");
    return *out || text_equals(text, "off");
}

static bool parse_format(const char *text, uint32_t *out)
{
#define X(name, value, b, g, r, a)                                                                 \
    if (text_equals(text, #name)) {                                                                \
        *out = (value);                                                                            \
        return true;                                                                               \
    }
    VIRTIO_GPU_FORMATS(X)
#undef X
    return false;
}

static bool set_option(const char *name, const char *value)
{
    uint64_t number;
    bool on;

#define X(option, field, smallest, largest, preset)                                                \
    if (text_equals(name, option)) {                                                               \
        if (!parse_number(value, smallest, largest, &number))                                      \
            return false;                                                                          \
        options.field = number;                                                                    \
        return true;                                                                               \
    }
    NUMBER_OPTIONS(X)
#undef X
#define X(option, field, preset)                                                                   \
    if (text_equals(name, option)) {                                                               \
        if (!parse_switch(value, &on))                                                             \
            return false;                                                                          \
        options.field = on;                                                                        \
        return true;                                                                               \
    }
    SWITCH_OPTIONS(X)
#undef X
    return text_equals(name, "format") && parse_format(value, &options.format);
}

static const char *const option_names[] = {
#define X(name, field, smallest, largest, preset) name,
    NUMBER_OPTIONS(X)
#undef X
#define X(name, field, preset) name,
        SWITCH_OPTIONS(X)
#undef X
            "format",
    NULL,
};

/* ---- operations --------------------------------------------------------------------------------
 */

static enum virtio_result find(struct virtio_device *device)
{
    enum virtio_result result;

    if (options.base == 0)
        return virtio_discover(VIRTIO_ID_GPU, device);
    result =
        virtio_probe(options.base, VIRTIO_MMIO_WINDOW_BYTES, (uint32_t)options.interrupt, device);
    if (result == VIRTIO_OK && device->device_id != VIRTIO_ID_GPU)
        result = VIRTIO_NO_DEVICE;
    return result;
}

static enum suite_result op_init(const struct suite_args *args)
{
    struct vgpu_options wanted = {
        .queue_size = (uint32_t)options.queue_size,
        .format = options.format,
        .backing_entries = (uint32_t)options.backing_entries,
        .timeout_ns = options.timeout_ms * NS_PER_MS,
        .interrupts = options.interrupts,
        .event_idx = options.event_idx,
        .indirect = options.indirect,
        .fence = options.fence,
    };
    struct virtio_device device;
    enum virtio_result result = VIRTIO_OK;

    (void)args;
    if (gpu.running)
        result = vgpu_stop(&gpu); /* before the bus is looked at again */
    if (result == VIRTIO_OK)
        result = find(&device);
    if (result == VIRTIO_OK)
        result = vgpu_start(&gpu, &device, &wanted);
    return suite_result(result);
}

static bool rect_of(const struct suite_args *args, struct vgpu_rect *out)
{
    for (uint32_t i = 0; i < 4; i++) {
        if (args->value[i] > VGPU_SIDE_PX_MAX)
            return false;
    }
    *out = (struct vgpu_rect){(uint32_t)args->value[0], (uint32_t)args->value[1],
                              (uint32_t)args->value[2], (uint32_t)args->value[3]};
    return true;
}

static bool display_is_at(const struct vgpu_display *display, const struct vgpu_rect *wanted)
{
    const struct vgpu_rect *rect = &display->rect;

    return display->enabled && rect->x == wanted->x && rect->y == wanted->y &&
           rect->width == wanted->width && rect->height == wanted->height;
}

static enum suite_result op_get_display_info(const struct suite_args *args)
{
    struct vgpu_display display[VIRTIO_GPU_MAX_SCANOUTS];
    struct vgpu_rect wanted = {0, 0, 0, 0};
    enum virtio_result result;

    if (args->count != 0 && (args->count != 4 || !rect_of(args, &wanted)))
        return SUITE_BAD_ARGUMENT;
    result = vgpu_get_display_info(&gpu, display);
    if (result == VIRTIO_OK && args->count != 0 && !display_is_at(&display[0], &wanted))
        return SUITE_BAD_ARGUMENT;
    return suite_result(result);
}

static enum suite_result op_requests(const struct suite_args *args)
{
    struct vgpu_display display[VIRTIO_GPU_MAX_SCANOUTS];
    enum virtio_result result = VIRTIO_OK;

    if (args->count != 1 || args->value[0] > REQUESTS_MAX)
        return SUITE_BAD_ARGUMENT;
    for (uint64_t i = 0; i < args->value[0] && result == VIRTIO_OK; i++)
        result = vgpu_get_display_info(&gpu, display);
    return suite_result(result);
}

/*
 * Paints a rectangle, run by run; the card where `seed` is NULL, else a patch. A run is made beside
 * the surface and copied: memory that a device reads may be slow to write, word by word.
 */
static void paint(const struct vgpu_rect *rect, const uint64_t *seed)
{
    const struct vgpu_surface *surface = &gpu.surface;
    uint32_t run[RUN_PX_MAX];

    for (uint32_t y = rect->y; y < rect->y + rect->height; y++) {
        uint32_t end = rect->x + rect->width;
        for (uint32_t x = rect->x; x < end;) {
            uint32_t count_px;
            void *pixels = vgpu_surface_run(&gpu, x, y, &count_px);
            if (count_px > end - x)
                count_px = end - x;
            if (count_px > RUN_PX_MAX)
                count_px = RUN_PX_MAX;
            if (seed != NULL)
                testcard_patch_run(run, gpu.options.format, x, y, count_px, (uint32_t)*seed);
            else
                testcard_draw_run(run, gpu.options.format, x, y, count_px, surface->width_px,
                                  surface->height_px);
            memcpy(pixels, run, count_px * sizeof run[0]);
            x += count_px;
        }
    }
}

static bool is_side(uint64_t px)
{
    return px > 0 && px <= VGPU_SIDE_PX_MAX;
}

/* The size to show: the arguments, or the options, or what the first display prefers. */
static enum virtio_result choose_size(const struct suite_args *args, uint64_t *width,
                                      uint64_t *height)
{
    struct vgpu_display display[VIRTIO_GPU_MAX_SCANOUTS];
    enum virtio_result result = vgpu_get_display_info(&gpu, display);

    if (result != VIRTIO_OK)
        return result;
    *width = options.width != 0 ? options.width : display[0].rect.width;
    *height = options.height != 0 ? options.height : display[0].rect.height;
    if (args->count != 2 && (!is_side(*width) || !is_side(*height)))
        return VIRTIO_BAD_DEVICE;
    if (args->count == 2) {
        *width = args->value[0];
        *height = args->value[1];
    }
    return is_side(*width) && is_side(*height) ? VIRTIO_OK : VIRTIO_BAD_ARGUMENT;
}

static enum suite_result op_show(const struct suite_args *args)
{
    uint64_t width = 0;
    uint64_t height = 0;
    enum virtio_result result;

    if (args->count != 0 && args->count != 2)
        return SUITE_BAD_ARGUMENT;
    result = choose_size(args, &width, &height);
    if (result == VIRTIO_OK)
        result = vgpu_surface_show(&gpu, (uint32_t)width, (uint32_t)height);
    if (result == VIRTIO_OK) {
        struct vgpu_rect whole = {0, 0, (uint32_t)width, (uint32_t)height};
        paint(&whole, NULL);
        result = vgpu_surface_flush(&gpu, &whole);
    }
    return suite_result(result);
}

static enum suite_result op_flush(const struct suite_args *args)
{
    struct vgpu_rect rect;

    if (args->count != 4 || !rect_of(args, &rect))
        return SUITE_BAD_ARGUMENT;
    return suite_result(vgpu_surface_flush(&gpu, &rect));
}

static enum suite_result op_draw(const struct suite_args *args)
{
    struct vgpu_rect rect;

    if (args->count != 5 || !rect_of(args, &rect))
        return SUITE_BAD_ARGUMENT;
    if (!gpu.surface.shown)
        return SUITE_NOT_READY;
    if (!vgpu_surface_contains(&gpu, &rect))
        return SUITE_BAD_ARGUMENT;
    paint(&rect, &args->value[4]);
    return SUITE_OK;
}

static enum suite_result op_shutdown(const struct suite_args *args)
{
    (void)args;
    return suite_result(vgpu_stop(&gpu));
}

static const struct suite_op ops[] = {
    {"init", op_init},         {"get_display_info", op_get_display_info},
    {"show", op_show},         {"flush", op_flush},
    {"draw", op_draw},         {"requests", op_requests},
    {"shutdown", op_shutdown},
};

const struct suite_driver ringside_driver = {
    .name = REFERENCE_NAME,
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .set_option = set_option,
    .option_names = option_names,
};
