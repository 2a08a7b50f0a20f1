/*
 * The text form of an event, both ways.
 */
#include "event.h"
