/*
 * Holds the outcome of a run against what its scenario expects.
 */
#include "judge.h"

void expect_check(const struct scenario *scenario, struct sim_device *device,
                  const struct arena *arena, struct world_outcome *outcome)
{
    (void)scenario;
    (void)device;
    (void)arena;
    (void)outcome;
}
