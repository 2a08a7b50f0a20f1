/*
 * The model: what both sides have done so far, from events alone.
 *
 * Rules and the ladder read it; nobody but model_event() changes it. It keeps the driver's
 * *intention* (settings written to registers that this version does not have included) beside what
 * the device really holds, and the event of every step that a report may have to name. Event copies
 * have no bytes.
 *
 * A request, known by its head, climbs:
 *
 *   FREE -avail.idx stored-> PUBLISHED -slot read-> FETCHED -chain read-> TAKEN -> EXECUTED
 *     ^                                                                              |
 *     +--used.idx loaded by the driver-- USED <-used.idx- ELEMENT <-used elem- RESPONDED
 *
 * Invariants: owner[d] != 0 if and only if descriptor d belongs to a request from PUBLISHED to
 * ELEMENT; in_flight is the number of such requests; tables have `size` entries while the queue was
 * live at least once. Descriptor chains are read from RAM when they are published, as no event
 * carries what the driver stored before the queue was live.
 * Not handled: packed rings; chains inside indirect tables (only their first descriptor is owned).
 */
#ifndef RINGSIDE_HARNESS_MODEL_H
#define RINGSIDE_HARNESS_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "bus.h"
#include "device.h"
#include "event.h"
#include "model_cache.h"
#include "model_gpu.h"
#include "virtio/mmio.h"

#define MODEL_STORES         256u /* last driver stores remembered, by address and by value */
#define MODEL_FEATURE_WORDS  2u
#define MODEL_SCANOUTS_MAX   16u
#define MODEL_CONFIG_WORDS   64u /* of 32 bits, of configuration space; the rest is not noted */
#define MODEL_TAILS          8u  /* response buffers with a tail that are remembered */
/* Requests in flight, and entries of a queue, above which loads from responses are not noted. */
#define MODEL_EARLY_MAX      16u
#define MODEL_EARLY_SIZE_MAX 256u

enum model_area { MODEL_AREA_DESC, MODEL_AREA_DRIVER, MODEL_AREA_DEVICE, MODEL_AREA_COUNT };

/* When and where something happened, in little room. Step 0: it did not. */
struct model_mark {
    uint64_t step;
    uintptr_t pc;
};

enum model_request_state {
    MODEL_FREE,
    MODEL_PUBLISHED,
    MODEL_FETCHED,
    MODEL_TAKEN,
    MODEL_EXECUTED,
    MODEL_RESPONDED,
    MODEL_ELEMENT,
    MODEL_USED,
    MODEL_REQUEST_STATE_COUNT
};

struct model_request {
    uint64_t number;         /* publications on this queue, from 1 */
    uint32_t call;           /* of the scenario, that published it */
    uint16_t descriptors;    /* of the queue's table */
    uint32_t writable_bytes; /* of those */
    uint8_t state;           /* enum model_request_state */
    bool fenced;             /* by its header's flags, from EXECUTE */
    bool abandoned;          /* the call that published it gave up */
    uint32_t command;        /* type, from EXECUTE */
    uint32_t response;       /* type, from RESPOND */
    uint64_t responded_bytes;
    /* when each state was reached; [FREE]: when the driver saw the completion */
    struct model_mark mark[MODEL_REQUEST_STATE_COUNT];
};

/* One entry a descriptor; as many as the queue's size. */
struct model_entry {
    /* the driver's last store to each field of desc[i] */
    struct model_mark addr_stored, len_stored, flags_stored, next_stored;
    uint16_t owner;     /* head + 1 of the request in flight that uses it; 0 = none */
    uint16_t link;      /* next descriptor of the last such chain + 1; 0 = last */
    bool strange;       /* used.ring[i] has an id that was not in flight */
    uint64_t back_step; /* when its chain came back last; 0 = never */
    uint16_t used_head; /* id that the device put into used.ring[i], and len */
    uint32_t used_len;
};

