/*
 * Included before every source of a driver with 32-bit pointers: its calls of the platform go
 * through ringside_ilp32.c, which knows both layouts.
 */
#ifndef RINGSIDE_ILP32_H
#define RINGSIDE_ILP32_H

#ifndef __ASSEMBLER__
#define platform_dma_alloc        ringside_ilp32_dma_alloc
#define platform_dma_free         ringside_ilp32_dma_free
#define platform_cache_clean      ringside_ilp32_cache_clean
#define platform_cache_invalidate ringside_ilp32_cache_invalidate
#define platform_map_mmio         ringside_ilp32_map_mmio
#define platform_device_tree      ringside_ilp32_device_tree

/* What only the driver's compiler can say of it. */
extern const char ringside_driver_ilp32;
#endif

#endif
