/*
 * Drawing into memory.
 */
#include "canvas.h"

#include <assert.h>
#include <string.h>
#include <wchar.h>

#define BYTE_MASK  0xffu
#define OUTER_MASK 0xff00ffu /* red and blue */
#define GREEN_MASK 0x00ff00u

static_assert(sizeof(wchar_t) == sizeof(uint32_t), "canvas_fill() fills by wide characters");

/* ---- boxes ---- */

static int min_of(int a, int b)
{
    return a < b ? a : b;
}

static int max_of(int a, int b)
{
    return a > b ? a : b;
}

static struct canvas_box meet(struct canvas_box a, struct canvas_box b)
{
    int left = max_of(a.x, b.x), top = max_of(a.y, b.y);
    int right = min_of(a.x + a.width, b.x + b.width);
    int bottom = min_of(a.y + a.height, b.y + b.height);
    return (struct canvas_box){left, top, max_of(right - left, 0), max_of(bottom - top, 0)};
}

void canvas_create(struct canvas *canvas, uint32_t *pixels, int width, int height, int stride)
{
    *canvas = (struct canvas){width, height, stride, pixels, {0, 0, width, height}};
}

struct canvas_box canvas_clip(struct canvas *canvas, struct canvas_box box)
{
    struct canvas_box before = canvas->clip;
    canvas->clip = meet(before, box);
    return before;
}

static uint32_t *row_of(struct canvas *canvas, int y)
{
    return canvas->pixels + (size_t)y * (size_t)canvas->stride;
}

/* ---- shapes ---- */

void canvas_fill(struct canvas *canvas, struct canvas_box box, uint32_t color)
{
    struct canvas_box part = meet(canvas->clip, box);
    for (int y = part.y; y < part.y + part.height; y++) /* the library's fill is the widest store */
        wmemset((wchar_t *)row_of(canvas, y) + part.x, (wchar_t)color, (size_t)part.width);
}

void canvas_frame(struct canvas *canvas, struct canvas_box box, int thickness, uint32_t color)
{
    int inner = box.height - 2 * thickness;
    canvas_fill(canvas, (struct canvas_box){box.x, box.y, box.width, thickness}, color);
    canvas_fill(canvas,
                (struct canvas_box){box.x, box.y + box.height - thickness, box.width, thickness},
                color);
    canvas_fill(canvas, (struct canvas_box){box.x, box.y + thickness, thickness, inner}, color);
    canvas_fill(canvas,
                (struct canvas_box){box.x + box.width - thickness, box.y + thickness, thickness,
                                    inner},
                color);
}

void canvas_arrow(struct canvas *canvas, struct canvas_box box, bool up, uint32_t color)
{
    for (int i = 0; i < box.height; i++) {
        int width = box.width * (box.height - i) / box.height;
        int y = up ? box.y + box.height - 1 - i : box.y + i;
        canvas_fill(canvas, (struct canvas_box){box.x + (box.width - width) / 2, y, width, 1},
                    color);
    }
}

/* ---- text ---- */

uint32_t canvas_mix(uint32_t a, uint32_t b, unsigned part)
{
    /* Red and blue in one product, sixteen bits apart: neither grows into the other. */
    uint32_t outer = ((a & OUTER_MASK) * (256 - part) + (b & OUTER_MASK) * part) >> 8 & OUTER_MASK;
    uint32_t green = ((a & GREEN_MASK) * (256 - part) + (b & GREEN_MASK) * part) >> 8 & GREEN_MASK;
    return outer | green;
}

const struct canvas_font *canvas_font_of(unsigned size_px)
{
    unsigned best = 0;
    for (unsigned i = 1; i < canvas_font_count; i++) {
        if (canvas_fonts[i].size_px <= size_px)
            best = i;
    }
    return &canvas_fonts[best];
}

static void put_character(struct canvas *canvas, const struct canvas_font *font, int x, int y,
                          uint32_t color, char character)
{
    unsigned char code = (unsigned char)character;
    int width = (int)font->width_px, height = (int)font->height_px;
    struct canvas_box part = meet(canvas->clip, (struct canvas_box){x, y, width, height});
    if (code < CANVAS_FONT_FIRST || code > CANVAS_FONT_LAST)
        code = '?';
    const uint8_t *cell =
        font->coverage + (size_t)(code - CANVAS_FONT_FIRST) * (size_t)(width * height);
    for (int at_y = part.y; at_y < part.y + part.height; at_y++) {
        uint32_t *row = row_of(canvas, at_y);
        const uint8_t *coverage = cell + (at_y - y) * width;
        for (int at_x = part.x; at_x < part.x + part.width; at_x++) {
            unsigned covered = coverage[at_x - x];
            if (covered != 0)
                row[at_x] = canvas_mix(row[at_x], color, covered + (covered >> 7));
        }
    }
}

