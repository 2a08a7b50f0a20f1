/*
 * One run of a scenario from a cold machine to its outcome.
 */
#include "world.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"
#include "fiber.h"
#include "interrupt.h"
#include "isolate.h"
#include "process.h"
#include "report.h"
#include "resources.h"
#include "ringside_asan.h"
#include "source.h"
#include "skip.h"
#include "world_state.h"

static char message[DRIVER_PATH_BYTES * 2];

const char *world_crash_text(enum world_crash crash)
{
    static const char *const text[] = {
#define X(name, sentence) sentence,
        WORLD_CRASHES(X)
#undef X
    };
    return text[crash];
}

/* ---- set-up ---- */

static const char *load_driver(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    const char *path = world->options->driver_path;
    const char *folder = world->options->driver_dir;
    char built[DRIVER_PATH_BYTES];
    const char *error;

    if (path == NULL && scenario->driver[0] == '\0')
        return NULL;
    if (path == NULL) {
        snprintf(built, sizeof built, "%s/%s%s.so",
                 folder != NULL ? folder : resource_folder(RESOURCE_drivers), scenario->driver,
                 scenario->device.big_endian ? DRIVER_BIG_ENDIAN : "");
        path = built;
    }
    if (driver_make_room(path))
        source_close(); /* addresses are another driver's now */
    world->driver = driver_load(path, &error);
    if (world->driver == NULL)
        return error;
    isolate_note_driver(world->driver);
    probe.image = (struct probe_range){world->driver->image_low,
                                       world->driver->image_high - world->driver->image_low};
    snprintf(world->outcome->driver, sizeof world->outcome->driver, "%s",
             world->driver->suite->name);
    return NULL;
}

static const char *create(struct world *world)
{
    const char *error = load_driver(world);

    if (error == NULL)
        error = world_adapt(world);
    if (error == NULL)
        error = world_create_machine(world);
    if (error != NULL)
        return error;
    judge_create(&world->judge, world->scenario, &world->arena, &world->device,
                 &world->outcome->findings, world->outcome->exercised, world->options->rules);
    judge_count_device(&world->judge, world->outcome->device_broken);
    world->sight = (struct world_sight){world->scenario, &world->judge.model, &world->arena,
                                        &world->device, world->outcome};
    return NULL;
}

static void destroy(struct world *world)
{
    fibers_destroy();
    world_destroy_machine(world);
    qemu_device_destroy(world);
    if (world->driver != NULL && world->driver->aliased) {
        report_find_places(world->outcome);
        driver_unload(world->driver);
        world->outcome->unloaded = true;
    }
    free(world->adapted);
    memset(&probe, 0, sizeof probe);
}

/* ---- running the driver ---- */

/* Runs one function of the driver on its stack, watched; its result, or WORLD_ABANDONED. */
static long run_driver(struct world *world, long (*function)(void *), void *argument)
{
    long result;

    probe.budget = WORLD_SPIN_CALLBACKS;
    probe.offers = world->scenario->interrupts_any;
    probe.running = true;
    world->in_handler = false;
    isolate_notes->in_call = true;
    crash_watch(true);
    result = probe_enter(function, argument, world->stack_top);
    crash_watch(false);
    if (probe.pending)
        world_finish();
    process_check();
    fibers_call_over(world, result == WORLD_ABANDONED);
    probe.running = false;
    probe.switch_wanted = false;
    process_check_heap();
    isolate_notes->in_call = false;
    probe.skip_polls = false;
    ringside_asan_unpoison(world->stack + WORLD_STACK_GUARD_BYTES, WORLD_STACK_BYTES);
    return result;
}

/* Options from `at` on; stops at the first one that the driver does not take. */
struct options_call {
    const struct suite_driver *suite;
    const struct scenario_option *option;
    size_t at, count;
};

static long call_set_options(void *argument)
{
    struct options_call *call = argument;

    for (; call->at < call->count; call->at++) {
        const struct scenario_option *option = &call->option[call->at];
        if (!call->suite->set_option(option->name, option->value))
            return 0;
    }
    return 1;
}

/* The same for a driver with 32-bit pointers, which reaches nothing but what lies low. */
static long call_low_set_options(void *argument)
{
    struct options_call *call = argument;

    for (; call->at < call->count; call->at++) {
        struct scenario_option option = call->option[call->at];
        if (!call->suite->set_option(option.name, option.value))
            return 0;
    }
    return 1;
}

/* NULL when the option is skipped, else a message. */
static const char *bad_option(const struct world *world, const struct scenario_option *option)
{
    const char *const *names = world->driver->suite->option_names;
    size_t count = 0;
    const char *near = NULL;
    bool known = false;
    unsigned column = option->name_column;

    while (names != NULL && names[count] != NULL && count < SCENARIO_OPTIONS_MAX) {
        known |= strcmp(names[count], option->name) == 0;
        count++;
    }
    if (skip_is_foreign(world->outcome)) {
        skip_option(world->outcome, option, known);
        return NULL;
    }
    if (names != NULL && !known)
        near = scenario_nearest(option->name, names, count);
    if (known && option->value_column != 0)
        column = option->value_column;
    snprintf(message, sizeof message, "%s:%u:%u: error: driver `%s` has no %s `%s`%s%s%s%s%s",
             world->scenario->path, option->line, column, world->driver->suite->name,
             known ? "such value for option" : "option", option->name, known ? ": `" : "",
             known ? option->value : "", known ? "`" : "", near != NULL ? "; did you mean " : "",
             near != NULL ? near : "");
    return message;
}

