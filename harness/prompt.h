/*
 * The prompt of `ringside step`: one command a line, over a session that stands still.
 *
 * prompt.c        which command, and help
 * prompt_move.c   forward, back, breakpoints
 * prompt_look.c   where the run stands, and what there is to see
 * prompt_play.c   either party played by hand
 * prompt_record.c the run so far as a recording
 * step_main.c     lines from a terminal or a script
 *
 * A command looks, or gives the session an order; who reads the lines is another's affair, so that
 * a window can give the same commands.
 */
#ifndef RINGSIDE_HARNESS_PROMPT_H
#define RINGSIDE_HARNESS_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "report_text.h"
#include "session.h"

/* X(word, short word, function, arguments, help) */
#define PROMPT_COMMANDS(X)                                                                         \
    X("step", "s", step, "[driver|device] [N]", "one micro-step, or N; of either party")           \
    X("continue", "c", continue, "", "on, to a breakpoint or the end")                             \
    X("until", "u", until, "PATTERN", "on, until this comes")                                      \
    X("finish", "f", finish, "", "on, until the driver's operation returns")                       \
    X("goto", "g", goto, "STEP", "to this step, forward or back")                                  \
    X("back", "b", back, "[driver|device] [N]", "the same backwards; also: back until PATTERN,")   \
    X("restart", "r", restart, "", "to before the first step")                                     \
    X("break", "br", break, "[before] PATTERN", "stand still whenever this comes")                 \
    X("watch", "wa", break, "[before] PATTERN", "the same")                                        \
    X("delete", "d", delete, "N | all", "a breakpoint is no more")                                 \
    X("breaks", "bs", breaks, "", "list the breakpoints")                                          \
    X("where", "w", where, "", "the last events, the source, what comes next")                     \
    X("why", "y", why, "", "the ladder of every request in flight")                                \
    X("regs", "re", regs, "", "the registers")                                                     \
    X("ring", "ri", ring, "[QUEUE]", "the rings of a queue")                                       \
    X("desc", "de", desc, "[QUEUE] HEAD", "a chain, with request and response")                    \
    X("mem", "m", mem, "ADDRESS [BYTES]", "memory")                                                \
    X("model", "mo", model, "", "what each side believes")                                         \
    X("source", "so", source, "[FILE:LINE]", "the driver's lines")                                 \
    X("scanout", "sc", scanout, "[[N] FILE.png]", "the screens; one (0) written to a file")        \
    X("trace", "t", trace, "[N]", "the last N events")                                             \
    X("findings", "fi", findings, "", "what was found so far")                                     \
    X("write", "wr", play, "REGISTER VALUE", "by hand: the driver writes a register")              \
    X("read", "rd", play, "REGISTER", "... reads one")                                             \
    X("store", "st", play, "PLACE VALUE", "... stores into memory: q0.avail.idx 1")                \
    X("alloc", "", play, "NAME SIZE at ADDRESS", "... allocates DMA memory")                       \
    X("free", "", play, "NAME SIZE at ADDRESS", "... frees it")                                    \
    X("driver", "", play, "EVENT", "... does what a line of a trace says")                         \
    X("act", "a", act, "[N]", "by hand: the device takes a micro-step now")                        \
    X("hold", "ho", play, "", "... takes none of its own accord")                                  \
    X("release", "rl", play, "", "... does again")                                                 \
    X("interrupt", "i", play, "", "... finishes its work, the interrupt is delivered")             \
    X("fault", "fa", play, "WORD [ARGUMENT]", "... misbehaves, the next time it can")              \
    X("acts", "", acts, "", "list what was done by hand")                                          \
    X("forget", "", forget, "", "drop what was done by hand further on")                           \
    X("record", "", record, "FILE", "write the run up to here, for replay-trace")                  \
    X("help", "h", help, "[COMMAND]", "this list; `help patterns` for patterns")                   \
    X("quit", "q", quit, "", "leave")

enum prompt_result { PROMPT_LOOKED, PROMPT_ORDERED, PROMPT_MISUSED };

#define PROMPT_LINE_BYTES 512u

struct prompt {
    struct session *session;
    FILE *out;
    struct report_options report;
    unsigned breaks_made;
    uint64_t seen_events; /* of the run as it is: shown already */
    uint64_t seen_step;
    uint32_t seen_findings;
};

void prompt_create(struct prompt *prompt, struct session *session, FILE *out);
/* Carries out one line, without newline; `#` begins a comment. Mistakes are told on `out`. */
enum prompt_result prompt_command(struct prompt *prompt, const char *line);
/* Where the run has come to stand: what happened since it was shown last, and what comes next. */
void prompt_show_stop(struct prompt *prompt);
/* The command words, for completion; count of them in *count. */
const char *const *prompt_words(size_t *count);

/* ---- one function a command; `rest` is what follows the word ---- */

#define X(word, short_word, function, arguments, help)                                             \
    enum prompt_result prompt_##function(struct prompt *prompt, const char *word_given,            \
                                         const char *rest);
PROMPT_COMMANDS(X)
#undef X

/* ---- shared by the commands ---- */

/* One line about a mistake; PROMPT_MISUSED. */
enum prompt_result prompt_misused(struct prompt *prompt, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a message of the scenario's parser, `path:line:col: error: ...`; freed here. */
enum prompt_result prompt_parser_said(struct prompt *prompt, char *message);
/* Takes a word off the front of *rest; false when there is none. */
bool prompt_word(const char **rest, char *out, size_t out_bytes);
/* Takes a number, or leaves `fallback`; false after a message. */
bool prompt_number(struct prompt *prompt, const char **rest, const char *what, uint64_t fallback,
                   uint64_t *out);
/* Reads a pattern; false after a message that begins with `what`. */
bool prompt_pattern(struct prompt *prompt, const char *text, const char *what, struct pattern *out);
/* Nothing may follow; false after a message. */
bool prompt_end(struct prompt *prompt, const char *rest);
/* One event with its source place, and with the source line if `with_source`. */
void prompt_put_event(struct prompt *prompt, const struct event *event, bool with_source);

#endif
