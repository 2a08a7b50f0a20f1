/*
 * The GPU device: resources, scanouts, configuration space.
 */
#include "gpu.h"
