/*
 * `ringside replay-trace`: makes a recorded run again, and tells the first line that differs.
 *
 * The driver is the object of today: what differs is what has changed since, in the driver, in
 * ringside, or between two machines.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "isolate.h"
#include "recording.h"
#include "report.h"
#include "scenario.h"
#include "source.h"

/* Lies in memory that survives the process which runs the driver. */
struct comparison {
    struct session session;
    struct world_outcome outcome;
    struct world_options options;
    const struct recording *recording;
    struct scenario *scenario;
    struct report_options report;
    const char *wanted; /* the next line */
    unsigned line;
    uint64_t compared;
    bool differs, broken, lost, told;
};

static volatile bool enough; /* a recording that was stopped has been made again */

static void compare(void *context, const struct event *event, const struct world_sight *sight)
{
    struct comparison *comparison = context;
    char text[EVENT_TEXT_BYTES];
    size_t bytes, wanted_bytes;
    char line[64];

    if (comparison->differs)
        return;
    if (comparison->wanted == NULL && comparison->recording->stopped)
        return; /* as far as the recording goes */
    if (comparison->wanted == NULL) {
        comparison->differs = true;
        (void)event_format(event, arena_name, sight->arena, text, sizeof text);
        printf("%s: the run differs: the recording ends after %" PRIu64 " events\n  now       ",
               comparison->recording->path, comparison->compared);
        report_clip(stdout, &comparison->report, REPORT_STYLE_PLAIN, 12, text);
        return;
    }
    bytes = event_format(event, arena_name, sight->arena, text, sizeof text);
    wanted_bytes = strcspn(comparison->wanted, "\n");
    if (bytes == wanted_bytes && memcmp(text, comparison->wanted, bytes) == 0) {
        comparison->compared++;
        comparison->wanted =
            recording_next(comparison->recording, comparison->wanted, &comparison->line);
        enough = comparison->wanted == NULL && comparison->recording->stopped;
        return;
    }
    comparison->differs = true;
    printf("%s:%u: the run differs\n", comparison->recording->path, comparison->line);
    (void)report_put(stdout, &comparison->report, REPORT_STYLE_PLAIN, "  recorded  ");
    char recorded[EVENT_TEXT_BYTES];
    snprintf(recorded, sizeof recorded, "%.*s",
             (int)(wanted_bytes < sizeof recorded ? wanted_bytes : sizeof recorded - 1),
             comparison->wanted);
    report_clip(stdout, &comparison->report, REPORT_STYLE_PLAIN, 12, recorded);
    (void)report_put(stdout, &comparison->report, REPORT_STYLE_PLAIN, "  now       ");
    report_clip(stdout, &comparison->report, REPORT_STYLE_ERROR, 12, text);
    struct source_place place;
    if (event->pc != 0 && source_find(event->pc, &place)) {
        snprintf(line, sizeof line, ":%u", source_main_line(&place));
        printf("  at        %s%s\n", source_main_file(&place), line);
    }
}

static void stopped(void *context, struct session *session)
{
    struct comparison *comparison = context;
    struct control_order order = {.goal = CONTROL_TO_END};

    if (session->over || comparison->differs || session->control.why == CONTROL_SIGNAL)
        session_quit(session);
    else
        session_go(session, &order);
}

static void tell(struct comparison *comparison)
{
    const struct recording *recording = comparison->recording;

    if (comparison->broken || comparison->differs || comparison->told)
        return;
    comparison->told = true;
    if (comparison->wanted != NULL) {
        comparison->differs = true;
        printf("%s:%u: the run differs: it ends after %" PRIu64 " events\n  recorded  ",
               recording->path, comparison->line, comparison->compared);
        char text[EVENT_TEXT_BYTES];
        snprintf(text, sizeof text, "%.*s", (int)strcspn(comparison->wanted, "\n"),
                 comparison->wanted);
        report_clip(stdout, &comparison->report, REPORT_STYLE_PLAIN, 12, text);
        return;
    }
    printf("%s: the same run: %" PRIu64 " events%s\n", recording->path, comparison->compared,
           comparison->lost ? ", then the driver took its process with it, as before" : "");
}

static bool run(void *context, size_t index)
{
    struct comparison *comparison = context;
    struct session_director director = {.stopped = stopped, .context = comparison};
    const char *error;

    (void)index;
    comparison->session.control.signalled = &enough;
    comparison->session.control.order = (struct control_order){.goal = CONTROL_TO_END};
    error = session_run(&comparison->session, &director);
    if (error != NULL) {
        fprintf(stderr, "%s: error: %s\n", comparison->recording->path, error);
        comparison->broken = true;
    }
    tell(comparison);
    source_close();
    fflush(stdout);
    return false;
}

static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct comparison *comparison = context;

    (void)index;
    (void)death;
    comparison->lost = true;
    tell(comparison);
    fflush(stdout);
}

static int replay(struct comparison *comparison, const struct run_options *options)
{
    struct isolate_jobs jobs = {
        .mode = options->isolate, .count = 1, .context = comparison, .run = run, .tell = tell_lost};
    const struct recording *recording = comparison->recording;

    comparison->report = report_options_for(stdout, options->color);
    comparison->wanted = recording->first_event;
    comparison->line = recording->first_line;
    comparison->options =
        (struct world_options){.driver_dir = options->driver_dir,
                               .driver_path = options->driver_path != NULL ? options->driver_path
                                                                           : recording->object,
                               .guard = options->guard,
                               .check_stores = options->shadow,
                               .rules = true,
                               .turn_count = recording->turn_count,
                               .turn = recording->turn,
                               .replays = true,
                               .qemu = recording->qemu,
                               .reader_count = 1,
                               .reader = {{compare, comparison}}};
    session_create(&comparison->session, comparison->scenario, &comparison->options,
                   &comparison->outcome);
    for (size_t i = 0; i < recording->act_count; i++)
        comparison->session.act[i] = recording->act[i];
    comparison->session.act_count = recording->act_count;
    if (!isolate_run(&jobs) || comparison->broken)
        return EXIT_ENVIRONMENT;
    return comparison->differs ? EXIT_NOT_AS_EXPECTED : EXIT_AS_EXPECTED;
}

static int replay_file(const struct run_options *options, const char *path)
{
    static struct scenario *scenario; /* where a checker for leaks looks; shared memory is not */
    struct recording *recording = recording_read(path, stderr);
    struct comparison *comparison = recording != NULL ? isolate_alloc(sizeof *comparison) : NULL;
    int status = EXIT_ENVIRONMENT;

    if (recording != NULL && comparison == NULL)
        fputs("ringside: out of memory\n", stderr);
    if (comparison != NULL) {
        comparison->recording = recording;
        scenario = scenario_parse(recording->scenario_path, recording->scenario_text, stderr);
        comparison->scenario = scenario;
        if (comparison->scenario != NULL) {
            comparison->scenario->seed = recording->seed;
            if (recording->object != NULL ||
                command_driver_is_there(options, comparison->scenario, stderr))
                status = replay(comparison, options);
        }
        scenario_free(scenario);
        scenario = NULL;
        isolate_free(comparison, sizeof *comparison);
    }
    recording_free(recording);
    return status;
}

int command_replay_trace(const struct run_options *options)
{
    int status = EXIT_AS_EXPECTED;

    for (size_t i = 0; i < options->path_count; i++) {
        int one = replay_file(options, options->path[i]);
        status = one > status ? one : status;
    }
    return status;
}
