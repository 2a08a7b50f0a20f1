/*
 * The GPU's 2D commands, one function a command.
 */
#include "gpu.h"
