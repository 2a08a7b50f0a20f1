/*
 * Rules about what a driver does with a GPU over several commands (5.7.4 to 5.7.6): displays,
 * events, cursors, blobs, backing memory.
 *
 * What the device refuses by itself is judged in rules_gpu.c.
 */
#include "rules.h"

#include <stddef.h>
#include <stdio.h>

#include "gpu.h"
#include "model_queue.h"
#include "virtio/config.h"

#define IN(structure, field) (uint32_t) offsetof(struct virtio_gpu_##structure, field)

static const struct model_command *command_of(const struct judge *judge, const struct event *event)
{
    return event->queue < VIRTIO_GPU_QUEUE_COUNT ? &judge->model.gpu.command[event->queue] : NULL;
}

/* The command that was just executed, if it is of that type; else NULL. */
static const struct model_command *command_is(const struct judge *judge, const struct event *event,
                                              uint32_t type)
{
    const struct model_command *command = command_of(judge, event);

    return command != NULL && command->type == type ? command : NULL;
}

/* A finding about a field of the request that was just executed. */
static void raise_field(const struct rule *rule, struct judge *judge, const struct event *event,
                        uint32_t offset, const char *label, const struct event *cause,
                        const char *cause_label, const char *text)
{
    const struct model_queue *queue = &judge->model.queue[event->queue];
    struct event at = queue->avail_store;
    const char *name = gpu_command_name(judge->model.gpu.command[event->queue].type);
    struct event stored;

    if (model_find_store_into(&judge->model, event->extra + offset, sizeof(le32), &stored))
        at = stored;
    judge_raise(judge, rule, &at, label, cause, cause_label, "`%s`: %s",
                name != NULL ? name : "request", text);
}

/* ---- 5.7.5: what a driver asks for first ---- */

static void check_asked(const struct rule *rule, struct judge *judge, const struct event *event,
                        const struct event *asked, const char *text)
{
    const struct model_gpu *gpu = &judge->model.gpu;

    if (command_is(judge, event, VIRTIO_GPU_CMD_SET_SCANOUT) == NULL ||
        gpu->first_scanout.step != event->step)
        return;
    rule_looks(rule, judge);
    if (asked->step == 0)
        raise_field(rule, judge, event, IN(set_scanout, r.width), "the size is the driver's own",
                    NULL, NULL, text);
}

static void check_display_info(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    check_asked(rule, judge, event, &judge->model.gpu.display_info,
                "the display was never asked for by GET_DISPLAY_INFO");
}

static void check_edid(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (model_has_feature(&judge->model, VIRTIO_GPU_F_EDID))
        check_asked(rule, judge, event, &judge->model.gpu.edid,
                    "the display was never asked for by GET_EDID, which was agreed on");
}

static void check_regions(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (command_is(judge, event, VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB) == NULL ||
        !model_has_feature(&judge->model, VIRTIO_GPU_F_RESOURCE_BLOB))
        return;
    rule_looks(rule, judge);
    if (judge->model.last_write[VIRTIO_MMIO_REG_SHMSel].step == 0)
        raise_field(rule, judge, event, 0, "SHMSel was never written", NULL, NULL,
                    "no shared memory region was ever looked for");
}

/* ---- 5.7.4: configuration space and events ---- */

static void check_events_read(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    rule_looks(rule, judge);
    if (event->addr - VIRTIO_MMIO_CONFIG < sizeof(le32))
        judge_raise(judge, rule, event, "the device's; it is cleared through events_clear", NULL,
                    NULL, "driver wrote 0x%" PRIx64 " to `events_read`", event->value);
}

static void check_events_clear(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    uint64_t offset = event->addr - VIRTIO_MMIO_CONFIG;
    char label[FINDING_TEXT_BYTES];

    if (offset != offsetof(struct virtio_gpu_config, events_clear) ||
        (judge->model.status.value & VIRTIO_STATUS_DRIVER_OK) == 0)
        return;
    rule_looks(rule, judge);
    if ((event->value & ~(uint64_t)judge->model.gpu.events_before) == 0)
        return;
    snprintf(label, sizeof label, "events_read was 0x%x when it was read last",
             judge->model.gpu.events_before);
    judge_raise(judge, rule, event, label, NULL, NULL,
                "driver cleared events that it had not read: 0x%" PRIx64, event->value);
}

