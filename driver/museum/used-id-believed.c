/*
 * The id of a used element is taken for a chain of the driver's, whatever it is.
 *
 * Symptom: none with an honest device. One that is not frees what was not used, and with it the
 * list of free descriptors goes astray. Cause: the id is the device's word, and it is an index into
 * the driver's own tables. Seen in u-boot/u-boot@fbef3f53d4a, u-boot/u-boot@10a14536366 and
 * intel/MigTD#986.
 */
#include "exhibit.h"

enum suite_result exhibit_wait(struct exhibit_queue *queue, uint16_t head)
{
    for (uint32_t turn = 0; turn < EXHIBIT_POLLS_MAX; turn++) {
        uint16_t slot = queue->last_used_idx % EXHIBIT_QUEUE_SIZE;
        uint32_t id;

        if (queue->used->idx == queue->last_used_idx) {
            platform_relax();
            continue;
        }
        platform_rmb();
        id = queue->used->ring[slot].id;
        if (exhibit.mended && id != head)
            return SUITE_BAD_COMPLETION;
        queue->last_used_idx++;
        exhibit_give_back(queue, (uint16_t)id);
        return SUITE_OK;
    }
    return SUITE_TIMEOUT;
}
