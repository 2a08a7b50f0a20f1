/*
 * What the benchmarks measure with: clocks in seconds, and the median of what was measured.
 */
#ifndef RINGSIDE_TESTS_BENCH_TIMING_H
#define RINGSIDE_TESTS_BENCH_TIMING_H

#include <stdlib.h>
#include <time.h>

static inline double timing_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline int timing_compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Sorts them; of an even number, what lies between the two in the middle. */
static inline double timing_median(double *value, unsigned count)
{
    qsort(value, count, sizeof *value, timing_compare);
    return (value[(count - 1) / 2] + value[count / 2]) / 2;
}

#endif
