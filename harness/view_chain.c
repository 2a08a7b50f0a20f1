/*
 * Follows a descriptor chain as it lies in RAM, and gathers what it carries.
 *
 * A chain may loop, leave the table or point anywhere: every step is bounded, and what stops it is
 * named.
 */
#include "view.h"

#include <string.h>

#include "view_memory.h"

struct walk {
    struct view_chain *chain;
    const struct arena *arena;
    const struct sim_device *device; /* knows the rings' byte order */
    uint64_t table;                  /* address of the table that is followed now */
    uint32_t size;                   /* its descriptors */
    bool in_table;                   /* it is an indirect one */
};

/* Adds as much of a buffer as lies in RAM and has room. */
static void gather(const struct arena *arena, const struct view_piece *piece, uint8_t *out,
                   uint32_t *count)
{
    uint64_t bytes = memory_in_ram(arena, piece->addr, piece->len);
    if (bytes > VIEW_BYTES_MAX - *count)
        bytes = VIEW_BYTES_MAX - *count;
    if (bytes > 0)
        memcpy(out + *count, arena_host(arena, piece->addr), bytes);
    *count += (uint32_t)bytes;
}

static void add_piece(struct walk *walk, uint16_t index, const struct virtq_desc *raw)
{
    struct view_chain *chain = walk->chain;
    struct view_piece *piece = &chain->piece[chain->piece_count++];

    *piece = (struct view_piece){.index = index,
                                 .in_table = walk->in_table,
                                 .flags = sim_ring16(walk->device, raw->flags),
                                 .next = sim_ring16(walk->device, raw->next),
                                 .len = sim_ring32(walk->device, raw->len),
                                 .addr = sim_ring64(walk->device, raw->addr)};
    piece->reachable = memory_is_reachable(walk->arena, piece->addr, piece->len);
    arena_name(walk->arena, piece->addr, piece->name, sizeof piece->name);
    if ((piece->flags & VIRTQ_DESC_F_INDIRECT) != 0)
        return;
    if ((piece->flags & VIRTQ_DESC_F_WRITE) != 0) {
        chain->writable_bytes += piece->len;
        gather(walk->arena, piece, chain->response, &chain->response_count);
    } else {
        chain->readable_bytes += piece->len;
        gather(walk->arena, piece, chain->request, &chain->request_count);
    }
}

/* Has the chain been at this descriptor? */
static bool is_back(const struct walk *walk, uint16_t index)
{
    for (uint32_t i = 0; i < walk->chain->piece_count; i++) {
        const struct view_piece *piece = &walk->chain->piece[i];
        if (piece->index == index && piece->in_table == walk->in_table)
            return true;
    }
    return false;
}

/* Adds a descriptor and goes to the next; false at the end, or in trouble. */
static bool step(struct walk *walk, uint16_t *index)
{
    struct view_chain *chain = walk->chain;
    struct virtq_desc raw;

    if (*index >= walk->size) {
        chain->trouble = "it goes on outside of the table";
        return false;
    }
    if (is_back(walk, *index)) {
        chain->trouble = "it loops: it was at the next descriptor before";
        return false;
    }
    if (chain->piece_count == VIEW_PIECES_MAX) {
        chain->trouble = "it goes on: only the first descriptors are shown";
        return false;
    }
    if (!memory_peek(walk->arena, walk->table + sizeof raw * *index, &raw, sizeof raw)) {
        chain->trouble = "the table does not lie in RAM";
        return false;
    }
    add_piece(walk, *index, &raw);
    const struct view_piece *piece = &chain->piece[chain->piece_count - 1];
    if ((piece->flags & VIRTQ_DESC_F_INDIRECT) != 0) {
        if (walk->in_table) {
            chain->trouble = "a table inside a table";
            return false;
        }
        walk->in_table = true;
        walk->table = piece->addr;
        walk->size = piece->len / (uint32_t)sizeof raw;
        *index = 0;
        return true;
    }
    *index = piece->next;
    return (piece->flags & VIRTQ_DESC_F_NEXT) != 0;
}

bool view_chain_take(struct view_chain *chain, const struct world_sight *sight, uint32_t queue,
                     uint16_t head)
{
    memset(chain, 0, sizeof *chain);
    chain->head = head;
    if (queue >= SIM_QUEUES_MAX || !sim_queue_is_live(sight->device, queue) ||
        head >= sight->device->queue[queue].size)
        return false;
    struct walk walk = {.chain = chain,
                        .arena = sight->arena,
                        .device = sight->device,
                        .table = sight->device->queue[queue].desc_addr,
                        .size = sight->device->queue[queue].size};
    uint16_t index = head;
    while (step(&walk, &index)) /* at most VIEW_PIECES_MAX times */
        continue;
    return true;
}
