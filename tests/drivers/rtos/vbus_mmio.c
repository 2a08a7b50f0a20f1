/*
 * virtio-mmio behind the table of functions.
 */
#include "vbus.h"

#define REG(dev, offset) (*(volatile uint32_t *)((char *)(dev)->window + (offset)))

static int mmio_probe(struct vdev *dev)
{
    if (REG(dev, 0x00) != 0x74726976 || REG(dev, 0x04) != 2)
        return OS_NO_DEVICE;
    dev->type = REG(dev, 0x08);
    return dev->type != 0 ? OS_OK : OS_NO_DEVICE;
}

static uint8_t mmio_get_status(struct vdev *dev)
{
    return (uint8_t)REG(dev, 0x70);
}

static void mmio_set_status(struct vdev *dev, uint8_t status)
{
    REG(dev, 0x70) = status;
}

static void mmio_reset(struct vdev *dev)
{
    REG(dev, 0x70) = 0;
    while (REG(dev, 0x70) != 0)
        continue;
}

static uint64_t mmio_get_features(struct vdev *dev)
{
    uint64_t features;

    REG(dev, 0x14) = 1;
    features = (uint64_t)REG(dev, 0x10) << 32;
    REG(dev, 0x14) = 0;
    return features | REG(dev, 0x10);
}

static void mmio_set_features(struct vdev *dev, uint64_t features)
{
    REG(dev, 0x24) = 1;
    REG(dev, 0x20) = (uint32_t)(features >> 32);
    REG(dev, 0x24) = 0;
    REG(dev, 0x20) = (uint32_t)features;
}

static void put_address(struct vdev *dev, unsigned offset, uintptr_t address)
{
    REG(dev, offset) = (uint32_t)address;
    REG(dev, offset + 4) = (uint32_t)((uint64_t)address >> 32);
}

static int mmio_setup_queue(struct vdev *dev, struct vqueue *queue)
{
    REG(dev, 0x30) = queue->index;
    if (REG(dev, 0x44) != 0 || REG(dev, 0x34) < queue->size)
        return OS_NO_DEVICE;
    REG(dev, 0x38) = queue->size;
    put_address(dev, 0x80, queue->desc_bus);
    put_address(dev, 0x90, queue->avail_bus);
    put_address(dev, 0xa0, queue->used_bus);
    REG(dev, 0x44) = 1;
    return OS_OK;
}

static void mmio_notify(struct vdev *dev, struct vqueue *queue)
{
    REG(dev, 0x50) = queue->index;
}

static uint32_t mmio_ack_irq(struct vdev *dev)
{
    uint32_t why = REG(dev, 0x60);

    REG(dev, 0x64) = why;
    return why;
}

const struct vbus_ops vbus_mmio_ops = {
    .probe = mmio_probe,
    .reset = mmio_reset,
    .get_status = mmio_get_status,
    .set_status = mmio_set_status,
    .get_features = mmio_get_features,
    .set_features = mmio_set_features,
    .setup_queue = mmio_setup_queue,
    .notify = mmio_notify,
    .ack_irq = mmio_ack_irq,
};
