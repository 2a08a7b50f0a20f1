/*
 * The event's text form: writing it. The grammar is in event_text.h, reading in event_parse.c.
 *
 * A trace is millions of such lines, so nothing here goes through printf.
 */
#include "event_text.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include "device.h"
#include "virtio/mmio.h"

#define NAME_BYTES_MAX 96u

/* What does not fit is dropped. */
struct text {
    char *at;
    char *end; /* room for the terminator is behind it */
};

static void put_char(struct text *text, char c)
{
    if (text->at < text->end) {
        *text->at++ = c;
    }
}

static void put_bytes(struct text *text, const char *bytes, size_t length)
{
    size_t room = (size_t)(text->end - text->at);
    length = length < room ? length : room;
    memcpy(text->at, bytes, length);
    text->at += length;
}

static void put_string(struct text *text, const char *string)
{
    put_bytes(text, string, strlen(string));
}

static void put_decimal(struct text *text, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put_bytes(text, digits + at, sizeof digits - at);
}

static void put_hex(struct text *text, uint64_t value)
{
    char digits[16];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % 16];
        value /= 16;
    } while (value != 0);
    put_string(text, "0x");
    put_bytes(text, digits + at, sizeof digits - at);
}

static void put_number(struct text *text, uint64_t value)
{
    if (value < 10) {
        put_char(text, (char)('0' + value));
    } else {
        put_hex(text, value);
    }
}

static void put_offset(struct text *text, const char *name, uint64_t offset)
{
    put_string(text, name);
    put_char(text, '+');
    put_hex(text, offset);
}

/* ---- names of memory ---- */

struct namer {
    event_namer name;
    const void *context;
};

/*
 * Gets `NAME+0xOFFSET` of an address as one token. Returns the length of NAME, or 0 when the
 * address has none.
 */
static size_t name_memory(const struct namer *namer, uint64_t addr, char name[NAME_BYTES_MAX])
{
    if (namer->name == NULL) {
        return 0;
    }
    name[0] = '\0';
    namer->name(namer->context, addr, name, NAME_BYTES_MAX);
    const char *plus = NULL;
    for (char *at = name; *at != '\0'; at++) {
        if (*at == '+') {
            plus = at;
        } else if (isspace((unsigned char)*at) || iscntrl((unsigned char)*at)) {
            *at = '-';
        }
    }
    return plus != NULL && strncmp(plus, "+0x", 3) == 0 ? (size_t)(plus - name) : 0;
}

static void put_memory(struct text *text, uint64_t addr, const struct namer *namer)
{
    char name[NAME_BYTES_MAX];
    size_t length = name_memory(namer, addr, name);
    if (length == 0) {
        put_hex(text, addr);
        return;
    }
    if (event_name_is_taken(name, length)) {
        put_char(text, '@');
    }
    put_string(text, name);
}

static void put_name(struct text *text, uint64_t addr, const struct namer *namer)
{
    static const char freed[] = "freed-";
    char name[NAME_BYTES_MAX];
    size_t length = name_memory(namer, addr, name);
    const char *at = name;
    if (length > strlen(freed) && strncmp(name, freed, strlen(freed)) == 0) {
        at += strlen(freed);
        length -= strlen(freed);
    }
    if (length == 0) {
        put_char(text, '-');
    } else {
        put_bytes(text, at, length);
    }
}

/* ---- places ---- */

static void put_pattern(struct text *text, const char *pattern, const struct event *event)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at != '%') {
            put_char(text, *at);
        } else {
            at++;
            put_decimal(text, *at == 'q' ? event->queue : event->index);
        }
    }
}

static void put_register(struct text *text, const struct event *event)
{
    if (event->index >= VIRTIO_MMIO_REG_COUNT) {
        put_offset(text, "register", event->addr);
        return;
    }
    uint64_t inside = event->addr - mmio_register_offset((int)event->index);
    if (event->addr == 0 || inside == 0) {
        put_string(text, mmio_register_name((int)event->index));
    } else {
        put_offset(text, mmio_register_name((int)event->index), inside);
    }
}

static void put_place(struct text *text, const struct event *event, const struct namer *namer)
{
    enum event_place place = (enum event_place)event->place;
    if ((event->flags & EVENT_OTHER_SLOT) != 0) {
        put_string(text, "slot");
        put_decimal(text, event->slot);
        put_char(text, '.');
    }
    if (place == EVENT_PLACE_NONE) {
        put_char(text, '-');
    } else if (place == EVENT_PLACE_REGISTER) {
        put_register(text, event);
    } else if (place == EVENT_PLACE_REGISTER_GAP) {
        put_offset(text, "register", event->addr);
    } else if (place == EVENT_PLACE_CONFIG) {
        put_offset(text, "config", event->addr - VIRTIO_MMIO_CONFIG);
    } else if (place == EVENT_PLACE_MEMORY) {
        put_memory(text, event->addr, namer);
    } else {
        put_pattern(text, event_place_pattern(place), event);
    }
}

