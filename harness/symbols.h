/*
 * What a driver's object calls and nobody defines, each with what to do about it.
 */
#ifndef RINGSIDE_HARNESS_SYMBOLS_H
#define RINGSIDE_HARNESS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

#define SYMBOLS_TEXT_BYTES 2048u

/* What to do about a name that is not defined: always a few words. */
const char *symbol_hint(const char *name);

/*
 * Writes one line about all the names that the object at `path` needs and neither this process
 * nor a library of the object has: `printk, udelay: link the SHIMS...; foo: ...`. False when
 * there are none, or the file is no object.
 */
bool symbols_missing(const char *path, char *out, size_t out_bytes);

/*
 * The same for names that the C library would lend to a driver that means something else by them,
 * as sleep() on a channel.
 */
bool symbols_misleading(const char *path, char *out, size_t out_bytes);

#endif
