/*
 * The characters that a canvas can write, made at build time by tools/font/bake_font.c.
 */
#ifndef RINGSIDE_HARNESS_CANVAS_FONT_H
#define RINGSIDE_HARNESS_CANVAS_FONT_H

#include <stdint.h>

#define CANVAS_FONT_FIRST ' '
#define CANVAS_FONT_LAST  '~'

/* One size. All characters have cells of one size, whose bytes are coverage from 0 to 255. */
struct canvas_font {
    unsigned size_px;
    unsigned width_px, height_px; /* of a cell: the advance, and the distance of two lines */
    const uint8_t *coverage;      /* cells from ` ` to `~`, rows from the top */
};

/* From small to large. */
extern const struct canvas_font canvas_fonts[];
extern const unsigned canvas_font_count;

#endif
