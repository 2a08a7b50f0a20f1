/*
 * What is the same whatever register or queue it began with: creation, reset, interrupts, and the
 * error state that only a reset ends.
 */
#include "device.h"

#include <assert.h>
#include <string.h>

#include "virtio/config.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

/* ---- creation and reset ---- */

static void emit_to_nobody(void *context, struct event *event)
{
    (void)context;
    (void)event;
}

void sim_device_create(struct sim_device *device, const struct sim_config *config,
                       const struct sim_class *class, struct arena *arena,
                       struct event_observer observer)
{
    assert(config->version == 1 || config->version == 2);
    assert(config->version == 1 || (config->features & VIRTIO_BIT(VIRTIO_F_VERSION_1)) != 0);
    assert(config->queue_size_max <= VIRTQ_SIZE_MAX);
    assert(class->queue_count <= SIM_QUEUES_MAX);
    assert(class->config_bytes <= VIRTIO_MMIO_WINDOW_BYTES - VIRTIO_MMIO_CONFIG);
    memset(device, 0, sizeof(*device));
    device->config = *config;
    device->class = class;
    device->arena = arena;
    device->observer = observer;
    if (device->observer.emit == NULL)
        device->observer.emit = emit_to_nobody;
    for (uint32_t queue = 0; queue < SIM_QUEUES_MAX; queue++)
        sim_queue_reset(device, queue);
}

void sim_device_destroy(struct sim_device *device)
{
    for (uint32_t queue = 0; queue < SIM_QUEUES_MAX; queue++)
        sim_queue_destroy(device, queue);
    device->runnable = 0;
    device->held = 0;
}

/* A fault may let the reset that a driver asks for take its time. */
static void begin_reset(struct sim_device *device)
{
    uint32_t status = device->status;
    const struct sim_fault *late =
        status != 0 ? sim_fault_at_write(device, 0, SIM_FAULT_RESET_LATE) : NULL;
    if (late == NULL)
        return;
    device->status_before_reset = status;
    device->reset_until_step = device->clock_steps + late->argument;
}

void sim_delay_queue_reset(struct sim_device *device, uint32_t queue)
{
    const struct sim_fault *late = sim_fault_at_write(device, queue, SIM_FAULT_QUEUE_RESET_LATE);
    if (late != NULL)
        device->queue[queue].reset_until_step = device->clock_steps + late->argument;
}

void mmio_reset(struct sim_device *device, uint64_t how)
{
    begin_reset(device);
    device->reset_count++;
    device->status = 0;
    device->features = 0;
    device->queue_sel = 0;
    device->interrupt_status = 0;
    for (uint32_t queue = 0; queue < SIM_QUEUES_MAX; queue++)
        sim_queue_reset(device, queue);
    memset(device->qemu_ready, 0, sizeof(device->qemu_ready));
    if (!sim_is_qemu(device)) {
        device->device_features_sel = 0;
        device->driver_features_sel = 0;
        device->driver_features = 0;
        device->guest_page_size = 0;
        device->shm_sel = 0;
        for (uint32_t queue = 0; queue < SIM_QUEUES_MAX; queue++)
            device->queue[queue].align = 0;
    }
    struct event event = sim_event(device, EVENT_RESET, 0);
    event.value = how;
    sim_emit(device, &event);
    if (device->class->reset != NULL)
        device->class->reset(device);
}

/* ---- notifications and refusals ---- */

void sim_interrupt(struct sim_device *device, uint32_t queue, uint32_t bits)
{
    device->interrupt_status |= bits;
    struct event event = sim_event(device, EVENT_INTERRUPT, queue);
    event.value = bits;
    sim_emit(device, &event);
}

/* A driver that has not said DRIVER_OK is not notified (2.4.1, 3.1.1). */
static void notify_config(struct sim_device *device, uint32_t queue)
{
    if ((device->status & VIRTIO_STATUS_DRIVER_OK) == 0)
        return;
    uint32_t bits = VIRTIO_MMIO_INT_CONFIG;
    if (sim_is_qemu(device)) {
        bits |= VIRTIO_MMIO_INT_USED;
        device->config_generation++; /* whatever the notification is about */
    }
    sim_interrupt(device, queue, bits);
}

void sim_config_changed(struct sim_device *device)
{
    device->config_generation += !sim_is_qemu(device);
    struct event event = sim_event(device, EVENT_CONFIG_CHANGE, 0);
    event.value = device->config_generation;
    sim_emit(device, &event);
    notify_config(device, 0);
}

