/*
 * Makes up scenarios: what a driver might do, could do, and should never do.
 *
 * A scenario is a row of *moves*: a register access of any kind, a bring-up, a request, a reset.
 * Moves keep to what works most of the time, for a device that is never brought up shows little,
 * and are bent now and then: a step left out, a value replaced, a chain spoiled.
 *
 * Left out on purpose, because QEMU 7.2 does not survive it or takes the host's memory for it: see
 * QEMU_LIMITS below. Not handled: the guest's RAM outside two regions, several queues at once in
 * one notification, devices other than the GPU.
 */
#include "diff.h"
#include "diff_make.h"

#include <string.h>

#include "random.h"
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

/* ---- chance ---- */

uint32_t make_draw(struct make *make)
{
    return (uint32_t)(random_next(&make->random) >> 32);
}

uint32_t make_below(struct make *make, uint32_t limit)
{
    return make_draw(make) % limit;
}

bool make_chance(struct make *make, uint32_t count)
{
    return make_below(make, count) == 0;
}

uint32_t make_pick(struct make *make, const uint32_t *from, size_t count)
{
    return from[make_below(make, (uint32_t)count)];
}

/* Any 32-bit value, and the ones that mean something rather often. */
uint32_t make_odd(struct make *make)
{
    switch (make_below(make, 6)) {
    case 0:
        return make_below(make, 20);
    case 1:
        return 1u << make_below(make, 32);
    case 2:
        return (1u << make_below(make, 32)) - 1;
    case 3:
        return 0xffffffffu - make_below(make, 3);
    case 4:
        return (uint32_t)(make_below(make, 2) ? RING_ADDR : DATA_ADDR) + make_below(make, 64) * 64;
    default:
        return make_draw(make);
    }
}

/* ---- actions ---- */

static uint64_t mask_of(uint32_t bytes)
{
    return bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * bytes)) - 1;
}

bool make_is_full(const struct make *make)
{
    return make->scenario->action_count + ROOM_FOR_A_MOVE > SCENARIO_ACTIONS_MAX;
}

static struct scenario_action *add(struct make *make, enum scenario_action_kind kind)
{
    struct scenario *scenario = make->scenario;
    static struct scenario_action spare;
    struct scenario_action *action = scenario->action_count < SCENARIO_ACTIONS_MAX
                                         ? &scenario->action[scenario->action_count++]
                                         : &spare;

    memset(action, 0, sizeof *action);
    action->kind = kind;
    action->line = (unsigned)scenario->action_count;
    action->result = -1;
    return action;
}

static void access_register(struct make *make, bool is_write, uint32_t offset, uint32_t bytes,
                            uint64_t value)
{
    struct event *event = &add(make, is_write ? SCENARIO_WRITE : SCENARIO_READ)->event;
    int reg = mmio_register_at(offset);

    event->place = (uint8_t)(offset >= VIRTIO_MMIO_CONFIG ? EVENT_PLACE_CONFIG
                             : reg >= 0                   ? EVENT_PLACE_REGISTER
                                                          : EVENT_PLACE_REGISTER_GAP);
    event->index = reg >= 0 ? (uint32_t)reg : 0;
    event->addr = offset;
    event->width_bytes = bytes;
    event->value = is_write ? value & mask_of(bytes) : 0;
    event->slot = (uint16_t)make->scenario->device.slot;
}

void make_write(struct make *make, uint32_t offset, uint32_t value)
{
    access_register(make, true, offset, 4, value);
}

void make_read(struct make *make, uint32_t offset)
{
    access_register(make, false, offset, 4, 0);
}

void make_store(struct make *make, uint64_t addr, uint32_t bytes, uint64_t value)
{
    struct event *event = &add(make, SCENARIO_STORE)->event;

    event->place = EVENT_PLACE_MEMORY;
    event->addr = addr;
    event->width_bytes = bytes;
    event->value = value & mask_of(bytes);
}