struct model_queue {
    /* the driver's settings, whatever became of them; kept over a reset until they are made anew */
    struct event sel;      /* the write of QueueSel that chose this queue */
    struct event max_read; /* last read of QueueSizeMax */
    struct event size_write;
    struct event align_write;
    struct event pfn_write;
    struct event ready_write, ready_read;
    struct event reset_write,
        reset_read;       /* of QueueReset, 1 written; since the queue was live last */
    struct event renewed; /* the queue reset that came before it was made live; step 0 = none */
    struct event area_write[MODEL_AREA_COUNT][2]; /* low, high */
    /* as the device holds it */
    bool live;
    bool ever_live;
    struct event live_at; /* the write that made it live */
    struct event lost_at; /* the driver's write that took it away; step 0 = it was not lost */
    uint32_t size;        /* 0 = not tracked */
    uint32_t size_taken;  /* QueueSize that the device took; 0 = QueueSizeMax */
    uint32_t align;       /* QueueAlign that the device took; 0 = 4096 */
    uint32_t pfn;
    uint64_t area[MODEL_AREA_COUNT]; /* as collected from the address registers */
    uint64_t desc_addr, avail_addr, used_addr;
    /* traffic */
    uint16_t avail_idx; /* as the driver stored it last */
    uint16_t used_idx;  /* as the device stored it last */
    uint16_t seen_idx;  /* as the driver loaded it last */
    uint16_t batch_idx; /* entries from here to seen_idx are what the driver takes back just now */
    uint16_t used_flags, avail_event;
    uint32_t avail_delta;  /* by how much the last store moved avail.idx, modulo 2^16 */
    uint32_t slot_stores;  /* entries that the driver wrote since */
    uint32_t slots_before; /* and before that, since the store of avail.idx before it */
    uint16_t chain_end;    /* behind the last descriptor that was published */
    uint16_t chain_before; /* the same before the last publication */
    uint16_t notified_idx, notified_before; /* avail.idx at the last two QueueNotify */
    uint32_t in_flight;
    uint32_t owned;       /* descriptors of requests in flight */
    uint32_t longest;     /* most descriptors that a chain ever had */
    uint64_t published;   /* requests, ever */
    uint64_t fetched;     /* slots that the device read, ever */
    uint64_t completed;   /* used elements that were published, ever */
    uint16_t last_head;   /* of the request published last */
    uint16_t hand;        /* head of the request that the device took last */
    uint16_t reused_head; /* a head published while in flight; valid if reused */
    bool reused;          /* the last publication took a descriptor that was in flight */
    uint16_t reused_desc;
    struct event doubled; /* the same, before the device might look */
    /* QueueSize, QueueAlign or QueuePFN in use: what is whose is not known from here on. */
    struct event unsettled;
    struct event desc_store, slot_store, avail_store, notify, fetch;
    struct event used_element, used_idx_store, used_idx_load;
    struct event suppression;     /* device's last load of avail.flags or used_event */
    bool must_notify;             /* what that asked for */
    struct event told;            /* last INTERRUPT for a used buffer of this queue */
    struct event element_load;    /* last load of a used element by the driver */
    uint64_t element_before_step; /* and of the one before */
    uint64_t moved_step;          /* the driver saw last that used.idx had moved; 0 = never */
    uint64_t looks;               /* loads of used.idx by the driver since the last QueueNotify */
    struct event cut; /* it looked for the rest of a chain where it had cleared the link */
    struct event used_flags_store, avail_event_store; /* by the device */
    struct event used_flags_load, avail_event_load;   /* by the driver */
    struct event arm;        /* the driver's last store that asks for interrupts */
    struct event table_load; /* the device's last load from an indirect table */
    struct event execute;    /* last EXECUTE; extra is the address of the request */
    struct event refusal;    /* last REFUSE about this queue */
    uint32_t tables;         /* entries allocated */
    struct model_request *request;
    struct model_entry *entry;
};

/* Bytes of a response buffer that the device did not say it wrote. */
struct model_tail {
    uint64_t addr, end;
    uint32_t len_bytes; /* as the used element has it */
    uint16_t queue, head;
    struct model_mark used;
};

/* What a bus slot said about itself. */
struct model_slot {
    struct model_mark magic, version, id; /* reads */
    uint32_t magic_value, version_value, id_value;
    bool written;
};

struct model_status {
    uint32_t value, before;   /* as the driver has it; before the last write or reset */
    uint32_t held;            /* as the device holds it: a strict one does not take every bit */
    bool was_driver_ok;       /* DRIVER_OK was set when the device was last reset */
    uint32_t before_reset;    /* what it held then */
    struct event write;       /* last write of Status */
    struct event earlier;     /* and the one before it */
    struct event read;        /* last read of Status */
    struct event reset;       /* last write of 0 */
    struct event first_reset; /* the write of 0 that the present bring-up began with */
    struct event acknowledge, driver, features_ok, driver_ok, failed; /* writes that set the bit */
    struct event veto; /* REFUSE FEATURES_VETO since the last reset */
};

