/*
 * The model's cache lines, by address; see model_cache.h.
 */
#include "model_cache.h"

#include <stddef.h>

#define LINE_MASK (~(uint64_t)(MODEL_CACHE_LINE_BYTES - 1))

static size_t place_of(uint64_t line_addr)
{
    return line_addr / MODEL_CACHE_LINE_BYTES % MODEL_CACHE_LINES;
}

/* The bits of those bytes of a line that lie in [addr, end). */
static uint64_t bits_of(uint64_t line_addr, uint64_t addr, uint64_t end)
{
    uint64_t first = addr > line_addr ? addr - line_addr : 0;
    uint64_t past =
        end < line_addr + MODEL_CACHE_LINE_BYTES ? end - line_addr : MODEL_CACHE_LINE_BYTES;
    uint64_t below = past == MODEL_CACHE_LINE_BYTES ? UINT64_MAX : (UINT64_C(1) << past) - 1;

    return below & ~((UINT64_C(1) << first) - 1);
}

/*
 * Calls `visit` for the lines that [addr, addr + bytes) touches: for the known ones, or, if `adds`,
 * for each, with a place made for it. A range of more lines than are kept leaves its last ones.
 * Inlined for each `visit`: a driver keeps its cache ahead of and behind every access.
 */
__attribute__((always_inline)) static inline void
visit_lines(struct model_cache *cache, const struct event *event, bool adds,
            void (*visit)(struct model_line *line, uint64_t bits, const struct event *event))
{
    uint64_t end = event->addr + event->width_bytes;
    uint64_t at = event->addr & LINE_MASK;
    uint64_t span = (uint64_t)MODEL_CACHE_LINES * MODEL_CACHE_LINE_BYTES;

    if (event->width_bytes == 0 || end < event->addr)
        return;
    if (end - at > span)
        at = (end - span) & LINE_MASK;
    for (; at < end; at += MODEL_CACHE_LINE_BYTES) {
        struct model_line *line = &cache->line[place_of(at)];
        if (line->addr != at && !adds)
            continue;
        if (line->addr != at)
            *line = (struct model_line){.addr = at};
        visit(line, bits_of(at, event->addr, end), event);
    }
}

/* Without the bytes that it points at, which do not outlive it. */
static void keep(struct event *kept, const struct event *event)
{
    *kept = *event;
    kept->bytes = NULL;
}

/* ---- what becomes of a line ---- */

static void dirty(struct model_line *line, uint64_t bits, const struct event *event)
{
    line->dirty |= bits;
    line->lost &= ~bits;
    keep(&line->store, event);
}

/* Whole lines are cleaned and dropped, whatever part of them was named. */
static void clean(struct model_line *line, uint64_t bits, const struct event *event)
{
    (void)bits;
    (void)event;
    line->dirty = 0;
}

static void drop(struct model_line *line, uint64_t bits, const struct event *event)
{
    (void)bits;
    if (line->dirty == 0)
        return;
    line->lost |= line->dirty;
    line->dirty = 0;
    keep(&line->dropped, event);
}

static void overwrite(struct model_line *line, uint64_t bits, const struct event *event)
{
    (void)event;
    line->lost &= ~bits;
}

/* ---- events ---- */

void model_cache_kept(struct model_cache *cache, const struct event *event)
{
    cache->maintained = true;
    if (event->value == EVENT_CACHE_INVALIDATE)
        visit_lines(cache, event, false, drop);
    else
        visit_lines(cache, event, false, clean);
}

void model_cache_stored(struct model_cache *cache, const struct event *event)
{
    uint64_t at = event->addr & LINE_MASK;
    struct model_line *line = &cache->line[place_of(at)];

    if (!cache->maintained)
        return;
    /* The usual store lies within a line that is known. */
    if (line->addr == at && event->addr - at + event->width_bytes <= MODEL_CACHE_LINE_BYTES &&
        event->width_bytes - 1 < MODEL_CACHE_LINE_BYTES - 1)
        dirty(line, ((UINT64_C(1) << event->width_bytes) - 1) << (event->addr - at), event);
    else
        visit_lines(cache, event, true, dirty);
}

void model_cache_device_stored(struct model_cache *cache, const struct event *event)
{
    if (cache->maintained)
        visit_lines(cache, event, false, overwrite);
}

void model_cache_loaded(struct model_cache *cache, const struct event *event)
{
    const struct model_line *line;

    if (!cache->maintained || (event->flags & EVENT_RANGE) != 0)
        return;
    line = model_cache_lost(cache, event->addr, event->width_bytes);
    if (line == NULL)
        return;
    keep(&cache->lost_load, event);
    cache->lost_line = *line;
}

const struct model_line *model_cache_lost(const struct model_cache *cache, uint64_t addr,
                                          uint64_t bytes)
{
    uint64_t end = addr + bytes;
    uint64_t at = addr & LINE_MASK;

    for (unsigned i = 0; i < MODEL_CACHE_LINES && at < end; i++, at += MODEL_CACHE_LINE_BYTES) {
        const struct model_line *line = &cache->line[place_of(at)];
        if (line->addr == at && (line->lost & bits_of(at, addr, end)) != 0)
            return line;
    }
    return NULL;
}
