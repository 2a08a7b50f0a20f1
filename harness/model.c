/*
 * The model's registers, status, features, display and calls. The rings are in model_queue.c, reads
 * of configuration space in model_config.c.
 *
 * Driver events come in before the device acts on them, so the model makes the same transitions on
 * its own: mirror_*() do what the device will do. A reset by Status or QueuePFN is made at the
 * driver's write; the device's RESET that follows only tells what it cost.
 */
#include "model.h"

#include <assert.h>
#include <string.h>

#include "gpu.h"
#include "model_queue.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/ring.h"

#define LOW_WORD       UINT64_C(0xffffffff)
#define INTERRUPT_BITS (VIRTIO_MMIO_INT_USED | VIRTIO_MMIO_INT_CONFIG)

void model_create(struct model *model, const struct sim_config *config, uint32_t queue_count,
                  const struct arena *arena)
{
    memset(model, 0, sizeof *model);
    model->config = *config;
    model->queue_count = queue_count < SIM_QUEUES_MAX ? queue_count : SIM_QUEUES_MAX;
    model->class = &gpu_class;
    model->arena = arena;
    model->features.offered = config->features;
    if (config->version == 1)
        model->features.offered &= LOW_WORD;
}

void model_destroy(struct model *model)
{
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++)
        model_queue_free(&model->queue[i]);
}

bool model_is_dead(const struct model *model)
{
    return model->status.value == 0 && model->status.was_driver_ok;
}

static struct model_queue *selected(struct model *model)
{
    return model->queue_sel < SIM_QUEUES_MAX ? &model->queue[model->queue_sel] : NULL;
}

static struct model_mark mark_of(const struct event *event)
{
    return (struct model_mark){.step = event->step, .pc = event->pc};
}

/* ---- slots ---- */

static void note_identification(struct model *model, const struct event *event)
{
    struct model_slot *slot = &model->slot[event->slot % BUS_SLOTS_MAX];

    if (event->kind == EVENT_WRITE) {
        slot->written = true;
    } else if (event->addr == VIRTIO_MMIO_MagicValue) {
        slot->magic = mark_of(event);
        slot->magic_value = (uint32_t)event->value;
    } else if (event->addr == VIRTIO_MMIO_Version) {
        slot->version = mark_of(event);
        slot->version_value = (uint32_t)event->value;
    } else if (event->addr == VIRTIO_MMIO_DeviceID) {
        slot->id = mark_of(event);
        slot->id_value = (uint32_t)event->value;
    }
}

/* ---- status ---- */

static void reset(struct model *model, const struct event *event)
{
    struct model_status *status = &model->status;

    status->was_driver_ok = (status->before & VIRTIO_STATUS_DRIVER_OK) != 0 ||
                            (status->was_driver_ok && status->before == 0);
    status->before_reset = status->before;
    status->value = status->held = 0;
    status->veto = (struct event){0};
    model->features.accepted = 0;
    model->features.device_sel = model->features.driver_sel = (struct event){0};
    model->queue_sel = 0;
    model->needs_reset = (struct event){0};
    model->interrupt_read = (struct event){0};
    model->interrupt_bits = 0;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        struct model_queue *queue = &model->queue[i];
        if (queue->live)
            model_queue_stop(model, queue, event);
        queue->size_taken = 0;
        queue->pfn = 0;
        memset(queue->area, 0, sizeof queue->area);
        if (model->config.profile == SIM_PROFILE_SPEC)
            queue->align = 0;
    }
    if (model->config.profile == SIM_PROFILE_SPEC)
        model->guest_page_bytes = 0;
}

static void mirror_status(struct model *model, const struct event *event)
{
    struct model_status *status = &model->status;
    uint32_t value = (uint32_t)event->value & 0xff;
    uint32_t fresh = value & ~status->value;

    status->before = status->value;
    status->earlier = status->write;
    status->write = *event;
    if (value == 0) {
        status->reset = *event;
        reset(model, event);
        return;
    }
    if (status->before == 0) {
        status->first_reset = status->reset;
        status->was_driver_ok = false;
    }
    if ((fresh & VIRTIO_STATUS_ACKNOWLEDGE) != 0)
        status->acknowledge = *event;
    if ((fresh & VIRTIO_STATUS_DRIVER) != 0)
        status->driver = *event;
    if ((fresh & VIRTIO_STATUS_FEATURES_OK) != 0 &&
        ((fresh & VIRTIO_STATUS_DRIVER_OK) == 0 || status->veto.step == 0)) {
        status->features_ok = *event;
        status->veto = (struct event){0}; /* asked (again); the device answers next */
    }
    if ((fresh & VIRTIO_STATUS_DRIVER_OK) != 0)
        status->driver_ok = *event;
    if ((fresh & VIRTIO_STATUS_FAILED) != 0)
        status->failed = *event;
    status->value = value | (status->before & VIRTIO_STATUS_DEVICE_NEEDS_RESET);
    status->held = model->config.strict
                       ? sim_strict_status(model_is_legacy(model), status->held, value)
                       : value;
}

