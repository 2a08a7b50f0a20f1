/*
 * Options of a command: reading them by its table.
 */
#include "options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "number.h"
#include "scenario.h"

int options_refuse(const char *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "ringside %s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return EXIT_ENVIRONMENT;
}

bool options_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    return number_read(text, strlen(text), out) == NUMBER_GOOD && *out >= least && *out <= most;
}

int options_take_number(const char *command, const char *word, const char *text, uint64_t least,
                        uint64_t most, uint64_t *out)
{
    if (options_number(text, least, most, out))
        return 0;
    return options_refuse(command, "%s takes a number from %" PRIu64 " to %" PRIu64 ", not %s",
                          word, least, most, text);
}

static int unknown(const struct options *options, const char *word)
{
    const char **words = calloc(options->count, sizeof *words);
    const char *nearest = NULL;

    for (size_t i = 0; words != NULL && i < options->count; i++)
        words[i] = options->row[i].word;
    if (words != NULL)
        nearest = scenario_nearest(word, words, options->count);
    free(words);
    return nearest != NULL
               ? options_refuse(options->command, "unknown option %s; did you mean %s?", word,
                                nearest)
               : options_refuse(options->command, "unknown option %s; try --help", word);
}

static bool is_row(const struct option_row *row, const char *word, size_t bytes)
{
    return (strlen(row->word) == bytes && strncmp(word, row->word, bytes) == 0) ||
           (row->alias != NULL && strcmp(word, row->alias) == 0);
}

/* Moves *at to the last argument that the option takes. */
static int read_option(const struct options *options, void *context, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    size_t bytes = strcspn(word, "=");

    for (size_t i = 0; i < options->count; i++) {
        const struct option_row *row = &options->row[i];
        bool wants = row->argument[0] != '\0';
        const char *value = word[bytes] == '=' ? word + bytes + 1 : NULL;
        if (!is_row(row, word, bytes))
            continue;
        if (value != NULL && !wants)
            return options_refuse(options->command, "%s takes no value", row->word);
        if (wants && value == NULL) {
            if (*at + 1 >= argc)
                return options_refuse(options->command, "%s needs a value: %s", row->word,
                                      row->argument);
            value = argv[++*at];
        }
        return options->set(context, i, value);
    }
    return unknown(options, word);
}

int options_read(const struct options *options, void *context, int argc, char **argv)
{
    bool over = false;
    int status = 0;

    for (int at = 0; at < argc && status == 0; at++) {
        if (!over && strcmp(argv[at], "--") == 0)
            over = true;
        else if (!over && argv[at][0] == '-' && argv[at][1] != '\0')
            status = read_option(options, context, argc, argv, &at);
        else
            status = options->operand(context, argv[at]);
    }
    return status;
}

void options_print(FILE *out, const struct options *options, int width)
{
    for (size_t i = 0; i < options->count; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s %s", options->row[i].word, options->row[i].argument);
        fprintf(out, "  %-*s %s\n", width, left, options->row[i].help);
    }
}
