/*
 * `ringside run`: every scenario in turn, its report, pictures and trace, and the summary.
 *
 * A scenario that cannot be run (syntax, driver missing) is reported and the others are still run;
 * the exit status is 2 then, whatever became of the others.
 */
#include "command.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "qemu_device.h"
#include "resources.h"
#include "skip.h"
#include "lost.h"
#include "interrupt.h"
#include "page.h"
#include "recording.h"
#include "source.h"
#include "world.h"

#define LAST_EVENTS      24u /* shown after --until */
#define LAST_EVENT_BYTES 256u
#define PNG_PATH_BYTES   4096u
#define PNG_NAMES_BYTES  (16u << 20) /* of all pictures of a run */

/* The last lines of a trace. */
struct last_events {
    size_t count; /* lines begun */
    size_t bytes; /* of the line being written */
    char line[LAST_EVENTS][LAST_EVENT_BYTES];
};

/* Lies in memory that survives the process which runs the drivers; see isolate.h. */
struct run {
    const struct run_options *options;
    struct report_options report;
    struct world_outcome *outcome;
    FILE *trace;
    struct timeline *timeline; /* instead of lines in `trace`; NULL = none */
    struct page *page;         /* NULL = no pages are wanted */
    struct output *output;     /* for machines; NULL = not wanted */
    bool records;
    struct recorder recorder;
    struct last_events last;
    const struct string_list *paths;
    char again[1024];
    size_t files;
    size_t ok, failed, skipped, broken, interrupted;
    size_t done;    /* all of these */
    double begun_s; /* when the scenario that runs was begun, by the clock on the wall */
    bool unwritten; /* a picture or page could not be written */
    bool untraced;  /* nor all of the trace */
    uint64_t findings, steps;
    size_t picture_bytes;
    char pictures[PNG_NAMES_BYTES]; /* names already taken, each with its terminator */
};

/* ---- the last events before --until ---- */

static ssize_t last_events_write(void *cookie, const char *text, size_t bytes)
{
    struct last_events *last = cookie;
    for (size_t i = 0; i < bytes; i++) {
        char *line = last->line[last->count % LAST_EVENTS];
        if (text[i] == '\n') {
            line[last->bytes] = '\0';
            last->count++;
            last->bytes = 0;
        } else if (last->bytes + 1 < LAST_EVENT_BYTES) {
            line[last->bytes++] = text[i];
        }
    }
    return (ssize_t)bytes;
}

static void last_events_print(const struct run *run)
{
    size_t shown = run->last.count < LAST_EVENTS ? run->last.count : LAST_EVENTS;
    report_put(stdout, &run->report, REPORT_STYLE_BOLD, "the last events:");
    fputc('\n', stdout);
    for (size_t i = run->last.count - shown; i < run->last.count; i++) {
        fputs("  ", stdout);
        report_clip(stdout, &run->report, REPORT_STYLE_PLAIN, 2, run->last.line[i % LAST_EVENTS]);
    }
    fputc('\n', stdout);
}

/* ---- pictures ---- */

/* A name that no earlier picture of this run has: NAME, NAME-2, NAME-3 ... */
static bool picture_path(struct run *run, const char *name, const char *suffix,
                         char out[PNG_PATH_BYTES])
{
    for (unsigned number = 1; number <= COMMAND_SCENARIOS_MAX; number++) {
        char tail[16] = "";
        if (number > 1) {
            snprintf(tail, sizeof tail, "-%u", number);
        }
        int bytes = snprintf(out, PNG_PATH_BYTES, "%s/%s%s%s.png", run->options->png_dir, name,
                             tail, suffix);
        if (bytes < 0 || (size_t)bytes >= PNG_PATH_BYTES) {
            return false;
        }
        bool taken = false;
        for (size_t at = 0; at < run->picture_bytes && !taken;
             at += strlen(run->pictures + at) + 1) {
            taken = strcmp(run->pictures + at, out) == 0;
        }
        size_t needed = strlen(out) + 1;
        if (!taken && needed <= PNG_NAMES_BYTES - run->picture_bytes) {
            memcpy(run->pictures + run->picture_bytes, out, needed);
            run->picture_bytes += needed;
            return true;
        }
    }
    return false;
}

