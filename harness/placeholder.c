/*
 * Recognises QEMU's text placeholders.
 */
#include "replay.h"
