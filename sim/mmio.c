/*
 * The register file and the status machine of a virtio-mmio device, version 1 and version 2.
 *
 * What may be done to which offset stands in one table (virtio/mmio.h); mmio_check() judges an
 * access by it alone, so that the switches below it hold meaning only. The status machine is drawn
 * in device.h; its transitions are made by write_status() here and mmio_reset() in device.c.
 *
 * Version 1 has no FEATURES_OK step: the driver's features are in effect as soon as they are
 * written, and a driver that sets the bit all the same finds it set, as on QEMU.
 *
 * Not handled: shared memory regions (every SHMSel names one that does not exist).
 */
#include "device.h"
#include "mmio_fault.h"
#include "mmio_qemu.h"
#include "mmio_queue.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define REGISTER_BYTES    4u
#define STATUS_MASK       0xffu /* Status is an 8-bit field, 2.1 */
#define QEMU_QUEUE_MAX    1024u /* QEMU's VIRTIO_QUEUE_MAX: no QueueSel from here on */
#define LOW_WORD          UINT64_C(0xffffffff)
#define ABSENT_REGION     0xffffffffu /* each half of the length -1, and of the base beside it */
#define NOTIFY_INDEX_MASK 0xffffu     /* 4.2.3.3: the index, below next_off and next_wrap */

struct register_row {
    const char *name;
    const char *alias;
    uint32_t offset;
    uint8_t access[2]; /* in version 1 and 2: enum virtio_mmio_access */
    uint8_t scope;     /* enum virtio_mmio_scope */
};

