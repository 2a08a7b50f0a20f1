/*
 * All runs of `ringside hostile`, one after the other: where the sweep is, and what a run adds to
 * the table.
 *
 *   scenario 0: row 0: always | at 1, a+1, ... | from 1, a+1, ...   row 1: ...   scenario 1: ...
 *
 * One worker makes all runs. If one of them takes it along, the next worker notes that and goes on
 * behind it: all that must survive lies in struct hostile.
 */
#include "hostile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"

#define LIVES_MAX   100000u /* workers */
#define SLICE_RUNS  256u    /* of one job */
#define FIRST_STEP  2u      /* 1 means another thing: SIM_FAULT_NEXT */
#define WHEN_WINDOW 16u     /* made up: of an occurrence or a request */

/* ---- what a run adds ---- */

static void note_failure(struct hostile *hostile, const struct scenario *scenario,
                         const struct hostile_result *result)
{
    struct hostile_failure *failure;
    uint32_t given = scenario->faults.count;

    if (hostile->failure_count++ >= HOSTILE_FAILURES_MAX)
        return;
    failure = &hostile->failure[hostile->failure_count - 1];
    failure->base = hostile->at_base;
    failure->verdict = result->verdict;
    failure->fault_count = given < HOSTILE_TOGETHER_MAX ? given : HOSTILE_TOGETHER_MAX;
    for (size_t i = 0; i < failure->fault_count; i++)
        failure->fault[i] = scenario->faults.fault[given - failure->fault_count + i];
    snprintf(failure->text, sizeof failure->text, "%s", result->text);
}

static void note(struct hostile *hostile, struct hostile_row *row, const struct scenario *scenario,
                 const struct hostile_result *result)
{
    row->runs++;
    hostile->runs++;
    row->survived += result->verdict == HOSTILE_SURVIVED;
    row->named += result->verdict == HOSTILE_NAMED;
    row->named_as[result->named] += result->verdict == HOSTILE_NAMED;
    if (result->verdict >= HOSTILE_FAILS) {
        row->failing++;
        note_failure(hostile, scenario, result);
    }
    if (result->verdict > row->worst) {
        row->worst = result->verdict;
        row->worst_named = result->named;
        row->worst_base = hostile->at_base;
        row->worst_fault = scenario->faults.fault[scenario->faults.count - 1];
    }
}

/* ---- where the sweep is ---- */

static void next_row(struct hostile *hostile)
{
    hostile->at_mode = HOSTILE_ALWAYS;
    hostile->lost = 0;
    if (++hostile->at_row < hostile->row_count)
        return;
    hostile->at_row = 0;
    hostile->over = ++hostile->at_base == hostile->base_count;
}

static void next_mode(struct hostile *hostile)
{
    hostile->at_step = hostile->first_step > FIRST_STEP ? hostile->first_step : FIRST_STEP;
    if (hostile->row[hostile->at_row].exact || ++hostile->at_mode == HOSTILE_MODE_COUNT)
        next_row(hostile);
}

/* Behind a run whose last fault acted at this step, or did not act (0). */
static void next_step(struct hostile *hostile, uint64_t acted_at)
{
    uint64_t next = hostile->at_step + hostile->stride;

    if (hostile->at_mode == HOSTILE_ALWAYS || acted_at == 0) {
        next_mode(hostile);
        return;
    }
    hostile->at_step = acted_at + 1 > next ? acted_at + 1 : next;
    if (hostile->last_step != 0 && hostile->at_step > hostile->last_step)
        next_mode(hostile);
}

/* ---- runs ---- */

/* The fault of the row as it is armed where the sweep is. */
static struct sim_fault fault_here(const struct hostile *hostile)
{
    struct sim_fault fault = hostile->row[hostile->at_row].fault;

    if (!hostile->row[hostile->at_row].exact && hostile->at_mode != HOSTILE_ALWAYS) {
        fault.from_step = hostile->at_step;
        fault.repeats = hostile->at_mode == HOSTILE_FROM;
    }
    return fault;
}

