/*
 * Pages for `ringside run --html DIR`: one self-contained HTML file a scenario, and an index.
 *
 *   page_create      in ringside's own process, before any driver runs
 *   page_begin       a scenario starts; page_reader() then collects its events
 *   page_finish      it is over: DIR/NAME.html appears, whole, and the index gets a row
 *   page_broken      it could not be run: the index gets a row
 *   page_end         all are over: DIR/index.html appears, and everything is let go
 *
 * What is collected lies in memory and in an unnamed file that all processes share (isolate.h), so
 * that a page can be written of a driver that took its process along. Memory is bounded whatever
 * the run: see the limits in page_state.h. A page says which of them it met.
 */
#ifndef RINGSIDE_HARNESS_PAGE_H
#define RINGSIDE_HARNESS_PAGE_H

#include "world.h"

struct page;

/* X(name, word, what the index says of it; the order is the index's) */
#define PAGE_STATES(X)                                                                             \
    X(BROKEN, "broken", "could not be run")                                                        \
    X(FAILED, "failed", "not as expected")                                                         \
    X(STOPPED, "stopped", "stopped early")                                                         \
    X(SKIPPED, "skipped", "nothing was called")                                                    \
    X(OK, "ok", "as expected")

enum page_state {
#define X(name, word, text) PAGE_##name,
    PAGE_STATES(X)
#undef X
        PAGE_STATE_COUNT
};

const char *page_state_word(enum page_state state);

/*
 * Makes the folder if it is not there. `again` are the options that repeat the run ("" = none), and
 * must live as long as the page. NULL after a message.
 */
struct page *page_create(const char *dir, const char *again);
/* Writes the index if `whole`; false after a message when it cannot be written. */
bool page_end(struct page *page, bool whole);

/* Forgets what was collected before. */
void page_begin(struct page *page);
struct world_reader page_reader(struct page *page);

/* False after a message. The driver's source must still be found: before source_close(). */
bool page_finish(struct page *page, const struct world_outcome *outcome, enum page_state state,
                 uint64_t until_step);
void page_broken(struct page *page, const char *path);

#endif
