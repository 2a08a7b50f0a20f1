/*
 * A simulated virtio-mmio device: registers, queues, and the state that its class adds.
 *
 * mmio.c    owns the register file and the status machine
 * device.c  owns reset, interrupts and the error state
 * queue.c   owns the device's side of a queue, in micro-steps
 * chain.c   gathers a chain's descriptors, and moves its data for a class
 * memory.c  is the device's view of RAM; place.c names the parts of a queue in it
 * gpu.c     is a class: what a request means; so are blk.c and rng.c
 *
 * Status machine (2.1, 3.1.1), version 2:
 *
 *   0 --ACKNOWLEDGE--> 1 --DRIVER--> 3 --FEATURES_OK--> 11 --DRIVER_OK--> 15 --> |64 NEEDS_RESET
 *   ^                                      | refused: the bit stays clear   |         |
 *   +---- write 0 (mmio_reset) ------------+--------------------------------+---------+
 *
 * Invariants: a queue is live if and only if QueueReady is 1 (version 2) or QueuePFN is not 0
 * (version 1); the device touches ring memory of live queues only (MMIO-DEV-07); a queue has a bit
 * in `runnable` only if it is live, not broken, and its phase is not IDLE; InterruptStatus has only
 * bits of events that happened and were not acknowledged (MMIO-DEV-03, -04).
 */
#ifndef RINGSIDE_SIM_DEVICE_H
#define RINGSIDE_SIM_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "event.h"
#include "fault.h"
#include "refusal.h"
#include "virtio/config.h"
#include "virtio/types.h"

#define SIM_QUEUES_MAX      4u
#define SIM_VENDOR_ID       0x554d4551u /* "QEMU": drivers in the field insist on it */
#define SIM_SHM_REGIONS_MAX 2u

/*
 * Where QEMU's device and the specification differ, SPEC follows the text and QEMU follows
 * QEMU 7.2:
 *   - legacy used ring: QEMU leaves used_event out of the available ring's size (2.7.2)
 *   - QueuePFN 0: QEMU resets the whole device, SPEC stops the queue (4.2.4)
 *   - FEATURES_OK: QEMU never refuses it (2.2.2)
 *   - DRIVER_OK: QEMU works on live queues before it (2.1.2)
 *   - GuestPageSize: QEMU takes its lowest bit for the page size. Unset, the page size is 1 in both
 *     profiles, as 4.2.4 gives no default
 *   - zero-length descriptor, readable descriptor behind a writable one: QEMU stops the device
 *   - INDIRECT: QEMU asks for no feature, honours the flag on the first descriptor of a chain only,
 *     and takes no notice of it elsewhere (2.7.5.3)
 *   - EVENT_IDX: QEMU writes avail_event when it takes a chain, and asks used_event of all entries
 *     since it asked last; with NOTIFY_ON_EMPTY it asks only when there is more to take
 * (2.7.10, 6.3)
 *   - EVENT_IDX: QEMU notifies for the first used element whatever used_event says (2.7.7.2)
 *   - DEVICE_NEEDS_RESET: QEMU stops all queues, shows the bit only if VERSION_1 is in effect, and
 *     raises both bits of InterruptStatus and counts ConfigGeneration; it raises both for every
 *     configuration change, and counts only those that it notifies of (2.5.2)
 *   - Status 0: QEMU keeps DriverFeatures, the selectors, GuestPageSize and QueueAlign (2.4)
 *   - DeviceFeaturesSel, DriverFeaturesSel: QEMU takes every value but 0 for 1
 *   - QueueSel: QEMU ignores values from 1024
 *   - DMA memory: QEMU takes any RAM, given to it or not; that is reported, and it goes on (the
 *     specification speaks of the addresses that the driver gives, 2.7.5, not of who owns them)
 *   - used length: QEMU counts up to the last byte written, SPEC up to the first that was not
 *   - QueueReset: QEMU 7.2 has none; SHMBase: it reads 0 for a region that does not exist
 *   - QueueSize: until it is written, QEMU's queues have sizes of its own, whatever QueueSizeMax
 *     says (4.2.2 gives no default)
 *   - and what is written in mmio_qemu.c, register by register
 */
