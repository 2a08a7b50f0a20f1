/*
 * One event, one line: everything that happens is one `struct event`, with one text form.
 *
 * The simulated machine and the probe make events; rules, stepper, recorder, reports and window
 * only read them. The text form is
 *
 *     STEP PARTY VERB PLACE VALUE [WORD VALUE]...
 *
 * for example `63 driver write QueueReady 1` or `71 device load q0.avail.idx 1`, with the
 * specification's own names. event_parse() reads what event_format() prints, so that a line of a
 * trace is also a line of a scenario. Source lines are not part of the text form: a reader that
 * knows the driver's debug information adds ` at FILE:LINE`.
 */
#ifndef RINGSIDE_SIM_EVENT_H
#define RINGSIDE_SIM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, word) */
#define EVENT_PARTIES(X)                                                                           \
    X(DRIVER, "driver")                                                                            \
    X(DEVICE, "device")                                                                            \
    X(MEMORY, "memory")                                                                            \
    X(CLOCK, "clock")                                                                              \
    X(WORLD, "world")

enum event_party {
#define X(name, word) EVENT_PARTY_##name,
    EVENT_PARTIES(X)
#undef X
        EVENT_PARTY_COUNT
};

/* X(name, word, what `value` holds) */
#define EVENT_KINDS(X)                                                                             \
    /* accesses: `place` says to what, `width_bytes` how wide, `value` the first 8 bytes */        \
    X(READ, "read", "register value")                                                              \
    X(WRITE, "write", "register value")                                                            \
    X(LOAD, "load", "memory value")                                                                \
    X(STORE, "store", "memory value")                                                              \
    X(UPDATE, "update", "new value of an atomic read-modify-write; `extra` the old one")           \
    /* the driver and its platform */                                                              \
    X(BARRIER, "barrier", "enum event_barrier")                                                    \
    X(CACHE, "cache", "enum event_cache; addr and width_bytes say where")                          \
    X(ALLOC, "alloc", "size in bytes, at addr; extra = alignment")                                 \
    X(FREE, "free", "size in bytes, at addr")                                                      \
    X(NO_WINDOW, "no-window", "bytes of registers asked for at addr, where the machine has none")  \
    X(FOREIGN, "foreign", "an instruction that means nothing here; last register's value")         \
    X(RELAX, "relax", "none")                                                                      \
    X(WAIT, "wait", "1 when an interrupt came, 0 for the deadline")                                \
    X(CALL, "call", "number of the scenario's call, `index` too")                                  \
    X(RETURN, "return", "enum suite_result; `index` the call's number")                            \
    /* the device */                                                                               \
    X(TAKE, "take", "head of the chain taken from `queue`; extra = number of segments")            \
    X(EXECUTE, "execute", "command type; extra = address of the request")                          \
    X(RESPOND, "respond", "response type; extra = bytes written")                                  \
    X(INTERRUPT, "interrupt", "InterruptStatus bits just raised")                                  \
    X(RESET, "reset",                                                                              \
      "0 = by Status, 1 = queue reset (`queue`), 2 = by QueuePFN 0 (qemu profile)")                \
    X(NEEDS_RESET, "needs-reset", "enum sim_refusal that led to it")                               \
    X(REFUSE, "refuse", "enum sim_refusal; addr, extra = what it is about")                        \
    X(SCANOUT, "scanout", "scanout_id; extra = resource_id, 0 = off")                              \
    X(FLUSH, "flush", "resource_id")                                                               \
    X(CONFIG_CHANGE, "config-change", "ConfigGeneration after it")                                 \
    X(FAULT, "fault", "the device misbehaves on purpose; enum sim_fault_kind")                     \
    /* the world */                                                                                \
    X(STUCK, "stuck", "nobody can take a step that would end the driver's wait")                   \
    X(UNOBSERVED, "unobserved", "1 = access to a register window, 2 = store the probe never saw")  \
    X(CRASH, "crash", "enum world_crash; addr = what it touched")

enum event_kind {
#define X(name, word, value) EVENT_##name,
    EVENT_KINDS(X)
#undef X
        EVENT_KIND_COUNT
};

#define EVENT_MASK(kind) (UINT64_C(1) << (kind))

/*
 * X(name, text): what an access touches. In the text, %q is `queue` and %i is `index`. A wide
 * access that covers several fields gets the place of the smallest structure that holds its first
 * byte.
 */
#define EVENT_PLACES(X)                                                                            \
    X(NONE, "")                                                                                    \
    X(REGISTER, "")     /* printed by its name; index = enum virtio_mmio_reg */                    \
    X(REGISTER_GAP, "") /* an offset below 0x100 that no version has; `register+0x..` */           \
    X(CONFIG, "")       /* device configuration space, `config+0x..` */                            \
    X(MEMORY, "")       /* memory that no live queue uses: `NAME+0x..` of its allocation */        \
    X(DESC, "q%q.desc[%i]")                                                                        \
    X(DESC_ADDR, "q%q.desc[%i].addr")                                                              \
    X(DESC_LEN, "q%q.desc[%i].len")                                                                \
    X(DESC_FLAGS, "q%q.desc[%i].flags")                                                            \
    X(DESC_NEXT, "q%q.desc[%i].next")                                                              \
    X(AVAIL_FLAGS, "q%q.avail.flags")                                                              \
    X(AVAIL_IDX, "q%q.avail.idx")                                                                  \
    X(AVAIL_RING, "q%q.avail.ring[%i]")                                                            \
    X(USED_EVENT, "q%q.avail.used_event")                                                          \
    X(USED_FLAGS, "q%q.used.flags")                                                                \
    X(USED_IDX, "q%q.used.idx")                                                                    \
    X(USED_RING, "q%q.used.ring[%i]")                                                              \
    X(USED_RING_ID, "q%q.used.ring[%i].id")                                                        \
    X(USED_RING_LEN, "q%q.used.ring[%i].len")                                                      \
    X(AVAIL_EVENT, "q%q.used.avail_event")                                                         \
    X(INDIRECT, "q%q.indirect[%i]")                                                                \
    X(REQUEST, "q%q.request[%i]")   /* device-readable part of the chain with head %i */           \
    X(RESPONSE, "q%q.response[%i]") /* device-writable part of the chain with head %i */           \
    X(BACKING, "resource[%i].backing")

