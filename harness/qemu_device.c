/*
 * The driver's accesses go to QEMU, and the simulated device bears witness.
 *
 * Reads have no effect on a virtio-mmio device, and one that is at rest changes only when it is
 * written to: so a value read once is good until the next write, and a polling loop costs no round
 * trip a turn. That holds because the machine is stopped (no clock, no CPU), has no user (no
 * display), and qtest_settle() has let QEMU finish what a notification began.
 */
#include "qemu_device.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "qemu.h"
#include "replay.h"
#include "virtio/ring.h"
#include "world_state.h"

#define KNOWN_VALUES  128u  /* registers whose value is remembered, direct-mapped */
#define PIECES_MAX    4096u /* of memory that a notification lets the device write */
#define WAITING_MAX   32u   /* writes that QEMU has not been told of yet */
#define TELLING_PX    64u   /* sides of a screen on which a placeholder can be recognised */
#define PATIENT_TRIPS 4     /* further looks before QEMU is said to do otherwise */

struct known_value {
    uint32_t offset, bytes;
    uint64_t generation; /* 0 = none */
    uint64_t value;
};

struct piece {
    uint64_t addr, bytes;
};

struct qemu_device {
    struct qemu *qemu;
    uint64_t generation; /* grows with every write that may change anything */
    bool broken;
    uint32_t config_generation; /* at the beginning: a reset keeps it */
    bool screen_changed;
    size_t waiting_count; /* always room for one more */
    struct qtest_access waiting[WAITING_MAX];
    struct known_value known[KNOWN_VALUES];
    uint32_t takes; /* chains since the witness was at rest */
    size_t piece_count;
    struct piece piece[PIECES_MAX];
};

/* ---- life ---- */

static uint32_t first_generation(const struct scenario *scenario, struct qemu_device *far)
{
    struct qtest_access look = {.addr =
                                    scenario->machine.base + VIRTIO_MMIO_ConfigGeneration +
                                    machine_slot_offset(&scenario->machine, scenario->device.slot),
                                .bytes = 4};

    if (scenario->device.version == 1)
        return 0; /* it has no such register, and QEMU would complain of us */
    /* What goes wrong here goes wrong again at the first access, and is told there. */
    return qtest_exchange(qemu_qtest(far->qemu), &look, 1) == NULL ? (uint32_t)look.value : 0;
}

const char *qemu_device_create(struct world *world)
{
    const char *unfit = qemu_device_unfit(world->scenario);
    struct qemu_device *far;

    if (unfit != NULL)
        return unfit;
    far = calloc(1, sizeof *far);
    if (far == NULL)
        return "memory ran out";
    far->generation = 1;
    const char *error = qemu_obtain(world->scenario, &far->qemu);
    if (error != NULL) {
        free(far);
        return error;
    }
    far->config_generation = first_generation(world->scenario, far);
    world->far = far;
    process_has_children();
    return NULL;
}

uint32_t qemu_device_generation(const struct qemu_device *far)
{
    return far->config_generation;
}

int qemu_device_ram(const struct qemu_device *far)
{
    return qemu_ram_fd(far->qemu);
}

void qemu_device_destroy(struct world *world)
{
    struct qemu_device *far = world->far;

    if (far == NULL)
        return;
    qemu_printed(far->qemu, &world->outcome->printed);
    snprintf(world->outcome->qemu_version, sizeof world->outcome->qemu_version, "%s",
             qemu_version(far->qemu));
    qemu_release(far->qemu,
                 !far->broken && (world->options->keep_qemu || !qemu_has_shown(far->qemu)));
    free(far);
    world->far = NULL;
}

/* QEMU is gone: the run ends at the driver's next step, and the environment is at fault. */
static void lose(struct world *world, const char *error)
{
    struct qemu_device *far = world->far;

    if (far->broken)
        return;
    far->broken = true;
    snprintf(world->outcome->lost, sizeof world->outcome->lost, "%s",
             qemu_explain(far->qemu, error));
    world->stopped = true;
    world->stop_at = 0;
}

/* ---- differences ---- */

static void format_to(const struct world *world, const struct event *event, char *out)
{
    char text[EVENT_TEXT_BYTES];
    event_format(event, arena_name, &world->arena, text, sizeof text);
    snprintf(out, EVENT_TEXT_BYTES, "%s", text);
}