enum sim_profile { SIM_PROFILE_SPEC, SIM_PROFILE_QEMU };

/* One piece of a buffer as a descriptor gives it. */
struct sim_segment {
    uint64_t addr;
    uint32_t len_bytes;
};

/*
 * A chain taken from a queue. Readable segments come first in `segment`, writable ones after them,
 * whatever order the driver gave (a wrong order is reported, READABLE_AFTER_WRITABLE).
 */
struct sim_chain {
    uint16_t head;
    uint32_t readable_count;
    uint32_t writable_count;
    uint64_t readable_bytes;
    uint64_t writable_bytes;
    uint64_t written_bytes;      /* so far: becomes the used element's len */
    struct sim_segment *segment; /* readable_count + writable_count of them, owned by the queue */
    uint32_t capacity;
};

/* The rungs of the device's ladder for one chain; sim_device_step() takes one at a time. */
enum sim_queue_phase {
    SIM_PHASE_IDLE,        /* waits for a notification (or polls, if eager) */
    SIM_PHASE_AVAIL_IDX,   /* reads avail.idx */
    SIM_PHASE_AVAIL_RING,  /* reads one slot */
    SIM_PHASE_DESC,        /* reads one descriptor of the chain; repeated */
    SIM_PHASE_REQUEST,     /* reads the request's header */
    SIM_PHASE_EXECUTE,     /* acts */
    SIM_PHASE_RESPONSE,    /* writes the response */
    SIM_PHASE_USED_ELEM,   /* writes the used element */
    SIM_PHASE_USED_IDX,    /* writes used.idx */
    SIM_PHASE_SUPPRESSION, /* reads avail.flags or used_event */
    SIM_PHASE_AVAIL_EVENT, /* with EVENT_IDX: writes avail_event */
    SIM_PHASE_INTERRUPT,   /* raises InterruptStatus */
};

/* A chain that is executed, and what its used element says. */
struct sim_completion {
    uint16_t head;
    uint64_t written_bytes;
    uint64_t room_bytes; /* of its device-writable part */
    uint32_t after;      /* completions that come first; 0 = as soon as there is nothing to take */
    uint64_t until_step; /* instead: not before then; 0 = `after` says when */
};

#define SIM_COMPLETION_NEVER UINT32_MAX /* of `after` */
#define SIM_WITHHELD_MAX     64u

struct sim_queue {
    /* as programmed */
    uint32_t size;  /* QueueSize; QueueSizeMax until written */
    uint32_t align; /* version 1: QueueAlign in bytes */
    uint32_t pfn;   /* version 1: QueuePFN */
    bool ready;     /* version 2: QueueReady */
    /* qemu profile, version 2: what QueueReady 1 will make of it; outlives a reset */
    struct {
        uint32_t size;
        uint64_t desc, avail, used;
    } staged;
    uint64_t desc_addr; /* physical addresses; for version 1 computed when QueuePFN is written */
    uint64_t avail_addr;
    uint64_t used_addr;
    /* progress */
    enum sim_queue_phase phase;
    bool kicked;         /* notified since the phase was last IDLE */
    bool broken;         /* a refusal with action RESET happened here */
    uint16_t avail_seen; /* avail.idx as last read */
    uint16_t avail_next; /* next available entry to take */
    uint16_t used_idx;   /* next used.idx to publish */
    bool notify;         /* what SUPPRESSION came to: an interrupt is due */
    /* qemu profile: the class will never answer this chain; and how many such there are */
    bool unanswered;
    uint32_t mapped_size; /* qemu profile: QueueSize when the rings were set up */
    uint32_t unanswered_count;
    uint16_t asked_idx;     /* used.idx when used_event was looked at last */
    bool signalled;         /* has used_event been looked at since the queue was reset? */
    uint16_t signalled_idx; /* qemu profile: used.idx when that was */
    uint16_t desc_next;     /* next descriptor to read in the chain being gathered */
    uint64_t table_addr;    /* table it is read from: desc_addr, or an indirect table */
    uint32_t table_count;
    uint32_t desc_seen;
    bool in_indirect;
    struct sim_chain chain;
    struct sim_segment *writable; /* gathered apart, appended to chain.segment when complete */
    uint32_t writable_capacity;
    uint64_t request_number;          /* of the chain: what a fault's `request` counts */
    struct sim_completion completion; /* since RESPONSE: what is being used */
    bool belated;                     /* it is not the chain's: it was withheld, or comes again */
    uint32_t withheld_count;          /* chains that are executed and not used */
    struct sim_completion withheld[SIM_WITHHELD_MAX];
    bool size_refused;         /* the last QueueSize was 0, no power of two, or too large */
    bool hushed;               /* used.flags says that no notification is wanted */
    uint64_t held_until_step;  /* a fault holds the completion back until then; 0 = not */
    uint64_t reset_until_step; /* a fault lets QueueReset read 1 until then */
};

