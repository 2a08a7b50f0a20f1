/*
 * A scenario: one behaviour in one file, line by line, verb first.
 *
 *   spec      ID...                                 rules that the scenario is about
 *   violates  ID...                                 rules that its driver breaks on purpose: each
 *             must be found, and then is the rule's evidence (evidence.h)
 *   exhibit   ID [OWNER/NAME[#NUMBER|@COMMIT]]...   of the museum: where the mistake was seen; the
 *             driver has an option `mended`, which cures it
 *   mended    [device] [-> RESULT...]               what the cured run is like, if it is not that
 *             every call comes to OK; device: it is the device that is cured, of its faults
 *   machine   NAME [base A] [stride N] [slots N] [interrupt N] [ram A]   or without NAME;
 *             before `device` and `memory`; virt-aarch64 unless told otherwise
 *   device    gpu [version N] [profile spec|qemu] [queue-size-max N] [display WxH] [slot N]
 *             [scanouts N: 1 to 16] [features +NAME -NAME ?NAME ...] [eager-poll]
 *             [byte-order little | big]
 *             [personality NAME, instead of profile and eager-poll: see personality.h]
 *             ?NAME or ?BIT: offered, but there is nothing behind it; byte-order: of the driver's
 *             CPU; the driver NAME is built as NAME-big-endian then
 *   device    blk ... [disk N[KiB|MiB]] [read-only]   /   device rng ...
 *   driver    NAME [option value]...
 *   memory    [base A] [size N[KiB|MiB|GiB]] [next A] [identity | offset N] [static-dma]
 *             [stack-dma] [poison]
 *   schedule  eager | lazy | random [odds N] [interrupts idle | any]
 *             odds N: of 64, that the device goes on by one more step; 32 unless told otherwise
 *   seed      N
 *   fault     WORD [argument] [request N | occurrence N | at STEP | from STEP]
 *             the words are in fault.h; without more, always; between actions once, next
 *   call      NAME [argument]... [-> RESULT | -> ...]   without an arrow, OK is expected
 *             -> RUNNING: it does not return; it is ended when it only waits and no request is in
 *             flight, or after a million steps of work
 *   read      REGISTER [-> VALUE]                   the scenario plays the driver itself
 *   write     REGISTER VALUE
 *   load      PLACE [-> VALUE]  /  load ADDRESS WIDTH [-> VALUE]
 *   store     PLACE VALUE  /  store ADDRESS WIDTH VALUE
 *   bring-up  STAGE [after STAGE] [accept NAME...]  plays a conforming bring-up up to a stage:
 *             found, reset, driver, features, features-ok, queue, driver-ok; queue 0 has 8 entries,
 *             its parts lie 16 MiB into memory, at the beginnings of three pages (version 2)
 *   request   [unnotified]     GET_DISPLAY_INFO on queue 0 by descriptors 0 and 1, the next slot
 *   queue     1                                     sets queue 1 up as `bring-up` does queue 0
 *   send      COMMAND [FIELD VALUE]... [entry ADDRESS LENGTH]... [on QUEUE] [bytes N] [room N]
 *             [unnotified]       a GPU command, whole and on its queue unless told otherwise
 *   barrier   compiler | load | store | release | full | sync | instruction | hint
 *   wait                       waits for an interrupt; in vain, and it is stuck
 *   return    RESULT           what the scenario's driver says that it came to
 *   alloc     NAME SIZE at ADDRESS                  DMA memory, as a driver allocates it
 *   free      NAME SIZE at ADDRESS
 *   happens   config-change | needs-reset | display WxH   to the device, now, of itself
 *   interrupt                                       lets the device finish, delivers the interrupt
 *   hold      /  release                            the device takes no step of its own accord
 *   step      device [N]                            it takes N micro-steps
 *   pause     PATTERN                               the call in the next line stands still when it
 *             comes (pattern.h); the lines behind the call are done then, and nobody else acts:
 *             any of the above, `step [driver] [N]`, a further `pause`, and in the end
 *   continue                                        the call goes on
 *   [STEP] PARTY EVENT                              a line of a trace (event.h): the run makes this
 *             event, behind the one of the line before; with STEP, at that step. In a scenario
 *             without a driver, the driver's reads, writes, stores, allocations ... are played
 *   expect    stuck RUNG | stuck none
 *   expect    finding ID [at FILE[:LINE] | at :LINE]   the latter in the scenario itself
 *   expect    response untouched | filled
 *   expect    scanout N active [WxH] | off | never | lost
 *   expect    picture test-card | other
 *   expect    PLACE VALUE                           a register or ring field when the run is over
 *   expect    disk OFFSET VALUE                     a 32-bit word of a blk device's disk
 *   expect    dma-live N                            allocations still alive when the run is over
 *   replay    qemu TARGET...
 *
 * `#` at the start of a word begins a comment; the comment block on top is the scenario's
 * description. Numbers are decimal or 0x. `...` is don't-care. There are no variables, loops or
 * includes. What sets the machine up stands before the first action, each verb once (`fault`,
 * `spec` and `violates` as often as wanted). The last option of a driver may come without a value.
 * A scenario without `expect finding` expects none. Ownership: scenario_free() frees all that hangs
 * on a scenario.
 */
