/*
 * `ringside schedules`: each scenario under many random schedules. Whatever the device does when, a
 * driver must pass and ringside must not accuse it.
 *
 * A schedule is a pure function of its seed: how fast the device is (odds), whether interrupts come
 * between any two accesses or only where the driver waits, and every single turn. All other words
 * of a scenario stay as they are, but for the display, which is made as small as its calls allow
 * where none is given: orders are looked for, not pixels. Scenarios of very many steps have fewer
 * schedules.
 */
#ifndef RINGSIDE_HARNESS_SCHEDULES_H
#define RINGSIDE_HARNESS_SCHEDULES_H

#include "scenario.h"

#define SCHEDULES_COUNT     1000u /* unless told otherwise */
#define SCHEDULES_MAX       UINT64_C(1000000000)
/* A scenario's schedules come to at most so many steps for each that is asked for. */
#define SCHEDULES_STEPS     UINT64_C(70000)
#define SCHEDULES_WIDTH_PX  64u
#define SCHEDULES_HEIGHT_PX 48u

/* Why a scenario has one schedule only, or none to speak of; NULL when it may have any. */
const char *schedules_unfit(const struct scenario *scenario, bool has_driver);

/* Gives a scenario the schedule of a seed. */
void schedules_choose(struct scenario *scenario, uint64_t seed);

/* The scenario's own text with this schedule in it, so that run, step and show make it again. */
void schedules_write(const struct scenario *scenario, FILE *out);

int schedules_main(int argc, char **argv);

#endif
