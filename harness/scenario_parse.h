/*
 * Inside the scenario parser: one line cut into words, the words taken one by one, and the one
 * message that a mistake makes.
 *
 * scenario.c         reads the file, finds the lines, hands each to its verb
 * scenario_words.c   words, numbers, choices, the message
 * scenario_machine.c machine and memory
 * scenario_device.c  the other verbs that set the run up
 * scenario_place.c   registers and fields of queues
 * scenario_expect.c  verbs that act, and verbs that expect
 * scenario_play.c    verbs that stand for many accesses
 * scenario_control.c verbs that hold a run up, and lines of a trace
 * scenario_send.c    the verb that sends any GPU command
 * scenario_exhibit.c verbs of the museum
 *
 * Invariants: words point into the text and never outlive the parse; after the first mistake
 * `failed` is true, a message was printed, and no function prints another.
 */
#ifndef RINGSIDE_HARNESS_SCENARIO_PARSE_H
#define RINGSIDE_HARNESS_SCENARIO_PARSE_H

#include <stddef.h>
#include "scenario.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define PARSE_WORDS_MAX  (SCENARIO_LINE_BYTES / 2u + 1u)
#define PARSE_LIST_BYTES 1600u /* "a, b or c" of the longest table: all registers */

struct word {
    const char *text; /* not terminated */
    size_t bytes;
    unsigned column; /* 1-based, in bytes */
};

struct parser {
    const char *path;
    FILE *errors;
    struct scenario *scenario;
    const char *line; /* not terminated */
    size_t line_bytes;
    unsigned line_number;
    struct word word[PARSE_WORDS_MAX];
    size_t word_count;
    size_t next;
    unsigned first_action_line; /* 0 = none yet */
    unsigned schedule_line;
    bool rings_given[VIRTIO_GPU_QUEUE_COUNT]; /* memory that a bring-up has allocated */
    bool buffers_given;                       /* and a request */
    uint16_t requests;
    unsigned pause_line;        /* of a pause whose `continue` is still to come; 0 = none */
    bool pause_called;          /* and the call that it is about came */
    uint16_t sent[VIRTIO_GPU_QUEUE_COUNT]; /* by `send`; on queue 0 `requests` counts them, too */
    bool sends_given[VIRTIO_GPU_QUEUE_COUNT]; /* memory for them is allocated */
    bool failed;
};

/* X(name, word, once, setup): every verb; `setup` ones come before the first action. */
#define SCENARIO_VERBS(X)                                                                          \
    X(spec, "spec", false, false)                                                                  \
    X(violates, "violates", false, false)                                                          \
    X(exhibit, "exhibit", true, true)                                                              \
    X(mended, "mended", true, true)                                                                \
    X(machine, "machine", true, true)                                                              \
    X(device, "device", true, true)                                                                \
    X(driver, "driver", true, true)                                                                \
    X(memory, "memory", true, true)                                                                \
    X(schedule, "schedule", true, true)                                                            \
    X(seed, "seed", true, true)                                                                    \
    X(fault, "fault", false, false)                                                                \
    X(call, "call", false, false)                                                                  \
    X(read, "read", false, false)                                                                  \
    X(write, "write", false, false)                                                                \
    X(load, "load", false, false)                                                                  \
    X(store, "store", false, false)                                                                \
    X(bring_up, "bring-up", false, false)                                                          \
    X(request, "request", false, false)                                                            \
    X(queue, "queue", false, false)                                                                \
    X(send, "send", false, false)                                                                  \
    X(barrier, "barrier", false, false)                                                            \
    X(wait, "wait", false, false)                                                                  \
    X(return, "return", false, false)                                                              \
    X(happens, "happens", false, false)                                                            \
    X(alloc, "alloc", false, false)                                                                \
    X(free, "free", false, false)                                                                  \
    X(hold, "hold", false, false)                                                                  \
    X(release, "release", false, false)                                                            \
    X(step, "step", false, false)                                                                  \
    X(pause, "pause", false, false)                                                                \
    X(continue, "continue", false, false)                                                          \
    X(interrupt, "interrupt", false, false)                                                        \
    X(expect, "expect", false, false)                                                              \
    X(replay, "replay", true, false)

/* One function a verb: reads the rest of the line, false after a mistake. */
#define X(name, word, once, setup) bool parse_##name(struct parser *parser);
SCENARIO_VERBS(X)
#undef X
/* What follows the verb `fault`, to the end of the line. */
bool parse_fault_words(struct parser *parser, struct sim_fault *out);

/* ---- scenario_words.c ---- */

/* Cuts the parser's line into words. */
void parse_split(struct parser *parser);

/*
 * Prints the message and returns false: `path:line:col: error: WHAT; expected EXPECTED, did you
 * mean `NEAREST`?`, the line and a caret. `at` NULL means behind the last word; `expected` and
 * `nearest` may be NULL.
 */
