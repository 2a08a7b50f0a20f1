/*
 * What is left of a run whose process was lost: an outcome that can be reported like any other.
 */
#ifndef RINGSIDE_HARNESS_LOST_H
#define RINGSIDE_HARNESS_LOST_H

#include "isolate.h"
#include "world.h"

/*
 * Makes an outcome, which a lost worker was filling in, whole again: its driver is loaded anew, so
 * that places have source lines; one finding says how the process was lost; what the scenario
 * expects is checked as far as it is known. Every value in it is doubted: the driver may have
 * written there.
 */
void lost_outcome(struct world_outcome *outcome, const struct scenario *scenario,
                  const struct isolate_death *death);

#endif