struct model_features {
    uint64_t offered;                    /* by the device, as far as this version can show them */
    uint64_t accepted;                   /* as written since the last reset, and taken */
    uint64_t agreed;                     /* the last set that FEATURES_OK stayed set for, ever */
    struct event device_sel, driver_sel; /* writes since the last reset; step 0 = none */
    struct event read[MODEL_FEATURE_WORDS], write[MODEL_FEATURE_WORDS];
    struct event last_write;
};

struct model_call {
    struct event call, returned;
    struct event stuck;                 /* step 0 = not stuck in this call */
    struct event response;              /* last RESPOND of this call */
    struct event wait;                  /* last WAIT that an interrupt ended */
    struct event interrupt_before_wait; /* the last INTERRUPT before it */
    uint64_t wait_before_step; /* of the WAIT before that one, in whatever call; 0 = none */
    struct event notify;       /* last QueueNotify of this call */
    struct event
        late; /* the used element loaded last was that of a request given up in another call */
    uint32_t late_head;
    uint16_t late_queue;
    struct event early; /* last load from the response of a request of this call, in flight */
    uint16_t early_head, early_queue;
    struct event strange; /* the used element loaded last had an id that was not in flight */
};

struct model_display {
    uint32_t active; /* a bit a scanout */
    uint32_t lost;   /* taken away by a reset, not set again since */
    struct event set[MODEL_SCANOUTS_MAX];
    struct event lost_write; /* the driver's write that reset the device */
    uint64_t responses_ok, scanouts_set, transfers;
};

/*
 * Reads of configuration space that belong together: nothing but such reads and ConfigGeneration
 * came in between. ConfigGeneration, read again, ends one group and may begin the next.
 */
struct model_config {
    bool open;          /* the group may go on */
    struct event first; /* read of a field; step 0 = none in this group */
    struct event last;
    struct event before; /* ConfigGeneration, read before the first field; step 0 = it was not */
    struct event after;  /* the same after the last field */
    uint64_t words;      /* of 32 bits that were read in this group, a bit each */
    uint64_t read_step[MODEL_CONFIG_WORDS]; /* when each was read last, in whatever group */
    uint8_t reads[MODEL_CONFIG_WORDS];      /* how often each was read; 255 = as often or more */
    struct event change;                    /* last CONFIG_CHANGE */
};

/* A store of the driver that is remembered. */
struct model_store {
    uint64_t addr, value, step;
    uintptr_t pc;
    uint32_t width_bytes;
    uint32_t index;
    uint16_t queue;
    uint8_t place;
};

struct model {
    struct sim_config config;
    uint32_t queue_count;
    const struct sim_class *class; /* says what commands and responses mean */
    const struct arena *arena;     /* may be NULL: then chains are not followed */
    /* registers */
    struct event last_read[VIRTIO_MMIO_REG_COUNT], last_write[VIRTIO_MMIO_REG_COUNT];
    struct event guest_page_write; /* kept over a reset */
    uint32_t guest_page_bytes;     /* as the device holds it; 0 = unset */
    uint32_t queue_sel;
    struct model_slot slot[BUS_SLOTS_MAX];
    struct model_status status;
    struct model_features features;
    struct model_queue queue[SIM_QUEUES_MAX];
    struct event interrupt;   /* last INTERRUPT */
    struct event config_told; /* last INTERRUPT for the configuration */
    uint64_t interrupt_bits;  /* raised and not acknowledged */
    struct event
        interrupt_read; /* InterruptStatus was read with bits set and not acknowledged since */
    struct event interrupt_look; /* last read of InterruptStatus that showed a bit */
    uint64_t wait_step;          /* last WAIT that an interrupt ended */
    struct event fault;          /* last FAULT */
    struct event lasting_fault;  /* the last one that requests feel until a reset */
    struct event reset;          /* last RESET of the device */
    struct event needs_reset;    /* since the last reset */
    bool broken_live;            /* DRIVER_OK was set then */
    struct event last_driver;    /* last event of the driver that has a pc */
    struct event last_load;      /* last load or register read of the driver */
    struct event last_look;      /* the same, of those that are volatile or atomic */
    struct event crash;
    struct event barrier;       /* the driver's last one that orders anything for the device */
    struct event store_barrier; /* ... stores before stores */
    struct event full_barrier;  /* ... everything before everything */
    struct event load_barrier;  /* ... loads before loads */
    uint32_t tail_count;
    struct model_tail tail[MODEL_TAILS];
    struct event tail_load; /* the driver's last load of a tail, and which it was */
    struct model_tail tail_loaded;
    struct event spurious; /* INTERRUPT of a fault: no buffer was used for it */
    struct model_call call;
    struct model_display display;
    struct model_config space;
    struct model_gpu gpu;
    struct model_cache cache;
    struct model_store by_addr[MODEL_STORES];  /* stores to MEMORY, direct-mapped by address */
    struct model_store by_value[MODEL_STORES]; /* stores of what may be an address, by value */
};

