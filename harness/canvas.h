/*
 * Drawing into memory: rectangles, triangles, text and scaled pictures, 0x00RRGGBB a pixel.
 *
 * Everything is cut off at the clip, so that nobody needs to know whether what is drawn fits.
 * Coordinates are pixels from the top left corner.
 */
#ifndef RINGSIDE_HARNESS_CANVAS_H
#define RINGSIDE_HARNESS_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include "canvas_font.h"
#include "picture.h"

struct canvas_box {
    int x, y, width, height;
};

struct canvas {
    int width, height;
    int stride;       /* pixels from one row to the next */
    uint32_t *pixels; /* the caller's */
    struct canvas_box clip;
};

/* The clip is everything. */
void canvas_create(struct canvas *canvas, uint32_t *pixels, int width, int height, int stride);
/* Draws only inside `box` from now on, and inside what the clip was; returns what it was. */
struct canvas_box canvas_clip(struct canvas *canvas, struct canvas_box box);

void canvas_fill(struct canvas *canvas, struct canvas_box box, uint32_t color);
/* The edges of a box, inside it. */
void canvas_frame(struct canvas *canvas, struct canvas_box box, int thickness, uint32_t color);
/* A triangle that fills a box and points down, or up. */
void canvas_arrow(struct canvas *canvas, struct canvas_box box, bool up, uint32_t color);

/* The largest font that is not larger, or the smallest there is. */
const struct canvas_font *canvas_font_of(unsigned size_px);
/* Text from its top left corner; returns the x behind it. What is no ASCII becomes `?`. */
int canvas_text(struct canvas *canvas, const struct canvas_font *font, int x, int y, uint32_t color,
                const char *text);
/* The same, cut with `..` where it would be wider than `width`. */
int canvas_text_in(struct canvas *canvas, const struct canvas_font *font, int x, int y, int width,
                   uint32_t color, const char *text);

/* A mix of two colours, 0 = all of `a`, 256 = all of `b`. */
uint32_t canvas_mix(uint32_t a, uint32_t b, unsigned part);

/*
 * A picture scaled to a size: smaller by averages, larger by repeating pixels. `out` has room for
 * width * height pixels.
 */
void canvas_scale(const uint32_t *pixels, int from_width, int from_height, uint32_t *out, int width,
                  int height);
/* Pixels of the size of a box, which is drawn where it is. */
void canvas_put(struct canvas *canvas, struct canvas_box box, const uint32_t *pixels);

/* The canvas as a picture; false when out of memory. */
bool canvas_picture(const struct canvas *canvas, struct picture *out);

#endif