static void check_event_taken(const struct rule *rule, struct judge *judge,
                              const struct event *event, const struct event *asked,
                              const char *command)
{
    const struct model_gpu *gpu = &judge->model.gpu;

    (void)event;
    if (gpu->display_event.step == 0 || gpu->taken.step < gpu->display_event.step)
        return;
    rule_looks(rule, judge);
    if (asked->step < gpu->display_event.step)
        judge_raise(judge, rule, &gpu->taken, "the event was taken here", &gpu->display_event,
                    "the display changed here",
                    "driver took the display's event and never asked for %s again", command);
}

static void check_new_layout(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    check_event_taken(rule, judge, event, &judge->model.gpu.display_info, "GET_DISPLAY_INFO");
}

static void check_new_edid(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (model_has_feature(&judge->model, VIRTIO_GPU_F_EDID))
        check_event_taken(rule, judge, event, &judge->model.gpu.edid, "GET_EDID");
}

/* ---- 5.7.6.6: cursors ---- */

/* The resource of an UPDATE_CURSOR that shows one. */
static const struct model_resource *cursor_of(const struct judge *judge, const struct event *event)
{
    const struct model_command *command = command_is(judge, event, VIRTIO_GPU_CMD_UPDATE_CURSOR);

    return command != NULL
               ? model_resource_find(&judge->model.gpu, virtio_le32(command->in.cursor.resource_id))
               : NULL;
}

static void check_cursor_filled(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model_resource *resource = cursor_of(judge, event);

    if (resource == NULL)
        return;
    rule_looks(rule, judge);
    if (resource->transferred.step == 0)
        raise_field(rule, judge, event, IN(update_cursor, resource_id),
                    resource->attached.step == 0 ? "no memory is attached to it"
                                                 : "nothing was transferred to it",
                    NULL, NULL, "a cursor that has no picture");
}

static void check_cursor_fenced(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    const struct model_resource *resource = cursor_of(judge, event);

    if (resource == NULL || resource->transferred.step == 0)
        return;
    rule_looks(rule, judge);
    if (judge->model.gpu.fenced_number < resource->transfer_number)
        raise_field(rule, judge, event, IN(update_cursor, resource_id),
                    "no fence since its picture was transferred has come back",
                    &resource->transferred, "the transfer was answered here",
                    "a cursor whose picture may not be there yet");
}

static void check_cursor_size(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    const struct model_resource *resource = cursor_of(judge, event);
    char label[FINDING_TEXT_BYTES];

    if (resource == NULL || resource->is_blob)
        return;
    rule_looks(rule, judge);
    if (resource->width_px == VIRTIO_GPU_CURSOR_PX && resource->height_px == VIRTIO_GPU_CURSOR_PX)
        return;
    snprintf(label, sizeof label, "resource %u has %u by %u pixels", resource->id,
             resource->width_px, resource->height_px);
    raise_field(rule, judge, event, IN(update_cursor, resource_id), label, &resource->created,
                "it was made here", "a cursor that is not 64 by 64 pixels");
}

/* ---- 5.7.6.7: the header ---- */

static void check_ring_idx(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_command *command = command_of(judge, event);
    char label[FINDING_TEXT_BYTES];

    if (command == NULL || command->type == 0)
        return;
    rule_looks(rule, judge);
    if ((virtio_le32(command->in.hdr.flags) & VIRTIO_GPU_FLAG_INFO_RING_IDX) == 0)
        return;
    snprintf(label, sizeof label, "ring_idx is %u", command->in.hdr.ring_idx);
    if (!model_has_feature(&judge->model, VIRTIO_GPU_F_CONTEXT_INIT))
        raise_field(rule, judge, event, IN(ctrl_hdr, flags), "flags has bit 1", NULL, NULL,
                    "a ring index, but CONTEXT_INIT was not negotiated");
    else if (command->in.hdr.ring_idx >= 64)
        raise_field(rule, judge, event, IN(ctrl_hdr, ctx_id), label, NULL, NULL,
                    "a ring index that is not below 64");
}

/* ---- 5.7.6.8, 5.7.6.9: capability sets and blobs ---- */