bool parse_fail(struct parser *parser, const struct word *at, const char *expected,
                const char *nearest, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The next word, or NULL at the end of the line. */
const struct word *parse_peek(const struct parser *parser);
const struct word *parse_next(struct parser *parser);
/* The next word, or a message that WHAT is missing. */
const struct word *parse_need(struct parser *parser, const char *what, const char *expected);
/* A message unless the line is over. */
bool parse_end(struct parser *parser);

bool word_is(const struct word *word, const char *text);
/* Copies a word; false when it does not fit. */
bool word_copy(const struct word *word, char *out, size_t out_bytes);
/* For "%.*s": as much of a word as a message shows. */
int word_shown(const struct word *word);

/* Reads the next word as one of `words`; -1 after a message. */
int parse_choice(struct parser *parser, const char *what, const char *const *words, size_t count);
/* The same for a word already taken. */
int parse_choose(struct parser *parser, const struct word *word, const char *what,
                 const char *const *words, size_t count);
/* Decimal or 0x; false when it is none or above 64 bits. */
bool word_number(const struct word *word, uint64_t *out);
bool parse_number(struct parser *parser, const char *what, uint64_t min, uint64_t max,
                  uint64_t *out);
bool parse_number_in(struct parser *parser, const struct word *word, const char *what, uint64_t min,
                     uint64_t max, uint64_t *out);
/* A number with KiB, MiB or GiB behind it, or bare bytes. */
bool parse_size(struct parser *parser, const char *what, uint64_t min, uint64_t max, uint64_t *out);
/* WIDTHxHEIGHT in pixels. */
bool parse_extent(struct parser *parser, const struct word *word, uint32_t *width_px,
                  uint32_t *height_px);
/* A word of letters, digits, `_`, `-` and `.` that does not begin with a dot. */
bool parse_name(struct parser *parser, const struct word *word, const char *what,
                char out[SCENARIO_WORD_BYTES]);
/* A rule that rule_by_id() knows, or, if `future`, whose id has the form AREA-DRV-01 or
 * AREA-DEV-01. */
bool parse_rule_id(struct parser *parser, const struct word *word, bool future,
                   char out[SCENARIO_WORD_BYTES]);
/* "a, b or c" */
void words_list(const char *const *words, size_t count, char *out, size_t out_bytes);

/* ---- scenario_expect.c ---- */

/* `->` stands here, and is taken; false after a message. */
bool parse_arrow(struct parser *parser, bool *arrow);
/* What a call comes to, of SUITE_RESULTS; -1 after a message. */
int parse_suite_result(struct parser *parser);
/* A new action of this line, or NULL after a message. */
struct scenario_action *parse_new_action(struct parser *parser, enum scenario_action_kind kind);

/* ---- scenario_play.c ---- */

#define PLAY_PAGE_BYTES UINT64_C(4096)
#define PLAY_QUEUE_SIZE 8u

/* Pages of the scenario's driver; where they lie is said there. */
uint64_t play_page_addr(const struct scenario *scenario, unsigned page);
/* One more action each, of this line; false after a message. */
bool play_alloc(struct parser *parser, const char *name, unsigned page, unsigned pages);
bool play_register(struct parser *parser, enum virtio_mmio_reg reg, bool is_write, uint64_t value);
bool play_store(struct parser *parser, enum event_place place, uint32_t queue, uint32_t index,
                uint32_t width_bytes, uint64_t addr, uint64_t value);
/* One descriptor of a chain. */
bool play_descriptor(struct parser *parser, uint32_t queue, uint32_t index,
                     const struct virtq_desc *desc);

/* ---- scenario_device.c ---- */

/* A feature's name; its bit, or -1 after a message. */
int parse_feature(struct parser *parser, const struct word *word);
/* ---- scenario_control.c ---- */

/* Is the line one of a trace? */
bool parse_is_event(const struct parser *parser);
bool parse_event_line(struct parser *parser);
/* A message if a pause is still open; `at` as for parse_fail(). */
bool parse_pauses_end(struct parser *parser, const struct word *at);

/* ---- scenario_place.c ---- */

enum parse_place_form { PARSE_PLACE_UNKNOWN, PARSE_PLACE_WHOLE, PARSE_PLACE_FIELD };

/* What a text names: a register or a field, a structure as a whole, or nothing. No message. */
enum parse_place_form parse_place_form(const char *text, struct event *out);
/* Reads a word as a register or a field: place, queue, index, width, slot; address of a register.
 */
bool parse_place(struct parser *parser, const struct word *word, struct event *out);
bool parse_is_register(const struct event *event);
/* The place that was probably meant, or NULL. The answer lives until the next call. */
const char *parse_nearest_place(const char *text);
/* The largest value of an access. */
uint64_t parse_width_max(uint32_t width_bytes);

#endif
