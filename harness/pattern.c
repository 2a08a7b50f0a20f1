/*
 * Patterns: reading one from a line of words, and holding events against it.
 */
#include "pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "number.h"
#include "rule.h"
#include "scenario_parse.h"
#include "source.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define X(word, parties, kinds, scope, meaning) word,
static const char *const pattern_words[] = {PATTERN_WORDS(X)};
#undef X

static const struct {
    uint32_t party;
    uint64_t kinds;
    enum pattern_scope scope;
} pattern_rows[] = {
#define X(word, parties, kinds, scope, meaning) {EVENT_PARTY_##parties, kinds, (scope)},
    PATTERN_WORDS(X)
#undef X
};

static const struct {
    const char *name;
    uint32_t code;
} commands[] = {
#define X(name, code, ...) {"VIRTIO_GPU_CMD_" #name, (code)},
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

static const char expected[] =
    "a register (QueueNotify), a field of a queue (q0.used.idx), an address, a word such as "
    "`notification`, a GPU command, a rule's id, FILE:LINE or `step N`";

/* ---- reading ---- */

static bool fail_unknown(struct parser *parser, const char *what, const struct word *word)
{
    char text[SCENARIO_WORD_BYTES];
    const char *words[COUNT(pattern_words) + COUNT(commands)];
    const char *nearest;
    size_t count = 0;

    if (!word_copy(word, text, sizeof text))
        return parse_fail(parser, word, expected, NULL, "%s: unknown place `%.*s`", what,
                          word_shown(word), word->text);
    for (size_t i = 0; i < COUNT(pattern_words); i++)
        words[count++] = pattern_words[i];
    for (size_t i = 0; i < COUNT(commands); i++)
        words[count++] = commands[i].name;
    nearest = scenario_nearest(text, words, count);
    if (nearest == NULL)
        nearest = parse_nearest_place(text);
    return parse_fail(parser, word, expected, nearest, "%s: unknown place `%s`", what, text);
}

/* ADDRESS, ADDRESS..LAST or ADDRESS/BYTES. */
static bool read_range(struct parser *parser, const struct word *word, struct pattern *out)
{
    const char *rest = word->text;
    size_t left = word->bytes, used = 0;
    uint64_t bytes = 0;
    bool good = number_begins(rest, left, &used, &out->low) == NUMBER_GOOD;

    out->scope = PATTERN_RANGE;
    out->high = out->low;
    rest += used;
    left -= used;
    if (good && left > 2 && rest[0] == '.' && rest[1] == '.') {
        good = number_read(rest + 2, left - 2, &out->high) == NUMBER_GOOD;
    } else if (good && left > 1 && rest[0] == '/') {
        good = number_read(rest + 1, left - 1, &bytes) == NUMBER_GOOD;
        if (good && bytes == 0)
            return parse_fail(parser, word, NULL, NULL, "a range of no bytes");
        out->high = out->low + bytes - 1;
    } else {
        good = good && left == 0;
    }
    if (!good)
        return parse_fail(parser, word, "ADDRESS, ADDRESS..LAST or ADDRESS/BYTES", NULL,
                          "`%.*s` is no range of addresses", word_shown(word), word->text);
    if (out->high < out->low)
        return parse_fail(parser, word, NULL, NULL, "the range ends before it begins");
    return true;
}

/* FILE:LINE; false, without a message, when it is none. */
static bool read_source(const struct word *word, struct pattern *out)
{
    const char *colon = memchr(word->text, ':', word->bytes);
    struct word number;
    uint64_t line;

    if (colon == NULL || colon == word->text || (size_t)(colon - word->text) >= sizeof out->file)
        return false;
    number = (struct word){colon + 1, word->bytes - (size_t)(colon + 1 - word->text), 0};
    if (!word_number(&number, &line) || line == 0 || line > UINT32_MAX)
        return false;
    out->scope = PATTERN_SOURCE;
    out->line = (unsigned)line;
    memcpy(out->file, word->text, (size_t)(colon - word->text));
    out->file[colon - word->text] = '\0';
    return true;
}

static bool read_command(const char *text, struct pattern *out)
{
    static const char prefix[] = "VIRTIO_GPU_CMD_";

    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(text, commands[i].name) != 0 &&
            strcmp(text, commands[i].name + strlen(prefix)) != 0)
            continue;
        out->parties = 1u << EVENT_PARTY_DEVICE;
        out->kinds = EVENT_MASK(EVENT_EXECUTE);
        out->has_value = true;
        out->value = commands[i].code;
        return true;
    }
    return false;
}

