/*
 * Ringside's own rules: what the machine sees that no specification speaks of.
 *
 * They stand last, so that a cause found by another rule on the same event is known to them.
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "gpu.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/gpu.h"

#define NEAR_BYTES 64u /* before and behind a byte: most messages are no longer */

/* ---- waiting ---- */

static bool is_explained(const struct judge *judge)
{
    for (uint32_t i = 0; i < judge->findings->count; i++) {
        const struct finding *finding = &judge->findings->item[i];
        if (finding->level == FINDING_ERROR && finding->rule->explains_wait)
            return true;
    }
    return false;
}

bool rule_is_provoked(const struct judge *judge)
{
    for (uint32_t i = 0; judge->scenario != NULL && i < judge->scenario->faults.count; i++) {
        const struct sim_fault *fault = &judge->scenario->faults.fault[i];
        bool stands = fault->repeats ||
                      (fault->request == 0 && fault->occurrence == 0 && fault->from_step == 0);
        if (stands && judge->model.fault.step != 0)
            return true;
    }
    return judge->model.fault.step > judge->model.call.call.step ||
           judge->model.lasting_fault.step > judge->model.reset.step;
}

static bool has_request(const struct judge *judge)
{
    const struct model *model = &judge->model;

    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        if (model->queue[i].live && model->queue[i].in_flight != 0)
            return true;
        if (model->queue[i].live && model->queue[i].used_idx != model->queue[i].seen_idx)
            return true;
    }
    return model->call.notify.step != 0;
}

static void raise_stuck(const struct rule *rule, struct judge *judge, const struct event *stuck)
{
    uint32_t queue = model_waiting_queue(&judge->model);
    struct event at = judge->model.last_load.step != 0 ? *model_look(&judge->model) : *stuck;
    struct ladder ladder;

    ladder_climb(&judge->model, queue, &ladder);
    if (ladder.missed == LADDER_RUNG_COUNT)
        judge_raise(judge, rule, &at, "nothing that the driver waits for can come any more", NULL,
                    NULL, "driver waits although its last request has been answered");
    else
        judge_raise(judge, rule, &at, "nothing that the driver waits for can come any more",
                    &ladder.step[ladder.missed].event, ladder.step[ladder.missed].label,
                    "a request on queue %u can never complete: it did not come to `%s`, %s", queue,
                    ladder_word(ladder.missed), ladder_question(ladder.missed));
}

/* Known at once for a request; a wait for anything else is judged by what the call comes to. */
static void check_stuck(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_call *call = &judge->model.call;
    bool at_once = event->kind == EVENT_STUCK;

    if (is_explained(judge) || rule_is_provoked(judge) || judge->model.crash.step != 0)
        return;
    if (at_once && has_request(judge))
        raise_stuck(rule, judge, event);
    else if (!at_once && call->stuck.step != 0 && event->value != SUITE_OK && !has_request(judge))
        raise_stuck(rule, judge, &call->stuck);
}

/* ---- crashes ---- */

static const char *const crash_text[] = {
#define X(name, text) text,
    WORLD_CRASHES(X)
#undef X
};

#define CRASH(name) (1u << WORLD_CRASH_##name)

static void raise_crash(const struct rule *rule, struct judge *judge, const struct event *event,
                        unsigned kinds, enum finding_level level)
{
    struct finding *finding;
    char label[FINDING_TEXT_BYTES] = "";

    if (event->value >= sizeof crash_text / sizeof crash_text[0] ||
        (kinds & (1u << event->value)) == 0)
        return;
    if (event->value == WORLD_CRASH_SEGV)
        snprintf(label, sizeof label, "address 0x%" PRIx64, event->addr);
    finding =
        judge_raise(judge, rule, event, label, NULL, NULL, "driver %s",
                    event->bytes != NULL ? (const char *)event->bytes : crash_text[event->value]);
    if (finding != NULL && finding->times == 1)
        finding->level = level;
}

static void check_crash(const struct rule *rule, struct judge *judge, const struct event *event)
{
    raise_crash(rule, judge, event, CRASH(SEGV) | CRASH(ILLEGAL) | CRASH(ARITHMETIC) | CRASH(ABORT),
                FINDING_ERROR);
}

static void check_process(const struct rule *rule, struct judge *judge, const struct event *event)
{
    raise_crash(rule, judge, event, CRASH(LEFT) | CRASH(KILLED), FINDING_ERROR);
}

