/*
 * The heap of a driver that calls malloc: apart from ringside's own, limited, and put back for
 * every run.
 *
 *   | header | asked for | tail | header | ...      block after block, from the bottom to `top`
 *
 * Invariants: every header between bottom and top is intact, and so is every tail, or the driver
 * wrote outside of what it got; blocks are never merged; a size is a power of two.
 *
 * Not handled: what a C++ or other run-time library allocates by itself; it has the process's
 * malloc.
 */
#include "process.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "observe.h"
#include "world.h"

/* Low, so that a driver that keeps addresses in 32 bits can use what it gets. */
#define HEAP_WANTED UINT64_C(0x30000000)
#define CLASSES     29u /* 16 bytes to the whole heap */
#define CLASS_LOG2  4u
#define TAIL_BYTE   0xfd
#define FRESH_BYTE  0xa5
#define MAGIC_USED  UINT64_C(0x7573656420626c6b)
#define MAGIC_FREE  UINT64_C(0x6672656520626c6b)
#define PAGE_BYTES  4096u

struct block {
    uint64_t magic; /* of its state, mixed with its address: no copy is valid elsewhere */
    size_t bytes;   /* to the next header */
    size_t asked_bytes;
    union {
        uintptr_t pc;       /* used: who asked */
        struct block *next; /* free */
    };
};

_Static_assert(sizeof(struct block) % 16 == 0, "what follows a header is aligned");

static uint8_t *bottom;
static uint8_t *top;
static uint8_t *floor_top;
static struct block *free_blocks[CLASSES];

static uint64_t magic_of(const struct block *block, uint64_t magic)
{
    return magic ^ (uintptr_t)block;
}

static struct block *block_of(const void *memory)
{
    uintptr_t at = (uintptr_t)memory;
    struct block *block;

    if (bottom == NULL || at < (uintptr_t)bottom + sizeof *block || at >= (uintptr_t)top ||
        at % 16 != 0)
        return NULL;
    block = (struct block *)(void *)(at - sizeof *block);
    return block->magic == magic_of(block, MAGIC_USED) ? block : NULL;
}