static const struct register_row register_row[VIRTIO_MMIO_REG_COUNT] = {
#define X(name, offset, v1, v2, scope, alias)                                                      \
    {#name, alias, offset, {VIRTIO_MMIO_##v1, VIRTIO_MMIO_##v2}, VIRTIO_MMIO_SCOPE_##scope},
    VIRTIO_MMIO_REGISTERS(X)
#undef X
};

/* Row + 1 of the register in each 32-bit word below config space; 0 = none. */
static const uint8_t row_of_word[VIRTIO_MMIO_CONFIG / REGISTER_BYTES] = {
#define X(name, offset, v1, v2, scope, alias)                                                      \
    [(offset) / REGISTER_BYTES] = VIRTIO_MMIO_REG_##name + 1,
    VIRTIO_MMIO_REGISTERS(X)
#undef X
};

/* Features that make no sense without another one, by device type; those of section 6 have no type.
 */
static const struct {
    uint32_t device_id;
    uint32_t feature;
    uint32_t needs;
} feature_needs[] = {
    {VIRTIO_ID_GPU, VIRTIO_GPU_F_CONTEXT_INIT, VIRTIO_GPU_F_VIRGL}, /* 5.7.3 */
};

/* ---- names ---- */

/* For an offset below config space; kept apart so that it can be inlined. */
static inline int row_at(uint32_t offset)
{
    return row_of_word[offset / REGISTER_BYTES] - 1;
}

int mmio_register_at(uint32_t offset)
{
    return offset < VIRTIO_MMIO_CONFIG ? row_at(offset) : -1;
}

const char *mmio_register_name(int reg)
{
    assert(reg >= 0 && reg < VIRTIO_MMIO_REG_COUNT);
    return register_row[reg].name;
}

uint32_t mmio_register_offset(int reg)
{
    assert(reg >= 0 && reg < VIRTIO_MMIO_REG_COUNT);
    return register_row[reg].offset;
}

int mmio_register_by_name(const char *name)
{
    for (int reg = 0; reg < VIRTIO_MMIO_REG_COUNT; reg++) {
        if (strcasecmp(name, register_row[reg].name) == 0 ||
            strcasecmp(name, register_row[reg].alias) == 0)
            return reg;
    }
    return -1;
}

/* ---- small questions ---- */

/* The queue that QueueSel names, or NULL when the device lacks it. */
static struct sim_queue *selected_queue(struct sim_device *device)
{
    return sim_queue_exists(device, device->queue_sel) ? &device->queue[device->queue_sel] : NULL;
}

/* The features that this version can show: version 1 has no high word for VERSION_1 to be in. */
static uint64_t offered_features(const struct sim_device *device)
{
    return sim_is_legacy(device) ? device->config.features & LOW_WORD : device->config.features;
}

void mmio_refuse(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                 enum virtio_mmio_reg reg, uint64_t value, uint64_t extra)
{
    struct event details = {.value = value,
                            .extra = extra,
                            .place = EVENT_PLACE_REGISTER,
                            .index = reg};
    sim_refuse(device, queue, refusal, &details);
}

/* ---- the verdict on an access ---- */

static bool is_access_width(uint32_t width_bytes)
{
    return width_bytes == 1 || width_bytes == 2 || width_bytes == 4 || width_bytes == 8;
}

static enum event_verdict check_config(const struct sim_device *device, uint32_t offset,
                                       uint32_t width_bytes)
{
    uint32_t size_bytes = device->class->config_bytes;
    if (offset >= size_bytes || width_bytes > size_bytes - offset)
        return EVENT_VERDICT_GAP;
    if (!is_access_width(width_bytes))
        return EVENT_VERDICT_WIDTH;
    return offset % width_bytes == 0 ? EVENT_VERDICT_OK : EVENT_VERDICT_ALIGN;
}

/* 4.2.2: what must not be written while QueueReady is not 0. */
static bool is_fixed_while_ready(int reg)
{
    return reg == VIRTIO_MMIO_REG_QueueSize ||
           (reg >= VIRTIO_MMIO_REG_QueueDescLow && reg <= VIRTIO_MMIO_REG_QueueDeviceHigh);
}

enum event_verdict mmio_check(const struct sim_device *device, uint32_t offset,
                              uint32_t width_bytes, bool is_write)
{
    if (offset >= VIRTIO_MMIO_CONFIG)
        return check_config(device, offset - VIRTIO_MMIO_CONFIG, width_bytes);
    int reg = row_at(offset);
    if (reg < 0)
        return EVENT_VERDICT_GAP;
    uint8_t access = register_row[reg].access[device->config.version - 1];
    if (access == VIRTIO_MMIO_NONE)
        return EVENT_VERDICT_VERSION;
    if (width_bytes != REGISTER_BYTES)
        return EVENT_VERDICT_WIDTH;
    if (offset % REGISTER_BYTES != 0)
        return EVENT_VERDICT_ALIGN;
    if (is_write && (access & VIRTIO_MMIO_W) == 0)
        return EVENT_VERDICT_READ_ONLY;
    if (!is_write && (access & VIRTIO_MMIO_R) == 0)
        return EVENT_VERDICT_WRITE_ONLY;
    if (is_write && device->config.version == 2 && is_fixed_while_ready(reg) &&
        sim_queue_is_live(device, device->queue_sel))
        return EVENT_VERDICT_WHILE_READY;
    return EVENT_VERDICT_OK;
}

/* ---- reading ---- */

static uint32_t read_device_features(const struct sim_device *device)
{
    uint64_t offered = mmio_fault_features(device, offered_features(device));
    switch (device->device_features_sel) {
    case 0:
        return (uint32_t)offered;
    case 1:
        return (uint32_t)(offered >> 32);
    }
    return 0;
}

/* What the selected queue holds; 0 when the device lacks the queue. */
static uint32_t held_by_queue(const struct sim_device *device, enum virtio_mmio_reg reg)
{
    uint32_t value;
    if (mmio_fault_queue(device, reg, &value))
        return value;
    if (sim_is_qemu(device) && reg == VIRTIO_MMIO_REG_QueueReady)
        return mmio_qemu_ready(device);
    if (!sim_queue_exists(device, device->queue_sel))
        return 0;
    const struct sim_queue *queue = &device->queue[device->queue_sel];
    switch ((int)reg) {
    case VIRTIO_MMIO_REG_QueueSizeMax:
        return device->config.queue_size_max;
    case VIRTIO_MMIO_REG_QueueSize:
        return queue->size;
    case VIRTIO_MMIO_REG_QueueAlign:
        return queue->align;
    case VIRTIO_MMIO_REG_QueuePFN:
        return sim_is_qemu(device) ? mmio_qemu_pfn(device, queue) : queue->pfn;
    case VIRTIO_MMIO_REG_QueueReady:
        return queue->ready;
    case VIRTIO_MMIO_REG_QueueDescLow:
        return (uint32_t)queue->desc_addr;
    case VIRTIO_MMIO_REG_QueueDescHigh:
        return (uint32_t)(queue->desc_addr >> 32);
    case VIRTIO_MMIO_REG_QueueDriverLow:
        return (uint32_t)queue->avail_addr;
    case VIRTIO_MMIO_REG_QueueDriverHigh:
        return (uint32_t)(queue->avail_addr >> 32);
    case VIRTIO_MMIO_REG_QueueDeviceLow:
        return (uint32_t)queue->used_addr;
    case VIRTIO_MMIO_REG_QueueDeviceHigh:
        return (uint32_t)(queue->used_addr >> 32);
    }
    /* QueueReset: without a fault a reset is over before anybody can look, MMIO-DEV-12 */
    return device->clock_steps < queue->reset_until_step;
}

static uint32_t held_by_device(const struct sim_device *device, enum virtio_mmio_reg reg)
{
    switch (reg) {
    case VIRTIO_MMIO_REG_MagicValue:
        return (uint32_t)mmio_fault_argument(device, SIM_FAULT_MAGIC, VIRTIO_MMIO_MAGIC);
    case VIRTIO_MMIO_REG_Version:
        return (uint32_t)mmio_fault_argument(device, SIM_FAULT_VERSION, device->config.version);
    case VIRTIO_MMIO_REG_DeviceID:
        return (uint32_t)mmio_fault_argument(device, SIM_FAULT_DEVICE_ID, device->class->device_id);
    case VIRTIO_MMIO_REG_VendorID:
        return SIM_VENDOR_ID;
    case VIRTIO_MMIO_REG_DeviceFeatures:
        return read_device_features(device);
    case VIRTIO_MMIO_REG_DeviceFeaturesSel:
        return device->device_features_sel;
    case VIRTIO_MMIO_REG_DriverFeatures:
        return device->driver_features_sel < 2
                   ? (uint32_t)(device->driver_features >> 32 * device->driver_features_sel)
                   : 0;
    case VIRTIO_MMIO_REG_DriverFeaturesSel:
        return device->driver_features_sel;
    case VIRTIO_MMIO_REG_GuestPageSize:
        return device->guest_page_size;
    case VIRTIO_MMIO_REG_QueueSel:
        return device->queue_sel;
    case VIRTIO_MMIO_REG_InterruptStatus:
        return device->interrupt_status |
               (uint32_t)mmio_fault_argument(device, SIM_FAULT_INTERRUPT_BITS, 0);
    case VIRTIO_MMIO_REG_Status:
        return (device->clock_steps < device->reset_until_step ? device->status_before_reset
                                                               : device->status) ^
               (uint32_t)mmio_fault_argument(device, SIM_FAULT_STATUS_BITS, 0);
    case VIRTIO_MMIO_REG_SHMSel:
        return device->shm_sel;
    case VIRTIO_MMIO_REG_SHMLenLow:
    case VIRTIO_MMIO_REG_SHMLenHigh:
        return ABSENT_REGION;
    case VIRTIO_MMIO_REG_SHMBaseLow:
    case VIRTIO_MMIO_REG_SHMBaseHigh:
        return sim_is_qemu(device) ? 0 : ABSENT_REGION;
    case VIRTIO_MMIO_REG_ConfigGeneration:
        return device->config_generation;
    case VIRTIO_MMIO_REG_QueueSizeMax:
    case VIRTIO_MMIO_REG_QueueSize:
    case VIRTIO_MMIO_REG_QueueAlign:
    case VIRTIO_MMIO_REG_QueuePFN:
    case VIRTIO_MMIO_REG_QueueReady:
    case VIRTIO_MMIO_REG_QueueNotify:
    case VIRTIO_MMIO_REG_InterruptACK:
    case VIRTIO_MMIO_REG_QueueDescLow:
    case VIRTIO_MMIO_REG_QueueDescHigh:
    case VIRTIO_MMIO_REG_QueueDriverLow:
    case VIRTIO_MMIO_REG_QueueDriverHigh:
    case VIRTIO_MMIO_REG_QueueDeviceLow:
    case VIRTIO_MMIO_REG_QueueDeviceHigh:
    case VIRTIO_MMIO_REG_QueueReset:
    case VIRTIO_MMIO_REG_COUNT:
        break; /* of a queue, or not kept */
    }
    assert(false && "a register that the device does not keep");
    return 0;
}

static inline uint32_t held_register(const struct sim_device *device, enum virtio_mmio_reg reg)
{
    return register_row[reg].scope == VIRTIO_MMIO_SCOPE_QUEUE ? held_by_queue(device, reg)
                                                              : held_by_device(device, reg);
}

bool mmio_held(const struct sim_device *device, int reg, uint32_t *value)
{
    *value = 0;
    if (register_row[reg].access[device->config.version - 1] == VIRTIO_MMIO_NONE ||
        reg == VIRTIO_MMIO_REG_QueueNotify || reg == VIRTIO_MMIO_REG_InterruptACK)
        return false;
    *value = held_register(device, (enum virtio_mmio_reg)reg);
    return true;
}

uint64_t mmio_read(struct sim_device *device, uint32_t offset, uint32_t width_bytes)
{
    if (mmio_check(device, offset, width_bytes, false) != EVENT_VERDICT_OK)
        return sim_is_qemu(device) ? mmio_qemu_misread(device, offset, width_bytes) : 0;
    if (offset < VIRTIO_MMIO_CONFIG)
        return held_register(device, (enum virtio_mmio_reg)row_at(offset));
    le64 bytes = 0;
    if (device->class->config_read != NULL)
        device->class->config_read(device, offset - VIRTIO_MMIO_CONFIG, width_bytes,
                                   (uint8_t *)&bytes);
    return mmio_fault_config(device, virtio_le64(bytes), width_bytes);
}

/* ---- writing: features and status ---- */

static void write_driver_features(struct sim_device *device, uint32_t value)
{
    uint32_t word = device->driver_features_sel;
    bool keeps = sim_is_qemu(device) && !sim_is_legacy(device); /* for the time after a reset */
    if ((device->status & VIRTIO_STATUS_FEATURES_OK) != 0 && !keeps)
        return; /* what was agreed stays agreed, 2.2.2 */
    if (word == 0)
        device->driver_features = (device->driver_features & ~LOW_WORD) | value;
    else if (word == 1 && !sim_is_legacy(device))
        device->driver_features = (device->driver_features & LOW_WORD) | ((uint64_t)value << 32);
    if (sim_is_legacy(device) && word == 0)
        device->features = device->driver_features & offered_features(device);
}

static bool features_make_sense(const struct sim_device *device, uint64_t wanted)
{
    for (size_t i = 0; i < sizeof(feature_needs) / sizeof(feature_needs[0]); i++) {
        if (feature_needs[i].device_id == device->class->device_id &&
            (wanted & VIRTIO_BIT(feature_needs[i].feature)) != 0 &&
            (wanted & VIRTIO_BIT(feature_needs[i].needs)) == 0)
            return false;
    }
    return (wanted & VIRTIO_BIT(VIRTIO_F_VERSION_1)) != 0;
}

/* 2.2.2, 3.1.1 step 5: the driver asks for FEATURES_OK. Returns whether it stays set. */
static bool agree_on_features(struct sim_device *device)
{
    uint64_t wanted = device->driver_features;
    uint64_t offered = offered_features(device);
    bool vetoed = sim_fault_at_write(device, 0, SIM_FAULT_FEATURES_VETO) != NULL ||
                  (sim_is_qemu(device) &&
                   (offered & ~wanted & VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM)) != 0); /* 6.1 */
    if (vetoed || (!sim_is_qemu(device) &&
                   ((wanted & ~offered) != 0 || !features_make_sense(device, wanted)))) {
        mmio_refuse(device, 0, SIM_REFUSAL_FEATURES_VETO, VIRTIO_MMIO_REG_Status, wanted, offered);
        return false;
    }
    device->features = wanted & offered;
    return true;
}

