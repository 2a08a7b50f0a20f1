/*
 * The device is reset twice, and after the second time the bring-up goes on where it had been.
 *
 * Symptom: none on QEMU; a step is skipped on every start. Cause: the bus finds the device, resets
 * and acknowledges it; the driver, to be sure, resets it again, which takes ACKNOWLEDGE back, and
 * sets DRIVER next. Seen in u-boot/u-boot@30e1733297a.
 */
#include "exhibit.h"

void exhibit_acknowledge(void)
{
    REG(Status) = VIRTIO_STATUS_ACKNOWLEDGE; /* by the bus */
    exhibit_reset();
    if (exhibit.mended)
        REG(Status) |= VIRTIO_STATUS_ACKNOWLEDGE;
    REG(Status) |= VIRTIO_STATUS_DRIVER;
}
