/*
 * Numbers by chance that are the same on every machine: schedules, made-up scenarios, tests.
 */
#ifndef RINGSIDE_SIM_RANDOM_H
#define RINGSIDE_SIM_RANDOM_H

#include <stdint.h>

/* Marsaglia's xorshift64*. *state is not 0; the upper 32 bits are the better ones. */
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
