/*
 * A session: one run of a scenario that is driven forward and back, and taken part in by hand.
 *
 * Going back is running again: the world is left, made anew, and run to the boundary that is
 * wanted. What was done by hand is remembered with the boundary at which it was done and is done
 * again there. So every boundary looks the same however it was come to.
 *
 *      session_run()
 *        world_run() ... a boundary where the run stands still:
 *            director->stopped()     looks; calls one of the orders below; returns
 *        world_run() again, if the order led back
 *
 * Invariants: acts are in the order of their boundaries; those behind the present boundary are
 * still to come, and are dropped when something else is done by hand first. All that a session
 * holds may lie in memory that outlives the process (isolate.h): it has no pointers to its own.
 */
#ifndef RINGSIDE_HARNESS_SESSION_H
#define RINGSIDE_HARNESS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "control.h"
#include "world.h"

#define SESSION_ACTS_MAX   256u
#define SESSION_ACT_BYTES  160u
#define SESSION_PATH_BYTES 256u
#define SESSION_EVENTS_MAX 512u /* kept for looking back; a power of two */

struct session;
struct recording_run;

struct session_director {
    /* The run stands still: gives one order and returns. */
    void (*stopped)(void *context, struct session *session);
    /* An event was made, also while running again to a boundary; may be NULL. */
    void (*event)(void *context, struct session *session, const struct event *event);
    void *context;
};

/* Something done by hand, as a line of a scenario. */
struct session_act {
    uint64_t step;
    uint32_t turn;
    char line[SESSION_ACT_BYTES];
};

enum session_end { SESSION_GOES_ON, SESSION_RUNS_AGAIN, SESSION_QUITS };

/* What became of the recording that was asked for. */
enum session_recording {
    SESSION_RECORDS_NOTHING,
    SESSION_RECORDS,  /* the run is made again for it */
    SESSION_RECORDED, /* at this stop: it is written */
    SESSION_RECORD_FAILED
};

struct session {
    const struct scenario *scenario;
    struct world_options options;
    struct world_outcome *outcome;
    struct control control;
    const struct session_director *director;
    struct world *world; /* while the run stands still */
    enum session_end end;
    bool over;      /* the run has come to its end */
    bool searching; /* the run goes to where the search began */
    bool not_found; /* what was searched for did not come before */
    enum session_recording recording;
    char record_path[SESSION_PATH_BYTES];
    uint64_t recorded; /* events */
    struct recording_run *record_run;
    size_t act_count, act_next;
    struct session_act act[SESSION_ACTS_MAX];
    uint64_t event_count; /* in this run */
    struct event event[SESSION_EVENTS_MAX];
};

/* `session` is zeroed memory; scenario, options and outcome stay the caller's. */
void session_create(struct session *session, const struct scenario *scenario,
                    const struct world_options *options, struct world_outcome *outcome);
/*
 * Runs until the director quits. Starts at the boundary that session->control.order names: at
 * first, before the first step. Returns NULL, or a message about the environment.
 */
const char *session_run(struct session *session, const struct session_director *director);

/* ---- while the run stands still ---- */

const struct world_sight *session_sight(const struct session *session);
/* Can the device take a micro-step now? */
bool session_device_can_act(const struct session *session);
/* Of the events kept, the one `back` before the last; NULL when it is not kept. */
const struct event *session_event(const struct session *session, uint64_t back);

/* ---- orders: the last one counts ---- */

void session_go(struct session *session, const struct control_order *order);
/* `count` micro-steps back; EVENT_PARTY_COUNT: whosever, else those of one party. */
void session_back(struct session *session, unsigned party, uint64_t count);
void session_go_to_step(struct session *session, uint64_t step);
/* Back to the last event that matches; NULL: to the last breakpoint. */
void session_search_back(struct session *session, const struct pattern *pattern);
/* Runs again up to here, and writes a recording of it. */
void session_record(struct session *session, const char *path);
void session_quit(struct session *session);

/*
 * Does by hand what a line of a scenario says (write, store, read, alloc, free, interrupt, hold,
 * release, fault, step device), now. False after a message to `errors`, with nothing done.
 */
bool session_act(struct session *session, const char *line, FILE *errors);
/* Drops what was to be done by hand behind this boundary; how many acts that were. */
size_t session_forget(struct session *session);

#endif
