/*
 * The prompt: which command a line is, and what a mistake in it is told.
 */
#include "prompt.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "number.h"
#include "scenario.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct prompt_row {
    const char *word, *short_word;
    enum prompt_result (*run)(struct prompt *prompt, const char *word_given, const char *rest);
    const char *arguments, *help;
};

#define X(word, short_word, function, arguments, help)                                             \
    {word, short_word, prompt_##function, arguments, help},
static const struct prompt_row rows[] = {PROMPT_COMMANDS(X)};
#undef X
#define X(word, short_word, function, arguments, help) word,
static const char *const words[] = {PROMPT_COMMANDS(X)};
#undef X

const char *const *prompt_words(size_t *count)
{
    *count = COUNT(words);
    return words;
}

void prompt_create(struct prompt *prompt, struct session *session, FILE *out)
{
    *prompt = (struct prompt){.session = session, .out = out};
    prompt->report = report_options_for(out, REPORT_AUTO);
}

/* ---- words ---- */

bool prompt_word(const char **rest, char *out, size_t out_bytes)
{
    const char *at = *rest + strspn(*rest, " \t");
    size_t bytes = strcspn(at, " \t");
    size_t kept = bytes < out_bytes ? bytes : out_bytes - 1;

    memcpy(out, at, kept);
    out[kept] = '\0';
    *rest = at + bytes;
    return bytes != 0;
}

enum prompt_result prompt_misused(struct prompt *prompt, const char *format, ...)
{
    char text[REPORT_LINE_BYTES];
    va_list arguments;
    unsigned at;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    at = report_put(prompt->out, &prompt->report, REPORT_STYLE_ERROR, "error: ");
    report_wrap(prompt->out, &prompt->report, REPORT_STYLE_PLAIN, "", 2, at, text);
    return PROMPT_MISUSED;
}

enum prompt_result prompt_parser_said(struct prompt *prompt, char *message)
{
    static const char mark[] = ": error: ";
    char *end = message != NULL ? strchr(message, '\n') : NULL;
    const char *what = message != NULL ? strstr(message, mark) : NULL;

    if (end != NULL)
        *end = '\0'; /* the line and the caret follow, but the line has just been typed */
    if (message != NULL)
        prompt_misused(prompt, "%s", what != NULL ? what + strlen(mark) : message);
    free(message);
    return PROMPT_MISUSED;
}

bool prompt_number(struct prompt *prompt, const char **rest, const char *what, uint64_t fallback,
                   uint64_t *out)
{
    char word[64];

    *out = fallback;
    if (!prompt_word(rest, word, sizeof word) ||
        number_read(word, strlen(word), out) == NUMBER_GOOD)
        return true;
    prompt_misused(prompt, "%s is a number, decimal or 0x, not `%s`", what, word);
    return false;
}

bool prompt_end(struct prompt *prompt, const char *rest)
{
    char word[64];

    if (!prompt_word(&rest, word, sizeof word))
        return true;
    prompt_misused(prompt, "the line should have ended before `%s`", word);
    return false;
}

/* ---- help ---- */

static void put_row(struct prompt *prompt, const struct prompt_row *row)
{
    char text[96];
    unsigned at;

    snprintf(text, sizeof text, "  %s%s%s %s", row->word, row->short_word[0] ? ", " : "",
             row->short_word, row->arguments);
    at = report_put(prompt->out, &prompt->report, REPORT_STYLE_BOLD, text);
    report_spaces(prompt->out, at < 33 ? 33 - at : 1);
    report_wrap(prompt->out, &prompt->report, REPORT_STYLE_PLAIN, "", 33, at < 33 ? 33 : at + 1,
                row->help);
}

static void put_faults(struct prompt *prompt)
{
    for (int kind = 0; kind < SIM_FAULT_KIND_COUNT; kind++) {
        char text[48];
        snprintf(text, sizeof text, "    %-24s ", sim_fault_word((enum sim_fault_kind)kind));
        report_wrap(prompt->out, &prompt->report, REPORT_STYLE_PLAIN, "", 29,
                    report_put(prompt->out, &prompt->report, REPORT_STYLE_PLAIN, text),
                    sim_fault_argument((enum sim_fault_kind)kind));
    }
}

static void help_patterns(struct prompt *prompt)
{
    static const char *const forms[] = {
        "[PARTY] [VERB] PLACE [VALUE]   as in a trace: `driver write Status 0`,",
        "                               `q0.desc[3]`, `device load q0.avail.idx`",
        "ADDRESS, ADDRESS..LAST, ADDRESS/BYTES   memory, touched by anybody",
        "VIRTIO_GPU_CMD_...             the device executes this command",
        "RULE                           a rule speaks: `LMMIO-DRV-D10`",
        "FILE:LINE                      what the driver does there: `transport.c:106`",
        "before ...                     ahead of it: `before q0.used.idx`",
    };

    for (size_t i = 0; i < COUNT(forms); i++)
        fprintf(prompt->out, "  %s\n", forms[i]);
#define X(word, parties, kinds, scope, meaning) fprintf(prompt->out, "  %-30s %s\n", word, meaning);
    PATTERN_WORDS(X)
#undef X
}

enum prompt_result prompt_help(struct prompt *prompt, const char *word_given, const char *rest)
{
    char word[64];
    const char *nearest;

    (void)word_given;
    if (!prompt_word(&rest, word, sizeof word)) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            put_row(prompt, &rows[i]);
            if (strcmp(rows[i].word, "back") == 0)
                fprintf(prompt->out, "%33sback continue (to a breakpoint)\n", "");
        }
        return PROMPT_LOOKED;
    }
    if (strcmp(word, "patterns") == 0 || strcmp(word, "PATTERN") == 0) {
        help_patterns(prompt);
        return PROMPT_LOOKED;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(word, rows[i].word) == 0 || strcmp(word, rows[i].short_word) == 0) {
            put_row(prompt, &rows[i]);
            if (strcmp(rows[i].word, "fault") == 0) {
                put_faults(prompt);
            }
            return PROMPT_LOOKED;
        }
    }
    nearest = scenario_nearest(word, words, COUNT(words));
    return prompt_misused(prompt, "there is no command `%s`%s%s%s", word,
                          nearest != NULL ? "; did you mean `" : "", nearest != NULL ? nearest : "",
                          nearest != NULL ? "`?" : "");
}