int canvas_text(struct canvas *canvas, const struct canvas_font *font, int x, int y, uint32_t color,
                const char *text)
{
    for (; *text; text++) {
        if (((unsigned char)*text & 0xc0u) == 0x80u)
            continue; /* not the first byte of a character */
        if (*text != ' ')
            put_character(canvas, font, x, y, color, *text);
        x += (int)font->width_px;
    }
    return x;
}

int canvas_text_in(struct canvas *canvas, const struct canvas_font *font, int x, int y, int width,
                   uint32_t color, const char *text)
{
    int columns = width / (int)font->width_px;
    int length = (int)strlen(text);
    struct canvas_box before;
    if (length <= columns)
        return canvas_text(canvas, font, x, y, color, text);
    int kept = max_of(columns - 2, 0) * (int)font->width_px;
    before = canvas_clip(canvas, (struct canvas_box){x, y, kept, (int)font->height_px});
    canvas_text(canvas, font, x, y, color, text);
    canvas->clip = before;
    return canvas_text(canvas, font, x + kept, y, color, columns >= 2 ? ".." : "");
}

/* ---- pictures ---- */

/* The average of a box of pixels. */
static uint32_t average(const uint32_t *pixels, int stride, struct canvas_box box)
{
    uint64_t red = 0, green = 0, blue = 0;
    uint64_t count = (uint64_t)box.width * (uint64_t)box.height;
    for (int y = box.y; y < box.y + box.height; y++) {
        const uint32_t *row = pixels + (size_t)y * (size_t)stride;
        for (int x = box.x; x < box.x + box.width; x++) {
            red += row[x] >> 16 & BYTE_MASK;
            green += row[x] >> 8 & BYTE_MASK;
            blue += row[x] & BYTE_MASK;
        }
    }
    return (uint32_t)((red / count) << 16 | (green / count) << 8 | blue / count);
}

/* Pixels of `from` that become pixel `at` of `to`; at least one. */
static void span(int at, int from, int to, int *first, int *count)
{
    *first = (int)((int64_t)at * from / to);
    *count = max_of((int)((int64_t)(at + 1) * from / to) - *first, 1);
}

void canvas_scale(const uint32_t *pixels, int from_width, int from_height, uint32_t *out, int width,
                  int height)
{
    for (int y = 0; y < height; y++) {
        struct canvas_box box;
        span(y, from_height, height, &box.y, &box.height);
        for (int x = 0; x < width; x++) {
            span(x, from_width, width, &box.x, &box.width);
            out[(size_t)y * (size_t)width + (size_t)x] =
                box.width * box.height == 1
                    ? pixels[(size_t)box.y * (size_t)from_width + (size_t)box.x]
                    : average(pixels, from_width, box);
        }
    }
}

void canvas_put(struct canvas *canvas, struct canvas_box box, const uint32_t *pixels)
{
    struct canvas_box part = meet(canvas->clip, box);
    for (int y = part.y; y < part.y + part.height && part.width > 0; y++)
        memcpy(row_of(canvas, y) + part.x,
               pixels + (size_t)(y - box.y) * (size_t)box.width + (size_t)(part.x - box.x),
               (size_t)part.width * sizeof *pixels);
}

bool canvas_picture(const struct canvas *canvas, struct picture *out)
{
    if (!picture_create(out, (uint32_t)canvas->width, (uint32_t)canvas->height))
        return false;
    uint8_t *rgb = out->rgb;
    for (int y = 0; y < canvas->height; y++) {
        const uint32_t *row = canvas->pixels + (size_t)y * (size_t)canvas->stride;
        for (int x = 0; x < canvas->width; x++, rgb += 3) {
            rgb[0] = (uint8_t)(row[x] >> 16);
            rgb[1] = (uint8_t)(row[x] >> 8);
            rgb[2] = (uint8_t)row[x];
        }
    }
    return true;
}
