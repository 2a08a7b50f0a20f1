/*
 * The driver takes the device over as it finds it, from a boot loader that has used it.
 *
 * Symptom: the kernel starts from an image that QEMU loads, and fails where a boot loader read it
 * from the disk. Cause: the bring-up begins with a reset, which also takes the queues from whoever
 * had them. Without it the device still has the boot loader's features and queue. Seen in
 * Solo5/solo5@127d316.
 */
#include "exhibit.h"

/* The boot loader: it has brought the device up, read its image, and is gone. */
enum suite_result exhibit_scene(uint64_t number)
{
    static struct exhibit_queue queue;

    (void)number;
    if (!exhibit_find() || exhibit_reset() != SUITE_OK)
        return SUITE_NO_DEVICE;
    exhibit_acknowledge();
    if (exhibit_negotiate() != SUITE_OK || exhibit_set_up(&queue) != SUITE_OK)
        return SUITE_BAD_DEVICE;
    exhibit_driver_ok();
    return SUITE_OK;
}

enum suite_result exhibit_bring_up(void)
{
    enum suite_result result = exhibit_find() ? SUITE_OK : SUITE_NO_DEVICE;

    if (result == SUITE_OK && exhibit.mended)
        result = exhibit_reset();
    if (result != SUITE_OK)
        return result;
    REG(Status) |= VIRTIO_STATUS_ACKNOWLEDGE;
    REG(Status) |= VIRTIO_STATUS_DRIVER;
    result = exhibit_negotiate();
    if (result == SUITE_OK)
        result = exhibit_set_up(&exhibit.queue);
    if (result == SUITE_OK)
        exhibit_driver_ok();
    return result;
}
