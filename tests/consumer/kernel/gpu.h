/*
 * A kernel's GPU driver, as far as it goes: it finds out which displays there are.
 */
#ifndef KERNEL_GPU_H
#define KERNEL_GPU_H

#include <stdbool.h>
#include <stdint.h>

bool gpu_probe(void);
bool gpu_is_legacy(void);
bool gpu_query(void);
void gpu_isr(void);
void gpu_remove(void);

#endif
