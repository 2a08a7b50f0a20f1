/*
 * Scenario verbs that hold a run up and let it go on (pause, step, continue, hold, release), and
 * lines of a trace, which are lines of a scenario, too.
 */
#include "scenario_parse.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX UINT32_MAX

/* ---- pauses ---- */

bool parse_pause(struct parser *parser)
{
    struct scenario *scenario = parser->scenario;
    if (scenario->driver[0] == '\0') {
        return parse_fail(parser, &parser->word[0], "a line `driver NAME`", NULL,
                          "there is no driver to pause");
    }
    struct scenario_action *action = parse_new_action(parser, SCENARIO_PAUSE);
    if (!action) {
        return false;
    }
    if (scenario->pattern_count == SCENARIO_PAUSES_MAX) {
        return parse_fail(parser, &parser->word[0], NULL, NULL, "more than %u pauses",
                          SCENARIO_PAUSES_MAX);
    }
    if (parser->pause_line == 0) {
        parser->pause_line = parser->line_number;
        parser->pause_called = false;
    } else if (!parser->pause_called) {
        return parse_fail(parser, &parser->word[0], "the call that it is about", NULL,
                          "a second `pause`; the first is line %u", parser->pause_line);
    }
    action->pattern = scenario->pattern_count++;
    return pattern_parse(parser, "a pause", &scenario->pattern[action->pattern]);
}

/* The driver stands still in the middle of a call. */
static bool in_pause(const struct parser *parser)
{
    return parser->pause_line != 0 && parser->pause_called;
}

bool parse_continue(struct parser *parser)
{
    if (!in_pause(parser)) {
        return parse_fail(parser, &parser->word[0], "`pause` and `call` before it", NULL,
                          "nothing stands still here");
    }
    parser->pause_line = 0;
    return parse_new_action(parser, SCENARIO_CONTINUE) && parse_end(parser);
}

bool parse_step(struct parser *parser)
{
    static const char *const parties[] = {"driver", "device"};
    struct scenario_action *action = parse_new_action(parser, SCENARIO_STEP);
    if (!action) {
        return false;
    }
    action->count = 1;
    action->party = EVENT_PARTY_COUNT;
    const struct word *word = parse_peek(parser);
    if (word && !isdigit((unsigned char)word->text[0])) {
        int row = parse_choice(parser, "party", parties, 2);
        if (row < 0) {
            return false;
        }
        action->party = row == 0 ? EVENT_PARTY_DRIVER : EVENT_PARTY_DEVICE;
    }
    if (action->party != EVENT_PARTY_DEVICE && !in_pause(parser)) {
        return parse_fail(parser, &parser->word[0], "`step device`, or a `pause` before the call",
                          NULL, "the driver does not stand still in the middle of a call here");
    }
    return (!parse_peek(parser) ||
            parse_number(parser, "a number of steps", 1, STEPS_MAX, &action->count)) &&
           parse_end(parser);
}

bool parse_hold(struct parser *parser)
{
    return parse_new_action(parser, SCENARIO_HOLD) && parse_end(parser);
}

bool parse_release(struct parser *parser)
{
    return parse_new_action(parser, SCENARIO_RELEASE) && parse_end(parser);
}

bool parse_pauses_end(struct parser *parser, const struct word *at)
{
    if (parser->pause_line == 0) {
        return true;
    }
    return parse_fail(parser, at, parser->pause_called ? "`continue`" : "a call", NULL,
                      "the pause of line %u has no end", parser->pause_line);
}

/* ---- lines of a trace ---- */

/* `63 driver write QueueReady 1`, `device load q0.avail.idx 1`; not `device gpu version 2`. */
bool parse_is_event(const struct parser *parser)
{
    uint64_t step;
    if (word_number(&parser->word[0], &step)) {
        return true;
    }
    bool party = false;
    for (unsigned i = 0; i < EVENT_PARTY_COUNT; i++) {
        party |= word_is(&parser->word[0], event_party_word((enum event_party)i));
    }
    /* A driver may be called `foreign` or `relax`. */
    bool names = parser->word_count == 2 && word_is(&parser->word[0], "driver") &&
                 parser->scenario->driver_line == 0 && parser->scenario->action_count == 0;
    for (unsigned i = 0; party && !names && parser->word_count > 1 && i < EVENT_KIND_COUNT; i++) {
        if (word_is(&parser->word[1], event_kind_word((enum event_kind)i))) {
            return true;
        }
    }
    return false;
}

/* The line without number, comment and ` at FILE:LINE`; words apart by one space. */
static bool trace_text(const struct parser *parser, size_t first, char *out, size_t out_bytes)
{
    size_t count = parser->word_count;
    size_t used = 0;
    if (count >= first + 4 && word_is(&parser->word[count - 2], "at") &&
        memchr(parser->word[count - 1].text, ':', parser->word[count - 1].bytes)) {
        count -= 2;
    }
    for (size_t i = first; i < count; i++) {
        size_t bytes = parser->word[i].bytes;
        if (used + bytes + 2 > out_bytes) {
            return false;
        }
        if (i > first) {
            out[used++] = ' ';
        }
        memcpy(out + used, parser->word[i].text, bytes);
        used += bytes;
    }
    out[used] = '\0';
    return true;
}