static bool write_picture(struct run *run, const struct picture *picture, const char *name,
                          const char *suffix)
{
    char path[PNG_PATH_BYTES];
    if (!picture->rgb) {
        return true;
    }
    if (!picture_path(run, name, suffix, path)) {
        fprintf(stderr, "ringside: %s: no name for a picture\n", name);
        return false;
    }
    const char *error = picture_write_png(picture, path);
    if (error) {
        fprintf(stderr, "ringside: %s: %s\n", path, error);
        return false;
    }
    if (!run->options->quiet) {
        printf("wrote %s (%" PRIu32 "x%" PRIu32 ")\n", path, picture->width_px, picture->height_px);
    }
    return true;
}

/* What is on the screen in the end, and what was on it before it was lost. */
static bool write_pictures(struct run *run)
{
    const struct world_outcome *outcome = run->outcome;
    if (!run->options->png_dir) {
        return true;
    }
    const char *name = outcome->scenario->name;
    bool now = write_picture(run, &outcome->scanout.picture, name, "");
    return write_picture(run, &outcome->scanout.last, name, "-before-lost") && now;
}

/* ---- pages, and results for machines ---- */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* False when a page could not be written. */
static bool write_page(struct run *run, bool failed)
{
    const struct world_outcome *outcome = run->outcome;
    uint64_t until = run->options->until_step;
    enum page_state state = failed ? PAGE_FAILED : PAGE_OK;
    if (outcome->interrupted || (until != 0 && outcome->steps >= until)) {
        state = PAGE_STOPPED;
    } else if (!failed && skip_everything(outcome)) {
        state = PAGE_SKIPPED;
    }
    if (run->output) {
        output_add(run->output, outcome, state, now_s() - run->begun_s);
    }
    return !run->page || page_finish(run->page, outcome, state, until);
}

/* A scenario that could not be run, of whose mistake `text` tells. */
static void tell_broken(struct run *run, const char *path, const char *text)
{
    run->broken++;
    if (run->page) {
        page_broken(run->page, path);
    }
    if (run->output) {
        output_add_broken(run->output, path, text);
    }
}

/* ---- one scenario ---- */

