/*
 * The test card: a picture that is a pure function of place and size, painted row by row.
 *
 *   border    a white line on the outermost pixels, then black and white battlements
 *   corners   a red R, a green G, a blue B and a white W, so that flips and swaps are named
 *   ground    red grows to the right, blue downwards, under a grid that is centred
 *   circle    from the top: name, gratings, eight colour bars, ramps of red, green, blue and grey,
 *             checkerboards, the card's size in pixels
 *
 * Everything is measured in units of a sixteenth of the shorter side. Cards under 16 pixels are
 * allowed; they show less.
 */
#include "testcard.h"
#include "virtio/gpu.h"

#define UNITS         16u
#define TEXT_UNIT_MIN 8u /* below this many pixels a unit, letters would not be readable */
#define GLYPH_WIDTH   5u
#define GLYPH_HEIGHT  7u
#define GLYPH_PITCH   6u
#define TEXT_GLYPHS   11u /* "16384x16384" */
#define CIRCLE_UNITS  7u
#define CORNER_UNITS  2u
#define BARS          8u
#define LINE_COLOUR   0xe8e8e8u
#define GRID_COLOUR   0xb0b8b8u
#define DARK_COLOUR   0x101820u
#define WHITE         0xffffffu

/* The rows of the circle in units from its top: what is painted in each. */
enum band {
    BAND_NAME,
    BAND_GRATING,
    BAND_BARS,
    BAND_RED,
    BAND_GREEN,
    BAND_BLUE,
    BAND_GREY,
    BAND_CHECKER,
    BAND_SIZE
};

/* What all pixels of a row have in common. Distances are in pixels. */
struct row {
    uint32_t y, width, height;
    uint32_t unit;
    uint32_t centre_x, centre_y;
    uint32_t border;       /* thickness */
    uint32_t outer, inner; /* half chords of the circle's line; 0, 0 where the row misses it */
    uint32_t band_y;       /* rows below the top of the band */
    enum band band;
    uint32_t blue;       /* of the ground */
    uint32_t on_grid;    /* the row is a grid line */
    uint32_t corner_top; /* rows below the top of the corner marks, or ~0 */
    uint32_t at_bottom;
};

/* clang-format off */
/* Five bits a row, top row in the low bits, leftmost pixel in the low bit of its row. */
#define GLYPHS(X)                                                                                  \
    X('0', 0x0e, 0x11, 0x19, 0x15, 0x13, 0x11, 0x0e)                                               \
    X('1', 0x04, 0x06, 0x04, 0x04, 0x04, 0x04, 0x0e)                                               \
    X('2', 0x0e, 0x11, 0x10, 0x08, 0x04, 0x02, 0x1f)                                               \
    X('3', 0x0e, 0x11, 0x10, 0x0c, 0x10, 0x11, 0x0e)                                               \
    X('4', 0x08, 0x0c, 0x0a, 0x09, 0x1f, 0x08, 0x08)                                               \
    X('5', 0x1f, 0x01, 0x0f, 0x10, 0x10, 0x11, 0x0e)                                               \
    X('6', 0x0c, 0x02, 0x01, 0x0f, 0x11, 0x11, 0x0e)                                               \
    X('7', 0x1f, 0x10, 0x08, 0x04, 0x04, 0x02, 0x02)                                               \
    X('8', 0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e)                                               \
    X('9', 0x0e, 0x11, 0x11, 0x1e, 0x10, 0x08, 0x06)                                               \
    X('B', 0x0f, 0x11, 0x11, 0x0f, 0x11, 0x11, 0x0f)                                               \
    X('D', 0x07, 0x09, 0x11, 0x11, 0x11, 0x09, 0x07)                                               \
    X('E', 0x1f, 0x01, 0x01, 0x0f, 0x01, 0x01, 0x1f)                                               \
    X('G', 0x0e, 0x11, 0x01, 0x1d, 0x11, 0x11, 0x1e)                                               \
    X('I', 0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e)                                               \
    X('N', 0x11, 0x13, 0x13, 0x15, 0x19, 0x19, 0x11)                                               \
    X('R', 0x0f, 0x11, 0x11, 0x0f, 0x05, 0x09, 0x11)                                               \
    X('S', 0x1e, 0x01, 0x01, 0x0e, 0x10, 0x10, 0x0f)                                               \
    X('W', 0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11)                                               \
    X('x', 0x00, 0x00, 0x11, 0x0a, 0x04, 0x0a, 0x11)
/* clang-format on */