static void check_capset_index(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model_command *command;
    le32 capsets = 0;
    char label[FINDING_TEXT_BYTES];

    if (event->kind == EVENT_READ) { /* a driver that looks whether there are any */
        if (event->addr - VIRTIO_MMIO_CONFIG == offsetof(struct virtio_gpu_config, num_capsets))
            rule_looks(rule, judge);
        return;
    }
    command = command_is(judge, event, VIRTIO_GPU_CMD_GET_CAPSET_INFO);
    if (command == NULL || !model_has_feature(&judge->model, VIRTIO_GPU_F_VIRGL))
        return;
    if (judge->device != NULL && judge->device->class->config_read != NULL)
        judge->device->class->config_read((struct sim_device *)(uintptr_t)judge->device,
                                          offsetof(struct virtio_gpu_config, num_capsets),
                                          sizeof capsets, (uint8_t *)&capsets);
    rule_looks(rule, judge);
    if (virtio_le32(command->in.capset_info.capset_index) < virtio_le32(capsets))
        return;
    snprintf(label, sizeof label, "capset_index %u; num_capsets is %u",
             virtio_le32(command->in.capset_info.capset_index), virtio_le32(capsets));
    raise_field(rule, judge, event, IN(get_capset_info, capset_index), label, NULL, NULL,
                "a capability set that the device does not have");
}

/* A CREATE_BLOB that was agreed on. */
static const struct model_command *new_blob(const struct rule *rule, struct judge *judge,
                                            const struct event *event)
{
    const struct model_command *command =
        command_is(judge, event, VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB);

    if (command == NULL || !model_has_feature(&judge->model, VIRTIO_GPU_F_RESOURCE_BLOB))
        return NULL;
    rule_looks(rule, judge);
    return command;
}

static void check_blob_mem(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_command *command = new_blob(rule, judge, event);
    char label[FINDING_TEXT_BYTES];
    uint32_t mem;

    if (command == NULL)
        return;
    mem = virtio_le32(command->in.create_blob.blob_mem);
    snprintf(label, sizeof label, "blob_mem is %u", mem);
    if (mem > VIRTIO_GPU_BLOB_MEM_HOST3D_GUEST)
        raise_field(rule, judge, event, IN(resource_create_blob, blob_mem), label, NULL, NULL,
                    "a kind of memory that is not defined");
}

static void check_blob_mem_0(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_command *command = new_blob(rule, judge, event);

    if (command != NULL && command->in.create_blob.blob_mem == 0)
        raise_field(rule, judge, event, IN(resource_create_blob, blob_mem), "blob_mem is 0", NULL,
                    NULL, "a blob of no memory");
}

static void check_blob_host(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_command *command = new_blob(rule, judge, event);
    uint32_t mem;

    if (command == NULL || model_has_feature(&judge->model, VIRTIO_GPU_F_VIRGL))
        return;
    mem = virtio_le32(command->in.create_blob.blob_mem);
    if (mem == VIRTIO_GPU_BLOB_MEM_HOST3D || mem == VIRTIO_GPU_BLOB_MEM_HOST3D_GUEST)
        raise_field(rule, judge, event, IN(resource_create_blob, blob_mem),
                    "it needs bit 0 (VIRGL)", NULL, NULL,
                    "memory of the host's 3D, and VIRGL was not negotiated");
}

static void check_blob_flags(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_command *command = command_of(judge, event);
    const struct model_resource *resource;
    bool maps = command != NULL && command->type == VIRTIO_GPU_CMD_RESOURCE_MAP_BLOB;
    bool shares = command != NULL && command->type == VIRTIO_GPU_CMD_RESOURCE_ASSIGN_UUID;
    uint32_t needed = maps ? VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE : VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE;
    char label[FINDING_TEXT_BYTES];

    if (!maps && !shares)
        return;
    resource =
        model_resource_find(&judge->model.gpu, virtio_le32(command->in.map_blob.resource_id));
    if (resource == NULL || !resource->is_blob)
        return;
    rule_looks(rule, judge);
    if ((resource->blob_flags & needed) != 0)
        return;
    snprintf(label, sizeof label, "blob_flags of resource %u is %u", resource->id,
             resource->blob_flags);
    raise_field(rule, judge, event, IN(resource_map_blob, resource_id), label, &resource->created,
                "it was made here",
                maps ? "a blob that was not declared mappable"
                     : "a blob that was not declared shareable");
}

