/*
 * Reads a scenario: from a file or from text, line by line, each line by the function of its verb.
 *
 * A file is untrusted: it is bounded in bytes, lines and words, must be UTF-8 without control
 * characters, and the first mistake ends the reading with one message. A last line without newline
 * and lines that end in CRLF are read as if they were written well. Not handled: UTF-16.
 */
#include "scenario.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "blk.h"
#include "scenario_parse.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* All that a file of the longest allowed lines, CR and LF included, can hold. */
#define SCENARIO_FILE_BYTES ((size_t)SCENARIO_LINES_MAX * (SCENARIO_LINE_BYTES + 2u))

#define DEFAULT_MEMORY_BYTES   (UINT64_C(64) << 20)
#define DEFAULT_QUEUE_SIZE_MAX 1024u
#define DEFAULT_WIDTH_PX       1280u
#define DEFAULT_HEIGHT_PX      800u

struct verb {
    const char *word;
    bool (*parse)(struct parser *parser);
    bool once;
    bool setup;
};

#define X(name, word, once, setup) {word, parse_##name, once, setup},
static const struct verb verbs[] = {SCENARIO_VERBS(X)};
#undef X
#define X(name, word, once, setup) word,
static const char *const verb_words[] = {SCENARIO_VERBS(X)};
#undef X
enum verb_row {
#define X(name, word, once, setup) VERB_##name,
    SCENARIO_VERBS(X)
#undef X
        VERB_COUNT
};

/* ---- bytes ---- */

/* The length of the character at `text`, or 0 when it is not UTF-8 (RFC 3629). */
static size_t utf8_bytes(const unsigned char *text, size_t bytes)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t form = 0; form < COUNT(forms); form++) {
        if ((text[0] & forms[form].mask) != forms[form].lead) {
            continue;
        }
        uint32_t code = text[0] & (unsigned char)~forms[form].mask;
        if (form + 1 > bytes) {
            return 0;
        }
        for (size_t i = 1; i <= form; i++) {
            if ((text[i] & 0xc0) != 0x80) {
                return 0;
            }
            code = code << 6 | (text[i] & 0x3fu);
        }
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        return code < forms[form].least || code > 0x10ffff || surrogate ? 0 : form + 1;
    }
    return 0;
}

/* Every character of the line is one that a person can see, or a tab. */
static bool check_bytes(struct parser *parser)
{
    const unsigned char *line = (const unsigned char *)parser->line;
    for (size_t at = 0; at < parser->line_bytes;) {
        struct word here = {parser->line + at, 1, (unsigned)at + 1};
        size_t bytes = utf8_bytes(line + at, parser->line_bytes - at);
        if (bytes == 0) {
            return parse_fail(parser, &here, NULL, NULL, "byte 0x%02x is not UTF-8", line[at]);
        }
        bool c1 = bytes == 2 && line[at] == 0xc2 && line[at + 1] < 0xa0;
        if ((bytes == 1 && (line[at] < ' ' || line[at] == 0x7f) && line[at] != '\t') || c1) {
            return parse_fail(parser, &here, NULL, NULL, "control character 0x%02x",
                              c1 ? line[at + 1] : line[at]);
        }
        at += bytes;
    }
    return true;
}

/* ---- lines ---- */

