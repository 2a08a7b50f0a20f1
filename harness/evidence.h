/*
 * Evidence for rules: for each one, scenarios that break it and scenarios that pass close by.
 *
 * A scenario breaks a rule when it says `violates ID`, of that rule alone, and a run of it finds
 * that rule at the place that the scenario expects and nothing else. It passes close by when it
 * says `spec ID`, comes out as expected, exercises the rule (rule.h) and does not find it.
 */
#ifndef RINGSIDE_HARNESS_EVIDENCE_H
#define RINGSIDE_HARNESS_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>

/* All take paths as `ringside run` does and return an exit status of command.h. */

/* The matrix of rules and scenarios; not as expected when a cell is empty or a scenario fails. */
int evidence_print(const char *const *paths, size_t count);

/* Which rules the scenarios exercise, and how often they break them. */
int evidence_print_coverage(const char *const *paths, size_t count);

/*
 * The same of the rules that bind devices (rules_device.c). Not as expected when a device broke one
 * that it was not told to break; where it was, or in the profile `qemu`, it is only counted.
 * `qemu`: on QEMU's own device, as far as it can serve the scenarios; all is only counted then, and
 * it is said by what each rule was judged, and which QEMU breaks.
 */
int evidence_print_device(const char *const *paths, size_t count, bool qemu);

#endif
