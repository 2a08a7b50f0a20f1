/*
 * Scenario verbs that act (call, read, write, load, store, alloc, free, interrupt, wait, return),
 * and those that say what is expected of the run (expect, replay).
 */
#include "scenario_parse.h"
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "target.h"
#include "virtio/gpu.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ALLOC_ALIGN_BYTES 4096u /* of the arena */

/* ---- actions ---- */

struct scenario_action *parse_new_action(struct parser *parser, enum scenario_action_kind kind)
{
    struct scenario *scenario = parser->scenario;
    if (scenario->action_count == SCENARIO_ACTIONS_MAX) {
        parse_fail(parser, &parser->word[0], NULL, NULL, "more than %u actions",
                   SCENARIO_ACTIONS_MAX);
        return NULL;
    }
    struct scenario_action *action = &scenario->action[scenario->action_count++];
    action->kind = kind;
    action->line = parser->line_number;
    action->name_column = parser->word[0].column;
    return action;
}

/* Takes `->` if it is the next word; a word that begins so is a slip of the keyboard. */
bool parse_arrow(struct parser *parser, bool *arrow)
{
    const struct word *word = parse_peek(parser);
    *arrow = word_is(word, "->");
    if (*arrow) {
        parse_next(parser);
        return true;
    }
    if (word && word->bytes > 2 && memcmp(word->text, "->", 2) == 0) {
        return parse_fail(parser, word, "a space after `->`", NULL, "`%.*s` is one word",
                          word_shown(word), word->text);
    }
    return true;
}

#define X(name, meaning) #name,
static const char *const results[] = {SUITE_RESULTS(X) "...", "RUNNING"};
#undef X

const char *scenario_result_word(int result)
{
    if (result == SCENARIO_RUNNING) {
        return "RUNNING";
    }
    return result >= 0 && result < SUITE_RESULT_COUNT ? results[result] : NULL;
}

int parse_suite_result(struct parser *parser)
{
    return parse_choice(parser, "result", results, SUITE_RESULT_COUNT);
}

bool parse_call(struct parser *parser)
{
    if (parser->pause_line != 0 && parser->pause_called) {
        return parse_pauses_end(parser, &parser->word[0]);
    }
    struct scenario_action *action = parse_new_action(parser, SCENARIO_CALL);
    if (!action) {
        return false;
    }
    parser->pause_called = parser->pause_line != 0;
    if (parser->scenario->driver[0] == '\0') {
        return parse_fail(parser, &parser->word[0], "a line `driver NAME` before the first call",
                          NULL, "there is no driver to call");
    }
    const struct word *word =
        parse_need(parser, "the operation's name", "NAME [argument]... [-> RESULT]");
    if (!word || !parse_name(parser, word, "an operation's name", action->name)) {
        return false;
    }
    action->name_column = word->column;
    action->result = SUITE_OK;
    bool arrow = false;
    while (parse_arrow(parser, &arrow) && !arrow && parse_peek(parser)) {
        if (action->args.count == SUITE_ARGS_MAX) {
            return parse_fail(parser, parse_peek(parser), NULL, NULL, "more than %d arguments",
                              SUITE_ARGS_MAX);
        }
        if (!parse_number(parser, "an argument", 0, UINT64_MAX,
                          &action->args.value[action->args.count])) {
            return false;
        }
        action->args.count++;
    }
    if (arrow) {
        int result = parse_choice(parser, "result", results, COUNT(results));
        if (result < 0) {
            return false;
        }
        action->result = result < SUITE_RESULT_COUNT    ? result
                         : result == SUITE_RESULT_COUNT ? -1
                                                        : SCENARIO_RUNNING;
    }
    return !parser->failed && parse_end(parser);
}

/* `-> VALUE`, `-> ...` or nothing, and the end of the line */
static bool parse_expected_value(struct parser *parser, struct scenario_action *action)
{
    bool arrow = false;
    if (!parse_arrow(parser, &arrow) || !arrow) {
        return !parser->failed && parse_end(parser);
    }
    if (word_is(parse_peek(parser), "...")) {
        parse_next(parser);
        return parse_end(parser);
    }
    action->check_value = true;
    return parse_number(parser, "a value", 0, parse_width_max(action->event.width_bytes),
                        &action->event.value) &&
           parse_end(parser);
}

