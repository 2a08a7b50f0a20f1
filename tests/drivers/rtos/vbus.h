/*
 * The system's view of virtio: a device behind a table of functions, whatever bus it sits on.
 */
#ifndef RTOS_VBUS_H
#define RTOS_VBUS_H

#include "os.h"

struct vdev;
struct vqueue;

struct vbus_ops {
    int (*probe)(struct vdev *dev);
    void (*reset)(struct vdev *dev);
    uint8_t (*get_status)(struct vdev *dev);
    void (*set_status)(struct vdev *dev, uint8_t status);
    uint64_t (*get_features)(struct vdev *dev);
    void (*set_features)(struct vdev *dev, uint64_t features);
    int (*setup_queue)(struct vdev *dev, struct vqueue *queue);
    void (*notify)(struct vdev *dev, struct vqueue *queue);
    uint32_t (*ack_irq)(struct vdev *dev);
};

struct vbuf {
    void *memory;
    uintptr_t bus_address;
    uint32_t bytes;
    bool device_writes;
};

typedef void (*vqueue_callback_t)(struct vqueue *queue, void *cookie, uint32_t bytes);

struct vring_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

struct vring_used_elem {
    uint32_t id;
    uint32_t len;
};

struct vqueue {
    struct vdev *dev;
    uint16_t index, size, free_head, free_count, seen;
    volatile struct vring_desc *desc;
    volatile uint16_t *avail; /* flags, idx, ring */
    volatile uint16_t *used;  /* flags, idx, then elements */
    uintptr_t desc_bus, avail_bus, used_bus;
    void *cookie[64];
    vqueue_callback_t done;
};

struct vdev {
    const struct vbus_ops *ops;
    void *window;
    int irq;
    uint32_t type;
    struct vqueue *queue[2];
};

extern const struct vbus_ops vbus_mmio_ops;

int vdev_open(struct vdev *dev, uint32_t type, uint64_t wanted_features);
void vdev_close(struct vdev *dev);
int vqueue_create(struct vdev *dev, uint16_t index, uint16_t size, vqueue_callback_t done,
                  struct vqueue **out);
int vqueue_submit(struct vqueue *queue, const struct vbuf *bufs, int count, void *cookie);
void vqueue_isr(struct vqueue *queue);

#endif
