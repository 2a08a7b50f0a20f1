/*
 * Registers that read what they do not hold: faults of scope READ.
 */
#include "mmio_fault.h"

#include "virtio/mmio.h"

uint64_t mmio_fault_argument(const struct sim_device *device, enum sim_fault_kind kind,
                             uint64_t value)
{
    const struct sim_fault *fault = NULL;
    if (device->faults.count != 0)
        fault = sim_fault_find(&device->faults, kind, 0, sim_next_step(device));
    return fault != NULL ? fault->argument : value;
}

uint64_t mmio_fault_features(const struct sim_device *device, uint64_t offered)
{
    offered ^= mmio_fault_argument(device, SIM_FAULT_FEATURES_OFFERED, 0);
    if (device->reset_count > 1)
        offered ^= mmio_fault_argument(device, SIM_FAULT_FEATURES_CHANGED, 0);
    return offered;
}

bool mmio_fault_queue(const struct sim_device *device, enum virtio_mmio_reg reg, uint32_t *out)
{
    enum sim_fault_kind kind = SIM_FAULT_QUEUE_READY;
    if (device->faults.count == 0)
        return false;
    if (reg == VIRTIO_MMIO_REG_QueueSizeMax)
        kind = SIM_FAULT_QUEUE_SIZE_MAX;
    else if (reg != VIRTIO_MMIO_REG_QueueReady && reg != VIRTIO_MMIO_REG_QueuePFN)
        return false;
    const struct sim_fault *fault = sim_fault_find(&device->faults, kind, 0, sim_next_step(device));
    if (fault != NULL)
        *out = (uint32_t)fault->argument;
    return fault != NULL;
}

uint64_t mmio_fault_config(const struct sim_device *device, uint64_t value, uint32_t width_bytes)
{
    if (device->faults.count == 0)
        return value;
    value = mmio_fault_argument(device, SIM_FAULT_CONFIG_TORN, value);
    value = mmio_fault_argument(device, SIM_FAULT_CONFIG_VALUE, value);
    return width_bytes >= 8 ? value : value & ((UINT64_C(1) << 8 * width_bytes) - 1);
}

/* The kinds of fault that a read has a moment of; how many. */
static size_t read_faults(const struct sim_device *device, uint32_t offset,
                          enum sim_fault_kind kind[2])
{
    if (offset >= VIRTIO_MMIO_CONFIG) {
        kind[0] = SIM_FAULT_CONFIG_VALUE;
        kind[1] = SIM_FAULT_CONFIG_TORN;
        return 2;
    }
    switch (mmio_register_at(offset)) {
    case VIRTIO_MMIO_REG_MagicValue:
        kind[0] = SIM_FAULT_MAGIC;
        return 1;
    case VIRTIO_MMIO_REG_Version:
        kind[0] = SIM_FAULT_VERSION;
        return 1;
    case VIRTIO_MMIO_REG_DeviceID:
        kind[0] = SIM_FAULT_DEVICE_ID;
        return 1;
    case VIRTIO_MMIO_REG_Status:
        kind[0] = SIM_FAULT_STATUS_BITS;
        return 1;
    case VIRTIO_MMIO_REG_DeviceFeatures:
        kind[0] = SIM_FAULT_FEATURES_OFFERED;
        kind[1] = SIM_FAULT_FEATURES_CHANGED;
        return device->reset_count > 1 ? 2 : 1;
    case VIRTIO_MMIO_REG_QueueSizeMax:
        kind[0] = SIM_FAULT_QUEUE_SIZE_MAX;
        return 1;
    case VIRTIO_MMIO_REG_QueueReady:
    case VIRTIO_MMIO_REG_QueuePFN:
        kind[0] = SIM_FAULT_QUEUE_READY;
        return 1;
    case VIRTIO_MMIO_REG_InterruptStatus:
        kind[0] = SIM_FAULT_INTERRUPT_BITS;
        return 1;
    }
    return 0;
}

void mmio_was_read(struct sim_device *device, uint32_t offset)
{
    enum sim_fault_kind kind[2];
    size_t count = device->faults.count != 0 ? read_faults(device, offset, kind) : 0;
    uint64_t step = sim_next_step(device); /* of the read, as when its value was asked for */
    for (size_t i = 0; i < count; i++) {
        bool first = false;
        const struct sim_fault *fault = sim_fault_take(&device->faults, kind[i], 0, step, &first);
        if (fault == NULL)
            continue;
        if (kind[i] == SIM_FAULT_CONFIG_TORN)
            device->config_generation++;
        if (first || fault->from_step != 0 || fault->occurrence != 0)
            sim_emit_fault(device, 0, fault);
    }
}

bool mmio_fault_notify(struct sim_device *device, uint32_t queue)
{
    const struct sim_fault *fault = NULL;
    if (device->faults.count != 0) /* in the request that would be taken next */
        fault = sim_fault_take(&device->faults, SIM_FAULT_NOTIFICATION_LOST,
                               device->faults.requests_taken + 1, sim_next_step(device), NULL);
    if (fault != NULL)
        sim_emit_fault(device, queue, fault);
    return fault != NULL;
}
