/*
 * Mutated scenarios: whatever is done to a good one, the parser either reads it or gives one
 * message.
 */
#include "test_scenario.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "random.h"

#define ROUNDS        20000u
#define TEXT_BYTES    8192u
#define MUTATIONS_MAX 6u

static size_t random_below(uint64_t *state, size_t bound)
{
    return bound ? (size_t)(random_next(state) % bound) : 0;
}

/* Words that a parser may stumble over. */
static const char *const dictionary[] = {
    "0x",
    "-",
    "->",
    "...",
    "#",
    "+",
    "+VERSION_1",
    "0xffffffffffffffff",
    "18446744073709551616",
    "x",
    ":",
    ":0",
    "1x1",
    "\t",
    "\r\n",
    "q9.avail.idx",
    "q0.desc[99999999999].addr",
    "device",
    "at",
    "KiB",
    "0",
    "\n",
    "\"",
    "\xff",
    "\xc3\xa9",
    "\xed\xa0\x80",
    "request",
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
};

/* Replaces `cut` bytes at `at` by `bytes` of `with`, as far as there is room. */
static size_t splice(char *text, size_t size, size_t at, size_t cut, const char *with, size_t bytes)
{
    cut = at + cut > size ? size - at : cut;
    if (size - cut + bytes >= TEXT_BYTES) {
        return size;
    }
    memmove(text + at + bytes, text + at + cut, size - at - cut);
    memcpy(text + at, with, bytes);
    size = size - cut + bytes;
    text[size] = '\0';
    return size;
}

static size_t mutate(char *text, size_t size, uint64_t *state)
{
    size_t at = random_below(state, size + 1);
    char other[256];
    size_t bytes = random_below(state, 40);
    switch (random_next(state) % 6) {
    case 0: /* one byte changes, never to NUL: the text ends there */
        other[0] = (char)(1 + random_below(state, 255));
        return splice(text, size, at, 1, other, 1);
    case 1: /* a piece is lost */
        return splice(text, size, at, bytes, "", 0);
    case 2: { /* a piece comes again elsewhere */
        size_t from = random_below(state, size + 1);
        bytes = from + bytes > size ? size - from : bytes;
        memcpy(other, text + from, bytes);
        return splice(text, size, at, 0, other, bytes);
    }
    case 3: { /* a word comes in */
        const char *word = dictionary[random_below(state, sizeof dictionary / sizeof *dictionary)];
        return splice(text, size, at, random_below(state, 8), word, strlen(word));
    }
    case 4: /* the text ends early */
        text[at] = '\0';
        return at;
    default: /* a long word */
        memset(other, 'a', sizeof other);
        return splice(text, size, at, 0, other, random_below(state, sizeof other));
    }
}

static void check_one(const char *text, uint64_t seed, unsigned round)
{
    char *message = NULL;
    size_t bytes = 0;
    FILE *errors = open_memstream(&message, &bytes);
    struct scenario *scenario = scenario_parse("fuzz.scn", text, errors);
    fclose(errors);
    size_t count = 0;
    for (const char *at = message; (at = strstr(at, ": error: ")); at++) {
        count++;
    }
    bool good = scenario ? bytes == 0 : count == 1 && strncmp(message, "fuzz.scn:", 9) == 0;
    ck_assert_msg(good, "seed %llu, round %u: %zu messages\n%s\n--- text ---\n%s",
                  (unsigned long long)seed, round, count, message, text);
    scenario_free(scenario);
    free(message);
}

START_TEST(a_mutated_scenario_is_read_or_gives_one_message)
{
    const char *given = getenv("RINGSIDE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 1;
    uint64_t state = seed * 2 + 1;
    char *text = malloc(TEXT_BYTES);
    printf("scenario fuzz: RINGSIDE_SEED=%llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t size = strlen(test_scenario_all_verbs);
        memcpy(text, test_scenario_all_verbs, size + 1);
        size_t count = 1 + random_below(&state, MUTATIONS_MAX);
        for (size_t i = 0; i < count; i++) {
            size = mutate(text, size, &state);
        }
        check_one(text, seed, round);
    }
    free(text);
}
END_TEST

TCase *scenario_fuzz_case(void)
{
    TCase *fuzz = tcase_create("fuzz");
    tcase_set_timeout(fuzz, 100);
    tcase_add_test(fuzz, a_mutated_scenario_is_read_or_gives_one_message);
    return fuzz;
}