/* Is the pixel (x, y) of a letter, each from 0, set? Unknown letters are blank. */
static uint32_t glyph_is_set(char letter, uint32_t x, uint32_t y)
{
    uint64_t bits = 0;

    switch (letter) {
#define ROW(bits, row) ((uint64_t)(bits) << ((row)*GLYPH_WIDTH))
#define X(letter, r0, r1, r2, r3, r4, r5, r6)                                                      \
    case letter:                                                                                   \
        bits = ROW(r0, 0) | ROW(r1, 1) | ROW(r2, 2) | ROW(r3, 3) | ROW(r4, 4) | ROW(r5, 5) |       \
               ROW(r6, 6);                                                                         \
        break;
        GLYPHS(X)
#undef X
#undef ROW
    default:
        break;
    }
    if (x >= GLYPH_WIDTH || y >= GLYPH_HEIGHT)
        return 0;
    return (uint32_t)(bits >> (y * GLYPH_WIDTH + x)) & 1;
}

/* Is the pixel `x` right of and `y` below a text's corner set, at `scale` pixels a dot? */
static uint32_t text_is_set(const char *text, uint32_t length, uint32_t x, uint32_t y,
                            uint32_t scale)
{
    uint32_t dot_x = x / scale;
    uint32_t index = dot_x / GLYPH_PITCH;

    if (index >= length)
        return 0;
    return glyph_is_set(text[index], dot_x % GLYPH_PITCH, y / scale);
}