static bool shows_progress(const struct run *run)
{
    return !run->options->quiet && isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

/* Says on a terminal, and only there, which scenario runs; `name` NULL takes it away again. */
static void progress(const struct run *run, const char *name)
{
    if (!shows_progress(run)) {
        return;
    }
    if (!name) {
        fputs("\r\033[K", stderr);
    } else if (run->files > 1) {
        fprintf(stderr, "[%zu/%zu] %.60s", run->done + 1, run->files, name);
    }
}

/* What takes longer than two seconds says how far it has come; in the parent, which only waits. */
static void tell_progress(void *context, size_t index, unsigned running_ms)
{
    const struct run *run = context;
    const char *path = run->paths->item[index];
    const char *slash = strrchr(path, '/');
    if (running_ms < 2000 || !shows_progress(run)) {
        return;
    }
    fprintf(stderr, "\r\033[K[%zu/%zu] %.40s: %.1f million steps, %u s", index + 1, run->files,
            slash ? slash + 1 : path, (double)run->outcome->steps / 1e6, running_ms / 1000);
}

/* From here on the account of what QEMU's device does inside may be wrong. */
static void print_difference(const struct run *run, const struct world_outcome *outcome)
{
    report_put(stdout, &run->report, REPORT_STYLE_BOLD,
               "note: QEMU's device does not do what the simulated one does (profile qemu)");
    printf("\n  simulated  %s\n  QEMU       %s\n\n", outcome->difference.ours,
           outcome->difference.theirs);
}

/* Runs the world and prints what came of it; false when the environment is at fault. */
static bool run_world(struct run *run, const struct scenario *scenario, FILE *trace, FILE *errors)
{
    const struct run_options *options = run->options;
    struct world_options world = {.driver_dir = options->driver_dir,
                                  .driver_path = options->driver_path,
                                  .guard = options->guard,
                                  .check_stores = options->shadow,
                                  .rules = true,
                                  .qemu = options->qemu,
                                  .until_step = options->until_step,
                                  .trace = trace};
    struct world_outcome *outcome = run->outcome;
    if (run->timeline) {
        world.reader[world.reader_count++] = timeline_reader(run->timeline);
    }
    if (run->records) {
        recorder_begin(&run->recorder, run->recorder.out, scenario, &world, NULL);
        world.reader[world.reader_count++] = recorder_reader(&run->recorder);
        world.turned = recorder_turned;
        world.turned_context = &run->recorder;
    }
    if (run->page) {
        page_begin(run->page);
        world.reader[world.reader_count++] = page_reader(run->page);
    }
    if (run->output) {
        output_begin(run->output);
        world.reader[world.reader_count++] = output_reader(run->output);
    }
    progress(run, scenario->name);
    run->begun_s = now_s();
    const char *error = world_run(scenario, &world, outcome);
    progress(run, NULL);
    if (run->timeline) {
        timeline_end(run->timeline, outcome);
    }
    if (trace) {
        run->untraced = fflush(trace) != 0 || ferror(trace) || run->untraced;
    }
    if (error) {
        size_t bytes = strlen(scenario->path);
        bool placed = strncmp(error, scenario->path, bytes) == 0;
        fprintf(errors, "%s%s%s\n", placed ? "" : scenario->path, placed ? "" : ": error: ", error);
        world_outcome_free(outcome);
        return false;
    }
    bool failed = outcome->failure_count > 0 && !outcome->interrupted &&
                  (options->until_step == 0 || outcome->steps < options->until_step);
    bool skipped = !failed && skip_everything(outcome);
    run->ok += !failed && !skipped && !outcome->interrupted;
    run->skipped += skipped && !outcome->interrupted;
    run->failed += failed;
    run->interrupted += outcome->interrupted;
    run->findings += outcome->findings.count + outcome->findings.dropped;
    run->steps += outcome->steps;
    if (options->until_step != 0 && options->trace_path == NULL) {
        last_events_print(run);
    }
    if (failed || outcome->interrupted || !options->quiet) {
        report_outcome(stdout, &run->report, outcome);
    }
    run->unwritten = !write_page(run, failed) || run->unwritten;
    if (outcome->difference_count > 0 && !options->quiet) {
        print_difference(run, outcome);
    }
    if (outcome->unloaded) {
        source_close(); /* the driver was unloaded: its addresses may soon be another's */
    }
    run->unwritten = !write_pictures(run) || run->unwritten;
    world_outcome_free(outcome);
    return true;
}

static bool run_scenario(struct run *run, const char *path, size_t index, FILE *errors)
{
    struct scenario *scenario = command_scenario(run->options, path, errors);
    if (!scenario) {
        return false;
    }
    const char *unfit = run->options->qemu ? qemu_device_unfit(scenario) : NULL;
    bool good = command_driver_is_there(run->options, scenario, errors);
    if (good && unfit) {
        run->skipped++;
        if (run->output) {
            output_add_skipped(run->output, scenario, unfit);
        }
        if (!run->options->quiet) {
            printf("skipped   %s: %s\n", scenario->name, unfit);
        }
    } else if (good) {
        FILE *trace = run->timeline ? NULL : run->trace;
        cookie_io_functions_t functions = {.write = last_events_write};
        bool watch_last = run->options->until_step != 0 && !run->trace;
        if (watch_last) {
            memset(&run->last, 0, sizeof run->last);
            trace = fopencookie(&run->last, "w", functions);
        } else if (trace) {
            fprintf(trace, "# %s\n", path);
        } else if (run->timeline) {
            timeline_begin(run->timeline, scenario, (unsigned)index + 1);
        }
        good = run_world(run, scenario, trace, errors);
        if (watch_last && trace) {
            fclose(trace);
        }
    }
    scenario_free(scenario);
    return good;
}

static bool run_one(void *context, size_t index)
{
    struct run *run = context;
    const char *path = run->paths->item[index];
    char *text = NULL;
    size_t bytes = 0;
    FILE *kept = open_memstream(&text, &bytes);
    bool good = run_scenario(run, path, index, kept ? kept : stderr);
    bool whole = kept && fclose(kept) == 0;
    if (whole) {
        fputs(text, stderr);
    }
    if (!good) {
        tell_broken(run, path, whole ? text : "");
    }
    free(text);
    run->done++;
    fflush(stdout); /* so that a reader who went away is noticed now */
    return !ferror(stdout) && interrupts_came() == 0;
}

/* A scenario whose driver took the process with it: what is known of it, and how it was lost. */
static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct run *run = context;
    struct scenario *scenario = command_scenario(run->options, run->paths->item[index], stderr);
    bool has_driver = scenario && (scenario->driver[0] || run->options->driver_path);
    if (run->trace && !run->timeline) {
        fprintf(run->trace, "\n# lost: the driver %s\n", death->text);
        fflush(run->trace);
    }
    if (has_driver) {
        struct world_outcome *outcome = run->outcome;
        lost_outcome(outcome, scenario, death);
        if (run->timeline) {
            timeline_end(run->timeline, outcome);
        }
        bool failed = outcome->failure_count > 0;
        if (run->output) {
            output_forget(run->output);
        }
        run->failed += failed;
        run->ok += !failed;
        run->findings += outcome->findings.count + outcome->findings.dropped;
        run->steps += outcome->steps;
        if (failed || !run->options->quiet) {
            report_outcome(stdout, &run->report, outcome);
        }
        run->unwritten = !write_page(run, failed) || run->unwritten;
    } else {
        fprintf(stderr, "ringside: %s: ringside itself was lost, without any driver: it %s\n",
                run->paths->item[index], death->text);
        tell_broken(run, run->paths->item[index], death->text);
    }
    fflush(stdout);
    scenario_free(scenario);
}

