/*
 * Findings, ladders and outcomes for people.
 */
#include "report.h"
