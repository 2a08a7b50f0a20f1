/*
 * The judge: model first, then the rules that asked for the event, then the findings.
 *
 * Which rules see an event is looked up in a table by party, kind and place (for registers: by
 * register), made once for each type of device and version from the rules' own declarations, so
 * that an access pays only for the rules that concern it.
 */
#include "judge.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"
#include "virtio/mmio.h"

#define SUBJECTS      (EVENT_PLACE_COUNT + VIRTIO_MMIO_REG_COUNT) /* places, then registers */
#define KINDS         (EVENT_KIND_COUNT + 1) /* the last one: the end of the run */
#define POOL_SIZE     32768u
#define AUDIENCES_MAX 8u /* types of devices, twice: the versions */

/* Rules [first, first + count) of the pool. */
struct interest {
    uint16_t first;
    uint16_t count;
};

enum { OTHERS, DRIVER, DRIVER_BADLY, SOURCES }; /* the last: its accesses that come to nothing */

/* The rules that apply to a type of device and a version. */
struct audience {
    uint32_t device_id;
    bool legacy;
    struct interest interest[SOURCES][KINDS][SUBJECTS];
    struct interest exercise[EVENT_KIND_COUNT]; /* rules that an event of the kind exercises */
    size_t used;
    uint16_t pool[POOL_SIZE];
};

/* What is asked of a rule at every event, apart from the rest of it. */
struct listener {
    void (*check)(const struct rule *rule, struct judge *judge, const struct event *event);
    const struct rule *rule;
    uint64_t refusals;
    bool tells, other_slots;
};

static struct audience audiences[AUDIENCES_MAX];
static size_t audience_count;
static struct listener listeners[RULES_MAX];

/* ---- who wants what ---- */

static bool wants_from(const struct rule *rule, unsigned source, unsigned kind)
{
    bool is_end = kind == EVENT_KIND_COUNT; /* nobody's event */

    return (rule->on & EVENT_MASK(kind)) != 0 &&
           !(rule->by_driver && source == OTHERS && !is_end) &&
           !(rule->by_device && source != OTHERS) && !(rule->bad_access && source != DRIVER_BADLY);
}

static bool wants_at(const struct rule *rule, unsigned kind, unsigned subject)
{
    if (kind == EVENT_REFUSE)
        return true; /* chosen by what is refused, wherever it was */
    if (subject < EVENT_PLACE_COUNT)
        return rule->where == 0 ? rule->registers == 0 || subject != EVENT_PLACE_REGISTER
                                : (rule->where & (UINT64_C(1) << subject)) != 0;
    if (rule->where != 0 && (rule->where & (UINT64_C(1) << EVENT_PLACE_REGISTER)) == 0)
        return false;
    return rule->registers == 0 ||
           (rule->registers & (UINT64_C(1) << (subject - EVENT_PLACE_COUNT))) != 0;
}

/* The rules among `of` that want events of a kind, place by place. */
static void collect_places(struct audience *audience, unsigned source, unsigned kind,
                           const uint16_t *of, size_t of_count)
{
    struct interest *cell = audience->interest[source][kind];
    size_t count = 0;
    const struct rule *rules = rule_table(&count);

    for (unsigned subject = 0; subject < SUBJECTS; subject++, cell++) {
        cell->first = (uint16_t)audience->used;
        for (size_t i = 0; i < of_count; i++) {
            if (!wants_at(&rules[of[i]], kind, subject))
                continue;
            assert(audience->used < POOL_SIZE);
            audience->pool[audience->used++] = of[i];
        }
        cell->count = (uint16_t)(audience->used - cell->first);
        /* Neighbours often agree: share. */
        if (subject > 0 && cell->count == cell[-1].count &&
            memcmp(&audience->pool[cell->first], &audience->pool[cell[-1].first],
                   cell->count * sizeof audience->pool[0]) == 0) {
            audience->used = cell->first;
            cell->first = cell[-1].first;
        }
    }
}

