/*
 * Runs exhibits of the museum, as they stand and mended, and judges both runs.
 *
 * Two jobs an exhibit, in a process of their own (isolate.h): what they come to lies in memory that
 * survives it.
 */
#include "museum.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "command.h"
#include "lost.h"
#include "replay.h"
#include "source.h"
#include "world.h"

/* Lies in shared memory as well. */
struct work {
    struct museum *museum;
    const char *const *paths;
    struct world_outcome outcome;
    struct scenario mended;
    bool broken; /* the environment was at fault, and it was told */
};

const char *museum_state_word(enum museum_state state)
{
    static const char *const words[] = {
#define X(name, word) word,
        MUSEUM_STATES(X)
#undef X
    };
    return words[state];
}

/* Processor time of this process. A measurement for people; nothing hangs on it. */
static uint64_t used_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Keeps the first thing that is wrong with a run. */
static void wrong(struct museum_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void wrong(struct museum_run *run, const char *format, ...)
{
    va_list arguments;
    if (run->state == MUSEUM_WRONG) {
        return;
    }
    run->state = MUSEUM_WRONG;
    va_start(arguments, format);
    vsnprintf(run->wrong, sizeof run->wrong, format, arguments);
    va_end(arguments);
}

static void copy_line(char *out, size_t out_bytes, const char *text)
{
    snprintf(out, out_bytes, "%s", text);
    for (char *at = out; *at; at++) {
        *at = *at == '\n' ? ' ' : *at;
    }
    for (size_t bytes = strlen(out); bytes > 0 && out[bytes - 1] == ' '; bytes--) {
        out[bytes - 1] = '\0';
    }
}

/* ---- what one run came to ---- */

static void note_run(struct museum_run *run, const struct world_outcome *outcome)
{
    int results[SCENARIO_ACTIONS_MAX];
    replay_simulator_results(outcome, results);
    replay_results_text(results, outcome->call_count, run->calls, sizeof run->calls);
    run->steps = outcome->steps;
    run->state = MUSEUM_AS_EXPECTED;
    for (size_t i = 0; i < outcome->failure_count; i++) {
        wrong(run, "%s", outcome->failure[i].text);
    }
    for (size_t i = 0; i < outcome->call_count; i++) {
        if (outcome->call[i].skipped) {
            wrong(run, "call `%s` was skipped", outcome->call[i].action->name);
        }
    }
    if (outcome->findings.dropped > 0) {
        wrong(run, "more findings than are kept");
    }
}

/* Remarks of ringside's own are not about what the driver did wrong. */
static bool is_aside(const struct finding *finding)
{
    return finding->level == FINDING_NOTE && finding->rule->section[0] == '\0';
}

/* Not the driver's fault: nothing is found, and the line is where the request came last. */
static void judge_device(struct museum_exhibit *exhibit, const struct scenario *scenario,
                         const struct world_outcome *outcome)
{
    const struct ladder *ladder = NULL;
    struct source_place place;
    bool expected = false;
    for (size_t i = 0; i < outcome->call_count && !ladder; i++) {
        ladder = outcome->call[i].stuck ? &outcome->call[i].ladder : NULL;
    }
    for (size_t i = 0; i < scenario->expect_count; i++) {
        expected = expected || scenario->expect[i].kind == SCENARIO_EXPECT_STUCK;
    }
    if (!ladder || !expected) {
        wrong(&exhibit->before, "no call is stuck, or `expect stuck` does not say where");
        return;
    }
    snprintf(exhibit->rule, sizeof exhibit->rule, "stuck %s", ladder_word(ladder->missed));
    snprintf(exhibit->text, sizeof exhibit->text, "%s", ladder_question(ladder->missed));
    for (int rung = (int)ladder->missed - 1; rung >= 0 && exhibit->line == 0; rung--) {
        if (source_find(ladder->step[rung].event.pc, &place)) {
            snprintf(exhibit->file, sizeof exhibit->file, "%.200s", source_main_file(&place));
            exhibit->line = source_main_line(&place);
        }
    }
}

/* The cause is named: one rule, one line of the exhibit's own file. */
static void judge_before(struct museum_exhibit *exhibit, const struct scenario *scenario,
                         const struct world_outcome *outcome)
{
    const struct finding *named = NULL;
    struct source_place place;
    char file[SCENARIO_WORD_BYTES + sizeof "museum/.c"];
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        const struct finding *finding = &outcome->findings.item[i];
        if (is_aside(finding)) {
            continue;
        }
        if (named) {
            wrong(&exhibit->before, "%s is found, and %s as well", named->rule->id,
                  finding->rule->id);
            return;
        }
        named = finding;
    }
    if (!named) {
        if (scenario->exhibit.device_mended) {
            judge_device(exhibit, scenario, outcome);
        } else {
            wrong(&exhibit->before, "nothing is found");
        }
        return;
    }
    snprintf(exhibit->rule, sizeof exhibit->rule, "%s", named->rule->id);
    snprintf(exhibit->text, sizeof exhibit->text, "%s", named->text);
    if (!source_find(named->at.event.pc, &place)) {
        wrong(&exhibit->before, "%s is found at no line", named->rule->id);
        return;
    }
    snprintf(exhibit->file, sizeof exhibit->file, "%.200s", source_main_file(&place));
    exhibit->line = source_main_line(&place);
    snprintf(file, sizeof file, "museum/%s.c", scenario->name);
    if (!strstr(exhibit->file, file)) {
        wrong(&exhibit->before, "%s is found at %s, not in %s", named->rule->id, exhibit->file,
              file);
    }
    for (size_t i = 0; i < scenario->expect_count; i++) {
        const struct scenario_expect *expect = &scenario->expect[i];
        if (expect->kind == SCENARIO_EXPECT_FINDING && expect->at_line == exhibit->line) {
            return;
        }
    }
    wrong(&exhibit->before, "the scenario does not expect %s at line %u", named->rule->id,
          exhibit->line);
}

