/*
 * Random differential testing: made-up scenarios on both devices until they differ, then the
 * shortest scenario that still does.
 *
 * Shrinking takes out halves, quarters, ... single actions as long as a difference remains (it need
 * not stay the same one: any is worth a look), then makes values small. QEMU that dies is a
 * difference as well.
 */
#include "diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qemu.h"

#define SHRINK_RUNS_MAX 4000u
#define PROGRESS_CASES  50u
#define PARTINGS_MAX    8u /* kinds of named differences */

/* ---- one run ---- */

size_t diff_operations(const struct scenario *scenario)
{
    size_t count = 0;

    for (size_t i = 0; i < scenario->action_count; i++)
        count +=
            scenario->action[i].kind != SCENARIO_ALLOC && scenario->action[i].kind != SCENARIO_FREE;
    return count;
}

const char *diff_run(const struct scenario *scenario, struct world_outcome *outcome)
{
    const struct world_options options = {.qemu = true, .keep_qemu = true, .screens = true};
    const char *error = world_run(scenario, &options, outcome);

    if (error != NULL && outcome->lost[0] != '\0') {
        /* What it was asked last is what it did not survive. */
        outcome->difference_count = 1;
        snprintf(outcome->difference.ours, sizeof outcome->difference.ours,
                 "%" PRIu64 " the device goes on", outcome->steps);
        snprintf(outcome->difference.theirs, sizeof outcome->difference.theirs,
                 "%" PRIu64 " %.200s", outcome->steps, outcome->lost);
        return NULL;
    }
    return error;
}

/* Does this scenario show a difference? The outcome of the last that did is kept. */
/* `kind`, if given: QEMU must have died of it, or must not. */
static bool differs(const struct scenario *scenario, struct world_outcome *kept, const bool *kind,
                    const char **error)
{
    struct world_outcome *outcome = malloc(sizeof *outcome);
    bool found = false;

    if (outcome == NULL)
        abort();
    *error = diff_run(scenario, outcome);
    found = *error == NULL && outcome->difference_count > 0;
    if (kind != NULL && found)
        found = (outcome->lost[0] != '\0') == *kind;
    world_outcome_free(outcome);
    if (found)
        *kept = *outcome;
    else
        kept->parted = outcome->parted;
    free(outcome);
    return found;
}

/* ---- shrinking ---- */

struct shrink {
    struct scenario *best;
    struct scenario *trial;
    struct world_outcome *kept;
    unsigned runs;
    bool died; /* QEMU, of the scenario that is cut down */
    const char *error;
};

/* Is the trial as good? Then it is the best from now on. */
static bool try_it(struct shrink *shrink)
{
    if (shrink->runs++ >= SHRINK_RUNS_MAX || shrink->error != NULL ||
        !differs(shrink->trial, shrink->kept, &shrink->died, &shrink->error))
        return false;
    *shrink->best = *shrink->trial;
    return true;
}

static bool without(struct shrink *shrink, size_t from, size_t count)
{
    struct scenario *trial = shrink->trial;

    *trial = *shrink->best;
    for (size_t i = from; i < from + count; i++) {
        if (trial->action[i].kind == SCENARIO_ALLOC)
            return false; /* only what lies in allocated memory is compared */
    }
    memmove(&trial->action[from], &trial->action[from + count],
            (trial->action_count - from - count) * sizeof trial->action[0]);
    trial->action_count -= count;
    return try_it(shrink);
}

static void take_out(struct shrink *shrink)
{
    for (size_t piece = shrink->best->action_count / 2; piece > 0; piece /= 2) {
        size_t from = 0;
        while (from + piece <= shrink->best->action_count) { /* each turn removes or moves on */
            if (!without(shrink, from, piece))
                from += piece;
        }
    }
}