static bool create(void)
{
    void *memory;

    if (bottom != NULL)
        return true;
    memory = mmap((void *)(uintptr_t)HEAP_WANTED, DRIVER_HEAP_BYTES, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    bottom = top = floor_top = memory;
    return true;
}

void driver_heap_reset(void)
{
    uintptr_t page = ((uintptr_t)floor_top + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);

    memset(free_blocks, 0, sizeof free_blocks);
    if (top == floor_top)
        return;
    if (page < (uintptr_t)top)
        madvise((void *)page, (uintptr_t)top - page, MADV_DONTNEED);
    top = floor_top;
}

void driver_heap_floor(void)
{
    floor_top = top;
}

/* ---- damage ---- */

static bool tail_is_intact(const struct block *block)
{
    const uint8_t *memory = (const uint8_t *)(block + 1);

    for (size_t i = block->asked_bytes; i < block->bytes; i++) {
        if (memory[i] != TAIL_BYTE)
            return false;
    }
    return true;
}

bool driver_heap_damaged(char text[PROCESS_TEXT_BYTES], uintptr_t *address, uintptr_t *pc)
{
    const struct block *before = NULL;

    for (uint8_t *at = bottom; at < top;) {
        const struct block *block = (const struct block *)(void *)at;
        bool used = block->magic == magic_of(block, MAGIC_USED);
        bool whole = (used || block->magic == magic_of(block, MAGIC_FREE)) &&
                     block->bytes <= (size_t)(top - at) - sizeof *block &&
                     block->asked_bytes <= block->bytes;
        if (whole && (!used || tail_is_intact(block))) {
            before = block;
            at += sizeof *block + block->bytes;
            continue;
        }
        if (whole)
            before = block;
        *address = before != NULL ? (uintptr_t)(before + 1) : (uintptr_t)bottom;
        *pc = before != NULL && before->magic == magic_of(before, MAGIC_USED) ? before->pc : 0;
        snprintf(text, PROCESS_TEXT_BYTES,
                 "wrote behind the end of the %zu bytes that it allocated",
                 before != NULL ? before->asked_bytes : 0);
        return true;
    }
    return false;
}

/* ---- the driver's calls: on its own stack ---- */

struct loss {
    int crash;
    const char *text;
    uintptr_t address;
    uintptr_t pc;
};

static void host_lose(void *argument)
{
    const struct loss *loss = argument;
    process_lose(loss->crash, loss->address, loss->text, loss->pc);
}

static void lose(int crash, const char *text, const void *address, const void *caller)
{
    struct loss loss = {crash, text, (uintptr_t)address, (uintptr_t)caller};

    if (probe.running)
        probe_on_host(host_lose, &loss);
}

static unsigned class_of(size_t bytes)
{
    unsigned class = 0;

    while (class + 1 < CLASSES && ((size_t)1 << (class + CLASS_LOG2)) < bytes)
        class ++;
    return class;
}

/* A header at `top`, behind it `bytes` on the alignment asked for; what is skipped is a free block.
 */
static struct block *extend(size_t bytes, size_t align_bytes)
{
    uintptr_t end = (uintptr_t)bottom + DRIVER_HEAP_BYTES;
    uintptr_t at = (uintptr_t)top + sizeof(struct block);
    uintptr_t memory = (at + align_bytes - 1) & ~(uintptr_t)(align_bytes - 1);
    struct block *block;

    if (memory != at && memory - at < sizeof *block)
        memory += align_bytes;
    if (memory > end || bytes > end - memory)
        return NULL;
    if (memory != at) {
        block = (struct block *)(void *)top;
        *block = (struct block){.magic = magic_of(block, MAGIC_FREE),
                                .bytes = memory - at - sizeof *block};
    }
    top = (uint8_t *)memory + bytes;
    return (struct block *)(void *)(memory - sizeof *block);
}

void *ringside_driver_malloc(size_t bytes, size_t align_bytes, const void *caller)
{
    unsigned class = class_of(bytes);
    size_t rounded = (size_t)1 << (class + CLASS_LOG2);
    struct block *block = NULL;

    if (create() && align_bytes <= PAGE_BYTES && bytes <= rounded) {
        align_bytes = align_bytes < 16 ? 16 : align_bytes;
        if (align_bytes == 16 && free_blocks[class] != NULL) {
            block = free_blocks[class];
            free_blocks[class] = block->next;
        } else {
            block = extend(rounded, align_bytes);
        }
    }
    if (block == NULL) {
        lose(WORLD_CRASH_MEMORY, NULL, NULL, caller);
        return NULL;
    }
    *block = (struct block){.magic = magic_of(block, MAGIC_USED),
                            .bytes = rounded,
                            .asked_bytes = bytes,
                            .pc = (uintptr_t)caller};
    memset(block + 1, FRESH_BYTE, bytes);
    memset((uint8_t *)(block + 1) + bytes, TAIL_BYTE, rounded - bytes);
    return block + 1;
}

void ringside_driver_free(void *memory, const void *caller)
{
    struct block *block = block_of(memory);
    unsigned class;

    if (memory == NULL)
        return;
    if (block == NULL) {
        lose(WORLD_CRASH_HEAP, "freed what malloc had not given it, or freed it twice", memory,
             caller);
        return;
    }
    if (!tail_is_intact(block)) {
        lose(WORLD_CRASH_HEAP, "freed a block behind whose end it had written", memory, caller);
        return;
    }
    class = class_of(block->bytes);
    block->magic = magic_of(block, MAGIC_FREE);
    block->next = free_blocks[class];
    free_blocks[class] = block;
}

size_t ringside_driver_block_bytes(const void *memory)
{
    const struct block *block = block_of(memory);
    return block != NULL ? block->asked_bytes : 0;
}

bool ringside_driver_owns(const void *memory)
{
    return bottom != NULL && (uintptr_t)memory - (uintptr_t)bottom < DRIVER_HEAP_BYTES;
}