static void check_wild_store(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    raise_crash(rule, judge, event, CRASH(WILD), FINDING_ERROR);
}

static void check_memory(const struct rule *rule, struct judge *judge, const struct event *event)
{
    raise_crash(rule, judge, event, CRASH(MEMORY), FINDING_ERROR);
}

static void check_heap(const struct rule *rule, struct judge *judge, const struct event *event)
{
    raise_crash(rule, judge, event, CRASH(HEAP), FINDING_ERROR);
}

/* A request that can never complete is why everybody sleeps: then that is the finding. */
static void check_deadlock(const struct rule *rule, struct judge *judge, const struct event *event)
{
    bool waits =
        judge->model.call.stuck.step != 0 && (is_explained(judge) || judge_has(judge, "RS-STUCK"));

    raise_crash(rule, judge, event, CRASH(DEADLOCK), waits ? FINDING_NOTE : FINDING_ERROR);
}

static void check_stack(const struct rule *rule, struct judge *judge, const struct event *event)
{
    raise_crash(rule, judge, event, CRASH(STACK), FINDING_ERROR);
}

/* Without limit, but for a reason that another finding gives: a note. */
static void check_spin(const struct rule *rule, struct judge *judge, const struct event *event)
{
    bool waits =
        judge->model.call.stuck.step != 0 && (is_explained(judge) || judge_has(judge, "RS-STUCK"));

    raise_crash(rule, judge, event, CRASH(SPIN), waits ? FINDING_NOTE : FINDING_ERROR);
}

static void check_silent_spin(const struct rule *rule, struct judge *judge,
                              const struct event *event)
{
    raise_crash(rule, judge, event, CRASH(SILENT_SPIN),
                judge_has(judge, "RS-STALE-POLL") ? FINDING_NOTE : FINDING_ERROR);
}

/* ---- what the probe did not see ---- */

static void check_unobserved_access(const struct rule *rule, struct judge *judge,
                                    const struct event *event)
{
    if (event->value == 1)
        judge_raise(judge, rule, event, "the compiler did not tell of this access", NULL, NULL,
                    "driver touched the register window at offset 0x%" PRIx64 " unobserved",
                    event->addr);
}

/*
 * The store itself was not seen: named is the last one that was, close by, as into another field of
 * the same message; else where the device was told.
 */
static struct event blame_near(const struct judge *judge, const struct event *read,
                               const char **label)
{
    const struct model_queue *queue = rule_queue(judge, read->queue);
    uint64_t below = read->addr < NEAR_BYTES ? read->addr : NEAR_BYTES;
    struct event at = {.step = 0};

    *label = "the last store close by that was seen";
    if (model_find_store_into(&judge->model, read->addr - below,
                              below + read->width_bytes + NEAR_BYTES, &at))
        return at;
    *label = "the device was told here";
    if (queue != NULL && queue->notify.step != 0)
        return queue->notify;
    *label = "the device read this";
    return judge->model.last_driver.step != 0 ? judge->model.last_driver : *read;
}

static void check_unobserved_store(const struct rule *rule, struct judge *judge,
                                   const struct event *event)
{
    const struct arena_region *region =
        judge->arena != NULL ? arena_find(judge->arena, event->addr) : NULL;
    struct finding *finding;
    struct event at;
    const char *label;
    char name[64];

    if (event->kind == EVENT_UNOBSERVED ? event->value == 2 : judge->device->check_stores)
        rule_looks(rule, judge);
    if (event->kind != EVENT_UNOBSERVED || event->value != 2)
        return;
    at = blame_near(judge, event, &label);
    finding = judge_raise(judge, rule, &at, label, event, "the device read this",
                          "the device read %s, which was never seen stored",
                          rule_name(judge, event->addr, name, sizeof name));
    /* clang tells of no fields of objects on the stack: no fault of the driver's. */
    if (finding != NULL && finding->times == 1 && region != NULL &&
        region->kind == ARENA_REGION_STACK)
        finding->level = FINDING_NOTE;
}

/* ---- DMA ---- */

