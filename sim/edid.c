/*
 * The EDID of the simulated display.
 */
#include "edid.h"

#include <string.h>

#define SIDE_MAX           4095u
#define BLANK_LEFT_PX      160u /* reduced blanking: 48 front, 32 sync, 80 back */
#define BLANK_FRONT_PX     48u
#define BLANK_SYNC_PX      32u
#define BLANK_LINES        30u
#define FRONT_LINES        3u
#define SYNC_LINES         6u
#define REFRESH_HZ         60u
#define CLOCK_UNIT_HZ      10000u
#define CLOCK_MAX          65535u
#define DOTS_PER_10_CM     378u /* 96 dots an inch */
#define DESCRIPTORS_OFFSET 54u
#define DESCRIPTOR_BYTES   18u
#define NAME_BYTES         13u
#define TAG_NAME           0xfcu
#define TAG_NOTHING        0x10u

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* 3.10.2 of the EDID standard: the preferred mode. */
static void put_timing(uint8_t *out, uint32_t width_px, uint32_t height_px)
{
    uint64_t clock = (uint64_t)(width_px + BLANK_LEFT_PX) * (height_px + BLANK_LINES) * REFRESH_HZ /
                     CLOCK_UNIT_HZ;
    uint32_t width_mm = width_px * 100 / DOTS_PER_10_CM,
             height_mm = height_px * 100 / DOTS_PER_10_CM;

    clock = clock < CLOCK_MAX ? clock : CLOCK_MAX;
    out[0] = (uint8_t)clock;
    out[1] = (uint8_t)(clock >> 8);
    out[2] = (uint8_t)width_px;
    out[3] = (uint8_t)BLANK_LEFT_PX;
    out[4] = (uint8_t)((width_px >> 8) << 4 | BLANK_LEFT_PX >> 8);
    out[5] = (uint8_t)height_px;
    out[6] = (uint8_t)BLANK_LINES;
    out[7] = (uint8_t)((height_px >> 8) << 4 | BLANK_LINES >> 8);
    out[8] = BLANK_FRONT_PX;
    out[9] = BLANK_SYNC_PX;
    out[10] = FRONT_LINES << 4 | SYNC_LINES;
    out[12] = (uint8_t)width_mm;
    out[13] = (uint8_t)height_mm;
    out[14] = (uint8_t)(((width_mm >> 8) & 15) << 4 | ((height_mm >> 8) & 15));
    out[17] = 0x1e; /* digital, separate syncs, both positive */
}

static void put_text(uint8_t *out, const char *text)
{
    size_t bytes = strlen(text);

    out[3] = TAG_NAME;
    memset(out + 5, ' ', NAME_BYTES);
    memcpy(out + 5, text, bytes);
    out[5 + bytes] = '\n';
}

void edid_make(uint8_t out[EDID_BYTES], uint32_t width_px, uint32_t height_px)
{
    static const uint8_t magic[8] = {0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00};
    /* sRGB: the low bits, then red, green, blue and white */
    static const uint8_t colours[10] = {0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
    uint8_t *descriptor = out + DESCRIPTORS_OFFSET;
    uint8_t sum = 0;

    width_px = least(width_px, SIDE_MAX);
    height_px = least(height_px, SIDE_MAX);
    memset(out, 0, EDID_BYTES);
    memcpy(out, magic, sizeof magic);
    out[8] = 0x4a; /* "RSD": 5 bits a letter, A = 1 */
    out[9] = 0x64;
    out[10] = 1; /* product */
    out[16] = 1; /* week and year of manufacture, from 1990 */
    out[17] = 33;
    out[18] = 1; /* EDID 1.4 */
    out[19] = 4;
    out[20] = 0xa5; /* digital, 8 bits a colour, DisplayPort */
    out[21] = (uint8_t)least(width_px * 10 / DOTS_PER_10_CM, 255);
    out[22] = (uint8_t)least(height_px * 10 / DOTS_PER_10_CM, 255);
    out[23] = 120;  /* gamma 2.2 */
    out[24] = 0x06; /* sRGB; the first timing is the native mode */
    memcpy(out + 25, colours, sizeof colours);
    memset(out + 38, 1, 16); /* no standard timings */
    put_timing(descriptor, width_px, height_px);
    put_text(descriptor + DESCRIPTOR_BYTES, "ringside");
    descriptor[2 * DESCRIPTOR_BYTES + 3] = TAG_NOTHING;
    descriptor[3 * DESCRIPTOR_BYTES + 3] = TAG_NOTHING;
    for (uint32_t i = 0; i < EDID_BYTES - 1; i++)
        sum = (uint8_t)(sum + out[i]);
    out[EDID_BYTES - 1] = (uint8_t)(0 - sum);
}
