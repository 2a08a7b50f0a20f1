/*
 * A chain of descriptors: gathered one micro-step at a time, then read and written as two byte
 * strings.
 *
 *   chain_begin(head) --> chain_gather() --NEXT--> chain_gather() ... --> CHAIN_COMPLETE
 *                              |  INDIRECT: goes on in the indirect table
 *                              +--> CHAIN_REFUSED, queue broken
 *
 * Every limit on what a driver can have written is checked here, beside its section number. A chain
 * has at most as many descriptors as the queue has (2.7.5.3.1), an indirect table is left after as
 * many as it holds, and never more than VIRTQ_SIZE_MAX; so the walk ends whatever memory holds.
 */
#include "chain.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/ring.h"

#define CHAIN_BYTES_MAX (UINT64_C(1) << 32)  /* 2.7.4 */
#define SEGMENTS_FIRST  16u                  /* capacity of a segment array when first needed */
#define SEGMENTS_MAX    (2 * VIRTQ_SIZE_MAX) /* a direct chain that ends in an indirect table */
#define DESC_F_KNOWN    (VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_INDIRECT)

/* A descriptor in the host's byte order, and where it was found. */
struct found_desc {
    uint64_t addr;
    uint32_t len_bytes;
    uint16_t flags;
    uint16_t next;
    uint16_t at; /* its index in its table */
};

/* ---- refusals ---- */

void chain_refuse_dma(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                      uint64_t addr, uint64_t bytes, enum arena_fault fault)
{
    struct event details = {.addr = addr,
                            .extra = bytes,
                            .index = (uint32_t)fault,
                            .place = EVENT_PLACE_MEMORY};
    sim_refuse(device, queue, refusal, &details);
}

/* What is wrong with a descriptor; `value` is what was found, `bound` what it is held against. */
static void refuse_desc(struct sim_device *device, uint32_t queue, const struct found_desc *desc,
                        enum sim_refusal refusal, enum sim_action action, uint64_t value,
                        uint64_t bound)
{
    bool indirect = device->queue[queue].in_indirect;
    struct event details = {.value = value,
                            .extra = bound,
                            .index = desc->at,
                            .place = indirect ? EVENT_PLACE_INDIRECT : EVENT_PLACE_DESC};
    sim_refuse_as(device, queue, refusal, action, &details);
}

/* ---- gathering ---- */

/* Makes room for `needed` segments. */
static void reserve(struct sim_segment **segments, uint32_t *capacity, uint32_t needed)
{
    if (needed <= *capacity)
        return;
    assert(needed <= SEGMENTS_MAX);
    uint32_t wanted = *capacity == 0 ? SEGMENTS_FIRST : *capacity;
    while (wanted < needed) /* at most 12 doublings */
        wanted *= 2;
    struct sim_segment *grown = realloc(*segments, wanted * sizeof(**segments));
    if (grown == NULL)
        abort();
    *segments = grown;
    *capacity = wanted;
}

void chain_begin(struct sim_queue *queue, uint16_t head)
{
    struct sim_chain *chain = &queue->chain;
    chain->head = head;
    chain->readable_count = 0;
    chain->writable_count = 0;
    chain->readable_bytes = 0;
    chain->writable_bytes = 0;
    chain->written_bytes = 0;
    queue->desc_next = head;
    queue->table_addr = queue->desc_addr;
    queue->table_count = queue->size;
    queue->desc_seen = 0;
    queue->in_indirect = false;
}

static bool load_desc(struct sim_device *device, uint32_t queue, struct found_desc *out)
{
    struct sim_queue *q = &device->queue[queue];
    struct virtq_desc raw;
    uint64_t addr = q->table_addr + virtq_desc_bytes(q->desc_next);
    struct event event = sim_event(device, EVENT_LOAD, queue);
    event.place = q->in_indirect ? EVENT_PLACE_INDIRECT : EVENT_PLACE_DESC;
    event.index = q->desc_next;
    enum arena_fault fault = sim_load(device, addr, &raw, sizeof(raw), &event);
    if (fault != ARENA_FAULT_NONE) {
        chain_refuse_dma(device, queue,
                         q->in_indirect ? SIM_REFUSAL_DMA_INDIRECT : SIM_REFUSAL_DMA_DESC, addr,
                         sizeof(raw), fault);
        return false;
    }
    *out = (struct found_desc){.addr = sim_ring64(device, raw.addr),
                               .len_bytes = sim_ring32(device, raw.len),
                               .flags = sim_ring16(device, raw.flags),
                               .next = sim_ring16(device, raw.next),
                               .at = q->desc_next};
    q->desc_seen++;
    return true;
}

