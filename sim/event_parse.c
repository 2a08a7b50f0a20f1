/*
 * The event's text form: reading it. The grammar is in event_text.h.
 *
 * Not handled: names of memory are not resolved (`addr` is then the offset); `...` for don't-care.
 */
#include "event_text.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include "device.h"
#include "number.h"
#include "virtio/mmio.h"

/* The longest shape has 10 words; step, party, verb, times, verdict and `at FILE:LINE` come around
 * it. */
#define TOKENS_MAX 24u

struct token {
    const char *text;
    size_t length;
};

struct reader {
    const char *line;
    struct token token[TOKENS_MAX];
    size_t count;
    size_t next;
    const char *error;
    const char *error_at;
};

static bool fail_at(struct reader *reader, const char *at, const char *error)
{
    if (reader->error == NULL) {
        reader->error = error;
        reader->error_at = at;
    }
    return false;
}

static const char *next_place(const struct reader *reader)
{
    if (reader->next < reader->count) {
        return reader->token[reader->next].text;
    }
    if (reader->count == 0) {
        return reader->line;
    }
    const struct token *last = &reader->token[reader->count - 1];
    return last->text + last->length;
}

static bool fail(struct reader *reader, const char *error)
{
    return fail_at(reader, next_place(reader), error);
}

static bool token_is(const struct token *token, const char *word)
{
    return strlen(word) == token->length && memcmp(word, token->text, token->length) == 0;
}

static bool starts_with(const struct token *token, const char *prefix)
{
    size_t length = strlen(prefix);
    return token->length >= length && memcmp(token->text, prefix, length) == 0;
}

/* Words are the same in any case and with `_` for `-`. */
static char folded(char c)
{
    return c == '_' ? '-' : (char)tolower((unsigned char)c);
}

static bool same_word(const struct token *token, const char *word)
{
    for (size_t i = 0; i < token->length; i++) {
        if (folded(token->text[i]) != folded(word[i])) {
            return false;
        }
    }
    return word[token->length] == '\0';
}

static bool read_number(const char *text, size_t length, uint64_t *value)
{
    return number_read(text, length, value) == NUMBER_GOOD;
}

static bool set_member(struct event *event, enum event_member member, uint64_t value)
{
    switch (member) {
    case EVENT_MEMBER_VALUE:
        event->value = value;
        return true;
    case EVENT_MEMBER_EXTRA:
        event->extra = value;
        return true;
    case EVENT_MEMBER_ADDR:
        event->addr = value;
        return true;
    case EVENT_MEMBER_WIDTH:
        event->width_bytes = (uint32_t)value;
        return value <= UINT32_MAX;
    case EVENT_MEMBER_INDEX:
        event->index = (uint32_t)value;
        return value <= UINT32_MAX;
    case EVENT_MEMBER_QUEUE:
        event->queue = (uint16_t)value;
        return value <= UINT16_MAX;
    case EVENT_MEMBER_WHERE:
        return true;
    case EVENT_MEMBER_WHY:
    case EVENT_MEMBER_WHOSE:
        event->index = (uint32_t)value;
        return value <= UINT32_MAX;
    }
    assert(false && "unknown member of an event");
    return false;
}

/* ---- places ---- */

/* Takes decimal digits off the front of *at; false when there are none or the number is too large.
 */
static bool take_digits(const char **at, const char *end, uint64_t max, uint64_t *value)
{
    const char *from = *at;
    while (*at < end && isdigit((unsigned char)**at)) {
        (*at)++;
    }
    return read_number(from, (size_t)(*at - from), value) && *value <= max;
}

