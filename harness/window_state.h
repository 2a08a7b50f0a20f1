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

/*
 * Copies what scanout 0 shows into `pixels`, which has room for FRAME_SCANOUT_PX_MAX, and gives the
 * picture its size and a new number. Leaves all as it is when the scanout shows nothing.
 */
void frame_state_take_picture(struct frame_state *state, const struct world_sight *sight,
                              uint32_t *pixels);

#endif