/* Arms what is given for every run, and then these; false when there are too many. */
static bool arm(const struct hostile *hostile, struct scenario *scenario,
                const struct sim_fault *fault, size_t count)
{
    bool good = true;

    for (size_t i = 0; i < hostile->with_count; i++)
        good = sim_fault_arm(&scenario->faults, &hostile->with[i]) && good;
    for (size_t i = 0; i < count; i++)
        good = sim_fault_arm(&scenario->faults, &fault[i]) && good;
    return good;
}

/* One run of the base where the sweep is; false after a message. */
static bool run_with(struct hostile *hostile, const struct sim_fault *fault, size_t count,
                     struct hostile_result *result)
{
    struct scenario *scenario = hostile->base[hostile->at_base];
    const char *error = "too many faults";

    isolate_notes->beat++;
    if (arm(hostile, scenario, fault, count))
        error = hostile_run(scenario, &hostile->options, hostile->outcome, result);
    if (error != NULL) {
        fprintf(stderr, "ringside hostile: %s: %s\n", scenario->path, error);
        hostile->broken = true;
    }
    return error == NULL;
}

/* A fault that was not to be is no fault of the next run's. */
static void disarm(struct hostile *hostile, size_t count)
{
    hostile->base[hostile->at_base]->faults.count -= (uint32_t)(hostile->with_count + count);
}

/* Is the base as it must be when nothing is wrong with the device? And how long is it? */
static bool run_base(struct hostile *hostile)
{
    struct hostile_result result;
    struct scenario *scenario = hostile->base[hostile->at_base];

    if (hostile->base_steps[hostile->at_base] != 0)
        return true;
    bool ran = run_with(hostile, NULL, 0, &result);
    disarm(hostile, 0);
    if (ran && hostile->with_count == 0 && result.verdict != HOSTILE_SURVIVED) {
        fprintf(stderr, "ringside hostile: %s: without any fault, the driver %s: %s%s\n",
                scenario->path, hostile_verdict_word(result.verdict),
                result.verdict == HOSTILE_NAMED ? scenario_result_word(result.named) : "",
                result.text);
        hostile->broken = true;
        return false;
    }
    hostile->base_steps[hostile->at_base] = ran ? result.steps : 0;
    return ran;
}

static bool run_swept(struct hostile *hostile)
{
    struct sim_fault fault = fault_here(hostile);
    struct hostile_row *row = &hostile->row[hostile->at_row];
    struct hostile_result result;
    struct scenario *scenario = hostile->base[hostile->at_base];
    uint32_t last = scenario->faults.count + (uint32_t)hostile->with_count;

    if (!run_with(hostile, &fault, 1, &result))
        return false;
    bool acted = (result.acted >> last & 1) != 0;
    /* A step at which nothing happens any more is no run of its own. */
    if (acted || hostile->at_mode == HOSTILE_ALWAYS || row->exact ||
        result.verdict >= HOSTILE_FAILS)
        note(hostile, row, scenario, &result);
    disarm(hostile, 1);
    next_step(hostile, acted ? result.acted_at[last] : 0);
    return true;
}

/* ---- made-up combinations ---- */

