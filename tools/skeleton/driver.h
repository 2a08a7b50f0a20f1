/*
 * A stand-in for your driver; see driver.c.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdint.h>

/* All return 0, or a negative error number. */
int gpu_start(uintptr_t base);
int gpu_display(uint32_t *width, uint32_t *height);
int gpu_set_mode(uint32_t width, uint32_t height);
int gpu_update(uint32_t x, uint32_t y, uint32_t width, uint32_t height);
int gpu_stop(void);

/* The framebuffer: 32 bits a pixel, blue first, `width` of gpu_set_mode() pixels a row. */
extern uint32_t gpu_framebuffer[];

#endif
