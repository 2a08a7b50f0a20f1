/*
 * The device's loads and stores.
 */
#include "device.h"
