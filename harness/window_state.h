/*
 * Fills the state of a frame from a world that stands still, in the process that runs the driver.
 */
#ifndef RINGSIDE_HARNESS_WINDOW_STATE_H
#define RINGSIDE_HARNESS_WINDOW_STATE_H

#include "window_frame.h"
#include "world.h"

/* The event `back` before the last one; NULL when it is not kept. */
typedef const struct event *(*frame_event_at)(void *context, uint64_t back);

/* All but `stand`, `over`, `as_expected` and the picture; `events` lines of events at most. */
void frame_state_take(struct frame_state *state, const struct world_sight *sight,
                      frame_event_at event_at, void *context, uint32_t events);

/* The pixels of one scanout, as a frame shows them. */
struct frame_picture {
    uint32_t width, height;
    uint64_t number;  /* another one: other pixels; 0 = it never showed any */
    uint32_t *pixels; /* room for FRAME_SCANOUT_PX_MAX */
};

/*
 * Takes what the scanout shows, with this number. False, and all as it was, when it shows nothing.
 */
bool frame_picture_take(struct frame_picture *out, const struct world_sight *sight,
                        uint32_t scanout, uint64_t number);

#endif
