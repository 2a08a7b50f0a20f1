/*
 * The model's cache: what a driver that maintains caches would lose on a machine whose devices do
 * not snoop. Memory is coherent here, so that nothing is lost; this tells what would be.
 *
 * A byte that the driver stored is DIRTY until its line is cleaned. An invalidate over it makes it
 * LOST: the line is dropped, and with it what the driver had stored. It is so until somebody stores
 * there again. Only drivers that maintain caches at all are watched, from the first time on.
 *
 * Not handled: more than MODEL_CACHE_LINES lines at a time: the older one of two that share a place
 * is forgotten, and rules keep silent about it.
 */
#ifndef RINGSIDE_HARNESS_MODEL_CACHE_H
#define RINGSIDE_HARNESS_MODEL_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include "event.h"

#define MODEL_CACHE_LINE_BYTES 64u
#define MODEL_CACHE_LINES      256u

struct model_line {
    uint64_t addr;        /* of its first byte */
    uint64_t dirty, lost; /* a bit a byte */
    struct event store;   /* the last one that made a byte of it dirty */
    struct event dropped; /* the invalidate that made bytes of it lost */
};

struct model_cache {
    bool maintained; /* the driver has cleaned or invalidated something */
    struct model_line line[MODEL_CACHE_LINES];
    /* the driver loaded what it had lost, in the last event; step 0 = it did not */
    struct event lost_load;
    struct model_line lost_line;
};

/* Events of the driver: CACHE; a store; a load. And a store of the device. */
void model_cache_kept(struct model_cache *cache, const struct event *event);
void model_cache_stored(struct model_cache *cache, const struct event *event);
void model_cache_loaded(struct model_cache *cache, const struct event *event);
void model_cache_device_stored(struct model_cache *cache, const struct event *event);

/* The first line of [addr, addr + bytes) of which a byte there is lost; NULL if none is known. */
const struct model_line *model_cache_lost(const struct model_cache *cache, uint64_t addr,
                                          uint64_t bytes);

#endif
