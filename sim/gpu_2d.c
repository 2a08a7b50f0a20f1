/*
 * What each 2D command of the GPU device does: one function a command, all of one shape.
 *
 * A function gets a request that is long enough and on the right queue, acts, and returns the type
 * of the response. Whatever is wrong is reported as a refusal before it is answered with an error.
 *
 * Not handled: a cursor that is seen (gpu_cursor_info() tells of it), capability sets.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "edid.h"
#include "gpu_internal.h"

/* ---- refusals ---- */

/* Reports what is wrong, about the resource that the command names; returns the answer for it. */
uint32_t gpu_refuse(const struct gpu_call *call, enum sim_refusal refusal, uint64_t value,
                    uint64_t extra, uint32_t answer)
{
    struct event details = {.value = value, .extra = extra, .index = call->resource_id};

    sim_refuse(call->device, call->queue, refusal, &details);
    return answer;
}

static uint32_t refuse_memory(const struct gpu_call *call, uint64_t addr, uint64_t bytes,
                              enum arena_fault fault)
{
    struct event details = {.addr = addr, .extra = bytes, .index = (uint32_t)fault};

    sim_refuse(call->device, call->queue, SIM_REFUSAL_DMA_BACKING, &details);
    return VIRTIO_GPU_RESP_ERR_UNSPEC;
}

static uint32_t refuse_resource(const struct gpu_call *call)
{
    return gpu_refuse(call, SIM_REFUSAL_RESOURCE_ID, call->resource_id, 0,
                      VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID);
}

/* The value holds the right and lower edge that were asked for, the extra those that there are. */
static uint32_t refuse_rect(const struct gpu_call *call, const struct gpu_rect *rect,
                            const struct gpu_resource *resource)
{
    uint64_t right = (uint64_t)rect->x + rect->width, bottom = (uint64_t)rect->y + rect->height;
    uint64_t wanted = (right > UINT32_MAX ? UINT32_MAX : right) << 32 |
                      (bottom > UINT32_MAX ? UINT32_MAX : bottom);
    uint64_t there = (uint64_t)resource->width_px << 32 | resource->height_px;

    return gpu_refuse(call, SIM_REFUSAL_RECT_OUTSIDE, wanted, there,
                      VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER);
}

static struct gpu_rect rect_from(const struct virtio_gpu_rect *rect)
{
    return (struct gpu_rect){.x = virtio_le32(rect->x),
                             .y = virtio_le32(rect->y),
                             .width = virtio_le32(rect->width),
                             .height = virtio_le32(rect->height)};
}

/* ---- the commands, 5.7.6.8 ---- */

uint32_t gpu_get_display_info(struct gpu_call *call)
{
    struct virtio_gpu_resp_display_info *info = &call->request->out.display_info;

    memset(info->pmodes, 0, sizeof(info->pmodes));
    info->pmodes[0].r.width = virtio_le32(call->gpu->config.width_px);
    info->pmodes[0].r.height = virtio_le32(call->gpu->config.height_px);
    info->pmodes[0].enabled = virtio_le32(1);
    return VIRTIO_GPU_RESP_OK_DISPLAY_INFO;
}

