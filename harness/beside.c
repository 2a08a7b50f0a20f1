/*
 * Scenarios on both devices, one run after the other, and what is kept of them.
 */
#include "beside.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "model.h"
#include "page_json.h"
#include "qemu.h"
#include "qemu_device.h"
#include "resources.h"
#include "suite.h"
#include "view_memory.h"
#include "virtio/ring.h"

/* What a reader keeps of a queue while a run goes on. */
struct queue_tally {
    uint64_t live_step; /* since when it has been live */
    uint64_t published; /* as the model counts, last seen */
    uint16_t used_idx;  /* as it lay in RAM, last seen */
    bool short_of_room; /* a response had too little room, and its chain is not back yet */
};

struct tally {
    struct queue_tally queue[SIM_QUEUES_MAX];
    uint64_t requests, used;
    bool stuck;
    bool cut, empty; /* a response was; one was not written at all */
    bool unseen;     /* one came back, and the driver did not look there until the end */
};

/* Lies in memory that survives the process which runs the drivers; see isolate.h. */
struct beside_job {
    const struct beside_options *options;
    const struct string_list *files;
    struct world_outcome *outcome;
    bool on_qemu; /* the run that is under way */
    struct beside *all;
};

const char *beside_fate_words(enum beside_fate fate)
{
    static const char *const words[BESIDE_FATE_COUNT] = {
#define X(name, text) [BESIDE_##name] = text,
        BESIDE_FATES(X)
#undef X
    };
    return words[fate];
}

const char *beside_state_words(enum beside_state state)
{
    static const char *const words[BESIDE_STATE_COUNT] = {
#define X(name, text) [BESIDE_STATE_##name] = text,
        BESIDE_STATES(X)
#undef X
    };
    return words[state];
}

const char *beside_completes(const struct beside_run *run)
{
    static const char *const words[BESIDE_FATE_COUNT] = {
        [BESIDE_NONE] = "nothing was asked",
        [BESIDE_COMPLETED] = "yes",
        [BESIDE_EMPTY] = "yes, with nothing written",
        [BESIDE_SHORT] = "yes, cut short",
        [BESIDE_UNSEEN] = "no, although it was executed",
        [BESIDE_TIMEOUT] = "no",
    };
    return run->state == BESIDE_STATE_DONE ? words[run->fate] : beside_state_words(run->state);
}

/* ---- while it runs ---- */

/* RAM is QEMU's on QEMU's device. */
static uint32_t ring_field(const struct world_sight *sight, uint64_t addr, uint32_t bytes)
{
    return (uint32_t)memory_ring(sight->arena, sight->model, addr, bytes);
}

/* Whatever the device did, it has done when the driver takes its next step. */
static void look_at_queue(struct tally *tally, uint32_t number, const struct world_sight *sight)
{
    const struct model_queue *queue = &sight->model->queue[number];
    struct queue_tally *seen = &tally->queue[number];
    uint16_t idx;

    if (!queue->live || queue->size == 0)
        return;
    if (seen->live_step != queue->live_at.step)
        *seen = (struct queue_tally){.live_step = queue->live_at.step};
    tally->requests += queue->published - seen->published;
    seen->published = queue->published;
    idx = (uint16_t)ring_field(sight, queue->used_addr + offsetof(struct virtq_used, idx),
                               sizeof idx);
    if (idx != seen->used_idx && seen->short_of_room) {
        uint64_t elem = queue->used_addr + offsetof(struct virtq_used, ring) +
                        sizeof(struct virtq_used_elem) * ((uint16_t)(idx - 1u) % queue->size);
        uint32_t len = ring_field(sight, elem + offsetof(struct virtq_used_elem, len), sizeof len);
        tally->cut = true;
        tally->empty |= len == 0;
        seen->short_of_room = false;
    }
    tally->used += (uint16_t)(idx - seen->used_idx);
    seen->used_idx = idx;
    tally->unseen |= idx != queue->seen_idx;
}

static void take(void *context, const struct event *event, const struct world_sight *sight)
{
    struct tally *tally = context;

    tally->stuck |= event->kind == EVENT_STUCK;
    if (event->kind == EVENT_REFUSE && event->value == SIM_REFUSAL_RESPONSE_SHORT &&
        event->queue < SIM_QUEUES_MAX)
        tally->queue[event->queue].short_of_room = true;
    if (event->party == EVENT_PARTY_DEVICE)
        return;
    tally->unseen = false;
    for (uint32_t i = 0; i < sight->model->queue_count; i++)
        look_at_queue(tally, i, sight);
}

/* ---- when it is over ---- */

