/*
 * The device's view of RAM: every access is checked against the DMA regions, and reported.
 *
 * Memory is ordered here: what the driver stored is seen at once, and what the device stores is
 * seen by the driver at once. In the qemu profile the device reaches all of RAM, as QEMU's does,
 * and what was never allocated for it is only reported. A witness lives in the shadow: that is RAM
 * as the driver left it, while another device is at work on RAM itself. Not handled: weak and
 * non-coherent memory.
 */
#include "device.h"

#include <assert.h>
#include <string.h>

#include "virtio/types.h"

enum { UNOBSERVED_STORE = 2 }; /* value of an UNOBSERVED event */

/* Sizes of which there are many; see arena_copy(). */
static inline bool are_equal(const void *a, const void *b, uint64_t bytes)
{
    if (bytes == 2)
        return memcmp(a, b, 2) == 0;
    if (bytes == 8)
        return memcmp(a, b, 8) == 0;
    if (bytes == 16)
        return memcmp(a, b, 16) == 0;
    return memcmp(a, b, bytes) == 0;
}

static inline uint64_t first_bytes(const void *from, uint32_t bytes)
{
    le64 value = 0;
    if (bytes >= sizeof(value))
        memcpy(&value, from, sizeof(value));
    else if (bytes == 2)
        memcpy(&value, from, 2);
    else
        memcpy(&value, from, bytes);
    return virtio_le64(value);
}

static uint8_t *shadow_of(const struct arena *arena, uint64_t addr)
{
    return arena->shadow + (addr - arena->base);
}

/* Reports the first byte whose store was never seen, once: from then on all the bytes are known. */
static void report_unobserved(struct sim_device *device, uint64_t addr, uint64_t bytes,
                              const struct event *place)
{
    uint64_t first = arena_first_unobserved(device->arena, addr, bytes);
    uint64_t rest_bytes = bytes - first;
    struct event event = sim_event(device, EVENT_UNOBSERVED, place->queue);
    event.party = EVENT_PARTY_WORLD;
    event.value = UNOBSERVED_STORE;
    event.addr = addr + first;
    event.width_bytes = rest_bytes < UINT32_MAX ? (uint32_t)rest_bytes : UINT32_MAX;
    event.place = place->place;
    event.index = place->index;
    sim_emit(device, &event);
    arena_shadow_update(device->arena, addr, bytes);
}

/* Where this device finds RAM. */
static inline uint8_t *ram_of(const struct sim_device *device, uint64_t addr)
{
    return device->witness ? shadow_of(device->arena, addr) : arena_host(device->arena, addr);
}

static enum sim_refusal refusal_at(enum event_place place)
{
    switch (place) {
    case EVENT_PLACE_DESC:
    case EVENT_PLACE_DESC_ADDR:
    case EVENT_PLACE_DESC_LEN:
    case EVENT_PLACE_DESC_FLAGS:
    case EVENT_PLACE_DESC_NEXT:
        return SIM_REFUSAL_DMA_DESC;
    case EVENT_PLACE_AVAIL_FLAGS:
    case EVENT_PLACE_AVAIL_IDX:
    case EVENT_PLACE_AVAIL_RING:
    case EVENT_PLACE_USED_EVENT:
        return SIM_REFUSAL_DMA_AVAIL;
    case EVENT_PLACE_USED_FLAGS:
    case EVENT_PLACE_USED_IDX:
    case EVENT_PLACE_USED_RING:
    case EVENT_PLACE_USED_RING_ID:
    case EVENT_PLACE_USED_RING_LEN:
    case EVENT_PLACE_AVAIL_EVENT:
        return SIM_REFUSAL_DMA_USED;
    case EVENT_PLACE_INDIRECT:
        return SIM_REFUSAL_DMA_INDIRECT;
    case EVENT_PLACE_REQUEST:
        return SIM_REFUSAL_DMA_REQUEST;
    case EVENT_PLACE_RESPONSE:
        return SIM_REFUSAL_DMA_RESPONSE;
    case EVENT_PLACE_NONE:
    case EVENT_PLACE_REGISTER:
    case EVENT_PLACE_REGISTER_GAP:
    case EVENT_PLACE_CONFIG:
    case EVENT_PLACE_MEMORY:
    case EVENT_PLACE_BACKING:
    case EVENT_PLACE_COUNT:
        break;
    }
    return SIM_REFUSAL_DMA_BACKING;
}