enum prompt_result prompt_quit(struct prompt *prompt, const char *word_given, const char *rest)
{
    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    session_quit(prompt->session);
    return PROMPT_ORDERED;
}

/* ---- the door ---- */

/* A beginning of a word will do if no other word begins so. */
static const struct prompt_row *find_row(const char *word)
{
    const struct prompt_row *found = NULL;
    size_t bytes = strlen(word);

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(word, rows[i].word) == 0 || strcmp(word, rows[i].short_word) == 0)
            return &rows[i];
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strncmp(word, rows[i].word, bytes) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = &rows[i];
    }
    return found;
}

enum prompt_result prompt_command(struct prompt *prompt, const char *line)
{
    char text[PROMPT_LINE_BYTES];
    char word[64];
    const char *rest = text;
    const struct prompt_row *row;
    const char *nearest;

    if (strlen(line) >= sizeof text)
        return prompt_misused(prompt, "the line is longer than %zu bytes", sizeof text - 1);
    memcpy(text, line, strlen(line) + 1);
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] == '#' && (i == 0 || isspace((unsigned char)text[i - 1]))) {
            text[i] = '\0';
            break;
        }
    }
    if (!prompt_word(&rest, word, sizeof word))
        return PROMPT_LOOKED;
    row = find_row(word);
    if (row != NULL)
        return row->run(prompt, row->word, rest);
    nearest = scenario_nearest(word, words, COUNT(words));
    return prompt_misused(prompt, "unknown command `%s`; %s%s%s", word,
                          nearest != NULL ? "did you mean `" : "`help` lists what there is",
                          nearest != NULL ? nearest : "", nearest != NULL ? "`?" : "");
}
