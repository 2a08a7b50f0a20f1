/*
 * What a driver lacks is skipped and said so: operations, options, and expectations that hang on
 * them.
 *
 * A driver's table may leave out any operation of driver/suite.h, or answer SUITE_UNSUPPORTED. A
 * call of it is not a failure then, and neither is an expectation that could only be met by it. A
 * word that is no operation of the suite is a slip of the pen where the scenario names its own
 * driver, and stays a failure there.
 */
#ifndef RINGSIDE_HARNESS_SKIP_H
#define RINGSIDE_HARNESS_SKIP_H

#include "world.h"

/* Is the driver that runs another than the one that the scenario was written for? */
bool skip_is_foreign(const struct world_outcome *outcome);

/* Is a call that came to SUITE_UNSUPPORTED to be skipped? */
bool skip_allows_call(const struct world_outcome *outcome, const struct scenario_action *action);

/*
 * What keeps the next call from being made: `init` was skipped (SUITE_UNSUPPORTED), or came to this
 * result where the scenario lets the driver refuse a device (`call init -> ...`). Else SUITE_OK.
 */
int skip_blocker(const struct world_outcome *outcome, const struct scenario_action *action);

/* Notes an option that a foreign driver does not take; `value_only`: it knows the name. */
void skip_option(struct world_outcome *outcome, const struct scenario_option *option,
                 bool value_only);

/* For an expectation that is not met: true, and noted, when it hangs on a call that was skipped. */
bool skip_expectation(struct world_outcome *outcome, const struct scenario_expect *expect);

/* Calls that were skipped; `out` (may be NULL) gets the names that the driver lacks, `a, b`. */
size_t skip_calls(const struct world_outcome *outcome, char *out, size_t out_bytes);

/* Was every call skipped, and nothing else done? Such a run says nothing about the driver. */
bool skip_everything(const struct world_outcome *outcome);

#endif
