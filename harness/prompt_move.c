/*
 * Commands that move a session: forward, back, and to breakpoints.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "prompt.h"
#include "scenario.h"

/* ---- forward ---- */

static enum prompt_result go(struct prompt *prompt, struct control_order *order)
{
    if (prompt->session->over)
        return prompt_misused(prompt, "the run is over; `back` and `goto` lead into it again");
    session_go(prompt->session, order);
    return PROMPT_ORDERED;
}

/* Takes `driver` or `device`, if it is there. */
static unsigned take_party(const char **rest)
{
    const char *at = *rest;
    char word[16];

    if (prompt_word(&at, word, sizeof word)) {
        for (unsigned party = EVENT_PARTY_DRIVER; party <= EVENT_PARTY_DEVICE; party++) {
            if (strcmp(word, event_party_word((enum event_party)party)) == 0) {
                *rest = at;
                return party;
            }
        }
    }
    return EVENT_PARTY_COUNT;
}

/* `[driver|device] [N]`; false after a message. */
static bool take_steps(struct prompt *prompt, const char *rest, unsigned *party, uint64_t *count)
{
    *party = take_party(&rest);
    if (!prompt_number(prompt, &rest, "the number of steps", 1, count) || !prompt_end(prompt, rest))
        return false;
    if (*count == 0)
        prompt_misused(prompt, "0 steps lead nowhere");
    return *count != 0;
}

enum prompt_result prompt_step(struct prompt *prompt, const char *word_given, const char *rest)
{
    struct control_order order = {.goal = CONTROL_STEPS, .breaks = true};
    unsigned party;

    (void)word_given;
    if (!take_steps(prompt, rest, &party, &order.count))
        return PROMPT_MISUSED;
    if (party == EVENT_PARTY_DRIVER)
        order.goal = CONTROL_DRIVER_STEPS;
    else if (party == EVENT_PARTY_DEVICE)
        order.goal = CONTROL_DEVICE_STEPS;
    order.breaks = order.count > 1 || party != EVENT_PARTY_COUNT;
    return go(prompt, &order);
}

enum prompt_result prompt_continue(struct prompt *prompt, const char *word_given, const char *rest)
{
    struct control_order order = {.goal = CONTROL_TO_END, .breaks = true};

    (void)word_given;
    return prompt_end(prompt, rest) ? go(prompt, &order) : PROMPT_MISUSED;
}

bool prompt_pattern(struct prompt *prompt, const char *text, const char *what, struct pattern *out)
{
    char *message = NULL;
    size_t bytes = 0;
    FILE *errors = open_memstream(&message, &bytes);
    bool good = errors != NULL &&
                scenario_parse_pattern(prompt->session->scenario, text, what, out, errors);

    if (errors != NULL)
        fclose(errors);
    if (good)
        free(message);
    else
        prompt_parser_said(prompt, message);
    return good;
}

enum prompt_result prompt_until(struct prompt *prompt, const char *word_given, const char *rest)
{
    struct control_order order = {.goal = CONTROL_TO_PATTERN, .breaks = true};

    (void)word_given;
    if (!prompt_pattern(prompt, rest, "until", &order.until))
        return PROMPT_MISUSED;
    return go(prompt, &order);
}

enum prompt_result prompt_finish(struct prompt *prompt, const char *word_given, const char *rest)
{
    return prompt_end(prompt, rest) ? prompt_until(prompt, word_given, "return") : PROMPT_MISUSED;
}

enum prompt_result prompt_goto(struct prompt *prompt, const char *word_given, const char *rest)
{
    struct session *session = prompt->session;
    uint64_t step;

    (void)word_given;
    if (!prompt_number(prompt, &rest, "a step", UINT64_MAX, &step) || !prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    if (step == UINT64_MAX)
        return prompt_misused(prompt, "which step? `goto STEP`");
    if (session->over && step > session->control.step)
        return prompt_misused(prompt, "the run ends with step %" PRIu64, session->control.step);
    session_go_to_step(session, step);
    return PROMPT_ORDERED;
}

/* ---- back ---- */

enum prompt_result prompt_restart(struct prompt *prompt, const char *word_given, const char *rest)
{
    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    session_go_to_step(prompt->session, 0);
    return PROMPT_ORDERED;
}

enum prompt_result prompt_back(struct prompt *prompt, const char *word_given, const char *rest)
{
    const char *at = rest;
    struct pattern pattern;
    unsigned party;
    uint64_t count;
    char word[16];

    (void)word_given;
    if (prompt_word(&at, word, sizeof word) && strcmp(word, "until") == 0) {
        if (!prompt_pattern(prompt, at, "back until", &pattern))
            return PROMPT_MISUSED;
        session_search_back(prompt->session, &pattern);
        return PROMPT_ORDERED;
    }
    if (strcmp(word, "continue") == 0 || strcmp(word, "c") == 0) {
        if (!prompt_end(prompt, at))
            return PROMPT_MISUSED;
        session_search_back(prompt->session, NULL);
        return PROMPT_ORDERED;
    }
    if (!take_steps(prompt, rest, &party, &count))
        return PROMPT_MISUSED;
    if (prompt->session->control.step == 0)
        return prompt_misused(prompt, "this is before the first step");
    session_back(prompt->session, party, count);
    return PROMPT_ORDERED;
}

/* ---- breakpoints ---- */

enum prompt_result prompt_break(struct prompt *prompt, const char *word_given, const char *rest)
{
    struct control *control = &prompt->session->control;
    struct control_break *point = &control->breakpoint[control->break_count];

    (void)word_given;
    if (control->break_count == CONTROL_BREAKS_MAX)
        return prompt_misused(prompt, "there are %u breakpoints already", CONTROL_BREAKS_MAX);
    if (!prompt_pattern(prompt, rest, "a breakpoint", &point->pattern))
        return PROMPT_MISUSED;
    point->number = ++prompt->breaks_made;
    point->hits = 0;
    control->break_count++;
    fprintf(prompt->out, "breakpoint %u: %s\n", point->number, point->pattern.text);
    return PROMPT_LOOKED;
}

enum prompt_result prompt_delete(struct prompt *prompt, const char *word_given, const char *rest)
{
    struct control *control = &prompt->session->control;
    const char *at = rest;
    char word[16];
    uint64_t number;

    (void)word_given;
    if (prompt_word(&at, word, sizeof word) && strcmp(word, "all") == 0) {
        control->break_count = 0;
        return prompt_end(prompt, at) ? PROMPT_LOOKED : PROMPT_MISUSED;
    }
    if (!prompt_number(prompt, &rest, "a breakpoint", 0, &number) || !prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    for (size_t i = 0; i < control->break_count; i++) {
        if (control->breakpoint[i].number == number) {
            control->break_count--;
            memmove(&control->breakpoint[i], &control->breakpoint[i + 1],
                    (control->break_count - i) * sizeof control->breakpoint[0]);
            return PROMPT_LOOKED;
        }
    }
    return prompt_misused(prompt, "there is no breakpoint %" PRIu64 "; `breaks` lists them",
                          number);
}

enum prompt_result prompt_breaks(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct control *control = &prompt->session->control;

    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    for (size_t i = 0; i < control->break_count; i++) {
        const struct control_break *point = &control->breakpoint[i];
        fprintf(prompt->out, "  %u  %s  (came %" PRIu64 " times in this run)\n", point->number,
                point->pattern.text, point->hits);
    }
    if (control->break_count == 0)
        fputs("  none\n", prompt->out);
    return PROMPT_LOOKED;
}
