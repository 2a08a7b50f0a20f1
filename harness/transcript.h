/*
 * What a machine that was booted with a scenario says on its serial line.
 *
 *     ringside: driver NAME
 *     ringside: alloc WHAT 0xADDR 0xSIZE
 *     ringside: option NAME VALUE ok|unknown
 *     ringside: call N NAME -> RESULT
 *     ringside: response untouched|filled|unchanged     what the call before did to the buffer
 *     ringside: log TEXT
 *     ringside: fault TEXT
 *     ringside: interrupts N                            how many the machine delivered
 *     ringside: done
 *
 * Lines of any other form are firmware's and the driver's own; they are counted and kept as log
 * only. A last line without its newline may be cut short and is not believed.
 */
#ifndef RINGSIDE_HARNESS_TRANSCRIPT_H
#define RINGSIDE_HARNESS_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scenario.h"

#define TRANSCRIPT_ALLOCS_MAX 256u
#define TRANSCRIPT_WHAT_BYTES 64u
#define TRANSCRIPT_TEXT_BYTES 200u

/* X(name, word): the response buffer after a call, compared with before it. */
#define TRANSCRIPT_RESPONSES(X)                                                                    \
    X(UNKNOWN, "unknown")                                                                          \
    X(UNTOUCHED, "untouched") /* zeros */                                                          \
    X(FILLED, "filled")                                                                            \
    X(UNCHANGED, "unchanged") /* no zeros; perhaps the same was written again */

enum transcript_response {
#define X(name, word) TRANSCRIPT_RESPONSE_##name,
    TRANSCRIPT_RESPONSES(X)
#undef X
        TRANSCRIPT_RESPONSE_COUNT
};

struct transcript_call {
    char name[SCENARIO_WORD_BYTES];
    int result; /* enum suite_result; -1 = a word that is none */
    enum transcript_response response;
};

struct transcript_alloc {
    char what[TRANSCRIPT_WHAT_BYTES];
    uint64_t addr;
    uint64_t size_bytes;
};

struct transcript {
    bool done;
    bool fault;
    char fault_text[TRANSCRIPT_TEXT_BYTES];
    char driver[SCENARIO_WORD_BYTES];
    char unknown_option[TRANSCRIPT_TEXT_BYTES]; /* "NAME VALUE" of the first one; "" = none */
    size_t call_count;
    struct transcript_call call[SCENARIO_ACTIONS_MAX];
    size_t alloc_count;
    struct transcript_alloc alloc[TRANSCRIPT_ALLOCS_MAX];
    int64_t interrupts; /* -1 = the machine did not say */
    size_t dropped;     /* calls and allocs over the limits */
    size_t garbage;     /* lines that begin as ours and cannot be understood */
};

void transcript_parse(const char *text, size_t bytes, struct transcript *out);

/* Has the machine said all that it will say? True after `done` or `fault`. */
bool transcript_is_over(const char *text, size_t bytes);

/* The first allocation whose name contains `word`, or NULL. */
const struct transcript_alloc *transcript_alloc(const struct transcript *transcript,
                                                const char *word);

#endif
