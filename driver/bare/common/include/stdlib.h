/* The C library's header, as far as libfdt asks for it; a bare machine has no library. */
#ifndef BARE_STDLIB_H
#define BARE_STDLIB_H

#include <stddef.h>

unsigned long strtoul(const char *text, char **end, int radix);

#endif