bool parse_read(struct parser *parser)
{
    struct scenario_action *action = parse_new_action(parser, SCENARIO_READ);
    const struct word *word = parse_next(parser);
    if (!action || !parse_place(parser, word, &action->event)) {
        return false;
    }
    action->event.kind = EVENT_READ;
    if (!parse_is_register(&action->event)) {
        return parse_fail(parser, word, "a register", NULL,
                          "`%.*s` lies in memory, and only registers can be read", word_shown(word),
                          word->text);
    }
    return parse_expected_value(parser, action);
}

bool parse_write(struct parser *parser)
{
    struct scenario_action *action = parse_new_action(parser, SCENARIO_WRITE);
    const struct word *word = parse_next(parser);
    if (!action || !parse_place(parser, word, &action->event)) {
        return false;
    }
    action->event.kind = EVENT_WRITE;
    if (!parse_is_register(&action->event)) {
        return parse_fail(parser, word, "a register; use `store` for memory", NULL,
                          "`%.*s` lies in memory", word_shown(word), word->text);
    }
    return parse_number(parser, "a value", 0, parse_width_max(action->event.width_bytes),
                        &action->event.value) &&
           parse_end(parser);
}

/* `ADDRESS WIDTH` */
static bool parse_address(struct parser *parser, const struct word *word, struct event *event)
{
    static const char *const widths[] = {"1", "2", "4", "8"};
    const struct scenario *scenario = parser->scenario;
    if (!parse_number_in(parser, word, "a physical address", 0, UINT64_MAX, &event->addr)) {
        return false;
    }
    int row = parse_choice(parser, "width in bytes", widths, COUNT(widths));
    if (row < 0) {
        return false;
    }
    event->party = EVENT_PARTY_DRIVER;
    event->place = EVENT_PLACE_MEMORY;
    event->width_bytes = 1u << row;
    uint64_t offset = event->addr - scenario->memory_base;
    if (event->addr < scenario->memory_base ||
        offset > scenario->memory_bytes - event->width_bytes) {
        return parse_fail(parser, word, NULL, NULL,
                          "the address lies outside memory, which goes from %#" PRIx64
                          " to %#" PRIx64,
                          scenario->memory_base,
                          scenario->memory_base + scenario->memory_bytes - 1);
    }
    return true;
}

/* A field of a queue, or an address and a width. */
static bool parse_in_memory(struct parser *parser, struct event *event)
{
    const struct word *word = parse_next(parser);
    if (word && isdigit((unsigned char)word->text[0])) {
        return parse_address(parser, word, event);
    }
    if (!parse_place(parser, word, event)) {
        return false;
    }
    if (parse_is_register(event)) {
        return parse_fail(parser, word, "a field of a queue; use `read` and `write` for registers",
                          NULL, "`%.*s` is a register", word_shown(word), word->text);
    }
    return true;
}

bool parse_load(struct parser *parser)
{
    struct scenario_action *action = parse_new_action(parser, SCENARIO_LOAD);
    if (!action || !parse_in_memory(parser, &action->event)) {
        return false;
    }
    action->event.kind = EVENT_LOAD;
    return parse_expected_value(parser, action);
}

bool parse_store(struct parser *parser)
{
    struct scenario_action *action = parse_new_action(parser, SCENARIO_STORE);
    if (!action || !parse_in_memory(parser, &action->event)) {
        return false;
    }
    struct event *event = &action->event;
    event->kind = EVENT_STORE;
    return parse_number(parser, "a value", 0, parse_width_max(event->width_bytes), &event->value) &&
           parse_end(parser);
}

/* `NAME SIZE at ADDRESS`, as the trace has it */
static bool parse_allocation(struct parser *parser, enum scenario_action_kind kind)
{
    static const char form[] = "NAME SIZE at ADDRESS";
    const struct scenario *scenario = parser->scenario;
    struct scenario_action *action = parse_new_action(parser, kind);
    const struct word *word = action ? parse_need(parser, "a name for the memory", form) : NULL;
    if (!word || !parse_name(parser, word, "a name of memory", action->name)) {
        return false;
    }
    struct event *event = &action->event;
    uint64_t end = scenario->memory_base + scenario->memory_bytes;
    if (!parse_size(parser, "a size", 1, scenario->memory_bytes, &event->value)) {
        return false;
    }
    word = parse_need(parser, "`at ADDRESS`", form);
    if (!word_is(word, "at")) {
        return word && parse_fail(parser, word, form, NULL, "`%.*s` does not belong here",
                                  word_shown(word), word->text);
    }
    word = parse_peek(parser);
    if (!parse_number(parser, "a physical address", scenario->memory_base, end - 1, &event->addr)) {
        return false;
    }
    if (event->addr % ALLOC_ALIGN_BYTES != 0 || event->addr == 0) {
        return parse_fail(parser, word, "a multiple of 4096", NULL,
                          "memory is allocated in whole pages");
    }
    event->party = EVENT_PARTY_DRIVER;
    event->kind = kind == SCENARIO_ALLOC ? EVENT_ALLOC : EVENT_FREE;
    event->place = EVENT_PLACE_MEMORY;
    return parse_end(parser);
}