static void write_status(struct sim_device *device, uint32_t value)
{
    const uint32_t needs_reset = VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    uint32_t old = device->status;
    uint32_t next = value & STATUS_MASK;
    if (next == 0) {
        if (sim_fault_at_write(device, 0, SIM_FAULT_RESET_LOST) == NULL)
            mmio_reset(device, 0);
        return;
    }
    if ((old & ~next & ~needs_reset) != 0) {
        mmio_refuse(device, 0, SIM_REFUSAL_STATUS_CLEARS, VIRTIO_MMIO_REG_Status, value, old);
        old = device->status; /* a strict device breaks down */
    }
    if (device->config.strict)
        next = sim_strict_status(sim_is_legacy(device), device->status, next);
    if (!sim_is_qemu(device)) /* this bit is the device's, whatever the driver writes */
        next = (next & ~needs_reset) | (old & needs_reset);
    if (!sim_is_legacy(device) && (next & ~old & VIRTIO_STATUS_FEATURES_OK) != 0 &&
        !agree_on_features(device))
        next &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
    device->status = next;
    if (!sim_may_work(device)) {
        device->runnable = 0;
        device->held = 0;
    }
}

/* ---- writing: queues; more in mmio_queue.c ---- */

static void set_low(uint64_t *addr, uint32_t value)
{
    *addr = (*addr & ~LOW_WORD) | value;
}

