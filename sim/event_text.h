/*
 * What the two directions of an event's text form share: the shape of each kind's line, as a table.
 * Private to event.c and event_parse.c.
 *
 *     line   = [STEP] PARTY VERB shape [xTIMES] [!VERDICT]
 *     place  = [slotN.] what [/WIDTH]
 *     what   = REGISTER[+0xN] | config+0xN | register+0xN | FIELD OF A QUEUE | memory | -
 *     memory = 0xADDRESS | [@]NAME+0xOFFSET
 *
 * In a shape, %c is a field by its letter in EVENT_FIELDS, [ ] encloses what is left out while its
 * first field is 0, and everything else is itself. Numbers are read in decimal or, after 0x, in
 * hexadecimal; NUMBER prints those below 10 in decimal and others in hexadecimal, DECIMAL always in
 * decimal. A value without a word in its table is printed as a number. WIDTH is in bytes and is
 * left out when it is the place's own: 4 for registers and config, the size of a ring's field;
 * plain memory always has one. xTIMES is how often a folded access happened: `repeat` + 1.
 *
 * Not part of the text: pc, bytes, the access flags, and fields that a shape does not name.
 */
#ifndef RINGSIDE_SIM_EVENT_TEXT_H
#define RINGSIDE_SIM_EVENT_TEXT_H

#include "event.h"

/* clang-format off */
/* X(kind, shape) */
#define EVENT_SHAPES(X)                                                                            \
    X(READ,          "%p %v")                         /* driver read Version 1 */                  \
    X(WRITE,         "%p %v")                         /* driver write QueueReady 1 */              \
    X(LOAD,          "%p %v")                         /* device load q0.avail.idx 1 */             \
    X(STORE,         "%p %v")                         /* driver store controlq+0x104/2 0 */        \
    X(UPDATE,        "%p %v was %x")                  /* driver update q0.avail.idx 2 was 1 */     \
    X(BARRIER,       "%b")                            /* driver barrier full */                    \
    X(CACHE,         "%c %m %w")                      /* driver cache clean controlq+0x0 0x40 */   \
    X(ALLOC,         "%N %v at %a[ align %x]")        /* driver alloc controlq 0x1000 at 0x4000 */ \
    X(FREE,          "%N %v at %a")                                                                \
    X(NO_WINDOW,     "%v at %a")                      /* driver no-window 0x200 at 0x1c130000 */   \
    X(FOREIGN,       "[ %v]")                         /* driver foreign 0x30d00800 */              \
    X(RELAX,         "[ %v]")                         /* driver relax; the clock's: steps passed */\
    X(WAIT,          "%W")                            /* driver wait deadline */                   \
    X(CALL,          "%l")                            /* driver call 2 */                          \
    X(RETURN,        "%k %r")                         /* driver return 2 OK */                     \
    X(TAKE,          "%q head %l segments %n")        /* device take q0 head 0 segments 2 */       \
    X(EXECUTE,       "%g[ at %x][ on %q]")            /* device execute GET_DISPLAY_INFO */        \
    X(RESPOND,       "%s %n[ on %q]")                 /* device respond OK_DISPLAY_INFO 408 */     \
    X(INTERRUPT,     "%i")                            /* device interrupt used */                  \
    X(RESET,         "[ by %R of %q]")                /* device reset */                           \
    X(NEEDS_RESET,   "%f[ on %q]")                    /* device needs-reset head-range */          \
    /* device refuse head-range on q0 got 0x13 of 8 in q0.avail.ring[2] */                         \
    X(REFUSE,        "%f on %q[ got %a][ of %x][ in %P][ because %y][ resource %z]")               \
    X(SCANOUT,       "%v resource %x")                /* device scanout 0 resource 1 */            \
    X(FLUSH,         "resource %v")                                                                \
    X(CONFIG_CHANGE, "generation %v")                                                              \
    X(FAULT,         "%t[ argument %x][ on %q]")      /* device fault completion-late */           \
    X(STUCK,         "[ on %q]")                      /* world stuck */                            \
    X(UNOBSERVED,    "%u %p[ is-write %x]")           /* world unobserved access QueueReady */     \
    X(CRASH,         "%v[ at %a]")