/* A word of the table, a rule, a command, a source line: what needs no party and no verb. */
static bool read_named(const struct word *word, const char *text, struct pattern *out)
{
    for (size_t i = 0; i < COUNT(pattern_words); i++) {
        if (strcmp(text, pattern_words[i]) != 0)
            continue;
        out->scope = pattern_rows[i].scope;
        out->parties = 1u << pattern_rows[i].party;
        out->kinds = pattern_rows[i].kinds;
        if (out->kinds == 0)
            out->scope = PATTERN_FINDING;
        return true;
    }
    out->rule = rule_by_id(text);
    if (out->rule != NULL) {
        out->scope = PATTERN_FINDING;
        return true;
    }
    return read_command(text, out) || read_source(word, out);
}

static bool read_place(struct parser *parser, const char *what, struct pattern *out)
{
    const struct word *word = parse_next(parser);
    char text[SCENARIO_WORD_BYTES];
    const struct word *value;

    if (isdigit((unsigned char)word->text[0])) {
        if (!read_range(parser, word, out))
            return false;
    } else if (!word_copy(word, text, sizeof text) ||
               parse_place_form(text, &out->event) == PARSE_PLACE_UNKNOWN) {
        return fail_unknown(parser, what, word);
    } else {
        out->scope = parse_is_register(&out->event) ? PATTERN_REGISTER : PATTERN_FIELD;
        if (out->scope == PATTERN_FIELD && out->event.queue >= SIM_QUEUES_MAX)
            return parse_fail(parser, word, "a queue below 4", NULL, "`%s` is out of range", text);
    }
    value = parse_peek(parser);
    if (value == NULL)
        return true;
    if (out->before)
        return parse_fail(parser, value, NULL, NULL, "the value is not known before the access");
    out->has_value = true;
    return parse_number(parser, "a value", 0, UINT64_MAX, &out->value);
}

/* A word of parties or verbs at the front of the line: its row, or -1. */
static int front_word(struct parser *parser, const char *(*name)(unsigned), unsigned count)
{
    const struct word *word = parse_peek(parser);

    for (unsigned i = 0; word != NULL && i < count; i++) {
        if (word_is(word, name(i))) {
            parse_next(parser);
            return (int)i;
        }
    }
    return -1;
}

static const char *party_name(unsigned party)
{
    return event_party_word((enum event_party)party);
}

static const char *kind_name(unsigned kind)
{
    return event_kind_word((enum event_kind)kind);
}

static void keep_text(const struct parser *parser, size_t first, struct pattern *out)
{
    size_t used = 0;

    for (size_t i = first; i < parser->word_count && used < sizeof out->text; i++) {
        int bytes =
            snprintf(out->text + used, sizeof out->text - used, "%s%.*s", i > first ? " " : "",
                     word_shown(&parser->word[i]), parser->word[i].text);
        used += bytes > 0 ? (size_t)bytes : 0;
    }
}

bool pattern_parse(struct parser *parser, const char *what, struct pattern *out)
{
    const struct word *word = parse_need(parser, what, expected);
    size_t first = parser->next;
    char text[SCENARIO_WORD_BYTES];
    int party, kind;

    memset(out, 0, sizeof *out);
    if (word == NULL)
        return false;
    keep_text(parser, first - 1, out);
    if (word_is(word, "before")) {
        out->before = true;
        word = parse_need(parser, what, expected);
        if (word == NULL)
            return false;
    }
    if (word_is(word, "step") && !out->before) {
        out->scope = PATTERN_STEP;
        return parse_number(parser, "a step", 1, UINT64_MAX, &out->low) && parse_end(parser);
    }
    if (word_copy(word, text, sizeof text) && read_named(word, text, out)) {
        if (out->before && (out->kinds == 0 || out->parties == 1u << EVENT_PARTY_WORLD))
            return parse_fail(parser, word, "an access of driver or device", NULL,
                              "nobody knows before that it comes");
        return parse_end(parser);
    }
    parser->next--;
    party = front_word(parser, party_name, EVENT_PARTY_COUNT);
    kind = front_word(parser, kind_name, EVENT_KIND_COUNT);
    out->parties = party >= 0 ? 1u << party : 0;
    out->kinds = kind >= 0 ? EVENT_MASK(kind) : 0;
    if (parse_peek(parser) == NULL) {
        if (kind >= 0)
            return true;
        return parse_fail(parser, NULL, expected, NULL, "%s: a place is missing", what);
    }
    return read_place(parser, what, out) && parse_end(parser);
}

/* ---- matching ---- */

static bool overlaps(const struct event *event, uint64_t low, uint64_t high)
{
    uint64_t bytes = event->width_bytes != 0 ? event->width_bytes : 1;

    return event->addr <= high && event->addr + bytes - 1 >= low;
}

