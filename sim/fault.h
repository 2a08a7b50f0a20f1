/*
 * Named misbehaviours that a scenario can ask of the device.
 *
 * A fault is armed for the n-th request (counted from 1 over the device's life; 0 = every request),
 * or from a step on, for once; it acts at its own micro-step. When it acts, a FAULT event says so.
 */
#ifndef RINGSIDE_SIM_FAULT_H
#define RINGSIDE_SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* X(name, word, meaning of the argument) */
#define SIM_FAULT_KINDS(X)                                                                         \
    X(COMPLETION_LATE, "completion-late", "driver steps to wait before the response is written")   \
    X(COMPLETION_OVERTAKEN, "completion-overtaken",                                                \
      "driver steps to wait behind the response; later requests are used first")                   \
    X(COMPLETION_LOST, "completion-lost", "none: the request is executed, nothing is written")     \
    X(RESPONSE_TYPE, "response-type", "the type written instead")                                  \
    X(REWRITE_DESCRIPTORS, "rewrite-descriptors",                                                  \
      "byte written over the chain's descriptors before the used element")                         \
    X(USED_ID, "used-id", "the id written instead")                                                \
    X(USED_LEN, "used-len", "the length written instead")                                          \
    X(USED_FLAGS, "used-flags", "written to used.flags after the request is used")                 \
    X(AVAIL_EVENT, "avail-event", "written to avail_event after the request is used")              \
    X(SPURIOUS, "interrupt-spurious",                                                              \
      "none: a used-buffer interrupt comes before the request is answered")                        \
    X(NEEDS_RESET, "needs-reset", "none: the device breaks down instead of acting")                \
    /* of registers, from the beginning; `request` means nothing to them */                        \
    X(MAGIC, "magic", "what MagicValue reads")                                                     \
    X(VERSION, "version", "what Version reads")                                                    \
    X(DEVICE_ID, "device-id", "what DeviceID reads")                                               \
    X(FEATURES_VETO, "features-veto", "none: FEATURES_OK never stays set")                         \
    X(INTERRUPT_BITS, "interrupt-bits", "bits that InterruptStatus reads besides")                 \
    X(RESET_LATE, "reset-late", "driver steps for which Status still reads what it was")           \
    X(QUEUE_RESET_LATE, "queue-reset-late", "driver steps for which QueueReset reads 1")           \
    /* `request` is the one that would be taken next */                                            \
    X(NOTIFICATION_LOST, "notification-lost", "none: the device does not see that it is notified")

enum sim_fault_kind {
#define X(name, word, argument) SIM_FAULT_##name,
    SIM_FAULT_KINDS(X)
#undef X
        SIM_FAULT_KIND_COUNT
};

#define SIM_FAULTS_MAX 16u

struct sim_fault {
    enum sim_fault_kind kind;
    uint64_t argument;
    uint64_t request;   /* 1-based; 0 = every one */
    uint64_t from_step; /* not 0: instead, once, when its micro-step comes at this step or later */
};

struct sim_faults {
    uint32_t count;
    struct sim_fault fault[SIM_FAULTS_MAX];
    uint32_t spent;          /* bit per fault with from_step that has acted */
    uint64_t requests_taken; /* chains taken since creation: the number that `request` counts */
};

/* The armed fault of a kind that is not about requests, or NULL. */
const struct sim_fault *sim_fault_standing(const struct sim_faults *faults,
                                           enum sim_fault_kind kind);
/* What a register with such a fault reads instead of `value`. */
uint32_t sim_fault_reads(const struct sim_faults *faults, enum sim_fault_kind kind, uint32_t value);
/* The armed fault of a kind for the request now being worked on, or NULL. */
const struct sim_fault *sim_fault_now(const struct sim_faults *faults, enum sim_fault_kind kind);
/* The same for the request that will be taken next. */
const struct sim_fault *sim_fault_next(const struct sim_faults *faults, enum sim_fault_kind kind);
/* The fault of a kind that is due at `step`, or NULL; it is spent by that. */
const struct sim_fault *sim_fault_due(struct sim_faults *faults, enum sim_fault_kind kind,
                                      uint64_t step);
bool sim_fault_arm(struct sim_faults *faults, const struct sim_fault *fault); /* false: too many */
const char *sim_fault_word(enum sim_fault_kind kind);
int sim_fault_by_word(const char *word); /* -1 when unknown */

#endif