static void judge_after(struct museum_run *run, const struct world_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        if (!is_aside(&outcome->findings.item[i])) {
            wrong(run, "%s is found still", outcome->findings.item[i].rule->id);
        }
    }
}

static void judge(struct museum_exhibit *exhibit, const struct scenario *scenario, bool mended,
                  const struct world_outcome *outcome)
{
    struct museum_run *run = mended ? &exhibit->after : &exhibit->before;
    note_run(run, outcome);
    if (mended) {
        judge_after(run, outcome);
    } else {
        judge_before(exhibit, scenario, outcome);
    }
}

/* ---- jobs ---- */

/* The scenario of a job, and in *run what is run of it; NULL after a message. */
static struct scenario *scenario_of(struct work *work, size_t index, const struct scenario **run)
{
    const char *path = work->paths[index / 2];
    struct museum_exhibit *exhibit = &work->museum->exhibit[index / 2];
    struct scenario *scenario = scenario_read(path, stderr);
    if (!scenario) {
        return NULL;
    }
    snprintf(exhibit->name, sizeof exhibit->name, "%.60s", scenario->name);
    exhibit->about = scenario->exhibit;
    copy_line(exhibit->symptom, sizeof exhibit->symptom, scenario->description);
    *run = scenario;
    if (scenario->exhibit.line == 0) {
        fprintf(stderr, "%s: error: is no exhibit: it has no line `exhibit ID`\n", path);
    } else if (index % 2 == 0) {
        return scenario;
    } else if (scenario_mend(scenario, &work->mended)) {
        *run = &work->mended;
        return scenario;
    } else {
        fprintf(stderr, "%s: error: too many options to mend its driver\n", path);
    }
    scenario_free(scenario);
    return NULL;
}

static bool run_one(void *context, size_t index)
{
    struct work *work = context;
    const struct scenario *run = NULL;
    struct scenario *scenario = scenario_of(work, index, &run);
    const struct run_options there = {.driver_dir = work->museum->driver_dir};
    const struct world_options options = {.driver_dir = work->museum->driver_dir,
                                          .guard = true,
                                          .check_stores = true,
                                          .rules = true};
    if (!scenario || !command_driver_is_there(&there, scenario, stderr)) {
        work->broken = true;
        scenario_free(scenario);
        return true;
    }
    struct museum_exhibit *exhibit = &work->museum->exhibit[index / 2];
    uint64_t begin_ns = used_ns();
    const char *error = world_run(run, &options, &work->outcome);
    if (error) {
        fprintf(stderr, "%s: error: %s\n", scenario->path, error);
        work->broken = true;
    } else {
        struct museum_run *done = index % 2 == 0 ? &exhibit->before : &exhibit->after;
        done->nanoseconds = used_ns() - begin_ns;
        judge(exhibit, run, index % 2 != 0, &work->outcome);
    }
    if (work->outcome.unloaded) {
        source_close();
    }
    world_outcome_free(&work->outcome);
    scenario_free(scenario);
    return true;
}

/* The driver took its process with it. */
static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct work *work = context;
    const struct scenario *run = NULL;
    struct scenario *scenario = scenario_of(work, index, &run);
    if (scenario) {
        lost_outcome(&work->outcome, run, death);
        judge(&work->museum->exhibit[index / 2], run, index % 2 != 0, &work->outcome);
    }
    scenario_free(scenario);
}

bool museum_run(struct museum *museum, const char *const *paths, size_t count)
{
    struct work *work = isolate_alloc(sizeof *work);
    if (!work) {
        fputs("ringside: out of memory\n", stderr);
        return false;
    }
    work->museum = museum;
    work->paths = paths;
    museum->count = count;
    struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                .count = 2 * count,
                                .context = work,
                                .run = run_one,
                                .tell = tell_lost};
    bool good = isolate_run(&jobs) && !work->broken;
    isolate_free(work, sizeof *work);
    source_close();
    return good;
}