static bool match_pattern(const struct token *token, const char *pattern, struct event *out)
{
    const char *at = token->text;
    const char *end = token->text + token->length;
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '%') {
            if (at == end || *at != *pattern) {
                return false;
            }
            at++;
            continue;
        }
        pattern++;
        uint64_t value;
        if (!take_digits(&at, end, *pattern == 'q' ? UINT16_MAX : UINT32_MAX, &value)) {
            return false;
        }
        if (*pattern == 'q') {
            out->queue = (uint16_t)value;
        } else {
            out->index = (uint32_t)value;
        }
    }
    return at == end;
}

static bool ring_place(const struct token *token, struct event *out)
{
    for (enum event_place place = EVENT_PLACE_NONE; place < EVENT_PLACE_COUNT; place++) {
        const char *pattern = event_place_pattern(place);
        struct event found = *out;
        if (pattern[0] != '\0' && match_pattern(token, pattern, &found)) {
            found.place = (uint8_t)place;
            *out = found;
            return true;
        }
    }
    return false;
}

/* Splits NAME+0xOFFSET at its last `+`. */
static bool split_offset(const struct token *token, struct token *name, uint64_t *offset)
{
    size_t plus = token->length;
    while (plus > 0 && token->text[plus - 1] != '+') {
        plus--;
    }
    if (plus < 2 || token->length - plus < 3 || memcmp(token->text + plus, "0x", 2) != 0 ||
        !read_number(token->text + plus, token->length - plus, offset)) {
        return false;
    }
    *name = (struct token){token->text, plus - 1};
    return true;
}

static bool memory_place(const struct token *token, struct event *out)
{
    struct token name;
    out->place = EVENT_PLACE_MEMORY;
    return read_number(token->text, token->length, &out->addr) ||
           split_offset(token, &name, &out->addr);
}

static bool register_place(const struct token *token, struct event *out)
{
    struct token name = *token;
    uint64_t offset = 0;
    bool has_offset = split_offset(token, &name, &offset);
    if (has_offset && token_is(&name, "config")) {
        out->place = EVENT_PLACE_CONFIG;
        out->addr = offset + VIRTIO_MMIO_CONFIG;
        return true;
    }
    if (has_offset && token_is(&name, "register")) {
        out->place = EVENT_PLACE_REGISTER_GAP;
        out->addr = offset;
        return true;
    }
    int reg = event_register_by_name(name.text, name.length);
    if (reg < 0) {
        return false;
    }
    out->place = EVENT_PLACE_REGISTER;
    out->index = (uint32_t)reg;
    out->addr = mmio_register_offset(reg) + offset;
    return true;
}

/* Takes /WIDTH off the end of a token, if it is there. */
static bool split_width(struct token *token, uint64_t *width)
{
    size_t slash = token->length;
    while (slash > 0 && isdigit((unsigned char)token->text[slash - 1])) {
        slash--;
    }
    if (slash == 0 || slash == token->length || token->text[slash - 1] != '/' ||
        !read_number(token->text + slash, token->length - slash, width)) {
        return false;
    }
    token->length = slash - 1;
    return true;
}

static bool read_place(struct reader *reader, struct event *out)
{
    struct token token = reader->token[reader->next];
    uint64_t width;
    bool has_width = split_width(&token, &width);
    if (has_width && width > UINT32_MAX) {
        return fail(reader, "the width is too large");
    }
    const char *at = token.text + strlen("slot");
    const char *end = token.text + token.length;
    uint64_t slot;
    if (starts_with(&token, "slot") && take_digits(&at, end, UINT16_MAX, &slot) && at < end &&
        *at == '.') {
        out->slot = (uint16_t)slot;
        out->flags |= EVENT_OTHER_SLOT;
        token = (struct token){at + 1, (size_t)(end - at - 1)};
    }
    if (token_is(&token, "-")) {
        out->place = EVENT_PLACE_NONE;
    } else if (!register_place(&token, out) && !ring_place(&token, out) &&
               !memory_place(&token, out)) {
        return fail(reader, "this is no register, no field of a queue and no memory");
    }
    out->width_bytes =
        has_width ? (uint32_t)width : event_place_width((enum event_place)out->place);
    return true;
}

