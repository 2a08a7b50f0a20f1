/*
 * The virtio-mmio bus and its device tree blob.
 */
#include "bus.h"
