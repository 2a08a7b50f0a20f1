/*
 * Reads bootargs, statement by statement, from a text of unknown origin: every word is bounded.
 */
#include "bootargs.h"

static bool ends_statement(char letter)
{
    return letter == '\0' || letter == ';';
}

static void skip_blanks(const char **text)
{
    while (**text == ' ' || **text == '\t')
        (*text)++;
}

/* Reads one word of the statement. False when there is none, or it is too long. */
static bool word(const char **text, char out[BOOTARGS_WORD_BYTES])
{
    size_t length = 0;

    skip_blanks(text);
    while (!ends_statement(**text) && **text != ' ' && **text != '\t') {
        if (length + 1 >= BOOTARGS_WORD_BYTES)
            return false;
        out[length++] = *(*text)++;
    }
    out[length] = '\0';
    return length > 0;
}

static bool at_end_of_statement(const char **text)
{
    skip_blanks(text);
    return ends_statement(**text);
}

static bool equals(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool number(const char *text, uint64_t *out)
{
    uint64_t radix = text[0] == '0' && text[1] == 'x' ? 16 : 10;
    uint64_t value = 0;

    if (radix == 16)
        text += 2;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        uint64_t digit = UINT64_MAX;
        if (*text >= '0' && *text <= '9')
            digit = (uint64_t)(*text - '0');
        else if (*text >= 'a' && *text <= 'f')
            digit = (uint64_t)(*text - 'a') + 10;
        if (digit >= radix || value > (UINT64_MAX - digit) / radix)
            return false;
        value = value * radix + digit;
    }
    *out = value;
    return true;
}

/* The rest of a statement; NULL or what is wrong with it. */
static const char *read_option(const char **text, struct bootargs_statement *out)
{
    out->kind = BOOTARGS_OPTION;
    if (!word(text, out->name) || !word(text, out->value))
        return "option needs a name and a value";
    return at_end_of_statement(text) ? NULL : "option has one value";
}

static const char *read_call(const char **text, struct bootargs_statement *out)
{
    char digits[BOOTARGS_WORD_BYTES];

    out->kind = BOOTARGS_CALL;
    if (!word(text, out->name))
        return "call needs a name";
    while (!at_end_of_statement(text)) {
        if (out->args.count == SUITE_ARGS_MAX)
            return "call has too many arguments";
        if (!word(text, digits) || !number(digits, &out->args.value[out->args.count]))
            return "an argument is no number";
        out->args.count++;
    }
    return NULL;
}

void bootargs_next(const char **text, struct bootargs_statement *out)
{
    char verb[BOOTARGS_WORD_BYTES];

    *out = (struct bootargs_statement){.kind = BOOTARGS_END};
    while (**text == ';' || **text == ' ' || **text == '\t')
        (*text)++;
    if (**text == '\0')
        return;

    if (!word(text, verb))
        out->error = "a word is too long";
    else if (equals(verb, "option"))
        out->error = read_option(text, out);
    else if (equals(verb, "call"))
        out->error = read_call(text, out);
    else
        out->error = "statements are option and call";
    if (out->error != NULL)
        out->kind = BOOTARGS_ERROR;
    while (!ends_statement(**text))
        (*text)++;
}
