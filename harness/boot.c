/*
 * QEMU as a machine.
 */
#include "replay.h"
