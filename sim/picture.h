/*
 * A picture in RGB, 8 bits a channel: what a scanout shows, what QEMU's screendump shows, and the
 * comparison of the two.
 */
#ifndef RINGSIDE_SIM_PICTURE_H
#define RINGSIDE_SIM_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PICTURE_SIDE_PX_MAX 16384u

/* Rows from the top, pixels from the left, bytes R, G, B; no padding. */
struct picture {
    uint32_t width_px;
    uint32_t height_px;
    uint8_t *rgb;
};

struct picture_difference {
    bool same_size;
    uint64_t pixels; /* that differ; over the common area when the sizes differ */
    uint32_t first_x, first_y;
    uint32_t left, top, right, bottom; /* bounding box, inclusive */
};

/* Black. False when out of memory or over the limit. */
bool picture_create(struct picture *picture, uint32_t width_px, uint32_t height_px);
void picture_free(struct picture *picture);

/* True when both are the same size and every pixel is equal; else *out tells where not. */
bool picture_equal(const struct picture *a, const struct picture *b,
                   struct picture_difference *out);

/*
 * Writes a PNG through a temporary file beside it, so that no half-written file is ever left.
 * Returns NULL or a static sentence that says what failed.
 */
const char *picture_write_png(const struct picture *picture, const char *path);
/* The same into a stream that is open already. */
const char *picture_put_png(const struct picture *picture, FILE *out);
const char *picture_read_png(struct picture *picture, const char *path);
/* Binary PPM (P6, maxval 255), as QEMU's screendump writes it. */
const char *picture_read_ppm(struct picture *picture, const char *path);

#endif
