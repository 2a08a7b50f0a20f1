/*
 * What the tests of the scenario parser share.
 */
#ifndef RINGSIDE_TESTS_TEST_SCENARIO_H
#define RINGSIDE_TESTS_TEST_SCENARIO_H

#include <check.h>
#include "scenario.h"

/* A scenario with every verb in it. */
extern const char test_scenario_all_verbs[];

TCase *scenario_errors_case(void);
TCase *scenario_fuzz_case(void);

#endif
