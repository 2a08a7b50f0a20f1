/*
 * Words of a scenario line: cutting, numbers, choices, the nearest known word, and the message that
 * a mistake makes.
 */
#include "scenario_parse.h"
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "number.h"
#include "picture.h"
#include "rule.h"

#define SHOWN_WORD_BYTES 40u /* of a wrong word in a message */
#define SHOWN_LINE_BYTES 72u /* of the line under a message, on each side of the caret */

void parse_split(struct parser *parser)
{
    const char *line = parser->line;
    size_t at = 0;
    parser->word_count = 0;
    parser->next = 0;
    while (at < parser->line_bytes) {
        if (line[at] == ' ' || line[at] == '\t') {
            at++;
            continue;
        }
        if (line[at] == '#') {
            return;
        }
        size_t start = at;
        while (at < parser->line_bytes && line[at] != ' ' && line[at] != '\t') {
            at++;
        }
        assert(parser->word_count < PARSE_WORDS_MAX);
        parser->word[parser->word_count++] =
            (struct word){line + start, at - start, (unsigned)(start + 1)};
    }
}

/* Is this byte the first of a character, as the terminal counts? */
static bool starts_character(char byte)
{
    return ((unsigned char)byte & 0xc0u) != 0x80u;
}

static void show_line(const struct parser *parser, size_t column, size_t bytes)
{
    const char *line = parser->line;
    size_t at = column - 1;
    size_t from = at > SHOWN_LINE_BYTES ? at - SHOWN_LINE_BYTES : 0;
    size_t to = parser->line_bytes;
    if (to > at + SHOWN_LINE_BYTES) {
        to = at + SHOWN_LINE_BYTES;
    }
    while (from > 0 && !starts_character(line[from])) {
        from--;
    }
    while (to < parser->line_bytes && !starts_character(line[to])) {
        to++;
    }
    fputs("    ", parser->errors);
    for (size_t i = from; i < to; i++) {
        bool control = iscntrl((unsigned char)line[i]) != 0;
        fputc(line[i] == '\t' ? ' ' : control ? '?' : line[i], parser->errors);
    }
    fputs("\n    ", parser->errors);
    for (size_t i = from; i < at; i++) {
        if (i >= parser->line_bytes || starts_character(line[i])) {
            fputc(' ', parser->errors);
        }
    }
    fputc('^', parser->errors);
    for (size_t i = at + 1; i < at + bytes && i < to; i++) {
        if (starts_character(line[i])) {
            fputc('~', parser->errors);
        }
    }
    fputc('\n', parser->errors);
}

bool parse_fail(struct parser *parser, const struct word *at, const char *expected,
                const char *nearest, const char *format, ...)
{
    if (parser->failed) {
        return false;
    }
    parser->failed = true;
    /* Behind the last word, not behind the comment that may follow it. */
    size_t end = 1;
    if (parser->word_count > 0) {
        const struct word *last = &parser->word[parser->word_count - 1];
        end = last->column + last->bytes;
    }
    unsigned column = at ? at->column : (unsigned)end;
    fprintf(parser->errors, "%s:%u:%u: error: ", parser->path, parser->line_number, column);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(parser->errors, format, arguments);
    va_end(arguments);
    if (expected) {
        fprintf(parser->errors, "; expected %s", expected);
    }
    if (nearest) {
        fprintf(parser->errors, "%s did you mean `%s`?", expected ? "," : ";", nearest);
    }
    fputc('\n', parser->errors);
    if (parser->line) {
        show_line(parser, column, at ? at->bytes : 1);
    }
    return false;
}

const struct word *parse_peek(const struct parser *parser)
{
    return parser->next < parser->word_count ? &parser->word[parser->next] : NULL;
}

const struct word *parse_next(struct parser *parser)
{
    return parser->next < parser->word_count ? &parser->word[parser->next++] : NULL;
}

const struct word *parse_need(struct parser *parser, const char *what, const char *expected)
{
    const struct word *word = parse_next(parser);
    if (!word) {
        parse_fail(parser, NULL, expected, NULL, "%s is missing", what);
    }
    return word;
}

bool parse_end(struct parser *parser)
{
    const struct word *word = parse_peek(parser);
    if (word) {
        return parse_fail(parser, word, "the end of the line", NULL, "`%.*s` is one word too many",
                          word_shown(word), word->text);
    }
    return true;
}

bool word_is(const struct word *word, const char *text)
{
    return word && strlen(text) == word->bytes && memcmp(word->text, text, word->bytes) == 0;
}

bool word_copy(const struct word *word, char *out, size_t out_bytes)
{
    if (word->bytes >= out_bytes) {
        return false;
    }
    memcpy(out, word->text, word->bytes);
    out[word->bytes] = '\0';
    return true;
}

