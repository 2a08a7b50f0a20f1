/*
 * Types of a boot firmware: packed structures, addresses in 32 bits.
 */
#ifndef FW_H
#define FW_H

#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define PACKED __attribute__((packed))

/* The firmware runs below 4 GiB, one to one. */
#define ADDR(pointer) ((u32)(uintptr_t)(pointer))

typedef struct {
    u64 addr;
    u32 len;
    u16 flags;
    u16 next;
} PACKED fw_desc_t;

typedef struct {
    u32 id;
    u32 len;
} PACKED fw_used_t;

typedef struct {
    u32 type;
    u32 flags;
    u64 fence;
    u32 ctx;
    u8 ring;
    u8 padding[3];
} PACKED fw_gpu_hdr_t;

typedef struct {
    u32 x, y, w, h;
} PACKED fw_rect_t;

int fw_gpu_init(u32 base);
int fw_gpu_info(u32 *w, u32 *h);
int fw_gpu_mode(u32 w, u32 h, u32 framebuffer);
int fw_gpu_blit(u32 x, u32 y, u32 w, u32 h);
void fw_gpu_exit(void);

#endif
