/*
 * What a window at 60 frames a second costs a run at full speed.
 */
#ifndef RINGSIDE_TESTS_BENCH_WINDOW_H
#define RINGSIDE_TESTS_BENCH_WINDOW_H

void bench_window(void);

#endif