static const char *set_options(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct options_call call = {.suite = world->driver->suite,
                                .option = scenario->option,
                                .count = scenario->option_count};
    const char *error = NULL;

    for (; call.at < call.count && error == NULL; call.at++) {
        if (call.suite->set_option == NULL ||
            run_driver(world, world->driver->ilp32 ? call_low_set_options : call_set_options,
                       &call) != 1)
            error = bad_option(world, &call.option[call.at]);
    }
    return error;
}

struct op_call {
    const struct suite_op *op;
    const struct suite_args *args;
};

static long call_op(void *argument)
{
    const struct op_call *call = argument;
    *probe_place = (uintptr_t)call->op->call + 1; /* until the driver says where it is */
    return (long)call->op->call(call->args);
}

static long call_low_op(void *argument)
{
    const struct op_call *call = argument;
    struct suite_args args = *call->args;

    *probe_place = (uintptr_t)call->op->call + 1;
    return (long)call->op->call(&args);
}

static const struct suite_op *find_op(const struct suite_driver *suite, const char *name)
{
    for (size_t i = 0; i < suite->op_count; i++) {
        if (suite->ops[i].call != NULL && strcmp(suite->ops[i].name, name) == 0)
            return &suite->ops[i];
    }
    return NULL;
}

/* Where the call will be ended, if it does not end before; the end of the run may come first. */
static void limit_call(struct world *world, const struct scenario_action *action)
{
    uint64_t until = world->options->until_step;

    world->running = false;
    world->stop_at = world->steps +
                     (action->result == SCENARIO_RUNNING ? WORLD_RUNNING_STEPS : WORLD_CALL_STEPS);
    if (until != 0 && until < world->stop_at)
        world->stop_at = until;
}

static void run_call(struct world *world, const struct scenario_action *action)
{
    struct world_call *call = &world->outcome->call[world->outcome->call_count];
    const struct suite_op *op = NULL;
    struct event event = {.party = EVENT_PARTY_WORLD, .kind = EVENT_CALL};
    long result = SUITE_UNSUPPORTED;

    assert(world->outcome->call_count < SCENARIO_ACTIONS_MAX);
    world->waits_in_vain = 0;
    *call = (struct world_call){.action = action, .result = -1};
    call->blocked_by = world->driver != NULL ? skip_blocker(world->outcome, action) : SUITE_OK;
    world->call = call;
    world->outcome->response_filled = false;
    event.value = world->outcome->call_count;
    event.index = (uint32_t)world->outcome->call_count++;
    world_emit(world, &event);
    world_activity(world);
    if (world->driver != NULL && call->blocked_by == SUITE_OK)
        op = find_op(world->driver->suite, action->name);
    if (op != NULL) {
        struct op_call argument = {op, &action->args};
        limit_call(world, action);
        result = run_driver(world, world->driver->ilp32 ? call_low_op : call_op, &argument);
        if (world->controlled && !world->stopped)
            (void)control_access(world, NULL, false);
    }
    call->result = result >= 0 && result < SUITE_RESULT_COUNT ? (int)result : -1;
    if (op != NULL && world->running)
        call->result = SCENARIO_RUNNING;
    call->skipped = world->driver != NULL && result == SUITE_UNSUPPORTED &&
                    (call->blocked_by != SUITE_OK || skip_allows_call(world->outcome, action));
    event.kind = EVENT_RETURN;
    event.value = (uint64_t)(call->result >= 0 ? call->result : SUITE_RESULT_COUNT);
    if (!world->stopped) /* the run was left in the middle of the call */
        world_emit(world, &event);
    world->outcome->features |=
        world->judge.model.features.accepted & world->judge.model.features.offered;
    if (!call->stuck)
        ladder_climb(&world->judge.model, 0, &call->ladder);
    world->call = NULL;
    pause_call_over(world);
}

static long call_handler(void *argument)
{
    struct world *world = argument;
    world->handler(world->handler_context);
    return 0;
}

bool world_interrupt(struct world *world)
{
    if (world->device.interrupt_status == 0 || world->handler == NULL || world->in_handler ||
        world->interrupts_masked)
        return false;
    world->in_handler = true;
    world_activity(world);
    if (probe_enter(call_handler, world, probe_driver_sp) == WORLD_ABANDONED)
        world_abandon();
    if (probe.pending)
        world_finish();
    world->in_handler = false;
    world->interrupt_seen = true;
    return true;
}