/* The driver finds `theirs` on QEMU's device where it finds `ours` on the simulated one. */
static void differ(struct world *world, struct event *event, uint64_t ours, uint64_t theirs)
{
    struct world_difference *difference = &world->outcome->difference;

    if (world->outcome->parted != NULL || world->outcome->difference_count++ != 0)
        return;
    event->party = EVENT_PARTY_DRIVER;
    event->step = world->steps;
    difference->step = world->steps;
    difference->action = world->action;
    event->value = ours;
    format_to(world, event, difference->ours);
    event->value = theirs;
    format_to(world, event, difference->theirs);
}

static struct event register_look(const struct world *world, uint32_t offset, uint32_t bytes)
{
    uint32_t in_slot = machine_in_slot(&world->bus.machine, offset);
    int reg = mmio_register_at(in_slot);
    struct event event = {
        .kind = EVENT_READ,
        .addr = in_slot,
        .slot = (uint16_t)machine_slot_of(&world->bus.machine, offset),
        .width_bytes = bytes,
    };

    event.flags = event.slot != world->scenario->device.slot ? EVENT_OTHER_SLOT : 0;
    event.place = (uint8_t)(in_slot >= VIRTIO_MMIO_CONFIG ? EVENT_PLACE_CONFIG
                            : reg >= 0                    ? EVENT_PLACE_REGISTER
                                                          : EVENT_PLACE_REGISTER_GAP);
    event.index = reg >= 0 ? (uint32_t)reg : 0;
    return event;
}

/* ---- registers ---- */

/* Hands QEMU the writes that wait, and then this access; the value of a read. */
static uint64_t exchange(struct world *world, uint32_t offset, uint32_t bytes, bool is_write,
                         uint64_t value)
{
    struct qemu_device *far = world->far;
    const char *error;

    if (far->broken)
        return 0;
    far->waiting[far->waiting_count++] = (struct qtest_access){
        .addr = world->bus.machine.base + offset,
        .bytes = (uint8_t)bytes,
        .is_write = is_write,
        .value = value,
    };
    error = qtest_exchange(qemu_qtest(far->qemu), far->waiting, far->waiting_count);
    value = far->waiting[far->waiting_count - 1].value;
    far->waiting_count = 0;
    if (error != NULL)
        lose(world, error);
    return value;
}

/* A write may wait until something is read or notified: nobody sees the difference. */
static void put_off(struct world *world, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct qemu_device *far = world->far;

    if (far->waiting_count + 1 == WAITING_MAX) {
        (void)exchange(world, offset, bytes, true, value);
        return;
    }
    far->waiting[far->waiting_count++] = (struct qtest_access){
        .addr = world->bus.machine.base + offset,
        .bytes = (uint8_t)bytes,
        .is_write = true,
        .value = value,
    };
}

/* Before QEMU is asked for something else than a register. */
static void flush_writes(struct world *world)
{
    struct qemu_device *far = world->far;
    const char *error = NULL;

    if (far->waiting_count > 0 && !far->broken)
        error = qtest_exchange(qemu_qtest(far->qemu), far->waiting, far->waiting_count);
    far->waiting_count = 0;
    if (error != NULL)
        lose(world, error);
}

static bool is_natural(uint32_t offset, uint32_t bytes)
{
    return (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) && offset % bytes == 0;
}

uint64_t qemu_device_read(struct world *world, uint32_t offset, uint32_t bytes)
{
    struct qemu_device *far = world->far;
    struct known_value *known = &far->known[(offset / 4 + bytes / 8) % KNOWN_VALUES];
    uint64_t ours = bus_read(&world->bus, offset, bytes);
    struct event event;

    if (!is_natural(offset, bytes))
        return ours; /* no bus makes such an access */
    if (known->generation == far->generation && known->offset == offset && known->bytes == bytes)
        return known->value;
    *known = (struct known_value){
        .offset = offset,
        .bytes = bytes,
        .generation = far->generation,
        .value = exchange(world, offset, bytes, false, 0),
    };
    world->outcome->compared++;
    if (known->value != ours && !far->broken) {
        event = register_look(world, offset, bytes);
        differ(world, &event, ours, known->value);
    }
    return known->value;
}

static uint32_t own_offset(const struct world *world, uint32_t reg)
{
    return machine_slot_offset(&world->bus.machine, world->scenario->device.slot) + reg;
}

