/*
 * An address is made of a pointer whose top byte is a tag, and the tag is still in it.
 *
 * Symptom: the queue's addresses are wrong, and only in a build with KASAN. Cause: with memory
 * tagging, a pointer's top byte says whose memory it is. The CPU ignores it; a device does not.
 * Seen in apache/nuttx@75fc19d7297.
 */
#include "exhibit.h"

#define TAG_SHIFT 56

/* What the allocator returned: pointers are addresses here, but for the tag that it gave them. */
static uint64_t tagged(const volatile void *pointer)
{
    return (uintptr_t)pointer | UINT64_C(0x5a) << TAG_SHIFT;
}

static uint64_t to_device(uint64_t pointer)
{
    return exhibit.mended ? pointer & ~(UINT64_C(0xff) << TAG_SHIFT) : pointer;
}

void exhibit_queue_addresses(const struct exhibit_queue *queue)
{
    uint64_t desc = to_device(tagged(queue->desc));
    uint64_t avail = to_device(tagged(queue->avail));
    uint64_t used = to_device(tagged(queue->used));

    REG(QueueSize) = queue->size;
    REG(QueueDescLow) = (uint32_t)desc;
    REG(QueueDescHigh) = (uint32_t)(desc >> 32);
    REG(QueueDriverLow) = (uint32_t)avail;
    REG(QueueDriverHigh) = (uint32_t)(avail >> 32);
    REG(QueueDeviceLow) = (uint32_t)used;
    REG(QueueDeviceHigh) = (uint32_t)(used >> 32);
    REG(QueueReady) = 1;
}