/* A place in a refusal, which uses `addr` otherwise. */
static bool read_where(struct reader *reader, struct event *out)
{
    struct event place = *out;
    if (!read_place(reader, &place)) {
        return false;
    }
    out->place = place.place;
    out->index = place.index;
    return true;
}

/* ---- lines ---- */

static bool read_word(struct reader *reader, const struct event_words *words, uint64_t *value)
{
    const struct token *token = &reader->token[reader->next];
    for (size_t i = 0; i < words->count; i++) {
        if (same_word(token, words->row[i].word)) {
            *value = words->row[i].value;
            return true;
        }
    }
    return read_number(token->text, token->length, value) ||
           fail(reader, words->count > 0 ? "this is neither a known word nor a number"
                                         : "a number is expected here");
}

static bool read_field(struct reader *reader, struct event_field field, struct event *out)
{
    if (reader->next == reader->count) {
        return fail(reader, "the line ends too soon");
    }
    const struct token *token = &reader->token[reader->next];
    uint64_t value = 0;
    switch (field.notation) {
    case EVENT_NOTATION_PLACE:
        return read_place(reader, out);
    case EVENT_NOTATION_WHERE:
        return read_where(reader, out);
    case EVENT_NOTATION_MEMORY:
        return memory_place(token, out) || fail(reader, "an address in memory is expected here");
    case EVENT_NOTATION_NAME:
        return true;
    case EVENT_NOTATION_QUEUE:
        if (token->text[0] != 'q' || !read_number(token->text + 1, token->length - 1, &value)) {
            return fail(reader, "a queue is expected here, such as q0");
        }
        break;
    case EVENT_NOTATION_NUMBER:
    case EVENT_NOTATION_DECIMAL:
    case EVENT_NOTATION_BARRIER:
    case EVENT_NOTATION_CACHE:
    case EVENT_NOTATION_WAIT:
    case EVENT_NOTATION_RESULT:
    case EVENT_NOTATION_COMMAND:
    case EVENT_NOTATION_RESPONSE:
    case EVENT_NOTATION_INTERRUPT:
    case EVENT_NOTATION_RESET:
    case EVENT_NOTATION_REFUSAL:
    case EVENT_NOTATION_ARENA_FAULT:
    case EVENT_NOTATION_FAULT:
    case EVENT_NOTATION_UNOBSERVED:
    case EVENT_NOTATION_COUNT:
        if (!read_word(reader, event_words(field.notation), &value)) {
            return false;
        }
        break;
    }
    return set_member(out, field.member, value) || fail(reader, "the number is too large here");
}

static bool is_tail(const struct token *token)
{
    return token->text[0] == '!' ||
           (token->length > 1 && token->text[0] == 'x' && isdigit((unsigned char)token->text[1]));
}

/* Is what stands in [ ] there? Tells by its first word, or by there being anything when it has
 * none. */
static bool group_is_there(const struct reader *reader, const char *group)
{
    if (reader->next == reader->count) {
        return false;
    }
    const struct token *token = &reader->token[reader->next];
    while (*group == ' ') {
        group++;
    }
    if (*group == '%') {
        return !is_tail(token);
    }
    size_t length = strcspn(group, " ]");
    return token->length == length && memcmp(token->text, group, length) == 0;
}

static bool read_shape(struct reader *reader, const char *shape, struct event *out)
{
    for (const char *at = shape; *at != '\0'; at++) {
        if (*at == ' ' || *at == ']') {
            continue;
        }
        if (*at == '[') {
            at = group_is_there(reader, at + 1) ? at : strchr(at, ']');
            continue;
        }
        if (*at == '%') {
            at++;
            if (!read_field(reader, event_field(*at), out)) {
                return false;
            }
        } else {
            size_t length = strcspn(at, " ]");
            if (reader->next == reader->count || reader->token[reader->next].length != length ||
                memcmp(reader->token[reader->next].text, at, length) != 0) {
                return fail(reader, "a word is missing or misspelt");
            }
            at += length - 1;
        }
        reader->next++;
    }
    return true;
}