static void set_high(uint64_t *addr, uint32_t value)
{
    *addr = (*addr & LOW_WORD) | ((uint64_t)value << 32);
}

/* 2.6.1, 4.2.2.1; QEMU 7.2 has no such register. */
static void write_queue_reset(struct sim_device *device, uint32_t value)
{
    if (value != 1 || sim_is_qemu(device) || !sim_has_feature(device, VIRTIO_F_RING_RESET))
        return;
    sim_queue_reset(device, device->queue_sel);
    struct event event = sim_event(device, EVENT_RESET, device->queue_sel);
    event.value = 1;
    sim_emit(device, &event);
    sim_delay_queue_reset(device, device->queue_sel);
}

static void write_notify(struct sim_device *device, uint32_t value)
{
    uint32_t queue = value;
    if (sim_has_feature(device, VIRTIO_F_NOTIFICATION_DATA))
        queue &= NOTIFY_INDEX_MASK;
    enum sim_refusal refusal = SIM_REFUSAL_NONE;
    if (!sim_queue_exists(device, queue))
        refusal = SIM_REFUSAL_NOTIFY_QUEUE;
    else if (!sim_queue_is_live(device, queue))
        refusal = SIM_REFUSAL_NOTIFY_NOT_LIVE;
    else if (!sim_may_work(device))
        refusal = SIM_REFUSAL_NOTIFY_BEFORE_DRIVER_OK;
    if (refusal == SIM_REFUSAL_NONE && !mmio_fault_notify(device, queue))
        sim_queue_notified(device, queue);
    else if (refusal != SIM_REFUSAL_NONE)
        mmio_refuse(device, queue, refusal, VIRTIO_MMIO_REG_QueueNotify, value,
                    device->class->queue_count);
}

