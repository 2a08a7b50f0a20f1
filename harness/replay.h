/*
 * The same scenario on real QEMU: a cross-built image of the same driver sources is booted, does
 * the scenario's calls, and its screen is compared pixel by pixel with the simulated scanout.
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

/* X(name, text): the response buffer when the run is over, as far as the last call is concerned. */
#define REPLAY_RESPONSES(X)                                                                        \
    X(UNKNOWN, "not known")                                                                        \
    X(UNTOUCHED, "untouched")                                                                      \
    X(FILLED, "filled")                                                                            \
    X(UNCHANGED, "unchanged")     /* as an earlier call had left it, or the same again */          \
    X(FILLED_ONCE, "filled once") /* in this call or an earlier one */

enum replay_response {
#define X(name, text) REPLAY_RESPONSE_##name,
    REPLAY_RESPONSES(X)
#undef X
};

#define REPLAY_TIMEOUT_SECONDS     60u
#define REPLAY_TIMEOUT_SECONDS_MAX 3600u
#define REPLAY_TEXT_BYTES          240u
#define REPLAY_DIFFERENCES_MAX     16u

struct replay_options {
    const char *target;     /* "aarch64" */
    const char *image_dir;  /* where DRIVER-TARGET.elf is looked for; NULL = the build's */
    const char *driver_dir; /* where the simulator's NAME.so is looked for; NULL = the build's */
    const char *out_dir;    /* pictures are left here as PNG; NULL = nowhere */
    bool print_command;     /* -X: print the QEMU command line and do nothing */
    bool table;             /* one table at the end instead of a verdict a scenario */
    bool verbose;
    unsigned timeout_seconds; /* for the whole of QEMU; it is the environment, so a wall clock is
                                 right */
};

/* What came of a scenario on QEMU. Freed with replay_outcome_free(). */
struct replay_outcome {
    bool done;  /* the machine came to its end */
    bool fault; /* the machine's CPU took an exception */
    char fault_text[REPLAY_TEXT_BYTES];
    char driver[SCENARIO_WORD_BYTES];       /* as the machine names it; "" = it did not say */
    char unknown_option[REPLAY_TEXT_BYTES]; /* an option that the machine's driver refused; "" =
                                               none */
    size_t call_count;
    int result[SCENARIO_ACTIONS_MAX]; /* enum suite_result; -1 = the machine did not say */
    int64_t interrupts;               /* that the machine delivered; -1 = it did not say */
    enum replay_response response;
    enum replay_screen screen;
    struct picture picture;                 /* the screendump; rgb NULL if none */
    unsigned start_ms, guest_ms, screen_ms; /* until QEMU talks; until done; until all is taken */
    char *log;                              /* all that the machine printed */
    char *guest_errors;                     /* what QEMU logged with -d guest_errors */
};

/* Simulator and QEMU, held against each other. */
struct replay_verdict {
    bool agree;
    size_t difference_count; /* over the limit they are only counted */
    char difference[REPLAY_DIFFERENCES_MAX][REPLAY_TEXT_BYTES];
};

/* What QEMU shows is it one of its own placeholders? See placeholder.c. */
enum replay_screen placeholder_recognise(const struct picture *picture);

/* Where the image of a scenario's driver should be. NULL, or a message. */
const char *replay_image(const struct scenario *scenario, const struct replay_options *options,
                         char *out, size_t out_bytes);
/* What is missing for a replay, with the package to install; NULL when nothing is. */
const char *replay_missing(const struct scenario *scenario, const struct replay_options *options);

/*
 * Boots QEMU once for a scenario. Returns NULL and fills *out, or a message (QEMU or image missing,
 * with the package to install; QEMU died; stopped by a signal) that lives until the next call. A
 * machine that does not come to its end in time is an outcome, not an error.
 */
const char *replay_run(const struct scenario *scenario, const struct replay_options *options,
                       struct replay_outcome *out);
void replay_outcome_free(struct replay_outcome *outcome);

/* ---- replay_verdict.c ---- */

/* Calls, response buffer and every pixel. */
void replay_compare(const struct world_outcome *simulator, const struct replay_outcome *qemu,
                    struct replay_verdict *out);

/* Results of calls as a person reads them: "OK, 8x TIMEOUT, QUEUE_FULL". `-1` is "no return". */
void replay_results_text(const int *results, size_t count, char *out, size_t out_bytes);
void replay_simulator_results(const struct world_outcome *simulator, int *results);

/* One word or two for a table's cell: "1280x800", "never", "lost". */
void replay_simulator_screen(const struct world_outcome *simulator, char *out, size_t out_bytes);
void replay_qemu_screen(const struct replay_outcome *qemu, char *out, size_t out_bytes);
const char *replay_screen_text(enum replay_screen screen);
const char *replay_response_text(enum replay_response response);

/* ---- replay_table.c ---- */