/* Acknowledging bits that are not set changes nothing, and some loops do it in every turn. */
static bool changes_nothing(const struct world *world, uint32_t offset, uint32_t bytes,
                            uint64_t value)
{
    return offset == own_offset(world, VIRTIO_MMIO_InterruptACK) && bytes == 4 &&
           (value & world->device.interrupt_status) == 0;
}

/* RAM as QEMU will find it, for the witness: stores that the probe did not see as well. */
static void take_memory(struct world *world)
{
    struct arena *arena = &world->arena;

    for (size_t i = 0; i < arena->region_count; i++) {
        const struct arena_region *region = &arena->regions[i];
        if (region->freed_step == 0 &&
            arena_first_unobserved(arena, region->addr, region->size_bytes) < region->size_bytes)
            arena_shadow_update(arena, region->addr, region->size_bytes);
    }
}

void qemu_device_write(struct world *world, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct qemu_device *far = world->far;
    bool is_idle = changes_nothing(world, offset, bytes, value);

    if (!is_natural(offset, bytes) || (is_idle && world->stuck))
        return;
    if (offset == own_offset(world, VIRTIO_MMIO_QueueNotify)) {
        take_memory(world);
        (void)exchange(world, offset, bytes, true, value);
    } else {
        put_off(world, offset, bytes, value);
    }
    if (!is_idle)
        far->generation++;
    bus_write(&world->bus, offset, bytes, value);
    if (offset != own_offset(world, VIRTIO_MMIO_QueueNotify) || far->broken)
        return;
    const char *error =
        qtest_settle(qemu_qtest(far->qemu),
                     world->bus.machine.base + own_offset(world, VIRTIO_MMIO_MagicValue));
    if (error != NULL)
        lose(world, error);
    else if (!sim_device_enabled(&world->device))
        qemu_device_confirm(world); /* the witness says that nothing happens: does it not? */
}

/* ---- what came of a notification ---- */

static void note_piece(struct qemu_device *far, uint64_t addr, uint64_t bytes)
{
    if (far->piece_count < PIECES_MAX)
        far->piece[far->piece_count++] = (struct piece){addr, bytes};
}

static const char parted_outside[] = "an address outside RAM";

/* Where the two part for a reason that is known: qemu_device.h. */
static const char *parting(const struct qemu_device *far, const struct event *event)
{
    bool outside = event->index == ARENA_FAULT_OUTSIDE_RAM || event->index == ARENA_FAULT_VIRTUAL;

    if (event->kind == EVENT_NEEDS_RESET && far->takes > 0)
        return "a chain that breaks the device, behind others";
    if (event->kind == EVENT_EXECUTE && event->value == VIRTIO_GPU_CMD_GET_EDID)
        return "an EDID, which tells of its maker";
    if (event->kind != EVENT_REFUSE)
        return NULL;
    if (event->value == SIM_REFUSAL_AVAIL_JUMP)
        return "an avail.idx that is more than a queue ahead";
    if (event->value >= SIM_REFUSAL_DMA_DESC && event->value <= SIM_REFUSAL_DMA_BACKING && outside)
        return parted_outside;
    return NULL;
}

void qemu_device_saw(struct world *world, const struct event *event)
{
    const struct sim_chain *chain;

    world->far->screen_changed |= event->kind == EVENT_FLUSH || event->kind == EVENT_SCANOUT;
    if (world->outcome->parted == NULL)
        world->outcome->parted = parting(world->far, event);
    if (event->kind != EVENT_TAKE)
        return;
    world->far->takes++;
    chain = &world->device.queue[event->queue].chain;
    for (uint32_t i = 0; i < chain->readable_count + chain->writable_count; i++) {
        if (!arena_is_ram(&world->arena, chain->segment[i].addr, chain->segment[i].len_bytes))
            world->outcome->parted = parted_outside; /* QEMU maps a chain before it looks at it */
    }
    for (uint32_t i = 0; i < chain->writable_count; i++) {
        const struct sim_segment *segment = &chain->segment[chain->readable_count + i];
        note_piece(world->far, segment->addr, segment->len_bytes);
    }
}

/* The first byte from which RAM (QEMU's) and shadow (the witness') differ, as the field it is in.
 */