struct sim_device;

/* What a device type adds. All functions get the device; none may touch queue registers. */
struct sim_class {
    const char *name;
    uint32_t device_id;
    uint32_t queue_count;
    const uint16_t *qemu_sizes; /* qemu profile: of queues until QueueSize is written; or NULL */
    uint64_t features;          /* device-type feature bits that can be offered */
    uint32_t config_bytes;
    void (*reset)(struct sim_device *device);
    /* Little-endian bytes of config space; offset + width lies inside it. */
    void (*config_read)(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                        uint8_t *out);
    void (*config_write)(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                         const uint8_t *in);
    /* Micro-steps REQUEST, EXECUTE and RESPONSE of the chain that `queue` has gathered. */
    void (*request)(struct sim_device *device, uint32_t queue);
    void (*execute)(struct sim_device *device, uint32_t queue);
    void (*respond)(struct sim_device *device, uint32_t queue);
    /* Of the codes in EXECUTE and RESPOND, for people; NULL when the code is unknown. */
    const char *(*command_name)(uint32_t command);
    const char *(*response_name)(uint32_t response);
    bool (*succeeded)(uint32_t response);
};

struct sim_config {
    uint32_t version; /* of virtio-mmio: 1 or 2 */
    enum sim_profile profile;
    uint32_t slot;           /* of the bus */
    uint64_t features;       /* offered, all bits; VERSION_1 must be set for version 2 */
    uint32_t queue_size_max; /* QueueSizeMax of every queue, 0..32768; need not be a power of two */
    bool eager_poll;         /* looks at avail.idx without being notified */
    bool big_endian;         /* the driver's CPU: legacy rings are in its order (2.7.3) */
    /* of personalities: see personality.h */
    bool strict;            /* refuses whatever the specification lets it */
    bool out_of_order;      /* of several chains it uses the last one first (2.7.8) */
    bool no_notify;         /* tells the driver that it wants no notifications (2.7.10) */
    bool checks_queue_size; /* profile qemu: a QueueSize above the maximum is ignored */
};