#ifndef RINGSIDE_HARNESS_SCENARIO_H
#define RINGSIDE_HARNESS_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "device.h"
#include "event.h"
#include "fault.h"
#include "ladder.h"
#include "machine.h"
#include "pattern.h"
#include "personality.h"
#include "suite.h"

#define SCENARIO_LINES_MAX      1000u
#define SCENARIO_LINE_BYTES     1000u
#define SCENARIO_ACTIONS_MAX    256u
#define SCENARIO_EXPECTS_MAX    128u
#define SCENARIO_OPTIONS_MAX    32u
#define SCENARIO_TARGETS_MAX    16u
#define SCENARIO_PAUSES_MAX     32u
#define SCENARIO_ODDS_MAX       64u
#define SCENARIO_WORD_BYTES     64u
/* The result of a call that shall not return: ended when it only waits, or after a limit. */
#define SCENARIO_RUNNING        (-2)
#define SCENARIO_SPECS_MAX      16u
#define SCENARIO_REFERENCES_MAX 8u
#define SCENARIO_MENDED_MAX     16u /* results of the cured run */

enum scenario_device {
    SCENARIO_DEVICE_GPU,
    SCENARIO_DEVICE_BLK,
    SCENARIO_DEVICE_RNG,
    SCENARIO_DEVICE_COUNT
};

enum schedule_kind { SCHEDULE_EAGER, SCHEDULE_LAZY, SCHEDULE_RANDOM };

struct scenario_option {
    char name[SCENARIO_WORD_BYTES];
    char value[SCENARIO_WORD_BYTES];
    unsigned line, name_column;
    unsigned value_column; /* 0: no value was given, value is "on" */
};

enum scenario_action_kind {
    SCENARIO_CALL,
    SCENARIO_READ,
    SCENARIO_WRITE,
    SCENARIO_LOAD,
    SCENARIO_STORE,
    SCENARIO_ALLOC,
    SCENARIO_FREE,
    SCENARIO_INTERRUPT,
    SCENARIO_WAIT,
    SCENARIO_BARRIER,
    SCENARIO_DISPLAY,
    SCENARIO_RETURN,
    SCENARIO_CONFIG_CHANGE,
    SCENARIO_NEEDS_RESET,
    SCENARIO_FAULT,    /* `fault` arms it */
    SCENARIO_HOLD,     /* the device takes no step of its own accord */
    SCENARIO_RELEASE,  /* it does again */
    SCENARIO_STEP,     /* `count` micro-steps of `party` (EVENT_PARTY_COUNT: of whoever is next) */
    SCENARIO_PAUSE,    /* the call that follows stands still when `pattern` comes */
    SCENARIO_CONTINUE, /* it goes on */
    SCENARIO_PLAY,     /* an event of the driver that changes nothing: a load, a barrier */
};

