/*
 * The suite's operations on the teaching kernel's disk driver.
 *
 *   read BLOCK WORD       reads a block; its first word must be WORD
 *   write BLOCK WORD      fills a block with WORD, WORD + 1, ...
 *   round-trip BLOCK      writes a block, reads it back into another buffer, compares
 *   careless BLOCK        writes a block and takes it for done whatever the device says
 *   discard               sends a request that the device does not know
 *   capacity SECTORS      what configuration space says
 */
#include "hobby_blk.h"
#include "suite.h"

static struct buf first, second;

static enum suite_result result_of(int error)
{
    switch (error) {
    case DISK_OK:
        return SUITE_OK;
    case DISK_NONE:
        return SUITE_NO_DEVICE;
    case DISK_LATE:
        return SUITE_TIMEOUT;
    case DISK_BAD:
        return SUITE_DEVICE_ERROR;
    default:
        return SUITE_BAD_DEVICE;
    }
}

static uint32_t word_of(const struct buf *b, uint32_t at)
{
    const uchar *byte = b->data + at;
    return byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
}

static void fill(struct buf *b, uint32_t word)
{
    for (uint32_t at = 0; at < BSIZE; at += 4, word++) {
        for (uint32_t i = 0; i < 4; i++)
            b->data[at + i] = (uchar)(word >> (8 * i));
    }
}

static enum suite_result init(const struct suite_args *args)
{
    (void)args;
    return result_of(disk_init());
}

static enum suite_result read(const struct suite_args *args)
{
    int error;

    first.blockno = (uint)args->value[0];
    error = disk_rw(&first, 0);
    if (error)
        return result_of(error);
    return word_of(&first, 0) == args->value[1] ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static enum suite_result write(const struct suite_args *args)
{
    first.blockno = (uint)args->value[0];
    fill(&first, (uint32_t)args->value[1]);
    return result_of(disk_rw(&first, 1));
}

static enum suite_result careless(const struct suite_args *args)
{
    first.blockno = (uint)args->value[0];
    (void)disk_rw(&first, 1);
    return SUITE_OK;
}

static enum suite_result round_trip(const struct suite_args *args)
{
    int error;

    first.blockno = second.blockno = (uint)args->value[0];
    fill(&first, 0x600d0000);
    error = disk_rw(&first, 1);
    if (error == DISK_OK)
        error = disk_flush();
    if (error == DISK_OK)
        error = disk_rw(&second, 0);
    for (uint32_t at = 0; at < BSIZE && error == DISK_OK; at += 4) {
        if (word_of(&second, at) != 0x600d0000 + at / 4)
            return SUITE_BAD_COMPLETION;
    }
    return result_of(error);
}

static enum suite_result discard(const struct suite_args *args)
{
    (void)args;
    return result_of(disk_discard());
}

static enum suite_result capacity(const struct suite_args *args)
{
    return disk_capacity() == args->value[0] ? SUITE_OK : SUITE_BAD_DEVICE;
}

static enum suite_result shutdown(const struct suite_args *args)
{
    (void)args;
    disk_stop();
    return SUITE_OK;
}

static const struct suite_op ops[] = {
    {"init", init},         {"read", read},
    {"write", write},       {"round-trip", round_trip},
    {"capacity", capacity}, {"careless", careless},
    {"discard", discard},   {"shutdown", shutdown},
};

const struct suite_driver ringside_driver = {
    .name = "hobby_blk",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
#ifdef HOBBY_MEMORY
    .memory = HOBBY_MEMORY,
#endif
};
