/*
 * Pictures: PNG, PPM, comparison.
 */
#include "picture.h"