/* Reads `text` as an event, unless it has parts that are left open. */
static bool read_event(struct parser *parser, size_t first, const char *text, struct event *out)
{
    const char *error = NULL;
    size_t column = 0;
    const char *open = strstr(text, "...");
    char closed[EVENT_TEXT_BYTES];
    if (open && open[3] == '\0' && parser->scenario->driver[0] == '\0') {
        /* What the driver reads here may be anything, but it is to read. */
        snprintf(closed, sizeof closed, "%.*s0", (int)(open - text), text);
        if (event_parse(closed, out, &error, &column) && out->party == EVENT_PARTY_DRIVER) {
            return true;
        }
    }
    if (open) {
        memset(out, 0, sizeof *out);
        out->kind = EVENT_KIND_COUNT;
        return true;
    }
    if (event_parse(text, out, &error, &column)) {
        return true;
    }
    /* From a column of `text` to the word that it lies in. */
    size_t at = 0, index = first;
    for (; index < parser->word_count; index++) {
        at += parser->word[index].bytes + 1;
        if (column <= at) {
            break;
        }
    }
    return parse_fail(parser, index < parser->word_count ? &parser->word[index] : NULL, NULL, NULL,
                      "this is no line of a trace: %s", error);
}

/* In a scenario without a driver, the driver's lines are played: as what action? -1 = as none. */
static int played_as(const struct scenario *scenario, const struct event *event)
{
    static const struct {
        enum event_kind kind;
        enum scenario_action_kind action;
    } played[] = {{EVENT_READ, SCENARIO_READ},    {EVENT_WRITE, SCENARIO_WRITE},
                  {EVENT_STORE, SCENARIO_STORE},  {EVENT_ALLOC, SCENARIO_ALLOC},
                  {EVENT_FREE, SCENARIO_FREE},    {EVENT_LOAD, SCENARIO_LOAD},
                  {EVENT_BARRIER, SCENARIO_PLAY}, {EVENT_CACHE, SCENARIO_PLAY},
                  {EVENT_RELAX, SCENARIO_PLAY}};
    if (scenario->driver[0] != '\0' || event->party != EVENT_PARTY_DRIVER) {
        return -1;
    }
    for (size_t i = 0; i < sizeof played / sizeof played[0]; i++) {
        if (event->kind == played[i].kind) {
            return (int)played[i].action;
        }
    }
    return -1;
}

/* The name of an allocation or of memory, as the trace has it. */
static void keep_name(struct parser *parser, size_t at, struct scenario_action *action)
{
    const struct word *word = &parser->word[at];
    struct word name = *word;
    const char *plus = memrchr(word->text, '+', word->bytes);
    if (word->text[0] == '@') {
        name.text++;
        name.bytes--;
    }
    if (plus) {
        name.bytes = (size_t)(plus - name.text);
    }
    if (isdigit((unsigned char)word->text[0]) ||
        !word_copy(&name, action->name, sizeof action->name)) {
        action->name[0] = '\0';
    }
}

static bool play_event(struct parser *parser, size_t first, const struct event *event, int kind)
{
    if (parser->scenario->device_line == 0) {
        return parse_fail(parser, &parser->word[0], "a line `device gpu` before the first action",
                          NULL, "there is no device");
    }
    struct scenario_action *action = parse_new_action(parser, (enum scenario_action_kind)kind);
    if (!action) {
        return false;
    }
    action->event = *event;
    action->event.step = 0;
    action->event.verdict = EVENT_VERDICT_OK;
    if ((event->flags & EVENT_OTHER_SLOT) == 0) {
        action->event.slot = (uint16_t)parser->scenario->device.slot;
    }
    if (event->place == EVENT_PLACE_MEMORY && first + 2 < parser->word_count) {
        keep_name(parser, first + (kind == SCENARIO_PLAY && event->kind == EVENT_CACHE ? 3 : 2),
                  action);
    }
    if (kind == SCENARIO_ALLOC || kind == SCENARIO_FREE) {
        keep_name(parser, first + 2, action);
        action->event.place = EVENT_PLACE_MEMORY;
    }
    return true;
}

bool parse_event_line(struct parser *parser)
{
    struct scenario *scenario = parser->scenario;
    struct scenario_traced *line;
    uint64_t step = 0;
    size_t first = word_number(&parser->word[0], &step) ? 1 : 0;
    struct event event;
    if (!scenario->traced) {
        scenario->traced = calloc(SCENARIO_LINES_MAX, sizeof *scenario->traced);
        if (!scenario->traced) {
            return parse_fail(parser, &parser->word[0], NULL, NULL, "out of memory");
        }
    }
    line = &scenario->traced[scenario->traced_count++];
    line->line = parser->line_number;
    line->step = step;
    if (parser->word_count == first) {
        return parse_fail(parser, NULL, "a line of a trace, as `63 driver write QueueReady 1`",
                          NULL, "an event is missing");
    }
    if (first == 1 && step == 0) {
        return parse_fail(parser, &parser->word[0], NULL, NULL, "steps are counted from 1");
    }
    if (!trace_text(parser, first, line->text, sizeof line->text)) {
        return parse_fail(parser, &parser->word[0], NULL, NULL,
                          "the line is too long for an event");
    }
    if (!read_event(parser, first, line->text, &event)) {
        return false;
    }
    int kind = event.kind == EVENT_KIND_COUNT ? -1 : played_as(scenario, &event);
    return kind < 0 || play_event(parser, first, &event, kind);
}
