/*
 * The model's GPU: follows the commands that the device executes.
 */
#include "model_gpu.h"

#include <stddef.h>
#include <string.h>

#include "model_queue.h"

#define EVENTS_READ_OFFSET  offsetof(struct virtio_gpu_config, events_read)
#define EVENTS_CLEAR_OFFSET offsetof(struct virtio_gpu_config, events_clear)

const struct model_resource *model_resource_find(const struct model_gpu *gpu, uint32_t id)
{
    for (uint32_t i = 0; i < MODEL_RESOURCES && id != 0; i++) {
        if (gpu->resource[i].id == id)
            return &gpu->resource[i];
    }
    return NULL;
}

static struct model_resource *find(struct model_gpu *gpu, uint32_t id)
{
    return (struct model_resource *)(uintptr_t)model_resource_find(gpu, id);
}

static struct model_resource *add(struct model_gpu *gpu, uint32_t id, const struct event *event)
{
    struct model_resource *place = find(gpu, id);

    for (uint32_t i = 0; i < MODEL_RESOURCES && place == NULL; i++) {
        if (gpu->resource[i].id == 0)
            place = &gpu->resource[i];
    }
    if (place == NULL) {
        gpu->overflowed = true;
        return NULL;
    }
    *place = (struct model_resource){.id = id, .created = model_keep(event)};
    return place;
}

/* ---- commands ---- */

static void executed(struct model *model, const struct event *event)
{
    struct model_gpu *gpu = &model->gpu;
    struct model_queue *queue = &model->queue[event->queue];
    struct model_command *command = &gpu->command[event->queue];
    struct model_resource *resource;

    if (event->value == VIRTIO_GPU_CMD_GET_DISPLAY_INFO)
        gpu->display_info = model_keep(event);
    if (event->value == VIRTIO_GPU_CMD_GET_EDID)
        gpu->edid = model_keep(event);
    memset(command, 0, sizeof *command);
    command->head = queue->hand;
    command->bytes =
        model_request_read(model, queue, queue->hand, 0, command->in.raw, MODEL_REQUEST_BYTES);
    if (command->bytes < sizeof command->in.hdr ||
        virtio_le32(command->in.hdr.type) != (uint32_t)event->value)
        return; /* the driver has written over it: it has a finding of its own */
    command->type = (uint32_t)event->value;
    if (queue->hand < queue->size) {
        struct model_request *request = &queue->request[queue->hand];
        command->number = request->number;
        request->fenced = (virtio_le32(command->in.hdr.flags) & VIRTIO_GPU_FLAG_FENCE) != 0;
    }
    switch (command->type) {
    case VIRTIO_GPU_CMD_SET_SCANOUT:
        if (gpu->first_scanout.step == 0 && command->in.set_scanout.resource_id != 0 &&
            command->bytes >= sizeof command->in.set_scanout)
            gpu->first_scanout = model_keep(event);
        return;
    case VIRTIO_GPU_CMD_RESOURCE_CREATE_2D:
        if (!model_find_store_into(model,
                                   event->extra +
                                       offsetof(struct virtio_gpu_resource_create_2d, format),
                                   sizeof(le32), &gpu->format_stored))
            gpu->format_stored = queue->avail_store;
        return;
    case VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB:
        resource = add(gpu, virtio_le32(command->in.create_blob.resource_id), event);
        if (resource == NULL)
            return;
        resource->is_blob = true;
        resource->blob_flags = virtio_le32(command->in.create_blob.blob_flags);
        return;
    }
}

static void attach(struct model *model, const struct model_queue *queue,
                   struct model_resource *resource, const struct model_command *command,
                   const struct event *event)
{
    uint32_t count = virtio_le32(command->in.attach.nr_entries);

    resource->attached = model_keep(event);
    resource->pieces = 0;
    for (uint32_t i = 0; i < count && i < MODEL_PIECES; i++) {
        struct virtio_gpu_mem_entry entry;
        uint32_t at = (uint32_t)(sizeof command->in.attach + i * sizeof entry);
        if (model_request_read(model, queue, command->head, at, &entry, sizeof entry) !=
            sizeof entry)
            return;
        resource->piece[resource->pieces].addr = virtio_le64(entry.addr);
        resource->piece[resource->pieces++].bytes = virtio_le32(entry.length);
    }
}

