/*
 * The machine's RAM: a shared memory file, DMA regions, aliases and the shadow of observed stores.
 */
#include "arena.h"
