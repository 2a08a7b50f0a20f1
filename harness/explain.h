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

/* Why the rule exists: what goes wrong in the field when it is broken; NULL = nothing is said. */
const char *explain_why(const char *id);

#endif