enum event_place {
#define X(name, text) EVENT_PLACE_##name,
    EVENT_PLACES(X)
#undef X
        EVENT_PLACE_COUNT
};

/* X(name, word): how an access to a register window came out. The device ignores all but OK. */
#define EVENT_VERDICTS(X)                                                                          \
    X(OK, "ok")                                                                                    \
    X(WIDTH, "wrong-width")                                                                        \
    X(ALIGN, "misaligned")                                                                         \
    X(READ_ONLY, "read-only")                                                                      \
    X(WRITE_ONLY, "write-only")                                                                    \
    X(VERSION, "wrong-version") /* the register belongs to the other version of virtio-mmio */     \
    X(GAP, "no-register")       /* an offset without a register, or behind the config space */     \
    X(EMPTY_SLOT, "empty-slot") /* more than the identification registers of a slot w/o device */  \
    X(WHILE_READY, "queue-is-live") /* QueueSize or an area address while QueueReady is not 0 */

enum event_verdict {
#define X(name, word) EVENT_VERDICT_##name,
    EVENT_VERDICTS(X)
#undef X
        EVENT_VERDICT_COUNT
};

/* X(name, word): strength and kind of a barrier, whatever instruction or call it came from. */
#define EVENT_BARRIERS(X)                                                                          \
    X(COMPILER, "compiler") /* orders nothing for the other side */                                \
    X(LOAD, "load")         /* loads before loads and stores: acquire, dmb ld, fence r,rw, rmb */  \
    X(STORE, "store")       /* stores before stores: dmb st, fence w,w, wmb */                     \
    X(RELEASE, "release")   /* everything before stores */                                         \
    X(FULL, "full")         /* everything before everything */                                     \
    X(SYNC, "sync")         /* full, and waits for completion: dsb, register accesses included */  \
    X(INSTRUCTION, "instruction") /* isb, fence.i */                                               \
    X(HINT, "hint")               /* wfi, wfe, sev, yield */

enum event_barrier {
#define X(name, word) EVENT_BARRIER_##name,
    EVENT_BARRIERS(X)
#undef X
        EVENT_BARRIER_COUNT
};

enum event_cache { EVENT_CACHE_CLEAN, EVENT_CACHE_INVALIDATE, EVENT_CACHE_CLEAN_INVALIDATE };

/* Flags of an access. */
enum {
    EVENT_VOLATILE = 1,
    EVENT_ATOMIC = 2,
    EVENT_ACQUIRE = 4,
    EVENT_RELEASE = 8,
    EVENT_RANGE = 16,     /* a memcpy, memset, struct copy or packed access */
    EVENT_OTHER_SLOT = 32 /* a register of a bus slot other than the scenario's device */
};

/*
 * 80 bytes, copied freely. `bytes` points at the whole value of a wide access and is valid only
 * while the event is being emitted; readers that keep an event must not keep it.
 */
struct event {
    uint64_t step; /* number of the micro-step, from 1; given by the world */
    uint64_t addr; /* memory: physical address; register: offset in its window */
    uint64_t value;
    uint64_t extra;
    uintptr_t pc; /* return address in the driver, 0 when no code of the driver did it */
    const uint8_t *bytes;
    uint32_t width_bytes;
    uint32_t index;
    uint32_t repeat; /* how many more times the same access was made, for folded polling */
    uint16_t queue;
    uint16_t slot;   /* bus slot of a register access */
    uint8_t party;   /* enum event_party */
    uint8_t kind;    /* enum event_kind */
    uint8_t place;   /* enum event_place */
    uint8_t verdict; /* enum event_verdict */
    uint8_t flags;
};

/* Where the simulated machine speaks upward. `emit` may fill in step and pc. */
struct event_observer {
    void (*emit)(void *context, struct event *event);
    void *context;
};

/* Names allocations for the text form: writes e.g. `controlq+0x104` for an address; may be NULL. */
typedef void (*event_namer)(const void *context, uint64_t addr, char *out, size_t out_bytes);

#define EVENT_TEXT_BYTES 256

/*
 * Writes the text form, without newline, always terminated; returns its length. Values below 10 are
 * decimal, others hexadecimal. A verdict other than OK is printed as ` !word` at the end.
 */
size_t event_format(const struct event *event, event_namer namer, const void *namer_context,
                    char *out, size_t out_bytes);

/* Writes only the place (`QueueReady`, `q0.avail.idx`, `controlq+0x104`). Returns its length. */
size_t event_format_place(const struct event *event, event_namer namer, const void *namer_context,
                          char *out, size_t out_bytes);

/*
 * Reads one line of the text form. The step number may be missing (then 0). Memory places without a
 * queue are read as a plain address. Returns true, or false with *error a sentence and
 * *error_column the 1-based column.
 */
bool event_parse(const char *line, struct event *out, const char **error, size_t *error_column);

const char *event_party_word(enum event_party party);
const char *event_kind_word(enum event_kind kind);
const char *event_verdict_word(enum event_verdict verdict);
const char *event_barrier_word(enum event_barrier barrier);

#endif