struct sim_device {
    struct sim_config config;
    const struct sim_class *class;
    void *state; /* the class's own */
    struct arena *arena;
    struct event_observer observer;
    struct sim_faults faults;
    bool check_stores; /* report bytes the device reads that were never seen stored */
    /*
     * A witness: another device is at work in the same RAM, and this one tells what that must be
     * doing. It loads from and stores to the shadow alone, so that RAM can be held against it.
     */
    bool witness;
    /* register file */
    uint32_t status;
    uint32_t device_features_sel;
    uint32_t driver_features_sel;
    uint64_t driver_features; /* as written */
    uint64_t features;        /* in effect: since FEATURES_OK (version 2) or since the write (1) */
    uint32_t guest_page_size;
    uint32_t queue_sel;
    uint32_t interrupt_status;
    uint32_t shm_sel;
    uint32_t config_generation;
    uint32_t status_before_reset; /* what Status reads until: */
    uint64_t reset_until_step;    /* a fault makes the reset take so long; 0 = it is over */
    uint32_t reset_count;         /* since creation */
    uint64_t event_step;          /* of the device's last event */
    uint64_t clock_steps; /* the world's step, set before every call: for held completions */
    uint8_t
        qemu_ready[128]; /* qemu profile: QueueReady of all 1024 queues that QueueSel can name */
    uint32_t next_queue; /* round robin over queues */
    uint32_t runnable;   /* bit per queue whose phase is not IDLE and that may go on */
    uint32_t held;       /* bit per runnable queue with held_until_step */
    struct sim_queue queue[SIM_QUEUES_MAX];
};

/* ---- mmio.c ---- */

/* What would come of such an access; changes nothing. */
enum event_verdict mmio_check(const struct sim_device *device, uint32_t offset,
                              uint32_t width_bytes, bool is_write);

/* The value that a read gives; 0 for one that mmio_check() does not call OK. Changes nothing. */
uint64_t mmio_read(struct sim_device *device, uint32_t offset, uint32_t width_bytes);

/* The driver has made a read that mmio_check() calls OK: faults of registers take notice. */
void mmio_was_read(struct sim_device *device, uint32_t offset);

/*
 * What the device keeps in a register (row in the table), whether a driver may read it or not; of
 * the selected queue where it is a queue's. False when it keeps nothing: a register of the other
 * version, QueueNotify, InterruptACK.
 */
bool mmio_held(const struct sim_device *device, int reg, uint32_t *value);

/* Performs a write if mmio_check() calls it OK; may emit device events (reset, refuse, ...). */
void mmio_write(struct sim_device *device, uint32_t offset, uint32_t width_bytes, uint64_t value);

/* The register whose 32-bit word holds an offset below 0x100: row in the table, or -1. */
int mmio_register_at(uint32_t offset);
const char *mmio_register_name(int reg);
/* By specification name or alias, any case; -1 when unknown. */
int mmio_register_by_name(const char *name);
uint32_t mmio_register_offset(int reg);

/* ---- device.c ---- */

/* Sets up a device in reset state. `device->state` stays NULL until a class's constructor sets it.
 */
void sim_device_create(struct sim_device *device, const struct sim_config *config,
                       const struct sim_class *class, struct arena *arena,
                       struct event_observer observer);
void sim_device_destroy(struct sim_device *device);

/* As by writing 0 to Status; `how` is the value of the RESET event. */
void mmio_reset(struct sim_device *device, uint64_t how);

static inline bool sim_is_qemu(const struct sim_device *device)
{
    return device->config.profile == SIM_PROFILE_QEMU;
}

static inline bool sim_is_legacy(const struct sim_device *device)
{
    return device->config.version == 1;
}

/* Rings of version 1 are in the CPU's order, all else is little-endian (2.7.3). */
static inline bool sim_rings_are_big(const struct sim_device *device)
{
    return device->config.big_endian && device->config.version == 1;
}

/* Between a value and a field of a ring, both ways. */
static inline uint16_t sim_ring16(const struct sim_device *device, uint16_t value)
{
    return sim_rings_are_big(device) ? __builtin_bswap16(value) : virtio_le16(value);
}

static inline uint32_t sim_ring32(const struct sim_device *device, uint32_t value)
{
    return sim_rings_are_big(device) ? __builtin_bswap32(value) : virtio_le32(value);
}

static inline uint64_t sim_ring64(const struct sim_device *device, uint64_t value)
{
    return sim_rings_are_big(device) ? __builtin_bswap64(value) : virtio_le64(value);
}