/* 2.1.2: an error state that only a reset ends. */
static void enter_error_state(struct sim_device *device, uint32_t queue, enum sim_refusal refusal)
{
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        if (i == queue || sim_is_qemu(device)) {
            sim_queue_stop(device, i);
            device->queue[i].broken = true;
        }
    }
    struct event event = sim_event(device, EVENT_NEEDS_RESET, queue);
    event.value = refusal;
    /* The bit came with version 1.0: a legacy driver cannot be told, the device is just dead. */
    if (device->config.version == 1 ||
        (sim_is_qemu(device) && !sim_has_feature(device, VIRTIO_F_VERSION_1))) {
        sim_emit(device, &event);
        return;
    }
    device->status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
    sim_emit(device, &event);
    notify_config(device, queue);
}

void sim_break_down(struct sim_device *device, uint32_t queue)
{
    struct event event = sim_event(device, EVENT_FAULT, queue);
    event.value = SIM_FAULT_NEEDS_RESET;
    sim_emit(device, &event);
    enter_error_state(device, queue, SIM_REFUSAL_NONE);
}

void sim_refuse_as(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                   enum sim_action action, struct event *details)
{
    struct event event = sim_event(device, EVENT_REFUSE, queue);
    if (details != NULL) {
        event.addr = details->addr != 0 ? details->addr : details->value;
        event.extra = details->extra;
        event.index = details->index;
        event.place = details->place;
    }
    event.value = refusal;
    sim_emit(device, &event);
    if (action == SIM_ACTION_RESET)
        enter_error_state(device, queue, refusal);
}

/* What others pass over, though the driver must not do it: 2.1.1, 2.7, 4.2.2.2, 4.2.4. */
static bool is_forbidden(enum sim_refusal refusal)
{
    return refusal == SIM_REFUSAL_STATUS_CLEARS || refusal == SIM_REFUSAL_QUEUE_SIZE ||
           refusal == SIM_REFUSAL_QUEUE_ALIGN || refusal == SIM_REFUSAL_PFN_AGAIN;
}

void sim_refuse(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                struct event *details)
{
    enum sim_action action = sim_refusal_action(refusal);
    if (device->config.strict && is_forbidden(refusal))
        action = SIM_ACTION_RESET;
    sim_refuse_as(device, queue, refusal, action, details);
}

/* ---- faults ---- */

const struct sim_fault *sim_fault_of(struct sim_device *device, uint32_t queue,
                                     enum sim_fault_kind kind)
{
    if (device->faults.count == 0)
        return NULL;
    return sim_fault_take(&device->faults, kind, device->queue[queue].request_number,
                          sim_next_step(device), NULL);
}

const struct sim_fault *sim_fault_at_write(struct sim_device *device, uint32_t queue,
                                           enum sim_fault_kind kind)
{
    if (device->faults.count == 0)
        return NULL;
    const struct sim_fault *fault =
        sim_fault_take(&device->faults, kind, 0, sim_next_step(device), NULL);
    if (fault != NULL)
        sim_emit_fault(device, queue, fault);
    return fault;
}

void sim_emit_fault(struct sim_device *device, uint32_t queue, const struct sim_fault *fault)
{
    struct event event = sim_event(device, EVENT_FAULT, queue);
    event.value = fault->kind;
    event.extra = fault->argument;
    sim_emit(device, &event);
}

bool sim_fault_acts_itself(struct sim_device *device, uint32_t queue, const struct sim_fault *fault)
{
    if (fault->kind == SIM_FAULT_NEEDS_RESET) {
        sim_break_down(device, queue);
        return true;
    }
    sim_emit_fault(device, queue, fault);
    if (fault->kind == SIM_FAULT_CONFIG_CHANGE)
        sim_config_changed(device);
    else if (fault->kind == SIM_FAULT_INTERRUPT_CONFIG)
        sim_interrupt(device, queue, VIRTIO_MMIO_INT_CONFIG);
    else
        sim_interrupt(device, queue, VIRTIO_MMIO_INT_USED);
    return false;
}

void sim_faults_come(struct sim_device *device)
{
    for (uint32_t i = 0; i < SIM_FAULTS_MAX; i++) {
        const struct sim_fault *fault = sim_fault_comes(&device->faults, sim_next_step(device));
        if (fault == NULL)
            return;
        (void)sim_fault_acts_itself(device, 0, fault);
    }
}
