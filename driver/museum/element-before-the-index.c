/*
 * No barrier stands between reading used.idx and reading the element that it speaks of.
 *
 * Symptom: none on the machines at hand. On one that reads ahead, the element may be what was there
 * before the device wrote it: another request's id, another length. Cause: two loads from different
 * addresses have no order of their own, and that one depends on the other by an `if` gives them
 * none. Seen in tianocore/edk2@dc9447bd37.
 */
#include "exhibit.h"

bool exhibit_take_used(struct exhibit_queue *queue, struct virtq_used_elem *out)
{
    if (queue->used->idx == queue->last_used_idx)
        return false;
    if (exhibit.mended)
        platform_rmb();
    out->id = queue->used->ring[queue->last_used_idx % queue->size].id;
    out->len = queue->used->ring[queue->last_used_idx % queue->size].len;
    queue->last_used_idx++;
    return true;
}
