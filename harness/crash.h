/*
 * Catches what a driver under test does to the process: faults, endless recursion, loops without
 * any access, abort, and accesses to a register window that the compiler did not tell.
 */
#ifndef RINGSIDE_HARNESS_CRASH_H
#define RINGSIDE_HARNESS_CRASH_H

#include <stdbool.h>
#include <stdint.h>

/* Installs the signal handlers, once; they act only while a driver is running. */
void crash_install(void);
/* Starts and stops the watchdog for loops without any callback. It counts processor time. */
void crash_watch(bool on);

/* The stack that the driver runs on: [low, low + guard) is its guard. */
void crash_set_stack(uintptr_t guard_low, uintptr_t guard_high);

/* Remembers how signals are handled; later, puts that back: what was changed, or NULL. */
void crash_keep(void);
const char *crash_check(void);

/* ---- the world, as the handlers see it ---- */

/* The driver is lost; returns what probe_enter() shall return. `crash` is an enum world_crash. */
long world_crashed(int crash, uintptr_t address, uintptr_t pc);
/* An access to the closed window, offset in bytes; before it (values are laid out) and after it. */
void world_unobserved_begin(uintptr_t host, bool is_write, uintptr_t pc);
void world_unobserved_end(void);

#endif