uint32_t gpu_resource_create_2d(struct gpu_call *call)
{
    const struct virtio_gpu_resource_create_2d *in = &call->request->in.create_2d;
    uint32_t format = virtio_le32(in->format);
    uint32_t width = virtio_le32(in->width), height = virtio_le32(in->height);

    if (call->resource_id == 0 || gpu_resource_find(call->gpu, call->resource_id))
        return refuse_resource(call);
    if (!gpu_format_is_known(format))
        return gpu_refuse(call, SIM_REFUSAL_RESOURCE_FORMAT, format, 0,
                          VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER);
    uint64_t size = (uint64_t)width << 32 | height;
    if (width == 0 || height == 0) {
        gpu_refuse(call, SIM_REFUSAL_RESOURCE_SIZE, size, 1, 0);
        if (!sim_is_qemu(call->device))
            return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    if (!gpu_resource_add(call->device, call->resource_id, format, width, height))
        return gpu_refuse(call, SIM_REFUSAL_RESOURCE_SIZE, size, GPU_HOST_BYTES_MAX,
                          VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

uint32_t gpu_resource_unref(struct gpu_call *call)
{
    struct gpu_resource *resource = gpu_resource_find(call->gpu, call->resource_id);

    if (!resource)
        return refuse_resource(call);
    gpu_resource_drop(call->device, resource);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

uint32_t gpu_set_scanout(struct gpu_call *call)
{
    const struct virtio_gpu_set_scanout *in = &call->request->in.set_scanout;
    uint32_t scanout_id = virtio_le32(in->scanout_id);
    struct gpu_rect rect = rect_from(&in->r);
    uint32_t least_px = sim_is_qemu(call->device) ? GPU_SCANOUT_PX_MIN_QEMU : 1;

    if (scanout_id >= call->gpu->config.num_scanouts)
        return gpu_refuse(call, SIM_REFUSAL_SCANOUT_ID, scanout_id, call->gpu->config.num_scanouts,
                          VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID);
    if (call->resource_id == 0) {
        gpu_scanout_off(call->device, scanout_id);
        return VIRTIO_GPU_RESP_OK_NODATA;
    }
    const struct gpu_resource *resource = gpu_resource_find(call->gpu, call->resource_id);
    if (!resource)
        return refuse_resource(call);
    if (sim_is_qemu(call->device) && resource->backing.count == 0)
        return gpu_refuse(call, SIM_REFUSAL_BACKING_MISSING, 0, 1, VIRTIO_GPU_RESP_ERR_UNSPEC);
    if (!gpu_rect_inside(&rect, resource->width_px, resource->height_px) || rect.width < least_px ||
        rect.height < least_px)
        return refuse_rect(call, &rect, resource);
    if (!gpu_scanout_set(call->device, scanout_id, resource, &rect))
        return gpu_refuse(call, SIM_REFUSAL_RESOURCE_SIZE, (uint64_t)rect.width << 32 | rect.height,
                          GPU_HOST_BYTES_MAX, VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

uint32_t gpu_resource_flush(struct gpu_call *call)
{
    const struct gpu_resource *resource = gpu_resource_find(call->gpu, call->resource_id);
    struct gpu_rect rect = rect_from(&call->request->in.flush.r);

    if (!resource)
        return refuse_resource(call);
    if (!gpu_rect_inside(&rect, resource->width_px, resource->height_px))
        return refuse_rect(call, &rect, resource);
    gpu_scanouts_flush(call->device, resource, &rect);
    struct event event = sim_event(call->device, EVENT_FLUSH, call->queue);
    event.value = resource->id;
    event.index = resource->id;
    sim_emit(call->device, &event);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/* Bytes of backing that a transfer reaches over, from its offset on. */
static uint64_t transfer_span_bytes(const struct gpu_resource *resource,
                                    const struct gpu_rect *rect)
{
    if (rect->width == 0 || rect->height == 0)
        return 0;
    return ((uint64_t)resource->width_px * (rect->height - 1) + rect->width) *
           VIRTIO_GPU_PIXEL_BYTES;
}

/* One event a transfer, however many pieces of memory it reads. */
static void emit_backing_load(const struct gpu_call *call, const struct gpu_resource *resource,
                              uint64_t offset, uint64_t bytes)
{
    struct event event = sim_event(call->device, EVENT_LOAD, call->queue);
    event.place = EVENT_PLACE_BACKING;
    event.index = resource->id;
    event.addr = gpu_backing_addr(&resource->backing, offset);
    event.extra = bytes;
    sim_emit(call->device, &event);
}

uint32_t gpu_transfer_to_host_2d(struct gpu_call *call)
{
    const struct virtio_gpu_transfer_to_host_2d *in = &call->request->in.transfer;
    struct gpu_resource *resource = gpu_resource_find(call->gpu, call->resource_id);
    struct gpu_rect rect = rect_from(&in->r);
    uint64_t offset = virtio_le64(in->offset);
    bool is_qemu = sim_is_qemu(call->device);

    if (!resource)
        return refuse_resource(call);
    if (resource->backing.count == 0)
        return gpu_refuse(call, SIM_REFUSAL_BACKING_MISSING, 0, 1, VIRTIO_GPU_RESP_ERR_UNSPEC);
    if (!gpu_rect_inside(&rect, resource->width_px, resource->height_px))
        return refuse_rect(call, &rect, resource);
    /* QEMU takes a full-width transfer from the start for one of everything, whatever its height.
     */
    bool is_whole =
        is_qemu && offset == 0 && rect.x == 0 && rect.y == 0 && rect.width == resource->width_px;
    uint64_t there = gpu_backing_bytes(&resource->backing);
    uint64_t span = transfer_span_bytes(resource, &rect);
    if (offset > there || span > there - offset) {
        uint64_t end = span > UINT64_MAX - offset ? UINT64_MAX : offset + span;
        gpu_refuse(call, SIM_REFUSAL_BACKING_SHORT, end, there, 0);
        uint64_t last_row_bytes = (uint64_t)rect.width * VIRTIO_GPU_PIXEL_BYTES;
        if (!is_qemu || (!is_whole && end - last_row_bytes > there))
            return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    if (is_whole)
        rect.height = resource->height_px;
    span = transfer_span_bytes(resource, &rect);
    if (span == 0 || offset == there)
        return VIRTIO_GPU_RESP_OK_NODATA;
    uint64_t addr = 0, bytes = 0;
    enum arena_fault fault =
        gpu_resource_transfer(call->device, resource, &rect, offset, &addr, &bytes);
    if (fault != ARENA_FAULT_NONE)
        return refuse_memory(call, addr, bytes, fault);
    emit_backing_load(call, resource, offset,
                      (uint64_t)rect.width * rect.height * VIRTIO_GPU_PIXEL_BYTES);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/* Takes one memory entry, if the device can reach it. */
static uint32_t add_entry(const struct gpu_call *call, struct gpu_backing *backing,
                          const struct virtio_gpu_mem_entry *entry)
{
    uint64_t addr = virtio_le64(entry->addr);
    uint32_t length = virtio_le32(entry->length);

    if (length == 0)
        return sim_is_qemu(call->device)
                   ? gpu_refuse(call, SIM_REFUSAL_BACKING_ENTRIES, 0, 1, VIRTIO_GPU_RESP_ERR_UNSPEC)
                   : VIRTIO_GPU_RESP_OK_NODATA;
    enum arena_fault fault = arena_check(call->device->arena, addr, length);
    if (fault != ARENA_FAULT_NONE) {
        uint32_t answer = refuse_memory(call, addr, length, fault);
        if (!sim_is_qemu(call->device) || !arena_is_ram(call->device->arena, addr, length))
            return answer;
    }
    gpu_backing_add(call->device, backing, addr, length);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

#define ENTRIES_AT_ONCE 256u /* read from the request at a time: 4 KiB on the stack */

/* Reads `count` entries that follow the fixed part, whatever descriptors they lie in. */
static uint32_t read_entries(const struct gpu_call *call, struct gpu_backing *backing,
                             uint32_t count)
{
    struct virtio_gpu_mem_entry batch[ENTRIES_AT_ONCE];

    for (uint32_t done = 0; done < count;) { /* count is at most GPU_BACKING_ENTRIES_MAX */
        uint32_t wanted = count - done < ENTRIES_AT_ONCE ? count - done : ENTRIES_AT_ONCE;
        uint64_t bytes = wanted * sizeof(batch[0]);
        uint64_t offset =
            sizeof(struct virtio_gpu_resource_attach_backing) + (uint64_t)done * sizeof(batch[0]);
        if (sim_chain_read(call->device, call->queue, offset, batch, bytes) != bytes)
            return VIRTIO_GPU_RESP_ERR_UNSPEC; /* reported there: memory that cannot be read */
        for (uint32_t n = 0; n < wanted; n++) {
            uint32_t answer = add_entry(call, backing, &batch[n]);
            if (answer != VIRTIO_GPU_RESP_OK_NODATA)
                return answer;
        }
        done += wanted;
    }
    return VIRTIO_GPU_RESP_OK_NODATA;
}

uint32_t gpu_resource_attach_backing(struct gpu_call *call)
{
    struct gpu_resource *resource = gpu_resource_find(call->gpu, call->resource_id);
    uint32_t count = virtio_le32(call->request->in.attach.nr_entries);
    const struct sim_chain *chain = &call->device->queue[call->queue].chain;

    if (!resource)
        return refuse_resource(call);
    if (resource->backing.count > 0)
        return gpu_refuse(call, SIM_REFUSAL_BACKING_PRESENT, resource->backing.count, 0,
                          VIRTIO_GPU_RESP_ERR_UNSPEC);
    if (count > GPU_BACKING_ENTRIES_MAX)
        return gpu_refuse(call, SIM_REFUSAL_BACKING_ENTRIES, count, GPU_BACKING_ENTRIES_MAX,
                          VIRTIO_GPU_RESP_ERR_UNSPEC);
    uint64_t there = (chain->readable_bytes - sizeof(struct virtio_gpu_resource_attach_backing)) /
                     sizeof(struct virtio_gpu_mem_entry);
    if (there < count)
        return gpu_refuse(call, SIM_REFUSAL_BACKING_ENTRIES, count, there,
                          VIRTIO_GPU_RESP_ERR_UNSPEC);
    if (count == 0)
        return VIRTIO_GPU_RESP_OK_NODATA; /* none is attached */
    struct gpu_backing backing = {.entry = calloc(count, sizeof(*backing.entry)),
                                  .end_bytes = calloc(count, sizeof(*backing.end_bytes))};
    uint32_t answer = VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY;
    if (backing.entry && backing.end_bytes)
        answer = read_entries(call, &backing, count);
    if (answer == VIRTIO_GPU_RESP_OK_NODATA && backing.count > 0)
        resource->backing = backing;
    else
        gpu_backing_clear(&backing);
    return answer;
}

uint32_t gpu_resource_detach_backing(struct gpu_call *call)
{
    struct gpu_resource *resource = gpu_resource_find(call->gpu, call->resource_id);

    if (!resource)
        return refuse_resource(call);
    if (resource->backing.count == 0)
        return gpu_refuse(call, SIM_REFUSAL_BACKING_MISSING, 0, 1, VIRTIO_GPU_RESP_ERR_UNSPEC);
    gpu_backing_clear(&resource->backing);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/* Both commands that make or show blob resources: QEMU's device without blobs knows them, and says
 * no. */
uint32_t gpu_blob(struct gpu_call *call)
{
    return sim_is_qemu(call->device) ? VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER
                                     : VIRTIO_GPU_RESP_ERR_UNSPEC;
}

/* num_capsets is 0, so that no index and no id can be right. */
uint32_t gpu_capset(struct gpu_call *call)
{
    return sim_is_qemu(call->device) ? VIRTIO_GPU_RESP_ERR_UNSPEC
                                     : VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
}

/* QEMU fills the whole of `edid` and says so; the block that counts is the first. */
uint32_t gpu_get_edid(struct gpu_call *call)
{
    uint32_t scanout_id = virtio_le32(call->request->in.get_edid.scanout);
    struct virtio_gpu_resp_edid *out = &call->request->out.edid;
    bool is_qemu = sim_is_qemu(call->device);

    if (!is_qemu && !sim_has_feature(call->device, VIRTIO_GPU_F_EDID))
        return VIRTIO_GPU_RESP_ERR_UNSPEC; /* reported there; QEMU answers */
    if (scanout_id >= call->gpu->config.num_scanouts)
        return gpu_refuse(call, SIM_REFUSAL_SCANOUT_ID, scanout_id, call->gpu->config.num_scanouts,
                          is_qemu ? VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER
                                  : VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID);
    out->size = virtio_le32(is_qemu ? VIRTIO_GPU_EDID_BYTES_MAX : EDID_BYTES);
    out->padding = 0;
    memset(out->edid, 0, sizeof(out->edid));
    edid_make(out->edid, call->gpu->config.width_px, call->gpu->config.height_px);
    return VIRTIO_GPU_RESP_OK_EDID;
}

/* ---- the cursor, 5.7.6.10 ---- */

/* Where a cursor command goes; NULL after a refusal. */
static struct gpu_cursor_info *place_cursor(const struct gpu_call *call)
{
    const struct virtio_gpu_cursor_pos *pos = &call->request->in.cursor.pos;
    uint32_t scanout_id = virtio_le32(pos->scanout_id);

    if (scanout_id >= call->gpu->config.num_scanouts) {
        gpu_refuse(call, SIM_REFUSAL_SCANOUT_ID, scanout_id, call->gpu->config.num_scanouts, 0);
        return NULL;
    }
    struct gpu_cursor_info *cursor = &call->gpu->cursor[scanout_id];
    cursor->x = virtio_le32(pos->x);
    cursor->y = virtio_le32(pos->y);
    return cursor;
}

/* Resource 0 hides the cursor. Nothing is drawn: a scanout's picture is without it, as QEMU's. */
uint32_t gpu_update_cursor(struct gpu_call *call)
{
    const struct virtio_gpu_update_cursor *in = &call->request->in.cursor;
    struct gpu_cursor_info *cursor = place_cursor(call);

    if (!cursor)
        return VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID;
    if (call->resource_id != 0 && !gpu_resource_find(call->gpu, call->resource_id))
        return refuse_resource(call);
    cursor->resource_id = call->resource_id;
    cursor->hot_x = virtio_le32(in->hot_x);
    cursor->hot_y = virtio_le32(in->hot_y);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/* All fields but `pos` mean nothing. */
uint32_t gpu_move_cursor(struct gpu_call *call)
{
    return place_cursor(call) ? VIRTIO_GPU_RESP_OK_NODATA : VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID;
}