/* ---- features ---- */

static void mirror_features(struct model *model, const struct event *event)
{
    struct model_features *features = &model->features;
    uint64_t word = features->driver_sel.step != 0 ? features->driver_sel.value : 0;

    features->last_write = *event;
    if (word >= MODEL_FEATURE_WORDS)
        return;
    features->write[word] = *event;
    /* What was agreed on stays agreed on, 2.2.2; QEMU keeps it for the time after a reset. */
    if ((model->status.held & VIRTIO_STATUS_FEATURES_OK) != 0 &&
        (model->config.profile != SIM_PROFILE_QEMU || model_is_legacy(model)))
        return;
    if (word == 0)
        features->accepted = (features->accepted & ~LOW_WORD) | (event->value & LOW_WORD);
    else
        features->accepted = (features->accepted & LOW_WORD) | (event->value << 32);
}

/* ---- queue settings ---- */

static void mirror_queue_write(struct model *model, const struct event *event)
{
    struct model_queue *queue = selected(model);

    if (queue == NULL)
        return;
    /* QEMU resets the whole device for it. */
    if (event->index == VIRTIO_MMIO_REG_QueuePFN && event->verdict == EVENT_VERDICT_OK &&
        event->value == 0 && model->config.profile == SIM_PROFILE_QEMU) {
        queue->pfn_write = *event;
        queue->pfn = 0;
        model->status.before = model->status.value;
        reset(model, event);
        return;
    }
    model_queue_write(model, queue, event);
}

/* ---- registers ---- */

static void driver_write(struct model *model, const struct event *from)
{
    struct event kept = model_keep(from);
    const struct event *event = &kept;
    bool ok = event->verdict == EVENT_VERDICT_OK;

    note_identification(model, event);
    model->space.open = false;
    if (event->place != EVENT_PLACE_REGISTER || event->index >= VIRTIO_MMIO_REG_COUNT)
        return;
    model->last_write[event->index] = *event;
    switch (event->index) {
    case VIRTIO_MMIO_REG_Status:
        if (ok)
            mirror_status(model, event);
        return;
    case VIRTIO_MMIO_REG_DeviceFeaturesSel:
        model->features.device_sel = *event;
        return;
    case VIRTIO_MMIO_REG_DriverFeaturesSel:
        model->features.driver_sel = *event;
        return;
    case VIRTIO_MMIO_REG_DriverFeatures:
        if (ok)
            mirror_features(model, event);
        return;
    case VIRTIO_MMIO_REG_GuestPageSize:
        model->guest_page_write = *event;
        if (ok)
            model->guest_page_bytes = (uint32_t)event->value;
        return;
    case VIRTIO_MMIO_REG_QueueSel:
        model->queue_sel = (uint32_t)event->value;
        if (selected(model) != NULL)
            selected(model)->sel = *event;
        return;
    case VIRTIO_MMIO_REG_QueueNotify:
        model->call.notify = *event;
        if (event->value < SIM_QUEUES_MAX)
            model_queue_notified(&model->queue[event->value], event);
        return;
    case VIRTIO_MMIO_REG_InterruptACK:
        model->interrupt_bits &= ~event->value;
        if ((model->interrupt_read.value & INTERRUPT_BITS & ~event->value) == 0)
            model->interrupt_read = (struct event){0};
        return;
    default:
        mirror_queue_write(model, event);
        return;
    }
}

