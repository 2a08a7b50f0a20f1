/*
 * What the two halves of the maker of scenarios share: diff_make.c has registers and queues,
 * diff_make_request.c has requests. See diff.h.
 */
#ifndef RINGSIDE_HARNESS_DIFF_MAKE_H
#define RINGSIDE_HARNESS_DIFF_MAKE_H

#include "scenario.h"
#include "virtio/gpu.h"

#define RING_ADDR       UINT64_C(0x40400000) /* both queues; RAM that was allocated */
#define RING_BYTES      0x20000u
#define QUEUE_STRIDE    0x8000u
#define DATA_ADDR       UINT64_C(0x40500000) /* requests, responses, pixels, tables */
#define DATA_BYTES      0x40000u
#define REQUEST_STRIDE  0x200u /* requests are written to one slot after the other */
#define REQUEST_SLOTS   64u
#define RESPONSE_ADDR   (DATA_ADDR + 0x10000)
#define RESPONSE_STRIDE 0x200u
#define TABLE_ADDR      (DATA_ADDR + 0x20000)
#define PIXEL_ADDR      (DATA_ADDR + 0x28000)
#define PIXEL_BYTES     0x10000u
#define MOVES_MAX       64u
#define RESOURCES       4u
#define ROOM_FOR_A_MOVE 40u /* actions that the longest move may take */

/*
 * QEMU_LIMITS: QEMU takes all chains that are there before it executes the first, so that one that
 * breaks the device takes the answers of those before it along; so one notification is about one
 * chain. A transfer whose offset lies behind the end of the backing makes QEMU 7.2 abort (a
 * QEMU bug: tests/qemu/README.md), so offsets stay inside. A QueueSize
 * that is raised while a version-2 queue is in use makes it abort as well. Resources of hundreds of
 * megabytes are QEMU's to allocate, so sizes are small, or so large that they are refused.
 */
#define SIDE_SMALL_PX 64u
#define SIDE_HUGE_PX  20000u

struct make {
    struct scenario *scenario;
    uint64_t random;
    uint32_t version;
    /* what was programmed last, per queue, as the moves believe */
    struct {
        uint64_t desc, avail, used;
        uint32_t size;
        uint16_t avail_idx;
        uint16_t next_desc;
    } queue[VIRTIO_GPU_QUEUE_COUNT];
    uint64_t features;
    uint32_t requests;
};

/* Chance: any 32 bits; below a limit; once in so many; one of a list; a value worth a try. */
uint32_t make_draw(struct make *make);
uint32_t make_below(struct make *make, uint32_t limit);
bool make_chance(struct make *make, uint32_t count);
uint32_t make_pick(struct make *make, const uint32_t *from, size_t count);
uint32_t make_odd(struct make *make);

#define PICK(make, ...)                                                                            \
    make_pick(make, (const uint32_t[]){__VA_ARGS__},                                               \
              sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* Actions. */
bool make_is_full(const struct make *make); /* no room for another move */
void make_write(struct make *make, uint32_t offset, uint32_t value);
void make_read(struct make *make, uint32_t offset);
void make_store(struct make *make, uint64_t addr, uint32_t bytes, uint64_t value);
/* Words of 32 bits, two a store. */
void make_store_words(struct make *make, uint64_t addr, const uint32_t *word, size_t count);

/* Moves: a queue is programmed; a request is written, published and notified. */
void make_queue(struct make *make);
void make_request(struct make *make);

#endif
