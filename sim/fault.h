/*
 * Named misbehaviours that a scenario can ask of the device.
 *
 * Each kind of fault has its moments: a micro-step of a request, a read of a register, a write to
 * one. An armed fault acts at every moment of its kind, or at those of one request, or at the n-th
 * moment, or once from a step on, or at every moment from a step on; several may be armed, also of
 * one kind, and act together. What breaks by itself (scope ITSELF) needs no moment when it is armed
 * for a step: it comes then. When a fault acts, a FAULT event says so; one that stands for ever in
 * a register says it once.
 */
#ifndef RINGSIDE_SIM_FAULT_H
#define RINGSIDE_SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * X(name, word, scope, meaning of the argument). Scopes: REQUEST, a micro-step of a request's;
 * ITSELF, the same, or of itself; READ, a read of a register or of configuration space; WRITE, a
 * write of the driver's.
 */
#define SIM_FAULT_KINDS(X)                                                                         \
    /* completions */                                                                              \
    X(COMPLETION_LATE, "completion-late", REQUEST,                                                 \
      "driver steps to wait before the response is written")                                       \
    X(COMPLETION_OVERTAKEN, "completion-overtaken", REQUEST,                                       \
      "driver steps to wait behind the response; later requests are used first")                   \
    X(COMPLETION_LOST, "completion-lost", REQUEST,                                                 \
      "none: the request is executed, nothing is written")                                         \
    X(COMPLETION_DOUBLED, "completion-doubled", REQUEST,                                           \
      "none: the used element comes twice, in two slots")                                          \
    X(COMPLETION_OUT_OF_ORDER, "completion-out-of-order", REQUEST,                                 \
      "completions of the queue that come before this one")                                        \
    X(RESPONSE_TYPE, "response-type", REQUEST, "the type written instead")                         \
    X(RESPONSE_BYTES, "response-bytes", REQUEST, "bytes of the response that are written")         \
    X(RESPONSE_FENCE, "response-fence", REQUEST, "the fence_id written instead")                   \
    X(DISPLAY_WIDTH, "display-width", REQUEST, "the width that the display is said to have")       \
    X(DISPLAY_HEIGHT, "display-height", REQUEST, "the height that the display is said to have")    \
    X(REWRITE_DESCRIPTORS, "rewrite-descriptors", REQUEST,                                         \
      "byte written over the chain's descriptors before the used element")                         \
    X(USED_ID, "used-id", REQUEST, "the id written instead")                                       \
    X(USED_ID_OUT_OF_RANGE, "used-id-out-of-range", REQUEST,                                       \
      "none: the id is the size of the queue")                                                     \
    X(USED_ID_NOT_OUTSTANDING, "used-id-not-outstanding", REQUEST,                                 \
      "none: the id is of a descriptor that is no head of any buffer")                             \
    X(USED_ID_OF_ANOTHER, "used-id-of-another", REQUEST,                                           \
      "none: the id is of another chain that the device has")                                      \
    X(USED_LEN, "used-len", REQUEST, "the length written instead")                                 \
    X(USED_LEN_LONG, "used-len-long", REQUEST,                                                     \
      "bytes that the length is more than there is room for")                                      \
    X(USED_LEN_SHORT, "used-len-short", REQUEST,                                                   \
      "bytes that the length is less than were written")                                           \
    X(USED_IDX_JUMP, "used-idx-jump", REQUEST, "how far used.idx is ahead of what was used")       \
    X(USED_IDX_BACK, "used-idx-back", REQUEST, "how far used.idx goes back")                       \
    X(USED_FLAGS, "used-flags", REQUEST, "written to used.flags after the request is used")        \
    X(AVAIL_EVENT, "avail-event", REQUEST, "written to avail_event after the request is used")     \
    X(INTERRUPT_LOST, "interrupt-lost", REQUEST, "none: the interrupt does not come")              \
    /* `request` is the one that would be taken next */                                            \
    X(NOTIFICATION_LOST, "notification-lost", REQUEST,                                             \
      "none: the device does not see that it is notified")                                         \
    /* of itself: without a step, at a request before it is answered */                            \
    X(SPURIOUS, "interrupt-spurious", ITSELF, "none: a used-buffer interrupt for nothing")         \
    X(INTERRUPT_CONFIG, "interrupt-config", ITSELF,                                                \
      "none: a configuration change is told of, and nothing changed")                              \
    X(CONFIG_CHANGE, "config-change", ITSELF,                                                      \
      "none: ConfigGeneration counts on, and the driver is told")                                  \
    X(NEEDS_RESET, "needs-reset", ITSELF, "none: the device breaks down")                          \
    /* registers */                                                                                \
    X(MAGIC, "magic", READ, "what MagicValue reads")                                               \
    X(VERSION, "version", READ, "what Version reads")                                              \
    X(DEVICE_ID, "device-id", READ, "what DeviceID reads")                                         \
    X(STATUS_BITS, "status-bits", READ, "bits that Status reads inverted")                         \
    X(FEATURES_OFFERED, "features-offered", READ, "bits that are offered the other way round")     \
    X(FEATURES_CHANGED, "features-changed", READ,                                                  \
      "bits that are offered the other way round, from the second reset on")                       \
    X(QUEUE_SIZE_MAX, "queue-size-max", READ, "what QueueSizeMax reads")                           \
    X(QUEUE_READY, "queue-ready", READ, "what QueueReady reads, in version 1 QueuePFN")            \
    X(CONFIG_VALUE, "config-value", READ, "what a read of configuration space gives")              \
    X(CONFIG_TORN, "config-torn", READ,                                                            \
      "what a read of configuration space gives while it changes; ConfigGeneration counts on")     \
    X(INTERRUPT_BITS, "interrupt-bits", READ, "bits that InterruptStatus reads besides")           \
    X(FEATURES_VETO, "features-veto", WRITE, "none: FEATURES_OK does not stay set")                \
    X(INTERRUPT_ACK_LOST, "interrupt-ack-lost", WRITE, "none: InterruptACK does nothing")          \
    X(RESET_LATE, "reset-late", WRITE, "driver steps for which Status still reads what it was")    \
    X(RESET_LOST, "reset-lost", WRITE, "none: writing 0 to Status does nothing")                   \
    X(QUEUE_RESET_LATE, "queue-reset-late", WRITE, "driver steps for which QueueReset reads 1")

