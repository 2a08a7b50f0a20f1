/*
 * Scenario verbs of the museum, exhibit and mended, and the cured run that they speak of.
 */
#include "scenario_parse.h"
#include <ctype.h>
#include <string.h>

#define REFERENCE_FORM "OWNER/NAME, OWNER/NAME#NUMBER or OWNER/NAME@COMMIT"

/* One letter and a number: how the museum counts. */
static bool is_id(const char *text)
{
    size_t digits = strspn(text + (text[0] != '\0'), "0123456789");
    return isupper((unsigned char)text[0]) && digits > 0 && digits <= 3 && text[1 + digits] == '\0';
}

/* As code forges write where something is to be found. */
static bool is_reference(const char *text)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t owner = strspn(text, name);
    if (owner == 0 || text[owner] != '/') {
        return false;
    }
    text += owner + 1;
    size_t repository = strspn(text, name);
    const char *rest = text + repository;
    if (repository == 0 || rest[0] == '\0') {
        return repository > 0;
    }
    const char *digits = rest[0] == '#' ? "0123456789" : "0123456789abcdef";
    size_t count = strspn(rest + 1, digits);
    return (rest[0] == '#' || (rest[0] == '@' && count >= 7)) && count > 0 && rest[count + 1] == 0;
}

bool parse_exhibit(struct parser *parser)
{
    struct scenario_exhibit *exhibit = &parser->scenario->exhibit;
    const struct word *word = parse_need(parser, "the exhibit's id", "ID [REFERENCE]...");
    if (!word || !parse_name(parser, word, "an exhibit's id", exhibit->id)) {
        return false;
    }
    if (!is_id(exhibit->id)) {
        return parse_fail(parser, word, "a capital letter and a number, as A1", NULL,
                          "`%s` cannot be an exhibit's id", exhibit->id);
    }
    exhibit->line = parser->line_number;
    while ((word = parse_next(parser))) { /* bounded by the words of the line */
        if (exhibit->reference_count == SCENARIO_REFERENCES_MAX) {
            return parse_fail(parser, word, NULL, NULL, "more than %u references",
                              SCENARIO_REFERENCES_MAX);
        }
        char *reference = exhibit->reference[exhibit->reference_count];
        if (!word_copy(word, reference, SCENARIO_WORD_BYTES) || !is_reference(reference)) {
            return parse_fail(parser, word, REFERENCE_FORM, NULL, "`%.*s` is no reference",
                              word_shown(word), word->text);
        }
        exhibit->reference_count++;
    }
    return true;
}

bool parse_mended(struct parser *parser)
{
    struct scenario_exhibit *exhibit = &parser->scenario->exhibit;
    if (exhibit->line == 0) {
        return parse_fail(parser, &parser->word[0], "a line `exhibit ID` before it", NULL,
                          "only an exhibit can be mended");
    }
    bool arrow = false;
    if (!parse_arrow(parser, &arrow)) {
        return false;
    }
    if (!arrow) {
        static const char *const words[] = {"device"};
        if (parse_choice(parser, "thing to mend", words, 1) < 0) {
            return false;
        }
        exhibit->device_mended = true;
        if (!parse_peek(parser)) {
            return true;
        }
        if (!parse_arrow(parser, &arrow) || !arrow) {
            return !parser->failed && parse_end(parser);
        }
    }
    do { /* bounded by the words of the line */
        if (exhibit->result_count == SCENARIO_MENDED_MAX) {
            return parse_fail(parser, parse_peek(parser), NULL, NULL, "more than %u results",
                              SCENARIO_MENDED_MAX);
        }
        int result = parse_suite_result(parser);
        if (result < 0) {
            return false;
        }
        exhibit->result[exhibit->result_count++] = result;
    } while (parse_peek(parser));
    return true;
}

static struct scenario_expect *expect(struct scenario *scenario, enum scenario_expect_kind kind)
{
    struct scenario_expect *new = &scenario->expect[scenario->expect_count++];
    memset(new, 0, sizeof *new);
    new->kind = kind;
    new->line = scenario->exhibit.line;
    return new;
}

bool scenario_mend(const struct scenario *scenario, struct scenario *out)
{
    const struct scenario_exhibit *exhibit = &scenario->exhibit;
    size_t calls = 0;
    bool shows = false;
    *out = *scenario;
    if (exhibit->device_mended) {
        memset(&out->faults, 0, sizeof out->faults);
    } else if (out->option_count == SCENARIO_OPTIONS_MAX) {
        return false;
    } else {
        struct scenario_option *option = &out->option[out->option_count++];
        *option = (struct scenario_option){.name = "mended",
                                           .value = "on",
                                           .line = exhibit->line,
                                           .name_column = 1};
    }
    out->action_count = 0;
    for (size_t i = 0; i < scenario->action_count; i++) {
        if (exhibit->device_mended && scenario->action[i].kind == SCENARIO_FAULT) {
            continue;
        }
        struct scenario_action *action = &out->action[out->action_count++];
        *action = scenario->action[i];
        if (action->kind == SCENARIO_CALL) {
            action->result = calls < exhibit->result_count ? exhibit->result[calls] : SUITE_OK;
            shows = shows || (strcmp(action->name, "show") == 0 && action->result == SUITE_OK);
            calls++;
        }
    }
    out->violates_count = 0;
    out->expect_count = 0;
    expect(out, SCENARIO_EXPECT_STUCK)->rung = -1;
    if (shows) {
        expect(out, SCENARIO_EXPECT_PICTURE);
    }
    return true;
}