/* A wrong address that follows from a setting which has a finding of its own. */
static bool is_consequence(const struct judge *judge, const struct event *event)
{
    bool of_ring = event->value == SIM_REFUSAL_DMA_DESC || event->value == SIM_REFUSAL_DMA_AVAIL ||
                   event->value == SIM_REFUSAL_DMA_USED;

    return rule_untagged(judge, event->addr) != 0 ||
           judge_find(judge, "LMMIO-DRV-D1", event->queue) != NULL ||
           judge_find(judge, "XMMIO-DRV-04", event->queue) != NULL ||
           (of_ring && event->index == ARENA_FAULT_FREED &&
            (judge_has(judge, "MMIO-DRV-14") || judge_has(judge, "LMMIO-DRV-D6"))) ||
           (event->value == SIM_REFUSAL_DMA_USED &&
            judge_find(judge, "LSPLIT-DRV-02", event->queue) != NULL);
}

static void raise_dma(const struct rule *rule, struct judge *judge, const struct event *event,
                      enum arena_fault fault)
{
    const struct arena_region *region =
        judge->arena != NULL ? arena_find(judge->arena, event->addr) : NULL;
    struct event at, given = {0};
    char label[FINDING_TEXT_BYTES], name[64];

    if (event->index != fault || is_consequence(judge, event))
        return;
    at = rule_blame(judge, event);
    snprintf(label, sizeof label, "%" PRIu64 " bytes at %s", event->extra,
             rule_name(judge, event->addr, name, sizeof name));
    if (region != NULL) {
        bool freed = region->freed_step != 0;
        given = (struct event){.step = freed ? region->freed_step : region->born_step,
                               .pc = freed ? 0 : region->pc,
                               .party = EVENT_PARTY_DRIVER,
                               .kind = freed ? EVENT_FREE : EVENT_ALLOC,
                               .place = EVENT_PLACE_MEMORY,
                               .addr = region->addr,
                               .value = region->size_bytes};
    }
    judge_raise(judge, rule, &at, label, &given,
                fault == ARENA_FAULT_FREED ? "it was freed here" : "the memory was allocated here",
                "%s: 0x%" PRIx64 " %s", sim_refusal_text((enum sim_refusal)event->value),
                event->addr, arena_fault_text(fault));
}

static void check_outside(const struct rule *rule, struct judge *judge, const struct event *event)
{
    raise_dma(rule, judge, event, ARENA_FAULT_OUTSIDE_RAM);
}

static void check_not_allocated(const struct rule *rule, struct judge *judge,
                                const struct event *event)
{
    raise_dma(rule, judge, event, ARENA_FAULT_NOT_DMA);
}

static void check_across_end(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    raise_dma(rule, judge, event, ARENA_FAULT_ACROSS_END);
}

/* A buffer that was freed in flight is CLEAN-DRV-02's, where it was freed. */
static void check_freed(const struct rule *rule, struct judge *judge, const struct event *event)
{
    if (judge_has(judge, "CLEAN-DRV-02"))
        return;
    raise_dma(rule, judge, event, ARENA_FAULT_FREED);
}

/* ---- instructions of other machines ---- */

static void check_foreign(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const char *text = event->bytes != NULL ? (const char *)event->bytes : "an instruction";
    struct finding *finding;
    char label[FINDING_TEXT_BYTES];
    size_t length;

    snprintf(label, sizeof label, "its register holds 0x%" PRIx64, event->value);
    finding = judge_raise(judge, rule, event, event->value != 0 ? label : "", NULL, NULL,
                          "driver executed what means nothing here: `%s`", text);
    if (finding == NULL || finding->times == 1)
        return;
    length = strlen(finding->text);
    snprintf(finding->text + length, sizeof finding->text - length, ", `%s`", text);
}

/* ---- registers that are not there ---- */

static void check_no_window(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char label[FINDING_TEXT_BYTES];

    snprintf(label, sizeof label, "%" PRIu64 " bytes at 0x%" PRIx64, event->value, event->addr);
    if (judge->scenario != NULL) {
        const struct sim_machine *machine = &judge->scenario->machine;
        snprintf(label, sizeof label, "the slots of %s are 0x%" PRIx64 " to 0x%" PRIx64,
                 machine->word, machine->base, machine->base + machine_bytes(machine) - 1);
    }
    judge_raise(judge, rule, event, label, NULL, NULL,
                "driver asked for %" PRIu64 " bytes of registers at 0x%" PRIx64
                ", where the machine has none; it was given NULL",
                event->value, event->addr);
}

/* ---- the display ---- */

