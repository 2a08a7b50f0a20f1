/*
 * The same scenario on real QEMU: a cross-built image of the same driver sources is booted, does the
 * scenario's calls, and its screen is compared pixel by pixel with the simulated scanout.
 */
#ifndef RINGSIDE_HARNESS_REPLAY_H
#define RINGSIDE_HARNESS_REPLAY_H

#include <stdbool.h>
#include <stdio.h>
#include "picture.h"
#include "scenario.h"
#include "world.h"

/* X(name, text): what QEMU's screendump turned out to be. */
#define REPLAY_SCREENS(X)                                                                          \
    X(PICTURE, "picture")                                                                          \
    X(NOT_INITIALIZED, "QEMU's placeholder \"Guest has not initialized the display (yet).\"")      \
    X(NOT_ACTIVE, "QEMU's placeholder \"Display output is not active.\"")                          \
    X(BLANK, "one colour")                                                                         \
    X(NONE, "no screendump")

enum replay_screen {
#define X(name, text) REPLAY_SCREEN_##name,
    REPLAY_SCREENS(X)
#undef X
};

struct replay_options {
    const char *target;     /* "aarch64" */
    const char *image_dir;  /* where DRIVER-TARGET.elf is looked for; NULL = the build's */
    const char *out_dir;    /* screendumps are left here as PNG; NULL = nowhere */
    bool print_command;     /* -X: print the QEMU command line and do nothing */
    unsigned timeout_seconds; /* for the whole of QEMU; it is the environment, so a wall clock is right */
};

struct replay_outcome {
    size_t call_count;
    int result[SCENARIO_ACTIONS_MAX];  /* enum suite_result; -1 = the machine did not say */
    bool response_filled[SCENARIO_ACTIONS_MAX]; /* what the driver saw in its response buffer */
    enum replay_screen screen;
    struct picture picture;            /* the screendump; rgb NULL if none */
    char *log;                         /* all that the machine printed */
    char *guest_errors;                /* what QEMU logged with -d guest_errors */
};

/* What QEMU shows is it one of its own placeholders? See placeholder.c. */
enum replay_screen placeholder_recognise(const struct picture *picture);

/*
 * Boots QEMU once for a scenario. Returns NULL and fills *out, or a message (QEMU or image missing, with
 * the package to install; QEMU died; no answer in time) that lives until the next call.
 */
const char *replay_run(const struct scenario *scenario, const struct replay_options *options,
                       struct replay_outcome *out);
void replay_outcome_free(struct replay_outcome *outcome);

/* `ringside replay ...`: arguments after the word replay; returns the exit status. */
int replay_main(int argc, char **argv);

#endif
