/*
 * After the reset the driver goes on at once, whether the device is ready or not.
 *
 * Symptom: the second bring-up fails now and then. Cause: a reset takes a device as long as it
 * takes, with requests that were under way; it is over when Status reads 0. What is written before
 * that may be lost. Seen in haiku/haiku@1c64d7a913 and rcore-os/virtio-drivers#69.
 */
#include "exhibit.h"

enum suite_result exhibit_reset(void)
{
    REG(Status) = 0;
    for (uint32_t turn = 0; exhibit.mended && REG(Status) != 0; turn++) {
        if (turn == EXHIBIT_POLLS_MAX)
            return SUITE_TIMEOUT;
        platform_relax();
    }
    return SUITE_OK;
}

void exhibit_acknowledge(void)
{
    REG(Status) = VIRTIO_STATUS_ACKNOWLEDGE;
    REG(Status) = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
}
