/*
 * The test card.
 */
#include "suite.h"