enum sim_fault_kind {
#define X(name, word, scope, argument) SIM_FAULT_##name,
    SIM_FAULT_KINDS(X)
#undef X
        SIM_FAULT_KIND_COUNT
};

enum sim_fault_scope {
    SIM_FAULT_SCOPE_REQUEST,
    SIM_FAULT_SCOPE_ITSELF,
    SIM_FAULT_SCOPE_READ,
    SIM_FAULT_SCOPE_WRITE,
};

#define SIM_FAULTS_MAX 16u
/* A step to arm a fault for: once, at its next moment, whatever its scope. */
#define SIM_FAULT_NEXT 1u

/* At most one of request, occurrence and from_step is not 0; all 0: at every moment. */
struct sim_fault {
    enum sim_fault_kind kind;
    uint64_t argument;
    uint64_t request;    /* at the moments of the n-th request of the device's life */
    uint64_t from_step;  /* once, at the first moment whose event has this step or a later one */
    uint64_t occurrence; /* at the n-th moment since it was armed */
    bool repeats;        /* from_step: not once, but at every moment from there on */
};

struct sim_faults {
    uint32_t count;
    struct sim_fault fault[SIM_FAULTS_MAX];
    uint32_t acted;                    /* bit per fault that has acted */
    uint64_t seen[SIM_FAULTS_MAX];     /* moments since it was armed */
    uint64_t acted_at[SIM_FAULTS_MAX]; /* what from_step was held against when it acted last */
    uint64_t requests_taken; /* chains taken since creation: the number that `request` counts */
};

/* The armed fault that would act if the moment of its kind came now, or NULL. */
const struct sim_fault *sim_fault_find(const struct sim_faults *faults, enum sim_fault_kind kind,
                                       uint64_t request, uint64_t step);
/*
 * The moment has come, at `step` and in request number `request` (0 = none): the fault that acts,
 * or NULL. *first tells whether it acts for the first time; may be NULL.
 */
const struct sim_fault *sim_fault_take(struct sim_faults *faults, enum sim_fault_kind kind,
                                       uint64_t request, uint64_t step, bool *first);
/* Is a fault of scope ITSELF due at `step`? It is taken by that. */
const struct sim_fault *sim_fault_comes(struct sim_faults *faults, uint64_t step);
bool sim_fault_arm(struct sim_faults *faults, const struct sim_fault *fault); /* false: too many */
const char *sim_fault_word(enum sim_fault_kind kind);
enum sim_fault_scope sim_fault_scope(enum sim_fault_kind kind);
/* What the argument is; begins with "none" when there is none. */
const char *sim_fault_argument(enum sim_fault_kind kind);
int sim_fault_by_word(const char *word); /* -1 when unknown */

#endif