static bool is_in_vain(const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        if (!call->skipped && (call->result == SUITE_TIMEOUT || call->result == -1))
            return true;
    }
    return false;
}

static enum beside_fate judge_fate(const struct tally *tally, const struct world_outcome *outcome)
{
    if (tally->stuck || is_in_vain(outcome))
        return tally->unseen ? BESIDE_UNSEEN : BESIDE_TIMEOUT;
    if (tally->requests > 0 && tally->used == 0)
        return BESIDE_TIMEOUT;
    if (tally->cut)
        return tally->empty ? BESIDE_EMPTY : BESIDE_SHORT;
    return tally->used > 0 ? BESIDE_COMPLETED : BESIDE_NONE;
}

static void keep_calls(struct beside_run *run, const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->call_count && i < BESIDE_CALLS_MAX; i++) {
        const struct world_call *call = &outcome->call[i];
        struct beside_call *kept = &run->call[run->call_count++];
        *kept = (struct beside_call){.result = call->result,
                                     .crash = call->crash,
                                     .stuck = call->stuck,
                                     .skipped = call->skipped};
        snprintf(kept->name, sizeof kept->name, "%s", call->action->name);
    }
}

/* Errors before warnings, warnings before notes, each as they came. */
static void keep_findings(struct beside_run *run, const struct world_outcome *outcome)
{
    for (int level = FINDING_ERROR; level >= FINDING_NOTE; level--) {
        for (uint32_t i = 0; i < outcome->findings.count; i++) {
            const struct finding *finding = &outcome->findings.item[i];
            struct source_place place;
            if ((int)finding->level != level || run->finding_count == BESIDE_FINDINGS_MAX)
                continue;
            struct beside_finding *kept = &run->finding[run->finding_count++];
            *kept = (struct beside_finding){.rule = finding->rule, .level = finding->level};
            memcpy(kept->text, finding->text, sizeof kept->text);
            if (finding->at.event.step != 0 && source_find(finding->at.event.pc, &place)) {
                memcpy(kept->file, source_main_file(&place), sizeof kept->file);
                kept->line = source_main_line(&place);
            }
        }
    }
}

static void keep(struct beside_run *run, const struct tally *tally,
                 const struct world_outcome *outcome)
{
    run->state = BESIDE_STATE_DONE;
    run->fate = judge_fate(tally, outcome);
    run->requests = tally->requests;
    run->used = tally->used;
    run->as_expected = outcome->failure_count == 0;
    run->differs = outcome->difference_count > 0;
    run->printed = outcome->printed;
    memcpy(run->qemu_version, outcome->qemu_version, sizeof run->qemu_version);
    keep_calls(run, outcome);
    keep_findings(run, outcome);
}

static void stop_short(struct beside_run *run, enum beside_state state, const char *why)
{
    run->state = state;
    snprintf(run->why, sizeof run->why, "%s", why);
}

/* ---- one scenario ---- */

void beside_run_one(const struct beside_options *given, const struct scenario *scenario,
                    bool on_qemu, struct world_outcome *scratch, struct beside_run *out)
{
    const char *why = on_qemu ? qemu_device_unfit(scenario) : NULL;
    const char *folder = given->driver_dir;
    struct tally tally = {0};
    struct world_options options = {.driver_dir =
                                        folder != NULL ? folder : resource_folder(RESOURCE_drivers),
                                    .guard = true,
                                    .check_stores = true,
                                    .rules = true,
                                    .qemu = on_qemu,
                                    .reader_count = 1,
                                    .reader[0] = {take, &tally}};

    if (why != NULL) {
        stop_short(out, BESIDE_STATE_UNFIT, why);
        return;
    }
    if (on_qemu && (qemu_program(scenario, &why) == NULL || why != NULL)) {
        stop_short(out, BESIDE_STATE_MISSING, why);
        return;
    }
    why = world_run(scenario, &options, scratch);
    if (why != NULL)
        stop_short(out, BESIDE_STATE_BROKEN, why);
    else
        keep(out, &tally, scratch);
    if (scratch->unloaded)
        source_close(); /* the driver was unloaded: its addresses may soon be another's */
    world_outcome_free(scratch);
}

static bool run_one(void *context, size_t index)
{
    struct beside_job *job = context;
    struct beside *beside = &job->all[index];
    struct scenario *scenario = scenario_read(job->files->item[index], stderr);

    snprintf(beside->path, sizeof beside->path, "%s", job->files->item[index]);
    if (scenario == NULL)
        return true;
    beside->read = true;
    snprintf(beside->name, sizeof beside->name, "%s", scenario->name);
    scenario_sentence(scenario, beside->sentence, sizeof beside->sentence);
    job->on_qemu = false;
    beside_run_one(job->options, scenario, false, job->outcome, &beside->simulated);
    job->on_qemu = !job->options->only_simulated;
    if (job->on_qemu)
        beside_run_one(job->options, scenario, true, job->outcome, &beside->qemu);
    scenario_free(scenario);
    return true;
}