int word_shown(const struct word *word)
{
    size_t bytes = word->bytes;
    if (bytes > SHOWN_WORD_BYTES) {
        bytes = SHOWN_WORD_BYTES;
        while (!starts_character(word->text[bytes])) {
            bytes--;
        }
    }
    return (int)bytes;
}

static size_t minimum(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with neighbours swapped as one edit, without regard to case. */
static size_t edit_distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t row[3][SCENARIO_WORD_BYTES + 1];
    for (size_t j = 0; j <= b_bytes; j++) {
        row[0][j] = j;
    }
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t *now = row[i % 3];
        const size_t *before = row[(i + 2) % 3];
        const size_t *earlier = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            int x = tolower((unsigned char)a[i - 1]);
            int y = tolower((unsigned char)b[j - 1]);
            size_t best = before[j - 1] + (x != y);
            best = minimum(best, minimum(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2])) {
                best = minimum(best, earlier[j - 2] + 1);
            }
            now[j] = best;
        }
    }
    return row[a_bytes % 3][b_bytes];
}

const char *scenario_nearest(const char *word, const char *const *words, size_t count)
{
    size_t bytes = strlen(word);
    if (bytes < 2 || bytes > SCENARIO_WORD_BYTES) {
        return NULL;
    }
    size_t allowed = bytes < 6 ? 1 : bytes / 3;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other_bytes = strlen(words[i]);
        if (other_bytes > SCENARIO_WORD_BYTES) {
            continue;
        }
        size_t distance = edit_distance(word, bytes, words[i], other_bytes);
        if (distance <= allowed && (!nearest || distance < allowed)) {
            nearest = words[i];
            allowed = distance;
        }
    }
    return nearest;
}

void words_list(const char *const *words, size_t count, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && used < out_bytes; i++) {
        const char *separator = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        int printed = snprintf(out + used, out_bytes - used, "%s%s", separator, words[i]);
        used += printed > 0 ? (size_t)printed : 0;
    }
}

int parse_choose(struct parser *parser, const struct word *word, const char *what,
                 const char *const *words, size_t count)
{
    for (size_t i = 0; word && i < count; i++) {
        if (word_is(word, words[i])) {
            return (int)i;
        }
    }
    char expected[PARSE_LIST_BYTES], text[SCENARIO_WORD_BYTES];
    words_list(words, count, expected, sizeof expected);
    if (!word) {
        parse_fail(parser, NULL, expected, NULL, "%s is missing", what);
        return -1;
    }
    const char *nearest =
        word_copy(word, text, sizeof text) ? scenario_nearest(text, words, count) : NULL;
    parse_fail(parser, word, expected, nearest, "unknown %s `%.*s`", what, word_shown(word),
               word->text);
    return -1;
}

int parse_choice(struct parser *parser, const char *what, const char *const *words, size_t count)
{
    return parse_choose(parser, parse_next(parser), what, words, count);
}

static enum number_form read_number(const struct word *word, uint64_t *out)
{
    return number_read(word->text, word->bytes, out);
}

bool word_number(const struct word *word, uint64_t *out)
{
    return read_number(word, out) == NUMBER_GOOD;
}

#define BOUND_BYTES 24u

static const char *bound_text(uint64_t value, char out[BOUND_BYTES])
{
    snprintf(out, BOUND_BYTES, value < 10000000 ? "%" PRIu64 : "0x%" PRIx64, value);
    return out;
}

bool parse_number_in(struct parser *parser, const struct word *word, const char *what, uint64_t min,
                     uint64_t max, uint64_t *out)
{
    char low[BOUND_BYTES], high[BOUND_BYTES], expected[160];
    snprintf(expected, sizeof expected, "%s from %s to %s", what, bound_text(min, low),
             bound_text(max, high));
    if (!word || word->bytes == 0) {
        return parse_fail(parser, word, expected, NULL, "a number is missing");
    }
    enum number_form form = read_number(word, out);
    if (form == NUMBER_NONE) {
        return parse_fail(parser, word, expected, NULL, "`%.*s` is not a number", word_shown(word),
                          word->text);
    }
    if (form == NUMBER_HUGE || *out < min || *out > max) {
        return parse_fail(parser, word, expected, NULL, "`%.*s` is out of range", word_shown(word),
                          word->text);
    }
    return true;
}

bool parse_number(struct parser *parser, const char *what, uint64_t min, uint64_t max,
                  uint64_t *out)
{
    return parse_number_in(parser, parse_next(parser), what, min, max, out);
}

