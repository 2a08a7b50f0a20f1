/*
 * A display driver of a PC kernel, for other parts of the kernel.
 */
#ifndef PC_GPU_H
#define PC_GPU_H

int pcgpu_attach(unsigned long registers);
int pcgpu_resolution(unsigned *width, unsigned *height);
unsigned int *pcgpu_start(unsigned width, unsigned height);
int pcgpu_refresh(unsigned x, unsigned y, unsigned width, unsigned height);
void pcgpu_detach(void);

#endif
