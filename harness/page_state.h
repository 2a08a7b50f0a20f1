/*
 * The inside of a page under way, for the files that make it up: page.c (a page from start to end),
 * page_events.c (events, folds), page_rings.c (pictures of the rings), page_report.c (what the run
 * came to), page_index.c.
 *
 * Invariants: a struct page lies in memory that all processes share and holds no pointers but to
 * what lives as long as ringside; every event is either in a block of the spool or in `text`; folds
 * are in the order in which they begin and nest; `fold[i].rows` 0 means that nothing is folded.
 */
#ifndef RINGSIDE_HARNESS_PAGE_STATE_H
#define RINGSIDE_HARNESS_PAGE_STATE_H

#include "page.h"
#include "page_json.h"
#include "source.h"

/* Events that a page holds; further ones are counted only. */
#define PAGE_EVENTS_MAX    (UINT32_C(1) << 22)
#define PAGE_BLOCK_EVENTS  2048u
#define PAGE_BLOCKS_MAX    (PAGE_EVENTS_MAX / PAGE_BLOCK_EVENTS)
#define PAGE_LINE_BYTES    (EVENT_TEXT_BYTES + 8u) /* a tab, the number of its place, a newline */
#define PAGE_FOLDS_MAX     (UINT32_C(1) << 20)
#define PAGE_MARKS_MAX     (UINT32_C(1) << 20)
#define PAGE_PLACES_MAX    4096u
#define PAGE_PCS           8192u /* direct-mapped, by return address */
#define PAGE_LABELS_MAX    4096u
#define PAGE_LABEL_BYTES   128u
#define PAGE_NAMES_BYTES   (8u << 20) /* of all pages of a run */
/* Pictures of the rings: so many of the first notifications, and of the last. */
#define PAGE_RINGS_FIRST   128u
#define PAGE_RINGS_LAST    128u
#define PAGE_RING_BYTES    16384u
#define PAGE_RING_ENTRIES  64u /* descriptors, slots of each ring, requests that a picture shows */
/* Lines of the driver that are shown around one of its lines. */
#define PAGE_SOURCE_AROUND 5u

/* A poll is folded from so many accesses on, others from that many. */
#define PAGE_POLL_ROWS   8u
#define PAGE_BULK_ROWS   16u
#define PAGE_POLL_PLACES 4u /* what one poll may look at */

/* X(name, word): what a fold holds. */
#define PAGE_FOLDS(X)                                                                              \
    X(CALL, "call")       /* of the scenario */                                                    \
    X(REQUEST, "request") /* from its first descriptor until the driver has the answer */          \
    X(POLL, "poll")       /* the same few places, again and again */                               \
    X(BULK, "bulk")       /* one party at one place: a table, a buffer, a picture */

enum page_fold_kind {
#define X(name, word) PAGE_FOLD_##name,
    PAGE_FOLDS(X)
#undef X
};

/* X(name, word): rows that a reader may want to jump to. */
#define PAGE_MARKS(X)                                                                              \
    X(NOTIFY, "notification")                                                                      \
    X(USED, "used")                                                                                \
    X(INTERRUPT, "interrupt")                                                                      \
    X(TROUBLE, "trouble") /* refused, stuck, crashed, a live device reset */

enum page_mark_kind {
#define X(name, word) PAGE_MARK_##name,
    PAGE_MARKS(X)
#undef X
};

struct page_fold {
    uint32_t row, rows;
    uint32_t label;
    uint8_t kind;
};

struct page_mark {
    uint32_t row;
    uint8_t kind;
};

/* A line of the driver. */
struct page_place {
    char file[SOURCE_FILE_BYTES];
    char function[96];
    char via_file[SOURCE_FILE_BYTES]; /* the accessor that it went through; "" = none */
    unsigned line, via_line;
};

struct page_block {
    uint64_t first_step;
    uint64_t offset; /* in the spool */
    uint32_t bytes;
    uint32_t events;
};

/* Accesses in a row that may become one fold. */
struct page_run {
    uint32_t row, rows;
    uint32_t places;
    uint64_t place[PAGE_POLL_PLACES];
    uint64_t key;
    bool poll, bulk; /* could still be one */
    struct event first;
};

