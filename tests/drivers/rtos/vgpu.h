/*
 * The system's display, as applications see it.
 */
#ifndef RTOS_VGPU_H
#define RTOS_VGPU_H

#include "os.h"

struct display {
    uint32_t width, height;
    uint32_t *pixels;
};

int display_open(uintptr_t registers, int irq);
int display_query(uint32_t *width, uint32_t *height);
int display_mode(uint32_t width, uint32_t height, struct display *out);
int display_update(uint32_t x, uint32_t y, uint32_t width, uint32_t height);
void display_close(void);

#endif
