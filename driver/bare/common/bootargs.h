/*
 * The scenario as it comes to a bare machine, in the device tree's /chosen/bootargs:
 *
 *   statement { ; statement }      statement: option NAME VALUE | call NAME { NUMBER }
 *
 * A number is decimal, or hexadecimal after 0x.
 */
#ifndef BARE_BOOTARGS_H
#define BARE_BOOTARGS_H

#include "suite.h"

#define BOOTARGS_WORD_BYTES     64u /* with the terminating zero */
#define BOOTARGS_STATEMENTS_MAX 4096u

/* X(name): what the next statement is. */
enum bootargs_kind { BOOTARGS_END, BOOTARGS_OPTION, BOOTARGS_CALL, BOOTARGS_ERROR };

struct bootargs_statement {
    enum bootargs_kind kind;
    char name[BOOTARGS_WORD_BYTES];
    char value[BOOTARGS_WORD_BYTES]; /* of an option */
    struct suite_args args;          /* of a call */
    const char *error;               /* a sentence, for BOOTARGS_ERROR */
};

/* Reads the statement that `*text` points to and moves on to the next; empty ones are passed over.
 */
void bootargs_next(const char **text, struct bootargs_statement *out);

#endif
