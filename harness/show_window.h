/*
 * The parent's side of a show: the window, or one frame without one.
 */
#ifndef RINGSIDE_HARNESS_SHOW_WINDOW_H
#define RINGSIDE_HARNESS_SHOW_WINDOW_H

#include "show.h"

#define SHOW_COMMANDS_MAX 64u

struct window_api;

struct show_wanted {
    const struct window_api *window; /* NULL = the desktop's */
    bool headless;
    const char *png;      /* NULL = NAME.png */
    int width, height;    /* 0 = as fits */
    uint32_t scanout;     /* that is shown first */
    size_t command_count; /* to be carried out first */
    const char *command[SHOW_COMMANDS_MAX];
};

/* Runs a session to its end, or until the window is closed; an exit status. */
int show_window(struct show *show, const struct show_wanted *wanted);

#endif