/* 2.7.5.3. QEMU looks at the flag on the first descriptor only. */
static bool is_indirect(const struct sim_device *device, const struct sim_queue *queue,
                        const struct found_desc *desc)
{
    if ((desc->flags & VIRTQ_DESC_F_INDIRECT) == 0)
        return false;
    return !sim_is_qemu(device) || (queue->desc_seen == 1 && !queue->in_indirect);
}

static enum chain_progress enter_table(struct sim_device *device, uint32_t queue,
                                       const struct found_desc *desc)
{
    struct sim_queue *q = &device->queue[queue];
    enum sim_action tolerated = sim_is_qemu(device) ? SIM_ACTION_NOTE : SIM_ACTION_RESET;
    if (!sim_has_feature(device, VIRTIO_F_INDIRECT_DESC))
        refuse_desc(device, queue, desc, SIM_REFUSAL_INDIRECT_FEATURE, tolerated, desc->flags, 0);
    if (!q->broken && q->in_indirect)
        refuse_desc(device, queue, desc, SIM_REFUSAL_INDIRECT_NESTED, SIM_ACTION_RESET, desc->flags,
                    0);
    if (!q->broken && (desc->flags & VIRTQ_DESC_F_NEXT) != 0)
        refuse_desc(device, queue, desc, SIM_REFUSAL_INDIRECT_NEXT, tolerated, desc->flags, 0);
    if (!q->broken && (desc->len_bytes == 0 || desc->len_bytes % sizeof(struct virtq_desc) != 0))
        refuse_desc(device, queue, desc, SIM_REFUSAL_INDIRECT_LENGTH, SIM_ACTION_RESET,
                    desc->len_bytes, sizeof(struct virtq_desc));
    if (q->broken)
        return CHAIN_REFUSED;
    q->in_indirect = true;
    q->table_addr = desc->addr;
    q->table_count = desc->len_bytes / (uint32_t)sizeof(struct virtq_desc);
    q->desc_next = 0;
    q->desc_seen = 0;
    return CHAIN_MORE;
}

static void add_segment(struct sim_device *device, uint32_t queue, const struct found_desc *desc)
{
    struct sim_queue *q = &device->queue[queue];
    struct sim_chain *chain = &q->chain;
    struct sim_segment segment = {.addr = desc->addr, .len_bytes = desc->len_bytes};
    enum sim_action strict =
        sim_is_qemu(device) || device->config.strict ? SIM_ACTION_RESET : SIM_ACTION_NOTE;
    uint64_t total_bytes = chain->readable_bytes + chain->writable_bytes + desc->len_bytes;
    if (desc->len_bytes == 0) {
        refuse_desc(device, queue, desc, SIM_REFUSAL_ZERO_LENGTH, strict, 0, 1);
    } else if (total_bytes > CHAIN_BYTES_MAX) {
        refuse_desc(device, queue, desc, SIM_REFUSAL_CHAIN_BYTES, SIM_ACTION_RESET, total_bytes,
                    CHAIN_BYTES_MAX);
    } else if ((desc->flags & VIRTQ_DESC_F_WRITE) != 0) {
        reserve(&q->writable, &q->writable_capacity, chain->writable_count + 1);
        q->writable[chain->writable_count++] = segment;
        chain->writable_bytes += desc->len_bytes;
    } else {
        if (chain->writable_count > 0) /* 2.7.4.2 */
            refuse_desc(device, queue, desc, SIM_REFUSAL_READABLE_AFTER_WRITABLE, strict,
                        desc->flags, 0);
        reserve(&chain->segment, &chain->capacity, chain->readable_count + 1);
        chain->segment[chain->readable_count++] = segment;
        chain->readable_bytes += desc->len_bytes;
    }
}

static void append_writable(struct sim_queue *queue)
{
    struct sim_chain *chain = &queue->chain;
    if (chain->writable_count == 0)
        return;
    reserve(&chain->segment, &chain->capacity, chain->readable_count + chain->writable_count);
    memcpy(&chain->segment[chain->readable_count], queue->writable,
           chain->writable_count * sizeof(*queue->writable));
}