static bool is_memory_access(const struct event *event)
{
    return (EVENT_MASK(event->kind) & (EVENT_MASK(EVENT_LOAD) | EVENT_MASK(EVENT_STORE) |
                                       EVENT_MASK(EVENT_UPDATE) | EVENT_MASK(EVENT_CACHE))) != 0;
}

static bool in_field(const struct pattern *pattern, const struct event *event,
                     const struct sim_device *device)
{
    struct event field = pattern->event;

    if (!is_memory_access(event))
        return false;
    if (event->place == field.place && event->queue == field.queue && event->index == field.index)
        return true;
    if (event->addr == 0 || !place_address(device, &field))
        return false;
    if (field.place == EVENT_PLACE_DESC)
        field.width_bytes = 16;
    else if (field.place == EVENT_PLACE_USED_RING)
        field.width_bytes = 8;
    return overlaps(event, field.addr, field.addr + field.width_bytes - 1);
}

static bool ends_in(const char *path, const char *file)
{
    size_t bytes = strlen(path), tail = strlen(file);

    return bytes >= tail && strcmp(path + bytes - tail, file) == 0 &&
           (bytes == tail || path[bytes - tail - 1] == '/');
}

/* Looked up once a place of the driver. */
static bool at_source(struct pattern *pattern, uintptr_t pc)
{
    size_t slot = (pc ^ pc >> 7) % PATTERN_PLACES;
    struct source_place place;

    if (pc == 0)
        return false;
    if (pattern->looked_up[slot].pc != pc) {
        pattern->looked_up[slot].pc = pc;
        pattern->looked_up[slot].here =
            source_find(pc, &place) &&
            ((place.line == pattern->line && ends_in(place.file, pattern->file)) ||
             (place.inlined_line == pattern->line && place.inlined_line != 0 &&
              ends_in(place.inlined_file, pattern->file)));
    }
    return pattern->looked_up[slot].here;
}

static bool in_scope(struct pattern *pattern, const struct event *event,
                     const struct sim_device *device)
{
    const struct event *wanted = &pattern->event;
    bool is_register = event->kind == EVENT_READ || event->kind == EVENT_WRITE;

    switch (pattern->scope) {
    case PATTERN_ANYWHERE:
        return true;
    case PATTERN_REGISTER:
        if (!is_register || (event->flags & EVENT_OTHER_SLOT) != (wanted->flags & EVENT_OTHER_SLOT))
            return false;
        if ((wanted->flags & EVENT_OTHER_SLOT) != 0 && event->slot != wanted->slot)
            return false;
        return overlaps(event, wanted->addr, wanted->addr);
    case PATTERN_FIELD:
        return in_field(pattern, event, device);
    case PATTERN_RANGE:
        return is_memory_access(event) && overlaps(event, pattern->low, pattern->high);
    case PATTERN_NOTIFY:
        return event->place == EVENT_PLACE_REGISTER && event->index == VIRTIO_MMIO_REG_QueueNotify;
    case PATTERN_AVAIL_IDX:
        return event->place == EVENT_PLACE_AVAIL_IDX;
    case PATTERN_USED_IDX:
        return event->place == EVENT_PLACE_USED_IDX;
    case PATTERN_SOURCE:
        return at_source(pattern, event->pc);
    case PATTERN_STEP:
        return event->step >= pattern->low;
    case PATTERN_FINDING:
        break;
    }
    return false;
}

bool pattern_matches(struct pattern *pattern, const struct event *event,
                     const struct sim_device *device)
{
    if (pattern->parties != 0 && (pattern->parties & (1u << event->party)) == 0)
        return false;
    if (pattern->kinds != 0 && (pattern->kinds & EVENT_MASK(event->kind)) == 0)
        return false;
    if (pattern->has_value && event->value != pattern->value)
        return false;
    return in_scope(pattern, event, device);
}

/* ---- for completion ---- */

const char *pattern_word(size_t index)
{
#define X(name, offset, v1, v2, scope, alias) #name,
    static const char *const registers[] = {VIRTIO_MMIO_REGISTERS(X)};
#undef X
    static const char *const others[] = {"before",       "driver",         "device",
                                         "step",         "until",          "continue",
                                         "q0.avail.idx", "q0.used.idx",    "q0.avail.ring[0]",
                                         "q0.desc[0]",   "q0.used.ring[0]"};
    size_t count = 0;
    const struct rule *rules = rule_table(&count);

    if (index < COUNT(pattern_words))
        return pattern_words[index];
    index -= COUNT(pattern_words);
    if (index < COUNT(registers))
        return registers[index];
    index -= COUNT(registers);
    if (index < COUNT(others))
        return others[index];
    index -= COUNT(others);
    if (index < COUNT(commands))
        return commands[index].name;
    index -= COUNT(commands);
    return index < count ? rules[index].id : NULL;
}