struct scenario_action {
    enum scenario_action_kind kind;
    unsigned line;
    char name[SCENARIO_WORD_BYTES]; /* CALL: the operation; ALLOC, FREE: the memory */
    unsigned name_column;
    struct suite_args args; /* CALL */
    int result;             /* CALL, RETURN: enum suite_result; CALL: -1 = don't care; or RUNNING */
    struct event event;     /* the others: place, addr, width_bytes, value */
    bool check_value;       /* READ, LOAD: event.value is expected */
    uint64_t count;         /* STEP */
    uint8_t party;          /* STEP: enum event_party */
    size_t pattern;         /* PAUSE: row of scenario->pattern */
    struct sim_fault fault; /* FAULT */
};

/* A line of a trace: an event that must come, after the one before it. */
struct scenario_traced {
    unsigned line;
    uint64_t step;               /* at this step; 0 = whenever */
    char text[EVENT_TEXT_BYTES]; /* without step number */
};

enum scenario_expect_kind {
    SCENARIO_EXPECT_STUCK,
    SCENARIO_EXPECT_FINDING,
    SCENARIO_EXPECT_RESPONSE,
    SCENARIO_EXPECT_SCANOUT,
    SCENARIO_EXPECT_PICTURE,
    SCENARIO_EXPECT_VALUE,
    SCENARIO_EXPECT_DMA_LIVE,
    SCENARIO_EXPECT_DISK,
};

enum scenario_scanout {
    SCENARIO_SCANOUT_ACTIVE,
    SCENARIO_SCANOUT_OFF,
    SCENARIO_SCANOUT_NEVER,
    SCENARIO_SCANOUT_LOST
};

struct scenario_expect {
    enum scenario_expect_kind kind;
    unsigned line, column;
    int rung;                       /* STUCK: enum ladder_rung, -1 = none */
    char id[SCENARIO_WORD_BYTES];   /* FINDING: rule id */
    char file[SCENARIO_WORD_BYTES]; /* FINDING: ending of the path, "" = anywhere */
    unsigned at_line;               /* FINDING: 0 = any; with file "" of the scenario itself */
    bool filled;                    /* RESPONSE */
    bool other;                     /* PICTURE: any but the test card */
    uint32_t scanout;               /* SCANOUT, PICTURE */
    enum scenario_scanout state;
    uint32_t width_px, height_px; /* SCANOUT: 0 = any */
    struct event event;           /* VALUE: place; value */
    uint64_t count;               /* DMA_LIVE; DISK: the offset, event.value the word */
};

/* What makes a scenario an exhibit of the museum; its symptom is the description. */
struct scenario_exhibit {
    unsigned line;                /* 0 = it is none */
    char id[SCENARIO_WORD_BYTES]; /* "A1" */
    size_t reference_count;
    char reference[SCENARIO_REFERENCES_MAX][SCENARIO_WORD_BYTES];
    bool device_mended; /* the mistake is the device's */
    size_t result_count;
    int result[SCENARIO_MENDED_MAX]; /* enum suite_result, call by call */
};