static void collect_listeners(void)
{
    size_t count = 0;
    const struct rule *rules = rule_table(&count);

    assert(count <= RULES_MAX);
    for (size_t i = 0; i < count; i++)
        listeners[i] = (struct listener){.check = rules[i].check,
                                         .rule = &rules[i],
                                         .refusals = rules[i].refusals,
                                         .tells = rules[i].tells,
                                         .other_slots = rules[i].other_slots};
}

static void collect_audience(struct audience *audience, const struct model *model)
{
    size_t count = 0;
    const struct rule *rules = rule_table(&count);
    uint16_t of[RULES_MAX];

    _Static_assert(POOL_SIZE <= UINT16_MAX && RULES_MAX <= UINT16_MAX, "see struct interest");
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        struct interest *cell = &audience->exercise[kind];
        cell->first = (uint16_t)audience->used;
        for (size_t i = 0; i < count; i++) {
            if ((rules[i].exercise & EVENT_MASK(kind)) != 0 && rule_applies(&rules[i], model))
                audience->pool[audience->used++] = (uint16_t)i;
        }
        cell->count = (uint16_t)(audience->used - cell->first);
    }
    for (unsigned source = 0; source < SOURCES; source++) {
        for (unsigned kind = 0; kind < KINDS; kind++) {
            size_t of_count = 0;
            for (size_t i = 0; i < count; i++) {
                if (wants_from(&rules[i], source, kind) && rule_applies(&rules[i], model))
                    of[of_count++] = (uint16_t)i;
            }
            collect_places(audience, source, kind, of, of_count);
        }
    }
}

static const struct audience *audience_of(const struct model *model)
{
    uint32_t device_id = model->class->device_id;
    struct audience *audience;

    for (size_t i = 0; i < audience_count; i++) {
        if (audiences[i].device_id == device_id && audiences[i].legacy == model_is_legacy(model))
            return &audiences[i];
    }
    assert(audience_count < AUDIENCES_MAX);
    if (audience_count == 0)
        collect_listeners();
    audience = &audiences[audience_count++];
    audience->device_id = device_id;
    audience->legacy = model_is_legacy(model);
    collect_audience(audience, model);
    return audience;
}

/* ---- life ---- */

void judge_create(struct judge *judge, const struct scenario *scenario, const struct arena *arena,
                  const struct sim_device *device, struct findings *findings, uint64_t *exercised,
                  bool rules_on)
{
    uint32_t queue_count = device->class != NULL ? device->class->queue_count : SIM_QUEUES_MAX;

    findings->count = 0;
    findings->dropped = 0;
    judge->findings = findings;
    judge->arena = arena;
    judge->device = device;
    judge->scenario = scenario;
    judge->rules_on = rules_on;
    judge->exercised = exercised;
    judge->step = 0;
    judge->device_broken = NULL;
    memset(exercised, 0, RULES_MAX * sizeof *exercised);
    memset(judge->layout_checked, 0, sizeof judge->layout_checked);
    memset(judge->used_store, 0, sizeof judge->used_store);
    memset(judge->used_idx_store, 0, sizeof judge->used_idx_store);
    model_create(&judge->model, &device->config, queue_count, arena);
    if (device->class != NULL && device->class->succeeded != NULL)
        judge->model.class = device->class;
    judge->audience = audience_of(&judge->model);
}

void judge_count_device(struct judge *judge, uint32_t *broken)
{
    judge->device_broken = broken;
    memset(broken, 0, RULES_MAX * sizeof *broken);
}

void judge_destroy(struct judge *judge)
{
    model_destroy(&judge->model);
}

/* ---- events ---- */

__attribute__((noinline)) static void ask_all(struct judge *judge, const struct interest *cell,
                                              const struct event *event)
{
    const uint16_t *index = &judge->audience->pool[cell->first], *end = index + cell->count;
    uint64_t *exercised = judge->exercised;
    const uint64_t step = judge->step;

    for (; index < end; index++) {
        const struct listener *listener = &listeners[*index];
        if (!listener->tells)
            exercised[*index] = step;
        listener->check(listener->rule, judge, event);
    }
}