/* ---- writing: the rest ---- */

static void write_queue_sel(struct sim_device *device, uint32_t value)
{
    if (!sim_is_qemu(device) || value < QEMU_QUEUE_MAX)
        device->queue_sel = value;
}

static uint32_t features_sel(const struct sim_device *device, uint32_t value)
{
    return sim_is_qemu(device) && value > 1 ? 1 : value;
}

static void write_register(struct sim_device *device, enum virtio_mmio_reg reg, uint32_t value)
{
    struct sim_queue *queue = selected_queue(device);
    if (sim_is_qemu(device) &&
        mmio_qemu_write_queue(device, queue, register_row[reg].offset, value))
        return;
    if (register_row[reg].scope == VIRTIO_MMIO_SCOPE_QUEUE && queue == NULL)
        return;
    switch (reg) {
    case VIRTIO_MMIO_REG_DeviceFeaturesSel:
        device->device_features_sel = features_sel(device, value);
        return;
    case VIRTIO_MMIO_REG_DriverFeatures:
        write_driver_features(device, value);
        return;
    case VIRTIO_MMIO_REG_DriverFeaturesSel:
        device->driver_features_sel = features_sel(device, value);
        return;
    case VIRTIO_MMIO_REG_GuestPageSize:
        device->guest_page_size = value;
        return;
    case VIRTIO_MMIO_REG_QueueSel:
        write_queue_sel(device, value);
        return;
    case VIRTIO_MMIO_REG_QueueSize:
        mmio_write_queue_size(device, queue, value);
        return;
    case VIRTIO_MMIO_REG_QueueAlign:
        mmio_write_queue_align(device, queue, value);
        return;
    case VIRTIO_MMIO_REG_QueuePFN:
        mmio_write_queue_pfn(device, queue, value);
        return;
    case VIRTIO_MMIO_REG_QueueReady:
        mmio_write_queue_ready(device, queue, value);
        return;
    case VIRTIO_MMIO_REG_QueueNotify:
        write_notify(device, value);
        return;
    case VIRTIO_MMIO_REG_InterruptACK:
        if (sim_fault_at_write(device, 0, SIM_FAULT_INTERRUPT_ACK_LOST) == NULL)
            device->interrupt_status &= ~value;
        return;
    case VIRTIO_MMIO_REG_Status:
        write_status(device, value);
        return;
    case VIRTIO_MMIO_REG_QueueDescLow:
        set_low(&queue->desc_addr, value);
        return;
    case VIRTIO_MMIO_REG_QueueDescHigh:
        set_high(&queue->desc_addr, value);
        return;
    case VIRTIO_MMIO_REG_QueueDriverLow:
        set_low(&queue->avail_addr, value);
        return;
    case VIRTIO_MMIO_REG_QueueDriverHigh:
        set_high(&queue->avail_addr, value);
        return;
    case VIRTIO_MMIO_REG_QueueDeviceLow:
        set_low(&queue->used_addr, value);
        return;
    case VIRTIO_MMIO_REG_QueueDeviceHigh:
        set_high(&queue->used_addr, value);
        return;
    case VIRTIO_MMIO_REG_SHMSel:
        device->shm_sel = value;
        return;
    case VIRTIO_MMIO_REG_QueueReset:
        write_queue_reset(device, value);
        return;
    case VIRTIO_MMIO_REG_MagicValue:
    case VIRTIO_MMIO_REG_Version:
    case VIRTIO_MMIO_REG_DeviceID:
    case VIRTIO_MMIO_REG_VendorID:
    case VIRTIO_MMIO_REG_DeviceFeatures:
    case VIRTIO_MMIO_REG_QueueSizeMax:
    case VIRTIO_MMIO_REG_InterruptStatus:
    case VIRTIO_MMIO_REG_SHMLenLow:
    case VIRTIO_MMIO_REG_SHMLenHigh:
    case VIRTIO_MMIO_REG_SHMBaseLow:
    case VIRTIO_MMIO_REG_SHMBaseHigh:
    case VIRTIO_MMIO_REG_ConfigGeneration:
    case VIRTIO_MMIO_REG_COUNT:
        break; /* mmio_check() lets no write to these through */
    }
    assert(false && "a register that cannot be written");
}

void mmio_write(struct sim_device *device, uint32_t offset, uint32_t width_bytes, uint64_t value)
{
    enum event_verdict verdict = mmio_check(device, offset, width_bytes, true);
    if (sim_is_qemu(device) && mmio_qemu_miswrite(device, offset, width_bytes, value))
        return;
    bool is_taken = verdict == EVENT_VERDICT_WHILE_READY && sim_is_qemu(device);
    if (verdict != EVENT_VERDICT_OK && !is_taken)
        return;
    if (offset < VIRTIO_MMIO_CONFIG) {
        write_register(device, (enum virtio_mmio_reg)row_at(offset), (uint32_t)value);
    } else if (device->class->config_write != NULL) {
        le64 bytes = virtio_le64(value);
        device->class->config_write(device, offset - VIRTIO_MMIO_CONFIG, width_bytes,
                                    (const uint8_t *)&bytes);
    }
}
