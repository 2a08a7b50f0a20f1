/*
 * <string.h> for drivers with 32-bit pointers, for whom the system has no C library.
 */
#ifndef RINGSIDE_ILP32_STRING_H
#define RINGSIDE_ILP32_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

#endif
