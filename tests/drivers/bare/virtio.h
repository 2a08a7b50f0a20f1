/*
 * The device's registers as a structure, and the rings, for AArch64 without an operating system.
 */
#ifndef BARE_VIRTIO_H
#define BARE_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

struct virtio_regs {
    volatile uint32_t magic;
    volatile uint32_t version;
    volatile uint32_t device_id;
    volatile uint32_t vendor_id;
    volatile uint32_t device_features;
    volatile uint32_t device_features_sel;
    uint32_t _reserved0[2];
    volatile uint32_t driver_features;
    volatile uint32_t driver_features_sel;
    uint32_t _reserved1[2];
    volatile uint32_t queue_sel;
    volatile uint32_t queue_num_max;
    volatile uint32_t queue_num;
    uint32_t _reserved2[2];
    volatile uint32_t queue_ready;
    uint32_t _reserved3[2];
    volatile uint32_t queue_notify;
    uint32_t _reserved4[3];
    volatile uint32_t interrupt_status;
    volatile uint32_t interrupt_ack;
    uint32_t _reserved5[2];
    volatile union {
        uint32_t all;
        struct {
            uint32_t acknowledge : 1;
            uint32_t driver : 1;
            uint32_t driver_ok : 1;
            uint32_t features_ok : 1;
            uint32_t : 2;
            uint32_t needs_reset : 1;
            uint32_t failed : 1;
            uint32_t : 24;
        };
    } status;
    uint32_t _reserved6[3];
    volatile uint32_t queue_desc[2];
    uint32_t _reserved7[2];
    volatile uint32_t queue_driver[2];
    uint32_t _reserved8[2];
    volatile uint32_t queue_device[2];
    uint32_t _reserved9[21];
    volatile uint32_t config_generation;
    volatile uint32_t config[64];
};

_Static_assert(__builtin_offsetof(struct virtio_regs, status) == 0x70, "layout");
_Static_assert(__builtin_offsetof(struct virtio_regs, queue_device) == 0xa0, "layout");
_Static_assert(__builtin_offsetof(struct virtio_regs, config) == 0x100, "layout");

#define QSIZE 16

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t next_follows : 1;
    uint16_t device_writes : 1;
    uint16_t : 14;
    uint16_t next;
};

struct queue {
    struct desc desc[QSIZE];
    struct {
        uint16_t flags, idx, ring[QSIZE], used_event;
    } avail;
    struct {
        uint16_t flags, idx;
        struct {
            uint32_t id, len;
        } ring[QSIZE];
        uint16_t avail_event;
    } used __attribute__((aligned(64)));
};

/* ---- cpu.c ---- */

void dcache_clean(const volatile void *start, uint64_t bytes);
void dcache_invalidate(const volatile void *start, uint64_t bytes);
void delay_us(uint64_t us);
uint64_t timer_us(void);

/* ---- gpu.c ---- */

int gpu_start(struct virtio_regs *regs);
int gpu_size(uint32_t *width, uint32_t *height);
int gpu_set_mode(uint32_t width, uint32_t height, uint32_t *pixels);
int gpu_update(uint32_t x, uint32_t y, uint32_t width, uint32_t height);
void gpu_off(void);

#endif
