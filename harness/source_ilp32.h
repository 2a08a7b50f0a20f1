/*
 * Debug information of drivers with 32-bit pointers (driver_ilp32.h).
 */
#ifndef RINGSIDE_HARNESS_SOURCE_ILP32_H
#define RINGSIDE_HARNESS_SOURCE_ILP32_H

/*
 * The compiler wrote addresses of 4 bytes, the assembler, which made a 64-bit object of it, line
 * tables with 8: libdw takes no such mixture. Returns a descriptor of a copy with 4 bytes
 * everywhere, and closes `fd`; or `fd` itself, if the object is no such mixture.
 */
int source_ilp32(int fd);

#endif
