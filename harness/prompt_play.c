/*
 * Commands that play either party by hand.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "prompt.h"

/* Shows what the act made of it. */
static void show_new(struct prompt *prompt, uint64_t before)
{
    const struct session *session = prompt->session;

    for (uint64_t back = session->event_count - before; back-- > 0;) {
        const struct event *event = session_event(session, back);
        if (event != NULL)
            prompt_put_event(prompt, event, false);
    }
    prompt->seen_events = session->event_count;
    prompt->seen_step = session->control.step;
}

static enum prompt_result play(struct prompt *prompt, const char *line)
{
    uint64_t before = prompt->session->event_count;
    size_t ahead = prompt->session->act_count - prompt->session->act_next;
    char *message = NULL;
    size_t bytes = 0;
    FILE *errors;
    bool good;

    errors = open_memstream(&message, &bytes);
    good = errors != NULL && session_act(prompt->session, line, errors);
    if (errors != NULL)
        fclose(errors);
    if (!good)
        return prompt_parser_said(prompt, message);
    free(message);
    show_new(prompt, before);
    if (ahead > 0)
        fprintf(prompt->out, "%zu thing%s that had been done by hand further on %s dropped\n",
                ahead, ahead == 1 ? "" : "s", ahead == 1 ? "is" : "are");
    return PROMPT_LOOKED;
}

enum prompt_result prompt_play(struct prompt *prompt, const char *word_given, const char *rest)
{
    char line[PROMPT_LINE_BYTES + 64];
    enum prompt_result result;

    snprintf(line, sizeof line, "%s%s", word_given, rest);
    result = play(prompt, line);
    if (result == PROMPT_LOOKED && strcmp(word_given, "hold") == 0)
        fputs("the device is held: it takes a micro-step on `act` only\n", prompt->out);
    else if (result == PROMPT_LOOKED && strcmp(word_given, "release") == 0)
        fputs("the device acts as the schedule says\n", prompt->out);
    else if (result == PROMPT_LOOKED && strcmp(word_given, "fault") == 0)
        fputs("armed\n", prompt->out);
    return result;
}

enum prompt_result prompt_act(struct prompt *prompt, const char *word_given, const char *rest)
{
    uint64_t count;

    (void)word_given;
    if (!prompt_number(prompt, &rest, "the number of steps", 1, &count) ||
        !prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    if (prompt->session->over || !session_device_can_act(prompt->session))
        return prompt_misused(prompt, "the device has nothing to do: no queue has been notified "
                                      "of anything that it has not taken");
    for (uint64_t i = 0; i < count && session_device_can_act(prompt->session); i++) {
        if (play(prompt, "step device") == PROMPT_MISUSED)
            return PROMPT_MISUSED;
    }
    return PROMPT_LOOKED;
}

enum prompt_result prompt_acts(struct prompt *prompt, const char *word_given, const char *rest)
{
    const struct session *session = prompt->session;

    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    for (size_t i = 0; i < session->act_count; i++)
        fprintf(prompt->out, "  after step %" PRIu64 "  %s%s\n", session->act[i].step,
                session->act[i].line, i >= session->act_next ? "  (still to come)" : "");
    if (session->act_count == 0)
        fputs("  nothing was done by hand\n", prompt->out);
    return PROMPT_LOOKED;
}

enum prompt_result prompt_forget(struct prompt *prompt, const char *word_given, const char *rest)
{
    size_t count;

    (void)word_given;
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    count = session_forget(prompt->session);
    fprintf(prompt->out, "%zu dropped\n", count);
    return PROMPT_LOOKED;
}
