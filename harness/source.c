/*
 * Source lines of a driver, by libdw.
 */
#include "source.h"
