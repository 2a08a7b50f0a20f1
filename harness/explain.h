/*
 * `ringside explain`: a rule in full, with a bad and a good sequence of accesses from the scenarios
 * that are its evidence.
 */
#ifndef RINGSIDE_HARNESS_EXPLAIN_H
#define RINGSIDE_HARNESS_EXPLAIN_H

#include "finding.h"

/* The command; an exit status of command.h. */
int explain_main(int argc, char **argv);

/* "error", "warning", "note" */
const char *explain_level(enum finding_level level);

/* What a device does that breaks one of its rules, and one that keeps it: lines of a trace. */
struct explain_device {
    const char *id;
    const char *wrong, *right; /* lines, each ended by a newline; the last is the one that counts */
};

/* NULL when the id is no device's rule. */
const struct explain_device *explain_device(const char *id);

/* Why the rule exists: what goes wrong in the field when it is broken; NULL = nothing is said. */
const char *explain_why(const char *id);
const char *explain_why_device(const char *id); /* explain_why() asks it, too */

#endif
