/*
 * The driver accepts the features that it has a use for, and VERSION_1 is not one of them.
 *
 * Symptom: works on QEMU; another hypervisor refuses the driver, and names the paragraph. Cause:
 * VERSION_1 is no feature to be chosen: without it the device is a legacy one, with other rules.
 * Seen in rcore-os/virtio-drivers#196.
 */
#include "exhibit.h"

/* What the driver can do. */
static uint64_t supported(void)
{
    return exhibit.mended ? VIRTIO_BIT(VIRTIO_F_VERSION_1) : 0;
}

enum suite_result exhibit_negotiate(void)
{
    uint64_t offered;

    REG(DeviceFeaturesSel) = 0;
    offered = REG(DeviceFeatures);
    REG(DeviceFeaturesSel) = 1;
    offered |= (uint64_t)REG(DeviceFeatures) << 32;
    exhibit.features = offered & supported();
    REG(DriverFeaturesSel) = 0;
    REG(DriverFeatures) = (uint32_t)exhibit.features;
    REG(DriverFeaturesSel) = 1;
    REG(DriverFeatures) = (uint32_t)(exhibit.features >> 32);
    REG(Status) |= VIRTIO_STATUS_FEATURES_OK;
    return (REG(Status) & VIRTIO_STATUS_FEATURES_OK) != 0 ? SUITE_OK : SUITE_BAD_DEVICE;
}