/* Words of 32 bits, two a store. */
void make_store_words(struct make *make, uint64_t addr, const uint32_t *word, size_t count)
{
    for (size_t i = 0; i < count; i += 2) {
        if (i + 1 < count)
            make_store(make, addr + i * 4, 8, word[i] | (uint64_t)word[i + 1] << 32);
        else
            make_store(make, addr + i * 4, 4, word[i]);
    }
}

static void allocate(struct make *make, const char *name, uint64_t addr, uint64_t bytes)
{
    struct scenario_action *action = add(make, SCENARIO_ALLOC);

    strncpy(action->name, name, sizeof action->name - 1);
    action->event.kind = EVENT_ALLOC;
    action->event.party = EVENT_PARTY_DRIVER;
    action->event.addr = addr;
    action->event.value = bytes;
}

/* ---- moves ---- */

static const uint32_t register_offsets[] = {
#define X(name, offset, v1, v2, scope, alias) offset,
    VIRTIO_MMIO_REGISTERS(X)
#undef X
};

#define REGISTERS (sizeof register_offsets / sizeof register_offsets[0])

static uint32_t any_offset(struct make *make, uint32_t bytes)
{
    uint32_t offset;

    switch (make_below(make, 10)) {
    case 0:
        offset = VIRTIO_MMIO_CONFIG + make_below(make, 20);
        break;
    case 1:
        offset = make_below(make, VIRTIO_MMIO_WINDOW_BYTES);
        break;
    case 2:
        offset = register_offsets[make_below(make, REGISTERS)] + make_below(make, 4);
        break;
    default:
        offset = register_offsets[make_below(make, REGISTERS)];
        break;
    }
    offset &= ~(bytes - 1);
    return offset + bytes <= VIRTIO_MMIO_WINDOW_BYTES ? offset : 0;
}

static uint32_t any_width(struct make *make)
{
    return make_chance(make, 4) ? PICK(make, 1, 2, 8) : 4;
}

static uint32_t any_value_for(struct make *make, uint32_t offset)
{
    switch (offset) {
    case VIRTIO_MMIO_Status:
        return make_chance(make, 8) ? make_odd(make) : PICK(make, 0, 1, 3, 7, 11, 15, 64, 79, 128);
    case VIRTIO_MMIO_QueueSel:
    case VIRTIO_MMIO_QueueNotify:
        return make_chance(make, 8) ? make_odd(make) : PICK(make, 0, 0, 0, 1, 1, 2, 1023, 1024);
    case VIRTIO_MMIO_QueueSize:
        return make_chance(make, 8)
                   ? make_odd(make)
                   : PICK(make, 0, 1, 2, 3, 4, 8, 16, 64, 256, 1000, 1024, 1025, 2048);
    case VIRTIO_MMIO_QueueReady:
        return PICK(make, 0, 1, 1, 2);
    case VIRTIO_MMIO_QueueAlign:
        return PICK(make, 0, 1, 2, 4, 8, 64, 4096, 8192, 3); /* QEMU_LIMITS */
    case VIRTIO_MMIO_GuestPageSize:
        return make_chance(make, 8) ? make_odd(make) : PICK(make, 0, 1, 512, 4096, 65536, 0x3000);
    case VIRTIO_MMIO_QueuePFN:
        return make_chance(make, 8) ? make_odd(make)
                                    : PICK(make, 0, (uint32_t)(RING_ADDR / 4096), 0x40404, 0x40408);
    case VIRTIO_MMIO_DriverFeaturesSel:
    case VIRTIO_MMIO_DeviceFeaturesSel:
        return PICK(make, 0, 1, 1, 2, 0xffffffffu);
    case VIRTIO_MMIO_InterruptACK:
        return PICK(make, 0, 1, 2, 3, 0xffffffffu);
    case VIRTIO_MMIO_QueueDescLow:
    case VIRTIO_MMIO_QueueDriverLow:
    case VIRTIO_MMIO_QueueDeviceLow:
        return make_chance(make, 20) ? make_odd(make)
                                     : (uint32_t)RING_ADDR + make_below(make, 64) * 0x400;
    case VIRTIO_MMIO_QueueDescHigh:
    case VIRTIO_MMIO_QueueDriverHigh:
    case VIRTIO_MMIO_QueueDeviceHigh:
        return make_chance(make, 40) ? make_odd(make) : 0;
    default:
        return make_odd(make);
    }
}