struct scenario {
    char *path;
    char *name;        /* file name without folder and .scn */
    char *text;        /* all of it, as it was read */
    char *description; /* comment block on top, one line a comment line; "" if none */
    size_t spec_count;
    char spec[SCENARIO_SPECS_MAX][SCENARIO_WORD_BYTES];
    size_t violates_count;
    char violates[SCENARIO_SPECS_MAX][SCENARIO_WORD_BYTES];
    struct scenario_exhibit exhibit;
    struct sim_machine machine; /* default virt-aarch64 */
    bool machine_own;           /* laid out by options of the scenario */
    bool machine_given;         /* a driver's table must not choose another one */
    bool profile_given;
    int personality; /* enum sim_personality, already in `device`; -1 = none */
    /* device */
    enum scenario_device kind;
    /* defaults: version 2, spec, the machine's slot, QEMU's features, 1024 */
    struct sim_config device;
    uint64_t features_pretended;                  /* offered with nothing behind them */
    uint64_t features_on, features_off;           /* as asked; already applied to device.features */
    uint32_t display_width_px, display_height_px; /* default 1280 x 800 */
    bool display_given;
    uint32_t scanouts; /* of the GPU: default 1; the display is the mode of the first */
    uint64_t disk_bytes; /* default 1 MiB */
    bool disk_read_only;
    struct sim_faults faults;
    /* driver */
    char driver[SCENARIO_WORD_BYTES]; /* "" = none: the scenario plays the driver itself */
    unsigned driver_line, driver_column;
    size_t option_count;
    struct scenario_option option[SCENARIO_OPTIONS_MAX];
    /* memory */
    uint64_t memory_base, memory_bytes; /* default: the machine's, 64 MiB */
    uint64_t memory_offset;             /* pointer minus physical address, if not 0 */
    uint64_t memory_next;               /* 0 = after the device tree's place */
    bool identity, static_dma, stack_dma, poison;
    /* schedule */
    enum schedule_kind schedule;
    uint32_t odds;       /* RANDOM: of SCENARIO_ODDS_MAX */
    bool interrupts_any; /* they come between any two accesses, not only where the driver waits */
    uint64_t seed;
    size_t action_count;
    struct scenario_action action[SCENARIO_ACTIONS_MAX];
    size_t expect_count;
    struct scenario_expect expect[SCENARIO_EXPECTS_MAX];
    unsigned device_line;
    size_t pattern_count;
    struct pattern pattern[SCENARIO_PAUSES_MAX];
    size_t traced_count;
    struct scenario_traced *traced; /* SCENARIO_LINES_MAX of them, or NULL */
    size_t target_count;
    char target[SCENARIO_TARGETS_MAX][SCENARIO_WORD_BYTES];
    unsigned target_line;
};

/*
 * Reads a scenario. On a mistake prints one message to `errors` (path:line:col: what, what was
 * expected, nearest known word; then the line and a caret) and returns NULL.
 */
struct scenario *scenario_read(const char *path, FILE *errors);
/* The same from text in memory; `path` is for messages. */
struct scenario *scenario_parse(const char *path, const char *text, FILE *errors);
void scenario_free(struct scenario *scenario);

/* The description up to its first full stop or empty line, on one line. */
void scenario_sentence(const struct scenario *scenario, char *out, size_t out_bytes);

/*
 * Reads one line that acts (write, store, read, alloc, free, interrupt, hold, release, fault,
 * `step device`, or a line of a trace that is one of these) for the machine of `scenario`. False
 * after a message.
 */
bool scenario_parse_action(const struct scenario *scenario, const char *line,
                           struct scenario_action *out, FILE *errors);
/* Whatever the scenario says of profile, eager-poll and, where it is lazy, schedule. */
void scenario_give_personality(struct scenario *scenario, enum sim_personality personality);

/* Reads what follows `fault`: a word, its argument, and when; false after a message. */
bool scenario_parse_fault(const struct scenario *scenario, const char *text, struct sim_fault *out,
                          FILE *errors);
/* Reads a pattern from a line, such as what follows `break`; false after a message. */
bool scenario_parse_pattern(const struct scenario *scenario, const char *line, const char *what,
                            struct pattern *out, FILE *errors);

/*
 * Makes *out the cured run of an exhibit: driver option `mended on` (or no faults), every call OK
 * unless the exhibit says otherwise, no finding, nothing stuck, the test card if one is shown. It
 * lives as long as `scenario`, whose texts it shares. False when there is no room for it.
 */
bool scenario_mend(const struct scenario *scenario, struct scenario *out);

/* The words of a device and of a schedule, as in a scenario. */
const char *scenario_device_word(enum scenario_device kind);
const char *scenario_schedule_word(enum schedule_kind kind);

/* The word of a call's result, SCENARIO_RUNNING included; NULL when it is none. */
const char *scenario_result_word(int result);

/* The word in `words` nearest to `word`, by edit distance, at most a third of it wrong; or NULL. */
const char *scenario_nearest(const char *word, const char *const *words, size_t count);

#endif