/* Values that say less are easier to read. */
static void make_small(struct shrink *shrink)
{
    static const uint64_t small[] = {0, 1, 16};

    for (size_t i = 0; i < shrink->best->action_count; i++) {
        enum scenario_action_kind kind = shrink->best->action[i].kind;
        if (kind != SCENARIO_WRITE && kind != SCENARIO_STORE)
            continue;
        for (size_t j = 0; j < sizeof small / sizeof small[0]; j++) {
            if (shrink->best->action[i].event.value <= small[j])
                break;
            *shrink->trial = *shrink->best;
            shrink->trial->action[i].event.value = small[j];
            if (try_it(shrink))
                break;
        }
    }
}

/* Cuts the scenario down; its difference goes to *kept. */
static const char *shrink_it(struct scenario *scenario, struct world_outcome *kept)
{
    struct shrink shrink = {.best = scenario,
                            .trial = malloc(sizeof *scenario),
                            .kept = kept,
                            .died = kept->lost[0] != '\0'};
    size_t before;

    if (shrink.trial == NULL)
        return "memory ran out";
    /* Nothing after the action that differs matters. */
    if (kept->difference.action + 1 < scenario->action_count) {
        *shrink.trial = *scenario;
        shrink.trial->action_count = kept->difference.action + 1;
        (void)try_it(&shrink);
    }
    do {
        before = scenario->action_count;
        take_out(&shrink);
    } while (scenario->action_count < before && shrink.runs < SHRINK_RUNS_MAX &&
             shrink.error == NULL);
    make_small(&shrink);
    take_out(&shrink);
    free(shrink.trial);
    return shrink.error;
}

/* ---- as text ---- */

/* Made-up scenarios have these actions and no others. */
static void write_action(const struct scenario_action *action, FILE *out)
{
    const struct event *event = &action->event;
    char place[EVENT_TEXT_BYTES];

    size_t used = event_format_place(event, NULL, NULL, place, sizeof place);
    if (event->width_bytes != 4 && strchr(place, '/') == NULL && used + 4 < sizeof place)
        snprintf(place + used, sizeof place - used, "/%" PRIu32, event->width_bytes);
    if (action->kind == SCENARIO_READ)
        fprintf(out, "read      %s\n", place);
    else if (action->kind == SCENARIO_WRITE)
        fprintf(out, "write     %s 0x%" PRIx64 "\n", place, event->value);
    else if (action->kind == SCENARIO_STORE)
        fprintf(out, "store     0x%" PRIx64 " %" PRIu32 " 0x%" PRIx64 "\n", event->addr,
                event->width_bytes, event->value);
    else if (action->kind == SCENARIO_ALLOC)
        fprintf(out, "alloc     %s 0x%" PRIx64 " at 0x%" PRIx64 "\n", action->name, event->value,
                event->addr);
}

void diff_write(const struct scenario *scenario, const char *description, FILE *out)
{
    fprintf(out, "%s", description);
    fprintf(out,
            "device    gpu  version %" PRIu32 "  profile qemu  display %" PRIu32 "x%" PRIu32
            "\nmemory    size 0x%" PRIx64 "\n\n",
            scenario->device.version, scenario->display_width_px, scenario->display_height_px,
            scenario->memory_bytes);
    for (size_t i = 0; i < scenario->action_count; i++)
        write_action(&scenario->action[i], out);
}

static bool save(const struct scenario *scenario, const struct world_outcome *outcome,
                 const char *path, uint64_t seed)
{
    struct whole_file file;
    char description[1024];

    if (!whole_file_open(&file, path))
        return false;
    snprintf(description, sizeof description,
             "# Made up from seed %" PRIu64 " and cut down. Profile qemu and QEMU part here:\n"
             "#   simulated  %s\n#   QEMU       %s\n",
             seed, outcome->difference.ours, outcome->difference.theirs);
    diff_write(scenario, description, file.stream);
    return whole_file_close(&file, true);
}

/* ---- all of them ---- */

