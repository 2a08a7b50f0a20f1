/*
 * What a driver lacks is skipped and said so; see skip.h.
 */
#include "skip.h"

#include <stdarg.h>
#include <string.h>

/* The operations of driver/suite.h: X(word). */
#define SUITE_WORDS(X)                                                                             \
    X(init)                                                                                        \
    X(get_display_info)                                                                            \
    X(show)                                                                                        \
    X(flush)                                                                                       \
    X(draw)                                                                                        \
    X(cursor)                                                                                      \
    X(interrupt)                                                                                   \
    X(poll)                                                                                        \
    X(requests)                                                                                    \
    X(shutdown)

static bool is_suite_word(const char *name)
{
#define X(word)                                                                                    \
    if (strcmp(name, #word) == 0)                                                                  \
        return true;
    SUITE_WORDS(X)
#undef X
    return false;
}

bool skip_is_foreign(const struct world_outcome *outcome)
{
    return strcmp(outcome->driver, outcome->scenario->driver) != 0;
}

bool skip_allows_call(const struct world_outcome *outcome, const struct scenario_action *action)
{
    return action->result != SUITE_UNSUPPORTED &&
           (skip_is_foreign(outcome) || is_suite_word(action->name));
}

int skip_blocker(const struct world_outcome *outcome, const struct scenario_action *action)
{
    for (size_t i = outcome->call_count; i-- > 0;) {
        const struct world_call *call = &outcome->call[i];
        if (strcmp(call->action->name, "init") != 0)
            continue;
        if (strcmp(action->name, "init") == 0)
            return SUITE_OK;
        if (call->skipped)
            return SUITE_UNSUPPORTED;
        return call->action->result < 0 && call->result > SUITE_OK ? call->result : SUITE_OK;
    }
    return SUITE_OK;
}

static void note(struct world_outcome *outcome, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void note(struct world_outcome *outcome, unsigned line, const char *format, ...)
{
    struct world_skip *skip;
    va_list arguments;

    if (outcome->skip_count == WORLD_SKIPS_MAX)
        return;
    skip = &outcome->skip[outcome->skip_count++];
    skip->line = line;
    va_start(arguments, format);
    vsnprintf(skip->text, sizeof skip->text, format, arguments);
    va_end(arguments);
}

void skip_option(struct world_outcome *outcome, const struct scenario_option *option,
                 bool value_only)
{
    note(outcome, option->line, "option %s %s ... skipped: driver `%s` has no such %s",
         option->name, option->value, outcome->driver, value_only ? "value" : "option");
}

/* ---- expectations ---- */

static bool any_of(const char *name, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* Can a call of this operation be what meets the expectation? */
static bool could_meet(const struct scenario_expect *expect, const char *name)
{
    static const char *const screen[] = {"init", "show", "flush", "draw", "poll", NULL};
    static const char *const takes_down[] = {"init", "show", "shutdown", NULL};

    switch (expect->kind) {
    case SCENARIO_EXPECT_STUCK:
        return expect->rung >= 0;
    case SCENARIO_EXPECT_RESPONSE:
        return expect->filled;
    case SCENARIO_EXPECT_SCANOUT:
        if (expect->state == SCENARIO_SCANOUT_NEVER)
            return false;
        return any_of(name, expect->state == SCENARIO_SCANOUT_ACTIVE ? screen : takes_down);
    case SCENARIO_EXPECT_PICTURE:
        return any_of(name, screen);
    case SCENARIO_EXPECT_FINDING:
    case SCENARIO_EXPECT_VALUE:
    case SCENARIO_EXPECT_DMA_LIVE:
    case SCENARIO_EXPECT_DISK:
        return true;
    }
    return false;
}

static const char *expectation_text(const struct scenario_expect *expect, char *out,
                                    size_t out_bytes)
{
    switch (expect->kind) {
    case SCENARIO_EXPECT_STUCK:
        return "stuck";
    case SCENARIO_EXPECT_FINDING:
        snprintf(out, out_bytes, "finding %s", expect->id);
        return out;
    case SCENARIO_EXPECT_RESPONSE:
        return "response";
    case SCENARIO_EXPECT_SCANOUT:
        snprintf(out, out_bytes, "scanout %u", expect->scanout);
        return out;
    case SCENARIO_EXPECT_PICTURE:
        return "picture";
    case SCENARIO_EXPECT_VALUE:
        event_format_place(&expect->event, NULL, NULL, out, out_bytes);
        return out;
    case SCENARIO_EXPECT_DMA_LIVE:
        return "dma-live";
    case SCENARIO_EXPECT_DISK:
        return "disk";
    }
    return "";
}

bool skip_expectation(struct world_outcome *outcome, const struct scenario_expect *expect)
{
    char text[EVENT_TEXT_BYTES];

    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        if (!call->skipped || !could_meet(expect, call->action->name))
            continue;
        note(outcome, expect->line, "expect %.60s ... skipped: %s was",
             expectation_text(expect, text, sizeof text), call->action->name);
        return true;
    }
    return false;
}

/* ---- the whole run ---- */

size_t skip_calls(const struct world_outcome *outcome, char *out, size_t out_bytes)
{
    size_t count = 0, used = 0;

    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        bool seen = false;
        if (!call->skipped)
            continue;
        count++;
        for (size_t j = 0; j < i && !seen; j++)
            seen = outcome->call[j].skipped &&
                   strcmp(outcome->call[j].action->name, call->action->name) == 0;
        if (out != NULL && !seen && call->blocked_by == SUITE_OK && used < out_bytes)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used != 0 ? ", " : "",
                                     call->action->name);
    }
    return count;
}

bool skip_everything(const struct world_outcome *outcome)
{
    return outcome->call_count > 0 && outcome->call_count == outcome->scenario->action_count &&
           skip_calls(outcome, NULL, 0) == outcome->call_count;
}