static void driver_read(struct model *model, const struct event *from)
{
    struct event kept = model_keep(from);
    const struct event *event = &kept;
    struct model_queue *queue = selected(model);

    note_identification(model, event);
    if (event->place == EVENT_PLACE_CONFIG && event->verdict == EVENT_VERDICT_OK) {
        model_config_read(&model->space, event);
        return;
    }
    model->space.open &=
        event->place == EVENT_PLACE_REGISTER && event->index == VIRTIO_MMIO_REG_ConfigGeneration;
    if (event->place != EVENT_PLACE_REGISTER || event->index >= VIRTIO_MMIO_REG_COUNT)
        return;
    model->last_read[event->index] = *event;
    switch (event->index) {
    case VIRTIO_MMIO_REG_Status:
        model->status.read = *event;
        if ((event->value & VIRTIO_STATUS_FEATURES_OK) != 0)
            model->features.agreed = model->features.accepted;
        return;
    case VIRTIO_MMIO_REG_DeviceFeatures: {
        uint64_t word = model->features.device_sel.step != 0 ? model->features.device_sel.value : 0;
        if (word < MODEL_FEATURE_WORDS)
            model->features.read[word] = *event;
        return;
    }
    case VIRTIO_MMIO_REG_QueueSizeMax:
        if (queue != NULL)
            queue->max_read = *event;
        return;
    case VIRTIO_MMIO_REG_QueueReady:
        if (queue != NULL)
            queue->ready_read = *event;
        return;
    case VIRTIO_MMIO_REG_QueueReset:
        if (queue != NULL)
            queue->reset_read = *event;
        return;
    case VIRTIO_MMIO_REG_ConfigGeneration:
        model_config_read(&model->space, event);
        return;
    case VIRTIO_MMIO_REG_InterruptStatus:
        if ((event->value & INTERRUPT_BITS) != 0)
            model->interrupt_read = model->interrupt_look = *event;
        return;
    default:
        return;
    }
}

/* ---- display ---- */

static void scanout(struct model *model, const struct event *event)
{
    struct model_display *display = &model->display;
    uint32_t id = (uint32_t)event->value;

    if (id >= MODEL_SCANOUTS_MAX)
        return;
    display->active &= ~(UINT32_C(1) << id);
    if (event->extra == 0)
        return;
    display->active |= UINT32_C(1) << id;
    display->lost &= ~(UINT32_C(1) << id);
    display->set[id] = model_keep(event);
    display->scanouts_set++;
}

static void device_reset(struct model *model, const struct event *event)
{
    struct model_display *display = &model->display;
    struct model_queue *queue;

    model->reset = model_keep(event);
    if (event->value == 1) {
        if (event->queue >= SIM_QUEUES_MAX)
            return;
        queue = &model->queue[event->queue];
        if (queue->live)
            model_queue_stop(model, queue, &model->last_write[VIRTIO_MMIO_REG_QueueReset]);
        queue->size_taken = 0;
        memset(queue->area, 0, sizeof queue->area);
        return;
    }
    if (display->active != 0) {
        display->lost |= display->active;
        display->lost_write =
            event->value == 2 ? model->last_write[VIRTIO_MMIO_REG_QueuePFN] : model->status.reset;
    }
    display->active = 0;
}

static void responded(struct model *model, const struct event *event)
{
    model->call.response = model_keep(event);
    if (model->class->succeeded((uint32_t)event->value))
        model->display.responses_ok++;
}

/* ---- calls ---- */

static void called(struct model *model, const struct event *event)
{
    model->call = (struct model_call){0};
    model->space.open = false;
    model->call.call = model_keep(event);
}

/* The call gave up: its requests that are still in flight have no owner any more. */
static void returned(struct model *model, const struct event *event)
{
    model->call.returned = model_keep(event);
    if (event->value == SUITE_OK)
        return;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        struct model_queue *queue = &model->queue[i];
        if (queue->in_flight == 0)
            continue;
        for (uint32_t head = 0; head < queue->size; head++) {
            struct model_request *request = &queue->request[head];
            if (request->state != MODEL_FREE && request->state != MODEL_USED)
                request->abandoned = true;
        }
    }
}

/* ---- dispatch ---- */

static void driver_event(struct model *model, const struct event *event)
{
    if (event->pc != 0)
        model->last_driver = model_keep(event);
    switch ((enum event_kind)event->kind) {
    case EVENT_LOAD:
        model->last_load = model_keep(event);
        if ((event->flags & (EVENT_VOLATILE | EVENT_ATOMIC)) != 0)
            model->last_look = model->last_load;
        if (event->place > EVENT_PLACE_MEMORY)
            model_driver_load(model, event);
        else
            model_memory_load(model, event);
        return;
    case EVENT_STORE:
    case EVENT_UPDATE:
        model_driver_store(model, event);
        return;
    case EVENT_READ:
        model->last_load = model_keep(event);
        if ((event->flags & EVENT_OTHER_SLOT) == 0)
            driver_read(model, event);
        else
            note_identification(model, event);
        return;
    case EVENT_WRITE:
        if ((event->flags & EVENT_OTHER_SLOT) == 0)
            driver_write(model, event);
        else
            note_identification(model, event);
        return;
    case EVENT_WAIT:
        model->space.open = false;
        if (event->value == 1) {
            model->call.wait = model_keep(event);
            model->call.interrupt_before_wait = model->interrupt;
            model->call.wait_before_step = model->wait_step;
            model->wait_step = event->step;
        }
        return;
    case EVENT_BARRIER:
        model_barrier(model, event);
        return;
    case EVENT_CACHE:
        model_cache_kept(&model->cache, event);
        return;
    case EVENT_ALLOC:
    case EVENT_FREE:
    case EVENT_FOREIGN:
    case EVENT_NO_WINDOW:
    case EVENT_RELAX:
    case EVENT_CALL:
    case EVENT_RETURN:
    case EVENT_TAKE:
    case EVENT_EXECUTE:
    case EVENT_RESPOND:
    case EVENT_INTERRUPT:
    case EVENT_RESET:
    case EVENT_NEEDS_RESET:
    case EVENT_REFUSE:
    case EVENT_SCANOUT:
    case EVENT_FLUSH:
    case EVENT_CONFIG_CHANGE:
    case EVENT_FAULT:
    case EVENT_STUCK:
    case EVENT_UNOBSERVED:
    case EVENT_CRASH:
    case EVENT_KIND_COUNT:
        return;
    }
}

