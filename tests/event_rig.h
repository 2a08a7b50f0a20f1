/*
 * Events as text on a bench: what cannot be read back as it was printed fails.
 */
#ifndef RINGSIDE_TESTS_EVENT_RIG_H
#define RINGSIDE_TESTS_EVENT_RIG_H

#include "event.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define RANDOM_EVENTS 200000u

/* Check writes to a file in every ck_assert, so what is asked a million times asks for itself. */

static inline const char *format(const struct event *event, event_namer namer)
{
    static char text[EVENT_TEXT_BYTES];
    size_t length = event_format(event, namer, NULL, text, sizeof text);
    if (length != strlen(text) || length == sizeof text - 1) {
        ck_abort_msg("length %zu of: %s", length, text);
    }
    return text;
}

static inline struct event parse(const char *line)
{
    struct event event;
    const char *error = NULL;
    size_t column = 0;
    if (!event_parse(line, &event, &error, &column)) {
        ck_abort_msg("%s\n%zu: %s", line, column, error);
    }
    return event;
}

static inline void check_round_trip(const struct event *event, event_namer namer)
{
    char first[EVENT_TEXT_BYTES];
    strcpy(first, format(event, namer));
    struct event again = parse(first);
    if (again.step != event->step || again.party != event->party || again.kind != event->kind ||
        again.verdict != event->verdict || again.repeat != event->repeat) {
        ck_abort_msg("what every line says is read differently: %s", first);
    }
    if (namer == NULL && strcmp(format(&again, NULL), first) != 0) {
        ck_abort_msg("printed: %s\nthen:    %s", first, format(&again, NULL));
    }
}

static uint64_t random_state;

static inline uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static inline void seed_random(void)
{
    const char *wanted = getenv("RINGSIDE_SEED");
    random_state = wanted != NULL ? strtoull(wanted, NULL, 0) : 1;
    printf("RINGSIDE_SEED=%llu %s\n", (unsigned long long)random_state,
           program_invocation_short_name);
}

#endif
