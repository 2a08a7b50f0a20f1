/*
 * Options of a command with a table of them: `--word VALUE`, `--word=VALUE` or a flag, `--`, and
 * what a mistake is told. (`run` and its like have a table of their own: command.c.)
 */
#ifndef RINGSIDE_HARNESS_OPTIONS_H
#define RINGSIDE_HARNESS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct option_row {
    const char *word;
    const char *argument; /* "" = it is a flag */
    const char *help;
    const char *alias; /* another word for it, or NULL */
};

/*
 * What a command makes of its X(name, word, alias or NULL, argument or "", help): an enum of rows,
 * `{ LIST(OPTION_INDEX) OPTION_COUNT }`, and the rows, `{LIST(OPTION_ROW)}`.
 */
#define OPTION_INDEX(name, word, alias, argument, help) OPTION_##name,
#define OPTION_ROW(name, word, alias, argument, help)   {word, argument, help, alias},

struct options {
    const char *command; /* begins each message: `ringside COMMAND: ...` */
    const struct option_row *row;
    size_t count;
    /* Both return an exit status, after a message, or 0; `value` is NULL for a flag. */
    int (*set)(void *context, size_t row, const char *value);
    int (*operand)(void *context, const char *word);
};

/* One line about a mistake; EXIT_ENVIRONMENT. */
int options_refuse(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Where nothing else limits a number: seeds and steps may still be added up. */
#define OPTIONS_NUMBER_MAX (UINT64_C(1) << 62)

/* A number, as sim/number.h has them, from `least` to `most`; false, without a message, if not. */
bool options_number(const char *text, uint64_t least, uint64_t most, uint64_t *out);
/* The same for the value of `--word`, with a message; an exit status, 0 when all is well. */
int options_take_number(const char *command, const char *word, const char *text, uint64_t least,
                        uint64_t most, uint64_t *out);
/* Reads a command line; an exit status, 0 when all is well. */
int options_read(const struct options *options, void *context, int argc, char **argv);
/* The table as lines of help, `width` columns for word and argument. */
void options_print(FILE *out, const struct options *options, int width);

#endif
