/*
 * A device tree for machines that have none: their start-up code tells what it knows, from boot
 * information or the command line, and drivers find their devices as on any other machine.
 */
#ifndef BARE_TREE_H
#define BARE_TREE_H

#include <stddef.h>
#include <stdint.h>

/* `bootargs` has `bootargs_bytes` without a terminating zero. */
void tree_begin(uint64_t ram_addr, uint64_t ram_bytes, const char *bootargs, size_t bootargs_bytes);
/* One virtio-mmio window and its interrupt, as machine_interrupt_line() counts. */
void tree_slot(uint64_t addr, uint64_t size_bytes, uint32_t interrupt);
/* NULL when it did not fit. */
const void *tree_end(void);

#endif
