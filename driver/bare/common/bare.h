/*
 * The platform on a real machine: what is common to all machines, and what each must bring.
 *
 *   start-up (machine)  stack, memory zeroed, exceptions; then bare_main()
 *   bare_main           reads the scenario from the device tree's bootargs, drives the driver's
 *                       suite, and reports on the console; see main.c for the lines
 *
 * Physical and virtual addresses are the same.
 */
#ifndef BARE_H
#define BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- what a machine brings ---------------------------------------------------------------------
 */

/* One character to the console; waits until there is room. */
void machine_put(char letter);
/* Sleeps for ever. */
_Noreturn void machine_stop(void);
/* Where the device tree is: what the boot loader said, or where the machine is known to have it. */
const void *machine_device_tree(uintptr_t said);
/* Prepares interrupts; `tree` tells where the controller is. */
void machine_interrupts_begin(const void *tree);
/* Lets one line through to the processor, or not. */
void machine_interrupt_line(uint32_t interrupt, bool on);
/* Takes interrupts on this processor, or leaves them pending. */
void machine_interrupts_take(bool on);
/* With interrupts left pending: returns when one is pending or the deadline has passed. */
void machine_sleep(uint64_t deadline_ns);
/* ... and of platform.h: platform_now_ns, _relax, _wmb, _rmb, _mb, _cache_clean, _cache_invalidate.
 */

/* ---- what a machine calls ----------------------------------------------------------------------
 */

/* First and last, with the device tree's address or 0. */
_Noreturn void bare_main(uintptr_t device_tree);
/* An interrupt was taken; the line is acknowledged at the controller before and ended after. */
void bare_interrupt(uint32_t interrupt);
/* The processor, or the compiler's checks, found a fault: reports it and stops. */
_Noreturn void bare_fault(const char *what, uint64_t pc, uint64_t addr, uint64_t syndrome);

/* ---- between the common parts ------------------------------------------------------------------
 */

/* The end of the image, from the linker script: free memory begins there. */
extern char bare_image_end[];

/* Takes the device tree and the RAM after the image into use; false with a message printed. */
bool bare_platform_begin(const void *tree);

#define BARE_RESPONSE_BYTES 24u /* of a response's header: it begins with a type that is not 0 */

/* The first DMA memory that was allocated as a "response..." something, or NULL. */
const void *bare_response(void);

/* How often a handler was called. */
uint32_t bare_interrupts(void);

void print(const char *text);
void print_decimal(uint64_t value);
/* With 0x before it. */
void print_hex(uint64_t value);

#endif