static uint32_t decimal(char *out, uint32_t value)
{
    char digits[10];
    uint32_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 && count < sizeof(digits));
    for (uint32_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

static uint32_t square_root(uint32_t value)
{
    uint32_t root = 0;

    for (uint32_t bit = 1u << 15; bit > 0; bit >>= 1) {
        uint32_t trial = root | bit;
        if ((uint64_t)trial * trial <= value)
            root = trial;
    }
    return root;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
    return a > b ? a - b : b - a;
}

static inline uint32_t rgb(uint32_t red, uint32_t green, uint32_t blue)
{
    return red << 16 | green << 8 | blue;
}

static uint32_t hash(uint32_t x, uint32_t y, uint32_t seed)
{
    uint32_t h = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ seed * 0xc2b2ae3du;

    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    h *= 0x297a2d39u;
    return h >> 16;
}

/* The channel value nearest to `wanted`, 0 to 255, whose low four bits are `low`. */
static uint32_t channel(uint32_t wanted, uint32_t low)
{
    uint32_t high = (wanted + 8 > low ? wanted + 8 - low : 0) >> 4;

    return (high > 15 ? 15 : high) << 4 | low;
}

/*
 * Puts the hash of the place into the low bits of a colour. The low bits of red, green and blue
 * always differ, so no exchange of channels leaves a pixel as it was.
 */
static uint32_t grain(uint32_t colour, uint32_t place)
{
    uint32_t red = place & 15;
    uint32_t green = (red + 5 + (place >> 4 & 3)) & 15;
    uint32_t blue = (red + 10 + (place >> 6 & 3)) & 15;

    return rgb(channel(colour >> 16 & 255, red), channel(colour >> 8 & 255, green),
               channel(colour & 255, blue));
}

/* White, yellow, cyan, green, magenta, red, blue, black: the classic order, brightest first. */
static uint32_t bar_colour(uint32_t bar)
{
    return (bar & 2 ? 0 : 0xff0000u) | (bar & 4 ? 0 : 0x00ff00u) | (bar & 1 ? 0 : 0x0000ffu);
}

static enum band band_of(uint32_t units_from_top)
{
    /* clang-format off */
    static const uint8_t bands[2 * CIRCLE_UNITS] = {
        BAND_NAME, BAND_NAME, BAND_GRATING, BAND_BARS, BAND_BARS, BAND_BARS, BAND_RED,
        BAND_GREEN, BAND_BLUE, BAND_GREY, BAND_CHECKER, BAND_CHECKER, BAND_SIZE, BAND_SIZE,
    };
    /* clang-format on */
    return (enum band)bands[units_from_top < 2 * CIRCLE_UNITS ? units_from_top : 0];
}

static uint32_t band_first_unit(enum band band)
{
    static const uint8_t first[] = {0, 2, 3, 6, 7, 8, 9, 10, 12};
    return first[band];
}

static struct row row_begin(uint32_t y, uint32_t width, uint32_t height)
{
    struct row row = {.y = y, .width = width, .height = height};
    uint32_t shorter = width < height ? width : height;

    row.unit = shorter / UNITS > 0 ? shorter / UNITS : 1;
    row.border = (row.unit + 1) / 2;
    row.centre_x = width / 2;
    row.centre_y = height / 2;
    row.blue = 24 + (uint32_t)((uint64_t)y * 144 / height);
    row.on_grid = distance(y, row.centre_y) % row.unit == 0 && row.unit > 2;

    uint32_t radius = CIRCLE_UNITS * row.unit;
    uint32_t line = row.unit / 12 + 1;
    uint32_t dy = distance(y, row.centre_y);
    if (shorter >= UNITS && dy < radius) {
        uint32_t inside = radius - line;
        uint32_t units_from_top = (y + radius - row.centre_y) / row.unit;
        row.outer = square_root(radius * radius - dy * dy);
        row.inner = dy < inside ? square_root(inside * inside - dy * dy) : 0;
        row.band = band_of(units_from_top);
        row.band_y = y + radius - row.centre_y - band_first_unit(row.band) * row.unit;
    }

    uint32_t corner = CORNER_UNITS * row.unit;
    row.at_bottom = y >= row.centre_y;
    uint32_t from_edge = row.at_bottom ? height - 1 - y : y;
    row.corner_top = UINT32_MAX;
    if (from_edge >= row.unit && from_edge < row.unit + corner)
        row.corner_top = row.at_bottom ? corner - 1 - (from_edge - row.unit) : from_edge - row.unit;
    return row;
}

/* A letter on its own colour; x counts from the mark's left side. */
static uint32_t corner_colour(const struct row *row, uint32_t x, uint32_t at_right)
{
    static const char letters[] = {'R', 'G', 'B', 'W'};
    static const uint32_t colours[] = {0xff0000u, 0x00ff00u, 0x0000ffu, WHITE};
    uint32_t which = row->at_bottom * 2 + at_right;
    uint32_t scale = row->unit / 5;

    if (row->unit >= TEXT_UNIT_MIN) {
        uint32_t left = (CORNER_UNITS * row->unit - GLYPH_WIDTH * scale) / 2;
        uint32_t top = (CORNER_UNITS * row->unit - GLYPH_HEIGHT * scale) / 2;
        if (x >= left && row->corner_top >= top &&
            glyph_is_set(letters[which], (x - left) / scale, (row->corner_top - top) / scale))
            return DARK_COLOUR;
    }
    return colours[which];
}

static uint32_t text_colour(const struct row *row, uint32_t x)
{
    static const char name[] = {'R', 'I', 'N', 'G', 'S', 'I', 'D', 'E'};
    char size[TEXT_GLYPHS + 10];
    const char *text = name;
    uint32_t length = sizeof(name);
    uint32_t scale = row->unit / 8;
    uint32_t top = row->unit;

    if (row->unit < TEXT_UNIT_MIN || distance(x, row->centre_x) > 4 * row->unit)
        return DARK_COLOUR;
    if (row->band == BAND_SIZE) {
        length = decimal(size, row->width);
        size[length++] = 'x';
        length += decimal(size + length, row->height);
        text = size;
        top = row->unit / 4;
    }
    uint32_t half = (length * GLYPH_PITCH - 1) * scale / 2;
    if (row->band_y < top || x + half < row->centre_x)
        return DARK_COLOUR;
    return text_is_set(text, length, x + half - row->centre_x, row->band_y - top, scale)
               ? LINE_COLOUR
               : DARK_COLOUR;
}

/* A colour of the circle; `x` lies inside it. */
static uint32_t band_colour(const struct row *row, uint32_t x)
{
    uint32_t radius = CIRCLE_UNITS * row->unit;
    uint32_t across = x + radius - row->centre_x; /* 0 at the circle's left side */
    uint32_t ramp = across * 255 / (2 * radius);

    switch (row->band) {
    case BAND_NAME:
    case BAND_SIZE:
        return text_colour(row, x);
    case BAND_GRATING: /* lines of 1 to 7 pixels, wider to the right */
        return (x / (1 + across / (2 * row->unit)) & 1) ? WHITE : 0;
    case BAND_BARS:
        return bar_colour(across * BARS / (2 * radius));
    case BAND_RED:
        return rgb(ramp, 0, 0);
    case BAND_GREEN:
        return rgb(0, ramp, 0);
    case BAND_BLUE:
        return rgb(0, 0, ramp);
    case BAND_GREY:
        return rgb(ramp, ramp, ramp);
    case BAND_CHECKER: { /* squares of 7 to 1 pixels, finer to the right */
        uint32_t side = 7 - across / (2 * row->unit);
        return ((x / side + row->y / side) & 1) ? WHITE : 0;
    }
    }
    return 0;
}

static uint32_t card_colour(const struct row *row, uint32_t x)
{
    uint32_t right = row->width - 1 - x;
    uint32_t below = row->height - 1 - row->y;
    uint32_t side = x < right ? x : right;
    uint32_t edge = row->y < below ? row->y : below;
    uint32_t dx = distance(x, row->centre_x);

    if (side == 0 || edge == 0)
        return WHITE;
    if (side < row->border || edge < row->border)
        return (dx / row->unit + distance(row->y, row->centre_y) / row->unit) & 1 ? LINE_COLOUR
                                                                                  : DARK_COLOUR;
    if (row->corner_top != UINT32_MAX && side >= row->unit &&
        side < (1 + CORNER_UNITS) * row->unit) {
        uint32_t mark =
            x < right ? x - row->unit : CORNER_UNITS * row->unit - 1 - (right - row->unit);
        return corner_colour(row, mark, x >= right);
    }
    if (dx < row->inner)
        return band_colour(row, x);
    if (dx < row->outer || dx == 0 || row->y == row->centre_y)
        return WHITE;
    if (row->unit > 2 && (row->on_grid || dx % row->unit == 0))
        return GRID_COLOUR;
    return rgb(24 + (uint32_t)((uint64_t)x * 144 / row->width), 72, row->blue);
}

uint32_t testcard_pixel(uint32_t x, uint32_t y, uint32_t width_px, uint32_t height_px)
{
    struct row row = row_begin(y, width_px, height_px);

    return grain(card_colour(&row, x), hash(x, y, 0));
}

uint32_t testcard_patch_pixel(uint32_t x, uint32_t y, uint32_t seed)
{
    uint32_t field = hash(x / 8, y / 8, seed + 1);

    return grain(rgb(field & 255, field >> 4 & 255, field >> 8 & 255), hash(x, y, seed + 1));
}

/* Where the channels of a format lie in the word, in bits. */
struct shifts {
    uint32_t red, green, blue;
    uint32_t constant; /* what is in the fourth byte, in its place */
};

static struct shifts shifts_of(uint32_t format)
{
    switch (format) {
#define X(name, value, b, g, r, a)                                                                 \
    case value:                                                                                    \
        return (struct shifts){8 * (r), 8 * (g), 8 * (b),                                          \
                               (VIRTIO_GPU_FORMAT_HAS_ALPHA(value) ? UINT32_C(255) : 0)            \
                                   << 8 * (a)};
        VIRTIO_GPU_FORMATS(X)
#undef X
    default:
        return (struct shifts){0, 0, 0, 0};
    }
}

static uint32_t encode(uint32_t colour, const struct shifts *to)
{
    return virtio_le32((colour >> 16 & 255) << to->red | (colour >> 8 & 255) << to->green |
                       (colour & 255) << to->blue | to->constant);
}

uint32_t testcard_encode(uint32_t colour, uint32_t format)
{
    struct shifts to = shifts_of(format);

    return encode(colour, &to);
}

void testcard_draw_run(void *pixels, uint32_t format, uint32_t x, uint32_t y, uint32_t count_px,
                       uint32_t width_px, uint32_t height_px)
{
    uint32_t *word = pixels;
    struct shifts to = shifts_of(format);
    struct row row = row_begin(y, width_px, height_px);

    for (uint32_t i = 0; i < count_px; i++)
        word[i] = encode(grain(card_colour(&row, x + i), hash(x + i, y, 0)), &to);
}

void testcard_patch_run(void *pixels, uint32_t format, uint32_t x, uint32_t y, uint32_t count_px,
                        uint32_t seed)
{
    uint32_t *word = pixels;
    struct shifts to = shifts_of(format);

    for (uint32_t i = 0; i < count_px; i++)
        word[i] = encode(testcard_patch_pixel(x + i, y, seed), &to);
}

void testcard_draw(void *framebuffer, uint32_t format, size_t stride_bytes,
                   const struct testcard_rect *rect, uint32_t width_px, uint32_t height_px)
{
    uint8_t *first = (uint8_t *)framebuffer + rect->x * (size_t)VIRTIO_GPU_PIXEL_BYTES;

    for (uint32_t y = rect->y; y < rect->y + rect->height; y++)
        testcard_draw_run(first + y * stride_bytes, format, rect->x, y, rect->width, width_px,
                          height_px);
}
