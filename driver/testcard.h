/*
 * The picture that every driver draws, and that a scanout is compared with, pixel by pixel.
 *
 * It is made so that an eye sees what is wrong (geometry, channel order, ramps, resolution) and a
 * comparison misses nothing: the low four bits of a pixel's channels are a hash of its place, and
 * in every pixel the three channels differ. So a shifted row or column, a rectangle that was not
 * transferred, or two channels swapped change nearly every pixel that they touch.
 */
#ifndef RINGSIDE_TESTCARD_H
#define RINGSIDE_TESTCARD_H

#include <stddef.h>
#include <stdint.h>

/* The colour of one pixel as 0x00RRGGBB, on a card of the given size. Pure. */
uint32_t testcard_pixel(uint32_t x, uint32_t y, uint32_t width_px, uint32_t height_px);

/* The colour of a pixel of the patch that `draw` puts over the card, another one for each seed. */
uint32_t testcard_patch_pixel(uint32_t x, uint32_t y, uint32_t seed);

/*
 * 0x00RRGGBB as the 32-bit word that lies in memory, little-endian, in one of the eight formats
 * (enum virtio_gpu_formats). Alpha is 255; the byte without meaning of an X format is 0. An unknown
 * format gives 0.
 */
uint32_t testcard_encode(uint32_t rgb, uint32_t format);

/* Paints `count_px` pixels of row `y`, from column `x` on, at `pixels` (4-byte aligned). */
void testcard_draw_run(void *pixels, uint32_t format, uint32_t x, uint32_t y, uint32_t count_px,
                       uint32_t width_px, uint32_t height_px);
void testcard_patch_run(void *pixels, uint32_t format, uint32_t x, uint32_t y, uint32_t count_px,
                        uint32_t seed);

struct testcard_rect {
    uint32_t x, y, width, height;
};

/*
 * Paints one rectangle of the card into a framebuffer that lies in one piece; `framebuffer` is the
 * address of pixel (0, 0). The rectangle lies inside the card.
 */
void testcard_draw(void *framebuffer, uint32_t format, size_t stride_bytes,
                   const struct testcard_rect *rect, uint32_t width_px, uint32_t height_px);

#endif