/* Of events that are not for all: another slot's, or what the device refused. */
__attribute__((noinline)) static void ask_some(struct judge *judge, const struct interest *cell,
                                               const struct event *event)
{
    const uint16_t *index = &judge->audience->pool[cell->first], *end = index + cell->count;
    bool other_slot = (event->flags & EVENT_OTHER_SLOT) != 0;
    uint64_t refused = event->kind == EVENT_REFUSE ? UINT64_C(1) << event->value : 0;

    for (; index < end; index++) {
        const struct listener *listener = &listeners[*index];
        if ((other_slot && !listener->other_slots) ||
            (refused != 0 && listener->refusals != 0 && (listener->refusals & refused) == 0))
            continue;
        if (!listener->tells)
            judge->exercised[*index] = judge->step;
        listener->check(listener->rule, judge, event);
    }
}

/* Events that a check does not see, but that would not have come had the driver broken the rule.
 */
__attribute__((noinline)) static void note_exercise(struct judge *judge, unsigned kind)
{
    const struct interest *cell = &judge->audience->exercise[kind];
    const uint16_t *index = &judge->audience->pool[cell->first];

    for (unsigned i = 0; i < cell->count; i++)
        judge->exercised[index[i]] = judge->step;
}

/* Events that nobody of ours makes; a scenario's text may. */
static inline bool is_strange(const struct event *event)
{
    return event->kind >= EVENT_KIND_COUNT || event->place >= EVENT_PLACE_COUNT ||
           (event->kind == EVENT_REFUSE && event->value >= SIM_REFUSAL_COUNT) ||
           (event->place == EVENT_PLACE_REGISTER && event->index >= VIRTIO_MMIO_REG_COUNT);
}

static const struct interest *interest_of(const struct audience *audience,
                                          const struct event *event)
{
    unsigned source = OTHERS, subject = event->place;

    _Static_assert(DRIVER_BADLY == DRIVER + 1, "a verdict other than OK is one further");
    if (event->party == EVENT_PARTY_DRIVER)
        source = DRIVER + (event->verdict != EVENT_VERDICT_OK);
    if (subject == EVENT_PLACE_REGISTER)
        subject = EVENT_PLACE_COUNT + event->index;
    return &audience->interest[source][event->kind][subject];
}

/* In every step, mostly for nobody: calls nothing but at its end, and so keeps nothing. */
__attribute__((noinline)) static void ask_rules(struct judge *judge, const struct event *event)
{
    const struct interest *cell = interest_of(judge->audience, event);

    if (cell->count == 0)
        return;
    if (event->kind == EVENT_REFUSE || (event->flags & EVENT_OTHER_SLOT) != 0)
        ask_some(judge, cell, event);
    else
        ask_all(judge, cell, event);
}

void judge_event(struct judge *judge, const struct event *event)
{
    if (is_strange(event))
        return;
    judge->step = event->step;
    model_event(&judge->model, event);
    if (!judge->rules_on)
        return;
    if (judge->audience->exercise[event->kind].count != 0)
        note_exercise(judge, event->kind);
    ask_rules(judge, event);
}

void judge_end(struct judge *judge)
{
    const struct audience *audience = judge->audience;

    if (judge->rules_on)
        ask_all(judge, &audience->interest[OTHERS][EVENT_KIND_COUNT][EVENT_PLACE_NONE], NULL);
}

/* ---- findings ---- */

static bool is_queue_register(uint32_t reg)
{
    switch (reg) {
#define X(name, offset, v1, v2, scope, alias)                                                      \
    case VIRTIO_MMIO_REG_##name:                                                                   \
        return VIRTIO_MMIO_SCOPE_##scope == VIRTIO_MMIO_SCOPE_QUEUE;
        VIRTIO_MMIO_REGISTERS(X)
#undef X
    }
    return false;
}