static bool parse_line(struct parser *parser, unsigned seen[VERB_COUNT])
{
    if (parser->line_bytes > SCENARIO_LINE_BYTES) {
        struct word here = {parser->line, 1, SCENARIO_LINE_BYTES + 1};
        return parse_fail(parser, &here, NULL, NULL, "the line is longer than %u bytes",
                          SCENARIO_LINE_BYTES);
    }
    if (!check_bytes(parser)) {
        return false;
    }
    parse_split(parser);
    if (parser->word_count > 0 && parse_is_event(parser)) {
        parser->first_action_line += parser->first_action_line == 0 ? parser->line_number : 0;
        return parse_event_line(parser);
    }
    const struct word *word = parse_next(parser);
    if (!word) {
        return true;
    }
    int row = parse_choose(parser, word, "verb", verb_words, COUNT(verb_words));
    if (row < 0) {
        return false;
    }
    const struct verb *verb = &verbs[row];
    if (verb->once && seen[row] != 0) {
        return parse_fail(parser, word, NULL, NULL, "a second `%s` line; the first is line %u",
                          verb->word, seen[row]);
    }
    if (verb->setup && parser->first_action_line != 0) {
        return parse_fail(parser, word, NULL, NULL,
                          "`%s` comes too late: the first action is in line %u", verb->word,
                          parser->first_action_line);
    }
    unsigned after = seen[VERB_device] != 0 ? seen[VERB_device] : seen[VERB_memory];
    if (row == VERB_machine && after != 0) {
        return parse_fail(parser, word, NULL, NULL,
                          "`machine` comes too late: line %u depends on it", after);
    }
    seen[row] = parser->line_number;
    if (row == VERB_device) {
        parser->scenario->device_line = parser->line_number;
    }
    if (parser->pause_line != 0 && !parser->pause_called && row != VERB_call && row != VERB_pause) {
        return parse_pauses_end(parser, word);
    }
    bool action = row >= VERB_call && row <= VERB_interrupt;
    if (action && seen[VERB_device] == 0) {
        return parse_fail(parser, word, "a line `device gpu` before the first action", NULL,
                          "there is no device");
    }
    if (action && parser->first_action_line == 0) {
        parser->first_action_line = parser->line_number;
    }
    return verb->parse(parser);
}

/* Finds the end of the line at `text`; returns where the next one begins. */
static const char *cut_line(struct parser *parser, const char *text, const char *end)
{
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    const char *stop = newline ? newline : end;
    parser->line = text;
    parser->line_bytes = (size_t)(stop - text);
    parser->line_number++;
    if (newline && parser->line_bytes > 0 && stop[-1] == '\r') {
        parser->line_bytes--;
    }
    return newline ? newline + 1 : end;
}

/* The comment lines on top, without `# `; the caller frees it. */
static char *read_description(const char *text, const char *end)
{
    char *description = malloc((size_t)(end - text) + 1);
    if (!description) {
        return NULL;
    }
    struct parser lines = {0};
    size_t used = 0;
    while (text < end && lines.line_number < SCENARIO_LINES_MAX) {
        text = cut_line(&lines, text, end);
        if (lines.line_bytes == 0 && used == 0) {
            continue;
        }
        if (lines.line_bytes == 0 || lines.line[0] != '#') {
            break;
        }
        size_t skip = lines.line_bytes > 1 && lines.line[1] == ' ' ? 2 : 1;
        if (used > 0) {
            description[used++] = '\n';
        }
        memcpy(description + used, lines.line + skip, lines.line_bytes - skip);
        used += lines.line_bytes - skip;
    }
    description[used] = '\0';
    return description;
}

static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t bytes = strlen(name);
    if (bytes > 4 && strcmp(name + bytes - 4, ".scn") == 0) {
        bytes -= 4;
    }
    return strndup(name, bytes);
}

