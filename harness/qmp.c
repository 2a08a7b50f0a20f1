/*
 * QEMU's monitor protocol.
 */
#include "replay.h"
