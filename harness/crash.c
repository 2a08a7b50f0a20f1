/*
 * (being written)
 */
#include "world.h"
