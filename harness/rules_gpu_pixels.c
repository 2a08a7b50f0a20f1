/*
 * Rules about which bytes of memory are which part of a picture (5.7.6.8): pixel formats, and where
 * in its backing a rectangle begins.
 */
#include "rules.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "gpu.h"
#include "model_queue.h"
#include "suite.h"
#include "testcard.h"
#include "virtio/gpu.h"

#define SAMPLES     64u /* pixels of the test card that are held against memory */
#define SIDE_MIN_PX 16u /* of a picture that says enough */

/*
 * The rectangle's first pixel lies further on in a backing that is laid out as the picture. One
 * that is larger, such as two pictures in turn, only makes the offset larger.
 */
static void check_offset(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_command *command =
        event->queue < VIRTIO_GPU_QUEUE_COUNT ? &judge->model.gpu.command[event->queue] : NULL;
    const struct virtio_gpu_transfer_to_host_2d *in;
    const struct model_resource *resource;
    struct event at;
    uint64_t offset, wanted;
    char label[FINDING_TEXT_BYTES];

    if (command == NULL || command->type != VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D)
        return;
    in = &command->in.transfer;
    resource = model_resource_find(&judge->model.gpu, virtio_le32(in->resource_id));
    if (resource == NULL || resource->is_blob || in->r.width == 0 || in->r.height == 0)
        return;
    rule_looks(rule, judge);
    offset = virtio_le64(in->offset);
    wanted = ((uint64_t)virtio_le32(in->r.y) * resource->width_px + virtio_le32(in->r.x)) *
             VIRTIO_GPU_PIXEL_BYTES;
    if (offset >= wanted)
        return;
    if (!model_find_store_into(&judge->model,
                               event->extra +
                                   offsetof(struct virtio_gpu_transfer_to_host_2d, offset),
                               sizeof in->offset, &at))
        at = judge->model.queue[event->queue].avail_store;
    snprintf(label, sizeof label,
             "offset is %" PRIu64 "; pixel %u, %u of a picture %u wide is at %" PRIu64, offset,
             virtio_le32(in->r.x), virtio_le32(in->r.y), resource->width_px, wanted);
    judge_raise(judge, rule, &at, label, NULL, NULL,
                "`VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D`: pixels of another part of the picture are "
                "sent");
}

/* ---- formats ---- */

/* The operation that the scenario has called, or "". */
static const char *operation(const struct judge *judge, const struct event *returned)
{
    uint32_t number = 0;

    for (size_t i = 0; judge->scenario != NULL && i < judge->scenario->action_count; i++) {
        const struct scenario_action *action = &judge->scenario->action[i];
        if (action->kind == SCENARIO_CALL && number++ == returned->index)
            return action->name;
    }
    return "";
}

static const struct {
    const char *name;
    uint32_t format;
    uint8_t b, g, r; /* which byte of a pixel each is */
} order[] = {
#define X(name, value, b, g, r, a) {#name, value, b, g, r},
    VIRTIO_GPU_FORMATS(X)
#undef X
};
#define ORDERS (sizeof order / sizeof order[0])

/* The formats, a bit a row, in which the backing holds the test card; 0 when it does not. */
static uint32_t orders_in_memory(const struct judge *judge, const struct model_resource *resource)
{
    uint32_t fit = (1u << ORDERS) - 1;

    for (uint32_t i = 0; i < SAMPLES && fit != 0; i++) {
        uint32_t x = i * 37 % resource->width_px;
        uint32_t y = i * 53 % resource->height_px;
        uint64_t offset = ((uint64_t)y * resource->width_px + x) * VIRTIO_GPU_PIXEL_BYTES;
        uint32_t rgb = testcard_pixel(x, y, resource->width_px, resource->height_px);
        uint8_t bytes[VIRTIO_GPU_PIXEL_BYTES];
        if (offset + sizeof bytes > resource->piece[0].bytes)
            continue;
        if (!model_peek(&judge->model, resource->piece[0].addr + offset, bytes, sizeof bytes))
            return 0;
        for (uint32_t row = 0; row < ORDERS; row++) {
            if (bytes[order[row].r] != rgb >> 16 || bytes[order[row].g] != (rgb >> 8 & 0xff) ||
                bytes[order[row].b] != (rgb & 0xff))
                fit &= ~(1u << row);
        }
    }
    return fit;
}

static const char *format_name(uint32_t format)
{
    for (uint32_t row = 0; row < ORDERS; row++) {
        if (order[row].format == format)
            return order[row].name;
    }
    return "none";
}

static bool has_alpha(uint32_t format)
{
    return strchr(format_name(format), 'A') != NULL;
}

/* What `show` has drawn is the test card; in which order its bytes lie says what format it is. */
static void check_format(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char label[FINDING_TEXT_BYTES];

    if (event->value != SUITE_OK || judge->model.gpu.first_scanout.step == 0 ||
        strcmp(operation(judge, event), "show") != 0)
        return;
    for (uint32_t i = 0; i < MODEL_RESOURCES; i++) {
        const struct model_resource *resource = &judge->model.gpu.resource[i];
        uint32_t fit;
        if (resource->id == 0 || resource->is_blob || resource->pieces == 0 ||
            resource->created.step < judge->model.call.call.step ||
            resource->width_px < SIDE_MIN_PX || resource->height_px < SIDE_MIN_PX)
            continue;
        fit = orders_in_memory(judge, resource);
        for (uint32_t row = 0; row < ORDERS; row++) {
            if ((fit & 1u << row) != 0 && order[row].format == resource->format)
                fit = 0;
            else if ((fit & 1u << row) != 0 &&
                     has_alpha(order[row].format) != has_alpha(resource->format))
                fit &= ~(1u << row); /* the same bytes under two names: the one of its kind */
        }
        rule_looks(rule, judge);
        if (fit == 0)
            continue;
        snprintf(label, sizeof label, "%s, and the bytes of a pixel are those of %s",
                 format_name(resource->format), order[__builtin_ctz(fit)].name);
        judge_raise(judge, rule, &resource->format_stored, label, NULL, NULL,
                    "resource %u has another pixel format than its memory", resource->id);
    }
}

#define GPU_ONLY .device_id = VIRTIO_ID_GPU, .tells = true

/* clang-format off */
static const struct rule rules[] = {
    {RULE("XGPU-DRV-22", MUST, WARNING, "5.7.6.8", "Device Operation: controlq",
          "TRANSFER_TO_HOST_2D's offset is that of the rectangle's first pixel in the backing.",
          "offset = (y * width of the resource + x) * 4"),
     GPU_ONLY, .on = ON(EXECUTE), .check = check_offset,
     .assumes = "the backing is laid out as the picture, from whichever byte on"},
    {RULE("XGPU-DRV-23", MUST, WARNING, "5.7.6.8", "Device Operation: controlq",
          "A format's name gives the bytes of a pixel in the order of their addresses.",
          "little-endian words of 0x00RRGGBB, DRM's XRGB8888, are B8G8R8X8"),
     GPU_ONLY, .on = ON(RETURN), .check = check_format,
     .assumes = "the operation `show` draws the test card"},
};
/* clang-format on */

const struct rule_list rules_gpu_pixels = RULE_LIST(rules);
