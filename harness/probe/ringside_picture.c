/*
 * The pictures that an adapter draws (see driver/ringside.h), with the project's own test card.
 *
 * Built under the probe, like the driver's sources, and put into the archive that a driver's object
 * is linked with: the framebuffer is written by the driver, as far as anybody can see.
 */
#include "ringside.h"
#include "testcard.h"

void ringside_draw_test_card(void *pixels, unsigned format, unsigned long stride_bytes,
                             unsigned width, unsigned height)
{
    struct testcard_rect whole = {0, 0, width, height};

    testcard_draw(pixels, format, stride_bytes, &whole, width, height);
}

void ringside_draw_patch(void *pixels, unsigned format, unsigned long stride_bytes, unsigned x,
                         unsigned y, unsigned width, unsigned height, unsigned seed)
{
    unsigned char *first = (unsigned char *)pixels + (unsigned long)x * 4;

    for (unsigned row = y; row < y + height; row++)
        testcard_patch_run(first + row * stride_bytes, format, x, row, width, seed);
}
