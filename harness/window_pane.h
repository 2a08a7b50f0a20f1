/*
 * The panes of a frame, and what their files share; see window_frame.c for the layout.
 */
#ifndef RINGSIDE_HARNESS_WINDOW_PANE_H
#define RINGSIDE_HARNESS_WINDOW_PANE_H

#include "window_frame.h"

/* X(name, colour) */
#define FRAME_COLORS(X)                                                                            \
    X(BACK, 0x12151a)                                                                              \
    X(PANE, 0x1a1e25)                                                                              \
    X(TITLE, 0x262c36)                                                                             \
    X(EDGE, 0x323a46)                                                                              \
    X(TEXT, 0xd8dee6)                                                                              \
    X(FAINT, 0x808b99)                                                                             \
    X(DRIVER, 0xf0a860)                                                                            \
    X(DEVICE, 0x6ab7f5)                                                                            \
    X(WORLD, 0xb99af0)                                                                             \
    X(GOOD, 0x7fd492)                                                                              \
    X(WARNING, 0xf2cc5a)                                                                           \
    X(ERROR, 0xff7070)                                                                             \
    X(NOW, 0x2f3a4a)

enum frame_color {
#define X(name, color) FRAME_COLOR_##name = (color),
    FRAME_COLORS(X)
#undef X
};

struct frame {
    struct canvas *canvas;
    const struct canvas_font *font;
    int column, row; /* pixels of a character's cell */
    const struct frame_state *state;
    const struct frame_look *look;
};

/* Where the next line of a pane goes. */
struct pane {
    struct canvas_box box; /* inside of the pane */
    int y;
    struct canvas_box outer_clip;
};

/* Background, title, clip. `right` is put at the right end of the title; "" = nothing. */
struct pane pane_begin(const struct frame *frame, struct canvas_box box, const char *title,
                       const char *right);
void pane_end(const struct frame *frame, const struct pane *pane);
/* Lines that still fit. */
int pane_room(const struct frame *frame, const struct pane *pane);
/* One line of text, and on to the next. */
void pane_line(const struct frame *frame, struct pane *pane, enum frame_color color,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Text broken between words, on as many lines as it needs and there are. */
void pane_wrap(const struct frame *frame, struct pane *pane, enum frame_color color, int indent,
               const char *text);

void pane_scanout(const struct frame *frame, struct canvas_box box, const uint32_t *pixels,
                  struct frame_scaled *scaled);
void pane_events(const struct frame *frame, struct canvas_box box);
void pane_registers(const struct frame *frame, struct canvas_box box);
void pane_ladder(const struct frame *frame, struct canvas_box box);
void pane_rings(const struct frame *frame, struct canvas_box box);
void pane_request(const struct frame *frame, struct canvas_box box);
void pane_source(const struct frame *frame, struct canvas_box box);

#endif
