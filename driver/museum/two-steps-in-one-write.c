/*
 * ACKNOWLEDGE and DRIVER are set by the same write of Status.
 *
 * Symptom: the kernel finds its devices on QEMU and loses every one of them on Firecracker. Cause:
 * a step of the bring-up is told when it is done, one after the other; a device that keeps to the
 * sequence refuses a write that skips a step. Seen in asterinas/asterinas#3465.
 */
#include "exhibit.h"

void exhibit_acknowledge(void)
{
    if (exhibit.mended)
        REG(Status) = VIRTIO_STATUS_ACKNOWLEDGE;
    REG(Status) = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
}