static void move_register(struct make *make)
{
    uint32_t bytes = any_width(make);
    uint32_t offset = any_offset(make, bytes);
    bool is_write = make_chance(make, 2);

    if (offset == VIRTIO_MMIO_QueueSize && (make->version == 2 || bytes == 8))
        is_write = false; /* QEMU_LIMITS; the upper half is QueueAlign */

    access_register(make, is_write, offset, bytes,
                    is_write ? any_value_for(make, offset) | (uint64_t)make_draw(make) << 32 : 0);
}

/* A write of a bring-up: now and then it is left out, or writes something else. */
static void step32(struct make *make, uint32_t offset, uint32_t value)
{
    if (make_chance(make, 60))
        return;
    make_write(make, offset, make_chance(make, 60) ? any_value_for(make, offset) : value);
}

static void program_modern(struct make *make, uint32_t queue, uint64_t desc, uint64_t avail,
                           uint64_t used)
{
    step32(make, VIRTIO_MMIO_QueueDescLow, (uint32_t)desc);
    step32(make, VIRTIO_MMIO_QueueDescHigh, (uint32_t)(desc >> 32));
    step32(make, VIRTIO_MMIO_QueueDriverLow, (uint32_t)avail);
    step32(make, VIRTIO_MMIO_QueueDriverHigh, (uint32_t)(avail >> 32));
    step32(make, VIRTIO_MMIO_QueueDeviceLow, (uint32_t)used);
    step32(make, VIRTIO_MMIO_QueueDeviceHigh, (uint32_t)(used >> 32));
    step32(make, VIRTIO_MMIO_QueueReady, 1);
    make->queue[queue].desc = desc;
    make->queue[queue].avail = avail;
    make->queue[queue].used = used;
}

static void move_bring_up(struct make *make);

void make_queue(struct make *make)
{
    uint32_t queue = make_below(make, VIRTIO_GPU_QUEUE_COUNT);

    if (make->queue[queue].size != 0) { /* QEMU_LIMITS: none is programmed twice */
        move_bring_up(make);
        return;
    }
    uint32_t size = PICK(make, 1, 2, 4, 4, 8, 8, 16, 64, 3);
    uint64_t desc = RING_ADDR + queue * QUEUE_STRIDE + PICK(make, 0, 0, 0, 16, 4096, 8);
    uint64_t avail, used;

    if (make->version == 1)
        desc &= ~UINT64_C(0xfff);
    avail = desc + 0x1000 + PICK(make, 0, 0, 2, 6, 1);
    used = desc + 0x2000 + PICK(make, 0, 0, 4, 2);
    make_write(make, VIRTIO_MMIO_QueueSel, queue);
    step32(make, VIRTIO_MMIO_QueueSize, size);
    make->queue[queue].size = size;
    make->queue[queue].avail_idx = 0;
    make->queue[queue].next_desc = 0;
    if (make->version == 2) {
        program_modern(make, queue, desc, avail, used);
        make_store(make, avail, 4, 0);
        make_store(make, used, 4, 0);
        return;
    }
    step32(make, VIRTIO_MMIO_GuestPageSize, 4096);
    step32(make, VIRTIO_MMIO_QueueAlign, PICK(make, 4, 8, 64, 4096, 4096));
    step32(make, VIRTIO_MMIO_QueuePFN, (uint32_t)(desc / 4096));
    make->queue[queue].desc = desc;
    make->queue[queue].avail = desc + virtq_desc_bytes(size);
    make->queue[queue].used = 0;
    make_store(make, make->queue[queue].avail, 4, 0);
}