/* The next action, as the run comes to it. */
static void act(struct world *world)
{
    /* Of the scenario that was given: outcomes name it when an adapted copy is gone. */
    const struct scenario_action *action = &world->outcome->scenario->action[world->next_action];

    if (world->controlled)
        (void)control_access(world, NULL, false);
    if (interrupts_came() != 0 && !world->stopped)
        world->stopped = world->outcome->interrupted = true;
    if (world->stopped)
        return;
    if (action->kind == SCENARIO_PAUSE) {
        pause_arm(world);
        return;
    }
    world->action = world->next_action++;
    if (action->kind == SCENARIO_CALL) {
        run_call(world, action);
        return;
    }
    world_play(world, action);
    world_others_act(world);
}

/* ---- the outcome ---- */

/* Events outlive the arena, and so must the names of its allocations. */
static void keep_names(struct world *world)
{
    struct arena *copy = calloc(1, sizeof *copy);

    if (copy == NULL)
        return;
    *copy = world->arena;
    copy->host = NULL;
    copy->shadow = NULL;
    copy->regions = calloc(copy->region_count + 1, sizeof *copy->regions);
    if (copy->regions == NULL)
        copy->region_count = 0;
    else
        memcpy(copy->regions, world->arena.regions, copy->region_count * sizeof *copy->regions);
    world->outcome->names = (char *)copy;
}

static void conclude(struct world *world)
{
    struct world_outcome *outcome = world->outcome;

    outcome->steps = world->steps;
    outcome->driver_steps = world->driver_steps;
    for (size_t i = 0; i < world->arena.region_count; i++) {
        const struct arena_region *region = &world->arena.regions[i];
        outcome->live_dma += region->kind == ARENA_REGION_DMA && region->freed_step == 0;
    }
    if (world->device.class == &gpu_class)
        gpu_scanout_info(&world->device, 0, &outcome->scanout.info);
    if ((outcome->scanout.info.active || world->far != NULL) &&
        !world_picture(world, &outcome->scanout.picture))
        outcome->scanout.picture.rgb = NULL;
    outcome->scanout.info.lost_at_step =
        model_scanout_lost(&world->judge.model, 0, outcome->scanout.info.lost_at_step);
    keep_names(world);
    if (!world->stopped) {
        judge_end(&world->judge);
        traced_end(world);
        expect_check(world->scenario, &world->device, &world->arena, outcome);
    }
}

/* All but the bulk of it: calls and findings are cleared one by one, as they are made. */
static void clear_outcome(struct world_outcome *out)
{
    size_t calls = offsetof(struct world_outcome, call);
    size_t findings = offsetof(struct world_outcome, findings.item);
    size_t rest = findings + sizeof out->findings.item;

    memset(out, 0, calls);
    memset((char *)out + calls + sizeof out->call, 0, findings - calls - sizeof out->call);
    memset((char *)out + rest, 0, sizeof *out - rest);
}

/* All but the judge, which judge_create() makes afresh; what tells that there is one yet, too. */
static void clear(struct world *world)
{
    size_t judge = offsetof(struct world, judge), rest = judge + sizeof world->judge;

    memset(world, 0, judge);
    memset((char *)world + rest, 0, sizeof *world - rest);
    world->judge.findings = NULL;
}

const char *world_run(const struct scenario *scenario, const struct world_options *options,
                      struct world_outcome *out)
{
    static struct world one; /* at a time; the next run finds its pages where this one left them */
    struct world *world = &one;
    const char *error;

    assert(world_now == NULL);
    clear(world);
    clear_outcome(out);
    out->scenario = scenario;
    crash_install();
    process_keep();
    driver_heap_reset();
    isolate_limit_memory(scenario->memory_bytes);
    source_scenario(scenario->path);
    world->scenario = scenario;
    world->options = options;
    world->outcome = out;
    world->random = scenario->seed * 2 + 1;
    world->random_threads = world->random;
    world->shown =
        options->trace != NULL || options->reader_count > 0 || scenario->traced_count > 0;
    world->stop_at = options->until_step != 0 ? options->until_step : WORLD_STEPS_MAX;
    fibers_create();
    world_now = world;
    world_attach_platform(world);
    error = create(world);
    if (error == NULL && world->driver != NULL)
        error = set_options(world);
    if (error == NULL) {
        control_start(world);
        while (world->next_action < world->scenario->action_count && !world->stopped)
            act(world);
        conclude(world);
        if (out->lost[0] != '\0')
            error = out->lost;
        control_end(world);
    }
    if (world->judge.findings != NULL)
        judge_destroy(&world->judge);
    destroy(world);
    world_now = NULL;
    return error;
}

void world_outcome_free(struct world_outcome *outcome)
{
    struct arena *names = (struct arena *)(void *)outcome->names;

    picture_free(&outcome->scanout.picture);
    picture_free(&outcome->scanout.last);
    if (names != NULL)
        free(names->regions);
    free(names);
    outcome->names = NULL;
}

const struct arena *world_outcome_arena(const struct world_outcome *outcome)
{
    return (const struct arena *)(const void *)outcome->names;
}

void world_outcome_name(const void *outcome, uint64_t addr, char *out, size_t out_bytes)
{
    const struct world_outcome *of = outcome;

    if (of->names != NULL)
        arena_name(of->names, addr, out, out_bytes);
    else
        snprintf(out, out_bytes, "0x%llx", (unsigned long long)addr);
}
