/*
 * rcore's transport, rebuilt: version 1 and version 2, and a handle with a destructor.
 *
 * Giving a handle up writes Status = 0, so that a device never goes on writing into memory that its
 * driver has left. With two handles on one slot it takes the device from whoever holds the other.
 */
#include "stack.h"

#define RESET_READS_MAX 1000u

static bool rcore_transport_open(struct stack_transport *transport, uint32_t slot,
                                 const struct stack_settings *settings)
{
    transport->ops = &rcore_transport_ops;
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

static bool rcore_is_legacy(const struct stack_transport *transport)
{
    switch (transport->settings->registers) {
    case STACK_REGISTERS_AUTO:
        return transport->version == 1;
    case STACK_REGISTERS_LEGACY:
        return true;
    case STACK_REGISTERS_MODERN:
        return false;
    }
    return false;
}

static uint64_t read_offered(struct stack_transport *transport)
{
    uint64_t offered;

    *stack_reg(transport, VIRTIO_MMIO_DeviceFeaturesSel) = 0;
    offered = *stack_reg(transport, VIRTIO_MMIO_DeviceFeatures);
    *stack_reg(transport, VIRTIO_MMIO_DeviceFeaturesSel) = 1;
    offered |= (uint64_t)*stack_reg(transport, VIRTIO_MMIO_DeviceFeatures) << 32;
    return offered;
}

static void write_accepted(struct stack_transport *transport, uint64_t accepted)
{
    *stack_reg(transport, VIRTIO_MMIO_DriverFeaturesSel) = 0;
    *stack_reg(transport, VIRTIO_MMIO_DriverFeatures) = (uint32_t)accepted;
    *stack_reg(transport, VIRTIO_MMIO_DriverFeaturesSel) = 1;
    *stack_reg(transport, VIRTIO_MMIO_DriverFeatures) = (uint32_t)(accepted >> 32);
    transport->features = accepted;
}

static bool reset_done(struct stack_transport *transport)
{
    for (uint32_t i = 0; i < RESET_READS_MAX; i++) {
        if (*stack_reg(transport, VIRTIO_MMIO_Status) == 0)
            return true;
    }
    return false;
}

static enum suite_result rcore_transport_begin(struct stack_transport *transport)
{
    uint64_t known = VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT);

    if (transport->settings->event_idx)
        known |= VIRTIO_BIT(VIRTIO_F_EVENT_IDX);
    *stack_reg(transport, VIRTIO_MMIO_Status) = 0;
    if (!reset_done(transport))
        return SUITE_BAD_DEVICE;
    *stack_reg(transport, VIRTIO_MMIO_Status) = VIRTIO_STATUS_ACKNOWLEDGE;
    *stack_reg(transport, VIRTIO_MMIO_Status) = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
    write_accepted(transport, read_offered(transport) & known);

    if (rcore_is_legacy(transport))
        *stack_reg(transport, VIRTIO_MMIO_GuestPageSize) = STACK_PAGE_BYTES;
    if (transport->version == 1)
        return SUITE_OK; /* the legacy interface has no FEATURES_OK */
    *stack_reg(transport, VIRTIO_MMIO_Status) =
        VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK;
    if ((*stack_reg(transport, VIRTIO_MMIO_Status) & VIRTIO_STATUS_FEATURES_OK) == 0)
        return SUITE_BAD_DEVICE;
    return SUITE_OK;
}

static bool rcore_transport_wants_one_block(const struct stack_transport *transport)
{
    return rcore_is_legacy(transport);
}

/* 0, too, when the queue is in use already. */
static uint32_t rcore_transport_queue_size_max(struct stack_transport *transport, uint32_t queue)
{
    uint32_t in_use = rcore_is_legacy(transport) ? VIRTIO_MMIO_QueuePFN : VIRTIO_MMIO_QueueReady;

    *stack_reg(transport, VIRTIO_MMIO_QueueSel) = queue;
    if (*stack_reg(transport, in_use) != 0)
        return 0;
    return *stack_reg(transport, VIRTIO_MMIO_QueueSizeMax);
}

static void rcore_transport_queue_set(struct stack_transport *transport, uint32_t queue,
                                      const struct stack_queue_place *place)
{
    *stack_reg(transport, VIRTIO_MMIO_QueueSel) = queue;
    *stack_reg(transport, VIRTIO_MMIO_QueueSize) = place->size;
    if (rcore_is_legacy(transport)) {
        *stack_reg(transport, VIRTIO_MMIO_QueueAlign) = transport->settings->queue_align_bytes;
        *stack_reg(transport, VIRTIO_MMIO_QueuePFN) =
            (uint32_t)(place->desc_addr / STACK_PAGE_BYTES);
        return;
    }
    *stack_reg(transport, VIRTIO_MMIO_QueueDescLow) = (uint32_t)place->desc_addr;
    *stack_reg(transport, VIRTIO_MMIO_QueueDescHigh) = (uint32_t)(place->desc_addr >> 32);
    *stack_reg(transport, VIRTIO_MMIO_QueueDriverLow) = (uint32_t)place->avail_addr;
    *stack_reg(transport, VIRTIO_MMIO_QueueDriverHigh) = (uint32_t)(place->avail_addr >> 32);
    *stack_reg(transport, VIRTIO_MMIO_QueueDeviceLow) = (uint32_t)place->used_addr;
    *stack_reg(transport, VIRTIO_MMIO_QueueDeviceHigh) = (uint32_t)(place->used_addr >> 32);
    *stack_reg(transport, VIRTIO_MMIO_QueueReady) = 1;
}

static void rcore_transport_finish(struct stack_transport *transport)
{
    uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK;

    if (transport->version != 1)
        status |= VIRTIO_STATUS_FEATURES_OK;
    *stack_reg(transport, VIRTIO_MMIO_Status) = status;
}

static void rcore_transport_notify(struct stack_transport *transport, uint32_t queue)
{
    *stack_reg(transport, VIRTIO_MMIO_QueueNotify) = queue;
}

/* The destructor. */
static void rcore_transport_close(struct stack_transport *transport)
{
    *stack_reg(transport, VIRTIO_MMIO_Status) = 0;
    transport->window = NULL;
}

const struct stack_transport_ops rcore_transport_ops = {
    .name = "rcore",
    .open = rcore_transport_open,
    .begin = rcore_transport_begin,
    .wants_one_block = rcore_transport_wants_one_block,
    .queue_size_max = rcore_transport_queue_size_max,
    .queue_set = rcore_transport_queue_set,
    .finish = rcore_transport_finish,
    .notify = rcore_transport_notify,
    .close = rcore_transport_close,
};
