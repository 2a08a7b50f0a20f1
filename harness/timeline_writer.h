/*
 * What the two writers of timelines share: output that is always whole, and the device's phases.
 */
#ifndef RINGSIDE_HARNESS_TIMELINE_WRITER_H
#define RINGSIDE_HARNESS_TIMELINE_WRITER_H

#include "device.h"
#include "model.h"
#include "timeline.h"

#define TIMELINE_BUFFER_BYTES (256u << 10)
#define TIMELINE_UNIT_BYTES   8192u /* the longest packet or line */

/*
 * X(name, word): what the device does for a queue, as its events show it. A phase lasts until the
 * next one begins, or until the device has nothing to do for the queue.
 */
#define TIMELINE_PHASES(X)                                                                         \
    X(IDLE, "idle")                                                                                \
    X(AVAIL_IDX, "avail.idx")                                                                      \
    X(AVAIL_RING, "avail.ring")                                                                    \
    X(DESC, "desc")                                                                                \
    X(REQUEST, "request")                                                                          \
    X(EXECUTE, "execute")                                                                          \
    X(RESPONSE, "response")                                                                        \
    X(USED_RING, "used.ring")                                                                      \
    X(USED_IDX, "used.idx")                                                                        \
    X(SUPPRESSION, "suppression")                                                                  \
    X(INTERRUPT, "interrupt")

enum timeline_phase {
#define X(name, word) TIMELINE_PHASE_##name,
    TIMELINE_PHASES(X)
#undef X
        TIMELINE_PHASE_COUNT
};

const char *timeline_phase_word(enum timeline_phase phase);
/* The phase that an event of the device belongs to, of event->queue; IDLE when to none. */
enum timeline_phase timeline_phase_of(const struct event *event);

/* Whole units on their way to the file. */
struct timeline_output {
    FILE *stream;
    bool failed;
    size_t used;
    char bytes[TIMELINE_BUFFER_BYTES];
};

/* Appends one unit, a packet or some lines, of at most TIMELINE_UNIT_BYTES. */
void timeline_put(struct timeline_output *out, const void *unit, size_t bytes);

struct timeline_vcd;
struct timeline_perfetto;

/* The writers; sizes, as their memory is the timeline's. Each function as in timeline.h. */
size_t timeline_vcd_bytes(void);
void timeline_vcd_begin(struct timeline_vcd *vcd, struct timeline_output *out,
                        const struct scenario *scenario);
void timeline_vcd_read(struct timeline_vcd *vcd, const struct event *event,
                       const struct world_sight *sight);
void timeline_vcd_end(struct timeline_vcd *vcd, const struct world_outcome *outcome);

size_t timeline_perfetto_bytes(void);
void timeline_perfetto_begin(struct timeline_perfetto *perfetto, struct timeline_output *out,
                             const struct scenario *scenario, unsigned number);
void timeline_perfetto_read(struct timeline_perfetto *perfetto, const struct event *event,
                            const struct world_sight *sight);
void timeline_perfetto_end(struct timeline_perfetto *perfetto, const struct world_outcome *outcome);

#endif