bool parse_alloc(struct parser *parser)
{
    return parse_allocation(parser, SCENARIO_ALLOC);
}

bool parse_free(struct parser *parser)
{
    return parse_allocation(parser, SCENARIO_FREE);
}

bool parse_interrupt(struct parser *parser)
{
    return parse_new_action(parser, SCENARIO_INTERRUPT) && parse_end(parser);
}

bool parse_barrier(struct parser *parser)
{
#define X(name, word) word,
    static const char *const kinds[] = {EVENT_BARRIERS(X)};
#undef X
    struct scenario_action *action = parse_new_action(parser, SCENARIO_BARRIER);
    int kind = action ? parse_choice(parser, "barrier", kinds, COUNT(kinds)) : -1;
    if (kind < 0) {
        return false;
    }
    action->event =
        (struct event){.party = EVENT_PARTY_DRIVER, .kind = EVENT_BARRIER, .value = (uint64_t)kind};
    return parse_end(parser);
}

bool parse_wait(struct parser *parser)
{
    return parse_new_action(parser, SCENARIO_WAIT) && parse_end(parser);
}

bool parse_return(struct parser *parser)
{
    struct scenario_action *action = parse_new_action(parser, SCENARIO_RETURN);
    if (!action) {
        return false;
    }
    action->result = parse_suite_result(parser);
    return action->result >= 0 && parse_end(parser);
}

bool parse_happens(struct parser *parser)
{
    static const char *const words[] = {"config-change", "needs-reset", "display"};
    static const enum scenario_action_kind kinds[] = {SCENARIO_CONFIG_CHANGE, SCENARIO_NEEDS_RESET,
                                                      SCENARIO_DISPLAY};
    const struct word *word = parse_peek(parser);
    int row = parse_choice(parser, "thing that happens", words, COUNT(words));
    struct scenario_action *action = row >= 0 ? parse_new_action(parser, kinds[row]) : NULL;
    uint32_t width_px = 0, height_px = 0;
    if (!action) {
        return false;
    }
    if (action->kind == SCENARIO_DISPLAY) {
        if (parser->scenario->kind != SCENARIO_DEVICE_GPU) {
            return parse_fail(parser, word, "`device gpu`", NULL, "only a GPU has a display");
        }
        word = parse_need(parser, "the display's new size", "WxH");
        if (!word || !parse_extent(parser, word, &width_px, &height_px)) {
            return false;
        }
        action->event = (struct event){.value = width_px, .extra = height_px};
    }
    return parse_end(parser);
}

/* ---- expectations ---- */

/* X(name, word, once) */
#define EXPECTATIONS(X)                                                                            \
    X(STUCK, "stuck", true)                                                                        \
    X(FINDING, "finding", false)                                                                   \
    X(RESPONSE, "response", true)                                                                  \
    X(SCANOUT, "scanout", false)                                                                   \
    X(PICTURE, "picture", true)                                                                    \
    X(DMA_LIVE, "dma-live", true)                                                                  \
    X(DISK, "disk", false)

static bool expect_stuck(struct parser *parser, struct scenario_expect *expect)
{
#define X(name, word, question) word,
    static const char *const rungs[] = {LADDER_RUNGS(X) "none"};
#undef X
    int rung = parse_choice(parser, "rung", rungs, COUNT(rungs));
    expect->rung = rung == LADDER_RUNG_COUNT ? -1 : rung;
    return rung >= 0;
}

