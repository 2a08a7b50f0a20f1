/*
 * Places in a scenario: registers and fields of queues, in the notation of event.h.
 */
#include "scenario_parse.h"
#include <ctype.h>
#include <string.h>
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define REGISTER_WIDTH_BYTES 4u

/* The width of a field of a queue; 0 for what is no field, or not the driver's to name. */
static uint32_t place_width_bytes(enum event_place place)
{
    switch (place) {
    case EVENT_PLACE_DESC_ADDR:
        return 8;
    case EVENT_PLACE_DESC_LEN:
    case EVENT_PLACE_USED_RING_ID:
    case EVENT_PLACE_USED_RING_LEN:
        return 4;
    case EVENT_PLACE_DESC_FLAGS:
    case EVENT_PLACE_DESC_NEXT:
    case EVENT_PLACE_AVAIL_FLAGS:
    case EVENT_PLACE_AVAIL_IDX:
    case EVENT_PLACE_AVAIL_RING:
    case EVENT_PLACE_USED_EVENT:
    case EVENT_PLACE_USED_FLAGS:
    case EVENT_PLACE_USED_IDX:
    case EVENT_PLACE_AVAIL_EVENT:
        return 2;
    case EVENT_PLACE_REGISTER:
    case EVENT_PLACE_REGISTER_GAP:
    case EVENT_PLACE_CONFIG:
        return REGISTER_WIDTH_BYTES;
    case EVENT_PLACE_NONE:
    case EVENT_PLACE_MEMORY:
    case EVENT_PLACE_DESC:
    case EVENT_PLACE_USED_RING:
    case EVENT_PLACE_INDIRECT:
    case EVENT_PLACE_REQUEST:
    case EVENT_PLACE_RESPONSE:
    case EVENT_PLACE_BACKING:
    case EVENT_PLACE_COUNT:
        break;
    }
    return 0;
}

bool parse_is_register(const struct event *event)
{
    return event->place == EVENT_PLACE_REGISTER || event->place == EVENT_PLACE_REGISTER_GAP ||
           event->place == EVENT_PLACE_CONFIG;
}

#define X(name, text) text,
static const char *const place_texts[] = {EVENT_PLACES(X)};
#undef X
#define X(name, offset, v1, v2, scope, alias) #name,
static const char *const register_names[] = {VIRTIO_MMIO_REGISTERS(X)};
#undef X

/* One place of the table with the numbers of a mistyped word put in. */
static void place_candidate(const char *text, unsigned queue, unsigned index,
                            char out[SCENARIO_WORD_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; text[i] && used + 12 < SCENARIO_WORD_BYTES; i++) {
        if (text[i] != '%') {
            out[used++] = text[i];
            continue;
        }
        i++;
        used += (size_t)snprintf(out + used, SCENARIO_WORD_BYTES - used, "%u",
                                 text[i] == 'q' ? queue : index);
    }
    out[used] = '\0';
}

/* The place that was probably meant. The answer lives until the next call. */
const char *parse_nearest_place(const char *text)
{
    static char candidate[COUNT(place_texts)][SCENARIO_WORD_BYTES];
    const char *words[COUNT(place_texts) + COUNT(register_names)];
    unsigned number[2] = {0, 0}; /* the first is the queue, the second the index */
    size_t numbers = 0;
    for (size_t i = 0; text[i] && numbers < COUNT(number); i++) {
        if (isdigit((unsigned char)text[i])) {
            for (; isdigit((unsigned char)text[i]) && number[numbers] < 100000; i++) {
                number[numbers] = number[numbers] * 10 + (unsigned)(text[i] - '0');
            }
            numbers++;
            i--;
        }
    }
    size_t count = 0;
    for (size_t i = 0; i < COUNT(place_texts); i++) {
        if (place_texts[i][0] == 'q') {
            place_candidate(place_texts[i], number[0], number[1], candidate[i]);
            words[count++] = candidate[i];
        }
    }
    for (size_t i = 0; i < COUNT(register_names); i++) {
        words[count++] = register_names[i];
    }
    return scenario_nearest(text, words, count);
}

static const char place_expected[] =
    "a register (QueueSel, config+0x8) or a field of a queue (q0.avail.idx)";

/* What a text names: a register or a field, a structure as a whole, or nothing. No message. */
enum parse_place_form parse_place_form(const char *text, struct event *out)
{
    memset(out, 0, sizeof *out);
    int reg = mmio_register_by_name(text);
    if (reg >= 0) {
        out->place = EVENT_PLACE_REGISTER;
        out->index = (uint32_t)reg;
        out->addr = mmio_register_offset(reg);
        return PARSE_PLACE_FIELD;
    }
    char line[SCENARIO_WORD_BYTES + 32];
    const char *error = NULL;
    size_t error_column = 0;
    snprintf(line, sizeof line, "driver write %s 0", text);
    if (!event_parse(line, out, &error, &error_column) || out->place == EVENT_PLACE_NONE ||
        out->place == EVENT_PLACE_MEMORY) {
        return PARSE_PLACE_UNKNOWN;
    }
    return place_width_bytes((enum event_place)out->place) ? PARSE_PLACE_FIELD : PARSE_PLACE_WHOLE;
}

bool parse_place(struct parser *parser, const struct word *word, struct event *out)
{
    char text[SCENARIO_WORD_BYTES];
    if (!word) {
        return parse_fail(parser, NULL, place_expected, NULL, "a place is missing");
    }
    bool fits = word_copy(word, text, sizeof text);
    enum parse_place_form form = fits ? parse_place_form(text, out) : PARSE_PLACE_UNKNOWN;
    if (form == PARSE_PLACE_UNKNOWN) {
        return parse_fail(parser, word, place_expected, fits ? parse_nearest_place(text) : NULL,
                          "unknown place `%.*s`", word_shown(word), word->text);
    }
    if (form == PARSE_PLACE_WHOLE) {
        return parse_fail(parser, word, "a field of it", NULL, "`%s` is more than one field", text);
    }
    bool in_queue = !parse_is_register(out);
    if (in_queue && (out->queue >= SIM_QUEUES_MAX || out->index >= VIRTQ_SIZE_MAX)) {
        return parse_fail(parser, word, "a queue below 4 and an index below 32768", NULL,
                          "`%s` is out of range", text);
    }
    _Static_assert(SIM_QUEUES_MAX == 4 && VIRTQ_SIZE_MAX == 32768, "the message names the limits");
    out->party = EVENT_PARTY_DRIVER;
    out->step = 0;
    if (out->width_bytes == 0) {
        out->width_bytes = place_width_bytes((enum event_place)out->place);
    }
    if (out->width_bytes != 1 && out->width_bytes != 2 && out->width_bytes != 4 &&
        out->width_bytes != 8) {
        return parse_fail(parser, word, "1, 2, 4 or 8", NULL, "`%s` has no width of an access",
                          text);
    }
    if (!in_queue && (out->flags & EVENT_OTHER_SLOT) == 0) {
        out->slot = (uint16_t)parser->scenario->device.slot;
    }
    return true;
}

uint64_t parse_width_max(uint32_t width_bytes)
{
    return width_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width_bytes)) - 1;
}
