/*
 * The judge: hands every event to the model, then to the rules that asked for its kind, and
 * collects findings.
 */
#ifndef RINGSIDE_HARNESS_JUDGE_H
#define RINGSIDE_HARNESS_JUDGE_H

#include "arena.h"
#include "device.h"
#include "finding.h"
#include "ladder.h"
#include "model.h"
#include "rule.h"
#include "scenario.h"
#include "world.h"

struct audience; /* of judge.c: which rules are asked about which events */

struct judge {
    struct model model;
    const struct audience *audience;
    struct findings *findings;
    const struct arena *arena;
    const struct sim_device *device; /* read only; for values that no event carries */
    const struct scenario *scenario;
    bool rules_on;
    uint64_t *exercised; /* RULES_MAX steps, by place in the table: see rule.h; of the outcome */
    uint64_t step;       /* of the event that is being judged */
    uint32_t *device_broken; /* RULES_MAX counts of rules for devices; NULL = they are not kept */
    uint64_t
        layout_checked[SIM_QUEUES_MAX]; /* step at which the queue came to life that was checked */
    /*
     * The driver's first store into the used ring of a version-1 queue of which it has not moved
     * avail.idx yet, and its last one to used.idx: it may take this for its available ring.
     */
    struct event used_store[SIM_QUEUES_MAX], used_idx_store[SIM_QUEUES_MAX];
};

/*
 * The judge keeps pointers to everything given; `scenario` and `arena` may be NULL. `exercised` has
 * RULES_MAX entries; they are set to 0 here.
 */
void judge_create(struct judge *judge, const struct scenario *scenario, const struct arena *arena,
                  const struct sim_device *device, struct findings *findings, uint64_t *exercised,
                  bool rules_on);

/* Counts of broken rules for devices go there from now on: RULES_MAX, or NULL. */
void judge_count_device(struct judge *judge, uint32_t *broken);

/* Frees what the model holds; the findings stay. */
void judge_destroy(struct judge *judge);

/* The model takes the event first; rules then see the model as it is after the event. */
void judge_event(struct judge *judge, const struct event *event);

/* The run is over: rules that judge the whole run speak now. */
void judge_end(struct judge *judge);

/*
 * Raises a finding, or counts up the one that has the same rule and queue (the same rule, if it is
 * a rule of the `once` kind); a place not seen before is then added to `also`. `at` and `cause` may
 * be NULL or have step 0: no place. Returns the finding, for its `help` or level to be set; NULL
 * when the table is full.
 */
struct finding *judge_raise(struct judge *judge, const struct rule *rule, const struct event *at,
                            const char *label, const struct event *cause, const char *cause_label,
                            const char *format, ...) __attribute__((format(printf, 7, 8)));

/*
 * Fills in addr and width_bytes of an event that names a ring field of a live queue (place.c). True
 * too for places that carry their address already; false when the queue is not live.
 */
bool place_address(const struct sim_device *device, struct event *event);

/*
 * Takes back what a rule found behind `since_step`: it is now known to be a consequence of
 * something else, which has a finding of its own.
 */
void judge_withdraw(struct judge *judge, const char *id, uint64_t since_step);

/* Makes `at` the finding's place; the place that it had goes to `also`. */
void judge_promote(struct finding *finding, const struct event *at, const char *label);

/* Has a rule spoken? `queue` UINT32_MAX: about any queue. */
struct finding *judge_find(const struct judge *judge, const char *id, uint32_t queue);
static inline bool judge_has(const struct judge *judge, const char *id)
{
    return judge_find(judge, id, UINT32_MAX) != NULL;
}

/* Everything in `scenario` that was expected and is not so in `outcome` becomes a failure of it. */
void expect_check(const struct scenario *scenario, struct sim_device *device,
                  const struct arena *arena, struct world_outcome *outcome);
/* Does the scenario say that it expects this finding? */
bool expect_finding(const struct scenario *scenario, const struct finding *finding);
/* The same for a run that was lost with its process: what cannot be known is not as expected. */
void expect_check_lost(const struct scenario *scenario, struct world_outcome *outcome);

#endif