/* `FILE`, `FILE:LINE`, or `:LINE` of the scenario itself */
static bool expect_place(struct parser *parser, struct scenario_expect *expect)
{
    static const char expected[] = "FILE, FILE:LINE or :LINE";
    const struct word *word = parse_need(parser, "the place", expected);
    if (!word) {
        return false;
    }
    struct word file = *word;
    const char *colon = memrchr(word->text, ':', word->bytes);
    if (colon) {
        file.bytes = (size_t)(colon - word->text);
        struct word number = {colon + 1, word->bytes - file.bytes - 1,
                              word->column + (unsigned)file.bytes + 1};
        uint64_t line = 0;
        if (!parse_number_in(parser, &number, "a line", 1, 1000000, &line)) {
            return false;
        }
        expect->at_line = (unsigned)line;
    }
    if (!word_copy(&file, expect->file, sizeof expect->file)) {
        return parse_fail(parser, word, NULL, NULL, "the file's name is longer than %u bytes",
                          SCENARIO_WORD_BYTES - 1);
    }
    return true;
}

static bool expect_finding(struct parser *parser, struct scenario_expect *expect)
{
    if (!parse_rule_id(parser, parse_next(parser), false, expect->id)) {
        return false;
    }
    const struct word *word = parse_peek(parser);
    if (!word) {
        return true;
    }
    if (!word_is(word, "at")) {
        return parse_fail(parser, word, "`at FILE[:LINE]` or the end of the line", NULL,
                          "`%.*s` does not belong here", word_shown(word), word->text);
    }
    parse_next(parser);
    return expect_place(parser, expect);
}

static bool expect_response(struct parser *parser, struct scenario_expect *expect)
{
    static const char *const words[] = {"untouched", "filled"};
    int row = parse_choice(parser, "state of the response", words, COUNT(words));
    expect->filled = row == 1;
    return row >= 0;
}

static bool expect_scanout(struct parser *parser, struct scenario_expect *expect)
{
    static const char *const states[] = {[SCENARIO_SCANOUT_ACTIVE] = "active",
                                         [SCENARIO_SCANOUT_OFF] = "off",
                                         [SCENARIO_SCANOUT_NEVER] = "never",
                                         [SCENARIO_SCANOUT_LOST] = "lost"};
    uint64_t scanout = 0;
    if (!parse_number(parser, "a scanout", 0, VIRTIO_GPU_MAX_SCANOUTS - 1, &scanout)) {
        return false;
    }
    expect->scanout = (uint32_t)scanout;
    int state = parse_choice(parser, "state of a scanout", states, COUNT(states));
    if (state < 0) {
        return false;
    }
    expect->state = (enum scenario_scanout)state;
    const struct word *word = parse_peek(parser);
    if (expect->state == SCENARIO_SCANOUT_ACTIVE && word) {
        parse_next(parser);
        return parse_extent(parser, word, &expect->width_px, &expect->height_px);
    }
    return true;
}

/* `disk OFFSET VALUE` */
static bool expect_disk(struct parser *parser, struct scenario_expect *expect)
{
    const struct scenario *scenario = parser->scenario;
    if (scenario->kind != SCENARIO_DEVICE_BLK) {
        return parse_fail(parser, &parser->word[1], "a line `device blk` above", NULL,
                          "this device has no disk");
    }
    const struct word *word = parse_peek(parser);
    if (!parse_number(parser, "an offset in bytes", 0, scenario->disk_bytes - sizeof(uint32_t),
                      &expect->count)) {
        return false;
    }
    if (expect->count % sizeof(uint32_t) != 0) {
        return parse_fail(parser, word, "a multiple of 4", NULL, "the word is not aligned");
    }
    return parse_number(parser, "a 32-bit word", 0, UINT32_MAX, &expect->event.value);
}

/* Every expectation but a value; VALUE never comes here. */
static bool expect_word(struct parser *parser, struct scenario_expect *expect)
{
    static const char *const pictures[] = {"test-card", "other"};
    switch (expect->kind) {
    case SCENARIO_EXPECT_STUCK:
        return expect_stuck(parser, expect);
    case SCENARIO_EXPECT_FINDING:
        return expect_finding(parser, expect);
    case SCENARIO_EXPECT_RESPONSE:
        return expect_response(parser, expect);
    case SCENARIO_EXPECT_SCANOUT:
        return expect_scanout(parser, expect);
    case SCENARIO_EXPECT_PICTURE:
        expect->other = word_is(parse_peek(parser), "other");
        return parse_choice(parser, "picture", pictures, COUNT(pictures)) >= 0;
    case SCENARIO_EXPECT_DMA_LIVE:
        return parse_number(parser, "a number of allocations", 0, ARENA_REGIONS_MAX,
                            &expect->count);
    case SCENARIO_EXPECT_DISK:
        return expect_disk(parser, expect);
    case SCENARIO_EXPECT_VALUE:
        break;
    }
    return false;
}