static void check_mapped_twice(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model_command *command =
        command_is(judge, event, VIRTIO_GPU_CMD_RESOURCE_MAP_BLOB);
    const struct model_resource *resource;

    if (command == NULL)
        return;
    resource =
        model_resource_find(&judge->model.gpu, virtio_le32(command->in.map_blob.resource_id));
    rule_looks(rule, judge);
    if (resource != NULL && resource->is_mapped)
        raise_field(rule, judge, event, IN(resource_map_blob, resource_id),
                    "it was not unmapped since", NULL, NULL, "a blob that is mapped already");
}

static void check_scanout_format(const struct rule *rule, struct judge *judge,
                                 const struct event *event)
{
    const struct model_command *command = command_is(judge, event, VIRTIO_GPU_CMD_SET_SCANOUT_BLOB);
    char label[FINDING_TEXT_BYTES];

    if (command == NULL || !model_has_feature(&judge->model, VIRTIO_GPU_F_RESOURCE_BLOB))
        return;
    rule_looks(rule, judge);
    if (gpu_format_name(virtio_le32(command->in.scanout_blob.format)) != NULL)
        return;
    snprintf(label, sizeof label, "format is %u", virtio_le32(command->in.scanout_blob.format));
    raise_field(rule, judge, event, IN(set_scanout_blob, format), label, NULL, NULL,
                "a format that is none of the eight");
}

/* ---- backing memory ---- */

static void check_backing_kept(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model_gpu *gpu = &judge->model.gpu;

    for (uint32_t i = 0; i < MODEL_RESOURCES; i++) {
        const struct model_resource *resource = &gpu->resource[i];
        if (resource->id == 0 || resource->attached.step == 0)
            continue;
        rule_looks(rule, judge);
        for (uint32_t n = 0; n < resource->pieces; n++) {
            const struct model_piece *piece = &resource->piece[n];
            if (event->addr >= piece->addr + piece->bytes ||
                piece->addr >= event->addr + event->value)
                continue;
            judge_raise(judge, rule, event, "the device may still read here", &resource->attached,
                        "it was attached here",
                        "driver freed memory that is attached to resource %u", resource->id);
            return;
        }
    }
}

#define GPU_ONLY .device_id = VIRTIO_ID_GPU, .tells = true
#define EXECUTES GPU_ONLY, .on = ON(EXECUTE)

