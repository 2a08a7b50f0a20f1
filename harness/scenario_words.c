/*
 * Words of the scenario language, and the nearest one to a mistake.
 */
#include "scenario.h"
