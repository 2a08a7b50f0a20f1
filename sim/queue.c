/*
 * The device's side of a split virtqueue, in micro-steps.
 */
#include "device.h"