/* In a refusal `addr` is no address of the place. */
static void put_where(struct text *text, const struct event *event)
{
    const struct namer nobody = {NULL, NULL};
    struct event plain = *event;
    plain.addr = event->place == EVENT_PLACE_CONFIG ? VIRTIO_MMIO_CONFIG : 0;
    plain.flags = 0;
    put_place(text, &plain, &nobody);
}

static void put_place_and_width(struct text *text, const struct event *event,
                                const struct namer *namer)
{
    put_place(text, event, namer);
    if (event->width_bytes != event_place_width((enum event_place)event->place)) {
        put_char(text, '/');
        put_decimal(text, event->width_bytes);
    }
}

/* ---- lines ---- */

static void put_word(struct text *text, const struct event_words *words, uint64_t value)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->row[i].value != value) {
            continue;
        }
        if (!words->hyphened) {
            put_string(text, words->row[i].word);
            return;
        }
        for (const char *at = words->row[i].word; *at != '\0'; at++) {
            put_char(text, *at == '_' ? '-' : (char)tolower((unsigned char)*at));
        }
        return;
    }
    put_number(text, value);
}

static void put_field(struct text *text, struct event_field field, const struct event *event,
                      const struct namer *namer)
{
    uint64_t value = event_member_get(event, field.member);
    switch (field.notation) {
    case EVENT_NOTATION_PLACE:
        put_place_and_width(text, event, namer);
        return;
    case EVENT_NOTATION_WHERE:
        put_where(text, event);
        return;
    case EVENT_NOTATION_MEMORY:
        put_memory(text, value, namer);
        return;
    case EVENT_NOTATION_NAME:
        put_name(text, value, namer);
        return;
    case EVENT_NOTATION_NUMBER:
        put_number(text, value);
        return;
    case EVENT_NOTATION_DECIMAL:
        put_decimal(text, value);
        return;
    case EVENT_NOTATION_QUEUE:
        put_char(text, 'q');
        put_decimal(text, value);
        return;
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
        put_word(text, event_words(field.notation), value);
        return;
    }
}

static void put_shape(struct text *text, const struct event *event, const struct namer *namer)
{
    const char *shape = event_shape((enum event_kind)event->kind);
    if (shape[0] != '[' && shape[0] != '\0') {
        put_char(text, ' ');
    }
    for (const char *at = shape; *at != '\0'; at++) {
        if (*at == '[') {
            struct event_field first = event_field(strchr(at, '%')[1]);
            if (event_member_get(event, first.member) == 0) {
                at = strchr(at, ']');
            }
        } else if (*at == '%') {
            at++;
            put_field(text, event_field(*at), event, namer);
        } else if (*at != ']') {
            put_char(text, *at);
        }
    }
}

size_t event_format(const struct event *event, event_namer namer, const void *namer_context,
                    char *out, size_t out_bytes)
{
    assert(out_bytes > 0);
    const struct namer names = {namer, namer_context};
    struct text text = {out, out + out_bytes - 1};
    if (event->step != 0) {
        put_decimal(&text, event->step);
        put_char(&text, ' ');
    }
    put_string(&text, event_party_word((enum event_party)event->party));
    put_char(&text, ' ');
    put_string(&text, event_kind_word((enum event_kind)event->kind));
    put_shape(&text, event, &names);
    if (event->repeat != 0) {
        put_string(&text, " x");
        put_decimal(&text, (uint64_t)event->repeat + 1);
    }
    if (event->verdict != EVENT_VERDICT_OK) {
        put_string(&text, " !");
        put_string(&text, event_verdict_word((enum event_verdict)event->verdict));
    }
    *text.at = '\0';
    return (size_t)(text.at - out);
}

size_t event_format_place(const struct event *event, event_namer namer, const void *namer_context,
                          char *out, size_t out_bytes)
{
    assert(out_bytes > 0);
    const struct namer names = {namer, namer_context};
    struct text text = {out, out + out_bytes - 1};
    put_place(&text, event, &names);
    *text.at = '\0';
    return (size_t)(text.at - out);
}

/* ---- words ---- */

const char *event_party_word(enum event_party party)
{
    static const char *const words[] = {
#define X(name, word) [EVENT_PARTY_##name] = word,
        EVENT_PARTIES(X)
#undef X
    };
    assert((size_t)party < EVENT_PARTY_COUNT);
    return words[party];
}

const char *event_kind_word(enum event_kind kind)
{
    static const char *const words[] = {
#define X(name, word, value) [EVENT_##name] = word,
        EVENT_KINDS(X)
#undef X
    };
    assert((size_t)kind < EVENT_KIND_COUNT);
    return words[kind];
}

const char *event_verdict_word(enum event_verdict verdict)
{
    static const char *const words[] = {
#define X(name, word) [EVENT_VERDICT_##name] = word,
        EVENT_VERDICTS(X)
#undef X
    };
    assert((size_t)verdict < EVENT_VERDICT_COUNT);
    return words[verdict];
}

const char *event_barrier_word(enum event_barrier barrier)
{
    static const char *const words[] = {
#define X(name, word) [EVENT_BARRIER_##name] = word,
        EVENT_BARRIERS(X)
#undef X
    };
    assert((size_t)barrier < EVENT_BARRIER_COUNT);
    return words[barrier];
}