/* ---- all of them ---- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_summary(const struct run *run)
{
    size_t count = run->ok + run->failed + run->skipped + run->broken + run->interrupted;
    printf("%zu scenario%s: %zu ok, %zu failed", count, plural(count), run->ok, run->failed);
    if (run->skipped > 0) {
        printf(", %zu skipped", run->skipped);
    }
    if (run->broken > 0) {
        printf(", %zu could not be run", run->broken);
    }
    if (interrupts_came() != 0) {
        printf(", interrupted, %zu not run",
               run->files - (count < run->files ? count : run->files));
    }
    printf("; %" PRIu64 " finding%s; %" PRIu64 " steps\n", run->findings, plural(run->findings),
           run->steps);
}

/* The options that the `again` line of a finding repeats. */
static void note_again(struct run *run)
{
    const struct run_options *options = run->options;
    char word[512];
    size_t used = 0;
    const char *const pairs[][2] = {{"--driver", options->driver_path},
                                    {"--drivers", options->driver_dir}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i][1] && strcmp(pairs[i][1], resource_folder(RESOURCE_drivers)) != 0 &&
            used < sizeof run->again) {
            report_shell_word(pairs[i][1], word, sizeof word);
            used += (size_t)snprintf(run->again + used, sizeof run->again - used, "%s%s %s",
                                     used ? " " : "", pairs[i][0], word);
        }
    }
}