/* place.c: turns the fields of a ring at `place` round, each by itself. */
uint64_t sim_ring_turned(uint8_t place, uint32_t width_bytes, uint64_t value);

/* What `value`, the first bytes of an access taken as little-endian, stands for in a ring. */
static inline uint64_t sim_ring_value(const struct sim_device *device, uint8_t place,
                                      uint32_t width_bytes, uint64_t value)
{
    return sim_rings_are_big(device) ? sim_ring_turned(place, width_bytes, value) : value;
}

/* Of the bits that a driver writes to Status, those that a strict device lets it (2.1, 3.1.1). */
uint32_t sim_strict_status(bool is_legacy, uint32_t before, uint32_t next);

static inline bool sim_queue_exists(const struct sim_device *device, uint32_t queue)
{
    return queue < device->class->queue_count && device->config.queue_size_max > 0;
}

static inline bool sim_queue_is_live(const struct sim_device *device, uint32_t queue)
{
    const struct sim_queue *q;
    if (!sim_queue_exists(device, queue))
        return false;
    q = &device->queue[queue];
    if (sim_is_qemu(device))
        return q->desc_addr != 0; /* QueueReady 0 does not stop it */
    return sim_is_legacy(device) ? q->pfn != 0 : q->ready;
}

/* Is a feature bit in effect? */
static inline bool sim_has_feature(const struct sim_device *device, uint32_t bit)
{
    return (device->features >> bit & 1) != 0;
}

/* May the device work on live queues now? 2.1.2; legacy drivers may use it before DRIVER_OK, 3.1.2.
 */
static inline bool sim_may_work(const struct sim_device *device)
{
    return sim_is_qemu(device) || sim_is_legacy(device) ||
           (device->status & VIRTIO_STATUS_DRIVER_OK) != 0;
}

/* Raises bits of InterruptStatus, and says so. */
void sim_interrupt(struct sim_device *device, uint32_t queue, uint32_t bits);
void sim_config_changed(
    struct sim_device *device); /* generation + 1 and notification, 2.5, 4.2.3.4 */
/* A fault may let QueueReset read 1 for a while after a queue was reset. */
void sim_delay_queue_reset(struct sim_device *device, uint32_t queue);
/* Breaks down for no reason that a driver could know; `queue` was being worked on (2.1.2). */
void sim_break_down(struct sim_device *device, uint32_t queue);

/* An event of the device about one of its queues, all else 0. */
static inline struct event sim_event(const struct sim_device *device, enum event_kind kind,
                                     uint32_t queue)
{
    return (struct event){.party = EVENT_PARTY_DEVICE,
                          .kind = (uint8_t)kind,
                          .queue = (uint16_t)queue,
                          .slot = (uint16_t)device->config.slot};
}

static inline void sim_emit(struct sim_device *device, struct event *event)
{
    device->observer.emit(device->observer.context, event);
    device->event_step = event->step;
}

/* What from_step of a fault is held against: the step that the next event will have. */
static inline uint64_t sim_next_step(const struct sim_device *device)
{
    return 1 +
           (device->clock_steps > device->event_step ? device->clock_steps : device->event_step);
}

/*
 * The moment of a kind of fault has come, in the request that `queue` is at: the fault that acts,
 * or NULL. It is said by sim_emit_fault(), which is the caller's to call.
 */
const struct sim_fault *sim_fault_of(struct sim_device *device, uint32_t queue,
                                     enum sim_fault_kind kind);
/* The same for a write of the driver's; it is said. */
const struct sim_fault *sim_fault_at_write(struct sim_device *device, uint32_t queue,
                                           enum sim_fault_kind kind);
void sim_emit_fault(struct sim_device *device, uint32_t queue, const struct sim_fault *fault);
/* One of scope ITSELF acts; true when the device broke down. */
bool sim_fault_acts_itself(struct sim_device *device, uint32_t queue,
                           const struct sim_fault *fault);
