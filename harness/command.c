/*
 * The command line.
 */
#include "scenario.h"
