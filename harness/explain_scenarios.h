/*
 * Scenarios that show a rule broken, or kept: those that name it, run to where it is shown.
 *
 *   explain_shows_create   looks for scenarios, and runs those that are needed, in one worker
 *   explain_shows_of       what they show of one of the rules
 */
#ifndef RINGSIDE_HARNESS_EXPLAIN_SCENARIOS_H
#define RINGSIDE_HARNESS_EXPLAIN_SCENARIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "command.h"
#include "event.h"
#include "rule.h"

#define EXPLAIN_LINES_MAX  9u /* of a sequence */
#define EXPLAIN_NAME_BYTES 256u

/* The last lines of a trace; frozen where the rule was looked at last, or broken. */
struct explain_sequence {
    size_t count; /* lines ever taken: line N is line[N % EXPLAIN_LINES_MAX] */
    char line[EXPLAIN_LINES_MAX][EVENT_TEXT_BYTES];
};

/* One rule, broken or kept. */
struct explain_show {
    const struct rule *rule;
    bool breaks;
    bool good;           /* there is a sequence, of scenario `name` */
    size_t first, count; /* scenarios that say so: explain_shows_path() */
    char name[EXPLAIN_NAME_BYTES];
    uint64_t marked;              /* the step that breaks the rule; 0 = the sequence's last */
    char cause[EVENT_TEXT_BYTES]; /* what led to it; "" = nothing */
    struct explain_sequence shown;
};

struct explain_shows;

/*
 * Of each rule that binds a driver, two: broken, kept. Keeps `files`. NULL after a message when
 * memory ran out; *ran is false, after a message, when a scenario could not be run.
 */
struct explain_shows *explain_shows_create(const struct string_list *files,
                                           const struct rule *const *rules, size_t rule_count,
                                           bool *ran);
void explain_shows_free(struct explain_shows *shows);
/* By the place of the rule among those that were given. */
const struct explain_show *explain_shows_of(const struct explain_shows *shows, size_t place,
                                            bool breaks);
/* The path of the n-th scenario of a show, those that were written for it first. */
const char *explain_shows_path(const struct explain_shows *shows, const struct explain_show *show,
                               size_t number);

#endif