static void refused(struct model *model, const struct event *event)
{
    if (event->queue < SIM_QUEUES_MAX) {
        struct model_queue *queue = &model->queue[event->queue];
        queue->refusal = model_keep(event);
        if (event->value == SIM_REFUSAL_PFN_EARLY ||
            (event->value == SIM_REFUSAL_PFN_AGAIN && model->config.strict))
            model_queue_refused_pfn(model, queue, event);
    }
    if (event->value == SIM_REFUSAL_FEATURES_VETO) {
        model->status.veto = model_keep(event);
        model->status.value &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
        model->status.held &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
    }
}

static void other_event(struct model *model, const struct event *event)
{
    switch ((enum event_kind)event->kind) {
    case EVENT_LOAD:
        model_device_load(model, event);
        return;
    case EVENT_STORE:
        model_device_store(model, event);
        return;
    case EVENT_TAKE:
    case EVENT_EXECUTE:
        model_device_request(model, event);
        return;
    case EVENT_RESPOND:
        model_device_request(model, event);
        responded(model, event);
        return;
    case EVENT_INTERRUPT:
        model->interrupt = model_keep(event);
        model->interrupt_bits |= event->value;
        if ((event->value & VIRTIO_MMIO_INT_CONFIG) != 0)
            model->config_told = model->interrupt;
        if ((event->value & VIRTIO_MMIO_INT_USED) != 0 && event->queue < SIM_QUEUES_MAX)
            model->queue[event->queue].told = model->interrupt;
        if (model->fault.step + 1 == event->step && model->fault.value == SIM_FAULT_SPURIOUS)
            model->spurious = model->interrupt;
        return;
    case EVENT_RESET:
        device_reset(model, event);
        return;
    case EVENT_NEEDS_RESET:
        model->needs_reset = model_keep(event);
        model->broken_live = (model->status.held & VIRTIO_STATUS_DRIVER_OK) != 0;
        model->status.value |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
        return;
    case EVENT_REFUSE:
        refused(model, event);
        return;
    case EVENT_SCANOUT:
        scanout(model, event);
        return;
    case EVENT_FAULT:
        model_fault(model, event);
        return;
    case EVENT_CONFIG_CHANGE:
        model->space.change = model_keep(event);
        return;
    case EVENT_CALL:
        called(model, event);
        return;
    case EVENT_RETURN:
        returned(model, event);
        return;
    case EVENT_STUCK:
        model->call.stuck = model_keep(event);
        return;
    case EVENT_CRASH:
        model->crash = model_keep(event);
        return;
    case EVENT_READ:
    case EVENT_WRITE:
    case EVENT_UPDATE:
    case EVENT_BARRIER:
    case EVENT_CACHE:
    case EVENT_ALLOC:
    case EVENT_FREE:
    case EVENT_FOREIGN:
    case EVENT_NO_WINDOW:
    case EVENT_RELAX:
    case EVENT_WAIT:
    case EVENT_FLUSH:
    case EVENT_UNOBSERVED:
    case EVENT_KIND_COUNT:
        return;
    }
}

void model_event(struct model *model, const struct event *event)
{
    /* CALL and RETURN are about the driver, whoever says so. */
    if (event->party == EVENT_PARTY_DRIVER && event->kind != EVENT_CALL &&
        event->kind != EVENT_RETURN)
        driver_event(model, event);
    else
        other_event(model, event);
    if ((EVENT_MASK(event->kind) & MODEL_GPU_KINDS) != 0 && model->class == &gpu_class)
        model_gpu_event(model, event);
}
