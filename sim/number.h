/*
 * Numbers as people write them, everywhere the same: in scenarios, traces, on the command line and
 * at the prompt. Decimal, or hexadecimal behind `0x`; a leading zero means nothing, and no sign.
 */
#ifndef RINGSIDE_SIM_NUMBER_H
#define RINGSIDE_SIM_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum number_form {
    NUMBER_NONE, /* the text is no number */
    NUMBER_HUGE, /* it is one, of more than 64 bits */
    NUMBER_GOOD,
};

/* All of the text; *out is set for a good one only. */
enum number_form number_read(const char *text, size_t bytes, uint64_t *out);

/* The number that the text begins with; *used is how many bytes it has. */
enum number_form number_begins(const char *text, size_t bytes, size_t *used, uint64_t *out);

#endif
