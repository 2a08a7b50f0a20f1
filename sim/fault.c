/*
 * Named misbehaviours: which are armed, and which acts on the request now being worked on.
 */
#include "fault.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char *const fault_words[] = {
#define X(name, word, argument) [SIM_FAULT_##name] = word,
    SIM_FAULT_KINDS(X)
#undef X
};

static const struct sim_fault *fault_of(const struct sim_faults *faults, enum sim_fault_kind kind,
                                        uint64_t request)
{
    for (uint32_t i = 0; i < faults->count; i++) {
        const struct sim_fault *fault = &faults->fault[i];
        if (fault->kind == kind && fault->from_step == 0 &&
            (fault->request == 0 || fault->request == request)) {
            return fault;
        }
    }
    return NULL;
}

const struct sim_fault *sim_fault_now(const struct sim_faults *faults, enum sim_fault_kind kind)
{
    return fault_of(faults, kind, faults->requests_taken);
}

const struct sim_fault *sim_fault_next(const struct sim_faults *faults, enum sim_fault_kind kind)
{
    return fault_of(faults, kind, faults->requests_taken + 1);
}

const struct sim_fault *sim_fault_due(struct sim_faults *faults, enum sim_fault_kind kind,
                                      uint64_t step)
{
    for (uint32_t i = 0; i < faults->count; i++) {
        const struct sim_fault *fault = &faults->fault[i];
        if (fault->kind == kind && fault->from_step != 0 && step >= fault->from_step &&
            (faults->spent & (UINT32_C(1) << i)) == 0) {
            faults->spent |= UINT32_C(1) << i;
            return fault;
        }
    }
    return NULL;
}

const struct sim_fault *sim_fault_standing(const struct sim_faults *faults,
                                           enum sim_fault_kind kind)
{
    for (uint32_t i = 0; i < faults->count; i++) {
        if (faults->fault[i].kind == kind) {
            return &faults->fault[i];
        }
    }
    return NULL;
}

uint32_t sim_fault_reads(const struct sim_faults *faults, enum sim_fault_kind kind, uint32_t value)
{
    const struct sim_fault *fault = sim_fault_standing(faults, kind);
    if (fault == NULL)
        return value;
    return kind == SIM_FAULT_INTERRUPT_BITS ? value | (uint32_t)fault->argument
                                            : (uint32_t)fault->argument;
}

bool sim_fault_arm(struct sim_faults *faults, const struct sim_fault *fault)
{
    assert((size_t)fault->kind < SIM_FAULT_KIND_COUNT);
    if (faults->count == SIM_FAULTS_MAX) {
        return false;
    }
    faults->fault[faults->count++] = *fault;
    return true;
}

const char *sim_fault_word(enum sim_fault_kind kind)
{
    assert((size_t)kind < SIM_FAULT_KIND_COUNT);
    return fault_words[kind];
}

int sim_fault_by_word(const char *word)
{
    for (int kind = 0; kind < SIM_FAULT_KIND_COUNT; kind++) {
        if (strcmp(fault_words[kind], word) == 0) {
            return kind;
        }
    }
    return -1;
}
