/*
 * Resources of the GPU device: the table of them, their pixels and their backing memory.
 *
 * Pixels are kept in the resource's own format, rows without a gap. Backing is kept as the driver
 * gave it, with prefix sums, so that the piece that holds an offset is found by bisection however
 * many entries there are, and one large entry is copied by one memcpy.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "gpu_internal.h"

static struct gpu_resource **bucket_of(struct gpu *gpu, uint32_t id)
{
    /* Multiplicative hashing: the driver picks ids, mostly 1, 2, 3; the top 8 bits choose of 256.
     */
    return &gpu->bucket[(id * UINT32_C(0x9e3779b1)) >> 24];
}

struct gpu_resource *gpu_resource_find(const struct gpu *gpu, uint32_t id)
{
    struct gpu_resource *resource = *bucket_of((struct gpu *)(uintptr_t)gpu, id);

    while (resource && resource->id != id) /* at most GPU_RESOURCES_MAX in a bucket */
        resource = resource->next;
    return resource;
}

bool gpu_format_is_known(uint32_t format)
{
    return gpu_format_name(format) != NULL;
}

struct gpu_resource *gpu_resource_add(struct sim_device *device, uint32_t id, uint32_t format,
                                      uint32_t width_px, uint32_t height_px)
{
    struct gpu *gpu = gpu_of(device);
    uint64_t limit_bytes = sim_is_qemu(device) ? GPU_HOST_BYTES_QEMU - 1 : GPU_HOST_BYTES_MAX;
    uint64_t px = (uint64_t)width_px * height_px;

    assert(id != 0 && !gpu_resource_find(gpu, id));
    if (gpu->resource_count == GPU_RESOURCES_MAX || px > GPU_RESOURCE_PX_MAX)
        return NULL;
    uint64_t bytes = px * VIRTIO_GPU_PIXEL_BYTES;
    if (bytes > limit_bytes || gpu->host_bytes > limit_bytes - bytes)
        return NULL;
    struct gpu_resource *resource = calloc(1, sizeof(*resource));
    if (!resource)
        return NULL;
    if (bytes > 0) {
        resource->pixels = gpu_pixels_alloc(bytes);
        if (!resource->pixels) {
            free(resource);
            return NULL;
        }
    }
    resource->id = id;
    resource->format = format;
    resource->width_px = width_px;
    resource->height_px = height_px;
    resource->pixels_bytes = bytes;
    struct gpu_resource **bucket = bucket_of(gpu, id);
    resource->next = *bucket;
    *bucket = resource;
    gpu->resource_count++;
    gpu->host_bytes += bytes;
    return resource;
}

/* The resource is no longer in its bucket. */
static void resource_free(struct gpu *gpu, struct gpu_resource *resource)
{
    gpu->resource_count--;
    gpu->host_bytes -= resource->pixels_bytes;
    gpu_pixels_free(resource->pixels, resource->pixels_bytes);
    gpu_backing_clear(&resource->backing);
    free(resource);
}

void gpu_resource_drop(struct sim_device *device, struct gpu_resource *resource)
{
    struct gpu *gpu = gpu_of(device);

    for (uint32_t id = 0; id < gpu->config.num_scanouts; id++) {
        if (gpu->scanout[id].active && gpu->scanout[id].resource_id == resource->id)
            gpu_scanout_off(device, id);
    }
    struct gpu_resource **link = bucket_of(gpu, resource->id);
    while (*link != resource) /* it is in there: an invariant */
        link = &(*link)->next;
    *link = resource->next;
    resource_free(gpu, resource);
}

void gpu_resources_drop_all(struct sim_device *device)
{
    struct gpu *gpu = gpu_of(device);

    for (size_t n = 0; n < GPU_BUCKETS && gpu->resource_count > 0; n++) {
        while (gpu->bucket[n]) {
            struct gpu_resource *resource = gpu->bucket[n];
            gpu->bucket[n] = resource->next;
            resource_free(gpu, resource);
        }
    }
    assert(gpu->resource_count == 0 && gpu->host_bytes == 0);
}

/* ---- backing ---- */

uint64_t gpu_backing_bytes(const struct gpu_backing *backing)
{
    return backing->count ? backing->end_bytes[backing->count - 1] : 0;
}

void gpu_backing_clear(struct gpu_backing *backing)
{
    free(backing->entry);
    free(backing->end_bytes);
    *backing = (struct gpu_backing){0};
}

void gpu_backing_add(struct sim_device *device, struct gpu_backing *backing, uint64_t addr,
                     uint32_t length_bytes)
{
    uint32_t n = backing->count;

    if (n > 0) {
        struct sim_segment *last = &backing->entry[n - 1];
        uint64_t both_bytes = (uint64_t)last->len_bytes + length_bytes;
        if (last->addr + last->len_bytes == addr && both_bytes <= UINT32_MAX &&
            arena_check(device->arena, last->addr, both_bytes) == ARENA_FAULT_NONE) {
            last->len_bytes = (uint32_t)both_bytes;
            backing->end_bytes[n - 1] += length_bytes;
            return;
        }
    }
    backing->entry[n] = (struct sim_segment){.addr = addr, .len_bytes = length_bytes};
    backing->end_bytes[n] = (n ? backing->end_bytes[n - 1] : 0) + length_bytes;
    backing->count++;
}