enum chain_progress chain_gather(struct sim_device *device, uint32_t queue)
{
    struct sim_queue *q = &device->queue[queue];
    struct found_desc desc;
    if (!load_desc(device, queue, &desc))
        return CHAIN_REFUSED;
    if ((desc.flags & ~DESC_F_KNOWN) != 0)
        refuse_desc(device, queue, &desc, SIM_REFUSAL_FLAGS_UNKNOWN,
                    device->config.strict ? SIM_ACTION_RESET : SIM_ACTION_NOTE, desc.flags,
                    DESC_F_KNOWN);
    if (q->broken)
        return CHAIN_REFUSED;
    if (is_indirect(device, q, &desc))
        return enter_table(device, queue, &desc);
    add_segment(device, queue, &desc);
    if (q->broken)
        return CHAIN_REFUSED;
    if ((desc.flags & VIRTQ_DESC_F_NEXT) == 0) {
        append_writable(q);
        return CHAIN_COMPLETE;
    }
    uint32_t limit = q->table_count < VIRTQ_SIZE_MAX ? q->table_count : VIRTQ_SIZE_MAX;
    if (desc.next >= q->table_count) {
        refuse_desc(device, queue, &desc, SIM_REFUSAL_NEXT_RANGE, SIM_ACTION_RESET, desc.next,
                    q->table_count);
        return CHAIN_REFUSED;
    }
    if (q->desc_seen >= limit) {
        refuse_desc(device, queue, &desc, SIM_REFUSAL_CHAIN_LOOP, SIM_ACTION_RESET,
                    q->desc_seen + 1, limit);
        return CHAIN_REFUSED;
    }
    q->desc_next = desc.next;
    return CHAIN_MORE;
}

/* ---- what the chain holds ---- */

/* Exactly one of `out` (a read) and `in` (a write) is given. */
static uint64_t move_data(struct sim_device *device, uint32_t queue, uint64_t offset, uint8_t *out,
                          const uint8_t *in, uint64_t bytes)
{
    struct sim_queue *q = &device->queue[queue];
    const struct sim_chain *chain = &q->chain;
    const struct sim_segment *segment = chain->segment;
    uint32_t count = chain->readable_count;
    if (in != NULL) {
        if (count > 0)
            segment += count;
        count = chain->writable_count;
    }
    uint64_t done = 0;
    for (uint32_t i = 0; i < count && done < bytes && !q->broken; i++) {
        if (offset >= segment[i].len_bytes) {
            offset -= segment[i].len_bytes;
            continue;
        }
        uint64_t addr = segment[i].addr + offset;
        uint32_t piece = segment[i].len_bytes - (uint32_t)offset;
        if (piece > bytes - done)
            piece = (uint32_t)(bytes - done);
        offset = 0;
        struct event event = sim_event(device, EVENT_LOAD, queue);
        event.place = in != NULL ? EVENT_PLACE_RESPONSE : EVENT_PLACE_REQUEST;
        event.index = chain->head;
        enum arena_fault fault = in != NULL ? sim_store(device, addr, in + done, piece, &event)
                                            : sim_load(device, addr, out + done, piece, &event);
        if (fault == ARENA_FAULT_NONE)
            done += piece;
        else
            chain_refuse_dma(device, queue,
                             in != NULL ? SIM_REFUSAL_DMA_RESPONSE : SIM_REFUSAL_DMA_REQUEST, addr,
                             piece, fault);
    }
    return done;
}

uint64_t sim_chain_read(struct sim_device *device, uint32_t queue, uint64_t offset, void *out,
                        uint64_t bytes)
{
    return bytes > 0 ? move_data(device, queue, offset, out, NULL, bytes) : 0;
}

uint64_t sim_chain_write(struct sim_device *device, uint32_t queue, uint64_t offset, const void *in,
                         uint64_t bytes)
{
    uint64_t done = bytes > 0 ? move_data(device, queue, offset, NULL, in, bytes) : 0;
    struct sim_chain *chain = &device->queue[queue].chain;
    /* 2.7.8.2: `len` bytes from the first one on were written; QEMU takes no notice of a hole. */
    bool whole = offset <= chain->written_bytes || sim_is_qemu(device);
    if (done > 0 && whole && offset + done > chain->written_bytes)
        chain->written_bytes = offset + done;
    return done;
}

void chain_rewrite_descriptors(struct sim_device *device, uint32_t queue, uint8_t byte)
{
    const struct sim_queue *q = &device->queue[queue];
    uint16_t at = q->chain.head;
    struct virtq_desc junk;
    memset(&junk, byte, sizeof(junk));
    for (uint32_t seen = 0; seen < q->size && at < q->size; seen++) {
        uint64_t addr = q->desc_addr + virtq_desc_bytes(at);
        if (arena_check(device->arena, addr, sizeof(junk)) != ARENA_FAULT_NONE)
            return;
        struct virtq_desc old;
        memcpy(&old, arena_host(device->arena, addr), sizeof(old));
        struct event event = sim_event(device, EVENT_STORE, queue);
        event.place = EVENT_PLACE_DESC;
        event.index = at;
        sim_store(device, addr, &junk, sizeof(junk), &event);
        if ((sim_ring16(device, old.flags) & VIRTQ_DESC_F_NEXT) == 0)
            return;
        at = sim_ring16(device, old.next);
    }
}