/* Opens what is written to; false after a message. */
static bool open_outputs(const struct run_options *options, struct run *run,
                         struct whole_file *trace, struct whole_file *record)
{
    if (options->record_path && (options->fault_count > 0 || options->personality != 0)) {
        fputs(
            "ringside: a recording is of a scenario as it stands; write --fault and --personality "
            "into it\n",
            stderr);
        return false;
    }
    if (options->record_path && run->files > 1) {
        fprintf(stderr, "ringside: a recording takes one scenario; there are %zu\n", run->files);
        return false;
    }
    if (options->record_path) {
        if (!whole_file_open(record, options->record_path)) {
            return false;
        }
        run->records = true;
        run->recorder.out = record->stream;
    }
    if (options->trace_format == TIMELINE_VCD && run->files > 1) {
        fprintf(stderr,
                "ringside: a vcd file takes one scenario, as its time cannot go back; there are "
                "%zu\n",
                run->files);
        return false;
    }
    if (options->png_dir && mkdir(options->png_dir, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "ringside: %s: %s\n", options->png_dir, strerror(errno));
        return false;
    }
    if (options->trace_path && options->trace_path[0]) {
        if (!whole_file_open(trace, options->trace_path)) {
            return false;
        }
        run->trace = trace->stream;
    } else if (options->trace_path) {
        run->trace = stdout;
    }
    if (options->trace_format != TIMELINE_TEXT && run->trace) {
        run->timeline = timeline_create(options->trace_format, run->trace);
        if (!run->timeline) {
            fputs("ringside: out of memory\n", stderr);
            return false;
        }
    }
    if (options->html_dir) {
        run->page = page_create(options->html_dir, run->again);
    }
    if (output_wanted(&options->output)) {
        run->output = output_create(&options->output, "run", run->again);
        if (!run->output) {
            return false;
        }
    }
    return !options->html_dir || run->page;
}

static int run_files(const struct run_options *options, const struct string_list *files)
{
    struct whole_file trace = {0}, record = {0};
    struct run *run = isolate_alloc(sizeof *run);
    struct world_outcome *outcome = isolate_alloc(sizeof *outcome);
    int status = EXIT_ENVIRONMENT;
    if (!run || !outcome) {
        fputs("ringside: out of memory\n", stderr);
    } else {
        run->options = options;
        run->outcome = outcome;
        run->files = files->count;
        run->paths = files;
        note_again(run);
        interrupt_catch();
        if (open_outputs(options, run, &trace, &record)) {
            run->report = report_options_for(stdout, options->color);
            run->report.verbose = options->verbose || files->count == 1;
            run->report.until = options->until_step;
            run->report.again = run->again;
            struct isolate_jobs jobs = {.mode = options->isolate,
                                        .count = files->count,
                                        .context = run,
                                        .run = run_one,
                                        .idle = tell_progress,
                                        .tell = tell_lost};
            bool bad = !isolate_run(&jobs);
            bad = (run->page && !page_end(run->page, true)) || bad;
            bad = (run->output &&
                   !output_end(run->output, run->files, interrupts_came() != 0, true)) ||
                  bad;
            print_summary(run);
            bad = bad || run->broken > 0 || run->unwritten;
            status = bad ? EXIT_ENVIRONMENT : run->failed ? EXIT_NOT_AS_EXPECTED : EXIT_AS_EXPECTED;
            status = interrupts_came() != 0 ? EXIT_INTERRUPTED : status;
        }
        record.failed =
            run->records && run->broken == 0 &&
            !recorder_end(&run->recorder, options->until_step == 0 && run->interrupted == 0);
        if (record.stream && !whole_file_close(&record, run->broken == 0)) {
            status = EXIT_ENVIRONMENT;
        }
        trace.failed = run->untraced || (run->timeline && !timeline_flush(run->timeline));
        timeline_free(run->timeline);
        bool is_empty = run->timeline && run->broken == run->files;
        if (trace.stream && !whole_file_close(&trace, !is_empty)) {
            status = EXIT_ENVIRONMENT;
        }
        source_close();
    }
    isolate_free(outcome, sizeof *outcome);
    isolate_free(run, sizeof *run);
    return status;
}

int command_run(const struct run_options *options)
{
    struct string_list files = {0};
    bool good = true;
    for (size_t i = 0; i < options->path_count; i++) {
        size_t before = files.count;
        if (!files_find(&files, options->path[i])) {
            good = false;
        } else if (files.count == before) {
            fprintf(stderr, "ringside: %s: no scenario found (a file NAME.scn)\n",
                    options->path[i]);
            good = false;
        }
    }
    int status = EXIT_ENVIRONMENT;
    if (files.count > 0) {
        status = run_files(options, &files);
    }
    string_list_free(&files);
    return good ? status : EXIT_ENVIRONMENT;
}