/* The device did what it was asked for. */
static void succeeded(struct model *model, const struct event *event)
{
    struct model_gpu *gpu = &model->gpu;
    const struct model_command *command = &gpu->command[event->queue];
    struct model_resource *resource = find(gpu, virtio_le32(command->in.unref.resource_id));

    if (command->type == VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D)
        resource = find(gpu, virtio_le32(command->in.transfer.resource_id));
    switch (command->type) {
    case VIRTIO_GPU_CMD_RESOURCE_CREATE_2D:
        resource = add(gpu, virtio_le32(command->in.create_2d.resource_id), event);
        if (resource == NULL)
            return;
        resource->width_px = virtio_le32(command->in.create_2d.width);
        resource->height_px = virtio_le32(command->in.create_2d.height);
        resource->format = virtio_le32(command->in.create_2d.format);
        resource->format_stored = gpu->format_stored;
        return;
    case VIRTIO_GPU_CMD_RESOURCE_UNREF:
        if (resource != NULL)
            resource->id = 0;
        return;
    case VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING:
        if (resource != NULL)
            attach(model, &model->queue[event->queue], resource, command, event);
        return;
    case VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING:
        if (resource != NULL)
            resource->attached.step = resource->pieces = 0;
        return;
    case VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D:
        if (resource == NULL)
            return;
        resource->transferred = model_keep(event);
        resource->transfer_number = command->number;
        return;
    }
}

/* What was mapped is so by the driver's own account; the rule sees the state before. */
static void map(struct model_gpu *gpu, const struct event *event)
{
    const struct model_command *command = &gpu->command[event->queue];
    struct model_resource *resource = find(gpu, virtio_le32(command->in.map_blob.resource_id));

    if (resource == NULL)
        return;
    if (command->type == VIRTIO_GPU_CMD_RESOURCE_MAP_BLOB)
        resource->is_mapped = true;
    if (command->type == VIRTIO_GPU_CMD_RESOURCE_UNMAP_BLOB)
        resource->is_mapped = false;
}

void model_gpu_seen(struct model_gpu *gpu, uint64_t number, bool fenced)
{
    if (fenced && number > gpu->fenced_number)
        gpu->fenced_number = number;
}

/* ---- the rest ---- */

static void driver_config(struct model_gpu *gpu, const struct event *event)
{
    uint64_t offset = event->addr - VIRTIO_MMIO_CONFIG;

    if (event->kind == EVENT_READ && offset == EVENTS_READ_OFFSET)
        gpu->events_read = (uint32_t)event->value;
    if (event->kind == EVENT_WRITE && offset == EVENTS_CLEAR_OFFSET) {
        if ((event->value & VIRTIO_GPU_EVENT_DISPLAY) != 0)
            gpu->taken = model_keep(event);
        gpu->events_before = gpu->events_read;
        gpu->events_read &= ~(uint32_t)event->value;
    }
}

void model_gpu_event(struct model *model, const struct event *event)
{
    struct model_gpu *gpu = &model->gpu;
    bool on_queue = event->queue < VIRTIO_GPU_QUEUE_COUNT;

    if (event->kind == EVENT_EXECUTE && on_queue)
        executed(model, event);
    else if (event->kind == EVENT_RESPOND && on_queue) {
        map(gpu, event);
        if (model->class->succeeded((uint32_t)event->value))
            succeeded(model, event);
    } else if (event->kind == EVENT_RESET && event->value != 1)
        memset(gpu, 0, sizeof *gpu);
    else if (event->kind == EVENT_CONFIG_CHANGE)
        gpu->display_event = model_keep(event);
    else if (event->place == EVENT_PLACE_CONFIG && event->party == EVENT_PARTY_DRIVER)
        driver_config(gpu, event);
}
