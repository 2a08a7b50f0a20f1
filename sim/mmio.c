/*
 * The register file and the status machine.
 */
#include "device.h"
