/*
 * Rules: what the specification (or ringside) asks, declared once each and checked on events alone.
 *
 * Ids of rules from the specification are stable and never reused: AREA-PARTY-NUMBER. Rules that
 * start with RS are ringside's own: they concern the machine, not the specification.
 */
#ifndef RINGSIDE_HARNESS_RULE_H
#define RINGSIDE_HARNESS_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event.h"
#include "finding.h"

struct model;
struct judge;

#define RULES_MAX 320u

/* Versions of virtio-mmio that a rule judges. */
enum { RULE_V1 = 1, RULE_V2 = 2 };

/*
 * X(name, word): how a rule binds. MUST and MUST_NOT give errors, SHOULD warnings, SELF is
 * ringside's own.
 */
#define RULE_FORCES(X)                                                                             \
    X(MUST, "must")                                                                                \
    X(MUST_NOT, "must not")                                                                        \
    X(SHOULD, "should")                                                                            \
    X(SHOULD_NOT, "should not")                                                                    \
    X(SELF, "ringside's own")

enum rule_force {
#define X(name, word) RULE_##name,
    RULE_FORCES(X)
#undef X
};

const char *rule_force_word(enum rule_force force);

struct rule {
    const char *id;
    enum event_party party; /* who is bound */
    enum rule_force force;
    enum finding_level level;
    const char *section; /* of VIRTIO 1.3, "4.2.4"; "" for ringside's own */
    const char *title;   /* "Legacy interface" */
    const char *text;    /* one sentence in our own words */
    const char *help;    /* what to do about it */
    uint64_t on;         /* EVENT_MASK() of the kinds that `check` wants to see */
    uint64_t where;      /* bit per enum event_place, 0 = everywhere */
    uint64_t registers;  /* bit per enum virtio_mmio_reg, 0 = all; for place REGISTER only */
    uint64_t refusals;   /* bit per enum sim_refusal, for REFUSE; 0 = all */
    bool by_driver;      /* only events of the driver */
    bool by_device;      /* only events that are not the driver's */
    bool bad_access;     /* only accesses whose verdict is not OK */
    bool other_slots;    /* accesses to other slots of the bus, too */
    uint32_t device_id;  /* the one type of device that it is about; 0 = all */
    unsigned versions;   /* RULE_V1, RULE_V2; 0 = both */
    bool tells;          /* the check itself says what exercises the rule: rule_looks() */
    uint64_t exercise;   /* EVENT_MASK() of kinds that exercise it besides its checks */
    const char *assumes; /* what it takes for granted about intent, policy or device; or NULL */
    bool once;           /* one finding for the whole device, not one a queue */
    bool explains_wait;  /* an error of this rule is why a request cannot complete */
    void (*check)(const struct rule *rule, struct judge *judge, const struct event *event);
};

/*
 * Rules that speak when the run is over have EVENT_KIND_COUNT in `on`; they are called with event
 * NULL.
 */
#define RULE_AT_END EVENT_MASK(EVENT_KIND_COUNT)

/*
 * A rule is *exercised* by a run when something happened that could have broken it: its check was
 * called (or, if `tells`, said so), or an event of a kind in `exercise` came.
 */

/* A statement of the specification that no rule can check here, and why. */
struct rule_unchecked {
    const char *id;
    const char *section;
    const char *text; /* one sentence in our own words */
    const char *why;  /* a sentence, or what judges it instead */
};

/* All of them, in the order of the specification. */
const struct rule_unchecked *rule_unchecked_table(size_t *count);

/* The place of a rule in the table. */
size_t rule_index(const struct rule *rule);

/* All rules, in the order of the specification, then ringside's own. */
const struct rule *rule_table(size_t *count);
const struct rule *rule_by_id(const char *id); /* NULL when unknown */

#endif
