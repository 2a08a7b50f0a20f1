/* The C library's limits, as far as libfdt's headers ask for them; a bare machine has no library.
 */
#ifndef BARE_LIMITS_H
#define BARE_LIMITS_H

#define INT_MAX  __INT_MAX__
#define INT_MIN  (-INT_MAX - 1)
#define UINT_MAX (2u * INT_MAX + 1u)
#define LONG_MAX __LONG_MAX__

#endif
