/*
 * Run control: where a run stands still, and what is done there.
 *
 * A run is cut into micro-steps: one access of the driver, one phase of the device, one thing that
 * the world does. Between two of them is a *boundary*, and only there a run can stand still, so
 * that whoever looks finds everything whole, and whoever plays a party by hand interrupts nobody.
 *
 *      driver's access              boundary              device's phase          boundary ...
 *      control_event() ->  control_turn(), control_access()  -> control_event() -> control_turn()
 *
 * A boundary is known by (step, turn): the last event before it, and how many boundaries there were
 * since that event. The same scenario, seed and acts by hand give the same boundaries, so that a
 * run can be made again up to any of them: that is how one goes back (session.h).
 *
 * Two things use this: the scenario's own `pause` blocks (pause.c), and a session, if the world was
 * given one (struct world_options.control). A run with neither pays one test a step.
 *
 * Invariants: stops do not nest; nobody but the one who stopped the run makes events while it
 * stands still; a run that was left (control_leave) makes no further event.
 */
#ifndef RINGSIDE_HARNESS_CONTROL_H
#define RINGSIDE_HARNESS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event.h"
#include "pattern.h"

#define CONTROL_BREAKS_MAX 32u
#define CONTROL_PAST_MAX   4096u /* boundaries that are remembered; a power of two */

struct world;

/* X(name, text): why a run stands still. */
#define CONTROL_WHYS(X)                                                                            \
    X(START, "before the first step")                                                              \
    X(STEPPED, "")                                                                                 \
    X(BREAK, "breakpoint")                                                                         \
    X(REACHED, "it came")                                                                          \
    X(HELD, "the driver waits for the device, which is held")                                      \
    X(SIGNAL, "interrupted")                                                                       \
    X(END, "the run is over")

enum control_why {
#define X(name, text) CONTROL_##name,
    CONTROL_WHYS(X)
#undef X
};

/* X(name): how far a run goes. */
enum control_goal {
    CONTROL_TO_END,
    CONTROL_STEPS,        /* `count` micro-steps, whosever */
    CONTROL_DRIVER_STEPS, /* `count` micro-steps of the driver */
    CONTROL_DEVICE_STEPS, /* `count` micro-steps of the device */
    CONTROL_TO_STEP,      /* the first boundary at or behind step `count` */
    CONTROL_TO_TURN,      /* boundary (`count`, `turn`) exactly */
    CONTROL_TO_PATTERN,   /* `until` */
    CONTROL_SEARCH        /* to (`count`, `turn`), noting in `found` the last match ahead of it */
};

struct control_order {
    enum control_goal goal;
    uint64_t count;
    uint32_t turn;
    size_t acts;          /* TO_TURN, SEARCH: and so much has been done by hand */
    bool breaks;          /* breakpoints stop the run as well */
    struct pattern until; /* CONTROL_TO_PATTERN, CONTROL_SEARCH */
};

struct control_break {
    unsigned number;
    uint64_t hits; /* in the run as it is now */
    struct pattern pattern;
};

/* A boundary that was passed: the step before it, and who made the micro-step behind it. */
struct control_past {
    uint64_t step;
    uint8_t party;
};

/* What a session and a world share. The session owns it; it outlives worlds. */
struct control {
    /* The run stands still. Gives `order` and returns, or calls control_leave() first. */
    void (*stopped)(void *context, struct world *world);
    /* Boundary `await` is reached: does one thing that is to be done by hand, sets the next. */
    void (*act)(void *context, struct world *world);
    void *context;
    struct control_order order;
    uint64_t await_step; /* UINT64_MAX = nothing is to be done */
    uint32_t await_turn;
    size_t break_count;
    struct control_break breakpoint[CONTROL_BREAKS_MAX];
    /* how the run stands */
    enum control_why why;
    unsigned break_number; /* CONTROL_BREAK */
    uint64_t step;         /* the boundary: */
    uint32_t turn;
    bool next_known; /* what the driver is about to do, without its value: */
    struct event next;
    struct event last; /* the last event */
    bool has_found;    /* CONTROL_SEARCH: */
    uint64_t found_step;
    uint32_t found_turn;
    size_t found_acts;
    volatile bool *signalled; /* set from outside to stop the run; may be NULL */
    /* inside */
    bool due;
    bool fresh;   /* no event since the last boundary */
    bool stood;   /* at this step there was a boundary where the run could have stood still */
    bool matched; /* CONTROL_SEARCH: since the last boundary */
    bool inside;  /* stands still now */
    uint64_t left;
    size_t acts_done; /* by hand, in this run */
    uint8_t party;    /* of the micro-step since the last boundary */
    uint64_t past_count;
    struct control_past past[CONTROL_PAST_MAX];
};

/* ---- from the world ---- */

/* A world begins: before its first action. */
void control_start(struct world *world);
/* An event was emitted. */
void control_event(struct world *world, const struct event *event);
/* A boundary; `device_acts`: the device's next micro-step is what comes. */
void control_turn(struct world *world, bool device_acts);
/*
 * A boundary ahead of an access of the driver, `next` without its value; NULL for what is no
 * access. False when the access is not to be told: it is a look of a driver that is known to wait
 * in vain, and was told only so that the run could stand still here.
 */
bool control_access(struct world *world, const struct event *next, bool known_poll);
/* Is the run to stand still before the next event? Then nothing may be passed over in silence. */
bool control_awaits(const struct world *world);
/* The driver waits, and the device, which has work to do, is held. */
void control_held(struct world *world);
/* A boundary at which the run stands still only if it is awaited: what follows is silent. */
void control_mark(struct world *world);
/* Something was done by hand: the boundary is the one behind it. */
void control_acted(struct world *world);
/* The run is over, its outcome known, and the world still there. */
void control_end(struct world *world);

/* Has `rule` (NULL: any rule, for the first time) spoken about the event just emitted? */
bool control_spoke(const struct world *world, const struct rule *rule, uint64_t step);
/* An action of a pause was played: a session may want to look. */
void control_played(struct world *world);

/* ---- from whoever stopped a run ---- */

/* The run makes no further step; does not return if the driver was running. */
void control_leave(struct world *world);
/* A micro-step of the device by hand; false when none is enabled. */
bool control_device_step(struct world *world);

/* ---- pause.c: pauses that a scenario asks for ---- */

/* Has the scenario any? */
bool pause_is_wanted(const struct world *world);
/* The action at world->next_action is a `pause`: armed for the call that follows. */
void pause_arm(struct world *world);
void pause_event(struct world *world, const struct event *event);
/* A boundary; `next` as for control_access(), or what the device is about to do. */
void pause_boundary(struct world *world, const struct event *next);
/* The call is over: what was to be done in a pause that never came is passed over, and told. */
void pause_call_over(struct world *world);

#endif