/* The request that is open, if any. */
struct page_request {
    bool open, answered;
    uint32_t fold; /* its number */
    uint32_t commands;
    uint16_t queue;
    uint64_t published; /* requests of the queue before it */
    char command[PAGE_LABEL_BYTES / 2 - 4];
    char response[PAGE_LABEL_BYTES / 2 - 4];
};

struct page {
    const char *dir;
    const char *again;
    int spool; /* compressed blocks of one scenario; unnamed */
    int rows;  /* of the index, a line of JSON each; unnamed */
    bool failed;
    size_t names_bytes;
    char names[PAGE_NAMES_BYTES]; /* taken, each with its terminator */
    /* ---- of one scenario, from here on ---- */
    bool spool_failed;
    uint64_t spool_bytes;
    uint32_t event_count;
    uint64_t events_dropped;
    uint32_t block_count;
    struct page_block block[PAGE_BLOCKS_MAX];
    uint32_t text_events;
    uint32_t text_bytes;
    uint64_t text_first_step, last_step;
    char text[PAGE_BLOCK_EVENTS * PAGE_LINE_BYTES];
    uint32_t fold_count, folds_dropped;
    struct page_fold fold[PAGE_FOLDS_MAX];
    uint32_t call_fold; /* number + 1 of the open one; 0 = none */
    struct page_request request;
    struct page_run run;
    uint32_t mark_count, marks_dropped;
    struct page_mark mark[PAGE_MARKS_MAX];
    uint32_t label_count;
    char label[PAGE_LABELS_MAX][PAGE_LABEL_BYTES]; /* [0] is "" */
    uint32_t label_slot[PAGE_LABELS_MAX * 2];      /* number + 1, by hash */
    uint32_t place_count;
    struct page_place place[PAGE_PLACES_MAX]; /* [0] is unknown */
    struct {
        uintptr_t pc;
        uint32_t place;
    } known[PAGE_PCS];
    uint64_t ring_count;
    char ring[PAGE_RINGS_FIRST + PAGE_RINGS_LAST][PAGE_RING_BYTES]; /* JSON; "" = did not fit */
};

/* ---- page_events.c ---- */

void page_note_event(struct page *page, const struct event *event, const struct world_sight *sight);
/* Puts what is under way into the spool, and closes folds: nothing comes any more. */
void page_end_events(struct page *page);
/* The number of a line of the driver, from 1; 0 = unknown, or more than PAGE_PLACES_MAX. */
uint32_t page_place_of(struct page *page, uintptr_t pc);
/* Folds and marks, and the blocks of events: compressed, in base64. */
void page_write_folds(struct page *page, FILE *out);
void page_write_blocks(struct page *page, FILE *out);
/* Deflated (zlib format), in base64. False when out of memory. */
bool page_deflate(FILE *out, const void *data, size_t bytes);

/* ---- page_rings.c ---- */

/* A picture of the rings of the queue that was just notified. */
void page_note_rings(struct page *page, const struct event *event, uint32_t row,
                     const struct world_sight *sight);
bool page_write_rings(const struct page *page, FILE *out);

/* ---- page_report.c ---- */

/* Everything about the run but its events: the page's data. */
void page_write_report(struct page *page, const struct world_outcome *outcome,
                       enum page_state state, uint64_t until_step, FILE *out);

/* ---- page_index.c ---- */

/* A name for a page of this run: of letters that need no quoting anywhere, not taken before. */
bool page_take_name(struct page *page, const char *scenario, char *out, size_t out_bytes);
void page_index_add(struct page *page, const char *file, const struct world_outcome *outcome,
                    enum page_state state);
bool page_index_write(struct page *page);

/* ---- page.c ---- */

/* X(name): what a template leaves open, as <!--@name-->. */
#define PAGE_HOLES(X) X(title) X(style) X(script) X(data) X(rings) X(folds) X(blocks) X(report)

enum page_hole {
#define X(name) PAGE_HOLE_##name,
    PAGE_HOLES(X)
#undef X
        PAGE_HOLE_COUNT
};

/* Writes a template, calling `fill` where it leaves something open. */
void page_fill(FILE *out, const char *template, void (*fill)(void *context, enum page_hole hole),
               void *context);

/* page_files.S: the files of page/, each ended by a NUL. */
extern const char page_file_page_html[], page_file_index_html[], page_file_page_css[],
    page_file_index_js[], page_file_data_js[], page_file_report_js[], page_file_diagram_js[],
    page_file_rings_js[], page_file_page_js[];

#endif