static void progress(const struct diff_random *options, uint64_t done, uint64_t cases)
{
    if (!options->quiet && cases % PROGRESS_CASES == 0 && isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r\033[K%" PRIu64 " of %" PRIu64 " operations", done, options->operations);
}

static void progress_over(const struct diff_random *options)
{
    if (!options->quiet && isatty(STDERR_FILENO) == 1)
        fputs("\r\033[K", stderr);
}

/* A difference: cut down, saved, told. */
static int found(const struct diff_random *options, struct scenario *scenario,
                 struct world_outcome *outcome, uint64_t seed)
{
    char path[64];

    progress_over(options);
    printf("seed %" PRIu64 ", version %" PRIu32 ": a difference in %zu actions; cutting it down\n",
           seed, scenario->device.version, scenario->action_count);
    fflush(stdout);
    const char *error = shrink_it(scenario, outcome);
    if (error != NULL) {
        fprintf(stderr, "ringside diff: %s\n", error);
        return EXIT_ENVIRONMENT;
    }
    snprintf(path, sizeof path, "diff-%" PRIu64 "-v%" PRIu32 ".scn", seed,
             scenario->device.version);
    const char *to = options->save_path != NULL ? options->save_path : path;
    printf("  simulated  %s\n  QEMU       %s\n", outcome->difference.ours,
           outcome->difference.theirs);
    if (!save(scenario, outcome, to, seed))
        return EXIT_ENVIRONMENT;
    printf("%zu actions are left, in %s\n", scenario->action_count, to);
    return EXIT_NOT_AS_EXPECTED;
}

/* Named differences that ended the comparison of a scenario, and how often. */
struct partings {
    size_t count;
    struct {
        const char *text;
        uint64_t count;
    } row[PARTINGS_MAX];
};

static void count_parting(struct partings *partings, const char *text)
{
    size_t i = 0;

    while (text != NULL && i < partings->count && partings->row[i].text != text)
        i++;
    if (text == NULL || i == PARTINGS_MAX)
        return;
    partings->row[i].text = text;
    partings->row[i].count++;
    partings->count += i == partings->count;
}

int diff_random(const struct diff_random *options)
{
    struct scenario *blank[2] = {diff_blank(1), diff_blank(2)};
    struct world_outcome *outcome = malloc(sizeof *outcome);
    struct partings partings = {0};
    uint64_t done = 0, cases = 0;
    int status = EXIT_AS_EXPECTED;

    if (blank[0] == NULL || blank[1] == NULL || outcome == NULL)
        abort();
    /* One version after the other: a QEMU is one or the other, and starting one takes its time. */
    for (uint32_t version = 1; version <= 2 && status == EXIT_AS_EXPECTED; version++) {
        struct scenario *scenario = blank[version - 1];
        uint64_t enough =
            options->version != 0 || version == 2 ? options->operations : options->operations / 2;
        const char *error = NULL;
        if (options->version != 0 && options->version != version)
            continue;
        for (uint64_t seed = options->seed; done < enough && status == EXIT_AS_EXPECTED; seed++) {
            diff_make(scenario, seed);
            done += diff_operations(scenario);
            cases++;
            progress(options, done, cases);
            outcome->parted = NULL;
            if (differs(scenario, outcome, NULL, &error)) {
                status = found(options, scenario, outcome, seed);
            } else if (error != NULL) {
                fprintf(stderr, "ringside diff: %s\n", error);
                status = EXIT_ENVIRONMENT;
            }
            count_parting(&partings, outcome->parted);
        }
    }
    progress_over(options);
    printf("%" PRIu64 " operations in %" PRIu64 " scenarios from seed %" PRIu64 ": %s\n", done,
           cases, options->seed,
           status == EXIT_AS_EXPECTED ? "no difference" : "stopped at a difference");
    for (size_t i = 0; i < partings.count; i++)
        printf("  %" PRIu64 " of them compared up to %s\n", partings.row[i].count,
               partings.row[i].text);
    qemu_end_kept();
    scenario_free(blank[0]);
    scenario_free(blank[1]);
    free(outcome);
    return status;
}