/* `arena` may be NULL. Queues are sized when they become live. */
void model_create(struct model *model, const struct sim_config *config, uint32_t queue_count,
                  const struct arena *arena);
void model_destroy(struct model *model);
void model_event(struct model *model, const struct event *event);
/* FAULT: the device misbehaves on purpose. */
void model_fault(struct model *model, const struct event *event);
/* A read of a field or of ConfigGeneration; see struct model_config. */
void model_config_read(struct model_config *space, const struct event *event);

/* The queue whose request the driver is waiting for: oldest unfinished, else last notified, else 0.
 */
uint32_t model_waiting_queue(const struct model *model);

/* The oldest request that is waited for and not yet used, else the last one; NULL if there was
 * none. */
const struct model_request *model_oldest_request(const struct model_queue *queue, uint16_t *head);

/* What the driver looks at while it waits: its last volatile or atomic load, else its last load. */
const struct event *model_look(const struct model *model);

/* Is the device dead: reset after DRIVER_OK, and nothing written to Status since? */
bool model_is_dead(const struct model *model);

/* May the device look at this queue's rings? Before, the driver may still initialise them. */
bool model_may_look(const struct model *model, const struct model_queue *queue);

/* The address that the driver meant for an area, from whatever registers it wrote; 0 = none. */
uint64_t model_intended_addr(const struct model_queue *queue, enum model_area area);

/* Bytes of an area for a queue of that size. */
uint64_t model_area_bytes(enum model_area area, uint32_t size);
uint64_t model_area_addr(const struct model_queue *queue, enum model_area area);

bool model_is_power_of_two(uint64_t value);

/* The driver's store that put `addr` (a DMA address) where the device found it; false if unknown.
 */
bool model_find_stored_addr(const struct model *model, uint32_t queue, uint64_t addr,
                            struct event *out);
/* The driver's latest store into [addr, addr + bytes), as far as remembered; false if unknown. */
bool model_find_store_into(const struct model *model, uint64_t addr, uint64_t bytes,
                           struct event *out);
/* Address of the first buffer of the request that the device took last; 0 if unknown. */
uint64_t model_request_addr(const struct model *model, const struct model_queue *queue);

/* The queue's three parts as the device computes them (2.7.2, 4.2.4); false when it has no address.
 */
bool model_layout(const struct model *model, const struct model_queue *queue,
                  uint64_t addr[MODEL_AREA_COUNT]);

/* A copy that may be kept. */
static inline struct event model_keep(const struct event *event)
{
    struct event kept = *event;
    kept.bytes = NULL;
    return kept;
}

/* When a scanout was lost: the driver's write, where it was a reset; else as the device says. */
static inline uint64_t model_scanout_lost(const struct model *model, uint32_t scanout,
                                          uint64_t device_step)
{
    bool by_reset = scanout < MODEL_SCANOUTS_MAX && (model->display.lost >> scanout & 1) != 0;
    return by_reset && model->display.lost_write.step != 0 ? model->display.lost_write.step
                                                           : device_step;
}

static inline bool model_is_legacy(const struct model *model)
{
    return model->config.version == 1;
}

/* A field of a ring as a number: rings of a legacy device are in the CPU's order. */
static inline uint64_t model_ring(const struct model *model, uint64_t raw, uint32_t width_bytes)
{
    if (!model->config.big_endian || !model_is_legacy(model))
        return raw;
    return __builtin_bswap64(raw) >> 8 * (sizeof raw - width_bytes);
}

static inline bool model_has_feature(const struct model *model, uint32_t bit)
{
    return (model->features.accepted & model->features.offered & (UINT64_C(1) << bit)) != 0;
}

#endif
