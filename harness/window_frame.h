/*
 * One frame of the window: the scanout, and beside it everything that a `struct view` has.
 *
 * The same function draws the frame that a window shows and the one that is written to a PNG, from
 * plain data: `struct frame_state` is what the world looked like (made in the process that runs
 * the driver, window_state.c), `struct frame_look` is what the person at the window has chosen.
 */
#ifndef RINGSIDE_HARNESS_WINDOW_FRAME_H
#define RINGSIDE_HARNESS_WINDOW_FRAME_H

#include "canvas.h"
#include "view.h"

#define FRAME_EVENTS_MAX     256u
#define FRAME_TEXT_BYTES     144u
#define FRAME_SOURCE_LINES   7u
#define FRAME_CHAIN_LINES    40u
#define FRAME_SCANOUT_PX_MAX (4096u * 2304u) /* larger scanouts are shown with pixels left out */
#define FRAME_SIDE_PX_MIN    320
#define FRAME_SIDE_PX_MAX    16384
#define FRAME_WIDTH_DEFAULT  1920
#define FRAME_HEIGHT_DEFAULT 1080

/* One line of the list of events. */
struct frame_event {
    uint64_t step;
    uint8_t party;
    bool found; /* a finding is about it */
    char text[FRAME_TEXT_BYTES];
};

struct frame_state {
    char scenario[VIEW_NAME_BYTES];
    char call[VIEW_NAME_BYTES];   /* of the scenario, that is running or was last */
    char stand[FRAME_TEXT_BYTES]; /* why the run stands still, or "" */
    bool over;
    bool as_expected;     /* valid when over */
    uint64_t event_total; /* in this run */
    uint32_t event_count; /* below, oldest first */
    struct frame_event event[FRAME_EVENTS_MAX];
    uint32_t finding_count; /* in this run */
    uint8_t finding_level;  /* of the last one: */
    char finding_id[VIEW_NAME_BYTES];
    char finding[FINDING_TEXT_BYTES];
    char finding_place[FRAME_TEXT_BYTES];
    /* the driver's source around the last event that it made; no lines = not known */
    char source_place[FRAME_TEXT_BYTES];
    unsigned source_first, source_line, source_count;
    char source[FRAME_SOURCE_LINES][FRAME_TEXT_BYTES];
    /* the oldest request in flight of each queue, or its last one */
    struct frame_chain {
        char title[FRAME_TEXT_BYTES];
        uint32_t line_count;
        struct decode_line line[FRAME_CHAIN_LINES];
    } chain[SIM_QUEUES_MAX];
    struct view view;
    /* the pixels of one scanout, which stay those that were shown last when it is lost */
    uint32_t scanout;
    uint32_t picture_width, picture_height;
    uint64_t picture_number; /* another one: other pixels; 0 = there never were any */
};

enum frame_run { FRAME_STANDS, FRAME_STEPS, FRAME_RUNS };

struct frame_look {
    enum frame_run run;
    unsigned speed_steps; /* micro-steps a second; 0 = as fast as can be */
    uint32_t queue;
    uint32_t scroll; /* lines that the event list is scrolled back */
    bool help;
    char message[FRAME_TEXT_BYTES]; /* to the person: "wrote x.png" */
};

/* The scaled scanout, kept from frame to frame. Zeroed at first; freed with frame_free(). */
struct frame_scaled {
    uint64_t number;
    int width, height;
    uint32_t *pixels;
};

/* X(key, what it does): keyboard help, and what a terminal shows of it. */
#define FRAME_KEYS(X)                                                                              \
    X("space", "run, and stand still")                                                             \
    X("right, left", "one micro-step on, one back")                                                \
    X("Shift + right, left", "one step of the driver on, one back")                                \
    X("n", "to the next notification")                                                             \
    X("u", "to the next used.idx")                                                                 \
    X("i", "to the next interrupt")                                                                \
    X("r", "to the next reset")                                                                    \
    X("f", "to the next finding")                                                                  \
    X("Shift + n, u, i, r, f", "to the one before")                                                \
    X("Home, End", "to the start, to the end")                                                     \
    X("+, -", "faster, slower")                                                                    \
    X("Tab", "the next queue")                                                                     \
    X("d", "the next scanout")                                                                     \
    X("wheel, PgUp, PgDn", "back and forth in the events")                                         \
    X("s", "save this picture as PNG")                                                             \
    X("h, F1", "this help")                                                                        \
    X("q, Esc", "quit")

/* Fills the whole canvas. `pixels` are those of the state's picture, or NULL. */
void frame_draw(struct canvas *canvas, const struct frame_state *state,
                const struct frame_look *look, const uint32_t *pixels, struct frame_scaled *scaled);
void frame_free(struct frame_scaled *scaled);

#endif
