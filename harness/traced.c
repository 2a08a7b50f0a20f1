/*
 * Lines of a trace in a scenario: the run must make these events, in this order; a line with a
 * number, at just that step.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "world_state.h"

/* Word by word; `...` stands for one word, or for the rest if it is the last. */
static bool same_words(const char *wanted, const char *text)
{
    for (;;) {
        size_t wanted_bytes = strcspn(wanted, " ");
        size_t bytes = strcspn(text, " ");
        bool open = wanted_bytes == 3 && memcmp(wanted, "...", 3) == 0;

        if (open && wanted[wanted_bytes] == '\0')
            return true;
        if (wanted_bytes == 0 || bytes == 0)
            return wanted_bytes == bytes;
        if (!open && (wanted_bytes != bytes || memcmp(wanted, text, bytes) != 0))
            return false;
        wanted += wanted_bytes + (wanted[wanted_bytes] == ' ');
        text += bytes + (text[bytes] == ' ');
    }
}

static const char *without_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return text[digits] == ' ' ? text + digits + 1 : text;
}

void traced_event(struct world *world, const struct event *event)
{
    const struct scenario *scenario = world->scenario;
    const struct scenario_traced *wanted = &scenario->traced[world->traced_next];
    char text[EVENT_TEXT_BYTES];
    char failure[FINDING_TEXT_BYTES];

    if (world->traced_next == scenario->traced_count ||
        (wanted->step != 0 && event->step < wanted->step))
        return;
    (void)event_format(event, arena_name, &world->arena, text, sizeof text);
    if (same_words(wanted->text, without_number(text))) {
        if (wanted->step == 0 || wanted->step == event->step) {
            world->traced_next++;
            return;
        }
    }
    if (wanted->step == 0)
        return;
    snprintf(failure, sizeof failure, "instead of `%.90s` came `%.110s`", wanted->text, text);
    world_fail(world->outcome, wanted->line, failure);
    world->traced_next = scenario->traced_count; /* what follows can hardly be right */
}

void traced_end(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    char failure[FINDING_TEXT_BYTES];

    if (world->traced_next == scenario->traced_count)
        return;
    snprintf(failure, sizeof failure, "`%.150s` did not come%s",
             scenario->traced[world->traced_next].text,
             world->traced_next > 0 ? ", after the line before it" : "");
    world_fail(world->outcome, scenario->traced[world->traced_next].line, failure);
}
