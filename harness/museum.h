/*
 * The museum: bugs that real drivers had, each rebuilt as a small driver with a switch.
 *
 * An exhibit is one driver, driver/museum/NAME.c, and one scenario, scenarios/museum/NAME.scn, that
 * begins with `exhibit ID` and says what is found and where. It runs twice: as it stands, when
 * exactly what it expects must be found; and mended (scenario.h), when nothing may be.
 */
#ifndef RINGSIDE_HARNESS_MUSEUM_H
#define RINGSIDE_HARNESS_MUSEUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scenario.h"

#define MUSEUM_DRIVER_PREFIX "museum-" /* of an exhibit's driver: museum-NAME */
#define MUSEUM_NAME_MAX      29u       /* bytes of an exhibit's name that fit the table's column */
#define MUSEUM_EXHIBITS_MAX  256u
#define MUSEUM_TEXT_BYTES    240u

/* X(name, word): how one of an exhibit's runs came out. */
#define MUSEUM_STATES(X)                                                                           \
    X(NOT_RUN, "not run")                                                                          \
    X(AS_EXPECTED, "as expected")                                                                  \
    X(WRONG, "wrong")

enum museum_state {
#define X(name, word) MUSEUM_##name,
    MUSEUM_STATES(X)
#undef X
};

struct museum_run {
    enum museum_state state;
    uint64_t steps;
    uint64_t nanoseconds;          /* of processor time; the driver's loading included */
    char calls[MUSEUM_TEXT_BYTES]; /* "OK, TIMEOUT" */
    char wrong[MUSEUM_TEXT_BYTES]; /* the first thing that was not as expected */
};

struct museum_exhibit {
    char name[SCENARIO_WORD_BYTES];
    struct scenario_exhibit about;
    char symptom[MUSEUM_TEXT_BYTES]; /* the scenario's description, on one line */
    char rule[SCENARIO_WORD_BYTES];  /* what is found */
    char file[MUSEUM_TEXT_BYTES];    /* and where; "" = at no line */
    unsigned line;
    char text[MUSEUM_TEXT_BYTES]; /* the finding's sentence */
    struct museum_run before, after;
};

struct museum {
    const char *driver_dir;
    size_t count;
    struct museum_exhibit exhibit[MUSEUM_EXHIBITS_MAX];
};

/* Is it the name of an exhibit's driver? */
bool museum_has_driver(const char *driver);

/* `ringside museum ...`: arguments after the word museum; returns an exit status of command.h. */
int museum_main(int argc, char **argv);

/*
 * Runs the exhibits of these scenarios, whose outcome goes into *museum, which isolate_alloc()
 * gave. False after a message when one of them could not be run.
 */
bool museum_run(struct museum *museum, const char *const *paths, size_t count);

/*
 * The table as JSON, with what came of each exhibit on QEMU's device if `beside` (not NULL) says
 * it. False after a message.
 */
struct beside;
bool museum_json(const struct museum *museum, const struct beside *beside, const char *path);

const char *museum_state_word(enum museum_state state);

#endif
