/*
 * The driver's count of used elements is a plain unsigned, and is compared with used.idx.
 *
 * Symptom: the network dies after 65,535 packets. Cause: used.idx wraps from 65,535 to 0 and a
 * count of more bits does not: they differ for ever, and the driver takes elements that nobody has
 * used. Seen in au-ts/sddf@f6dd6347.
 */
#include "exhibit.h"

static uint32_t taken;

bool exhibit_take_used(struct exhibit_queue *queue, struct virtq_used_elem *out)
{
    if (queue->used->idx == (exhibit.mended ? (uint16_t)taken : taken))
        return false;
    platform_rmb();
    out->id = queue->used->ring[taken % queue->size].id;
    out->len = queue->used->ring[taken % queue->size].len;
    taken++;
    return true;
}