/* splitmix64: the n-th number needs none of those before it. */
static uint64_t number(uint64_t seed, uint64_t n)
{
    uint64_t z = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static struct sim_fault make_up(uint64_t state, uint64_t steps)
{
    size_t count = 0;
    const struct sim_fault *table = hostile_table(&count);
    struct sim_fault fault = table[number(state, 0) % count];
    enum sim_fault_scope scope = sim_fault_scope(fault.kind);
    bool of_request = scope == SIM_FAULT_SCOPE_REQUEST || scope == SIM_FAULT_SCOPE_ITSELF;

    switch (number(state, 1) % 5) {
    case 0:
        return fault;
    case 1:
        if (of_request)
            fault.request = 1 + number(state, 2) % WHEN_WINDOW;
        else
            fault.occurrence = 1 + number(state, 2) % WHEN_WINDOW;
        return fault;
    case 2:
        fault.repeats = true;
        break;
    }
    fault.from_step = FIRST_STEP + number(state, 2) % (steps + 1);
    return fault;
}

/* The faults of the made-up run where the sweep is; how many. */
static size_t make_up_all(const struct hostile *hostile, struct sim_fault fault[])
{
    uint64_t state = number(hostile->seed, hostile->made_up);
    size_t count = 2 + number(state, 0) % (HOSTILE_TOGETHER_MAX - 1);

    for (size_t i = 0; i < count; i++)
        fault[i] = make_up(number(state, 2 + i), hostile->base_steps[hostile->at_base]);
    return count;
}

static bool run_made_up(struct hostile *hostile)
{
    struct sim_fault fault[HOSTILE_TOGETHER_MAX];
    struct hostile_result result;

    hostile->at_base = number(number(hostile->seed, hostile->made_up), 1) % hostile->base_count;
    if (!run_base(hostile))
        return false;
    size_t count = make_up_all(hostile, fault);
    if (!run_with(hostile, fault, count, &result))
        return false;
    note(hostile, &hostile->random, hostile->base[hostile->at_base], &result);
    disarm(hostile, count);
    hostile->over = ++hostile->made_up == hostile->random_runs;
    return true;
}

/* ---- workers ---- */

static bool slice(void *context, size_t index)
{
    struct hostile *hostile = context;

    (void)index;
    for (unsigned i = 0; i < SLICE_RUNS && !hostile->over; i++) {
        if (interrupts_came() != 0)
            return false;
        if (hostile->random_runs != 0 ? !run_made_up(hostile)
                                      : !run_base(hostile) || !run_swept(hostile))
            return false;
    }
    return !hostile->over;
}

/* The run under way took its process along. */
static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct hostile *hostile = context;
    struct hostile_result result = {.verdict = HOSTILE_CRASHES};
    struct scenario *scenario = hostile->base[hostile->at_base];

    (void)index;
    snprintf(result.text, sizeof result.text, "the driver %s", death->text);
    if (hostile->base_steps[hostile->at_base] == 0) { /* with none of the faults */
        fprintf(stderr, "ringside hostile: %s: without any fault, %s\n", scenario->path,
                result.text);
        hostile->broken = hostile->over = true;
        return;
    }
    struct sim_fault fault[HOSTILE_TOGETHER_MAX] = {fault_here(hostile)};
    bool is_made_up = hostile->random_runs != 0;
    size_t count = is_made_up ? make_up_all(hostile, fault) : 1;
    (void)arm(hostile, scenario, fault, count); /* as before, when it was run */
    note(hostile, is_made_up ? &hostile->random : &hostile->row[hostile->at_row], scenario,
         &result);
    disarm(hostile, count);
    if (is_made_up)
        hostile->over = ++hostile->made_up == hostile->random_runs;
    else if (++hostile->lost >= HOSTILE_LOST_MAX)
        next_row(hostile);
    else
        next_step(hostile, hostile->at_step);
}

static void tell_progress(void *context, size_t index, unsigned running_ms)
{
    const struct hostile *hostile = context;

    (void)index;
    (void)running_ms;
    if (hostile->random_runs != 0)
        fprintf(stderr, "\r\033[K%" PRIu64 " of %" PRIu64 " made-up runs, %zu failing",
                hostile->made_up, hostile->random_runs, hostile->failure_count);
    else if (!hostile->over)
        fprintf(stderr, "\r\033[K[%zu/%zu] %.30s, %.30s: %" PRIu64 " runs, %zu failing",
                hostile->at_base + 1, hostile->base_count, hostile->base[hostile->at_base]->name,
                sim_fault_word(hostile->row[hostile->at_row].fault.kind), hostile->runs,
                hostile->failure_count);
}

bool hostile_sweep(struct hostile *hostile, bool progress)
{
    struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                .count = LIVES_MAX,
                                .context = hostile,
                                .run = slice,
                                .idle = progress ? tell_progress : NULL,
                                .tell = tell_lost};

    hostile->stride = hostile->stride != 0 ? hostile->stride : 1;
    bool good = isolate_run(&jobs) && !hostile->broken;
    if (progress)
        fputs("\r\033[K", stderr);
    return good;
}