static void check_display_lost(const struct rule *rule, struct judge *judge,
                               const struct event *event)
{
    const struct model_display *display = &judge->model.display;
    unsigned scanout;
    char label[FINDING_TEXT_BYTES];

    if (!model_is_dead(&judge->model) || display->lost == 0)
        return;
    scanout = (unsigned)__builtin_ctz(display->lost);
    snprintf(label, sizeof label,
             "resets the device: scanout %u, resource %" PRIu64 " and all queues are gone", scanout,
             display->set[scanout].extra);
    judge_raise(judge, rule, &display->lost_write, label, event,
                "the driver goes on as if the device were live",
                "scanout %u was lost by a reset of the live device at step %" PRIu64, scanout,
                display->lost_write.step);
}

static void check_no_scanout(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    const struct model_display *display = &judge->model.display;

    (void)event;
    if (judge->model.class != &gpu_class || display->responses_ok == 0 ||
        display->scanouts_set != 0)
        return;
    for (uint32_t i = 0; i < judge->findings->count; i++) {
        if (judge->findings->item[i].level == FINDING_ERROR)
            return; /* there is something else to do first */
    }
    judge_raise(judge, rule, NULL, NULL, NULL, NULL,
                "%" PRIu64 " request%s succeeded, but no scanout was ever set: nothing is shown",
                display->responses_ok, display->responses_ok == 1 ? "" : "s");
}

/* ---- completions ---- */

static void check_late_completion(const struct rule *rule, struct judge *judge,
                                  const struct event *event)
{
    const struct model_call *call = &judge->model.call;
    const struct model_queue *queue = rule_queue(judge, call->late_queue);
    struct event cause;
    char label[FINDING_TEXT_BYTES];

    if (event->value != SUITE_OK || call->late.step == 0 || queue == NULL ||
        call->late_head >= queue->size)
        return;
    cause = queue->avail_store;
    cause.step = queue->request[call->late_head].mark[MODEL_PUBLISHED].step;
    cause.pc = queue->request[call->late_head].mark[MODEL_PUBLISHED].pc;
    snprintf(label, sizeof label, "id %u: the request of call %u, which was given up",
             call->late_head, queue->request[call->late_head].call + 1);
    judge_raise(judge, rule, &call->late, label, &cause, "that request was made available here",
                "driver took the late completion of a request it had given up for its answer");
}

static bool all_given_up(const struct model_queue *queue)
{
    for (uint32_t head = 0; head < queue->size; head++) {
        const struct model_request *request = &queue->request[head];
        if (request->state != MODEL_FREE && request->state != MODEL_USED && !request->abandoned)
            return false;
    }
    return true;
}

/* The device was told to take its time: what it holds comes back. */
static bool is_late(const struct model *model)
{
    return model->fault.step != 0 && model->fault.value == SIM_FAULT_COMPLETION_LATE;
}

/* The driver's store that took the link out of a descriptor of a chain that had come back. */
static struct event link_store(const struct model_queue *queue, uint32_t desc)
{
    return (struct event){.step = queue->entry[desc].flags_stored.step,
                          .pc = queue->entry[desc].flags_stored.pc,
                          .party = EVENT_PARTY_DRIVER,
                          .kind = EVENT_STORE,
                          .place = EVENT_PLACE_DESC_FLAGS,
                          .queue = queue->cut.queue,
                          .index = desc,
                          .width_bytes = sizeof(le16),
                          .value = queue->cut.value};
}

/* How a driver lost them, where that was seen: it cleared a link before it had followed it. */
static void raise_cut(const struct rule *rule, struct judge *judge, const struct model_queue *queue)
{
    struct event cleared = link_store(queue, queue->cut.index);
    struct finding *finding =
        judge_raise(judge, rule, &queue->cut, "the rest of the chain is looked for here", &cleared,
                    "NEXT was cleared here",
                    "driver cleared descriptor %u of queue %u before it had taken back the rest of "
                    "its chain; the queue is full, and the device holds nothing",
                    queue->cut.index, queue->cut.queue);

    if (finding != NULL)
        snprintf(
            finding->help, sizeof finding->help,
            "read flags and next of a descriptor before clearing it, or keep the chain's links "
            "in the driver's own memory");
}

/*
 * A queue that is full although the device holds nothing of it, or that is full of nothing but
 * requests which were given up: only a reset brings those back, and the driver made none. A driver
 * with another limit of its own, or with requests that it still waits for, may well be full; so may
 * one whose device is late and will give them back.
 */
