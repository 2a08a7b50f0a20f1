/*
 * `ringside show`: a session in a worker process, and beside it, in the parent, the window.
 *
 *      parent: show.c                              worker: show_worker.c
 *      --------------                              ---------------------
 *      60 times a second, if it wants a state:
 *      ask = SHOW_ASK_...                 ---->    sees it at the next event, or standing still;
 *                                                  writes state and pixels; ask = 0
 *      copies them and draws             <----
 *      a line through the pipe            ---->    an order: a command of the prompt (prompt.h)
 *
 * A driver at full speed pays one look at `ask` an event, and a state 60 times a second. Invariant:
 * state and pixels belong to the worker while `ask` is not 0, else to the parent.
 */
#ifndef RINGSIDE_HARNESS_SHOW_H
#define RINGSIDE_HARNESS_SHOW_H

#include <stdatomic.h>
#include "session.h"
#include "window_frame.h"

#define SHOW_LINE_BYTES 256u
#define SHOW_LIVES      16u /* workers that a show may lose */

/* What `ask` holds; a state of a run that stands still always has the pixels. */
enum { SHOW_ASK_NOTHING, SHOW_ASK_STATE, SHOW_ASK_ALL };

/* Memory that both processes share, and that outlives a worker. */
struct show {
    /* the mail box */
    _Atomic uint32_t ask;
    volatile bool stop;             /* the run shall stand still */
    volatile uint32_t scanout;      /* whose pixels are wanted */
    uint64_t orders;                /* that were carried out when the state was taken */
    bool stands;                    /* the run stood still then */
    uint64_t copy_ns;               /* what taking the pixels took, the last time */
    char message[FRAME_TEXT_BYTES]; /* about the last order, or "" */
    bool misused;                   /* an order could not be understood */
    struct frame_state state;
    /* of the worker, kept for the next one */
    int orders_fd;
    bool begun;
    bool failed;
    uint64_t orders_done;
    struct session session;
    struct world_options options;
    struct world_outcome outcome;
    struct scenario *scenario;
    uint64_t picture_number; /* the last one given, of any scanout */
    uint32_t pixels[FRAME_SCANOUT_PX_MAX];
};

/* ---- show_worker.c: for isolate_run() ---- */

bool show_run(void *context, size_t index);
struct isolate_death;
void show_lost(void *context, size_t index, const struct isolate_death *death);

/* The event reader of a show, also for measuring what it costs; context is the struct show. */
void show_read(void *context, const struct event *event, const struct world_sight *sight);

#endif
