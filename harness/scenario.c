/*
 * Reads scenarios.
 */
#include "scenario.h"