/* May the device reach these bytes? RAM that was not given to it is no matter to QEMU. */
static enum arena_fault reach(struct sim_device *device, uint64_t addr, uint64_t bytes,
                              const struct event *place)
{
    enum arena_fault fault = arena_check(device->arena, addr, bytes);

    if (fault == ARENA_FAULT_NONE || !sim_is_qemu(device) ||
        !arena_is_ram(device->arena, addr, bytes))
        return fault;
    struct event details = {.addr = addr,
                            .extra = bytes,
                            .index = (uint32_t)fault,
                            .place = EVENT_PLACE_MEMORY};
    sim_refuse_as(device, place->queue, refusal_at((enum event_place)place->place), SIM_ACTION_NOTE,
                  &details);
    return ARENA_FAULT_NONE;
}

static inline void check_stores(struct sim_device *device, uint64_t addr, uint64_t bytes,
                                const struct event *place)
{
    if (device->check_stores && device->arena->shadow != NULL &&
        !are_equal(arena_host(device->arena, addr), shadow_of(device->arena, addr), bytes))
        report_unobserved(device, addr, bytes, place);
}

static inline void emit_access(struct sim_device *device, enum event_kind kind, uint64_t addr,
                               const uint8_t *ram, uint32_t bytes, struct event *event)
{
    event->party = EVENT_PARTY_DEVICE;
    event->kind = (uint8_t)kind;
    event->addr = addr;
    event->width_bytes = bytes;
    event->value = sim_ring_value(device, event->place, bytes, first_bytes(ram, bytes));
    event->bytes = ram;
    sim_emit(device, event);
}

enum arena_fault sim_load(struct sim_device *device, uint64_t addr, void *out, uint32_t bytes,
                          struct event *event)
{
    assert(bytes > 0);
    enum arena_fault fault = reach(device, addr, bytes, event);
    if (fault != ARENA_FAULT_NONE)
        return fault;
    check_stores(device, addr, bytes, event);
    const uint8_t *ram = ram_of(device, addr);
    arena_copy(out, ram, bytes);
    emit_access(device, EVENT_LOAD, addr, ram, bytes, event);
    return ARENA_FAULT_NONE;
}

enum arena_fault sim_store(struct sim_device *device, uint64_t addr, const void *in, uint32_t bytes,
                           struct event *event)
{
    assert(bytes > 0);
    enum arena_fault fault = reach(device, addr, bytes, event);
    if (fault != ARENA_FAULT_NONE)
        return fault;
    uint8_t *ram = ram_of(device, addr);
    arena_copy(ram, in, bytes);
    if (device->arena->shadow != NULL && !device->witness)
        arena_copy(shadow_of(device->arena, addr), in, bytes);
    emit_access(device, EVENT_STORE, addr, ram, bytes, event);
    return ARENA_FAULT_NONE;
}

const uint8_t *sim_map_for_read(struct sim_device *device, uint64_t addr, uint64_t bytes,
                                enum arena_fault *fault)
{
    const struct event place = {.place = EVENT_PLACE_MEMORY};
    *fault = reach(device, addr, bytes, &place);
    if (*fault != ARENA_FAULT_NONE)
        return NULL;
    if (bytes == 0)
        return device->arena->host; /* anywhere: nothing will be read */
    check_stores(device, addr, bytes, &place);
    return ram_of(device, addr);
}
