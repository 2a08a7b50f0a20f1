/*
 * Named misbehaviours: which are armed, and which act now.
 */
#include "fault.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    enum sim_fault_scope scope;
    const char *argument;
} table[] = {
#define X(name, word, scope, argument)                                                             \
    [SIM_FAULT_##name] = {word, SIM_FAULT_SCOPE_##scope, argument},
    SIM_FAULT_KINDS(X)
#undef X
};

/* Would armed fault `i` act at a moment of its kind? */
static bool acts(const struct sim_faults *faults, uint32_t i, uint64_t request, uint64_t step)
{
    const struct sim_fault *fault = &faults->fault[i];

    if (fault->request != 0)
        return fault->request == request;
    if (fault->occurrence != 0)
        return faults->seen[i] + 1 == fault->occurrence;
    if (fault->from_step != 0)
        return step >= fault->from_step &&
               (fault->repeats || (faults->acted & UINT32_C(1) << i) == 0);
    return true;
}

const struct sim_fault *sim_fault_find(const struct sim_faults *faults, enum sim_fault_kind kind,
                                       uint64_t request, uint64_t step)
{
    for (uint32_t i = 0; i < faults->count; i++) {
        if (faults->fault[i].kind == kind && acts(faults, i, request, step))
            return &faults->fault[i];
    }
    return NULL;
}

static const struct sim_fault *note(struct sim_faults *faults, uint32_t i, uint64_t step)
{
    faults->acted |= UINT32_C(1) << i;
    faults->acted_at[i] = step;
    return &faults->fault[i];
}

const struct sim_fault *sim_fault_take(struct sim_faults *faults, enum sim_fault_kind kind,
                                       uint64_t request, uint64_t step, bool *first)
{
    const struct sim_fault *found = NULL;

    for (uint32_t i = 0; i < faults->count; i++) {
        if (faults->fault[i].kind != kind)
            continue;
        if (found == NULL && acts(faults, i, request, step)) {
            if (first != NULL)
                *first = (faults->acted & UINT32_C(1) << i) == 0;
            found = note(faults, i, step);
        }
        faults->seen[i]++;
    }
    return found;
}

const struct sim_fault *sim_fault_comes(struct sim_faults *faults, uint64_t step)
{
    for (uint32_t i = 0; i < faults->count; i++) {
        const struct sim_fault *fault = &faults->fault[i];
        if (table[fault->kind].scope == SIM_FAULT_SCOPE_ITSELF &&
            fault->from_step > SIM_FAULT_NEXT && !fault->repeats && acts(faults, i, 0, step))
            return note(faults, i, step);
    }
    return NULL;
}

bool sim_fault_arm(struct sim_faults *faults, const struct sim_fault *fault)
{
    assert((size_t)fault->kind < SIM_FAULT_KIND_COUNT);
    if (faults->count == SIM_FAULTS_MAX)
        return false;
    faults->fault[faults->count++] = *fault;
    return true;
}

const char *sim_fault_word(enum sim_fault_kind kind)
{
    assert((size_t)kind < SIM_FAULT_KIND_COUNT);
    return table[kind].word;
}

enum sim_fault_scope sim_fault_scope(enum sim_fault_kind kind)
{
    assert((size_t)kind < SIM_FAULT_KIND_COUNT);
    return table[kind].scope;
}

const char *sim_fault_argument(enum sim_fault_kind kind)
{
    assert((size_t)kind < SIM_FAULT_KIND_COUNT);
    return table[kind].argument;
}

int sim_fault_by_word(const char *word)
{
    for (int kind = 0; kind < SIM_FAULT_KIND_COUNT; kind++) {
        if (strcmp(table[kind].word, word) == 0)
            return kind;
    }
    return -1;
}
