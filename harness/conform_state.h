/*
 * The inside of `conform`, for what reads and writes its results.
 */
#ifndef RINGSIDE_HARNESS_CONFORM_STATE_H
#define RINGSIDE_HARNESS_CONFORM_STATE_H

#include "conform.h"
#include "output_state.h"

/* What a cell's results are called by: `conform/CELL.scn`. */
#define CONFORM_PATH_FORMAT "conform/%s.scn"

struct conform_shard {
    uint32_t index; /* from 1 */
    uint32_t count;
};

/* How many cells a shard has, and which its n-th is: every `count`-th. */
uint32_t conform_shard_cells(const struct conform_shard *shard, uint32_t cells);
uint32_t conform_shard_cell(const struct conform_shard *shard, uint32_t number);

json_t *conform_json(const struct conform_sum *sum, const struct conform_cells *cells,
                     const struct conform_shard *shard);
/*
 * Reads results that shards wrote, all of them, in any order: their sum, and their results, which
 * are added to `output` (may be NULL) in the order of the cells. An exit status, after a message,
 * or 0.
 */
int conform_merge(const struct conform_cells *cells, char *const *paths, size_t count,
                  struct conform_sum *sum, struct output *output);

#endif