static void differ_in_memory(struct world *world, uint64_t addr)
{
    struct event event = {.kind = EVENT_LOAD, .addr = addr, .width_bytes = 1};
    uint64_t ours = 0, theirs = 0;
    const struct arena *arena = &world->arena;

    if (sim_queue_place(&world->device, addr, &event)) {
        place_address(&world->device, &event);
    } else {
        event.place = EVENT_PLACE_MEMORY;
        event.addr = addr & ~UINT64_C(3);
        event.width_bytes = 4;
    }
    if (event.width_bytes > sizeof ours)
        event.width_bytes = sizeof ours;
    memcpy(&theirs, arena_host(arena, event.addr), event.width_bytes);
    memcpy(&ours, arena->shadow + (event.addr - arena->base), event.width_bytes);
    differ(world, &event, ours, theirs);
}

/* False when they differed; RAM is what counts from then on. */
static bool compare_piece(struct world *world, uint64_t addr, uint64_t bytes)
{
    const struct arena *arena = &world->arena;
    uint64_t end = arena->base + arena->size_bytes;
    uint64_t same;

    if (addr < arena->base || addr >= end)
        return true;
    if (bytes > end - addr)
        bytes = end - addr;
    world->outcome->compared++;
    same = arena_first_unobserved(arena, addr, bytes);
    if (same == bytes)
        return true;
    differ_in_memory(world, addr + same);
    arena_shadow_update(&world->arena, addr, bytes);
    return false;
}

static bool is_same(const struct arena *arena, uint64_t addr, uint64_t bytes)
{
    uint64_t end = arena->base + arena->size_bytes;

    if (addr < arena->base || addr >= end)
        return true;
    bytes = bytes < end - addr ? bytes : end - addr;
    return arena_first_unobserved(arena, addr, bytes) == bytes;
}

/* Is everything as the witness says? Changes nothing. */
static bool agrees(const struct world *world, const struct qtest_access look[2])
{
    const struct qemu_device *far = world->far;
    bool same =
        look[0].value == world->device.interrupt_status && look[1].value == world->device.status;

    for (uint32_t i = 0; i < world->device.class->queue_count && same; i++) {
        const struct sim_queue *queue = &world->device.queue[i];
        if (sim_queue_is_live(&world->device, i))
            same = is_same(&world->arena, queue->used_addr, virtq_used_bytes(queue->size));
    }
    for (size_t i = 0; i < far->piece_count && same; i++)
        same = is_same(&world->arena, far->piece[i].addr, far->piece[i].bytes);
    return same;
}

/* A scenario that plays the driver makes every store itself, so that all memory can be compared. */
static void compare_everything(struct world *world)
{
    for (size_t i = 0; i < world->arena.region_count; i++) {
        const struct arena_region *region = &world->arena.regions[i];
        if (region->freed_step == 0)
            compare_piece(world, region->addr, region->size_bytes);
    }
}

static void compare_ring(struct world *world, uint32_t number)
{
    struct sim_queue *queue = &world->device.queue[number];
    uint64_t idx_addr = queue->used_addr + offsetof(struct virtq_used, idx);
    le16 idx;

    if (!sim_queue_is_live(&world->device, number) ||
        compare_piece(world, queue->used_addr, virtq_used_bytes(queue->size)))
        return;
    memcpy(&idx, arena_host(&world->arena, idx_addr), sizeof idx);
    queue->used_idx = virtio_le16(idx); /* the witness goes on from where QEMU is */
}

static void compare_register(struct world *world, uint32_t reg, uint32_t *ours, uint64_t theirs)
{
    struct event event = register_look(world, own_offset(world, reg), 4);

    world->outcome->compared++;
    if (*ours == theirs)
        return;
    differ(world, &event, *ours, theirs);
    *ours = (uint32_t)theirs;
}