/* `expect PLACE VALUE`; a first word that is no place may also be another expectation mistyped. */
static bool expect_value(struct parser *parser, const struct word *word,
                         struct scenario_expect *expect)
{
#define X(name, word, once) word,
    static const char *const words[] = {EXPECTATIONS(X)};
#undef X
    char text[SCENARIO_WORD_BYTES];
    bool fits = word_copy(word, text, sizeof text);
    if (!fits || parse_place_form(text, &expect->event) == PARSE_PLACE_UNKNOWN) {
        const char *nearest = NULL;
        if (fits) {
            nearest = scenario_nearest(text, words, COUNT(words));
            nearest = nearest ? nearest : parse_nearest_place(text);
        }
        return parse_fail(parser, word,
                          "stuck, finding, response, scanout, picture, dma-live, disk, a register "
                          "or a field of a queue",
                          nearest, "unknown expectation `%.*s`", word_shown(word), word->text);
    }
    if (!parse_place(parser, word, &expect->event)) {
        return false;
    }
    expect->event.kind = parse_is_register(&expect->event) ? EVENT_READ : EVENT_LOAD;
    return parse_number(parser, "a value", 0, parse_width_max(expect->event.width_bytes),
                        &expect->event.value);
}

bool parse_expect(struct parser *parser)
{
    static const struct {
        const char *word;
        enum scenario_expect_kind kind;
        bool once;
    } table[] = {
#define X(name, word, once) {word, SCENARIO_EXPECT_##name, once},
        EXPECTATIONS(X)
#undef X
    };
    struct scenario *scenario = parser->scenario;
    const struct word *word = parse_need(parser, "what is expected",
                                         "stuck, finding, response, scanout, picture, "
                                         "dma-live, disk, a register or a field of a queue");
    if (!word) {
        return false;
    }
    if (scenario->expect_count == SCENARIO_EXPECTS_MAX) {
        return parse_fail(parser, word, NULL, NULL, "more than %u expectations",
                          SCENARIO_EXPECTS_MAX);
    }
    struct scenario_expect *expect = &scenario->expect[scenario->expect_count++];
    expect->kind = SCENARIO_EXPECT_VALUE;
    expect->line = parser->line_number;
    expect->column = word->column;
    expect->rung = -1;
    for (size_t row = 0; row < COUNT(table); row++) {
        if (!word_is(word, table[row].word)) {
            continue;
        }
        expect->kind = table[row].kind;
        for (size_t i = 0; table[row].once && i + 1 < scenario->expect_count; i++) {
            if (scenario->expect[i].kind == expect->kind) {
                return parse_fail(parser, word, NULL, NULL,
                                  "`%s` is expected twice, first in line %u", table[row].word,
                                  scenario->expect[i].line);
            }
        }
        return expect_word(parser, expect) && parse_end(parser);
    }
    return expect_value(parser, word, expect) && parse_end(parser);
}

bool parse_replay(struct parser *parser)
{
    static const char *const machines[] = {"qemu"};
    const char *targets[BOOT_TARGETS_MAX];
    size_t target_count = boot_target_names(targets);
    struct scenario *scenario = parser->scenario;
    const struct word *at = parse_peek(parser);
    if (parse_choice(parser, "machine", machines, COUNT(machines)) < 0) {
        return false;
    }
    if (scenario->machine.name != MACHINE_VIRT_AARCH64 || scenario->machine_own ||
        scenario->kind != SCENARIO_DEVICE_GPU) {
        return parse_fail(parser, at, "a gpu device on virt-aarch64, or no `replay` line", NULL,
                          "QEMU is not started for this machine and device");
    }
    scenario->target_line = parser->line_number;
    const struct word *word = parse_next(parser);
    do { /* bounded by the words of the line */
        int target = parse_choose(parser, word, "target", targets, target_count);
        if (target < 0) {
            return false;
        }
        for (size_t i = 0; i < scenario->target_count; i++) {
            if (strcmp(scenario->target[i], targets[target]) == 0) {
                return parse_fail(parser, word, NULL, NULL, "target `%s` is given twice",
                                  targets[target]);
            }
        }
        if (scenario->target_count == SCENARIO_TARGETS_MAX) {
            return parse_fail(parser, word, NULL, NULL, "more than %u targets",
                              SCENARIO_TARGETS_MAX);
        }
        snprintf(scenario->target[scenario->target_count++], SCENARIO_WORD_BYTES, "%s",
                 targets[target]);
        word = parse_next(parser);
    } while (word);
    return true;
}
