/*
 * The command line: `ringside run`, `rules`, `explain`, `drivers`, `replay`, `help`.
 *
 * Exit status: 0 when everything came as expected, 1 when something did not, 2 when the environment
 * or the command line is at fault (also when the output cannot be written).
 */
#ifndef RINGSIDE_HARNESS_COMMAND_H
#define RINGSIDE_HARNESS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fault.h"
#include "isolate.h"
#include "output.h"
#include "report_text.h"
#include "timeline.h"

#define COMMAND_PATHS_MAX     4096u
#define COMMAND_SCENARIOS_MAX 100000u
#define COMMAND_FOLDERS_MAX   32u /* how deep folders are followed */
#define COMMAND_DRIVERS_MAX   256u

enum { EXIT_AS_EXPECTED = 0, EXIT_NOT_AS_EXPECTED = 1, EXIT_ENVIRONMENT = 2 };

/* main(), without its arguments being global. */
int command_main(int argc, char **argv);

/* ---- options: command.c ---- */

/* X(name, word, argument's name or "", is the argument optional, help) */
#define COMMAND_RUN_OPTIONS(X)                                                                     \
    X(DRIVER, "--driver", "FILE", false, "run this driver object, whatever the scenario names")    \
    X(DRIVERS, "--drivers", "DIR", false, "look for driver objects NAME.so here")                  \
    X(DEVICE, "--device", "NAME", false, "in front of the driver: sim, or QEMU's own: qemu")       \
    X(FAULT, "--fault", "TEXT", false, "a fault besides the scenario's: \"used-len 0 at 412\"")    \
    X(PERSONALITY, "--personality", "NAME", false, "the device's: strict, lazy, qemu-11 ...")      \
    X(UNTIL, "--until", "STEP", false, "stop at this step and show the last events before it")     \
    X(TRACE, "--trace", "FILE", true, "write every event as a line (to the screen without FILE)")  \
    X(TRACE_FORMAT, "--trace-format", "WORD", false, "text, perfetto or vcd: how FILE is written") \
    X(RECORD, "--record", "FILE", false, "write events, schedule and seed, for replay-trace")      \
    X(PNG, "--png", "DIR", false, "write what is on the screens as DIR/NAME.png")                  \
    X(HTML, "--html", "DIR", false, "write a page of each run as DIR/NAME.html, and an index")     \
    X(TAP, "--tap", "FILE", false, "write what came of the runs as TAP 14; - is the screen")       \
    X(JUNIT, "--junit", "FILE", false, "the same as JUnit XML")                                    \
    X(SARIF, "--sarif", "FILE", false, "findings at the driver's lines, as SARIF 2.1.0")           \
    X(JSON, "--json", "FILE", false, "everything that was found out, as JSON")                     \
    X(NO_GUARD, "--no-guard", "", false, "leave register windows readable between accesses")       \
    X(NO_SHADOW, "--no-shadow", "", false, "do not look for stores that the probe missed")         \
    X(ISOLATE, "--isolate", "WHEN", false, "drivers in a process apart: auto, always or never")    \
    X(COLOR, "--color", "WHEN", false, "always, never or auto")                                    \
    X(VERBOSE, "--verbose", "", false, "print calls and findings also when all is as expected")    \
    X(QUIET, "--quiet", "", false, "print nothing about scenarios that came as expected")          \
    X(HELP, "--help", "", false, "print this")

struct run_options {
    const char *driver_path;
    const char *driver_dir;
    const char *trace_path; /* NULL = none, "" = standard output */
    enum timeline_format trace_format;
    bool trace_format_given;
    const char *record_path; /* NULL = none */
    const char *png_dir;
    const char *html_dir; /* NULL = none */
    struct output_paths output;
    uint64_t until_step;
    enum report_when color;
    enum isolate_mode isolate;
    bool guard, shadow, verbose, quiet;
    bool qemu; /* --device qemu */
    size_t fault_count;
    const char *fault[SIM_FAULTS_MAX]; /* --fault */
    int personality;                   /* --personality: enum sim_personality + 1; 0 = none */
    size_t path_count;
    const char *path[COMMAND_PATHS_MAX];
};

/* ---- what `run` works on: command_files.c ---- */

struct scenario;

struct string_list {
    size_t count, capacity;
    char **item;
};

bool string_list_add(struct string_list *list, const char *text);
void string_list_free(struct string_list *list);

/*
 * Adds a file, or all *.scn files below a folder in the order of their names; a relative path that
 * is not there is looked for among ringside's own scenarios. False after a
 * message about what cannot be read.
 */
bool files_find(struct string_list *out, const char *path);

/* Names of the driver objects in a folder, sorted; none when it cannot be read. */
void files_drivers(struct string_list *out, const char *folder);

/* The object of the scenario's driver is there, or one message in the form of the parser's. */
bool command_driver_is_there(const struct run_options *options, const struct scenario *scenario,
                             FILE *errors);

/* A file that appears under its name only when it is complete. */
struct whole_file {
    FILE *stream;
    char *path;
    char *temporary;
    bool unnamed; /* `temporary` is its name only while it gets its own */
    bool failed;  /* a process that wrote to it as well could not */
};

/* False after a message. */
bool whole_file_open(struct whole_file *file, const char *path);
bool whole_file_close(struct whole_file *file, bool keep);

/* ---- `ringside run`: command_run.c ---- */

int command_run(const struct run_options *options);

/* ---- command_scenario.c ---- */

/*
 * Reads a scenario and adds what the command line says of its device: faults, a personality. NULL
 * after a message to `errors`.
 */
struct scenario *command_scenario(const struct run_options *options, const char *path,
                                  FILE *errors);
/* Takes the word of --personality; false after a message. */
bool command_take_personality(struct run_options *options, const char *command, const char *word);

/* ---- `ringside step`: step_main.c ---- */

int command_step(const struct run_options *options);

/* ---- `ringside replay-trace`: replay_trace.c ---- */

int command_replay_trace(const struct run_options *options);

/* ---- `ringside silence`: silence_main.c ---- */

int silence_main(int argc, char **argv);

/* ---- `ringside hostile`: hostile_main.c ---- */

int hostile_main(int argc, char **argv);

/* ---- `ringside show`: show_main.c ---- */

int show_main(int argc, char **argv);

#endif