void qemu_device_confirm(struct world *world)
{
    struct qemu_device *far = world->far;
    uint64_t base = world->bus.machine.base;
    struct qtest_access look[] = {
        {.addr = base + own_offset(world, VIRTIO_MMIO_InterruptStatus), .bytes = 4},
        {.addr = base + own_offset(world, VIRTIO_MMIO_Status), .bytes = 4},
    };
    const char *error;

    if (far->broken)
        return;
    error = qtest_exchange(qemu_qtest(far->qemu), look, 2);
    for (int i = 0; i < PATIENT_TRIPS && error == NULL && !agrees(world, look); i++)
        error = qtest_exchange(qemu_qtest(far->qemu), look, 2); /* QEMU may be late */
    if (error != NULL) {
        lose(world, error);
        return;
    }
    for (uint32_t i = 0; i < world->device.class->queue_count; i++)
        compare_ring(world, i);
    for (size_t i = 0; i < far->piece_count; i++)
        compare_piece(world, far->piece[i].addr, far->piece[i].bytes);
    far->piece_count = 0;
    far->takes = 0;
    if (world->driver == NULL)
        compare_everything(world);
    compare_register(world, VIRTIO_MMIO_InterruptStatus, &world->device.interrupt_status,
                     look[0].value);
    compare_register(world, VIRTIO_MMIO_Status, &world->device.status, look[1].value);
    if (world->options->screens && far->screen_changed) {
        struct picture picture;
        far->screen_changed = false;
        if (qemu_device_picture(world, &picture))
            picture_free(&picture);
    }
}

/* ---- the screen ---- */

static void differ_on_screen(struct world *world, const char *ours, const char *theirs)
{
    struct world_difference *difference = &world->outcome->difference;

    if (world->outcome->parted != NULL || world->outcome->difference_count++ != 0)
        return;
    difference->step = world->steps;
    difference->action = world->action;
    snprintf(difference->ours, sizeof difference->ours, "%" PRIu64 " world screen %s", world->steps,
             ours);
    snprintf(difference->theirs, sizeof difference->theirs, "%" PRIu64 " world screen %s",
             world->steps, theirs);
}

static uint32_t pixel_at(const struct picture *picture, uint32_t x, uint32_t y)
{
    const uint8_t *pixel = picture->rgb + ((size_t)y * picture->width_px + x) * 3;
    return (uint32_t)pixel[0] << 16 | (uint32_t)pixel[1] << 8 | pixel[2];
}

static void compare_pictures(struct world *world, const struct picture *ours,
                             const struct picture *theirs)
{
    struct picture_difference at;
    char text[2][80];

    world->outcome->compared++;
    if (ours->rgb == NULL || picture_equal(ours, theirs, &at))
        return;
    if (!at.same_size) {
        snprintf(text[0], sizeof text[0], "%" PRIu32 "x%" PRIu32, ours->width_px, ours->height_px);
        snprintf(text[1], sizeof text[1], "%" PRIu32 "x%" PRIu32, theirs->width_px,
                 theirs->height_px);
    } else {
        snprintf(text[0], sizeof text[0], "%" PRIu32 ",%" PRIu32 " #%06" PRIx32, at.first_x,
                 at.first_y, pixel_at(ours, at.first_x, at.first_y));
        snprintf(text[1], sizeof text[1], "%" PRIu32 ",%" PRIu32 " #%06" PRIx32, at.first_x,
                 at.first_y, pixel_at(theirs, at.first_x, at.first_y));
    }
    differ_on_screen(world, text[0], text[1]);
}

bool qemu_device_picture(struct world *world, struct picture *out)
{
    struct qemu_device *far = world->far;
    struct gpu_scanout_info *info = &world->outcome->scanout.info;
    struct picture ours = {0};
    enum replay_screen screen;
    const char *error;
    bool shows;

    *out = (struct picture){0};
    gpu_scanout_info(&world->device, 0, info);
    flush_writes(world);
    if (far->broken)
        return false;
    error = qemu_screen(far->qemu, out);
    if (error != NULL) {
        lose(world, error);
        return false;
    }
    screen = placeholder_recognise(out);
    shows = screen == REPLAY_SCREEN_PICTURE || screen == REPLAY_SCREEN_BLANK;
    if (out->width_px < TELLING_PX || out->height_px < TELLING_PX)
        shows = info->active; /* too small for a placeholder to be known by its text */
    if (shows && info->active) {
        if (gpu_scanout_picture(&world->device, 0, &ours))
            compare_pictures(world, &ours, out);
        picture_free(&ours);
    } else if (shows != info->active) {
        differ_on_screen(world, info->active ? "active" : "off", shows ? "active" : "off");
    }
    if (shows || screen == REPLAY_SCREEN_NOT_ACTIVE)
        qemu_note_shown(far->qemu);
    info->active = shows;
    info->ever_active |= shows;
    if (shows) {
        info->rect.width = out->width_px;
        info->rect.height = out->height_px;
    } else {
        picture_free(out);
        *out = (struct picture){0};
    }
    return shows;
}
