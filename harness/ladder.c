/*
 * The ladder: how far a request came, and what its first missed rung says.
 */
#include "ladder.h"
#include "model.h"

#include <string.h>

void ladder_climb(const struct model *model, uint32_t queue, struct ladder *out)
{
    (void)model;
    memset(out, 0, sizeof *out);
    out->queue = queue;
}