static void check_leak(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model *model = &judge->model;

    if (event->value != SUITE_QUEUE_FULL)
        return;
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++) {
        const struct model_queue *queue = &model->queue[i];
        uint32_t size = queue->live ? queue->size : (uint32_t)queue->size_write.value;
        bool idle = queue->live ? queue->published != 0 && queue->in_flight == 0
                                : queue->size_write.step != 0;
        bool lost = queue->live && queue->in_flight != 0 && !is_late(model) &&
                    queue->size - queue->owned < queue->longest && all_given_up(queue);
        if (idle && queue->live && queue->cut.step != 0)
            raise_cut(rule, judge, queue);
        else if (idle)
            judge_raise(judge, rule, &model->last_driver, "QUEUE_FULL was returned",
                        &queue->avail_store, "the last request was made available here",
                        "driver found queue %u full, but the device holds none of its %u "
                        "descriptors",
                        i, size);
        else if (lost)
            judge_raise(judge, rule, &model->last_driver, "QUEUE_FULL was returned",
                        &queue->avail_store, "the last of them was made available here",
                        "driver filled queue %u with %u request%s that it gave up, and did not "
                        "reset the device",
                        i, queue->in_flight, queue->in_flight == 1 ? "" : "s");
        if (idle || lost)
            return;
    }
}

static void check_response(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct event *response = &judge->model.call.response;
    const struct sim_class *class = judge->model.class;
    const char *name = class->response_name((uint32_t)response->value);
    char label[FINDING_TEXT_BYTES];

    if (event->value != SUITE_OK || response->step == 0 || response->extra == 0 ||
        class->succeeded((uint32_t)response->value))
        return;
    snprintf(label, sizeof label, "the response's type is 0x%" PRIx64 "%s%s", response->value,
             name != NULL ? ", " : ", which is none that is defined", name != NULL ? name : "");
    judge_raise(judge, rule, &judge->model.last_driver, "OK was returned", response, label,
                "driver reported success although the device did not");
}

/* ---- the rest ---- */

/* Refusals that end a request or a notification and that no rule speaks of. */
static void check_refused(const struct rule *rule, struct judge *judge, const struct event *event)
{
    size_t count = 0;
    const struct rule *rules = rule_table(&count);
    enum sim_action action = sim_refusal_action((enum sim_refusal)event->value);

    if (action == SIM_ACTION_NOTE && event->value != SIM_REFUSAL_ZERO_LENGTH)
        return;
    if (event->value == SIM_REFUSAL_NOTIFY_BEFORE_DRIVER_OK)
        return; /* INIT-DRV-06, at the write */
    for (size_t i = 0; i < count; i++) {
        if (&rules[i] != rule && rule_applies(&rules[i], &judge->model) &&
            (rules[i].refusals & (UINT64_C(1) << event->value)) != 0)
            return;
    }
    rule_check_refusal(rule, judge, event);
}

#define SELF(id_, level_, text_, help_) RULE(id_, SELF, level_, "", "", text_, help_)

