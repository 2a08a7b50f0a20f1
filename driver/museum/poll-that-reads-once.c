/*
 * used.idx is polled through a plain pointer.
 *
 * Symptom: works in the debug build; in the release build every request times out. Cause: nothing
 * in the loop can change what the pointer points to, as far as the compiler can see. It reads once,
 * before the loop, and then compares a register with itself. Seen in DPDK/dpdk@b81026f1e7.
 */
#include "exhibit.h"

static bool comes(const struct virtq_used *used, uint16_t seen)
{
    for (uint32_t turn = 0; turn < EXHIBIT_POLLS_MAX; turn++) {
        if (used->idx != seen)
            return true;
    }
    return false;
}

static bool comes_mended(const volatile struct virtq_used *used, uint16_t seen)
{
    for (uint32_t turn = 0; turn < EXHIBIT_POLLS_MAX; turn++) {
        if (used->idx != seen)
            return true;
    }
    return false;
}

enum suite_result exhibit_wait(struct exhibit_queue *queue, uint16_t head)
{
    const struct virtq_used *plain = (const struct virtq_used *)queue->used;
    uint16_t seen = queue->last_used_idx;
    bool came = exhibit.mended ? comes_mended(queue->used, seen) : comes(plain, seen);
    struct virtq_used_elem used;

    if (!came || !exhibit_take_used(queue, &used))
        return SUITE_TIMEOUT;
    exhibit_give_back(queue, head);
    return used.id == head ? SUITE_OK : SUITE_BAD_COMPLETION;
}