/* A scenario with nothing but defaults, or NULL when there is no memory. */
static struct scenario *scenario_new(const char *path, const char *text, const char *end)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);
    if (!scenario) {
        return NULL;
    }
    scenario->path = strdup(path);
    scenario->name = name_of(path);
    scenario->description = read_description(text, end);
    scenario->text = strndup(text, (size_t)(end - text));
    if (!scenario->path || !scenario->name || !scenario->text || !scenario->description) {
        scenario_free(scenario);
        return NULL;
    }
    scenario->machine = machine_by_name(MACHINE_VIRT_AARCH64);
    scenario->device = (struct sim_config){.version = 2,
                                           .profile = SIM_PROFILE_SPEC,
                                           .slot = scenario->machine.slot,
                                           .queue_size_max = DEFAULT_QUEUE_SIZE_MAX};
    scenario->scanouts = 1;
    scenario->display_width_px = DEFAULT_WIDTH_PX;
    scenario->display_height_px = DEFAULT_HEIGHT_PX;
    scenario->disk_bytes = BLK_DISK_BYTES_DEFAULT;
    scenario->memory_base = scenario->machine.ram_base;
    scenario->personality = -1;
    scenario->memory_bytes = DEFAULT_MEMORY_BYTES;
    scenario->odds = SCENARIO_ODDS_MAX / 2;
    return scenario;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario) {
        free(scenario->path);
        free(scenario->name);
        free(scenario->description);
        free(scenario->text);
        free(scenario->traced);
        free(scenario);
    }
}

void scenario_sentence(const struct scenario *scenario, char *out, size_t out_bytes)
{
    size_t used = 0;
    for (const char *at = scenario->description; *at && used + 1 < out_bytes; at++) {
        if (at[0] == '\n' && at[1] == '\n') {
            break;
        }
        out[used++] = *at == '\n' ? ' ' : *at;
        if (*at == '.' && (at[1] == ' ' || at[1] == '\n' || at[1] == '\0')) {
            break;
        }
    }
    out[used] = '\0';
}

/* Reads all lines; false after a message. */
static bool parse_lines(struct parser *parser, const char *text, const char *end)
{
    unsigned seen[VERB_COUNT] = {0};
    while (text < end) {
        text = cut_line(parser, text, end);
        if (parser->line_number > SCENARIO_LINES_MAX) {
            struct word here = {parser->line, 1, 1};
            return parse_fail(parser, &here, NULL, NULL, "more than %u lines", SCENARIO_LINES_MAX);
        }
        if (!parse_line(parser, seen)) {
            return false;
        }
    }
    if (!parse_pauses_end(parser, NULL)) {
        return false;
    }
    if (parser->scenario->action_count == 0) {
        parser->line = NULL;
        parser->word_count = 0;
        parser->line_number += parser->line_number == 0;
        return parse_fail(parser, NULL, "at least one call, read, write, store or interrupt", NULL,
                          "the scenario does nothing");
    }
    return true;
}

static struct scenario *parse_text(const char *path, const char *text, size_t bytes, FILE *errors)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const char *end = text + bytes;
    if (bytes >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
    }
    struct parser *parser = calloc(1, sizeof *parser);
    struct scenario *scenario = scenario_new(path, text, end);
    if (!parser || !scenario) {
        fprintf(errors, "%s: error: out of memory\n", path);
        free(parser);
        scenario_free(scenario);
        return NULL;
    }
    parser->path = path;
    parser->errors = errors;
    parser->scenario = scenario;
    bool good = parse_lines(parser, text, end);
    assert(good == !parser->failed);
    free(parser);
    if (!good) {
        scenario_free(scenario);
        return NULL;
    }
    return scenario;
}

struct scenario *scenario_parse(const char *path, const char *text, FILE *errors)
{
    return parse_text(path, text, strlen(text), errors);
}

struct scenario *scenario_read(const char *path, FILE *errors)
{
    FILE *file = fopen(path, "rbe");
    struct stat status;
    if (!file || fstat(fileno(file), &status) != 0) {
        fprintf(errors, "%s: error: cannot be opened: %s\n", path, strerror(errno));
        if (file) {
            fclose(file);
        }
        return NULL;
    }
    struct scenario *scenario = NULL;
    char *text = S_ISDIR(status.st_mode) ? NULL : malloc(SCENARIO_FILE_BYTES + 1);
    size_t bytes = text ? fread(text, 1, SCENARIO_FILE_BYTES + 1, file) : 0;
    if (S_ISDIR(status.st_mode)) {
        fprintf(errors, "%s: error: is a folder, not a scenario\n", path);
    } else if (!text) {
        fprintf(errors, "%s: error: out of memory\n", path);
    } else if (ferror(file)) {
        fprintf(errors, "%s: error: cannot be read: %s\n", path, strerror(errno));
    } else if (bytes > SCENARIO_FILE_BYTES) {
        fprintf(errors, "%s: error: is longer than %zu bytes: not a scenario\n", path,
                SCENARIO_FILE_BYTES);
    } else {
        scenario = parse_text(path, text, bytes, errors);
    }
    free(text);
    fclose(file);
    return scenario;
}

