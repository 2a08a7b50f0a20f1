/*
 * Recognises QEMU's text placeholders in a screendump, whatever the size of the display.
 *
 * QEMU draws the text in one colour in the middle of a black screen, and cuts it off at both sides
 * when the screen is narrower. So: a picture of exactly two colours; the pixels of the rarer one
 * must be those of the text at one place, all of it that the picture's edges leave visible and
 * nothing else.
 */
#include "replay.h"

#include <string.h>
#include "placeholder_bits.h"

#define PLACEHOLDER_VISIBLE_PX_MIN 48 /* six letters; less could be anything */
#define PLACEHOLDER_HEIGHT_PX      13
#define GLYPH_WIDTH_PX             8
#define WORD_PX                    64
#define PIXEL_BYTES                3

struct placeholder {
    enum replay_screen screen;
    int width_px;
    const uint64_t *bits;
};

static const struct placeholder placeholders[] = {
    {REPLAY_SCREEN_NOT_INITIALIZED, 349, not_initialized_bits},
    {REPLAY_SCREEN_NOT_ACTIVE, 229, not_active_bits},
};

_Static_assert(sizeof not_initialized_bits ==
                   PLACEHOLDER_HEIGHT_PX * ((349 + WORD_PX - 1) / WORD_PX) * sizeof(uint64_t),
               "bitmap of NOT_INITIALIZED");
_Static_assert(sizeof not_active_bits ==
                   PLACEHOLDER_HEIGHT_PX * ((229 + WORD_PX - 1) / WORD_PX) * sizeof(uint64_t),
               "bitmap of NOT_ACTIVE");

/* A picture of two colours: where pixels of the rarer one lie. Bounds are inclusive. */
struct two_tone {
    const struct picture *picture;
    const uint8_t *ink; /* a pixel of the rarer colour */
    int left, top, right, bottom;
};

static const uint8_t *pixel_at(const struct picture *picture, int x, int y)
{
    return picture->rgb + ((size_t)y * picture->width_px + (size_t)x) * PIXEL_BYTES;
}

static bool is_ink(const struct two_tone *tone, int x, int y)
{
    return memcmp(pixel_at(tone->picture, x, y), tone->ink, PIXEL_BYTES) == 0;
}

/* The number of colours, counted to three; with two, *tone is set but for its bounds. */
static int count_colours(const struct picture *picture, struct two_tone *tone)
{
    size_t pixels = (size_t)picture->width_px * picture->height_px;
    const uint8_t *first = picture->rgb, *second = NULL;
    size_t firsts = 0;

    for (size_t i = 0; i < pixels; i++) {
        const uint8_t *pixel = picture->rgb + i * PIXEL_BYTES;
        if (memcmp(pixel, first, PIXEL_BYTES) == 0)
            firsts++;
        else if (!second)
            second = pixel;
        else if (memcmp(pixel, second, PIXEL_BYTES) != 0)
            return 3;
    }
    if (!second)
        return 1;
    tone->picture = picture;
    tone->ink = firsts * 2 > pixels ? second : first;
    return 2;
}

static void find_bounds(struct two_tone *tone)
{
    int width = (int)tone->picture->width_px, height = (int)tone->picture->height_px;

    tone->left = width;
    tone->top = height;
    tone->right = tone->bottom = -1;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            if (!is_ink(tone, x, y))
                continue;
            tone->left = x < tone->left ? x : tone->left;
            tone->right = x > tone->right ? x : tone->right;
            tone->top = y < tone->top ? y : tone->top;
            tone->bottom = y;
        }
    }
}

static bool bit_at(const struct placeholder *placeholder, int x, int y)
{
    int words = (placeholder->width_px + WORD_PX - 1) / WORD_PX;
    uint64_t word = placeholder->bits[y * words + x / WORD_PX];
    return word >> (WORD_PX - 1 - x % WORD_PX) & 1;
}

static int at_least(int value, int least)
{
    return value < least ? least : value;
}

static int at_most(int value, int most)
{
    return value > most ? most : value;
}

/* Is all ink exactly the placeholder's, with its upper left corner at (x0, y0), perhaps outside? */
static bool matches_at(const struct two_tone *tone, const struct placeholder *placeholder, int x0,
                       int y0)
{
    int left = at_least(x0, 0), top = at_least(y0, 0);
    int right = at_most(x0 + placeholder->width_px, (int)tone->picture->width_px);
    int bottom = at_most(y0 + PLACEHOLDER_HEIGHT_PX, (int)tone->picture->height_px);

    if (tone->left < left || tone->top < top || tone->right >= right || tone->bottom >= bottom)
        return false;
    bool is_cut = right - left < placeholder->width_px;
    if (is_cut && (int)tone->picture->width_px >= placeholder->width_px + GLYPH_WIDTH_PX)
        return false; /* on a screen with room for it, it is not cut */
    if (right - left < PLACEHOLDER_VISIBLE_PX_MIN)
        return false;
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            if (is_ink(tone, x, y) != bit_at(placeholder, x - x0, y - y0))
                return false;
        }
    }
    return true;
}

/*
 * The leftmost ink is in some column of the placeholder and the topmost in some row: that bounds
 * the places to try. Only at an edge of the picture can it be another than the first.
 */
static bool matches(const struct two_tone *tone, const struct placeholder *placeholder)
{
    int most_right =
        tone->right - tone->left + 1 > placeholder->width_px ? 0 : placeholder->width_px;
    for (int row = 0; row < PLACEHOLDER_HEIGHT_PX; row++) {
        for (int column = 0; column < most_right; column++) {
            if (matches_at(tone, placeholder, tone->left - column, tone->top - row))
                return true;
        }
    }
    return false;
}

enum replay_screen placeholder_recognise(const struct picture *picture)
{
    struct two_tone tone;

    if (!picture->rgb || !picture->width_px || !picture->height_px)
        return REPLAY_SCREEN_NONE;
    int colours = count_colours(picture, &tone);
    if (colours == 1)
        return REPLAY_SCREEN_BLANK;
    if (colours > 2)
        return REPLAY_SCREEN_PICTURE;
    find_bounds(&tone);
    for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++) {
        if (matches(&tone, &placeholders[i]))
            return placeholders[i].screen;
    }
    return REPLAY_SCREEN_PICTURE;
}