/* The queue that an event is about, or UINT32_MAX. */
static uint32_t queue_of(const struct judge *judge, const struct event *event)
{
    if (event == NULL)
        return UINT32_MAX;
    if (event->kind == EVENT_READ || event->kind == EVENT_WRITE) {
        if (event->place != EVENT_PLACE_REGISTER)
            return UINT32_MAX;
        if (event->index == VIRTIO_MMIO_REG_QueueNotify)
            return (uint32_t)event->value;
        return is_queue_register(event->index) ? judge->model.queue_sel : UINT32_MAX;
    }
    return event->place > EVENT_PLACE_MEMORY && event->place != EVENT_PLACE_BACKING ? event->queue
                                                                                    : UINT32_MAX;
}

struct finding *judge_find(const struct judge *judge, const char *id, uint32_t queue)
{
    for (uint32_t i = 0; i < judge->findings->count; i++) {
        struct finding *finding = &judge->findings->item[i];
        if ((queue == UINT32_MAX || finding->queue == queue || finding->queue == UINT32_MAX) &&
            strcmp(finding->rule->id, id) == 0)
            return finding;
    }
    return NULL;
}

void judge_withdraw(struct judge *judge, const char *id, uint64_t since_step)
{
    struct findings *findings = judge->findings;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->item[i];
        if (strcmp(finding->rule->id, id) == 0 && finding->at.event.step > since_step)
            continue;
        if (kept != i)
            findings->item[kept] = *finding;
        kept++;
    }
    findings->count = kept;
}

static void add_place(struct finding *finding, const struct event *at)
{
    if (at == NULL || at->step == 0 || at->pc == finding->at.event.pc)
        return;
    for (uint32_t i = 0; i < finding->also_count; i++) {
        if (finding->also[i].pc == at->pc)
            return;
    }
    if (finding->also_count < FINDING_ALSO_MAX)
        finding->also[finding->also_count++] = model_keep(at);
}

static void set_place(struct finding_place *place, const struct event *event, const char *label)
{
    if (event != NULL)
        place->event = model_keep(event);
    else
        memset(&place->event, 0, sizeof place->event);
    snprintf(place->label, sizeof place->label, "%s", label != NULL ? label : "");
}

void judge_promote(struct finding *finding, const struct event *at, const char *label)
{
    struct event old = finding->at.event;

    set_place(&finding->at, at, label);
    for (uint32_t i = 0; i < finding->also_count; i++) {
        if (finding->also[i].pc == at->pc)
            finding->also[i] = finding->also[--finding->also_count];
    }
    add_place(finding, &old);
}

static struct finding *find_same(struct judge *judge, const struct rule *rule, uint32_t queue)
{
    for (uint32_t i = 0; i < judge->findings->count; i++) {
        struct finding *finding = &judge->findings->item[i];
        if (finding->rule == rule && (rule->once || finding->queue == queue))
            return finding;
    }
    return NULL;
}

struct finding *judge_raise(struct judge *judge, const struct rule *rule, const struct event *at,
                            const char *label, const struct event *cause, const char *cause_label,
                            const char *format, ...)
{
    uint32_t queue = queue_of(judge, at);
    struct finding *finding = find_same(judge, rule, queue);
    va_list arguments;

    if (finding != NULL) {
        finding->times++;
        add_place(finding, at);
        return finding;
    }
    if (judge->findings->count == FINDINGS_MAX) {
        judge->findings->dropped++;
        return NULL;
    }
    finding = &judge->findings->item[judge->findings->count++];
    memset(finding, 0, sizeof *finding);
    finding->rule = rule;
    finding->level = rule->level;
    finding->times = 1;
    finding->queue = queue;
    set_place(&finding->at, at, label);
    set_place(&finding->cause, cause, cause != NULL && cause->step != 0 ? cause_label : NULL);
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    return finding;
}