static void move_bring_up(struct make *make)
{
    static const uint32_t low[] = {0,
                                   0,
                                   VIRTIO_BIT(VIRTIO_F_EVENT_IDX),
                                   VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC),
                                   VIRTIO_BIT(VIRTIO_F_EVENT_IDX) |
                                       VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC),
                                   VIRTIO_BIT(VIRTIO_F_NOTIFY_ON_EMPTY)};
    uint32_t features =
        make_chance(make, 10) ? make_odd(make) : make_pick(make, low, sizeof low / sizeof low[0]);

    make_write(make, VIRTIO_MMIO_Status, 0);
    make->queue[0].size = make->queue[1].size = 0;
    step32(make, VIRTIO_MMIO_Status, 1);
    step32(make, VIRTIO_MMIO_Status, 3);
    step32(make, VIRTIO_MMIO_DriverFeaturesSel, 0);
    step32(make, VIRTIO_MMIO_DriverFeatures, features);
    if (make->version == 2) {
        step32(make, VIRTIO_MMIO_DriverFeaturesSel, 1);
        step32(make, VIRTIO_MMIO_DriverFeatures, make_chance(make, 10) ? make_odd(make) : 1);
        step32(make, VIRTIO_MMIO_Status, 11);
        make_read(make, VIRTIO_MMIO_Status);
    }
    make->features = features;
    make_queue(make);
    if (make_chance(make, 3))
        make_queue(make);
    step32(make, VIRTIO_MMIO_Status, make->version == 2 ? 15 : 7);
}

static void move_pixels(struct make *make)
{
    for (uint32_t i = 0; i < 4; i++)
        make_store(make, PIXEL_ADDR + make_below(make, PIXEL_BYTES / 8) * 8, 8,
                   make_draw(make) | (uint64_t)make_draw(make) << 32);
}

static void move_look(struct make *make)
{
    make_read(make, register_offsets[make_below(make, REGISTERS)]);
}

static void move_reset(struct make *make)
{
    if (make->version == 1 && make_chance(make, 3))
        make_write(make, VIRTIO_MMIO_QueuePFN, 0);
    else
        make_write(make, VIRTIO_MMIO_Status, 0);
}

/* X(function, how often, of 100) */
#define MOVES(X)                                                                                   \
    X(make_request, 46)                                                                            \
    X(move_register, 26)                                                                           \
    X(move_look, 12)                                                                               \
    X(move_pixels, 6)                                                                              \
    X(make_queue, 3)                                                                               \
    X(move_bring_up, 5)                                                                            \
    X(move_reset, 2)

struct scenario *diff_blank(uint32_t version)
{
    char text[160];

    snprintf(text, sizeof text,
             "device gpu version %u profile qemu display 64x48\nmemory size 16MiB\nread Version\n",
             (unsigned)version);
    struct scenario *scenario = scenario_parse("made-up.scn", text, stderr);
    if (scenario != NULL)
        scenario->action_count = 0;
    return scenario;
}

void diff_make(struct scenario *scenario, uint64_t seed)
{
    static const struct {
        void (*move)(struct make *make);
        uint32_t often;
    } moves[] = {
#define X(function, often) {function, often},
        MOVES(X)
#undef X
    };
    struct make make = {.scenario = scenario,
                        .random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1,
                        .version = scenario->device.version};

    scenario->action_count = 0;
    for (int i = 0; i < 8; i++)
        (void)make_draw(&make);
    allocate(&make, "rings", RING_ADDR, RING_BYTES);
    allocate(&make, "data", DATA_ADDR, DATA_BYTES);
    if (!make_chance(&make, 8))
        move_bring_up(&make);
    for (uint32_t i = 0; i < MOVES_MAX && !make_is_full(&make); i++) {
        uint32_t number = make_below(&make, 100);
        size_t at = 0;
        while (number >= moves[at].often)
            number -= moves[at++].often;
        moves[at].move(&make);
    }
}