/* What a device does of itself, with faults of scope ITSELF; before anybody takes a step. */
void sim_faults_come(struct sim_device *device);

/*
 * Reports a refusal, and puts the device into its error state if the refusal's action is RESET.
 * `details` may be NULL; it is filled in as refusal.h says: addr, extra and index for an address,
 * value and extra for everything else. In the event that is emitted `value` holds the refusal, so
 * that what `details->value` held is found in `addr`.
 */
void sim_refuse(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                struct event *details);
/* The same with another action than the table's, where a profile differs. */
void sim_refuse_as(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                   enum sim_action action, struct event *details);

/* ---- queue.c ---- */

/* The queues that can take a step now, a bit each; held ones and polled ones considered. */
uint32_t sim_device_find_ready(const struct sim_device *device);

/* Asked after every step of the driver, so that the usual case takes no look at the queues. */
static inline uint32_t sim_device_ready(const struct sim_device *device)
{
    return device->held == 0 && !device->config.eager_poll ? device->runnable
                                                           : sim_device_find_ready(device);
}

/* Can the device take a step now? */
static inline bool sim_device_enabled(const struct sim_device *device)
{
    return sim_device_ready(device) != 0;
}

/* Takes one micro-step; false when none was enabled. */
bool sim_device_step(struct sim_device *device);
/* What the next micro-step begins with: kind, place, queue and index, no value; false when none is
 * enabled. */
bool sim_device_peek(const struct sim_device *device, struct event *out);
/* The earliest clock_steps at which a fault that holds something back lets it go on; 0 = none. */
uint64_t sim_device_wakes_at(const struct sim_device *device);
/* For a live queue that may be worked on: leaves IDLE. */
void sim_queue_notified(struct sim_device *device, uint32_t queue);
/* Drops what is in progress and never touches the queue again until it is notified; positions stay.
 */
void sim_queue_stop(struct sim_device *device, uint32_t queue);
/* Puts everything but QueueAlign back to its default (2.6.1). */
void sim_queue_reset(struct sim_device *device, uint32_t queue);
void sim_queue_destroy(struct sim_device *device, uint32_t queue);
/* The place that a physical address has in a live queue; false when it lies in none. */
bool sim_queue_place(const struct sim_device *device, uint64_t addr, struct event *out);

/*
 * Reads or writes chain data for a class; `offset` counts from the first readable (or writable)
 * byte. Fewer bytes than asked for are moved when the chain is too short or memory cannot be
 * reached (reported, DMA_REQUEST or DMA_RESPONSE); returns the number moved. Emits one event a
 * segment touched.
 */
uint64_t sim_chain_read(struct sim_device *device, uint32_t queue, uint64_t offset, void *out,
                        uint64_t bytes);
uint64_t sim_chain_write(struct sim_device *device, uint32_t queue, uint64_t offset, const void *in,
                         uint64_t bytes);

/* ---- memory.c: the device's view of RAM; the memory models of later come in here ---- */

/*
 * Loads for the device. `event` names place, queue and index; addr, width and value are filled in
 * and the event is emitted when the load is allowed. Returns the fault otherwise, and emits
 * nothing. Reports UNOBSERVED for bytes that the probe never saw stored, if device->check_stores.
 */
enum arena_fault sim_load(struct sim_device *device, uint64_t addr, void *out, uint32_t bytes,
                          struct event *event);
enum arena_fault sim_store(struct sim_device *device, uint64_t addr, const void *in, uint32_t bytes,
                           struct event *event);
/*
 * For bulk data: the same checks and reports as sim_load(), but no LOAD event, which is the
 * caller's to emit. Returns a pointer to `bytes` bytes of RAM, or NULL with the fault in *fault.
 */
const uint8_t *sim_map_for_read(struct sim_device *device, uint64_t addr, uint64_t bytes,
                                enum arena_fault *fault);

#endif
