/*
 * Texts and words of the table of refusals.
 */
#include "refusal.h"
