/*
 * The process that a driver under test shares with ringside: what the driver may not do to it, and
 * how that is noticed. Functions of the C library that would end or change the process are stopped
 * at the call (probe/ringside_glue.c); what gets past them is looked for when a call of the driver
 * is over.
 */
#ifndef RINGSIDE_HARNESS_PROCESS_H
#define RINGSIDE_HARNESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_TEXT_BYTES 128u
/* What a driver gets from malloc and mmap in one run before it counts as exhausting memory. */
#define DRIVER_HEAP_BYTES  (UINT64_C(256) << 20)

/* The process as it is now is as it shall be: descriptors, signals, no children. */
void process_keep(void);
/* A child of ringside's own was started: that there is one says nothing about the driver. */
void process_has_children(void);
/* Holds the process against that and puts it right; tells the world of each difference. */
void process_check(void);
/*
 * The driver runs no more. The C library looks at its lists of free blocks when it is asked for one
 * that is not at hand, and ends the process if they are broken: here, and not in the driver's next
 * call, which has nothing to do with it.
 */
void process_check_heap(void);
/*
 * The driver is lost, told by the enum world_crash and `text` (NULL: the crash's own): the call
 * under way ends. On the host's stack, inside probe_on_host().
 */
_Noreturn void process_lose(int crash, uintptr_t address, const char *text, uintptr_t pc);
/* The driver is about to write memory that is not its own; comes back when it is nobody's we know.
 */
void process_foreign_store(uintptr_t host, uint32_t bytes, uintptr_t pc);

/* From the driver's glue: a call of a function that ends or changes the process. `format` takes a
 * long. */
void ringside_driver_left(const char *format, long argument, const void *caller);

/* ---- driver_heap.c: the driver's malloc ---- */

/* Everything that was allocated since driver_heap_floor() is gone. */
void driver_heap_reset(void);
/* What has been allocated so far stays: the object's constructors did it. */
void driver_heap_floor(void);
/* A block whose surroundings were overwritten: fills text, address and the place of its allocation.
 */
bool driver_heap_damaged(char text[PROCESS_TEXT_BYTES], uintptr_t *address, uintptr_t *pc);

void *ringside_driver_malloc(size_t bytes, size_t align_bytes, const void *caller);
void ringside_driver_free(void *memory, const void *caller);
/* Of a block: as much as was asked for; 0 when it is none. */
size_t ringside_driver_block_bytes(const void *memory);
/* Does this memory come from the driver's heap? */
bool ringside_driver_owns(const void *memory);

#endif