static bool read_tail(struct reader *reader, struct event *out)
{
    for (; reader->next < reader->count; reader->next++) {
        const struct token *token = &reader->token[reader->next];
        uint64_t times;
        if (!is_tail(token)) {
            return fail(reader, "the line should have ended here");
        }
        if (token->text[0] == 'x') {
            if (!read_number(token->text + 1, token->length - 1, &times) || times == 0 ||
                times - 1 > UINT32_MAX) {
                return fail(reader, "no such number of times");
            }
            out->repeat = (uint32_t)(times - 1);
            continue;
        }
        const struct token word = {token->text + 1, token->length - 1};
        enum event_verdict verdict = EVENT_VERDICT_OK;
        while (verdict < EVENT_VERDICT_COUNT && !same_word(&word, event_verdict_word(verdict))) {
            verdict++;
        }
        if (verdict == EVENT_VERDICT_COUNT) {
            return fail(reader, "no such verdict");
        }
        out->verdict = (uint8_t)verdict;
    }
    return true;
}

static bool read_party_and_kind(struct reader *reader, struct event *out)
{
    enum event_party party = EVENT_PARTY_DRIVER;
    enum event_kind kind = EVENT_READ;
    while (party < EVENT_PARTY_COUNT &&
           (reader->next == reader->count ||
            !token_is(&reader->token[reader->next], event_party_word(party)))) {
        party++;
    }
    if (party == EVENT_PARTY_COUNT) {
        return fail(reader, "a party is expected here: driver, device, memory, clock or world");
    }
    reader->next++;
    while (kind < EVENT_KIND_COUNT &&
           (reader->next == reader->count ||
            !token_is(&reader->token[reader->next], event_kind_word(kind)))) {
        kind++;
    }
    if (kind == EVENT_KIND_COUNT) {
        return fail(reader, "an event's verb is expected here, such as read, write or barrier");
    }
    reader->next++;
    out->party = (uint8_t)party;
    out->kind = (uint8_t)kind;
    return true;
}

/* Splits at white space; leaves out the ` at FILE:LINE` that readers with debug information add. */
static bool split_line(struct reader *reader)
{
    const char *at = reader->line;
    for (;;) {
        at += strspn(at, " \t\r\n");
        size_t length = strcspn(at, " \t\r\n");
        if (length == 0) {
            break;
        }
        if (reader->count == TOKENS_MAX) {
            return fail_at(reader, at, "the line has too many words for an event");
        }
        reader->token[reader->count++] = (struct token){at, length};
        at += length;
    }
    if (reader->count >= 2) {
        const struct token *last = &reader->token[reader->count - 1];
        if (memchr(last->text, ':', last->length) != NULL && token_is(last - 1, "at")) {
            reader->count -= 2;
        }
    }
    return true;
}

static bool read_line(struct reader *reader, struct event *out)
{
    if (!split_line(reader)) {
        return false;
    }
    if (reader->count > 0 &&
        read_number(reader->token[0].text, reader->token[0].length, &out->step)) {
        reader->next++;
    }
    if (!read_party_and_kind(reader, out) ||
        !read_shape(reader, event_shape((enum event_kind)out->kind), out) ||
        !read_tail(reader, out)) {
        return false;
    }
    if (out->kind == EVENT_CALL) {
        out->index = (uint32_t)out->value;
    }
    return true;
}

bool event_parse(const char *line, struct event *out, const char **error, size_t *error_column)
{
    struct reader reader = {.line = line};
    *out = (struct event){0};
    if (read_line(&reader, out)) {
        return true;
    }
    *error = reader.error;
    *error_column = (size_t)(reader.error_at - line) + 1;
    return false;
}