/* clang-format off */
static const struct rule rules[] = {
    {SELF("RS-DMA-OUTSIDE", ERROR, "The device is given addresses inside RAM.",
          "give the device physical addresses of memory that exists"),
     .on = ON(REFUSE), .refusals = DMA_REFUSALS, .explains_wait = true,
     .exercise = ON(TAKE), .check = check_outside},
    {SELF("RS-DMA-NOT-ALLOCATED", ERROR, "The device is given memory that was allocated for DMA.",
          "allocate the buffer with platform_dma_alloc, or declare static data and stack as DMA"),
     .on = ON(REFUSE), .refusals = DMA_REFUSALS, .explains_wait = true,
     .exercise = ON(TAKE), .check = check_not_allocated},
    {SELF("RS-DMA-ACROSS-END", ERROR, "A buffer ends where its DMA memory ends.",
          "allocate as many bytes as the device is told of"),
     .on = ON(REFUSE), .refusals = DMA_REFUSALS, .explains_wait = true,
     .exercise = ON(TAKE), .check = check_across_end},
    {SELF("RS-DMA-FREED", ERROR, "Memory that the device may still use is not freed.",
          "free it when the device has given it back, or after a reset"),
     .on = ON(REFUSE), .refusals = DMA_REFUSALS, .explains_wait = true,
     .exercise = ON(TAKE), .check = check_freed},
    {SELF("RS-UNOBSERVED-ACCESS", ERROR, "Every access to a register window is observed.",
          "build the driver with the probe's flags; inline assembly of other machines is not seen"),
     .on = ON(UNOBSERVED), .exercise = ON(RETURN), .check = check_unobserved_access},
    {SELF("RS-UNOBSERVED-STORE", WARNING, "Every byte that the device reads was seen stored.",
          "assembly, or an object without the probe's flags; gcc tells of more stores than clang"),
     .on = ON(UNOBSERVED) | ON(TAKE), .tells = true, .check = check_unobserved_store},
    {SELF("RS-FOREIGN", NOTE, "Instructions of other machines are understood, or skipped.",
          "nothing was done; if the driver needs its effect, put a function in its place"),
     .on = ON(FOREIGN), .exercise = ON(RETURN), .check = check_foreign},
    {SELF("RS-CRASH", ERROR, "A driver does not crash.", ""),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_crash},
    {SELF("RS-STACK", ERROR, "A driver does not recurse without end.", ""),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_stack},
    {SELF("RS-SPIN", ERROR, "A driver waits with a limit.",
          "give up after some time; a main loop that shall not end is expected with `-> RUNNING`"),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_spin},
    {SELF("RS-SILENT-SPIN", ERROR, "A driver's loops end.", ""),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_silent_spin},
    {SELF("RS-DEADLOCK", ERROR, "A thread that sleeps is woken by somebody.",
          "mask interrupts from looking at the condition until the sleep; wake the same channel"),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_deadlock},
    {SELF("RS-PROCESS", ERROR, "A driver leaves the process that it runs in as it is.",
          "a kernel has no exit, fork or signals; a driver's own function of the name is kept"),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_process},
    {SELF("RS-WILD-STORE", ERROR, "A driver writes only to memory that it was given.",
          "the pointer is wrong, or an index ran over the end of what it points to"),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_wild_store},
    {SELF("RS-MEMORY", ERROR, "A driver's memory has a limit: 256 MiB from malloc and mmap.", ""),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_memory},
    {SELF("RS-HEAP", ERROR, "A driver writes to and frees only what malloc gave it.", ""),
     .on = ON(CRASH), .exercise = ON(RETURN), .check = check_heap},
    {SELF("RS-NO-WINDOW", NOTE, "Registers are looked for where the machine has them.",
          "choose the machine: `machine virt-riscv`, or `machine base ADDRESS stride N slots N`"),
     .on = ON(NO_WINDOW), .exercise = ON(READ), .check = check_no_window},
    {SELF("RS-DISPLAY-LOST", ERROR, "A live device that shows a picture is not reset by accident.",
          "let one owner of the device reset it; "
           "a second handle on a slot that is in use must not"),
     .on = ON(WRITE), .where = AT(REGISTER), .registers = REGISTER(QueueNotify),
     .by_driver = true, .explains_wait = true, .check = check_display_lost},
    {SELF("RS-NO-SCANOUT", NOTE, "Requests that succeed do not show anything; a scanout does.",
          "create a resource, attach memory, SET_SCANOUT, TRANSFER_TO_HOST_2D, RESOURCE_FLUSH"),
     .on = RULE_AT_END, .check = check_no_scanout},
    {SELF("RS-LATE-COMPLETION", ERROR, "A completion is taken for the request that it belongs to.",
          "compare the used element's id with the head of the request that is waited for"),
     .on = ON(RETURN), .check = check_late_completion},
    {SELF("RS-DESC-LEAK", WARNING, "Descriptors come back from every request.",
          "free a chain when it comes back late, or reset the device after a timeout"),
     .on = ON(RETURN), .check = check_leak},
    {SELF("RS-RESPONSE-UNCHECKED", WARNING, "The response's type is checked.",
          "compare hdr.type of the response with the success code of the command"),
     .on = ON(RETURN), .check = check_response},
    {SELF("RS-REFUSED", WARNING, "The device does what it is asked for.", ""),
     .on = ON(REFUSE), .exercise = ON(TAKE), .check = check_refused},
    {SELF("RS-STUCK", ERROR, "A request that is waited for can complete.",
          "the ladder shows how far it came; the first rung missed is the place to look"),
     .on = ON(STUCK) | ON(RETURN), .explains_wait = true, .check = check_stuck},
};
/* clang-format on */

const struct rule_list rules_self = RULE_LIST(rules);
