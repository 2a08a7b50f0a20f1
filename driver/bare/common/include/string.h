/* Memory and string functions that libfdt and compilers ask for; a bare machine has no library. */
#ifndef BARE_STRING_H
#define BARE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *memory, int value, size_t bytes);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t bytes_max);
int strcmp(const char *a, const char *b);
char *strchr(const char *text, int letter);
char *strrchr(const char *text, int letter);

#endif