/* clang-format off */
static const struct rule rules[] = {
    {RULE("GPU-DRV-04", MUST_NOT, ERROR, "5.7.4.1", "Device configuration fields",
          "`events_read` is not written.", "write the bits to events_clear"),
     GPU_ONLY, .on = ON(WRITE), .where = AT(CONFIG), .by_driver = true,
     .check = check_events_read},
    {RULE("XGPU-DRV-19", MUST, NOTE, "5.7.4.1", "Device configuration fields",
          "Events are cleared by writing their bits, as they were read, to `events_clear`.",
          "read events_read, act on it, and write what was read"),
     GPU_ONLY, .on = ON(WRITE), .where = AT(CONFIG), .by_driver = true,
     .check = check_events_clear},
    {RULE("GPU-DRV-05", SHOULD, WARNING, "5.7.4.2", "Events",
          "When the display changes, the new layout is fetched by GET_DISPLAY_INFO.",
          "send GET_DISPLAY_INFO before clearing the event"),
     GPU_ONLY, .on = RULE_AT_END, .check = check_new_layout,
     .assumes = "a driver that clears the event has taken notice of it"},
    {RULE("GPU-DRV-06", SHOULD, WARNING, "5.7.4.2", "Events",
          "When the display changes and EDID was negotiated, the EDID is fetched again.",
          "send GET_EDID before clearing the event"),
     GPU_ONLY, .on = RULE_AT_END, .check = check_new_edid,
     .assumes = "a driver that clears the event has taken notice of it"},
    {RULE("GPU-DRV-01", SHOULD, WARNING, "5.7.5", "Device Initialization",
          "The displays are asked for by GET_DISPLAY_INFO before the first scanout is set.",
          "take the size of scanout 0 from the answer"),
     EXECUTES, .check = check_display_info,
     .assumes = "any answer will do: a driver may choose another size"},
    {RULE("GPU-DRV-02", SHOULD, WARNING, "5.7.5", "Device Initialization",
          "With EDID negotiated, the EDID is fetched before the first scanout is set.",
          "send GET_EDID, or do not accept bit 1"),
     EXECUTES, .check = check_edid},
    {RULE("GPU-DRV-03", SHOULD, WARNING, "5.7.5", "Device Initialization",
          "The shared memory regions of the device are looked for.",
          "write SHMSel and read SHMLen and SHMBase"),
     EXECUTES, .check = check_regions,
     .assumes = "only a driver that makes blobs has a use for them (see MMIO-DRV-24)"},
    {RULE("GPU-DRV-07a", MUST, ERROR, "5.7.6.6", "Device Operation: Configure mouse cursor",
          "A cursor's resource is made, given memory and filled before it is shown.",
          "RESOURCE_CREATE_2D, ATTACH_BACKING, TRANSFER_TO_HOST_2D, then UPDATE_CURSOR"),
     EXECUTES, .check = check_cursor_filled},
    {RULE("GPU-DRV-07b", MUST, ERROR, "5.7.6.6", "Device Operation: Configure mouse cursor",
          "A fence makes sure that a cursor's picture is there before it is shown.",
          "set VIRTIO_GPU_FLAG_FENCE in the transfer and wait for its answer"),
     EXECUTES, .check = check_cursor_fenced},
    {RULE("XGPU-DRV-13", MUST, NOTE, "5.7.6.6", "Device Operation: Configure mouse cursor",
          "A cursor has 64 by 64 pixels.", "make the resource 64 by 64 and leave the rest clear"),
     EXECUTES, .check = check_cursor_size},
    {RULE("XGPU-DRV-10", MUST, NOTE, "5.7.6.7", "Device Operation: Request header",
          "A ring index needs CONTEXT_INIT, and is below 64.",
          "leave flag bit 1 clear unless bit 4 was negotiated"),
     EXECUTES, .check = check_ring_idx},
    {RULE("GPU-DRV-08", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "The index of a capability set is below num_capsets.",
          "read num_capsets from configuration space"),
     GPU_ONLY, .on = ON(EXECUTE) | ON(READ), .where = AT(NONE) | AT(CONFIG),
     .check = check_capset_index},
    {RULE("GPU-DRV-09", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "A blob's memory is one of the three kinds that are defined.",
          "guest 1, host 2, host and guest 3"),
     EXECUTES, .check = check_blob_mem},
    {RULE("GPU-DRV-10", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "A blob's memory is not 0.", "guest 1, host 2, host and guest 3"),
     EXECUTES, .check = check_blob_mem_0},
    {RULE("GPU-DRV-11", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "A blob that is mapped or shared was declared so when it was made.",
          "set the bits of blob_flags in RESOURCE_CREATE_BLOB"),
     EXECUTES, .check = check_blob_flags,
     .assumes = "intent shows only in RESOURCE_MAP_BLOB and RESOURCE_ASSIGN_UUID"},
    {RULE("GPU-DRV-12", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "The format of SET_SCANOUT_BLOB is one of the eight.",
          "use VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM (2) if in doubt"),
     EXECUTES, .check = check_scanout_format},
    {RULE("XGPU-DRV-09", MUST, NOTE, "5.7.6.8", "Device Operation: controlq",
          "Blobs in the host's 3D memory need VIRGL.", "use guest memory (1), or accept bit 0"),
     EXECUTES, .check = check_blob_host},
    {RULE("XGPU-DRV-18", MUST, NOTE, "5.7.6.8", "Device Operation: controlq",
          "Memory that is attached to a resource is kept until it is detached.",
          "detach it, destroy the resource or reset the device before freeing it"),
     GPU_ONLY, .on = ON(FREE), .check = check_backing_kept},
    {RULE("GPU-DRV-13", MUST_NOT, ERROR, "5.7.6.9", "Device Operation: controlq (3d)",
          "A blob that is mapped is not mapped again.", "unmap it first"),
     EXECUTES, .check = check_mapped_twice},
};

static const struct rule_unchecked unchecked[] = {
    {"XGPU-DRV-03", "5.7.3", "CONTEXT_INIT is accepted only together with VIRGL.",
     "FEAT-DRV-02 asks for the same and judges it"},
    {"XGPU-DRV-14", "5.7.6.10", "A cursor's picture is there, by a fence, before it is shown.",
     "GPU-DRV-07a and GPU-DRV-07b ask for the same and judge it"},
};
/* clang-format on */

const struct rule_list rules_gpu_state = RULE_LIST_WITH(rules, unchecked);