/* ---- one line by itself ---- */

/* Sets up a parser for one line typed by a person; NULL after a message. */
static struct parser *parser_for(const struct scenario *scenario, const char *line, FILE *errors)
{
    struct parser *parser = calloc(1, sizeof *parser);
    struct scenario *own = malloc(sizeof *own);
    if (!parser || !own) {
        fputs("out of memory\n", errors);
        free(parser);
        free(own);
        return NULL;
    }
    *own = *scenario;
    own->action_count = 0;
    memset(own->action, 0, sizeof own->action);
    own->traced = NULL;
    own->traced_count = 0;
    own->pattern_count = 0;
    own->driver[0] = '\0'; /* what the driver does in a trace is played */
    parser->path = "prompt";
    parser->errors = errors;
    parser->scenario = own;
    parser->line = line;
    parser->line_bytes = strlen(line);
    parser->line_number = 1;
    parser->first_action_line = 1;
    if (parser->line_bytes <= SCENARIO_LINE_BYTES && check_bytes(parser)) {
        parse_split(parser);
    } else if (!parser->failed) {
        fprintf(errors, "the line is longer than %u bytes\n", SCENARIO_LINE_BYTES);
    }
    return parser;
}

static void parser_free(struct parser *parser)
{
    free(parser->scenario->traced);
    free(parser->scenario);
    free(parser);
}

bool scenario_parse_action(const struct scenario *scenario, const char *line,
                           struct scenario_action *out, FILE *errors)
{
    struct parser *parser = parser_for(scenario, line, errors);
    bool good = false;
    if (!parser) {
        return false;
    }
    if (parser->word_count > 0 && parse_is_event(parser)) {
        good = parse_event_line(parser);
    } else if (parser->word_count > 0) {
        int row = parse_choose(parser, parse_next(parser), "verb", verb_words, COUNT(verb_words));
        bool acts = row == VERB_fault || (row >= VERB_read && row <= VERB_interrupt &&
                                          row != VERB_pause && row != VERB_continue);
        if (row >= 0 && !acts) {
            parse_fail(parser, &parser->word[0], "write, store, read, step device, hold ...", NULL,
                       "`%s` cannot be done by hand", verb_words[row]);
        }
        good = acts && verbs[row].parse(parser);
    }
    if (good && parser->scenario->action_count == 1) {
        *out = parser->scenario->action[0];
        out->line = 0; /* of no scenario */
    } else if (good) {
        good = parse_fail(parser, &parser->word[0], "what the driver does", NULL,
                          "this cannot be done by hand");
    }
    parser_free(parser);
    return good;
}

bool scenario_parse_fault(const struct scenario *scenario, const char *text, struct sim_fault *out,
                          FILE *errors)
{
    struct parser *parser = parser_for(scenario, text, errors);
    bool good = parser && !parser->failed && parse_fault_words(parser, out);
    if (parser) {
        parser_free(parser);
    }
    return good;
}

bool scenario_parse_pattern(const struct scenario *scenario, const char *line, const char *what,
                            struct pattern *out, FILE *errors)
{
    struct parser *parser = parser_for(scenario, line, errors);
    bool good = parser && !parser->failed && pattern_parse(parser, what, out);
    if (parser) {
        parser_free(parser);
    }
    return good;
}