bool parse_size(struct parser *parser, const char *what, uint64_t min, uint64_t max, uint64_t *out)
{
    static const struct {
        const char *text;
        unsigned shift;
    } units[] = {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}};

    const struct word *word = parse_next(parser);
    struct word digits = word ? *word : (struct word){0};
    unsigned shift = 0;
    for (size_t i = 0; word && i < sizeof units / sizeof units[0]; i++) {
        size_t bytes = strlen(units[i].text);
        if (word->bytes > bytes &&
            memcmp(word->text + word->bytes - bytes, units[i].text, bytes) == 0) {
            digits.bytes = word->bytes - bytes;
            shift = units[i].shift;
        }
    }
    uint64_t number = 0;
    enum number_form form = word ? read_number(&digits, &number) : NUMBER_NONE;
    if (form == NUMBER_GOOD && number <= max >> shift && number << shift >= min) {
        *out = number << shift;
        return true;
    }
    char low[BOUND_BYTES], high[BOUND_BYTES], expected[160];
    snprintf(expected, sizeof expected, "%s from %s to %s bytes, or a number with KiB, MiB or GiB",
             what, bound_text(min, low), bound_text(max, high));
    if (!word) {
        return parse_fail(parser, NULL, expected, NULL, "a size is missing");
    }
    return parse_fail(parser, word, expected, NULL, "`%.*s` is %s", word_shown(word), word->text,
                      form == NUMBER_NONE ? "not a size" : "out of range");
}

bool parse_extent(struct parser *parser, const struct word *word, uint32_t *width_px,
                  uint32_t *height_px)
{
    static const char expected[] = "WIDTHxHEIGHT in pixels, each from 1 to 16384";
    _Static_assert(PICTURE_SIDE_PX_MAX == 16384, "the message names the limit");
    if (!word) {
        return parse_fail(parser, NULL, expected, NULL, "a size in pixels is missing");
    }
    const char *cross = memchr(word->text, 'x', word->bytes);
    uint64_t width = 0, height = 0;
    if (cross) {
        size_t width_bytes = (size_t)(cross - word->text);
        struct word left = {word->text, width_bytes, 0};
        struct word right = {cross + 1, word->bytes - width_bytes - 1, 0};
        if (word_number(&left, &width) && word_number(&right, &height) && width >= 1 &&
            width <= PICTURE_SIDE_PX_MAX && height >= 1 && height <= PICTURE_SIDE_PX_MAX) {
            *width_px = (uint32_t)width;
            *height_px = (uint32_t)height;
            return true;
        }
    }
    return parse_fail(parser, word, expected, NULL, "`%.*s` is not a size in pixels",
                      word_shown(word), word->text);
}

bool parse_name(struct parser *parser, const struct word *word, const char *what,
                char out[SCENARIO_WORD_BYTES])
{
    if (!word_copy(word, out, SCENARIO_WORD_BYTES)) {
        return parse_fail(parser, word, NULL, NULL, "%s `%.*s...` is longer than %u bytes", what,
                          word_shown(word), word->text, SCENARIO_WORD_BYTES - 1);
    }
    for (size_t i = 0; i < word->bytes; i++) {
        char byte = out[i];
        if (!isalnum((unsigned char)byte) && byte != '_' && byte != '-' &&
            (byte != '.' || i == 0)) {
            return parse_fail(parser, word, "letters, digits, `_`, `-` and `.`", NULL,
                              "`%.*s` cannot be %s", word_shown(word), word->text, what);
        }
    }
    return true;
}

/* AREA-DRV-01, AREA-DEV-D10, AREA-DRV-05a: what the ids of the specification's rules look like. */
static bool looks_like_rule_id(const char *id)
{
    size_t at = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (at < 2 || (strncmp(id + at, "-DRV-", 5) != 0 && strncmp(id + at, "-DEV-", 5) != 0)) {
        return false;
    }
    at += 5;
    at += id[at] == 'D';
    size_t digits = strspn(id + at, "0123456789");
    at += digits;
    at += id[at] >= 'a' && id[at] <= 'z';
    return digits >= 1 && digits <= 3 && id[at] == '\0';
}

/* The known rule whose id is nearest, or NULL. */
static const char *nearest_rule(const char *id)
{
    size_t count = 0;
    const struct rule *rules = rule_table(&count);
    const char **ids = calloc(count + 1, sizeof *ids);
    if (!ids) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = rules[i].id;
    }
    const char *nearest = scenario_nearest(id, ids, count);
    free(ids);
    return nearest;
}

bool parse_rule_id(struct parser *parser, const struct word *word, bool future,
                   char out[SCENARIO_WORD_BYTES])
{
    static const char expected[] = "a rule's id as `ringside rules` lists them";
    if (!word) {
        return parse_fail(parser, NULL, expected, NULL, "a rule's id is missing");
    }
    if (!word_copy(word, out, SCENARIO_WORD_BYTES)) {
        return parse_fail(parser, word, expected, NULL, "unknown rule `%.*s...`", word_shown(word),
                          word->text);
    }
    if (rule_by_id(out) || (future && looks_like_rule_id(out))) {
        return true;
    }
    return parse_fail(parser, word, expected, nearest_rule(out), "unknown rule `%.*s`",
                      word_shown(word), word->text);
}
