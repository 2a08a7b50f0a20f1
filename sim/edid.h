/*
 * EDID 1.4: what a display says about itself, in 128 bytes.
 */
#ifndef RINGSIDE_SIM_EDID_H
#define RINGSIDE_SIM_EDID_H

#include <stdint.h>

#define EDID_BYTES 128u

/*
 * The base block of a display whose preferred mode has that size, at 60 Hz with reduced blanking.
 * A detailed timing has 12 bits for each side: a larger display is told as 4095 pixels.
 */
void edid_make(uint8_t out[EDID_BYTES], uint32_t width_px, uint32_t height_px);

#endif
