/*
 * Text of any origin as UTF-8: names of files, lines of a driver's source.
 */
#ifndef RINGSIDE_HARNESS_UTF8_H
#define RINGSIDE_HARNESS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* U+FFFD, which stands for what is no character. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/*
 * Bytes of the character that NUL-terminated text begins with; 0 when it is none. Overlong forms,
 * surrogates, U+FFFE and U+FFFF are none.
 */
unsigned utf8_character(const uint8_t *text);

/* A copy with U+FFFD for each byte that is no character; NULL without memory. The caller frees it.
 */
char *utf8_copy(const char *text);

#endif
