/* placeholder */
#include "device.h"
