/*
 * The device's view of RAM: every access is checked against the DMA regions, and reported.
 *
 * Memory is ordered here: what the driver stored is seen at once, and what the device stores is
 * seen by the driver at once. Not handled: weak and non-coherent memory.
 */
#include "device.h"

#include <assert.h>
#include <string.h>

#include "virtio/types.h"

enum { UNOBSERVED_STORE = 2 }; /* value of an UNOBSERVED event */

/* Reports the first byte whose store was never seen, once: from then on all the bytes are known. */
static void report_unobserved(struct sim_device *device, uint64_t addr, uint64_t bytes,
                              const struct event *place)
{
    uint64_t first = arena_first_unobserved(device->arena, addr, bytes);
    if (first == bytes)
        return;
    struct event event = sim_event(device, EVENT_UNOBSERVED, place->queue);
    event.party = EVENT_PARTY_WORLD;
    event.value = UNOBSERVED_STORE;
    event.addr = addr + first;
    uint64_t rest_bytes = bytes - first;
    event.width_bytes = rest_bytes < UINT32_MAX ? (uint32_t)rest_bytes : UINT32_MAX;
    event.place = place->place;
    event.index = place->index;
    sim_emit(device, &event);
    arena_shadow_update(device->arena, addr, bytes);
}

static void emit_access(struct sim_device *device, enum event_kind kind, uint64_t addr,
                        const uint8_t *ram, uint32_t bytes, struct event *event)
{
    le64 value = 0;
    memcpy(&value, ram, bytes < sizeof(value) ? bytes : sizeof(value));
    event->party = EVENT_PARTY_DEVICE;
    event->kind = (uint8_t)kind;
    event->addr = addr;
    event->width_bytes = bytes;
    event->value = virtio_le64(value);
    event->bytes = ram;
    sim_emit(device, event);
}

enum arena_fault sim_load(struct sim_device *device, uint64_t addr, void *out, uint32_t bytes,
                          struct event *event)
{
    assert(bytes > 0);
    enum arena_fault fault = arena_check(device->arena, addr, bytes);
    if (fault != ARENA_FAULT_NONE)
        return fault;
    if (device->check_stores)
        report_unobserved(device, addr, bytes, event);
    const uint8_t *ram = arena_host(device->arena, addr);
    memcpy(out, ram, bytes);
    emit_access(device, EVENT_LOAD, addr, ram, bytes, event);
    return ARENA_FAULT_NONE;
}

enum arena_fault sim_store(struct sim_device *device, uint64_t addr, const void *in, uint32_t bytes,
                           struct event *event)
{
    assert(bytes > 0);
    enum arena_fault fault = arena_check(device->arena, addr, bytes);
    if (fault != ARENA_FAULT_NONE)
        return fault;
    uint8_t *ram = arena_host(device->arena, addr);
    memcpy(ram, in, bytes);
    if (device->arena->shadow != NULL)
        memcpy(device->arena->shadow + (addr - device->arena->base), in, bytes);
    emit_access(device, EVENT_STORE, addr, ram, bytes, event);
    return ARENA_FAULT_NONE;
}

const uint8_t *sim_map_for_read(struct sim_device *device, uint64_t addr, uint64_t bytes,
                                enum arena_fault *fault)
{
    *fault = arena_check(device->arena, addr, bytes);
    if (*fault != ARENA_FAULT_NONE)
        return NULL;
    if (bytes == 0)
        return device->arena->host; /* anywhere: nothing will be read */
    if (device->check_stores) {
        const struct event place = {.place = EVENT_PLACE_MEMORY};
        report_unobserved(device, addr, bytes, &place);
    }
    return arena_host(device->arena, addr);
}
