/*
 * Named misbehaviours of the device.
 */
#include "fault.h"
