/*
 * levitate's home-made MMIO transport, rebuilt.
 *
 * As it stood it accepts devices of Version 1 and of Version 2 but knows only the queue registers
 * of version 2: on a version-1 device the queue never gets an address, nothing reads back wrong,
 * and the first request times out. `registers legacy` gives it the version-1 registers, as an
 * experiment.
 *
 * Giving a handle up resets the device, whoever else still uses it.
 */
#include "stack.h"

static bool lev_transport_open(struct stack_transport *transport, uint32_t slot,
                               const struct stack_settings *settings)
{
    transport->ops = &lev_transport_ops;
    transport->settings = settings;
    transport->slot = slot;
    transport->features = 0;
    transport->window = platform_map_mmio(STACK_BUS_ADDR + slot * STACK_SLOT_BYTES,
                                          VIRTIO_MMIO_WINDOW_BYTES);
    if (transport->window == NULL)
        return false;
    if (*stack_reg(transport, VIRTIO_MMIO_MagicValue) != VIRTIO_MMIO_MAGIC)
        return false;
    transport->version = *stack_reg(transport, VIRTIO_MMIO_Version);
    if (transport->version != 1 && transport->version != 2)
        return false;
    transport->device_id = *stack_reg(transport, VIRTIO_MMIO_DeviceID);
    return transport->device_id != VIRTIO_ID_NONE;
}

static bool lev_is_legacy(const struct stack_transport *transport)
{
    return transport->settings->registers == STACK_REGISTERS_LEGACY;
}

/* VERSION_1 is taken when it is offered; when it is not, that is no reason to stop. */
static enum suite_result lev_transport_begin(struct stack_transport *transport)
{
    uint32_t offered[2];
    uint32_t accepted;

    *stack_reg(transport, VIRTIO_MMIO_Status) = 0;
    *stack_reg(transport, VIRTIO_MMIO_Status) = VIRTIO_STATUS_ACKNOWLEDGE;
    *stack_reg(transport, VIRTIO_MMIO_Status) = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;

    *stack_reg(transport, VIRTIO_MMIO_DeviceFeaturesSel) = 0;
    offered[0] = *stack_reg(transport, VIRTIO_MMIO_DeviceFeatures);
    *stack_reg(transport, VIRTIO_MMIO_DeviceFeaturesSel) = 1;
    offered[1] = *stack_reg(transport, VIRTIO_MMIO_DeviceFeatures);
    (void)offered[0];
    accepted = offered[1] & (uint32_t)(VIRTIO_BIT(VIRTIO_F_VERSION_1) >> 32);
    *stack_reg(transport, VIRTIO_MMIO_DriverFeaturesSel) = 0;
    *stack_reg(transport, VIRTIO_MMIO_DriverFeatures) = 0;
    *stack_reg(transport, VIRTIO_MMIO_DriverFeaturesSel) = 1;
    *stack_reg(transport, VIRTIO_MMIO_DriverFeatures) = accepted;
    transport->features = (uint64_t)accepted << 32;

    *stack_reg(transport, VIRTIO_MMIO_Status) =
        VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK;
    if ((*stack_reg(transport, VIRTIO_MMIO_Status) & VIRTIO_STATUS_FEATURES_OK) == 0)
        return SUITE_BAD_DEVICE;
    if (lev_is_legacy(transport) && transport->settings->guest_page_size)
        *stack_reg(transport, VIRTIO_MMIO_GuestPageSize) = STACK_PAGE_BYTES;
    return SUITE_OK;
}

static bool lev_transport_wants_one_block(const struct stack_transport *transport)
{
    return lev_is_legacy(transport);
}

static uint32_t lev_transport_queue_size_max(struct stack_transport *transport, uint32_t queue)
{
    *stack_reg(transport, VIRTIO_MMIO_QueueSel) = queue;
    if (lev_is_legacy(transport) && *stack_reg(transport, VIRTIO_MMIO_QueuePFN) != 0)
        return 0;
    return *stack_reg(transport, VIRTIO_MMIO_QueueSizeMax);
}

static void lev_queue_set_legacy(struct stack_transport *transport,
                                 const struct stack_queue_place *place)
{
    *stack_reg(transport, VIRTIO_MMIO_QueueSize) = place->size;
    *stack_reg(transport, VIRTIO_MMIO_QueueAlign) = transport->settings->queue_align_bytes;
    *stack_reg(transport, VIRTIO_MMIO_QueuePFN) = (uint32_t)(place->desc_addr / STACK_PAGE_BYTES);
}

static void lev_transport_queue_set(struct stack_transport *transport, uint32_t queue,
                                    const struct stack_queue_place *place)
{
    *stack_reg(transport, VIRTIO_MMIO_QueueSel) = queue;
    if (lev_is_legacy(transport)) {
        lev_queue_set_legacy(transport, place);
        return;
    }
    *stack_reg(transport, VIRTIO_MMIO_QueueSize) = place->size;
    *stack_reg(transport, VIRTIO_MMIO_QueueDescLow) = (uint32_t)place->desc_addr;
    *stack_reg(transport, VIRTIO_MMIO_QueueDescHigh) = (uint32_t)(place->desc_addr >> 32);
    *stack_reg(transport, VIRTIO_MMIO_QueueDriverLow) = (uint32_t)place->avail_addr;
    *stack_reg(transport, VIRTIO_MMIO_QueueDriverHigh) = (uint32_t)(place->avail_addr >> 32);
    *stack_reg(transport, VIRTIO_MMIO_QueueDeviceLow) = (uint32_t)place->used_addr;
    *stack_reg(transport, VIRTIO_MMIO_QueueDeviceHigh) = (uint32_t)(place->used_addr >> 32);
    /* Never read back: that would have shown the version-1 device at once. */
    *stack_reg(transport, VIRTIO_MMIO_QueueReady) = 1;
}

static void lev_transport_finish(struct stack_transport *transport)
{
    *stack_reg(transport, VIRTIO_MMIO_Status) = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                                                VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK;
}

static void lev_transport_notify(struct stack_transport *transport, uint32_t queue)
{
    *stack_reg(transport, VIRTIO_MMIO_QueueNotify) = queue;
}

static void lev_transport_close(struct stack_transport *transport)
{
    *stack_reg(transport, VIRTIO_MMIO_Status) = 0;
    transport->window = NULL;
}

const struct stack_transport_ops lev_transport_ops = {
    .name = "levitate",
    .open = lev_transport_open,
    .begin = lev_transport_begin,
    .wants_one_block = lev_transport_wants_one_block,
    .queue_size_max = lev_transport_queue_size_max,
    .queue_set = lev_transport_queue_set,
    .finish = lev_transport_finish,
    .notify = lev_transport_notify,
    .close = lev_transport_close,
};
