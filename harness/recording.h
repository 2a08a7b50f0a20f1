/*
 * Recordings: a run as text, from which it can be made again and held against, line by line.
 *
 *     ringside-recording 1
 *     seed 7
 *     driver levitate             the driver's own name; `-`: none
 *     object PATH                 only if another object was asked for than the scenario's
 *     device qemu                 only if it was QEMU's own
 *     scenario PATH               what it was called; the text itself follows:
 *     | # The seed's timeout ...
 *     do 172.3 write QueueNotify 0    by hand, at boundary 172.3 (control.h)
 *     1 world call 0              every event, as in a trace
 *     turn 174.1 9                the schedule: at the first chance behind step 174 that the device
 *                                 had, it took 9 micro-steps
 *     stopped                     the run could have gone on
 *     end 304 1c291ca3            how many events, and the CRC-32 of all that stands above
 *
 * A recording that was cut short has no last line, and one that was edited another checksum. The
 * schedule is written down although the seed gives it again: what is recorded can be run again when
 * the schedules of another version of ringside differ.
 *
 * A recorder lies in memory that outlives the process which runs the drivers (isolate.h).
 */
#ifndef RINGSIDE_HARNESS_RECORDING_H
#define RINGSIDE_HARNESS_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "session.h"
#include "world.h"

#define RECORDING_VERSION      1u
#define RECORDING_BUFFER_BYTES (1u << 16)
#define RECORDING_BYTES_MAX    (UINT64_C(8) << 30)

struct recorder {
    FILE *out;
    uint64_t events;
    uint32_t checksum;
    bool failed;
    size_t used;
    char buffer[RECORDING_BUFFER_BYTES];
};

/* Of `options`: the driver object that was asked for, the device; `session`: what is done by hand.
 */
void recorder_begin(struct recorder *recorder, FILE *out, const struct scenario *scenario,
                    const struct world_options *options, const struct session *session);
struct world_reader recorder_reader(struct recorder *recorder);
/* A turn of the device: world_options.turned. */
void recorder_turned(void *context, const struct world_turn *turn);
/* Writes the last line; `whole`: the run came to its end. False when not all could be written. */
bool recorder_end(struct recorder *recorder, bool whole);

/* ---- reading ---- */

struct recording {
    char *path;
    char *text; /* the whole file; lines end in NUL */
    size_t bytes;
    char *scenario_text;
    char *scenario_path;
    char *object; /* or NULL */
    bool qemu;    /* QEMU's own device was in front of the driver */
    char *driver;
    uint64_t seed;
    size_t act_count;
    struct session_act *act;
    size_t turn_count;
    struct world_turn *turn;
    uint64_t event_count;
    bool stopped;            /* the run went on, and was not recorded any more */
    const char *first_event; /* the line; the others are found by recording_next() */
    unsigned first_line;
};

/* Reads and checks a whole recording; NULL after one message to `errors`. */
struct recording *recording_read(const char *path, FILE *errors);
void recording_free(struct recording *recording);
/* The event line behind `line`, or NULL; counts up *number, which is a line of the file. */
const char *recording_next(const struct recording *recording, const char *line, unsigned *number);

#endif