/* X(letter, member of struct event, notation) */
#define EVENT_FIELDS(X)                                                                            \
    X('p', VALUE, PLACE)                                                                           \
    X('m', ADDR, MEMORY)                                                                           \
    X('N', ADDR, NAME)                                                                             \
    X('v', VALUE, NUMBER)                                                                          \
    X('x', EXTRA, NUMBER)                                                                          \
    X('a', ADDR, NUMBER)                                                                           \
    X('w', WIDTH, NUMBER)                                                                          \
    X('l', VALUE, DECIMAL)                                                                         \
    X('n', EXTRA, DECIMAL)                                                                         \
    X('k', INDEX, DECIMAL)                                                                         \
    X('q', QUEUE, QUEUE)                                                                           \
    X('b', VALUE, BARRIER)                                                                         \
    X('c', VALUE, CACHE)                                                                           \
    X('W', VALUE, WAIT)                                                                            \
    X('r', VALUE, RESULT)                                                                          \
    X('g', VALUE, COMMAND)                                                                         \
    X('s', VALUE, RESPONSE)                                                                        \
    X('i', VALUE, INTERRUPT)                                                                       \
    X('R', VALUE, RESET)                                                                           \
    X('f', VALUE, REFUSAL)                                                                         \
    X('P', WHERE, WHERE)                                                                           \
    X('y', WHY, ARENA_FAULT)                                                                       \
    X('z', WHOSE, NUMBER)                                                                          \
    X('t', VALUE, FAULT)                                                                           \
    X('u', VALUE, UNOBSERVED)
/* clang-format on */

/* How a field is written. Those up to QUEUE are syntax, the others tables of words for values. */
enum event_notation {
    EVENT_NOTATION_PLACE,
    EVENT_NOTATION_WHERE, /* a place without address and width */
    EVENT_NOTATION_MEMORY,
    EVENT_NOTATION_NAME, /* of an allocation; not read back */
    EVENT_NOTATION_NUMBER,
    EVENT_NOTATION_DECIMAL,
    EVENT_NOTATION_QUEUE,
    EVENT_NOTATION_BARRIER,
    EVENT_NOTATION_CACHE,
    EVENT_NOTATION_WAIT,
    EVENT_NOTATION_RESULT,
    EVENT_NOTATION_COMMAND,
    EVENT_NOTATION_RESPONSE,
    EVENT_NOTATION_INTERRUPT,
    EVENT_NOTATION_RESET,
    EVENT_NOTATION_REFUSAL,
    EVENT_NOTATION_ARENA_FAULT,
    EVENT_NOTATION_FAULT,
    EVENT_NOTATION_UNOBSERVED,
    EVENT_NOTATION_COUNT
};

enum event_member {
    EVENT_MEMBER_VALUE,
    EVENT_MEMBER_EXTRA,
    EVENT_MEMBER_ADDR,
    EVENT_MEMBER_WIDTH,
    EVENT_MEMBER_INDEX,
    EVENT_MEMBER_QUEUE,
    /* what `place` and `index` of a refusal say: 0 when they say something else */
    EVENT_MEMBER_WHERE, /* place, of a register or ring field */
    EVENT_MEMBER_WHY,   /* enum arena_fault, when memory could not be reached */
    EVENT_MEMBER_WHOSE  /* resource_id, when a request was refused */
};

struct event_field {
    char letter;
    enum event_member member;
    enum event_notation notation;
};

struct event_word {
    uint64_t value;
    const char *word;
};

struct event_words {
    const struct event_word *row;
    size_t count;
    bool hyphened; /* rows hold enumerators: printed in lower case with hyphens */
};

/* Shape of a kind, a string of EVENT_SHAPES. */
const char *event_shape(enum event_kind kind);
/* The field of a letter, which must be in EVENT_FIELDS. */
struct event_field event_field(char letter);
uint64_t event_member_get(const struct event *event, enum event_member member);
/* Words of a notation; no rows for those that are syntax. */
const struct event_words *event_words(enum event_notation notation);
/* Pattern of a place's text with %q and %i, or "" for those that are printed otherwise. */
const char *event_place_pattern(enum event_place place);
/* Width in bytes of what lies at a place, 0 where it can be any. */
uint32_t event_place_width(enum event_place place);
/* Register by specification name or alias, any case, of `length` characters; -1 = unknown. */
int event_register_by_name(const char *name, size_t length);
/* Would NAME+0x.. be read as something else than memory? Then it is printed with a leading `@`. */
bool event_name_is_taken(const char *name, size_t length);

#endif