/* X(name, width in columns): cells of one scenario's row; with a space between them 80 columns. */
#define REPLAY_COLUMNS(X)                                                                          \
    X(SCENARIO, 24)                                                                                \
    X(VERSION, 1)                                                                                  \
    X(CALLS_SIMULATOR, 13)                                                                         \
    X(CALLS_QEMU, 13)                                                                              \
    X(SCREEN_SIMULATOR, 9)                                                                         \
    X(SCREEN_QEMU, 9)                                                                              \
    X(AGREE, 5)

enum replay_column {
#define X(name, width) REPLAY_COLUMN_##name,
    REPLAY_COLUMNS(X)
#undef X
        REPLAY_COLUMN_COUNT
};

struct replay_row {
    char cell[REPLAY_COLUMN_COUNT][REPLAY_TEXT_BYTES];
};

void replay_row_fill(struct replay_row *row, const struct world_outcome *simulator,
                     const struct replay_outcome *qemu, const struct replay_verdict *verdict);
void replay_table_head(FILE *out);
void replay_table_row(FILE *out, const struct replay_row *row);

/* ---- replay_matrix.c: scenarios down; the simulator, QEMU's device and machines across ---- */

/* X(name, word): what came of a scenario there. */
#define REPLAY_CELLS(X)                                                                            \
    X(WAITING, "waiting")                                                                          \
    X(RAN, "ran") /* on the simulator: what the others are held against */                         \
    X(AGREES, "agrees")                                                                            \
    X(DIFFERS, "differs")                                                                          \
    X(NOT_HERE, "not-here") /* there is no such thing there */                                     \
    X(SKIPPED, "skipped")   /* the environment lacks what the machine needs */                     \
    X(FAILED, "failed")     /* the environment broke */

enum replay_cell_state {
#define X(name, word) REPLAY_CELL_##name,
    REPLAY_CELLS(X)
#undef X
};

#define REPLAY_CELL_DIFFERENCES_MAX 4u
#define REPLAY_JOBS_MAX             16u

struct replay_cell {
    enum replay_cell_state state;
    char calls[REPLAY_TEXT_BYTES];  /* "OK, TIMEOUT" */
    char screen[REPLAY_TEXT_BYTES]; /* "1280x800", "never", "lost" */
    char reason[REPLAY_TEXT_BYTES]; /* why not here, skipped or failed */
    char named[REPLAY_TEXT_BYTES];  /* a named difference, up to which it was compared; or "" */
    uint64_t pixels;                /* all of them the same; 0 = there was no picture */
    uint64_t values;                /* of QEMU's device that were compared */
    int64_t interrupts;             /* that a machine took; -1 = not known */
    unsigned simulator_ms, start_ms, guest_ms, screen_ms;
    size_t difference_count; /* over the limit they are only counted */
    char difference[REPLAY_CELL_DIFFERENCES_MAX][REPLAY_TEXT_BYTES];
};

struct boot_target;

/* What stands in a column: the host-built driver in front of either device, or a machine. */
enum replay_side_kind { REPLAY_SIMULATOR, REPLAY_DEVICE, REPLAY_MACHINE };

struct replay_side {
    enum replay_side_kind kind;
    const struct boot_target *target; /* of a machine */
};

struct replay_matrix {
    struct scenario **scenario;
    size_t scenario_count;
    bool device; /* QEMU's own device has a column, too */
    const struct boot_target *target[16];
    size_t target_count;
    struct replay_cell *cell; /* row by row */
    uint64_t elapsed_ms;
};

/* The simulator, QEMU's device if it is wanted, the machines. */
static inline size_t replay_columns(const struct replay_matrix *matrix)
{
    return 1u + matrix->device + matrix->target_count;
}

struct replay_side replay_side(const struct replay_matrix *matrix, size_t column);
const char *replay_side_name(const struct replay_side *side);

static inline struct replay_cell *replay_cell(const struct replay_matrix *matrix, size_t row,
                                              size_t column)
{
    return &matrix->cell[row * replay_columns(matrix) + column];
}

const char *replay_cell_word(enum replay_cell_state state);

/*
 * Pictures go into a folder for each machine. Fills all cells, up to `jobs` QEMUs side by side, and
 * prints the table. Returns the exit status; a machine that is skipped is told of and fails
 * nothing.
 */
int replay_matrix_run(struct replay_matrix *matrix, const struct replay_options *options,
                      unsigned jobs);

/* replay_matrix_print.c: in 80 columns, with a line for whatever is not the simulator's. */
void replay_matrix_print(const struct replay_matrix *matrix);
/* replay_matrix_json.c: the same as JSON. False after a message. */
bool replay_matrix_json(const struct replay_matrix *matrix, const char *path);

/* ---- replay_pictures.c ---- */

/*
 * Writes NAME-sim.png, NAME-qemu.png, NAME-sim-before.png for a display that was lost, and all of
 * them side by side as NAME-both.png. Returns NULL or a message that lives until the next call.
 */
const char *replay_write_pictures(const char *dir, const struct world_outcome *simulator,
                                  const struct replay_outcome *qemu);

/* ---- replay_main.c ---- */

/* `ringside replay ...`: arguments after the word replay; returns the exit status. */
int replay_main(int argc, char **argv);

#endif
