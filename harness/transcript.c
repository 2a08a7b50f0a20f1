/*
 * Understands a machine's serial line. Whatever comes in, nothing but the struct is touched.
 */
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "suite.h"

#define LINE_BYTES_MAX 1024u

static const char prefix[] = "ringside: ";

/* The rest of `line` behind a word and its space, or NULL when it does not begin so. */
static char *behind(char *line, const char *word)
{
    size_t bytes = strlen(word);
    if (strncmp(line, word, bytes) != 0)
        return NULL;
    if (line[bytes] == '\0')
        return line + bytes;
    return line[bytes] == ' ' ? line + bytes + 1 : NULL;
}

/* Cuts the last word off `text` and returns it, or NULL when there is no second word. */
static char *cut_last(char *text)
{
    char *space = strrchr(text, ' ');
    if (!space)
        return NULL;
    *space = '\0';
    return space + 1;
}

static bool parse_hex(const char *word, uint64_t *out)
{
    char *end;
    if (!word || strncmp(word, "0x", 2) != 0 || !word[2] || strlen(word) > 18)
        return false;
    *out = strtoull(word + 2, &end, 16);
    return *end == '\0';
}

static int result_by_name(const char *name)
{
    static const char *const names[SUITE_RESULT_COUNT] = {
#define X(result, meaning) #result,
        SUITE_RESULTS(X)
#undef X
    };
    for (int i = 0; i < SUITE_RESULT_COUNT; i++) {
        if (strcmp(name, names[i]) == 0)
            return i;
    }
    return -1;
}

static bool parse_alloc(struct transcript *out, char *rest)
{
    struct transcript_alloc alloc;
    if (!parse_hex(cut_last(rest), &alloc.size_bytes) || !parse_hex(cut_last(rest), &alloc.addr))
        return false;
    snprintf(alloc.what, sizeof alloc.what, "%.*s", (int)sizeof alloc.what - 1, rest);
    if (out->alloc_count < TRANSCRIPT_ALLOCS_MAX)
        out->alloc[out->alloc_count++] = alloc;
    else
        out->dropped++;
    return true;
}

static bool parse_option(struct transcript *out, char *rest)
{
    const char *verdict = cut_last(rest);
    if (!verdict || (strcmp(verdict, "ok") != 0 && strcmp(verdict, "unknown") != 0))
        return false;
    if (strcmp(verdict, "unknown") == 0 && !out->unknown_option[0])
        snprintf(out->unknown_option, sizeof out->unknown_option, "%.*s",
                 (int)sizeof out->unknown_option - 1, rest);
    return true;
}

/* N NAME -> RESULT; N is for people, the order of the lines counts. */
static bool parse_call(struct transcript *out, char *rest)
{
    struct transcript_call call;
    char *arrow = strstr(rest, " -> ");
    if (!arrow)
        return false;
    *arrow = '\0';
    const char *result = arrow + strlen(" -> ");
    const char *name = cut_last(rest);
    if (!name || !*name || !*rest || strspn(rest, "0123456789") != strlen(rest))
        return false;
    snprintf(call.name, sizeof call.name, "%.*s", (int)sizeof call.name - 1, name);
    call.result = result_by_name(result);
    call.response = TRANSCRIPT_RESPONSE_UNKNOWN;
    if (out->call_count < SCENARIO_ACTIONS_MAX)
        out->call[out->call_count++] = call;
    else
        out->dropped++;
    return call.result >= 0;
}

/* Belongs to the call before it. */
static bool parse_response(struct transcript *out, char *rest)
{
    static const char *const words[TRANSCRIPT_RESPONSE_COUNT] = {
#define X(name, word) word,
        TRANSCRIPT_RESPONSES(X)
#undef X
    };
    for (int i = TRANSCRIPT_RESPONSE_UNTOUCHED; i < TRANSCRIPT_RESPONSE_COUNT; i++) {
        if (strcmp(rest, words[i]) == 0 && out->call_count > 0) {
            out->call[out->call_count - 1].response = (enum transcript_response)i;
            return true;
        }
    }
    return false;
}

static bool parse_driver(struct transcript *out, char *rest)
{
    snprintf(out->driver, sizeof out->driver, "%.*s", (int)sizeof out->driver - 1, rest);
    return *rest != '\0';
}

static bool parse_log(struct transcript *out, char *rest)
{
    (void)out;
    (void)rest;
    return true;
}

static bool parse_fault(struct transcript *out, char *rest)
{
    if (!out->fault)
        snprintf(out->fault_text, sizeof out->fault_text, "%.*s", (int)sizeof out->fault_text - 1,
                 rest);
    out->fault = true;
    return true;
}

static bool parse_interrupts(struct transcript *out, char *rest)
{
    char *end;
    unsigned long long count = strtoull(rest, &end, 10);

    if (*rest < '0' || *rest > '9' || *end || count > INT32_MAX)
        return false;
    out->interrupts = (int64_t)count;
    return true;
}

static bool parse_done(struct transcript *out, char *rest)
{
    out->done = out->done || !*rest;
    return !*rest;
}

static const struct {
    const char *word;
    bool (*parse)(struct transcript *out, char *rest);
} lines[] = {
    {"driver", parse_driver}, {"alloc", parse_alloc},           {"option", parse_option},
    {"call", parse_call},     {"response", parse_response},     {"log", parse_log},
    {"fault", parse_fault},   {"interrupts", parse_interrupts}, {"done", parse_done},
};

static void parse_line(struct transcript *out, char *line)
{
    char *rest = line;
    if (strncmp(rest, prefix, sizeof prefix - 1) != 0)
        return;
    rest += sizeof prefix - 1;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *arguments = behind(rest, lines[i].word);
        if (arguments) {
            if (!lines[i].parse(out, arguments))
                out->garbage++;
            return;
        }
    }
    out->garbage++;
}

void transcript_parse(const char *text, size_t bytes, struct transcript *out)
{
    memset(out, 0, sizeof *out);
    out->interrupts = -1;
    const char *end;
    for (size_t at = 0; at < bytes && (end = memchr(text + at, '\n', bytes - at)) != NULL;) {
        char line[LINE_BYTES_MAX];
        size_t used = (size_t)(end - (text + at));
        size_t kept = 0;
        for (size_t i = 0; i < used && kept < sizeof line - 1; i++) {
            char byte = text[at + i];
            if (byte != '\r' && byte != '\0') /* a UART sends \r\n; NUL would hide the rest */
                line[kept++] = byte;
        }
        line[kept] = '\0';
        parse_line(out, line);
        at += used + 1;
    }
}

bool transcript_is_over(const char *text, size_t bytes)
{
    static const char *const last[] = {"ringside: done", "ringside: fault"};
    const char *end;
    for (size_t at = 0; at < bytes && (end = memchr(text + at, '\n', bytes - at)) != NULL;) {
        size_t used = (size_t)(end - (text + at));
        for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
            if (used >= strlen(last[i]) && memcmp(text + at, last[i], strlen(last[i])) == 0)
                return true;
        }
        at += used + 1;
    }
    return false;
}

const struct transcript_alloc *transcript_alloc(const struct transcript *transcript,
                                                const char *word)
{
    for (size_t i = 0; i < transcript->alloc_count; i++) {
        if (strstr(transcript->alloc[i].what, word))
            return &transcript->alloc[i];
    }
    return NULL;
}
