/*
 * A GPU in two dimensions with one screen and a cursor (VIRTIO 1.3, 5.7 "GPU Device").
 *
 * Two commands that do not depend on each other are sent together, and slept for together. Whatever
 * goes wrong, a device that does not answer or one that answers with an error, ends the driver's
 * work for good: what the device knows by then is settled by a reset alone.
 */
#ifndef RINGSIDE_DORMOUSE_GPU_H
#define RINGSIDE_DORMOUSE_GPU_H

#include "device.h"
#include "queue.h"
#include "virtio/gpu.h"

/* A resource with the memory behind it. */
struct image {
    uint32_t id; /* 0: there is none */
    uint32_t format;
    uint32_t width_px;
    uint32_t height_px;
    struct platform_dma pixels;
};

struct gpu {
    struct device device;
    struct queue controlq;
    struct queue cursorq;
    bool running;
    enum suite_result lost; /* not OK: why nothing helps but gpu_stop */
    uint32_t last_id;       /* of a resource */
    uint64_t last_fence;
    uint32_t display_width_px;
    uint32_t display_height_px;
    struct image screen;
    struct image cursor;
};

struct rect {
    uint32_t x, y, width, height;
};

/* Finds a GPU and brings it up, both queues live. */
enum suite_result gpu_start(struct gpu *gpu);
/* Resets the device and gives all memory back. */
enum suite_result gpu_stop(struct gpu *gpu);
/* What the device's line calls. */
void gpu_interrupt(void *gpu);

/* Asks for the first display's size; a display that is off is 0 by 0. */
enum suite_result gpu_get_display_info(struct gpu *gpu);
/* Takes down what is shown, and shows an image of this size, which is still black. */
enum suite_result gpu_open_screen(struct gpu *gpu, uint32_t width_px, uint32_t height_px);
bool gpu_screen_contains(const struct gpu *gpu, const struct rect *rect);
/* Brings a rectangle of the screen's memory to the display. */
enum suite_result gpu_flush(struct gpu *gpu, const struct rect *rect);
/* Makes the image of the cursor, without showing it. */
enum suite_result gpu_open_cursor(struct gpu *gpu);
/* The cursor's memory has been painted: shows it. */
enum suite_result gpu_show_cursor(struct gpu *gpu, uint32_t x, uint32_t y);
enum suite_result gpu_move_cursor(struct gpu *gpu, uint32_t x, uint32_t y);
/* Lets an interrupt come, and does what the device asked for with it. */
enum suite_result gpu_poll(struct gpu *gpu);

static inline void *image_pixel(const struct image *image, uint32_t x, uint32_t y)
{
    return (uint8_t *)image->pixels.cpu +
           ((size_t)y * image->width_px + x) * VIRTIO_GPU_PIXEL_BYTES;
}

#endif
