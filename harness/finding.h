/*
 * A finding: something that the party under test did wrong, or that ringside must tell.
 *
 * Anatomy: level, stable id, one sentence, the place, the driver's own line, the cause as a second
 * place, help. One cause gives one finding: the same rule at the same place only counts up `times`.
 */
#ifndef RINGSIDE_HARNESS_FINDING_H
#define RINGSIDE_HARNESS_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event.h"

#define FINDING_TEXT_BYTES 240u
#define FINDINGS_MAX       256u
#define FINDING_ALSO_MAX   16u

enum finding_level { FINDING_NOTE, FINDING_WARNING, FINDING_ERROR };

/* One rule, declared once; see rule.h. */
struct rule;

/* An event with the words that a report puts under it. */
struct finding_place {
    struct event event;             /* bytes is NULL */
    char label[FINDING_TEXT_BYTES]; /* "ignored by the device; queue 0 has no address" */
};

struct finding {
    const struct rule *rule;
    enum finding_level level;
    uint32_t times;
    uint32_t queue;                /* UINT32_MAX when it concerns none */
    char text[FINDING_TEXT_BYTES]; /* the sentence after the colon, with this run's values */
    char help[FINDING_TEXT_BYTES]; /* overrides the rule's help when not empty */
    struct finding_place at;       /* where it happened; event.step 0 = at no place in the run */
    struct finding_place cause;    /* second place; event.step 0 = none */
    uint32_t also_count;           /* further places of the same cause */
    struct event also[FINDING_ALSO_MAX];
};

struct findings {
    uint32_t count;
    uint32_t dropped; /* over FINDINGS_MAX: said in the summary */
    struct finding item[FINDINGS_MAX];
};

#endif