static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct beside_job *job = context;
    struct beside *beside = &job->all[index];

    stop_short(job->on_qemu ? &beside->qemu : &beside->simulated, BESIDE_STATE_LOST, death->text);
}

/* ---- all of them ---- */

void beside_free(struct beside *all, const struct string_list *files)
{
    isolate_free(all, files->count * sizeof *all);
}

struct beside *beside_run(const struct beside_options *options, const struct string_list *files)
{
    struct beside *all = isolate_alloc(files->count * sizeof *all);
    struct world_outcome *outcome = isolate_alloc(sizeof *outcome);
    struct beside_job *job = isolate_alloc(sizeof *job);
    size_t rule_count = 0;
    bool good = false;

    (void)rule_table(&rule_count); /* made before any worker, whose findings point into it */
    if (all != NULL && outcome != NULL && job != NULL) {
        *job =
            (struct beside_job){.options = options, .files = files, .outcome = outcome, .all = all};
        const struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                          .count = files->count,
                                          .context = job,
                                          .run = run_one,
                                          .tell = tell_lost};
        good = isolate_run(&jobs);
    } else {
        fputs("ringside: memory ran out\n", stderr);
    }
    source_close();
    isolate_free(job, sizeof *job);
    isolate_free(outcome, sizeof *outcome);
    if (!good) {
        isolate_free(all, files->count * sizeof *all);
        return NULL;
    }
    return all;
}

/* ---- JSON ---- */

static void json_calls(struct page_json *json, const struct beside_run *run)
{
    page_json_open(json, "calls", '[');
    for (size_t i = 0; i < run->call_count; i++) {
        const struct beside_call *call = &run->call[i];
        const char *word = scenario_result_word(call->result);
        page_json_open(json, NULL, '{');
        page_json_string(json, "name", call->name);
        page_json_string(json, "result",
                         call->skipped  ? "skipped"
                         : word != NULL ? word
                                        : world_crash_text(call->crash));
        page_json_bool(json, "stuck", call->stuck);
        page_json_close(json, '}');
    }
    page_json_close(json, ']');
}

static void json_findings(struct page_json *json, const struct beside_run *run)
{
    page_json_open(json, "findings", '[');
    for (size_t i = 0; i < run->finding_count; i++) {
        const struct beside_finding *finding = &run->finding[i];
        page_json_open(json, NULL, '{');
        page_json_string(json, "rule", finding->rule->id);
        page_json_string(json, "level", explain_level(finding->level));
        page_json_string(json, "section", finding->rule->section);
        page_json_string(json, "text", finding->text);
        page_json_string(json, "file", finding->file);
        page_json_number(json, "line", finding->line);
        page_json_close(json, '}');
    }
    page_json_close(json, ']');
}

void beside_json_run(struct page_json *json, const char *key, const struct beside_run *run)
{
    page_json_open(json, key, '{');
    page_json_string(json, "state", beside_state_words(run->state));
    if (run->state != BESIDE_STATE_DONE) {
        page_json_string(json, "why", run->why);
        page_json_close(json, '}');
        return;
    }
    page_json_string(json, "fate", beside_fate_words(run->fate));
    page_json_number(json, "requests", run->requests);
    page_json_number(json, "used", run->used);
    json_calls(json, run);
    json_findings(json, run);
    page_json_bool(json, "as_expected", run->as_expected);
    if (run->qemu_version[0] != '\0') {
        page_json_string(json, "version", run->qemu_version);
        page_json_bool(json, "differs_from_the_simulated", run->differs);
        page_json_open(json, "printed", '[');
        for (size_t i = 0; i < run->printed.count; i++) {
            page_json_open(json, NULL, '{');
            page_json_string(json, "line", run->printed.line[i].text);
            page_json_number(json, "times", run->printed.line[i].times);
            page_json_close(json, '}');
        }
        page_json_close(json, ']');
        page_json_number(json, "printed_and_dropped", run->printed.dropped);
    }
    page_json_close(json, '}');
}

void beside_json(struct page_json *json, const struct beside *beside)
{
    page_json_open(json, NULL, '{');
    page_json_string(json, "scenario", beside->name);
    page_json_string(json, "path", beside->path);
    page_json_string(json, "sentence", beside->sentence);
    beside_json_run(json, "simulated", &beside->simulated);
    beside_json_run(json, "qemu", &beside->qemu);
    page_json_close(json, '}');
}
