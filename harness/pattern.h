/*
 * A pattern: which events a breakpoint, a pause or `until` means, in the notation of event.h.
 *
 *     [before] [PARTY] [VERB] PLACE [VALUE]     driver write QueueReady 1; q0.avail.idx; q0.desc[3]
 *     [before] [PARTY] VERB                     device interrupt; driver barrier
 *     ADDRESS | ADDRESS..LAST | ADDRESS/BYTES   physical memory, touched by anybody
 *     WORD                                      notification, used, interrupt ...: PATTERN_WORDS
 *     COMMAND                                   the device executes VIRTIO_GPU_CMD_SET_SCANOUT
 *     RULE                                      a finding of that rule
 *     FILE:LINE                                 what the driver does there
 *     step N                                    the step of that number
 *
 * `before` stops ahead of the micro-step that begins with such an event, when its value is not
 * known yet. A place in memory means every access that touches its bytes.
 */
#ifndef RINGSIDE_HARNESS_PATTERN_H
#define RINGSIDE_HARNESS_PATTERN_H

#include <stdbool.h>
#include <stdint.h>
#include "event.h"

#define PATTERN_TEXT_BYTES 128u
#define PATTERN_PLACES     16u /* source places remembered; a power of two */

/* X(word, parties, kinds, place, meaning): words for what one often waits for */
#define PATTERN_WORDS(X)                                                                           \
    X("notification", DRIVER, EVENT_MASK(EVENT_WRITE), PATTERN_NOTIFY, "QueueNotify is written")   \
    X("publication", DRIVER, PATTERN_STORES, PATTERN_AVAIL_IDX, "avail.idx is stored")             \
    X("used", DEVICE, PATTERN_STORES, PATTERN_USED_IDX, "used.idx is stored")                      \
    X("interrupt", DEVICE, EVENT_MASK(EVENT_INTERRUPT), 0, "InterruptStatus is raised")            \
    X("request", DEVICE, EVENT_MASK(EVENT_EXECUTE), 0, "the device executes a request")            \
    X("response", DEVICE, EVENT_MASK(EVENT_RESPOND), 0, "the device answers a request")            \
    X("finding", WORLD, 0, 0, "a rule speaks")                                                     \
    X("stuck", WORLD, EVENT_MASK(EVENT_STUCK), 0, "the driver waits for what cannot come")         \
    X("crash", WORLD, EVENT_MASK(EVENT_CRASH), 0, "the driver is lost")                            \
    X("reset", DEVICE, EVENT_MASK(EVENT_RESET), 0, "the device, or a queue, is reset")             \
    X("refusal", DEVICE, EVENT_MASK(EVENT_REFUSE), 0, "the device refuses something")              \
    X("fault", DEVICE, EVENT_MASK(EVENT_FAULT), 0, "the device misbehaves on purpose")             \
    X("call", WORLD, EVENT_MASK(EVENT_CALL), 0, "an operation of the driver begins")               \
    X("return", WORLD, EVENT_MASK(EVENT_RETURN), 0, "an operation of the driver is over")

#define PATTERN_STORES (EVENT_MASK(EVENT_STORE) | EVENT_MASK(EVENT_UPDATE))

enum pattern_scope {
    PATTERN_ANYWHERE,
    PATTERN_REGISTER,  /* event.place REGISTER, REGISTER_GAP or CONFIG at event.addr */
    PATTERN_FIELD,     /* a field or structure of a queue: event.place, queue, index */
    PATTERN_RANGE,     /* [low, high] */
    PATTERN_NOTIFY,    /* QueueNotify, any queue */
    PATTERN_AVAIL_IDX, /* of any queue */
    PATTERN_USED_IDX,
    PATTERN_FINDING, /* `rule`, or any if NULL */
    PATTERN_SOURCE,  /* file:line */
    PATTERN_STEP     /* low */
};

struct rule;

struct pattern {
    enum pattern_scope scope;
    bool before;
    uint32_t parties; /* bit per enum event_party; 0 = any */
    uint64_t kinds;   /* EVENT_MASK(); 0 = any */
    struct event event;
    bool has_value;
    uint64_t value;
    uint64_t low, high;
    const struct rule *rule;
    char file[64];
    unsigned line;
    struct { /* what has been looked up, by pc */
        uintptr_t pc;
        bool here;
    } looked_up[PATTERN_PLACES];
    char text[PATTERN_TEXT_BYTES]; /* as it was given */
};

struct parser;
struct sim_device;

/* Reads the rest of the parser's line; false after a message. `what` names it: "a breakpoint". */
bool pattern_parse(struct parser *parser, const char *what, struct pattern *out);
/* Does the event match? Not for PATTERN_FINDING, which no event carries: see control.c. */
bool pattern_matches(struct pattern *pattern, const struct event *event,
                     const struct sim_device *device);

/* Words that a pattern may begin with, one after the other; NULL behind the last. */
const char *pattern_word(size_t index);

#endif
