/*
 * A window of the desktop: input as what a person wants, and pixels to draw into.
 *
 * What implements it is a module of its own (window_sdl.c), loaded when a window is wanted, so that
 * nothing else of ringside needs or waits for the libraries of a desktop.
 */
#ifndef RINGSIDE_HARNESS_WINDOW_H
#define RINGSIDE_HARNESS_WINDOW_H

#include <stdbool.h>
#include "canvas.h"

/* X(name): what a person wants; with `shift`, the same backwards or of the driver. */
#define WINDOW_WISHES(X)                                                                           \
    X(RUN)                                                                                         \
    X(STEP)                                                                                        \
    X(BACK)                                                                                        \
    X(NOTIFICATION)                                                                                \
    X(USED)                                                                                        \
    X(INTERRUPT)                                                                                   \
    X(RESET)                                                                                       \
    X(FINDING)                                                                                     \
    X(START)                                                                                       \
    X(END)                                                                                         \
    X(FASTER)                                                                                      \
    X(SLOWER)                                                                                      \
    X(QUEUE)                                                                                       \
    X(SCANOUT)                                                                                     \
    X(SCROLL)                                                                                      \
    X(SAVE)                                                                                        \
    X(HELP)                                                                                        \
    X(REDRAW)                                                                                      \
    X(LEAVE)                                                                                       \
    X(QUIT)

enum window_wish {
#define X(name) WINDOW_##name,
    WINDOW_WISHES(X)
#undef X
};

struct window_input {
    enum window_wish wish;
    bool shift;
    int amount; /* WINDOW_SCROLL: lines back */
};

struct window_api {
    /* NULL, or why there can be no window; lives until the next call. 0 x 0: a size that fits. */
    const char *(*open)(const char *title, int width, int height);
    void (*close)(void);
    void (*title)(const char *title);
    /* Waits for input, at most so long; false when none came. */
    bool (*next)(struct window_input *input, int wait_ms);
    /* The window's pixels as they are now; false when it has none. Then end() shows them. */
    bool (*begin)(struct canvas *canvas);
    void (*end)(void);
};

/* The module's one symbol. */
extern const struct window_api ringside_window;
#define WINDOW_SYMBOL "ringside_window"
#define WINDOW_MODULE "ringside_window.so"

#endif
