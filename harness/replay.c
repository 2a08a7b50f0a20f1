/*
 * ringside replay.
 */
#include "replay.h"