/* The entry that holds an offset, which must be below gpu_backing_bytes(). */
static uint32_t backing_entry_at(const struct gpu_backing *backing, uint64_t offset)
{
    uint32_t low = 0, high = backing->count - 1;

    while (low < high) { /* halves, so at most 14 rounds for GPU_BACKING_ENTRIES_MAX */
        uint32_t middle = low + (high - low) / 2;
        if (backing->end_bytes[middle] > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint64_t gpu_backing_addr(const struct gpu_backing *backing, uint64_t offset)
{
    assert(offset < gpu_backing_bytes(backing));
    uint32_t n = backing_entry_at(backing, offset);
    return backing->entry[n].addr + offset - (n ? backing->end_bytes[n - 1] : 0);
}

/* Where a copy stands: the entry is looked up once and then only moves on. */
struct backing_cursor {
    const struct gpu_backing *backing;
    uint32_t entry;
    uint64_t addr; /* of the last piece asked for, and its length: to say what could not be read */
    uint64_t piece_bytes;
};

#define BLOCK_BYTES (UINT64_C(64) << 10) /* what stays in the cache from comparing to copying */

/*
 * Copies memory that may hold bytes that were never seen stored: in blocks, so that each is fetched
 * once for the comparison and the copy. From the first such byte on the rest is checked as one, so
 * that it is reported once.
 */
static enum arena_fault copy_checked(struct sim_device *device, uint64_t addr, uint8_t *to,
                                     uint64_t bytes)
{
    enum arena_fault fault = ARENA_FAULT_NONE;

    for (uint64_t done = 0; done < bytes;) { /* every round copies a block, or all that is left */
        uint64_t block = bytes - done < BLOCK_BYTES ? bytes - done : BLOCK_BYTES;
        const uint8_t *from = arena_host(device->arena, addr + done);
        if (arena_first_unobserved(device->arena, addr + done, block) < block) {
            block = bytes - done;
            from = sim_map_for_read(device, addr + done, block, &fault);
            if (!from)
                return fault;
        }
        memcpy(to + done, from, block);
        done += block;
    }
    return ARENA_FAULT_NONE;
}

static enum arena_fault copy_memory(struct sim_device *device, uint64_t addr, uint8_t *to,
                                    uint64_t bytes)
{
    enum arena_fault fault = ARENA_FAULT_NONE;

    if (device->check_stores && arena_check(device->arena, addr, bytes) == ARENA_FAULT_NONE)
        return copy_checked(device, addr, to, bytes);
    const uint8_t *from = sim_map_for_read(device, addr, bytes, &fault);
    if (from)
        memcpy(to, from, bytes);
    return fault;
}

/* Copies [offset, offset + bytes) of the backing, as far as there is any. */
static enum arena_fault backing_copy(struct sim_device *device, struct backing_cursor *cursor,
                                     uint64_t offset, uint8_t *to, uint64_t bytes)
{
    const struct gpu_backing *backing = cursor->backing;
    uint64_t total_bytes = gpu_backing_bytes(backing);

    if (offset >= total_bytes)
        return ARENA_FAULT_NONE;
    if (bytes > total_bytes - offset)
        bytes = total_bytes - offset;
    if (offset >= backing->end_bytes[cursor->entry]) /* rows come in order: never backwards */
        cursor->entry = backing_entry_at(backing, offset);
    while (bytes > 0) { /* every round takes an entry to its end, or all that is left */
        uint32_t n = cursor->entry;
        uint64_t inside = offset - (n ? backing->end_bytes[n - 1] : 0);
        uint64_t piece = backing->end_bytes[n] - offset;
        if (piece > bytes)
            piece = bytes;
        cursor->addr = backing->entry[n].addr + inside;
        cursor->piece_bytes = piece;
        enum arena_fault fault = copy_memory(device, cursor->addr, to, piece);
        if (fault != ARENA_FAULT_NONE)
            return fault;
        to += piece;
        offset += piece;
        bytes -= piece;
        if (bytes > 0)
            cursor->entry++;
    }
    return ARENA_FAULT_NONE;
}

enum arena_fault gpu_resource_transfer(struct sim_device *device, struct gpu_resource *resource,
                                       const struct gpu_rect *rect, uint64_t offset, uint64_t *addr,
                                       uint64_t *bytes)
{
    struct backing_cursor cursor = {.backing = &resource->backing};
    uint64_t stride = (uint64_t)resource->width_px * VIRTIO_GPU_PIXEL_BYTES;
    uint64_t row_bytes = (uint64_t)rect->width * VIRTIO_GPU_PIXEL_BYTES;
    uint8_t *to = resource->pixels + rect->y * stride + (uint64_t)rect->x * VIRTIO_GPU_PIXEL_BYTES;
    uint64_t rows = rect->height;
    enum arena_fault fault = ARENA_FAULT_NONE;

    assert(gpu_rect_inside(rect, resource->width_px, resource->height_px));
    if (row_bytes == 0 || rows == 0)
        return ARENA_FAULT_NONE;
    if (row_bytes == stride) { /* rows follow each other without a gap: one copy */
        row_bytes *= rows;
        rows = 1;
    }
    uint64_t room = UINT64_MAX - offset; /* the driver's offset may be anything */
    for (uint64_t row = 0; row < rows && row * stride <= room && fault == ARENA_FAULT_NONE; row++)
        fault = backing_copy(device, &cursor, offset + row * stride, to + row * stride, row_bytes);
    *addr = cursor.addr;
    *bytes = cursor.piece_bytes;
    return fault;
}
