/*
 * The ladder: the fixed rungs that a request climbs from a cold device to an accepted response.
 * The first rung missed is the diagnosis.
 */
#ifndef RINGSIDE_HARNESS_LADDER_H
#define RINGSIDE_HARNESS_LADDER_H

#include "event.h"
#include "finding.h"

/* X(name, word, question that the report asks) */
#define LADDER_RUNGS(X)                                                                            \
    X(DEVICE_FOUND, "device-found", "MagicValue, Version and DeviceID read, and it is the device") \
    X(RESET, "reset", "Status written 0 first")                                                    \
    X(ACKNOWLEDGE, "acknowledge", "ACKNOWLEDGE and DRIVER set")                                    \
    X(FEATURES, "features", "features agreed on")                                                  \
    X(QUEUE_SELECTED, "queue-selected", "QueueSel written for this queue")                         \
    X(QUEUE_SIZE, "queue-size", "a QueueSize that the device can take")                            \
    X(QUEUE_ADDRESSES, "queue-addresses", "addresses written")                                     \
    X(QUEUE_LIVE, "queue-live", "the device holds a live queue")                                   \
    X(QUEUE_REACHABLE, "queue-reachable", "all parts inside DMA memory, aligned, not overlapping") \
    X(DRIVER_OK, "driver-ok", "DRIVER_OK set")                                                     \
    X(DESCRIPTORS, "descriptors", "descriptors written")                                           \
    X(SLOT, "slot", "the head written into the available ring")                                    \
    X(AVAIL_IDX, "avail-idx", "avail.idx moved, where the device looks")                           \
    X(NOTIFIED, "notified", "QueueNotify written with this queue's index")                         \
    X(TAKEN, "taken", "the device took the chain")                                                 \
    X(CHAIN_VALID, "chain-valid", "the chain could be followed to its end")                        \
    X(UNDERSTOOD, "understood", "the device understood the request")                               \
    X(RESPONSE, "response", "the device wrote the response")                                       \
    X(USED_ELEMENT, "used-element", "the device wrote the used element")                           \
    X(USED_IDX, "used-idx", "used.idx moved, where the driver looks")                              \
    X(SEEN, "seen", "the driver saw it, by interrupt or poll")                                     \
    X(ACCEPTED, "accepted", "the driver accepted the response")

enum ladder_rung {
#define X(name, word, question) LADDER_##name,
    LADDER_RUNGS(X)
#undef X
        LADDER_RUNG_COUNT
};

enum ladder_state { LADDER_MISSED, LADDER_REACHED, LADDER_NOT_NEEDED };

struct ladder_step {
    enum ladder_state state;
    struct event event;             /* where it was reached; step 0 = nowhere in the run */
    char label[FINDING_TEXT_BYTES]; /* values: "Version 1", "q0 at 0x400c7000, size 16" */
};

/* The state of one queue's oldest unfinished (or last) request. */
struct ladder {
    uint32_t queue;
    enum ladder_rung missed; /* LADDER_RUNG_COUNT when every rung was reached */
    struct ladder_step step[LADDER_RUNG_COUNT];
};

const char *ladder_word(enum ladder_rung rung);
const char *ladder_question(enum ladder_rung rung);
int ladder_by_word(const char *word); /* -1 when unknown */

struct model;

/* Reads the model; never changes it. */
void ladder_climb(const struct model *model, uint32_t queue, struct ladder *out);
/* The same for one request of a live queue, known by its head. */
void ladder_climb_request(const struct model *model, uint32_t queue, uint16_t head,
                          struct ladder *out);

#endif
